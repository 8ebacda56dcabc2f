use crate::command::audit::{LogArgs, parse_time};
use crate::exit::Failed;
use crate::output::{HEADING, line, note, paint, table};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use weir_audit::event::{AnswersCompared, Decision, Fact, Outcome, OutcomeKind};
use weir_audit::{Event, Ident, Record, WallTime};
use weir_label::ZoneKind;
use weir_policy::{Catalogue, TaskType, TokenCount};
use weir_quality::Signal;
use weir_quality::interval::Share;
use weir_quality::report::{Answer, Cell, Report, Sign, Tally, Threshold, Verdict};
use weir_store::audit::{AuditError, AuditReader, Row, for_each_row};

/// Shows where the models inside suffice and where they do not, task by task, and what another threshold of
/// complexity would save or lose
///
/// From what was heard of answers: feedback of applications, conversations that went on or were asked again, checks of
/// cascades, and comparisons by a judge. Shares have intervals that hold 95 times in a hundred.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: weir report quality --since 30d --margin 5")]
pub(super) struct QualityArgs {
    #[command(flatten)]
    log: LogArgs,

    /// At this time or later: a time (`2026-11-24T12:00:00Z`) or a time before now (`7d`, `2h`, `30m`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Before this time, given likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    until: Option<WallTime>,

    /// By how much the models inside may be worse and still suffice, in percentage points
    #[arg(long, value_name = "POINTS", default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=100))]
    margin: u8,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was heard of one answer, before it is known what it was an answer to.
struct Heard {
    target: String,
    task: Option<TaskType>,
    zone: ZoneKind,
    score: f64,
    signal: Signal,
}

pub(super) fn run(args: &QualityArgs) -> Result<ExitCode, Failed> {
    let directory = args.log.directory()?;
    // Without a configuration there are no prices, and the rest can be said all the same.
    let has_configuration = args.log.files.config.exists();
    let catalogue = match has_configuration {
        true => args.log.files.load()?.loaded.catalogue,
        false => Catalogue::default(),
    };
    let report = made_of(&directory, args, &catalogue)
        .map_err(|error| Failed::check("cannot read the audit log", &error))?;
    match args.json {
        true => line(as_json(&report)),
        false => show(&report, args.margin),
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the log twice: what was heard, which is little, then the decisions that it was heard of.
fn made_of(directory: &Path, args: &QualityArgs, catalogue: &Catalogue) -> Result<Report, AuditError> {
    let mut heard = heard(directory, args)?;
    let mut tally = Tally::default();
    for_each_row(directory, (args.since, args.until), |row| {
        let complexity = number(&row.decision, "task.complexity");
        if let Some(answer) = answer(&row, complexity, catalogue) {
            tally.answered(&answer);
            let signs = heard.remove(&row.decision.decision_id).unwrap_or_default();
            signs.iter().for_each(|one| tally.heard(&one.sign(complexity)));
        }
    })?;
    // Of answers before the time that was asked for, all but the complexity is known.
    heard.values().flatten().for_each(|one| tally.heard(&one.sign(None)));
    Ok(tally.report(f64::from(args.margin) / 100.0))
}

impl Heard {
    fn sign(&self, complexity: Option<u64>) -> Sign<'_> {
        let (target, score, weight) = (&self.target, self.score, self.signal.weight());
        Sign { task: self.task, target, zone: self.zone, complexity, score, weight }
    }
}

/// What was heard, by the decisions of the answers. Of what was said anew the last word counts.
fn heard(directory: &Path, args: &QualityArgs) -> Result<BTreeMap<Ident, Vec<Heard>>, AuditError> {
    let mut reader = AuditReader::open(directory)?;
    let mut heard: BTreeMap<Ident, Vec<Heard>> = BTreeMap::new();
    while let Some((head, bytes)) = reader.next_event()? {
        let at = head.ts_wall;
        let is_in_time =
            args.since.is_none_or(|since| at >= since) && args.until.is_none_or(|until| at < until);
        let is_one =
            matches!(head.type_name.as_str(), "answer.rated" | "answer.checked" | "answers.compared");
        if !is_in_time || !is_one {
            continue;
        }
        let Ok(record) = Record::parse(bytes) else { continue };
        #[expect(clippy::wildcard_enum_match_arm, reason = "other events say nothing of answers")]
        match record.event {
            Event::AnswerRated(rated) => {
                let Some(signal) = Signal::of_word(rated.signal.as_str()) else { continue };
                let signs = heard.entry(rated.decision_id).or_default();
                if rated.replaces.is_some() {
                    signs.retain(|earlier| earlier.signal != signal);
                }
                signs.push(Heard {
                    target: rated.target.as_str().to_owned(),
                    task: task(rated.task.as_ref()),
                    zone: rated.zone,
                    score: rated.score as f64 / 1e6,
                    signal,
                });
            }
            Event::AnswerChecked(checked) => heard.entry(checked.decision_id).or_default().push(Heard {
                target: checked.target.as_str().to_owned(),
                task: task(checked.task.as_ref()),
                zone: checked.zone,
                score: f64::from(u8::from(checked.check.as_str() == "passed")),
                signal: Signal::Checked,
            }),
            Event::AnswersCompared(compared) => {
                let signs = heard.entry(compared.decision_id.clone()).or_default();
                signs.extend(of_comparison(&compared));
            }
            _ => {}
        }
    }
    Ok(heard)
}

fn of_comparison(compared: &AnswersCompared) -> Vec<Heard> {
    let (local, cloud) = match compared.verdict.as_str() {
        "local" => (1.0, 0.0),
        "cloud" => (0.0, 1.0),
        "equal" => (1.0, 1.0),
        _ => return Vec::new(),
    };
    let one = |target: &Ident, zone, score| Heard {
        target: target.as_str().to_owned(),
        task: task(compared.task.as_ref()),
        zone,
        score,
        signal: Signal::Judged,
    };
    vec![one(&compared.local, ZoneKind::Local, local), one(&compared.cloud, ZoneKind::Cloud, cloud)]
}

fn task(word: Option<&Ident>) -> Option<TaskType> {
    word.and_then(|word| word.as_str().parse().ok())
}

/// The answer of a row, if it was the one that the client got.
fn answer<'r>(row: &'r Row, complexity: Option<u64>, catalogue: &Catalogue) -> Option<Answer<'r>> {
    let (decision, outcome) = (&row.decision, row.outcome.as_ref()?);
    let answered = outcome.answered_attempt.unwrap_or(outcome.attempts);
    if outcome.outcome != OutcomeKind::Ok || decision.attempt != answered {
        return None;
    }
    let may = |zone| {
        let mut planned = decision.candidates.iter();
        // What quality left out could have answered.
        let could = |verdict: &str| matches!(verdict, "candidate" | "overflow" | "quality");
        planned.any(|one| one.zone == zone && could(one.verdict.as_str()))
    };
    let target = decision.target.as_ref()?.as_str();
    Some(Answer {
        task: word(decision, "task.type").and_then(|word| word.parse().ok()),
        target,
        zone: decision.zone?,
        complexity,
        is_free: may(ZoneKind::Local) && may(ZoneKind::Cloud),
        micro_usd: cost(target, decision.zone?, outcome, catalogue),
    })
}

