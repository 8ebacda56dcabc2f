//! What is asked of a running gateway, over its admin API.

use crate::command::serve::runtime;
use crate::discovery::boundary;
use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{ASIDE, BAD, GOOD, HEADING, MIND, line, paint, table};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::timeout;
use weir_config::Source;
use weir_label::{Classified, Inspect, Label, Level, Recipient};
use weir_local::{Accept, Call, Credential, Endpoint, LocalBackend};
use weir_rollout::Alarm;
use weir_server::{ADMIN_KEY, admin_proof};
use weir_store::secret;
use weir_wire::{Destination, Encode};
use zeroize::Zeroizing;

/// A policy is compiled meanwhile, and tested.
const PATIENCE: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: usize = 8 << 20;
const NAME: &str = "admin";

/// Which gateway is asked: that of the configuration, on this machine.
#[derive(Debug, clap::Args)]
struct GatewayArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// Where the gateway's admin API listens, instead of `admin` in the configuration
    #[arg(long, value_name = "ADDRESS", env = "WEIR_ADMIN")]
    admin: Option<SocketAddr>,
}

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

impl GatewayArgs {
    fn ask(&self, path: &'static str, body: &Value) -> Result<Value, Failed> {
        let config = &self.files.config;
        let text = std::fs::read_to_string(config)
            .map_err(|error| Failed::check(format!("cannot read `{}`", config.display()), &error))?;
        let place = weir_config::admin_place(Source { path: config, text: &text });
        let admin = self.admin.unwrap_or(place.admin);
        let token = secret::load(&place.state.join(ADMIN_KEY))
            .map_err(|error| Failed::check("cannot read the token of the admin API", &error))?;
        // Not the token itself: while the gateway is away, anybody may sit on its port.
        let proof = token.map(|token| admin_proof(&token, path, body.to_string().as_bytes()));
        runtime()?.block_on(send(admin, proof, path, body))
    }
}

/// A question to the admin API, which holds nothing of anybody's.
struct Question(Value);

impl Encode for Question {
    fn encode(&self, _to: &Destination<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.to_string().as_bytes());
    }
}

struct NothingOfAnybody;

impl Inspect<Question> for NothingOfAnybody {
    fn inspect(&self, _question: &Question) -> Label {
        Label::at(Level::Internal)
    }
}

async fn send(
    admin: SocketAddr,
    proof: Option<Zeroizing<String>>,
    path: &'static str,
    body: &Value,
) -> Result<Value, Failed> {
    let unreachable = |error: &dyn std::error::Error| {
        Failed::check(format!("cannot ask the gateway at {admin}; does `weir serve` run?"), error)
    };
    let mut endpoint =
        Endpoint::new(NAME, &format!("http://{admin}")).map_err(|error| unreachable(&error))?;
    if let Some(proof) = proof {
        let credential = Credential::bearer(&proof).map_err(|error| unreachable(&error))?;
        endpoint = endpoint.with_credential(credential);
    }
    let door = LocalBackend::new(endpoint, &[]).map_err(|error| unreachable(&error))?;
    let boundary = boundary();
    let recipient = Recipient::new(NAME, boundary.local_clearance(Level::Internal, None));
    let question = Classified::new(Question(body.clone()), &NothingOfAnybody);
    let permit = boundary.permit(&question, &recipient).map_err(|error| unreachable(&error))?;
    let call = Call::new(path, "", Accept::Json, PATIENCE);
    let response = timeout(PATIENCE, door.send(permit, &call)).await;
    let response = response.map_err(|late| unreachable(&late))?.map_err(|error| unreachable(&error))?;
    let is_good = response.status().is_success();
    let bytes = response.bytes(ANSWER_BYTES_MAX).await.map_err(|error| unreachable(&error))?;
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match is_good {
        true => Ok(answer),
        false => Err(Failed::Check(text(&answer, "/detail"))),
    }
}

/// What is at a place, as text; nothing for what is not there.
fn text(value: &Value, at: &str) -> String {
    match value.pointer(at) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
