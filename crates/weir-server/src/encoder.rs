//! An encoder inside the network, asked for the task type where the embedded model is unsure.
//!
//! INVARIANT (fails towards the linear answer): whatever goes wrong in here leaves what the embedded model said, is counted
//! and recorded. It gets a text only with a permit, like every backend, and not before the detectors have said what they
//! make of it.

use crate::breaker::Breaker;
use crate::gateway::Gateway;
use crate::pipeline::inspect::Inspected;
use crate::snapshot::{Door, Snapshot};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use weir_audit::Ident;
use weir_classify::{Segment, SegmentKind};
use weir_config::Loaded;
use weir_label::{Classified, Inspect, Label};
use weir_local::{Accept, Call, ConnectError, SendError};
use weir_policy::{AnyRecipient, TargetId};
use weir_task::{Judgement, KINDS, Model, Structure, Turns, judge};
use weir_wire::embedding::Embed;

/// Of a text the encoder gets so much of the beginning, and of the end, in bytes: together about what the small ones read.
const PART_BYTES: usize = 1024;
/// The longest answer that is read: a vector of 8192 numbers with all their digits fits.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// The encoder of a snapshot.
#[derive(Debug)]
pub(crate) struct Encoder {
    settings: weir_config::Encoder,
    slots: Semaphore,
    breaker: Mutex<Breaker>,
}

/// Why there is no vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncoderFailure {
    /// As many questions are asked as may be.
    #[error("it is busy")]
    Busy,
    /// It has failed several times, and is left alone for a while.
    #[error("it has failed before, and is left alone for a while")]
    Resting,
    /// It took too long.
    #[error("it did not answer in time")]
    Timeout,
    /// Its clearance does not admit the text.
    #[error("its clearance does not admit the text")]
    NoPermit,
    /// There is no way to it.
    #[error("it cannot be reached ({0})")]
    Unreachable(&'static str),
    /// It refused.
    #[error("it answered with status {0}")]
    Status(u16),
    /// What it answered is no vector, or one of another dimension than the head's.
    #[error("it answered with no vector of the dimension that is expected")]
    NoVector,
}

impl EncoderFailure {
    /// The word for metrics and records.
    fn word(self) -> &'static str {
        match self {
            EncoderFailure::Busy => "busy",
            EncoderFailure::Resting => "breaker_open",
            EncoderFailure::Timeout => "timeout",
            EncoderFailure::NoPermit => "no_permit",
            EncoderFailure::Unreachable(code) => code,
            EncoderFailure::Status(_) => "status",
            EncoderFailure::NoVector => "no_vector",
        }
    }

    /// Whether it says something of the encoder's health.
    fn is_its_fault(self) -> bool {
        match self {
            EncoderFailure::Busy | EncoderFailure::Resting | EncoderFailure::NoPermit => false,
            EncoderFailure::Timeout
            | EncoderFailure::Unreachable(_)
            | EncoderFailure::Status(_)
            | EncoderFailure::NoVector => true,
        }
    }
}

impl From<SendError> for EncoderFailure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Connect(
                ConnectError::FirstByteTimeout { .. } | ConnectError::ConnectTimeout { .. },
            ) => EncoderFailure::Timeout,
            SendError::Connect(_) | SendError::WrongBackend { .. } => {
                EncoderFailure::Unreachable(error.code())
            }
        }
    }
}

impl Encoder {
    /// The encoder of the configuration, if there is one. Connects to nothing.
    pub fn of(loaded: &Loaded) -> Option<Self> {
        let settings = loaded.config.encoder.clone()?;
        let slots = usize::try_from(settings.concurrency.get()).unwrap_or(usize::MAX >> 3);
        Some(Self { settings, slots: Semaphore::new(slots), breaker: Mutex::default() })
    }

    /// Its target.
    pub fn target(&self) -> TargetId {
        self.settings.target
    }

    /// Whether it is asked after such a judgement.
    pub fn wants(&self, judged: &Judgement) -> bool {
        judged.margin < self.settings.below
    }

