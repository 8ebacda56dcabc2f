//! Streams: what a client gets of a good one, and of one that breaks.

use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, ask, two_zones};
use crate::{assert_error, streamed};
use serde_json::{Value, json};
use weir_rig::fake::{Cut, Fault, Framing, Script, Usage};

fn chunks(reply: &Reply) -> Vec<Value> {
    let events = reply.events();
    events
        .iter()
        .filter(|event| *event != "[DONE]")
        .map(|event| serde_json::from_str(event).unwrap())
        .collect()
}

fn content_chunks(reply: &Reply) -> Vec<Value> {
    chunks(reply).into_iter().filter(|chunk| chunk["choices"] != json!([])).collect()
}

#[test]
fn a_stream_has_the_form_that_clients_rely_on() {
    let stage = Stage::new();
    let reply = stage.chat(&streamed(ask("auto", "hi")));
    assert_eq!(reply.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    assert_eq!(reply.header("x-accel-buffering"), Some("no"));
    assert_eq!((reply.complete, reply.header("content-length")), (true, None));
    let text = reply.text();
    assert!(text.ends_with("data: [DONE]\n\n") && text.matches("[DONE]").count() == 1, "{text}");
    let lines = text.split("\n\n").filter(|event| !event.is_empty());
    assert!(lines.clone().all(|event| event.starts_with("data: ") && !event.contains('\n')), "{text}");
    let chunks = chunks(&reply);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(reply.streamed_text(), "simulated answer of cloud-model");
    for chunk in &chunks {
        assert_eq!((&chunk["id"], &chunk["model"]), (&chunks[0]["id"], &json!("auto")));
        assert_eq!(
            (&chunk["created"], &chunk["object"]),
            (&chunks[0]["created"], &json!("chat.completion.chunk"))
        );
        assert_eq!(chunk.get("system_fingerprint"), None);
    }
    let ends = chunks.iter().filter(|chunk| !chunk["choices"][0]["finish_reason"].is_null()).count();
    assert_eq!((ends, &chunks.last().unwrap()["choices"][0]["finish_reason"]), (1, &json!("stop")));
}

#[test]
fn usage_is_asked_for_always_and_shown_to_those_who_asked() {
    let stage = Stage::new();
    let mut body = streamed(ask("auto", "hi"));
    let silent = stage.chat(&body);
    assert!(
        chunks(&silent).iter().all(|chunk| chunk.get("usage").is_none() && chunk["choices"] != json!([]))
    );
    body["stream_options"] = json!({ "include_usage": true, "include_obfuscation": false });
    let asked = stage.chat(&body);
    let last = chunks(&asked).pop().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["completion_tokens"].as_u64().unwrap() > 0);
    for seen in stage.there.seen() {
        assert_eq!(seen.json()["stream_options"]["include_usage"], true);
    }
    for reply in [&silent, &asked] {
        let record = stage.record(reply);
        assert_eq!(record["outcome"]["tokens_out"], last["usage"]["completion_tokens"], "{record}");
    }
    stage.there.set(Script::default().usage(Usage::Never));
    let estimated = stage.record(&stage.chat(&body));
    assert_eq!(estimated["outcome"]["tokens_estimated"], true, "{estimated}");
}

