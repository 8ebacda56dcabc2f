use crate::context::Context;
use crate::haystack::Haystack;
use crate::identifiers::{Identifiers, Report};
use crate::lanes::{self, Seeker};
use crate::literals::Literals;
use crate::numbers::Numbers;
use crate::recognise::{Find, Format, Match, TABLE};
use memchr::memmem::Finder;
use std::ops::{ControlFlow, Range};

/// Digits that the shortest identifier made of digits has.
const NUMBER_MIN: usize = 7;

/// How far after the beginning of an address its at sign or first colon may stand.
const SIGN_WITHIN: usize = 72;

/// Finds candidates in two passes over the bytes, literals and byte classes, and has the
/// recognisers judge them.
///
/// INVARIANT (linear time): a pass visits each byte once; a recogniser looks at a bounded stretch
/// around its candidate; a candidate inside a match of the same recogniser is not judged again.
#[derive(Debug)]
pub(crate) struct Scanner {
    literals: Literals<Anchor>,
    /// The rows to ask at each kind of byte.
    at: Vec<usize>,
    line: Vec<usize>,
    colon: Vec<usize>,
    digit: Vec<usize>,
    number: Vec<usize>,
    identifiers: Identifiers,
    /// Literals with the quotation marks of JSON: keys whose values belong together.
    quoted: Vec<Finder<'static>>,
}

/// The row that a literal belongs to, and the format that it is a prefix of.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    row: usize,
    format: Option<&'static Format>,
}

impl Scanner {
    /// A scanner for the rows of the table that are looked for.
    pub(crate) fn new(is_on: impl Fn(usize) -> bool) -> Self {
        let (mut literals, mut phrases) = (vec![], vec![]);
        let (mut at, mut line, mut colon) = (vec![], vec![], vec![]);
        let (mut digit, mut number) = (vec![], vec![]);
        for (row, info) in TABLE.iter().enumerate().filter(|(row, _)| is_on(*row)) {
            match info.find {
                Find::At(_) => at.push(row),
                Find::Line(_) => line.push(row),
                Find::Colon(_) => colon.push(row),
                Find::Digit(_) => digit.push(row),
                Find::Number(_) => number.push(row),
                Find::Code(_) => {}
                Find::Literal(words, _) | Find::Word(words, _) => literals.push((Anchor::of(row), words)),
                Find::Phrase(phrase, _) => phrases.push((Anchor::of(row), phrase)),
                Find::Tokens(formats) => {
                    literals.extend(
                        formats.iter().map(|format| (Anchor { row, format: Some(format) }, format.prefixes)),
                    );
                }
                // The model finds its candidates itself.
                Find::Name => {}
            }
        }
        let words = literals.iter().flat_map(|(_, words)| words.iter());
        let quoted = words.filter(|word| word.contains('"')).map(|word| Finder::new(*word)).collect();
        let literals = Literals::new(&literals, &phrases);
        let identifiers = Identifiers::new(is_on);
        Self { literals, at, line, colon, digit, number, identifiers, quoted }
    }

    /// Whether a recogniser wants to see a JSON text as it stands, not as its strings.
    pub(crate) fn reads_json(&self, text: &str) -> bool {
        self.quoted.iter().any(|literal| literal.find(text.as_bytes()).is_some())
    }

    /// Reports every match until told to stop.
    pub(crate) fn scan(&self, haystack: &Haystack<'_>, report: Report<'_>) -> ControlFlow<()> {
        let mut pass = Pass { haystack, report, covered: Vec::new() };
        self.scan_keys(&mut pass)?;
        self.scan_literals(&mut pass)?;
        self.scan_bytes(&mut pass)
    }

    /// A word in the key of a value counts as if it stood before the value.
    fn scan_keys(&self, pass: &mut Pass<'_, '_>) -> ControlFlow<()> {
        for key in pass.haystack.keys() {
            let word = Haystack::new(key, &[], &[]);
            self.literals.scan(key.as_bytes(), 0..key.len(), |anchor, span| match find_of(anchor.row) {
                Some(Find::Phrase(..)) if !word.is_phrase(&span) => ControlFlow::Continue(()),
                Some(Find::Word(_, judge) | Find::Phrase(_, judge)) => {
                    pass.ask(anchor.row, 0, |haystack| judge(haystack, 0..0))
                }
                _ => ControlFlow::Continue(()),
            })?;
        }
        ControlFlow::Continue(())
    }

    fn scan_literals(&self, pass: &mut Pass<'_, '_>) -> ControlFlow<()> {
        for range in pass.haystack.word_focus() {
            self.literals.scan(pass.haystack.bytes(), range, |anchor, span| {
                pass.ask(anchor.row, span.start, |haystack| anchor.judge(haystack, span))
            })?;
        }
        ControlFlow::Continue(())
    }

    fn scan_bytes(&self, pass: &mut Pass<'_, '_>) -> ControlFlow<()> {
        let haystack = pass.haystack;
        let mut context = self.identifiers.context(haystack);
        for range in haystack.focus() {
            let end = range.end;
            self.scan_lines(pass, range.clone())?;
            self.scan_range(pass, &mut context, range)?;
            self.scan_signs(pass, end..haystack.len().min(end + SIGN_WITHIN))?;
        }
        ControlFlow::Continue(())
    }

