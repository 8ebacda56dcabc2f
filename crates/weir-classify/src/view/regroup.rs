use super::survey::{Survey, Word as Group, kind};
use super::{Derived, Editor};
use crate::View;
use crate::lanes::BLOCK;
use std::ops::Range;

/// Signs between two characters or groups of one value, at most.
const GAP_MAX: usize = 3;
/// The same between characters that stand apart one by one: `", "`.
const APART_GAP_MAX: usize = 4;
/// Characters that stand apart one by one must be so many to be read as one value.
const APART_MIN: usize = 5;
/// What groups have together, at least and at most.
const GROUPED: std::ops::RangeInclusive<usize> = 6..=40;
const DIGITS_MIN: usize = 3;
const GROUP_MAX: usize = 12;
/// Bytes before the first digit of a value in which its letters stand.
const HEAD_MAX: usize = 24;

/// Whether it is a word of prose, which is no group of any value, time or date, whatever is beside it: the groups of dates and
/// UUIDs are as long as some short words.
fn is_word(len: usize, digits: usize, has_lower_case: bool) -> bool {
    digits == 0 && has_lower_case && !matches!(len, 1 | 2 | 4 | 8 | 12)
}

/// Values whose characters stand apart one by one by the same sign: `4 1 1 1`, `[4][1][1][1]`, `j-o-@-e`.
pub(crate) fn apart(survey: &Survey<'_>) -> Option<Derived> {
    let text = survey.text;
    let mut editor = Editor::new(text);
    let mut at = 0;
    while let Some(single) = survey.seek_single(at) {
        at = undo_apart(&mut editor, text, single).unwrap_or(single + 1);
    }
    editor.finish()
}

fn undo_apart(editor: &mut Editor<'_>, text: &str, first: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let gap = gap_len(text, first + 1);
    let separator = bytes.get(first + 1..first + 1 + gap).filter(|separator| !separator.is_empty())?;
    let step = 1 + gap;
    let (mut count, mut end) = (1, first + 1);
    while let Some(character) = next_apart(bytes, end, separator) {
        count += 1;
        end = character + 1;
    }
    // A sign at the end belongs to the sentence.
    while bytes.get(end - 1).is_some_and(|last| !last.is_ascii_alphanumeric()) {
        count -= 1;
        end -= step;
    }
    if count < APART_MIN || goes_on(bytes, end, separator) {
        return Some(end);
    }
    let mut value: Vec<u8> = bytes.get(first..end)?.iter().step_by(step).copied().collect();
    let (start, end) = with_brackets(bytes, first, end, separator);
    let start = with_plus(bytes, start, separator, &mut value);
    editor.replace(start..end, std::str::from_utf8(&value).ok()?, View::Regrouped);
    Some(end)
}

/// Whether more than single characters follows by the same sign: `1.3.6.1.4.1.311` is a number of its own kind.
fn goes_on(bytes: &[u8], end: usize, separator: &[u8]) -> bool {
    let after = end + separator.len();
    !separator.iter().all(u8::is_ascii_whitespace)
        && bytes.get(end..after) == Some(separator)
        && bytes.get(after).is_some_and(u8::is_ascii_alphanumeric)
}

/// The place of the next character after one that ends at `end`: a single letter, digit or sign.
fn next_apart(bytes: &[u8], end: usize, separator: &[u8]) -> Option<usize> {
    let at = end + separator.len();
    let is_alone = |at: usize| !bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
    let next = bytes.get(at).filter(|_| bytes.get(end..at) == Some(separator))?;
    let is_sign = next.is_ascii_punctuation() && bytes.get(at + 1..)?.starts_with(separator);
    ((next.is_ascii_alphanumeric() && is_alone(at)) || is_sign).then_some(at)
}

/// Bytes of what stands between a character and the next: signs, pictures.
fn gap_len(text: &str, at: usize) -> usize {
    let signs = text.get(at..).unwrap_or_default().chars().take(APART_GAP_MAX);
    signs.take_while(|c| !c.is_alphanumeric()).map(char::len_utf8).sum()
}

