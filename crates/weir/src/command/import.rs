//! `weir import`: another gateway's configuration as `weir.yaml`.

use crate::exit::Failed;
use crate::output::{BAD, GOOD, MIND, line, note, paint, raw, table};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weir_config::import::{Fidelity, Imported, ImportedItem, agentgateway, litellm};

/// Writes `weir.yaml` from another gateway's configuration.
///
/// Says of everything in the file whether it means the same in Weir (exact), about the same (approximate) or
/// nothing (not supported), and what to do. Keys are not copied, only the names of variables. A file that exists is
/// never overwritten.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The policy is yours to write: `weir init` makes one with two rules. Then `weir check`."
)]
pub(crate) struct ImportArgs {
    /// Whose configuration it is
    gateway: Gateway,

    /// The file; `-` for stdin
    file: PathBuf,

    /// Where to write; `-` for stdout
    #[arg(short, long, value_name = "FILE", default_value = "weir.yaml")]
    output: PathBuf,

    /// Print what became of each item as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Gateway {
    /// LiteLLM's proxy: config.yaml
    Litellm,
    /// agentgateway's standalone configuration
    Agentgateway,
}

pub(crate) fn run(args: &ImportArgs) -> Result<ExitCode, Failed> {
    let text = read(&args.file)?;
    let imported = match args.gateway {
        Gateway::Litellm => litellm(&text),
        Gateway::Agentgateway => agentgateway(&text),
    };
    let imported = imported.map_err(|error| Failed::Check(format!("`{}`: {error}", args.file.display())))?;
    write(&args.output, &imported.weir_yaml)?;
    report(&imported, args);
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String, Failed> {
    let text = match path == Path::new("-") {
        true => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        }
        false => fs::read_to_string(path),
    };
    text.map_err(|error| Failed::check(format!("cannot read `{}`", path.display()), &error))
}

/// INVARIANT (never overwritten): the file is made here or not at all.
fn write(path: &Path, text: &str) -> Result<(), Failed> {
    if path == Path::new("-") {
        raw(text.as_bytes());
        return Ok(());
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        if error.kind() != io::ErrorKind::AlreadyExists {
            return Failed::check(format!("cannot write `{}`", path.display()), &error);
        }
        Failed::Check(format!(
            "`{}` exists and is not overwritten; name another file with `--output FILE`, or `-` for stdout",
            path.display()
        ))
    })
}

/// On stderr where `weir.yaml` itself goes to stdout.
fn report(imported: &Imported, args: &ImportArgs) {
    let text = match args.json {
        true => json!({ "items": imported.items.iter().map(as_json).collect::<Vec<_>>() }).to_string(),
        false => summary(imported, &args.output),
    };
    match args.output == Path::new("-") {
        true => note(text),
        false => line(text),
    }
}

fn as_json(item: &ImportedItem) -> serde_json::Value {
    json!({ "path": item.path, "fidelity": item.fidelity.as_str(), "note": item.note })
}

fn summary(imported: &Imported, output: &Path) -> String {
    let row = |item: &ImportedItem| vec![painted(item.fidelity), item.path.clone(), item.note.clone()];
    let rows: Vec<Vec<String>> = imported.items.iter().map(row).collect();
    let count = |fidelity| imported.items.iter().filter(|item| item.fidelity == fidelity).count();
    format!(
        "{}\n\n{} wrote `{}`: {} exact, {} approximate, {} not supported",
        table(&["", "ITEM", "IN WEIR"], &rows),
        paint(GOOD, "ok:"),
        output.display(),
        count(Fidelity::Exact),
        count(Fidelity::Approximate),
        count(Fidelity::NotSupported),
    )
}

fn painted(fidelity: Fidelity) -> String {
    let style = match fidelity {
        Fidelity::Exact => GOOD,
        Fidelity::Approximate => MIND,
        Fidelity::NotSupported => BAD,
    };
    paint(style, format_args!("{:13}", fidelity.as_str()))
}
