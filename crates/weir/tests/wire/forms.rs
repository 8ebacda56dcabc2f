//! Sound that is to become text: a form in, a form out.

use crate::assert_error;
use crate::support::http::{Field, Reply, form};
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, two_zones};
use serde_json::json;
use weir_rig::fake::{Failure, Fault, Script};

const SOUND: &[u8] = b"RIFF\x24\0\0\0WAVEfmt \r\n--of-a-tes\xff\r\n";
const SPOKEN: &str =
    r#"{"text":"two words","model":"whisper","usage":{"type":"tokens","input_tokens":14,"output_tokens":3}}"#;

/// A backend that gives this answer to everything.
fn answering(content_type: &str, body: &str) -> Script {
    Script::failing(Fault::Status(Failure::new(200, content_type, body))).probes_fail()
}

fn ask(stage: &Stage, fields: &[Field<'_>]) -> Reply {
    let (media_type, body) = form(fields);
    stage.gateway.client().post("/v1/audio/transcriptions", &[("content-type", &media_type)], &body)
}

fn sound() -> Field<'static> {
    Field::file("file", ("call.wav", "audio/wav"), SOUND)
}

#[test]
fn sound_stays_inside_and_comes_to_the_backend_whole() {
    let stage = Stage::new();
    stage.here.set(answering("application/json", SPOKEN));
    let reply = ask(
        &stage,
        &[
            Field::text("model", "auto"),
            Field::text("language", "de"),
            Field::text("timestamp_granularities[]", "word"),
            Field::text("timestamp_granularities[]", "segment"),
            sound(),
        ],
    );
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    assert_eq!((&reply.json()["text"], &reply.json()["model"]), (&json!("two words"), &json!("auto")));
    let record = stage.record(&reply);
    assert_eq!(record["decision"]["opaque"], json!(["audio"]), "{record}");
    assert_eq!((&record["outcome"]["tokens_in"], &record["outcome"]["tokens_out"]), (&json!(14), &json!(3)));
    stage.assert_cloud_untouched();

    let seen = stage.here.seen().pop().unwrap();
    assert_eq!(seen.path, "/v1/audio/transcriptions");
    let media_type = seen.header("content-type").unwrap();
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert!(boundary.len() > 32 && !media_type.contains("of-a-test"), "{media_type}");
    let head = |name: &str| format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
    let mut expected = Vec::new();
    for (name, value) in [
        ("model", "local-model"),
        ("language", "de"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
    ] {
        expected.extend_from_slice(format!("{}\r\n\r\n{value}\r\n", head(name)).as_bytes());
    }
    let file = format!("{}; filename=\"call.wav\"\r\nContent-Type: audio/wav\r\n\r\n", head("file"));
    expected.extend_from_slice(file.as_bytes());
    expected.extend_from_slice(SOUND);
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(String::from_utf8_lossy(&seen.body), String::from_utf8_lossy(&expected));
    assert_eq!(seen.body, expected);
}

/// Whatever is said beside the sound, and wherever.
#[test]
fn every_part_of_a_form_is_inspected() {
    let canary = "DE89 3704 0044 0532 0130 00";
    // A program that hears nothing of note in any sound: what is said beside it decides.
    let deaf = json!({ "types": ["audio/wav"], "command": ["sh", "-c", "cat > /dev/null; echo hello"] });
    let policy = TWO_RULES.replace("rules:\n", &format!("  extractors: [{deaf}]\nrules:\n"));
    let stage = Stage::with(two_zones, &policy);
    let with = |more: Field<'_>| {
        let reply = ask(&stage, &[Field::text("model", "cloud-only"), more, sound()]);
        (reply.status, reply.code())
    };
    let denied = (403, "policy_denied".to_owned());
    assert_eq!(with(Field::text("prompt", canary)), denied);
    assert_eq!(with(Field::text(canary, "x")), denied);
    assert_eq!(with(Field::text("x[]", canary)), denied);
    let named = |file| ask(&stage, &[Field::text("model", "cloud-only"), Field::file("file", file, SOUND)]);
    assert_eq!(named((canary, "audio/wav")).status, 403);
    assert_eq!(named(("a.wav", "audio/de89370400440532013000")).status, 403);
    stage.assert_cloud_untouched();
    // What was heard whole may go.
    stage.there.set(answering("application/json", SPOKEN));
    assert_eq!(named(("a.wav", "audio/wav")).zone(), Some("cloud"));
}

