//! Backends that are shown a token which Weir has to fetch.

use crate::assert_error;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, ask, two_zones};
use weir_rig::fake::{Failure, Fault, Script};

const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"tok-1"}"#;

/// The cloud backend gives out its own tokens.
fn stage(answer: Failure) -> Stage {
    let config = |here: &str, there: &str| {
        let token_url = there.replace("/v1", "/token");
        let entra =
            format!("tenant: t.example, client_id: c-1, client_secret: s-1, token_url: \"{token_url}\"");
        let auth = format!("zone: cloud\n    auth: {{ entra: {{ {entra} }} }}\n");
        two_zones(here, there).replace("zone: cloud\n", &auth)
    };
    let stage = Stage::with(config, TWO_RULES);
    stage.there.set(Script::failing(Fault::Status(answer)).for_next(1).probes_fail());
    stage
}

#[test]
fn a_token_is_fetched_before_the_first_request_and_shown_with_each() {
    let stage = stage(Failure::new(200, "application/json", TOKEN));
    for _ in 0..2 {
        let reply = stage.chat(&ask("cloud-only", "hi"));
        assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    }
    let seen = stage.there.seen();
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(paths, ["/token", "/v1/chat/completions", "/v1/chat/completions"]);
    let form = String::from_utf8_lossy(&seen[0].body).into_owned();
    assert!(form.contains("client_id=c-1") && form.contains("client_secret=s-1"), "{form}");
    assert_eq!(seen[0].header("authorization"), None);
    assert!(seen[1..].iter().all(|seen| seen.header("authorization") == Some("Bearer tok-1")));
}

#[test]
fn without_a_token_nothing_is_sent() {
    let mut stage = stage(Failure::new(401, "application/json", r#"{"error":"invalid_client"}"#));
    let reply = stage.chat(&ask("cloud-only", "hi"));
    assert_error(&reply, 502, "bad_gateway", "no token");
    let paths: Vec<String> = stage.there.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/token"]);
    stage.gateway.wait_for_log("invalid_client");
    let log = stage.gateway.log();
    assert!(!log.contains("s-1"), "{log}");
    // One that is local serves all the same.
    let stage = &stage;
    assert_eq!(stage.chat(&ask("local-only", "hi")).status, 200);
}
