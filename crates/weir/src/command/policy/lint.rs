use super::place;
use crate::command::audit::{LogArgs, parse_time};
use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{ASIDE, GOOD, HEADING, MIND, line, paint};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weir_analyse::{Advice, Lint, Score, lint, never_decided, score};
use weir_audit::WallTime;
use weir_config::RulePlaces;
use weir_policy::Policy;
use weir_server::Snapshot;
use weir_store::audit::for_each_row;

/// Names sprawl: rules that could be one, that changed nothing, or that never decided.
///
/// Looks at the rules themselves and, with `--since`, at the audit log. The complexity score is what a reader has
/// to keep in mind: one for each rule, each test, each `any`, `all` or `not` within another, and each pair of rules
/// whose order matters. Below 50 a policy is easily read, above 150 hardly. The trend is that of the policies that were
/// in force, as the state directory remembers them, or of the files that `--earlier` names.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 nothing to tidy, 1 there is advice or the score is too high, 3 the files cannot be used.

Example: weir policy lint --since 90d --max-score 150
Example: git show v1:policy.yaml > old.yaml; weir policy lint --earlier old.yaml")]
pub(super) struct LintArgs {
    #[command(flatten)]
    log: LogArgs,

    /// Also name rules that have decided nothing since then: a time, or a time before now (`90d`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Show how complex this earlier version of the policy was, instead of those that were in force; may be given
    /// several times, oldest first
    #[arg(long, value_name = "FILE")]
    earlier: Vec<PathBuf>,

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
    let earlier = if args.earlier.is_empty() { in_force_before(&snapshot, args)? } else { named(args)? };
    if args.json {
        line(as_json(&loaded.places, (&score, &advice, &earlier), log.as_ref()));
    } else {
        print(&loaded.places, &score, &advice, log.as_ref());
        print_trend(&earlier, &score);
    }
    let is_too_high = args.max_score.is_some_and(|max| score.total() > max);
    Ok(if advice.is_empty() && !is_too_high { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// An earlier policy and its score.
struct Earlier {
    /// Its file, or its revision and since when it was in force.
    which: Which,
    score: u32,
}

enum Which {
    File(PathBuf),
    Revision { revision: String, at: String },
}

impl Earlier {
    fn of(which: Which, snapshot: &Snapshot) -> Result<Self, Failed> {
        let score = score(&snapshot.loaded.policy, &snapshot.loaded.catalogue);
        let score = score.map_err(|error| Failed::Check(error.to_string()))?.total();
        Ok(Self { which, score })
    }

    fn as_json(&self) -> Value {
        match &self.which {
            Which::File(file) => json!({ "file": file.display().to_string(), "score": self.score }),
            Which::Revision { revision, at } => {
                json!({ "revision": revision, "at": at, "score": self.score })
            }
        }
    }
}

fn named(args: &LintArgs) -> Result<Vec<Earlier>, Failed> {
    let earlier = |policy: &PathBuf| {
        let files = FilesArgs { policy: Some(policy.clone()), ..args.log.files.clone() };
        Earlier::of(Which::File(policy.clone()), &files.load()?)
    };
    args.earlier.iter().map(earlier).collect()
}

fn in_force_before(snapshot: &Snapshot, args: &LintArgs) -> Result<Vec<Earlier>, Failed> {
    let earlier = snapshot.earlier(&args.log.files.sources());
    let earlier =
        earlier.map_err(|error| Failed::check("cannot read which policies were in force", &error))?;
    let scored = |weir_server::Earlier { at, revision, snapshot }| {
        Earlier::of(Which::Revision { revision, at }, &snapshot)
    };
    earlier.into_iter().map(scored).collect()
}

fn print_trend(earlier: &[Earlier], now: &Score) {
    if earlier.is_empty() {
        return;
    }
    line(paint(HEADING, "trend"));
    for Earlier { which, score } in earlier {
        match which {
            Which::File(file) => line(format_args!("  {score:6}  {}", file.display())),
            Which::Revision { revision, at } => {
                line(format_args!("  {score:6}  {revision}, in force from {at}"));
            }
        }
    }
    let change = |before: u32| i64::from(now.total()) - i64::from(before);
    let since_first = earlier.first().map_or(0, |first| change(first.score));
    line(format_args!("  {:6}  now ({since_first:+} since the first)", now.total()));
}

/// What the audit log says of rules.
struct Log {
    /// How many requests each rule decided about.
    requests: BTreeMap<String, u64>,
}

impl Log {
    fn read(directory: &Path, since: WallTime) -> Result<Self, Failed> {
        let mut requests = BTreeMap::new();
        for_each_row(directory, (Some(since), None), |row| {
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

fn print(places: &RulePlaces, score: &Score, advice: &[Advice], log: Option<&Log>) {
    for advice in advice {
        line(format_args!("{}: {}", paint(MIND, format_args!("advice[{}]", advice.kind)), advice.message));
        let (rule, others) = advice.rules.split_first().map_or((None, &[][..]), |(r, o)| (Some(r), o));
        place::print(places, rule, others);
        line(format_args!("  {} {}", paint(ASIDE, "help:"), advice.help));
    }
    line(format_args!(
        "{} {}: {} rules, pairs whose order matters: {}",
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

fn as_json(
    places: &RulePlaces,
    (score, advice, earlier): (&Score, &[Advice], &[Earlier]),
    log: Option<&Log>,
) -> Value {
    let advised = |advice: &Advice| {
        json!({
            "kind": advice.kind.as_str(),
            "rules": advice.rules.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "places": advice.rules.iter().map(|rule| place::as_json(places, Some(rule))).collect::<Vec<_>>(),
            "message": advice.message,
            "help": advice.help,
        })
    };
    let rules: Vec<Value> =
        score.rules.iter().map(|(rule, score)| json!({ "rule": rule.to_string(), "score": score })).collect();
    let earlier: Vec<Value> = earlier.iter().map(Earlier::as_json).collect();
    json!({
        "score": score.total(),
        "earlier": earlier,
        "order_matters": score.order_matters,
        "rules": rules,
        "requests": log.map(|log| &log.requests),
        "advice": advice.iter().map(advised).collect::<Vec<_>>(),
    })
}