/// `][` between the characters means `[` before the first and `]` after the last.
fn with_brackets(bytes: &[u8], start: usize, end: usize, separator: &[u8]) -> (usize, usize) {
    let is_bracket = |b: &u8| b"[](){}<>\"'`*|".contains(b);
    if !separator.iter().all(is_bracket) {
        return (start, end);
    }
    let before = bytes.get(..start).unwrap_or_default().iter().rev().zip(separator.iter().rev());
    let after = bytes.get(end..).unwrap_or_default().iter().zip(separator);
    let same = |(a, b): &(&u8, &u8)| a == b;
    (start - before.take_while(same).count(), end + after.take_while(same).count())
}

/// The plus sign of a telephone number stands apart too.
fn with_plus(bytes: &[u8], start: usize, separator: &[u8], value: &mut Vec<u8>) -> usize {
    let Some(plus) = start.checked_sub(separator.len() + 1) else { return start };
    if bytes.get(plus) != Some(&b'+') || bytes.get(plus + 1..start) != Some(separator) {
        return start;
    }
    value.insert(0, b'+');
    plus
}

/// Letters and digits in groups, as `AA-99-ME 34`: all of one length but the last, or with a digit in each.
pub(crate) fn groups(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let mut chain: Vec<Group> = Vec::new();
    let mut at = 0;
    while let Some(digit) = survey.seek(at, kind::DIGIT) {
        let run = survey.run_from(digit, kind::WORD);
        let word = if run < BLOCK { digit + run } else { word_start(bytes, digit + 1) };
        if !is_linked(survey, digit, word) {
            at = word;
            continue;
        }
        let from = chain_start(bytes, at, digit);
        at = join_chain(&mut editor, survey, &mut chain, from, digit);
    }
    editor.finish()
}

/// Joins the groups from the word at `from` on that gaps alone keep apart, at least as far as the digit at `digit`. Returns
/// where to go on.
fn join_chain(
    editor: &mut Editor<'_>,
    survey: &Survey<'_>,
    chain: &mut Vec<Group>,
    from: usize,
    digit: usize,
) -> usize {
    chain.clear();
    let (text, mut at, mut last_end, mut next_digit) = (survey.text, from, None, Some(digit));
    while let Some(group) = survey.next_word(at) {
        at = group.range.end;
        if let Some(end) = last_end.filter(|end| !is_gap(text, *end..group.range.start)) {
            if end > digit {
                break;
            }
            chain.clear();
        }
        last_end = Some(group.range.end);
        if is_word(group.range.len(), group.digits, group.has_lower_case) {
            join(editor, text, chain);
            chain.clear();
            if next_digit.is_some_and(|next| next < at) {
                next_digit = survey.seek(at, kind::DIGIT);
            }
            // Of groups without a digit there is no value, and none begins far before its first.
            let Some(next) = next_digit else { break };
            if at + HEAD_MAX < next {
                (at, last_end) = (word_start(survey.bytes(), next - HEAD_MAX), None);
            }
        } else {
            chain.push(group);
        }
    }
    join(editor, text, chain);
    last_end.unwrap_or_default().max(digit + 1)
}

/// Where the first group of the value begins to which the first digit after `at`, at `digit`, may belong.
fn chain_start(bytes: &[u8], at: usize, digit: usize) -> usize {
    let bound = word_start(bytes, at.max(digit.saturating_sub(HEAD_MAX)));
    let head = bytes.get(bound..digit).unwrap_or_default();
    let mut start = head.len() - head.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
    loop {
        let before = head.get(..start).unwrap_or_default();
        let gap = before.iter().rev().take(GAP_MAX).take_while(|b| is_sign_of_gap(b)).count();
        let word = before.iter().rev().skip(gap).take_while(|b| b.is_ascii_alphanumeric());
        let len = word.clone().count();
        // There is no digit before the first.
        if gap == 0 || len == 0 || is_word(len, 0, word.clone().any(u8::is_ascii_lowercase)) {
            return bound + start;
        }
        start -= gap + len;
    }
}

