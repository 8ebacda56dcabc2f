//! Bulgaria, Croatia, Slovenia, the western Balkans and Turkey.

use super::check::{is_day, mod_11_10};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // ГРАО, ЕГН: birth date with the century in the month, weights 2, 4, 8, 5, 10, 9, 7, 3, 6, modulus 11.
    id(
        "bg_egn",
        "BG",
        Kind::Identity,
        "Bulgarian citizen numbers (EGN)",
        &["9999999999"],
        &["егн", "egn", "единен граждански номер", "граждански номер", "лнч", "lnch"],
    )
    .check("date of birth, check digit modulo 11", |c| {
        let month = c.value(2..4) % 20;
        is_day(c.value(0..2), month, c.value(4..6))
            && c.value(2..4) <= 52
            && c.sum(0, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == c.digit(9)
    }),
    id(
        "bg_eik",
        "BG",
        Kind::Company,
        "Bulgarian company numbers (EIK)",
        &["999999999"],
        &["еик", "eik", "булстат", "bulstat"],
    )
    .check("check digit modulo 11", |c| {
        let check = match c.sum(0, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
            10 => c.sum(0, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10,
            rest => rest,
        };
        c.value(0..9) > 0 && check == c.digit(8)
    }),
    id(
        "bg_passport",
        "BG",
        Kind::Passport,
        "Bulgarian passport and identity card numbers",
        &["999999999", "AA9999999"],
        &["български паспорт", "паспорт", "лична карта"],
    ),
    id(
        "bg_plate",
        "BG",
        Kind::Plate,
        "Bulgarian vehicle registration plates",
        &["A9999AA", "AA9999AA"],
        &["регистрационен номер", "рег. номер"],
    ),
    // Porezna uprava, OIB: ISO/IEC 7064 MOD 11,10.
    id(
        "hr_oib",
        "HR",
        Kind::Tax,
        "Croatian personal identification numbers (OIB)",
        &["99999999999"],
        &["oib", "osobni identifikacijski broj", "osobni identifikacijski"],
    )
    .check("check digit ISO 7064 MOD 11,10", |c| c.value(0..11) > 0 && mod_11_10(c, 0..11)),
    id(
        "hr_id_card",
        "HR",
        Kind::Identity,
        "Croatian identity card and passport numbers",
        &["999999999"],
        &["osobna iskaznica", "osobne iskaznice", "putovnica", "broj putovnice"],
    ),
    id(
        "hr_mbo",
        "HR",
        Kind::Health,
        "Croatian health insurance numbers (MBO)",
        &["999999999"],
        &["mbo", "zdravstveno osiguranje", "broj osigurane osobe"],
    ),
    id(
        "hr_plate",
        "HR",
        Kind::Plate,
        "vehicle registration plates of Croatia and Slovenia",
        &["AA999AA", "AA9999AA", "AA9999A", "AA999A", "AA99999"],
        &["registarska oznaka", "registracija", "registrska tablica", "registarska tablica"],
    ),
    // Zakon o centralnem registru prebivalstva, EMŠO: as JMBG, register 50.
    id(
        "si_emso",
        "SI",
        Kind::Identity,
        "Slovenian personal numbers (EMŠO)",
        &["9999999999999"],
        &["emšo", "emso", "enotna matična številka"],
    )
    .check("date of birth, check digit modulo 11", is_jmbg),
    // Finančna uprava: weights 8 to 2, modulus 11.
    id(
        "si_tax_number",
        "SI",
        Kind::Tax,
        "Slovenian tax numbers",
        &["99999999"],
        &["davčna številka", "davcna stevilka", "id za ddv", "davčna"],
    )
    .check("check digit modulo 11", |c| {
        c.at(0) != b'0' && (11 - c.sum(0, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == c.digit(7)
    }),
    id(
        "si_passport",
        "SI",
        Kind::Passport,
        "Slovenian passport and identity card numbers",
        &["AA9999999", "A99999999"],
        &["potni list", "osebna izkaznica", "številka potnega lista"],
    ),
    id(
        "si_zzzs",
        "SI",
        Kind::Health,
        "Slovenian health insurance numbers",
        &["999999999"],
        &["zzzs", "zavarovalna številka", "kartica zdravstvenega zavarovanja"],
    ),
    // Official Gazette of the SFRY 58/76, JMBG: birth date, register, weights 7 to 2 twice, modulus 11.
    id(
        "rs_jmbg",
        "RS",
        Kind::Identity,
        "Serbian citizen numbers (JMBG)",
        &["9999999999999"],
        &["jmbg", "јмбг", "matični broj", "матични број", "jedinstveni matični broj"],
    )
    .check("date of birth, check digit modulo 11", is_jmbg),
    id(
        "ba_jmbg",
        "BA",
        Kind::Identity,
        "citizen numbers of Bosnia and Herzegovina (JMB)",
        &["9999999999999"],
        &["jmb", "jmbg bih"],
    )
    .check("date of birth, check digit modulo 11", is_jmbg),
    id(
        "me_jmbg",
        "ME",
        Kind::Identity,
        "citizen numbers of Montenegro",
        &["9999999999999"],
        &["jmb crna gora", "matični broj crna gora"],
    )
    .check("date of birth, check digit modulo 11", is_jmbg),
    id(
        "mk_embg",
        "MK",
        Kind::Identity,
        "citizen numbers of North Macedonia (EMBG)",
        &["9999999999999"],
        &["ембг", "embg", "матичен број", "единствен матичен број"],
    )
    .check("date of birth, check digit modulo 11", is_jmbg),
    id(
        "rs_pib",
        "RS",
        Kind::Company,
        "Serbian tax numbers (PIB)",
        &["999999999"],
        &["pib", "пиб", "poreski identifikacioni broj"],
    )
    .check("check digit ISO 7064 MOD 11,10", |c| c.at(0) != b'0' && mod_11_10(c, 0..9)),
    // Poreska uprava Crne Gore: weights 8 to 2, modulus 11.
    id(
        "me_pib",
        "ME",
        Kind::Tax,
        "tax numbers of Montenegro (PIB)",
        &["99999999"],
        &["pib", "poreski identifikacioni broj"],
    )
    .check("check digit modulo 11", |c| (11 - c.sum(0, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == c.digit(7)),
    id(
        "rs_passport",
        "RS",
        Kind::Passport,
        "Serbian passport and identity card numbers",
        &["999999999"],
        &["pasoš", "пасош", "broj pasoša", "lična karta", "лична карта"],
    ),
    id(
        "ba_passport",
        "BA",
        Kind::Passport,
        "passport numbers of Bosnia and Herzegovina",
        &["A9999999", "9999999"],
        &["pasoš bih"],
    ),
    id(
        "rs_plate",
        "RS",
        Kind::Plate,
        "Serbian vehicle registration plates",
        &["AA999AA", "AA9999AA"],
        &["registarske tablice", "регистарска ознака"],
    )
    .alone(&["AA-999-AA", "AA 999-AA"]),
    // Albania: decade letter, birth date (women: month + 50), check letter modulo 23.
    id(
        "al_nid",
        "AL",
        Kind::Identity,
        "Albanian personal numbers (NID)",
        &["A99999999A"],
        &["numri personal", "nid", "numri i identitetit", "letërnjoftim"],
    )
    .check("decade, month and day of birth", |c| {
        (b'A'..=b'T').contains(&c.at(0))
            && matches!(c.value(2..4) % 50, 1..=12)
            && matches!(c.value(4..6), 1..=31)
    }),
    id(
        "al_nipt",
        "AL",
        Kind::Company,
        "Albanian company tax numbers (NIPT)",
        &["A99999999A"],
        &["nipt", "nuis"],
    )
    .rule("begins with J, K, L or M", |c| (b'J'..=b'M').contains(&c.at(0))),
    id(
        "xk_personal_number",
        "XK",
        Kind::Identity,
        "personal numbers of Kosovo",
        &["9999999999"],
        &["numri personal", "kosovo", "kosova", "lični broj"],
    ),
    // Nüfus ve Vatandaşlık İşleri: the tenth and the eleventh digit check the others.
    id(
        "tr_national_id",
        "TR",
        Kind::Identity,
        "Turkish identity numbers (T.C. kimlik no)",
        &["99999999999"],
        &[
            "kimlik",
            "tc kimlik",
            "t.c. kimlik",
            "tckn",
            "kimlik no",
            "kimlik numarası",
            "kimlik numarasi",
            "tc no",
            "t.c. no",
            "turkish id",
            "nüfus",
        ],
    )
    .check("two check digits", |c| {
        let odd = c.sum(0, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
        let even = c.sum(0, &[0, 1, 0, 1, 0, 1, 0, 1]);
        let all: u32 = (0..10).map(|at| c.digit(at)).sum();
        c.at(0) != b'0' && (odd * 7 + 90 - even) % 10 == c.digit(9) && all % 10 == c.digit(10)
    }),
    // Gelir İdaresi Başkanlığı, VKN.
    id(
        "tr_tax_number",
        "TR",
        Kind::Tax,
        "Turkish tax numbers (VKN)",
        &["9999999999"],
        &["vkn", "vergi no", "vergi numarası", "vergi kimlik", "vergi kimlik numarası"],
    )
    .check("check digit", |c| {
        let part = |at: u32| {
            let digit = (c.digit(at as usize) + 9 - at) % 10;
            if digit == 0 {
                0
            } else {
                match digit * 2_u32.pow(9 - at) % 9 {
                    0 => 9,
                    rest => rest,
                }
            }
        };
        c.value(0..10) > 0 && (10 - (0..9).map(part).sum::<u32>() % 10) % 10 == c.digit(9)
    }),
    id(
        "tr_passport",
        "TR",
        Kind::Passport,
        "Turkish passport numbers",
        &["A99999999"],
        &["pasaport", "pasaport no", "pasaport numarası", "turkish passport"],
    ),
    id(
        "tr_driver_licence",
        "TR",
        Kind::Licence,
        "Turkish driving licence numbers",
        &["999999", "9999999", "A9999999"],
        &["ehliyet", "sürücü belgesi"],
    ),
    id(
        "tr_license_plate",
        "TR",
        Kind::Plate,
        "Turkish vehicle registration plates",
        &[
            "99A99",
            "99A999",
            "99AA99",
            "99A9999",
            "99A99999",
            "99AA999",
            "99AA9999",
            "99AAA99",
            "99AAA999",
            "99AAA9999",
        ],
        &["plaka", "plaka no", "plakalı", "araç plakası", "turkish plate"],
    )
    .check("province in use", |c| matches!(c.value(0..2), 1..=81))
    .alone(&["99 AAA 999", "99 AA 9999", "99 AA 999", "99 AAA 99", "99 A 9999"]),
];

fn is_jmbg(code: &Code) -> bool {
    let weighted = code.sum(0, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let year = match code.value(4..7) {
        year @ 0..=99 => 2000 + year,
        year => 1000 + year,
    };
    year >= 1880
        && is_day(year, code.value(2..4), code.value(0..2))
        && weighted != 1
        && (11 - weighted) % 11 == code.digit(12)
}
