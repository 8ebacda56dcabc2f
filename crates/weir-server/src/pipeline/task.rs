//! What a request asks for and how hard it is.
//!
//! Whatever goes wrong in here (a panic, a model that does not load) leaves the facts unknown: a condition over them lets
//! no rule match that would widen where the request may go.

use super::inspect::Inspected;
use crate::ranks::Ranks;
use std::panic::{AssertUnwindSafe, catch_unwind};
use weir_policy::{TaskFacts, TaskType, Word as _};
use weir_task::{Judgement, Model, Reading, Structure, Turns, judge};
use weir_wire::request::ClientRequest;

/// So many turns of the user are read at most, however long the conversation: a turn costs the same late and early.
const TURNS: usize = 3;
/// Of the system's instructions so much is read, in bytes: what the application is for stands first.
const SYSTEM_BYTES: usize = 1024;

/// What a request asks for, from its last turns, the system's instructions and its form.
pub(crate) fn task_of(request: &ClientRequest) -> Option<Judgement> {
    catch_unwind(AssertUnwindSafe(|| read(request))).ok().flatten()
}

fn read(request: &ClientRequest) -> Option<Judgement> {
    let model = Model::embedded().ok()?;
    let spoken = request.spoken(TURNS);
    let mut user: Vec<Reading> = Vec::with_capacity(TURNS);
    for text in &spoken.user {
        let reading = model.read(text);
        user.push(reading);
        // What was said before counts only for a turn that does not say by itself what it asks for.
        if !reading.is_follow_up() {
            break;
        }
    }
    let system = spoken.system.as_deref().map(|text| model.read(head(text)));
    let structure = Structure {
        has_tools: request.has_tools(),
        has_schema: request.response_format() == Some("json_schema"),
    };
    judge(Turns { user: &user, system: system.as_ref() }, structure)
}

fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(SYSTEM_BYTES)).unwrap_or(text)
}

/// What the request asks for: what its caller says, where the policy accepts that, or else what was judged. `ranks`
/// where this deployment's scores are known.
pub(crate) fn task_facts(inspected: &Inspected, ranks: Option<&Ranks>) -> TaskFacts {
    let judged = judged(inspected.task.as_ref(), ranks);
    match inspected.declared_task {
        Some(declared) => TaskFacts {
            kind: Some(declared),
            confidence_millionths: Some(1_000_000),
            margin_millionths: Some(1_000_000),
            unsure: Some(false),
            ..judged
        },
        None => judged,
    }
}

fn judged(judgement: Option<&Judgement>, ranks: Option<&Ranks>) -> TaskFacts {
    let Some(judgement) = judgement else { return TaskFacts::default() };
    let complexity = millionths(judgement.complexity);
    TaskFacts {
        kind: TaskType::of_word(judgement.kind.as_str()),
        complexity_millionths: Some(complexity),
        complexity_rank_millionths: ranks.and_then(|ranks| ranks.rank(complexity)),
        confidence_millionths: Some(millionths(judgement.confidence)),
        margin_millionths: Some(millionths(judgement.margin)),
        weak_fail_millionths: Some(millionths(judgement.weak_fail)),
        unsure: Some(judgement.is_unsure()),
    }
}

/// A share in millionths, to the thousandth: more is noise, and makes records long.
pub(crate) fn millionths(share: f32) -> u64 {
    (f64::from(share.clamp(0.0, 1.0)) * 1000.0).round() as u64 * 1000
}

/// The language, for rules.
pub(crate) fn language(judgement: Option<&Judgement>) -> Option<&'static str> {
    judgement.and_then(|judgement| judgement.language)
}
