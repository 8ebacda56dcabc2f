//! A scripted backend on loopback, scripted resolvers, and permits.
#![allow(dead_code, reason = "every test file uses a part")]

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use weir_connect::{Accept, Call, Door, Endpoint, Resolve, Resolving, nothing};
use weir_label::{
    Boundary, Classified, Cloud, Inspect, Label, Level, Local, Permit, Recipient, Residency, Revision,
};
use weir_wire::{Destination, Encode, Nothing};

/// Long enough for the slowest machine; reached only when a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const CALL: Call<'static> = Call::new("/chat/completions", "large", Accept::Json, PATIENCE);

pub const EMPTY_OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
pub const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("done in time")
}

/// Content that says what model and zone it was written for.
pub struct Prompt(pub &'static str);

impl Encode for Prompt {
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{}|{}|{}", self.0, to.model, to.outside).as_bytes());
    }
}

struct Harmless;

impl Inspect<Prompt> for Harmless {
    fn inspect(&self, _content: &Prompt) -> Label {
        Label::at(Level::Public)
    }
}

fn boundary() -> Boundary {
    Boundary::new(Level::Confidential, Residency::default(), Revision::new("r1"))
}

fn to_local<C>(content: &Classified<C>, backend: &str) -> Permit<C, Local> {
    let recipient = Recipient::new(backend, boundary().local_clearance(Level::Restricted, None));
    boundary().permit(content, &recipient).unwrap()
}

pub fn local(backend: &str) -> Permit<Prompt, Local> {
    to_local(&Classified::new(Prompt("canary"), &Harmless), backend)
}

pub fn local_nothing(backend: &str) -> Permit<Nothing, Local> {
    to_local(&nothing(), backend)
}

pub fn to_cloud<C>(content: &Classified<C>, backend: &str) -> Permit<C, Cloud> {
    let clearance = boundary().cloud_clearance(Level::Internal, None).unwrap();
    boundary().permit(content, &Recipient::new(backend, clearance)).unwrap()
}

pub fn cloud(backend: &str) -> Permit<Prompt, Cloud> {
    to_cloud(&Classified::new(Prompt("canary"), &Harmless), backend)
}

pub fn cloud_nothing(backend: &str) -> Permit<Nothing, Cloud> {
    to_cloud(&nothing(), backend)
}

/// A door called `b` to a plain local backend.
pub fn door_to(server: &Server) -> Door<Local> {
    Door::local(Endpoint::new("b", &format!("http://{}/v1", server.address)).unwrap(), &[]).unwrap()
}

/// What the backend does with one request.
#[derive(Clone)]
pub enum Reply {
    /// Writes this and waits for the next request.
    Say(String),
    /// Writes this and closes.
    SayAndClose(String),
    /// Writes this and waits until the other side closes.
    SayAndWait(String),
}

pub fn say(text: &str) -> Reply {
    Reply::Say(text.to_owned())
}

/// What the backend has seen.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    Accepted,
    Request(String),
    /// The client went away while the backend was waiting.
    Gone,
    /// The backend closed.
    Closed,
}

/// A backend that follows a script, one reply per request, whatever the connection.
pub struct Server {
    pub address: SocketAddr,
    events: UnboundedReceiver<Event>,
}

impl Server {
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, events) = unbounded_channel();
        let script = Script::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = sender.send(Event::Accepted);
                tokio::spawn(script.clone().play(stream, sender.clone()));
            }
        });
        Self { address, events }
    }

    pub async fn next(&mut self) -> Event {
        soon(self.events.recv()).await.expect("the backend runs")
    }

    /// The next request, and that it came over a new connection.
    pub async fn accepted_request(&mut self) -> String {
        assert_eq!(self.next().await, Event::Accepted);
        self.request().await
    }

    pub async fn request(&mut self) -> String {
        match self.next().await {
            Event::Request(text) => text,
            other @ (Event::Accepted | Event::Gone | Event::Closed) => panic!("no request but {other:?}"),
        }
    }

    /// Connections accepted since the last time of asking.
    pub fn accepted_so_far(&mut self) -> usize {
        std::iter::from_fn(|| self.events.try_recv().ok()).filter(|event| *event == Event::Accepted).count()
    }

    pub fn saw_nothing_more(&mut self) -> bool {
        self.events.try_recv().is_err()
    }
}