    /// The scores of the task types by its vector of a text that has this label.
    async fn ask(
        &self,
        snapshot: &Snapshot,
        (text, label): (&str, &Label),
        scores: &[f32; KINDS],
    ) -> Result<[f32; KINDS], EncoderFailure> {
        let Ok(_slot) = self.slots.try_acquire() else { return Err(EncoderFailure::Busy) };
        if !self.breaker().lets_through(Instant::now()) {
            return Err(EncoderFailure::Resting);
        }
        let weir_config::Encoder { target, head, timeout, .. } = &self.settings;
        let vector = snapshot.vector(*target, (head.prefix(), text), label, *timeout).await;
        let answer = vector.and_then(|vector| head.scores(scores, &vector).ok_or(EncoderFailure::NoVector));
        match &answer {
            Err(failure) if failure.is_its_fault() => self.breaker().failed(Instant::now()),
            Err(_) => {}
            Ok(_) => self.breaker().succeeded(),
        }
        answer
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the encoder for the task type of a request, if there is one, the embedded model is unsure and the caller has not
/// said it. What came of that, in the word of records.
pub(crate) async fn consult(
    gateway: &Gateway,
    inspected: &mut Inspected,
    request_id: &Ident,
) -> Option<&'static str> {
    let snapshot = gateway.snapshot_for(request_id).snapshot;
    let encoder = snapshot.encoder.as_ref()?;
    let judged = inspected.task.filter(|judged| encoder.wants(judged))?;
    if inspected.declared_task.is_some() {
        return None;
    }
    let text = inspected.request.content().spoken(TURNS).user;
    let text = asked_about(&text.iter().map(AsRef::as_ref).collect::<Vec<&str>>())?;
    let started = Instant::now();
    let answer = encoder.ask(&snapshot, (&text, inspected.request.label()), &judged.scores).await;
    let outcome = match answer {
        Ok(scores) => {
            let now = judged.with_scores(scores);
            inspected.task = Some(now);
            if now.kind == judged.kind { "agreed" } else { "changed" }
        }
        Err(failure) => failure.word(),
    };
    gateway.metrics.asked.encoder(outcome, started.elapsed());
    Some(outcome)
}

/// So many turns of the user are looked at.
const TURNS: usize = 3;
/// A turn of fewer bytes may well be about the turn before.
const SHORT_BYTES: usize = 60;

/// What the encoder is asked about, of the user's turns, the last first: that one, after those before it where it is short.
fn asked_about(turns: &[&str]) -> Option<String> {
    let (mut needed, mut bytes) = (Vec::new(), 0);
    for turn in turns {
        if bytes >= SHORT_BYTES {
            break;
        }
        bytes += turn.len();
        needed.push(*turn);
    }
    needed.reverse();
    let whole = needed.join("\n\n");
    (!whole.trim().is_empty()).then(|| ends(&whole))
}

/// The beginning and the end of a text, or all of it.
fn ends(text: &str) -> String {
    if text.len() <= 2 * PART_BYTES {
        return text.to_owned();
    }
    let (head, rest) = text.split_at(text.floor_char_boundary(PART_BYTES));
    let tail = rest.get(rest.ceil_char_boundary(rest.len() - PART_BYTES)..).unwrap_or_default();
    format!("{head}\n{tail}")
}

impl Snapshot {
    /// What a text alone asks for, the encoder asked where the embedded model is unsure; with what kept it from answering.
    pub async fn judge_task(&self, text: &str) -> (Option<Judgement>, Option<EncoderFailure>) {
        let Some(judged) = self.judge_alone(text) else { return (None, None) };
        let Some(encoder) = self.encoder.as_ref().filter(|encoder| encoder.wants(&judged)) else {
            return (Some(judged), None);
        };
        let Some(asked) = asked_about(&[text]) else { return (Some(judged), None) };
        match encoder.ask(self, (&asked, &self.label_of(text)), &judged.scores).await {
            Ok(scores) => (Some(judged.with_scores(scores)), None),
            Err(failure) => (Some(judged), Some(failure)),
        }
    }

