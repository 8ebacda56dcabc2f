//! Australia, New Zealand and the Pacific.

use super::check::{letter_of, luhn};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // Australian Business Register, "Format of the ABN": first digit less 1, weights 10, 1, 3 to 19, modulus 89.
    id(
        "au_abn",
        "AU",
        Kind::Company,
        "Australian business numbers (ABN)",
        &["99999999999"],
        &["abn", "australian business number", "australian business"],
    )
    .check("key modulo 89", |c| {
        c.at(0) != b'0' && (c.sum(0, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) + 89 - 10) % 89 == 0
    })
    .alone(&["99 999 999 999"]),
    // Australian Securities & Investments Commission: weights 8 to 1, modulus 10.
    id(
        "au_acn",
        "AU",
        Kind::Company,
        "Australian company numbers (ACN)",
        &["999999999"],
        &["acn", "australian company number", "australian company", "arbn"],
    )
    .check("check digit", |c| {
        c.value(0..9) > 0 && (10 - c.sum(0, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == c.digit(8)
    }),
    // Australian Taxation Office: weights 1, 4, 3, 7, 5, 8, 6, 9, 10, modulus 11.
    id(
        "au_tfn",
        "AU",
        Kind::Tax,
        "Australian tax file numbers (TFN)",
        &["999999999", "99999999"],
        &["tfn", "tax file number", "tax file"],
    )
    .check("check digit modulo 11", |c| {
        c.value(0..8) > 0
            && if c.len() == 9 {
                c.sum(0, &[1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0
            } else {
                c.sum(0, &[10, 7, 8, 4, 6, 3, 5, 1]) % 11 == 0
            }
    }),
    // Services Australia: first digit 2 to 6, weights 1, 3, 7, 9, modulus 10.
    id(
        "au_medicare",
        "AU",
        Kind::Health,
        "Australian Medicare card numbers",
        &["9999999999", "99999999999"],
        &["medicare", "medicare number", "medicare card", "irn"],
    )
    .check("first digit 2 to 6, check digit", |c| {
        matches!(c.at(0), b'2'..=b'6') && c.sum(0, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == c.digit(8)
    })
    .alone(&["9999 99999 9"]),
    id(
        "au_ihi",
        "AU",
        Kind::Health,
        "Australian individual healthcare identifiers",
        &["9999999999999999"],
        &["ihi", "individual healthcare identifier", "healthcare identifier", "hpi-i"],
    )
    .check("prefix 80036, check digit (Luhn)", |c| c.starts_with("80036") && luhn(c, 0..16))
    .alone(&["9999 9999 9999 9999", "9999999999999999"]),
    id(
        "au_passport",
        "AU",
        Kind::Passport,
        "Australian passport numbers",
        &["A9999999", "AA9999999", "A99999999"],
        &["australian passport"],
    ),
    id(
        "au_driver_licence",
        "AU",
        Kind::Licence,
        "Australian driving licence numbers",
        &["999999", "9999999", "99999999", "999999999", "9999999999", "9999AA", "A99999", "AA9999"],
        &["driver licence", "drivers licence", "driver's licence", "rms number"],
    ),
    id(
        "au_crn",
        "AU",
        Kind::Social,
        "Centrelink customer reference numbers",
        &["999999999A"],
        &["crn", "centrelink", "customer reference number"],
    )
    .alone(&["999 999 999A"]),
    id(
        "au_plate",
        "AU",
        Kind::Plate,
        "Australian vehicle registration plates",
        &["AAA999", "AAA99A", "999AAA", "9AA9AA", "AA99AA", "A999AAA"],
        &["rego", "registration"],
    ),
    // Inland Revenue: weights 3, 2, 7, 6, 5, 4, 3, 2, then 7, 4, 3, 2, 5, 2, 7, 6, modulus 11.
    id(
        "nz_ird",
        "NZ",
        Kind::Tax,
        "New Zealand tax numbers (IRD)",
        &["999999999", "99999999"],
        &["ird", "ird number", "ird no", "inland revenue"],
    )
    .check("range in use, check digit modulo 11", is_ird)
    .alone(&["999-999-999", "99-999-999"]),
    // Te Whatu Ora, HISO 10046: letters without I and O, weights 7 to 2, modulus 11, or 24 with a letter at the end.
    id(
        "nz_nhi",
        "NZ",
        Kind::Health,
        "New Zealand health index numbers (NHI)",
        &["AAA9999", "AAA99AA"],
        &["nhi", "nhi number", "national health index"],
    )
    .check("check character", is_health_index),
    id(
        "nz_nzbn",
        "NZ",
        Kind::Company,
        "New Zealand business numbers",
        &["9999999999999"],
        &["nzbn", "new zealand business number"],
    )
    .check("prefix 9429, check digit of EAN-13", |c| {
        c.starts_with("9429")
            && (10 - c.sum(0, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10) % 10 == c.digit(12)
    }),
    id(
        "nz_passport",
        "NZ",
        Kind::Passport,
        "New Zealand passport numbers",
        &["AA999999", "A999999"],
        &["new zealand passport", "nz passport"],
    ),
    id(
        "nz_driver_licence",
        "NZ",
        Kind::Licence,
        "New Zealand driving licence numbers",
        &["AA999999"],
        &["nz driver licence", "driver licence"],
    ),
    id(
        "nz_bank_account",
        "NZ",
        Kind::Bank,
        "New Zealand bank account numbers",
        &["999999999999999", "9999999999999999"],
        &["bank account", "account number"],
    )
    .alone(&["99-9999-9999999-99", "99-9999-9999999-999"]),
    id(
        "nz_plate",
        "NZ",
        Kind::Plate,
        "New Zealand vehicle registration plates",
        &["AAA999", "AA9999"],
        &["rego"],
    ),
    id(
        "fj_tin",
        "FJ",
        Kind::Tax,
        "tax and identity numbers of Fiji, Samoa, Tonga and Papua New Guinea",
        &["999999999", "9999999", "99999999"],
        &["fiji tin", "frcs", "samoa tin", "png tin"],
    ),
];

fn is_ird(code: &Code) -> bool {
    let digit = |at: usize| {
        if code.len() == 9 { code.digit(at) } else { at.checked_sub(1).map_or(0, |at| code.digit(at)) }
    };
    let sum = |weights: [u32; 8]| {
        (11 - weights.into_iter().enumerate().map(|(at, weight)| digit(at) * weight).sum::<u32>() % 11) % 11
    };
    let check = match sum([3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => sum([7, 4, 3, 2, 5, 2, 7, 6]),
        check => check,
    };
    (10_000_000..150_000_000).contains(&code.value(0..code.len())) && check == digit(8)
}

fn is_health_index(code: &Code) -> bool {
    const ALPHABET: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
    let value = |at: usize| match code.at(at) {
        digit @ b'0'..=b'9' => Some(u64::from(digit - b'0')),
        letter => ALPHABET.bytes().position(|b| b == letter).and_then(|at| u64::try_from(at + 1).ok()),
    };
    let sum =
        (0..6).try_fold(0, |sum, at| Some(sum + value(at)? * (7 - u64::try_from(at).unwrap_or_default())));
    let Some(sum) = sum else { return false };
    if code.last().is_ascii_digit() {
        sum % 11 != 0 && (11 - sum % 11) % 10 == u64::from(code.last() - b'0')
    } else {
        letter_of(ALPHABET, (23 + 24 - sum % 24) % 24) == code.last()
            || letter_of(ALPHABET, (24 - sum % 24) % 24) == code.last()
    }
}
