//! `POST /v1/feedback`: whoever asked says how good the answer was.
//!
//! An answer is named by any id that the client was shown. What is not the caller's own is not there for it; an admin may
//! speak of every answer, on the admin listener. Said again, the last word counts.

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::ids::Digits;
use crate::pipeline::identify::Caller;
use crate::quality::{Answered, Rating};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use weir_audit::Ident;
use weir_audit::event::{Fact, OutcomeKind};
use weir_policy::TaskType;
use weir_quality::Signal;
use weir_store::audit::{AnswerRecord, find_answer};
use weir_wire::request::BadRequest;

/// What is said fits a line.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024;
const REASON_BYTES_MAX: usize = 64;
/// Answers that are no longer remembered are looked for in the log, so many at a time…
pub(crate) const LOOKS_MAX: usize = 1;
const WHOLE: f64 = 1_000_000.0;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    /// `x-weir-decision-id`, `x-request-id` or the id of the answer.
    id: String,
    verdict: Option<Verdict>,
    /// Instead: from 0 to 1.
    score: Option<f64>,
    /// A word of the application's own list of reasons.
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Good,
    Bad,
}

/// Who speaks.
#[derive(Debug)]
pub(crate) enum Speaker<'c> {
    Caller(&'c Caller),
    Admin,
}

impl Speaker<'_> {
    fn key(&self) -> Option<Ident> {
        match self {
            Speaker::Caller(caller) => caller.key.as_ref().map(|key| Ident::of(&key.id)),
            Speaker::Admin => None,
        }
    }

    /// Whether it may speak of an answer: its own, or any.
    fn owns(&self, answered: &Answered) -> bool {
        matches!(self, Speaker::Admin) || self.key() == answered.key_id
    }
}

/// Takes what is said in, and gives the answer to whoever says it.
///
/// # Errors
/// [`Failure::BadRequest`] for what says nothing, [`Failure::UnknownAnswer`] where the speaker has no such answer.
pub(crate) async fn take(
    gateway: &Arc<Gateway>,
    speaker: Speaker<'_>,
    body: &[u8],
) -> Result<String, Failure> {
    let said: Said = serde_json::from_slice(body).map_err(|error| bad("body", &in_words(&error)))?;
    let (score, reason) = (said.score()?, said.reason()?);
    let unknown = || Failure::UnknownAnswer { id: said.id.chars().take(200).collect() };
    let digits = Digits::of(&said.id).ok_or_else(unknown)?;
    let found = find(gateway, digits).await?;
    let mut answered = found.filter(|answered| speaker.owns(answered)).ok_or_else(unknown)?;
    let before = gateway.quality.say(&mut answered, score);
    let by = if matches!(speaker, Speaker::Admin) { "admin" } else { "caller" };
    gateway.rate(&answered, Signal::Feedback, Rating { score, reason, by, key_id: speaker.key() }, before);
    let decision = digits.decision();
    let told = json!({
        "decision_id": decision.as_str(), "score": score as f64 / WHOLE, "replaced": before.is_some(),
    });
    Ok(told.to_string())
}

impl Said {
    fn score(&self) -> Result<u64, Failure> {
        match (self.verdict, self.score) {
            (Some(Verdict::Good), None) => Ok(1_000_000),
            (Some(Verdict::Bad), None) => Ok(0),
            (None, Some(score)) if (0.0..=1.0).contains(&score) => Ok((score * WHOLE).round() as u64),
            (None, Some(_)) => Err(bad("score", "`score` goes from 0 (bad) to 1 (good)")),
            (Some(_), Some(_)) => Err(bad("score", "say `verdict` or `score`, not both")),
            (None, None) => Err(bad("verdict", "say `verdict`: `good` or `bad`; or `score`: from 0 to 1")),
        }
    }

