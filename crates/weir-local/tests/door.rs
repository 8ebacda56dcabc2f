//! The door to a local backend.
#![cfg(test)]

#[path = "../../weir-connect/tests/support/mod.rs"]
mod support;

use support::*;
use weir_local::{Endpoint, LocalBackend};

#[tokio::test]
async fn content_models_and_other_paths_are_asked_for_below_the_base_url() {
    let mut server = Server::start([say(HELLO), say(HELLO), say(HELLO)]).await;
    let endpoint = Endpoint::new("b", &format!("http://{}/v1/", server.address)).unwrap();
    let backend = LocalBackend::new(endpoint, &[]).unwrap();
    backend.send(local("b"), &CALL).await.unwrap();
    backend.models(local_nothing("b"), PATIENCE).await.unwrap();
    backend.get(local_nothing("b"), "/health", PATIENCE).await.unwrap();
    let posted = server.accepted_request().await;
    assert!(posted.starts_with("POST /v1/chat/completions ") && posted.ends_with("\r\ncanary|large|false"));
    assert!(server.accepted_request().await.starts_with("GET /v1/models "));
    assert!(server.accepted_request().await.starts_with("GET /v1/health "));
}
