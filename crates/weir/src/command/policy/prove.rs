use super::{example, place};
use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{ASIDE, BAD, Format, GOOD, MIND, line, paint};
use crate::sarif::{self, Found, Place};
use serde_json::{Value, json};
use std::process::ExitCode;
use weir_analyse::{Finding, Kind, Proof, Severity, prove};
use weir_server::Snapshot;

/// Proves that no request can go where it may not, and finds rules that do nothing.
///
/// Holds for all requests that there can be, not for a sample: the conditions of the rules, the boundary, the
/// residency table, clearances and contexts divide them into finitely many regions, and all requests of a region
/// are decided alike. For each question a search finds a region, or shows that there is none. For this configuration
/// it shows that
///
/// (1) no data at or above the boundary, and none that is bound elsewhere, goes to a backend that may not have it,
/// whichever rule, fallback or ladder decides;
///
/// (2) every request gets a target, or a denial that says why;
///
/// (3) every rule decides about something and makes a difference.
///
/// Each finding comes with the facts of a request that shows it. They can be put under `facts` of a case in
/// `policy.test.yaml`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Findings:
  leak          a request would go where it may not
  undecided     a request gets neither target nor reason
  disagreement  what decides does not follow the rules
  unreachable   no request can fulfil a rule's condition
  shadowed      rules before it decide about all that a rule matches
  redundant     without the rule nothing would be different
  dead_end      every request that a rule decides about is denied for want of a target
  overtaken     a rule keeps requests inside that a rule before it may send out (note)
  overlap       the order of two rules matters (note; `--overlaps` lists them)
  unmatched     no rule matches some requests (note)
  no_target     some requests find no target (note)

Exit codes: 0 proved, notes or not; 1 there are errors or warnings; 3 the files cannot be used.

Example: weir policy prove --config weir.yaml --policy policy.yaml")]
pub(super) struct ProveArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// List the pairs of rules whose order matters
    #[arg(long)]
    overlaps: bool,

    /// Exit with 0 when there are warnings but no errors
    #[arg(long)]
    allow_warnings: bool,

    /// Print JSON, for CI; the same as `--format json`
    #[arg(long)]
    json: bool,

    /// `text` for people, `json`, or `sarif` (2.1.0) for code scanning
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "json")]
    format: Format,
}

pub(super) fn run(args: &ProveArgs) -> Result<ExitCode, Failed> {
    let snapshot = args.files.load()?;
    let loaded = &snapshot.loaded;
    let proof = prove(&loaded.policy, &loaded.catalogue).map_err(|error| Failed::Check(error.to_string()))?;
    match (args.json, args.format) {
        (true, _) | (_, Format::Json) => line(as_json(&proof, &snapshot)),
        (_, Format::Sarif) => line(as_sarif(&proof, &snapshot)),
        (_, Format::Text) => print(&proof, args, &snapshot),
    }
    let worst = if args.allow_warnings { Severity::Error } else { Severity::Warning };
    let failed = proof.findings.iter().any(|finding| finding.severity() <= worst);
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn print(proof: &Proof, args: &ProveArgs, snapshot: &Snapshot) {
    let shown = |finding: &&Finding| args.overlaps || finding.kind != Kind::Overlap;
    for finding in proof.findings.iter().filter(shown) {
        print_finding(finding, snapshot);
    }
    let overlaps = proof.findings.iter().filter(|finding| finding.kind == Kind::Overlap).count();
    if overlaps > 0 && !args.overlaps {
        let pairs = if overlaps == 1 { "one pair".to_owned() } else { format!("{overlaps} pairs") };
        line(format_args!(
            "{}: the order of {pairs} of rules matters; `--overlaps` lists them",
            paint(ASIDE, "note")
        ));
    }
    line(verdict(proof, snapshot));
}

fn print_finding(finding: &Finding, snapshot: &Snapshot) {
    let style = match finding.severity() {
        Severity::Error => BAD,
        Severity::Warning => MIND,
        Severity::Note => ASIDE,
    };
    line(format_args!(
        "{}: {}",
        paint(style, format_args!("{}[{}]", finding.severity(), finding.kind)),
        finding.message
    ));
    place::print(&snapshot.loaded.places, finding.rule.as_ref(), &finding.others);
    if let Some(request) = &finding.example {
        line(format_args!("  {} {}", paint(ASIDE, "example:"), example::in_a_line(request)));
    }
    line(format_args!("  {} {}", paint(ASIDE, "help:"), finding.help));
}

fn verdict(proof: &Proof, snapshot: &Snapshot) -> String {
    let count = |severity| proof.findings.iter().filter(|finding| finding.severity() == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let scope = format!(
        "{} of {} facts, {} decisions, {} rules, policy revision {}",
        regions(proof.regions),
        proof.facts,
        proof.decisions,
        snapshot.loaded.policy.rules().len(),
        snapshot.loaded.policy_revision
    );
    match (errors, warnings) {
        (0, 0) => format!(
            "{} no request can go where it may not, and every rule has its use ({scope})",
            paint(GOOD, "proved:")
        ),
        (0, _) => format!(
            "{} no request can go where it may not; {warnings} to look at ({scope})",
            paint(GOOD, "proved:")
        ),
        _ => format!("{} {errors} errors, {warnings} warnings ({scope})", paint(BAD, "not proved:")),
    }
}

/// A number of regions in words.
pub(super) fn regions(count: u128) -> String {
    if count == u128::MAX { "more than 10^38 regions".to_owned() } else { format!("{count} regions") }
}

fn as_json(proof: &Proof, snapshot: &Snapshot) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "kind": finding.kind.as_str(),
            "severity": finding.severity().as_str(),
            "rule": finding.rule.as_ref().map(ToString::to_string),
            "place": place::as_json(&snapshot.loaded.places, finding.rule.as_ref()),
            "others": finding.others.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "message": finding.message,
            "help": finding.help,
            "facts": finding.example.as_ref().map(example::as_json),
        })
    };
    let is_proved = proof.findings.iter().all(|finding| finding.severity() != Severity::Error);
    json!({
        "proved": is_proved,
        "policy_revision": snapshot.loaded.policy_revision.to_string(),
        // A string, because there can be more than a JSON number holds.
        "regions": proof.regions.to_string(),
        "facts": proof.facts,
        "decisions": proof.decisions,
        "findings": proof.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn as_sarif(proof: &Proof, snapshot: &Snapshot) -> Value {
    let places = &snapshot.loaded.places;
    let problems: Vec<_> =
        proof.findings.iter().map(|finding| place::of(places, finding.rule.as_ref())).collect();
    let found: Vec<Found<'_>> = proof
        .findings
        .iter()
        .zip(&problems)
        .map(|(finding, problem)| Found {
            rule: finding.kind.as_str(),
            level: finding.severity().as_str(),
            text: format!("{}; {}", finding.message, finding.help),
            place: problem.as_ref().map_or(Place::In(places.file()), Place::At),
        })
        .collect();
    sarif::log("weir policy prove", &found, None)
}
