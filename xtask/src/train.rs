//! `cargo xtask train-ner`: the model that finds names.

use crate::run::{Done, cargo, must};

/// Trains the model that finds names and writes it where the build embeds it.
///
/// What it needs and where that comes from is in docs/models/names.md. The options are those of
/// `weir-train`, which `cargo xtask train-ner -- --help` lists.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Options of the trainer.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

pub fn run(args: &Args) -> Done {
    let mut command = cargo(&["run", "--release", "--package", "weir-train", "--"]);
    must(command.args(&args.options))
}
