//! Policies are edited while requests come in: how soon each is in force, and that no request notices.

use super::measure::{self, Report};
use super::stage::{Stage, Way};
use crate::run::{Done, Failure, say};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

const LOAD: [&str; 4] = ["--prompt", "200", "--rate", "500"];
const WORKLOAD: &str = "200 B, 500 per second";

/// A policy that is not in force after this time is late.
const APPLIED_WITHIN: Duration = Duration::from_secs(1);
/// Between two edits, so that each meets requests under the one before.
const PAUSE: Duration = Duration::from_millis(300);

/// Edits policies for so long, and fails if one is late, a bad one is taken up, a request fails, or a record does not
/// name the one policy that decided.
pub fn run(time: Duration) -> Done {
    let stage = Stage::set_up_signed(&good(0))?;
    let (report, edits) = thread::scope(|scope| -> Done<(Report, Edits<'_>)> {
        let load = scope.spawn(|| stage.load(Way::Gateway, &LOAD, time));
        let mut edits = Edits::begin(&stage)?;
        while !load.is_finished() {
            edits.one_more()?;
            thread::sleep(PAUSE);
        }
        let report = load.join().map_err(|_| Failure("the load generator panicked".to_owned()))??;
        Ok((measure::report(&report, WORKLOAD)?, edits))
    })?;
    let records = edits.check_records(&report)?;
    say(&edits.written(&report, &records));
    match edits.times.iter().max() {
        Some(slowest) if *slowest <= APPLIED_WITHIN => Ok(()),
        slowest => Err(Failure(format!("a policy came into force late: {slowest:?}"))),
    }
}

/// The two rules of the start, with a mark that makes every one another policy.
fn good(mark: u64) -> String {
    format!(
        "policy: 1\nboundary: confidential\ndata: {{ default: internal, personal: confidential }}\nrules:\n  \
         - {{ name: stays r{mark}, when: {{ data.level: '>= confidential' }}, use: local }}\n  \
         - {{ name: the rest r{mark}, use: any, prefer: local }}\n"
    )
}

/// What is wrong with an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    HalfWritten,
    UnknownField,
    FailingCase,
    Unsigned,
    Older,
}

impl Fault {
    const ALL: [Self; 5] =
        [Self::HalfWritten, Self::UnknownField, Self::FailingCase, Self::Unsigned, Self::Older];

    /// A part of what the gateway says of it.
    const fn said(self) -> &'static str {
        match self {
            Self::HalfWritten => "policy.yaml:",
            Self::UnknownField => "`rulez` is not known",
            Self::FailingCase => "case `no`",
            Self::Unsigned => "is not the file that was signed",
            Self::Older => "was taken up before",
        }
    }
}

struct Edits<'s> {
    stage: &'s Stage,
    mark: u64,
    /// The revision in force.
    live: String,
    /// All that were.
    known: BTreeSet<String>,
    times: Vec<Duration>,
    refused: BTreeMap<Fault, u64>,
}

impl<'s> Edits<'s> {
    fn begin(stage: &'s Stage) -> Done<Self> {
        let live = text(&stage.status()?, "/in_force/revision");
        let known = BTreeSet::from([live.clone()]);
        Ok(Self { stage, mark: 0, live, known, times: Vec::new(), refused: BTreeMap::new() })
    }

    /// A bad edit after every second good one.
    fn one_more(&mut self) -> Done {
        self.mark += 1;
        self.put(&good(self.mark))?;
        self.stage.sign(self.mark + 1)?;
        let signed = Instant::now();
        let before = self.live.clone();
        let status = self.until("it is in force", |status| text(status, "/in_force/revision") != before)?;
        self.times.push(signed.elapsed());
        self.live = text(&status, "/in_force/revision");
        self.known.insert(self.live.clone());
        if self.mark.is_multiple_of(2) {
            let turn = usize::try_from(self.mark / 2).unwrap_or_default();
            if let Some(fault) = Fault::ALL.get(turn % Fault::ALL.len()) {
                self.refuse(*fault)?;
            }
        }
        Ok(())
    }

