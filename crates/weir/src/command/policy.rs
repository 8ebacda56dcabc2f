//! `weir policy`: what a policy does, before it is applied.

mod diff;
mod example;
mod lint;
mod prove;

use crate::exit::Failed;
use std::process::ExitCode;

/// Proves, compares and tidies policies.
#[derive(Debug, clap::Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

// What each command does is said once, where its arguments are.
#[derive(Debug, clap::Subcommand)]
enum PolicyCommand {
    Prove(prove::ProveArgs),
    Diff(diff::DiffArgs),
    Lint(lint::LintArgs),
}

pub(crate) fn run(args: &PolicyArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        PolicyCommand::Prove(args) => prove::run(args),
        PolicyCommand::Diff(args) => diff::run(args),
        PolicyCommand::Lint(args) => lint::run(args),
    }
}
