use super::label::is_labelled;
use super::survey::{Survey, kind};
use super::{Derived, Editor, Step};
use crate::View;
use std::ops::Range;

/// Bytes of one value that is read backwards or by another alphabet, at most.
const VALUE_MAX: usize = 128;
/// Digits that a value without an at sign has, at least.
const DIGITS_MIN: usize = 4;
/// What is as long as a key may have fewer.
const KEY_MIN: usize = 15;
/// Letters and digits in a row that may be the address of a wallet: one in which case counts.
const WALLET_MIN: usize = 26;

/// The text with its values read in other ways: the case of their letters swapped, written from the end,
/// and each letter thirteen places further in the alphabet. `begins_key` says whether a text holds the beginning of a
/// key of a known form.
pub(crate) fn flips(survey: &Survey<'_>, begins_key: impl Fn(&str) -> bool) -> impl Iterator<Item = Derived> {
    let values = values(survey);
    let text = survey.text;
    let begins_key = |read: &str| survey.is_for_any_shape || begins_key(read);
    let swapped = letter_by_letter(text, &values, View::CaseSwapped, |value, read| {
        // Numbers and addresses are the same in any case.
        value.is_wallet() || value.is_number() && value.is_labelled || begins_key(read)
    });
    let backwards = reversed(text, &values, |value, read| value.is_number() || begins_key(read));
    let rotated =
        letter_by_letter(text, &values, View::Rot13, |value, read| value.is_number() || begins_key(read));
    [swapped, backwards, rotated].into_iter().flatten()
}

/// What could be read in another way.
struct Value<'a> {
    range: Range<usize>,
    /// Of ASCII alone.
    text: &'a str,
    digits: usize,
    has_at_sign: bool,
    is_labelled: bool,
    /// Whether it can be nothing but a key.
    is_fingerprint: bool,
}

impl Value<'_> {
    /// Whether it may be more than a key: an address, or an identifier, which has at least a few digits.
    fn is_number(&self) -> bool {
        !self.is_fingerprint && (self.digits >= DIGITS_MIN || self.has_at_sign || self.is_wallet())
    }

    /// Whether letters and digits stand in it in a row as long as the address of a wallet.
    fn is_wallet(&self) -> bool {
        if self.is_fingerprint {
            return false;
        }
        let words = self.text.as_bytes().split(|b| !b.is_ascii_alphanumeric());
        self.text.len() >= WALLET_MIN && words.map(<[u8]>::len).any(|len| len >= WALLET_MIN)
    }
}

fn reversed(text: &str, values: &[Value<'_>], tells: impl Fn(&Value<'_>, &str) -> bool) -> Option<Derived> {
    let (mut editor, mut backwards) = (Editor::new(text), Vec::new());
    for value in values {
        backwards.clear();
        backwards.extend(value.text.bytes().rev());
        let Ok(backwards) = std::str::from_utf8(&backwards) else { continue };
        if tells(value, backwards) {
            editor.replace(value.range.clone(), backwards, View::Reversed);
        }
    }
    editor.finish()
}

fn swapped(b: u8) -> u8 {
    if b.is_ascii_alphabetic() { b ^ 0x20 } else { b }
}

fn rotated(b: u8) -> u8 {
    match b {
        b'a'..=b'm' | b'A'..=b'M' => b + 13,
        b'n'..=b'z' | b'N'..=b'Z' => b - 13,
        _ => b,
    }
}

fn letter_by_letter(
    text: &str,
    values: &[Value<'_>],
    kind: View,
    tells: impl Fn(&Value<'_>, &str) -> bool,
) -> Option<Derived> {
    let map = if kind == View::Rot13 { rotated } else { swapped };
    let (mut editor, mut mapped) = (Editor::new(text), Vec::new());
    for value in values {
        // E-mail addresses are the same in any case, and addresses too with most other letters.
        let is_same = value.has_at_sign && (kind == View::CaseSwapped || !has_country(value.text));
        if !is_same && value.text.bytes().any(|b| b.is_ascii_alphabetic()) {
            mapped.clear();
            mapped.extend(value.text.bytes().map(map));
            let Ok(mapped) = std::str::from_utf8(&mapped) else { continue };
            if tells(value, mapped) {
                editor.step(value.range.clone(), mapped, Step::VERBATIM, kind);
            }
        }
    }
    editor.finish()
}

/// Whether the last part of an address is of two letters: of those not all are assigned. The shortest are
/// assigned by chance.
fn has_country(address: &str) -> bool {
    address.len() >= KEY_MIN && address.rsplit('.').next().is_some_and(|top| top.len() == 2)
}

/// What could be a value: words with a digit in each, of which there are some together, or an at sign in one.
fn values<'a>(survey: &Survey<'a>) -> Vec<Value<'a>> {
    let bytes = survey.bytes();
    let (mut values, mut last) = (Vec::new(), None::<Range<usize>>);
    let mut at = 0;
    while let Some(found) = survey.seek(at, kind::DIGIT | kind::AT_SIGN) {
        let word = word_around(bytes, found);
        at = word.end;
        match &mut last {
            Some(last) if last.end + 1 == word.start && bytes.get(last.end) == Some(&b' ') => {
                last.end = word.end
            }
            _ => values.extend(last.replace(word).and_then(|range| value(survey, range))),
        }
    }
    values.extend(last.and_then(|range| value(survey, range)));
    values
}

