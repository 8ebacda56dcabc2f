use super::{LogArgs, parse_time};
use crate::exit::Failed;
use crate::output::{line, note, table};
use serde_json::{Value, json};
use std::process::ExitCode;
use weir_audit::event::OutcomeKind;
use weir_audit::{Ident, Name, WallTime};
use weir_label::{Level, ZoneKind};
use weir_store::audit::{Filter, Row, query};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: weir audit query --level confidential --zone cloud    (must be empty)")]
pub(super) struct QueryArgs {
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

    /// A tag that the rule gave it
    #[arg(long)]
    tag: Option<String>,

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

pub(super) fn run(args: &QueryArgs) -> Result<ExitCode, Failed> {
    let filter = Filter {
        since: args.since,
        until: args.until,
        zone: args.zone,
        backend: args.backend.as_deref().map(Ident::new),
        level_min: args.level,
        rule: args.rule.as_deref().map(Name::new),
        tag: args.tag.as_deref().map(Ident::new),
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
