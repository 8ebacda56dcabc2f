use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;
use crate::recognise::{CARD_WORDS, luhn, remainder_97};
use std::ops::{Range, RangeInclusive};

/// Bytes between two groups: words, tags, a pause that was noted.
const GAP_MAX: usize = 32;
/// Bytes before the first group and after the last one in which a word says what they are.
const BEFORE: usize = 96;
const AFTER: usize = 40;
/// Digits of a group; fewer number the groups.
const GROUP: RangeInclusive<usize> = 3..=12;
const GROUPS_MAX: usize = 5;
/// A value has so many digits at least, and reaches over so many blocks after that of the first at most.
const DIGITS_MIN: u32 = 13;
const REACH: usize = 3;
/// Digits of a card's number that is filled up with zeros, as fields of a fixed width are.
const FILLED: RangeInclusive<usize> = 17..=20;
/// Digits of a card.
const CARD: RangeInclusive<usize> = 14..=16;
/// The same of an account, with its country and its check digits.
const ACCOUNT: RangeInclusive<usize> = 15..=34;
const ACCOUNT_GROUPS_MAX: usize = 9;

/// Numbers of cards and accounts whose groups are far apart: `4111 1111, and then 1111 1111`, `<td>4111</td><td>1111</td>…`.
///
/// What is put together has the check digits, and beside a card's number a word of such.
pub(crate) fn pieces(survey: &Survey<'_>) -> Option<Derived> {
    pieces_over(survey, &[])
}

/// The same of a text in which others begin at `seams`: what ends there is attached to nothing.
pub(crate) fn pieces_over(survey: &Survey<'_>, seams: &[usize]) -> Option<Derived> {
    // Most rows are short, and without a group before them they are no part of anything.
    let begins_none = |row: &Range<usize>| row.len() < *GROUP.start() && !is_after_capital(survey, row.start);
    pieces_without(survey, seams, begins_none)
}

/// `begins_none` says whether a row of digits is the first group of no value.
fn pieces_without(
    survey: &Survey<'_>,
    seams: &[usize],
    begins_none: impl Fn(&Range<usize>) -> bool,
) -> Option<Derived> {
    let mut editor = Editor::new(survey.text);
    let mut chain = Chain::default();
    let mut at = 0;
    while let Some(digit) = survey.seek_row(at, DIGITS_MIN, REACH) {
        at = digit + survey.run_from(digit, kind::DIGIT);
        if chain.groups.is_empty() && begins_none(&(digit..at)) {
            continue;
        }
        match part_of(survey.bytes(), digit..at, seams) {
            Part::Group(group) => chain.push(group, false),
            Part::Country(group) => chain.push(group, true),
            // The last of an account's number may be as short as the numbers of parts: `part 2: `.
            Part::Number(group) if chain.has_country => chain.push(group, false),
            Part::Number(_) => continue,
            Part::Other => {
                chain.clear();
                if let Some(zeros) = filled(survey.text, digit..at) {
                    editor.remove(digit..digit + zeros, View::Regrouped);
                }
            }
        }
        if let Some((range, value)) = chain.value(survey.text) {
            editor.replace(range, &value, View::Regrouped);
            chain.clear();
        }
    }
    editor.finish()
}

/// How many zeros a card's number is filled up with, if a row of digits is one.
fn filled(text: &str, digits: Range<usize>) -> Option<usize> {
    let value = text.get(digits.clone()).filter(|_| FILLED.contains(&digits.len()))?;
    let zeros = value.len() - value.trim_start_matches('0').len();
    (CARD.contains(&(value.len() - zeros)) && is_card(text, &digits, value)).then_some(zeros)
}

/// Whether a letter stands before `at` that may be the last of a country.
fn is_after_capital(survey: &Survey<'_>, at: usize) -> bool {
    at.checked_sub(1).and_then(|before| survey.bytes().get(before)).is_some_and(u8::is_ascii_uppercase)
}

/// What a row of digits can be.
enum Part {
    Group(Range<usize>),
    /// The first group of an account's number, with its country.
    Country(Range<usize>),
    Number(Range<usize>),
    Other,
}

fn part_of(bytes: &[u8], digits: Range<usize>, seams: &[usize]) -> Part {
    let is_seam = |at: usize| !seams.is_empty() && seams.binary_search(&at).is_ok();
    let (ends_text, begins_text) = (is_seam(digits.end), is_seam(digits.start));
    let byte = |at: usize| {
        let is_of_other = ends_text && at >= digits.end || begins_text && at < digits.start;
        if is_of_other { 0 } else { bytes.get(at).copied().unwrap_or_default() }
    };
    let before = |back: usize| digits.start.checked_sub(back).map_or(0, byte);
    let is_sign_of_times = |sign: u8, beyond: u8| matches!(sign, b'x' | b'X') && beyond.is_ascii_digit();
    let is_free = |sign: u8, beyond: u8| !sign.is_ascii_alphanumeric() || is_sign_of_times(sign, beyond);
    let is_fraction = |sign: u8, beyond: u8| sign == b'.' && beyond.is_ascii_digit();
    if !is_free(byte(digits.end), byte(digits.end + 1))
        || is_fraction(byte(digits.end), byte(digits.end + 1))
        || is_fraction(before(1), before(2))
    {
        return Part::Other;
    }
    let is_country = before(1).is_ascii_uppercase() && before(2).is_ascii_uppercase();
    if is_country && !before(3).is_ascii_alphanumeric() && digits.len() >= 2 {
        return Part::Country(digits.start - 2..digits.end);
    }
    match digits.len() {
        len if len < *GROUP.start() => Part::Number(digits),
        _ if !is_free(before(1), before(2)) => Part::Other,
        len if GROUP.contains(&len) => Part::Group(digits),
        _ => Part::Other,
    }
}

