//! Checkpoints of a running gateway at those who keep them, and logs that were put back, forked or copied.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use support::command::stdout;
use support::{Gateway, Home, PATIENCE, TWO_RULES, ask, port, two_zones, weir};

/// A configuration whose backends nobody needs, with this `audit` section.
fn config(audit: &str) -> String {
    two_zones("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1") + &format!("audit: {audit}\n")
}

fn home(audit: &str) -> Home {
    Home::new(&config(audit), TWO_RULES)
}

fn reconfigure(home: &Home, audit: &str) {
    std::fs::write(home.config(), config(audit)).unwrap();
}

/// A home whose log has begun, and the log's public key.
fn begun() -> (Home, String) {
    let (home, ended) = Gateway::start_in(home("{}")).stop();
    assert!(ended);
    let key = std::fs::read_to_string(home.path().join("state/audit/key.pub")).unwrap();
    (home, key.trim().to_owned())
}

/// What `/readyz` says of the witness.
fn standing(gateway: &Gateway) -> Value {
    gateway.ready().1["witnesses"][0].clone()
}

/// The size of the newest signed checkpoint.
fn size(home: &Home) -> u64 {
    size_of(&home.path().join("state/audit"))
}

fn size_of(log: &Path) -> u64 {
    let note = std::fs::read_to_string(log.join("checkpoint")).unwrap();
    note.lines().nth(1).unwrap().parse().unwrap()
}

/// Waits until the witness has all that is signed.
fn until_witnessed(gateway: &Gateway) {
    gateway.until("the newest checkpoint is witnessed", |gateway| {
        let standing = standing(gateway);
        standing["result"] == "ok" && standing["events"].as_u64() == Some(size(&gateway.home))
    });
}

/// One request, refused at once: personal data has no backend here that may have it.
fn refused(gateway: &Gateway) {
    assert_eq!(gateway.chat(&ask("cloud-only", "write to jane.doe@example.com")).status, 403);
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// A gateway that is the witness of a log, what its address is, and its key.
fn witness_of(key: &str, listen: &str) -> (Home, String) {
    let home = home(&format!("{{ witness_for: [\"{key}\"] }}"));
    let text = std::fs::read_to_string(home.config()).unwrap();
    std::fs::write(home.config(), text.replacen("listen: 127.0.0.1:0", &format!("listen: {listen}"), 1))
        .unwrap();
    let key = stdout(&home.weir(&["audit", "witness-key"])).trim().to_owned();
    (home, key)
}

#[test]
fn a_log_that_is_put_back_forked_or_copied_is_found_with_a_witness() {
    let (home, key) = begun();
    let (witness, witness_key) = witness_of(&key, "127.0.0.1:0");
    let witness = Gateway::start_in(witness);
    let url = format!("http://{}/witness", witness.data);
    reconfigure(
        &home,
        &format!("{{ witness: [{{ name: other, url: \"{url}\", key: \"{witness_key}\", every: 1s }}] }}"),
    );
    let verify =
        |home: &Home| home.weir(&["audit", "verify", "--witness", &url, "--witness-key", &witness_key]);
    let gateway = Gateway::start_in(home);
    refused(&gateway);
    until_witnessed(&gateway);
    let (home, _) = gateway.stop();
    let yesterday = tempfile::tempdir().unwrap();
    copy(&home.path().join("state/audit"), yesterday.path());
    let gateway = Gateway::start_in(home);
    refused(&gateway);
    until_witnessed(&gateway);
    let (home, _) = gateway.stop();
    let good = verify(&home);
    assert!(good.status.success(), "{}{}", stdout(&good), String::from_utf8_lossy(&good.stderr));
    let kept = std::fs::read_to_string(home.path().join("state/witnessed/other")).unwrap();
    assert!(kept.contains("weir/witness/"), "{kept}");
    let kept = home.path().join("state/witnessed/other").display().to_string();
    let against =
        |home: &Home, key: &str| home.weir(&["audit", "verify", "--against", &kept, "--witness-key", key]);
    assert!(against(&home, &witness_key).status.success());
    let (_, stranger) = witness_of(&key, "127.0.0.1:0");
    assert_eq!(against(&home, &stranger).status.code(), Some(1));

    // Yesterday's log in its place, or on another machine.
    std::fs::remove_dir_all(home.path().join("state/audit")).unwrap();
    copy(&yesterday.path().join("audit"), &home.path().join("state/audit"));
    let back = verify(&home);
    assert_eq!(back.status.code(), Some(1));
    assert!(stdout(&back).contains("the log was rolled back"), "{}", stdout(&back));
    // It goes on from there: what it writes now the witness has seen otherwise.
    let mut gateway = Gateway::start_in(home);
    gateway.wait_for_log("did not take the checkpoint");
    for _ in 0..20 {
        refused(&gateway);
    }
    gateway.until("the fork shows", |gateway| {
        standing(gateway)["why"].as_str().is_some_and(|why| why.contains("the log was forked"))
    });
    assert!(
        gateway.ready().0 == 200 && gateway.metric("weir_audit_witness_failures_total", &["other"]) >= 1.0
    );
    let (home, _) = gateway.stop();
    assert!(home.state_holds("\"type\":\"witness.gap\"") && home.state_holds("\"witness\":\"other\""));
    let forked = verify(&home);
    assert_eq!(forked.status.code(), Some(1));
    assert!(stdout(&forked).contains("the log was forked"), "{}", stdout(&forked));
}

#[test]
fn a_witness_has_the_last_checkpoint_of_a_gateway_that_was_stopped_and_follows_its_new_key() {
    let (home, key) = begun();
    let (witness, witness_key) = witness_of(&key, "127.0.0.1:0");
    let witness = Gateway::start_in(witness);
    let url = format!("http://{}/witness", witness.data);
    let every = |every: &str| {
        format!("{{ witness: [{{ name: other, url: \"{url}\", key: \"{witness_key}\", every: {every} }}] }}")
    };
    // It would not be due for an hour.
    reconfigure(&home, &every("1h"));
    let gateway = Gateway::start_in(home);
    gateway.until("the first one is sent", |gateway| standing(gateway)["events"].as_u64().is_some());
    refused(&gateway);
    let (home, in_order) = gateway.stop();
    assert!(in_order);
    let kept = || std::fs::read_to_string(home.path().join("state/witnessed/other")).unwrap();
    assert_eq!(kept().lines().nth(1).unwrap().parse::<u64>().unwrap(), size(&home));
    reconfigure(&home, &every("1s"));
    let gateway = Gateway::start_in(home);
    until_witnessed(&gateway);
    for _ in 0..2 {
        let admin = gateway.admin.to_string();
        let rotated = gateway.home.weir(&["audit", "rotate-key", "--admin", &admin]);
        assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
        refused(&gateway);
    }
    // Both changes at once, and what comes then.
    until_witnessed(&gateway);
    refused(&gateway);
    until_witnessed(&gateway);
    let (home, _) = gateway.stop();
    let good = home.weir(&["audit", "verify", "--witness", &url, "--witness-key", &witness_key]);
    assert!(good.status.success(), "{}{}", stdout(&good), String::from_utf8_lossy(&good.stderr));
    // A witness that is started again knows it still, and takes nothing of the key until then.
    let (witness_home, _) = witness.stop();
    let kept = std::fs::read_dir(witness_home.path().join("state/witness")).unwrap();
    let rotations =
        kept.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "rotations"));
    assert_eq!(rotations.count(), 1);
}

