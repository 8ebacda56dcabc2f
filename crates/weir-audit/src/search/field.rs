//! The fields that a query can ask for.

use Kind::{Flag, Level, Number, OneOf, Word, Words};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word.
    Word,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of words.
    Words,
    /// A level; levels are ordered.
    Level,
    /// `true` or `false`.
    Flag,
    /// A number.
    Number(Unit),
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Millionths of a US dollar.
    MicroUsd,
    /// Millionths.
    Millionths,
}

/// A field of events, by the name that people use and by its path in their JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: &'static str,
    /// The path.
    pub path: &'static str,
    /// What it holds.
    pub kind: Kind,
}

const fn field(name: &'static str, path: &'static str, kind: Kind) -> Field {
    Field { name, path, kind }
}

const COUNT: Kind = Number(Unit::Count);
const MICROS: Kind = Number(Unit::Micros);
const BYTES: Kind = Number(Unit::Bytes);

const ZONES: &[&str] = &["local", "cloud"];
const ACTIONS: &[&str] = &["route", "queue", "degrade", "burst", "deny"];
const AUTH: &[&str] = &["loopback", "key", "jwt", "mtls", "none"];
const OUTCOMES: &[&str] = &["ok", "client_cancelled", "upstream_aborted", "timeout", "rejected", "failed"];
const FINISH: &[&str] = &["stop", "length", "tool_calls", "function_call", "content_filter", "other"];

/// The fields of decisions and outcomes, and those of all events. A path that is not here, of an event of another
/// type or a newer version, is a field too where a log has it.
pub const FIELDS: &[Field] = &[
    field("seq", "seq", COUNT),
    field("event", "type", Word),
    field("event_id", "event_id", Word),
    field("node", "node", Word),
    field("boot", "boot_id", Word),
    field("request", "request_id", Word),
    field("decision", "decision_id", Word),
    field("attempt", "attempt", COUNT),
    field("trace", "trace_id", Word),
    field("tenant", "tenant", Word),
    field("caller", "key_id", Word),
    field("address", "client_addr_pseudonym", Word),
    field("auth", "auth_method", OneOf(AUTH)),
    field("team", "facts.caller.team", Word),
    field("app", "facts.caller.app", Word),
    field("key_name", "facts.caller.name", Word),
    field("environment", "facts.caller.environment", Word),
    field("scope", "facts.caller.scopes", Words),
    field("api", "api", Word),
    field("stream", "stream", Flag),
    field("purpose", "purpose", Word),
    field("legal_basis", "legal_basis", Word),
    field("data_subject", "data_subjects", Words),
    field("alias", "facts.request.alias", Word),
    field("language", "facts.request.language", Word),
    field("tools", "facts.request.tools", Flag),
    field("wish", "facts.wish", Word),
    field("latency", "facts.latency.class", Word),
    field("task", "facts.task.type", Word),
    field("complexity", "facts.task.complexity", Number(Unit::Millionths)),
    field("level", "level", Level),
    field("category", "categories", Words),
    field("jurisdiction", "jurisdictions", Words),
    field("opaque", "opaque", Words),
    field("entity", "findings.type", Words),
    field("findings", "findings.count", COUNT),
    field("source", "sources", Words),
    field("scanner", "scanner_digest", Word),
    field("scan", "scan_us", MICROS),
    field("scan_complete", "scan_complete", Flag),
    field("est_tokens_in", "est_tokens_in", COUNT),
    field("revision", "policy_revision", Word),
    field("stage", "stage", Word),
    field("config", "config_digest", Word),
    field("version", "binary_version", Word),
    field("rule", "rule", Word),
    field("tag", "tags", Words),
    field("requires", "requires", Words),
    field("action", "action", OneOf(ACTIONS)),
    field("reason", "reason", Word),
    field("candidate", "candidates.target", Words),
    field("verdict", "candidates.verdict", Words),
    field("target", "target", Word),
    field("backend", "backend", Word),
    field("zone", "zone", OneOf(ZONES)),
    field("region", "region", Word),
    field("model", "model", Word),
    field("egress", "egress_permitted", Flag),
    field("override", "overrides_denied", Words),
    field("shadow_revision", "shadow.policy_revision", Word),
    field("shadow_rule", "shadow.rule", Word),
    field("shadow_target", "shadow.target", Word),
    field("shadow_zone", "shadow.zone", OneOf(ZONES)),
    field("shadow_denied", "shadow.denied", Word),
    field("outcome", "outcome", OneOf(OUTCOMES)),
    field("status", "http_status", COUNT),
    field("finish", "finish_reason", OneOf(FINISH)),
    field("tokens_in", "tokens_in", COUNT),
    field("tokens_out", "tokens_out", COUNT),
    field("tokens_estimated", "tokens_estimated", Flag),
    field("cost", "cost_micro_usd", Number(Unit::MicroUsd)),
    field("ttft", "ttft_us", MICROS),
    field("total", "total_us", MICROS),
    field("queue", "queue_us", MICROS),
    field("bytes_out", "bytes_out", BYTES),
    field("bytes_in", "bytes_in", BYTES),
    field("peer", "peer_ip", Word),
    field("model_used", "model_used", Word),
    field("error", "error_code", Word),
    field("attempts", "attempts", COUNT),
    field("answered_attempt", "answered_attempt", COUNT),
];

impl Field {
    /// The field of this name or path.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Field> {
        let by_name = FIELDS.iter().find(|field| field.name == name);
        by_name.or_else(|| FIELDS.iter().find(|field| field.path == name))
    }
}

/// Fields that differ for nearly every event: nothing is gained by counting them or keeping them in columns.
#[must_use]
pub fn is_unique(path: &str) -> bool {
    matches!(
        path,
        "v" | "seq"
            | "event_id"
            | "ts_wall"
            | "ts_mono_ns"
            | "request_id"
            | "decision_id"
            | "trace_id"
            | "content_digest"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{OutcomeKind, tests as sample};
    use crate::search::members;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_paths_are_unique_and_name_what_they_say() {
        let names: BTreeSet<_> = FIELDS.iter().map(|field| field.name).collect();
        let paths: BTreeSet<_> = FIELDS.iter().map(|field| field.path).collect();
        assert_eq!((names.len(), paths.len()), (FIELDS.len(), FIELDS.len()));
        // A name that is another field's path would hide it.
        for field in FIELDS {
            assert_eq!(Field::named(field.path).map(|found| found.path), Some(field.path));
        }
    }

    #[test]
    fn the_words_are_those_of_events() {
        let outcomes = OutcomeKind::ALL.map(OutcomeKind::as_str);
        assert_eq!(OUTCOMES, outcomes);
    }

    /// A field of a decision that no query could ask for would be a gap.
    #[test]
    fn every_member_of_a_full_decision_has_a_field() {
        let json = serde_json::to_vec(&sample::decision()).unwrap();
        members(&json, |path, _| {
            let is_open = path.starts_with("facts.") || path.starts_with("cut.") || is_unique(path);
            assert!(is_open || path == "candidates.zone" || Field::named(path).is_some(), "{path}");
        })
        .unwrap();
    }
}
