//! What is asked of a log: fields, conditions and times, and which records fit.
//!
//! Pure: `weir-store` has the index that finds them.

mod condition;
mod field;
mod members;
mod shape;

pub use condition::{Condition, ConditionError, Test, path_of};
pub use field::{FIELDS, Field, Kind, Unit, is_unique};
pub use members::{Value, members};
pub use shape::MembersReader;

use crate::WallTime;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The type of event that a query is about unless it says otherwise.
pub const DECISION: &str = "decision";
/// The type of the events that say how a request ended.
pub const OUTCOME: &str = "outcome";

/// The members that every event begins with.
/// What every event has.
pub const ENVELOPE: [&str; 8] = ["v", "seq", "event_id", "type", "ts_wall", "ts_mono_ns", "boot_id", "node"];

/// Which records are asked for: those of a kind and a time that fit all conditions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Types of events; none is the decisions.
    pub types: Vec<String>,
    /// At this time or later.
    pub since: Option<WallTime>,
    /// Before this time.
    pub until: Option<WallTime>,
    /// What must hold.
    pub conditions: Vec<Condition>,
}

/// A record that was found: an event, and the outcome of its request if it is a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Index of the event in the log.
    pub seq: u64,
    /// Its bytes.
    pub event: Vec<u8>,
    /// The bytes of the outcome; `None` while the request runs, and for other events.
    pub outcome: Option<Vec<u8>>,
}

/// The members of a record by their paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Members(BTreeMap<String, Value<'static>>);

impl Found {
    /// The members of the event and, where it has none of the name, of the outcome.
    ///
    /// # Errors
    /// The parser's, if the bytes are no events.
    pub fn members(&self) -> Result<Members, serde_json::Error> {
        let mut found = BTreeMap::new();
        for json in [Some(&self.event), self.outcome.as_ref()].into_iter().flatten() {
            members(json, |path, value| {
                if !found.contains_key(path) {
                    found.insert(path.to_owned(), value.into_owned());
                }
            })?;
        }
        Ok(Members(found))
    }

    /// A decision with its outcome, each without its envelope, or another event whole.
    ///
    /// # Errors
    /// The parser's, if the bytes are no events.
    pub fn to_json(&self) -> Result<Json, serde_json::Error> {
        let own = |mut event: Map<String, Json>| {
            event.retain(|key, _| !ENVELOPE.contains(&key.as_str()));
            Json::Object(event)
        };
        let event: Map<String, Json> = serde_json::from_slice(&self.event)?;
        let time = event.get("ts_wall").cloned().unwrap_or_default();
        if event.get("type").and_then(Json::as_str) != Some(DECISION) {
            return Ok(json!({ "seq": self.seq, "ts_wall": time, "event": event }));
        }
        let outcome = self.outcome.as_deref().map(serde_json::from_slice).transpose()?.map(own);
        Ok(json!({ "seq": self.seq, "ts_wall": time, "decision": own(event), "outcome": outcome }))
    }
}

impl Members {
    /// The value at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value<'static>> {
        self.0.get(path)
    }

    /// The word in a place where there is always one.
    #[must_use]
    pub fn word(&self, path: &str) -> &str {
        match self.get(path) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Option<WallTime> {
        self.word("ts_wall").parse().ok()
    }
}

impl Query {
    /// Whether events of this type are asked for.
    #[must_use]
    pub fn is_about(&self, type_name: &str) -> bool {
        if self.types.is_empty() {
            type_name == DECISION
        } else {
            self.types.iter().any(|name| name == type_name)
        }
    }

    /// Whether this moment is asked for.
    #[must_use]
    pub fn is_in_time(&self, at: WallTime) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }

    /// Whether a record fits.
    #[must_use]
    pub fn takes(&self, members: &Members) -> bool {
        self.is_about(members.word("type"))
            && members.time().is_some_and(|at| self.is_in_time(at))
            && self.conditions.iter().all(|condition| condition.test.takes(members.get(&condition.path)))
    }
}
