//! `cargo xtask bench`: the whole gateway under load, beside a proxy that does nothing.

mod edits;
mod measure;
mod near;
mod stage;
mod table;

use crate::run::{Done, Failure, cargo, must, say};
use measure::{Row, Workload, workloads};
use stage::Stage;
use std::path::PathBuf;
use std::time::Duration;

/// Measures the release build under load, end to end.
///
/// A fake backend that answers at once, the gateway in front of it with the two rules of the start, and a
/// bare proxy in front of it as the floor. Every workload runs straight at the backend, through the proxy
/// and through the gateway, one after the other. Gateway and proxy have one CPU, load and backend
/// another (with taskset). Added latency is the difference to the backend alone. An answer that is not
/// whole fails the run. Everything is under target/bench and stopped at the end.
///
/// Numbers of one run compare with each other; other programs on the machine disturb them. Single functions are
/// measured by the crates' own benchmarks: cargo bench -p weir-wire -p weir-classify -p weir-policy
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One second for each measurement instead of four: about a minute after the build.
    #[arg(long)]
    quick: bool,
    /// Write the results into this file too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Instead: edit the policy under 500 requests per second, well and badly, for half a minute. Fails if a good one
    /// takes more than a second, a bad one is taken up, a request fails, or a record names another policy than the one
    /// that decided.
    #[arg(long, conflicts_with = "json")]
    edits: bool,
    /// Instead: write down in crates/weir/near.txt which functions run at the start and for requests, with valgrind.
    #[arg(long, conflicts_with_all = ["json", "edits"])]
    near: bool,
}

pub fn run(args: &Args) -> Done {
    // One at a time: built together, the gateway would get the features of the load generator.
    let mut build = cargo(&["build", "--release", "--package", "weir"]);
    if args.near {
        // Not by the profile, which the hashes in the symbols depend on.
        build.env("RUSTFLAGS", "-C strip=none");
    }
    must(&mut build)?;
    must(&mut cargo(&["build", "--release", "--package", "weir-rig", "--features", "load"]))?;
    if args.near {
        return near::run();
    }
    if args.edits {
        return edits::run(Duration::from_secs(if args.quick { 8 } else { 30 }));
    }
    let time = Duration::from_secs(if args.quick { 1 } else { 4 });
    let rows = measure_all(&Stage::set_up()?, &workloads(), time)?;
    say(&table::written(&rows));
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&rows)
            .map_err(|error| Failure(format!("cannot write the results: {error}")))?;
        std::fs::write(path, json + "\n").map_err(Failure::of(path.display()))?;
    }
    Ok(())
}

fn measure_all(stage: &Stage, workloads: &[Workload], time: Duration) -> Done<Vec<Row>> {
    let mut rows = Vec::new();
    for (index, workload) in workloads.iter().enumerate() {
        say(&format!("{}/{} {}", index + 1, workloads.len(), workload.name));
        rows.push(measure::row(stage, workload, time)?);
    }
    Ok(rows)
}
