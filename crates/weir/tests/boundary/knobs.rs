//! Everything that a caller or an operator can turn, against a classified request.

use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{Home, TWO_RULES, two_zones, weir};
use crate::{classified, harmless, streamed};
use serde_json::{Value, json};

fn with(name: &str, value: Value) -> Value {
    let mut body = classified("auto");
    body[name] = value;
    body
}

#[test]
fn no_header_sends_a_classified_request_out() {
    let stage = Stage::new();
    for (name, value, noted) in [
        ("x-weir-route", "cloud-ok", Some("route_hint")),
        ("x-weir-level", "public", Some("level")),
        ("x-weir-level", "internal", Some("level")),
        ("x-weir-level", "confidential", None),
        ("x-weir-jurisdiction", "US", None),
        ("x-weir-latency", "interactive", None),
        ("x-weir-latency", "batch", None),
        ("x-weir-zone", "cloud", None),
        ("x-weir-backend", "there", None),
        ("x-weir-target", "there/cloud-model", None),
        ("x-weir-admin", "true", None),
        ("x-weir-debug", "1", None),
        ("priority", "u=0", None),
        ("x-tenant", "public", None),
        ("x-http-method-override", "GET", None),
        ("x-forwarded-for", "127.0.0.1", None),
    ] {
        for body in [classified("auto"), streamed(classified("auto"))] {
            let reply = stage.gateway.chat_with(&[(name, value)], &body);
            assert_eq!(
                (reply.status, reply.zone()),
                (200, Some("local")),
                "{name}: {value}: {}",
                reply.text()
            );
            assert_eq!(
                stage.record(&reply)["decision"]["overrides_denied"],
                noted_as(noted),
                "{name}: {value}"
            );
        }
    }
    stage.assert_cloud_untouched();
}

#[test]
fn no_field_sends_a_classified_request_out() {
    let stage = Stage::new();
    for (name, value, noted) in [
        ("route_hint", json!("cloud-ok"), Some("route_hint")),
        ("service_tier", json!("priority"), None),
        ("service_tier", json!("flex"), None),
        ("metadata", json!({ "level": "public", "route": "cloud" }), None),
        ("level", json!("public"), None),
        ("zone", json!("cloud"), None),
        ("provider", json!({ "order": ["there"] }), None),
        ("models", json!(["there/cloud-model"]), None),
        ("x-weir-level", json!("public"), None),
        ("store", json!(false), None),
        ("user", json!("admin"), None),
    ] {
        let reply = stage.chat(&with(name, value.clone()));
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{name}: {value}: {}", reply.text());
        assert_eq!(stage.record(&reply)["decision"]["overrides_denied"], noted_as(noted), "{name}: {value}");
    }
    stage.assert_cloud_untouched();
}

#[test]
fn no_request_says_itself_how_urgent_it_is_at_a_backend() {
    let stage = Stage::new();
    for body in [with("priority", json!(-100)), streamed(with("priority", json!("first")))] {
        let reply = stage.chat(&body);
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
        assert!(reply.header("x-weir-warnings").is_some_and(|told| told.contains("priority")));
        let sent = stage.here.seen().pop().unwrap().json();
        assert!(sent.get("priority").is_none() && sent.get("messages").is_some(), "{sent}");
    }
}

/// As a record has it: a list that is left out when it is empty.
fn noted_as(word: Option<&str>) -> Value {
    word.map_or(Value::Null, |word| json!([word]))
}

#[test]
fn the_same_wishes_are_granted_where_nothing_forbids_them() {
    let stage = Stage::new();
    for header in [("x-weir-route", "cloud-ok"), ("x-weir-level", "public")] {
        let reply = stage.gateway.chat_with(&[header], &harmless("auto"));
        assert_eq!(reply.zone(), Some("cloud"), "{header:?}");
        assert_eq!(stage.record(&reply)["decision"]["overrides_denied"], Value::Null);
    }
    for header in [("x-weir-route", "local-only"), ("x-weir-level", "confidential")] {
        assert_eq!(stage.gateway.chat_with(&[header], &harmless("auto")).zone(), Some("local"), "{header:?}");
    }
}

