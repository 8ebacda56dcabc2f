//! Collecting problems.

use crate::problem::RulePlace;
use crate::{Problem, RulePlaces, Severity, Source};
use miette::NamedSource;
use std::ops::Range;
use std::sync::Arc;

/// A place in a file: line and column in characters from 1, and the bytes that are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub start: usize,
    pub end: usize,
}

impl Place {
    pub const START: Place = Place { line: 1, column: 1, start: 0, end: 0 };

    /// The same with the character that is meant, where line and column alone are known: of a text that is no YAML.
    pub fn found_in(self, text: &str) -> Self {
        if self.start > 0 || (self.line, self.column) == (1, 1) {
            return self;
        }
        let before: usize = text.split_inclusive('\n').take(self.line - 1).map(str::len).sum();
        let line = text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let character = line.char_indices().nth(self.column - 1);
        let (at, length) = character.map_or((line.len(), 0), |(at, character)| (at, character.len_utf8()));
        Self { start: before + at, end: before + at + length, ..self }
    }
}

/// The problems of one file.
pub struct Report<'a> {
    pub text: &'a str,
    file: String,
    found: Vec<Found>,
    hidden: Vec<Range<usize>>,
    /// Bytes of the text that is read which nobody wrote: what stands for entries that are missing. Places are
    /// in the text with them.
    pub inserted: Vec<Range<usize>>,
    /// Part of the file could not be read, so that names which it does not seem to have may be there.
    pub is_incomplete: bool,
}

struct Found {
    severity: Severity,
    place: Place,
    message: String,
    help: String,
}

impl<'a> Report<'a> {
    pub fn new(source: Source<'a>) -> Self {
        Self {
            text: source.text,
            file: source.path.display().to_string(),
            found: Vec::new(),
            hidden: Vec::new(),
            inserted: Vec::new(),
            is_incomplete: false,
        }
    }

    pub fn error(&mut self, place: Place, message: impl Into<String>, help: &str) {
        self.add(Severity::Error, place, message.into(), help);
    }

    pub fn warning(&mut self, place: Place, message: impl Into<String>, help: &str) {
        self.add(Severity::Warning, place, message.into(), help);
    }

    fn add(&mut self, severity: Severity, place: Place, message: String, help: &str) {
        // That an entry is missing is said already.
        let Some(place) = self.written(place) else { return };
        self.found.push(Found { severity, place, message: printable(&message), help: printable(help) });
    }

    /// The place in the text as it was written; `None` for what nobody wrote.
    fn written(&self, place: Place) -> Option<Place> {
        if self.inserted.is_empty() || place == Place::START {
            return Some(place);
        }
        if self.inserted.iter().any(|inserted| inserted.contains(&place.start)) {
            return None;
        }
        let before = |at: usize| {
            let inserted = self.inserted.iter().filter(|inserted| inserted.end <= at);
            at - inserted.map(ExactSizeIterator::len).sum::<usize>()
        };
        let (start, end) = (before(place.start), before(place.end));
        let line = self.text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        Some(Place { line, column: place.column, start, end })
    }

    /// Keeps a secret that is written at this place, and perhaps elsewhere, out of every excerpt.
    pub fn hide(&mut self, place: Place, secret: &str) {
        self.hidden.extend(self.written(place).map(|place| place.start..place.end));
        if !secret.is_empty() {
            self.hidden.extend(self.text.match_indices(secret).map(|(at, _)| at..at + secret.len()));
        }
    }

    /// Where these rules stand, by the places of their names.
    pub fn rule_places<'p>(&self, rules: impl Iterator<Item = (&'p str, Place)>) -> RulePlaces {
        let place = |(name, place): (&'p str, Place)| {
            let place = self.written(place)?;
            let (line, column) = (place.line, column(self.text, place));
            Some((name.to_owned(), RulePlace { line, column, span: place.start..place.end }))
        };
        let source = Arc::new(NamedSource::new(self.file.clone(), without(self.text, &self.hidden)));
        RulePlaces { file: self.file.clone(), source, of: rules.filter_map(place).collect() }
    }

    /// The problems in the order of the file.
    pub fn finish(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|found| found.place.start);
        let text = without(self.text, &self.hidden);
        let source = Arc::new(NamedSource::new(self.file.clone(), text));
        let problem = |Found { severity, place, message, help }| Problem {
            severity,
            file: self.file.clone(),
            line: place.line,
            column: column(self.text, place),
            message,
            help: Some(help).filter(|help| !help.is_empty()),
            span: place.start..place.end,
            source: source.clone(),
        };
        self.found.into_iter().map(problem).collect()
    }
}

/// The column, counted in the text as it was written: what was read may have had spaces in it for entries
/// that were looked past.
fn column(text: &str, place: Place) -> usize {
    let before = text.get(..place.start).filter(|_| place.start > 0);
    let line = before.map(|before| before.rsplit('\n').next().unwrap_or_default());
    line.map_or(place.column, |line| line.chars().count() + 1)
}

/// The text with secrets overwritten: at the hidden places, and wherever one is written out, because a file
/// that cannot be parsed has no places. Every byte keeps its position.
fn without(text: &str, hidden: &[Range<usize>]) -> String {
    let secrets: Vec<Range<usize>> = hidden.iter().cloned().chain(secrets_written_out(text)).collect();
    let mut masked = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if character != '\n' && secrets.iter().any(|range| range.contains(&at)) {
            masked.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            masked.push(character);
        }
    }
    masked
}

/// The fields that hold secrets.
const SECRETS: [&str; 3] = ["api_key:", "client_secret:", "webhook_secret:"];

/// From the value of each field that holds a secret to the end of its line, unless the value only says where to look; and
/// who an address is asked as.
fn secrets_written_out(text: &str) -> impl Iterator<Item = Range<usize>> {
    let values = SECRETS.iter().flat_map(|field| text.match_indices(field)).filter_map(|(at, field)| {
        let line = text.get(at + field.len()..)?.lines().next()?;
        let value = line.trim_start_matches([' ', '\'', '"']);
        let points_elsewhere = value.starts_with("${") || value.starts_with("file:");
        let end = at + field.len() + line.len();
        (!points_elsewhere).then(|| end - value.len()..end)
    });
    let users = text.match_indices("://").filter_map(|(at, scheme)| {
        let start = at + scheme.len();
        let authority = text.get(start..)?.split(['/', ' ', '\n', '"', '\'']).next()?;
        authority.rfind('@').map(|length| start..start + length)
    });
    values.chain(users)
}

/// Text of the file may be part of a message, and must not steer the terminal that shows it.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
