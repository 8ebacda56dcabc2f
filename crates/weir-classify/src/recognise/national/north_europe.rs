//! The Nordic and the Baltic countries.

use super::check::{ddmmyy, down_11, is_day, letter_of, luhn, two_step_11, yymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static NORDIC: &[Identifier] = &[
    // Skatteverket, SKV 704: birth date (coordination numbers: day + 60), Luhn over the last ten digits.
    id(
        "se_personnummer",
        "SE",
        Kind::Identity,
        "Swedish personal identity numbers",
        &["999999999999", "9999999999"],
        &[
            "personnummer",
            "pnr",
            "personnr",
            "svensk id",
            "samordningsnummer",
            "person nr",
            "swedish id",
            "svenskt personnummer",
            "födelsenummer",
        ],
    )
    .check("date of birth, check digit (Luhn)", is_personnummer)
    .alone(&["999999-9999", "99999999-9999"]),
    // Bolagsverket: the third digit is 2 or more, Luhn.
    id(
        "se_organisationsnummer",
        "SE",
        Kind::Company,
        "Swedish organisation numbers",
        &["9999999999", "999999999999"],
        &[
            "organisationsnummer",
            "orgnummer",
            "org nr",
            "org.nr",
            "företagsnummer",
            "orgnr",
            "organisationsnr",
            "company identity code",
            "bolag",
            "företag",
            "momsregistreringsnummer",
        ],
    )
    .check("third digit 2 or more, check digit (Luhn)", |c| {
        let from = c.len() - 10;
        (from == 0 || c.starts_with("16"))
            && c.at(from) != b'0'
            && c.digit(from + 2) >= 2
            && luhn(c, from..c.len())
    })
    .alone(&["999999-9999"]),
    id(
        "se_passport",
        "SE",
        Kind::Passport,
        "Swedish passport numbers",
        &["99999999", "AA9999999"],
        &["svenskt pass", "passnummer", "pass nr"],
    ),
    id(
        "se_plate",
        "SE",
        Kind::Plate,
        "Swedish vehicle registration plates",
        &["AAA999", "AAA99A"],
        &["registreringsnummer", "regnr", "reg nr", "registreringsskylt"],
    ),
    // CPR-kontoret: birth date; modulus 11 until 2007.
    id(
        "dk_cpr",
        "DK",
        Kind::Identity,
        "Danish personal identity numbers (CPR)",
        &["9999999999"],
        &["cpr", "cpr nummer", "cpr nr", "personnummer", "cprnr"],
    )
    .rule("date of birth", |c| ddmmyy(c, 0) && c.value(6..10) > 0)
    .bare(|c| c.sum(0, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0)
    .alone(&["999999-9999"]),
    id(
        "fo_ptal",
        "FO",
        Kind::Identity,
        "personal numbers of the Faroe Islands (p-tal)",
        &["999999999"],
        &["p tal"],
    )
    .check("date of birth", |c| ddmmyy(c, 0))
    .bare(|_| false),
    // Erhvervsstyrelsen, CVR: weights 2, 7, 6, 5, 4, 3, 2, 1, modulus 11.
    id(
        "dk_cvr",
        "DK",
        Kind::Company,
        "Danish company numbers (CVR)",
        &["99999999"],
        &["cvr", "cvr nummer", "cvr nr", "cvrnr", "se nummer"],
    )
    .check("check digit modulo 11", |c| c.at(0) != b'0' && c.sum(0, &[2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0),
    id(
        "dk_passport",
        "DK",
        Kind::Passport,
        "Danish passport numbers",
        &["999999999"],
        &["dansk pas", "pasnummer"],
    ),
    id(
        "dk_plate",
        "DK",
        Kind::Plate,
        "Danish vehicle registration plates",
        &["AA99999"],
        &["nummerplade", "registreringsnummer"],
    ),
    // Skatteetaten, fødselsnummer: birth date (D numbers: day + 40), two check digits modulo 11.
    id(
        "no_fodselsnummer",
        "NO",
        Kind::Identity,
        "Norwegian national identity numbers",
        &["99999999999"],
        &[
            "fødselsnummer",
            "fodselsnummer",
            "fødselsnr",
            "personnummer",
            "d nummer",
            "fnr",
            "personnr",
            "f.nr",
        ],
    )
    .check("date of birth, two check digits modulo 11", is_fodselsnummer)
    .alone(&["999999 99999"]),
    // Brønnøysundregistrene: weights 3, 2, 7, 6, 5, 4, 3, 2, modulus 11.
    id(
        "no_organisasjonsnummer",
        "NO",
        Kind::Company,
        "Norwegian organisation numbers",
        &["999999999"],
        &["organisasjonsnummer", "orgnr", "org nr", "org.nr", "orgnummer", "foretaksregisteret"],
    )
    .check("begins with 8 or 9, check digit modulo 11", |c| {
        matches!(c.at(0), b'8' | b'9') && down_11(c, 0, &[3, 2, 7, 6, 5, 4, 3, 2])
    }),
    id(
        "no_passport",
        "NO",
        Kind::Passport,
        "Norwegian passport numbers",
        &["99999999", "AAA999999", "A9999999"],
        &["norsk pass", "passnummer"],
    ),
    id(
        "no_plate",
        "NO",
        Kind::Plate,
        "Norwegian vehicle registration plates",
        &["AA99999", "AA9999"],
        &["registreringsnummer", "skiltnummer", "kjennemerke"],
    ),
    id(
        "no_hpr",
        "NO",
        Kind::Doctor,
        "Norwegian health personnel numbers (HPR)",
        &["9999999", "99999999"],
        &["hpr", "hpr nummer", "hprnummer"],
    ),
    // Digi- ja väestötietovirasto, henkilötunnus: birth date, sign of the century, check character modulo 31.
    id(
        "fi_personal_identity_code",
        "FI",
        Kind::Identity,
        "Finnish personal identity codes",
        &["999999999*", "999999A999*"],
        &[
            "hetu",
            "henkilötunnus",
            "henkilotunnus",
            "personbeteckning",
            "personal identity code",
            "sotu",
            "sosiaaliturvatunnus",
            "henkilötunnuksen",
        ],
    )
    .check("date of birth, sign of the century, check character modulo 31", is_hetu)
    .alone(&["999999-999*", "999999A999*", "999999-999A"]),
    // Patentti- ja rekisterihallitus: weights 7, 9, 10, 5, 8, 4, 2, modulus 11.
    id(
        "fi_business_id",
        "FI",
        Kind::Company,
        "Finnish business ids (Y-tunnus)",
        &["99999999"],
        &["y tunnus", "y-tunnus", "fo nummer", "business id", "ytunnus"],
    )
    .check("check digit modulo 11", |c| c.value(0..7) > 0 && down_11(c, 0, &[7, 9, 10, 5, 8, 4, 2]))
    .alone(&["9999999-9"]),
    id(
        "fi_passport",
        "FI",
        Kind::Passport,
        "Finnish passport and identity card numbers",
        &["AA9999999", "999999999A", "999999999"],
        &["passi", "suomen passi", "passin numero", "passinumero"],
    ),
    id(
        "fi_plate",
        "FI",
        Kind::Plate,
        "Finnish vehicle registration plates",
        &["AAA999", "AAA99", "AA999"],
        &["rekisterinumero", "rekisteritunnus"],
    ),
    // Þjóðskrá Íslands, kennitala: birth date, weights 3, 2, 7, 6, 5, 4, 3, 2, modulus 11, digit of the century.
    id(
        "is_kennitala",
        "IS",
        Kind::Identity,
        "Icelandic identity numbers (kennitala)",
        &["9999999999"],
        &["kennitala", "KT", "kennitölu"],
    )
    .check("date of birth, check digit modulo 11, century", |c| {
        let day = c.value(0..2) % 40;
        is_day(c.value(4..6), c.value(2..4), day)
            && matches!(c.at(9), b'0' | b'8' | b'9')
            && down_11(c, 0, &[3, 2, 7, 6, 5, 4, 3, 2])
    })
    .alone(&["999999-9999"]),
    id(
        "is_passport",
        "IS",
        Kind::Passport,
        "Icelandic passport numbers",
        &["A9999999"],
        &["vegabréf", "vegabref"],
    ),
];

pub(super) static BALTIC: &[Identifier] = &[
    // Eesti Vabariik, standard EVS 585: sex and century, birth date, weights 1 to 9, 1 and 3 to 9, 1, 2, 3, modulus 11.
    id(
        "ee_isikukood",
        "EE",
        Kind::Identity,
        "Estonian personal identification codes",
        &["99999999999"],
        &["isikukood", "isikukoodi", "personal code", "IK"],
    )
    .check("century, date of birth, check digit modulo 11", is_baltic_code),
    id(
        "ee_registry_code",
        "EE",
        Kind::Company,
        "Estonian registry codes",
        &["99999999"],
        &["registrikood", "registry code", "reg kood"],
    )
    .check("check digit modulo 11", |c| {
        matches!(c.at(0), b'1' | b'7' | b'8' | b'9')
            && two_step_11(c, &[1, 2, 3, 4, 5, 6, 7], &[3, 4, 5, 6, 7, 8, 9]) == c.digit(7)
    }),
    id(
        "ee_passport",
        "EE",
        Kind::Passport,
        "Estonian passport and identity card numbers",
        &["AA9999999", "A9999999"],
        &["eesti pass", "dokumendi number"],
    ),
    // Lietuvos Respublikos gyventojų registras.
    id(
        "lt_asmens_kodas",
        "LT",
        Kind::Identity,
        "Lithuanian personal codes",
        &["99999999999"],
        &["asmens kodas", "asmens kodo", "asmens kodą", "a.k."],
    )
    .check("century, date of birth, check digit modulo 11", is_baltic_code),
    id(
        "lt_company_code",
        "LT",
        Kind::Company,
        "Lithuanian company codes",
        &["999999999"],
        &["įmonės kodas", "imones kodas", "juridinio asmens kodas"],
    )
    .check("check digit modulo 11", |c| {
        two_step_11(c, &[1, 2, 3, 4, 5, 6, 7, 8], &[3, 4, 5, 6, 7, 8, 9, 1]) == c.digit(8)
    }),
    id(
        "lt_passport",
        "LT",
        Kind::Passport,
        "Lithuanian passport and identity card numbers",
        &["99999999"],
        &["lietuvos pasas", "paso numeris", "tapatybės kortelė"],
    ),
    // Pilsonības un migrācijas lietu pārvalde: birth date, modulus 11; from 2017 on without a date, beginning with 32.
    id(
        "lv_personas_kods",
        "LV",
        Kind::Identity,
        "Latvian personal codes",
        &["99999999999"],
        &["personas kods", "personas koda", "personas kodu", "p.k."],
    )
    .check("date of birth and check digit modulo 11, or prefix 32", |c| {
        let check = (1101 - i64::from(c.sum(0, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]))).rem_euclid(11);
        c.starts_with("32")
            || ddmmyy(c, 0) && matches!(c.at(6), b'0'..=b'2') && check == i64::from(c.digit(10))
    })
    .alone(&["999999-99999"]),
    id(
        "lv_registration_number",
        "LV",
        Kind::Company,
        "Latvian registration numbers",
        &["99999999999"],
        &["reģistrācijas numurs", "registracijas numurs", "reģ. nr"],
    )
    .rule("begins with 4, 5 or 9", |c| matches!(c.at(0), b'4' | b'5' | b'9')),
    id(
        "lv_passport",
        "LV",
        Kind::Passport,
        "Latvian passport numbers",
        &["AA9999999"],
        &["latvijas pase", "pases numurs"],
    ),
];

fn is_personnummer(code: &Code) -> bool {
    let from = code.len() - 10;
    let day = code.value(from + 4..from + 6);
    let century = from == 0 || matches!(code.value(0..2), 18..=20);
    let date = is_day(
        code.value(from..from + 2),
        code.value(from + 2..from + 4),
        if day > 60 { day - 60 } else { day },
    );
    century && date && luhn(code, from..code.len())
}

fn is_fodselsnummer(code: &Code) -> bool {
    let (day, month) = (code.value(0..2) % 40, code.value(2..4) % 40);
    is_day(code.value(4..6), month, day)
        && down_11(code, 0, &[3, 7, 6, 1, 8, 9, 4, 5, 2])
        && down_11(code, 0, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
}

/// The sign of the century is a letter, or a hyphen that a code leaves out.
fn is_hetu(code: &Code) -> bool {
    let from = code.len() - 4;
    let sign = from == 6 || b"ABCDEFUVWXY".contains(&code.at(6));
    let number = code.value(0..6) * 1000 + code.value(from..from + 3);
    sign && ddmmyy(code, 0) && letter_of("0123456789ABCDEFHJKLMNPRSTUVWXY", number % 31) == code.last()
}

fn is_baltic_code(code: &Code) -> bool {
    matches!(code.at(0), b'1'..=b'8')
        && yymmdd(code, 1)
        && two_step_11(code, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3])
            == code.digit(10)
}
