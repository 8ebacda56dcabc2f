//! What was found in files, for code scanning.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use serde_json::{Value, json};
use std::collections::BTreeSet;
use weir_config::Problem;

/// Something that was found.
pub(crate) struct Found<'f> {
    /// Which kind of thing: a short stable word.
    pub rule: &'f str,
    /// `error`, `warning` or `note`.
    pub level: &'f str,
    /// What, and what to do.
    pub text: String,
    /// Where.
    pub place: Place<'f>,
}

/// Where something was found.
pub(crate) enum Place<'f> {
    /// At a place in a file.
    At(&'f Problem),
    /// In a file.
    In(&'f str),
}

/// The log of one run of `tool`. `error` is what kept it from looking.
pub(crate) fn log(tool: &str, found: &[Found<'_>], error: Option<&str>) -> Value {
    let rules: BTreeSet<&str> = found.iter().map(|found| found.rule).collect();
    let rules: Vec<Value> = rules.into_iter().map(|rule| json!({ "id": rule })).collect();
    let notices: Vec<Value> =
        error.iter().map(|text| json!({ "level": "error", "message": { "text": text } })).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": tool, "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "invocations": [{ "executionSuccessful": error.is_none(), "toolExecutionNotifications": notices }],
            "columnKind": "unicodeCodePoints",
            "results": found.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(found: &Found<'_>) -> Value {
    let Found { rule, level, text, place } = found;
    let location = match place {
        Place::At(problem) => json!({
            "artifactLocation": uri(&problem.file),
            "region": {
                "startLine": problem.line,
                "startColumn": problem.column,
                "endColumn": problem.end_column(),
                "snippet": { "text": problem.excerpt() },
            },
        }),
        Place::In(file) => json!({ "artifactLocation": uri(file) }),
    };
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": location }],
    })
}

fn uri(file: &str) -> Value {
    json!({ "uri": file.replace('\\', "/") })
}
