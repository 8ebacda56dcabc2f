//! `cargo xtask kill`: the gateway is killed under load many times, and its log asked afterwards.
//!
//! `cargo xtask test` runs the same test with a few kills.

use crate::run::{Done, cargo, must};

/// Kills the gateway (`kill -9`) under load at random moments, and after each start verifies the log and looks for every
/// request that was answered.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many times.
    #[arg(long, default_value_t = 500)]
    times: u32,
}

pub fn run(args: &Args) -> Done {
    let test = "after_each_kill_under_load_the_log_verifies_and_nothing_answered_is_missing";
    let mut command = cargo(&["test", "--package", "weir", "--test", "crash", "--", "--exact", test]);
    must(command.env("WEIR_KILLS", args.times.to_string()))
}
