use crate::command::audit::{LogArgs, parse_time};
use crate::exit::Failed;
use crate::output::{ASIDE, GOOD, HEADING, MIND, line, paint};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use weir_analyse::{Advice, Lint, Score, lint, never_decided};
use weir_audit::WallTime;
use weir_policy::Policy;
use weir_store::audit::{Filter, for_each_row};

/// Names sprawl: rules that could be one, that changed nothing, or that never decided.
///
/// Looks at the rules themselves and, with `--since`, at the audit log. The complexity score is what a reader has
/// to keep in mind: one for each rule, each test, each `any`, `all` or `not` within another, and each pair of rules
/// whose order matters. Beside it stands what is rarely wrong: below 50 a policy is easily read, above 150 hardly.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 nothing to tidy, 1 there is advice or the score is too high, 3 the files cannot be used.

Example: weir policy lint --since 90d --max-score 150")]
pub(super) struct LintArgs {
    #[command(flatten)]
    log: LogArgs,

    /// Also name rules that have decided nothing since then: a time, or a time before now (`90d`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Fail when the complexity score is higher
    #[arg(long, value_name = "SCORE")]
    max_score: Option<u32>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &LintArgs) -> Result<ExitCode, Failed> {
    let snapshot = args.log.files.load()?;
    let loaded = &snapshot.loaded;
    let Lint { score, mut advice } =
        lint(&loaded.policy, &loaded.catalogue).map_err(|error| Failed::Check(error.to_string()))?;
    let log = match args.since {
        Some(since) => Some(Log::read(&args.log.directory()?, since)?),
        None => None,
    };
    if let Some(log) = &log {
        advice.extend(log.advice(&loaded.policy));
    }
    if args.json {
        line(as_json(&score, &advice, log.as_ref()));
    } else {
        print(&score, &advice, log.as_ref());
    }
    let is_too_high = args.max_score.is_some_and(|max| score.total() > max);
    Ok(if advice.is_empty() && !is_too_high { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What the audit log says of rules.
struct Log {
    /// How many requests each rule decided about.
    requests: BTreeMap<String, u64>,
}

impl Log {
    fn read(directory: &Path, since: WallTime) -> Result<Self, Failed> {
        let filter = Filter { since: Some(since), ..Filter::default() };
        let mut requests = BTreeMap::new();
        for_each_row(directory, &filter, |row| {
            // Further attempts are the same request.
            if let Some(rule) = row.decision.rule.filter(|_| row.decision.attempt == 1) {
                *requests.entry(rule.to_string()).or_insert(0) += 1;
            }
        })
        .map_err(|error| Failed::check("cannot read the audit log", &error))?;
        Ok(Self { requests })
    }

    fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// A log without any decision says nothing of rules.
    fn advice(&self, policy: &Policy) -> Vec<Advice> {
        if self.total() == 0 {
            Vec::new()
        } else {
            never_decided(policy, |rule| self.requests.contains_key(rule))
        }
    }
}

fn print(score: &Score, advice: &[Advice], log: Option<&Log>) {
    for advice in advice {
        line(format_args!("{}: {}", paint(MIND, format_args!("advice[{}]", advice.kind)), advice.message));
        line(format_args!("  {} {}", paint(ASIDE, "help:"), advice.help));
    }
    line(format_args!(
        "{} {}: {} rules, and the order of {} pairs of them matters",
        paint(HEADING, "complexity score"),
        score.total(),
        score.rules.len(),
        score.order_matters
    ));
    if let Some(log) = log {
        match log.total() {
            0 => line("no request was decided in this time, so that the log says nothing of rules"),
            total => line(format_args!("{total} requests were decided in this time")),
        }
    }
    if advice.is_empty() {
        line(format_args!("{} nothing to tidy", paint(GOOD, "ok:")));
    }
}

fn as_json(score: &Score, advice: &[Advice], log: Option<&Log>) -> Value {
    let advised = |advice: &Advice| {
        json!({
            "kind": advice.kind.as_str(),
            "rules": advice.rules.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "message": advice.message,
            "help": advice.help,
        })
    };
    let rules: Vec<Value> =
        score.rules.iter().map(|(rule, score)| json!({ "rule": rule.to_string(), "score": score })).collect();
    json!({
        "score": score.total(),
        "order_matters": score.order_matters,
        "rules": rules,
        "requests": log.map(|log| &log.requests),
        "advice": advice.iter().map(advised).collect::<Vec<_>>(),
    })
}
