//! `weir admin`: who may do what over the admin API.

use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{line, note, table};
use serde_json::json;
use std::process::ExitCode;
use weir_store::admin_keys::{self, Role};

/// Makes, lists and revokes the keys of the admin API.
///
/// Each has a role: an auditor queries, verifies, proves and attests the audit log and changes nothing; an admin does
/// everything. What is asked with a key is on record. Whoever owns the state directory is an admin without one.
#[derive(Debug, clap::Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AdminCommand {
    /// Keys of the admin API
    Keys(KeysArgs),
}

#[derive(Debug, clap::Args)]
struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    /// Make a key; it is shown once
    Create(CreateArgs),
    /// List the keys
    List(ListArgs),
    /// Revoke a key: it opens nothing from then on
    Revoke(RevokeArgs),
}

#[derive(Debug, clap::Args)]
struct CreateArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// What people call it, such as the name of who gets it
    #[arg(value_parser = super::keys::parse_name)]
    name: String,

    /// `auditor` or `admin`
    #[arg(long, value_name = "ROLE")]
    role: Role,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct RevokeArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// The key's id, as `weir admin keys list` shows it
    key: String,
}

pub(crate) fn run(args: &AdminArgs) -> Result<ExitCode, Failed> {
    let AdminCommand::Keys(KeysArgs { command }) = &args.command;
    match command {
        KeysCommand::Create(args) => create(args),
        KeysCommand::List(args) => list(args),
        KeysCommand::Revoke(args) => revoke(args),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn unusable(error: &admin_keys::AdminKeysError) -> Failed {
    Failed::check("the keys of the admin API cannot be used", error)
}

fn create(args: &CreateArgs) -> Result<(), Failed> {
    let made = admin_keys::create(&args.files.state()?, &args.name, args.role);
    let (key, text) = made.map_err(|error| unusable(&error))?;
    if args.json {
        line(json!({ "id": key.id, "name": key.name, "role": key.role.as_str(), "key": *text }));
    } else {
        line(&*text);
        note(format_args!(
            "`{}` is `{}`, {}; this is the only time that the key is shown",
            key.name, key.id, key.role
        ));
    }
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), Failed> {
    let keys = admin_keys::load(&args.files.state()?).map_err(|error| unusable(&error))?;
    if args.json {
        for key in &keys {
            let created = key.created.to_string();
            line(json!({ "id": key.id, "name": key.name, "role": key.role.as_str(), "created": created }));
        }
        return Ok(());
    }
    let row = |key: &admin_keys::AdminKey| {
        vec![key.id.clone(), key.role.to_string(), key.name.clone(), key.created.to_string()]
    };
    line(table(&["ID", "ROLE", "NAME", "CREATED"], &keys.iter().map(row).collect::<Vec<_>>()));
    Ok(())
}

fn revoke(args: &RevokeArgs) -> Result<(), Failed> {
    let revoked = admin_keys::revoke(&args.files.state()?, &args.key).map_err(|error| unusable(&error))?;
    if !revoked {
        return Err(Failed::Check(
            "there is no such key; `weir admin keys list` shows those there are".to_owned(),
        ));
    }
    note("revoked");
    Ok(())
}
