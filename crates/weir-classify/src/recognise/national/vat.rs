//! VAT numbers of Europe, with their country before them, and vehicle identification numbers.
//!
//! Source: European Commission, "VIES: VAT number validation", structure of the numbers by member state.

use super::check::{check_of_eleven, down_11, letter_of, luhn, mod_11_10};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

/// A number that begins with two letters, found wherever it is written in one and valid.
macro_rules! vat {
    ($name:literal, $country:literal, $prefix:literal, $of:literal, $shapes:expr, $words:expr, $says:literal, $check:expr) => {
        id($name, $country, Kind::Vat, concat!("VAT numbers of ", $of), $shapes, $words)
            .check(concat!("begins with ", $prefix, ", ", $says), {
                const fn typed(check: fn(&Code) -> bool) -> fn(&Code) -> bool {
                    check
                }
                |c| c.starts_with($prefix) && typed($check)(c)
            })
            .bare(|c| c.starts_with($prefix))
            .alone($shapes)
    };
}

pub(super) static ROWS: &[Identifier] = &[
    vat!(
        "de_vat_id",
        "DE",
        "DE",
        "Germany",
        &["AA999999999"],
        &[
            "ust-idnr",
            "ust idnr",
            "ust id",
            "umsatzsteuer",
            "umsatzsteuer identifikationsnummer",
            "vat id",
            "ustidnr",
            "ust.-id"
        ],
        "check digit ISO 7064 MOD 11,10",
        |c| c.at(2) != b'0' && mod_11_10(c, 2..11)
    ),
    vat!(
        "at_vat_id",
        "AT",
        "ATU",
        "Austria",
        &["AAA99999999"],
        &["uid nummer", "uid nr", "ust-idnr"],
        "check digit",
        |c| {
            let sum: u32 = (3..10)
                .map(|at| {
                    let d = c.digit(at) * if at % 2 == 0 { 2 } else { 1 };
                    d / 10 + d % 10
                })
                .sum();
            (96 - sum) % 10 == c.digit(10)
        }
    ),
    vat!(
        "be_vat_id",
        "BE",
        "BE",
        "Belgium",
        &["AA9999999999"],
        &["btw nummer", "numéro de tva"],
        "key modulo 97",
        |c| 97 - c.value(2..10) % 97 == c.value(10..12)
    ),
    vat!(
        "bg_vat_id",
        "BG",
        "BG",
        "Bulgaria",
        &["AA999999999"],
        &["ддс номер", "ддс"],
        "check digit modulo 11",
        |c| {
            let check = match c.sum(2, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
                10 => c.sum(2, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10,
                rest => rest,
            };
            check == c.digit(10)
        }
    ),
    vat!("cy_vat_id", "CY", "CY", "Cyprus", &["AA99999999A"], &["φπα"], "nine characters", |c| c.at(2)
        != b'2'
        || c.at(3) != b'0'),
    vat!("cz_vat_id", "CZ", "CZ", "Czechia", &["AA99999999"], &["dič"], "check digit modulo 11", |c| (11
        - c.sum(2, &[8, 7, 6, 5, 4, 3, 2]) % 11)
        % 10
        == c.digit(9)),
    vat!(
        "dk_vat_id",
        "DK",
        "DK",
        "Denmark",
        &["AA99999999"],
        &["cvr", "momsnummer", "se nr"],
        "check digit modulo 11",
        |c| c.sum(2, &[2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    ),
    vat!(
        "ee_vat_id",
        "EE",
        "EE",
        "Estonia",
        &["AA999999999"],
        &["kmkr", "käibemaksukohustuslase"],
        "check digit",
        |c| (10 - c.sum(2, &[3, 7, 1, 3, 7, 1, 3, 7]) % 10) % 10 == c.digit(10)
    ),
    vat!(
        "gr_vat_id",
        "GR",
        "EL",
        "Greece",
        &["AA999999999"],
        &["αφμ", "vat"],
        "check digit modulo 11",
        |c| c.sum(2, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == c.digit(10)
    ),
    vat!(
        "es_vat_id",
        "ES",
        "ES",
        "Spain",
        &["AA*9999999*"],
        &["nif-iva", "vat"],
        "a letter first or last",
        |c| c.at(2).is_ascii_uppercase() || c.last().is_ascii_uppercase()
    ),
    vat!(
        "fi_vat_id",
        "FI",
        "FI",
        "Finland",
        &["AA99999999"],
        &["alv numero", "alv"],
        "check digit modulo 11",
        |c| down_11(c, 2, &[7, 9, 10, 5, 8, 4, 2])
    ),
    vat!(
        "fr_vat_id",
        "FR",
        "FR",
        "France",
        &["AA99999999999"],
        &["tva", "numéro de tva", "tva intracommunautaire"],
        "key modulo 97, check digit (Luhn)",
        |c| luhn(c, 4..13) && (12 + 3 * (c.value(4..13) % 97)) % 97 == c.value(2..4)
    ),
    vat!(
        "hr_vat_id",
        "HR",
        "HR",
        "Croatia",
        &["AA99999999999"],
        &["pdv", "pdv id"],
        "check digit ISO 7064 MOD 11,10",
        |c| mod_11_10(c, 2..13)
    ),
    vat!(
        "hu_vat_id",
        "HU",
        "HU",
        "Hungary",
        &["AA99999999"],
        &["közösségi adószám"],
        "check digit",
        |c| (10 - c.sum(2, &[9, 7, 3, 1, 9, 7, 3]) % 10) % 10 == c.digit(9)
    ),
    vat!(
        "ie_vat_id",
        "IE",
        "IE",
        "Ireland",
        &["AA9999999A", "AA9999999AA"],
        &["vat"],
        "check letter modulo 23",
        |c| {
            let second = if c.len() == 11 && c.at(10) != b'W' { (c.digit(10) - 9) * 9 } else { 0 };
            letter_of("WABCDEFGHIJKLMNOPQRSTUV", u64::from((c.sum(2, &[8, 7, 6, 5, 4, 3, 2]) + second) % 23))
                == c.at(9)
        }
    ),
    vat!(
        "it_vat_id",
        "IT",
        "IT",
        "Italy, with the country",
        &["AA99999999999"],
        &["partita iva"],
        "check digit (Luhn)",
        |c| c.value(2..9) > 0 && luhn(c, 2..13)
    ),
    vat!(
        "lt_vat_id",
        "LT",
        "LT",
        "Lithuania",
        &["AA999999999", "AA999999999999"],
        &["pvm", "pvm kodas"],
        "digit 1 before the last",
        |c| c.at(c.len() - 2) == b'1' && (c.len() == 14 || two_step_11_from_2(c))
    ),
    vat!("lu_vat_id", "LU", "LU", "Luxembourg", &["AA99999999"], &["tva"], "key modulo 89", |c| c
        .value(2..8)
        % 89
        == c.value(8..10)),
    vat!(
        "lv_vat_id",
        "LV",
        "LV",
        "Latvia",
        &["AA99999999999"],
        &["pvn", "pvn numurs"],
        "a company's first digit",
        |c| matches!(c.at(2), b'4' | b'5' | b'9')
    ),
    vat!("mt_vat_id", "MT", "MT", "Malta", &["AA99999999"], &["vat"], "key modulo 37", |c| (37
        - u64::from(c.sum(2, &[3, 4, 6, 7, 8, 9])) % 37)
        == c.value(8..10)),
    vat!(
        "nl_vat_id",
        "NL",
        "NL",
        "the Netherlands",
        &["AA999999999A99"],
        &["btw nummer", "btw id", "btw"],
        "letter B",
        |c| c.at(11) == b'B'
    ),
    vat!(
        "pl_vat_id",
        "PL",
        "PL",
        "Poland",
        &["AA9999999999"],
        &["nip ue", "nip"],
        "check digit modulo 11",
        |c| c.sum(2, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == c.digit(11)
    ),
    vat!(
        "pt_vat_id",
        "PT",
        "PT",
        "Portugal",
        &["AA999999999"],
        &["número de iva", "nif"],
        "check digit modulo 11",
        |c| (match c.sum(2, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
            0 | 1 => 0,
            rest => 11 - rest,
        }) == c.digit(10)
    ),
    vat!(
        "se_vat_id",
        "SE",
        "SE",
        "Sweden",
        &["AA999999999999"],
        &["momsregistreringsnummer", "momsnr", "vat nr"],
        "check digit (Luhn), ends in 01",
        |c| luhn(c, 2..12) && c.at(12) == b'0'
    ),
    vat!(
        "si_vat_id",
        "SI",
        "SI",
        "Slovenia",
        &["AA99999999"],
        &["id za ddv"],
        "check digit modulo 11",
        |c| (11 - c.sum(2, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == c.digit(9)
    ),
    vat!("sk_vat_id", "SK", "SK", "Slovakia", &["AA9999999999"], &["ič dph"], "divisible by 11", |c| c
        .value(2..12)
        % 11
        == 0),
    vat!(
        "gb_vat_id",
        "GB",
        "GB",
        "the United Kingdom",
        &["AA999999999"],
        &["vat", "vat reg", "vat registration"],
        "key modulo 97",
        |c| {
            let sum = u64::from(c.sum(2, &[8, 7, 6, 5, 4, 3, 2])) + c.value(9..11);
            sum % 97 == 0 || (sum + 55) % 97 == 0
        }
    ),
    id(
        "vin",
        "",
        Kind::Vehicle,
        "vehicle identification numbers",
        &["*****************"],
        &[
            "vin",
            "vehicle identification number",
            "chassis",
            "numéro de châssis",
            "número de chasis",
            "fahrzeug identifikationsnummer",
            "fin nummer",
            "fahrgestellnummer",
            "vin number",
        ],
    )
    // ISO 3779; 49 CFR 565: no I, O, Q, a check character in the ninth place, figures at the end.
    .check("letters in use, figures at the end, check character modulo 11", is_vin)
    .alone(&["*****************"]),
    // Commission Delegated Regulation (EU) 2015/2446, annex B: the country and up to fifteen characters.
    id(
        "eori",
        "",
        Kind::Company,
        "numbers of economic operators in customs (EORI)",
        &[
            "AA99999999",
            "AA999999999",
            "AA9999999999",
            "AA99999999999",
            "AA999999999999",
            "AA9999999999999",
            "AA99999999999999",
            "AA999999999999999",
        ],
        &["eori"],
    )
    .rule("begins with a country of the customs union or GB", |c| {
        CUSTOMS.iter().any(|country| c.starts_with(country))
    }),
];

const CUSTOMS: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
];

fn two_step_11_from_2(code: &Code) -> bool {
    let first = code.sum(2, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
    let check = if first == 10 { code.sum(2, &[3, 4, 5, 6, 7, 8, 9, 1]) % 11 % 10 } else { first };
    check == code.digit(10)
}

fn is_vehicle(code: &Code) -> bool {
    let letters = code.len() - code.digit_mask().count_ones() as usize;
    letters >= 3 && !code.bytes().iter().any(|b| b"IOQ".contains(b)) && code.digit_mask() >> 13 == 0b1111
}

fn is_vin(code: &Code) -> bool {
    // A to H are 1 to 8, J to R 1 to 9, S to Z 2 to 9.
    let value = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'H' => u32::from(b - b'A') + 1,
        b'J'..=b'R' => u32::from(b - b'J') + 1,
        _ => u32::from(b.saturating_sub(b'S')) + 2,
    };
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = code.bytes().iter().zip(weights).map(|(b, weight)| value(*b) * weight).sum();
    is_vehicle(code) && check_of_eleven(sum % 11) == code.at(8)
}
