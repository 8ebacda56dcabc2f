//! The project's tasks: `cargo xtask test`, `layers`, `schemas`, `bench`, `eval`, `kill`, `faults`,
//! `train-ner`, `train-task`, `pack-vocabulary`.
//!
//! Depends on no crate of the workspace, so that it builds when they do not, and on few others, so that
//! it builds in seconds.

mod bench;
mod deny;
mod eval;
mod faults;
mod kill;
mod layers;
mod run;
mod schemas;
mod sdk;
mod services;
mod steps;
mod test;
mod train;

use clap::{Parser, Subcommand};
use run::Failure;
use std::process::ExitCode;

/// Weir's project tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", styles = clap::builder::Styles::styled())]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Test(test::Args),
    Layers(layers::Args),
    Schemas(schemas::Args),
    Bench(bench::Args),
    Eval(eval::Args),
    Kill(kill::Args),
    Faults(faults::Args),
    TrainNer(train::Args),
    #[command(name = "train-task")]
    TrainTasks(train::TaskArgs),
    #[command(name = "pack-vocabulary")]
    PackVocabulary(train::VocabularyArgs),
}

fn main() -> ExitCode {
    let done = match Args::parse().task {
        Task::Test(args) => test::run(&args),
        Task::Layers(layers::Args {}) => layers::check(),
        Task::Schemas(args) => schemas::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Eval(args) => eval::run(&args),
        Task::Kill(args) => kill::run(&args),
        Task::Faults(args) => faults::run(&args),
        Task::TrainNer(args) => train::names(&args),
        Task::TrainTasks(args) => train::task(&args),
        Task::PackVocabulary(args) => train::vocabulary(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            run::complain(&message);
            ExitCode::FAILURE
        }
    }
}
