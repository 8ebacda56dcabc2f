//! Files and directories.

use super::answer::{Answer, Name};
use super::judge::Judge;
use super::progress::Progress;
use super::screen::Screen;
use super::{Detail, Tally};
use crate::output::{self, error_line};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use weir_classify::{Inspection, Segment};

/// One JSON object for each document.
pub(super) fn as_json(judge: &Judge, paths: &[PathBuf], detail: Detail) -> Tally {
    each(judge, &found(paths), |path, text, inspection| {
        let answer = Answer { name: Name::Path(path), inspection, text, judge, detail };
        let mut line = serde_json::to_vec(&answer).unwrap_or_default();
        line.push(b'\n');
        output::raw(&line);
    })
}

/// A table for people.
pub(super) fn as_table(judge: &Judge, paths: &[PathBuf], detail: Detail) -> Tally {
    let mut screen = Screen::new(judge, detail);
    let tally = each(judge, &found(paths), |path, text, inspection| screen.show(path, text, inspection));
    screen.end();
    tally
}

/// Every file that the paths stand for, or why there is none at one of them.
type Found = Vec<Result<PathBuf, (PathBuf, io::Error)>>;

fn each(judge: &Judge, found: &Found, mut tell: impl FnMut(&str, &str, &Inspection)) -> Tally {
    let mut tally = Tally::default();
    let mut progress = Progress::new();
    let mut unread = |path: &Path, error: &io::Error, progress: &mut Progress| {
        progress.hide();
        error_line(format_args!("cannot read `{}`: {error}", path.display()));
        tally.unread += 1;
    };
    for path in found {
        let path = match path {
            Ok(path) => path,
            Err((path, error)) => {
                unread(path, error, &mut progress);
                continue;
            }
        };
        match read(path, judge.text_bytes_max()) {
            Ok(content) => {
                let inspection = judge.inspect(content.segment());
                tally.highest = tally.highest.max(inspection.label.level());
                tell(&path.display().to_string(), content.text(), &inspection);
                progress.add(content.text().len());
            }
            Err(error) => unread(path, &error, &mut progress),
        }
    }
    progress.end();
    tally
}

/// What a file holds.
enum Content {
    Text(String),
    Opaque(&'static str),
}

impl Content {
    fn segment(&self) -> Segment<'_> {
        match self {
            Content::Text(text) => Segment::text(text),
            Content::Opaque(reason) => Segment::opaque(reason),
        }
    }

    fn text(&self) -> &str {
        match self {
            Content::Text(text) => text,
            Content::Opaque(_) => "",
        }
    }
}

fn read(path: &Path, bytes_max: usize) -> io::Result<Content> {
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    let mut bytes = Vec::new();
    source.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Ok(Content::Opaque("too_large"));
    }
    Ok(String::from_utf8(bytes).map_or(Content::Opaque("not_text"), Content::Text))
}

fn found(paths: &[PathBuf]) -> Found {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() { walk(path, &mut found) } else { found.push(Ok(path.clone())) }
    }
    found
}

/// The files below a directory, in order of name.
fn walk(directory: &Path, found: &mut Found) {
    let entries = fs::read_dir(directory).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return found.push(Err((directory.to_owned(), error))),
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&path, found),
            Ok(kind) if kind.is_file() => found.push(Ok(path)),
            // A link would lead out of the directory or round in it; what else there is has no content.
            Ok(_) => {}
            Err(error) => found.push(Err((path, error))),
        }
    }
}