#[test]
fn a_dead_witness_slows_nothing_and_its_absence_is_on_record_until_it_is_back() {
    let (home, key) = begun();
    // It accepts and never answers.
    let silent = TcpListener::bind(("127.0.0.1", port())).unwrap();
    let address = silent.local_addr().unwrap();
    let (witness, witness_key) = witness_of(&key, &address.to_string());
    let patient = |timeout: &str| {
        format!(
            "{{ witness: [{{ name: other, url: \"http://{address}/witness\", key: \"{witness_key}\", every: 1s, timeout: {timeout} }}] }}"
        )
    };
    reconfigure(&home, &patient("500ms"));
    let gateway = Gateway::start_in(home);
    gateway.until("it is failing", |gateway| standing(gateway)["result"] == "failing");
    for _ in 0..50 {
        refused(&gateway);
    }
    gateway.until("the gap is on record", |gateway| gateway.home.state_holds("\"type\":\"witness.gap\""));
    // Whoever has told of a gap tells of its end, or the process after it does.
    let home = gateway.kill();
    drop(silent);
    reconfigure(&home, &patient("20s"));
    let witness = Gateway::start_in(witness);
    let gateway = Gateway::start_in(home);
    until_witnessed(&gateway);
    gateway.until("its end is on record", |gateway| gateway.home.state_holds("\"type\":\"witness.resumed\""));
    drop(witness);
}

/// One HTTP request at a time, each answered with 200; what came.
fn store() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut text, mut buffer) = (String::new(), [0; 4096]);
            while let Ok(read) = stream.read(&mut buffer) {
                text.push_str(&String::from_utf8_lossy(&buffer[..read]));
                let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(usize::MAX, |length| length.trim().parse().unwrap());
                let is_whole = text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length);
                if read == 0 || is_whole {
                    break;
                }
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    (address, requests)
}

/// Signature Version 4 once more, by somebody else: Python's standard library.
const SIGV4: &str = r#"
import hashlib, hmac, sys
head, body = sys.stdin.buffer.read().split(b"\r\n\r\n", 1)
first, *lines = head.decode().split("\r\n")
method, path, _ = first.split(" ")
headers = {k.lower(): v.strip() for k, v in (l.split(":", 1) for l in lines)}
auth = dict(p.split("=", 1) for p in headers["authorization"].split(" ", 1)[1].split(", "))
names = auth["SignedHeaders"].split(";")
digest = hashlib.sha256(body).hexdigest()
assert digest == headers["x-amz-content-sha256"]
canonical = "\n".join([method, path, "", *(f"{n}:{headers[n]}" for n in names), "", ";".join(names), digest])
ident, day, region, service, _ = auth["Credential"].split("/")
scope = f"{day}/{region}/{service}/aws4_request"
to_sign = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
key = b"AWS4" + b"secret"
for part in (day, region, service, "aws4_request"):
    key = hmac.new(key, part.encode(), hashlib.sha256).digest()
