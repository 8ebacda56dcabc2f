use super::{Exported, Severity, Source};
use serde_json::{Map, Value as Json, json};

/// The names that OpenTelemetry has for members of events; the others are called `weir.` and their own name.
///
/// Source: OpenTelemetry semantic conventions for generative AI, none of whose content attributes are here.
const NAMES: [(&str, &str); 7] = [
    ("event_id", "log.record.uid"),
    ("model", "gen_ai.request.model"),
    ("model_used", "gen_ai.response.model"),
    ("tokens_in", "gen_ai.usage.input_tokens"),
    ("tokens_out", "gen_ai.usage.output_tokens"),
    ("backend", "server.address"),
    ("peer_ip", "network.peer.address"),
];

/// What stands in a field of the record, or of the resource.
const ELSEWHERE: [&str; 3] = ["ts_wall", "node", "trace_id"];

/// Events as the body of a request to `/v1/logs` of a collector, which also is a line of the collector's own files.
///
/// Source: OpenTelemetry Protocol 1.9, "JSON Protobuf Encoding": names in lower camel case, 64-bit numbers as strings,
/// ids in hexadecimal.
#[must_use]
pub fn request(events: &[Exported], source: &Source) -> String {
    let node = events.first().map_or("", |event| event.word("node"));
    let resource = [
        attribute("service.name", &json!("weir")),
        attribute("service.version", &json!(source.version)),
        attribute("service.instance.id", &json!(node)),
        attribute("weir.log", &json!(source.log)),
    ];
    let records: Vec<Json> = events.iter().map(record).collect();
    json!({
        "resourceLogs": [{
            "resource": { "attributes": resource },
            "scopeLogs": [{ "scope": { "name": "weir.audit", "version": source.version }, "logRecords": records }],
        }],
    })
    .to_string()
}

fn record(event: &Exported) -> Json {
    let (number, text) = match event.severity() {
        Severity::Info => (9, "INFO"),
        Severity::Warning => (13, "WARN"),
        Severity::Error => (17, "ERROR"),
    };
    let members = event.members.iter().filter(|(key, _)| !ELSEWHERE.contains(&key.as_str()));
    let attributes: Vec<Json> = members.map(|(key, value)| attribute(&name(key), value)).collect();
    let mut record = Map::new();
    record.insert("timeUnixNano".to_owned(), json!(format!("{}000000", event.time().unix_ms())));
    record.insert("severityNumber".to_owned(), json!(number));
    record.insert("severityText".to_owned(), json!(text));
    record.insert("eventName".to_owned(), json!(format!("weir.{}", event.type_name())));
    record.insert("body".to_owned(), any(&json!(event.summary())));
    record.insert("attributes".to_owned(), json!(attributes));
    let trace = event.word("trace_id");
    if trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        record.insert("traceId".to_owned(), json!(trace));
    }
    Json::Object(record)
}

fn name(key: &str) -> String {
    let known = NAMES.iter().find(|(member, _)| *member == key);
    known.map_or_else(|| format!("weir.{key}"), |(_, name)| (*name).to_owned())
}

fn attribute(key: &str, value: &Json) -> Json {
    json!({ "key": key, "value": any(value) })
}

/// A value of any type.
fn any(value: &Json) -> Json {
    match value {
        Json::Null => json!({}),
        Json::Bool(flag) => json!({ "boolValue": flag }),
        Json::Number(number) => json!({ "intValue": number.to_string() }),
        Json::String(text) => json!({ "stringValue": text }),
        Json::Array(items) => {
            json!({ "arrayValue": { "values": items.iter().map(any).collect::<Vec<_>>() } })
        }
        Json::Object(members) => {
            let values: Vec<Json> = members.iter().map(|(key, value)| attribute(key, value)).collect();
            json!({ "kvlistValue": { "values": values } })
        }
    }
}