#[test]
fn a_model_that_only_the_cloud_has_is_denied_and_the_denial_is_recorded() {
    let stage = Stage::new();
    for body in [classified("cloud-only"), streamed(classified("cloud-only"))] {
        let reply = stage.gateway.chat_with(&[("x-weir-route", "cloud-ok")], &body);
        assert_denied(&reply);
        let record = stage.record(&reply);
        let decision = &record["decision"];
        assert_eq!((&decision["action"], &decision["egress_permitted"]), (&json!("deny"), &json!(false)));
        assert_eq!(decision["candidates"][0]["target"], "there/cloud-model");
        assert_ne!(decision["candidates"][0]["verdict"], "candidate");
        assert_eq!(record["outcome"]["outcome"], "rejected");
    }
    assert_eq!(stage.here.requests(), 0, "it is not served by a model that was not asked for");
    stage.assert_cloud_untouched();
}

fn assert_denied(reply: &Reply) {
    assert_eq!((reply.status, reply.code().as_str()), (403, "policy_denied"), "{}", reply.text());
    assert_eq!(reply.header("x-should-retry"), Some("false"));
}

#[test]
fn no_default_of_a_key_sends_a_classified_request_out() {
    let terms: [&[&str]; 4] = [
        &["--default-level", "public"],
        &["--latency", "batch", "--environment", "test"],
        &["--tenant", "public", "--team", "cloud", "--app", "cloud-ok"],
        &["--jurisdiction", "US"],
    ];
    let mut keys = Vec::new();
    let stage = Stage::run_as(two_zones, TWO_RULES, |home| {
        let named = terms.iter().zip(["a", "b", "c", "d"]);
        keys.extend(named.map(|(terms, name)| format!("Bearer {}", create_key(home, name, terms))));
        weir()
    });
    for (key, terms) in keys.iter().zip(terms) {
        let headers = [("authorization", key.as_str()), ("x-weir-level", "public")];
        let reply = stage.gateway.chat_with(&headers, &classified("auto"));
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{terms:?}: {}", reply.text());
        assert_denied(&stage.gateway.chat_with(&headers, &classified("cloud-only")));
    }
    stage.assert_cloud_untouched();
}

pub fn create_key(home: &Home, name: &str, terms: &[&str]) -> String {
    let mut arguments = vec!["keys", "create", name, "--json"];
    arguments.extend(terms);
    let output = home.weir(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    made["key"].as_str().unwrap().to_owned()
}

/// A proxy named in the environment would be a second way out, and a base URL another backend.
#[test]
fn no_variable_of_the_environment_sends_anything_elsewhere() {
    let elsewhere = Stage::new();
    let sink = format!("http://{}", elsewhere.there.address());
    let stage = Stage::run_as(two_zones, TWO_RULES, |_: &Home| {
        let mut command = weir();
        for name in [
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "OPENAI_BASE_URL",
            "OPENAI_API_BASE",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "WEIR_BACKEND",
            "WEIR_UPSTREAM",
        ] {
            command.env(name, &sink);
        }
        command.env("WEIR_ROUTE", "cloud-ok").env("WEIR_LEVEL", "public").env("WEIR_BOUNDARY", "restricted");
        command.env("NO_PROXY", "").env("no_proxy", "");
        command
    });
    assert_eq!(stage.chat(&classified("auto")).zone(), Some("local"));
    stage.assert_cloud_untouched();
    assert_eq!(stage.chat(&harmless("auto")).zone(), Some("cloud"));
    assert_eq!((stage.here.requests(), stage.there.requests()), (1, 1), "each went where it was sent");
    elsewhere.assert_cloud_untouched();
}
