//! `cargo xtask train-ner` and `train-task`: the models that find names and tell task types; `pack-vocabulary`: the
//! vocabularies that tokens are counted with.

use crate::run::{Done, cargo, must};

/// Trains the model that finds names and writes it where the build embeds it.
///
/// What it needs and where that comes from is in docs/models/names.md. The options are those of
/// `weir-train names`, which `cargo xtask train-ner -- --help` lists.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Options of the trainer.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

/// Trains the model that tells task types and complexity, and says how well it does.
///
/// What it needs and where that comes from is in docs/models/task.md. The options are those of
/// `weir-train task`, which `cargo xtask train-task -- --help` lists.
#[derive(Debug, clap::Args)]
pub struct TaskArgs {
    /// Options of the trainer.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

/// Brings a vocabulary into the form in which the build embeds it.
///
/// Where the vocabularies come from is in docs/models/vocabularies.md. `cargo xtask pack-vocabulary FILE.tiktoken OUT.bin`.
#[derive(Debug, clap::Args)]
pub struct VocabularyArgs {
    /// The file as it is published, and where to write the other.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FILES")]
    files: Vec<String>,
}

pub fn vocabulary(args: &VocabularyArgs) -> Done {
    train("vocabulary", &args.files)
}

pub fn names(args: &Args) -> Done {
    train("names", &args.options)
}

pub fn task(args: &TaskArgs) -> Done {
    train("task", &args.options)
}

fn train(model: &str, options: &[String]) -> Done {
    let mut command = cargo(&["run", "--release", "--package", "weir-train", "--", model]);
    must(command.args(options))
}
