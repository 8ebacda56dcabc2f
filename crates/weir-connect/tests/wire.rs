//! What goes over the wire, byte by byte, and what comes back.
#![cfg(test)]

mod credentials;
mod support;

use std::process::Command;
use support::*;
use weir_connect::{Accept, Call, ConnectError, Credential, Door, Endpoint, SendError};
use zeroize::Zeroizing;

fn lines(request: &str) -> Vec<&str> {
    let mut lines: Vec<_> = request.split("\r\n").collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn a_request_has_exactly_the_listed_headers_and_the_permits_content() {
    let mut server = Server::start([say(HELLO)]).await;
    let url = format!("http://localhost:{}/v1/", server.address.port());
    let key = Credential::bearer(&Zeroizing::new("sk-test".to_owned())).unwrap();
    let endpoint = Endpoint::new("c", &url).unwrap().with_credential(key);
    let door = Door::cloud(endpoint).unwrap();
    let call = Call { accept: Accept::EventStream, ..CALL };
    door.send(cloud("c"), &call).await.unwrap();
    let expect = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost:{}\r\nuser-agent: weir/{}\r\n\
         accept-encoding: identity\r\nauthorization: Bearer sk-test\r\naccept: text/event-stream\r\n\
         content-type: application/json\r\ncontent-length: 17\r\n\r\ncanary|large|true",
        server.address.port(),
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!(lines(&server.accepted_request().await), lines(&expect));
}

#[tokio::test]
async fn a_get_has_no_body_and_no_credential_unless_configured() {
    let mut server = Server::start([say(HELLO)]).await;
    door_to(&server).get(local_nothing("b"), "/models", PATIENCE).await.unwrap();
    let expect = format!(
        "GET /v1/models HTTP/1.1\r\nhost: {}\r\nuser-agent: weir/{}\r\naccept-encoding: identity\r\n\
         accept: application/json\r\n\r\n",
        server.address,
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!(lines(&server.accepted_request().await), lines(&expect));
}

#[tokio::test]
async fn a_permit_for_another_backend_sends_nothing() {
    let mut server = Server::start([]).await;
    let error = door_to(&server).send(local("other"), &CALL).await.unwrap_err();
    assert_eq!(error.to_string(), "the permit is for backend `other`, this is backend `b`");
    assert!(!error.safe_to_retry());
    assert!(server.saw_nothing_more());
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let mut sink = Server::start([]).await;
        let head = format!("HTTP/1.1 {status} Moved\r\nlocation: http://{}/v1\r\n", sink.address);
        let server = Server::start([say(&format!("{head}content-length: 0\r\n\r\n"))]).await;
        let response = door_to(&server).send(local("b"), &CALL).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.bytes(0).await.unwrap(), "");
        assert!(sink.saw_nothing_more());
    }
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_used() {
    let mut sink = Server::start([]).await;
    let proxy = format!("http://{}", sink.address);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "without_a_proxy", "--ignored"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        child.env(name, &proxy);
    }
    child.env("NO_PROXY", "").env("no_proxy", "");
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(sink.saw_nothing_more());
}

#[tokio::test]
#[ignore = "run by `a_proxy_in_the_environment_is_not_used`, in a process of its own"]
async fn without_a_proxy() {
    let server = Server::start([say(HELLO)]).await;
    let response = door_to(&server).send(local("b"), &CALL).await.unwrap();
    assert_eq!(response.bytes(5).await.unwrap(), "hello");
}

#[tokio::test]
async fn a_path_cannot_change_host_query_or_request_line() {
    let server = Server::start([]).await;
    let door = door_to(&server);
    for path in ["models", "//models?x", "/a b", "/a\r\nhost: x", "/a#b", "", "@sink/"] {
        let error = door.send(local("b"), &Call { path, ..CALL }).await.unwrap_err();
        assert!(matches!(error, SendError::Connect(ConnectError::Path)), "{path:?}: {error}");
    }
}

async fn error_after(reply: &str) -> SendError {
    let server = Server::start([Reply::SayAndClose(reply.to_owned())]).await;
    door_to(&server).send(local("b"), &CALL).await.expect_err("no valid response")
}

#[tokio::test]
async fn a_backend_that_closes_without_an_answer_may_be_tried_again() {
    let error = error_after("").await;
    assert_eq!((error.code(), error.safe_to_retry()), ("closed", true));
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_malformed() {
    let error = error_after("SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
    assert_eq!((error.code(), error.safe_to_retry()), ("malformed", false));
}

#[tokio::test]
async fn headers_over_the_limit_are_malformed() {
    let long = "x".repeat(70_000);
    assert_eq!(error_after(&format!("HTTP/1.1 200 OK\r\nx-long: {long}\r\n\r\n")).await.code(), "malformed");
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    assert_eq!(error_after(&format!("HTTP/1.1 200 OK\r\n{many}\r\n")).await.code(), "malformed");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_cut_and_never_a_short_body() {
    for reply in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n",
    ] {
        let server = Server::start([Reply::SayAndClose(reply.to_owned())]).await;
        let mut body = door_to(&server).send(local("b"), &CALL).await.unwrap().into_body();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "hello", "{reply}");
        let error = body.chunk().await.expect_err(reply);
        assert_eq!(error.code(), "cut", "{reply}");
    }
}

#[tokio::test]
async fn a_body_over_the_callers_limit_is_refused() {
    let server = Server::start([say(HELLO), say(HELLO)]).await;
    let door = door_to(&server);
    let error = door.send(local("b"), &CALL).await.unwrap().bytes(4).await.unwrap_err();
    assert_eq!(error.code(), "too_long");
    assert_eq!(door.send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap(), "hello");
}

#[test]
fn a_credential_shows_itself_nowhere_and_must_fit_a_header() {
    let credential = Credential::bearer(&Zeroizing::new("hunter2".to_owned())).unwrap();
    let endpoint = Endpoint::new("b", "http://10.0.0.1").unwrap().with_credential(credential);
    assert!(!format!("{endpoint:?}").contains("hunter2"));
    for key in ["", "a b", "a\r\nx: y", "ä"] {
        assert!(Credential::bearer(&Zeroizing::new(key.to_owned())).is_err(), "{key:?}");
    }
}
