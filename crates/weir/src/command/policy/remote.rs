//! What is asked of a running gateway about policies.

use crate::admin::{GatewayArgs, text};
use crate::exit::Failed;
use crate::output::{ASIDE, BAD, GOOD, HEADING, MIND, line, paint, table};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::process::ExitCode;
use weir_rollout::Alarm;

/// Shows which policy is in force, which is on its way, and whether the files can be used.
///
/// Asks the running gateway.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code 1 when the files are refused or a rollout was stopped, for scripts.")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    gateway: GatewayArgs,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists what happened to policies: applied, staged, stopped, rolled back.
#[derive(Debug, clap::Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    gateway: GatewayArgs,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Puts the policy that the configuration names in force, or at a stage.
///
/// With a policy on its way, in the shadow or in stages, this is the next step: for all requests, or for the
/// share that `--stage` says. After `weir policy rollback` it takes the policy up again.
#[derive(Debug, clap::Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    gateway: GatewayArgs,

    /// The share of requests that it is to decide, in percent, instead of all
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    stage: Option<u8>,

    /// It is to decide none, but be compared with the one in force
    #[arg(long, conflicts_with = "stage")]
    shadow: bool,
}

/// Takes back the policy that is on its way or, if none is, goes back to the one before.
///
/// The gateway does not take the policy up again by itself, until its files change or `weir policy apply`.
#[derive(Debug, clap::Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    gateway: GatewayArgs,

    /// The revision to go back to; `weir policy history` lists them [default: the one before]
    #[arg(value_name = "REVISION")]
    to: Option<String>,
}

pub(super) fn status(args: &StatusArgs) -> Result<ExitCode, Failed> {
    let status = args.gateway.ask("/policy", &json!({}))?;
    if args.json {
        line(&status);
    } else {
        print_status(&status);
    }
    let is_refused = text(&status, "/files/result") == "refused";
    let is_stopped = !text(&status, "/on_its_way/stopped").is_empty();
    Ok(if is_refused || is_stopped { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn print_status(status: &Value) {
    line(format_args!("{}   {}", paint(HEADING, "in force  "), described(status, "/in_force")));
    if status.pointer("/on_its_way").is_some_and(Value::is_object) {
        let stage = text(status, "/on_its_way/stage");
        line(format_args!("{}   {}", paint(HEADING, "on its way"), described(status, "/on_its_way")));
        line(format_args!("  {:12} {}", "stage", paint(MIND, &stage)));
        print_tallies(status);
        let stopped = text(status, "/on_its_way/stopped");
        if !stopped.is_empty() {
            line(format_args!("  {:12} {}", "stopped", paint(BAD, stopped)));
            let next = "`weir policy apply`, or with `--stage`, goes on all the same; `weir policy rollback` gives it up";
            line(format_args!("  {:12} {}", "next", paint(MIND, next)));
        }
    }
    let held = text(status, "/held");
    if !held.is_empty() {
        let what = format!("{held} was rolled back; `weir policy apply` takes it up again");
        line(format_args!("{}   {}", paint(HEADING, "held      "), paint(MIND, what)));
    }
    let files = match text(status, "/files/result").as_str() {
        "ok" => paint(GOOD, "can be used"),
        _ => paint(BAD, "refused; the last good ones stay in force"),
    };
    line(format_args!("{}   {files}", paint(HEADING, "files     ")));
    let problems = status.pointer("/files/problems").and_then(Value::as_array);
    for problem in problems.into_iter().flatten().filter_map(Value::as_str) {
        line(format_args!("  {problem}"));
    }
    let (fetched, why) = (text(status, "/fetch/at"), text(status, "/fetch/why"));
    if !fetched.is_empty() {
        let how =
            if why.is_empty() { paint(GOOD, "done") } else { paint(BAD, format_args!("failed: {why}")) };
        line(format_args!("{}   {how}, {fetched}", paint(HEADING, "fetch     ")));
    }
}

fn described(status: &Value, at: &str) -> String {
    let of = |field: &str| text(status, &format!("{at}/{field}"));
    let mut described = format!("{}   boundary {}, {} rules", of("revision"), of("boundary"), of("rules"));
    for (field, word) in [("version", "version"), ("commit", "commit")] {
        let value = of(field);
        if !value.is_empty() {
            described = format!("{described}, {word} {value}");
        }
    }
    described
}

fn print_tallies(status: &Value) {
    let rows = [("in force", "policy_in_force"), ("this one", "this_policy")].map(|(name, field)| {
        let of = |what: &str| text(status, &format!("/on_its_way/{field}/{what}"));
        vec![name.to_owned(), of("requests"), of("denied"), of("failed"), of("cloud"), of("mean_cost_usd")]
    });
    line(table(&["  so far", "requests", "denied", "failed", "cloud", "mean USD"], &rows.map(indented)));
    let shadow = |what: &str| text(status, &format!("/on_its_way/shadow/{what}"));
    let (same, different) = (shadow("same"), shadow("different"));
    if [&same, &different].iter().all(|count| *count == "0") {
        return;
    }
    line(paint(
        ASIDE,
        format_args!(
            "  in the shadow: {same} decisions the same, {different} different, {} not compared",
            shadow("not_compared")
        ),
    ));
}

fn indented(mut row: Vec<String>) -> Vec<String> {
    if let Some(first) = row.first_mut() {
        first.insert_str(0, "  ");
    }
    row
}

pub(super) fn history(args: &HistoryArgs) -> Result<ExitCode, Failed> {
    let answer = args.gateway.ask("/policy/history", &json!({}))?;
    let entries = answer.pointer("/history").and_then(Value::as_array).cloned().unwrap_or_default();
    if args.json {
        entries.iter().for_each(line);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |entry: &Value| {
        let of = |field: &str| text(entry, &format!("/{field}"));
        let stage = match entry.pointer("/stage/share") {
            Some(share) => format!("{share} %"),
            None => of("stage"),
        };
        let origin = [of("version"), of("commit")].join(" ");
        let alarm = entry.pointer("/alarm").and_then(|alarm| Alarm::deserialize(alarm).ok());
        let why = alarm.map(|alarm| alarm.to_string()).unwrap_or_default();
        vec![of("at"), of("what"), of("revision"), stage, origin.trim().to_owned(), why]
    };
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    line(table(&["at", "what", "revision", "stage", "version, commit", "why"], &rows));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn apply(args: &ApplyArgs) -> Result<ExitCode, Failed> {
    let stage = match (args.stage, args.shadow) {
        (Some(percent), _) => json!({ "stage": percent }),
        (None, true) => json!({ "stage": "shadow" }),
        (None, false) => json!({}),
    };
    print_status(&args.gateway.ask("/policy/apply", &stage)?);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rollback(args: &RollbackArgs) -> Result<ExitCode, Failed> {
    let to = args.to.as_ref().map_or_else(|| json!({}), |revision| json!({ "revision": revision }));
    print_status(&args.gateway.ask("/policy/rollback", &to)?);
    Ok(ExitCode::SUCCESS)
}