/// Groups that follow each other.
#[derive(Default)]
struct Chain {
    groups: Vec<Range<usize>>,
    has_country: bool,
}

impl Chain {
    fn clear(&mut self) {
        self.groups.clear();
        self.has_country = false;
    }

    fn push(&mut self, group: Range<usize>, is_country: bool) {
        let is_next = self.groups.last().is_some_and(|last| group.start - last.end <= GAP_MAX);
        if is_country || !is_next {
            self.clear();
            self.has_country = is_country;
        }
        let max = if self.has_country { ACCOUNT_GROUPS_MAX } else { GROUPS_MAX };
        if self.groups.len() == max {
            self.groups.remove(0);
            self.has_country = false;
        }
        self.groups.push(group);
    }

    /// The value that the last groups are, if they are one, and where it stands.
    fn value(&self, text: &str) -> Option<(Range<usize>, String)> {
        let from = if self.has_country { 0..1 } else { 0..self.groups.len().saturating_sub(1) };
        from.filter_map(|first| self.groups.get(first..)).find_map(|groups| {
            let [first, .., last] = groups else { return None };
            let range = first.start..last.end;
            let len = groups.iter().map(Range::len).sum();
            let is_long = if self.has_country { ACCOUNT.contains(&len) } else { CARD.contains(&len) };
            if !is_long || !(self.has_country || is_cut_as_card(groups)) {
                return None;
            }
            let value: String = groups.iter().filter_map(|group| text.get(group.clone())).collect();
            let is_one = if self.has_country {
                remainder_97(value.as_bytes()) == 1
            } else {
                is_card(text, &range, &value)
            };
            is_one.then_some((range, value))
        })
    }
}

/// Whether the groups are those in which a card shows its number, one or several of them together.
fn is_cut_as_card(groups: &[Range<usize>]) -> bool {
    let lens = || groups.iter().map(Range::len);
    lens().all(|len| len % 4 == 0)
        || [&[4, 6, 5][..], &[4, 6, 4]].into_iter().any(|cut| lens().eq(cut.iter().copied()))
}

fn is_card(text: &str, range: &Range<usize>, value: &str) -> bool {
    let digits: Vec<u8> = value.bytes().map(|b| b.wrapping_sub(b'0')).collect();
    luhn(&digits) && has_word(text, range)
}

/// Whether a word near the groups says that they are a card's.
fn has_word(text: &str, range: &Range<usize>) -> bool {
    let from = text.ceil_char_boundary(range.start.saturating_sub(BEFORE));
    let to = text.floor_char_boundary(range.end.saturating_add(AFTER));
    let near = text.get(from..to).unwrap_or_default().to_lowercase();
    let is_of_cards = |word: &str| {
        CARD_WORDS.iter().any(|of_cards| {
            let may_go_on = of_cards.len() > 3;
            word.strip_prefix(of_cards).is_some_and(|rest| rest.is_empty() || may_go_on)
        })
    };
    near.split(|c: char| !c.is_alphabetic()).any(is_of_cards)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        pieces(&Survey::of(text)).map(|derived| derived.text)
    }

    #[test]
    fn groups_are_put_together_whatever_stands_between_them() {
        for (text, expected) in [
            ("card 4111 1111 then 1111 1111.", "card 4111111111111111."),
            ("my card: 41111111 and, yes, 11111111", "my card: 4111111111111111"),
            ("visa 4111x1111x1111x1111", "visa 4111111111111111"),
            ("card: 1. 4111\n2. 1111\n3. 1111\n4. 1111", "card: 1. 4111111111111111"),
            ("p1=4111 p2=1111 p3=1111 p4=1111 of my card", "p1=4111111111111111 of my card"),
            ("amex 3782 [pause] 822463 [pause] 10005", "amex 378282246310005"),
            ("card 0004111111111111111", "card 4111111111111111"),
            ("to DE89 and 3704 0044 and 0532 0130 00", "to DE89370400440532013000"),
        ] {
            assert_eq!(read(text).as_deref(), (text != expected).then_some(expected), "{text}");
        }
    }

    #[test]
    fn rows_are_left_out_that_begin_no_value() {
        let pieces = [
            "4111",
            "1111",
            " 11",
            "DE89",
            " DE 89",
            "3704 0044 ",
            "0532",
            "0130",
            "00",
            " card ",
            "7",
            "x",
            ". ",
            "\n2: ",
        ];
        let (mut state, mut read) = (5_usize, 0);
        for _ in 0..30_000 {
            let text = (0..9).fold("card 1 ".to_owned(), |text, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text + pieces[(state >> 33) % pieces.len()]
            });
            let (survey, seams) = (Survey::of(&text), [9, 14, 20]);
            for seams in [&[], seams.as_slice()] {
                let wanted = pieces_without(&survey, seams, |_| false).map(|derived| derived.text);
                read += usize::from(wanted.is_some());
                assert_eq!(pieces_over(&survey, seams).map(|derived| derived.text), wanted, "{text:?}");
            }
        }
        assert!(read > 100, "{read}");
    }

    #[test]
    fn other_numbers_stay_apart() {
        for text in [
            "4111 1111 then 1111 1111",
            "card 4111 1111 then 1111 1112",
            "company 4111 1111 then 1111 1111",
            "card a4111 b1111 c1111 d1111",
            "card 4111.1111 and 1111.1111",
            "card 411 11111; 111 11111",
            "card 4111 1111 1111, of which everybody knows that it is no more than 1111",
            "to DE88 and 3704 0044 and 0532 0130 00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
