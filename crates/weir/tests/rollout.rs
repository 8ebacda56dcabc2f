//! New policies on their way into force: in the shadow, in stages, signed, from git, and back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use support::http::{Client, Reply};
use support::stage::Stage;
use support::{Gateway, Home, TWO_RULES, ask, two_zones, weir};

/// What sent everything that may leave to the cloud now keeps it here.
fn all_local() -> String {
    TWO_RULES.replace("prefer: order", "prefer: local").replace("may use the cloud", "stays too")
}

/// What may leave is refused.
fn denies() -> String {
    let (head, _) = TWO_RULES.split_once("  - name: everything").unwrap();
    format!("{head}  - name: nothing else\n    deny: not now\n")
}

fn rolling_out(settings: &'static str) -> impl FnOnce(&str, &str) -> String {
    move |here, there| format!("{}policy:\n{settings}", two_zones(here, there))
}

const SHADOW: &str = "  rollout: { mode: shadow }\n";
/// A stage that sixty requests do not complete, however long they take.
const STAGED: &str = "  rollout: { mode: staged, stages: [50%], stage_time: 1s, stage_requests: 61 }\n";

fn status(gateway: &Gateway) -> Value {
    Client::connect(gateway.admin).get("/policy", &[]).json()
}

fn in_force(gateway: &Gateway) -> String {
    status(gateway)["in_force"]["revision"].as_str().unwrap().to_owned()
}

fn on_its_way(gateway: &Gateway) -> Option<String> {
    status(gateway)["on_its_way"]["stage"].as_str().map(str::to_owned)
}

fn policy(gateway: &Gateway, arguments: &[&str]) -> Output {
    let admin = gateway.admin.to_string();
    let mut all = vec!["policy"];
    all.extend(arguments);
    all.extend(["--admin", &admin]);
    gateway.home.weir(&all)
}

#[track_caller]
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn replies(stage: &Stage, count: usize) -> Vec<Reply> {
    let mut client = stage.gateway.client();
    let body = ask("auto", "a public question").to_string();
    (0..count).map(|_| client.post("/v1/chat/completions", &[], body.as_bytes())).collect()
}

/// The stage and the rule that the record of each reply names.
fn stages_of(stage: &Stage, replies: &[Reply]) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = stage.gateway.home.audit(&[]);
    let record = |reply: &Reply| {
        let is_its = |row: &&Value| row["decision"]["decision_id"] == reply.decision().as_str();
        rows.iter().find(is_its).unwrap()["decision"].clone()
    };
    let records = replies.iter().map(record);
    records.map(|record| (word(&record["stage"]), word(&record["rule"]))).collect()
}

#[test]
fn a_policy_in_the_shadow_decides_nothing_and_what_it_would_change_is_recorded() {
    let stage = Stage::with(rolling_out(SHADOW), TWO_RULES);
    let gateway = &stage.gateway;
    let before = in_force(gateway);
    fs::write(gateway.home.policy(), all_local()).unwrap();
    gateway.until("it is in the shadow", |gateway| on_its_way(gateway).as_deref() == Some("shadow"));
    let reply = replies(&stage, 1).remove(0);
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")));
    let record = stage.record(&reply)["decision"].clone();
    assert_eq!((&record["policy_revision"], &record["stage"]), (&json!(before), &json!("all")));
    let shadow = &record["shadow"];
    assert_eq!(shadow["rule"], "everything else stays too");
    assert_eq!((&shadow["zone"], &shadow["target"]), (&json!("local"), &json!("here/local-model")));
    assert_eq!(shadow["policy_revision"], status(gateway)["on_its_way"]["revision"]);
    let same = stage.chat(&ask("auto", "write to jane.doe@example.com"));
    assert_eq!(stage.record(&same)["decision"].get("shadow"), None);
    let shadow = status(gateway)["on_its_way"]["shadow"].clone();
    assert_eq!(shadow, json!({ "same": 1, "different": 1, "not_compared": 0 }));
    assert_eq!(gateway.metric("weir_policy_shadow_decisions_total", &["different"]), 1.0);
    let shown = done(policy(gateway, &["apply"]));
    assert!(shown.contains("in force") && !shown.contains("on its way"), "{shown}");
    assert_ne!(in_force(gateway), before);
    assert_eq!(replies(&stage, 1)[0].zone(), Some("local"));
}

