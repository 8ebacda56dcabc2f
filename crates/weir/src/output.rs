//! Data to stdout, messages to stderr; colours on a terminal only, and never with `NO_COLOR`.

use anstyle::{AnsiColor, Style};
use std::fmt;
use std::io::{self, Write};

/// Writes a line to stdout.
pub(crate) fn line(text: impl fmt::Display) {
    let mut out = anstream::stdout().lock();
    end_unless_written(writeln!(out, "{text}"));
}

/// Writes bytes to stdout as they are.
pub(crate) fn raw(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    end_unless_written(out.write_all(bytes).and_then(|()| out.flush()));
}

/// Ends the process if stdout took nothing more. A reader that has gone away (`| head`) is no error; a full disk is one.
pub(crate) fn end_unless_written(written: io::Result<()>) {
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            error_line(format_args!("cannot write: {error}"));
            std::process::exit(1);
        }
    }
}

/// Writes a line to stderr.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Writes an error to stderr.
pub(crate) fn error_line(text: impl fmt::Display) {
    note(format_args!("{} {text}", paint(BAD, "error:")));
}

/// Something good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something bad.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something to look at.
pub(crate) const MIND: Style = AnsiColor::Yellow.on_default();
/// Something by the way.
pub(crate) const ASIDE: Style = Style::new().dimmed();
/// A heading.
pub(crate) const HEADING: Style = Style::new().bold();

/// The text in a style. Whether it is shown is decided by the stream it goes to.
pub(crate) fn paint(style: Style, text: impl fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Lays rows out in columns that are as wide as their widest cell, the last one free.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(header.get(column).map(|h| h.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let head: Vec<String> = header.iter().map(|h| (*h).to_owned()).collect();
    let mut text = heading(&columns(&head, &widths));
    for row in rows {
        text.push('\n');
        text.push_str(&columns(row, &widths));
    }
    text
}

/// `1 event`, `2 events`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// A line of headings.
pub(crate) fn heading(text: &str) -> String {
    paint(HEADING, text)
}

/// Cells in columns of these widths, the last one free.
pub(crate) fn columns(cells: &[String], widths: &[usize]) -> String {
    let last = cells.len().saturating_sub(1);
    let pad = |(index, (cell, width)): (usize, (&String, &usize))| {
        if index == last { cell.clone() } else { format!("{cell:width$}  ") }
    };
    cells.iter().zip(widths).enumerate().map(pad).collect()
}

/// How what was found is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Sarif,
}
