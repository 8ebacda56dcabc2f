//! A local backend that fails, in every way: classified requests fail with it, others move on.

use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::{BURST_AT_ONCE, classified, harmless, impatient, local_first, streamed};
use serde_json::{Value, json};
use weir_rig::fake::{Cut, Failure, Fault, Script};

/// What the local backend does, and the status and code that a classified request then gets.
fn failures() -> Vec<(&'static str, Fault, (u16, &'static str))> {
    let bad = || (502, "bad_gateway");
    vec![
        ("503", Fault::Status(Failure::overloaded(503, 7)), (503, "overloaded")),
        ("429", Fault::Status(Failure::overloaded(429, 7)), (429, "overloaded")),
        ("500", Fault::Status(Failure::html(500)), bad()),
        ("502", Fault::Status(Failure::html(502)), bad()),
        ("silence before the head", Fault::HangBeforeHead, (504, "timeout")),
        ("silence after the head", Fault::HangAfter(0), (504, "timeout")),
        ("silence after the role", Fault::HangAfter(1), (504, "timeout")),
        ("nothing", Fault::Raw(Vec::new()), bad()),
        ("nonsense", Fault::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), bad()),
        ("an end after the head", Fault::Cut { after: 0, how: Cut::Fin }, bad()),
        ("a reset after the head", Fault::Cut { after: 0, how: Cut::Reset }, bad()),
        ("an end after the role", Fault::Cut { after: 1, how: Cut::End }, bad()),
        ("half a chunk after the role", Fault::Cut { after: 1, how: Cut::Truncate }, bad()),
        ("an error under status 200", Fault::ErrorFirst("out of memory".to_owned()), bad()),
    ]
}

/// What is silent is not waited for; all else is, however busy the machine.
fn patience_with(fault: &Fault) -> fn(&str, &str) -> String {
    if matches!(fault, Fault::HangBeforeHead | Fault::HangAfter(_)) { impatient } else { local_first }
}

#[test]
fn a_classified_request_never_moves_to_the_cloud_when_the_local_backend_fails() {
    for (what, fault, expected) in failures() {
        for body in [classified("auto"), streamed(classified("auto"))] {
            // A backend that has failed is left alone for a while, so each case has its own.
            let stage = Stage::with(patience_with(&fault), BURST_AT_ONCE);
            stage.here.set(Script::failing(fault.clone()));
            let reply = stage.chat(&body);
            assert_eq!((reply.status, reply.code().as_str()), expected, "{what}: {}", reply.text());
            assert_eq!(reply.header("retry-after").is_some(), matches!(reply.status, 429 | 503), "{what}");
            assert_eq!(stage.record(&reply)["decision"]["zone"], "local", "{what}");
            stage.assert_cloud_untouched();
        }
    }
}

#[test]
fn a_harmless_request_moves_on_before_its_first_token() {
    for (what, fault, _) in failures() {
        // How often attempts may be repeated follows from the time: each case has what a new gateway has.
        let stage = Stage::with(patience_with(&fault), BURST_AT_ONCE);
        stage.here.set(Script::failing(fault));
        for body in [harmless("auto"), streamed(harmless("auto"))] {
            let reply = stage.chat(&body);
            assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{what}: {}", reply.text());
            assert!(
                reply.text().contains("simulated") || reply.streamed_text().contains("simulated"),
                "{what}"
            );
            if stage.here.requests() > 0 {
                assert_last_attempt_went_out(&stage, &reply, what);
            }
        }
    }
}

/// A backend that has just failed rests, and may not be asked at all.
fn assert_last_attempt_went_out(stage: &Stage, reply: &Reply, what: &str) {
    let rows = stage.gateway.home.audit(&["--decision", &reply.decision()]);
    let last = &rows.last().unwrap()["decision"];
    assert_eq!(
        (&last["zone"], &last["egress_permitted"]),
        (&json!("cloud"), &json!(true)),
        "{what}: {rows:?}"
    );
    let attempts: Vec<&Value> = rows.iter().map(|row| &row["decision"]["attempt"]).collect();
    assert_eq!(attempts, (1..=rows.len()).map(Value::from).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    if rows.len() == 2 {
        assert_eq!(
            (&rows[0]["decision"]["zone"], &last["reason"]),
            (&json!("local"), &json!("failover")),
            "{what}"
        );
    }
}

#[test]
fn a_local_backend_that_is_gone_fails_classified_requests_only() {
    let mut stage = Stage::with(local_first, BURST_AT_ONCE);
    stage.stop_here();
    for body in [classified("auto"), streamed(classified("auto")), classified("local-only")] {
        let reply = stage.chat(&body);
        // It fails, or is known to be gone by then.
        let said = [(502, "bad_gateway"), (503, "unavailable")];
        assert!(said.contains(&(reply.status, reply.code().as_str())), "{}", reply.text());
    }
    stage.assert_cloud_untouched();
    let reply = stage.chat(&harmless("auto"));
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")));
}

/// However often it has failed, the only local backend is not replaced by one outside.
#[test]
fn a_backend_that_keeps_failing_is_never_replaced_by_one_of_the_other_zone() {
    let mut stage = Stage::with(local_first, BURST_AT_ONCE);
    stage.here.set(Script::failing(Fault::Status(Failure::html(500))));
    for _ in 0..30 {
        assert!(stage.chat(&classified("auto")).status >= 500);
    }
    stage.stop_here();
    for _ in 0..10 {
        assert!(stage.chat(&streamed(classified("auto"))).status >= 500);
    }
    stage.assert_cloud_untouched();
}

#[test]
fn redirects_are_not_followed_from_either_zone() {
    for status in [301, 302, 303, 307, 308] {
        let stage = Stage::with(local_first, BURST_AT_ONCE);
        let sink = stage.another(Script::default());
        let location = format!("{}/chat/completions", sink.url());
        let script = Script::failing(Fault::Redirect { status, location });
        stage.here.set(script.clone());
        stage.there.set(script);
        for body in [classified("local-only"), streamed(classified("local-only")), harmless("cloud-only")] {
            let reply = stage.chat(&body);
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (502, "bad_gateway"),
                "{status}: {}",
                reply.text()
            );
        }
        assert_eq!(sink.accepted(), 0, "{status}");
    }
}
