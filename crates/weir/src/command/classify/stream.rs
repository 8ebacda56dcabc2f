//! JSON lines in, JSON lines out.

use super::answer::{Answer, Name};
use super::judge::Judge;
use super::lines::{LINE_BYTES_MAX, Line, Lines};
use super::progress::Progress;
use super::{Detail, Tally};
use crate::exit::Failed;
use crate::output::{end_unless_written, error_line, note};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use weir_classify::Segment;
use weir_label::Level;

/// Big enough for the answers to what one read of a pipe brings.
const ANSWERS_BYTES: usize = 64 << 10;

/// Answers a document of stdin after another with what inspection says.
pub(super) fn run(judge: &Judge, detail: Detail) -> Result<Tally, Failed> {
    let mut highest = Level::default();
    let unread = each(|document, out| {
        let inspection = judge.inspect(Segment::text(&document.text));
        highest = highest.max(inspection.label.level());
        let answer = Answer {
            name: Name::Id(document.id),
            inspection: &inspection,
            text: &document.text,
            judge,
            detail,
        };
        serde_json::to_writer(out, &answer).map_err(io::Error::from)
    })?;
    Ok(Tally { highest, unread })
}

/// Reads stdin to its end and has each document answered; says how many lines could not be read. Answers are written
/// out whenever there is nothing more to read at once, so that a program may ask and wait.
pub(super) fn each(
    answer: impl FnMut(&Document<'_>, &mut dyn Write) -> io::Result<()>,
) -> Result<u64, Failed> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        note(
            "reading JSON lines, {\"id\": …, \"text\": \"…\"}, from the terminal; `weir classify --help` says more",
        );
    }
    let mut run = Run {
        answer,
        out: BufWriter::with_capacity(ANSWERS_BYTES, io::stdout().lock()),
        progress: Progress::new(),
        unread: 0,
    };
    let mut lines = Lines::new(stdin.lock(), LINE_BYTES_MAX);
    loop {
        while let Some(line) = lines.take() {
            run.line(&line);
        }
        run.flush();
        if !lines.fill().map_err(|error| Failed::check("cannot read stdin", &error))? {
            break;
        }
    }
    if let Some(line) = lines.rest() {
        run.line(&line);
    }
    run.flush();
    run.progress.end();
    Ok(run.unread)
}

/// A document as it is given. Other fields may stand beside these two.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub(super) id: &'a RawValue,
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
}

struct Run<A, W> {
    answer: A,
    out: W,
    progress: Progress,
    unread: u64,
}

impl<A: FnMut(&Document<'_>, &mut dyn Write) -> io::Result<()>, W: Write> Run<A, W> {
    fn line(&mut self, line: &Line<'_>) {
        match read(line) {
            Ok(None) => {}
            Ok(Some(document)) => self.document(&document),
            Err(why) => {
                self.progress.hide();
                error_line(format_args!("line {}: {why}", line.number));
                self.unread += 1;
            }
        }
    }

    fn document(&mut self, document: &Document<'_>) {
        let written = (self.answer)(document, &mut self.out);
        end_unless_written(written.and_then(|()| self.out.write_all(b"\n")));
        self.progress.add(document.text.len());
    }

    fn flush(&mut self) {
        end_unless_written(self.out.flush());
    }
}

/// The document of a line, none for an empty line, or what is wrong with it; never what it says.
fn read<'a>(line: &Line<'a>) -> Result<Option<Document<'a>>, String> {
    let Some(bytes) = line.bytes else {
        return Err(format!("longer than {} MiB", LINE_BYTES_MAX >> 20));
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| line.number == 1).unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    let document: Document<'_> = serde_json::from_slice(bytes).map_err(|error| reason(&error))?;
    match document.id.get().as_bytes() {
        [b'"' | b'-' | b'0'..=b'9', ..] => Ok(Some(document)),
        _ => Err("`id` is neither a string nor a number".to_owned()),
    }
}

/// The parser's own words may quote the line.
fn reason(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "no object with an `id` and a `text` that is a string",
        serde_json::error::Category::Eof => "the JSON is not complete",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            "no JSON object such as {\"id\": 1, \"text\": \"…\"} on one line, or not in UTF-8, or with half a surrogate pair; plain text is read from files"
        }
    };
    format!("{what} (column {})", error.column())
}