#[test]
fn answers_that_are_no_json_come_as_they_are_and_pages_do_not() {
    let stage = Stage::new();
    let as_format = |format: (&str, &str), content_type: &str, body: &str| {
        stage.here.set(answering(content_type, body));
        ask(&stage, &[Field::text("model", "auto"), Field::text(format.0, format.1), sound()])
    };
    let vtt = as_format(("response_format", "vtt"), "text/vtt", "WEBVTT\n");
    assert_eq!((vtt.header("content-type"), vtt.text().as_str()), (Some("text/vtt"), "WEBVTT\n"));
    let done = "data: {\"type\":\"transcript.text.done\",\"text\":\"two words\",\"usage\":{\"input_tokens\":14,\"output_tokens\":3}}\n\n";
    let events = format!("data: {{\"type\":\"transcript.text.delta\",\"delta\":\"two\"}}\n\n{done}");
    let stream = as_format(("stream", "true"), "text/event-stream", &events);
    assert_eq!(stream.text(), events);
    let outcome = &stage.record(&stream)["outcome"];
    assert_eq!((&outcome["tokens_in"], &outcome["outcome"]), (&json!(14), &json!("ok")), "{outcome}");
    // One that ends without its end has failed.
    let cut = as_format(("stream", "true"), "text/event-stream", events.strip_suffix(done).unwrap());
    assert!(cut.text().contains("\"error\"") && !cut.text().contains("DONE"), "{}", cut.text());
    // As vLLM has it.
    let chunk = r#"{"id":"t","object":"transcription.chunk","created":1,"model":"whisper","choices":[{"delta":{"content":"two"}}]}"#;
    let stream =
        as_format(("stream", "true"), "text/event-stream", &format!("data: {chunk}\n\ndata: [DONE]\n\n"));
    assert!(
        stream.text().contains("\"model\":\"auto\"") && stream.text().ends_with("[DONE]\n\n"),
        "{}",
        stream.text()
    );
    for format in [("response_format", "text"), ("response_format", "json"), ("stream", "true")] {
        let page = as_format(format, "text/html", "<html>");
        assert_error(&page, 502, "bad_gateway", format.1);
    }
}

#[test]
fn what_is_no_form_is_refused() {
    let stage = Stage::new();
    let post = |media_type: &str, body: &[u8]| {
        stage.gateway.client().post("/v1/audio/transcriptions", &[("content-type", media_type)], body)
    };
    assert_error(&post("application/json", b"{}"), 415, "unsupported_media_type", "JSON");
    assert_error(&post("multipart/form-data", b""), 415, "unsupported_media_type", "no boundary");
    assert_error(&post("multipart/form-data; boundary=x", b"--x\r\n"), 400, "invalid_form", "cut");
    let twice = ask(&stage, &[Field::text("model", "auto"), Field::text("model", "cloud-only"), sound()]);
    assert_error(&twice, 400, "duplicate_key", "two names of models");
    let none = ask(&stage, &[Field::text("model", "auto")]);
    assert_error(&none, 400, "missing_required_parameter", "no file");
    let (_, form) = form(&[Field::text("model", "auto"), sound()]);
    let chat = stage.gateway.client().post(
        "/v1/chat/completions",
        &[("content-type", "multipart/form-data; boundary=of-a-test")],
        &form,
    );
    assert_error(&chat, 415, "unsupported_media_type", "a form for a chat");
    assert_eq!(stage.here.requests() + stage.there.requests(), 0);
}
