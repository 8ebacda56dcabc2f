//! Reload of both files while the gateway runs: atomic, visible, and never for the worse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::backends::{ask_stream, holding, in_background, open_stream, streaming_for};
use support::http::{Client, Reply};
use support::stage::Stage;
use support::{Gateway, Home, PATIENCE, PERSONAL, TWO_RULES, ask, two_zones, weir};
use weir_rig::fake::{Fake, Script};

/// The two rules with a mark in each rule's name, so that a rule tells of which policy it is.
fn marked(mark: usize) -> String {
    TWO_RULES
        .replace("queue 5s", "queue 60s")
        .replace("stays local", &format!("stays local r{mark}"))
        .replace("the cloud\n", &format!("the cloud r{mark}\n"))
}

fn revision(gateway: &Gateway) -> String {
    gateway.ready().1["policy_revision"].as_str().unwrap().to_owned()
}

fn reload_result(gateway: &Gateway) -> String {
    gateway.ready().1["reload"]["result"].as_str().unwrap().to_owned()
}

/// Writes a policy and waits until another revision than before is in force, which it gives.
fn apply(gateway: &Gateway, policy: &str) -> String {
    let before = revision(gateway);
    fs::write(gateway.home.policy(), policy).unwrap();
    gateway.until("the policy is in force", |gateway| revision(gateway) != before);
    let revision = revision(gateway);
    let book = fs::read_to_string(gateway.home.path().join("state/policy/book.json")).unwrap();
    assert!(
        book.contains(&format!("\"applied\": \"{revision}\"")),
        "in force before it is on the disk: {book}"
    );
    revision
}

/// Until `stop`, one request after the other on one connection: classified and not, whole and streamed.
fn keep_asking(address: SocketAddr, stop: &AtomicBool, answered: &AtomicUsize) -> Vec<Reply> {
    let mut client = Client::connect(address);
    let bodies = [
        ask("auto", "a public question"),
        ask("auto", PERSONAL),
        ask_stream("auto", "a public question"),
        ask_stream("auto", PERSONAL),
    ];
    let mut replies = Vec::new();
    for body in bodies.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        replies.push(client.post("/v1/chat/completions", &[], body.to_string().as_bytes()));
        answered.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(40));
    }
    replies
}