    /// What the embedded model says of a text alone.
    #[must_use]
    pub fn judge_alone(&self, text: &str) -> Option<Judgement> {
        let reading = Model::embedded().ok()?.read(text);
        judge(Turns { user: &[reading], system: None }, Structure::default())
    }

    /// The vector that a local target makes of a text, as the encoder is asked in a request; for fitting a head.
    ///
    /// # Errors
    /// [`EncoderFailure`] when there is none.
    pub async fn vector_of(
        &self,
        target: TargetId,
        (prefix, text): (&str, &str),
        timeout: Duration,
    ) -> Result<Vec<f32>, EncoderFailure> {
        let asked = asked_about(&[text]).ok_or(EncoderFailure::NoVector)?;
        self.vector(target, (prefix, &asked), &self.label_of(text), timeout).await
    }

    /// The label of a text that no detector is asked about: where there are any, nobody knows.
    fn label_of(&self, text: &str) -> Label {
        let label = self.engine.inspect(&[Segment { text, kind: SegmentKind::Text }]).label;
        if self.detectors.key().is_empty() { label } else { label.join(&Label::unknown()) }
    }

    async fn vector(
        &self,
        target: TargetId,
        (prefix, text): (&str, &str),
        label: &Label,
        timeout: Duration,
    ) -> Result<Vec<f32>, EncoderFailure> {
        let ask = Box::pin(self.post(target, format!("{prefix}{text}"), label, timeout));
        tokio::time::timeout(timeout, ask).await.unwrap_or(Err(EncoderFailure::Timeout))
    }

    async fn post(
        &self,
        target: TargetId,
        text: String,
        label: &Label,
        timeout: Duration,
    ) -> Result<Vec<f32>, EncoderFailure> {
        let target = self.loaded.catalogue.target(target).ok_or(EncoderFailure::NoPermit)?;
        let (AnyRecipient::Local(recipient), Some(Door::Local(door))) =
            (&target.recipient, self.door(&target.backend))
        else {
            return Err(EncoderFailure::NoPermit);
        };
        let classified = Classified::<Embed>::new(Arc::new(Embed { text }), &Known(label));
        let permit = self.loaded.policy.boundary.permit(&classified, recipient);
        let permit = permit.map_err(|_| EncoderFailure::NoPermit)?;
        let call = Call::new("/embeddings", &target.model, Accept::Json, timeout);
        let response = door.send(permit, &call).await?;
        if response.status() != http::StatusCode::OK {
            return Err(EncoderFailure::Status(response.status().as_u16()));
        }
        let body = response.bytes(ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| EncoderFailure::Unreachable(error.code()))?;
        Embed::read(&body).ok_or(EncoderFailure::NoVector)
    }
}

/// The text is the request's own, and so is the label.
struct Known<'a>(&'a Label);

impl Inspect<Embed> for Known<'_> {
    fn inspect(&self, _content: &Embed) -> Label {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_turn_is_asked_about_after_the_ones_before_it() {
        let long = "Please translate the following paragraph into Portuguese, and keep the names.";
        assert_eq!(asked_about(&["and this?", long, "hello"]), Some(format!("{long}\n\nand this?")));
        assert_eq!(asked_about(&[long, "hello"]), Some(long.to_owned()));
        assert_eq!(asked_about(&["a", "b", "c"]), Some("c\n\nb\n\na".to_owned()));
        assert_eq!((asked_about(&[]), asked_about(&[" "])), (None, None));
    }

    #[test]
    fn of_a_long_text_the_ends_are_asked_about() {
        let text = format!("{}{}{}", "a".repeat(1023), "é".repeat(3000), "z".repeat(1023));
        let ends = ends(&text);
        assert!(ends.len() <= 2 * PART_BYTES + 1, "{}", ends.len());
        assert!(ends.starts_with('a') && ends.ends_with('z') && ends.contains('\n'));
    }
}