#[test]
fn a_staged_policy_takes_its_share_and_then_all() {
    let stage = Stage::with(rolling_out(STAGED), TWO_RULES);
    let gateway = &stage.gateway;
    fs::write(gateway.home.policy(), all_local()).unwrap();
    gateway.until("it is staged", |gateway| on_its_way(gateway).is_some());
    let half = replies(&stage, 60);
    let seen = stages_of(&stage, &half);
    let new = seen.iter().filter(|(stage, _)| stage == "share-50").count();
    assert!((10..50).contains(&new), "{new} of 60 requests by the new policy");
    for ((stage, rule), reply) in seen.iter().zip(&half) {
        let (is_new, zone) = (stage == "share-50", reply.zone());
        assert_eq!(is_new, rule == "everything else stays too", "{stage} {rule}");
        assert_eq!(zone, Some(if is_new { "local" } else { "cloud" }));
    }
    gateway.until("it is in force", |gateway| {
        replies(&stage, 20);
        on_its_way(gateway).is_none()
    });
    assert!(
        stages_of(&stage, &replies(&stage, 5))
            .iter()
            .all(|(stage, rule)| { (stage.as_str(), rule.as_str()) == ("all", "everything else stays too") })
    );
}

#[test]
fn a_staged_policy_that_denies_stops_by_itself_and_nobody_is_denied_any_more() {
    let mut stage = Stage::with(rolling_out(STAGED), TWO_RULES);
    let before = in_force(&stage.gateway);
    fs::write(stage.gateway.home.policy(), denies()).unwrap();
    stage.gateway.until("it is staged", |gateway| on_its_way(gateway).is_some());
    let mut denied = 0;
    stage.gateway.until("it has stopped", |gateway| {
        denied += replies(&stage, 4).iter().filter(|reply| reply.status == 403).count();
        !status(gateway)["on_its_way"]["stopped"].is_null()
    });
    assert!(denied >= 3, "stopped after {denied} denials");
    stage.gateway.wait_for_log("the rollout of the new policy stopped");
    let gateway = &stage.gateway;
    assert!(replies(&stage, 30).iter().all(|reply| reply.status == 200));
    assert_eq!((in_force(gateway), on_its_way(gateway).as_deref()), (before, Some("shadow")));
    // It stops at once, and that is written down then.
    gateway.until("that is counted", |gateway| gateway.metric("weir_policy_rollout_stopped", &[]) == 1.0);
    assert!(gateway.ready().1["rollout"]["stopped"].as_str().unwrap().starts_with("denials"));
    let shown = policy(gateway, &["status"]);
    assert_eq!(shown.status.code(), Some(1), "for scripts");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("denials") && shown.contains("`weir policy rollback` gives it up"), "{shown}");
    let history = done(policy(gateway, &["history"]));
    assert!(history.lines().any(|line| line.contains("stopped") && line.contains("denials")), "{history}");
}

#[test]
fn a_policy_that_was_never_in_force_is_nothing_to_go_back_to_and_commands_may_follow_at_once() {
    let stage = Stage::new();
    let refused = |arguments: &[&str]| {
        let output = policy(&stage.gateway, arguments);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = refused(&["rollback", "0123456789abcdef"]);
    assert!(said.contains("no policy `0123456789abcdef` was in force here"), "{said}");
    for _ in 0..3 {
        let said = refused(&["rollback"]);
        assert!(said.contains("there is no policy to go back to"), "{said}");
    }
}

#[test]
fn what_is_rolled_back_stays_so_over_a_restart_until_it_is_applied_again() {
    let stage = Stage::with(two_zones, TWO_RULES);
    let gateway = &stage.gateway;
    let first = in_force(gateway);
    fs::write(gateway.home.policy(), all_local()).unwrap();
    gateway.until("the second is in force", |gateway| in_force(gateway) != first);
    let second = in_force(gateway);
    done(policy(gateway, &["rollback"]));
    assert_eq!(in_force(gateway), first);
    assert_eq!(replies(&stage, 1)[0].zone(), Some("cloud"));
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!(in_force(gateway), first, "the files are not taken up again by themselves");
    // Another configuration is taken up all the same, under the policy in force.
    let config = fs::read_to_string(gateway.home.config()).unwrap();
    fs::write(gateway.home.config(), format!("{config}limits: {{ queue: 7 }}\n")).unwrap();
    let digest = status(gateway)["in_force"]["config_digest"].clone();
    gateway.until("the configuration is in force", |gateway| {
        status(gateway)["in_force"]["config_digest"] != digest
    });
    assert_eq!(in_force(gateway), first);
    let Stage { gateway, here: _here, there: _there, .. } = stage;
    let (home, ok) = gateway.stop();
    assert!(ok);
    let gateway = Gateway::start_in(home);
    assert_eq!(
        (in_force(&gateway), status(&gateway)["held"].as_str()),
        (first.clone(), Some(second.as_str()))
    );
    done(policy(&gateway, &["apply"]));
    assert_eq!((in_force(&gateway), status(&gateway)["held"].is_null()), (second.clone(), true));
    let history = done(policy(&gateway, &["history", "--json"]));
    let what = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        (entry["what"].as_str().unwrap().to_owned(), entry["revision"].as_str().unwrap().to_owned())
    };
    let expected = [
        ("applied", &first),
        ("applied", &second),
        ("applied", &first),
        ("rolled_back", &second),
        ("applied", &second),
    ];
    let expected: Vec<(String, String)> =
        expected.into_iter().map(|(what, revision)| (what.to_owned(), revision.clone())).collect();
    assert_eq!(history.lines().map(what).collect::<Vec<_>>(), expected);
}