    fn refuse(&mut self, fault: Fault) -> Done {
        let next = good(self.mark + 1);
        let version = self.mark + 2;
        let cases = self.stage.policies().join("policy.test.yaml");
        match fault {
            Fault::HalfWritten => self.put(next.get(..next.len() / 2).unwrap_or_default())?,
            Fault::UnknownField => self.put(&next.replace("rules:", "rulez:"))?,
            Fault::FailingCase => {
                self.put(&next)?;
                let case =
                    "cases:\n  - { name: no, facts: { data.level: public }, expect: { zone: cloud } }\n";
                fs::write(&cases, case).map_err(Failure::of(cases.display()))?;
            }
            Fault::Unsigned | Fault::Older => self.put(&next)?,
        }
        match fault {
            Fault::Unsigned => {}
            Fault::Older => self.stage.sign(1)?,
            Fault::HalfWritten | Fault::UnknownField | Fault::FailingCase => self.stage.sign(version)?,
        }
        let is_said = |status: &Value| text(status, "/files/problems").contains(fault.said());
        let status = self.until(&format!("{fault:?} is refused"), is_said)?;
        if text(&status, "/in_force/revision") != self.live {
            return Err(Failure(format!("{fault:?} was taken up: {status}")));
        }
        *self.refused.entry(fault).or_default() += 1;
        if fault == Fault::FailingCase {
            fs::remove_file(&cases).map_err(Failure::of(cases.display()))?;
        }
        // The version that was spent on it.
        self.mark += 1;
        Ok(())
    }

    fn put(&self, policy: &str) -> Done {
        let path = self.stage.policies().join("policy.yaml");
        fs::write(&path, policy).map_err(Failure::of(path.display()))
    }

    fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Done<Value> {
        const PATIENCE: Duration = Duration::from_secs(10);
        let begin = Instant::now();
        loop {
            let status = self.stage.status()?;
            if is_so(&status) {
                return Ok(status);
            }
            if begin.elapsed() > PATIENCE {
                return Err(Failure(format!("after {PATIENCE:?}, not so: {what}; the status is {status}")));
            }
        }
    }

    /// How many requests each revision decided. Fails unless there is one record for each request, of a policy that
    /// was in force.
    fn check_records(&self, report: &Report) -> Done<BTreeMap<String, u64>> {
        let rows = self.stage.weir(&["audit", "query", "--limit", "0", "--json"])?;
        let (mut by_revision, mut requests) = (BTreeMap::new(), BTreeSet::new());
        for row in rows.lines() {
            let row: Value = serde_json::from_str(row)
                .map_err(|error| Failure(format!("`weir audit query` says something unexpected: {error}")))?;
            let revision = text(&row, "/decision/policy_revision");
            if !self.known.contains(&revision) {
                return Err(Failure(format!("a record names policy `{revision}`, which was never in force")));
            }
            if !requests.insert(text(&row, "/decision/request_id")) {
                return Err(Failure(format!("a request has two records: {row}")));
            }
            *by_revision.entry(revision).or_default() += 1;
        }
        match requests.len() as u64 >= report.whole {
            true => Ok(by_revision),
            false => Err(Failure(format!("{} records of {} requests", requests.len(), report.whole))),
        }
    }

    fn written(&self, report: &Report, records: &BTreeMap<String, u64>) -> String {
        let mut times = self.times.clone();
        times.sort();
        let at = |part: usize| times.get(part).copied().unwrap_or_default();
        format!(
            "\n{} policies applied at {:.0} requests/s: median {:.0?}, slowest {:.0?}\nrefused: {:?}\n{} requests, none failed; \
             p50 {:.0} µs, p99 {:.0} µs\nrecords of {} policies, one for each request: {:?}",
            times.len(),
            report.rps,
            at(times.len() / 2),
            at(times.len().saturating_sub(1)),
            self.refused,
            report.whole,
            report.latency_us.p50,
            report.latency_us.p99,
            records.len(),
            records.values().collect::<Vec<_>>(),
        )
    }
}

/// What is at a place, as text.
fn text(value: &Value, at: &str) -> String {
    match value.pointer(at) {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
