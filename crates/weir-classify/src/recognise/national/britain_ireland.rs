//! The United Kingdom and Ireland.

use super::check::{ddmmyy, letter_of};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // NHS Data Model and Dictionary, "NHS Number": modulus 11.
    id(
        "uk_nhs",
        "GB",
        Kind::Health,
        "numbers of the National Health Service of the United Kingdom",
        &["9999999999"],
        &[
            "health and care number",
            "h&c number",
            "HCN",
            "nhs",
            "nhs number",
            "national health service",
            "nhs no",
            "patient",
            "health authority",
            "health services authority",
        ],
    )
    .check("check digit modulo 11", |c| {
        !c.is_monotone(0..10) && (11 - c.sum(0, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 == c.digit(9)
    })
    .alone(&["999 999 9999"]),
    // HM Revenue & Customs, National Insurance Manual NIM39110.
    id(
        "uk_nino",
        "GB",
        Kind::Social,
        "national insurance numbers of the United Kingdom",
        &["AA999999A"],
        &[
            "nino",
            "national insurance",
            "national insurance number",
            "ni number",
            "ni no",
            "insurance number",
        ],
    )
    .check("prefix and suffix in use", is_national_insurance_number)
    .alone(&["AA 99 99 99 A", "AA999999A", "AA 999999 A", "AA999999 A"]),
    id(
        "uk_passport",
        "GB",
        Kind::Passport,
        "passport numbers of the United Kingdom",
        &["999999999", "AA9999999"],
        &["british passport", "uk passport", "hmpo"],
    ),
    // Driver and Vehicle Licensing Agency: five letters of the name, birth date, initials, check letters.
    id(
        "uk_driving_licence",
        "GB",
        Kind::Licence,
        "driving licence numbers of the United Kingdom",
        &["*****999999***AA"],
        &["dvla", "uk driving licence", "driver number", "driving licence"],
    )
    .check("name padded with 9, month and day of birth", |c| {
        let name = c.bytes().iter().take(5).skip_while(|b| b.is_ascii_uppercase()).all(|b| *b == b'9');
        let initials = [c.at(11), c.at(12)].iter().all(|b| b.is_ascii_uppercase() || *b == b'9');
        name && c.at(0) != b'9'
            && initials
            && matches!(c.value(6..8), 1..=12 | 51..=62)
            && matches!(c.value(8..10), 1..=31)
    })
    .alone(&["*****999999***AA", "***** 999999 ***AA", "*****-999999-***AA"]),
    id(
        "uk_vehicle_registration",
        "GB",
        Kind::Plate,
        "vehicle registration marks of the United Kingdom",
        &[
            "AA99AAA", "A9AAA", "A99AAA", "A999AAA", "AAA9A", "AAA99A", "AAA999A", "AAA999", "AAA9999",
            "AA999", "AA9999",
        ],
        &["number plate", "registration mark", "dvla", "vrm", "vrn", "reg plate", "v5c"],
    )
    .rule("letters in use, age identifier", |c| {
        c.len() != 7 || !c.at(2).is_ascii_digit() || !c.at(4).is_ascii_uppercase() || is_current_plate(c)
    })
    .bare(|c| c.len() == 7 && c.at(3).is_ascii_digit())
    .alone(&["AA99 AAA"]),
    // HM Revenue & Customs: the first digit checks the others.
    id(
        "uk_utr",
        "GB",
        Kind::Tax,
        "unique taxpayer references of the United Kingdom",
        &["9999999999"],
        &["utr", "unique taxpayer", "self assessment", "taxpayer reference"],
    )
    .check("check digit modulo 11", |c| {
        let rest = c.sum(1, &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
        letter_of("21987654321", rest.into()) == c.at(0)
    }),
    // Department for Education, "Unique pupil numbers": the letter is the sum of the digits times 2 to 13, modulo 23.
    id(
        "uk_upn",
        "GB",
        Kind::Identity,
        "unique pupil numbers of England (UPN)",
        &["A999999999999", "A99999999999A"],
        &["UPN", "unique pupil number", "pupil number"],
    )
    .check("check letter modulo 23", |c| {
        let sum = c.sum(1, &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
        PUPIL_LETTERS.get(sum as usize % 23) == Some(&c.at(0)) || !c.last().is_ascii_digit()
    }),
    // Learning Records Service, "Unique learner number": weights 10 to 2, modulo 11.
    id(
        "uk_uln",
        "GB",
        Kind::Identity,
        "unique learner numbers of the United Kingdom (ULN)",
        &["9999999999"],
        &["ULN", "unique learner number", "learner number"],
    )
    .check("check digit modulo 11", |c| {
        let rest = c.sum(0, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        rest != 0 && 10 - rest == c.digit(9)
    })
    .bare(|_| false),
    id(
        "uk_residence_permit",
        "GB",
        Kind::Residence,
        "biometric residence permits of the United Kingdom",
        &["AA*999999"],
        &["brp", "biometric residence", "evisa", "residence permit"],
    ),
    id(
        "uk_share_code",
        "GB",
        Kind::Residence,
        "codes that prove a right to work or rent in the United Kingdom",
        &["*********"],
        &["share code", "right to work"],
    )
    .rule("begins with W, R or S, has digits", |c| b"WRS".contains(&c.at(0)) && c.digit_mask() != 0),
    id(
        "uk_paye_reference",
        "GB",
        Kind::Tax,
        "employers' tax references of the United Kingdom",
        &["999A9", "999A99", "999A999", "999AA999", "999AA9999", "999AA99999"],
        &["paye", "paye reference", "employer reference"],
    ),
    id(
        "uk_company_number",
        "GB",
        Kind::Company,
        "company numbers of the United Kingdom",
        &["99999999", "AA999999"],
        &["companies house", "company number", "company registration number", "crn", "registered in england"],
    )
    .rule("prefix in use", |c| {
        c.is_number()
            || ["SC", "NI", "OC", "SO", "NC", "FC", "LP", "RC", "IP", "SL", "CE"]
                .iter()
                .any(|p| c.starts_with(p))
    }),
    // NHS Scotland: date of birth, modulus 11.
    id(
        "uk_chi",
        "GB",
        Kind::Health,
        "community health index numbers of Scotland",
        &["9999999999"],
        &["CHI", "chi number", "community health index", "chi no"],
    )
    .check("date of birth, check digit modulo 11", |c| {
        ddmmyy(c, 0) && (11 - c.sum(0, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 == c.digit(9)
    }),
    id(
        "uk_bank_account",
        "GB",
        Kind::Bank,
        "bank sort codes and account numbers of the United Kingdom",
        &["99999999999999", "99999999"],
        &["sort code", "sortcode"],
    ),
    // Department of Social Protection, "PPS number": weights 8 to 2 and 9 for the second letter, modulus 23.
    id(
        "ie_pps",
        "IE",
        Kind::Social,
        "personal public service numbers of Ireland",
        &["9999999A", "9999999AA"],
        &["pps", "ppsn", "pps number", "pps no", "personal public service", "rsi number"],
    )
    .check("check letter modulo 23", |c| {
        let second = if c.len() == 9 && c.at(8) != b'W' { (c.digit(8) - 9) * 9 } else { 0 };
        letter_of("WABCDEFGHIJKLMNOPQRSTUV", u64::from((c.sum(0, &[8, 7, 6, 5, 4, 3, 2]) + second) % 23))
            == c.at(7)
    }),
    id(
        "ie_passport",
        "IE",
        Kind::Passport,
        "passport numbers of Ireland",
        &["AA9999999", "A99999999"],
        &["irish passport"],
    ),
    id(
        "ie_driver_licence",
        "IE",
        Kind::Licence,
        "driving licence numbers of Ireland",
        &["999999999", "999AA9999"],
        &["ndls", "irish driving licence"],
    ),
    id(
        "ie_plate",
        "IE",
        Kind::Plate,
        "vehicle registration plates of Ireland",
        &["999A999", "999A9999", "999A99999", "99A9999", "99A99999", "999AA9999", "99AA9999"],
        &[],
    )
    .alone(&["999-A-99999", "999-A-9999"]),
    id(
        "ie_company_number",
        "IE",
        Kind::Company,
        "company numbers of Ireland (CRO)",
        &["999999"],
        &["cro number", "companies registration office"],
    ),
];

fn is_national_insurance_number(code: &Code) -> bool {
    let (first, second) = (code.at(0), code.at(1));
    let reserved = ["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"].iter().any(|prefix| code.starts_with(prefix));
    !b"DFIQUV".contains(&first)
        && !b"DFIQUVO".contains(&second)
        && !reserved
        && (b'A'..=b'D').contains(&code.at(8))
}

/// Source: Driver and Vehicle Licensing Agency, INF104: no I, Q or Z in the area code, age identifiers in use.
fn is_current_plate(code: &Code) -> bool {
    let area = [code.at(0), code.at(1)].iter().all(|b| !b"IQZ".contains(b));
    area && matches!(code.value(2..4), 2..=35 | 51..=85)
        && !code.bytes().iter().skip(4).any(|b| b"IQ".contains(b))
}

const PUPIL_LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";
