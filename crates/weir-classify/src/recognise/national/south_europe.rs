//! Spain, Portugal, Italy, Greece, Cyprus and Malta.

use super::check::{is_day, letter_of, luhn};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

/// Check letters of Spanish identity numbers, by the remainder modulo 23.
const NIF: &str = "TRWAGMYFPDXBNJZSQVHLCKE";

pub(super) static IBERIA: &[Identifier] = &[
    // Ministerio del Interior, "Cálculo del dígito de control del NIF/NIE".
    id(
        "es_nif",
        "ES",
        Kind::Identity,
        "Spanish identity numbers (DNI, NIF)",
        &["99999999A", "9999999A", "A9999999A"],
        &[
            "dni",
            "nif",
            "documento nacional de identidad",
            "número de identificación fiscal",
            "documento de identidad",
            "dni nif",
            "identificación",
            "identification",
        ],
    )
    .check("check letter modulo 23", |c| {
        let from = usize::from(matches!(c.at(0), b'K' | b'L' | b'M'));
        (from == 1 || c.at(0).is_ascii_digit()) && letter_of(NIF, c.value(from..c.len() - 1) % 23) == c.last()
    })
    .alone(&["99999999A", "99999999-A", "9999999-A", "99.999.999-A", "9.999.999-A"]),
    id(
        "es_nie",
        "ES",
        Kind::Residence,
        "Spanish foreigner identity numbers (NIE)",
        &["A9999999A"],
        &[
            "nie",
            "número de identificación de extranjero",
            "numero de identificacion de extranjero",
            "extranjero",
            "TIE",
        ],
    )
    .check("check letter modulo 23", |c| {
        let prefix = u64::from(c.at(0).wrapping_sub(b'X'));
        matches!(c.at(0), b'X'..=b'Z')
            && letter_of(NIF, (prefix * 10_000_000 + c.value(1..8)) % 23) == c.last()
    })
    .alone(&["A9999999A", "A9999999-A", "A-9999999-A"]),
    // Real Decreto 1065/2007: letter of the legal form, seven digits, check digit or letter.
    id(
        "es_cif",
        "ES",
        Kind::Company,
        "Spanish tax numbers of companies (CIF)",
        &["A9999999*"],
        &["nif", "cif", "nif empresa", "código de identificación fiscal", "razón social"],
    )
    .check("legal form, check digit", is_cif)
    .alone(&["A-99999999", "A-9999999*"]),
    // Tesorería General de la Seguridad Social: the last two digits are the others modulo 97.
    id(
        "es_nss",
        "ES",
        Kind::Social,
        "Spanish social security numbers",
        &["999999999999"],
        &[
            "nss",
            "seguridad social",
            "número de afiliación",
            "naf",
            "afiliación",
            "número de la seguridad social",
        ],
    )
    .check("province, key modulo 97", |c| {
        let serial = c.value(2..10);
        let number = if serial < 10_000_000 { c.value(0..2) * 10_000_000 + serial } else { c.value(0..10) };
        matches!(c.value(0..2), 1..=53 | 66) && number % 97 == c.value(10..12)
    })
    .alone(&["99/99999999/99", "99 99999999 99", "99-99999999-99"]),
    // Red Eléctrica, "CUPS": sixteen digits modulo 529 give two letters.
    id(
        "es_cups",
        "ES",
        Kind::Identity,
        "Spanish supply points of electricity and gas (CUPS)",
        &["AA9999999999999999AA", "AA9999999999999999AA9A"],
        &["cups", "punto de suministro"],
    )
    .check("begins with ES, letters modulo 529", |c| {
        let rest = usize::try_from(c.value(2..18) % 529).unwrap_or_default();
        let letters = [rest / 23, rest % 23].map(|at| NIF.as_bytes().get(at).copied());
        c.starts_with("ES") && letters == [Some(c.at(18)), Some(c.at(19))]
    })
    .alone(&["AA9999999999999999AA", "AA9999999999999999AA9A"]),
    // Dirección General del Catastro: parcel, sheet, unit, two control letters.
    id(
        "es_cadastral_reference",
        "ES",
        Kind::Identity,
        "Spanish cadastral references of property",
        &["9999999AA9999A9999AA", "99999A99999999999AAA"],
        &["referencia catastral", "ref catastral", "ref. catastral", "catastro"],
    )
    .check("form", |c| c.len() == 20)
    .alone(&["9999999AA9999A9999AA"]),
    id(
        "es_passport",
        "ES",
        Kind::Passport,
        "Spanish passport numbers",
        &["AAA999999", "AA999999", "A999999"],
        &["pasaporte", "pasaporte español", "número de pasaporte", "spanish passport"],
    ),
    id(
        "es_plate",
        "ES",
        Kind::Plate,
        "Spanish vehicle registration plates",
        &["9999AAA", "A9999AA", "AA9999AA"],
        &["matrícula", "matricula"],
    )
    .rule("no vowels, Ñ or Q", |c| {
        c.len() != 7 || c.at(0).is_ascii_uppercase() || !c.bytes().iter().any(|b| b"AEIOUQ".contains(b))
    }),
    id(
        "es_health_card",
        "ES",
        Kind::Health,
        "Spanish health card numbers (CIP)",
        &["AAAA9999999999", "AAAA999999999999"],
        &["tarjeta sanitaria", "CIP", "cip sns", "código de identificación personal"],
    ),
    id(
        "es_doctor",
        "ES",
        Kind::Doctor,
        "Spanish doctors' registration numbers",
        &["999999999", "99999999"],
        &["número de colegiado", "nº colegiado", "colegiado"],
    ),
    // Autoridade Tributária, "Número de identificação fiscal": modulus 11.
    id(
        "pt_nif",
        "PT",
        Kind::Tax,
        "Portuguese tax numbers (NIF)",
        &["999999999"],
        &[
            "nif",
            "contribuinte",
            "número de contribuinte",
            "identificação fiscal",
            "nipc",
            "número de identificação fiscal",
        ],
    )
    .check("first digit in use, check digit modulo 11", |c| {
        let check = match c.sum(0, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
            0 | 1 => 0,
            rest => 11 - rest,
        };
        matches!(c.at(0), b'1'..=b'3' | b'5' | b'6' | b'8' | b'9' | b'4' | b'7') && check == c.digit(8)
    }),
    // Instituto dos Registos e Notariado, "Validação de número de documento do cartão de cidadão".
    id(
        "pt_cc",
        "PT",
        Kind::Identity,
        "Portuguese citizen card numbers",
        &["999999999AA9", "999999999**9"],
        &[
            "cartão de cidadão",
            "cartão do cidadão",
            "CC",
            "número de documento",
            "bilhete de identidade",
            "BI",
        ],
    )
    .check("check digit", |c| {
        let sum: u32 = (0..12)
            .map(|at| {
                if at % 2 == 0 {
                    let two = c.digit(at) * 2;
                    if two > 9 { two - 9 } else { two }
                } else {
                    c.digit(at)
                }
            })
            .sum();
        sum.is_multiple_of(10) && !c.is_number()
    })
    .alone(&["99999999 9 AA9", "99999999 9 **9", "999999999AA9"]),
    // Segurança Social, NISS: primes as weights, modulus 10.
    id(
        "pt_niss",
        "PT",
        Kind::Social,
        "Portuguese social security numbers (NISS)",
        &["99999999999"],
        &["niss", "segurança social", "seguranca social"],
    )
    .check("begins with 1 or 2, check digit", |c| {
        matches!(c.at(0), b'1' | b'2')
            && 9 - c.sum(0, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2]) % 10 == c.digit(10)
    }),
    // Banco de Portugal, NIB: ISO/IEC 7064 MOD 97-10.
    id(
        "pt_nib",
        "PT",
        Kind::Bank,
        "Portuguese bank account numbers (NIB)",
        &["999999999999999999999"],
        &["nib"],
    )
    .check("key modulo 97", |c| c.value(0..19) > 0 && (c.value(0..19) % 97 * 100 + c.value(19..21)) % 97 == 1)
    .alone(&["9999 9999 99999999999 99"]),
    id(
        "pt_passport",
        "PT",
        Kind::Passport,
        "Portuguese passport numbers",
        &["A999999", "AA999999"],
        &["passaporte", "passaporte português"],
    ),
    id(
        "pt_sns",
        "PT",
        Kind::Health,
        "Portuguese health service numbers",
        &["999999999"],
        &["número de utente", "utente", "sns", "numero de utente"],
    ),
    id(
        "pt_driver_licence",
        "PT",
        Kind::Licence,
        "Portuguese driving licence numbers",
        &["AA999999", "A999999", "AA9999999"],
        &["carta de condução"],
    ),
    id(
        "pt_plate",
        "PT",
        Kind::Plate,
        "Portuguese vehicle registration plates",
        &["AA99AA", "9999AA", "99AA99", "AA9999"],
        &["matrícula"],
    )
    .alone(&["AA-99-AA"]),
    id(
        "ad_id",
        "AD",
        Kind::Tax,
        "tax numbers of Andorra (NRT)",
        &["A999999A"],
        &["nrt", "número de registre tributari", "andorra"],
    )
    .rule("form of person in use", |c| b"ACDEFGLOPU".contains(&c.at(0)))
    .alone(&["A-999999-A"]),
];

