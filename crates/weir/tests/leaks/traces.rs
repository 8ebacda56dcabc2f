//! Errors quote prompts; what Weir keeps of them does not.

use crate::bodies::request;
use crate::oracle::Left;
use crate::support::ask;
use crate::support::stage::Stage;
use serde_json::json;
use weir_rig::fake::{Failure, Fault, Script};

const CANARY: &str = "canary-5b20ce";
const CLASSIFIED: &str = "canary-5b20ce of jo.doe@example.com";

#[test]
fn a_backends_error_that_quotes_the_prompt_reaches_the_client_and_nothing_else() {
    let mut stage = Stage::new();
    for (status, seen_by_client, expected) in
        [(400, true, 400), (422, true, 422), (500, false, 502), (401, false, 502), (404, false, 502)]
    {
        stage.here.set(Script::failing(Fault::Status(Failure::quoting_the_prompt(status))));
        let reply = stage.chat(&ask("auto", CLASSIFIED));
        assert_eq!(reply.status, expected, "{status}: {}", reply.text());
        assert_eq!(reply.text().contains(CANARY), seen_by_client, "{status}: {}", reply.text());
    }
    stage.here.set(Script::failing(Fault::ErrorFirst(format!("cannot answer: {CLASSIFIED}"))));
    assert_eq!(stage.chat(&ask("auto", CLASSIFIED)).status, 502);
    let raw = format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n{CANARY}\r\n\r\n{CANARY}");
    stage.here.set(Script::failing(Fault::Raw(raw.into_bytes())));
    assert_eq!(stage.chat(&ask("auto", CLASSIFIED)).status, 502);
    stage.assert_cloud_untouched();
    Left::by(&mut stage).assert_without(CANARY);
}

#[test]
fn a_stream_that_breaks_with_a_quotation_leaves_none_behind() {
    let mut stage = Stage::new();
    let mut body = ask("auto", CLASSIFIED);
    body["stream"] = json!(true);
    for data in [format!("{{\"{CANARY}\":"), format!("{{\"error\":{{\"message\":\"{CANARY}\"}}}}")] {
        stage.here.set(Script::failing(Fault::BadEvent { at: 3, data }));
        let reply = stage.chat(&body);
        assert_eq!(reply.status, 200);
        assert!(!reply.text().contains("[DONE]"));
    }
    stage.assert_cloud_untouched();
    Left::by(&mut stage).assert_without(CANARY);
}

#[test]
fn weirs_own_errors_leave_no_value_behind() {
    let mut stage = Stage::new();
    let raw = |text: &str| stage.gateway.client().post("/v1/chat/completions", &[], text.as_bytes());
    let headers = |name: &str, value: &str| stage.gateway.chat_with(&[(name, value)], &ask("auto", "a"));
    let replies = [
        (404, stage.chat(&ask(CANARY, "a"))),
        (400, raw(&format!(r#"{{"{CANARY}":1,"{CANARY}":2}}"#))),
        (400, raw(&format!(r#"{{"{CANARY}"#))),
        (400, raw(&format!(r#"{{"model":"auto","messages":"{CANARY}"}}"#))),
        (400, stage.chat(&request(json!({ "route_hint": CANARY })))),
        (400, stage.chat(&request(json!({ "tools": [{ "type": CANARY }] })))),
        (400, headers("x-weir-level", CANARY)),
        (400, headers("x-weir-jurisdiction", &format!("{CANARY} !"))),
        (400, headers("x-weir-route", CANARY)),
        (415, headers("content-type", CANARY)),
        (404, stage.gateway.client().get(&format!("/v1/{CANARY}"), &[])),
        (404, stage.gateway.client().get(&format!("/v1/models/{CANARY}"), &[])),
    ];
    for (number, (status, reply)) in replies.iter().enumerate() {
        assert_eq!(reply.status, *status, "case {number}: {}", reply.text());
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
    Left::by(&mut stage).assert_without(CANARY);
}

#[test]
fn the_most_talkative_log_holds_no_prompt_and_no_key() {
    let mut stage = Stage::run_as(crate::support::two_zones, crate::support::TWO_RULES, |_| {
        let mut command = crate::support::weir();
        command.env("WEIR_LOG", "trace,hyper=info,hyper_util=info");
        command
    });
    let headers = [("authorization", "Bearer canary-5b20ce-key")];
    for content in [CLASSIFIED, CANARY] {
        assert_eq!(stage.gateway.chat_with(&headers, &ask("auto", content)).status, 200);
    }
    Left::by(&mut stage).assert_without(CANARY);
}
