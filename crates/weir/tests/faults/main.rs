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
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
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
    /// With more said of the first local backend, of each one's model, and in `limits`.
    fn new(replicas: usize, of_first: &str, of_model: &str, limits: &str, ladder: &str) -> Self {
        Self::with("", replicas, of_first, of_model, limits, ladder)
    }

    /// The same, with more said in the configuration.
    fn with(more: &str, replicas: usize, of_first: &str, of_model: &str, limits: &str, ladder: &str) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let backends = Backends::new();
        let local: Vec<Fake> =
            (0..replicas).map(|_| backends.start(Script::default().record(false))).collect();
        let cloud = backends.start(Script::default());
        let entry = |(number, fake): (usize, &Fake)| {
            let of_first = if number == 0 { of_first } else { "" };
            format!(
                "  - {{ name: gpu-{number}, zone: local, url: {}, {of_first} models: [{{ name: m{of_model} }}] }}\n",
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

/// What is measured on a machine on which others work too can be off by chance: one of three tries has to be as it says.
/// Where the machine lets whoever slept wait for a tenth of the time, it shows nothing of the gateway, and that is said.
fn in_one_of_three_tries(measure: impl Fn() -> Result<(), String>) {
    let mut said = Vec::new();
    for _ in 0..3 {
        match lateness_during(&measure) {
            (Ok(()), _) => return,
            (Err(off), late) => said.push((off, late)),
        }
    }
    assert!(said.iter().all(|(_, late)| *late > 0.1), "{said:?}");
    // Nobody is left to tell.
    let _ = writeln!(std::io::stderr(), "NOT SHOWN HERE: this machine is too busy to measure: {said:?}");
}

/// What comes of it, and for what share of its time a thread that sleeps is woken late.
fn lateness_during<T>(measure: impl Fn() -> T) -> (T, f64) {
    const NAP: Duration = Duration::from_millis(10);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let (begun, mut late) = (Instant::now(), Duration::ZERO);
            while !ended.load(Ordering::Relaxed) {
                let slept = Instant::now();
                std::thread::sleep(NAP);
                late += slept.elapsed().saturating_sub(NAP);
            }
            late.as_secs_f64() / begun.elapsed().as_secs_f64()
        });
        let measured = std::panic::catch_unwind(AssertUnwindSafe(measure));
        ended.store(true, Ordering::Relaxed);
        let late = watching.join().unwrap();
        (measured.unwrap_or_else(|panic| std::panic::resume_unwind(panic)), late)
    })
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