pub(super) static ITALY: &[Identifier] = &[
    // Decreto ministeriale 23 dicembre 1976: check letter over odd and even characters.
    id(
        "it_fiscal_code",
        "IT",
        Kind::Tax,
        "Italian fiscal codes (codice fiscale)",
        &["AAAAAA**A**A***A"],
        &["codice fiscale", "CF", "cod. fiscale", "cod fisc", "codice fisc", "fiscal code", "c.f."],
    )
    .check("month letter, day of birth, check letter", is_fiscal_code)
    .alone(&["AAAAAA**A**A***A", "AAA AAA **A** A***A"]),
    // Agenzia delle Entrate, "Partita IVA": Luhn.
    id(
        "it_vat_code",
        "IT",
        Kind::Vat,
        "Italian VAT numbers (partita IVA)",
        &["99999999999"],
        &["partita iva", "p. iva", "p.iva", "piva", "iva", "vat", "codice iva"],
    )
    .check("check digit (Luhn), office in use", |c| c.value(0..7) > 0 && luhn(c, 0..11)),
    id(
        "it_passport",
        "IT",
        Kind::Passport,
        "Italian passport numbers",
        &["AA9999999"],
        &["passaporto", "italian passport", "elettronico", "italian", "viaggio", "viaggiare"],
    ),
    id(
        "it_identity_card",
        "IT",
        Kind::Identity,
        "Italian identity card numbers",
        &["AA9999999", "9999999AA", "AA99999AA"],
        &[
            "carta d'identità",
            "carta d’identità",
            "carta di identità",
            "carta identità",
            "carta d'identita",
            "carta identita",
            "cie",
            "carta",
            "identità",
            "documento",
            "elettronica",
        ],
    ),
    id(
        "it_driver_license",
        "IT",
        Kind::Licence,
        "Italian driving licence numbers",
        &["AA9999999A", "A9*******A", "999999999A"],
        &["patente", "patente di guida", "licenza", "licenza di guida"],
    )
    .rule("form of the years in use", |c| {
        !c.at(1).is_ascii_digit() || c.starts_with("U1") || c.at(0).is_ascii_digit()
    }),
    id(
        "it_plate",
        "IT",
        Kind::Plate,
        "Italian vehicle registration plates",
        &["AA999AA"],
        &["targa", "targato"],
    )
    .rule("no I, O, Q, U", |c| !c.bytes().iter().any(|b| b"IOQU".contains(b)))
    .alone(&["AA 999 AA", "AA-999-AA"]),
    id(
        "it_health_card",
        "IT",
        Kind::Health,
        "Italian health card numbers",
        &["99999999999999999999"],
        &["tessera sanitaria", "TEAM"],
    )
    .check("prefix 80380", |c| c.starts_with("80380"))
    .alone(&["99999999999999999999"]),
    id(
        "it_rea",
        "IT",
        Kind::Company,
        "numbers of the Italian business register (REA)",
        &["AA9999999", "AA999999", "AA99999"],
        &["REA", "numero rea", "camera di commercio"],
    ),
    // San Marino, Ufficio Tributario.
    id(
        "sm_coe",
        "SM",
        Kind::Company,
        "economic operator codes of San Marino",
        &["AA99999"],
        &["codice operatore economico", "coe"],
    )
    .rule("begins with SM", |c| c.starts_with("SM")),
];

