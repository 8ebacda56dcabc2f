use super::*;
use crate::Ident;
use crate::event::tests::write;
use crate::event::{
    ConfigFile, Decision, ExportGap, FinishReason, Outcome, OutcomeKind, PolicyRejected, tests,
};
use std::collections::BTreeSet;

fn decision() -> Decision {
    Decision {
        client_addr_pseudonym: Some("0123456789abcdef".into()),
        trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
        ..tests::decision()
    }
}

fn outcome() -> Outcome {
    Outcome {
        request_id: "req-1".into(),
        decision_id: "dec-1".into(),
        outcome: OutcomeKind::Ok,
        http_status: Some(200),
        finish_reason: Some(FinishReason::Stop),
        tokens_in: Some(812),
        tokens_out: Some(64),
        tokens_estimated: false,
        cost_micro_usd: Some(117),
        ttft_us: Some(80_001),
        total_us: Some(912_003),
        queue_us: Some(5),
        bytes_out: Some(4004),
        bytes_in: Some(2002),
        peer_ip: Some("10.0.0.7".into()),
        model_used: Some("llama-3".into()),
        error_code: None,
        attempts: 1,
        answered_attempt: None,
        content_digest: None,
    }
}

fn source() -> Source {
    Source { log: "weir/audit/node-1".to_owned(), version: "0.1.0".to_owned() }
}

fn exported(event: &[u8]) -> Exported {
    Exported::read(7, event, &[]).unwrap()
}

/// An event of each kind that the formats tell apart.
fn events() -> Vec<Vec<u8>> {
    let gap =
        ExportGap { export: Ident::new("siem"), first: 3, last: 9, events: 2, reason: Ident::new("refused") };
    let rejected = PolicyRejected {
        file: ConfigFile::Policy,
        digest: Ident::new("sha256:aa"),
        policy_revision: None,
        problems: vec![Ident::new("E1"), Ident::new("E2")],
    };
    vec![write(decision()), write(outcome()), write(gap), write(rejected)]
}

/// Every word and number in a value, wherever it is.
fn leaves(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::Null => {}
        Json::Bool(flag) => _ = found.insert(flag.to_string()),
        Json::Number(number) => _ = found.insert(number.to_string()),
        Json::String(text) => _ = found.insert(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Json::Object(members) => members.values().for_each(|member| leaves(member, found)),
    }
}

fn leaves_of(json: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    leaves(&serde_json::from_str(json).unwrap(), &mut found);
    found
}

#[test]
fn a_line_of_json_is_the_very_event() {
    for event in events() {
        assert_eq!(exported(&event).line(Format::Jsonl, &source()).as_bytes(), event);
    }
}

