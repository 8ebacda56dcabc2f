//! Values that several members of a record tell together: `{"user": "jo.doe", "domain": "example.com"}`.

use crate::{Segment, SegmentKind};
use Piece::{Of, Sign};
use std::ops::RangeInclusive;

/// What a value is put together from.
#[derive(Clone, Copy)]
pub(super) enum Piece {
    /// A segment.
    Of(usize),
    /// A sign that stands between two.
    Sign(&'static str),
}

/// The values that neighbouring members may tell together, each as its pieces.
///
/// Most keys and texts are told by what stands behind them, before it is asked what they say.
///
/// INVARIANT (linear time): from no member on are more than [`MEMBERS_MAX`] segments looked at.
pub(super) fn told_together(segments: &[Segment<'_>]) -> Vec<Vec<Piece>> {
    told_by(segments, leads_to_digits)
}

/// The same, by the keys of which `may_tell` says that numbers follow.
fn told_by(segments: &[Segment<'_>], may_tell: fn(&[Segment<'_>], usize) -> bool) -> Vec<Vec<Piece>> {
    let mut told = Vec::new();
    let mut next = 0;
    for (at, segment) in segments.iter().enumerate() {
        match segment.kind {
            SegmentKind::Text if is_domain(segment.text) => told.extend(address(segments, at)),
            SegmentKind::Key if may_tell(segments, at) => {
                let name = segment.text.to_ascii_lowercase();
                if BIRTH_KEYS.iter().any(|word| name.contains(word)) {
                    told.extend(birth(segments, at));
                }
                // Not once more from each of the members of one number.
                if at >= next
                    && NUMBER_KEYS.iter().any(|word| name.contains(word))
                    && let Some((number, end)) = number(segments, at, &name)
                {
                    next = end;
                    told.push(number);
                }
            }
            SegmentKind::Text | SegmentKind::Key | SegmentKind::Number | SegmentKind::Opaque => {}
        }
    }
    told
}

/// Whether a group of a number is the value of a key, or of the first member of the object under it, and the next value may be
/// one too: nothing is told by one number.
fn leads_to_digits(segments: &[Segment<'_>], key: usize) -> bool {
    let behind = segments.get(key + 1..).unwrap_or_default();
    let is_value = |segment: &&Segment<'_>| segment.kind != SegmentKind::Key;
    let mut values = behind.iter().take(MEMBERS_MAX).filter(is_value);
    let mut next_is = |is: fn(&str) -> bool| values.next().is_some_and(|value| is(value.text));
    let begins_number =
        |text: &str| is_digits(text) || is_international(text) || is_code(text) && has_digit(text);
    behind.iter().take(2).any(|segment| is_value(&segment)) && next_is(begins_number) && next_is(is_code)
}

/// Segments of one record that are looked at.
const MEMBERS_MAX: usize = 2 * 24;

/// Fewer digits of one number than that were not cut, and more numbers than that are a list.
const DIGITS: RangeInclusive<usize> = 2..=12;
const NUMBERS: RangeInclusive<usize> = 2..=8;
/// The same of a number that was cut into its digits.
const SINGLE: RangeInclusive<usize> = 8..=24;

/// What the key above numbers says when they may be one: data is full of lists of numbers.
const NUMBER_KEYS: [&str; 31] = [
    "card",
    "carte",
    "cartao",
    "tarjeta",
    "karte",
    "kaart",
    "visa",
    "mastercard",
    "amex",
    "credit",
    "pan",
    "ccn",
    "iban",
    "account",
    "konto",
    "compte",
    "cuenta",
    "phone",
    "tel",
    "mobile",
    "handy",
    "passport",
    "ssn",
    "social",
    "insurance",
    "national",
    "tax",
    "steuer",
    "nhs",
    "licence",
    "license",
];

/// What the keys of its parts say.
const PART_KEYS: [&str; 24] = [
    "part", "group", "block", "first", "second", "third", "fourth", "last", "middle", "start", "end", "half",
    "prefix", "suffix", "area", "serial", "country", "code", "exchange", "line", "number", "check", "bank",
    "digits",
];

/// Digits that follow the key that says what they are, one after the other or as members that number or name its parts:
/// `"card": [4111, 1111, 1111, 1111]`, `"card1": 4111, "card2": 1111`, `"ssn": {"area": 536, "group": 90}`. Where they end too.
fn number(segments: &[Segment<'_>], key: usize, name: &str) -> Option<(Vec<Piece>, usize)> {
    let mut pieces = vec![Of(key), Sign(": ")];
    let (mut lens, mut end, mut is_of_key, mut is_list) = (Vec::new(), key + 1, true, true);
    let is_object = segments.get(key + 1).is_some_and(|segment| segment.kind == SegmentKind::Key);
    for (at, segment) in segments.iter().enumerate().skip(key + 1).take(MEMBERS_MAX) {
        match segment.kind {
            SegmentKind::Key => {
                let member = segment.text.to_ascii_lowercase();
                // What has the same key is of the next record, and behind a list is another number.
                if at > key + 1 && member == name || is_list && lens.len() > 1 {
                    break;
                }
                is_list = false;
                is_of_key = is_part(&member, name, is_object);
            }
            SegmentKind::Number | SegmentKind::Text
                if is_of_key && is_group(segment.text, name, lens.is_empty()) =>
            {
                lens.push(segment.text.len());
                pieces.push(Of(at));
                end = at + 1;
            }
            SegmentKind::Number | SegmentKind::Text | SegmentKind::Opaque => break,
        }
    }
    let is_cut = NUMBERS.contains(&lens.len()) && lens.iter().all(|len| DIGITS.contains(len))
        || SINGLE.contains(&lens.len()) && lens.iter().all(|len| *len == 1);
    is_cut.then_some((pieces, end))
}

/// Whether a text is a group of what the key `name` names: digits, behind the sign of a telephone number that is told with its
/// country, or with the capitals of an account's.
fn is_group(text: &str, name: &str, is_first: bool) -> bool {
    is_digits(text) || is_first && is_international(text) || name.contains("iban") && is_code(text)
}

/// `+49`.
fn is_international(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(is_digits)
}

/// `GB29`, `NWBK`, `6016`.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a member is a part of what the key `of` names: in an object under it a number, a letter or a word for a part; beside
/// it the name with that behind.
fn is_part(name: &str, of: &str, is_object: bool) -> bool {
    let stem = |name: &str| -> String {
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let part = PART_KEYS.iter().find_map(|word| name.strip_suffix(word));
        part.unwrap_or(name).trim_end_matches(['_', '-', ' ']).to_owned()
    };
    is_object && (name.len() <= 2 || stem(name).is_empty()) || stem(name) == stem(of)
}

/// What the key above a date of birth says.
const BIRTH_KEYS: [&str; 6] = ["birth", "dob", "born", "geburt", "naissance", "nacimiento"];

/// Day, month and year as three numbers: `"dob": {"day": 14, "month": 3, "year": 1985}`.
fn birth(segments: &[Segment<'_>], key: usize) -> Option<Vec<Piece>> {
    let behind = segments.iter().enumerate().skip(key + 1).take(6);
    let mut numbers = Vec::new();
    for (at, segment) in behind {
        match segment.kind {
            SegmentKind::Key => {}
            SegmentKind::Number | SegmentKind::Text if is_digits(segment.text) => {
                numbers.push((at, segment.text.len()))
            }
            SegmentKind::Number | SegmentKind::Text | SegmentKind::Opaque => break,
        }
    }
    let [(first, first_len), (second, 1..=2), (third, third_len), ..] = numbers.as_slice() else {
        return None;
    };
    let sign = match (first_len, third_len) {
        (4, 1..=2) => "-",
        (1..=2, 4) => ".",
        _ => return None,
    };
    let [first, second, third] = [*first, *second, *third].map(Of);
    Some(vec![Of(key), Sign(": "), first, Sign(sign), second, Sign(sign), third])
}

/// The e-mail address whose domain is at `domain`: `"user": "jo.doe", "domain": "example.com"`, `"email": ["jo.doe", "example.com"]`.
fn address(segments: &[Segment<'_>], domain: usize) -> Option<Vec<Piece>> {
    const BETWEEN_MAX: usize = 4;
    const LOCAL_KEYS: [&str; 6] = ["user", "local", "mail", "login", "account", "alias"];
    let key_at = |at: Option<usize>| {
        let segment = segments.get(at?).filter(|segment| segment.kind == SegmentKind::Key)?;
        Some(segment.text.to_ascii_lowercase())
    };
    let is_local_at = |at: &usize| {
        segments.get(*at).is_some_and(|segment| segment.kind == SegmentKind::Text && is_local(segment.text))
    };
    let pieces = |local| Some(vec![Of(local), Sign("@"), Of(domain)]);
    let before = domain.checked_sub(1)?;
    let Some(of_domain) = key_at(Some(before)) else {
        let is_mail = key_at(before.checked_sub(1)).is_some_and(|name| name.contains("mail"));
        return if is_mail && is_local_at(&before) { pieces(before) } else { None };
    };
    let is_named = of_domain.contains("domain");
    if !is_named && !of_domain.contains("host") && !of_domain.contains("server") {
        return None;
    }
    let local = (before.saturating_sub(BETWEEN_MAX)..before).rev().find(is_local_at)?;
    let of_local = key_at(local.checked_sub(1))?;
    // What is above both may say that they are of an address.
    let is_mail =
        of_local.contains("mail") || key_at(local.checked_sub(2)).is_some_and(|name| name.contains("mail"));
    let is_of_user = || is_named && LOCAL_KEYS.iter().any(|word| of_local.contains(word));
    if is_mail || is_of_user() { pieces(local) } else { None }
}

fn is_local(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn is_domain(text: &str) -> bool {
    // Most texts have a space, few a dot without one.
    (4..=253).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && text.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Json;

    /// What the members of a JSON text tell together.
    fn told(json: &str) -> Vec<String> {
        let json = Json::parse(json).unwrap();
        let segments: Vec<Segment<'_>> =
            json.items.iter().map(|item| Segment { text: item.text(), kind: item.kind }).collect();
        written(&segments, &told_together(&segments))
    }

    fn written(segments: &[Segment<'_>], told: &[Vec<Piece>]) -> Vec<String> {
        let text_of = |piece: &Piece| match piece {
            Of(segment) => segments[*segment].text,
            Sign(sign) => sign,
        };
        told.iter().map(|pieces| pieces.iter().map(text_of).collect()).collect()
    }

    #[test]
    fn one_number_behind_a_key_tells_nothing() {
        /// Whether one is there.
        fn has_one(segments: &[Segment<'_>], key: usize) -> bool {
            let behind = segments.get(key + 1..).unwrap_or_default();
            let value = behind.iter().take(2).find(|segment| segment.kind != SegmentKind::Key);
            value.is_some_and(|value| is_digits(value.text))
        }
        let number = |text| Segment { text, kind: SegmentKind::Number };
        let [card, birth, other] = ["card", "birth", "c"].map(Segment::key);
        let kinds =
            [card, birth, other, number("12"), number("1985"), Segment::text("4"), Segment::text("x")];
        let mut told = 0;
        for seed in 0..kinds.len().pow(6) {
            let segments: Vec<Segment<'_>> =
                (0..6).map(|place| kinds[seed / kinds.len().pow(place) % kinds.len()]).collect();
            let all = written(&segments, &told_by(&segments, has_one));
            assert_eq!(written(&segments, &told_together(&segments)), all, "{seed}");
            told += all.len();
        }
        assert!(told > 1000, "{told}");
    }

    #[test]
    fn members_that_are_parts_of_one_value_are_put_together() {
        for (json, value) in [
            (r#"{"card": [4111, 1111, 1111, 1111]}"#, "card: 4111111111111111"),
            (r#"{"card1": 4111, "card2": 1111, "card3": 1111, "card4": "1111"}"#, "card1: 4111111111111111"),
            (r#"{"pan": {"a": 4111, "b": 1111, "c": 1111, "d": 1111, "sum": 17}}"#, "pan: 4111111111111111"),
            (r#"{"ssn": {"area": "536", "group": "90", "serial": "4399"}}"#, "ssn: 536904399"),
            (r#"{"ssn_area": 536, "ssn_group": 90, "ssn_serial": 4399}"#, "ssn_area: 536904399"),
            (r#"{"tarjeta": ["4111", "1111", "1111", "1111"]}"#, "tarjeta: 4111111111111111"),
            (r#"{"Kreditkarte": [4111, 1111, 1111, 1111]}"#, "Kreditkarte: 4111111111111111"),
            (r#"{"visa": {"1": 4111, "2": 1111, "3": 1111, "4": 1111}}"#, "visa: 4111111111111111"),
            (r#"{"phone": ["+49", "30", "901820"]}"#, "phone: +4930901820"),
            (r#"{"iban": ["GB29", "NWBK", "6016", "1331"]}"#, "iban: GB29NWBK60161331"),
            (r#"{"iban": {"p1": "DE89370400", "p2": "440532013000"}}"#, "iban: DE89370400440532013000"),
            (r#"{"card": [4, 1, 1, 1, 1, 1, 1, 1]}"#, "card: 41111111"),
            (r#"{"dob": {"day": 14, "month": 3, "year": 1985}}"#, "dob: 14.3.1985"),
            (r#"{"birth_year": 1985, "birth_month": "03", "birth_day": 14}"#, "birth_year: 1985-03-14"),
            (r#"{"user": "jo.doe", "id": 7, "domain": "example.com"}"#, "jo.doe@example.com"),
            (r#"{"email": {"name": "jo", "host": "mail.example.com"}}"#, "jo@mail.example.com"),
            (r#"{"email": ["jo.doe", "example.com"]}"#, "jo.doe@example.com"),
        ] {
            assert_eq!(told(json).first().map(String::as_str), Some(value), "{json}");
        }
    }

    #[test]
    fn each_record_and_each_list_tells_a_number_of_its_own() {
        for (json, values) in [
            (
                r#"[{"ssn": {"area": 536, "group": 90, "serial": 4399}}, {"ssn": {"area": 537, "group": 91, "serial": 4390}}]"#,
                ["ssn: 536904399", "ssn: 537914390"],
            ),
            (
                r#"[{"card": [4111, 1111, 1111, 1111]}, {"card": [4539, 1488, 343, 6467]}]"#,
                ["card: 4111111111111111", "card: 453914883436467"],
            ),
            (
                r#"{"card": [4111, 1111, 1111, 1111], "card2": [4539, 1488, 343, 6467]}"#,
                ["card: 4111111111111111", "card2: 453914883436467"],
            ),
            (
                r#"[{"card1": 4111, "card2": 1111, "card3": 1111}, {"card1": 4539, "card2": 1488, "card3": 343}]"#,
                ["card1: 411111111111", "card1: 45391488343"],
            ),
        ] {
            assert_eq!(told(json), values, "{json}");
        }
    }

    #[test]
    fn members_of_other_kinds_are_not() {
        for json in [
            r#"{"prices": [4111, 1111, 1111, 1111]}"#,
            r#"{"account_id": 1234567, "balance": 5000}"#,
            r#"{"card": 4111, "total": 1111}"#,
            r#"{"user": "postgres", "host": "db.example.com"}"#,
            r#"{"user": "Jo Doe", "domain": "example.com"}"#,
            r#"{"user": "jo", "text": "x", "domain": 7}"#,
            r#"{"email": "jo.doe@example.com", "domain": "example.com"}"#,
            r#"{"birth_rate": 14, "deaths": 12}"#,
            r#"{"phone": ["30", "+49", "901820"]}"#,
            r#"{"account": ["A4", "PAID"]}"#,
        ] {
            assert_eq!(told(json), Vec::<String>::new(), "{json}");
        }
    }
}
