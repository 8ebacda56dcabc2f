use crate::exit::Failed;
use crate::files::{FilesArgs, read_input};
use crate::output::{ASIDE, BAD, GOOD, HEADING, MIND, line, paint};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_label::ZoneKind;
use weir_policy::{Fact, FactValue, NumberFact, Step};
use weir_server::{
    Explained, ExplainedCandidate, ExplainedChange, ExplainedFinding, Question, WhyNot, explain,
};

/// Shows what would be decided for a request, and why, without sending anything.
///
/// Label, findings (types and places, never values), facts, rule, plan, and for every target that was left
/// out the reason. The caller is one on this machine without a key.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: echo '{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}' | weir explain -"
)]
pub(crate) struct ExplainArgs {
    /// The body of a chat completion request; `-` is stdin
    request: PathBuf,

    #[command(flatten)]
    files: FilesArgs,

    /// Say why the request does not go to this target, and what would have it go there
    #[arg(long, value_name = "TARGET")]
    why_not: Option<String>,

    /// Take a fact to have this value, such as `caller.team=hr`, `task.complexity=0.8` or `capacity.local=busy`;
    /// may be repeated
    #[arg(long = "fact", value_name = "FACT=VALUE")]
    facts: Vec<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ExplainArgs) -> Result<ExitCode, Failed> {
    let snapshot = args.files.load()?;
    let body = read_input(&args.request)?;
    let assumed = args.facts.iter().map(|text| assumption(text)).collect::<Result<Vec<_>, _>>();
    let question = Question {
        unix_seconds: jiff::Timestamp::now().as_second(),
        assumed: assumed.map_err(Failed::Check)?.into_iter().flatten().collect(),
        why_not: args.why_not.as_deref(),
    };
    let explained = explain(&snapshot, &body, &question).map_err(Failed::Check)?;
    if args.json {
        line(as_json(&explained));
    } else {
        print(&explained);
    }
    Ok(ExitCode::SUCCESS)
}

/// `FACT=VALUE`; a list of values is separated by commas.
fn assumption(text: &str) -> Result<Vec<(Fact, FactValue)>, String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not `FACT=VALUE`"))?;
    weir_config::facts_of(name.trim(), value.trim())
}

fn print(explained: &Explained) {
    print_label(explained);
    line(paint(HEADING, "\nFacts"));
    let prompt_tokens = NumberFact::PromptTokens.name();
    for (name, value) in &explained.facts {
        let how = if *name == prompt_tokens { how_counted(explained) } else { String::new() };
        line(format_args!("  {name:26} {value}{}", paint(ASIDE, how)));
    }
    line(paint(HEADING, "\nRule"));
    line(format_args!(
        "  {}   {}",
        explained.rule,
        paint(ASIDE, format_args!("policy {}", explained.revision))
    ));
    if !explained.unknown.is_empty() {
        let unknown = explained.unknown.join(", ");
        line(paint(MIND, format_args!("  decides because {unknown} is unknown, and it can only restrict")));
    }
    line(paint(HEADING, "\nPlan"));
    match &explained.denied {
        Some(reason) => line(format_args!("  {} {reason}", paint(BAD, "denied:"))),
        None => print_plan(explained),
    }
    let list = |items: &[String]| items.join(", ");
    if !explained.tags.is_empty() {
        line(format_args!("  tags: {}", list(&explained.tags)));
    }
    if !explained.requires.is_empty() {
        line(format_args!("  requires: {}", explained.requires.join(", ")));
    }
    print_left_out(explained);
    print_changes(explained);
}

/// What the tokens of the prompt were counted with.
fn how_counted(explained: &Explained) -> String {
    match &explained.counted_with {
        Some(vocabulary) => format!("   counted with {vocabulary}"),
        None => "   estimated".to_owned(),
    }
}

fn print_left_out(explained: &Explained) {
    let left_out: Vec<&ExplainedCandidate> =
        explained.candidates.iter().filter(|c| c.role.is_none()).collect();
    if !left_out.is_empty() {
        line(paint(HEADING, "\nLeft out"));
    }
    for candidate in left_out {
        let reason = candidate.reason.as_deref().unwrap_or_default();
        line(format_args!("  {:32} {:6} {reason}", candidate.target, candidate.zone));
    }
}

fn print_changes(explained: &Explained) {
    if let Some(WhyNot { target, reason, ways }) = &explained.why_not {
        line(paint(HEADING, format_args!("\nWhy not {target}")));
        line(format_args!("  {reason}"));
        for way in ways {
            line(format_args!("  it could if {}", change(way)));
        }
        if ways.is_empty() {
            line(paint(ASIDE, "  no other value of one single fact would change that"));
        }
        return;
    }
    if !explained.changes.is_empty() {
        line(paint(HEADING, "\nWhat would change it"));
    }
    for each in &explained.changes {
        line(format_args!(
            "  {} → {}   {}",
            change(each),
            each.then,
            paint(ASIDE, format_args!("rule {}", each.rule))
        ));
    }
}

fn change(change: &ExplainedChange) -> String {
    let ExplainedChange { fact, from, to, .. } = change;
    format!("{fact} were {} instead of {from}", paint(HEADING, to))
}

