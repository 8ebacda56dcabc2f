//! Fake backends for tests that block, and clients that wait in threads of their own.

use super::http::{Client, Reply};
use super::{Gateway, Home, PATIENCE};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use weir_rig::fake::{Fake, Fault, Script};

/// A runtime that fake backends live on.
pub struct Backends {
    runtime: Runtime,
}

impl Backends {
    pub fn new() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        Self { runtime: builder.worker_threads(1).enable_all().build().unwrap() }
    }

    pub fn start(&self, script: Script) -> Fake {
        self.runtime.block_on(Fake::start(script)).unwrap()
    }

    /// Waits until `condition` holds of a backend.
    pub fn until(&self, fake: &Fake, what: &str, condition: impl Fn(&Fake) -> bool) {
        let wait = async { tokio::time::timeout(PATIENCE, fake.until(condition)).await };
        assert!(self.runtime.block_on(wait).is_ok(), "waited in vain for a backend: {what}");
    }

    pub fn stop(&self, fake: &mut Fake) {
        self.runtime.block_on(fake.stop());
    }
}

/// A backend whose streams begin and then say nothing, so that a place on it stays taken until its
/// client goes.
pub fn holding() -> Script {
    Script::failing(Fault::HangAfter(2))
}

/// A backend whose streams take this long.
pub fn streaming_for(time: Duration) -> Script {
    let gap = Duration::from_millis(50);
    let chunks = u64::try_from(time.as_millis() / gap.as_millis()).unwrap();
    Script::default().text(&"word ".repeat(80)).chunks(chunks).gap(gap)
}

/// Asks until the replica that is asked first is one that has this fault, which is what makes a request late. Gives which
/// of the two that was, and what came of it. Of which it is known how long it usually takes, is known after some requests.
pub fn with_the_first_late<T>(
    replicas: [&Fake; 2],
    usual: &Script,
    fault: &Fault,
    ask: impl Fn() -> T,
) -> (usize, T) {
    // Twenty answers say it, and some of the requests were answered by the other.
    const KNOWN: u64 = 40;
    // Which one is asked first follows from how long each took.
    let busier = usize::from(replicas[1].requests() > replicas[0].requests());
    for late in [busier, 1 - busier].into_iter().cycle().take(100) {
        let (fake, before) = (replicas[late], replicas[late].requests());
        if before < KNOWN {
            continue;
        }
        fake.set(usual.clone().fault(fault.clone()));
        let came = ask();
        if fake.requests() > before {
            return (late, came);
        }
        fake.set(usual.clone());
    }
    panic!("none of the two is asked first");
}

/// A request for a stream, with one user message.
pub fn ask_stream(model: &str, content: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": content }], "stream": true })
}

/// A stream whose first content is here. It takes its place until it is abandoned.
pub fn open_stream(address: SocketAddr, headers: &[(&str, &str)], body: &Value) -> Stream {
    try_stream(address, headers, body).unwrap_or_else(|status| panic!("no stream, but {status}"))
}

/// The same, or the status of an error.
pub fn try_stream(address: SocketAddr, headers: &[(&str, &str)], body: &Value) -> Result<Stream, u16> {
    let mut client = Client::connect(address);
    client.begin_post("/v1/chat/completions", headers, body.to_string().as_bytes());
    let (status, headers) = client.head();
    if status != 200 {
        return Err(status);
    }
    let mut stream = Stream { client, headers, text: String::new() };
    while !stream.text.contains("\"content\":\"") {
        assert!(stream.more(), "ended without content: {}", stream.text);
    }
    Ok(stream)
}

/// A stream as far as it has come.
pub struct Stream {
    client: Client,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Stream {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    /// Reads on; false at the end.
    pub fn more(&mut self) -> bool {
        let Some(chunk) = self.client.chunk() else { return false };
        self.text.push_str(&String::from_utf8_lossy(&chunk));
        true
    }

    /// Reads to the end and gives all events.
    pub fn rest(mut self) -> Vec<String> {
        while self.more() {}
        self.text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }

    pub fn abandon(self) {
        self.client.abandon();
    }
}

/// Sends a request from a thread of its own.
pub fn in_background(address: SocketAddr, headers: &[(&str, &str)], body: &Value) -> JoinHandle<Reply> {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let body = body.to_string();
    std::thread::spawn(move || {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        Client::connect(address).post("/v1/chat/completions", &headers, body.as_bytes())
    })
}

impl Gateway {
    /// Waits until the process has ended by itself; gives the home back, and the exit code.
    pub fn wait(mut self) -> (Home, Option<i32>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (self.into_home(), status.code());
            }
            assert!(Instant::now() < deadline, "the gateway does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Makes a key with these arguments of `weir keys create`, and waits until it is known.
    pub fn key(&self, arguments: &[&str]) -> Key {
        let key = self.home.create_key(arguments);
        // What is on record is in force; a request without it would be on record too.
        let recorded = self.home.path().join("state/keys.recorded");
        let has_it = || std::fs::read_to_string(&recorded).is_ok_and(|recorded| recorded.contains(&key.id));
        self.until("the key is known", |_| has_it());
        key
    }

    /// Waits until so many requests wait for a place.
    pub fn until_queued(&self, count: u32) {
        self.until(&format!("{count} requests queued"), |gateway| {
            gateway.metric("weir_queue_length", &[]) == f64::from(count)
        });
    }
}

/// A key that `weir keys create` made.
pub struct Key {
    pub id: String,
    pub text: String,
}

impl Key {
    /// Its `authorization` header.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.text)
    }
}

impl Home {
    /// Runs `weir keys create` with these arguments.
    pub fn create_key(&self, arguments: &[&str]) -> Key {
        let mut all = vec!["keys", "create", "--json"];
        all.extend(arguments);
        let output = self.weir(&all);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        Key { id: made["id"].as_str().unwrap().to_owned(), text: made["key"].as_str().unwrap().to_owned() }
    }

    /// Runs `weir keys revoke`.
    pub fn revoke_key(&self, key: &Key) {
        let output = self.weir(&["keys", "revoke", &key.id]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Everything that `weir audit verify` says, and whether the log is as it was written.
    pub fn verify(&self) -> (bool, String) {
        let output = self.weir(&["audit", "verify"]);
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }
}
