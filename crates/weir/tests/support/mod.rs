//! What end-to-end tests share: a gateway as its users run it, with recording backends behind it.
#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "clippy exempts test functions, but not what they share"
)]

pub mod backends;
pub mod command;
pub mod http;
pub mod stage;

use http::{Client, Reply};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// The longest that anything in a test may take before it counts as hanging: much longer than anything takes, on a busy
/// machine too.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under test.
pub fn weir() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WEIR_") {
            command.env_remove(name);
        }
    }
    command
}

/// A port that is free, and that nobody gets who takes any: only who names it can listen there.
pub fn port() -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let port = socket.local_addr().unwrap().port();
    // Two sockets at one address are for Linux alone.
    if cfg!(target_os = "linux") {
        // It is kept as long as the process.
        std::mem::forget(socket);
    }
    port
}

/// A message with personal data in it.
pub const PERSONAL: &str = "write to jane.doe@example.com";

/// The two rules that everybody starts with.
pub const TWO_RULES: &str = "\
policy: 1
boundary: confidential
data:
  default: internal
  personal: confidential
  credentials: restricted
rules:
  - name: sensitive data stays local
    when: { data.level: \">= confidential\" }
    use: local
    when_full: [queue 5s, degrade, reject]
  - name: everything else may use the cloud
    use: any
    prefer: order
    when_full: [burst, queue 5s, reject]
";

/// What configurations of tests begin with.
pub const BASICS: &str = "weir: 1\nlisten: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate: ./state\n";

/// A configuration with a local and a cloud backend; the alias `auto` prefers the cloud, so that what
/// stays local does so because it must.
pub fn two_zones(local: &str, cloud: &str) -> String {
    format!(
        "\
{BASICS}backends:
  - name: here
    zone: local
    url: {local}
    models: [{{ name: local-model }}]
  - name: there
    zone: cloud
    url: {cloud}
    models: [{{ name: cloud-model }}]
aliases:
  auto: {{ targets: [there/cloud-model, here/local-model] }}
  local-only: {{ targets: [here/local-model] }}
  cloud-only: {{ targets: [there/cloud-model] }}
"
    )
}

/// A directory with both files in it.
pub struct Home {
    dir: TempDir,
}

impl Home {
    pub fn new(config: &str, policy: &str) -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(home.config(), config).unwrap();
        std::fs::write(home.policy(), policy).unwrap();
        home
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn config(&self) -> PathBuf {
        self.path().join("weir.yaml")
    }

    pub fn policy(&self) -> PathBuf {
        self.path().join("policy.yaml")
    }

    /// Runs `weir` with these arguments and this home's configuration to its end.
    pub fn weir(&self, arguments: &[&str]) -> Output {
        let mut command = weir();
        command.args(arguments).arg("--config").arg(self.config()).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// The rows that `weir audit query --json` prints.
    pub fn audit(&self, arguments: &[&str]) -> Vec<Value> {
        let mut all = vec!["audit", "query", "--json", "--limit", "0"];
        all.extend(arguments);
        let output = self.weir(&all);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    /// The one row of a decision, which must be complete.
    pub fn decision(&self, id: &str) -> Value {
        let mut rows = self.audit(&["--decision", id]);
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    /// Every byte that this home holds besides the two files: state, audit log.
    pub fn state_holds(&self, needle: &str) -> bool {
        fn holds(path: &Path, needle: &[u8]) -> bool {
            if path.is_dir() {
                return std::fs::read_dir(path).unwrap().any(|entry| holds(&entry.unwrap().path(), needle));
            }
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle)
        }
        holds(&self.path().join("state"), needle.as_bytes())
    }
}

/// A running `weir serve`.
pub struct Gateway {
    pub home: Home,
    pub data: SocketAddr,
    pub admin: SocketAddr,
    child: Child,
    log: Receiver<String>,
    seen: Vec<String>,
}

impl Gateway {
    /// Starts the gateway and waits until it serves.
    pub fn start(config: &str, policy: &str) -> Self {
        Self::start_in(Home::new(config, policy))
    }

    /// The same, in a home that exists.
    pub fn start_in(home: Home) -> Self {
        Self::start_as(home, weir())
    }

    /// The same, with a command that runs the binary, such as one with an environment of its own.
    pub fn start_as(home: Home, mut command: Command) -> Self {
        command.arg("serve").arg("--config").arg(home.config());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, log) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut gateway = Self { home, data: nowhere, admin: nowhere, child, log, seen: Vec::new() };
        let line = gateway.wait_for_log("weir is serving");
        let started: Value = serde_json::from_str(&line).unwrap();
        gateway.data = started["data"].as_str().unwrap().parse().unwrap();
        gateway.admin = started["admin"].as_str().unwrap().parse().unwrap();
        gateway
    }

    /// Waits for a log line that contains `text`.
    pub fn wait_for_log(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.seen.iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            match self.log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(_) => panic!("no log line with {text:?}; the log:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// Everything logged so far.
    pub fn log(&mut self) -> String {
        self.seen.extend(self.log.try_iter());
        self.seen.join("\n")
    }

    /// Has nobody read the log any more, once the next line of it has come.
    pub fn abandon_log(&mut self) {
        self.log = channel().1;
    }

    pub fn client(&self) -> Client {
        Client::connect(self.data)
    }

    /// Posts a chat completion on a connection of its own.
    pub fn chat(&self, body: &Value) -> Reply {
        self.client().post("/v1/chat/completions", &[], body.to_string().as_bytes())
    }

    /// The same, with headers.
    pub fn chat_with(&self, headers: &[(&str, &str)], body: &Value) -> Reply {
        self.client().post("/v1/chat/completions", headers, body.to_string().as_bytes())
    }

    /// The value of a series in `/metrics`, summed over the lines that contain all of `labels`.
    pub fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let text = Client::connect(self.admin).get("/metrics", &[]).text();
        let lines = text.lines().filter(|line| {
            let series = line.split([' ', '{']).next().unwrap_or_default();
            series == name && labels.iter().all(|label| line.contains(label))
        });
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    /// What a page of the admin listener says.
    pub fn admin_json(&self, page: &str) -> Value {
        Client::connect(self.admin).get(page, &[]).json()
    }

    pub fn ready(&self) -> (u16, Value) {
        let reply = Client::connect(self.admin).get("/readyz", &[]);
        (reply.status, reply.json())
    }

    /// Waits until `condition` holds.
    pub fn until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        until(what, || condition(self));
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`; gives the home back.
    pub fn kill(mut self) -> Home {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.into_home()
    }

    /// SIGTERM, and wait for an orderly end; gives the home back and whether the exit code was 0.
    pub fn stop(mut self) -> (Home, bool) {
        self.signal("TERM");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (self.into_home(), status.success());
            }
            assert!(Instant::now() < deadline, "the gateway does not stop; its log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(status.success());
    }

    fn into_home(mut self) -> Home {
        std::mem::replace(&mut self.home, Home { dir: tempfile::tempdir().unwrap() })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait()
            && std::thread::panicking()
        {
            eprintln!("the gateway had ended: {status}");
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the gateway's log:\n{}", self.log());
        }
    }
}

/// Waits until `condition` holds.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A request with one user message.
pub fn ask(model: &str, content: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": content }] })
}

/// Reads a whole stream of text, for child processes.
pub fn read_all(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}