/// By the prices of today; a local target without one costs nothing.
fn cost(target: &str, zone: ZoneKind, outcome: &Outcome, catalogue: &Catalogue) -> Option<f64> {
    let known = catalogue.target_named(target).and_then(|id| catalogue.target(id));
    match (known.and_then(|target| target.prices.on(None)), zone) {
        (Some(price), _) => {
            let (input, output) = (outcome.tokens_in?, outcome.tokens_out?);
            Some(price.of(TokenCount { input, output, ..TokenCount::default() }) as f64 / 1e6)
        }
        (None, ZoneKind::Local) => Some(0.0),
        (None, ZoneKind::Cloud) => None,
    }
}

fn number(decision: &Decision, fact: &str) -> Option<u64> {
    match decision.facts.get(&Ident::new(fact))? {
        Fact::Number(number) => Some(*number),
        Fact::Bool(_) | Fact::Word(_) | Fact::Name(_) | Fact::Words(_) => None,
    }
}

fn word<'d>(decision: &'d Decision, fact: &str) -> Option<&'d str> {
    match decision.facts.get(&Ident::new(fact))? {
        Fact::Word(word) => Some(word.as_str()),
        Fact::Bool(_) | Fact::Number(_) | Fact::Name(_) | Fact::Words(_) => None,
    }
}

