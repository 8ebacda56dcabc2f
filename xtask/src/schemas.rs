//! `cargo xtask schemas`: the JSON Schemas of both configuration files.
//!
//! `weir-config` makes them from its types, and its own tests compare and write them: this program needs
//! not be linked with it.

use crate::run::{Done, cargo, must};

/// Writes docs/schemas/ from the types of weir-config.
///
/// The schemas are what editors check weir.yaml and policy.yaml with. Run this after a change of the
/// configuration's types and commit what it writes; `cargo xtask test` fails when they are stale.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write nothing; fail if a schema is stale.
    #[arg(long)]
    check: bool,
}

pub fn run(args: &Args) -> Done {
    if args.check { check() } else { write() }
}

pub fn check() -> Done {
    config_test(&["the_committed_schemas_are_those_of_the_types"])
}

fn write() -> Done {
    config_test(&["--ignored", "write_schemas"])
}

fn config_test(test: &[&str]) -> Done {
    let command = ["test", "--quiet", "--package", "weir-config", "--test", "schemas", "--", "--exact"];
    must(cargo(&command).args(test))
}
