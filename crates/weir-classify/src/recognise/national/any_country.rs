//! Numbers of whichever country: their label says what they are where no country's own form does.

use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    id(
        "license_plate",
        "",
        Kind::Plate,
        "vehicle registration plates of any country",
        &["****", "*****", "******", "*******", "********", "*********", "**********"],
        &["plate", "registration", "car plate", "vehicle", "plates", "tag number"],
    )
    .rule("letters and digits", |c| has_digits(c, 1) && !c.is_number())
    .any(),
    id(
        "driver_license",
        "",
        Kind::Licence,
        "driving licence numbers of any country",
        CODES,
        &["licence", "license"],
    )
    .rule("five digits and more", |c| has_digits(c, 5))
    .any(),
    id("passport_number", "", Kind::Passport, "passport numbers of any country", CODES, &[])
        .rule("five digits and more", |c| has_digits(c, 5))
        .any(),
    id(
        "identity_number",
        "",
        Kind::Identity,
        "national identity numbers of any country",
        CODES,
        IDENTITY_WORDS,
    )
    .rule("six digits and more", |c| has_digits(c, 6))
    .any(),
    id(
        "residence_permit",
        "",
        Kind::Residence,
        "residence permit numbers of any country",
        CODES,
        &["numéro étranger", "numéro d'étranger", "zemis"],
    )
    .rule("six digits and more", |c| has_digits(c, 6))
    .any(),
    id("tax_number", "", Kind::Tax, "tax numbers of any country", CODES, TAX_WORDS)
        .rule("seven digits and more", |c| has_digits(c, 7))
        .any(),
    id("vat_number", "", Kind::Vat, "VAT numbers of any country", CODES, &[])
        .rule("seven digits and more", |c| has_digits(c, 7))
        .any(),
    id("social_security_number", "", Kind::Social, "social security numbers of any country", CODES, &[])
        .rule("seven digits and more", |c| has_digits(c, 7))
        .any(),
    id(
        "health_number",
        "",
        Kind::Health,
        "health insurance and patient numbers of any country",
        CODES,
        HEALTH_WORDS,
    )
    .rule("five digits and more", |c| has_digits(c, 5))
    .any(),
    id(
        "practitioner_number",
        "",
        Kind::Doctor,
        "numbers of health professionals of any country",
        CODES,
        DOCTOR_WORDS,
    )
    .rule("five digits and more, at most three letters and twelve characters", |c| {
        // Providers of software have longer ids.
        has_digits(c, 5) && c.len() <= 12 && c.len() - c.digit_mask().count_ones() as usize <= 3
    })
    .any(),
    id(
        "voter_number",
        "",
        Kind::Voter,
        "numbers of voters of any country",
        CODES,
        &["pvc number", "voter identification"],
    )
    .rule("six digits and more and a letter", |c| {
        has_digits(c, 6) && c.bytes().iter().any(u8::is_ascii_alphabetic)
    })
    .any(),
];

#[rustfmt::skip]
const IDENTITY_WORDS: &[&str] = &[
    "upn", "uln", "unique pupil number", "unique learner number", "learner number", "zmr", "zmr zahl", "fayda", "nrc number",
    "sgk", "sgk sicil", "lične karte", "личне карте", "public services number", "social card", "seria ci", "national card", "national number",
    "الرقم الوطني", "البطاقة الوطنية", "numéro d'identification national", "numéro d’identification national", "carte nationale",
    "número de documento", "numero de documento", "nro de documento", "nº de documento", "tipo y número de documento", "numri personal",
    "cod personal", "идентификационный номер", "личный номер", "пинфл", "jshshir", "регистрийн дугаар", "p tal", "isikukood", "EMBG", "ембг",
];
#[rustfmt::skip]
const TAX_WORDS: &[&str] = &[
    "пиб", "poreski broj", "порески број", "poreski identifikacioni", "едб", "даночен број", "ninea", "nuit", "nifp", "voen", "vöen", "kra pin",
    "matricule fiscal", "PTIN", "atin", "veronumero", "RNC", "NIT", "RUC", "RUT", "identification fiscale", "стир", "tax pin", "KPP",
];
#[rustfmt::skip]
const HEALTH_WORDS: &[&str] = &[
    "medicaid", "hicn", "health insurance claim", "individual health identifier", "IHI", "health and care number", "HCN", "CIP", "cip sns",
    "número de utente", "versichertenkarte", "egk", "nhs number", "national health index", "NHI", "health plan beneficiary", "health plan id",
];
#[rustfmt::skip]
const DOCTOR_WORDS: &[&str] = &[
    "gmc number", "gmc reference", "gmc no", "nmc pin", "nmc number", "zsr", "zsr nummer", "finess", "clia", "clia number", "número de colegiado",
    "medical council", "dea number", "hcpc", "ahpra", "big nummer", "numero iscrizione albo",
];

/// Six to eighteen letters or digits.
const CODES: &[&str] = &[
    "******",
    "*******",
    "********",
    "*********",
    "**********",
    "***********",
    "************",
    "*************",
    "**************",
    "***************",
    "****************",
    "*****************",
    "******************",
];

fn has_digits(code: &Code, min: u32) -> bool {
    code.digit_mask().count_ones() >= min
}
