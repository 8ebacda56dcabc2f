//! What another policy would have made of recorded requests.

use crate::command::audit::{parse_time, there};
use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{ASIDE, BAD, GOOD, HEADING, line, note, paint, table};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_audit::WallTime;
use weir_server::{AppChange, Condition, PeakLoad, ReplayFilter, Replayed, TargetLoad, replay};

/// The moves of a matrix that are shown.
const MOVES_MAX: usize = 12;

/// Decides again about the requests in the audit log, under another policy, and shows what would change.
///
/// Records hold facts and no text; they are decided about again under the configuration of today. Shown are the
/// moves by zone, target, rule and denial, cost, local share, how busy targets would be in their busiest five
/// minutes, and the ten applications of which most requests move. Facts that were not recorded, such as the
/// capacity of targets under a policy that did not look at it, are unknown.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: weir policy replay --policy new.yaml --since 7d --fail-if 'denied>0' --fail-if 'cost>10%'\n\nMeasures \
of --fail-if: moved, denied (newly), allowed (newly), to_cloud, to_local, incomplete, as a count or a share (`moved>5%`); \
cloud_share, cost (their rise) and utilisation (the highest), in percent.\nExit code 1 when one of the conditions holds."
)]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// The directory of the log, instead of that of the configuration
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,

    /// Requests at this time or later: a time (`2026-11-24T12:00:00Z`) or a time before now (`7d`, `2h`, `30m`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Requests before this time, given likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    until: Option<WallTime>,

    /// Requests of this tenant
    #[arg(long)]
    tenant: Option<String>,

    /// Exit with 1 when this holds; give the option again for more
    #[arg(long, value_name = "CONDITION")]
    fail_if: Vec<Condition>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ReplayArgs) -> Result<ExitCode, Failed> {
    let snapshot = args.files.load_with_warnings()?;
    let log = there(args.log.clone().unwrap_or_else(|| snapshot.loaded.config.state.join("audit")))?;
    let filter = ReplayFilter { since: args.since, until: args.until, tenant: args.tenant.clone() };
    let replayed = replay(&log, &snapshot, &filter)
        .map_err(|error| Failed::check("cannot read the audit log", &error))?;
    if args.json {
        line(replayed.to_json());
    } else {
        print(&replayed);
    }
    let failed: Vec<String> = args
        .fail_if
        .iter()
        .filter_map(|condition| Some(format!("`{condition}`: {}", condition.holds(&replayed)?)))
        .collect();
    for what in &failed {
        note(format_args!("{} {what}", paint(BAD, "fails:")));
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print(replayed: &Replayed) {
    let share = |count: u64| match replayed.requests {
        0 => String::new(),
        all => format!(" ({:.1} %)", count as f64 * 100.0 / all as f64),
    };
    line(format_args!(
        "{} requests decided again under policy {}",
        paint(HEADING, replayed.requests),
        replayed.revision
    ));
    let counts = [
        ("move", replayed.moved),
        ("newly go to the cloud", replayed.to_cloud),
        ("newly stay local", replayed.to_local),
        ("newly refused", replayed.newly_denied),
        ("newly not refused", replayed.newly_allowed),
        ("have another rule", replayed.rules_changed),
    ];
    for (what, count) in counts {
        line(format_args!("  {count:>9}{:10} {what}", share(count)));
    }
    print_money(replayed);
    let matrices = [
        ("zone", &replayed.by_zone),
        ("target", &replayed.by_target),
        ("rule", &replayed.by_rule),
        ("denial", &replayed.by_denial),
    ];
    for (name, matrix) in matrices {
        print_moves(name, matrix);
    }
    print_load(&replayed.load);
    print_apps(&replayed.most_affected());
    let skipped = replayed.skipped;
    if skipped.undecided + skipped.unknown_alias + replayed.incomplete > 0 {
        line(paint(
            ASIDE,
            format_args!(
                "not decided again: {} that no policy had decided, {} for models that are not configured; {} records \
                 had lost facts",
                skipped.undecided, skipped.unknown_alias, replayed.incomplete
            ),
        ));
    }
}

fn print_money(replayed: &Replayed) {
    let [before, after] = &replayed.zones;
    let percent =
        |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let (was, would_be) = replayed.cost;
    line(format_args!(
        "  local share {} → {}, cost {:.2} → {:.2} USD{}",
        percent(before.local_share()),
        percent(after.local_share()),
        usd(was),
        usd(would_be),
        match replayed.cost_unknown {
            0 => String::new(),
            unknown => format!(" (of {unknown} requests it is not known)"),
        }
    ));
}

fn usd(picodollars: u128) -> f64 {
    picodollars as f64 / 1e12
}

fn print_moves(name: &str, matrix: &BTreeMap<(String, String), u64>) {
    let mut moves: Vec<(&(String, String), &u64)> =
        matrix.iter().filter(|((from, to), _)| from != to).collect();
    if moves.is_empty() {
        return;
    }
    moves.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    line(paint(HEADING, format_args!("\nBy {name}")));
    for ((from, to), count) in moves.iter().take(MOVES_MAX) {
        line(format_args!("  {count:>9}   {from} → {to}"));
    }
    if moves.len() > MOVES_MAX {
        line(paint(ASIDE, format_args!("  and {} more; --json has all", moves.len() - MOVES_MAX)));
    }
}

fn print_load(load: &[TargetLoad]) {
    if load.is_empty() {
        return;
    }
    line(paint(HEADING, "\nTargets in their busiest five minutes"));
    let peak = |peak: &PeakLoad| match (peak.utilisation, peak.wait) {
        (None, _) => format!("{:.1} at a time", peak.busy),
        (Some(share), Some(wait)) => format!("{:.0} % busy, wait {:.1} s", share * 100.0, wait.as_secs_f64()),
        (Some(share), None) => format!("{:.0} % busy, the queue grows", share * 100.0),
    };
    let row = |load: &TargetLoad| {
        let requests = format!("{} → {}", load.requests.0, load.requests.1);
        vec![format!("  {}", load.target), requests, peak(&load.before), peak(&load.after)]
    };
    let rows: Vec<Vec<String>> = load.iter().map(row).collect();
    line(table(&["  target", "requests", "as it was", "as it would be"], &rows));
}

fn print_apps(apps: &[&AppChange]) {
    if apps.is_empty() {
        line(paint(GOOD, "\nno application is affected"));
        return;
    }
    line(paint(HEADING, "\nMost affected"));
    let row = |app: &&AppChange| {
        vec![
            format!("  {}", app.app),
            format!("{} of {}", app.moved, app.requests),
            app.newly_denied.to_string(),
            app.to_cloud.to_string(),
            format!("{:+.2}", app.cost_change as f64 / 1e12),
        ]
    };
    let rows: Vec<Vec<String>> = apps.iter().map(row).collect();
    line(table(&["  application", "move", "newly refused", "to the cloud", "cost, USD"], &rows));
}
