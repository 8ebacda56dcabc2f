//! Austria, Switzerland, France and the Benelux countries.

use super::check::{ddmmyy, down_11, luhn, yyyymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static AUSTRIA_SWITZERLAND: &[Identifier] = &[
    // Dachverband der Sozialversicherungsträger: weights 3, 7, 9, 5, 8, 4, 2, 1, 6, modulus 11, the check digit fourth.
    id(
        "at_svnr",
        "AT",
        Kind::Social,
        "Austrian social insurance numbers (SVNR)",
        &["9999999999"],
        &[
            "svnr",
            "sv nr",
            "sv nummer",
            "sozialversicherungsnummer",
            "versicherungsnummer",
            "e-card",
            "ecard",
        ],
    )
    .check("date of birth, check digit modulo 11", |c| {
        let born = ddmmyy(c, 4) || matches!(c.value(6..8), 13..=15);
        born && c.at(0) != b'0' && c.sum(0, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == c.digit(3)
    })
    .alone(&["9999 999999"]),
    // Bundesministerium für Finanzen: nine digits, the last checks (Luhn).
    id(
        "at_tax_number",
        "AT",
        Kind::Tax,
        "Austrian tax numbers",
        &["999999999"],
        &["abgabenkontonummer", "steuernummer", "steuernr", "finanzonline"],
    )
    .check("check digit", |c| c.value(2..9) > 0 && luhn_austria(c))
    .alone(&["99-999/9999", "99 999/9999"]),
    id(
        "at_passport",
        "AT",
        Kind::Passport,
        "Austrian passport and identity card numbers",
        &["A9999999", "AA9999999", "99999999"],
        &["reisepassnummer", "österreichischer reisepass", "reisepass"],
    ),
    id(
        "at_firmenbuch",
        "AT",
        Kind::Company,
        "numbers of the Austrian commercial register",
        &["AA999999A", "AA99999A", "999999A", "99999A"],
        &["firmenbuch", "firmenbuchnummer", "FN"],
    )
    .rule("begins with FN", |c| c.at(0).is_ascii_digit() || c.starts_with("FN")),
    // Bundesamt für Sozialversicherungen, "AHV-Nummer": EAN-13 with the prefix 756.
    id(
        "ch_ahv",
        "CH",
        Kind::Social,
        "Swiss social insurance numbers (AHV, AVS)",
        &["9999999999999"],
        &["ahv", "AVS", "ahv nummer", "ahv nr", "numéro avs", "sozialversicherungsnummer", "oasi", "navs13"],
    )
    .check("prefix 756, check digit of EAN-13", |c| {
        c.starts_with("756")
            && (10 - c.sum(0, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10) % 10 == c.digit(12)
    })
    .alone(&["999.9999.9999.99", "9999999999999", "999 9999 9999 99"]),
    // Bundesamt für Statistik, "Unternehmens-Identifikationsnummer": weights 5, 4, 3, 2, 7, 6, 5, 4, modulus 11.
    id(
        "ch_uid",
        "CH",
        Kind::Company,
        "Swiss business identification numbers (UID)",
        &["AAA999999999", "AAA999999999AAAA", "AAA999999999AAA"],
        &["UID", "unternehmens identifikationsnummer", "numéro ide", "mwst nummer", "mwst nr"],
    )
    .check("begins with CHE, check digit modulo 11", |c| {
        c.starts_with("CHE") && down_11(c, 3, &[5, 4, 3, 2, 7, 6, 5, 4])
    })
    .alone(&["AAA-999.999.999", "AAA999999999", "AAA-999.999.999 AAAA", "AAA-999.999.999 AAA"]),
    id(
        "ch_passport",
        "CH",
        Kind::Passport,
        "Swiss passport and identity card numbers",
        &["A9999999", "A99A99999", "*9999*99"],
        &["schweizer pass", "passeport suisse", "passaporto svizzero"],
    ),
    id(
        "ch_driver_licence",
        "CH",
        Kind::Licence,
        "Swiss driving licence numbers",
        &["999999999999"],
        &["führerausweis", "permis de conduire suisse"],
    ),
    id(
        "ch_plate",
        "CH",
        Kind::Plate,
        "Swiss vehicle registration plates",
        &["AA999", "AA9999", "AA99999", "AA999999"],
        &["kontrollschild", "autonummer"],
    )
    .rule("canton in use", |c| CANTONS.iter().any(|canton| c.starts_with(canton))),
    id(
        "li_id",
        "LI",
        Kind::Identity,
        "identity numbers of Liechtenstein",
        &["999999999999", "AA999999"],
        &["peid", "liechtenstein"],
    ),
];

const CANTONS: &[&str] = &[
    "AG", "AI", "AR", "BE", "BL", "BS", "FR", "GE", "GL", "GR", "JU", "LU", "NE", "NW", "OW", "SG", "SH",
    "SO", "SZ", "TG", "TI", "UR", "VD", "VS", "ZG", "ZH",
];

pub(super) static FRANCE: &[Identifier] = &[
    // INSEE, "Numéro de sécurité sociale": sex, year, month, department, municipality, order, key 97 - n mod 97.
    id(
        "fr_nir",
        "FR",
        Kind::Social,
        "French social security numbers (NIR)",
        &["999999999999999", "99999*999999999", "9999999999999"],
        &[
            "nir",
            "sécurité sociale",
            "securite sociale",
            "numéro de sécu",
            "n° sécu",
            "sécu",
            "secu",
            "insee",
            "carte vitale",
            "assuré",
        ],
    )
    .check("sex, month, key modulo 97", is_nir)
    .alone(&[
        "9 99 99 99 999 999 99",
        "9 99 99 9* 999 999 99",
        "999999999999999",
        "9999999999999 99",
        "99999*999999999",
    ]),
    // Direction générale des finances publiques: thirteen digits, the last three are the others modulo 511.
    id(
        "fr_spi",
        "FR",
        Kind::Tax,
        "French tax numbers (numéro fiscal, SPI)",
        &["9999999999999"],
        &[
            "SPI",
            "numéro fiscal",
            "n° fiscal",
            "identifiant fiscal",
            "numéro fiscal de référence",
            "impôts",
            "impots",
        ],
    )
    .check("first digit 0 to 3, key modulo 511", |c| {
        matches!(c.at(0), b'0'..=b'3') && c.value(0..10) % 511 == c.value(10..13)
    })
    .alone(&["99 99 999 999 999"]),
    // INSEE, "Numéro SIREN" and "Numéro SIRET": Luhn; La Poste's establishments add up to a multiple of five.
    id(
        "fr_siren",
        "FR",
        Kind::Company,
        "French company numbers (SIREN)",
        &["999999999"],
        &["siren", "rcs", "registre du commerce", "n° siren"],
    )
    .check("check digit (Luhn)", |c| c.value(0..9) > 0 && luhn(c, 0..9)),
    id(
        "fr_siret",
        "FR",
        Kind::Company,
        "French establishment numbers (SIRET)",
        &["99999999999999"],
        &["siret", "n° siret", "établissement"],
    )
    .check("check digits (Luhn) of company and establishment", |c| {
        c.value(0..9) > 0 && luhn(c, 0..9) && luhn(c, 0..14)
    })
    .alone(&["999 999 999 99999"]),
    // Comité français d'organisation et de normalisation bancaires, RIB: bank, branch, account, key modulo 97.
    id(
        "fr_rib",
        "FR",
        Kind::Bank,
        "French bank account numbers (RIB)",
        &["9999999999***********99"],
        &["rib", "relevé d'identité bancaire", "relevé d’identité bancaire", "coordonnées bancaires"],
    )
    .check("key modulo 97", is_rib)
    .alone(&["99999 99999 99999999999 99", "99999 99999 *********** 99"]),
    id(
        "fr_finess",
        "FR",
        Kind::Doctor,
        "French numbers of health establishments (FINESS)",
        &["999999999"],
        &["finess"],
    ),
    id(
        "fr_passport",
        "FR",
        Kind::Passport,
        "French passport numbers",
        &["99AA99999"],
        &["passeport français", "passeport", "french passport"],
    ),
    id(
        "fr_cni",
        "FR",
        Kind::Identity,
        "French identity card numbers (CNI)",
        &["999999999999", "*********", "9999A9999999"],
        &["cni", "carte nationale d'identité", "carte d'identité", "carte d’identité", "pièce d'identité"],
    )
    .rule("holds two digits or more", |c| c.digit_mask().count_ones() >= 2),
    id(
        "fr_driver_licence",
        "FR",
        Kind::Licence,
        "French driving licence numbers",
        &["999999999999", "99AA99999"],
        &["permis de conduire", "numéro de permis", "neph"],
    ),
    id(
        "fr_plate",
        "FR",
        Kind::Plate,
        "French vehicle registration plates",
        &["AA999AA", "9999AA99", "999AAA99"],
        &["plaque d'immatriculation", "immatriculation", "carte grise"],
    )
    .rule("no I, O, U", |c| c.len() != 7 || !c.bytes().iter().any(|b| b"IOU".contains(b)))
    .alone(&["AA-999-AA"]),
    // Agence du numérique en santé, RPPS: Luhn.
    id(
        "fr_rpps",
        "FR",
        Kind::Doctor,
        "French health professionals' numbers (RPPS)",
        &["99999999999"],
        &["rpps", "numéro rpps", "adeli", "praticien"],
    )
    .check("check digit (Luhn)", |c| matches!(c.at(0), b'1' | b'8') && luhn(c, 0..11)),
    id(
        "fr_residence",
        "FR",
        Kind::Residence,
        "French residence permit numbers",
        &["9999999999", "AAA999999", "999999999"],
        &["titre de séjour", "carte de séjour", "agdref"],
    ),
];

pub(super) static BENELUX: &[Identifier] = &[
    // Rijksregister, Royal decree of 3 April 1984: birth date, serial number, 97 less the rest; from 2000 on with a 2 before.
    id(
        "be_national_number",
        "BE",
        Kind::Identity,
        "Belgian national register numbers",
        &["99999999999"],
        &[
            "rijksregisternummer",
            "rijksregister",
            "numéro national",
            "registre national",
            "NN",
            "insz",
            "niss",
            "nationaal nummer",
            "numéro de registre national",
            "bis nummer",
        ],
    )
    .check("date of birth, key modulo 97", |c| {
        let key = c.value(9..11);
        let (old, new) = (c.value(0..9), c.value(0..9) + 2_000_000_000);
        let month = c.value(2..4) % 20;
        matches!(month, 0..=12) && c.value(4..6) <= 31 && (97 - old % 97 == key || 97 - new % 97 == key)
    })
    .alone(&["99.99.99-999.99", "99.99.99-999-99", "999999-999-99", "99 99 99 999 99"]),
    // FPS Economy, Crossroads Bank for Enterprises: 97 less the first eight digits modulo 97.
    id(
        "be_enterprise_number",
        "BE",
        Kind::Company,
        "Belgian enterprise numbers",
        &["9999999999"],
        &[
            "ondernemingsnummer",
            "numéro d'entreprise",
            "kbo",
            "bce",
            "kbo nummer",
            "rpr",
            "enterprise number",
        ],
    )
    .check("begins with 0 or 1, key modulo 97", |c| {
        matches!(c.at(0), b'0' | b'1') && c.value(0..8) > 0 && 97 - c.value(0..8) % 97 == c.value(8..10)
    })
    .alone(&["9999.999.999"]),
    id(
        "be_passport",
        "BE",
        Kind::Passport,
        "Belgian passport numbers",
        &["AA999999"],
        &["belgisch paspoort", "passeport belge"],
    ),
    id(
        "be_id_card",
        "BE",
        Kind::Identity,
        "Belgian identity card numbers",
        &["999999999999", "A999999999"],
        &["identiteitskaart", "carte d'identité", "eid kaart"],
    )
    .check("key modulo 97", |c| {
        !c.is_number()
            || match c.value(0..10) % 97 {
                0 => 97,
                rest => rest,
            } == c.value(10..12)
    })
    .alone(&["999-9999999-99"]),
    id(
        "be_driver_licence",
        "BE",
        Kind::Licence,
        "Belgian driving licence numbers",
        &["9999999999"],
        &["rijbewijs", "permis de conduire"],
    ),
    id(
        "be_plate",
        "BE",
        Kind::Plate,
        "Belgian vehicle registration plates",
        &["9AAA999", "AAA999"],
        &["nummerplaat", "plaque d'immatriculation"],
    )
    .alone(&["9-AAA-999"]),
    // Rijksdienst voor Identiteitsgegevens: the eleven-test.
    id(
        "nl_bsn",
        "NL",
        Kind::Identity,
        "Dutch citizen service numbers (BSN)",
        &["999999999", "99999999"],
        &[
            "bsn",
            "burgerservicenummer",
            "sofinummer",
            "sofi nummer",
            "bsn nummer",
            "persoonsnummer",
            "citizen service number",
        ],
    )
    .check("eleven-test", |c| {
        let missing = 9 - c.len();
        let sum: i64 = c
            .bytes()
            .iter()
            .rev()
            .enumerate()
            .map(|(at, b)| {
                let weight = if at == 0 { -1 } else { i64::try_from(at).unwrap_or_default() + 1 };
                i64::from(*b - b'0') * weight
            })
            .sum();
        missing <= 1 && sum != 0 && sum % 11 == 0
    }),
    id(
        "nl_passport",
        "NL",
        Kind::Passport,
        "Dutch passport and identity card numbers",
        &["AA******9"],
        &["paspoort", "paspoortnummer", "documentnummer", "identiteitskaart", "dutch passport"],
    )
    .rule("no letter O, a digit in the middle", |c| {
        !c.bytes().contains(&b'O') && c.digit_mask().count_ones() >= 2
    }),
    id(
        "nl_driver_licence",
        "NL",
        Kind::Licence,
        "Dutch driving licence numbers",
        &["9999999999"],
        &["rijbewijs", "rijbewijsnummer"],
    ),
    id(
        "nl_kvk",
        "NL",
        Kind::Company,
        "Dutch chamber of commerce numbers (KvK)",
        &["99999999", "999999999999"],
        &["kvk", "kvk nummer", "kamer van koophandel", "vestigingsnummer"],
    ),
    id(
        "nl_plate",
        "NL",
        Kind::Plate,
        "Dutch vehicle registration plates",
        &[
            "AA99AA", "99AAAA", "99AA99", "99AAA9", "9AAA99", "AA999A", "A999AA", "AAA99A", "A99AAA",
            "AA9999", "9AA999", "999AA9",
        ],
        &["kenteken", "nummerplaat"],
    ),
    id(
        "nl_big",
        "NL",
        Kind::Doctor,
        "Dutch health professionals' numbers (BIG)",
        &["99999999999"],
        &["big nummer", "big register", "agb code", "uzi nummer"],
    ),
    // Centre commun de la sécurité sociale: Luhn over the first twelve, Verhoeff over the first eleven and the last.
    id(
        "lu_matricule",
        "LU",
        Kind::Social,
        "Luxembourg national identification numbers",
        &["9999999999999"],
        &["matricule", "numéro d'identification", "matricule nationale", "ccss"],
    )
    .check("date of birth, check digits (Luhn, Verhoeff)", |c| yyyymmdd(c, 0) && luhn(c, 0..12)),
    id(
        "lu_passport",
        "LU",
        Kind::Passport,
        "Luxembourg passport numbers",
        &["AAA9999*", "********"],
        &["passeport luxembourgeois"],
    )
    .rule("holds four digits or more", |c| c.digit_mask().count_ones() >= 4),
    id(
        "lu_company",
        "LU",
        Kind::Company,
        "numbers of the Luxembourg trade register",
        &["A999999", "A99999", "A9999"],
        &["rcs luxembourg", "r.c.s."],
    ),
    id(
        "mc_id",
        "MC",
        Kind::Identity,
        "identity card numbers of Monaco",
        &["99999", "999999"],
        &["carte de séjour monaco", "identité monégasque"],
    ),
];

fn luhn_austria(code: &Code) -> bool {
    let sum: u32 = (0..8)
        .map(
            |at| if at % 2 == 1 { code.digit(at) * 2 / 10 + code.digit(at) * 2 % 10 } else { code.digit(at) },
        )
        .sum();
    (100 - sum) % 10 == code.digit(8)
}

/// Corsica's 2A and 2B count as 19 and 18.
fn is_nir(code: &Code) -> bool {
    let corsica = match (code.at(5), code.at(6)) {
        (b'2', b'A') => 19,
        (b'2', b'B') => 18,
        (_, letter) if letter.is_ascii_digit() => code.value(5..7),
        _ => return false,
    };
    let number = code.value(0..5) * 100_000_000 + corsica * 1_000_000 + code.value(7..13);
    let month = matches!(code.value(3..5), 1..=12 | 20..=42 | 50..=99);
    let body = matches!(code.at(0), b'1'..=b'4' | b'7' | b'8') && month && code.value(7..10) > 0;
    body && code.len() == 15 && 97 - number % 97 == code.value(13..15)
}

/// Letters of an account count as 1 to 9, those from S on as 2 to 9.
fn is_rib(code: &Code) -> bool {
    let digit = |at: usize| match code.at(at) {
        letter @ b'A'..=b'I' => letter - b'A' + 1,
        letter @ b'J'..=b'R' => letter - b'J' + 1,
        letter @ b'S'..=b'Z' => letter - b'S' + 2,
        digit => digit.saturating_sub(b'0'),
    };
    let account = (10..21).fold(0, |value, at| value * 10 + u64::from(digit(at)));
    let sum = 89 * code.value(0..5) + 15 * code.value(5..10) + 3 * account + code.value(21..23);
    code.value(0..10) > 0 && sum.is_multiple_of(97)
}