#[test]
fn several_choices_and_tool_calls_pass_unchanged() {
    let stage = Stage::new();
    let mut body = streamed(ask("auto", "hi"));
    body["n"] = json!(2);
    let reply = stage.chat(&body);
    for index in [0, 1] {
        let of_choice =
            content_chunks(&reply).into_iter().filter(|chunk| chunk["choices"][0]["index"] == index);
        let text: String = of_choice
            .clone()
            .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(text, "simulated answer of cloud-model");
        assert_eq!(of_choice.filter(|chunk| chunk["choices"][0]["finish_reason"] == "stop").count(), 1);
    }
    stage.there.set(Script::default().tool_call("look_up", r#"{"a":"é"}"#).tool_call("add", r#"{"b":2}"#));
    let reply = stage.chat(&streamed(ask("auto", "hi")));
    let mut arguments = [String::new(), String::new()];
    for chunk in content_chunks(&reply) {
        let Some(call) = chunk["choices"][0]["delta"]["tool_calls"].get(0).cloned() else { continue };
        let index = call["index"].as_u64().unwrap();
        arguments[usize::try_from(index).unwrap()].push_str(call["function"]["arguments"].as_str().unwrap());
    }
    assert_eq!(arguments, [r#"{"a":"é"}"#, r#"{"b":2}"#]);
    assert_eq!(content_chunks(&reply).last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

/// An alias with a second backend behind the first, of the same zone.
fn two_in_the_cloud(second: &str) -> impl FnOnce(&str, &str) -> String {
    let backend = format!(
        "  - name: spare\n    zone: cloud\n    url: {second}\n    models: [{{ name: spare-model }}]\naliases:\n"
    );
    move |local: &str, cloud: &str| {
        two_zones(local, cloud)
            .replace("aliases:\n", &backend)
            .replace("[there/cloud-model, here/local-model]", "[there/cloud-model, spare/spare-model]")
    }
}

#[test]
fn a_stream_that_breaks_after_its_first_content_ends_with_an_error_and_is_not_continued_elsewhere() {
    let spare_of = Stage::new();
    for how in [Cut::End, Cut::Fin, Cut::Truncate, Cut::Reset] {
        for after in 1..=6 {
            let cut = Fault::Cut { after, how };
            // A backend that has just failed is left alone for a while, so each case has its own.
            let stage = Stage::with(two_in_the_cloud(&spare_of.there.url()), TWO_RULES);
            stage.there.set(Script::failing(cut).role_with_text().chunks(8));
            let reply = stage.chat(&streamed(ask("auto", "hi")));
            let what = format!("{how:?} after {after}");
            assert_broken_off(&reply, &what);
            assert_eq!(chunks(&reply).len() as u64, after + 1, "{what}: what came before is given");
            let outcome = &stage.record(&reply)["outcome"];
            assert_eq!(
                (&outcome["outcome"], &outcome["tokens_estimated"]),
                (&json!("upstream_aborted"), &json!(true)),
                "{what}"
            );
            assert_eq!(outcome["tokens_out"], after, "{what}");
            assert_eq!((stage.here.accepted(), spare_of.there.accepted()), (0, 0), "{what}");
        }
    }
}

/// Asserts an error event at the end, and nothing that looks like a good end.
#[track_caller]
fn assert_broken_off(reply: &Reply, what: &str) {
    assert_eq!(reply.status, 200, "{what}");
    let events = reply.events();
    assert!(!events.iter().any(|event| event == "[DONE]"), "{what}: {events:?}");
    let last: Value = serde_json::from_str(events.last().unwrap()).unwrap();
    let error = last["error"].as_object().unwrap_or_else(|| panic!("{what}: {events:?}"));
    assert_eq!(error.keys().collect::<Vec<_>>(), ["message", "type", "param", "code"], "{what}");
    let ended = chunks(reply).iter().any(|chunk| chunk["choices"][0]["finish_reason"].is_string());
    assert!(!ended, "{what}: {events:?}");
}

#[test]
fn before_the_first_content_the_next_backend_of_the_plan_answers() {
    let spare_of = Stage::new();
    let stage = Stage::with(two_in_the_cloud(&spare_of.there.url()), TWO_RULES);
    for fault in [
        Fault::Cut { after: 0, how: Cut::Fin },
        Fault::Cut { after: 1, how: Cut::Reset },
        Fault::ErrorFirst("out of memory".to_owned()),
        Fault::BadEvent { at: 1, data: "{nonsense".to_owned() },
        Fault::GiantLine(9 << 20),
    ] {
        stage.there.set(Script::failing(fault.clone()));
        let reply = stage.chat(&streamed(ask("auto", "hi")));
        assert_eq!(reply.streamed_text(), "simulated answer of spare-model", "{fault:?}: {}", reply.text());
        assert_eq!(reply.header("x-weir-backend"), Some("spare"), "{fault:?}");
        let roles =
            chunks(&reply).iter().filter(|chunk| chunk["choices"][0]["delta"]["role"] == "assistant").count();
        assert_eq!(
            (roles, reply.text().matches("[DONE]").count()),
            (1, 1),
            "{fault:?}: nothing of the first is left"
        );
    }
    assert_eq!(stage.here.accepted(), 0);
}

#[test]
fn an_error_as_the_first_event_is_a_plain_error_when_nothing_is_left_to_try() {
    let stage = Stage::new();
    stage.there.set(Script::failing(Fault::ErrorFirst("out of memory".to_owned())));
    for body in [ask("cloud-only", "hi"), streamed(ask("cloud-only", "hi"))] {
        assert_error(&stage.chat(&body), 502, "bad_gateway", &body.to_string());
    }
}

#[test]
fn nonsense_amid_a_stream_and_a_missing_end_are_no_success() {
    let stage = Stage::new();
    let bad = |data: &str| Script::failing(Fault::BadEvent { at: 3, data: data.to_owned() });
    for (what, script) in [
        ("no JSON", bad("{nonsense")),
        ("no chunk", bad("[]")),
        ("an error", bad(r#"{"error":{"message":"out of memory"}}"#)),
        ("a duplicate key", bad(r#"{"choices":[],"choices":[]}"#)),
        ("a giant event", Script::failing(Fault::BadEvent { at: 3, data: "x".repeat(9 << 20) })),
    ] {
        stage.there.set(script.chunks(8));
        let reply = stage.chat(&streamed(ask("cloud-only", "hi")));
        assert_broken_off(&reply, what);
        assert_eq!(stage.record(&reply)["outcome"]["outcome"], "upstream_aborted", "{what}");
    }
    stage.there.set(Script::default().without_done());
    let reply = stage.chat(&streamed(ask("cloud-only", "hi")));
    assert!(!reply.text().contains("[DONE]") && reply.text().contains("\"error\""), "{}", reply.text());
    assert_eq!(stage.record(&reply)["outcome"]["outcome"], "upstream_aborted");
}

#[test]
fn how_large_an_event_may_be_is_the_operators_to_say() {
    let config = |local: &str, cloud: &str| two_zones(local, cloud) + "limits: { event: 16KiB }\n";
    let small = Stage::with(config, TWO_RULES);
    let usual = Stage::new();
    for (stage, fits) in [(&small, false), (&usual, true)] {
        stage.there.set(Script::default().text(&"x".repeat(3 << 20)).chunks(1));
        let reply = stage.chat(&streamed(ask("cloud-only", "hi")));
        assert_eq!(reply.streamed_text().len() == 3 << 20 && reply.text().contains("[DONE]"), fits);
        assert_eq!(reply.status == 200, fits, "nothing had come, so that it is told by a status");
    }
}

#[test]
fn however_a_backend_frames_its_events_a_client_gets_the_same() {
    let stage = Stage::new();
    let transcript = |framing| {
        stage.there.set(Script::default().framing(framing).text("é\u{1f600} \"a\"\n\nb").chunks(9));
        let reply = stage.chat(&streamed(ask("cloud-only", "hi")));
        let id = chunks(&reply)[0]["id"].as_str().unwrap().to_owned();
        assert!(reply.complete);
        reply.text().replace(&id, "ID")
    };
    let plain = transcript(Framing::Plain);
    assert!(plain.ends_with("data: [DONE]\n\n"));
    for framing in [Framing::Crlf, Framing::Cr, Framing::MultiLine, Framing::Comments] {
        assert_eq!(transcript(framing), plain, "{framing:?}");
    }
}

#[test]
fn a_silent_stream_is_cut_and_ends_with_an_error() {
    let impatient = |local: &str, cloud: &str| {
        two_zones(local, cloud).replace("    models:", "    timeouts: { idle: 500ms }\n    models:")
    };
    let stage = Stage::with(impatient, TWO_RULES);
    stage.there.set(Script::failing(Fault::HangAfter(3)));
    let reply = stage.chat(&streamed(ask("cloud-only", "hi")));
    assert_broken_off(&reply, "silence");
    assert_eq!(stage.record(&reply)["outcome"]["outcome"], "timeout");
    stage.until("the backend is let go", &stage.there, |there| there.cancelled().len() == 1);
}