fn show(report: &Report, margin: u8) {
    if report.cells.is_empty() {
        return note("there is no answer in this time");
    }
    line(paint(HEADING, format_args!("Does a model inside suffice, if it may be {margin} points worse?")));
    let rows: Vec<Vec<String>> = report.tasks.iter().map(row_of_task).collect();
    line(table(&["TASK", "INSIDE SUFFICES", "DIFFERENCE", "BEST INSIDE", "BEST OUTSIDE"], &rows));
    line("");
    let rows: Vec<Vec<String>> = report.cells.iter().map(row_of_cell).collect();
    line(table(&["TASK", "TARGET", "ZONE", "ANSWERS", "HEARD", "GOOD"], &rows));
    if report.thresholds.is_empty() {
        return note("\ntoo few requests could run in both zones to speak of thresholds");
    }
    line("");
    line(paint(
        HEADING,
        format_args!(
            "Of {} requests that may run in both zones {:.1} % went to the cloud. If it were the hardest:",
            report.free,
            report.cloud_share * 100.0
        ),
    ));
    let rows: Vec<Vec<String>> = report.thresholds.iter().map(row_of_threshold).collect();
    line(table(&["TO THE CLOUD", "COMPLEXITY", "USD / 1000", "CHANGE", "GOOD", "CHANGE"], &rows));
}

fn name(task: Option<TaskType>) -> String {
    task.map_or("(unknown)", TaskType::as_str).to_owned()
}

fn dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

fn shown(share: Share) -> String {
    format!("{:.1} % ({:.1}–{:.1})", share.share * 100.0, share.low * 100.0, share.high * 100.0)
}

fn points(share: Share) -> String {
    format!("{:+.1} ({:+.1} to {:+.1})", share.share * 100.0, share.low * 100.0, share.high * 100.0)
}

fn row_of_task(verdict: &Verdict) -> Vec<String> {
    let Verdict { task, local, cloud, difference, local_suffices } = verdict;
    vec![
        name(*task),
        local_suffices.as_str().to_owned(),
        dash(difference.map(points)),
        dash(local.clone()),
        dash(cloud.clone()),
    ]
}

fn row_of_cell(cell: &Cell) -> Vec<String> {
    let Cell { task, target, zone, answers, heard, good } = cell;
    let (answers, heard) = (answers.to_string(), format!("{heard:.1}"));
    vec![name(*task), target.clone(), zone.to_string(), answers, heard, dash(good.map(shown))]
}

fn row_of_threshold(threshold: &Threshold) -> Vec<String> {
    let usd = |amount: f64| format!("{amount:.4}");
    let complexity = threshold.complexity;
    vec![
        format!("{} %", threshold.cloud_percent),
        if complexity > 1.0 { "-".to_owned() } else { format!(">= {complexity:.3}") },
        dash(threshold.usd_per_1000.map(usd)),
        dash(threshold.usd_per_1000_change.map(|amount| format!("{amount:+.4}"))),
        dash(threshold.good.map(shown)),
        dash(threshold.good_change.map(|change| format!("{:+.1}", change * 100.0))),
    ]
}

fn as_json(report: &Report) -> Value {
    let share = |share: Share| json!({ "share": share.share, "low": share.low, "high": share.high });
    let tasks = report.tasks.iter().map(|verdict| {
        json!({
            "task": verdict.task.map(TaskType::as_str),
            "local_suffices": verdict.local_suffices.as_str(),
            "difference": verdict.difference.map(share),
            "best_local": verdict.local,
            "best_cloud": verdict.cloud,
        })
    });
    let targets = report.cells.iter().map(|cell| {
        json!({
            "task": cell.task.map(TaskType::as_str),
            "target": cell.target,
            "zone": cell.zone.as_str(),
            "answers": cell.answers,
            "heard": cell.heard,
            "good": cell.good.map(share),
        })
    });
    let thresholds = report.thresholds.iter().map(|threshold| {
        json!({
            "cloud_percent": threshold.cloud_percent,
            "complexity": (threshold.complexity <= 1.0).then_some(threshold.complexity),
            "usd_per_1000": threshold.usd_per_1000,
            "usd_per_1000_change": threshold.usd_per_1000_change,
            "good": threshold.good.map(share),
            "good_change": threshold.good_change,
        })
    });
    json!({
        "tasks": tasks.collect::<Vec<_>>(),
        "targets": targets.collect::<Vec<_>>(),
        "free_requests": report.free,
        "cloud_share": report.cloud_share,
        "thresholds": thresholds.collect::<Vec<_>>(),
    })
}
