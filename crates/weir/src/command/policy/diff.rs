use super::example;
use super::prove::regions;
use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{ASIDE, BAD, GOOD, HEADING, MIND, line, paint};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use weir_analyse::{Change, ChangeKind, Difference, Effect, Subject, diff};
use weir_server::Snapshot;

/// Shows which requests a changed policy would treat differently, and how.
///
/// Compares what both policies do with every request that there can be, not their texts: rules that were renamed,
/// split, joined or moved without effect are no difference. What the data sections say of texts is not compared.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Effects, the gravest first:
  opened       requests that stay inside may leave the network
  denied       requests that are answered would be denied
  closed       requests that may leave would stay inside
  allowed      requests that are denied would be answered
  zone, targets, order, when_full, obligations, denial

Exit codes: 0 no change in meaning, 1 there is one, 3 the files cannot be used.

Example: weir policy diff policy.yaml policy.new.yaml")]
pub(super) struct DiffArgs {
    /// The policy as it is
    before: PathBuf,

    /// The policy as it would be
    after: PathBuf,

    /// The configuration that both are for
    #[arg(short, long, value_name = "FILE", env = "WEIR_CONFIG", default_value = "weir.yaml")]
    config: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DiffArgs) -> Result<ExitCode, Failed> {
    let load =
        |policy: &PathBuf| FilesArgs { config: args.config.clone(), policy: Some(policy.clone()) }.load();
    let (before, after) = (load(&args.before)?, load(&args.after)?);
    let difference =
        diff(subject(&before), subject(&after)).map_err(|error| Failed::Check(error.to_string()))?;
    if args.json {
        line(as_json(&difference));
    } else {
        print(&difference);
    }
    Ok(if difference.changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn subject(snapshot: &Snapshot) -> Subject<'_> {
    Subject { policy: &snapshot.loaded.policy, catalogue: &snapshot.loaded.catalogue }
}

fn print(difference: &Difference) {
    if difference.changes.is_empty() {
        line(format_args!(
            "{} no change in meaning, over {}",
            paint(GOOD, "same:"),
            regions(difference.regions)
        ));
        return;
    }
    for change in &difference.changes {
        print_change(change);
    }
}

fn style(kind: ChangeKind) -> anstyle::Style {
    match kind {
        ChangeKind::Opened | ChangeKind::Denied => BAD,
        ChangeKind::Closed | ChangeKind::Allowed | ChangeKind::Zone => MIND,
        ChangeKind::Targets
        | ChangeKind::Order
        | ChangeKind::WhenFull
        | ChangeKind::Obligations
        | ChangeKind::Denial => HEADING,
    }
}

fn print_change(change: &Change) {
    let Change { before, after, when, more, effects } = change;
    if before == after {
        line(paint(HEADING, format_args!("rule `{before}`")));
    } else {
        line(paint(HEADING, format_args!("rule `{after}` instead of `{before}`")));
    }
    let mut word = "when";
    for when in when {
        line(format_args!("  {word:8}{when}"));
        word = "or when";
    }
    if *more {
        line("  or in further cases");
    }
    for effect in effects {
        line(format_args!(
            "  {} {}",
            paint(style(effect.kind), format_args!("{}:", effect.kind)),
            effect.kind.in_words()
        ));
        line(format_args!("    now     {}", effect.before));
        line(format_args!("    then    {}", effect.after));
        line(format_args!("    {} {}", paint(ASIDE, "example"), example::in_a_line(&effect.example)));
    }
}

fn as_json(difference: &Difference) -> Value {
    let effect = |effect: &Effect| {
        json!({
            "kind": effect.kind.as_str(),
            "before": effect.before,
            "after": effect.after,
            "facts": example::as_json(&effect.example),
        })
    };
    let change = |change: &Change| {
        json!({
            "before": change.before.to_string(),
            "after": change.after.to_string(),
            "when": change.when,
            "more": change.more,
            "effects": change.effects.iter().map(effect).collect::<Vec<_>>(),
        })
    };
    json!({
        "same": difference.changes.is_empty(),
        "regions": difference.regions.to_string(),
        "changes": difference.changes.iter().map(change).collect::<Vec<_>>(),
    })
}
