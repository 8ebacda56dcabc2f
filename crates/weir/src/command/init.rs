//! `weir init`: a first configuration from what is there.

mod cloud;
mod config;
mod dialog;
pub(crate) mod models;
mod plan;
pub(crate) mod policy;

use crate::command::serve::runtime;
use crate::discovery::{COMMON_PORTS, LocalServer, OTHER_PORTS, local_servers, places};
use crate::exit::Failed;
use crate::files::FilesArgs;
use crate::output::{ASIDE, GOOD, HEADING, line, note, paint};
use cloud::Account;
use dialog::Dialog;
use plan::Plan;
use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Looks for local servers and cloud keys, and writes `weir.yaml` and `policy.yaml`.
///
/// Asks Ollama, vLLM, SGLang, llama.cpp, LM Studio, TGI and LocalAI on their usual ports of this machine
/// for their models, and the cloud APIs whose keys are in the environment for theirs. Keys are not written
/// into the files, only the names of their variables. A file that exists is never overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "On a terminal it asks; with `--yes`, or without a terminal, it takes the defaults.")]
pub(crate) struct InitArgs {
    /// Take the defaults, ask nothing
    #[arg(short, long)]
    yes: bool,

    /// The directory to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// Ask no cloud API for its models: write usual names instead
    #[arg(long)]
    offline: bool,

    /// Look for a local server here instead of on the usual ports
    #[arg(long, value_name = "ADDRESS", hide = true)]
    probe: Vec<SocketAddr>,
}

pub(crate) fn run(args: &InitArgs) -> Result<ExitCode, Failed> {
    let files = FilesArgs { config: args.dir.join("weir.yaml"), policy: Some(args.dir.join("policy.yaml")) };
    let sources = files.sources();
    let policy_file = sources.policy_file();
    refuse_to_overwrite(&[&sources.config, &policy_file])?;
    let found = runtime()?.block_on(Found::look(args));
    found.say();
    let mut dialog = dialog(args);
    let plan = Plan::make(found, &mut dialog);
    std::fs::create_dir_all(&args.dir)
        .map_err(|error| Failed::check(format!("cannot make `{}`", args.dir.display()), &error))?;
    put(&policy_file, &policy::two_rules(plan.boundary))?;
    put(&sources.config, &config::text(&plan))?;
    files.load_with_secrets()?;
    say_what_next(&plan, &sources.config, &policy_file);
    Ok(ExitCode::SUCCESS)
}

/// Before anything is looked for or asked.
fn refuse_to_overwrite(paths: &[&Path]) -> Result<(), Failed> {
    match paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        None => Ok(()),
        Some(path) => Err(Failed::Check(format!(
            "`{}` exists and is not overwritten; name another directory with `--dir DIR`, or move the file away",
            path.display()
        ))),
    }
}

/// What is there.
struct Found {
    servers: Vec<LocalServer>,
    accounts: Vec<Account>,
}

impl Found {
    async fn look(args: &InitArgs) -> Self {
        let places = places(&args.probe, &[&COMMON_PORTS, &OTHER_PORTS]);
        let (servers, accounts) = tokio::join!(local_servers(&places), cloud::accounts(args.offline));
        Self { servers, accounts }
    }

    fn say(&self) {
        note(paint(HEADING, "Found"));
        for LocalServer { name, url, models, elsewhere } in &self.servers {
            note(format_args!("  {name} at {url}: {}", models::listed(models)));
            if !elsewhere.is_empty() {
                let left_out = models::listed(elsewhere);
                note(format_args!(
                    "    left out, because they do not run there but in Ollama's cloud: {left_out}"
                ));
            }
        }
        if self.servers.is_empty() {
            note("  no local server on the usual ports of this machine");
        }
        for Account { provider, variable, listed } in &self.accounts {
            match listed {
                Ok(models) => {
                    note(format_args!("  {} by `{variable}`: {} models", provider.name, models.len()))
                }
                Err(why) => {
                    note(format_args!("  {} by `{variable}`; its models are not known: {why}", provider.name))
                }
            }
        }
        if self.accounts.is_empty() {
            note("  no key of a cloud API in the environment");
        }
    }
}

fn dialog(args: &InitArgs) -> Dialog<Box<dyn BufRead>> {
    if args.yes {
        return Dialog::silent();
    }
    if !io::stdin().is_terminal() {
        note("stdin is no terminal: the defaults are taken");
        return Dialog::silent();
    }
    Dialog::with(Box::new(io::stdin().lock()))
}

/// INVARIANT (never overwritten): the file is made here or not at all, though it were made by somebody
/// else a moment ago.
fn put(path: &Path, text: &str) -> Result<(), Failed> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| Failed::check(format!("cannot write `{}`", path.display()), &error))
}

fn say_what_next(plan: &Plan, config: &Path, policy: &Path) {
    let (config, policy) = (config.display(), policy.display());
    line(format_args!("{} wrote `{config}` and `{policy}`", paint(GOOD, "ok:")));
    if plan.servers.is_empty() && plan.accounts.is_empty() {
        line(
            "Nothing was found, so that `weir.yaml` names a server that is not there: fill in what says FILL IN",
        );
    } else if plan.servers.is_empty() {
        line(
            "No local server was found: until `weir.yaml` names one, requests with classified data are denied",
        );
    } else if plan.accounts.is_empty() {
        line("No cloud key was found: everything stays local until `weir.yaml` names a cloud backend");
    }
    line(paint(HEADING, "\nNext"));
    let next = [
        (format!("weir check --config {config}"), "after each change".to_owned()),
        (
            format!("weir serve --config {config}"),
            format!("base URL http://{}/v1, model `auto`", plan.listen),
        ),
        (
            format!("weir keys create NAME --config {config}"),
            "before others than this machine may ask".to_owned(),
        ),
    ];
    let width = next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    for (command, why) in next {
        line(format_args!("  {command:width$}   {}", paint(ASIDE, why)));
    }
}
