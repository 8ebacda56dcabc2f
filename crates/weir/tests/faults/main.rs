//! Faults and overload with real processes: what is served meanwhile, how much more load a fault makes, how soon all
//! is well again; and that nothing classified leaves, whatever breaks.
//!
//! Each runs for a moment here, and for longer with `cargo xtask faults`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "clippy exempts test functions, but not what they share"
)]

mod crowd;
mod health;
mod overload;
#[path = "../support/mod.rs"]
mod support;

use crowd::{Crowd, Sent};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use support::backends::Backends;
use support::{BASICS, Gateway};
use weir_rig::fake::{Fake, Script};

const PERSONAL: &str = "write to jane.doe@example.com";

/// How many times longer than in an ordinary run of the tests.
fn long() -> u32 {
    std::env::var("FAULT_TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1).max(1)
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds * f64::from(long()))
}

/// Local replicas and a cloud backend behind one alias.
struct Field {
    gateway: Gateway,
    crowd: Crowd,
    local: Vec<Fake>,
    cloud: Fake,
    backends: Backends,
    /// What is measured is measured alone.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Field {
    /// With more said of each local backend and its model, and in `limits`.
    fn new(replicas: usize, of_backend: &str, of_model: &str, limits: &str, ladder: &str) -> Self {
        Self::with("", replicas, of_backend, of_model, limits, ladder)
    }

    /// The same, with more said in the configuration.
    fn with(
        more: &str,
        replicas: usize,
        of_backend: &str,
        of_model: &str,
        limits: &str,
        ladder: &str,
    ) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let backends = Backends::new();
        let local: Vec<Fake> =
            (0..replicas).map(|_| backends.start(Script::default().record(false))).collect();
        let cloud = backends.start(Script::default());
        let entry = |(number, fake): (usize, &Fake)| {
            format!(
                "  - {{ name: gpu-{number}, zone: local, url: {}, {of_backend} models: [{{ name: m{of_model} }}] }}\n",
                fake.url()
            )
        };
        let entries: String = local.iter().enumerate().map(entry).collect();
        let targets: Vec<String> = (0..replicas).map(|number| format!("gpu-{number}/m")).collect();
        let config = format!(
            "\
{BASICS}limits: {{ connections: 15000, {limits} }}
{more}
backends:
{entries}  - {{ name: away, zone: cloud, url: {}, models: [{{ name: m }}] }}
aliases:
  auto: {{ targets: [{}, away/m] }}
",
            cloud.url(),
            targets.join(", ")
        );
        let policy = format!(
            "policy: 1\ndata: {{ personal: confidential }}\n\
             rules: [{{ name: all, use: any, prefer: local, when_full: {ladder} }}]\n"
        );
        let gateway = Gateway::start(&config, &policy);
        let crowd = Crowd::at(gateway.data);
        Self { gateway, crowd, local, cloud, backends, _alone: alone }
    }

    fn condition(&self, backend: &str) -> String {
        self.target(backend)["condition"].as_str().unwrap().to_owned()
    }

    fn target(&self, backend: &str) -> serde_json::Value {
        let page = self.gateway.admin_json("/backends");
        let name = format!("{backend}/m");
        page["targets"].as_array().unwrap().iter().find(|target| target["target"] == *name).unwrap().clone()
    }

    /// Nothing classified has left, and everything that was asked has its end in the log.
    fn assert_sound(&self) {
        assert_eq!(self.cloud.accepted(), 0, "classified requests reached the cloud");
        let open = self.gateway.home.audit(&[]).into_iter().filter(|row| row["outcome"].is_null()).count();
        assert_eq!(open, 0, "requests without an outcome");
    }
}

/// How many got an answer.
fn served(sent: &[Sent]) -> usize {
    sent.iter().filter(|sent| sent.status == 200).count()
}

/// By status and code.
fn tally(sent: &[Sent]) -> std::collections::BTreeMap<(u16, &str), usize> {
    let mut tally = std::collections::BTreeMap::new();
    for one in sent {
        *tally.entry((one.status, one.code.as_str())).or_default() += 1;
    }
    tally
}
