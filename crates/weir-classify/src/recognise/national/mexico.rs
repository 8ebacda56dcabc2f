//! Mexico.

use super::check::{luhn, yymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // Registro Nacional de Población: name, birth date, sex, state, check digit.
    id(
        "mx_curp",
        "MX",
        Kind::Identity,
        "Mexican population registry codes (CURP)",
        &["AAAA999999AAAAAA*9"],
        &["curp", "clave única de registro", "registro de población"],
    )
    .check("date of birth, sex, check digit", is_curp)
    .alone(&["AAAA999999AAAAAA*9"]),
    // Servicio de Administración Tributaria: name, date, homoclave.
    id(
        "mx_rfc",
        "MX",
        Kind::Tax,
        "Mexican taxpayer codes (RFC)",
        &["AAAA999999***", "AAA999999***"],
        &["rfc", "registro federal de contribuyentes", "SAT"],
    )
    .check("date of birth or foundation", |c| {
        yymmdd(c, c.len() - 9) && matches!(c.last(), b'0'..=b'9' | b'A')
    })
    .alone(&["AAAA999999***", "AAAA-999999-***", "AAA-999999-***"]),
    // Instituto Mexicano del Seguro Social: Luhn.
    id(
        "mx_nss",
        "MX",
        Kind::Social,
        "Mexican social security numbers (NSS)",
        &["99999999999"],
        &["nss", "imss", "seguro social", "número de seguridad social"],
    )
    .check("check digit (Luhn)", |c| luhn(c, 0..11)),
    id(
        "mx_ine",
        "MX",
        Kind::Voter,
        "Mexican voter codes (INE)",
        &["AAAAAA99999999A999", "9999999999999"],
        &["INE", "IFE", "clave de elector", "credencial para votar", "ocr ine"],
    )
    .alone(&["AAAAAA99999999A999"]),
    // Banco de México, CLABE: weights 3, 7, 1, modulus 10.
    id(
        "mx_clabe",
        "MX",
        Kind::Bank,
        "Mexican bank account numbers (CLABE)",
        &["999999999999999999"],
        &["clabe", "clabe interbancaria", "cuenta clabe", "spei"],
    )
    .check("check digit", |c| {
        let sum: u32 =
            (0..17).zip([3, 7, 1].into_iter().cycle()).map(|(at, weight)| c.digit(at) * weight % 10).sum();
        c.value(0..3) >= 2 && c.value(0..3) < 800 && (10 - sum % 10) % 10 == c.digit(17)
    }),
    id(
        "mx_passport",
        "MX",
        Kind::Passport,
        "Mexican passport numbers",
        &["A99999999", "99999999999", "AA9999999"],
        &["pasaporte", "pasaporte mexicano"],
    ),
    id(
        "mx_plate",
        "MX",
        Kind::Plate,
        "Mexican vehicle registration plates",
        &["AAA9999", "AAA999A", "AA99999", "A99AAA", "AAA999"],
        &["placa", "placas"],
    ),
    id(
        "mx_cedula_profesional",
        "MX",
        Kind::Doctor,
        "Mexican professional licence numbers",
        &["9999999", "99999999"],
        &["cédula profesional", "cedula profesional"],
    ),
];

const CURP: &str = "0123456789ABCDEFGHIJKLMN\u{1}OPQRSTUVWXYZ";

fn is_curp(code: &Code) -> bool {
    let value = |at: usize| {
        CURP.bytes()
            .position(|b| b == code.at(at))
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or_default()
    };
    let sum: u32 = (0..17).map(|at| value(at) * u32::try_from(18 - at).unwrap_or_default()).sum();
    yymmdd(code, 4) && matches!(code.at(10), b'H' | b'M' | b'X') && (10 - sum % 10) % 10 == code.digit(17)
}
