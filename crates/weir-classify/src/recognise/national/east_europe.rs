//! Ukraine, Russia, Belarus, Moldova, the Caucasus and Central Asia.

use super::check::{icao, is_day, yymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;

pub(super) static ROWS: &[Identifier] = &[
    // Державна податкова служба, РНОКПП: days since 1899, weights -1, 5, 7, 9, 4, 6, 10, 5, 7, modulus 11.
    id(
        "ua_rnokpp",
        "UA",
        Kind::Tax,
        "Ukrainian taxpayer numbers (RNOKPP)",
        &["9999999999"],
        &["рнокпп", "іпн", "ідентифікаційний код", "ідентифікаційний номер", "rnokpp", "ipn", "инн", "інн"],
    )
    .check("check digit modulo 11", |c| {
        let sum = i64::from(c.sum(1, &[5, 7, 9, 4, 6, 10, 5, 7])) - i64::from(c.digit(0));
        c.value(0..5) > 0 && sum.rem_euclid(11) % 10 == i64::from(c.digit(9))
    }),
    id(
        "ua_edrpou",
        "UA",
        Kind::Company,
        "Ukrainian company numbers (EDRPOU)",
        &["99999999"],
        &["єдрпоу", "edrpou", "едрпоу", "код єдрпоу"],
    ),
    id(
        "ua_passport",
        "UA",
        Kind::Passport,
        "Ukrainian passport numbers",
        &["AA999999", "999999999"],
        &["id картка", "паспорт україни", "паспорт громадянина", "паспорт серія"],
    ),
    id(
        "ua_unzr",
        "UA",
        Kind::Identity,
        "Ukrainian demographic register numbers (UNZR)",
        &["9999999999999"],
        &["унзр", "unzr"],
    )
    .check("date of birth", |c| {
        is_day(c.value(0..4), c.value(4..6), c.value(6..8)) && matches!(c.value(0..2), 19 | 20)
    })
    .alone(&["99999999-99999"]),
    id(
        "ua_plate",
        "UA",
        Kind::Plate,
        "Ukrainian vehicle registration plates",
        &["AA9999AA"],
        &["держномер", "номерний знак"],
    )
    .alone(&["AA 9999 AA"]),
    // Федеральная налоговая служба, order of 29 June 2012: weights 2, 4, 10, 3, 5, 9, 4, 6, 8; for people 7 and 3 before.
    id(
        "ru_inn",
        "RU",
        Kind::Tax,
        "Russian taxpayer numbers (INN)",
        &["999999999999", "9999999999"],
        &["инн", "inn", "налогоплательщика", "идентификационный номер налогоплательщика"],
    )
    .check("check digits modulo 11", |c| {
        let check = |from: usize, weights: &[u32]| c.sum(from, weights) % 11 % 10;
        c.value(0..4) > 0
            && if c.len() == 10 {
                check(0, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) == c.digit(9)
            } else {
                check(0, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == c.digit(10)
                    && check(0, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == c.digit(11)
            }
    }),
    // Пенсионный фонд, СНИЛС: weights 9 to 1, modulus 101.
    id(
        "ru_snils",
        "RU",
        Kind::Social,
        "Russian social insurance numbers (SNILS)",
        &["99999999999"],
        &["снилс", "snils", "страховой номер", "пенсионное страхование"],
    )
    .check("control number modulo 101", |c| {
        let sum: u32 = c.sum(0, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
        c.value(0..9) > 1_001_998 && u64::from(sum) == c.value(9..11)
    })
    .alone(&["999-999-999 99", "999-999-999-99"]),
    id(
        "ru_passport",
        "RU",
        Kind::Passport,
        "Russian passport numbers",
        &["9999999999", "999999999"],
        &["паспорт", "паспорт рф", "серия и номер", "серия паспорта", "загранпаспорт", "паспортные данные"],
    ),
    // Федеральная налоговая служба, ОГРН: the number modulo 11 or 13.
    id(
        "ru_ogrn",
        "RU",
        Kind::Company,
        "Russian company numbers (OGRN)",
        &["9999999999999", "999999999999999"],
        &["огрн", "ogrn", "огрнип"],
    )
    .check("check digit", |c| {
        let (body, modulus) = if c.len() == 13 { (12, 11) } else { (14, 13) };
        matches!(c.at(0), b'1' | b'2' | b'3' | b'5')
            && c.value(0..body) % modulus % 10 == u64::from(c.digit(body))
    }),
    id(
        "ru_kpp",
        "RU",
        Kind::Company,
        "Russian tax registration reason codes (KPP)",
        &["999999999"],
        &["кпп", "kpp"],
    ),
    id(
        "ru_oms",
        "RU",
        Kind::Health,
        "Russian health insurance policy numbers",
        &["9999999999999999"],
        &["омс", "полис омс", "медицинский полис", "полис"],
    ),
    id(
        "ru_driver_licence",
        "RU",
        Kind::Licence,
        "Russian driving licence numbers",
        &["9999999999", "99AA999999"],
        &["ву", "водительское удостоверение", "водительского удостоверения", "ву серия"],
    ),
    id(
        "ru_plate",
        "RU",
        Kind::Plate,
        "Russian vehicle registration plates",
        &["A999AA99", "A999AA999"],
        &["госномер", "гос номер", "номер машины", "номер автомобиля", "грз"],
    ),
    id(
        "ru_bank_account",
        "RU",
        Kind::Bank,
        "Russian bank accounts and bank codes (BIK)",
        &["99999999999999999999", "999999999"],
        &["расчетный счет", "расчётный счёт", "р/с", "бик", "номер счета", "лицевой счет"],
    )
    .rule("BIK begins with 04", |c| c.len() == 20 || c.starts_with("04")),
    // Міністэрства ўнутраных спраў: sex, birth date, region, check digit 7-3-1.
    id(
        "by_personal_number",
        "BY",
        Kind::Identity,
        "Belarusian personal numbers",
        &["9999999A999AA9"],
        &["личный номер", "идентификационный номер", "асабісты нумар"],
    )
    .check("date of birth, check digit 7-3-1", |c| {
        matches!(c.at(0), b'1'..=b'6')
            && is_day(c.value(5..7), c.value(3..5), c.value(1..3))
            && icao(c, 0..13) == c.digit(13)
    })
    .alone(&["9999999A999AA9"]),
    id(
        "by_passport",
        "BY",
        Kind::Passport,
        "Belarusian passport numbers",
        &["AA9999999"],
        &["паспорт беларусь", "пашпарт"],
    ),
    id(
        "by_unp",
        "BY",
        Kind::Tax,
        "Belarusian taxpayer numbers (UNP)",
        &["999999999", "AA9999999"],
        &["унп", "unp", "унн"],
    ),
    id(
        "md_idnp",
        "MD",
        Kind::Identity,
        "Moldovan identification numbers (IDNP)",
        &["9999999999999"],
        &["idnp", "cod personal", "идентификационный код"],
    )
    .check("begins with 0, 1 or 2, check digit 7-3-1", |c| {
        matches!(c.at(0), b'0'..=b'2') && icao(c, 0..12) == c.digit(12)
    }),
    // Закон Республики Казахстан от 12 января 2007: birth date, two rounds modulo 11.
    id(
        "kz_iin",
        "KZ",
        Kind::Identity,
        "identification numbers of Kazakhstan (IIN)",
        &["999999999999"],
        &["иин", "жсн", "iin", "жеке сәйкестендіру", "индивидуальный идентификационный"],
    )
    .check("date of birth, check digit modulo 11", |c| {
        let check = match c.sum(0, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11 {
            10 => c.sum(0, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11,
            rest => rest,
        };
        yymmdd(c, 0) && matches!(c.at(6), b'0'..=b'6') && check == c.digit(11)
    }),
    id(
        "kz_bin",
        "KZ",
        Kind::Company,
        "business numbers of Kazakhstan (BIN)",
        &["999999999999"],
        &["бин", "bin number", "бизнес сәйкестендіру"],
    )
    .rule("month", |c| matches!(c.value(2..4), 1..=12) && matches!(c.at(4), b'4'..=b'6')),
    id(
        "kz_passport",
        "KZ",
        Kind::Passport,
        "passport and identity card numbers of Kazakhstan",
        &["A99999999", "999999999"],
        &["паспорт казахстан", "удостоверение личности", "жеке куәлік"],
    ),
    // Ўзбекистон, ПИНФЛ: sex and century, birth date, weights 7, 3, 1, modulus 10.
    id(
        "uz_pinfl",
        "UZ",
        Kind::Identity,
        "personal numbers of Uzbekistan (PINFL)",
        &["99999999999999"],
        &["пинфл", "pinfl", "jshshir", "жшшир"],
    )
    .check("date of birth, check digit 7-3-1", |c| {
        is_day(c.value(5..7), c.value(3..5), c.value(1..3)) && icao(c, 0..13) == c.digit(13)
    }),
    id(
        "uz_passport",
        "UZ",
        Kind::Passport,
        "passport numbers of Uzbekistan",
        &["AA9999999"],
        &["паспорт узбекистан", "pasport seriyasi"],
    ),
    id(
        "kg_pin",
        "KG",
        Kind::Identity,
        "personal numbers of Kyrgyzstan (PIN)",
        &["99999999999999"],
        &["пин", "жеке номер", "персональный идентификационный номер"],
    )
    .check("date of birth", |c| {
        matches!(c.at(0), b'1' | b'2') && is_day(c.value(5..9), c.value(3..5), c.value(1..3))
    }),
    id(
        "ge_personal_number",
        "GE",
        Kind::Identity,
        "Georgian personal numbers",
        &["99999999999"],
        &["პირადი ნომერი", "პირადი №", "georgian id", "personal number georgia"],
    ),
    id(
        "am_psn",
        "AM",
        Kind::Social,
        "Armenian public service numbers",
        &["9999999999"],
        &["հանրային ծառայությունների համարանիշ", "սոցիալական քարտ", "հծհ"],
    )
    .check("day and month of birth", |c| {
        matches!(c.value(0..2) % 50, 1..=31) && matches!(c.value(2..4), 1..=12)
    }),
    id(
        "am_passport",
        "AM",
        Kind::Passport,
        "Armenian passport numbers",
        &["AA9999999", "999999999"],
        &["անձնագիր", "նույնականացման քարտ"],
    ),
    id(
        "az_fin",
        "AZ",
        Kind::Identity,
        "personal codes of Azerbaijan (FİN)",
        &["*******"],
        &["FİN", "fin kodu", "fin kod", "fin code", "şəxsiyyət vəsiqəsi", "fərdi identifikasiya"],
    )
    .rule("letters and digits", |c| c.digit_mask().count_ones() >= 1),
    id("az_voen", "AZ", Kind::Tax, "tax numbers of Azerbaijan (VÖEN)", &["9999999999"], &["vöen", "voen"]),
    id("tj_tm_id", "TJ", Kind::Tax, "tax numbers of Tajikistan", &["999999999"], &["рма", "инн таджикистан"]),
];
