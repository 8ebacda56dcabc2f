use crate::exit::Failed;
use crate::files::FilesArgs;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_audit::WallTime;

mod attest;
mod content;
mod export;
mod prove;
mod query;
mod reconcile;
mod report;
mod rotate;
mod verify;
mod witness;

/// Asks the audit log where requests were processed and why, proves it to others, and verifies that nobody
/// changed it.
///
/// Reads the log of a running gateway too. There is no prompt text in it; where a rule requires `audit.content`, prompts and
/// answers are captured beside it, encrypted.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// List decisions: where each request ran, by which rule, and how it ended
    Query(Box<query::QueryArgs>),
    /// Write events for other systems: as they are, or as OCSF, OpenTelemetry logs, CEF or syslog
    Export(Box<export::ExportArgs>),
    /// Check every byte of the log against its tree and its signed checkpoint, or check a receipt, an older
    /// checkpoint or a report
    Verify(verify::VerifyArgs),
    /// Write the receipt of one request: its record, and the proof that the signed log holds it
    Prove(prove::ProveArgs),
    /// Check a claim against every record and write a signed report for auditors
    Attest(attest::AttestArgs),
    /// Compare the records with a firewall's or router's log of flows: what left without a record, and what is on record
    /// and did not leave
    Reconcile(reconcile::ReconcileArgs),
    /// Show what was captured of a request: its prompt and its answer
    Content(content::ContentArgs),
    /// Make the key that captured content is encrypted for, hand out a tenant's, or destroy it
    ContentKey(content::key::KeyArgs),
    /// Give the log of the running gateway a new signing key, which the old one signs and which signs the old one
    RotateKey(rotate::RotateArgs),
    /// Print the public key that this gateway signs with as a witness of other logs
    WitnessKey(witness::WitnessKeyArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    pub files: FilesArgs,

    /// The directory of the log, instead of that of the configuration
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
}

impl LogArgs {
    /// Where the log is, if there is one.
    pub fn directory(&self) -> Result<PathBuf, Failed> {
        there(self.place()?)
    }

    /// Where it is, or will be.
    pub fn place(&self) -> Result<PathBuf, Failed> {
        match &self.log {
            Some(directory) => Ok(directory.clone()),
            None => Ok(self.files.state()?.join("audit")),
        }
    }
}

/// The directory of a log, if there is one.
pub(crate) fn there(directory: PathBuf) -> Result<PathBuf, Failed> {
    if directory.exists() {
        return Ok(directory);
    }
    let place = directory.display();
    Err(Failed::Check(format!(
        "there is no audit log at `{place}`; `weir serve` begins it, `--log DIR` names another"
    )))
}

pub(crate) fn run(args: &AuditArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        AuditCommand::Query(args) => query::run(args),
        AuditCommand::Export(args) => export::run(args),
        AuditCommand::Verify(args) => verify::run(args),
        AuditCommand::Prove(args) => prove::run(args),
        AuditCommand::Attest(args) => attest::run(args),
        AuditCommand::Reconcile(args) => reconcile::run(args),
        AuditCommand::Content(args) => content::run(args),
        AuditCommand::ContentKey(args) => content::key::run(args),
        AuditCommand::RotateKey(args) => rotate::run(args),
        AuditCommand::WitnessKey(args) => witness::print_key(args),
    }
}

/// A time, a day, or a time before now.
pub(crate) fn parse_time(text: &str) -> Result<WallTime, String> {
    let expected = "use a time such as `2026-11-24T12:00:00Z`, a day such as `2026-11-24`, or a time before now such as \
                    `7d`, `2h` or `30m`";
    let midnight = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    let before_now = || Timestamp::now().checked_sub(crate::command::keys::parse_span(text)?).ok();
    let at =
        text.parse::<Timestamp>().ok().or_else(|| midnight().map(|day| day.timestamp())).or_else(before_now);
    let at = at.and_then(|at| u64::try_from(at.as_millisecond()).ok());
    at.map(WallTime::from_unix_ms).ok_or_else(|| expected.to_owned())
}
