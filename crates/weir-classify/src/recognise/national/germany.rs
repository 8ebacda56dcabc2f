//! Germany.

use super::check::{ddmmyy, icao, is_day, mod_11_10};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // Bundeszentralamt für Steuern, § 1 Steueridentifikationsnummerverordnung; ISO/IEC 7064 MOD 11,10.
    id(
        "de_tax_id",
        "DE",
        Kind::Tax,
        "German tax identification numbers (Steuer-IdNr.)",
        &["99999999999"],
        &[
            "steuer id",
            "steueridentifikationsnummer",
            "steuerliche identifikationsnummer",
            "identifikationsnummer",
            "idnr",
            "id nr",
            "steuer idnr",
            "steuernummer",
            "finanzamt",
            "steuer",
            "bzst",
        ],
    )
    .check("check digit ISO 7064 MOD 11,10 and the digit repetition rule", |c| {
        repeats_as_issued(c) && mod_11_10(c, 0..11)
    })
    .alone(&["99 999 999 999"]),
    // Bundeszentralamt für Steuern, ELSTER: thirteen digits with the state and a 0 in the fifth place; the states' own spellings.
    id(
        "de_tax_number",
        "DE",
        Kind::Tax,
        "German tax numbers (Steuernummer)",
        &["9999999999999", "99999999999", "9999999999"],
        &[
            "steuernummer",
            "steuernr",
            "st nr",
            "st. nr",
            "st.-nr",
            "steuer nr",
            "finanzamt",
            "umsatzsteuernummer",
        ],
    )
    .rule("state in use", |c| {
        c.len() != 13 || matches!(c.value(0..2), 1..=16 | 21..=32 | 40 | 41 | 50..=59 | 91..=98)
    })
    .bare(|c| c.len() == 13 && matches!(c.value(0..2), 1..=16) && c.value(2..4) > 0)
    .alone(&["999/999/99999", "99/999/99999", "999/9999/9999"]),
    // Passverwaltungsvorschrift, ICAO 9303: no vowels, check digit 7-3-1 where it is written along.
    id(
        "de_passport",
        "DE",
        Kind::Passport,
        "German passport numbers",
        &["A********", "A*********"],
        &[
            "reisepass",
            "reisepassnummer",
            "passnummer",
            "pass nr",
            "pass-nr",
            "deutscher pass",
            "german passport",
            "passport",
        ],
    )
    .rule("letters in use", |c| b"CFGHJK".contains(&c.at(0)) && is_document_number(c))
    .bare(last_checks),
    // Personalausweisverordnung, ICAO 9303.
    id(
        "de_id_card",
        "DE",
        Kind::Identity,
        "German identity card numbers",
        &["A********", "A*********", "A99999999", "A999999999"],
        &[
            "perso nr",
            "personalausweis",
            "personalausweisnummer",
            "ausweisnummer",
            "ausweis nr",
            "ausweis",
            "bpa",
            "german id card",
            "seriennummer des ausweises",
        ],
    )
    .rule("letters in use", |c| b"LMNPRTVWXYZ".contains(&c.at(0)) && is_document_number(c))
    // Of the cards before 2010 with `T` the check digit stood apart.
    .bare(|c| last_checks(c) || c.at(0) == b'T' && c.len() == 9 && c.digit_mask().count_ones() == 8),
    // Deutsche Rentenversicherung, § 147 SGB VI, VKVV: area, birth date, letter, serial number, check digit.
    id(
        "de_social_security",
        "DE",
        Kind::Social,
        "German pension insurance numbers (Rentenversicherungsnummer)",
        &["99999999A999"],
        &[
            "rvnr",
            "rentenversicherung",
            "sozialversicherungsnummer",
            "sozialversicherung",
            "sv nummer",
            "sv nr",
            "versicherungsnummer",
            "svnr",
            "rentenversicherungsnummer",
            "vsnr",
        ],
    )
    .check("area, date of birth, check digit", is_pension_number)
    .alone(&["99999999A999", "99 999999 A 999", "99 999999 A 99 9"]),
    // GKV-Spitzenverband, § 290 SGB V: letter as two digits, Luhn-like with weights 1, 2.
    id(
        "de_health_insurance",
        "DE",
        Kind::Health,
        "German health insurance numbers (KVNR)",
        &["A999999999"],
        &[
            "kvnr",
            "krankenversichertennummer",
            "krankenversicherungsnummer",
            "krankenversicherung",
            "krankenkasse",
            "versichertennummer",
            "egk",
            "gesundheitskarte",
        ],
    )
    .check("check digit of the KVNR", is_health_insurance_number)
    .alone(&["A999999999"]),
    // Fahrerlaubnis-Verordnung, annex 8: two or three letters of the authority, number, check character.
    id(
        "de_fuehrerschein",
        "DE",
        Kind::Licence,
        "German driving licence numbers",
        &["*99*****99*", "AA99999999A", "AA999999999", "A99*****99*"],
        &[
            "führerschein",
            "fuehrerschein",
            "führerscheinnummer",
            "fuehrerscheinnummer",
            "fahrerlaubnis",
            "fahrerlaubnisnummer",
            "führerschein nr",
            "german driving licence",
        ],
    ),
    id(
        "de_kfz",
        "DE",
        Kind::Plate,
        "German vehicle registration plates",
        &[
            "AA9",
            "AA99",
            "AA999",
            "AA9999",
            "AAA9",
            "AAA99",
            "AAA999",
            "AAA9999",
            "AAAA9",
            "AAAA99",
            "AAAA999",
            "AAAA9999",
            "AAAAA9",
            "AAAAA99",
            "AAAAA999",
            "AAAAA9999",
            "AA99A",
            "AA999A",
            "AA9999A",
            "AAA99A",
            "AAA999A",
            "AAA9999A",
            "AAAA99A",
            "AAAA999A",
            "AAAA9999A",
            "AAAAA99A",
            "AAAAA999A",
            "AAAAA9999A",
        ],
        &[
            "kennzeichen",
            "kfz kennzeichen",
            "kfz",
            "nummernschild",
            "autokennzeichen",
            "fahrzeugkennzeichen",
            "kraftfahrzeugkennzeichen",
            "amtliches kennzeichen",
        ],
    )
    .rule("ends in a digit, `E` or `H`", |c| c.last().is_ascii_digit() || matches!(c.last(), b'E' | b'H')),
    // Kassenärztliche Bundesvereinigung, LANR guideline: weights 4, 9, modulus 10; specialty 01 to 99.
    id(
        "de_lanr",
        "DE",
        Kind::Doctor,
        "lifelong numbers of German doctors (LANR)",
        &["999999999"],
        &["lanr", "arztnummer", "lebenslange arztnummer", "arzt nr"],
    )
    .check("check digit of the LANR", |c| {
        (10 - c.sum(0, &[4, 9, 4, 9, 4, 9]) % 10) % 10 == c.digit(6) && c.value(0..6) > 0
    }),
    id(
        "de_bsnr",
        "DE",
        Kind::Doctor,
        "numbers of German medical practices (BSNR)",
        &["999999999"],
        &["bsnr", "betriebsstättennummer", "betriebsstaettennummer", "praxisnummer", "betriebsstätte"],
    )
    .rule("region in use", |c| matches!(c.value(0..2), 1..=99)),
    id(
        "de_handelsregister",
        "DE",
        Kind::Company,
        "numbers of the German commercial register",
        &[
            "AAA99",
            "AAA999",
            "AAA9999",
            "AAA99999",
            "AAA999999",
            "AAA9999A",
            "AAA99999A",
            "AAA999999A",
            "AA999",
            "AA9999",
            "AA99999",
        ],
        &[
            "handelsregister",
            "amtsgericht",
            "registergericht",
            "handelsregisternummer",
            "hrb",
            "hra",
            "vereinsregister",
            "registernummer",
        ],
    )
    .check("register HRA, HRB, GnR, PR or VR", |c| {
        ["HRA", "HRB", "GNR", "PR", "VR"].iter().any(|register| c.starts_with(register))
    })
    .alone(&[
        "AAA 999",
        "AAA 9999",
        "AAA 99999",
        "AAA 999999",
        "AAA99999",
        "AAA999999",
        "AAA 99999 A",
        "AAA 999999 A",
        "AAA-99999",
    ]),
    // Bundesagentur für Arbeit, § 18i SGB IV: weights 1, 2, modulus 10.
    id(
        "de_betriebsnummer",
        "DE",
        Kind::Company,
        "establishment numbers of the German employment agency",
        &["99999999"],
        &["bbnr", "betriebsnummer", "betriebs nr"],
    ),
    id(
        "de_wirtschafts_id",
        "DE",
        Kind::Tax,
        "German business identification numbers (W-IdNr.)",
        &["AA999999999", "AA99999999999999"],
        &["w idnr", "wirtschafts idnr", "wirtschaftsidentifikationsnummer"],
    )
    .rule("begins with DE", |c| c.starts_with("DE") && (c.len() > 11 || mod_11_10(c, 2..11))),
    id(
        "de_insurance_institution",
        "DE",
        Kind::Health,
        "institution numbers of German health insurers (IK)",
        &["999999999"],
        &["institutionskennzeichen", "ik nummer", "kassennummer"],
    ),
    id(
        "de_bank_account",
        "DE",
        Kind::Bank,
        "German bank accounts (Kontonummer, Bankleitzahl)",
        &["99999999", "9999999999", "999999999", "9999999"],
        &["bankleitzahl", "blz"],
    ),
];

