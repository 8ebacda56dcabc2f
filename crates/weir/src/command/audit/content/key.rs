//! The keys that captured content is encrypted for.

use super::super::LogArgs;
use crate::admin::GatewayArgs;
use crate::exit::Failed;
use crate::output::{ASIDE, line, note, paint};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_audit::Name;
use weir_store::content::{PrivateKey, export};

#[derive(Debug, clap::Args)]
pub(in super::super) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeyCommand {
    /// Make the auditor's key: the private one goes into FILE, the public one, which is printed, into weir.yaml
    New(NewArgs),
    /// Write the private key of one tenant into FILE, for whoever may read the content of this tenant alone
    Export(ExportArgs),
    /// Destroy the key of a tenant in the running gateway: nobody can read any more what was captured for it
    Destroy(DestroyArgs),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Make it where it stays, and not on the gateway's machine: the gateway needs the public key alone, and can \
then not read what it has captured. Whoever loses the private key loses the content."
)]
struct NewArgs {
    /// The file of the private key; one that is there is not overwritten
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
struct ExportArgs {
    #[command(flatten)]
    log: LogArgs,

    #[command(flatten)]
    whose: Whose,

    /// The auditor's private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// The file of the tenant's private key; one that is there is not overwritten
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The log records it as `content.key_destroyed`. What is captured later has another key. A key that was exported, \
and copies of `content/keys` in backups with the auditor's key, still open what they are copies of."
)]
struct DestroyArgs {
    #[command(flatten)]
    gateway: GatewayArgs,

    #[command(flatten)]
    whose: Whose,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// The tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,

    /// Callers without a tenant
    #[arg(long)]
    without_tenant: bool,
}

pub(in super::super) fn run(args: &KeyArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        KeyCommand::New(args) => new(args),
        KeyCommand::Export(args) => hand_out(args),
        KeyCommand::Destroy(args) => destroy(args),
    }
}

fn new(NewArgs { file }: &NewArgs) -> Result<ExitCode, Failed> {
    let failed = |error| Failed::check("cannot make the key", &error);
    let key = PrivateKey::generate().map_err(failed)?;
    let public = key.public().map_err(failed)?;
    key.save(file).map_err(failed)?;
    line(public);
    note(format_args!("the private key is in `{}`; the line above goes into weir.yaml:", file.display()));
    note(paint(ASIDE, format_args!("audit: {{ content: {{ key: \"{public}\", keep: 30d }} }}")));
    Ok(ExitCode::SUCCESS)
}

fn hand_out(args: &ExportArgs) -> Result<ExitCode, Failed> {
    let log = args.log.place()?;
    let state = log.parent().unwrap_or(&log);
    let failed = |error| Failed::check("there is no key to hand out", &error);
    let auditor = PrivateKey::load(&args.key).map_err(failed)?;
    let tenant = args.whose.tenant.as_deref().map(Name::new);
    let key = export(state, tenant.as_ref().map(Name::as_str), &auditor).map_err(failed)?;
    key.save(&args.file).map_err(|error| Failed::check("cannot write the key", &error))?;
    line(key.public().map_err(failed)?);
    Ok(ExitCode::SUCCESS)
}

fn destroy(DestroyArgs { gateway, whose, json }: &DestroyArgs) -> Result<ExitCode, Failed> {
    let asked = match &whose.tenant {
        Some(tenant) => json!({ "tenant": tenant }),
        None => json!({ "without_tenant": true }),
    };
    let answer = gateway.ask("/audit/destroy-content-key", &asked)?;
    if *json {
        line(answer);
    } else {
        let keys = answer.get("destroyed").and_then(|keys| keys.as_array()).cloned().unwrap_or_default();
        keys.iter().filter_map(|key| key.as_str()).for_each(|key| line(format_args!("destroyed {key}")));
    }
    Ok(ExitCode::SUCCESS)
}