assert hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest() == auth["Signature"], canonical
assert (ident, region, service) == ("id", "eu-test-1", "s3"), auth
for needed in ("x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-checksum-sha256", "host"):
    assert needed in names, needed
assert headers["x-amz-object-lock-mode"] == "COMPLIANCE"
sys.stdout.buffer.write(path.encode() + b"\n" + body)
"#;

#[test]
#[allow(clippy::disallowed_methods, reason = "the receiver of the test")]
fn syslog_an_object_store_and_a_repository_keep_checkpoints_that_find_a_log_that_was_put_back() {
    let (home, _) = begun();
    let origin = std::fs::read_to_string(home.path().join("state/audit/checkpoint")).unwrap();
    let origin = origin.lines().next().unwrap().replace('/', "-");
    let before = tempfile::tempdir().unwrap();
    copy(&home.path().join("state/audit"), before.path());
    let (home, ended) = Gateway::start_in(home).stop();
    assert!(ended && size(&home) > size_of(&before.path().join("audit")));
    let (tcp, udp) = (TcpListener::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    udp.set_read_timeout(Some(PATIENCE)).unwrap();
    let (bucket, objects) = store();
    let git = |directory: &Path, arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(directory).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let (remote, work) = (home.path().join("remote.git"), home.path().join("work"));
    git(home.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "remote.git"]);
    git(home.path(), &["clone", "--quiet", "remote.git", "work"]);
    git(&work, &["config", "user.name", "Weir"]);
    git(&work, &["config", "user.email", "weir@example.com"]);
    git(&work, &["config", "push.default", "current"]);
    reconfigure(
        &home,
        &format!(
            "\n  witness:\n    - {{ name: tcp, syslog: \"tcp://{}\", every: 1s }}\n    - {{ name: udp, syslog: \"udp://{}\", every: 1s }}\n\
             \x20   - {{ name: vault, s3: \"http://{bucket}/bucket/weir\", api_key: \"${{S3_KEYS}}\", region: eu-test-1, lock: 400d, every: 1s }}\n\
             \x20   - {{ name: repo, git: ./work, every: 1s }}",
            tcp.local_addr().unwrap(),
            udp.local_addr().unwrap()
        ),
    );
    let mut command = weir();
    command.env("S3_KEYS", "id:secret");
    let gateway = Gateway::start_as(home, command);
    gateway.until("all have it", |gateway| {
        let standings = gateway.ready().1["witnesses"].clone();
        standings.as_array().is_some_and(|all| {
            all.len() == 4 && all.iter().all(|w| w["result"] == "ok" && w["events"].is_u64())
        })
    });
    assert!(gateway.metric("weir_audit_witnessed_events", &["vault"]) >= 1.0);
    let mut over_tcp = String::new();
    tcp.accept().unwrap().0.read_to_string(&mut over_tcp).unwrap();
    let (length, over_tcp) = over_tcp.split_once(' ').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), over_tcp.len());
    let mut buffer = [0; 2048];
    let length = udp.recv(&mut buffer).unwrap();
    let over_udp = String::from_utf8(buffer[..length].to_vec()).unwrap();
    assert!(over_udp.starts_with("<110>1 20"), "{over_udp}");
    let object = objects.recv_timeout(PATIENCE).unwrap();
    let mut python = Command::new("python3")
        .args(["-c", SIGV4])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(object.as_bytes()).unwrap();
    let checked = python.wait_with_output().unwrap();
    assert!(checked.status.success(), "{object}");
    let checked = stdout(&checked);
    let (path, stored) = checked.split_once('\n').unwrap();
    assert!(path.starts_with(&format!("/bucket/weir/{origin}/0000000000")), "{path}");
    let committed = git(&remote, &["show", &format!("main:{origin}.checkpoint")]);
    let (home, _) = gateway.stop();
    let kept = home.path().join("kept");
    let verify = |text: &str| {
        std::fs::write(&kept, text).unwrap();
        home.weir(&["audit", "verify", "--against", kept.to_str().unwrap()])
    };
    let all = [over_tcp, &over_udp, stored, &committed];
    for text in all {
        let output = verify(text);
        assert!(output.status.success(), "{text}: {}", stdout(&output));
    }
    std::fs::remove_dir_all(home.path().join("state/audit")).unwrap();
    copy(&before.path().join("audit"), &home.path().join("state/audit"));
    for text in all {
        let output = verify(text);
        assert!(stdout(&output).contains("the log was rolled back"), "{text}: {}", stdout(&output));
    }
}
