//! Poland, Czechia, Slovakia, Hungary and Romania.

use super::check::{is_day, yymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // Ministerstwo Cyfryzacji, PESEL: birth date with the century in the month, weights 1, 3, 7, 9, modulus 10.
    id(
        "pl_pesel",
        "PL",
        Kind::Identity,
        "Polish identification numbers (PESEL)",
        &["99999999999"],
        &["pesel", "nr pesel", "numer pesel"],
    )
    .check("date of birth, check digit", |c| {
        let month = c.value(2..4) % 20;
        is_day(c.value(0..2), month, c.value(4..6)) && c.sum(0, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 == 0
    }),
    // Krajowa Administracja Skarbowa, NIP: weights 6, 5, 7, 2, 3, 4, 5, 6, 7, modulus 11.
    id(
        "pl_nip",
        "PL",
        Kind::Tax,
        "Polish tax numbers (NIP)",
        &["9999999999"],
        &["nip", "numer nip", "nr nip", "identyfikacji podatkowej"],
    )
    .check("check digit modulo 11", |c| {
        c.value(0..3) >= 101 && c.sum(0, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == c.digit(9)
    })
    .alone(&["999-999-99-99", "999-99-99-999"]),
    // Główny Urząd Statystyczny, REGON.
    id(
        "pl_regon",
        "PL",
        Kind::Company,
        "Polish business register numbers (REGON)",
        &["999999999", "99999999999999"],
        &["regon", "nr regon"],
    )
    .check("check digit modulo 11", |c| {
        c.value(0..9) > 0 && c.sum(0, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10 == c.digit(8)
    }),
    id(
        "pl_krs",
        "PL",
        Kind::Company,
        "Polish court register numbers (KRS)",
        &["9999999999"],
        &["krs", "nr krs"],
    )
    .rule("begins with 0", |c| c.at(0) == b'0'),
    // Dowód osobisty: weights 7, 3, 1 with the check digit in the fourth place.
    id(
        "pl_id_card",
        "PL",
        Kind::Identity,
        "Polish identity card numbers",
        &["AAA999999"],
        &["dowód osobisty", "dowodu osobistego", "dowód", "nr dowodu", "seria i numer", "dowodu"],
    )
    .check("check digit", |c| c.sum(0, &[7, 3, 1, 0, 7, 3, 1, 7, 3]) % 10 == c.digit(3)),
    id(
        "pl_passport",
        "PL",
        Kind::Passport,
        "Polish passport numbers",
        &["AA9999999"],
        &["paszport", "nr paszportu", "paszportu"],
    ),
    id(
        "pl_driver_licence",
        "PL",
        Kind::Licence,
        "Polish driving licence numbers",
        &["99999999999", "999999999"],
        &["prawo jazdy", "prawa jazdy"],
    ),
    id(
        "pl_plate",
        "PL",
        Kind::Plate,
        "Polish vehicle registration plates",
        &["AA99999", "AA9999A", "AAA9999", "AAA99AA", "AAA9A99", "AAA99A9", "AAA999A", "AAA99999", "AA999AA"],
        &["tablica rejestracyjna", "numer rejestracyjny", "nr rejestracyjny", "rejestracja"],
    ),
    id(
        "pl_pwz",
        "PL",
        Kind::Doctor,
        "Polish doctors' licence numbers (PWZ)",
        &["9999999"],
        &["pwz", "prawo wykonywania zawodu"],
    ),
    // Ministerstvo vnitra, zákon č. 133/2000 Sb.: birth date (women: month + 50), divisible by 11.
    id(
        "cz_rodne_cislo",
        "CZ",
        Kind::Identity,
        "Czech birth numbers (rodné číslo)",
        &["9999999999", "999999999"],
        &["rodné číslo", "rodne cislo", "rodného čísla", "rč", "r.č.", "rodným číslem"],
    )
    .check("date of birth, divisible by 11", is_birth_number)
    .alone(&["999999/9999"]),
    id(
        "sk_rodne_cislo",
        "SK",
        Kind::Identity,
        "Slovak birth numbers (rodné číslo)",
        &["9999999999", "999999999"],
        &["rodné číslo", "rodne cislo", "rodného čísla"],
    )
    .check("date of birth, divisible by 11", is_birth_number),
    // Český statistický úřad, IČO: weights 8 to 2, modulus 11.
    id(
        "cz_ico",
        "CZ",
        Kind::Company,
        "Czech and Slovak company numbers (IČO)",
        &["99999999"],
        &["ičo", "ico", "ič", "identifikační číslo", "identifikačné číslo"],
    )
    .check("check digit modulo 11", |c| {
        c.value(0..8) > 0 && (11 - c.sum(0, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == c.digit(7)
    }),
    id(
        "cz_id_card",
        "CZ",
        Kind::Identity,
        "Czech identity card numbers",
        &["999999999", "999999AA99"],
        &["občanský průkaz", "občanského průkazu", "číslo op", "OP"],
    ),
    id(
        "cz_passport",
        "CZ",
        Kind::Passport,
        "Czech passport numbers",
        &["99999999", "999999999"],
        &["cestovní pas", "číslo pasu"],
    ),
    id(
        "cz_plate",
        "CZ",
        Kind::Plate,
        "Czech vehicle registration plates",
        &["9A99999", "9AA9999", "AAA9999"],
        &["spz", "registrační značka", "RZ", "poznávací značka"],
    ),
    id(
        "sk_id_card",
        "SK",
        Kind::Identity,
        "Slovak identity card numbers",
        &["AA999999"],
        &["číslo op", "občiansky preukaz", "občianskeho preukazu"],
    ),
    id(
        "sk_passport",
        "SK",
        Kind::Passport,
        "Slovak passport numbers",
        &["AA9999999", "A9999999"],
        &["cestovný pas"],
    ),
    id("sk_dic", "SK", Kind::Tax, "Slovak tax numbers (DIČ)", &["9999999999"], &["dič", "dic", "ič dph"])
        .check("divisible by 11", |c| c.value(0..10) % 11 == 0 && c.at(0) != b'0'),
    // 1996. évi XX. törvény: sex and century, birth date, weights 1 to 10 or 10 to 1, modulus 11.
    id(
        "hu_personal_id",
        "HU",
        Kind::Identity,
        "Hungarian personal identification numbers",
        &["99999999999"],
        &["személyi azonosító", "személyi szám", "személyi azonosító szám"],
    )
    .check("date of birth, check digit modulo 11", |c| {
        let up = c.sum(0, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) % 11;
        let down = c.sum(0, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11;
        matches!(c.at(0), b'1'..=b'8') && yymmdd(c, 1) && [up, down].contains(&c.digit(10))
    })
    .alone(&["9-999999-9999", "9 999999 9999"]),
    // TAJ: weights 3 and 7, modulus 10.
    id(
        "hu_taj",
        "HU",
        Kind::Health,
        "Hungarian social security numbers (TAJ)",
        &["999999999"],
        &["taj", "taj szám", "társadalombiztosítási", "tb szám"],
    )
    .check("check digit", |c| c.value(0..9) > 0 && c.sum(0, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == c.digit(8)),
    // Adóazonosító jel: first digit 8, weights 1 to 9, modulus 11.
    id(
        "hu_tax_id",
        "HU",
        Kind::Tax,
        "Hungarian tax identification numbers",
        &["9999999999"],
        &["adóazonosító", "adóazonosító jel", "adóazonosító szám"],
    )
    .check("begins with 8, check digit modulo 11", |c| {
        c.at(0) == b'8' && c.sum(0, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == c.digit(9)
    }),
    id(
        "hu_tax_number",
        "HU",
        Kind::Company,
        "Hungarian tax numbers of businesses",
        &["99999999999"],
        &["adószám", "adoszam", "cégjegyzékszám"],
    )
    .check("check digit of the base number, county code", |c| {
        (10 - c.sum(0, &[9, 7, 3, 1, 9, 7, 3]) % 10) % 10 == c.digit(7)
            && matches!(c.at(8), b'1'..=b'5')
            && matches!(c.value(9..11), 2..=20 | 22..=44 | 51)
    })
    .alone(&["99999999-9-99"]),
    id(
        "hu_id_card",
        "HU",
        Kind::Identity,
        "Hungarian identity card numbers",
        &["999999AA", "AA999999"],
        &["személyi igazolvány", "személyi igazolvány száma", "személyi ig"],
    ),
    id(
        "hu_passport",
        "HU",
        Kind::Passport,
        "Hungarian passport numbers",
        &["AA9999999", "AA999999"],
        &["útlevél", "útlevélszám"],
    ),
    id(
        "hu_plate",
        "HU",
        Kind::Plate,
        "Hungarian vehicle registration plates",
        &["AAA999", "AAAA999"],
        &["rendszám", "rendszam"],
    ),
    // Legea nr. 105/1996, CNP: sex and century, birth date, county, weights 279146358279, modulus 11.
    id(
        "ro_cnp",
        "RO",
        Kind::Identity,
        "Romanian personal numeric codes (CNP)",
        &["9999999999999"],
        &["cnp", "cod numeric personal", "codul numeric personal"],
    )
    .check("sex, date of birth, county, check digit modulo 11", |c| {
        let check = match c.sum(0, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
            10 => 1,
            rest => rest,
        };
        c.at(0) != b'0'
            && yymmdd(c, 1)
            && matches!(c.value(7..9), 1..=52 | 70 | 80..=83)
            && check == c.digit(12)
    }),
    id(
        "ro_cui",
        "RO",
        Kind::Company,
        "Romanian company tax numbers (CUI)",
        &[
            "AA999999",
            "AA9999999",
            "AA99999999",
            "AA999999999",
            "AA9999999999",
            "999999",
            "9999999",
            "99999999",
        ],
        &["cui", "cod unic de înregistrare", "cif", "cod fiscal"],
    )
    .check("check digit modulo 11", |c| {
        let from = if c.starts_with("RO") { 2 } else { 0 };
        let body = c.len() - from - 1;
        let sum: u32 = [7, 5, 3, 2, 1, 7, 5, 3, 2]
            .iter()
            .rev()
            .zip((0..body).rev())
            .map(|(w, at)| w * c.digit(from + at))
            .sum();
        (from == 2 || c.is_number()) && sum * 10 % 11 % 10 == c.digit(c.len() - 1) && body >= 5
    })
    .bare(|c| c.starts_with("RO")),
    // Oficiul Național al Registrului Comerțului: letter, county, number, year.
    id(
        "ro_trade_register",
        "RO",
        Kind::Company,
        "numbers of the Romanian trade register",
        &["A9999999", "A99999999", "A999999999", "A9999999999", "A99999999999"],
        &["registrul comerțului", "registrul comertului", "reg com", "reg. com", "onrc"],
    )
    .rule("begins with J, F or C, year", |c| {
        b"JFC".contains(&c.at(0)) && matches!(c.value(c.len() - 4..c.len()), 1990..=2060)
    })
    .alone(&["A99/99/9999", "A99/999/9999", "A99/9999/9999", "A99/99999/9999"]),
    id(
        "ro_id_card",
        "RO",
        Kind::Identity,
        "Romanian identity card numbers",
        &["AA999999"],
        &["carte de identitate", "buletin", "seria", "ci seria"],
    ),
    id(
        "ro_passport",
        "RO",
        Kind::Passport,
        "Romanian passport numbers",
        &["999999999", "99999999"],
        &["pașaport", "pasaport"],
    ),
    id(
        "ro_plate",
        "RO",
        Kind::Plate,
        "Romanian vehicle registration plates",
        &["A99AAA", "A999AAA", "AA99AAA"],
        &["număr de înmatriculare", "numar de inmatriculare"],
    ),
];

/// Months of women have 50 more, when numbers of a day ran out 20 more. Nine digits until 1953, without a check digit.
fn is_birth_number(code: &Code) -> bool {
    let month = code.value(2..4) % 50;
    let month = if month > 20 { month - 20 } else { month };
    let born = is_day(code.value(0..2), month, code.value(4..6));
    let rest = code.value(0..9) % 11 % 10;
    born && (code.len() == 9 && code.value(0..2) < 54
        || code.len() == 10
            && (code.value(0..10).is_multiple_of(11)
                || rest == u64::from(code.digit(9)) && code.value(0..9) % 11 == 10))
}