#[test]
fn a_rollout_goes_on_where_a_restart_left_it() {
    let stage = Stage::with(rolling_out(SHADOW), TWO_RULES);
    let before = in_force(&stage.gateway);
    fs::write(stage.gateway.home.policy(), all_local()).unwrap();
    stage.gateway.until("it is in the shadow", |gateway| on_its_way(gateway).is_some());
    done(policy(&stage.gateway, &["apply", "--stage", "30"]));
    let Stage { gateway, here: _here, there: _there, .. } = stage;
    let gateway = Gateway::start_in(gateway.kill());
    assert_eq!((in_force(&gateway), on_its_way(&gateway).as_deref()), (before, Some("30 %")));
}

#[test]
fn nobody_changes_what_is_in_force_without_the_token() {
    let stage = Stage::with(rolling_out(SHADOW), TWO_RULES);
    let gateway = &stage.gateway;
    let before = in_force(gateway);
    fs::write(gateway.home.policy(), all_local()).unwrap();
    gateway.until("it is in the shadow", |gateway| on_its_way(gateway).is_some());
    let post = |path: &str, headers: &[(&str, &str)]| Client::connect(gateway.admin).post(path, headers, b"");
    for path in ["/policy/apply", "/policy/rollback", "/policy/reload", "/policy/test", "/policy/replay"] {
        for headers in [&[][..], &[("authorization", "Bearer 00")], &[("authorization", "Bearer 1.00")]] {
            assert_eq!(post(path, headers).status, 401, "{path} {headers:?}");
        }
        assert_eq!(Client::connect(gateway.admin).get(path, &[]).status, 405);
    }
    assert_eq!(in_force(gateway), before);
    let key = gateway.home.path().join("state/admin.key");
    let token: String = fs::read(&key).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    let bearer = format!("Bearer {token}");
    assert_eq!(post("/policy/apply", &[("authorization", &bearer)]).status, 200);
    assert_ne!(in_force(gateway), before);
    replies(&stage, 3);
    let cases = "cases:\n  - { name: stays, facts: { request.alias: auto }, expect: { zone: cloud } }\n";
    fs::write(gateway.home.path().join("policy.test.yaml"), cases).unwrap();
    let tested = post("/policy/test", &[("authorization", &bearer)]);
    assert_eq!((tested.status, &tested.json()["passed"]), (200, &json!(false)), "{}", tested.text());
    let replayed = post("/policy/replay", &[("authorization", &bearer)]);
    assert_eq!((replayed.status, &replayed.json()["requests"]), (200, &json!(3)), "{}", replayed.text());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

/// A directory with a policy, signed with the key in `home`.
fn sign(home: &Path, directory: &Path, version: u64) {
    let key = home.join("policy.key");
    let mut command = weir();
    command.args(["policy", "sign", "--key"]).arg(key).arg(directory).arg(version.to_string());
    done(command.output().unwrap());
}

#[test]
fn only_a_signed_policy_is_taken_up_and_never_an_older_one() {
    let keys = tempfile::tempdir().unwrap();
    let key = keys.path().join("policy.key");
    let public = done(weir().args(["policy", "keygen", "--key"]).arg(&key).output().unwrap());
    let policies = tempfile::tempdir().unwrap();
    let file = policies.path().join("policy.yaml");
    fs::write(&file, TWO_RULES).unwrap();
    sign(keys.path(), policies.path(), 5);
    let settings =
        format!("policy: {{ path: {}, signed_by: {} }}\n", policies.path().display(), public.trim());
    let mut stage = Stage::with(|here, there| format!("{}{settings}", two_zones(here, there)), "unused");
    let first = in_force(&stage.gateway);
    let refused = |stage: &mut Stage, what: &str, said: &str| {
        stage
            .gateway
            .until(what, |gateway| gateway.ready().1["reload"]["problems"].to_string().contains(said));
        assert_eq!(in_force(&stage.gateway), first, "{what}");
        assert_eq!(stage.gateway.metric("weir_reload_last_ok", &[]), 0.0, "{what}");
        assert_eq!(replies(stage, 1)[0].zone(), Some("cloud"), "{what}");
    };
    fs::write(&file, all_local()).unwrap();
    refused(&mut stage, "changed and not signed again", "not the file that was signed");
    sign(keys.path(), policies.path(), 4);
    refused(&mut stage, "signed as an older version", "version 5 was taken up before");
    sign(keys.path(), policies.path(), 5);
    refused(&mut stage, "another of the same version", "version 5 was taken up before");
    fs::remove_file(policies.path().join("policy.bundle")).unwrap();
    refused(&mut stage, "without a signature", "there is no");
    let rolled_back = policy(&stage.gateway, &["rollback"]);
    assert!(String::from_utf8_lossy(&rolled_back.stderr).contains("sign the older policy again"));
    sign(keys.path(), policies.path(), 6);
    stage.gateway.until("version 6 is in force", |gateway| in_force(gateway) != first);
    assert_eq!(status(&stage.gateway)["in_force"]["version"], 6);
    // Not even over a restart.
    fs::write(&file, TWO_RULES).unwrap();
    sign(keys.path(), policies.path(), 5);
    let Stage { gateway, here: _here, there: _there, .. } = stage;
    let output = gateway.kill().weir(&["serve"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("version 6 was taken up before"));
}

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    command.current_dir(directory).args(identity).args(arguments);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_push_to_the_branch_puts_its_policy_in_force_with_the_commit_it_came_from() {
    let work = tempfile::tempdir().unwrap();
    let mirror = tempfile::tempdir().unwrap();
    git(work.path(), &["init", "-q", "-b", "main"]);
    fs::create_dir_all(work.path().join("weir/terms")).unwrap();
    let file = work.path().join("weir/policy.yaml");
    let with_terms = TWO_RULES.replace(
        "  personal",
        "  terms: [{ name: codenames, file: terms/names.txt, level: confidential }]\n  personal",
    );
    fs::write(&file, &with_terms).unwrap();
    fs::write(work.path().join("weir/terms/names.txt"), "bluebird\n").unwrap();
    git(work.path(), &["add", "."]);
    git(work.path(), &["commit", "-q", "-m", "one"]);
    git(mirror.path(), &["clone", "-q", "--mirror", work.path().to_str().unwrap(), "p.git"]);
    let repository = mirror.path().join("p.git");
    git(work.path(), &["remote", "add", "gateway", repository.to_str().unwrap()]);
    let settings = format!("policy: {{ git: {{ repository: {}, path: weir }} }}\n", repository.display());
    let stage = Stage::with(|here, there| format!("{}{settings}", two_zones(here, there)), "unused");
    let gateway = &stage.gateway;
    let first = in_force(gateway);
    assert_eq!(stage.chat(&ask("auto", "what of bluebird?")).zone(), Some("local"), "the terms are read");
    fs::write(&file, with_terms.replace("prefer: order", "prefer: local")).unwrap();
    git(work.path(), &["commit", "-q", "-a", "-m", "two"]);
    git(work.path(), &["push", "-q", "gateway", "main"]);
    gateway.until("the commit is in force", |gateway| in_force(gateway) != first);
    let head = Command::new("git").current_dir(work.path()).args(["rev-parse", "HEAD"]).output().unwrap();
    let head = String::from_utf8(head.stdout).unwrap();
    assert_eq!(status(gateway)["in_force"]["commit"], head.trim());
    // A repository that is packed reads the same.
    git(&repository, &["gc", "-q", "--aggressive", "--prune=now"]);
    fs::write(&file, "policy: 1\nrulez: []\n").unwrap();
    git(work.path(), &["commit", "-q", "-a", "-m", "three"]);
    git(work.path(), &["push", "-q", "gateway", "main"]);
    gateway.until("the bad commit is refused", |gateway| {
        gateway.ready().1["reload"]["problems"].to_string().contains("`rulez`")
    });
    assert_ne!(in_force(gateway), first);
}

/// A repository with a policy in `weir/`, and a bare mirror of it.
fn mirrored() -> (tempfile::TempDir, tempfile::TempDir, std::path::PathBuf) {
    let (work, mirror) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    git(work.path(), &["init", "-q", "-b", "main"]);
    fs::create_dir_all(work.path().join("weir")).unwrap();
    fs::write(work.path().join("weir/policy.yaml"), TWO_RULES).unwrap();
    git(work.path(), &["add", "."]);
    git(work.path(), &["commit", "-q", "-m", "one"]);
    git(mirror.path(), &["clone", "-q", "--mirror", work.path().to_str().unwrap(), "p.git"]);
    let repository = mirror.path().join("p.git");
    (work, mirror, repository)
}

fn commit(work: &Path, from: &str, to: &str) {
    let file = work.join("weir/policy.yaml");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace(from, to)).unwrap();
    git(work, &["commit", "-q", "-a", "-m", "more"]);
}

#[test]
fn new_commits_are_fetched_by_the_operators_command_from_time_to_time() {
    let (work, _mirror, repository) = mirrored();
    let settings = format!(
        "policy: {{ git: {{ repository: {}, path: weir, fetch: {{ command: [git, fetch, --quiet], every: 2s }} }} }}\n",
        repository.display()
    );
    let stage = Stage::with(|here, there| format!("{}{settings}", two_zones(here, there)), "unused");
    let gateway = &stage.gateway;
    let first = in_force(gateway);
    commit(work.path(), "prefer: order", "prefer: local");
    gateway.until("the commit is fetched and in force", |gateway| in_force(gateway) != first);
    // What the command brings is seen before it has ended.
    gateway.until("the command has ended well", |gateway| {
        status(gateway)["fetch"]["result"] == "ok"
            && gateway.metric("weir_policy_fetches_total", &["ok"]) >= 1.0
    });
    // Where nothing can be fetched, the policy stays and the failure is seen.
    let second = in_force(gateway);
    fs::rename(work.path(), work.path().with_extension("away")).unwrap();
    gateway.until("the failure is seen", |gateway| {
        String::from_utf8_lossy(&policy(gateway, &["status"]).stdout).contains("failed: `git` ended with")
    });
    fs::rename(work.path().with_extension("away"), work.path()).unwrap();
    let why = status(gateway)["fetch"]["why"].as_str().unwrap_or_default().to_owned();
    assert!(why.is_empty() || why.contains("`git` ended with"), "{why}");
    assert_eq!(in_force(gateway), second);
    assert_eq!(stage.chat(&ask("auto", "hello")).status, 200);
}

#[test]
fn a_signed_webhook_has_commits_fetched_at_once_and_no_other_does() {
    let (work, _mirror, repository) = mirrored();
    let settings = format!(
        "policy: {{ git: {{ repository: {}, path: weir, webhook_secret: \"file:hook.secret\", \
         fetch: {{ command: [git, fetch, --quiet], every: 1h }} }} }}\n",
        repository.display()
    );
    let home =
        Home::new(&format!("{}{settings}", two_zones("http://127.0.0.1:1", "http://127.0.0.1:2")), "unused");
    fs::write(home.path().join("hook.secret"), "a secret of the hook's own").unwrap();
    assert_eq!(home.weir(&["check"]).status.code(), Some(3), "a key is one word");
    fs::write(home.path().join("hook.secret"), "key\n").unwrap();
    let gateway = Gateway::start_in(home);
    let call = |signature: &str, body: &str| {
        let headers = [("x-hub-signature-256", signature)];
        Client::connect(gateway.admin).post("/policy/webhook", &headers, body.as_bytes()).status
    };
    let first = in_force(&gateway);
    gateway.until("it was fetched at the start", |gateway| status(gateway)["fetch"]["result"] == "ok");
    commit(work.path(), "prefer: order", "prefer: local");
    // HMAC-SHA-256 of this sentence under `key`, a well-known example.
    let body = "The quick brown fox jumps over the lazy dog";
    let good = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    assert_eq!(call(good, "The quick brown fox jumps over the lazy cat"), 401);
    assert_eq!(call("sha256=00", body), 401);
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(in_force(&gateway), first);
    assert_eq!(call(good, body), 202);
    gateway.until("the commit is in force", |gateway| in_force(gateway) != first);
}

#[test]
fn without_a_secret_there_is_no_webhook() {
    let stage = Stage::new();
    let reply = Client::connect(stage.gateway.admin).post("/policy/webhook", &[], b"{}");
    assert_eq!(reply.status, 404, "{}", reply.text());
}

#[test]
fn an_address_is_no_repository() {
    let settings = "policy: { git: { repository: \"https://git.example/p.git\" } }\n";
    let config = format!("{}{settings}", two_zones("http://127.0.0.1:1", "http://127.0.0.1:2"));
    let home = Home::new(&config, TWO_RULES);
    let output = home.weir(&["check"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("git clone --mirror"));
}
