mod documents;
mod records;

use crate::exit::Failed;
use crate::output::{ASIDE, line, note, paint};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use weir_index::{Index, Salt};
use weir_label::{Category, Jurisdiction, Level};

/// Makes indexes of the organisation's own data, by which prompts are recognised that hold some of it
///
/// An index holds keyed hashes and no text. A policy names it under `data.indexes`; a gateway takes a new
/// file over while it runs.
#[derive(Debug, clap::Args)]
pub(crate) struct IndexArgs {
    #[command(subcommand)]
    command: IndexCommand,
}

#[derive(Debug, clap::Subcommand)]
enum IndexCommand {
    /// Index values of a CSV file: customers, accounts, identifiers
    Records(records::RecordsArgs),
    /// Index the texts of a directory: contracts, plans, minutes
    Documents(documents::DocumentsArgs),
}

/// Where an index goes, and what the policy is to say of it.
#[derive(Debug, clap::Args)]
struct TargetArgs {
    /// Where the index is written [default: the input's name with `.widx`]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// The level of what is found, for the lines to put into the policy
    #[arg(long, value_name = "LEVEL", value_parser = parse_word::<Level>)]
    level: Option<Level>,

    /// The category of what is found, for the lines to put into the policy
    #[arg(long, value_name = "NAME", value_parser = parse_word::<Category>)]
    category: Option<Category>,

    /// Whose law binds the data, for the lines to put into the policy
    #[arg(long, value_name = "NAME", value_parser = parse_word::<Jurisdiction>)]
    jurisdiction: Option<Jurisdiction>,
}

pub(crate) fn run(args: &IndexArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        IndexCommand::Records(args) => records::run(args),
        IndexCommand::Documents(args) => documents::run(args),
    }
    .map(|()| ExitCode::SUCCESS)
}

impl TargetArgs {
    /// Writes an index in place of the one there is, and says how to use it.
    fn write(&self, input: &Path, bytes: Vec<u8>) -> Result<(), Failed> {
        let out = self.out.clone().unwrap_or_else(|| named_after(input));
        replace(&out, &bytes)
            .map_err(|error| Failed::check(format!("cannot write `{}`", out.display()), &error))?;
        let size = bytes.len();
        let index = Index::from_bytes(bytes)
            .map_err(|error| Failed::check("the index is not what it should be", &error))?;
        note(format_args!("{}: {} hashes, {} KiB", out.display(), index.entries(), size.div_ceil(1 << 10)));
        note(paint(ASIDE, "In policy.yaml, under `data`:"));
        line(self.snippet(&out));
        Ok(())
    }

    fn snippet(&self, out: &Path) -> String {
        let Self { out: _, level, category, jurisdiction } = self;
        let entries = [
            Some(format!("file: {}", out.display())),
            level.map(|level| format!("level: {level}")),
            category.as_ref().map(|category| format!("category: {}", category.as_str())),
            jurisdiction.as_ref().map(|jurisdiction| format!("jurisdiction: {jurisdiction}")),
        ];
        let entries: Vec<String> = entries.into_iter().flatten().collect();
        format!("indexes: [{{ {} }}]", entries.join(", "))
    }
}

fn named_after(input: &Path) -> PathBuf {
    let name = input.file_stem().filter(|_| input != Path::new("-")).unwrap_or("index".as_ref());
    Path::new(name).with_extension("widx")
}

/// Readers see the old file or the new one, whole. Who can read it can test guesses: the owner alone.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_added_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}

fn salt() -> Result<Salt, Failed> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| Failed::check("the system gives no randomness", &error))?;
    Ok(Salt(salt))
}

/// Says every two seconds how far something is.
struct Progress {
    last: Instant,
    what: &'static str,
}

impl Progress {
    fn of(what: &'static str) -> Self {
        Self { last: Instant::now(), what }
    }

    fn at(&mut self, count: usize) {
        if self.last.elapsed() >= Duration::from_secs(2) {
            self.last = Instant::now();
            note(paint(ASIDE, format_args!("{count} {} …", self.what)));
        }
    }
}

fn parse_word<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}
