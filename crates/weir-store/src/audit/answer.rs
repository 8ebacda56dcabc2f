use super::{AuditError, AuditReader};
use std::path::Path;
use weir_audit::event::{Decision, Outcome};
use weir_audit::{Event, Ident, Record};

/// What a log has of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRecord {
    /// The decision of the attempt that was answered.
    pub decision: Decision,
    /// How the request ended.
    pub outcome: Outcome,
    /// What was said of the answer last, from 0 to a million.
    pub score: Option<u64>,
}

/// The answer to the request of a decision, if the log has both. Reads the whole log.
///
/// # Errors
/// [`AuditError`] if the log cannot be read or is damaged.
pub fn find_answer(dir: &Path, decision_id: &Ident) -> Result<Option<AnswerRecord>, AuditError> {
    let mut reader = AuditReader::open(dir)?;
    let (mut decisions, mut outcome, mut score) = (Vec::new(), None, None);
    while let Some((head, bytes)) = reader.next_event()? {
        let may_be_it = matches!(head.type_name.as_str(), "decision" | "outcome" | "answer.rated")
            && memchr::memmem::find(bytes, decision_id.as_str().as_bytes()).is_some();
        if !may_be_it {
            continue;
        }
        let seq = head.seq;
        let record = Record::parse(bytes).map_err(|error| AuditError::Damaged {
            path: dir.to_owned(),
            index: seq,
            what: error.to_string(),
        })?;
        #[expect(clippy::wildcard_enum_match_arm, reason = "other types were passed over above")]
        match record.event {
            Event::Decision(found) if found.decision_id == *decision_id => decisions.push(*found),
            Event::Outcome(found) if found.decision_id == *decision_id => outcome = Some(*found),
            Event::AnswerRated(rated)
                if rated.decision_id == *decision_id && rated.signal.as_str() == "feedback" =>
            {
                score = Some(rated.score);
            }
            _ => {}
        }
    }
    let Some(outcome) = outcome else { return Ok(None) };
    let answered = outcome.answered_attempt.unwrap_or(outcome.attempts);
    let decision = decisions.into_iter().rfind(|decision| decision.attempt == answered);
    Ok(decision.map(|decision| AnswerRecord { decision, outcome, score }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tests::{decision, open, outcome};
    use weir_audit::event::{AnswerRated, OutcomeKind};

    fn rated(id: u64, signal: &str, score: u64) -> AnswerRated {
        let Decision { request_id, decision_id, .. } = decision(id);
        AnswerRated {
            request_id,
            decision_id,
            signal: signal.into(),
            score,
            replaces: None,
            reason: None,
            task: None,
            target: "gpu/m".into(),
            zone: weir_label::ZoneKind::Local,
            by: "caller".into(),
            key_id: None,
        }
    }

    #[test]
    fn the_attempt_that_was_answered_is_found_with_what_was_said_of_it_last() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        for id in 0..3 {
            log.append(Decision { attempt: 1, target: Some("gpu/m".into()), ..decision(id) }).unwrap();
            log.append(Decision { attempt: 2, target: Some("api/m".into()), ..decision(id) }).unwrap();
        }
        let ended = |id| Outcome { outcome: OutcomeKind::Ok, attempts: 2, ..outcome(id) };
        log.append(ended(0)).unwrap();
        log.append(Outcome { answered_attempt: Some(1), ..ended(1) }).unwrap();
        log.append(rated(0, "feedback", 7)).unwrap();
        log.append(rated(0, "feedback", 9)).unwrap();
        log.append(rated(0, "continued", 1)).unwrap();
        log.close().unwrap();
        let find = |id: u64| find_answer(dir.path(), &decision(id).decision_id).unwrap();
        let target = |id| find(id).unwrap().decision.target.unwrap().as_str().to_owned();
        assert_eq!((target(0).as_str(), target(1).as_str()), ("api/m", "gpu/m"));
        assert_eq!((find(0).unwrap().score, find(1).unwrap().score), (Some(9), None));
        assert!(find(2).is_none(), "it is not over");
        assert!(find(3).is_none(), "it is not there");
    }
}
