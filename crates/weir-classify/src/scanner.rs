use crate::context::{Context, InKeys};
use crate::haystack::{Digits, Haystack};
use crate::identifiers::{Identifiers, Report};
use crate::literals::{Anywhere, Literals};
use crate::marks::Marks;
use crate::numbers::{Lengths, Numbers};
use crate::recognise::{Find, Format, Match, TABLE};
use crate::site::{Around, Sites};
use std::cell::OnceCell;
use std::ops::{ControlFlow, Range};

/// Digits that the shortest identifier made of digits has.
const NUMBER_MIN: usize = 7;

/// How far after the beginning of an address its at sign or first colon may stand.
const SIGN_WITHIN: usize = 72;

/// Finds candidates by literals, those of word beginnings apart from the others, and by byte classes, and has
/// the recognisers judge them.
///
/// INVARIANT (linear time): a pass visits each byte once; a recogniser looks at a bounded stretch
/// around its candidate; a candidate inside a match of the same recogniser is not judged again.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// Literals that may begin anywhere.
    literals: Anywhere<Anchor>,
    /// Literals that count only where a word begins.
    heads: Literals<Anchor>,
    /// Whom to ask at each kind of byte.
    at: Vec<AtPlace>,
    line: Vec<AtPlace>,
    colon: Vec<AtPlace>,
    digit: Sites<AtPlace>,
    number: Vec<AtNumber>,
    identifiers: Identifiers,
    /// What is in the quotation marks of literals that have those of JSON: keys whose values belong together.
    quoted: Vec<&'static str>,
}

