use super::{Exported, Severity, Source};
use serde_json::Value as Json;
use std::fmt::Write as _;

/// Members that have a field of their own in CEF.
const FIELDS: [(&str, &str); 14] = [
    ("event_id", "externalId"),
    ("node", "dvchost"),
    ("type", "cat"),
    ("api", "app"),
    ("action", "act"),
    ("reason", "reason"),
    ("outcome", "outcome"),
    ("error_code", "reason"),
    ("key_id", "suid"),
    ("client_addr_pseudonym", "shost"),
    ("backend", "dhost"),
    ("peer_ip", "dst"),
    ("bytes_out", "out"),
    ("bytes_in", "in"),
];

/// Members that take one of the fields that the format keeps for the sender.
const CUSTOM: [(&str, &str); 9] = [
    ("level", "cs1"),
    ("zone", "cs2"),
    ("rule", "cs3"),
    ("target", "cs4"),
    ("request_id", "cs5"),
    ("policy_revision", "cs6"),
    ("seq", "cn1"),
    ("tokens_in", "cn2"),
    ("tokens_out", "cn3"),
];

/// Source: ArcSight, "Common Event Format Implementation Standard", version 26.
pub(super) fn line(event: &Exported, source: &Source) -> String {
    let severity = match event.severity() {
        Severity::Info => 3,
        Severity::Warning => 6,
        Severity::Error => 8,
    };
    let (version, kind, name) =
        (header(&source.version), header(event.type_name()), header(&event.summary()));
    let mut line =
        format!("CEF:0|Weir|Weir|{version}|{kind}|{name}|{severity}|rt={}", event.time().unix_ms());
    push(&mut line, "deviceExternalId", &source.log);
    for (member, field) in FIELDS {
        push_member(&mut line, field, event.get(member));
    }
    for (member, field) in CUSTOM {
        if let Some(value) = event.get(member) {
            push(&mut line, &format!("{field}Label"), member);
            push_member(&mut line, field, Some(value));
        }
    }
    line
}

fn push_member(line: &mut String, field: &str, value: Option<&Json>) {
    match value {
        Some(Json::String(text)) => push(line, field, text),
        Some(Json::Number(number)) => push(line, field, &number.to_string()),
        Some(Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_)) | None => {}
    }
}

fn push(line: &mut String, field: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = write!(line, " {field}=");
    for char in value.chars() {
        match char {
            '\\' | '=' => line.extend(['\\', char]),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            _ => line.push(char),
        }
    }
}

/// A part of the header, where `|` is what divides.
fn header(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ")
}
