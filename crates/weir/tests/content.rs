//! Captured content: what a rule requires is captured whole, for the auditor's eyes alone, or nothing is served.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::backends::{ask_stream, open_stream};
use support::command::{stderr, stdout};
use support::http::{Client, Reply};
use support::stage::Stage;
use support::{Gateway, Home, ask, two_zones, weir};
use tempfile::TempDir;
use weir_rig::fake::{Cut, Fault, Script};

/// The rules of these tests: of public requests nothing is captured.
const POLICY: &str = "\
policy: 1
data: { default: public, personal: confidential }
rules:
  - { name: personal, when: { data.level: \">= confidential\" }, use: local, require: [audit.content] }
  - { name: app, when: { caller.app: captured }, use: any, require: [audit.content] }
  - { name: rest, use: any }
";
const PROMPT: &str = "Write to kingfisher.canary@example.com about the heron.";
const ANSWER: &str = "The bittern-canary booms in the reeds.";

/// The auditor's key, somewhere else than on the gateway's machine.
struct Auditor {
    dir: TempDir,
    public: String,
}

impl Auditor {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let made = weir().args(["audit", "content-key", "new"]).arg(dir.path().join("key")).output().unwrap();
        assert!(made.status.success(), "{}", stderr(&made));
        Self { public: stdout(&made).trim().to_owned(), dir }
    }

    fn key(&self) -> PathBuf {
        self.dir.path().join("key")
    }

    fn config(&self) -> impl FnOnce(&str, &str) -> String + use<> {
        let public = self.public.clone();
        move |local, cloud| {
            format!("{}audit: {{ content: {{ key: \"{public}\", keep: 7d }} }}\n", two_zones(local, cloud))
        }
    }

    fn stage(&self) -> Stage {
        Stage::with(self.config(), POLICY)
    }
}

fn content(home: &Home, id: &str, key: &Path, part: &str) -> Output {
    home.weir(&["audit", "content", id, "--key", key.to_str().unwrap(), "--part", part])
}

/// What was captured of a reply's request, which must be there and whole.
fn captured(home: &Home, reply: &Reply, key: &Path, part: &str) -> Vec<u8> {
    let output = content(home, &reply.decision(), key, part);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    output.stdout
}

fn content_files(home: &Home) -> Vec<PathBuf> {
    let Ok(days) = std::fs::read_dir(home.path().join("state/content")) else { return Vec::new() };
    let days = days.map(|day| day.unwrap().path()).filter(|day| !day.ends_with("keys"));
    days.flat_map(|day| std::fs::read_dir(day).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>())
        .collect()
}

fn events(home: &Home, kind: &str) -> Vec<Value> {
    home.audit(&["--event", kind])
}

/// The row's outcome, however the query nests it.
fn outcome(home: &Home, id: &str) -> Value {
    home.decision(id)["outcome"].clone()
}

#[test]
fn what_a_rule_requires_is_captured_for_the_auditor_and_lies_nowhere_as_text() {
    let auditor = Auditor::new();
    let mut stage = auditor.stage();
    stage.here.set(Script::default().text(ANSWER));
    let reply = stage.chat(&ask("auto", PROMPT));
    assert_eq!((reply.status, reply.zone()), (200, Some("local")));
    let home = &stage.gateway.home;
    let prompt: Value = serde_json::from_slice(&captured(home, &reply, &auditor.key(), "prompt")).unwrap();
    assert_eq!(prompt, ask("auto", PROMPT));
    assert_eq!(captured(home, &reply, &auditor.key(), "answer"), reply.body);
    let shown = home.weir(&["audit", "content", &reply.decision(), "--key", auditor.key().to_str().unwrap()]);
    assert!(stdout(&shown).contains(PROMPT) && stdout(&shown).contains(ANSWER), "{}", stdout(&shown));
    assert_eq!(content_files(home).len(), 2);
    // The record names what was captured, and the log is as it was written.
    let row = home.decision(&reply.decision());
    assert_eq!(row["decision"]["content_digest"].as_str().unwrap().len(), 64, "{row}");
    assert_eq!(row["outcome"]["content_digest"].as_str().unwrap().len(), 64, "{row}");
    assert_eq!(row["decision"]["requires"], json!(["audit.content"]));
    assert!(home.verify().0);
    for canary in ["kingfisher.canary", "bittern-canary"] {
        assert!(!home.state_holds(canary), "{canary} is on the disk");
    }
    let metrics = Client::connect(stage.gateway.admin).get("/metrics", &[]).text();
    let log = stage.gateway.log();
    for canary in ["kingfisher.canary", "bittern-canary"] {
        assert!(!metrics.contains(canary) && !log.contains(canary), "{canary}: {log}");
    }
}

#[test]
fn of_other_requests_nothing_is_captured() {
    let auditor = Auditor::new();
    let stage = auditor.stage();
    let reply = stage.chat(&ask("auto", "Say hello."));
    assert_eq!(reply.status, 200);
    assert!(!stage.gateway.home.path().join("state/content").exists());
    let row = stage.record(&reply);
    assert!(
        row["decision"].get("content_digest").is_none() && row["outcome"].get("content_digest").is_none()
    );
    let output = content(&stage.gateway.home, &reply.decision(), &auditor.key(), "prompt");
    assert!(
        !output.status.success() && stderr(&output).contains("nothing was captured"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn streams_are_captured_byte_for_byte_and_whole() {
    let auditor = Auditor::new();
    let stage = auditor.stage();
    // Several pieces, and one that is cut anywhere.
    let long = "0123456789 bittern-canary ".repeat(20_000);
    stage.here.set(Script::default().text(&long).chunks(900));
    let reply = stage.chat(&ask_stream("auto", PROMPT));
    assert_eq!((reply.status, reply.complete), (200, true));
    assert_eq!(reply.streamed_text(), long);
    assert!(reply.body.len() > 600_000);
    let home = &stage.gateway.home;
    assert_eq!(captured(home, &reply, &auditor.key(), "answer"), reply.body);
    assert!(!home.state_holds("bittern-canary"));
    // One that is short, and one whose backend breaks off.
    stage.here.set(Script::default().text(ANSWER));
    let short = stage.chat(&ask_stream("auto", PROMPT));
    assert_eq!(captured(home, &short, &auditor.key(), "answer"), short.body);
    stage.here.set(Script::failing(Fault::Cut { after: 2, how: Cut::Fin }));
    let broken = stage.chat(&ask_stream("auto", PROMPT));
    assert!(!broken.text().contains("[DONE]"), "{}", broken.text());
    assert_eq!(captured(home, &broken, &auditor.key(), "answer"), broken.body);
}

#[test]
fn of_a_stream_whose_client_goes_away_is_captured_what_it_got() {
    let auditor = Auditor::new();
    let stage = auditor.stage();
    stage.here.set(Script::failing(Fault::HangAfter(2)));
    let stream = open_stream(stage.gateway.data, &[], &ask_stream("auto", PROMPT));
    let (id, text) = (stream.header("x-weir-decision-id").to_owned(), stream.text.clone());
    stream.abandon();
    stage.gateway.until("the outcome names what was captured", |gateway| {
        outcome(&gateway.home, &id)["content_digest"].is_string()
    });
    assert_eq!(outcome(&stage.gateway.home, &id)["outcome"], "client_cancelled");
    let output = content(&stage.gateway.home, &id, &auditor.key(), "answer");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with(&text) && text.contains("content"), "{}", stdout(&output));
}

#[test]
fn a_tenants_key_opens_its_own_content_and_no_other() {
    let auditor = Auditor::new();
    let stage = auditor.stage();
    let home = &stage.gateway.home;
    let keys = ["acme", "rival"].map(|tenant| stage.gateway.key(&["app", "--tenant", tenant]));
    let [acme, rival] = keys.map(|key| {
        let reply = stage.gateway.chat_with(&[("authorization", &key.bearer())], &ask("auto", PROMPT));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply
    });
    let exported = auditor.dir.path().join("acme");
    let export = |file: &Path| {
        let key = auditor.key();
        let words = ["audit", "content-key", "export", "--tenant", "acme", "--key", key.to_str().unwrap()];
        home.weir(&[&words[..], &[file.to_str().unwrap()]].concat())
    };
    let output = export(&exported);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!export(&exported).status.success(), "it would be overwritten");
    let prompt = ask("auto", PROMPT).to_string();
    for reply in [&acme, &rival] {
        assert_eq!(captured(home, reply, &auditor.key(), "prompt").len(), prompt.len());
    }
    assert_eq!(captured(home, &acme, &exported, "prompt").len(), prompt.len());
    let output = content(home, &rival.decision(), &exported, "prompt");
    assert!(!output.status.success(), "{}", stdout(&output));
    assert!(output.stdout.is_empty() && stderr(&output).contains("tenant `rival`"), "{}", stderr(&output));
    // Nor does a stranger's.
    let output = content(home, &acme.decision(), &Auditor::new().key(), "answer");
    assert!(!output.status.success() && output.stdout.is_empty(), "{}", stderr(&output));
    let created = events(home, "content.key_created");
    let tenants: Vec<_> = created.iter().map(|row| row.to_string()).collect();
    assert_eq!(
        tenants.iter().filter(|row| row.contains("acme") || row.contains("rival")).count(),
        2,
        "{tenants:?}"
    );
}

#[test]
fn a_destroyed_key_leaves_nobody_anything_and_is_on_record() {
    let auditor = Auditor::new();
    let stage = auditor.stage();
    let home = &stage.gateway.home;
    let reply = stage.chat(&ask("auto", PROMPT));
    let admin = stage.gateway.admin.to_string();
    let destroy = |whose: &[&str]| {
        home.weir(&[&["audit", "content-key", "destroy", "--admin", &admin], whose].concat())
    };
    let unknown = destroy(&["--tenant", "nobody"]);
    assert!(!unknown.status.success() && stderr(&unknown).contains("nobody"), "{}", stderr(&unknown));
    let output = destroy(&["--without-tenant"]);
    assert!(output.status.success() && stdout(&output).starts_with("destroyed "), "{}", stderr(&output));
    let output = content(home, &reply.decision(), &auditor.key(), "prompt");
    assert!(!output.status.success() && stderr(&output).contains("destroyed"), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
    let destroyed = events(home, "content.key_destroyed");
    assert_eq!(destroyed.len(), 1, "{destroyed:?}");
    let actions = events(home, "admin.action");
    assert!(actions.iter().any(|row| row.to_string().contains("audit.destroy-content-key")), "{actions:?}");
    // The next request has a key of its own.
    let next = stage.chat(&ask("auto", PROMPT));
    captured(home, &next, &auditor.key(), "prompt");
    assert!(home.verify().0);
}

#[test]
fn a_request_that_cannot_be_captured_is_sent_nowhere() {
    let auditor = Auditor::new();
    let stage = auditor.stage();
    let key = stage.gateway.key(&["captured", "--app", "captured"]);
    // A file stands where the directory would be: nothing can be written.
    let directory = stage.gateway.home.path().join("state/content");
    std::fs::write(&directory, "").unwrap();
    let bearer = key.bearer();
    let send = |body: &Value| stage.gateway.chat_with(&[("authorization", &bearer)], body);
    for body in [
        ask("auto", PROMPT),
        ask_stream("auto", PROMPT),
        ask("cloud-only", "hello"),
        ask_stream("auto", "hello"),
    ] {
        let reply = send(&body);
        assert_eq!((reply.status, reply.code().as_str()), (503, "content_unavailable"), "{}", reply.text());
        let row = stage.record(&reply);
        assert_eq!(
            (&row["decision"]["action"], &row["outcome"]["error_code"]),
            (&json!("deny"), &json!("content_unavailable"))
        );
    }
    assert_eq!(stage.here.requests(), 0);
    stage.assert_cloud_untouched();
    assert_eq!(stage.gateway.metric("weir_content_capture_failures_total", &[]), 4.0);
    std::fs::remove_file(&directory).unwrap();
    assert_eq!(send(&ask("cloud-only", "hello")).status, 200);
    assert_eq!(stage.there.requests(), 1);
}

/// A gateway whose files can be kept from growing beyond a size, as on a full disk.
fn limited(auditor: &Auditor) -> Stage {
    Stage::run_as(auditor.config(), POLICY, |_| {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(weir().get_program());
        command
    })
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_captured_to_its_end_is_not_given_out_as_whole() {
    let auditor = Auditor::new();
    let stage = limited(&auditor);
    assert_eq!(stage.chat(&ask("auto", PROMPT)).status, 200);
    // The log has its room already; what is captured may have 200,000 bytes.
    let pid = stage.gateway.pid().to_string();
    let status = Command::new("prlimit").args(["--pid", &pid, "--fsize=200000:200000"]).status();
    assert!(status.expect("prlimit, of util-linux").success());
    stage.here.set(Script::default().text(&"0123456789 ".repeat(40_000)).chunks(600));
    let streamed = stage.chat(&ask_stream("auto", PROMPT));
    let text = streamed.text();
    assert!(
        !text.contains("[DONE]") && text.contains("content_unavailable"),
        "…{}",
        &text[text.len() - 300..]
    );
    let whole = stage.chat(&ask("auto", PROMPT));
    assert_eq!((whole.status, whole.code().as_str()), (503, "content_unavailable"), "{}", whole.text());
    for reply in [&streamed, &whole] {
        let outcome = outcome(&stage.gateway.home, &reply.decision());
        assert_eq!(
            (&outcome["outcome"], &outcome["error_code"]),
            (&json!("failed"), &json!("content_unavailable"))
        );
        assert!(outcome.get("content_digest").is_none(), "{outcome}");
    }
    assert_eq!(stage.gateway.metric("weir_content_capture_failures_total", &[]), 2.0);
    // What fits is served.
    stage.here.set(Script::default().text(ANSWER));
    let short = stage.chat(&ask_stream("auto", PROMPT));
    assert_eq!(captured(&stage.gateway.home, &short, &auditor.key(), "answer"), short.body);
}

#[test]
fn what_was_changed_or_taken_from_another_request_is_not_shown() {
    let auditor = Auditor::new();
    let stage = auditor.stage();
    let replies = [stage.chat(&ask("auto", PROMPT)), stage.chat(&ask("auto", PROMPT))];
    let home = &stage.gateway.home;
    let ids = replies
        .each_ref()
        .map(|reply| home.decision(&reply.decision())["decision"]["request_id"].as_str().unwrap().to_owned());
    let file = |id: &str| {
        content_files(home).into_iter().find(|path| path.ends_with(format!("{id}.answer"))).unwrap()
    };
    let (one, other) = (file(&ids[0]), file(&ids[1]));
    let bytes = std::fs::read(&one).unwrap();
    std::fs::copy(&other, &one).unwrap();
    let refused = |what: &str| {
        let output = content(home, &replies[0].decision(), &auditor.key(), "answer");
        assert!(!output.status.success() && stderr(&output).contains(what), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    };
    refused("not what the audit log has on record");
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(&one, changed).unwrap();
    refused("not what the audit log has on record");
    std::fs::remove_file(&one).unwrap();
    refused("no longer there");
    std::fs::write(&one, bytes).unwrap();
    captured(home, &replies[0], &auditor.key(), "answer");
}

#[test]
fn content_whose_time_is_over_is_deleted_and_that_is_on_record() {
    let auditor = Auditor::new();
    let home = Home::new(&auditor.config()("http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1"), POLICY);
    let days = home.path().join("state/content");
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    for day in ["2020-02-29", "2021-12-31", &today] {
        std::fs::create_dir_all(days.join(day)).unwrap();
        std::fs::write(days.join(day).join("req_1.prompt"), "old").unwrap();
    }
    let gateway = Gateway::start_in(home);
    gateway.until("old content is deleted", |_| {
        !days.join("2020-02-29").exists() && !days.join("2021-12-31").exists()
    });
    assert!(days.join(&today).exists());
    let deleted = events(&gateway.home, "content.deleted");
    assert_eq!(deleted.len(), 1, "{deleted:?}");
    assert!(deleted[0].to_string().contains("\"files\":2"), "{deleted:?}");
}

#[test]
fn a_policy_that_wants_content_captured_needs_a_key() {
    let home = Home::new(&two_zones("http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1"), POLICY);
    let output = home.weir(&["check"]);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("weir audit content-key new"), "{}", stderr(&output));
}
