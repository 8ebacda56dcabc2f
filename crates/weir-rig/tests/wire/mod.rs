//! A client that shows what really was on the wire.
#![allow(dead_code, reason = "not every test uses every part")]

use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CHAT: &str = "/v1/chat/completions";

/// What came back on a connection, until it was closed.
#[derive(Debug)]
pub struct Reply {
    /// Status line and headers.
    pub head: String,
    /// The body, chunks joined.
    pub body: String,
    /// How it ended.
    pub end: End,
}

/// How a reply ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Whole,
    BetweenChunks,
    InsideChunk,
    Reset,
}

impl Reply {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The data of each event, by the plain framing.
    pub fn events(&self) -> Vec<&str> {
        self.body.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect()
    }

    /// The chunks of a stream that ended with `[DONE]`.
    pub fn chunks(&self) -> Vec<Value> {
        let mut events = self.events();
        assert_eq!(events.pop(), Some("[DONE]"));
        events.into_iter().map(|event| serde_json::from_str(event).unwrap()).collect()
    }

    /// The text of choice `index` of a stream.
    pub fn text(&self, index: u64) -> String {
        let chunks = self.chunks();
        let deltas = chunks.iter().filter_map(|chunk| chunk["choices"].get(0));
        let own = deltas.filter(|choice| choice["index"] == index);
        own.filter_map(|choice| choice["delta"]["content"].as_str()).collect()
    }
}

/// A request body that asks `content`.
pub fn ask(content: &str) -> Value {
    json!({ "model": "m", "messages": [{ "role": "user", "content": content }] })
}

/// The same, streamed.
pub fn ask_streamed(content: &str) -> Value {
    let mut body = ask(content);
    body["stream"] = true.into();
    body
}

/// Sends a chat completion request and reads to the end.
pub async fn post(address: SocketAddr, body: &Value) -> Reply {
    parse(talk(address, &post_text(body)).await)
}

/// Sends a request to another path and reads to the end.
pub async fn post_to(address: SocketAddr, path: &str, body: &Value) -> Reply {
    parse(talk(address, &post_text(body).replacen(CHAT, path, 1)).await)
}

/// Gets a path.
pub async fn get(address: SocketAddr, path: &str) -> Reply {
    parse(talk(address, &format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")).await)
}

/// A chat completion request, as bytes on the wire.
pub fn post_text(body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST {CHAT} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Opens a connection and sends this.
pub async fn send(address: SocketAddr, text: &str) -> TcpStream {
    #[expect(clippy::disallowed_methods, reason = "a test's client")]
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Reads until this text has come.
pub async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut all = String::new();
    while !all.contains(text) {
        let mut part = [0; 4096];
        let read = within(stream.read(&mut part)).await.unwrap();
        assert_ne!(read, 0, "closed after: {all}");
        all.push_str(str::from_utf8(&part[..read]).unwrap());
    }
    all
}

/// Fails the test when this takes long.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("took too long")
}

/// Sends this, reads until the connection ends; whether it was reset.
pub async fn talk(address: SocketAddr, text: &str) -> (Vec<u8>, bool) {
    let mut stream = send(address, text).await;
    let mut bytes = Vec::new();
    match within(stream.read_to_end(&mut bytes)).await {
        Ok(_) => (bytes, false),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            (bytes, true)
        }
    }
}

fn parse((bytes, reset): (Vec<u8>, bool)) -> Reply {
    let text = String::from_utf8(bytes).unwrap();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {text:?}"));
    let head = head.to_ascii_lowercase();
    let (body, end) = match head.contains("transfer-encoding: chunked") {
        true => dechunk(rest),
        false => (rest.to_owned(), End::Whole),
    };
    Reply { head, body, end: if reset { End::Reset } else { end } }
}

fn dechunk(mut rest: &str) -> (String, End) {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (body, End::Whole);
        }
        let Some(chunk) = after.get(..size) else {
            return (body + after, End::InsideChunk);
        };
        body.push_str(chunk);
        rest = after[size..].strip_prefix("\r\n").unwrap();
    }
    (body, End::BetweenChunks)
}
