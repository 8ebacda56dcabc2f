use super::{LogArgs, parse_time, report};
use crate::exit::Failed;
use crate::output::{BAD, GOOD, line, note, paint};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weir_audit::WallTime;
use weir_audit::claim::Claim;
use weir_server::report::{facts, text};
use weir_store::audit::{Attestation, sign_as_log};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  weir audit attest --since 30d --signed report.note --html report.html \\
    --claim \"no record with level >= confidential has zone cloud\"
A claim is `no record [with CONDITION and …] has CONDITION and …`, or `every record …`; a condition is a field of the
decision record, an operator (`=`, `!=`, `>=`, `>`, `<=`, `<`, or none for equal) and a value.
Exit code 1 when a record contradicts the claim, or the log is not the one that was signed.")]
pub(super) struct AttestArgs {
    #[command(flatten)]
    log: LogArgs,

    /// What is to be checked against every record
    #[arg(long, value_name = "SENTENCE")]
    claim: Claim,

    /// Records of this time or later: a time (`2026-11-24T12:00:00Z`) or a time before now (`7d`, `2h`, `30m`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Records before this time, given likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    until: Option<WallTime>,

    /// Write the report, signed with the key of the log, to this file
    #[arg(long, value_name = "FILE")]
    signed: Option<PathBuf>,

    /// Write the report as a page to read and print to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &AttestArgs) -> Result<ExitCode, Failed> {
    let directory = args.log.directory()?;
    let attestation = Attestation::make(&directory, &args.claim, args.since, args.until);
    let attestation = attestation.map_err(|error| Failed::check("nothing can be attested", &error))?;
    let facts = facts(&args.claim, (args.since, args.until), &attestation, Timestamp::now());
    let text = text(&facts);
    let signed = sign_as_log(&directory, &text);
    let signed = signed.map_err(|error| Failed::check("cannot sign the report", &error))?;
    if let Some(path) = &args.signed {
        write(path, &signed)?;
    }
    if let Some(path) = &args.html {
        write(path, &report::html(&facts, &attestation, &signed))?;
    }
    if args.json {
        line(&facts);
    } else {
        let verdict = if attestation.holds() { paint(GOOD, "holds:") } else { paint(BAD, "does not hold:") };
        line(format_args!("{verdict} {}", report::summary(&facts)));
        for example in &attestation.examples {
            line(format_args!("  event {} of {}: {}", example.seq, example.ts_wall, example.decision_id));
        }
    }
    Ok(if attestation.holds() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    std::fs::write(path, text)
        .map_err(|error| Failed::check(format!("cannot write `{}`", path.display()), &error))?;
    note(format_args!("written: `{}`", path.display()));
    Ok(())
}