/// Where the first word begins that begins at or after `at`, or the one before ends.
fn word_start(bytes: &[u8], at: usize) -> usize {
    let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_inside = at > 0 && is_word(at - 1) && is_word(at);
    if is_inside { at + bytes.iter().skip(at).take_while(|b| b.is_ascii_alphanumeric()).count() } else { at }
}

/// A cheap look whether a group goes on from the word with a digit at `digit` that ends at `end`, or leads to it.
fn is_linked(survey: &Survey<'_>, digit: usize, end: usize) -> bool {
    let bytes = survey.bytes();
    if leads_to_group(bytes.get(end..).unwrap_or_default().iter()) {
        return true;
    }
    let start = digit - survey.run_before(digit, kind::WORD);
    let before = bytes.get(digit.saturating_sub(HEAD_MAX).min(start)..start).unwrap_or_default();
    leads_to_group(before.iter().rev())
}

/// Whether a gap begins with these bytes beside a group, and another group is beyond it.
fn leads_to_group<'b>(mut beside: impl Iterator<Item = &'b u8>) -> bool {
    for _ in 0..=GAP_MAX {
        match beside.next() {
            Some(sign) if is_sign_of_gap(sign) => {}
            Some(beyond) => return beyond.is_ascii_digit() || beyond.is_ascii_uppercase(),
            None => return false,
        }
    }
    false
}

fn is_gap(text: &str, gap: Range<usize>) -> bool {
    gap.len() <= GAP_MAX && text.as_bytes().get(gap).is_some_and(|gap| gap.iter().all(is_sign_of_gap))
}

/// Signs that set groups apart, and the bytes of dots, bullets and arrows that do: no letter has only such bytes.
fn is_sign_of_gap(b: &u8) -> bool {
    matches!(
        b,
        b' ' | b'\t'
            | b'\r'
            | b'\n'
            | b'-'
            | b'.'
            | b'_'
            | b'/'
            | b'|'
            | b':'
            | b'*'
            | b'~'
            | b','
            | b';'
            | b'('
            | b')'
            | b'+'
            | b'#'
            | b'^'
            | 0xC2
            | 0xE2
            | 0x80
            | 0x85
            | 0x86
            | 0x88
            | 0x8B
            | 0x92
            | 0x99
            | 0xA2
            | 0xA7
            | 0xB7
    )
}

/// Joins the groups of a chain that can be one value.
fn join(editor: &mut Editor<'_>, text: &str, chain: &[Group]) {
    if chain.len() < 2 || chain.iter().map(|group| group.digits).sum::<usize>() < DIGITS_MIN {
        return;
    }
    let mut from = 0;
    while let Some(rest) = chain.get(from..).filter(|rest| rest.len() > 1) {
        if is_date(text, rest) {
            from += 3;
            continue;
        }
        if let Some(groups) = time_len(text, rest).or_else(|| fingerprint_len(text, rest)) {
            from += groups;
            continue;
        }
        if is_label(text, rest) {
            from += 1;
            continue;
        }
        let count = value_len(text, rest);
        let groups = rest.get(..count).unwrap_or_default();
        let total = groups.iter().map(|group| group.range.len()).sum::<usize>();
        let digits: usize = groups.iter().map(|group| group.digits).sum();
        if count > 1
            && GROUPED.contains(&total)
            && digits >= DIGITS_MIN
            && let [first, .., last] = groups
        {
            let value: String = groups.iter().filter_map(|group| text.get(group.range.clone())).collect();
            editor.replace(first.range.start..last.range.end, &value, View::Regrouped);
        }
        from += count.max(1);
    }
}

/// `IBAN: GB33`: letters before a colon and a space are none of the value.
fn is_label(text: &str, groups: &[Group]) -> bool {
    let gap =
        |a: &Group, b: &Group| text.get(a.range.end..b.range.start).is_some_and(|gap| gap.starts_with(": "));
    matches!(groups, [label, value, ..] if label.digits == 0 && gap(label, value))
}

