//! `weir policy`: the policy before, on its way into, and in force.

mod diff;
mod example;
mod lint;
mod place;
mod prove;
mod remote;
mod replay;
mod sign;
mod test;

use crate::exit::Failed;
use std::process::ExitCode;

/// Tests, proves, compares, replays, signs and rolls out policies, and says which one is in force.
#[derive(Debug, clap::Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

// What each command does is said once, where its arguments are.
#[derive(Debug, clap::Subcommand)]
enum PolicyCommand {
    Test(test::TestArgs),
    Prove(prove::ProveArgs),
    Diff(diff::DiffArgs),
    Replay(replay::ReplayArgs),
    Lint(lint::LintArgs),
    Status(remote::StatusArgs),
    History(remote::HistoryArgs),
    Apply(remote::ApplyArgs),
    Rollback(remote::RollbackArgs),
    Keygen(sign::KeygenArgs),
    Sign(sign::SignArgs),
}

pub(crate) fn run(args: &PolicyArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        PolicyCommand::Test(args) => test::run(args),
        PolicyCommand::Prove(args) => prove::run(args),
        PolicyCommand::Diff(args) => diff::run(args),
        PolicyCommand::Replay(args) => replay::run(args),
        PolicyCommand::Lint(args) => lint::run(args),
        PolicyCommand::Status(args) => remote::status(args),
        PolicyCommand::History(args) => remote::history(args),
        PolicyCommand::Apply(args) => remote::apply(args),
        PolicyCommand::Rollback(args) => remote::rollback(args),
        PolicyCommand::Keygen(args) => sign::keygen(args),
        PolicyCommand::Sign(args) => sign::sign(args),
    }
}