/// Of the first ten digits exactly one occurs twice or three times, never three in a row.
fn repeats_as_issued(code: &Code) -> bool {
    let digits = code.bytes().get(..10).unwrap_or_default();
    let count = |value: u8| digits.iter().filter(|digit| **digit == value).count();
    let repeated: Vec<usize> = (b'0'..=b'9').map(count).filter(|count| *count > 1).collect();
    let in_a_row = digits.windows(3).any(|three| matches!(three, [a, b, c] if a == b && b == c));
    code.at(0) != b'0' && matches!(repeated.as_slice(), [2] | [3]) && !in_a_row
}

/// Serial numbers of German documents have no vowels and no letter that looks like a digit.
fn is_document_number(code: &Code) -> bool {
    code.digit_mask() != 0
        && code.bytes().iter().all(|b| b.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(b))
}

fn last_checks(code: &Code) -> bool {
    let last = code.len() - 1;
    code.at(last).is_ascii_digit() && icao(code, 0..last) == code.digit(last)
}

fn is_pension_number(code: &Code) -> bool {
    // The letter counts as two digits, 01 to 26; cross sums of the products.
    let letter = code.digit(8).saturating_sub(9);
    let digits =
        (0..8).map(|at| code.digit(at)).chain([letter / 10, letter % 10, code.digit(9), code.digit(10)]);
    let sum: u32 =
        digits.zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]).map(|(d, w)| d * w / 10 + d * w % 10).sum();
    let day = code.value(2..4);
    let born = ddmmyy(code, 2) || day > 50 && is_day(code.value(6..8), code.value(4..6), day - 50);
    born && matches!(code.value(0..2), 2..=99) && sum % 10 == code.digit(11)
}

fn is_health_insurance_number(code: &Code) -> bool {
    let letter = code.digit(0).saturating_sub(9);
    let digits = [letter / 10, letter % 10].into_iter().chain((1..9).map(|at| code.digit(at)));
    let sum: u32 = digits.zip([1, 2].into_iter().cycle()).map(|(d, w)| d * w / 10 + d * w % 10).sum();
    sum % 10 == code.digit(9)
}
