//! Collectors of OpenTelemetry and stores that speak S3.

use super::servers::{Request, Server};
use super::*;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

fn otlp(server: &Server) -> String {
    format!("    - {{ name: otel, otlp: \"http://{}\", every: 50ms, timeout: 60s }}", server.address)
}

fn keys(value: &Value, allowed: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("an object: {value}"));
    for key in object.keys() {
        assert!(allowed.contains(&key.as_str()), "`{key}` is not of the protocol: {value}");
    }
}

/// A value, of which there is one kind.
fn any_value(value: &Value) {
    let kinds = ["stringValue", "boolValue", "intValue", "arrayValue", "kvlistValue"];
    keys(value, &kinds);
    let object = value.as_object().unwrap();
    assert_eq!(object.len(), 1, "{value}");
    let (kind, inner) = object.iter().next().unwrap();
    match kind.as_str() {
        "stringValue" => assert!(inner.is_string()),
        "boolValue" => assert!(inner.is_boolean()),
        "intValue" => _ = inner.as_str().unwrap().parse::<i64>().unwrap(),
        "arrayValue" => {
            keys(inner, &["values"]);
            inner["values"].as_array().unwrap().iter().for_each(any_value);
        }
        _ => {
            keys(inner, &["values"]);
            attributes(&inner["values"]);
        }
    }
}

/// Attributes, whose keys are unique.
fn attributes(list: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for attribute in list.as_array().unwrap() {
        keys(attribute, &["key", "value"]);
        any_value(&attribute["value"]);
        let key = attribute["key"].as_str().unwrap();
        assert!(
            !key.is_empty() && found.insert(key.to_owned(), attribute["value"].clone()).is_none(),
            "{key}"
        );
    }
    found
}

/// The ids of the records of a request, of which every member must be one of the protocol's, in its JSON.
fn records(request: &Request) -> Vec<String> {
    assert!(request.head.starts_with("POST /v1/logs HTTP/1.1"), "{}", request.head);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(!request.body.contains(CANARY));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    keys(&body, &["resourceLogs"]);
    let mut ids = Vec::new();
    for resource in body["resourceLogs"].as_array().unwrap() {
        keys(resource, &["resource", "scopeLogs"]);
        keys(&resource["resource"], &["attributes"]);
        assert!(attributes(&resource["resource"]["attributes"]).contains_key("service.name"));
        for scope in resource["scopeLogs"].as_array().unwrap() {
            keys(scope, &["scope", "logRecords"]);
            keys(&scope["scope"], &["name", "version"]);
            for record in scope["logRecords"].as_array().unwrap() {
                let of_record = [
                    "timeUnixNano",
                    "severityNumber",
                    "severityText",
                    "eventName",
                    "body",
                    "attributes",
                    "traceId",
                ];
                keys(record, &of_record);
                assert!(
                    record["timeUnixNano"].as_str().unwrap().parse::<u64>().unwrap()
                        > 1_700_000_000_000_000_000
                );
                assert!((1..=24).contains(&record["severityNumber"].as_u64().unwrap()));
                any_value(&record["body"]);
                let attributes = attributes(&record["attributes"]);
                ids.push(attributes["log.record.uid"]["stringValue"].as_str().unwrap().to_owned());
            }
        }
    }
    ids
}

/// Takes requests until the ids of all events of the log have come.
fn take_until_all(gateway: &Gateway, server: &Server, came: &mut Vec<String>) {
    let wanted: BTreeSet<String> = logged(&gateway.home).into_keys().collect();
    while !wanted.iter().all(|id| came.contains(id)) {
        let request = server.next();
        came.extend(records(&request));
        request.answer(200, "{}");
    }
}

