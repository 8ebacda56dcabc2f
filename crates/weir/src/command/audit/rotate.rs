use crate::admin::{GatewayArgs, text};
use crate::exit::Failed;
use crate::output::{ASIDE, line, paint};
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Give whoever holds the public key of the log `key.pub` and `key.rotations` of its directory: with the \
two beside each other `weir audit verify --key` takes the old key and the new one. A report or receipt of before stays valid."
)]
pub(super) struct RotateArgs {
    #[command(flatten)]
    gateway: GatewayArgs,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &RotateArgs) -> Result<ExitCode, Failed> {
    let changed = args.gateway.ask("/audit/rotate-key", &json!({}))?;
    if args.json {
        line(changed);
    } else {
        line(text(&changed, "/vkey"));
        line(paint(ASIDE, format_args!("follows {}", text(&changed, "/previous_vkey"))));
    }
    Ok(ExitCode::SUCCESS)
}
