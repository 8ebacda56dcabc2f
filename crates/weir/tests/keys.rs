//! Who is served: API keys, made and revoked by another process while the gateway runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use std::time::Duration;
use support::backends::{Key, ask_stream, holding, in_background, open_stream, streaming_for, try_stream};
use support::http::{Client, Reply};
use support::stage::Stage;
use support::{ask, two_zones};
use weir_rig::fake::Script;

const CHAT: &str = "/v1/chat/completions";

fn chat_as(stage: &Stage, key: &Key, model: &str, content: &str) -> Reply {
    stage.gateway.chat_with(&[("authorization", &key.bearer())], &ask(model, content))
}

#[test]
fn without_keys_this_machine_is_served_and_the_log_says_so() {
    let mut stage = Stage::new();
    stage.gateway.wait_for_log("no API key is configured: only callers on this machine are served");
    assert_eq!(stage.chat(&ask("auto", "hello")).status, 200);
    let (_, ready) = stage.gateway.ready();
    assert!(ready["callers"].as_str().unwrap().starts_with("loopback only"), "{ready}");
}

#[test]
fn without_keys_web_pages_of_other_origins_are_not_served() {
    let stage = Stage::new();
    for foreign in ["https://evil.example", "null", "http://127.0.0.1.evil.example"] {
        let reply = stage.gateway.chat_with(&[("origin", foreign)], &ask("auto", "hello"));
        assert_eq!((reply.status, reply.code().as_str()), (403, "permission_denied"), "{foreign}");
        let models = stage.gateway.client().get("/v1/models", &[("origin", foreign)]);
        assert_eq!(models.status, 403, "{foreign}");
    }
    // A page whose name leads to this machine by now reads without saying where it is from.
    for path in ["/v1/models", "/v1/files"] {
        let mut client = stage.gateway.client();
        client.send(format!("GET {path} HTTP/1.1\r\nhost: evil.example\r\n\r\n").as_bytes());
        assert_eq!(client.reply().status, 403, "{path}");
    }
    for (path, header) in [
        ("/", "host: evil.example"),
        ("/spending", "host: evil.example:9090"),
        ("/metrics", "host: 127.0.0.1.evil.example"),
        ("/admin/policy", "host: localhost\r\norigin: https://evil.example"),
    ] {
        let mut client = Client::connect(stage.gateway.admin);
        client.send(format!("GET {path} HTTP/1.1\r\n{header}\r\n\r\n").as_bytes());
        let reply = client.reply();
        assert_eq!(reply.status, 403, "{path} {header}: {}", reply.text());
    }
    for host in ["localhost:9090", "[::1]:9090", "10.0.0.7"] {
        let mut client = Client::connect(stage.gateway.admin);
        client.send(format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes());
        assert_eq!(client.reply().status, 200, "{host}");
    }
    assert_eq!(stage.here.requests() + stage.there.requests(), 0);
    let at_home = stage.gateway.chat_with(&[("origin", "http://localhost:3000")], &ask("auto", "hello"));
    assert_eq!(at_home.status, 200);
}

#[test]
fn the_first_key_shuts_the_door_of_a_running_gateway() {
    let stage = Stage::new();
    assert_eq!(stage.chat(&ask("auto", "hello")).status, 200);
    let key = stage.gateway.home.create_key(&["app"]);
    stage.gateway.until("anonymous callers are refused", |gateway| {
        gateway.client().get("/v1/models", &[]).status == 401
    });
    let anonymous = stage.chat(&ask("auto", "hello"));
    assert_eq!((anonymous.status, anonymous.code().as_str()), (401, "invalid_api_key"));
    assert!(anonymous.json()["error"]["message"].as_str().unwrap().contains("no API key was sent"));
    assert_eq!(chat_as(&stage, &key, "auto", "hello").status, 200);
}

