//! How outcomes are printed.

use super::figures;
use crate::output::{ASIDE, BAD, HEADING, line, note, paint, table};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};
use weir_simulate::{Outcome, Policy, Scenario};

/// Nobody has to be told that something quick is going on.
const SILENT_FOR: Duration = Duration::from_secs(2);
const TELL_EVERY: Duration = Duration::from_millis(500);

/// How far a simulation is, on stderr, if it takes long.
pub(super) struct Progress {
    what: String,
    began: Instant,
    told: Option<Instant>,
    took: Duration,
}

impl Progress {
    pub fn new(name: &str, policy: Policy) -> Self {
        Self { what: format!("{name}, {policy}"), began: Instant::now(), told: None, took: Duration::ZERO }
    }

    pub fn tell(&mut self, share: f64) {
        let is_due = match self.told {
            None => self.began.elapsed() > SILENT_FOR,
            Some(told) => told.elapsed() > TELL_EVERY,
        };
        if is_due && std::io::stderr().is_terminal() {
            let mut out = anstream::stderr().lock();
            let _ = write!(out, "\r{}: {:.0} %", self.what, share * 100.0);
            let _ = out.flush();
            self.told = Some(Instant::now());
        } else if is_due && self.told.is_none() {
            note(format_args!("{}: this takes a while", self.what));
            self.told = Some(Instant::now());
        }
    }

    pub fn end(&mut self) {
        self.took = self.began.elapsed();
        if self.told.is_some() && std::io::stderr().is_terminal() {
            note("");
        }
    }

    pub fn seconds(&self) -> f64 {
        self.took.as_secs_f64()
    }
}

pub(super) fn head(name: &str, scenario: &Scenario) {
    let count = scenario.requests.len();
    let span = scenario.requests.last().map_or(0.0, |last| last.at_s);
    let mean = |tokens: &dyn Fn(&weir_simulate::Request) -> u32| {
        scenario.requests.iter().map(|request| f64::from(tokens(request))).sum::<f64>() / count.max(1) as f64
    };
    let classified = scenario.requests.iter().filter(|request| request.classified).count();
    line(paint(HEADING, name));
    line(paint(
        ASIDE,
        format_args!(
            "{count} requests in {span:.0} s, mean {:.0} tokens in and {:.0} out, {:.0} % classified; {} x {}{}; \
             first token wanted within {} s",
            mean(&|request| request.input_tokens),
            mean(&|request| request.output_tokens),
            classified as f64 * 100.0 / count.max(1) as f64,
            scenario.replicas,
            scenario.profile.name,
            scenario.small.map(|small| format!(" and {}", small.name)).unwrap_or_default(),
            scenario.target_s,
        ),
    ));
}

const COLUMNS: [&str; 13] = [
    "POLICY",
    "P50 S",
    "P95 S",
    "IN TARGET",
    "CLASSIFIED",
    "OTHER",
    "LOCAL",
    "BURST",
    "DEGRADED",
    "REFUSED",
    "USD/H",
    "ERROR S",
    "TOOK S",
];

pub(super) fn rows(outcomes: &[(Outcome, f64)]) {
    let rows: Vec<Vec<String>> = outcomes.iter().map(|(outcome, seconds)| row(outcome, *seconds)).collect();
    line(table(&COLUMNS, &rows));
    for (outcome, _) in outcomes {
        if outcome.lost > 0 || outcome.leaked > 0 {
            let told = format!(
                "{}: {} requests were lost, {} classified ones went to the cloud",
                outcome.policy, outcome.lost, outcome.leaked
            );
            line(paint(BAD, told));
        }
    }
    line("");
}

fn row(outcome: &Outcome, seconds: f64) -> Vec<String> {
    let share = |share: f64| format!("{:.1} %", share * 100.0);
    vec![
        outcome.policy.to_string(),
        format!("{:.2}", outcome.first_token_p50_s),
        format!("{:.2}", outcome.first_token_p95_s),
        share(outcome.in_target.all),
        share(outcome.in_target.classified),
        share(outcome.in_target.other),
        share(outcome.local_share),
        share(outcome.burst_share),
        share(outcome.degraded_share),
        outcome.refused.to_string(),
        format!("{:.2}", outcome.usd_per_hour),
        outcome.prediction_error_s.map_or_else(|| "-".to_owned(), |error| format!("{error:.3}")),
        format!("{seconds:.2}"),
    ]
}

pub(super) fn json(name: &str, scenario: &Scenario, outcome: &Outcome, seconds: f64) {
    let mut object = figures(outcome);
    if let Some(object) = object.as_object_mut() {
        object.insert("trace".to_owned(), json!(name));
        object.insert("profile".to_owned(), json!(scenario.profile.name));
        object.insert("replicas".to_owned(), json!(scenario.replicas));
        object.insert("target_s".to_owned(), json!(scenario.target_s));
        object.insert("took_s".to_owned(), json!(seconds));
    }
    line(object);
}
