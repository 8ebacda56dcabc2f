use crate::exit::Failed;
use std::process::ExitCode;

/// Placeholder.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {}

pub(crate) fn run(_args: &DemoArgs) -> Result<ExitCode, Failed> {
    Err(Failed::Check("not yet".to_owned()))
}
