//! Latin America and the Caribbean but for Brazil and Mexico.

use super::check::{is_day, luhn, yymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;

pub(super) static ROWS: &[Identifier] = &[
    // Administración Federal de Ingresos Públicos: weights 5, 4, 3, 2, 7 to 2, modulus 11.
    id(
        "ar_cuit",
        "AR",
        Kind::Tax,
        "Argentine tax and labour numbers (CUIT, CUIL)",
        &["99999999999"],
        &["cuit", "cuil", "cdi", "afip", "clave única de identificación"],
    )
    .check("type, check digit modulo 11", |c| {
        matches!(c.value(0..2), 20 | 23..=27 | 30 | 33 | 34)
            && c.sum(0, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    })
    .alone(&["99-99999999-9"]),
    id(
        "ar_dni",
        "AR",
        Kind::Identity,
        "Argentine identity numbers (DNI)",
        &["99999999", "9999999"],
        &["dni", "documento nacional de identidad", "documento único", "d.n.i."],
    ),
    // Banco Central de la República Argentina, CBU: two blocks with weights 7, 1, 3, 9.
    id(
        "ar_cbu",
        "AR",
        Kind::Bank,
        "Argentine bank account numbers (CBU)",
        &["9999999999999999999999"],
        &["cbu", "cvu", "clave bancaria"],
    )
    .check("check digits of both blocks", |c| {
        (10 - c.sum(0, &[7, 1, 3, 9, 7, 1, 3]) % 10) % 10 == c.digit(7)
            && (10 - c.sum(8, &[3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3]) % 10) % 10 == c.digit(21)
    })
    .alone(&["9999999999999999999999"]),
    id(
        "ar_passport",
        "AR",
        Kind::Passport,
        "Argentine passport numbers",
        &["AAA999999", "99999999A"],
        &["pasaporte argentino", "pasaporte"],
    ),
    id(
        "ar_plate",
        "AR",
        Kind::Plate,
        "Argentine vehicle registration plates",
        &["AA999AA", "AAA999"],
        &["patente", "dominio"],
    ),
    // Servicio de Registro Civil: weights 2 to 7 from the right, modulus 11.
    id(
        "cl_rut",
        "CL",
        Kind::Identity,
        "Chilean identity and tax numbers (RUT)",
        &["99999999*", "9999999*"],
        &["RUT", "RUN", "rol único", "cédula de identidad", "r.u.t."],
    )
    .check("check character modulo 11", |c| {
        let body = c.len() - 1;
        let sum: u32 = (0..body)
            .rev()
            .zip([2, 3, 4, 5, 6, 7].into_iter().cycle())
            .map(|(at, weight)| c.digit(at) * weight)
            .sum();
        let check = match (11 - sum % 11) % 11 {
            10 => b'K',
            digit => u8::try_from(digit).unwrap_or_default() + b'0',
        };
        c.value(0..body) > 1_000_000 && check == c.last()
    })
    .alone(&["99.999.999-*", "9.999.999-*", "99999999-*"]),
    id(
        "cl_passport",
        "CL",
        Kind::Passport,
        "Chilean passport numbers",
        &["A99999999", "999999999", "A9999999", "AA999999"],
        &["pasaporte chileno"],
    ),
    id(
        "cl_plate",
        "CL",
        Kind::Plate,
        "Chilean vehicle registration plates",
        &["AAAA99", "AA9999"],
        &["patente", "placa patente"],
    ),
    // Dirección de Impuestos y Aduanas Nacionales, NIT: primes as weights, modulus 11.
    id(
        "co_nit",
        "CO",
        Kind::Company,
        "Colombian tax numbers (NIT)",
        &["9999999999"],
        &["NIT", "dian", "número de identificación tributaria"],
    )
    .check("check digit modulo 11", |c| {
        let rest = c.sum(0, &[41, 37, 29, 23, 19, 17, 13, 7, 3]) % 11;
        (if rest < 2 { rest } else { 11 - rest }) == c.digit(9)
    })
    .alone(&["999.999.999-9", "999999999-9"]),
    id(
        "co_cedula",
        "CO",
        Kind::Identity,
        "Colombian identity card numbers",
        &["9999999999", "99999999", "9999999", "999999"],
        &[
            "cédula de ciudadanía",
            "cedula de ciudadania",
            "c.c.",
            "CC",
            "cédula",
            "cedula",
            "tarjeta de identidad",
            "cédula de extranjería",
            "nuip",
        ],
    ),
    id(
        "co_passport",
        "CO",
        Kind::Passport,
        "Colombian passport numbers",
        &["AA999999", "AA9999999"],
        &["pasaporte colombiano"],
    ),
    id(
        "co_plate",
        "CO",
        Kind::Plate,
        "Colombian vehicle registration plates",
        &["AAA999", "AAA99A"],
        &["placa"],
    ),
    id(
        "pe_dni",
        "PE",
        Kind::Identity,
        "Peruvian identity numbers (DNI)",
        &["99999999", "999999999", "99999999A"],
        &["dni", "reniec", "documento nacional", "carné de extranjería"],
    ),
    // SUNAT, RUC: weights 5, 4, 3, 2, 7 to 2, modulus 11.
    id(
        "pe_ruc",
        "PE",
        Kind::Tax,
        "Peruvian taxpayer numbers (RUC)",
        &["99999999999"],
        &["ruc", "sunat", "registro único de contribuyentes"],
    )
    .check("type, check digit modulo 11", |c| {
        matches!(c.value(0..2), 10 | 15..=17 | 20)
            && (11 - c.sum(0, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 10 == c.digit(10)
    }),
    // Registro Civil, Ecuador: province, third digit, Luhn.
    id(
        "ec_cedula",
        "EC",
        Kind::Identity,
        "Ecuadorian identity card and taxpayer numbers",
        &["9999999999", "9999999999999"],
        &["CI", "cédula", "cedula", "cédula de identidad", "ruc", "registro civil"],
    )
    .check("province, check digit (Luhn)", |c| {
        matches!(c.value(0..2), 1..=24 | 30)
            && c.digit(2) < 6
            && luhn(c, 0..10)
            && (c.len() == 10 || c.value(10..13) > 0)
    }),
    // Dirección Nacional de Identificación Civil: weights 2, 9, 8, 7, 6, 3, 4, modulus 10.
    id(
        "uy_ci",
        "UY",
        Kind::Identity,
        "Uruguayan identity card numbers",
        &["99999999", "9999999"],
        &["cédula de identidad", "cédula", "c.i.", "CI", "cedula"],
    )
    .check("check digit", |c| {
        let weights = [2, 9, 8, 7, 6, 3, 4];
        let weights = weights.get(8 - c.len()..).unwrap_or_default();
        c.value(0..c.len()) > 0 && (10 - c.sum(0, weights) % 10) % 10 == c.digit(c.len() - 1)
    })
    .alone(&["9.999.999-9"]),
    id("uy_rut", "UY", Kind::Company, "Uruguayan taxpayer numbers (RUT)", &["999999999999"], &["RUT", "dgi"])
        .check("check digit modulo 11", |c| {
            (11 - c.sum(0, &[4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 == c.digit(11)
        }),
    // SENIAT, RIF: letter as 1 to 5, weights 4, 3, 2, 7 to 2, modulus 11.
    id(
        "ve_rif",
        "VE",
        Kind::Tax,
        "Venezuelan taxpayer numbers (RIF)",
        &["A999999999"],
        &["rif", "seniat", "registro único de información fiscal"],
    )
    .check("kind of person, check digit modulo 11", |c| {
        let kind = match c.at(0) {
            b'V' => 1,
            b'E' => 2,
            b'J' => 3,
            b'P' => 4,
            b'G' => 5,
            _ => return false,
        };
        let rest = 11 - (kind * 4 + c.sum(1, &[3, 2, 7, 6, 5, 4, 3, 2])) % 11;
        (if rest > 9 { 0 } else { rest }) == c.digit(9)
    })
    .alone(&["A-99999999-9"]),
    id(
        "ve_cedula",
        "VE",
        Kind::Identity,
        "Venezuelan identity card numbers",
        &["A99999999", "A9999999", "99999999"],
        &["cédula de identidad", "cédula", "cedula", "c.i."],
    )
    .rule("V or E", |c| c.is_number() || b"VE".contains(&c.at(0)))
    .alone(&["V-99.999.999", "V-99999999", "E-99999999"]),
    id(
        "py_ruc",
        "PY",
        Kind::Tax,
        "Paraguayan taxpayer and identity numbers",
        &["99999999", "9999999", "999999999"],
        &["ruc", "cédula paraguaya", "set paraguay", "cédula de identidad"],
    )
    .rule("check digit modulo 11", |c| {
        c.len() == 7 || {
            let body = c.len() - 1;
            let sum: u32 = (0..body).rev().zip(2..).map(|(at, weight)| c.digit(at) * weight).sum();
            (if sum % 11 > 1 { 11 - sum % 11 } else { 0 }) == c.digit(body)
        }
    }),
    id(
        "bo_ci",
        "BO",
        Kind::Identity,
        "Bolivian identity card and tax numbers",
        &["9999999", "99999999", "9999999AA", "99999999AA", "9999999999"],
        &["CI", "cédula de identidad", "carnet de identidad", "NIT", "c.i.", "bolivia ci"],
    ),
    // Junta Central Electoral: Luhn.
    id(
        "do_cedula",
        "DO",
        Kind::Identity,
        "Dominican identity card numbers",
        &["99999999999"],
        &["cédula", "cedula", "cédula de identidad y electoral", "jce"],
    )
    .check("check digit (Luhn)", |c| c.value(0..11) > 0 && luhn(c, 0..11))
    .alone(&["999-9999999-9"]),
    id("do_rnc", "DO", Kind::Company, "Dominican taxpayer numbers (RNC)", &["999999999"], &["rnc", "dgii"])
        .check("check digit modulo 11", |c| {
            (10 - c.sum(0, &[7, 9, 8, 6, 5, 4, 3, 2]) % 11 % 10) % 9 == c.digit(8) % 9
        }),
    // Registro Nacional de las Personas, Guatemala: CUI, weights 2 to 9, modulus 11.
    id(
        "gt_dpi",
        "GT",
        Kind::Identity,
        "Guatemalan identity numbers (DPI, CUI)",
        &["9999999999999"],
        &["dpi", "cui", "renap"],
    )
    .check("check digit modulo 11, department", |c| {
        c.sum(0, &[2, 3, 4, 5, 6, 7, 8, 9]) % 11 == c.digit(8)
            && matches!(c.value(9..11), 1..=22)
            && c.value(11..13) > 0
    })
    .alone(&["9999 99999 9999"]),
    id(
        "gt_nit",
        "GT",
        Kind::Tax,
        "Guatemalan tax numbers (NIT)",
        &["99999999", "9999999*", "999999*"],
        &["NIT", "sat guatemala"],
    )
    .check("check character modulo 11", |c| {
        let body = c.len() - 1;
        let sum: u32 = (0..body).rev().zip(2..).map(|(at, weight)| c.digit(at) * weight).sum();
        match (11 - sum % 11) % 11 {
            10 => c.last() == b'K',
            check => c.last().is_ascii_digit() && c.digit(body) == check,
        }
    }),
    // Registro Nacional de las Personas Naturales, El Salvador: weights 9 to 2, modulus 10.
    id(
        "sv_dui",
        "SV",
        Kind::Identity,
        "Salvadoran identity numbers (DUI)",
        &["999999999"],
        &["dui", "documento único de identidad", "rnpn"],
    )
    .check("check digit", |c| {
        c.value(0..8) > 0 && (10 - c.sum(0, &[9, 8, 7, 6, 5, 4, 3, 2]) % 10) % 10 == c.digit(8)
    })
    .alone(&["99999999-9"]),
    id("sv_nit", "SV", Kind::Tax, "Salvadoran tax numbers (NIT)", &["99999999999999"], &["NIT"])
        .check("date", |c| is_day(c.value(8..10), c.value(6..8), c.value(4..6)))
        .alone(&["9999-999999-999-9"]),
    id(
        "hn_dni",
        "HN",
        Kind::Identity,
        "Honduran identity numbers",
        &["9999999999999"],
        &["dni honduras", "rtn", "identidad", "tarjeta de identidad"],
    )
    .check("department, year of birth", |c| {
        matches!(c.value(0..2), 1..=18) && matches!(c.value(4..8), 1900..=2030)
    })
    .alone(&["9999-9999-99999"]),
    id(
        "ni_cedula",
        "NI",
        Kind::Identity,
        "Nicaraguan identity card numbers",
        &["9999999999999A"],
        &["cédula", "cedula nicaragua", "cédula nicaragüense"],
    )
    .check("date of birth", |c| is_day(c.value(7..9), c.value(5..7), c.value(3..5)))
    .alone(&["999-999999-9999A"]),
    id(
        "cr_cedula",
        "CR",
        Kind::Identity,
        "Costa Rican identity numbers",
        &["999999999", "9999999999", "99999999999", "999999999999"],
        &["cédula", "cedula", "cédula jurídica", "dimex", "cédula física"],
    )
    .alone(&["9-9999-9999"]),
    id(
        "pa_cedula",
        "PA",
        Kind::Identity,
        "Panamanian identity numbers",
        &["99999999", "999999999", "9999999", "A9999999", "AA9999999"],
        &["cédula", "CIP", "cédula panameña", "ruc panamá"],
    ),
    // Cuba: birth date.
    id(
        "cu_ci",
        "CU",
        Kind::Identity,
        "Cuban identity card numbers",
        &["99999999999"],
        &["carné de identidad", "carnet de identidad", "número de identidad permanente"],
    )
    .check("date of birth", |c| yymmdd(c, 0)),
    id(
        "jm_trn",
        "JM",
        Kind::Tax,
        "Jamaican taxpayer registration numbers (TRN)",
        &["999999999"],
        &["trn", "taxpayer registration number", "jamaica trn"],
    ),
    id(
        "tt_bir",
        "TT",
        Kind::Tax,
        "identity and tax numbers of Trinidad and Tobago",
        &["99999999999", "9999999999", "999999999"],
        &["bir number", "trinidad id", "nis number"],
    ),
    id(
        "latin_american_passport",
        "",
        Kind::Passport,
        "passport numbers of other Latin American countries",
        &["A999999", "A9999999", "999999999", "AA9999999", "A99999999", "AAA999999", "99999999", "9999999"],
        &[
            "pasaporte peruano",
            "pasaporte ecuatoriano",
            "pasaporte venezolano",
            "pasaporte uruguayo",
            "pasaporte n°",
            "número de pasaporte",
        ],
    ),
    id(
        "latin_american_licence",
        "",
        Kind::Licence,
        "driving licence numbers of Latin American countries",
        &["99999999", "9999999999", "A99999999", "9999999", "999999999", "AA9999999"],
        &["licencia de conducir", "licencia de manejo", "licencia de conducción", "brevete"],
    ),
];