/// The word in which a byte stands, without the signs of the sentence.
fn word_around(bytes: &[u8], at: usize) -> Range<usize> {
    let is_part = |b: &&u8| class_of(**b) != class::OTHER;
    let floor = at.saturating_sub(VALUE_MAX);
    let head = bytes.get(floor..at).unwrap_or_default();
    let start = at - head.iter().rev().take_while(is_part).count();
    let tail = bytes.get(at..bytes.len().min(at + VALUE_MAX)).unwrap_or_default();
    let end = at + tail.iter().take_while(is_part).count();
    let is_sign = |at: usize| bytes.get(at).is_some_and(|b| class_of(*b) == class::SIGN);
    let start = (start..at).find(|at| !is_sign(*at)).unwrap_or(at);
    let end = (at + 1..=end).rev().find(|end| !is_sign(*end - 1)).unwrap_or(end);
    start..end
}

/// What a byte is in a word.
mod class {
    pub(super) const OTHER: u8 = 0;
    pub(super) const PART: u8 = 1;
    /// A sign of the sentence, at its beginning or end.
    pub(super) const SIGN: u8 = 2;
}

fn class_of(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

static CLASSES: [u8; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [class::OTHER; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'"' | b',' | b'(' | b')' | b'<' | b'>' | b';' | b'=' | b'`' => class::OTHER,
            b'[' | b']' | b'{' | b'}' | b'|' => class::OTHER,
            b'.' | b':' | b'!' | b'?' | b'\'' | b'*' => class::SIGN,
            b'!'..=b'~' => class::PART,
            _ => class::OTHER,
        };
        byte += 1;
    }
    classes
}

/// What is at `range` if there is a reason to read it in another way: a label, an at sign, or the looks of a key.
fn value<'a>(survey: &Survey<'a>, range: Range<usize>) -> Option<Value<'a>> {
    let source = survey.text.get(range.clone())?;
    let value = source.as_bytes();
    if value.len() > VALUE_MAX || value.len() <= DIGITS_MIN {
        return None;
    }
    let digits = survey.count(&range, kind::DIGIT);
    let has_at_sign = survey.has(kind::AT_SIGN) && value.contains(&b'@');
    // Most are short and have few digits.
    let may_be_one = digits >= DIGITS_MIN || value.len() >= KEY_MIN || has_at_sign;
    if !may_be_one || is_time(value) || is_dump(value) || is_float(value) {
        return None;
    }
    let is_hex = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'-' | b'x');
    let is_code = |b: &u8| matches!(b, b'$' | b'\\' | b'%' | b'#');
    let is_key =
        value.len() >= KEY_MIN && digits > 0 && !value.iter().all(is_hex) && !value.iter().any(is_code);
    let is_address = has_at_sign && !value.iter().any(|b| matches!(b, b':' | b'/'));
    let is_number = || digits >= DIGITS_MIN && !is_sequence(value);
    if !(is_address || is_key || is_number()) {
        return None;
    }
    let is_labelled = is_labelled(survey.text, range.start);
    (is_address || is_key || is_labelled).then(|| Value {
        range,
        text: source,
        digits,
        has_at_sign,
        is_labelled,
        is_fingerprint: is_fingerprint(value),
    })
}