    /// Records hold no text of users: a reason is a code.
    fn reason(&self) -> Result<Option<Ident>, Failure> {
        let Some(reason) = &self.reason else { return Ok(None) };
        let is_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if (1..=REASON_BYTES_MAX).contains(&reason.len()) && reason.bytes().all(is_code) {
            return Ok(Some(Ident::new(reason)));
        }
        Err(bad(
            "reason",
            "`reason` is a code of 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`; it is recorded, and text is not",
        ))
    }
}

fn bad(param: &'static str, message: &str) -> Failure {
    Failure::BadRequest(BadRequest::field("invalid_value", param, message))
}

/// What is wrong with the JSON, without its values.
fn in_words(error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    format!(
        "the body is not `{{\"id\": …, \"verdict\": \"good\" or \"bad\"}}` with `score` and `reason` as what may be \
         said besides ({place})"
    )
}

async fn find(gateway: &Arc<Gateway>, digits: Digits) -> Result<Option<Answered>, Failure> {
    if let Some(recent) = gateway.quality.recent_answer(digits) {
        return Ok(Some(recent));
    }
    let Ok(_one_at_a_time) = gateway.quality.looks.try_acquire() else {
        return Err(Failure::Full {
            retry_after: std::time::Duration::from_secs(1),
            obstacle: weir_dispatch::Obstacle::Busy,
        });
    };
    let (audit, id) = (gateway.snapshot().loaded.config.state.join("audit"), digits.decision());
    match tokio::task::spawn_blocking(move || find_answer(&audit, &id)).await {
        Ok(Ok(found)) => Ok(found.and_then(of_record)),
        Ok(Err(error)) => {
            tracing::error!(%error, "an answer cannot be looked for in the audit log");
            Err(Failure::Panicked)
        }
        Err(_) => Err(Failure::Panicked),
    }
}

fn of_record(record: AnswerRecord) -> Option<Answered> {
    let AnswerRecord { decision, outcome, score } = record;
    if outcome.outcome != OutcomeKind::Ok {
        return None;
    }
    let target = (decision.target?.as_str().into(), decision.zone?);
    let task = task(decision.facts.get(&Ident::fixed("task.type")));
    let digits = Digits::of(decision.decision_id.as_str())?;
    Some(Answered::new(digits, decision.key_id, task, target, score))
}

/// The task type that a record tells.
pub(crate) fn task(fact: Option<&Fact>) -> Option<TaskType> {
    match fact? {
        Fact::Word(word) => word.as_str().parse().ok(),
        Fact::Bool(_) | Fact::Number(_) | Fact::Name(_) | Fact::Words(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Said {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn a_verdict_or_a_score_is_said_and_not_both() {
        assert_eq!(said(r#"{"id":"x","verdict":"good"}"#).score().unwrap(), 1_000_000);
        assert_eq!(said(r#"{"id":"x","verdict":"bad"}"#).score().unwrap(), 0);
        assert_eq!(said(r#"{"id":"x","score":0.25}"#).score().unwrap(), 250_000);
        for nothing in
            [r#"{"id":"x"}"#, r#"{"id":"x","score":1.5}"#, r#"{"id":"x","score":1,"verdict":"good"}"#]
        {
            assert!(said(nothing).score().is_err(), "{nothing}");
        }
        assert!(serde_json::from_str::<Said>(r#"{"id":"x","verdict":"so-so"}"#).is_err());
        assert!(serde_json::from_str::<Said>(r#"{"id":"x","verdict":"bad","comment":"text"}"#).is_err());
    }

    #[test]
    fn a_reason_is_a_code_and_no_text() {
        let reason = |text: &str| Said { reason: Some(text.to_owned()), ..said(r#"{"id":"x"}"#) }.reason();
        assert_eq!(reason("wrong.language-2").unwrap().unwrap().as_str(), "wrong.language-2");
        for text in ["", "The patient Anna Meier…", "a b", &"x".repeat(65)] {
            assert!(reason(text).is_err(), "{text}");
        }
    }
}
