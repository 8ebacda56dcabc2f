use super::{AuditError, Search, SearchError};
use std::path::Path;
use weir_audit::event::{Decision, Outcome, ParseEventError};
use weir_audit::search::{Condition, Query, Test};
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

/// The answer to the request of a decision, if the log has both. Found by the search index, which is made first where
/// there is none.
///
/// # Errors
/// [`SearchError`] if log or index cannot be read, or the log is damaged there.
pub fn find_answer(dir: &Path, decision_id: &Ident) -> Result<Option<AnswerRecord>, SearchError> {
    let find = || -> Result<Option<AnswerRecord>, SearchError> {
        let search = Search::open(dir)?;
        let [decisions, outcomes, ratings] = [
            events((&search, dir), "decision", decision_id)?,
            events((&search, dir), "outcome", decision_id)?,
            events((&search, dir), "answer.rated", decision_id)?,
        ];
        Ok(answer(decisions.into_iter().chain(outcomes).chain(ratings)))
    };
    match find() {
        // The index was wrong, and is made anew.
        Err(SearchError::Disagree) => find(),
        found => found,
    }
}

/// The events of a type about a decision, oldest first.
fn events(
    (search, dir): (&Search, &Path),
    type_name: &str,
    decision_id: &Ident,
) -> Result<Vec<Event>, SearchError> {
    let condition =
        Condition { path: "decision_id".to_owned(), test: Test::Is(vec![decision_id.as_str().to_owned()]) };
    let query = Query { types: vec![type_name.to_owned()], conditions: vec![condition], ..Query::default() };
    let mut events = Vec::new();
    search.find(&query, None, |found| {
        events
            .push(Record::parse(&found.event).map(|record| record.event).map_err(|error| (found.seq, error)));
    })?;
    let damaged = |(index, error): (u64, ParseEventError)| AuditError::Damaged {
        path: dir.to_owned(),
        index,
        what: error.to_string(),
    };
    events.into_iter().map(|event| event.map_err(|error| damaged(error).into())).collect()
}

/// The answer that events of one decision tell of.
fn answer(events: impl Iterator<Item = Event>) -> Option<AnswerRecord> {
    let (mut decisions, mut outcome, mut score) = (Vec::new(), None, None);
    for event in events {
        #[expect(clippy::wildcard_enum_match_arm, reason = "no others were asked for")]
        match event {
            Event::Decision(found) => decisions.push(*found),
            Event::Outcome(found) => outcome = Some(*found),
            Event::AnswerRated(rated) if rated.signal.as_str() == "feedback" => score = Some(rated.score),
            _ => {}
        }
    }
    let outcome: Outcome = outcome?;
    let answered = outcome.answered_attempt.unwrap_or(outcome.attempts);
    let decision = decisions.into_iter().rfind(|decision: &Decision| decision.attempt == answered)?;
    Some(AnswerRecord { decision, outcome, score })
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
