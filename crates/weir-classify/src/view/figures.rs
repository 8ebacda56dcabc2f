use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;
use std::ops::RangeInclusive;

/// Fewer digits are an amount.
const DIGITS_MIN: u32 = 9;
/// Digits after the point of a number with an exponent.
const FRACTION_MIN: usize = 8;
/// Exponents of numbers that have as many digits as a card.
const EXPONENT: RangeInclusive<usize> = 11..=18;

/// Whole numbers as programs print those that they hold as fractions: `4111111111111111.0`, `4.111111111111111E15`.
pub(crate) fn figures(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let mut at = 0;
    while let Some(digit) = survey.seek_row(at, DIGITS_MIN, 1) {
        let end = digit + survey.run_from(digit, kind::DIGIT);
        at = end;
        let is_begun = digit
            .checked_sub(1)
            .and_then(|at| bytes.get(at))
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'));
        if is_begun || bytes.get(end) != Some(&b'.') {
            continue;
        }
        let fraction = digits_at(bytes, end + 1);
        at = end + 1 + fraction.len();
        if end - digit >= DIGITS_MIN as usize && matches!(fraction, b"0" | b"00") && !goes_on(bytes, at) {
            editor.remove(end..at, View::Regrouped);
        } else if end - digit == 1
            && let Some((after, zeros)) = exponent(bytes, at, fraction.len())
        {
            let mut whole = survey.text.get(digit..end).unwrap_or_default().to_owned();
            whole.push_str(survey.text.get(end + 1..at).unwrap_or_default());
            whole.extend(std::iter::repeat_n('0', zeros));
            editor.replace(digit..after, &whole, View::Regrouped);
            at = after;
        }
    }
    editor.finish()
}

fn digits_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    rest.get(..len).unwrap_or_default()
}

/// Where the exponent ends that makes a number of so many digits after its point whole, and how many zeros it adds.
fn exponent(bytes: &[u8], at: usize, fraction: usize) -> Option<(usize, usize)> {
    bytes.get(at).filter(|b| matches!(b, b'e' | b'E') && fraction >= FRACTION_MIN)?;
    let sign = usize::from(bytes.get(at + 1) == Some(&b'+'));
    let digits = digits_at(bytes, at + 1 + sign);
    let exponent: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let zeros = exponent.checked_sub(fraction).filter(|_| EXPONENT.contains(&exponent))?;
    let after = at + 1 + sign + digits.len();
    (!goes_on(bytes, after)).then_some((after, zeros))
}

/// Whether what ends at `at` is part of more: a version, an address, a name.
fn goes_on(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at..) {
        Some([b'.', next, ..]) => next.is_ascii_alphanumeric(),
        Some([next, ..]) => next.is_ascii_alphanumeric() || *next == b'_',
        Some([]) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        figures(&Survey::of(text)).map(|derived| derived.text)
    }

    #[test]
    fn whole_numbers_are_read_as_such() {
        for (text, expected) in [
            ("4111111111111111.0", "4111111111111111"),
            ("ssn 536904399.00, yes", "ssn 536904399, yes"),
            ("a,4111111111111111.0\nb,5555555555554444.0.", "a,4111111111111111\nb,5555555555554444."),
            ("x 4.111111111111111E15;", "x 4111111111111111;"),
            ("4.11111111111111e+15", "4111111111111110"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn fractions_versions_and_measures_are_not() {
        for text in [
            "536904399.5 and 1.5e15",
            "10.536904399.0",
            "536904399.0.1",
            "536904399.0f",
            "6.02214076e23",
            "1.602176634e-19",
            "4.111111111111111e12",
            "the first 20 of 1000.0",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
