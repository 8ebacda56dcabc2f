use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{GOOD, line, paint};
use serde_json::json;
use std::process::ExitCode;
use weir_config::Problem;
use weir_label::ZoneKind;
use weir_server::{Snapshot, SnapshotError};

/// Checks both files without serving.
///
/// Says all that is wrong with them at once, with file, line, column and a remedy. Connects to nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code 3 when the files cannot be used, 0 when they can (warnings or not).")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// Print the result as JSON, for CI
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failed> {
    if args.json {
        return Ok(check_json(args));
    }
    let snapshot = args.files.load_with_warnings()?;
    line(format_args!("{} {}", paint(GOOD, "ok:"), summary(&snapshot)));
    Ok(ExitCode::SUCCESS)
}

fn summary(snapshot: &Snapshot) -> String {
    let loaded = &snapshot.loaded;
    let count = |zone| loaded.config.backends.iter().filter(|backend| backend.zone == zone).count();
    format!(
        "{} local and {} cloud backends, {} aliases, {} rules, boundary `{}`, {} profile, policy revision {}",
        count(ZoneKind::Local),
        count(ZoneKind::Cloud),
        loaded.catalogue.aliases().count(),
        loaded.policy.rules().len(),
        loaded.policy.boundary.level(),
        loaded.classify.profile.as_str(),
        loaded.policy_revision,
    )
}

fn check_json(args: &CheckArgs) -> ExitCode {
    let (problems, revision, other) = match Snapshot::load(&args.files.sources()) {
        Ok(snapshot) => {
            let revision = snapshot.loaded.policy_revision.to_string();
            (snapshot.loaded.warnings.iter().map(problem).collect(), Some(revision), None)
        }
        Err(SnapshotError::Problems(problems)) => (problems.0.iter().map(problem).collect(), None, None),
        Err(error) => (Vec::new(), None, Some(error.to_string())),
    };
    let is_ok = revision.is_some();
    line(json!({ "ok": is_ok, "policy_revision": revision, "error": other, "problems": problems }));
    if is_ok { ExitCode::SUCCESS } else { ExitCode::from(3) }
}

fn problem(problem: &Problem) -> serde_json::Value {
    json!({
        "severity": problem.severity.as_str(),
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "help": problem.help,
    })
}
