//! India, Pakistan, Bangladesh, Sri Lanka and Nepal.

use super::check::verhoeff;
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // Income Tax Department: the fourth letter is the holder's status.
    id(
        "in_pan",
        "IN",
        Kind::Tax,
        "Indian permanent account numbers (PAN)",
        &["AAAAA9999A"],
        &["PAN", "pan card", "permanent account number", "pan number", "pan no", "पैन", "आयकर"],
    )
    .check("status of the holder", |c| c.value(5..9) > 0)
    .alone(&["AAAAA9999A", "AAAAA 9999 A"]),
    // Unique Identification Authority of India: Verhoeff, first digit 2 or more.
    id(
        "in_aadhaar",
        "IN",
        Kind::Identity,
        "Indian Aadhaar numbers",
        &["999999999999"],
        &["aadhaar", "aadhar", "adhaar", "uidai", "UID", "आधार", "ஆதார்", "আধার", "ఆధార్", "virtual id"],
    )
    .check("first digit 2 or more, no palindrome, check digit (Verhoeff)", |c| {
        matches!(c.at(0), b'2'..=b'9') && !c.bytes().iter().eq(c.bytes().iter().rev()) && verhoeff(c, 0..12)
    })
    .alone(&["9999 9999 9999", "9999-9999-9999", "9999:9999:9999"]),
    // Ministry of Road Transport: state, district, series, number.
    id(
        "in_vehicle_registration",
        "IN",
        Kind::Plate,
        "Indian vehicle registration plates",
        &[
            "AA99AA9999",
            "AA9AA9999",
            "AA9AAA9999",
            "AA99A9999",
            "AA99AAA9999",
            "99AA9999AA",
            "99AA9999A",
            "AA999999",
            "AAA9999",
            "AA9999",
            "A99999",
            "AA9A9999",
            "AAAA9999",
            "AAA99AA9999",
        ],
        &[
            "registration number",
            "vehicle number",
            "rto",
            "vehicle registration",
            "number plate",
            "bike's registration",
            "vahan",
            "vehicle",
            "rc number",
        ],
    )
    .rule("state in use", |c| c.len() < 8 || c.starts_with("2") || is_state(c))
    .bare(|c| c.len() >= 8 && (is_state(c) || c.value(2..4) == 0 && c.starts_with("2")))
    .alone(&[
        "AA99AA9999",
        "AA9AAA9999",
        "AA 99 AA 9999",
        "AA-99-AA-9999",
        "AA99 AA 9999",
        "AA 99 A 9999",
    ]),
    id(
        "in_virtual_id",
        "IN",
        Kind::Identity,
        "virtual numbers for Indian Aadhaar (VID)",
        &["9999999999999999"],
        &["virtual id", "VID", "aadhaar"],
    )
    .check("first digit 2 or more, check digit (Verhoeff)", |c| {
        matches!(c.at(0), b'2'..=b'9') && verhoeff(c, 0..16)
    })
    .bare(|_| false),
    id(
        "in_din",
        "IN",
        Kind::Identity,
        "Indian directors' identification numbers (DIN)",
        &["99999999"],
        &["din number", "din no", "director identification", "DPIN"],
    ),
    // Election Commission of India, EPIC: three letters, seven digits.
    id(
        "in_voter",
        "IN",
        Kind::Voter,
        "Indian voter identity card numbers (EPIC)",
        &["AAA9999999"],
        &["epic", "voter", "voter id", "election commission", "voter card", "vote", "मतदाता"],
    )
    .check("form of the EPIC", |c| c.value(3..10) > 0),
    id(
        "in_passport",
        "IN",
        Kind::Passport,
        "Indian passport numbers",
        &["A9999999"],
        &["indian passport", "passport", "पासपोर्ट"],
    )
    .rule("letter in use, no zero at the end", |c| {
        !b"QXZ".contains(&c.at(0)) && c.last() != b'0' && c.at(1) != b'0'
    }),
    // GST Council: state, PAN, entity, Z, check character modulo 36.
    id(
        "in_gstin",
        "IN",
        Kind::Vat,
        "Indian goods and services tax numbers (GSTIN)",
        &["99AAAAA9999A***"],
        &["gstin", "gst", "gst number", "gst no"],
    )
    .check("state, letter Z", |c| matches!(c.value(0..2), 1..=38 | 96 | 97 | 99) && c.at(13) == b'Z')
    .alone(&["99AAAAA9999A***"]),
    id(
        "in_driving_licence",
        "IN",
        Kind::Licence,
        "Indian driving licence numbers",
        &["AA9999999999999", "AA99999999999"],
        &["driving licence", "driving license", "dl no", "dl number", "sarathi"],
    )
    .rule("state in use", is_state)
    .alone(&["AA99 99999999999", "AA-9999999999999", "AA99-99999999999"]),
    id(
        "in_uan",
        "IN",
        Kind::Social,
        "Indian provident fund numbers (UAN)",
        &["999999999999"],
        &["uan", "epfo", "universal account number", "provident fund", "pf number"],
    ),
    id(
        "in_esic",
        "IN",
        Kind::Health,
        "Indian health insurance numbers (ESIC, ABHA)",
        &["9999999999", "99999999999999", "99999999999999999"],
        &["esic", "abha", "ayushman", "health id", "esi number"],
    )
    .alone(&["99-9999-9999-9999"]),
    id(
        "in_cin",
        "IN",
        Kind::Company,
        "Indian corporate identification numbers (CIN)",
        &["A99999AA9999AAA999999"],
        &["cin", "corporate identification", "ROC"],
    )
    .check("state and year", |c| b"LU".contains(&c.at(0)) && matches!(c.value(8..12), 1850..=2040))
    .alone(&["A99999AA9999AAA999999"]),
    id(
        "in_tan",
        "IN",
        Kind::Tax,
        "Indian tax deduction numbers (TAN)",
        &["AAAA99999A"],
        &["TAN", "tan number", "tax deduction"],
    ),
    id(
        "in_ifsc",
        "IN",
        Kind::Bank,
        "Indian bank branch codes (IFSC)",
        &["AAAA9999999"],
        &["ifsc", "ifsc code", "rtgs", "neft"],
    ),
    id(
        "in_ration_card",
        "IN",
        Kind::Identity,
        "Indian ration card numbers",
        &["AAA999999999", "9999999999", "99AAAA999999"],
        &["ration card", "राशन कार्ड"],
    ),
    // NADRA: region, family, sex.
    id(
        "pk_cnic",
        "PK",
        Kind::Identity,
        "Pakistani identity card numbers (CNIC)",
        &["9999999999999"],
        &["cnic", "nicop", "nadra", "شناختی کارڈ", "قومی شناختی", "national identity card"],
    )
    .check("province", |c| matches!(c.at(0), b'1'..=b'7') && c.value(5..12) > 0)
    .bare(|_| false)
    .alone(&["99999-9999999-9"]),
    id(
        "pk_ntn",
        "PK",
        Kind::Tax,
        "Pakistani tax numbers (NTN)",
        &["99999999", "9999999"],
        &["ntn", "national tax number", "fbr", "strn"],
    ),
    id(
        "pk_passport",
        "PK",
        Kind::Passport,
        "Pakistani passport numbers",
        &["AA9999999", "AA9999999A"],
        &["pakistani passport", "پاسپورٹ"],
    ),
    id(
        "bd_nid",
        "BD",
        Kind::Identity,
        "national identity numbers of Bangladesh",
        &["9999999999", "9999999999999", "99999999999999999"],
        &["nid", "bangladesh id", "জাতীয় পরিচয়পত্র", "nid number", "nid no", "smart card no", "এনআইডি"],
    ),
    id(
        "bd_passport",
        "BD",
        Kind::Passport,
        "passport numbers of Bangladesh",
        &["AA9999999", "A99999999"],
        &["bangladeshi passport"],
    ),
    id(
        "bd_tin",
        "BD",
        Kind::Tax,
        "tax numbers of Bangladesh (e-TIN)",
        &["999999999999"],
        &["etin", "e-tin", "bin no"],
    ),
    // Department for Registration of Persons: year, day of the year (women: day + 500), serial number.
    id(
        "lk_nic",
        "LK",
        Kind::Identity,
        "identity card numbers of Sri Lanka (NIC)",
        &["999999999A", "999999999999"],
        &["NIC", "nic number", "sri lankan id", "nic no", "හැඳුනුම්පත්", "தேசிய அடையாள"],
    )
    .check("day of birth", |c| {
        let day = if c.len() == 12 { c.value(4..7) } else { c.value(2..5) } % 500;
        let year = c.len() == 10 || matches!(c.value(0..4), 1900..=2020);
        year && matches!(day, 1..=366) && (c.len() == 12 || matches!(c.last(), b'V' | b'X'))
    })
    .alone(&["999999999V", "999999999X"]),
    id(
        "lk_passport",
        "LK",
        Kind::Passport,
        "passport numbers of Sri Lanka",
        &["A9999999", "AA9999999"],
        &["sri lankan passport"],
    ),
    id(
        "np_citizenship",
        "NP",
        Kind::Identity,
        "citizenship and tax numbers of Nepal",
        &["99999999999", "999999999", "9999999999"],
        &["nagarikta", "नागरिकता", "citizenship certificate", "nepal pan", "nepali citizenship"],
    ),
    id(
        "np_passport",
        "NP",
        Kind::Passport,
        "passport numbers of Nepal, Bhutan and the Maldives",
        &["99999999", "9999999", "AA9999999", "A999999", "AA9999999"],
        &["nepali passport", "राहदानी"],
    ),
    id(
        "bt_cid",
        "BT",
        Kind::Identity,
        "citizenship identity numbers of Bhutan",
        &["99999999999"],
        &["bhutan cid", "citizenship identity"],
    ),
    id(
        "mv_id",
        "MV",
        Kind::Identity,
        "identity card numbers of the Maldives",
        &["A999999"],
        &["maldivian id", "maldives id"],
    )
    .rule("begins with A", |c| c.at(0) == b'A'),
];

const STATES: &[&str] = &[
    "AN", "AP", "AR", "AS", "BR", "BH", "CG", "CH", "DD", "DL", "DN", "GA", "GJ", "HP", "HR", "JH", "JK",
    "KA", "KL", "LA", "LD", "MH", "ML", "MN", "MP", "MZ", "NL", "OD", "OR", "PB", "PY", "RJ", "SK", "TN",
    "TR", "TS", "TG", "UA", "UK", "UP", "WB",
];

fn is_state(code: &Code) -> bool {
    STATES.iter().any(|state| code.starts_with(state))
}
