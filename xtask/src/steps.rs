//! The steps of `cargo xtask test`.

use crate::run::{Done, cargo, must};
use crate::{deny, layers, schemas, sdk, services};
use clap::ValueEnum;
use std::process::Command;

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// The code is formatted
    Fmt,
    /// No dependency between crates is turned round, and the pure crates are pure
    Layers,
    /// No warning from clippy
    Clippy,
    /// The tests of every crate
    Tests,
    /// The documentation builds without a warning
    Docs,
    /// Dependencies: who may use what, licences, sources
    Deny,
    /// docs/schemas are those of the types
    Schemas,
    /// The official OpenAI and Anthropic clients for Python and Node, and what is built on them, against the gateway
    Sdk,
    /// The exports of the audit log into real PostgreSQL and NATS servers
    Services,
    /// Every parser of foreign bytes over its corpus and mutations of it
    Fuzz,
}

impl Step {
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub fn what(self) -> String {
        let help = self.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
    }

    pub fn run(self) -> Done {
        match self {
            Step::Fmt => must(&mut cargo(&["fmt", "--all", "--check"])),
            Step::Layers => layers::check(),
            Step::Clippy => clippy(),
            Step::Tests => tests(),
            Step::Docs => docs(),
            Step::Deny => deny::check(),
            Step::Schemas => schemas::check(),
            Step::Sdk => sdk::run(),
            Step::Services => services::run(),
            Step::Fuzz => must(&mut test(&["--package", "weir-fuzz"])),
        }
    }
}

/// The rig's load generator is behind a feature that the gateway's own build must not have.
const RIG: [&str; 4] = ["--package", "weir-rig", "--features", "load"];

fn clippy() -> Done {
    let strict = ["--all-targets", "--", "-D", "warnings"];
    must(cargo(&["clippy", "--workspace"]).args(strict))?;
    must(cargo(&["clippy"]).args(RIG).args(strict))
}

/// Without those of `weir-fuzz`, which are a step of their own.
fn tests() -> Done {
    must(&mut test(&["--workspace", "--exclude", "weir-fuzz"]))?;
    must(&mut test(&RIG))
}

/// Properties are tried with the same cases each time, so that what passed for one change passes for the next;
/// new cases are looked for where the variable is set, or with `cargo test`.
fn test(args: &[&str]) -> Command {
    const SEED: &str = "PROPTEST_RNG_SEED";
    let mut command = cargo(&["test"]);
    command.args(args).env(SEED, std::env::var(SEED).unwrap_or_else(|_| "1".to_owned()));
    command
}

fn docs() -> Done {
    must(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}
