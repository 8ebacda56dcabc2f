//! The United States and Canada.

use super::check::{is_day, luhn, luhn_sum};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static UNITED_STATES: &[Identifier] = &[
    // Social Security Administration, "Social Security Number Randomization" (2011).
    id(
        "us_ssn",
        "US",
        Kind::Social,
        "social security numbers of the United States",
        &["999999999"],
        &[
            "soc sec",
            "soc. sec",
            "ssn",
            "ssns",
            "social security number",
            "social security",
            "socialsecurity",
            "ssid",
            "ss#",
            "ssn#",
        ],
    )
    .rule("area, group and serial number in use", is_social_security_number)
    .alone(&["999-99-9999", "999 99 9999", "999.99.9999"]),
    // Internal Revenue Service, Publication 1915: the fourth and fifth digit.
    id(
        "us_itin",
        "US",
        Kind::Tax,
        "individual taxpayer identification numbers of the United States",
        &["999999999"],
        &["itin", "individual taxpayer", "individual tax"],
    )
    .rule("begins with 9, middle group in use", |c| {
        c.at(0) == b'9' && matches!(c.value(3..5), 50..=65 | 70..=88 | 90..=92 | 94..=99)
    })
    .alone(&["999-99-9999", "999 99 9999"]),
    // Internal Revenue Service, "How EINs are assigned and valid EIN prefixes".
    id(
        "us_ein",
        "US",
        Kind::Tax,
        "employer identification numbers of the United States",
        &["999999999"],
        &["ein", "fein", "employer identification", "employer id", "federal tax id"],
    )
    .rule(
        "prefix in use",
        |c| !matches!(c.value(0..2), 0 | 7..=9 | 17..=19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97),
    ),
    // Centers for Medicare & Medicaid Services, "Requirements for NPI check digit": Luhn with the prefix 80840.
    id(
        "us_npi",
        "US",
        Kind::Doctor,
        "national provider identifiers of the United States",
        &["9999999999"],
        &["npi", "national provider", "provider identifier", "npi number", "provider npi"],
    )
    .check("begins with 1 or 2, check digit (Luhn with prefix 80840)", |c| {
        matches!(c.at(0), b'1' | b'2') && !c.is_monotone(1..9) && (luhn_sum(c, 0..10) + 24).is_multiple_of(10)
    }),
    // Centers for Medicare & Medicaid Services, "Understanding the Medicare Beneficiary Identifier format".
    id(
        "us_mbi",
        "US",
        Kind::Health,
        "Medicare beneficiary identifiers of the United States",
        &["9A*9A*9AA99"],
        &["mbi", "medicare beneficiary", "medicare id", "medicare number", "medicare no", "hicn"],
    )
    .check("first digit not 0, none of the letters S, L, O, I, B, Z", |c| {
        c.at(0) != b'0' && !c.bytes().iter().any(|b| b"SLOIBZ".contains(b))
    })
    .alone(&["9A*9-A*9-AA99"]),
    id(
        "us_passport",
        "US",
        Kind::Passport,
        "passport numbers of the United States",
        &["999999999", "A99999999"],
        &["us passport", "american passport", "u.s. passport", "usa passport"],
    ),
    // American Association of Motor Vehicle Administrators and the states' own formats.
    id(
        "us_driver_license",
        "US",
        Kind::Licence,
        "driver's licence numbers of the states of the United States",
        &[
            "A9999",
            "A99999",
            "A999999",
            "A9999999",
            "A99999999",
            "A999999999",
            "A9999999999",
            "A99999999999",
            "A999999999999",
            "A9999999999999",
            "A99999999999999",
            "A999999999999999999",
            "AA99999",
            "AA999999",
            "AA9999999",
            "AA9999",
            "99AAA99999",
            "99AAA999999",
            "A999999A",
            "999999999A",
            "AA999999A",
            "99999999AA",
            "999AA9999",
            "A9A9A",
            "99999999A",
            "9999999A",
            "AAA99AAA99A",
            "AAAA999999999",
            "AAAAA9*9A999",
            "AAA9999999",
            "AA**999999",
            "999999",
            "9999999",
            "99999999",
            "999999999",
            "9999999999",
            "99999999999",
            "999999999999",
            "9999999999999",
            "99999999999999",
            "9999999999999999",
            "AAAAAAA999AA",
            "AAAAAA9999AA",
            "AAAAA99999AA",
            "AAAAAAA999*A",
            "AAAAAA999A9A",
            "AAA**999999*",
        ],
        &[
            "driver license",
            "driver's license",
            "drivers license",
            "driver’s license",
            "driving license",
            "cdl",
            "cdls",
            "dls",
            "lic#",
            "permit number",
            "learner permit",
            "learner's permit",
        ],
    ),
    // American Bankers Association, "Routing number policy": weights 3, 7, 1 and the Federal Reserve prefixes.
    id(
        "aba_routing_number",
        "US",
        Kind::Bank,
        "bank routing numbers of the United States (ABA)",
        &["999999999"],
        &[
            "aba",
            "aba number",
            "routing number",
            "routing no",
            "routing",
            "routing transit",
            "transit number",
            "rtn",
            "ACH",
            "bankrouting",
            "bank routing",
            "fedwire",
            "wire transfer",
        ],
    )
    .check("prefix in use, check digit (weights 3, 7, 1)", |c| {
        matches!(c.value(0..2), 0..=12 | 21..=32 | 61..=72 | 80)
            && c.value(0..9) > 0
            && c.sum(0, &[3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0
    })
    .alone(&["9999-9999-9"]),
    // Drug Enforcement Administration, 21 CFR 1301: registrant codes and the sum of odd and twice the even digits.
    id(
        "medical_license",
        "US",
        Kind::Doctor,
        "DEA registration numbers of the United States",
        &["AA9999999", "A99999999"],
        &[
            "dea",
            "dea number",
            "dea registration",
            "medical",
            "certificate",
            "medical license number",
            "dea #",
        ],
    )
    .check("registrant code, check digit of the DEA", |c| {
        let body = c.sum(2, &[1, 2, 1, 2, 1, 2]);
        b"ABCDEFGHJKLMPRSTUX".contains(&c.at(0))
            && (c.at(1) == b'9' || c.at(1).is_ascii_uppercase())
            && c.value(2..9) > 0
            && body % 10 == c.digit(8)
    }),
    // U.S. Citizenship and Immigration Services, "Receipt Number": three letters of a service centre, ten digits.
    id(
        "us_uscis_receipt",
        "US",
        Kind::Residence,
        "receipt numbers of United States immigration cases",
        &["AAA9999999999"],
        &["uscis", "receipt number", "green card", "i-797"],
    )
    .check("letters of a service centre", |c| CENTRES.iter().any(|centre| c.starts_with(centre)))
    .alone(&["AAA9999999999"]),
    // General Services Administration, "Unique Entity Identifier": no I and O, no 0 at the beginning.
    id(
        "us_uei",
        "US",
        Kind::Company,
        "unique entity identifiers of the United States (UEI)",
        &["************"],
        &["UEI", "unique entity id", "unique entity identifier", "sam uei"],
    )
    .rule("letters and digits in use", |c| {
        c.at(0) != b'0' && !c.bytes().iter().any(|b| b"IO".contains(b)) && c.digit_mask() != 0
    }),
    id(
        "us_ptin",
        "US",
        Kind::Tax,
        "tax preparers' numbers of the United States (PTIN)",
        &["A99999999"],
        &["ptin", "preparer tax"],
    )
    .rule("begins with P", |c| c.at(0) == b'P'),
    id(
        "us_dod_id",
        "US",
        Kind::Identity,
        "identification numbers of the Department of Defense (EDIPI)",
        &["9999999999"],
        &["edipi", "dod id", "dodid", "military id", "cac number"],
    ),
    id(
        "us_alien_number",
        "US",
        Kind::Residence,
        "alien registration numbers of the United States",
        &["A99999999", "A999999999", "99999999", "999999999"],
        &["alien number", "a-number", "uscis number", "uscis#", "alien registration number", "green card"],
    ),
    id(
        "us_license_plate",
        "US",
        Kind::Plate,
        "vehicle registration plates of the United States",
        &[
            "AAA9999", "AAA999", "9AAA999", "999AAA", "AA99999", "9999AA", "99A999", "AAA99A", "999AAAA",
            "A99AAA", "AA9999", "AAAA99",
        ],
        &["license plate", "plate number", "tag number"],
    ),
];

pub(super) static CANADA: &[Identifier] = &[
    // Employment and Social Development Canada, "Social Insurance Number": Luhn.
    id(
        "ca_sin",
        "CA",
        Kind::Social,
        "social insurance numbers of Canada",
        &["999999999"],
        &[
            "SIN",
            "social insurance",
            "social insurance number",
            "NAS",
            "assurance sociale",
            "numéro d'assurance sociale",
            "sin number",
            "sin#",
        ],
    )
    .check("first digit in use, check digit (Luhn)", |c| !matches!(c.at(0), b'0' | b'8') && luhn(c, 0..9))
    .alone(&["999-999-999"]),
    id(
        "ca_passport",
        "CA",
        Kind::Passport,
        "passport numbers of Canada",
        &["AA999999", "A999999AA"],
        &["canadian passport", "passeport canadien"],
    ),
    // Canada Revenue Agency, "Business number": nine digits with a Luhn check digit, program and reference.
    id(
        "ca_business_number",
        "CA",
        Kind::Company,
        "business numbers of Canada",
        &["999999999AA9999", "999999999"],
        &[
            "business number",
            "gst/hst",
            "hst number",
            "gst number",
            "cra number",
            "numéro d'entreprise",
            "bn number",
            "BN",
        ],
    )
    .check("check digit (Luhn), program identifier", |c| {
        luhn(c, 0..9) && matches!((c.at(9), c.at(10)), (0, 0) | (b'R', b'T' | b'P' | b'C' | b'M' | b'Z'))
    })
    .alone(&["999999999AA9999"]),
    // Ontario Ministry of Health, "Technical specifications: health number": Luhn.
    id(
        "ca_ohip",
        "CA",
        Kind::Health,
        "health numbers of Ontario (OHIP)",
        &["9999999999", "9999999999AA"],
        &["ohip", "ontario health", "health card"],
    )
    .check("check digit (Luhn)", |c| c.at(0) != b'0' && luhn(c, 0..10))
    .alone(&["9999-999-999-AA"]),
    // British Columbia Ministry of Health: first digit 9, modulus 11.
    id(
        "ca_bc_phn",
        "CA",
        Kind::Health,
        "personal health numbers of British Columbia",
        &["9999999999"],
        &["phn", "personal health number", "bc services card", "care card"],
    )
    .check("begins with 9, check digit modulo 11", |c| {
        let rest =
            (1..9).zip([2, 4, 8, 5, 10, 9, 7, 3]).map(|(at, weight)| c.digit(at) * weight % 11).sum::<u32>()
                % 11;
        c.at(0) == b'9' && 11 - rest == c.digit(9)
    }),
    // Régie de l'assurance maladie du Québec: three letters of the name, one of the first name, date (women: month + 50).
    id(
        "ca_ramq",
        "CA",
        Kind::Health,
        "health insurance numbers of Quebec (RAMQ)",
        &["AAAA99999999"],
        &["ramq", "assurance maladie", "carte soleil", "NAM"],
    )
    .check("date of birth", |c| is_day(c.value(4..6), c.value(6..8) % 50, c.value(8..10)))
    .alone(&["AAAA 9999 9999", "AAAA99999999"]),
    id(
        "ca_driver_licence",
        "CA",
        Kind::Licence,
        "driving licence numbers of Canadian provinces",
        &[
            "A99999999999999",
            "A999999999999",
            "999999999",
            "9999999",
            "999999999999999",
            "AAAAA999999999",
            "AAAAAA999999",
            "99999999",
            "A999999999",
        ],
        &["driver's licence", "drivers licence", "permis de conduire"],
    )
    .alone(&["A9999-99999-99999"]),
    id(
        "ca_license_plate",
        "CA",
        Kind::Plate,
        "vehicle registration plates of Canada",
        &["AAAA999", "AAA999", "A99AAA", "AA999A", "999AAA"],
        &[],
    ),
];

fn is_social_security_number(code: &Code) -> bool {
    let (area, group, serial) = (code.value(0..3), code.value(3..5), code.value(5..9));
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}

const CENTRES: &[&str] = &["EAC", "IOE", "LIN", "MSC", "NBC", "NSC", "SRC", "TSC", "VSC", "WAC", "YSC"];
