//! What cannot be inspected stays inside, and what would act or fetch by itself goes nowhere.

use crate::bodies::{messages, parts, request};
use crate::support::http::Reply;
use crate::support::stage::Stage;
use serde_json::{Value, json};
use std::net::TcpListener;

const BASE64: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk";

#[test]
fn what_cannot_be_inspected_stays_local_and_the_record_says_why() {
    let stage = Stage::new();
    let data = |media: &str| format!("data:{media};base64,{BASE64}");
    for (reason, body) in [
        ("image", parts(json!([{ "type": "image_url", "image_url": { "url": data("image/png") } }]))),
        ("image", parts(json!([{ "type": "image_url", "image_url": data("image/png") }]))),
        ("image", parts(json!([{ "type": "input_image", "image_url": data("image/png") }]))),
        (
            "audio",
            parts(json!([{ "type": "input_audio", "input_audio": { "data": BASE64, "format": "wav" } }])),
        ),
        ("video", parts(json!([{ "type": "video_url", "video_url": { "url": data("video/mp4") } }]))),
        (
            "file",
            parts(
                json!([{ "type": "file", "file": { "filename": "a.pdf", "file_data": data("application/pdf") } }]),
            ),
        ),
        (
            "file",
            messages(
                json!([{ "role": "tool", "tool_call_id": "1", "content": [{ "type": "file", "file": { "file_data": BASE64 } }] }]),
            ),
        ),
        ("unknown_content_part", parts(json!([{ "type": "x_blob", "x_blob": BASE64 }]))),
        (
            "audio",
            messages(
                json!([{ "role": "assistant", "audio": { "id": "audio_1" } }, { "role": "user", "content": "a" }]),
            ),
        ),
        ("tokens", request(json!({ "prompt": [464, 2068, 7586] }))),
        ("tokens", request(json!({ "prompt_token_ids": [464, 2068, 7586] }))),
        ("tokens", request(json!({ "prompt_embeds": BASE64 }))),
        ("tokens", request(json!({ "x": { "y": vec![464; 100] } }))),
        (
            "file",
            parts(
                json!([{ "type": "document", "source": { "type": "base64", "media_type": "text/plain", "data": BASE64 } }]),
            ),
        ),
        ("file", parts(json!([{ "type": "input_file", "file_data": BASE64, "filename": "a.txt" }]))),
        ("file", parts(json!([{ "type": "file", "file": { "file_data": data("text/plain") } }]))),
        ("store", request(json!({ "store": true }))),
    ] {
        let reply = stage.chat(&body);
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{body}: {}", reply.text());
        let decision = &stage.record(&reply)["decision"];
        assert_eq!((&decision["zone"], &decision["egress_permitted"]), (&json!("local"), &json!(false)));
        assert_eq!(decision["opaque"][0], *reason, "{decision}");
    }
    stage.assert_cloud_untouched();
}

#[test]
fn a_text_beside_an_image_does_not_make_it_inspectable() {
    let stage = Stage::new();
    let image =
        json!({ "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{BASE64}") } });
    let reply = stage.chat(&parts(json!([{ "type": "text", "text": "What is on it?" }, image])));
    assert_eq!(reply.zone(), Some("local"));
    stage.assert_cloud_untouched();
}