#[test]
fn under_load_no_request_fails_and_each_has_one_known_revision() {
    // Slow enough, and local so narrow, that reloads meet requests in flight and in the queue.
    let config = |here: &str, there: &str| {
        two_zones(here, there).replace("name: local-model", "name: local-model, concurrency: 2")
    };
    let stage = Stage::with(config, &marked(0));
    for backend in [&stage.here, &stage.there] {
        backend.set(Script::default().latency(Duration::from_millis(15)));
    }
    let gateway = &stage.gateway;
    let (address, stop, answered) = (gateway.data, AtomicBool::new(false), AtomicUsize::new(0));
    let mut known = BTreeMap::from([(revision(gateway), 0)]);
    let replies: Vec<Reply> = thread::scope(|scope| {
        let clients: Vec<_> =
            (0..12).map(|_| scope.spawn(|| keep_asking(address, &stop, &answered))).collect();
        for mark in 1..=12 {
            let policy = marked(mark);
            if mark % 3 == 0 {
                let refused = gateway.metric("weir_reloads_total", &["refused"]);
                let broken = [&policy[..policy.len() / 2], "policy: 1\nrulez: []\n"][mark / 3 % 2];
                fs::write(gateway.home.policy(), broken).unwrap();
                gateway.until("it is refused", |g| g.metric("weir_reloads_total", &["refused"]) > refused);
            }
            let before = answered.load(Ordering::Relaxed);
            known.insert(apply(gateway, &policy), mark);
            gateway.until("there is load", |_| answered.load(Ordering::Relaxed) >= before + 20);
        }
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(known.len(), 13);
    let rows = gateway.home.audit(&[]);
    assert_eq!(rows.len(), replies.len());
    let rows: BTreeMap<&str, &Value> =
        rows.iter().map(|row| (row["decision"]["decision_id"].as_str().unwrap(), &row["decision"])).collect();
    assert_eq!(rows.len(), replies.len(), "more than one record of a request");
    for reply in &replies {
        check_consistent(reply, rows[reply.decision().as_str()], &known);
    }
    let seen: Vec<&str> = replies.iter().map(|reply| reply.header("x-weir-policy").unwrap()).collect();
    assert!(
        known.keys().filter(|revision| seen.contains(&revision.as_str())).count() > 3,
        "reloads met no load"
    );
}

fn check_consistent(reply: &Reply, record: &Value, known: &BTreeMap<String, usize>) {
    assert_eq!((reply.status, reply.complete), (200, true), "{}", reply.text());
    let is_stream = reply.header("content-type").unwrap().starts_with("text/event-stream");
    assert!(!is_stream || reply.events().last().unwrap() == "[DONE]", "{}", reply.text());
    let revision = reply.header("x-weir-policy").unwrap();
    assert_eq!(record["policy_revision"], revision);
    let mark = known.get(revision).unwrap_or_else(|| panic!("{revision} was never in force"));
    let rule = record["rule"].as_str().unwrap();
    assert_eq!(reply.header("x-weir-rule"), Some(rule));
    assert!(rule.ends_with(&format!(" r{mark}")), "rule `{rule}` is not of revision r{mark}");
    let zone = if record["level"] == "internal" { "cloud" } else { "local" };
    assert_eq!(reply.zone(), Some(zone), "{record}");
}

/// Puts something else than the good text in a file's place.
type Put = fn(&Path, &str);

/// What can be wrong with a file, and a word of what is said about it.
fn faults() -> Vec<(&'static str, Put, &'static str)> {
    vec![
        ("half written", |path, text| fs::write(path, &text[..text.len() * 2 / 3]).unwrap(), "yaml:"),
        ("empty", |path, _| fs::write(path, "").unwrap(), "yaml:"),
        ("deleted", |_, _| {}, "cannot read"),
        ("a directory", |path, _| fs::create_dir(path).unwrap(), "cannot read"),
        ("no UTF-8", |path, _| fs::write(path, b"policy: 1\xff\xfe").unwrap(), "cannot read"),
        (
            "with an unknown field",
            |path, text| fs::write(path, format!("{text}rulez: []\n")).unwrap(),
            "`rulez`",
        ),
        (
            "with a key twice",
            |path, text| fs::write(path, format!("{text}policy: 1\nweir: 1\npolicy: 1\nweir: 1\n")).unwrap(),
            "yaml:",
        ),
        ("of the wrong type", |path, _| fs::write(path, "- just\n- a list\n").unwrap(), "yaml:"),
    ]
}

/// Breaks one of the files in every way, and mends it each time.
fn break_and_mend(stage: &mut Stage, path: &Path, kind: &str) {
    let good = fs::read_to_string(path).unwrap();
    let in_force = revision(&stage.gateway);
    let name = path.file_name().unwrap().to_str().unwrap();
    for (fault, put, said) in faults() {
        let refused = stage.gateway.metric("weir_reloads_total", &["refused"]);
        let logged = stage.gateway.log().matches("reload refused").count();
        fs::remove_file(path).unwrap();
        put(path, &good);
        let what = format!("{name} is {fault}: it is refused");
        stage.gateway.until(&what, |gateway| {
            let problems = gateway.ready().1["reload"]["problems"].to_string();
            problems.contains(name) && problems.contains(said)
        });
        let (status, ready) = stage.gateway.ready();
        assert_eq!((status, &ready["ready"]), (200, &Value::Bool(true)), "{fault}");
        assert_eq!(ready["policy_revision"], in_force.as_str(), "{fault}");
        assert_eq!(stage.gateway.metric("weir_reload_last_ok", &[]), 0.0, "{fault}");
        assert!(stage.gateway.metric("weir_reloads_total", &["refused"]) > refused, "{fault}");
        let written = Instant::now();
        while stage.gateway.log().matches("reload refused; the last good files stay in force").count()
            <= logged
        {
            assert!(written.elapsed() < PATIENCE, "{fault}: the log says nothing");
            thread::sleep(Duration::from_millis(5));
        }
        let answer = stage.chat(&ask("auto", PERSONAL));
        assert_eq!((answer.status, answer.zone()), (200, Some("local")), "{fault}");
        let _ = fs::remove_dir(path);
        fs::write(path, &good).unwrap();
        stage.gateway.until(&format!("{name} is mended after being {fault}"), |gateway| {
            reload_result(gateway) == "ok" && gateway.metric("weir_reload_last_ok", &[]) == 1.0
        });
    }
    let event = "\"type\":\"policy.rejected\"";
    assert!(stage.gateway.home.state_holds(event), "no audit event");
    assert!(stage.gateway.home.state_holds(&format!("\"file\":\"{kind}\"")), "the event names another file");
    assert!(stage.gateway.home.verify().0);
}

#[test]
fn a_bad_policy_changes_nothing_and_is_visible_until_it_is_mended() {
    let mut stage = Stage::new();
    let path = stage.gateway.home.policy();
    break_and_mend(&mut stage, &path, "policy");
    let revision = apply(&stage.gateway, &marked(7));
    assert_eq!(stage.chat(&ask("auto", "hello")).header("x-weir-policy"), Some(revision.as_str()));
}

#[test]
fn a_bad_configuration_changes_nothing_and_is_visible_until_it_is_mended() {
    let mut stage = Stage::new();
    let path = stage.gateway.home.config();
    break_and_mend(&mut stage, &path, "config");
}

#[test]
fn a_cloud_backend_that_is_cleared_for_classified_data_is_refused_at_reload() {
    let stage = Stage::new();
    let config = fs::read_to_string(stage.gateway.home.config()).unwrap();
    let loose = config.replace("    zone: cloud\n", "    zone: cloud\n    clearance: confidential\n");
    fs::write(stage.gateway.home.config(), loose).unwrap();
    stage.gateway.until("it is refused with its place", |gateway| {
        gateway.ready().1["reload"]["problems"].to_string().contains("weir.yaml:12:")
    });
    assert_eq!(stage.chat(&ask("auto", PERSONAL)).zone(), Some("local"));
}

#[test]
fn a_mounted_directory_whose_link_is_swapped_is_followed() {
    let backend = Stage::new();
    let home = Home::new(&two_zones(&backend.here.url(), &backend.there.url()), &marked(1));
    let mount = home.path().to_owned();
    for (version, policy) in [("..v1", marked(1)), ("..v2", marked(2))] {
        fs::create_dir(mount.join(version)).unwrap();
        fs::copy(home.config(), mount.join(version).join("weir.yaml")).unwrap();
        fs::write(mount.join(version).join("policy.yaml"), policy).unwrap();
    }
    symlink("..v1", mount.join("..data")).unwrap();
    for name in ["weir.yaml", "policy.yaml"] {
        fs::remove_file(mount.join(name)).unwrap();
        symlink(Path::new("..data").join(name), mount.join(name)).unwrap();
    }
    let gateway = Gateway::start_in(home);
    let first = gateway.chat(&ask("auto", "hello"));
    assert_eq!(first.header("x-weir-rule"), Some("everything else may use the cloud r1"));
    symlink("..v2", mount.join("..data_tmp")).unwrap();
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    fs::remove_dir_all(mount.join("..v1")).unwrap();
    let before = first.header("x-weir-policy").unwrap();
    gateway.until("the swap is seen", |gateway| revision(gateway) != before);
    let second = gateway.chat(&ask("auto", "hello"));
    assert_eq!(second.header("x-weir-rule"), Some("everything else may use the cloud r2"));
    assert_eq!(gateway.metric("weir_reloads_total", &["refused"]), 0.0);
}

#[test]
fn sighup_reads_both_files_again() {
    let policy = TWO_RULES.replace(
        "rules:\n",
        "  terms: [{ name: codenames, file: terms/codenames.txt, level: confidential }]\nrules:\n",
    );
    let backend = Stage::new();
    let home = Home::new(&two_zones(&backend.here.url(), &backend.there.url()), &policy);
    // Not in the directory that is watched.
    let terms = home.path().join("terms/codenames.txt");
    fs::create_dir(home.path().join("terms")).unwrap();
    fs::write(&terms, "bluebird\n").unwrap();
    let mut gateway = Gateway::start_in(home);
    assert_eq!(gateway.chat(&ask("auto", "the granite budget")).zone(), Some("cloud"));
    let before = revision(&gateway);
    fs::write(&terms, "bluebird\ngranite\n").unwrap();
    gateway.signal("HUP");
    gateway.wait_for_log("SIGHUP: reading both files");
    gateway.until("the terms are in force", |gateway| revision(gateway) != before);
    assert_eq!(gateway.chat(&ask("auto", "the granite budget")).zone(), Some("local"));
}

#[test]
fn a_secret_that_changes_in_its_file_is_used_from_then_on() {
    let backend = Stage::new();
    let keyed = two_zones(&backend.here.url(), &backend.there.url())
        .replace("zone: cloud", "zone: cloud\n    api_key: \"file:cloud.key\"");
    let home = Home::new(&keyed, &marked(1));
    let key = home.path().join("cloud.key");
    fs::write(&key, "sk-first\n").unwrap();
    let gateway = Gateway::start_in(home);
    let used = |gateway: &Gateway| {
        let reply = gateway.chat(&ask("auto", "hello"));
        assert_eq!((reply.status, reply.zone()), (200, Some("cloud")));
        let seen = backend.there.seen();
        seen.last().unwrap().header("authorization").unwrap().to_owned()
    };
    assert_eq!(used(&gateway), "Bearer sk-first");
    // By itself, and together with another policy; neither is a change of what records call the configuration.
    let digest = |gateway: &Gateway| gateway.ready().1["config_digest"].clone();
    let before = digest(&gateway);
    fs::write(&key, "sk-second\n").unwrap();
    gateway.until("the second key is used", |gateway| used(gateway) == "Bearer sk-second");
    fs::write(&key, "sk-third\n").unwrap();
    fs::write(gateway.home.policy(), marked(2)).unwrap();
    gateway.until("the third key is used", |gateway| used(gateway) == "Bearer sk-third");
    assert_eq!(digest(&gateway), before);
    // One that cannot be used changes nothing.
    fs::remove_file(&key).unwrap();
    gateway.until("it is refused", |gateway| reload_result(gateway) == "refused");
    assert_eq!(used(&gateway), "Bearer sk-third");
}

/// A policy under which what is not classified waits for the cloud.
fn cloud_only_policy() -> String {
    TWO_RULES.replace("use: any", "use: cloud").replace("[burst, queue 5s, reject]", "[queue 60s, reject]")
}

/// A gateway with one place in the cloud, which is taken, and `count` requests that wait for it.
fn with_queue_for_the_cloud(
    count: u32,
    text: &str,
) -> (Stage, support::backends::Stream, Vec<thread::JoinHandle<Reply>>) {
    let config = |here: &str, there: &str| {
        two_zones(here, there).replace("name: cloud-model", "name: cloud-model, concurrency: 1")
    };
    let stage = Stage::with(config, &cloud_only_policy());
    stage.there.set(holding());
    let holder = open_stream(stage.gateway.data, &[], &ask_stream("auto", "hold the place"));
    stage.there.set(Script::default());
    let waiting: Vec<_> =
        (0..count).map(|_| in_background(stage.gateway.data, &[], &ask("auto", text))).collect();
    stage.gateway.until_queued(count);
    (stage, holder, waiting)
}

fn assert_all_stayed_local(there: &Fake, waiting: Vec<thread::JoinHandle<Reply>>, text: &str) {
    for request in waiting {
        let reply = request.join().unwrap();
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    }
    assert_eq!(there.requests(), 1, "more than the request that held the place");
    assert_eq!(there.leaked(text), None);
}

#[test]
fn what_waits_for_the_cloud_when_the_rules_are_tightened_does_not_go_there() {
    let (stage, holder, waiting) = with_queue_for_the_cloud(20, "a question that waits");
    let tight = apply(&stage.gateway, &cloud_only_policy().replace("use: cloud", "use: local"));
    holder.abandon();
    assert_all_stayed_local(&stage.there, waiting, "a question that waits");
    let rows = stage.gateway.home.audit(&["--zone", "local"]);
    assert_eq!(rows.len(), 20);
    assert!(rows.iter().all(|row| row["decision"]["policy_revision"] == tight.as_str()), "{rows:?}");
}

#[test]
fn what_waits_for_the_cloud_is_inspected_again_when_the_data_section_is_tightened() {
    let (stage, holder, waiting) = with_queue_for_the_cloud(5, "project bluebird is late");
    let tight = cloud_only_policy().replace(
        "rules:\n",
        "  terms: [{ name: codenames, words: [bluebird], level: restricted }]\nrules:\n",
    );
    apply(&stage.gateway, &tight);
    holder.abandon();
    assert_all_stayed_local(&stage.there, waiting, "bluebird");
    let rows = stage.gateway.home.audit(&["--zone", "local"]);
    assert!(rows.iter().all(|row| row["decision"]["level"] == "restricted"), "{rows:?}");
}

#[test]
fn a_stream_from_the_cloud_is_cut_when_what_it_answers_may_not_leave_any_more_and_others_go_on() {
    let stage = Stage::with(two_zones, &cloud_only_policy());
    stage.there.set(streaming_for(Duration::from_secs(30)));
    let stream = |text: &str| open_stream(stage.gateway.data, &[], &ask_stream("auto", text));
    let (cut, spared) = (stream("project bluebird is late"), stream("a question that may leave"));
    let decision = cut.header("x-weir-decision-id").to_owned();
    let tight = cloud_only_policy().replace(
        "rules:\n",
        "  terms: [{ name: codenames, words: [bluebird], level: restricted }]\nrules:\n",
    );
    apply(&stage.gateway, &tight);
    let last: Value = serde_json::from_str(cut.rest().last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "policy_denied", "{last}");
    let record = stage.gateway.home.decision(&decision);
    assert_eq!(
        (&record["outcome"]["outcome"], &record["outcome"]["error_code"]),
        (&"rejected".into(), &"policy_tightened".into()),
        "{record}"
    );
    stage.until("one is cancelled, and the other runs", &stage.there, |fake| {
        (fake.cancelled().len(), fake.in_flight()) == (1, 1)
    });
    spared.abandon();
}

#[test]
fn what_waits_is_denied_when_a_rule_now_denies_it() {
    let (stage, holder, waiting) = with_queue_for_the_cloud(5, "a question that waits");
    apply(
        &stage.gateway,
        &cloud_only_policy().replace(
            "    use: cloud\n    prefer: order\n    when_full: [queue 60s, reject]\n",
            "    deny: closed for the night\n",
        ),
    );
    holder.abandon();
    for request in waiting {
        let reply = request.join().unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (403, "policy_denied"), "{}", reply.text());
        assert!(reply.text().contains("closed for the night"));
    }
    assert_eq!(stage.there.requests(), 1);
}

#[test]
fn more_concurrency_lets_those_in_who_wait() {
    let config = |here: &str, there: &str| {
        two_zones(here, there).replace("name: local-model", "name: local-model, concurrency: 1")
    };
    let stage = Stage::with(config, &TWO_RULES.replace("queue 5s", "queue 60s"));
    stage.here.set(holding());
    let _holder = open_stream(stage.gateway.data, &[], &ask_stream("local-only", "hold the place"));
    stage.here.set(Script::default());
    let waiting: Vec<_> =
        (0..4).map(|_| in_background(stage.gateway.data, &[], &ask("local-only", "hello"))).collect();
    stage.gateway.until_queued(4);
    let wider = config(&stage.here.url(), &stage.there.url()).replace("concurrency: 1", "concurrency: 8");
    fs::write(stage.gateway.home.config(), wider).unwrap();
    for request in waiting {
        assert_eq!(request.join().unwrap().status, 200);
    }
    stage.gateway.until_queued(0);
}

#[test]
fn a_start_with_bad_files_is_refused_with_their_place() {
    let backend = Stage::new();
    let good = two_zones(&backend.here.url(), &backend.there.url());
    let cases = [
        (good.clone(), TWO_RULES.replace("use: local", "use: locla"), "policy.yaml:10:10"),
        (good.replace("zone: local", "zone: lokal"), TWO_RULES.to_owned(), "weir.yaml:7:11"),
        (
            good.replace("    zone: cloud\n", "    zone: cloud\n    clearance: restricted\n"),
            TWO_RULES.to_owned(),
            "weir.yaml:12:16",
        ),
        (good.replace(&backend.here.url(), "http://8.8.8.8/v1"), TWO_RULES.to_owned(), "weir.yaml:8:10"),
        (String::new(), TWO_RULES.to_owned(), "weir.yaml:1:1"),
    ];
    for (config, policy, place) in cases {
        let home = Home::new(&config, &policy);
        let output = home.weir(&["serve"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(place), "{place} is not in: {said}");
        assert!(
            !home.path().join("state").exists(),
            "something was done before the files were known to be good"
        );
    }
}

/// Whatever takes the log may be restarted, or have no room.
#[test]
fn a_log_that_nobody_reads_any_more_changes_nothing() {
    let mut stage = Stage::new();
    stage.gateway.abandon_log();
    // The first of these is what the reader does not take any more, and the others are not written at all.
    for refused in 1..=3 {
        fs::write(stage.gateway.home.policy(), format!("policy: 1\nfault_{refused}: 1\n")).unwrap();
        stage.gateway.until("a policy is refused", |gateway| {
            gateway.metric("weir_reloads_total", &["refused"]) >= f64::from(refused)
        });
    }
    assert_eq!(stage.chat(&ask("auto", PERSONAL)).zone(), Some("local"));
    assert!(stage.gateway.stop().1, "it ends in order");
}

#[test]
fn a_start_without_files_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    let output = weir().arg("serve").current_dir(empty.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read `weir.yaml`"));
}
