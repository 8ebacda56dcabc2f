//! The door out of the network, against a backend on loopback that is called a cloud one.
#![cfg(test)]

#[path = "../../weir-connect/tests/support/mod.rs"]
mod support;

mod providers;

use support::*;
use weir_egress::{CloudBackend, Endpoint};

fn backend(server: &Server) -> CloudBackend {
    let url = format!("http://localhost:{}/v1", server.address.port());
    CloudBackend::new(Endpoint::new("c", &url).unwrap()).unwrap()
}

#[tokio::test]
async fn content_is_written_for_the_outside_from_the_permit() {
    let mut server = Server::start([say(HELLO)]).await;
    let response = backend(&server).send(cloud("c"), &CALL).await.unwrap();
    assert_eq!(response.bytes(5).await.unwrap(), "hello");
    let request = server.accepted_request().await;
    assert!(request.starts_with("POST /v1/chat/completions ") && request.ends_with("\r\ncanary|large|true"));
}

#[tokio::test]
async fn even_the_list_of_models_needs_a_permit_for_this_backend() {
    let mut server = Server::start([say(HELLO)]).await;
    let backend = backend(&server);
    let error = backend.models(cloud_nothing("other"), PATIENCE).await.unwrap_err();
    assert_eq!(error.code(), "wrong_backend");
    assert!(server.saw_nothing_more());
    backend.models(cloud_nothing("c"), PATIENCE).await.unwrap();
    assert!(server.accepted_request().await.starts_with("GET /v1/models "));
}
