//! A gateway with a recording backend in each zone.

use super::http::Reply;
use super::{Gateway, Home, PATIENCE, TWO_RULES, two_zones, weir};
use serde_json::Value;
use std::process::Command;
use tokio::runtime::Runtime;
use weir_rig::fake::{AWS_KEYS, Fake, KEY, Provider, Script};

/// The gateway under test between `here`, which is local, and `there`, which is the cloud.
///
/// The fields are dropped in this order: the gateway goes before its backends, those before the runtime
/// that serves them.
pub struct Stage {
    pub gateway: Gateway,
    pub here: Fake,
    pub there: Fake,
    runtime: Runtime,
}

impl Stage {
    /// With the two zones and the two rules.
    pub fn new() -> Self {
        Self::with(two_zones, TWO_RULES)
    }

    /// With another configuration, made from the URLs of both backends, and another policy.
    pub fn with(config: impl FnOnce(&str, &str) -> String, policy: &str) -> Self {
        Self::run_as(config, policy, |_| weir())
    }

    /// The same, with the binary started by a command of the test's own; `serve` and its arguments are
    /// added.
    pub fn run_as(
        config: impl FnOnce(&str, &str) -> String,
        policy: &str,
        command: impl FnOnce(&Home) -> Command,
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let start = || runtime.block_on(Fake::start(Script::default())).unwrap();
        let (here, there) = (start(), start());
        let home = Home::new(&config(&here.url(), &there.url()), policy);
        let command = command(&home);
        Self { gateway: Gateway::start_as(home, command), here, there, runtime }
    }

    /// A stage whose cloud backend plays this provider.
    pub fn provided(provider: Provider, api: &str) -> Self {
        let key = match provider {
            Provider::Bedrock => format!("{}:{}", AWS_KEYS.0, AWS_KEYS.1),
            Provider::OpenAi
            | Provider::Anthropic
            | Provider::Gemini
            | Provider::Ollama
            | Provider::Azure
            | Provider::Cohere => KEY.to_owned(),
        };
        let base = match provider {
            Provider::OpenAi | Provider::Anthropic => "/v1",
            Provider::Gemini => "/v1beta",
            Provider::Bedrock | Provider::Ollama | Provider::Azure | Provider::Cohere => "",
        };
        let extra = match provider {
            Provider::Bedrock => "    region: eu-central-1\n",
            Provider::Azure => "    api_version: 2024-10-21\n",
            Provider::OpenAi
            | Provider::Anthropic
            | Provider::Gemini
            | Provider::Ollama
            | Provider::Cohere => "",
        };
        let stage = Self::with(
            |here, there| {
                let there = there.replace("/v1", base);
                let config = two_zones(here, &there);
                config.replace(
                    "zone: cloud\n",
                    &format!("zone: cloud\n    api: {api}\n    api_key: {key}\n{extra}"),
                )
            },
            TWO_RULES,
        );
        stage.there.set(Script::default().playing(provider).text("two words"));
        stage
    }

    /// Posts a chat completion on a connection of its own.
    pub fn chat(&self, body: &Value) -> Reply {
        self.gateway.chat(body)
    }

    /// One more backend.
    pub fn another(&self, script: Script) -> Fake {
        self.runtime.block_on(Fake::start(script)).unwrap()
    }

    /// Waits until a condition on a backend holds.
    pub fn until(&self, what: &str, fake: &Fake, condition: impl Fn(&Fake) -> bool) {
        let waited =
            self.runtime.block_on(async { tokio::time::timeout(PATIENCE, fake.until(condition)).await });
        assert!(waited.is_ok(), "waited in vain: {what}");
    }

    /// The same gateway after an orderly end and another start.
    pub fn restarted(self) -> Self {
        let Self { gateway, here, there, runtime } = self;
        Self { gateway: Gateway::start_in(gateway.stop().0), here, there, runtime }
    }

    /// The local backend is gone: its port refuses.
    pub fn stop_here(&mut self) {
        self.runtime.block_on(self.here.stop());
    }

    /// The cloud backend is gone: its port refuses.
    pub fn stop_there(&mut self) {
        self.runtime.block_on(self.there.stop());
    }

    /// Asserts that nothing at all has reached the cloud: no connection, and so no byte.
    #[track_caller]
    pub fn assert_cloud_untouched(&self) {
        assert_eq!(
            self.there.accepted(),
            0,
            "connections to the cloud backend; it saw {:?}",
            self.there.seen()
        );
    }

    /// The one decision record of a reply.
    pub fn record(&self, reply: &Reply) -> Value {
        self.gateway.home.decision(&reply.decision())
    }
}