#[test]
fn a_key_counts_in_each_of_the_three_headers_and_not_in_the_query() {
    let stage = Stage::new();
    let key = stage.gateway.key(&["app"]);
    let bearer = |scheme: &str| format!("{scheme} {}", key.text);
    let ways = [
        ("authorization", bearer("Bearer")),
        ("Authorization", bearer("bearer")),
        ("AUTHORIZATION", bearer("BEARER")),
        ("x-api-key", key.text.clone()),
        ("X-Api-Key", key.text.clone()),
        ("api-key", key.text.clone()),
    ];
    for (name, value) in &ways {
        let reply = stage.gateway.chat_with(&[(*name, value.as_str())], &ask("auto", "hello"));
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
    }
    for query in ["api_key", "key", "api-key", "access_token"] {
        let path = format!("{CHAT}?{query}={}", key.text);
        let reply = stage.gateway.client().post(&path, &[], ask("auto", "hello").to_string().as_bytes());
        assert_eq!((reply.status, reply.code().as_str()), (401, "invalid_api_key"), "{query}");
    }
}

#[test]
fn what_is_no_good_key_is_refused_and_says_why() {
    let stage = Stage::new();
    let good = stage.gateway.key(&["good"]);
    let revoked = stage.gateway.key(&["revoked"]);
    stage.gateway.home.revoke_key(&revoked);
    // Not so soon that it is over before the key is made.
    let soon = (Timestamp::now() + 5.seconds()).to_string();
    let expiring = stage.gateway.home.create_key(&["expiring", "--expires", &soon]);
    let other_secret = format!("wk_live_{}_{}", good.id, "A".repeat(24));
    let unknown = format!("wk_live_{}_{}", "0".repeat(8), "A".repeat(24));
    let refused = |text: &str, why: &str| {
        let bearer = format!("Bearer {text}");
        let headers = [("authorization", bearer.as_str())];
        // Until it is known what became of the key, it is good, or not known.
        let said = |reply: &Reply| reply.status == 401 && reply.text().contains(why);
        stage
            .gateway
            .until(&format!("`{why}`"), |gateway| said(&gateway.chat_with(&headers, &ask("auto", "hello"))));
        let reply = stage.gateway.chat_with(&headers, &ask("auto", "hello"));
        assert_eq!((reply.status, reply.code().as_str()), (401, "invalid_api_key"), "{why}");
        assert!(text == "wk_live_" || !reply.text().contains(text), "the key is quoted");
        assert_eq!(stage.gateway.client().get("/v1/models", &headers).status, 401, "{why}");
    };
    refused(&revoked.text, "was revoked");
    refused(&expiring.text, "has expired");
    for stranger in [other_secret.as_str(), unknown.as_str(), "sk-nonsense", "wk_live_"] {
        refused(stranger, "is not known here");
    }
    assert_eq!(chat_as(&stage, &good, "auto", "hello").status, 200);
}

#[test]
fn revoking_the_only_key_opens_nothing_to_callers_without_one() {
    let stage = Stage::new();
    let only = stage.gateway.key(&["only"]);
    stage.gateway.home.revoke_key(&only);
    stage.gateway.until("the key is revoked", |gateway| {
        gateway.client().get("/v1/models", &[("authorization", &only.bearer())]).status == 401
    });
    assert_eq!(chat_as(&stage, &only, "auto", "hello").status, 401);
    assert_eq!(stage.chat(&ask("auto", "hello")).status, 401);
    assert_eq!(stage.here.requests() + stage.there.requests(), 0);
}

#[test]
fn a_key_of_some_aliases_sees_and_uses_no_other() {
    let stage = Stage::new();
    let key = stage.gateway.key(&["some", "--alias", "auto", "--alias", "local-only"]);
    let headers = [("authorization", key.bearer())];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    let listed = stage.gateway.client().get("/v1/models", &headers).json();
    let ids: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["auto", "local-only"]);
    assert_eq!(stage.gateway.client().get("/v1/models/auto", &headers).status, 200);
    for other in ["cloud-only", "no-such-alias"] {
        let reply = chat_as(&stage, &key, other, "hello");
        assert_eq!((reply.status, reply.code().as_str()), (404, "model_not_found"), "{other}");
        assert_eq!(stage.gateway.client().get(&format!("/v1/models/{other}"), &headers).status, 404);
    }
    assert_eq!(chat_as(&stage, &key, "local-only", "hello").status, 200);
}

