use crate::breaker::Breaker;
use crate::snapshot::endpoint;
use ipnet::IpNet;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use weir_classify::EntityType;
use weir_config::{Detector, DetectorKind, DetectorWhen};
use weir_label::{Boundary, Category, Classified, Inspect, Label, Level, Local, Recipient};
use weir_local::{Accept, Call, ConnectError, EndpointError, LocalBackend, SendError};
use weir_wire::Encode;
use weir_wire::detector::{Analyze, Judge, Lie, Text};

/// The longest text that a detector is asked about.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The way to one detector.
#[derive(Debug)]
pub(super) struct Connection {
    detector: Detector,
    door: LocalBackend,
    slots: Semaphore,
    breaker: Mutex<Breaker>,
}

/// What a detector found.
#[derive(Debug)]
pub(super) enum Found {
    /// Type, first byte, byte after the last, score.
    Spans(Vec<(EntityType, usize, usize, f64)>),
    /// A verdict, with the categories that the text holds. Nothing: no verdict against it.
    Judged(Vec<Category>),
}

impl Found {
    pub fn word(&self) -> &'static str {
        match self {
            Found::Spans(spans) if spans.is_empty() => "clean",
            Found::Spans(_) | Found::Judged(_) => "found",
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum DetectorFailure {
    TooLong,
    Resting,
    Timeout,
    NoPermit,
    Unreachable(&'static str),
    Status,
    Lie(Lie),
}

impl DetectorFailure {
    /// The word for metrics and records.
    pub fn word(&self) -> &'static str {
        match self {
            DetectorFailure::TooLong => "text_too_long",
            DetectorFailure::Resting => "breaker_open",
            DetectorFailure::Timeout => "timeout",
            DetectorFailure::NoPermit => "no_permit",
            DetectorFailure::Unreachable(code) => code,
            DetectorFailure::Status => "status",
            DetectorFailure::Lie(_) => "lie",
        }
    }

    /// Whether it says something of the detector's health.
    fn is_its_fault(&self) -> bool {
        match self {
            DetectorFailure::TooLong | DetectorFailure::Resting | DetectorFailure::NoPermit => false,
            DetectorFailure::Timeout
            | DetectorFailure::Unreachable(_)
            | DetectorFailure::Status
            | DetectorFailure::Lie(_) => true,
        }
    }
}

impl From<SendError> for DetectorFailure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Connect(
                ConnectError::FirstByteTimeout { .. } | ConnectError::ConnectTimeout { .. },
            ) => DetectorFailure::Timeout,
            SendError::Connect(_) | SendError::WrongBackend { .. } => {
                DetectorFailure::Unreachable(error.code())
            }
        }
    }
}

impl From<Lie> for DetectorFailure {
    fn from(lie: Lie) -> Self {
        DetectorFailure::Lie(lie)
    }
}

impl Connection {
    pub fn new(detector: &Detector, inside: &[IpNet]) -> Result<Self, EndpointError> {
        let Detector { name, url, api_key, ca_pem, timeout, .. } = detector;
        let endpoint =
            endpoint(name, url, api_key.as_ref(), ca_pem.as_deref())?.with_connect_timeout(*timeout);
        Ok(Self {
            door: LocalBackend::new(endpoint, inside)?,
            slots: Semaphore::new(usize::try_from(detector.concurrency.get()).unwrap_or(usize::MAX >> 3)),
            breaker: Mutex::default(),
            detector: detector.clone(),
        })
    }

    pub fn name(&self) -> &str {
        &self.detector.name
    }

    pub fn when(&self) -> DetectorWhen {
        self.detector.when
    }

