//! `cargo xtask faults`: faults and overload with real processes, for longer than the tests do.

use crate::run::{Done, cargo, must};

/// Kills, stalls and overloads fake backends behind a real gateway, and says what was served meanwhile.
///
/// The same as the test `faults` of the package `weir`, which `cargo xtask test` runs for a moment: backends killed,
/// stalled, failing fast, slow, back with another model; a storm of failures; hedging; 2, 5 and 10 times what the servers
/// bear; ten thousand that wait.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many times longer than in a run of the tests.
    #[arg(long, default_value_t = 3)]
    times: u32,
    /// Only those with this in their name.
    only: Option<String>,
}

pub fn run(args: &Args) -> Done {
    let mut command = cargo(&["test", "--package", "weir", "--test", "faults", "--"]);
    command.args(["--nocapture", "--test-threads", "1"]).args(&args.only);
    must(command.env("FAULT_TIMES", args.times.to_string()))
}
