//! `weir report`: what the records say of how the deployment does.

mod quality;

use crate::exit::Failed;
use std::process::ExitCode;

/// Says from the audit log how the deployment does, and what would be better.
#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    command: ReportCommand,
}

// What each command does is said once, where its arguments are.
#[derive(Debug, clap::Subcommand)]
enum ReportCommand {
    Quality(quality::QualityArgs),
}

pub(crate) fn run(args: &ReportArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        ReportCommand::Quality(args) => quality::run(args),
    }
}
