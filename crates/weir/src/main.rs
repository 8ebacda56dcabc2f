//! The command line of Weir.

mod admin;
mod cli;
mod command;
mod discovery;
mod exit;
mod files;
mod logging;
mod output;
mod problems;
mod sarif;

use clap::Parser;
use cli::{Cli, Command};
use exit::Failed;
use std::process::ExitCode;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(failed) => failed.report(),
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failed> {
    match cli.command {
        Command::Serve(args) => command::serve::run(&args),
        Command::Demo(args) => command::demo::run(&args),
        Command::Init(args) => command::init::run(&args),
        Command::Check(args) => command::check::run(&args),
        Command::Explain(args) => command::explain::run(&args),
        Command::Classify(args) => command::classify::run(&args),
        Command::Import(args) => command::import::run(&args),
        Command::Index(args) => command::index::run(&args),
        Command::Encoder(args) => command::encoder::run(&args),
        Command::Keys(args) => command::keys::run(&args),
        Command::Policy(args) => command::policy::run(&args),
        Command::Admin(args) => command::admin::run(&args),
        Command::Audit(args) => command::audit::run(&args),
        Command::Report(args) => command::report::run(&args),
        Command::Simulate(args) => command::simulate::run(&args),
        Command::Schema(args) => command::schema::run(&args),
        Command::Recognisers(args) => command::recognisers::run(&args),
        Command::Man(args) => command::manual::man(&args),
        Command::Completions(args) => command::manual::completions(&args),
    }
}
