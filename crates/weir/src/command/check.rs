use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{Format, GOOD, line, paint};
use crate::sarif::{self, Found, Place};
use serde_json::{Value, json};
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

    /// Print the result as JSON, for CI; the same as `--format json`
    #[arg(long)]
    json: bool,

    /// `text` for people, `json`, or `sarif` (2.1.0) for code scanning
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "json")]
    format: Format,
}

pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failed> {
    let result = match (args.json, args.format) {
        (true, _) | (_, Format::Json) => Checked::of(args).json(),
        (_, Format::Sarif) => Checked::of(args).sarif(),
        (_, Format::Text) => return check_text(args),
    };
    let (is_ok, text) = result;
    line(text);
    Ok(if is_ok { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn check_text(args: &CheckArgs) -> Result<ExitCode, Failed> {
    let snapshot = args.files.load_with_secrets()?;
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

/// What was found, for machines.
struct Checked {
    problems: Vec<Problem>,
    revision: Option<String>,
    /// What keeps the files from being used besides, or from being read at all.
    error: Option<String>,
}

impl Checked {
    fn of(args: &CheckArgs) -> Self {
        match Snapshot::load(&args.files.sources()) {
            Ok(snapshot) => Self {
                revision: Some(snapshot.loaded.policy_revision.to_string()),
                problems: snapshot.loaded.warnings,
                error: None,
            },
            Err(SnapshotError::Problems(problems)) => {
                Self { problems: problems.0, revision: None, error: None }
            }
            Err(error) => Self { problems: Vec::new(), revision: None, error: Some(error.to_string()) },
        }
    }

    fn json(&self) -> (bool, Value) {
        let Self { problems, revision, error } = self;
        let problems: Vec<Value> = problems.iter().map(problem).collect();
        let is_ok = revision.is_some();
        (is_ok, json!({ "ok": is_ok, "policy_revision": revision, "error": error, "problems": problems }))
    }

    fn sarif(&self) -> (bool, Value) {
        let Self { problems, revision, error } = self;
        let found: Vec<Found<'_>> = problems.iter().map(found).collect();
        (revision.is_some(), sarif::log("weir check", &found, error.as_deref()))
    }
}

fn found(problem: &Problem) -> Found<'_> {
    let text = match &problem.help {
        Some(help) => format!("{}; {help}", problem.message),
        None => problem.message.clone(),
    };
    // One rule: its results differ in their messages.
    Found { rule: "configuration", level: problem.severity.as_str(), text, place: Place::At(problem) }
}

fn problem(problem: &Problem) -> Value {
    json!({
        "severity": problem.severity.as_str(),
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "end_column": problem.end_column(),
        "excerpt": problem.excerpt(),
        "message": problem.message,
        "help": problem.help,
    })
}
