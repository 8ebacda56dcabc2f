use super::{Exported, Severity, Source};
use serde_json::{Map, Value as Json, json};

/// The version of the schema whose names these are.
const VERSION: &str = "1.7.0";
const CATEGORY: u64 = 6;
const CLASS: u64 = 6003;

/// Members that have a place of their own. The others are in `unmapped`.
const MAPPED: [&str; 24] = [
    "seq",
    "event_id",
    "type",
    "ts_wall",
    "node",
    "request_id",
    "trace_id",
    "tenant",
    "key_id",
    "client_addr_pseudonym",
    "api",
    "rule",
    "policy_revision",
    "action",
    "reason",
    "backend",
    "zone",
    "model",
    "outcome",
    "http_status",
    "tokens_in",
    "tokens_out",
    "peer_ip",
    "model_used",
];

/// What kind of call it was.
#[derive(Clone, Copy)]
enum Activity {
    Create = 1,
    Read = 2,
    Update = 3,
    Delete = 4,
    Other = 99,
}

impl Activity {
    fn of(event: &Exported) -> Self {
        match event.type_name() {
            // A request for an answer makes one.
            "decision" | "outcome" | "key.created" | "log.started" => Self::Create,
            "object.read" => Self::Read,
            "policy.loaded" | "policy.staged" | "key.limited" | "log.key_rotated" => Self::Update,
            "key.revoked" | "object.removed" | "log.pruned" => Self::Delete,
            _ => Self::Other,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Read => "Read",
            Self::Update => "Update",
            Self::Delete => "Delete",
            Self::Other => "Other",
        }
    }
}

/// Source: Open Cybersecurity Schema Framework, class API Activity, profile AI Operation.
pub(super) fn event(event: &Exported, source: &Source) -> Json {
    let activity = Activity::of(event);
    let (severity_id, severity) = match event.severity() {
        Severity::Info => (1, "Informational"),
        Severity::Warning => (3, "Medium"),
        Severity::Error => (4, "High"),
    };
    let (status_id, status) = status(event);
    let mut out = Map::new();
    let mut put = |key: &str, value: Json| drop(out.insert(key.to_owned(), value));
    put("activity_id", json!(activity as u64));
    put("activity_name", json!(activity.name()));
    put("category_uid", json!(CATEGORY));
    put("category_name", json!("Application Activity"));
    put("class_uid", json!(CLASS));
    put("class_name", json!("API Activity"));
    put("type_uid", json!(CLASS * 100 + activity as u64));
    put("type_name", json!(format!("API Activity: {}", activity.name())));
    put("time", json!(event.time().unix_ms()));
    put("severity_id", json!(severity_id));
    put("severity", json!(severity));
    put("status_id", json!(status_id));
    put("status", json!(status));
    put("message", json!(event.summary()));
    put("metadata", metadata(event, source));
    put("actor", actor(event));
    put("api", api(event));
    put("src_endpoint", endpoint([("name", event.word("client_addr_pseudonym")), ("svc_name", "weir")]));
    if !event.word("backend").is_empty() || !event.word("peer_ip").is_empty() {
        let place =
            [("name", event.word("backend")), ("ip", event.word("peer_ip")), ("zone", event.word("zone"))];
        put("dst_endpoint", endpoint(place));
    }
    for (key, member) in [("status_detail", "reason"), ("status_code", "outcome")] {
        if !event.word(member).is_empty() {
            put(key, json!(event.word(member)));
        }
    }
    if let Some(code) = event.number("http_status") {
        put("http_response", json!({ "code": code }));
    }
    if let Some(micros) = event.number("total_us") {
        put("duration", json!(micros / 1000));
    }
    if !event.word("trace_id").is_empty() {
        put("trace", json!({ "uid": event.word("trace_id") }));
    }
    if let Some(model) = model(event) {
        put("ai_model", model);
    }
    if let Some(context) = message_context(event) {
        put("message_context", context);
    }
    let unmapped: Map<String, Json> =
        event.members.clone().into_iter().filter(|(key, _)| !MAPPED.contains(&key.as_str())).collect();
    put("unmapped", Json::Object(unmapped));
    Json::Object(out)
}

