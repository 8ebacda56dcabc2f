use super::check::{Flaw, check};
use super::process::usage;
use super::prompt::Bodies;
use super::report::{Report, Tally, Times};
use super::{Load, Pace, Until};
use crate::connect::connect;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Puts the load on and reports what came of it.
///
/// # Errors
/// When the URL has no host, the key cannot stand in a header, or the process to be measured is not there.
pub async fn run(load: &Load) -> io::Result<Report> {
    let target = Arc::new(Target::new(load)?);
    let before = load.pid.map(usage).transpose()?;
    let start = Instant::now();
    match load.pace {
        Pace::Closed { connections } => closed(&target, connections, load.until).await,
        Pace::Open { rate } => open(&target, rate, load.until).await,
    }
    let took = start.elapsed();
    let after = load.pid.map(usage).transpose()?;
    let tally = std::mem::take(&mut *target.tally());
    Ok(tally.report(took, before.zip(after)))
}

/// Where requests go, and what came of them.
struct Target {
    authority: String,
    path: String,
    headers: HeaderMap,
    bodies: Bodies,
    stream: bool,
    tally: Mutex<Tally>,
    idle: Mutex<Vec<Sender>>,
}

type Sender = SendRequest<Full<Bytes>>;

impl Target {
    fn new(load: &Load) -> io::Result<Self> {
        let host = load.url.host().ok_or_else(|| invalid("the URL has no host"))?;
        let authority = format!("{host}:{}", load.url.port_u16().unwrap_or(80));
        Ok(Self {
            path: format!("{}/chat/completions", load.url.path().trim_end_matches('/')),
            headers: headers(&authority, load.bearer.as_deref())?,
            authority,
            bodies: Bodies::new(load),
            stream: load.stream,
            tally: Mutex::default(),
            idle: Mutex::default(),
        })
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self, number: u64) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.bodies.body(number)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.parse().unwrap_or_default();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Sends request `number` on an idle connection or a new one, and checks the answer. Times count from
    /// `due`.
    async fn exchange(&self, number: u64, due: Instant) -> Result<Times, Flaw> {
        let mut sender = self.sender().await?;
        let response = sender.send_request(self.request(number)).await.map_err(|_broken| Flaw::Broken)?;
        let times = self.receive(response, due).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(times)
    }

    async fn sender(&self) -> Result<Sender, Flaw> {
        while let Some(mut sender) = self.pop() {
            if sender.ready().await.is_ok() {
                return Ok(sender);
            }
        }
        connect(&self.authority).await.map_err(|_unreachable| Flaw::Unreachable)
    }

    fn pop(&self) -> Option<Sender> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn receive(&self, response: Response<Incoming>, due: Instant) -> Result<Times, Flaw> {
        let status = response.status();
        let mut incoming = response.into_body();
        let (mut body, mut first_byte) = (Vec::new(), None);
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|_broken| Flaw::Broken)?;
            first_byte.get_or_insert_with(|| due.elapsed());
            body.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        }
        let last_byte = due.elapsed();
        check(status, self.stream, &body)?;
        Ok(Times { first_byte: first_byte.unwrap_or(last_byte), last_byte })
    }
}

fn headers(authority: &str, bearer: Option<&str>) -> io::Result<HeaderMap> {
    let value = |text: &str| HeaderValue::try_from(text).map_err(|_not| invalid("not a header value"));
    let mut headers = HeaderMap::new();
    headers.insert(HOST, value(authority)?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(bearer) = bearer {
        headers.insert(AUTHORIZATION, value(&format!("Bearer {bearer}"))?);
    }
    Ok(headers)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

async fn closed(target: &Arc<Target>, connections: usize, until: Until) {
    let ticket = Arc::new(Tickets::new(until));
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        workers.spawn(work(target.clone(), ticket.clone()));
    }
    workers.join_all().await;
}

async fn work(target: Arc<Target>, tickets: Arc<Tickets>) {
    while let Some(number) = tickets.take() {
        let answer = target.exchange(number, Instant::now()).await;
        target.tally().add(answer);
    }
}

/// Numbers for requests, until there have been enough.
struct Tickets {
    next: AtomicU64,
    until: Until,
    start: Instant,
}

impl Tickets {
    fn new(until: Until) -> Self {
        Self { next: AtomicU64::new(0), until, start: Instant::now() }
    }

    fn take(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Relaxed);
        let more = match self.until {
            Until::Requests(requests) => number < requests,
            Until::Elapsed(duration) => self.start.elapsed() < duration,
        };
        more.then_some(number)
    }
}

async fn open(target: &Arc<Target>, rate: f64, until: Until) {
    let (sender, mut due) = mpsc::unbounded_channel();
    // The runtime's timer has steps of a millisecond; a thread's sleep is finer.
    thread::spawn(move || tick(rate, &Tickets::new(until), &sender));
    let mut running = JoinSet::new();
    while let Some((number, due)) = due.recv().await {
        let target = target.clone();
        running.spawn(async move {
            let answer = target.exchange(number, due).await;
            target.tally().add(answer);
        });
        while running.try_join_next().is_some() {}
    }
    running.join_all().await;
}

fn tick(rate: f64, tickets: &Tickets, sender: &mpsc::UnboundedSender<(u64, Instant)>) {
    let start = Instant::now();
    while let Some(number) = tickets.take() {
        let due = start + Duration::from_secs_f64(number as f64 / rate);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if sender.send((number, due)).is_err() {
            return;
        }
    }
}
