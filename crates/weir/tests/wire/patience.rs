//! Clients that take their time. All of them at once, because it takes ten seconds.

use crate::http2::Http2;
use crate::support::ask;
use crate::support::http::Client;
use crate::support::stage::Stage;
use crate::{assert_error, streamed};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use weir_rig::fake::Script;

/// Heads and bodies may take ten seconds; a client that is merely idle may take longer.
const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn heads_and_bodies_that_drip_are_cut_and_idle_connections_are_not() {
    let stage = Stage::new();
    let mut idle = stage.gateway.client();
    assert_eq!(idle.get("/v1/models", &[]).status, 200);
    let mut idle_http2 = Http2::connect(stage.gateway.data);
    assert_eq!(idle_http2.get("/v1/models"), 200);
    let silent = stage.gateway.client();
    // Eleven seconds of answer, with the beginning of the next request behind its own.
    stage.there.set(Script::default().text("0123456789A").chunks(11).gap(Duration::from_secs(1)));
    let mut streaming = stage.gateway.client();
    let body = streamed(ask("cloud-only", "hi")).to_string();
    streaming.begin_post("/v1/chat/completions", &[], body.as_bytes());
    assert_eq!(streaming.head().0, 200);
    streaming.send(b"GET /v1/models HTTP/1.1\r\n");
    let began = Instant::now();
    let mut drips = stage.gateway.client();
    let mut half_a_body = stage.gateway.client();
    half_a_body.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"model\":");
    drips.send(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx: ");
    while still_open(&mut drips.stream, began) {
        // A client's window update or ping is no request.
        idle_http2.ping();
        std::thread::sleep(Duration::from_millis(250));
    }
    assert!(began.elapsed() > LIMIT - Duration::from_secs(1), "cut after {:?}", began.elapsed());
    assert_closed(silent);
    assert_error(&half_a_body.reply(), 408, "request_timeout", "half a body");
    let mut rest = Vec::new();
    while let Some(chunk) = streaming.chunk() {
        rest.extend(chunk);
    }
    assert!(rest.ends_with(b"data: [DONE]\n\n"), "a long answer was cut: {}", String::from_utf8_lossy(&rest));
    streaming.send(b"host: localhost\r\n\r\n");
    assert_eq!(streaming.reply().status, 200, "the request that was begun meanwhile");
    assert_eq!(idle.get("/v1/models", &[]).status, 200, "an idle connection is kept");
    assert_eq!(idle_http2.get("/v1/models"), 200, "an idle HTTP/2 connection is kept");
}

/// Sends one more byte of a head, unless the gateway has had enough.
fn still_open(stream: &mut TcpStream, began: Instant) -> bool {
    assert!(began.elapsed() < 2 * LIMIT, "nothing was cut");
    let _ = stream.set_read_timeout(Some(Duration::from_millis(1)));
    let mut byte = [0];
    let read = std::io::Read::read(stream, &mut byte);
    let waits = matches!(&read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
    waits && stream.write_all(b"a").is_ok()
}

fn assert_closed(mut client: Client) {
    let mut byte = [0];
    let read = std::io::Read::read(&mut client.stream, &mut byte);
    let closed =
        matches!(&read, Ok(0)) || matches!(&read, Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset);
    assert!(closed, "a connection on which nothing was sent is open: {read:?}");
}
