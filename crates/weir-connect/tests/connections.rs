//! Connections are reused, never held longer than their request needs, and closed when it is given up.
#![cfg(test)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use support::*;
use weir_connect::{Call, ConnectError, Door, Endpoint, SendError};
use weir_label::Local;

const CHUNK: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n";

#[tokio::test]
async fn a_connection_serves_the_next_request_once_its_response_was_read() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let mut server = Server::start([say(HELLO), say(chunked), say(EMPTY_OK), say(HELLO)]).await;
    let door = door_to(&server);
    for expect in ["hello", "hello", "", "hello"] {
        assert_eq!(door.send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap(), expect);
    }
    server.accepted_request().await;
    for _ in 0..3 {
        server.request().await;
    }
}

#[tokio::test]
async fn a_reader_that_stops_at_the_known_length_leaves_the_connection_usable() {
    let mut server = Server::start([say(HELLO), say(HELLO)]).await;
    let door = door_to(&server);
    for _ in 0..2 {
        let mut body = door.send(local("b"), &CALL).await.unwrap().into_body();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "hello");
    }
    server.accepted_request().await;
    server.request().await;
}

#[tokio::test]
async fn requests_at_the_same_time_have_a_connection_each() {
    let mut server = Server::start([say(HELLO), say(HELLO)]).await;
    let door = door_to(&server);
    let first = door.send(local("b"), &CALL).await.unwrap();
    let second = door.send(local("b"), &CALL).await.unwrap();
    assert_eq!(first.bytes(5).await.unwrap(), second.bytes(5).await.unwrap());
    server.accepted_request().await;
    server.accepted_request().await;
}

#[tokio::test]
async fn a_connection_that_the_backend_closed_while_idle_is_replaced_unnoticed() {
    let mut server = Server::start([Reply::SayAndClose(HELLO.to_owned()), say(HELLO)]).await;
    let door = door_to(&server);
    assert_eq!(door.send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap(), "hello");
    server.accepted_request().await;
    assert_eq!(server.next().await, Event::Closed);
    round_trip_elsewhere().await;
    assert_eq!(door.send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap(), "hello");
    server.accepted_request().await;
}

/// Socket events come in order, so that after a round trip all earlier ones have been seen.
async fn round_trip_elsewhere() {
    let server = Server::start([say(HELLO)]).await;
    door_to(&server).send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap();
}

#[tokio::test]
async fn a_reused_connection_that_dies_after_the_request_was_written_is_not_retried_here() {
    let mut server = Server::start([say(HELLO), Reply::SayAndClose(String::new())]).await;
    let door = door_to(&server);
    door.send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap();
    let error = door.send(local("b"), &CALL).await.unwrap_err();
    assert_eq!((error.code(), error.safe_to_retry()), ("closed", true));
    server.accepted_request().await;
    server.request().await;
    assert_eq!(server.next().await, Event::Closed);
    assert!(server.saw_nothing_more());
}

#[tokio::test]
async fn a_connection_on_which_the_backend_speaks_unasked_is_not_used_again() {
    let unasked = format!("{HELLO}{HELLO}");
    let mut server = Server::start([say(&unasked), say(HELLO)]).await;
    let door = door_to(&server);
    for _ in 0..2 {
        assert_eq!(door.send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap(), "hello");
        server.accepted_request().await;
    }
}

#[tokio::test]
async fn a_connection_that_the_backend_wants_closed_is_closed_with_its_response() {
    let last = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    let mut server = Server::start([Reply::SayAndWait(last.to_owned())]).await;
    let door = door_to(&server);
    assert_eq!(door.send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap(), "hello");
    server.accepted_request().await;
    assert_eq!(server.next().await, Event::Gone);
}

#[tokio::test]
async fn giving_up_before_the_response_closes_the_connection() {
    let mut server = Server::start([Reply::SayAndWait(String::new())]).await;
    let door = door_to(&server);
    {
        let send = door.send(local("b"), &CALL);
        tokio::select! {
            _ = send => panic!("there is no response"),
            request = server.accepted_request() => assert!(request.contains("canary")),
        }
    }
    assert_eq!(server.next().await, Event::Gone);
}

