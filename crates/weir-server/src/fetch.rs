//! Bringing new commits into the repository that the policy comes from, by a command of the operator's.
//!
//! Weir has no git client of its own and opens no connection here: `docs/decisions/0007` says why. The command is
//! what weir.yaml says, word for word, without a shell; nothing of a request, a policy or a webhook is part of it.

use crate::extract::Group;
use crate::gateway::Gateway;
use crate::source::Sources;
use jiff::Timestamp;
#[cfg(unix)]
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use weir_config::{Fetch, PolicySettings, PolicySource};

/// Whoever calls the webhook without end makes the command run no more often than this.
const APART: Duration = Duration::from_secs(2);
/// How often it is looked whether it is time, and whether the command has ended.
const LOOK: Duration = Duration::from_millis(500);
const LOOK_AT_CHILD: Duration = Duration::from_millis(20);

/// Where a webhook says that there are new commits, and what came of looking.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_rung: bool,
    last: Option<(Timestamp, Result<(), String>)>,
}

impl Bell {
    /// There may be new commits.
    pub fn ring(&self) {
        self.lock().is_rung = true;
        self.rung.notify_all();
    }

    /// When the command last ended, and how.
    pub fn last(&self) -> Option<(Timestamp, Result<(), String>)> {
        self.lock().last.clone()
    }

    /// Waits a little, or until it is rung; whether it is.
    fn wait(&self) -> bool {
        let waited = self.rung.wait_timeout_while(self.lock(), LOOK, |state| !state.is_rung);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_rung
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the command from time to time and when the bell is rung, in a thread that ends with the gateway.
pub(crate) fn follow(gateway: &Arc<Gateway>, sources: Sources) -> std::io::Result<()> {
    let (weak, bell) = (Arc::downgrade(gateway), gateway.bell.clone());
    let work = move || {
        let mut last: Option<Instant> = None;
        loop {
            let is_rung = bell.wait();
            let Some(gateway) = weak.upgrade() else { return };
            let settings = gateway.snapshot().loaded.config.policy.clone();
            drop(gateway);
            if is_due(is_rung, settings.fetch.as_ref(), last) {
                bell.lock().is_rung = false;
                last = Some(Instant::now());
                fetch(&settings, &weak, &bell);
                let Some(gateway) = weak.upgrade() else { return };
                gateway.reload(&sources);
            } else if is_rung {
                // It stays so until it is time.
                std::thread::sleep(LOOK);
            }
        }
    };
    std::thread::Builder::new().name("weir-fetch".to_owned()).spawn(work).map(drop)
}

fn is_due(is_rung: bool, fetch: Option<&Fetch>, last: Option<Instant>) -> bool {
    let every = fetch.map(|fetch| fetch.every.max(APART));
    let apart = if is_rung { Some(APART) } else { every };
    apart.is_some_and(|apart| last.is_none_or(|last| last.elapsed() >= apart))
}

/// Without a command there is only to look whether somebody has pushed.
fn fetch(settings: &PolicySettings, weak: &Weak<Gateway>, bell: &Bell) {
    let (Some(fetch), PolicySource::Git { repository, .. }) = (&settings.fetch, &settings.source) else {
        return;
    };
    let Fetch { program, arguments, timeout, every: _ } = fetch;
    let program = Program { program, arguments, directory: repository, timeout: *timeout };
    let done = run(&program, || weak.strong_count() > 0);
    if let Err(why) = &done {
        tracing::error!(why, repository = %repository.display(), "new commits of the policy cannot be fetched");
    }
    if let Some(gateway) = weak.upgrade() {
        gateway.metrics.policies.fetched(done.is_ok());
    }
    bell.lock().last = Some((Timestamp::now(), done));
}

/// A program of the operator's, word for word.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub program: &'a str,
    pub arguments: &'a [String],
    /// Where it runs.
    pub directory: &'a Path,
    pub timeout: Duration,
}

/// Runs a program to its end, its time, or until it is not wanted any more.
pub(crate) fn run(program: &Program<'_>, is_wanted: impl Fn() -> bool) -> Result<(), String> {
    let begun = Instant::now();
    let mut child = start(program).map_err(|error| format!("`{}`: {error}", program.program))?;
    // Whatever it has started, such as `ssh`, ends with it.
    let mut group = Group::of(Some(child.id()));
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => {
                group.has_ended();
                return Ok(());
            }
            Ok(Some(status)) => {
                group.has_ended();
                let program = program.program;
                return Err(format!("`{program}` ended with {status}; run it by hand there to see why"));
            }
            Ok(None) if begun.elapsed() < program.timeout && is_wanted() => {
                std::thread::sleep(LOOK_AT_CHILD);
            }
            Ok(None) => {
                drop(group);
                end(&mut child);
                let Program { program, timeout, .. } = program;
                return Err(format!("`{program}` did not end in {timeout:?} and was ended"));
            }
            Err(error) => {
                drop(group);
                end(&mut child);
                return Err(error.to_string());
            }
        }
    }
}

fn start(program: &Program<'_>) -> std::io::Result<Child> {
    let mut command = Command::new(program.program);
    command.args(program.arguments).current_dir(program.directory).env_clear();
    // Programs are found by the one, credentials and known hosts by the other.
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // What it says may hold an address with a password.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

fn end(child: &mut Child) {
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
}