pub(super) static GREECE_CYPRUS_MALTA: &[Identifier] = &[
    // ΗΔΙΚΑ, AMKA: birth date and Luhn.
    id(
        "gr_amka",
        "GR",
        Kind::Social,
        "Greek social security numbers (AMKA)",
        &["99999999999"],
        &["amka", "αμκα", "α.μ.κ.α.", "αριθμός μητρώου κοινωνικής ασφάλισης"],
    )
    .check("date of birth, check digit (Luhn)", |c| {
        is_day(c.value(4..6), c.value(2..4), c.value(0..2)) && luhn(c, 0..11)
    }),
    // Ανεξάρτητη Αρχή Δημοσίων Εσόδων, AFM: powers of two, modulus 11.
    id(
        "gr_afm",
        "GR",
        Kind::Tax,
        "Greek tax numbers (AFM)",
        &["999999999"],
        &["afm", "αφμ", "α.φ.μ.", "αριθμός φορολογικού μητρώου", "φορολογικού μητρώου"],
    )
    .check("check digit modulo 11", |c| {
        c.value(0..9) > 0 && c.sum(0, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == c.digit(8)
    }),
    id(
        "gr_id_card",
        "GR",
        Kind::Identity,
        "Greek identity card numbers",
        &["AA999999", "A999999"],
        &["αδτ", "α.δ.τ.", "adt", "δελτίο ταυτότητας", "ταυτότητα", "greek id"],
    ),
    id(
        "gr_passport",
        "GR",
        Kind::Passport,
        "Greek passport numbers",
        &["AA9999999"],
        &["greek passport", "διαβατήριο"],
    ),
    id(
        "gr_plate",
        "GR",
        Kind::Plate,
        "Greek vehicle registration plates",
        &["AAA9999"],
        &["πινακίδα", "αριθμός κυκλοφορίας"],
    ),
    // Cyprus Tax Department: the letter follows from the digits, modulus 26.
    id(
        "cy_tic",
        "CY",
        Kind::Tax,
        "tax numbers of Cyprus (TIC)",
        &["99999999A"],
        &["tic", "tax identification code", "cyprus tax", "αφτ"],
    )
    .check("check letter modulo 26", |c| {
        let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
        let value = |at: usize| {
            if at.is_multiple_of(2) {
                odd.get(c.digit(at) as usize).copied().unwrap_or_default()
            } else {
                c.digit(at)
            }
        };
        c.at(0) != b'1'
            && letter_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ", u64::from((0..8).map(value).sum::<u32>() % 26))
                == c.last()
    }),
    id(
        "cy_id",
        "CY",
        Kind::Identity,
        "identity and passport numbers of Cyprus",
        &["9999999999", "999999", "9999999", "A999999", "A99999999", "A9999999"],
        &["arc number", "cyprus id", "cypriot passport", "δελτίο ταυτότητας"],
    ),
    id(
        "mt_id",
        "MT",
        Kind::Identity,
        "identity card numbers of Malta",
        &["9999999A", "999999A", "99999A"],
        &["karta tal-identità", "karta tal-identita", "maltese id", "malta id"],
    )
    .rule("letter in use", |c| b"MGAPLHBZ".contains(&c.last())),
    id(
        "mt_passport",
        "MT",
        Kind::Passport,
        "passport numbers of Malta",
        &["9999999"],
        &["maltese passport", "passaport"],
    ),
];

fn is_cif(code: &Code) -> bool {
    let odd = |at: usize| {
        if at % 2 == 1 {
            let two = code.digit(at) * 2;
            two / 10 + two % 10
        } else {
            code.digit(at)
        }
    };
    let check = (10 - (1..8).map(odd).sum::<u32>() % 10) % 10;
    let letter = letter_of("JABCDEFGHI", check.into());
    b"ABCDEFGHJNPQRSUVW".contains(&code.at(0))
        && (code.last() == letter || code.digit(8) == check && code.last().is_ascii_digit())
}

/// Values of the characters in odd places.
const ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// Letters L to V may stand for the digits, where two people have the same code (omocodia).
fn is_fiscal_code(code: &Code) -> bool {
    let figure = |at: usize| match code.at(at) {
        digit @ b'0'..=b'9' => Some(u64::from(digit - b'0')),
        letter => "LMNPQRSTUV".bytes().position(|b| b == letter).and_then(|at| u64::try_from(at).ok()),
    };
    let day = figure(9).zip(figure(10)).map(|(tens, ones)| tens * 10 + ones);
    let figures = [6, 7, 12, 13, 14].into_iter().all(|at| figure(at).is_some());
    let index = |at: usize| if code.at(at).is_ascii_digit() { code.digit(at) } else { code.digit(at) - 10 };
    let value = |at: usize| {
        if at.is_multiple_of(2) {
            ODD.get(index(at) as usize).copied().unwrap_or_default()
        } else {
            index(at)
        }
    };
    figures
        && b"ABCDEHLMPRST".contains(&code.at(8))
        && day.is_some_and(|day| matches!(day, 1..=31 | 41..=71))
        && letter_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ", u64::from((0..15).map(value).sum::<u32>() % 26))
            == code.last()
}
