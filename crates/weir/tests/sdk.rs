//! The official clients for Python and Node, and what is built on them, against a running gateway: `tests/sdk/README.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::backends::{Backends, Key, Stream, ask_stream, holding, open_stream};
use support::{Gateway, TWO_RULES};
use weir_rig::fake::{AWS_KEYS, Cut, Failure, Fake, Fault, KEY, Provider, Script};

/// What plays each provider, and how the configuration has it.
const PROVIDERS: [(&str, Provider, &str); 6] = [
    ("anthropic", Provider::Anthropic, "api: anthropic, api_key: KEY"),
    ("gemini", Provider::Gemini, "api: gemini, api_key: KEY"),
    ("bedrock", Provider::Bedrock, "api: bedrock, api_key: KEYS, region: eu-central-1"),
    ("ollama", Provider::Ollama, "api: ollama, api_key: KEY"),
    ("cohere", Provider::Cohere, "api: cohere, api_key: KEY"),
    ("azure", Provider::Azure, "api: azure-openai, api_key: KEY, api_version: 2024-10-21"),
];

/// Who gets pictures: inside the network, as they cannot be inspected.
const SEES: &str = "sees";

/// What a backend does that does not answer in words: the alias, or the end of it, and how.
fn behaviours(answer: &Script) -> [(&'static str, Script); 5] {
    const TEXT: &str = "A weir keeps the water level.";
    let (ghent, bruges, weather) =
        (r#"{"city":"Ghent"}"#, r#"{"city":"Bruges"}"#, r#"{"city":"Ghent","rain":true}"#);
    let calls = answer.clone().tool_call("get_weather", ghent).after_results(TEXT);
    [
        ("tools", calls.clone()),
        ("both", calls.tool_call("get_weather", bruges)),
        ("json", answer.clone().text(weather)),
        ("form", answer.clone().tool_call("Weather", weather)),
        (SEES, answer.clone()),
    ]
}

/// What stands behind the aliases of the suites. The fields are dropped in this order.
struct Setting {
    gateway: Gateway,
    key: Key,
    slow: Fake,
    _full: Stream,
    _others: Vec<Fake>,
    _providers: Vec<Fake>,
    _backends: Backends,
}

impl Setting {
    fn new() -> Self {
        let backends = Backends::new();
        let start = |script: Script| backends.start(script.strict_models());
        let answer = Script::serving(["m"]).text("A weir keeps the water level.").chunks(5);
        let slow =
            start(answer.clone().text(&"word ".repeat(200)).chunks(200).gap(Duration::from_millis(60)));
        let full = start(Script { models: vec!["m".to_owned()], ..holding() });
        let limit = Failure::openai(429, "rate_limit_error", "rate_limit_exceeded", "Rate limit reached.");
        let limit = limit.with_header("retry-after", "2");
        let [tools, both, json, form, sees] = behaviours(&answer).map(|(name, script)| (name, start(script)));
        let others = [
            ("auto", start(answer.clone())),
            tools,
            both,
            json,
            form,
            sees,
            ("cut", start(answer.clone().role_with_text().fault(Fault::Cut { after: 1, how: Cut::Reset }))),
            ("torn", start(answer.clone().role_with_text().fault(Fault::Cut { after: 2, how: Cut::Fin }))),
            ("limited", start(answer.clone().fault(Fault::Status(limit)))),
            ("broken", start(answer.clone())),
            ("down", start(answer.clone())),
        ];
        let mut config =
            String::from("weir: 1\nlisten: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate: ./state\nbackends:\n");
        let mut aliases = String::from("aliases:\n");
        let all = others.iter().map(|(name, fake)| (*name, fake)).chain([("slow", &slow), ("full", &full)]);
        for (name, fake) in all {
            let concurrency = if name == "full" { ", concurrency: 1" } else { "" };
            // Whoever holds the place says nothing, and keeps it for as long as a suite takes.
            let patience = if name == "full" { ", timeouts: { idle: 20m, total: 20m }" } else { "" };
            // No client can tell in which zone it is answered.
            let zone =
                if ["auto", "tools", "slow", "full", SEES].contains(&name) { "local" } else { "cloud" };
            config.push_str(&format!(
                "  - {{ name: b-{name}, zone: {zone}, url: {}, models: [{{ name: m{concurrency} }}]{patience} }}\n",
                fake.url()
            ));
            aliases.push_str(&format!("  {name}: {{ targets: [b-{name}/m] }}\n"));
        }
        let mut providers = Vec::new();
        for (name, provider, how) in PROVIDERS {
            let aws = format!("{}:{}", AWS_KEYS.0, AWS_KEYS.1);
            let how = how.replace("KEYS", &aws).replace("KEY", KEY);
            let answer = answer.clone().playing(provider);
            let others = behaviours(&answer).map(|(what, script)| (format!("{name}-{what}"), script));
            for (alias, script) in [(name.to_owned(), answer)].into_iter().chain(others) {
                let fake = backends.start(script);
                let base = match provider {
                    Provider::OpenAi | Provider::Anthropic => "/v1",
                    Provider::Gemini => "/v1beta",
                    Provider::Bedrock | Provider::Ollama | Provider::Azure | Provider::Cohere => "",
                };
                let url = fake.url().replace("/v1", base);
                let zone = if alias.ends_with(SEES) { "local" } else { "cloud" };
                config.push_str(&format!(
                    "  - {{ name: b-{alias}, zone: {zone}, {how}, url: {url}, models: [{{ name: m }}] }}\n"
                ));
                aliases.push_str(&format!("  {alias}: {{ targets: [b-{alias}/m] }}\n"));
                providers.push(fake);
            }
        }
        let policy = TWO_RULES.replace("queue 5s", "queue 200ms");
        let gateway = Gateway::start(&(config + &aliases), &policy);
        let key = gateway.key(&["sdk"]);
        let bearer = key.bearer();
        let headers = [("authorization", bearer.as_str())];
        let taken = open_stream(gateway.data, &headers, &ask_stream("full", "hold the place"));
        let mut others: Vec<Fake> = others.into_iter().map(|(_, fake)| fake).collect();
        for broken in others.iter_mut().rev().take(2) {
            backends.stop(broken);
        }
        others.push(full);
        Self { gateway, key, slow, _full: taken, _others: others, _providers: providers, _backends: backends }
    }

    /// Runs a suite, and fails with what it says if it fails.
    fn run(&self, mut suite: Command) {
        let stranger = format!("wk_live_{}_{}", "0".repeat(8), "A".repeat(24));
        suite.current_dir(root());
        suite.env("WEIR_TEST_BASE_URL", format!("http://{}/v1", self.gateway.data));
        suite.env("WEIR_TEST_KEY", &self.key.text).env("WEIR_TEST_BAD_KEY", stranger);
        let output = suite.output().unwrap_or_else(|error| panic!("cannot run {suite:?}: {error}"));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{suite:?}\n{said}");
        assert!(
            said.contains("client_that_closes_a_stream") || said.contains("client that closes a stream"),
            "{said}"
        );
    }

    /// The suites leave streams of `slow`; none of them may go on at the backend.
    fn assert_slow_was_cancelled(&self) {
        let asked = self.slow.requests();
        assert!(asked >= 2, "the suite asked `slow` {asked} times");
        self.gateway.until("the backend of `slow` has seen every client go", |_| self.slow.in_flight() == 0);
        let cancelled = self.slow.cancelled();
        assert!(cancelled.len() as u64 >= 2, "{} of {asked} requests were cancelled", cancelled.len());
        assert!(cancelled.iter().all(|cancelled| cancelled.events < 100), "seen late: {cancelled:?}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
#[ignore = "needs the clients; run by cargo xtask test, which prepares them"]
fn the_python_client_works() {
    let setting = Setting::new();
    let python = env::var_os("WEIR_SDK_PYTHON")
        .map_or_else(|| root().join("target/sdk/python/bin/python"), PathBuf::from);
    let mut suite = Command::new(python);
    suite.args(["-m", "unittest", "discover", "--verbose", "-s", "tests/sdk/python"]);
    setting.run(suite);
    setting.assert_slow_was_cancelled();
}

#[test]
#[ignore = "needs the clients; run by cargo xtask test, which prepares them"]
fn the_node_client_works() {
    let setting = Setting::new();
    let mut suite = Command::new("npm");
    suite.args(["--prefix", "tests/sdk/node", "test"]);
    setting.run(suite);
    setting.assert_slow_was_cancelled();
}
