//! Check digits and dates that identifiers of several countries share.

use crate::code::Code;
use std::ops::Range;

/// ISO/IEC 7812-1, annex B (Luhn), over the digits of `range`, the check digit last.
pub(super) fn luhn(code: &Code, range: Range<usize>) -> bool {
    luhn_sum(code, range).is_multiple_of(10)
}

/// The Luhn sum of `range`, whose last digit counts once.
pub(super) fn luhn_sum(code: &Code, range: Range<usize>) -> u32 {
    let doubled =
        |(at, digit): (usize, u32)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    range.rev().map(|at| code.digit(at)).enumerate().map(doubled).sum()
}

/// ISO/IEC 7064 MOD 11,10 over the digits of `range`, the check digit last.
pub(super) fn mod_11_10(code: &Code, range: Range<usize>) -> bool {
    let Some(check) = range.end.checked_sub(1) else { return false };
    let product = (range.start..check).fold(10, |product, at| {
        let sum = (code.digit(at) + product) % 10;
        (if sum == 0 { 10 } else { sum } * 2) % 11
    });
    code.digit(check) == (11 - product) % 10
}

/// ISO/IEC 7064 MOD 11-2 over the digits of `range`: the check character, `X` for ten.
pub(super) fn mod_11_2(code: &Code, range: Range<usize>) -> u8 {
    let power = range.fold(0, |power, at| (power + code.digit(at)) * 2 % 11);
    check_of_eleven((12 - power) % 11)
}

/// A check digit modulo 11 as written: `X` for ten.
pub(super) fn check_of_eleven(check: u32) -> u8 {
    char::from_digit(check, 10).map_or(b'X', |digit| u8::try_from(digit).unwrap_or_default())
}

/// Verhoeff's check digit, last of the digits of `range`.
pub(super) fn verhoeff(code: &Code, range: Range<usize>) -> bool {
    crate::verhoeff::holds(range.map(|at| code.digit(at)))
}

/// ICAO 9303 check digit of the characters of `range`: weights 7, 3, 1, letters from 10 on.
pub(super) fn icao(code: &Code, range: Range<usize>) -> u32 {
    range.zip([7, 3, 1].into_iter().cycle()).map(|(at, weight)| code.digit(at) * weight).sum::<u32>() % 10
}

/// Whether there is such a day. A year of two digits counts as of a leap year where it may be one.
pub(super) fn is_day(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400) || year == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// `YYMMDD` from `at` on.
pub(super) fn yymmdd(code: &Code, at: usize) -> bool {
    is_day(code.value(at..at + 2), code.value(at + 2..at + 4), code.value(at + 4..at + 6))
}

/// `DDMMYY` from `at` on.
pub(super) fn ddmmyy(code: &Code, at: usize) -> bool {
    is_day(code.value(at + 4..at + 6), code.value(at + 2..at + 4), code.value(at..at + 2))
}

/// `YYYYMMDD` from `at` on, of a living person.
pub(super) fn yyyymmdd(code: &Code, at: usize) -> bool {
    let year = code.value(at..at + 4);
    (1880..2100).contains(&year) && is_day(year, code.value(at + 4..at + 6), code.value(at + 6..at + 8))
}

/// The check digit of many Eastern European numbers: weights, and others where the first remainder is 10.
pub(super) fn two_step_11(code: &Code, first: &[u32], second: &[u32]) -> u32 {
    match code.sum(0, first) % 11 {
        10 => code.sum(0, second) % 11 % 10,
        rest => rest,
    }
}

/// Whether the weighted sum of all leads to the check digit `(11 - sum mod 11) mod 11`, never 10.
pub(super) fn down_11(code: &Code, from: usize, weights: &[u32]) -> bool {
    (11 - code.sum(from, weights) % 11) % 11 == code.digit(from + weights.len())
}

/// The letter of an alphabet at a remainder.
pub(super) fn letter_of(alphabet: &str, rest: u64) -> u8 {
    usize::try_from(rest).ok().and_then(|rest| alphabet.as_bytes().get(rest)).copied().unwrap_or_default()
}