#[tokio::test]
async fn dropping_a_response_before_its_end_closes_the_connection() {
    let mut server = Server::start([Reply::SayAndWait(CHUNK.to_owned())]).await;
    let door = door_to(&server);
    let mut body = door.send(local("b"), &CALL).await.unwrap().into_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "first");
    server.accepted_request().await;
    assert!(server.saw_nothing_more());
    drop(body);
    assert_eq!(server.next().await, Event::Gone);
}

#[tokio::test]
async fn waiting_for_a_chunk_may_be_interrupted_without_loss() {
    let mut server = Server::start([Reply::SayAndWait(CHUNK.to_owned())]).await;
    let door = door_to(&server);
    let mut body = door.send(local("b"), &CALL).await.unwrap().into_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "first");
    assert!(tokio::time::timeout(Duration::from_millis(5), body.chunk()).await.is_err());
    server.accepted_request().await;
    assert!(server.saw_nothing_more(), "the connection is still open");
}

#[tokio::test]
async fn no_answer_within_the_limit_is_a_first_byte_timeout_and_closes_the_connection() {
    let mut server = Server::start([Reply::SayAndWait(String::new())]).await;
    let call = Call { first_byte_timeout: Duration::from_millis(50), ..CALL };
    let error = soon(door_to(&server).send(local("b"), &call)).await.unwrap_err();
    assert_eq!((error.code(), error.safe_to_retry()), ("first_byte_timeout", true));
    server.accepted_request().await;
    assert_eq!(server.next().await, Event::Gone);
}

#[tokio::test]
async fn a_tls_handshake_that_does_not_end_is_a_connect_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let endpoint = Endpoint::new("b", &url).unwrap().with_connect_timeout(Duration::from_millis(50));
    let door = Door::local(endpoint, &[]).unwrap();
    let error = soon(door.send(local("b"), &CALL)).await.unwrap_err();
    assert_eq!((error.code(), error.safe_to_retry()), ("connect_timeout", true));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_a_connect_error() {
    // It is kept, so that nobody else gets it meanwhile.
    let port = tokio::net::TcpSocket::new_v4().unwrap();
    port.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}", port.local_addr().unwrap());
    let door = Door::local(Endpoint::new("b", &url).unwrap(), &[]).unwrap();
    let error = door.send(local("b"), &CALL).await.unwrap_err();
    assert!(matches!(error, SendError::Connect(ConnectError::Connect { .. })), "{error:?}");
    assert!(error.safe_to_retry());
}

#[tokio::test]
async fn no_more_than_256_idle_connections_are_kept() {
    let mut server = Server::start(std::iter::repeat_n(say(HELLO), 600)).await;
    let door = door_to(&server);
    for expect in [300, 300 - 256] {
        let mut responses = Vec::new();
        for _ in 0..300 {
            responses.push(door.send(local("b"), &CALL).await.unwrap());
        }
        for response in responses {
            response.bytes(5).await.unwrap();
        }
        assert_eq!(server.accepted_so_far(), expect);
    }
}

#[tokio::test]
async fn no_more_than_64_connections_are_being_opened_and_all_requests_get_one() {
    let server = Server::start(std::iter::repeat_n(say(HELLO), 300)).await;
    let resolver = Arc::new(Slow::until(64));
    let url = format!("http://gpu.internal:{}/v1", server.address.port());
    let endpoint = Endpoint::new("b", &url).unwrap().with_resolver(resolver.clone());
    let door = Arc::new(Door::local(endpoint, &[]).unwrap());
    let calls: Vec<_> = (0..300)
        .map(|_| {
            let door = door.clone();
            tokio::spawn(async move { door.send(local("b"), &CALL).await.unwrap().bytes(5).await.unwrap() })
        })
        .collect();
    for call in calls {
        assert_eq!(soon(call).await.unwrap(), "hello");
    }
    assert_eq!(resolver.most.load(Ordering::SeqCst), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_streams_at_once_arrive_whole() {
    let chunk = "7\r\nchunk--\r\n".repeat(100);
    let stream = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n");
    let server = Server::start(std::iter::repeat_n(say(&stream), 200)).await;
    let door = Arc::new(door_to(&server));
    for _ in 0..2 {
        let calls: Vec<_> = (0..100).map(|_| tokio::spawn(read_whole(door.clone()))).collect();
        for call in calls {
            assert_eq!(soon(call).await.unwrap(), 700);
        }
    }
}

async fn read_whole(door: Arc<Door<Local>>) -> usize {
    door.send(local("b"), &CALL).await.unwrap().bytes(700).await.unwrap().len()
}
