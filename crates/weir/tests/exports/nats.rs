//! A real NATS server with JetStream. Run by `cargo xtask test --only services`, which installs it.

use super::support::PATIENCE;
use super::*;
use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Nats {
    dir: TempDir,
    port: u16,
    server: Child,
}

impl Nats {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = port();
        let server = start(&dir, port);
        Self { dir, port, server }
    }

    fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    fn start(&mut self) {
        self.server = start(&self.dir, self.port);
    }

    /// Asks the server for something, as its own tools do.
    fn ask(&self, subject: &str, body: &Value) -> Value {
        let (mut stream, mut lines) = connect(self.port).unwrap();
        let body = body.to_string();
        let text = format!("SUB answer 1\r\nPUB {subject} answer {}\r\n{body}\r\n", body.len());
        stream.write_all(text.as_bytes()).unwrap();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            if line.starts_with("MSG ") {
                let length: usize = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
                let mut bytes = vec![0; length];
                lines.read_exact(&mut bytes).unwrap();
                return serde_json::from_slice(&bytes).unwrap();
            }
        }
    }

    fn make_stream(&self, more: &Value) {
        let mut config =
            json!({ "name": "AUDIT", "subjects": ["weir.>"], "storage": "file", "retention": "limits" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.ask("$JS.API.STREAM.CREATE.AUDIT", &config);
        assert!(made["error"].is_null(), "{made}");
    }

    /// The messages of the stream, each an event.
    fn messages(&self) -> Vec<String> {
        let info = self.ask("$JS.API.STREAM.INFO.AUDIT", &json!({}));
        let last = info["state"]["last_seq"].as_u64().unwrap_or(0);
        let message = |seq| {
            let got = self.ask("$JS.API.STREAM.MSG.GET.AUDIT", &json!({ "seq": seq }));
            let data = got["message"]["data"].as_str().unwrap().to_owned();
            assert!(!got["message"]["hdrs"].as_str().unwrap().is_empty());
            String::from_utf8(decode(&data)).unwrap()
        };
        (1..=last).map(message).collect()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn start(dir: &TempDir, port: u16) -> Child {
    let mut command = Command::new("nats-server");
    command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"]).arg(dir.path());
    command.args(["--user", "weir", "--pass", "secret"]);
    let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let server = server
        .expect("NATS: `cargo xtask test --only services` installs it, or `apt-get install nats-server`");
    let deadline = Instant::now() + PATIENCE;
    while connect(port).is_none() {
        assert!(Instant::now() < deadline, "NATS does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    server
}

fn connect(port: u16) -> Option<(TcpStream, BufReader<TcpStream>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    stream
        .write_all(b"CONNECT {\"verbose\":false,\"user\":\"weir\",\"pass\":\"secret\"}\r\nPING\r\n")
        .ok()?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 || line.starts_with("-ERR") {
            return None;
        }
        if line.starts_with("PONG") {
            return Some((stream, lines));
        }
    }
}

/// Base64 by somebody else.
fn decode(text: &str) -> Vec<u8> {
    let mut decoder =
        Command::new("base64").arg("-d").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    decoder.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    decoder.wait_with_output().unwrap().stdout
}

fn export(nats: &Nats) -> String {
    format!(
        "    - {{ name: bus, nats: \"nats://127.0.0.1:{}\", api_key: \"${{NATS}}\", every: 50ms, timeout: 5s }}",
        nats.port
    )
}

const SECRET: (&str, &str) = ("NATS", "weir:secret");

#[test]
#[ignore = "needs NATS: cargo xtask test --only services"]
fn a_stream_has_every_event_once_though_server_and_gateway_are_killed() {
    let mut nats = Nats::new();
    let mut gateway = start_with(home(&export(&nats)), SECRET);
    gateway.until("nobody takes the subject, which shows", |gateway| {
        standing(gateway, "bus")["why"]
            .as_str()
            .is_some_and(|why| why.contains("no stream takes the subject"))
    });
    nats.make_stream(&json!({}));
    for _ in 0..3 {
        requests(&gateway, 10);
        nats.kill();
        requests(&gateway, 10);
        gateway.until("that shows", |gateway| standing(gateway, "bus")["result"] == "failing");
        nats.start();
        gateway = start_with(gateway.kill(), SECRET);
    }
    until_exported(&gateway, "bus");
    let check = |gateway: &Gateway| {
        let messages = nats.messages();
        let came = by_id(&messages.join("\n"));
        assert_eq!(came.len(), messages.len(), "each once");
        assert_eq!(came, logged(&gateway.home));
        assert!(!messages.iter().any(|message| message.contains(CANARY)));
    };
    check(&gateway);
    // It forgets how far it has come: the stream knows what it has.
    let (home, _) = gateway.stop();
    std::fs::remove_dir_all(home.path().join("state/exports")).unwrap();
    let gateway = start_with(home, SECRET);
    until_exported(&gateway, "bus");
    check(&gateway);
}

#[test]
#[ignore = "needs NATS: cargo xtask test --only services"]
fn what_is_longer_than_the_stream_takes_is_a_gap_and_a_wrong_password_shows() {
    let nats = Nats::new();
    nats.make_stream(&json!({ "max_msg_size": 900 }));
    let gateway = start_with(home(&export(&nats)), ("NATS", "weir:wrong"));
    gateway.until("it says why", |gateway| {
        standing(gateway, "bus")["why"].as_str().is_some_and(|why| why.contains("Authorization Violation"))
    });
    let gateway = start_with(gateway.kill(), SECRET);
    requests(&gateway, 2);
    gateway.until("the decisions are missing, which is on record", |gateway| {
        let gaps = recorded(&gateway.home, "export.gap");
        gaps.iter().map(|gap| gap["events"].as_u64().unwrap()).sum::<u64>() == 2
    });
    until_exported(&gateway, "bus");
    let (came, logged) = (by_id(&nats.messages().join("\n")), logged(&gateway.home));
    let is_short = |(_, line): &(String, String)| !line.contains("\"type\":\"decision\"");
    assert_eq!(came, logged.into_iter().filter(is_short).collect());
}

/// Somebody on the way could say it.
#[test]
fn what_is_said_before_the_connection_is_encrypted_counts_for_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let info = b"INFO {\"headers\":true,\"jetstream\":true,\"tls_required\":true}\r\nPONG\r\n";
            let mut stream = stream.unwrap();
            stream.write_all(info).unwrap();
            // Until the other side has seen it.
            let _ = stream.read(&mut [0; 1]);
        }
    });
    let export = format!(
        "    - {{ name: bus, nats: \"tls://127.0.0.1:{port}\", api_key: \"${{NATS}}\", timeout: 5s }}"
    );
    let gateway = start_with(home(&export), SECRET);
    gateway.until("it is told", |gateway| {
        standing(gateway, "bus")["why"].as_str().is_some_and(|why| why.contains("not one of its protocol"))
    });
}