/// A row of the table and who judges for it.
type AtPlace = (usize, fn(&Haystack<'_>, usize) -> Option<Match>);
type AtNumber = (usize, Lengths, fn(&Haystack<'_>, &Numbers) -> Option<Match>);

/// What the keys above a text say, once for all views of it.
#[derive(Debug, Default)]
pub(crate) struct Keyed {
    /// The rows whose word or phrase is in a key, in order.
    rows: Vec<usize>,
    near: OnceCell<InKeys>,
}

impl Keyed {
    pub(crate) fn of(rows: Vec<usize>) -> Self {
        Self { rows, ..Self::default() }
    }
}

/// The row that a literal belongs to, and the format that it is a prefix of.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    row: usize,
    format: Option<&'static Format>,
    /// Whether a space belongs to it that stands before.
    is_spaced: bool,
}

impl Scanner {
    /// A scanner for the rows of the table that are looked for.
    pub(crate) fn new(is_on: impl Fn(usize) -> bool) -> Self {
        let (mut exact, mut prefixes, mut phrases) = (vec![], vec![], vec![]);
        let (mut at, mut line, mut colon) = (vec![], vec![], vec![]);
        let (mut digit, mut number) = (Sites::default(), vec![]);
        for (row, info) in TABLE.iter().enumerate().filter(|(row, _)| is_on(*row)) {
            let owned =
                |words: &'static [&'static str]| words.iter().map(move |word| (Anchor::of(row), *word));
            match info.find {
                Find::At(judge) => at.push((row, judge)),
                Find::Line(judge) => line.push((row, judge)),
                Find::Colon(judge) => colon.push((row, judge)),
                Find::Digit(sites, judge) => sites.iter().for_each(|site| digit.push((row, judge), site)),
                Find::Number(lengths, judge) => number.push((row, lengths, judge)),
                Find::Code(_) => {}
                Find::Literal(words, _) | Find::Word(words, _) => exact.extend(owned(words)),
                Find::Phrase(words, _) => phrases.extend(owned(words)),
                Find::Tokens(formats) => {
                    let prefixes_of = |format: &'static Format| {
                        format
                            .prefixes
                            .iter()
                            .map(move |word| (Anchor { format: Some(format), ..Anchor::of(row) }, *word))
                    };
                    prefixes.extend(formats.iter().flat_map(prefixes_of));
                }
                // The model finds its candidates itself.
                Find::Name => {}
            }
        }
        let quoted = exact.iter().filter_map(|(_, word)| word.strip_prefix('"')?.split('"').next()).collect();
        // A sign may stand directly after a word; after a space a word begins.
        exact.extend(prefixes.extract_if(.., |(_, word)| !begins_as_word(word)));
        let spaced = exact
            .extract_if(.., |(_, word)| word.len() > 3 && word.strip_prefix(' ').is_some_and(begins_as_word));
        prefixes.extend(spaced.filter_map(|(anchor, word)| {
            Some((Anchor { is_spaced: true, ..anchor }, word.strip_prefix(' ')?))
        }));
        Self {
            literals: Anywhere::new(&exact),
            heads: Literals::new(&prefixes, &phrases),
            at,
            line,
            colon,
            digit,
            number,
            identifiers: Identifiers::new(is_on),
            quoted,
        }
    }

    /// Whether a literal of a recogniser begins in a text.
    pub(crate) fn has_literal(&self, text: &str) -> bool {
        let all = 0..text.len();
        let found = |_, _| ControlFlow::Break(());
        self.literals.scan(text.as_bytes(), all.clone(), found).is_break()
            || scan_heads(&self.heads, &Haystack::new(text, &[], &[]), all, |_, _| ControlFlow::Break(()))
                .is_break()
    }

    /// Whether a recogniser wants to see a JSON text with this string or key as it stands, not as its strings.
    pub(crate) fn reads_json_of(&self, string: &str) -> bool {
        self.quoted.contains(&string)
    }

    /// Reports every match until told to stop. `keyed` is what the keys say that the text is under.
    pub(crate) fn scan<'h>(
        &'h self,
        haystack: &'h Haystack<'h>,
        keyed: &'h Keyed,
        report: Report<'_>,
    ) -> ControlFlow<()> {
        let mut pass = Pass { haystack, report, covered: Vec::new() };
        Self::scan_keys(&mut pass, keyed)?;
        let mut context = self.identifiers.context(haystack, &keyed.near);
        self.scan_literals(&mut pass)?;
        self.scan_bytes(&mut pass, &mut context)
    }

    /// The rows whose word or phrase is in a key.
    pub(crate) fn of_key(&self, key: &str) -> Vec<usize> {
        let mut rows = Vec::new();
        let word = Haystack::new(key, &[], &[]);
        let mut take = |anchor: Anchor| {
            rows.push(anchor.row);
            ControlFlow::Continue(())
        };
        let _all = self.literals.scan(key.as_bytes(), 0..key.len(), |anchor, _| match find_of(anchor.row) {
            Some(Find::Word(..)) => take(anchor),
            _ => ControlFlow::Continue(()),
        });
        let _all = scan_heads(&self.heads, &word, 0..key.len(), |anchor, span| match find_of(anchor.row) {
            Some(Find::Phrase(..)) if word.is_phrase(&span) => take(anchor),
            _ => ControlFlow::Continue(()),
        });
        rows
    }

    /// A word in the key of a value counts as if it stood before the value.
    fn scan_keys(pass: &mut Pass<'_, '_>, keyed: &Keyed) -> ControlFlow<()> {
        for row in &keyed.rows {
            if let Some(Find::Word(_, judge) | Find::Phrase(_, judge)) = find_of(*row) {
                pass.ask(*row, 0, |haystack| judge(haystack, 0..0))?;
            }
        }
        ControlFlow::Continue(())
    }

    fn scan_literals(&self, pass: &mut Pass<'_, '_>) -> ControlFlow<()> {
        let haystack = pass.haystack;
        for range in haystack.word_focus() {
            let mut judge = |anchor: Anchor, span: Range<usize>| {
                pass.ask(anchor.row, span.start, |haystack| anchor.judge(haystack, span))
            };
            self.literals.scan(haystack.bytes(), range.clone(), &mut judge)?;
            scan_heads(&self.heads, haystack, range, judge)?;
        }
        ControlFlow::Continue(())
    }

    fn scan_bytes(&self, pass: &mut Pass<'_, '_>, context: &mut Context<'_>) -> ControlFlow<()> {
        let haystack = pass.haystack;
        for range in haystack.sign_focus() {
            let end = range.end;
            self.scan_range(pass, context, range)?;
            self.scan_signs(pass, end..haystack.len().min(end + SIGN_WITHIN))?;
        }
        ControlFlow::Continue(())
    }

    /// The sign by which an address is found may stand after what is new in it.
    fn scan_signs(&self, pass: &mut Pass<'_, '_>, range: Range<usize>) -> ControlFlow<()> {
        let bytes = pass.haystack.slice(range.clone());
        for offset in memchr::memchr2_iter(b'@', b':', bytes) {
            let rows = if bytes.get(offset) == Some(&b'@') { &self.at } else { &self.colon };
            judge_byte(rows, pass, range.start + offset)?;
        }
        ControlFlow::Continue(())
    }

    fn scan_range(
        &self,
        pass: &mut Pass<'_, '_>,
        context: &mut Context<'_>,
        range: Range<usize>,
    ) -> ControlFlow<()> {
        if range.start == 0 {
            judge_byte(&self.line, pass, 0)?;
        }
        let (mut last_digit, mut word_end) = (None, 0);
        let mut marks = Marks::new(pass.haystack, range);
        while let Some((at, mark)) = marks.next() {
            match mark {
                b'@' => judge_byte(&self.at, pass, at)?,
                b':' => judge_byte(&self.colon, pass, at)?,
                b'\n' => judge_byte(&self.line, pass, at + 1)?,
                _ => {
                    let (digits, around) = marks.row();
                    self.judge_digits(pass, &digits, around, last_digit)?;
                    if at >= word_end {
                        self.judge_code(pass, context, &digits)?;
                        word_end = pass.haystack.word_end_after(&digits);
                    }
                    last_digit = Some(digits.end);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn judge_code(
        &self,
        pass: &mut Pass<'_, '_>,
        context: &mut Context<'_>,
        digits: &Digits,
    ) -> ControlFlow<()> {
        self.identifiers.judge(context, pass.haystack, digits, pass.report)
    }

    /// Judges a row of digits. `last_end` is the end of the one before.
    fn judge_digits(
        &self,
        pass: &mut Pass<'_, '_>,
        digits: &Digits,
        around: Around,
        last_end: Option<usize>,
    ) -> ControlFlow<()> {
        let at = digits.start;
        let (before, after) = (pass.haystack.before(at), pass.haystack.byte(digits.end));
        let beside = [before, after].map(Option::unwrap_or_default);
        let word = pass.haystack.word_len(digits);
        for &(row, judge) in self.digit.rows(beside, around, digits.len(), word) {
            pass.ask(row, at, |haystack| judge(haystack, at))?;
        }
        if !around.has(Around::LONG) || !Numbers::reach(pass.haystack, digits.range(), NUMBER_MIN) {
            return ControlFlow::Continue(());
        }
        let Some(numbers) = Numbers::read(pass.haystack, at, last_end) else {
            return ControlFlow::Continue(());
        };
        let lengths = numbers.lengths();
        for &(row, _, judge) in self.number.iter().filter(|(_, wanted, _)| lengths.meets(*wanted)) {
            pass.ask(row, at, |haystack| judge(haystack, &numbers))?;
        }
        ControlFlow::Continue(())
    }
}

fn judge_byte(rows: &[AtPlace], pass: &mut Pass<'_, '_>, at: usize) -> ControlFlow<()> {
    rows.iter().try_for_each(|&(row, judge)| pass.ask(row, at, |haystack| judge(haystack, at)))
}

/// Reports the literals of `range` of which each begins a word, or another segment.
#[inline(never)]
fn scan_heads(
    heads: &Literals<Anchor>,
    haystack: &Haystack<'_>,
    range: Range<usize>,
    mut report: impl FnMut(Anchor, Range<usize>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let text = haystack.bytes();
    let mut found = |anchor: Anchor, span: Range<usize>| {
        let is_spaced = anchor.is_spaced;
        let start = span.start.saturating_sub(usize::from(is_spaced));
        let is_there = range.contains(&start) && (!is_spaced || haystack.before(span.start) == Some(b' '));
        if is_there { report(anchor, start..span.end) } else { ControlFlow::Continue(()) }
    };
    // The space before the last word may be the last of the range.
    let within = range.start..haystack.len().min(range.end + 1);
    heads.at_each(text, within.clone(), haystack.heads(within), &mut found)
}

/// Whether a literal begins as words do: not with a sign.
fn begins_as_word(literal: &str) -> bool {
    literal.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || !b.is_ascii())
}

fn find_of(row: usize) -> Option<&'static Find> {
    TABLE.get(row).map(|info| &info.find)
}

impl Anchor {
    fn of(row: usize) -> Self {
        Self { row, format: None, is_spaced: false }
    }

    fn judge(self, haystack: &Haystack<'_>, literal: Range<usize>) -> Option<Match> {
        match find_of(self.row)? {
            Find::Literal(_, judge) | Find::Word(_, judge) => judge(haystack, literal),
            Find::Phrase(_, judge) => haystack.is_phrase(&literal).then(|| judge(haystack, literal))?,
            Find::Tokens(_) => self.format?.find(haystack, literal),
            Find::At(_) | Find::Line(_) | Find::Colon(_) | Find::Digit(..) => None,
            Find::Number(..) | Find::Code(_) | Find::Name => None,
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
