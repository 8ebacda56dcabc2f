//! Many clients at once, each on a connection of its own.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// What became of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// 0 if there was no whole answer.
    pub status: u16,
    pub backend: String,
    pub zone: String,
    /// The code of an error.
    pub code: String,
    pub took: Duration,
    pub ended: Instant,
}

/// Clients, and what they are served by.
pub struct Crowd {
    runtime: Runtime,
    address: SocketAddr,
    /// The header that says who they are, if they have to.
    authorization: String,
}

impl Crowd {
    pub fn at(address: SocketAddr) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { runtime, address, authorization: String::new() }
    }

    /// The same with an API key.
    pub fn with_key(address: SocketAddr, bearer: &str) -> Self {
        Self { authorization: format!("authorization: {bearer}\r\n"), ..Self::at(address) }
    }

    /// So many ask again and again for a time. Gives how many were served in it.
    pub fn insist(&self, clients: usize, time: Duration, body: &Value) -> JoinHandle<usize> {
        let (address, body, key) = (self.address, body.clone(), self.authorization.clone());
        self.runtime.spawn(async move {
            let until = Instant::now() + time;
            let client = |body: Value, key: String| async move {
                let mut served = 0;
                while Instant::now() < until {
                    let sent = send(address, body.clone(), key.clone()).await;
                    served += usize::from(sent.status == 200 && sent.ended <= until);
                }
                served
            };
            let clients: Vec<_> =
                (0..clients).map(|_| tokio::spawn(client(body.clone(), key.clone()))).collect();
            let mut served = 0;
            for client in clients {
                served += client.await.unwrap();
            }
            served
        })
    }

    pub fn end<T>(&self, handle: JoinHandle<T>) -> T {
        self.runtime.block_on(handle).unwrap()
    }

    /// Sends these at once.
    pub fn all(&self, bodies: impl IntoIterator<Item = Value>) -> Vec<JoinHandle<Sent>> {
        let key = || self.authorization.clone();
        bodies.into_iter().map(|body| self.runtime.spawn(send(self.address, body, key()))).collect()
    }

    /// Sends so many a second, evenly, for a time; whether others have been answered or not.
    pub fn evenly(&self, rate: f64, time: Duration, body: impl Fn(usize) -> Value) -> Vec<Sent> {
        let count = (rate * time.as_secs_f64()) as usize;
        let requests: Vec<Value> = (0..count).map(body).collect();
        let (address, key) = (self.address, self.authorization.clone());
        self.runtime.block_on(async move {
            let began = tokio::time::Instant::now();
            let mut sent = Vec::new();
            for (number, body) in requests.into_iter().enumerate() {
                tokio::time::sleep_until(began + Duration::from_secs_f64(number as f64 / rate)).await;
                sent.push(tokio::spawn(send(address, body, key.clone())));
            }
            let mut ended = Vec::new();
            for handle in sent {
                ended.push(handle.await.unwrap());
            }
            ended
        })
    }

    /// Waits for all of them.
    pub fn ends(&self, sent: Vec<JoinHandle<Sent>>) -> Vec<Sent> {
        self.runtime.block_on(async {
            let mut ended = Vec::new();
            for handle in sent {
                ended.push(handle.await.unwrap());
            }
            ended
        })
    }
}

/// A request with one user message.
pub fn ask(text: &str) -> Value {
    json!({ "model": "auto", "messages": [{ "role": "user", "content": text }] })
}

async fn send(address: SocketAddr, body: Value, key: String) -> Sent {
    let began = Instant::now();
    let answer = exchange(address, &body.to_string(), &key).await.unwrap_or_default();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
        line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let error: Value = serde_json::from_str(text).unwrap_or_default();
    Sent {
        status,
        backend: header("x-weir-backend"),
        zone: header("x-weir-zone"),
        code: error["error"]["code"].as_str().unwrap_or_default().to_owned(),
        took: began.elapsed(),
        ended: Instant::now(),
    }
}

#[expect(clippy::disallowed_methods, reason = "clients of the gateway")]
async fn exchange(address: SocketAddr, body: &str, key: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         connection: close\r\n{key}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
