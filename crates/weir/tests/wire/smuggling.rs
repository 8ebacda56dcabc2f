//! Requests whose end two readers see in different places.

use crate::support::ask;
use crate::support::http::Client;
use crate::support::stage::Stage;
use std::io::{ErrorKind, Read, Write};

/// What would be a second request, of whoever shares the connection behind a proxy.
const SMUGGLED: &str = "GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Heads of which no two readers agree. `{length}` is that of the smuggled request.
fn corpus() -> Vec<(&'static str, String)> {
    let post = |headers: &str| {
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}\r\n0\r\n\r\n{SMUGGLED}"
        )
    };
    let length = SMUGGLED.len();
    vec![
        ("both lengths", post(&format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"))),
        (
            "both lengths, turned round",
            post(&format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n")),
        ),
        ("two lengths", post("content-length: 5\r\ncontent-length: 0\r\n")),
        ("two lengths in one", post("content-length: 5, 0\r\n")),
        ("a signed length", post("content-length: +5\r\n")),
        ("a negative length", post("content-length: -5\r\n")),
        ("a length in hexadecimal", post("content-length: 0x5\r\n")),
        ("a space before the colon", post("transfer-encoding : chunked\r\n")),
        ("a folded header", post("transfer-encoding:\r\n chunked\r\n")),
        ("a folded length", post("content-length: 5\r\n 0\r\n")),
        ("an unknown coding", post("transfer-encoding: xchunked\r\n")),
        ("chunked before another coding", post("transfer-encoding: chunked, identity\r\n")),
        ("chunked twice", post("transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n")),
        ("a NUL in a header", post("x: a\0b\r\n")),
        ("a NUL in a name", post("x\0: a\r\n")),
        ("a bare CR", post("x: a\rtransfer-encoding: chunked\r\n")),
        ("no name", post(": a\r\n")),
        ("a header that is none", post("nonsense\r\n")),
        (
            "bare line feeds",
            format!(
                "POST /v1/chat/completions HTTP/1.1\nhost: localhost\ncontent-type: application/json\ncontent-length: {length}\ntransfer-encoding: chunked\n\n0\n\n{SMUGGLED}"
            ),
        ),
        (
            "a bad chunk size",
            post("transfer-encoding: chunked\r\n").replace("\r\n\r\n0\r\n", "\r\n\r\n0x0\r\n"),
        ),
        (
            "a huge chunk size",
            post("transfer-encoding: chunked\r\n").replace("\r\n\r\n0\r\n", "\r\n\r\nfffffffffffffffff\r\n"),
        ),
        (
            "HTTP/1.0 with chunks",
            post("transfer-encoding: chunked\r\n")
                .replace("HTTP/1.1\r\nhost: localhost", "HTTP/1.0\r\nhost: localhost"),
        ),
        ("no version", "GET /v1/models\r\n\r\n".to_owned()),
        ("another version", format!("GET /v1/models HTTP/3.0\r\n\r\n{SMUGGLED}")),
        ("spaces in the target", format!("GET /v1/models HTTP/1.1 HTTP/1.1\r\n\r\n{SMUGGLED}")),
        ("TLS", format!("\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03{SMUGGLED}")),
    ]
}

#[test]
fn a_request_whose_end_is_unclear_ends_its_connection() {
    let stage = Stage::new();
    for (what, bytes) in corpus() {
        let (answers, closed) = answers_to(stage.gateway.client(), bytes.as_bytes());
        assert!(closed, "{what}: the connection is open");
        assert!(answers.len() <= 1, "{what}: a second request was read:\n{}", answers.join("\n---\n"));
        assert!(answers.iter().all(|answer| answer.starts_with("400")), "{what}: {answers:?}");
    }
    assert_eq!((stage.here.accepted(), stage.there.accepted()), (0, 0));
    assert_eq!(stage.gateway.client().get("/v1/models", &[]).status, 200);
}

/// Also where both are right: what follows is nobody's request.
#[test]
fn a_request_with_both_lengths_is_refused_and_the_last_of_its_connection() {
    let stage = Stage::new();
    let body = ask("local-only", "hi").to_string();
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for lengths in [
        format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", body.len()),
        format!("transfer-encoding: chunked\r\ncontent-length: {}\r\n", chunks.len()),
    ] {
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{lengths}\r\n{chunks}{SMUGGLED}"
        );
        let (answers, closed) = answers_to(stage.gateway.client(), request.as_bytes());
        assert!(closed && answers.len() == 1, "{answers:?}");
        assert!(answers[0].starts_with("400") && answers[0].contains("connection: close"), "{answers:?}");
    }
    assert_eq!((stage.here.accepted(), stage.there.accepted()), (0, 0));
}

/// hyper takes the chunks and forgets the other length, so that only the bytes of the head tell; those of one that
/// comes together with the request before it are not looked at.
#[test]
fn a_request_with_both_lengths_is_refused_behind_another_too() {
    let stage = Stage::new();
    let body = ask("local-only", "hi").to_string();
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let second = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\ncontent-length: {}\r\n\r\n{chunks}{SMUGGLED}",
        chunks.len()
    );
    let first = "GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let (answers, closed) = answers_to(stage.gateway.client(), format!("{first}{second}").as_bytes());
    let statuses: Vec<&str> = answers.iter().map(|answer| &answer[..3]).collect();
    assert_eq!((statuses, closed), (vec!["200", "400"], true), "{answers:?}");
    assert_eq!((stage.here.accepted(), stage.there.accepted()), (0, 0));
}

/// One after the other, as clients send them.
#[test]
fn bodies_in_chunks_are_taken_one_after_the_other_on_one_connection() {
    let stage = Stage::new();
    let mut client = stage.gateway.client();
    for stream in [false, true, true, false] {
        let mut body = ask("local-only", "hi");
        body["stream"] = stream.into();
        let body = body.to_string();
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        );
        client.send(request.as_bytes());
        let reply = client.reply();
        assert_eq!((reply.status, reply.complete), (200, true), "{}", reply.text());
    }
}

/// The answers on a connection, each from its status on, until the gateway closes it; and whether it has. What does not is
/// waited for as long as any client of these tests waits.
fn answers_to(mut client: Client, bytes: &[u8]) -> (Vec<String>, bool) {
    let _ = client.stream.write_all(bytes);
    let mut all = Vec::new();
    let read = client.stream.read_to_end(&mut all);
    let closed = !matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock);
    let text = String::from_utf8_lossy(&all).into_owned();
    let answers = text.split("HTTP/1.").skip(1).map(|answer| answer.get(2..).unwrap_or_default().to_owned());
    (answers.collect(), closed)
}

/// What is in step is in step for every request that is sent at once.
#[test]
fn requests_in_one_packet_are_answered_in_order() {
    let stage = Stage::new();
    let two = format!("{SMUGGLED}GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let (answers, _) = answers_to(stage.gateway.client(), two.as_bytes());
    let statuses: Vec<&str> = answers.iter().map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404"]);
}

#[test]
fn a_value_that_is_copied_splits_no_header() {
    let stage = Stage::new();
    for value in ["a\r\nx-evil: 1", "a\nx-evil: 1", "a\u{2028}b", "\0", "é\u{7f}"] {
        let reply = stage.chat(&ask(value, "hi"));
        assert_eq!(reply.status, 404, "{}", reply.text());
        assert_eq!(reply.header("x-evil"), None);
        assert!(
            reply.headers.iter().all(|(_, value)| value.bytes().all(|b| (0x20..0x7f).contains(&b))),
            "{reply:?}"
        );
    }
}
