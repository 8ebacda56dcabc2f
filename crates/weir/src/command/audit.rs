use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{BAD, GOOD, error_line, line, note, paint, table};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use weir_audit::event::OutcomeKind;
use weir_audit::{Ident, Name, WallTime};
use weir_label::{Level, ZoneKind};
use weir_store::audit::{Filter, Row, query, verify};

/// Asks the audit log where requests were processed and why, and verifies that nobody changed it.
///
/// Reads the log of a running gateway too. There is no prompt text in it.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// List decisions: where each request ran, by which rule, and how it ended
    Query(QueryArgs),
    /// Check every byte of the log against its tree and its signed checkpoint
    Verify(VerifyArgs),
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
    /// Where the log is.
    pub fn directory(&self) -> Result<PathBuf, Failed> {
        match &self.log {
            Some(directory) => Ok(directory.clone()),
            None => Ok(self.files.load()?.loaded.config.state.join("audit")),
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: weir audit query --level confidential --zone cloud    (must be empty)")]
struct QueryArgs {
    #[command(flatten)]
    log: LogArgs,

    /// At this time or later: a time (`2026-11-24T12:00:00Z`) or a time before now (`7d`, `2h`, `30m`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    since: Option<WallTime>,

    /// Before this time, given likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_time)]
    until: Option<WallTime>,

    /// `local` or `cloud`
    #[arg(long, value_parser = parse_zone)]
    zone: Option<ZoneKind>,

    /// The backend
    #[arg(long)]
    backend: Option<String>,

    /// This level or higher
    #[arg(long, value_parser = parse_level)]
    level: Option<Level>,

    /// The rule that decided
    #[arg(long)]
    rule: Option<String>,

    /// The caller: id of an API key
    #[arg(long, value_name = "KEY")]
    caller: Option<String>,

    /// The decision id that the client got (`x-weir-decision-id`)
    #[arg(long, value_name = "ID")]
    decision: Option<String>,

    /// The request id that the client got (`x-request-id`)
    #[arg(long, value_name = "ID")]
    request: Option<String>,

    /// How the request ended: `ok`, `client_cancelled`, `upstream_aborted`, `timeout`, `rejected`, `failed`
    #[arg(long, value_parser = parse_outcome)]
    outcome: Option<OutcomeKind>,

    /// The most rows, the newest ones; 0 is all
    #[arg(long, default_value_t = 100)]
    limit: usize,

    /// Print one JSON object a line, with every field of the record
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code 1 when anything is wrong; each fault is named with its file, offset and event."
)]
struct VerifyArgs {
    #[command(flatten)]
    log: LogArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &AuditArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        AuditCommand::Query(args) => run_query(args),
        AuditCommand::Verify(args) => run_verify(args),
    }
}

fn run_query(args: &QueryArgs) -> Result<ExitCode, Failed> {
    let filter = Filter {
        since: args.since,
        until: args.until,
        zone: args.zone,
        backend: args.backend.as_deref().map(Ident::new),
        level_min: args.level,
        rule: args.rule.as_deref().map(Name::new),
        key_id: args.caller.as_deref().map(key_id),
        decision_id: args.decision.as_deref().map(Ident::new),
        request_id: args.request.as_deref().map(Ident::new),
        outcome: args.outcome,
        limit: (args.limit > 0).then_some(args.limit),
    };
    let rows = query(&args.log.directory()?, &filter);
    let rows = rows.map_err(|error| Failed::check("cannot read the audit log", &error))?;
    if args.json {
        for row in &rows {
            line(as_json(row)?);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    line(table(
        &["TIME", "DECISION", "LEVEL", "FINDINGS", "RULE", "ACTION", "ZONE", "TARGET", "OUTCOME"],
        &cells,
    ));
    note(format_args!("{} {}", rows.len(), if rows.len() == 1 { "decision" } else { "decisions" }));
    Ok(ExitCode::SUCCESS)
}

/// `weir keys list` shows prefixes; the log holds ids.
fn key_id(text: &str) -> Ident {
    Ident::new(text.rsplit('_').next().unwrap_or(text))
}

fn cells(row: &Row) -> Vec<String> {
    let decision = &row.decision;
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let findings: Vec<String> =
        decision.findings.iter().map(|f| format!("{}×{}", f.entity, f.count)).collect();
    vec![
        row.ts_wall.to_string(),
        decision.decision_id.to_string(),
        decision.level.to_string(),
        if findings.is_empty() { "-".to_owned() } else { findings.join(" ") },
        or_dash(decision.rule.as_ref().map(ToString::to_string)),
        word(&decision.action),
        or_dash(decision.zone.map(|zone| zone.to_string())),
        or_dash(decision.target.as_ref().map(ToString::to_string)),
        row.outcome
            .as_ref()
            .map_or_else(|| "running".to_owned(), |outcome| outcome.outcome.as_str().to_owned()),
    ]
}

/// The word that a value has in the log.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

fn as_json(row: &Row) -> Result<Value, Failed> {
    let value = || {
        Ok::<Value, serde_json::Error>(json!({
            "seq": row.seq,
            "ts_wall": row.ts_wall.to_string(),
            "decision": serde_json::to_value(&row.decision)?,
            "outcome": row.outcome.as_ref().map(serde_json::to_value).transpose()?,
        }))
    };
    value().map_err(|error| Failed::check("cannot write the record", &error))
}

fn run_verify(args: &VerifyArgs) -> Result<ExitCode, Failed> {
    let directory = args.log.directory()?;
    let report = verify(&directory).map_err(|error| Failed::check("cannot read the audit log", &error))?;
    let signed = report.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    if args.json {
        let faults: Vec<Value> = report.faults.iter().map(|fault| json!(fault.to_string())).collect();
        line(json!({
            "ok": report.is_clean(),
            "events": report.events,
            "signed_events": signed,
            "faults": faults,
            "more_faults": report.more_faults,
        }));
    } else if report.is_clean() {
        line(format_args!(
            "{} {} events, {} of them under the signed checkpoint; every byte is as it was written",
            paint(GOOD, "ok:"),
            report.events,
            signed
        ));
    } else {
        for fault in &report.faults {
            line(format_args!("{} {fault}", paint(BAD, "fault:")));
        }
        let count = report.faults.len() as u64 + report.more_faults;
        error_line(format_args!("{count} faults in `{}`", directory.display()));
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A time, or a time before now.
pub(crate) fn parse_time(text: &str) -> Result<WallTime, String> {
    let expected =
        "use a time such as `2026-11-24T12:00:00Z`, or a time before now such as `7d`, `2h` or `30m`";
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => Timestamp::now()
            .checked_sub(crate::command::keys::parse_span(text).ok_or(expected)?)
            .map_err(|_| expected)?,
    };
    u64::try_from(at.as_millisecond()).map(WallTime::from_unix_ms).map_err(|_| expected.to_owned())
}

fn parse_zone(text: &str) -> Result<ZoneKind, String> {
    [ZoneKind::Local, ZoneKind::Cloud]
        .into_iter()
        .find(|zone| zone.as_str() == text)
        .ok_or_else(|| "use `local` or `cloud`".to_owned())
}

fn parse_level(text: &str) -> Result<Level, String> {
    text.parse().map_err(|error: weir_label::UnknownLevel| error.to_string())
}

fn parse_outcome(text: &str) -> Result<OutcomeKind, String> {
    let known = || OutcomeKind::ALL.map(|kind| format!("`{}`", kind.as_str())).join(", ");
    OutcomeKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| format!("use one of {}", known()))
}
