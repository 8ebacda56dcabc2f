//! Only addresses that the zone allows are connected to, whatever a name resolves to.
#![cfg(test)]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use support::*;
use weir_connect::{AddressRefusal, ConnectError, Door, Endpoint, EndpointError, Resolve, SendError};
use weir_label::{Cloud, Local};

fn local_door(port: u16, resolver: Arc<dyn Resolve>) -> Door<Local> {
    let endpoint = Endpoint::new("b", &format!("http://gpu.internal:{port}/v1")).unwrap();
    Door::local(endpoint.with_resolver(resolver), &[]).unwrap()
}

fn cloud_door(resolver: Arc<dyn Resolve>) -> Door<Cloud> {
    let endpoint = Endpoint::new("c", "https://api.provider.test/v1").unwrap();
    Door::cloud(endpoint.with_resolver(resolver)).unwrap()
}

#[track_caller]
fn assert_refused(result: Result<weir_connect::Response, SendError>, expect: &str, because: AddressRefusal) {
    match result {
        Err(SendError::Connect(ConnectError::Refused { address, reason, .. })) => {
            assert_eq!((address.to_string().as_str(), reason), (expect, because));
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_local_name_that_comes_to_mean_a_public_address_is_refused_at_the_next_connection() {
    let mut server = Server::start([Reply::SayAndClose(HELLO.to_owned())]).await;
    let door = local_door(server.address.port(), Answers::new(&[&["127.0.0.1"], &["8.8.8.8"]]));
    let response = door.send(local("b"), &CALL).await.unwrap();
    assert_eq!(response.peer(), server.address);
    assert_eq!(response.bytes(100).await.unwrap(), "hello");
    server.accepted_request().await;
    assert_eq!(server.next().await, Event::Closed);
    let result = loop {
        match door.send(local("b"), &CALL).await {
            // The backend's closing had not been noticed yet.
            Err(SendError::Connect(ConnectError::Closed { .. })) => {}
            result => break result,
        }
    };
    assert_refused(result, "8.8.8.8", AddressRefusal::NotInside);
}

#[tokio::test]
async fn one_refused_address_refuses_the_whole_answer() {
    let mut server = Server::start([]).await;
    let door = local_door(server.address.port(), Answers::new(&[&["127.0.0.1", "8.8.8.8"]]));
    assert_refused(door.send(local("b"), &CALL).await, "8.8.8.8", AddressRefusal::NotInside);
    assert!(server.saw_nothing_more());
    let door = cloud_door(Answers::new(&[&["8.8.8.8", "10.0.0.1"]]));
    assert_refused(door.send(cloud("c"), &CALL).await, "10.0.0.1", AddressRefusal::NotPublic);
}

#[tokio::test]
async fn a_cloud_name_with_an_address_inside_is_refused() {
    for address in ["127.0.0.1", "10.0.0.1", "::1", "fd12::1", "169.254.7.7", "100.64.0.1", "::ffff:8.8.8.8"]
    {
        let door = cloud_door(Answers::new(&[&[address]]));
        assert_refused(door.send(cloud("c"), &CALL).await, address, AddressRefusal::NotPublic);
    }
}

#[tokio::test]
async fn a_metadata_service_is_refused_in_both_zones() {
    for address in ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"] {
        let door = cloud_door(Answers::new(&[&[address]]));
        assert_refused(door.send(cloud("c"), &CALL).await, address, AddressRefusal::Metadata);
        let door = local_door(80, Answers::new(&[&[address]]));
        assert_refused(door.send(local("b"), &CALL).await, address, AddressRefusal::Metadata);
    }
}

#[tokio::test]
async fn a_mapped_loopback_address_reaches_a_local_backend() {
    let server = Server::start([say(HELLO)]).await;
    let door = local_door(server.address.port(), Answers::new(&[&["::ffff:127.0.0.1"]]));
    let response = door.send(local("b"), &CALL).await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_further_address_is_tried_when_the_first_does_not_answer() {
    let server = Server::start([say(HELLO)]).await;
    let door = local_door(server.address.port(), Answers::new(&[&["127.0.0.2", "127.0.0.1"]]));
    let response = door.send(local("b"), &CALL).await.unwrap();
    assert_eq!(response.peer(), SocketAddr::new([127, 0, 0, 1].into(), server.address.port()));
}

#[tokio::test]
async fn a_name_without_addresses_and_a_name_that_does_not_resolve_are_told_apart() {
    let nobody = local_door(80, Answers::new(&[&[]])).send(local("b"), &CALL).await.unwrap_err();
    assert_eq!(nobody.code(), "no_address");
    let unknown = local_door(80, Arc::new(NoSuchName)).send(local("b"), &CALL).await.unwrap_err();
    assert_eq!(unknown.code(), "resolve");
    assert!(nobody.safe_to_retry() && unknown.safe_to_retry());
}

#[tokio::test]
async fn a_resolver_that_does_not_answer_is_a_connect_timeout() {
    let endpoint = Endpoint::new("b", "http://gpu.internal:80").unwrap();
    let endpoint = endpoint.with_resolver(Arc::new(Silence)).with_connect_timeout(Duration::from_millis(20));
    let door = Door::local(endpoint, &[]).unwrap();
    let error = soon(door.send(local("b"), &CALL)).await.unwrap_err();
    assert_eq!((error.code(), error.safe_to_retry()), ("connect_timeout", true));
}

#[track_caller]
fn assert_endpoint<Z: weir_label::Zone>(door: Result<Door<Z>, EndpointError>, expect: &str) {
    let error = door.expect_err("must not be accepted").to_string();
    assert!(error.contains(expect), "{error}");
}

#[test]
fn a_literal_host_of_the_wrong_zone_is_refused_before_anything_is_sent() {
    let local = |url: &str| Door::local(Endpoint::new("b", url).unwrap(), &[]);
    let cloud = |url: &str| Door::cloud(Endpoint::new("c", url).unwrap());
    assert_endpoint(local("https://8.8.8.8/v1"), "outside the network");
    assert_endpoint(local("http://[::ffff:8.8.8.8]/v1"), "outside the network");
    assert_endpoint(local("http://134744072/v1"), "8.8.8.8");
    assert_endpoint(local("http://169.254.169.254"), "metadata");
    assert_endpoint(cloud("http://169.254.169.254"), "https");
    assert_endpoint(cloud("https://169.254.169.254"), "metadata");
    assert!(local("http://[fd12::1]:8000/v1").is_ok());
    assert!(cloud("https://10.0.0.1/v1").is_ok());
}

#[test]
fn a_cloud_backend_is_reached_over_tls_but_on_loopback_and_private_literals() {
    let cloud = |url: &str| Door::cloud(Endpoint::new("c", url).unwrap());
    assert_endpoint(cloud("http://api.provider.test/v1"), "https");
    assert_endpoint(cloud("http://8.8.8.8/v1"), "https");
    for url in ["http://localhost:9/v1", "http://127.0.0.1:9", "http://10.0.0.1", "http://[::1]"] {
        assert!(cloud(url).is_ok(), "{url}");
    }
}

#[test]
fn a_base_url_that_could_mislead_is_refused_and_not_quoted() {
    for (url, expect) in [
        ("gpu-1:8000/v1", "scheme"),
        ("ftp://gpu-1/v1", "`ftp`"),
        ("http://user:hunter2@gpu-1/v1", "password"),
        ("http://gpu-1/v1?key=hunter2", "`?`"),
        ("http://gpu-1/v1#hunter2", "`#`"),
        ("http://", "not a URL"),
        ("hunter2", "not a URL"),
    ] {
        let error = Endpoint::new("b", url).expect_err(url).to_string();
        assert!(error.contains(expect) && !error.contains("hunter2"), "{url}: {error}");
    }
}