    /// Asks about a text that has this label so far, within the time limit.
    pub async fn ask(
        &self,
        text: &Text,
        label: &Label,
        boundary: &Boundary,
    ) -> Result<Found, DetectorFailure> {
        if text.whole().len() > TEXT_BYTES_MAX {
            return Err(DetectorFailure::TooLong);
        }
        if !self.breaker().lets_through(Instant::now()) {
            return Err(DetectorFailure::Resting);
        }
        let question = Question { connection: self, text: text.whole(), label, boundary };
        let answer = tokio::time::timeout(self.detector.timeout, question.ask()).await;
        let answer = answer.unwrap_or(Err(DetectorFailure::Timeout));
        if let Err(DetectorFailure::Lie(lie)) = &answer {
            tracing::warn!(detector = self.name(), %lie);
        }
        match &answer {
            Err(failure) if failure.is_its_fault() => self.breaker().failed(Instant::now()),
            Ok(_) | Err(_) => self.breaker().succeeded(),
        }
        answer
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One text on its way to a detector.
struct Question<'a> {
    connection: &'a Connection,
    text: &'a str,
    label: &'a Label,
    boundary: &'a Boundary,
}

impl Question<'_> {
    async fn ask(&self) -> Result<Found, DetectorFailure> {
        // Closed only when dropped, which a borrow of it excludes.
        let _slot = self.connection.slots.acquire().await.map_err(|_| DetectorFailure::Timeout)?;
        match &self.connection.detector.kind {
            DetectorKind::Presidio { languages, min_score, ignore } => {
                let mut spans = Vec::new();
                for language in languages {
                    spans.extend(self.analyze(language).await?);
                }
                spans.retain(|(entity, _, _, score)| *score >= min_score.0 && !ignore.contains(entity));
                Ok(Found::Spans(spans))
            }
            DetectorKind::Llm { model } => self.judge(model).await,
        }
    }

    async fn analyze(&self, language: &str) -> Result<Vec<(EntityType, usize, usize, f64)>, DetectorFailure> {
        let question = Arc::new(Analyze { text: self.text.to_owned(), language: language.to_owned() });
        let answer = self.post(question.clone(), "/analyze", "").await?;
        let mut spans = Vec::new();
        for span in question.read(&answer)? {
            let entity =
                EntityType::from_str(&span.entity).map_err(|_| Lie("a type is no name of a type"))?;
            spans.push((entity, span.start, span.end, span.score));
        }
        Ok(spans)
    }

    async fn judge(&self, model: &str) -> Result<Found, DetectorFailure> {
        let question = Arc::new(Judge { text: self.text.to_owned() });
        let answer = self.post(question.clone(), "/chat/completions", model).await?;
        let verdict = question.read(&answer)?;
        if !verdict.classified {
            return Ok(Found::Spans(Vec::new()));
        }
        let known = |name: &String| Category::BUILT_IN.into_iter().find(|category| category.as_str() == name);
        let categories: Option<Vec<Category>> = verdict.categories.iter().map(known).collect();
        Ok(Found::Judged(categories.ok_or(Lie("a category is none that was asked for"))?))
    }

    async fn post<C: Encode>(
        &self,
        question: Arc<C>,
        path: &str,
        model: &str,
    ) -> Result<bytes::Bytes, DetectorFailure> {
        let Connection { detector, door, .. } = self.connection;
        let recipient =
            Recipient::<Local>::new(&detector.name, self.boundary.local_clearance(Level::Restricted, None));
        let classified = Classified::<C>::new(question, &Known(self.label));
        let permit = self.boundary.permit(&classified, &recipient).map_err(|_| DetectorFailure::NoPermit)?;
        let first_byte_timeout: Duration = detector.timeout;
        let call = Call::new(path, model, Accept::Json, first_byte_timeout);
        let response = door.send(permit, &call).await?;
        if response.status() != http::StatusCode::OK {
            return Err(DetectorFailure::Status);
        }
        response.bytes(ANSWER_BYTES_MAX).await.map_err(|error| DetectorFailure::Unreachable(error.code()))
    }
}

/// The text is the request's own, and so is the label.
struct Known<'a>(&'a Label);

impl<C> Inspect<C> for Known<'_> {
    fn inspect(&self, _content: &C) -> Label {
        self.0.clone()
    }
}
