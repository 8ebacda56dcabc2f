use crate::exit::Failed;
use std::process::ExitCode;

/// Placeholder.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {}

pub(crate) fn run(_args: &InitArgs) -> Result<ExitCode, Failed> {
    Err(Failed::Check("not yet".to_owned()))
}