/// `2026-11-24T15:16:17Z`, `2026-11-24 15:16`: the commonest value that is as long as a key is one to everybody.
fn is_time(value: &[u8]) -> bool {
    let Some((date, time)) = value.split_first_chunk::<10>() else { return false };
    let [b'1' | b'2', b'0' | b'9', year @ .., b'-', _, _, b'-', _, _] = date else { return false };
    let is_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    let [_, _, _, _, _, m, n, _, d, e] = date;
    is_digits(year)
        && is_digits(&[*m, *n, *d, *e])
        && time
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'T' | b' ' | b':' | b'.' | b'Z' | b'+' | b'-'))
}

/// `dafacd67-cc9c-0d41-6329-b0986a6ce3fe`, `49e19975f11a533875d37ce825388b46`: an identity of something, or a hash.
/// Of hexadecimal digits alone, no identifier of a person or an account has so many.
fn is_fingerprint(value: &[u8]) -> bool {
    value.iter().filter(|b| b.is_ascii_hexdigit()).count() >= FINGERPRINT_MIN
        && value.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-')
        && value.iter().any(u8::is_ascii_alphabetic)
}

/// The longest IBAN that is of hexadecimal digits alone, of Andorra, has 24.
const FINGERPRINT_MIN: usize = 26;

/// `1.58730158725481460165e-03`: a number as programs write it.
fn is_float(value: &[u8]) -> bool {
    let mut exponent = value.split(|b| *b == b'e');
    let [Some(number), Some(power), None] = [exponent.next(), exponent.next(), exponent.next()] else {
        return false;
    };
    let power = power.strip_prefix(b"-").or_else(|| power.strip_prefix(b"+")).unwrap_or(power);
    let number = number.strip_prefix(b"-").unwrap_or(number);
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    is_number(power) && number.contains(&b'.') && number.splitn(2, |b| *b == b'.').all(is_number)
}

/// `4a 7e 27 15 39 0c`: a dump of bytes.
fn is_dump(value: &[u8]) -> bool {
    const BYTES_MIN: usize = 5;
    let is_byte = |group: &[u8]| matches!(group, [a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    value.len() >= 3 * BYTES_MIN - 1
        && value.split(|b| *b == b' ').all(is_byte)
        && value.iter().any(u8::is_ascii_alphabetic)
}

/// `12345678`, `000000`, `1.2.30000`: a placeholder or a version is one from the other end too.
fn is_sequence(value: &[u8]) -> bool {
    let is_version = value.contains(&b'.') && value.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    is_version
        || value.windows(2).all(|pair| matches!(pair, [a, b] if b.wrapping_sub(*a) == 1))
        || value.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_sub(*b) <= 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_read_otherwise(text: &str, begins_key: fn(&str) -> bool) -> bool {
        flips(&Survey::of(text), begins_key).next().is_some()
    }

    #[test]
    fn names_and_times_are_read_otherwise_only_if_they_begin_as_keys_do() {
        for name in ["see sqlite3_value_text here", "in lib/python3.11/site-packages"] {
            assert!(!is_read_otherwise(name, |_| false), "{name}");
            assert!(is_read_otherwise(name, |read| read.starts_with("SQLITE") || read.starts_with("LIB")));
        }
        for time in ["at 2026-11-24T15:16:17Z", "since: 2026-11-24 15:16", "from 1999-12-31 23:59:59.999"] {
            assert!(!is_read_otherwise(time, |_| true), "{time}");
        }
        assert!(!is_read_otherwise("dump: 4a 7e 27 15 39 0c", |_| true));
    }

    #[test]
    fn hashes_are_read_otherwise_only_if_they_begin_as_keys_do_and_floats_never() {
        for text in ["trace=49e19975f11a533875d37ce825388b46", "id=dafacd67-cc9c-0d41-6329-b0986a6ce3fe"] {
            assert!(!is_read_otherwise(text, |_| false), "{text}");
            assert!(is_read_otherwise(text, |_| true), "{text}");
        }
        // As long as IBANs of such digits.
        for text in ["account=3a0b10c20d31e4110f2103DA", "account=00-0310-2350-4400-4073-98ED"] {
            assert!(is_read_otherwise(text, |_| false), "{text}");
        }
        for text in ["q = 1.58730158725481460165e-03", "q = -12.5e10"] {
            assert!(!is_read_otherwise(text, |_| true), "{text}");
        }
    }

    #[test]
    fn numbers_addresses_and_wallets_are_read_otherwise() {
        for text in [
            "moc.elpmaxe@eod.oj",
            "no. 8765 4321",
            "see 0000310023504400730398ES",
            "to NlkjhgfdsaMNBVCXpoiuytreWQz1",
        ] {
            assert!(is_read_otherwise(text, |_| false), "{text}");
        }
    }
}
