//! Running the cases beside a policy.

use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{ASIDE, BAD, GOOD, MIND, line, note, paint};
use crate::problems;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_rollout::{Judgement, junit};
use weir_server::{CaseReport, SnapshotError};

/// Runs the cases beside the policy: what it makes of requests and facts, and what the cases do not see of it.
///
/// The cases are in `policy.test.yaml` beside `policy.yaml`; of a directory in every `*.test.yaml`. The gateway runs
/// them at every reload, and does not apply a policy whose cases fail. Nothing is sent anywhere.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code 1 when a case fails or coverage is too low.\n\nA case:\n  cases:\n    - name: HR stays here\n      \
facts: { caller.team: hr, request.alias: auto }\n      expect: { zone: local, may_leave: false }"
)]
pub(super) struct TestArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// Write the results as JUnit XML too, for CI
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Fail when the cases see less of the policy's branches, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &TestArgs) -> Result<ExitCode, Failed> {
    let snapshot = args.files.load_with_warnings()?;
    let report = snapshot.run_cases();
    let report = report.map_err(|found| problems::report(&SnapshotError::Problems(found)))?;
    if let Some(path) = &args.junit {
        std::fs::write(path, junit(&report.judgements))
            .map_err(|error| Failed::check(format!("cannot write `{}`", path.display()), &error))?;
    }
    if args.json {
        line(report.to_json());
    } else {
        print(&report);
    }
    if report.judgements.is_empty() && !args.json {
        let place = args.files.sources().policy_file().with_extension("test.yaml");
        note(format_args!("  there are no cases; they belong in `{}`", place.display()));
    }
    let too_low = args.min_coverage.filter(|least| covered(&report) < f64::from(*least));
    if let Some(least) = too_low {
        note(paint(BAD, format_args!("the cases see less than {least} % of the policy's branches")));
    }
    let has_failed = report.failed().next().is_some() || too_low.is_some();
    Ok(if has_failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn print(report: &CaseReport) {
    for Judgement { name, file, line: at, wrong } in &report.judgements {
        if wrong.is_empty() {
            line(format_args!("{} {name}", paint(GOOD, "ok  ")));
            continue;
        }
        line(format_args!("{} {name}   {}", paint(BAD, "FAIL"), paint(ASIDE, format_args!("{file}:{at}"))));
        for what in wrong {
            line(format_args!("       {what}"));
        }
    }
    for gap in report.coverage.gaps() {
        line(format_args!("{} {gap}", paint(MIND, "gap ")));
    }
    let (failed, all) = (report.failed().count(), report.judgements.len());
    let (rules, of_rules) = report.coverage.rules_seen();
    let (branches, of_branches) = report.coverage.branches_seen();
    line(format_args!(
        "{} of {all} cases passed; {rules} of {of_rules} rules and {branches} of {of_branches} branches seen",
        all - failed
    ));
}

fn covered(report: &CaseReport) -> f64 {
    let (seen, all) = report.coverage.branches_seen();
    if all == 0 { 100.0 } else { seen as f64 * 100.0 / all as f64 }
}
