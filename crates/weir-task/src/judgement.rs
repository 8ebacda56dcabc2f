//! What a request asks for, from all that is known of it.

use crate::kind::{KINDS, Kind};
use crate::model::{Reading, best};

/// A turn of fewer bytes may well be about the turn before.
const SHORT_BYTES: usize = 60;
/// Below this margin a turn alone does not say what it asks for.
const UNCLEAR_MARGIN: f32 = 0.2;
/// Below this margin the task type is unsure.
const UNSURE_MARGIN: f32 = 0.2;

/// What the form of a request says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Structure {
    /// Tools are offered.
    pub has_tools: bool,
    /// The answer must be JSON that follows a schema.
    pub has_schema: bool,
}

impl Structure {
    /// The task type that it tells, whatever the texts say: with tools a request is an agent's, and without them a schema
    /// makes it one that extracts.
    fn kind(self) -> Option<Kind> {
        match self {
            Structure { has_tools: true, .. } => Some(Kind::Agent),
            Structure { has_schema: true, .. } => Some(Kind::Extract),
            Structure { has_tools: false, has_schema: false } => None,
        }
    }
}

/// The readings of the texts of a request.
#[derive(Debug, Clone, Copy)]
pub struct Turns<'r> {
    /// What the user wrote, the last turn first.
    pub user: &'r [Reading],
    /// The instructions of the system or developer, if there are any.
    pub system: Option<&'r Reading>,
}

/// What a request asks for and how hard it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The task type.
    pub kind: Kind,
    /// The probability of the task type, 0 to 1.
    pub confidence: f32,
    /// By how much the task type is likelier than the next, 0 to 1.
    pub margin: f32,
    /// How hard it is, 0 to 1: how much a stronger model gains.
    pub complexity: f32,
    /// The probability that a weak model fails.
    pub weak_fail: f32,
    /// The language it is mostly written in.
    pub language: Option<&'static str>,
    /// The scores of the task types by the texts, of which the first three are made where no structure tells them.
    pub scores: [f32; KINDS],
}

impl Judgement {
    /// The same with the task type of other scores.
    #[must_use]
    pub fn with_scores(self, scores: [f32; KINDS]) -> Self {
        let (kind, confidence, margin) = best(&scores);
        Self { kind, confidence, margin, scores, ..self }
    }

    /// Whether the next best task type is about as likely.
    #[must_use]
    pub fn is_unsure(&self) -> bool {
        self.margin < UNSURE_MARGIN
    }
}

/// Judges a request by its texts and its form. `None` if there is no text.
///
/// A short or unclear last turn is read with the turns before it, each with half the say of the one after, and the
/// shorter a turn the less it says itself; the system's instructions have a quarter's say, or half. Of a request whose
/// [`Structure`] tells the task type the texts tell all but that.
#[must_use]
pub fn judge(turns: Turns<'_>, structure: Structure) -> Option<Judgement> {
    let last = turns.user.first().or(turns.system)?;
    let scores = blend(turns);
    let (kind, confidence, margin) = structure.kind().map_or_else(|| best(&scores), |kind| (kind, 1.0, 1.0));
    let said = turns.user.iter().find_map(|reading| reading.language);
    let hardest = |of: fn(&Reading) -> f32| {
        if last.is_follow_up() { turns.user.iter().take(2).map(of).fold(0.0, f32::max) } else { of(last) }
    };
    Some(Judgement {
        kind,
        confidence,
        margin,
        complexity: hardest(|reading| reading.complexity),
        weak_fail: hardest(|reading| reading.weak_fail),
        language: said.or_else(|| turns.system.and_then(|system| system.language)),
        scores,
    })
}

/// The scores of the last turn, and of those before as far as it needs them.
fn blend(turns: Turns<'_>) -> [f32; KINDS] {
    let mut scores = [0.0; KINDS];
    let mut say = 1.0;
    for (place, reading) in turns.user.iter().enumerate() {
        let has_others = place + 1 < turns.user.len() || turns.system.is_some();
        let own = if has_others { say * weight(reading) } else { say };
        scores.iter_mut().zip(reading.scores).for_each(|(sum, score)| *sum += own * score);
        say *= 0.5;
        if !reading.is_follow_up() {
            break;
        }
    }
    let system = turns.system.map_or([0.0; KINDS], |reading| reading.scores);
    let say = match turns.user.first() {
        None => 1.0,
        Some(last) if last.is_follow_up() => 0.5,
        Some(_) => 0.25,
    };
    scores.iter_mut().zip(system).for_each(|(sum, score)| *sum += say * score);
    scores
}

/// What a short turn has to say where others have something to say too.
fn weight(reading: &Reading) -> f32 {
    (reading.bytes as f32 / SHORT_BYTES as f32).clamp(0.15, 1.0)
}

impl Reading {
    /// Whether it is the text of a turn that alone does not say what it asks for.
    #[must_use]
    pub fn is_follow_up(&self) -> bool {
        self.bytes < SHORT_BYTES || self.margin < UNCLEAR_MARGIN
    }
}