/// A local server that followed such a link would carry the link's text out of the network.
#[test]
fn remote_links_and_stored_files_are_refused_before_any_backend_sees_them() {
    let stage = Stage::new();
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    sink.set_nonblocking(true).unwrap();
    let link = format!("http://{}/canary", sink.local_addr().unwrap());
    for (param, part) in [
        ("image_url.url", json!({ "type": "image_url", "image_url": { "url": link } })),
        ("image_url", json!({ "type": "image_url", "image_url": link })),
        ("image_url", json!({ "type": "image_url", "image_url": link.to_uppercase() })),
        ("image_url[0]", json!({ "type": "image_url", "image_url": [link] })),
        ("sources[0].url", json!({ "type": "image_url", "sources": [{ "url": link }] })),
        ("image", json!({ "type": "image", "image": link })),
        ("video", json!({ "type": "video", "video": ["file:///etc/passwd"] })),
        ("audio_url.url", json!({ "type": "audio_url", "audio_url": { "url": "file:///etc/passwd" } })),
        ("video_url.url", json!({ "type": "video_url", "video_url": { "url": "//example.com/v" } })),
        ("source.url", json!({ "type": "document", "source": { "type": "url", "url": link } })),
        ("file.file_url", json!({ "type": "file", "file": { "file_url": link } })),
        ("file.file_id", json!({ "type": "file", "file": { "file_id": "file-1" } })),
        ("image_url", json!({ "type": "text", "text": "a", "image_url": link })),
    ] {
        for model in ["auto", "local-only", "cloud-only"] {
            let mut body = parts(json!([part]));
            body["model"] = json!(model);
            let reply = stage.chat(&body);
            assert_refused(&reply, &body);
            let named = reply.json()["error"]["param"].as_str().unwrap().to_owned();
            assert!(named.starts_with("messages[0].content[0]."), "{named} in {body}");
            assert!(
                named.ends_with(param.trim_end_matches("[0]")) || named.contains(param),
                "{named} in {body}"
            );
        }
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
    assert!(matches!(sink.accept(), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock));
}

/// Likewise in what is no conversation: servers take pictures to go by, voices to speak with, documents to rank.
#[test]
fn links_in_requests_of_other_apis_are_refused_too() {
    let stage = Stage::new();
    let link = "https://example.com/canary";
    let part = json!({ "content": [{ "type": "image_url", "image_url": { "url": link } }] });
    for (path, param, body) in [
        ("/v1/images/generations", "image", json!({ "prompt": "x", "image": link })),
        ("/v1/images/generations", "ref_images[0]", json!({ "prompt": "x", "ref_images": [link] })),
        (
            "/v1/images/generations",
            "extra.image_url",
            json!({ "prompt": "x", "extra": { "image_url": link } }),
        ),
        ("/v1/audio/speech", "ref_audio", json!({ "input": "x", "voice": "a", "ref_audio": link })),
        ("/v1/rerank", "query.content[0].image_url.url", json!({ "query": part, "documents": ["x"] })),
    ] {
        let mut body = body;
        body["model"] = json!("local-only");
        let reply = stage.gateway.client().post(path, &[], body.to_string().as_bytes());
        assert_refused(&reply, &body);
        assert_eq!(reply.json()["error"]["param"], param, "{body}");
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
    let words = json!({ "model": "cloud-only", "input": link, "user": "https://example.com/me" });
    let reply = stage.gateway.client().post("/v1/embeddings", &[], words.to_string().as_bytes());
    assert_eq!(reply.zone(), Some("cloud"), "{}", reply.text());
}

/// Clients that count tokens themselves send texts so; a few tokens are a name and a number.
#[test]
fn texts_that_are_written_as_tokens_stay_local_however_short() {
    let stage = Stage::new();
    for (path, body) in [
        ("/v1/embeddings", json!({ "input": [464, 2068, 7586] })),
        ("/v1/embeddings", json!({ "input": [[464, 2068], [7586]] })),
        ("/v1/embeddings", json!({ "input": ["text", [7586]] })),
        ("/api/embed", json!({ "input": [[464, 2068, 7586]] })),
        ("/v1/moderations", json!({ "input": [464, 2068, 7586] })),
        ("/v1/rerank", json!({ "query": [464, 2068], "documents": ["x"] })),
        ("/v1/rerank", json!({ "query": "x", "documents": [[464, 2068]] })),
        ("/v1/completions", json!({ "prompt": [464, 2068, 7586] })),
    ] {
        let mut body = body;
        body["model"] = json!("cloud-only");
        let reply = stage.gateway.client().post(path, &[], body.to_string().as_bytes());
        assert!(reply.status == 403 || reply.status == 400, "{path} {body}: {}", reply.text());
    }
    stage.assert_cloud_untouched();
}

#[test]
fn a_picture_to_rank_by_stays_local() {
    let stage = Stage::new();
    let picture =
        json!({ "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{BASE64}") } });
    for query in [json!({ "content": [picture] }), picture] {
        let body = json!({ "model": "cloud-only", "query": query, "documents": ["x"] });
        let reply = stage.gateway.client().post("/v1/rerank", &[], body.to_string().as_bytes());
        assert_eq!(reply.status, 403, "{}", reply.text());
    }
    stage.assert_cloud_untouched();
}

#[test]
fn references_to_stored_objects_and_hosted_tools_are_refused() {
    let stage = Stage::new();
    let mut bodies: Vec<Value> =
        ["previous_response_id", "conversation"].map(|name| request(json!({ name: "resp_1" }))).to_vec();
    bodies.push(request(json!({ "web_search_options": { "user_location": "here" } })));
    // Servers of models hand what they made of a prompt to whom such a request names.
    bodies.push(request(json!({ "kv_transfer_params": { "remote_host": "203.0.113.9", "remote_port": 1 } })));
    bodies.push(request(json!({ "bootstrap_host": ["203.0.113.9"], "bootstrap_port": 1 })));
    let hosted = [
        "web_search",
        "web_search_preview",
        "file_search",
        "code_interpreter",
        "computer_use",
        "image_generation",
    ];
    bodies.extend(hosted.map(|kind| request(json!({ "tools": [{ "type": kind }] }))));
    bodies.push(request(
        json!({ "tools": [{ "type": "mcp", "server_url": "http://127.0.0.1:9/", "headers": { "a": "b" } }] }),
    ));
    bodies.push(request(json!({ "tools": [{ "function": { "name": "f" } }] })));
    bodies.push(request(
        json!({ "tools": [{ "type": "function", "function": { "name": "f" } }, { "type": "mcp" }] }),
    ));
    for body in bodies {
        assert_refused(&stage.chat(&body), &body);
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
}

/// Where bytes are no text, nobody may guess which.
#[test]
fn bytes_that_are_no_text_are_refused_and_not_replaced() {
    let stage = Stage::new();
    let around = |middle: &[u8]| {
        [br#"{"model":"auto","messages":[{"role":"user","content":""#.as_slice(), middle, br#""}]}"#].concat()
    };
    let utf16: Vec<u8> =
        String::from_utf8(around(b"a")).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bom = [b"\xEF\xBB\xBF".as_slice(), &around(b"a")].concat();
    for (what, body) in [
        ("a lone byte", around(b"\xFF")),
        ("an overlong slash", around(b"\xC0\xAF")),
        ("a surrogate in UTF-8", around(b"\xED\xA0\x80")),
        ("a truncated character", around(b"\xE2\x82")),
        ("beyond Unicode", around(b"\xF4\x90\x80\x80")),
        ("a lone high surrogate", around(br"\ud83d")),
        ("a lone low surrogate", around(br"\ude00")),
        ("surrogates in the wrong order", around(br"\ude00\ud83d")),
        ("a byte order mark", bom),
        ("UTF-16", utf16),
        ("a control character", around(b"\x01")),
        ("a NUL", around(b"\0")),
    ] {
        let reply = stage.gateway.client().post("/v1/chat/completions", &[], &body);
        assert_eq!((reply.status, reply.code().as_str()), (400, "invalid_json"), "{what}: {}", reply.text());
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
}

#[track_caller]
fn assert_refused(reply: &Reply, body: &Value) {
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "unsupported_parameter"),
        "{body}: {}",
        reply.text()
    );
}
