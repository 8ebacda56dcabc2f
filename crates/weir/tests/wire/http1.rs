//! Heads, limits and connections.

use crate::support::http::Client;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, ask, two_zones};
use crate::{assert_error, streamed};
use std::collections::BTreeSet;
use std::io::Write;
use weir_rig::fake::{BACKEND_HEADERS, Failure, Fault, Script};

const MEBIBYTE: usize = 1 << 20;

fn small_bodies(local: &str, cloud: &str) -> String {
    format!("{}limits: {{ body: 1MiB }}\n", two_zones(local, cloud))
}

/// Resident memory of a process.
#[cfg(target_os = "linux")]
pub fn resident_bytes(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn a_body_beyond_the_limit_is_refused_without_being_held() {
    let stage = Stage::with(small_bodies, TWO_RULES);
    let before = resident_bytes(stage.gateway.pid());
    let zeros = vec![b' '; MEBIBYTE];
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let mut declared = stage.gateway.client();
    declared.send(format!("{head}content-length: {}\r\n\r\n", 100 * MEBIBYTE).as_bytes());
    (0..100).for_each(|_| declared.send(&zeros));
    assert_error(&declared.reply(), 413, "request_too_large", "declared");
    let mut chunked = stage.gateway.client();
    chunked.send(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes());
    for _ in 0..100 {
        chunked.send(format!("{MEBIBYTE:x}\r\n").as_bytes());
        chunked.send(&zeros);
        chunked.send(b"\r\n");
    }
    chunked.send(b"0\r\n\r\n");
    assert_error(&chunked.reply(), 413, "request_too_large", "chunked");
    let grown = resident_bytes(stage.gateway.pid()).saturating_sub(before);
    // The rest is what the allocator keeps of buffers; a body that was held would be 100 MiB.
    assert!(grown < 64 * MEBIBYTE, "{grown} bytes more");
    for client in [&mut declared, &mut chunked] {
        assert_eq!(client.get("/v1/models", &[]).status, 200, "the connection goes on");
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
}

/// Out of descriptors a gateway could not write down what it does, nor say how it does.
#[cfg(target_os = "linux")]
#[test]
fn connections_leave_descriptors_for_everything_else() {
    let stage = Stage::run_as(two_zones, TWO_RULES, |_| {
        let mut command = std::process::Command::new("prlimit");
        command.args(["--nofile=200:200", env!("CARGO_BIN_EXE_weir")]);
        command
    });
    let idle: Vec<Client> = (0..300).map(|_| stage.gateway.client()).collect();
    assert_eq!(stage.gateway.ready().0, 200);
    drop(idle);
    assert_eq!(stage.chat(&ask("auto", "a question")).zone(), Some("cloud"));
}

#[test]
fn a_body_up_to_the_limit_is_taken() {
    let stage = Stage::with(small_bodies, TWO_RULES);
    let body = ask("local-only", "").to_string();
    let fits = format!("{body}{}", " ".repeat(MEBIBYTE - body.len()));
    let reply = stage.gateway.client().post("/v1/chat/completions", &[], fits.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let over = format!("{fits} ");
    let reply = stage.gateway.client().post("/v1/chat/completions", &[], over.as_bytes());
    assert_error(&reply, 413, "request_too_large", "one byte more");
}

#[test]
fn heads_beyond_the_limits_are_refused_and_the_connection_is_closed() {
    let stage = Stage::new();
    let many: String = (0..200).map(|i| format!("x-{i}: a\r\n")).collect();
    for (what, request, expected) in [
        ("many headers", format!("GET /v1/models HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), [431, 400]),
        (
            "a large header",
            format!("GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(MEBIBYTE)),
            [431, 400],
        ),
        (
            "a long path",
            format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(MEBIBYTE)),
            [414, 431],
        ),
    ] {
        let mut client = stage.gateway.client();
        // The gateway may have closed it before all is written.
        let _ = client.stream.write_all(request.as_bytes());
        if let Some(status) = status_of(&mut client) {
            assert!(expected.contains(&status), "{what}: {status}");
        }
        assert!(client.is_closed(), "{what}");
    }
    assert_eq!(stage.gateway.client().get("/v1/models", &[]).status, 200);
}

/// The status of the answer, if there was one before the end of the connection.
pub fn status_of(client: &mut Client) -> Option<u16> {
    use std::io::Read;
    let mut all = Vec::new();
    let _ = client.stream.read_to_end(&mut all);
    let head = String::from_utf8_lossy(&all).into_owned();
    head.split(' ').nth(1)?.parse().ok()
}

#[test]
fn a_request_says_once_whom_it_is_for() {
    let stage = Stage::new();
    let mut client = stage.gateway.client();
    for (hosts, status) in
        [("", 400), ("host: localhost\r\nHost: localhost\r\n", 400), ("host: localhost\r\n", 200)]
    {
        client.send(format!("GET /v1/models HTTP/1.1\r\n{hosts}\r\n").as_bytes());
        let reply = client.reply();
        assert_eq!(reply.status, status, "{hosts:?}: {}", reply.text());
        if status == 400 {
            assert_error(&reply, 400, "invalid_request", hosts);
        }
    }
    client.send(b"GET /v1/models HTTP/1.0\r\n\r\n");
    assert_eq!(client.reply().status, 200, "an older client");
}

#[test]
fn unknown_places_methods_and_media_get_an_error_in_json() {
    let stage = Stage::new();
    let body = ask("auto", "hi").to_string();
    let mut client = stage.gateway.client();
    for path in [
        "/v1/fine_tuning/jobs",
        "/v1/responses/x/y",
        "/admin",
        "/metrics",
        "/v1/chat/completions/x",
        "/v1/../metrics",
        "/%2e%2e/metrics",
    ] {
        assert_error(&client.post(path, &[], body.as_bytes()), 404, "not_found", path);
        assert_error(&client.get(path, &[]), 404, "not_found", path);
    }
    assert_error(&client.get("/v1/chat/completions", &[]), 405, "method_not_allowed", "GET");
    assert_error(&client.post("/v1/models", &[], b"{}"), 405, "method_not_allowed", "POST");
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND"] {
        client.send(format!("{method} /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
        assert_error(&client.reply(), 405, "method_not_allowed", method);
    }
    for content_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/x-ndjson",
        "",
    ] {
        let reply = client.post("/v1/chat/completions", &[("content-type", content_type)], body.as_bytes());
        assert_error(&reply, 415, "unsupported_media_type", content_type);
    }
    for encoding in ["gzip", "br", "zstd", "deflate", "gzip, gzip", "identity, gzip", "x"] {
        let reply = client.post("/v1/chat/completions", &[("content-encoding", encoding)], body.as_bytes());
        assert_error(&reply, 415, "unsupported_media_type", encoding);
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
    let plain = [("content-encoding", "identity"), ("content-type", "Application/JSON; charset=\"UTF-8\"")];
    assert_eq!(
        client.post("/v1/chat/completions", &plain, body.as_bytes()).status,
        200,
        "the connection has gone on"
    );
}

#[test]
fn nothing_is_tunnelled_or_upgraded() {
    let stage = Stage::new();
    let websocket = "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let h2c = "upgrade: h2c\r\nconnection: Upgrade, HTTP2-Settings\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n";
    for (what, request, expected) in [
        (
            "a WebSocket",
            format!("GET /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n{websocket}\r\n"),
            405,
        ),
        (
            "a WebSocket elsewhere",
            format!("GET /v1/responses HTTP/1.1\r\nhost: localhost\r\n{websocket}\r\n"),
            404,
        ),
        ("HTTP/2 by upgrade", format!("GET /v1/models HTTP/1.1\r\nhost: localhost\r\n{h2c}\r\n"), 200),
        ("a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n".to_owned(), 405),
        (
            "another origin",
            "GET http://example.com/metrics HTTP/1.1\r\nhost: example.com\r\n\r\n".to_owned(),
            404,
        ),
    ] {
        let mut client = stage.gateway.client();
        client.send(request.as_bytes());
        let (status, headers) = client.head();
        // A path that is the root of a tunnel's authority is a known one with the wrong method.
        assert_eq!(status, expected, "{what}");
        assert!(!headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("upgrade")), "{what}");
    }
    assert_eq!((stage.here.accepted(), stage.there.accepted()), (0, 0));
}

#[test]
fn every_reply_has_an_id_of_its_own_and_not_the_clients() {
    let stage = Stage::new();
    let mut client = stage.gateway.client();
    let mine = [("x-request-id", "mine")];
    let chat = |client: &mut Client, body: &str| client.post("/v1/chat/completions", &mine, body.as_bytes());
    let replies = [
        chat(&mut client, &ask("auto", "hi").to_string()),
        chat(&mut client, &streamed(ask("auto", "hi")).to_string()),
        chat(&mut client, &ask("unknown", "hi").to_string()),
        chat(&mut client, "{"),
        client.post("/v1/chat/completions", &[("content-type", "text/plain")], b"{}"),
        client.get("/v1/models", &mine),
        client.get("/v1/models/auto", &mine),
        client.get("/v1/models/unknown", &mine),
        client.get("/", &mine),
        client.get("/nowhere", &mine),
        client.get("/v1/chat/completions", &mine),
        chat(&mut client, &ask("cloud-only", "jo.doe@example.com").to_string()),
    ];
    let ids: BTreeSet<&str> = replies.iter().map(|reply| reply.header("x-request-id").unwrap()).collect();
    assert_eq!(ids.len(), replies.len(), "{ids:?}");
    assert!(ids.iter().all(|id| id.starts_with("req_") && id.len() > 20), "{ids:?}");
    let id = replies[0].header("x-request-id").unwrap();
    assert_eq!(stage.gateway.home.audit(&["--request", id]).len(), 1, "the id is the record's");
}

#[test]
fn a_connection_goes_on_after_every_error() {
    let stage = Stage::new();
    let mut client = stage.gateway.client();
    let local = client.stream.local_addr().unwrap();
    for body in ["{", "[]", r#"{"model":"x","messages":[{"role":"user"}]}"#, r#"{"model":"auto"}"#] {
        assert!(client.post("/v1/chat/completions", &[], body.as_bytes()).status >= 400);
        assert_eq!(
            client.post("/v1/chat/completions", &[], ask("auto", "hi").to_string().as_bytes()).status,
            200
        );
    }
    stage.here.set(Script::failing(Fault::Status(Failure::html(500))));
    assert_eq!(
        client.post("/v1/chat/completions", &[], ask("local-only", "hi").to_string().as_bytes()).status,
        502
    );
    let stream = client.post("/v1/chat/completions", &[], streamed(ask("auto", "hi")).to_string().as_bytes());
    assert!(stream.complete && stream.events().last().unwrap() == "[DONE]");
    assert_eq!(client.get("/v1/models", &[]).status, 200);
    assert_eq!(client.stream.local_addr().unwrap(), local);
}

#[test]
fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    let stage = Stage::new();
    let body = ask("auto", "hi").to_string();
    let mut client = stage.gateway.client();
    client.send(format!("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
    assert_eq!(client.head().0, 100);
    client.send(body.as_bytes());
    assert_eq!(client.reply().status, 200);
}

#[test]
fn no_header_of_a_backend_reaches_a_client() {
    let stage = Stage::new();
    for model in ["local-only", "cloud-only"] {
        for body in [ask(model, "hi"), streamed(ask(model, "hi"))] {
            assert_own_headers(&stage.chat(&body).headers);
        }
    }
    for status in [400, 429, 500, 503] {
        let failure = Failure::overloaded(status, 1)
            .with_header("x-canary", "a")
            .with_header("x-ratelimit-limit-requests", "1");
        stage.here.set(Script::failing(Fault::Status(failure)));
        assert_own_headers(&stage.chat(&ask("local-only", "hi")).headers);
    }
}

fn assert_own_headers(headers: &[(String, String)]) {
    const OWN: [&str; 10] = [
        "content-type",
        "content-length",
        "transfer-encoding",
        "date",
        "cache-control",
        "x-accel-buffering",
        "x-request-id",
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
    ];
    for (name, value) in headers {
        assert!(OWN.contains(&name.as_str()) || name.starts_with("x-weir-"), "{name}: {value}");
        let foreign = BACKEND_HEADERS.iter().find(|(_, theirs)| theirs == value);
        assert!(foreign.is_none(), "{name}: {value}");
    }
}