#[test]
fn rules_look_at_the_scopes_of_a_key_and_records_keep_them() {
    let policy = "\
policy: 1
rules:
  - { name: batch jobs only, when: { caller.scopes: jobs }, deny: this key is for jobs }
  - { name: the rest, use: local }
";
    let stage = Stage::with(two_zones, policy);
    let jobs = stage.gateway.key(&["jobs", "--scope", "jobs", "--scope", "eu:read"]);
    let chat = stage.gateway.key(&["chat", "--scope", "chat"]);
    let denied = chat_as(&stage, &jobs, "auto", "hello");
    assert_eq!(denied.code(), "policy_denied", "{}", denied.text());
    assert_eq!(chat_as(&stage, &chat, "auto", "hello").status, 200);
    let (home, _) = stage.gateway.stop();
    let rows = home.audit(&[]);
    let scopes = |row: &&Value| row["decision"]["facts"]["caller.scopes"].clone();
    let recorded: Vec<Value> = rows.iter().map(|row| scopes(&row)).collect();
    assert!(recorded.contains(&serde_json::json!(["eu:read", "jobs"])), "{recorded:?}");
    assert!(recorded.contains(&serde_json::json!(["chat"])), "{recorded:?}");
    let output = home.weir(&["keys", "create", "bad", "--scope", "two words"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_key_for_an_alias_that_does_not_exist_is_not_made() {
    let stage = Stage::new();
    let output = stage.gateway.home.weir(&["keys", "create", "typo", "--alias", "atuo"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("`atuo`") && message.contains("`auto`"), "{message}");
    assert!(!stage.gateway.ready().1["callers"].as_str().unwrap().contains("by API key"));
}

#[test]
fn a_key_is_made_while_the_policy_is_wrong() {
    let stage = Stage::new();
    std::fs::write(stage.gateway.home.policy(), "policy: 1\nrulez: []\n").unwrap();
    let key = stage.gateway.key(&["in-time"]);
    assert_eq!(chat_as(&stage, &key, "auto", "hello").status, 200);
    // Which aliases there are nobody can say now.
    let output = stage.gateway.home.weir(&["keys", "create", "later", "--alias", "auto"]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn the_default_level_of_a_key_raises_what_it_sends_and_a_header_does_not_lower_it() {
    let stage = Stage::new();
    let open = stage.gateway.key(&["open"]);
    let closed = stage.gateway.key(&["closed", "--default-level", "restricted"]);
    assert_eq!(chat_as(&stage, &open, "auto", "a public prompt").zone(), Some("cloud"));
    let raised = chat_as(&stage, &closed, "auto", "a public prompt");
    assert_eq!((raised.zone(), raised.header("x-weir-level")), (Some("local"), Some("restricted")));
    let bearer = closed.bearer();
    for wish in [("x-weir-level", "public"), ("x-weir-route", "cloud-ok")] {
        let reply = stage.gateway.chat_with(&[("authorization", &bearer), wish], &ask("auto", "public"));
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{wish:?}");
    }
    let nowhere = chat_as(&stage, &closed, "cloud-only", "a public prompt");
    assert_eq!((nowhere.status, nowhere.code().as_str()), (403, "policy_denied"));
    assert_eq!(stage.there.requests(), 1);
}

#[test]
fn data_of_a_key_bound_to_a_jurisdiction_goes_only_where_the_residency_table_says() {
    let config = |here: &str, there: &str| {
        two_zones(here, there)
            .replace("    zone: cloud\n", "    zone: cloud\n    jurisdiction: US\n")
            .replace("aliases:\n", &format!("  - {{ name: nearby, zone: cloud, url: {there}, jurisdiction: DE, models: [{{ name: m }}] }}\naliases:\n"))
            .replace("[there/cloud-model, here/local-model]", "[there/cloud-model, nearby/m, here/local-model]")
    };
    let policy = support::TWO_RULES.replace("rules:\n", "residency: { EU: [EU, DE] }\nrules:\n");
    let stage = Stage::with(config, &policy);
    let free = stage.gateway.key(&["free"]);
    let bound = stage.gateway.key(&["bound", "--jurisdiction", "EU"]);
    assert_eq!(chat_as(&stage, &free, "auto", "hello").header("x-weir-backend"), Some("there"));
    let near = chat_as(&stage, &bound, "auto", "hello");
    assert_eq!(near.header("x-weir-backend"), Some("nearby"));
    let record = stage.record(&near);
    assert_eq!(record["decision"]["jurisdictions"], serde_json::json!(["EU"]));
    let nowhere = chat_as(&stage, &bound, "cloud-only", "hello");
    assert_eq!((nowhere.status, nowhere.code().as_str()), (403, "policy_denied"));
}

#[test]
fn a_rule_can_look_at_the_latency_class_and_the_terms_of_a_key() {
    let policy = support::TWO_RULES.replace(
        "  - name: everything else",
        "  - name: nobody waits\n    when: { latency.class: batch, caller.tenant: \"acme\" }\n    use: local\n  - name: everything else",
    );
    let stage = Stage::with(two_zones, &policy);
    let batch = stage.gateway.key(&["b", "--latency", "batch", "--tenant", "acme"]);
    let other = stage.gateway.key(&["o", "--latency", "batch", "--tenant", "other"]);
    let interactive = stage.gateway.key(&["i", "--tenant", "acme"]);
    let reply = chat_as(&stage, &batch, "auto", "hello");
    assert_eq!((reply.zone(), reply.header("x-weir-rule")), (Some("local"), Some("nobody waits")));
    let record = stage.record(&reply);
    assert_eq!(record["decision"]["key_id"], batch.id.as_str());
    assert_eq!(record["decision"]["tenant"], "acme");
    for key in [&other, &interactive] {
        assert_eq!(chat_as(&stage, key, "auto", "hello").zone(), Some("cloud"));
    }
}

/// Urgency is granted with the key; a request can only do without it.
#[test]
fn a_request_can_be_less_urgent_than_its_key_and_not_more() {
    let stage = Stage::new();
    let batch = stage.gateway.key(&["b", "--latency", "batch"]);
    let usual = stage.gateway.key(&["u"]);
    let class = |key: &Key, header: &str, tier: &str| {
        let mut body = ask("auto", "hello");
        if !tier.is_empty() {
            body["service_tier"] = tier.into();
        }
        let bearer = key.bearer();
        let headers = [("authorization", bearer.as_str()), ("x-weir-latency", header)];
        let headers = if header.is_empty() { &headers[..1] } else { &headers[..] };
        let reply = stage.gateway.chat_with(headers, &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        stage.record(&reply)["decision"]["facts"]["latency.class"].as_str().unwrap().to_owned()
    };
    assert_eq!(class(&usual, "", ""), "interactive");
    assert_eq!(class(&usual, "batch", ""), "batch");
    assert_eq!(class(&usual, "", "flex"), "batch");
    assert_eq!(class(&usual, "interactive", "flex"), "batch");
    assert_eq!(class(&batch, "", ""), "batch");
    assert_eq!(class(&batch, "interactive", "priority"), "batch");
}

#[test]
fn revocation_ends_a_running_stream_with_an_error_event() {
    let stage = Stage::new();
    stage.there.set(streaming_for(Duration::from_secs(30)));
    let (cut, spared) = (stage.gateway.key(&["cut"]), stage.gateway.key(&["spared"]));
    let request = ask_stream("auto", "hello");
    let stream = open_stream(stage.gateway.data, &[("authorization", &cut.bearer())], &request);
    let mut other = open_stream(stage.gateway.data, &[("authorization", &spared.bearer())], &request);
    let decision = stream.header("x-weir-decision-id").to_owned();
    stage.gateway.home.revoke_key(&cut);
    let events = stream.rest();
    let last: Value = serde_json::from_str(events.last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "invalid_api_key", "{last}");
    assert!(!events.iter().any(|event| event == "[DONE]" || event.contains("\"stop\"")));
    stage.until("the backend's stream is cancelled", &stage.there, |there| there.cancelled().len() == 1);
    assert!(other.more(), "the stream of another key ended too");
    let row = stage.gateway.home.decision(&decision);
    assert_eq!(row["outcome"]["outcome"], "rejected");
}

#[test]
fn an_expired_key_ends_a_running_stream() {
    let stage = Stage::new();
    stage.there.set(streaming_for(Duration::from_secs(30)));
    // Before there are keys, everybody on this machine is served.
    stage.gateway.key(&["usual"]);
    // A machine that does not get so far while the key is good needs one that is good for longer.
    let stream = [4, 8, 16].into_iter().find_map(|seconds| {
        let end = Timestamp::now() + seconds.seconds();
        let key = stage.gateway.home.create_key(&["short", "--expires", &end.to_string()]);
        let (bearer, mut stream) = (key.bearer(), None);
        while stream.is_none() && Timestamp::now() < end {
            let headers = [("authorization", bearer.as_str())];
            stream = try_stream(stage.gateway.data, &headers, &ask_stream("auto", "hello")).ok();
        }
        stream
    });
    let events = stream.expect("a stream with a key that expires").rest();
    assert!(events.last().unwrap().contains("invalid_api_key"), "{events:?}");
}

#[test]
fn revocation_removes_queued_work_and_none_of_it_is_sent() {
    let config = |here: &str, there: &str| {
        two_zones(here, there).replace("name: local-model", "name: local-model, concurrency: 1")
    };
    let policy = support::TWO_RULES.replace("queue 5s", "queue 60s");
    let stage = Stage::with(config, &policy);
    stage.here.set(holding());
    let (cut, spared) = (stage.gateway.key(&["cut"]), stage.gateway.key(&["spared"]));
    let (cut_bearer, spared_bearer) = (cut.bearer(), spared.bearer());
    let holder = open_stream(
        stage.gateway.data,
        &[("authorization", &spared_bearer)],
        &ask_stream("local-only", "hold"),
    );
    let send = |bearer: &str, text: &str| {
        in_background(stage.gateway.data, &[("authorization", bearer)], &ask("local-only", text))
    };
    let doomed: Vec<_> = (0..3).map(|n| send(&cut_bearer, &format!("revoked work {n}"))).collect();
    stage.gateway.until_queued(3);
    let waiting = send(&spared_bearer, "spared work");
    stage.gateway.until_queued(4);
    stage.gateway.home.revoke_key(&cut);
    for request in doomed {
        let reply = request.join().unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (401, "invalid_api_key"), "{}", reply.text());
    }
    stage.gateway.until_queued(1);
    stage.here.set(Script::default());
    holder.abandon();
    assert_eq!(waiting.join().unwrap().status, 200);
    assert!(!stage.here.contains(b"revoked work"));
    assert!(stage.here.contains(b"spared work"));
}

#[test]
fn the_text_of_a_key_is_in_no_file_and_not_in_the_log() {
    let mut stage = Stage::new();
    let key = stage.gateway.key(&["app"]);
    let secret = key.text.rsplit('_').next().unwrap().to_owned();
    assert_eq!(chat_as(&stage, &key, "auto", "hello").status, 200);
    let wrong = format!("wk_live_{}_{}x", key.id, secret);
    stage.gateway.chat_with(&[("x-api-key", &wrong)], &ask("auto", "hello"));
    stage.gateway.home.revoke_key(&key);
    assert!(stage.gateway.home.state_holds(&key.id), "the search finds nothing at all");
    assert!(!stage.gateway.home.state_holds(&secret));
    let log = stage.gateway.log();
    assert!(log.contains("weir is serving") && !log.contains(&secret), "{log}");
    assert!(
        !support::http::Client::connect(stage.gateway.admin).get("/metrics", &[]).text().contains(&secret)
    );
    assert!(!stage.here.contains(secret.as_bytes()) && !stage.there.contains(secret.as_bytes()));
    let (home, in_order) = std::mem::replace(&mut stage, Stage::new()).gateway.stop();
    assert!(in_order && !home.state_holds(&secret));
}

#[test]
fn what_becomes_of_a_key_is_in_the_audit_log() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    assert!(!home.state_holds("\"type\":\"key."));
    let key = stage.gateway.key(&["app", "--tenant", "acme", "--requests-per-minute", "60"]);
    stage.gateway.until("the event of the new key", |_| home.state_holds("\"type\":\"key.created\""));
    let limited = format!("\"key_id\":\"{}\",\"requests_per_minute\":60", key.id);
    stage.gateway.until("the event of its limit", |_| home.state_holds(&limited));
    home.revoke_key(&key);
    stage.gateway.until("the event of its end", |_| home.state_holds("\"type\":\"key.revoked\""));
    assert!(home.verify().0);
}

#[test]
fn the_keys_are_listed_as_a_table_and_as_json() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    let none = home.weir(&["keys", "list"]);
    assert!(none.status.success() && none.stdout.is_empty());
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no key"));
    let full = home.create_key(&[
        "chat",
        "--environment",
        "test",
        "--expires",
        "90d",
        "--default-level",
        "confidential",
        "--jurisdiction",
        "EU",
        "--latency",
        "batch",
        "--alias",
        "auto",
        "--tenant",
        "acme",
        "--team",
        "t1",
        "--app",
        "a1",
    ]);
    assert!(full.text.starts_with("wk_test_"));
    let gone = home.create_key(&["gone"]);
    home.revoke_key(&gone);
    let text = String::from_utf8(home.weir(&["keys", "list"]).stdout).unwrap();
    let line =
        |id: &str| text.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{text}")).to_owned();
    for word in ["chat", "valid", "confidential", "EU", "batch", "acme", "auto"] {
        assert!(line(&full.id).contains(word), "{word}: {text}");
    }
    assert!(line(&gone.id).contains("revoked") && line(&gone.id).contains("all"));
    let json = String::from_utf8(home.weir(&["keys", "list", "--json"]).stdout).unwrap();
    let keys: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(keys.len(), 2);
    let listed = keys.iter().find(|key| key["id"] == full.id.as_str()).unwrap();
    for (field, value) in [
        ("name", "chat"),
        ("environment", "test"),
        ("state", "valid"),
        ("default_level", "confidential"),
        ("jurisdiction", "EU"),
        ("latency_class", "batch"),
        ("tenant", "acme"),
        ("team", "t1"),
        ("app", "a1"),
    ] {
        assert_eq!(listed[field], value, "{field}");
    }
    assert_eq!(listed["aliases"], serde_json::json!(["auto"]));
    for secret in [&full.text, &gone.text] {
        let secret = secret.rsplit('_').next().unwrap();
        assert!(!text.contains(secret) && !json.contains(secret));
    }
}

#[test]
fn revoking_what_is_no_key_fails_and_says_so() {
    let stage = Stage::new();
    for (name, why) in [("00000000", "there is no key"), ("a-name", "this names no key")] {
        let output = stage.gateway.home.weir(&["keys", "revoke", name]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{name}");
    }
}