#[test]
fn nothing_of_an_event_is_lost_in_ocsf_and_otlp() {
    for event in events() {
        let mut wanted = leaves_of(std::str::from_utf8(&event).unwrap());
        // The time is written in another way.
        wanted.retain(|leaf| exported(&event).word("ts_wall") != leaf);
        let ocsf = leaves_of(&exported(&event).line(Format::Ocsf, &source()));
        let otlp = leaves_of(&otlp_request(&[exported(&event)], &source()));
        assert_eq!(wanted.difference(&ocsf).collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(wanted.difference(&otlp).collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

#[test]
fn what_is_left_out_is_in_no_format() {
    let event = write(decision());
    let whole = exported(&event);
    let hidden = whole.word("client_addr_pseudonym").to_owned();
    assert!(!hidden.is_empty() && whole.json().contains("caller.team"), "{}", whole.json());
    let leave_out: Vec<String> =
        ["client_addr_pseudonym", "facts.caller.team", "seq", "nothing"].map(str::to_owned).to_vec();
    let less = Exported::read(7, &event, &leave_out).unwrap();
    let lines = [Format::Jsonl, Format::Ocsf, Format::Cef].map(|format| less.line(format, &source()));
    for line in lines.into_iter().chain([otlp_request(std::slice::from_ref(&less), &source())]) {
        assert!(
            !line.contains(&hidden) && !line.contains("caller.team") && !line.contains("Vertrieb"),
            "{line}"
        );
    }
    assert!(less.json().starts_with("{\"v\":1,\"seq\":"));
}

#[test]
fn ocsf_has_what_its_schema_requires() {
    for event in events() {
        let ocsf: Json = serde_json::from_str(&exported(&event).line(Format::Ocsf, &source())).unwrap();
        for key in [
            "activity_id",
            "category_uid",
            "class_uid",
            "severity_id",
            "time",
            "type_uid",
            "metadata",
            "actor",
            "api",
            "src_endpoint",
        ] {
            assert!(!ocsf[key].is_null(), "{key}: {ocsf}");
        }
        assert_eq!(ocsf["type_uid"].as_u64().unwrap(), 600_300 + ocsf["activity_id"].as_u64().unwrap());
        assert!(ocsf["api"]["operation"].is_string() && ocsf["metadata"]["product"]["vendor_name"] == "Weir");
        assert!(ocsf["src_endpoint"]["svc_name"].is_string());
    }
    let ocsf: Json =
        serde_json::from_str(&exported(&write(outcome())).line(Format::Ocsf, &source())).unwrap();
    assert!(
        ocsf["message_context"]["prompt_tokens"].is_u64() && ocsf["ai_model"]["name"].is_string(),
        "{ocsf}"
    );
}

#[test]
fn otlp_is_the_json_of_its_protocol() {
    let events: Vec<Exported> = events().iter().map(|event| exported(event)).collect();
    let request: Json = serde_json::from_str(&otlp_request(&events, &source())).unwrap();
    let records = request["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap();
    assert_eq!(records.len(), events.len());
    for (record, event) in records.iter().zip(&events) {
        let nanos: u64 = record["timeUnixNano"].as_str().unwrap().parse().unwrap();
        assert_eq!(nanos, event.time().unix_ms() * 1_000_000);
        let attributes = record["attributes"].as_array().unwrap();
        let keys: BTreeSet<&str> = attributes.iter().map(|a| a["key"].as_str().unwrap()).collect();
        assert!(
            keys.len() == attributes.len() && keys.contains("log.record.uid") && keys.contains("weir.seq")
        );
        assert!(!keys.iter().any(|key| key.contains("gen_ai.input.messages") || key.contains("prompt")));
    }
    assert_eq!(records[0]["eventName"], "weir.decision");
    assert_eq!(records[2]["severityText"], "WARN");
}

/// A line of CEF read back: the header's parts and the fields, with what was escaped.
fn read_cef(line: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut parts, mut part, mut chars) = (Vec::new(), String::new(), line.chars());
    while parts.len() < 7 {
        match chars.next().unwrap() {
            '\\' => part.push(chars.next().unwrap()),
            '|' => parts.push(std::mem::take(&mut part)),
            other => part.push(other),
        }
    }
    let rest: String = chars.collect();
    let (mut fields, mut word, mut chars) = (Vec::<(String, String)>::new(), String::new(), rest.chars());
    while let Some(char) = chars.next() {
        match char {
            '\\' => word.push(match chars.next().unwrap() {
                'n' => '\n',
                'r' => '\r',
                other => other,
            }),
            // Behind the last space before an unescaped `=` is the next key.
            '=' => {
                let (before, key) =
                    word.rsplit_once(' ').map_or(("", word.as_str()), |(before, key)| (before, key));
                if let Some((_, value)) = fields.last_mut() {
                    *value = before.to_owned();
                }
                fields.push((key.to_owned(), String::new()));
                word.clear();
            }
            other => word.push(other),
        }
    }
    fields.last_mut().unwrap().1 = word;
    (parts, fields)
}

#[test]
fn cef_is_read_back_whatever_names_hold() {
    let mut decision = decision();
    decision.rule = Some(crate::Name::new("a=b|c\\d e"));
    let event = exported(&write(decision));
    let line = event.line(Format::Cef, &source());
    let (parts, fields) = read_cef(&line);
    assert_eq!(parts[..5], ["CEF:0", "Weir", "Weir", "0.1.0", "decision"]);
    let get = |key: &str| fields.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
    assert_eq!(get("cs3"), Some("a=b|c\\d e"), "{line}");
    assert_eq!(get("cs3Label"), Some("rule"));
    assert_eq!(get("externalId"), Some(event.event_id()));
    assert_eq!(get("rt").unwrap().parse::<u64>().unwrap(), event.time().unix_ms());
}

#[test]
fn a_message_of_syslog_has_the_fields_of_the_standard() {
    let message = syslog_message(&exported(&events()[3]), Format::Cef, &source());
    let event = exported(&events()[3]);
    // A host is one word.
    let host = event.word("node").replace(' ', "");
    let head = format!("<108>1 {} {host} weir - policy.rejected - CEF:0|Weir|", event.word("ts_wall"));
    assert!(message.starts_with(&head), "{message}");
    assert!(!message.contains('\n'));
}
