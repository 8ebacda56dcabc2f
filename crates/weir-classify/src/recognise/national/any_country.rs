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
    id("identity_number", "", Kind::Identity, "national identity numbers of any country", CODES, &[])
        .rule("six digits and more", |c| has_digits(c, 6))
        .any(),
    id("residence_permit", "", Kind::Residence, "residence permit numbers of any country", CODES, &[])
        .rule("six digits and more", |c| has_digits(c, 6))
        .any(),
    id("tax_number", "", Kind::Tax, "tax numbers of any country", CODES, &[])
        .rule("seven digits and more", |c| has_digits(c, 7))
        .any(),
    id("vat_number", "", Kind::Vat, "VAT numbers of any country", CODES, &[])
        .rule("seven digits and more", |c| has_digits(c, 7))
        .any(),
    id("social_security_number", "", Kind::Social, "social security numbers of any country", CODES, &[])
        .rule("seven digits and more", |c| has_digits(c, 7))
        .any(),
];

/// Six to sixteen letters or digits.
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
];

fn has_digits(code: &Code, min: u32) -> bool {
    code.digit_mask().count_ones() >= min
}