#[derive(Clone)]
pub struct Script(Arc<Mutex<VecDeque<Reply>>>);

impl Script {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self(Arc::new(Mutex::new(replies.into_iter().collect())))
    }

    pub async fn play(self, mut stream: impl AsyncRead + AsyncWrite + Unpin, events: UnboundedSender<Event>) {
        while let Some(request) = read_request(&mut stream).await {
            let _ = events.send(Event::Request(request));
            let reply = self.0.lock().unwrap().pop_front().expect("the script has a reply");
            match reply {
                Reply::Say(text) => stream.write_all(text.as_bytes()).await.unwrap(),
                Reply::SayAndClose(text) => {
                    stream.write_all(text.as_bytes()).await.unwrap();
                    let _ = stream.shutdown().await;
                    drop(stream);
                    let _ = events.send(Event::Closed);
                    return;
                }
                Reply::SayAndWait(text) => {
                    stream.write_all(text.as_bytes()).await.unwrap();
                    let left = stream.read(&mut [0; 64]).await;
                    assert!(matches!(left, Ok(0) | Err(_)), "the client said more");
                    let _ = events.send(Event::Gone);
                    return;
                }
            }
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = whole_request(&bytes) {
            assert_eq!(end, bytes.len(), "a request came before the last was answered");
            return Some(String::from_utf8(bytes).unwrap());
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(read @ 1..) => bytes.extend_from_slice(&chunk[..read]),
            Ok(0) | Err(_) => return None,
        }
    }
}

fn whole_request(bytes: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(bytes);
    let head = text.find("\r\n\r\n")? + 4;
    let length = text[..head]
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    (bytes.len() >= head + length).then_some(head + length)
}

/// Gives its answers in turn, the last one for ever.
#[derive(Debug)]
pub struct Answers(Mutex<VecDeque<Vec<SocketAddr>>>);

impl Answers {
    pub fn new(answers: &[&[&str]]) -> Arc<Self> {
        let address = |text: &&str| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 0);
        let answers = answers.iter().map(|answer| answer.iter().map(address).collect());
        Arc::new(Self(Mutex::new(answers.collect())))
    }
}

impl Resolve for Answers {
    fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> Resolving<'a> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let with_port = |address: SocketAddr| SocketAddr::new(address.ip(), port);
        let answer = answer.unwrap_or_default().into_iter().map(with_port).collect();
        Box::pin(async move { Ok(answer) })
    }
}

/// Never answers.
#[derive(Debug)]
pub struct Silence;

impl Resolve for Silence {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> Resolving<'a> {
        Box::pin(std::future::pending())
    }
}

/// Answers with loopback, once so many have waited for it at a time, and a while later.
#[derive(Debug)]
pub struct Slow {
    awaited: usize,
    waiting: AtomicUsize,
    /// The most that waited at a time.
    pub most: AtomicUsize,
}

impl Slow {
    pub fn until(awaited: usize) -> Self {
        Self { awaited, waiting: AtomicUsize::new(0), most: AtomicUsize::new(0) }
    }
}

impl Resolve for Slow {
    fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move {
            let waiting = 1 + self.waiting.fetch_add(1, Ordering::SeqCst);
            self.most.fetch_max(waiting, Ordering::SeqCst);
            while self.most.load(Ordering::SeqCst) < self.awaited {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
        })
    }
}

/// Knows no name.
#[derive(Debug)]
pub struct NoSuchName;

impl Resolve for NoSuchName {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> Resolving<'a> {
        Box::pin(async { Err(io::Error::from(io::ErrorKind::NotFound)) })
    }
}