    fn scan_lines(&self, pass: &mut Pass<'_, '_>, range: Range<usize>) -> ControlFlow<()> {
        let bytes = pass.haystack.slice(range.clone());
        let first = (range.start == 0).then_some(0);
        let after = memchr::memchr_iter(b'\n', bytes).map(|at| range.start + at + 1);
        for at in first.into_iter().chain(after) {
            self.judge_byte(&self.line, pass, at)?;
        }
        ControlFlow::Continue(())
    }

    /// The sign by which an address is found may stand after what is new in it.
    fn scan_signs(&self, pass: &mut Pass<'_, '_>, range: Range<usize>) -> ControlFlow<()> {
        for (at, byte) in range.clone().zip(pass.haystack.slice(range)) {
            match byte {
                b'@' => self.judge_byte(&self.at, pass, at)?,
                b':' => self.judge_byte(&self.colon, pass, at)?,
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn scan_range(
        &self,
        pass: &mut Pass<'_, '_>,
        context: &mut Context<'_>,
        range: Range<usize>,
    ) -> ControlFlow<()> {
        let bytes = pass.haystack.bytes();
        let (mut last_digit, mut word_end) = (None, 0);
        let mut marks = Seeker::new(bytes, range.start, lanes::marks);
        let mut from = range.start;
        while let Some(at) = marks.next(from).filter(|at| *at < range.end) {
            from = at + 1;
            match bytes.get(at) {
                Some(b'@') => self.judge_byte(&self.at, pass, at)?,
                Some(b':') => self.judge_byte(&self.colon, pass, at)?,
                _ => {
                    self.judge_digits(pass, at, last_digit)?;
                    if at >= word_end {
                        self.judge_code(pass, context, at)?;
                        word_end = pass.haystack.run_end(at, bytes.len(), |b| b.is_ascii_alphanumeric());
                    }
                    from = pass.haystack.run_end(at, bytes.len(), |b| b.is_ascii_digit());
                    last_digit = Some(from);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn judge_code(&self, pass: &mut Pass<'_, '_>, context: &mut Context<'_>, at: usize) -> ControlFlow<()> {
        self.identifiers.judge(context, pass.haystack, at, pass.report)
    }

    fn judge_byte(&self, rows: &[usize], pass: &mut Pass<'_, '_>, at: usize) -> ControlFlow<()> {
        for &row in rows {
            if let Some(Find::At(judge) | Find::Line(judge) | Find::Colon(judge) | Find::Digit(judge)) =
                find_of(row)
            {
                pass.ask(row, at, |haystack| judge(haystack, at))?;
            }
        }
        ControlFlow::Continue(())
    }

    fn judge_digits(&self, pass: &mut Pass<'_, '_>, at: usize, last_end: Option<usize>) -> ControlFlow<()> {
        self.judge_byte(&self.digit, pass, at)?;
        if !Numbers::reach(pass.haystack, at, NUMBER_MIN) {
            return ControlFlow::Continue(());
        }
        let Some(numbers) = Numbers::read(pass.haystack, at, last_end) else {
            return ControlFlow::Continue(());
        };
        for &row in &self.number {
            if let Some(Find::Number(judge)) = find_of(row) {
                pass.ask(row, at, |haystack| judge(haystack, &numbers))?;
            }
        }
        ControlFlow::Continue(())
    }
}

fn find_of(row: usize) -> Option<Find> {
    TABLE.get(row).map(|info| info.find)
}

impl Anchor {
    fn of(row: usize) -> Self {
        Self { row, format: None }
    }

    fn judge(self, haystack: &Haystack<'_>, literal: Range<usize>) -> Option<Match> {
        match find_of(self.row)? {
            Find::Literal(_, judge) | Find::Word(_, judge) => judge(haystack, literal),
            Find::Phrase(_, judge) => haystack.is_phrase(&literal).then(|| judge(haystack, literal))?,
            Find::Tokens(_) => self.format?.find(haystack, literal),
            Find::At(_) | Find::Line(_) | Find::Colon(_) | Find::Digit(_) | Find::Number(_) => None,
            Find::Code(_) | Find::Name => None,
        }
    }
}

/// One scan of one text.
struct Pass<'a, 'r> {
    haystack: &'a Haystack<'a>,
    report: Report<'r>,
    /// The end of the last match of each row that matched.
    covered: Vec<(usize, usize)>,
}

impl Pass<'_, '_> {
    fn ask(
        &mut self,
        row: usize,
        at: usize,
        judge: impl FnOnce(&Haystack<'_>) -> Option<Match>,
    ) -> ControlFlow<()> {
        if self.covered.iter().any(|(covered, end)| *covered == row && at < *end) {
            return ControlFlow::Continue(());
        }
        let Some(found) = judge(self.haystack) else { return ControlFlow::Continue(()) };
        self.covered.retain(|(covered, _)| *covered != row);
        self.covered.push((row, found.span.end));
        (self.report)(row, found)
    }
}