fn status(event: &Exported) -> (u64, &'static str) {
    match (event.type_name(), event.word("action"), event.word("outcome")) {
        ("decision", "deny", _) => (2, "Failure"),
        ("decision", _, _) | ("outcome", _, "ok") => (1, "Success"),
        ("outcome", _, "client_cancelled") => (99, "Other"),
        ("outcome", _, _) | ("policy.rejected" | "witness.gap" | "export.gap", _, _) => (2, "Failure"),
        _ => (1, "Success"),
    }
}

fn metadata(event: &Exported, source: &Source) -> Json {
    let mut metadata = json!({
        "version": VERSION,
        "profiles": ["ai_operation", "trace"],
        "product": { "name": "Weir", "vendor_name": "Weir", "version": source.version },
        "uid": event.event_id(),
        "sequence": event.seq,
        "event_code": event.type_name(),
        "log_name": source.log,
        "log_provider": event.word("node"),
        "original_time": event.word("ts_wall"),
    });
    if !event.word("request_id").is_empty()
        && let Some(metadata) = metadata.as_object_mut()
    {
        metadata.insert("correlation_uid".to_owned(), json!(event.word("request_id")));
    }
    metadata
}

/// Who asked: the key, and the tenant that it belongs to.
fn actor(event: &Exported) -> Json {
    let (key, tenant) = (event.word("key_id"), event.word("tenant"));
    let mut actor = Map::new();
    if !key.is_empty() {
        let mut user = Map::new();
        user.insert("uid".to_owned(), json!(key));
        if !tenant.is_empty() {
            user.insert("org".to_owned(), json!({ "name": tenant }));
        }
        actor.insert("user".to_owned(), Json::Object(user));
    } else {
        actor.insert("app_name".to_owned(), json!(if tenant.is_empty() { "weir" } else { tenant }));
    }
    let rule = event.word("rule");
    if !rule.is_empty() {
        let policy = json!({ "name": rule, "uid": event.word("policy_revision") });
        actor.insert(
            "authorizations".to_owned(),
            json!([{ "decision": event.word("action"), "policy": policy }]),
        );
    }
    Json::Object(actor)
}

fn api(event: &Exported) -> Json {
    let operation = match event.word("api") {
        "" => event.type_name(),
        api => api,
    };
    let mut api = json!({ "operation": operation, "service": { "name": "weir" } });
    if !event.word("request_id").is_empty()
        && let Some(api) = api.as_object_mut()
    {
        api.insert("request".to_owned(), json!({ "uid": event.word("request_id") }));
    }
    api
}

fn endpoint<const N: usize>(members: [(&str, &str); N]) -> Json {
    let members = members.into_iter().filter(|(_, value)| !value.is_empty());
    Json::Object(members.map(|(key, value)| (key.to_owned(), json!(value))).collect())
}

fn model(event: &Exported) -> Option<Json> {
    let name = [event.word("model_used"), event.word("model")].into_iter().find(|name| !name.is_empty())?;
    let provider = if event.word("backend").is_empty() { "unknown" } else { event.word("backend") };
    Some(json!({ "name": name, "ai_provider": provider }))
}

fn message_context(event: &Exported) -> Option<Json> {
    let (prompt, completion) = (event.number("tokens_in"), event.number("tokens_out"));
    let total = prompt?.checked_add(completion.unwrap_or(0))?;
    let mut context = Map::new();
    context.insert("service".to_owned(), json!({ "name": "weir" }));
    // The assistant: what a model answered.
    context.insert("ai_role_id".to_owned(), json!(2));
    context.insert("prompt_tokens".to_owned(), json!(prompt?));
    if let Some(completion) = completion {
        context.insert("completion_tokens".to_owned(), json!(completion));
    }
    context.insert("total_tokens".to_owned(), json!(total));
    Some(Json::Object(context))
}
