//! TLS: the name and the authority of a certificate are checked.
#![cfg(test)]

mod support;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::SocketAddr;
use std::sync::Arc;
use support::*;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio_rustls::TlsAcceptor;
use weir_connect::{Door, Endpoint, EndpointError, SendError};
use weir_label::Local;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificate(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

/// A backend that answers every connection once, with this certificate.
async fn backend(authority: &Authority, certificate: CertificateParams) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let chain = vec![certificate.signed_by(&key, authority).unwrap().der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                Script::new([say(HELLO), say(HELLO)]).play(stream, unbounded_channel().0).await;
            }
        }
    });
    address
}

fn door(address: SocketAddr, ca_pem: Option<String>) -> Door<Local> {
    let url = format!("https://gpu.internal:{}/v1", address.port());
    let endpoint = Endpoint::new("b", &url).unwrap().with_resolver(Answers::new(&[&["127.0.0.1"]]));
    let endpoint = match ca_pem {
        Some(pem) => endpoint.with_ca_pem(pem.into_bytes()),
        None => endpoint,
    };
    Door::local(endpoint, &[]).unwrap()
}

async fn tls_error(door: &Door<Local>) -> String {
    let error = door.send(local("b"), &CALL).await.expect_err("TLS must fail");
    assert_eq!((error.code(), error.safe_to_retry()), ("tls", true));
    match error {
        SendError::Connect(error) => std::error::Error::source(&error).unwrap().to_string(),
        SendError::WrongBackend { .. } => unreachable!(),
    }
}

#[tokio::test]
async fn a_certificate_of_the_operators_own_authority_is_accepted_and_the_connection_reused() {
    let authority = authority();
    let address = backend(&authority, certificate("gpu.internal")).await;
    let door = door(address, Some(authority.pem()));
    for _ in 0..2 {
        let response = door.send(local("b"), &CALL).await.unwrap();
        assert_eq!(response.peer(), address);
        assert_eq!(response.bytes(5).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let address = backend(&authority(), certificate("gpu.internal")).await;
    assert!(tls_error(&door(address, None)).await.contains("UnknownIssuer"));
    assert!(tls_error(&door(address, Some(authority().pem()))).await.contains("certificate"));
}

#[tokio::test]
async fn another_name_is_refused() {
    let authority = authority();
    let address = backend(&authority, certificate("other.internal")).await;
    assert!(tls_error(&door(address, Some(authority.pem()))).await.contains("not valid for name"));
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let authority = authority();
    let mut params = certificate("gpu.internal");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    let address = backend(&authority, params).await;
    assert!(tls_error(&door(address, Some(authority.pem()))).await.contains("expired"));
}

#[tokio::test]
async fn a_backend_that_does_not_speak_tls_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    tls_error(&door(address, None)).await;
}

#[test]
fn a_ca_file_without_certificates_is_refused() {
    let endpoint =
        |pem: &str| Endpoint::new("b", "https://gpu.internal").unwrap().with_ca_pem(pem.as_bytes().to_vec());
    let error = Door::local(endpoint("nothing here"), &[]).unwrap_err();
    assert!(matches!(error, EndpointError::NoCertificate));
    let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    assert!(matches!(Door::local(endpoint(broken), &[]).unwrap_err(), EndpointError::Pem(_)));
}