#[test]
fn a_collector_that_fails_hangs_up_and_refuses_gets_every_event_but_what_it_refuses_for_good() {
    let server = Server::start();
    let gateway = Gateway::start_in(home(&otlp(&server)));
    server.next().answer(503, "");
    server.next().drop_it();
    // An answer to nothing in particular is none either.
    server.next().answer(401, "{}");
    let first = server.next();
    let mut came = records(&first);
    first.answer(200, r#"{"partialSuccess":{}}"#);
    gateway.until("it is well again", |gateway| standing(gateway, "otel")["result"] == "ok");
    assert!(gateway.metric("weir_audit_export_failures_total", &["otel"]) >= 3.0);
    requests(&gateway, 3);
    // It refuses one of them, whatever it is sent with; all others come, and the gap is on record.
    let bad = loop {
        let request = server.next();
        let ids = records(&request);
        let is_decision = request.body.contains("weir.decision");
        if is_decision {
            request.answer(400, "{}");
            break ids[0].clone();
        }
        came.extend(ids);
        request.answer(200, "{}");
    };
    gateway.until("the gap is on record", |gateway| {
        while let Some(request) = server.try_next() {
            let ids = records(&request);
            if ids.contains(&bad) {
                request.answer(400, "{}");
            } else {
                came.extend(ids);
                request.answer(200, "{}");
            }
        }
        !recorded(&gateway.home, "export.gap").is_empty()
    });
    let gaps = recorded(&gateway.home, "export.gap");
    assert_eq!((&gaps[0]["reason"], &gaps[0]["events"]), (&"refused".into(), &1.into()), "{gaps:?}");
    came.push(bad);
    take_until_all(&gateway, &server, &mut came);
    let unique: BTreeSet<&String> = came.iter().collect();
    assert_eq!(unique.len(), came.len(), "none came twice: every failure was told before it was taken");
    // A part of what was sent is refused.
    request(&gateway);
    let request = server.next();
    assert!(!records(&request).is_empty());
    request.answer(200, r#"{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}"#);
    gateway.until("that is on record too", |gateway| {
        while let Some(request) = server.try_next() {
            request.answer(200, "{}");
        }
        recorded(&gateway.home, "export.gap").len() == 2
    });
}

#[test]
fn requests_are_served_while_a_collector_hangs() {
    let server = Server::start();
    let gateway = Gateway::start_in(home(&otlp(&server)));
    let hangs = server.next();
    requests(&gateway, 20);
    // All of them were answered, and the collector still has not.
    assert_eq!(standing(&gateway, "otel")["next"], 0);
    let mut came = records(&hangs);
    hangs.answer(200, "{}");
    take_until_all(&gateway, &server, &mut came);
}

#[test]
fn records_leave_the_network_only_where_it_is_said_and_the_boundary_lets_them() {
    let server = Server::start();
    let cloud = otlp(&server).replace("name: otel", "name: otel, zone: cloud");
    let policy = TWO_RULES
        .replace("boundary: confidential", "boundary: internal")
        .replace("default: internal", "default: public");
    let gateway = Gateway::start_in(Home::new(&config(&cloud), &policy));
    gateway.until("it says why nothing leaves", |gateway| {
        standing(gateway, "otel")["why"].as_str().is_some_and(|why| why.contains("the boundary does not let"))
    });
    assert!(server.has_none());
    std::fs::write(gateway.home.policy(), TWO_RULES).unwrap();
    let mut came = Vec::new();
    take_until_all(&gateway, &server, &mut came);
}

/// Signature Version 4 once more, by somebody else: Python's standard library.
const SIGV4: &str = r#"
import hashlib, hmac, sys
head, body = sys.stdin.buffer.read().split(b"\r\n\r\n", 1)
first, *lines = head.decode().split("\r\n")
method, path, _ = first.split(" ")
headers = {k.lower(): v.strip() for k, v in (l.split(":", 1) for l in lines)}
auth = dict(p.split("=", 1) for p in headers["authorization"].split(" ", 1)[1].split(", "))
names = auth["SignedHeaders"].split(";")
digest = hashlib.sha256(body).hexdigest()
canonical = "\n".join([method, path, "", *(f"{n}:{headers[n]}" for n in names), "", ";".join(names), digest])
ident, day, region, service, _ = auth["Credential"].split("/")
scope = f"{day}/{region}/{service}/aws4_request"
to_sign = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
key = b"AWS4" + b"secret"
for part in (day, region, service, "aws4_request"):
    key = hmac.new(key, part.encode(), hashlib.sha256).digest()
assert hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest() == auth["Signature"], canonical
assert (ident, region, service, method) == ("id", "eu-test-1", "s3", "PUT"), auth
"#;

fn is_signed(request: &Request) -> bool {
    let mut python = Command::new("python3").args(["-c", SIGV4]).stdin(Stdio::piped()).spawn().unwrap();
    let text = format!("{}\r\n\r\n{}", request.head, request.body);
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    python.wait().unwrap().success()
}

#[test]
fn objects_of_a_store_hold_every_event_once_whatever_fails_and_whoever_is_killed() {
    let server = Server::start();
    let export = format!(
        "    - {{ name: lake, s3: \"http://{}/bucket/weir\", api_key: \"${{S3_KEYS}}\", region: eu-test-1, every: 100ms }}",
        server.address
    );
    let secret = ("S3_KEYS", "id:secret");
    let mut objects = BTreeMap::new();
    let mut gateway = start_with(home(&export), secret);
    // It has put the object, and nobody has told it.
    let lost = server.next();
    assert!(is_signed(&lost), "{}", lost.head);
    objects.insert(lost.path().to_owned(), lost.body.clone());
    lost.drop_it();
    let failed = server.next();
    assert!(objects.contains_key(failed.path()), "the same events have the same name");
    failed.answer(500, "");
    let mut round = 0;
    loop {
        let request = server.next();
        objects.insert(request.path().to_owned(), request.body.clone());
        round += 1;
        if round == 2 {
            // Killed before it knows.
            gateway = start_with(gateway.kill(), secret);
            requests(&gateway, 5);
            continue;
        }
        request.answer(200, "");
        if round == 1 {
            requests(&gateway, 5);
        }
        let text: String = objects.values().cloned().collect();
        let (came, wanted) = (by_id(&text), logged(&gateway.home));
        if round > 2 && wanted.keys().all(|id| came.contains_key(id)) {
            assert_eq!(text.lines().count(), came.len(), "each once, by the names of objects");
            assert!(came.iter().all(|(id, line)| wanted.get(id).is_none_or(|logged| logged == line)));
            assert!(!text.contains(CANARY));
            break;
        }
    }
    let path = objects.keys().next().unwrap();
    assert!(path.starts_with("/bucket/weir/weir-audit-") && path.ends_with(".jsonl"), "{path}");
}
