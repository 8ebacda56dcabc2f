//! Telephone numbers: international, national in a form that hardly anything else has, and any other
//! grouping where words say so.

mod calling_codes;
mod context;
mod forms;
mod international;

use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Gap, Lengths, Numbers, Window};
use crate::recognise::{Find, Match, RecogniserInfo};
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "phone",
    entity: EntityType::PHONE_NUMBER,
    category: Category::Personal,
    finds: "telephone numbers of all countries, extensions too: international with `+`, `00` or `011`; national in the usual forms of a country; any other near a word such as `phone` or after `my number is`",
    validation: "international: an assigned calling code and a length that the country uses; national: prefix and groups of a numbering plan; near a word: 7 to 13 digits that are no date, version or fraction",
    find: Find::Number(Lengths::new(7, 18), find),
};

fn find(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    let start = numbers.first().start;
    let found = international::find(haystack, numbers, start).or_else(|| national(haystack, numbers))?;
    Some(with_extension(haystack, found))
}

/// A form that a country uses, in any of the windows; else the longest near a word, on one line if any is.
fn national(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    let span = |window: &Window<'_>| opening_bracket(haystack, window.span.start)..window.span.end;
    let (mut longest, mut on_line) = (None, None);
    for window in numbers.windows(7..=13).filter(|window| is_written_as_phone(haystack, window)) {
        if forms::is_national(haystack, &window) {
            return Some(Match::new(span(&window), 0.7));
        }
        if on_line.is_none() && !crosses_line(haystack, &window) {
            on_line = Some(window);
        } else if longest.is_none() {
            longest = Some(window);
        }
    }
    let plain = on_line.or(longest)?;
    let context = context::near(haystack, span(&plain), &plain)?;
    Some(Match::new(span(&plain), 0.7).with_evidence(&context))
}

fn crosses_line(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    haystack.slice(window.span.clone()).contains(&b'\n')
}

fn is_written_as_phone(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    window.shape().len() <= 7
        && (window.is_free(haystack) || is_free_but_for_extension(haystack, window))
        && !is_attached_left(haystack, window)
        && !is_one_digit(window.digits())
        && !is_date(window)
}

fn is_free_but_for_extension(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    haystack.opens(window.span.start) && extension_end(haystack, window.span.end).is_some()
}

/// `tel:030-…`, `Jo/030…` and `\n030` are none: only a sign between a word and the number attaches it.
fn is_attached_left(haystack: &Haystack<'_>, window: &Window<'_>) -> bool {
    let start = window.span.start;
    haystack.is_attached_left(start)
        && !(haystack.before(start) == Some(b'.') && follows_abbreviation(haystack, start))
}

/// `Tel.030 901820`: the dot after letters, not after a digit.
fn follows_abbreviation(haystack: &Haystack<'_>, start: usize) -> bool {
    let head = haystack.slice(start.saturating_sub(3)..start - 1);
    head.len() == 2 && head.iter().all(u8::is_ascii_alphabetic)
}

fn opening_bracket(haystack: &Haystack<'_>, start: usize) -> usize {
    if haystack.before(start) == Some(b'(') { start - 1 } else { start }
}

/// The number with `x123`, ` ext. 123` or ` Durchwahl 12` after it.
fn with_extension(haystack: &Haystack<'_>, found: Match) -> Match {
    match extension_end(haystack, found.span.end) {
        Some(end) => {
            let span = found.span.start..end;
            Match { evidence: found.evidence.start..found.evidence.end.max(end), span, ..found }
        }
        None => found,
    }
}

const EXTENSION_MAX: usize = 6;
const EXTENSIONS: &[&str] =
    &["extension", "ext.", "ext", "x", "#", "Ext.", "Ext", "EXT", "X", "poste", "int.", "DW", "-DW"];

/// The bytes that words of [`EXTENSIONS`] begin with: most numbers are followed by none.
const BEGINNINGS: u128 = beginnings();

const fn beginnings() -> u128 {
    let (mut set, mut rest) = (0, EXTENSIONS);
    while let [word, more @ ..] = rest {
        if let [first, ..] = word.as_bytes() {
            set |= 1 << *first;
        }
        rest = more;
    }
    set
}

fn extension_end(haystack: &Haystack<'_>, end: usize) -> Option<usize> {
    let sign = haystack.run_end(end, 2, |b| matches!(b, b' ' | b','));
    let first = haystack.byte(sign)?;
    if !first.is_ascii() || BEGINNINGS >> first & 1 == 0 {
        return None;
    }
    let word = EXTENSIONS.iter().find(|word| haystack.starts_with(sign, word))?;
    let digits = haystack.run_end(sign + word.len(), 2, |b| matches!(b, b' ' | b':' | b'.'));
    let last = haystack.digits_end(digits, EXTENSION_MAX + 1);
    let fits = (1..=EXTENSION_MAX).contains(&(last - digits)) && haystack.closes(last);
    (fits && !is_dimension(haystack, end, last)).then_some(last)
}

/// `1920x1080` is a size; numbers have seven digits before the sign.
fn is_dimension(haystack: &Haystack<'_>, end: usize, last: usize) -> bool {
    haystack.byte(last) == Some(b'x')
        || haystack.slice(end.saturating_sub(4)..end).iter().any(|b| !b.is_ascii_digit())
}

/// `2026-11-24`, `24.11.2026` and `1.3.0 (2024-05-03)`: groups of a date with or without others.
fn is_date(window: &Window<'_>) -> bool {
    let mut start = 0;
    window.shape().windows(3).any(|three| {
        let groups = Groups { window, start };
        start += three.first().map_or(0, |len| usize::from(*len));
        match three {
            [4, 2, 2] => groups.is_year(0) && groups.is_day(4) && groups.is_day(6),
            [2, 2, 4] => groups.is_day(0) && groups.is_day(2) && groups.is_year(4),
            [1, 2, 4] | [2, 1, 4] => window.gaps != Gap::SPACE && groups.is_year(3),
            _ => false,
        }
    })
}

struct Groups<'w> {
    window: &'w Window<'w>,
    start: usize,
}

impl Groups<'_> {
    fn is_year(&self, at: usize) -> bool {
        let from = self.start + at;
        (1900..2100).contains(&self.window.value(from..from + 4))
    }

    fn is_day(&self, at: usize) -> bool {
        let from = self.start + at;
        (1..=31).contains(&self.window.value(from..from + 2))
    }
}

/// Area code and exchange begin with 2 to 9. Source: North American Numbering Plan.
fn is_north_american(national: &[u8]) -> bool {
    matches!(national, [2..=9, _, _, 2..=9, ..])
}

fn is_one_digit(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
}