/// `2026-11-24`, `24.11.2026`: the commonest groups of digits are no identifier.
fn is_date(text: &str, groups: &[Group]) -> bool {
    let [first, second, third, ..] = groups else { return false };
    let is_year = |group: &Group| {
        let year = text.get(group.range.clone()).and_then(|year| year.parse().ok());
        year.is_some_and(|year: u16| (1900..2100).contains(&year))
    };
    match [first, second, third].map(|group| group.range.len()) {
        [4, 2, 2] => is_year(first),
        [2, 2, 4] => is_year(third),
        _ => false,
    }
}

/// `2026-11-24T15:16:17.123Z`: how many groups a time has that begins with them.
fn time_len(text: &str, groups: &[Group]) -> Option<usize> {
    let is_time = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b'T' | b'Z');
    let rest = text.as_bytes().get(groups.first()?.range.start..)?;
    let [b'1' | b'2', b'0' | b'9', _, _, b'-', _, _, b'-', _, _, b'T', ..] = rest else { return None };
    let end = groups.first()?.range.start + rest.iter().take_while(|b| is_time(b)).count();
    Some(groups.iter().take_while(|group| group.range.end <= end).count().max(1))
}

/// `dafacd67-cc9c-0d41-6329-b0986a6ce3fe`: how many groups a UUID has that begins with them, or goes on: those
/// before may have no digit that is looked at.
fn fingerprint_len(text: &str, groups: &[Group]) -> Option<usize> {
    const LENS: [usize; 5] = [8, 4, 4, 4, 12];
    let count = (3..=LENS.len()).find(|count| {
        let lens = groups.iter().take(*count).map(|group| group.range.len());
        lens.eq(LENS.iter().skip(LENS.len() - count).copied())
    })?;
    let uuid = text.get(groups.first()?.range.start..groups.get(count - 1)?.range.end)?;
    let is_hex = uuid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    (is_hex && uuid.bytes().any(|b| b.is_ascii_alphabetic())).then_some(count)
}

/// How many of the groups from the first on can be one value.
fn value_len(text: &str, groups: &[Group]) -> usize {
    let with_digits =
        groups.iter().take_while(|group| group.digits > 0 && group.range.len() <= GROUP_MAX).count();
    let len = groups.first().map_or(0, |group| group.range.len());
    let has_case = |group: &&Group| {
        let text = text.get(group.range.clone()).unwrap_or_default();
        group.digits > 0 || len == 1 || text.bytes().all(|b| b.is_ascii_uppercase())
    };
    let same = if (1..=6).contains(&len) {
        groups.iter().take_while(|group| group.range.len() == len).take_while(has_case).count()
    } else {
        0
    };
    let shorter = groups.get(same).filter(|group| same > 1 && group.range.len() < len).filter(has_case);
    let even = same + usize::from(shorter.is_some());
    // Between dots, groups of any length are versions, addresses and fractions.
    let is_dotted =
        matches!(groups, [first, second, ..] if text.get(first.range.end..second.range.start) == Some("."));
    if is_dotted { even } else { with_digits.max(even) }
}

/// Values that a line break cuts.
pub(crate) fn lines(survey: &Survey<'_>) -> Option<Derived> {
    lines_at(survey, survey.breaks_beside(kind::DIGIT | kind::AT_SIGN, GAP_MAX as u32))
}

/// The same of some line breaks.
fn lines_at(survey: &Survey<'_>, breaks: impl Iterator<Item = usize>) -> Option<Derived> {
    let bytes = survey.bytes();
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let is_part = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|b| part_of(*b) != 0);
    let mut editor = Editor::new(survey.text);
    for at in breaks {
        let blanks =
            bytes.get(..at).unwrap_or_default().iter().rev().take(GAP_MAX).take_while(|b| is_blank(b));
        let start = at - blanks.count();
        // Most lines end with a sign.
        if !is_part(start.checked_sub(1)) {
            continue;
        }
        let end = at + bytes.iter().skip(at).take(GAP_MAX + 1).take_while(|b| is_blank(b)).count();
        if is_part(Some(end)) && is_cut_value(survey, start, end) {
            editor.remove(start..end, View::Regrouped);
        }
    }
    editor.finish()
}

