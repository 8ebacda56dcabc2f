mod arrivals;
mod show;

use crate::command::audit::parse_time;
use crate::exit::Failed;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_audit::WallTime;
use weir_label::Level;
use weir_simulate::{Outcome, Policy, Profile, Request, Requests, Scenario, simulate};

/// Simulates what happens when local servers are full: Weir's dispatcher over a trace of requests.
///
/// Drives the very code that decides in production, on virtual time, with modelled servers and a modelled cloud,
/// and prints for each policy when first tokens come, which share comes within the target, where requests
/// run, and what that costs. `weir` is the dispatcher; the other policies are what gateways do elsewhere.
/// Nothing is sent anywhere.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: weir simulate --trace chat.csv --rate 1.3 --profile l40s-8b --replicas 2 --small 4090-1b\n\nA trace \
has the columns `t_s,input_tokens,output_tokens`, one request a line, in order; it may be compressed (.gz).\nWith \
--log the arrivals, lengths and levels are those of the audit log.\nExit code 1 when a request is lost, or a \
classified one is in the cloud."
)]
pub(crate) struct SimulateArgs {
    /// Requests: a file of comma-separated values; give the option again for more
    #[arg(long, value_name = "FILE", required_unless_present = "log")]
    trace: Vec<PathBuf>,

    /// Requests: those in this directory of an audit log
    #[arg(long, value_name = "DIR", conflicts_with_all = ["trace", "classified"])]
    log: Option<PathBuf>,

    /// Of the log, requests at this time or later: a time (`2026-11-24T12:00:00Z`) or a time before now (`7d`)
    #[arg(long, value_name = "WHEN", value_parser = parse_time, requires = "log")]
    since: Option<WallTime>,

    /// Of the log, requests before this time, given likewise
    #[arg(long, value_name = "WHEN", value_parser = parse_time, requires = "log")]
    until: Option<WallTime>,

    /// Of the log, the level from which a request may not leave
    #[arg(long, value_name = "LEVEL", default_value = "confidential", value_parser = parse_level)]
    boundary: Level,

    /// How many times as fast the requests come
    #[arg(long, default_value_t = 1.0, value_parser = parse_rate)]
    rate: f64,

    /// The servers: h100-8b, l40s-8b, 4090-8b4, 2h100-70b8, h200-70b8 or 4090-1b
    #[arg(long, default_value = "l40s-8b", value_parser = |name: &str| name.parse::<Profile>())]
    profile: Profile,

    /// How many of them
    #[arg(long, default_value = "2")]
    replicas: NonZeroU32,

    /// One more server with a smaller model, to degrade to
    #[arg(long, value_name = "PROFILE", value_parser = |name: &str| name.parse::<Profile>())]
    small: Option<Profile>,

    /// The share of requests that may not leave
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, value_parser = parse_share)]
    classified: f64,

    /// Seconds within which the first token is wanted
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = parse_rate)]
    target: f64,

    /// The policies, as in `weir,reserve,queue:4`: weir, local, cloud, queue:N, in-flight:N, cache:SHARE, predicted,
    /// reserve. Default: all
    #[arg(long, value_delimiter = ',', value_parser = |name: &str| name.parse::<Policy>())]
    policy: Vec<Policy>,

    /// What chance follows from: which requests are classified, and when the cloud answers
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &SimulateArgs) -> Result<ExitCode, Failed> {
    let mut is_sound = true;
    for (name, requests) in sources(args)? {
        let scenario = scenario(args, requests);
        if !args.json {
            show::head(&name, &scenario);
        }
        let policies = if args.policy.is_empty() { &Policy::ALL[..] } else { &args.policy };
        let mut outcomes = Vec::new();
        for policy in policies {
            let mut progress = show::Progress::new(&name, *policy);
            let outcome = simulate(&scenario, *policy, &mut |share| progress.tell(share));
            progress.end();
            is_sound &= outcome.lost == 0 && outcome.leaked == 0;
            if args.json {
                show::json(&name, &scenario, &outcome, progress.seconds());
            }
            outcomes.push((outcome, progress.seconds()));
        }
        if !args.json {
            show::rows(&outcomes);
        }
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The requests of each file, or of the log, with their name.
fn sources(args: &SimulateArgs) -> Result<Vec<(String, Requests)>, Failed> {
    if let Some(log) = &args.log {
        let span = (args.since, args.until);
        let requests = arrivals::of_log(log, span, args.boundary, args.rate)?;
        return Ok(vec![(log.display().to_string(), requests)]);
    }
    let of = |path: &PathBuf| {
        let trace = arrivals::of_file(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, Request::of_trace(&trace, args.rate, args.classified, args.seed)))
    };
    args.trace.iter().map(of).collect()
}

fn scenario(args: &SimulateArgs, requests: Requests) -> Scenario {
    let replicas = usize::try_from(args.replicas.get()).unwrap_or(usize::MAX);
    let mut scenario = Scenario::new(requests, args.profile, replicas, args.target);
    scenario.small = args.small;
    scenario.seed = args.seed;
    scenario
}

fn parse_rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err("must be above zero".to_owned()) }
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("must be from 0 to 1".to_owned()) }
}

fn parse_level(text: &str) -> Result<Level, String> {
    text.parse().map_err(|_| "there are `public`, `internal`, `confidential` and `restricted`".to_owned())
}

/// The figures of an outcome that machines want.
fn figures(outcome: &Outcome) -> serde_json::Value {
    serde_json::json!({
        "policy": outcome.policy.to_string(),
        "requests": outcome.requests,
        "first_token_p50_s": outcome.first_token_p50_s,
        "first_token_p95_s": outcome.first_token_p95_s,
        "first_token_p99_s": outcome.first_token_p99_s,
        "in_target": outcome.in_target.all,
        "in_target_classified": outcome.in_target.classified,
        "in_target_other": outcome.in_target.other,
        "per_token_p50_s": outcome.per_token_p50_s,
        "per_token_p95_s": outcome.per_token_p95_s,
        "local_share": outcome.local_share,
        "burst_share": outcome.burst_share,
        "degraded_share": outcome.degraded_share,
        "refused": outcome.refused,
        "lost": outcome.lost,
        "leaked": outcome.leaked,
        "usd_per_hour": outcome.usd_per_hour,
        "cloud_usd_per_hour": outcome.cloud_usd_per_hour,
        "utilisation": outcome.utilisation,
        "prediction_error_s": outcome.prediction_error_s,
    })
}
