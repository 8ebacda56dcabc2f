//! Single messages and objects: what is sent, to whom, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use support::{PATIENCE, Prompt, local, soon};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, UdpSocket};
use weir_connect::{ConnectError, Endpoint, Framing, Lines, SendError};

fn lines(host: &str, framing: Framing) -> Lines {
    let endpoint = Endpoint::new("b", &format!("http://{host}")).unwrap();
    Lines::local(&endpoint.with_connect_timeout(PATIENCE), &[], framing).unwrap()
}

#[tokio::test]
async fn a_message_over_tcp_has_its_length_before_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = lines(&listener.local_addr().unwrap().to_string(), Framing::Stream);
    let (sent, received) = tokio::join!(lines.send(local("b")), async {
        let mut text = String::new();
        soon(listener.accept()).await.unwrap().0.read_to_string(&mut text).await.unwrap();
        text
    });
    sent.unwrap();
    let Prompt(text) = Prompt("canary");
    let message = format!("{text}||false");
    assert_eq!(received, format!("{} {message}", message.len()));
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "the receiver of the test")]
async fn a_message_over_udp_is_one_datagram() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    lines(&socket.local_addr().unwrap().to_string(), Framing::Datagram).send(local("b")).await.unwrap();
    let mut buffer = [0; 100];
    let length = soon(socket.recv(&mut buffer)).await.unwrap();
    assert_eq!(&buffer[..length], b"canary||false");
}

#[tokio::test]
async fn a_message_for_another_receiver_and_a_receiver_outside_are_refused() {
    let wrong = lines("127.0.0.1:9", Framing::Datagram).send(local("other")).await.unwrap_err();
    assert!(matches!(wrong, SendError::WrongBackend { .. }), "{wrong}");
    let outside = Endpoint::new("b", "http://203.0.113.7:514").unwrap();
    assert!(Lines::local(&outside, &[], Framing::Stream).is_err());
    // Nothing listens there.
    let nobody = lines("127.0.0.1:9", Framing::Stream).send(local("b")).await.unwrap_err();
    assert!(matches!(nobody, SendError::Connect(ConnectError::Connect { .. })), "{nobody}");
}