/// Digits that are beside a line break that cuts an identifier with small letters, at least; a plate of capitals may
/// have fewer.
const CUT_DIGITS_MIN: usize = 3;
/// What is as long as a key when it is put together may have fewer too.
const CUT_KEY_MIN: usize = 15;
/// Bytes of the words on each side of it that are looked at.
const SIDE_MAX: usize = 64;

/// Whether of the parts of words on both sides one is more than a word, and both may be one value.
fn is_cut_value(survey: &Survey<'_>, start: usize, end: usize) -> bool {
    let bytes = survey.bytes();
    let head = bytes.get(start.saturating_sub(SIDE_MAX)..start).unwrap_or_default();
    let tail = bytes.get(end..bytes.len().min(end + SIDE_MAX)).unwrap_or_default();
    if begins_date(tail) {
        return false;
    }
    let mut sides = Sides::default();
    head.iter().rev().take_while(|b| sides.push(**b)).for_each(drop);
    tail.iter().take_while(|b| sides.push(**b)).for_each(drop);
    sides.has_at_sign
        || sides.digits > 0
            && (survey.is_for_any_shape
                || !sides.has_lower_case
                || sides.len >= CUT_KEY_MIN
                || sides.digits >= CUT_DIGITS_MIN)
}

/// What the parts of words on both sides of a line break are made of.
#[derive(Default)]
struct Sides {
    len: usize,
    digits: usize,
    has_lower_case: bool,
    has_at_sign: bool,
}

impl Sides {
    /// Whether the byte belongs to the word.
    fn push(&mut self, byte: u8) -> bool {
        let part = part_of(byte);
        self.len += usize::from(part != 0);
        self.digits += usize::from(part == part::DIGIT);
        self.has_lower_case |= part == part::LOWER;
        self.has_at_sign |= part == part::AT_SIGN;
        part != 0
    }
}

/// Parts of words that a line break may cut.
mod part {
    pub(super) const OTHER: u8 = 1;
    pub(super) const DIGIT: u8 = 2;
    pub(super) const LOWER: u8 = 3;
    pub(super) const AT_SIGN: u8 = 4;
}

/// 0 if it is of no such word.
fn part_of(byte: u8) -> u8 {
    PARTS.get(usize::from(byte)).copied().unwrap_or_default()
}

static PARTS: [u8; 256] = parts();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn parts() -> [u8; 256] {
    let mut parts = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        parts[byte as usize] = match byte {
            b'@' => part::AT_SIGN,
            b'0'..=b'9' => part::DIGIT,
            b'a'..=b'z' => part::LOWER,
            b'A'..=b'Z' | b'.' | b'_' | b'-' | b'+' | b'/' => part::OTHER,
            _ => 0,
        };
        byte += 1;
    }
    parts
}

