use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{GOOD, line, paint};
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
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

    /// Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
    fn sarif(&self) -> (bool, Value) {
        let Self { problems, revision, error } = self;
        let results: Vec<Value> = problems.iter().map(sarif_result).collect();
        let notices: Vec<Value> =
            error.iter().map(|text| json!({ "level": "error", "message": { "text": text } })).collect();
        let is_ok = revision.is_some();
        let log = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "weir check",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": [{ "id": RULE, "shortDescription": { "text": "what is wrong with weir.yaml or policy.yaml" } }],
                } },
                "invocations": [{ "executionSuccessful": error.is_none(), "toolExecutionNotifications": notices }],
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        });
        (is_ok, log)
    }
}

/// The one rule of the log: its results differ in their messages.
const RULE: &str = "configuration";

fn sarif_result(problem: &Problem) -> Value {
    let text = match &problem.help {
        Some(help) => format!("{}; {help}", problem.message),
        None => problem.message.clone(),
    };
    json!({
        "ruleId": RULE,
        "level": problem.severity.as_str(),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": problem.file.replace('\\', "/") },
            "region": {
                "startLine": problem.line,
                "startColumn": problem.column,
                "endColumn": problem.end_column(),
                "snippet": { "text": problem.excerpt() },
            },
        } }],
    })
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
