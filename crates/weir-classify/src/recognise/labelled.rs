//! Values that a label announces: `MRN: 00123456`, `"policy_no": "AB-123"`, `Kundennummer lautet 12345`.

use crate::columns::cell_below;
use crate::context::LABELS_BEHIND;
use crate::haystack::Haystack;
use std::ops::Range;

/// Small words and signs between a label and its value.
const FILLER_MAX: usize = 40;
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "is", "was", "are", "be", "no", "nr", "num", "number", "numbers", "id", "code", "of", "the", "my", "our", "your", "for", "reads", "as", "follows",
    "ist", "lautet", "nummer", "der", "die", "das", "von", "est", "numéro", "numero", "número", "le", "la", "de", "du", "n", "nº", "n°", "no", "es",
    "el", "del", "è", "il", "di", "é", "do", "is", "het", "i", "to", "at", "on", "am", "with", "en", "und", "value",
];

/// A form of values: how many characters and digits, and whether letters may be among them.
pub(super) struct Form {
    pub(super) characters: std::ops::RangeInclusive<usize>,
    pub(super) digits_min: usize,
    pub(super) letters: bool,
}

/// The value that the label at `label` announces, or that stands below it or before it, if it has the form and is no
/// placeholder.
pub(super) fn value(haystack: &Haystack<'_>, label: &Range<usize>, form: &Form) -> Option<Range<usize>> {
    value_at(haystack, start(haystack, label.end), form)
        .or_else(|| value_at(haystack, cell_below(haystack, label)?.start, form))
        .or_else(|| value_before(haystack, label.start, form))
}

fn value_at(haystack: &Haystack<'_>, start: usize, form: &Form) -> Option<Range<usize>> {
    let end = end(haystack, start, form);
    let text = haystack.slice(start..end);
    let characters = text.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_digit).collect();
    let fits = form.characters.contains(&characters) && digits.len() >= form.digits_min;
    let stands = haystack.opens(start) && haystack.closes(end) && !is_code(haystack, end);
    (fits && stands && !is_made_up(&digits) && !is_date(text)).then_some(start..end)
}

/// `00123456 (MRN)`, `00123456 is the MRN`.
fn value_before(haystack: &Haystack<'_>, label: usize, form: &Form) -> Option<Range<usize>> {
    let head = haystack.slice(label.saturating_sub(FILLER_MAX)..label);
    let gap = LABELS_BEHIND.iter().find(|gap| head.ends_with(gap.as_bytes()))?;
    let end = label - gap.len();
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'.');
    let start = end
        - haystack.slice(end.saturating_sub(FILLER_MAX)..end).iter().rev().take_while(|b| is_part(b)).count();
    value_at(haystack, start, form).filter(|value| value.end == end)
}

/// Where the value after a label may begin: past signs and small words.
pub(super) fn start(haystack: &Haystack<'_>, from: usize) -> usize {
    let mut at = from;
    while at < from + FILLER_MAX {
        let word = haystack.run_end(at, FILLER_MAX, is_sign);
        let end = haystack.run_end(word, 9, is_letter);
        let is_filler =
            FILLERS.iter().any(|filler| haystack.slice(word..end).eq_ignore_ascii_case(filler.as_bytes()));
        let is_bound = haystack.byte(end).is_some_and(|b| b.is_ascii_digit());
        if word == end || !is_filler || is_bound {
            return word;
        }
        at = end;
    }
    at
}

fn is_sign(b: u8) -> bool {
    b.is_ascii_whitespace() || b" :=\"'`#*|()[]<>.,-_?\\".contains(&b)
}

fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic() || !b.is_ascii()
}

/// The end of groups that `-`, `/`, `.` or single spaces join; after a space only groups with digits go on.
fn end(haystack: &Haystack<'_>, start: usize, form: &Form) -> usize {
    let class = |b: u8| b.is_ascii_digit() || (form.letters && b.is_ascii_alphabetic());
    let max = *form.characters.end() + 1;
    let mut end = haystack.run_end(start, max, class);
    while end > start && end - start <= max {
        let joint = haystack.byte(end);
        let next = haystack.run_end(end + 1, max, class);
        let goes_on = match joint {
            Some(b'-' | b'/' | b'.') => next > end + 1,
            Some(b' ') => haystack.slice(end + 1..next).iter().any(u8::is_ascii_digit),
            _ => false,
        };
        if !goes_on {
            break;
        }
        end = next;
    }
    end
}

/// `12345678`, `0000000`, `123-123-123`: no one's number.
fn is_made_up(digits: &[u8]) -> bool {
    let pairs = || digits.windows(2);
    pairs().all(|pair| matches!(pair, [a, b] if a == b))
        || pairs().filter(|pair| matches!(pair, [a, b] if *b == a + 1 || (*a == b'9' && *b == b'0'))).count()
            + 2
            >= digits.len()
}

/// Dates and version numbers follow labels, too.
fn is_date(text: &[u8]) -> bool {
    let shape: Vec<usize> = text.split(|b| matches!(b, b'-' | b'/' | b'.')).map(<[u8]>::len).collect();
    matches!(shape[..], [4, 1..=2, 1..=2] | [1..=2, 1..=2, _] | [1..=2, 1..=2, 1..=2, _])
}

fn is_code(haystack: &Haystack<'_>, end: usize) -> bool {
    haystack.byte(end).is_some_and(|b| matches!(b, b'(' | b'[' | b'{' | b'_' | b'$' | b'@'))
}