/// A line that begins with a date is one of a log.
fn begins_date(line: &[u8]) -> bool {
    let Some([b'1' | b'2', b'0' | b'9', c, d, b'-', m, n, b'-', y, z]) = line.first_chunk() else {
        return false;
    };
    [c, d, m, n, y, z].into_iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_uuids_are_not_one_value() {
        let is_joined = |text: &str| groups(&Survey::of(text)).is_some();
        for text in [
            "2026-11-24T15:16:17.123Z",
            "at 1999-12-31T23:59:59 and",
            "id dafacd67-cc9c-0d41-6329-b0986a6ce3fe",
        ] {
            assert!(!is_joined(text), "{text}");
        }
        for text in
            ["2026-11-24T15:16:17Z AA-99-ME 34", "dafacd67-cc9c-0d41-6329-b0986a6c", "2026-1124-15T1-1617"]
        {
            assert!(is_joined(text), "{text}");
        }
    }

    #[test]
    fn a_value_far_behind_another_is_put_together_with_its_letters() {
        for words in 0..30 {
            let prose = "and so on ".repeat(words);
            let text = format!("AA-99-ME 34 {prose}then AA-99-ME 34");
            let joined = groups(&Survey::of(&text)).map(|derived| derived.text);
            assert_eq!(joined, Some(format!("AA99ME34 {prose}then AA99ME34")));
        }
    }

    fn words<'s>(survey: &'s Survey<'_>, mut at: usize) -> impl Iterator<Item = Group> + 's {
        std::iter::from_fn(move || {
            let word = survey.next_word(at)?;
            at = word.range.end;
            Some(word)
        })
    }

    /// All words taken for groups, as far before the digit as a value may begin.
    fn groups_with_prose(survey: &Survey<'_>) -> Option<String> {
        let (text, bytes) = (survey.text, survey.bytes());
        let mut editor = Editor::new(text);
        let mut at = 0;
        while let Some(digit) = (at..bytes.len()).find(|at| bytes[*at].is_ascii_digit()) {
            let word = digit + bytes[digit..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
            if !is_linked(survey, digit, word) {
                at = word;
                continue;
            }
            let mut chain: Vec<Group> = Vec::new();
            for group in words(survey, word_start(bytes, at.max(digit.saturating_sub(HEAD_MAX)))) {
                if let Some(end) = chain.last().map(|last| last.range.end)
                    && !is_gap(text, end..group.range.start)
                {
                    if end > digit {
                        break;
                    }
                    chain.clear();
                }
                chain.push(group);
            }
            at = chain.last().map_or(digit + 1, |last| last.range.end).max(digit + 1);
            join(&mut editor, text, &chain);
        }
        editor.finish().map(|derived| derived.text)
    }

    #[test]
    fn words_of_prose_are_no_groups() {
        let pieces = [
            "12",
            " ",
            " ",
            "-",
            "AB",
            "the",
            "of",
            "2024",
            "x",
            "dead",
            "cafebabe",
            "word",
            "4a",
            "b7",
            ", ",
            "\"",
            "QRS 1234",
            "24.11.2026",
            ": ",
            "deadbeefcafe",
            "no.",
            "9",
            "é",
        ];
        let (mut state, mut joined) = (3_usize, 0);
        for _ in 0..3000 {
            let text = (0..24).fold(String::new(), |text, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text + pieces[(state >> 33) % pieces.len()]
            });
            let wanted = groups_with_prose(&Survey::of(&text));
            joined += usize::from(wanted.is_some());
            assert_eq!(groups(&Survey::of(&text)).map(|derived| derived.text), wanted, "{text:?}");
        }
        assert!((300..2900).contains(&joined), "{joined}");
    }

    #[test]
    fn no_line_break_is_passed_over_beside_a_digit_or_an_at_sign() {
        let pieces =
            ["a", "Bc", "4", "12", "@", ".", "-x", "\n", "\n ", "  ", ", ", "é", "\"", "word", "KEY"];
        let (mut state, mut joined) = (11_usize, 0);
        for _ in 0..5000 {
            let text = (0..60).fold(String::new(), |text, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text + pieces[(state >> 33) % pieces.len()] + if state >> 60 == 0 { "longerword" } else { "" }
            });
            let survey = Survey::of(&text).for_any_shape(state >> 50 & 1 == 1);
            let all = (0..text.len()).filter(|at| text.as_bytes()[*at] == b'\n');
            let wanted = lines_at(&survey, all).map(|derived| derived.text);
            joined += usize::from(wanted.is_some());
            assert_eq!(lines(&survey).map(|derived| derived.text), wanted, "{text:?}");
        }
        assert!((500..4990).contains(&joined), "{joined}");
    }

    #[test]
    fn lines_are_joined_where_they_may_cut_a_value() {
        let is_joined = |text: &str| lines(&Survey::of(text)).is_some();
        for text in [
            "card 4111\n1111 1111 1111",
            "IBAN DE8\n9 3704 0044",
            "plate AB1\n2CDE",
            "jo@exam\nple.com",
            "key hfabcdef7\nghijkl",
        ] {
            assert!(is_joined(text), "{text}");
        }
        assert!(!is_joined("id 49e19975f11a5338\n2026-11-24T15:16:17Z WARN"));
        for text in ["if err\n0 is none", "python 2.\nthe next", "call f1\nand two", "100, 200;\nx8\ni"] {
            assert!(!is_joined(text), "{text}");
            assert!(lines(&Survey::of(text).for_any_shape(true)).is_some(), "{text}");
        }
    }
}
