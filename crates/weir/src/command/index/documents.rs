use super::{Progress, TargetArgs, salt};
use crate::exit::Failed;
use crate::output::{MIND, line, note, paint};
use std::fs;
use std::path::{Path, PathBuf};
use weir_extract::Format;
use weir_index::DocumentBuilder;

#[derive(Debug, clap::Args)]
pub(super) struct DocumentsArgs {
    /// A directory of documents, looked at with all below it: text, Markdown, HTML, PDF, DOCX
    directory: PathBuf,

    /// A directory of texts that are no secret, such as standard clauses: what documents share with them is
    /// not indexed
    #[arg(long, value_name = "DIR")]
    public: Option<PathBuf>,

    /// Print which number each document has
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    target: TargetArgs,
}

pub(super) fn run(args: &DocumentsArgs) -> Result<(), Failed> {
    let mut builder = DocumentBuilder::new(salt()?);
    if let Some(public) = &args.public {
        let mut progress = Progress::of("public texts");
        for (count, path) in files(public)?.iter().enumerate() {
            progress.at(count);
            if let Some(text) = text(path) {
                builder.exclude(&text);
            }
        }
    }
    let mut progress = Progress::of("documents");
    for (count, path) in files(&args.directory)?.iter().enumerate() {
        progress.at(count);
        let Some(text) = text(path) else { continue };
        match builder.add(&text) {
            Some(number) if args.list => line(format_args!("{number}\t{}", path.display())),
            Some(_) => {}
            None => left_out(path, "it has fewer than 8 words, or none that are not public"),
        }
    }
    note(format_args!("{} documents", builder.documents()));
    if builder.documents() == 0 {
        return Err(Failed::Check(format!("there is nothing to index in `{}`", args.directory.display())));
    }
    let bytes = builder.finish().map_err(|error| Failed::check("no index was made", &error))?;
    args.target.write(&args.directory, bytes)
}

/// The files below a directory, in order of name. Links are not followed.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Failed> {
    let unreadable =
        |error: std::io::Error| Failed::check(format!("cannot read `{}`", directory.display()), &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a document; what cannot be read is said and left out.
fn text(path: &Path) -> Option<String> {
    let Some(format) = Format::of(path) else {
        left_out(path, "it is no text, Markdown, HTML, PDF or DOCX");
        return None;
    };
    let text = fs::read(path).map_err(|error| error.to_string());
    text.and_then(|bytes| format.text(&bytes).map_err(|error| error.to_string()))
        .map_err(|reason| left_out(path, &reason))
        .ok()
}

fn left_out(path: &Path, why: &str) {
    note(format_args!("{} `{}` is left out: {why}", paint(MIND, "warning:"), path.display()));
}
