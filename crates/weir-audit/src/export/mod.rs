//! Events in the words of others: OCSF, OTLP logs, CEF over syslog.
//!
//! Pure: an event goes in, a text comes out. Nothing is in a text that is not in the event; what a format has no
//! place for is named in `docs/audit.md`, which has the tables.

mod cef;
mod ocsf;
mod otlp;
mod syslog;

pub use otlp::request as otlp_request;
pub use syslog::message as syslog_message;

use crate::WallTime;
use serde_json::{Map, Value as Json};

/// Members that every exported event keeps: without them nobody can tell which event it is.
pub const KEPT: [&str; 5] = ["v", "seq", "event_id", "type", "ts_wall"];

/// How an event is written as one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The bytes of the event as they stand in the log, so that their hash is a leaf of its tree.
    Jsonl,
    /// OCSF API Activity (class 6003).
    Ocsf,
    /// ArcSight's Common Event Format.
    Cef,
}

/// Whose events they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name of the log, as in its checkpoints.
    pub log: String,
    /// The version of Weir that exports.
    pub version: String,
}

/// One event that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Index of the event in the log.
    pub seq: u64,
    members: Map<String, Json>,
    json: String,
}

/// How much an event asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Info,
    Warning,
    Error,
}

impl Exported {
    /// Reads an event and leaves these members out, but for those of [`KEPT`]: `client_addr_pseudonym`,
    /// `facts.caller.app`.
    ///
    /// # Errors
    /// The parser's, if the bytes are no event.
    pub fn read(seq: u64, event: &[u8], leave_out: &[String]) -> Result<Self, serde_json::Error> {
        let mut members: Map<String, Json> = serde_json::from_slice(event)?;
        let mut is_whole = true;
        for path in leave_out {
            is_whole &= !remove(&mut members, path);
        }
        let json = match is_whole {
            true => String::from_utf8_lossy(event).into_owned(),
            false => serde_json::to_string(&members)?,
        };
        Ok(Self { seq, members, json })
    }

    /// The event as one line of JSON: its very bytes, unless something is left out.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The word of its type.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.word("type")
    }

    /// What it is known by everywhere: no other event of any log has the same.
    #[must_use]
    pub fn event_id(&self) -> &str {
        self.word("event_id")
    }

    /// The day on which it happened, as `2026-03-01`.
    #[must_use]
    pub fn day(&self) -> &str {
        self.word("ts_wall").get(..10).unwrap_or_default()
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> WallTime {
        self.word("ts_wall").parse().unwrap_or(WallTime::from_unix_ms(0))
    }

    /// Whether it says what became of this export.
    #[must_use]
    pub fn is_gap_of(&self, export: &str) -> bool {
        self.type_name() == "export.gap" && self.word("export") == export
    }

    /// The event as one line in this format.
    #[must_use]
    pub fn line(&self, format: Format, source: &Source) -> String {
        match format {
            Format::Jsonl => self.json.clone(),
            Format::Ocsf => ocsf::event(self, source).to_string(),
            Format::Cef => cef::line(self, source),
        }
    }

    fn get(&self, key: &str) -> Option<&Json> {
        self.members.get(key)
    }

    /// The word of a member; empty if there is none.
    fn word(&self, key: &str) -> &str {
        self.get(key).and_then(Json::as_str).unwrap_or_default()
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(Json::as_u64)
    }

    /// A few words for people.
    fn summary(&self) -> String {
        let words: &[&str] = match self.type_name() {
            "decision" => &["action", "target", "reason"],
            "outcome" => &["outcome", "error_code"],
            "export.gap" => &["export", "reason"],
            "witness.gap" => &["witness", "reason"],
            _ => &[],
        };
        let words = words.iter().map(|key| self.word(key)).filter(|word| !word.is_empty());
        std::iter::once(self.type_name()).chain(words).collect::<Vec<_>>().join(" ")
    }

    fn severity(&self) -> Severity {
        match (self.type_name(), self.word("action"), self.word("outcome")) {
            ("decision", "deny", _) => Severity::Warning,
            ("outcome", _, "failed" | "upstream_aborted" | "timeout") => Severity::Error,
            ("outcome", _, "rejected") => Severity::Warning,
            ("policy.rejected" | "log.recovered" | "witness.gap" | "export.gap", _, _) => Severity::Warning,
            _ => Severity::Info,
        }
    }
}

/// Removes what is at a path; whether there was something.
fn remove(members: &mut Map<String, Json>, path: &str) -> bool {
    if KEPT.contains(&path) {
        return false;
    }
    if members.shift_remove(path).is_some() {
        return true;
    }
    let inner =
        path.split_once('.').and_then(|(key, rest)| Some((members.get_mut(key)?.as_object_mut()?, rest)));
    inner.is_some_and(|(inner, rest)| inner.shift_remove(rest).is_some())
}

#[cfg(test)]
mod tests;