fn print_label(explained: &Explained) {
    let label = &explained.label;
    let verdict = if explained.is_classified {
        paint(MIND, format_args!("classified: from {} up it never leaves the network", explained.boundary))
    } else {
        paint(GOOD, "not classified")
    };
    line(paint(HEADING, "Label"));
    line(format_args!("  {:14} {}   {verdict}", "level", paint(HEADING, label.level())));
    let list = |items: Vec<String>| if items.is_empty() { "-".to_owned() } else { items.join(", ") };
    line(format_args!(
        "  {:14} {}",
        "categories",
        list(label.categories().iter().map(ToString::to_string).collect())
    ));
    line(format_args!(
        "  {:14} {}",
        "jurisdictions",
        list(label.jurisdictions().iter().map(ToString::to_string).collect())
    ));
    line(format_args!("  {:14} {}", "opaque", list(explained.opaque.clone())));
    line(format_args!("  {:14} {}", "profile", explained.profile));
    if !explained.detectors.is_empty() {
        line(format_args!(
            "  {:14} {} (not asked: nothing is sent)",
            "detectors",
            explained.detectors.join(", ")
        ));
    }
    if let Some(encoder) = &explained.encoder {
        line(format_args!(
            "  {:14} {encoder} would be asked for the task type (not asked: nothing is sent)",
            "encoder"
        ));
    }
    if !explained.complete {
        line(paint(BAD, "  not everything could be inspected, which counts as classified"));
    }
    line(paint(HEADING, "\nFindings"));
    if explained.findings.is_empty() {
        line("  none");
    }
    for finding in &explained.findings {
        let place = format!("{} bytes {}..{}", finding.path, finding.start, finding.end);
        line(format_args!(
            "  {:16} {:13} {place}   {}",
            finding.entity,
            finding.level,
            paint(ASIDE, &finding.recogniser)
        ));
    }
}

fn print_plan(explained: &Explained) {
    for candidate in explained.candidates.iter().filter(|c| c.role.is_some()) {
        let zone = match candidate.zone {
            ZoneKind::Local => paint(GOOD, "local "),
            ZoneKind::Cloud => paint(MIND, "cloud "),
        };
        let role = match candidate.role {
            Some("overflow") => "when the first are full (burst) or fail",
            Some("degrade") => "when the first are full (degrade)",
            _ => "first",
        };
        line(format_args!("  {:32} {zone} {role}", candidate.target));
    }
    let ladder: Vec<String> = explained.ladder.iter().map(step).collect();
    line(format_args!("  when full: {}", ladder.join(" → ")));
    if !explained.checks.is_empty() {
        let checks = explained.checks.join(", ");
        line(format_args!("  answers are checked, and made anew by a stronger target: {checks}"));
    }
}

fn step(step: &Step) -> String {
    match step {
        Step::Queue(time) => format!("queue {}s", time.as_secs_f32()),
        Step::Degrade => "degrade".to_owned(),
        Step::Burst => "burst".to_owned(),
        Step::Reject => "reject".to_owned(),
    }
}

fn change_json(change: &ExplainedChange) -> serde_json::Value {
    let ExplainedChange { fact, from, to, rule, then } = change;
    json!({ "fact": fact, "from": from, "to": to, "rule": rule, "then": then })
}

fn as_json(explained: &Explained) -> serde_json::Value {
    let label = &explained.label;
    let finding = |f: &ExplainedFinding| {
        json!({
            "type": f.entity, "category": f.category, "level": f.level.as_str(), "path": f.path,
            "start": f.start, "end": f.end, "score": f.score, "recogniser": f.recogniser,
        })
    };
    let candidate = |c: &ExplainedCandidate| json!({ "target": c.target, "zone": c.zone.as_str(), "role": c.role, "reason": c.reason });
    let facts: serde_json::Map<String, serde_json::Value> =
        explained.facts.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "label": {
            "level": label.level().as_str(),
            "categories": label.categories().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "jurisdictions": label.jurisdictions().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "opaque": label.is_opaque(),
        },
        "classified": explained.is_classified,
        "boundary": explained.boundary.as_str(),
        "profile": explained.profile,
        "detectors_not_asked": explained.detectors,
        "encoder_not_asked": explained.encoder,
        "complete": explained.complete,
        "findings": explained.findings.iter().map(finding).collect::<Vec<_>>(),
        "opaque": explained.opaque,
        "facts": facts,
        "tokens_counted_with": explained.counted_with,
        "rule": explained.rule,
        "unknown": explained.unknown,
        "policy_revision": explained.revision,
        "denied": explained.denied,
        "targets": explained.candidates.iter().map(candidate).collect::<Vec<_>>(),
        "tags": explained.tags,
        "requires": explained.requires,
        "changes": explained.changes.iter().map(change_json).collect::<Vec<_>>(),
        "why_not": explained.why_not.as_ref().map(|why| json!({
            "target": why.target, "reason": why.reason, "ways": why.ways.iter().map(change_json).collect::<Vec<_>>(),
        })),
        "when_full": explained.ladder.iter().map(step).collect::<Vec<_>>(),
        "cascade": explained.checks,
    })
}
