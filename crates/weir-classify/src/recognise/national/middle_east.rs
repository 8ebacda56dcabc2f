//! Israel, the Gulf states, Iran, Iraq, Jordan and Lebanon.

use super::check::{down_11, luhn, yymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;

pub(super) static ROWS: &[Identifier] = &[
    // רשות האוכלוסין וההגירה: Luhn with leading zeros.
    id(
        "il_id_number",
        "IL",
        Kind::Identity,
        "Israeli identity numbers (Teudat Zehut)",
        &["999999999", "99999999"],
        &[
            "תעודת זהות",
            "ת.ז.",
            "ת״ז",
            "ת\"ז",
            "מספר זהות",
            "teudat zehut",
            "israeli id",
            "t.z.",
            "mispar zehut",
        ],
    )
    .check("check digit (Luhn)", |c| c.value(0..c.len()) > 0 && luhn(c, 0..c.len())),
    id(
        "il_company_number",
        "IL",
        Kind::Company,
        "Israeli company numbers",
        &["999999999"],
        &["ח.פ.", "ח״פ", "עוסק מורשה", "מספר חברה", "hevra number"],
    )
    .check("begins with 5, check digit (Luhn)", |c| c.at(0) == b'5' && luhn(c, 0..9)),
    id(
        "il_passport",
        "IL",
        Kind::Passport,
        "Israeli passport numbers",
        &["99999999", "9999999"],
        &["דרכון", "israeli passport"],
    ),
    id(
        "il_plate",
        "IL",
        Kind::Plate,
        "Israeli vehicle registration plates",
        &["9999999", "99999999"],
        &["מספר רכב", "לוחית רישוי"],
    ),
    // Federal Authority for Identity and Citizenship: 784, year of birth, seven digits, Luhn.
    id(
        "ae_emirates_id",
        "AE",
        Kind::Identity,
        "identity numbers of the United Arab Emirates",
        &["999999999999999"],
        &[
            "emirates id",
            "eid number",
            "uae id",
            "الهوية الإماراتية",
            "رقم الهوية",
            "بطاقة الهوية",
            "emirates identity",
        ],
    )
    .check("prefix 784, year of birth, check digit (Luhn)", |c| {
        c.starts_with("784") && matches!(c.value(3..7), 1900..=2040) && luhn(c, 0..15)
    })
    .alone(&["999-9999-9999999-9", "999999999999999", "999 9999 9999999 9"]),
    id(
        "ae_trn",
        "AE",
        Kind::Vat,
        "tax registration numbers of the United Arab Emirates (TRN)",
        &["999999999999999"],
        &["trn", "tax registration number", "رقم التسجيل الضريبي"],
    )
    .check("begins with 100, ends in 03", |c| c.starts_with("100") && c.value(13..15) == 3),
    id(
        "ae_passport",
        "AE",
        Kind::Passport,
        "passport numbers of the United Arab Emirates",
        &["A99999999", "A9999999", "AA9999999", "99999999", "9999999"],
        &["uae passport", "جواز السفر", "رقم الجواز"],
    ),
    id(
        "ae_plate",
        "AE",
        Kind::Plate,
        "vehicle registration plates of the United Arab Emirates",
        &["A99999", "AA99999", "A9999"],
        &["رقم اللوحة", "dubai plate", "abu dhabi plate"],
    ),
    // وزارة الداخلية: first digit 1 (citizens) or 2 (residents), Luhn.
    id(
        "sa_national_id",
        "SA",
        Kind::Identity,
        "Saudi national ids and iqamas",
        &["9999999999"],
        &[
            "saudi id",
            "national id",
            "iqama",
            "الهوية الوطنية",
            "رقم الهوية",
            "السجل المدني",
            "إقامة",
            "الإقامة",
            "رقم الإقامة",
            "absher",
            "أبشر",
        ],
    )
    .check("begins with 1 or 2, check digit (Luhn)", |c| matches!(c.at(0), b'1' | b'2') && luhn(c, 0..10)),
    id(
        "sa_vat",
        "SA",
        Kind::Vat,
        "Saudi VAT numbers",
        &["999999999999999"],
        &["الرقم الضريبي", "zatca", "vat number"],
    )
    .check("begins and ends in 3", |c| c.at(0) == b'3' && c.value(10..15) == 3),
    id(
        "sa_cr",
        "SA",
        Kind::Company,
        "Saudi commercial registration numbers",
        &["9999999999"],
        &["السجل التجاري", "commercial registration", "cr number"],
    )
    .rule("region in use", |c| matches!(c.at(0), b'1'..=b'7')),
    id(
        "sa_passport",
        "SA",
        Kind::Passport,
        "Saudi passport numbers",
        &["A99999999", "A999999"],
        &["saudi passport", "جواز سفر"],
    ),
    id(
        "qa_qid",
        "QA",
        Kind::Identity,
        "identity numbers of Qatar (QID)",
        &["99999999999"],
        &["qid", "qatar id", "qatari id", "البطاقة الشخصية", "رقم البطاقة"],
    )
    .check("century, country of birth", |c| {
        matches!(c.at(0), b'2' | b'3') && c.value(3..6) > 0 && c.value(3..6) < 895
    }),
    // PACI, civil ID: century, birth date, weights 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, modulus 11.
    id(
        "kw_civil_id",
        "KW",
        Kind::Identity,
        "civil ids of Kuwait",
        &["999999999999"],
        &["civil id", "kuwait id", "الرقم المدني", "البطاقة المدنية", "paci"],
    )
    .check("century, date of birth, check digit modulo 11", |c| {
        matches!(c.at(0), b'1'..=b'4') && yymmdd(c, 1) && down_11(c, 0, &[2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
    }),
    // Information & eGovernment Authority: year and month of birth.
    id(
        "bh_cpr",
        "BH",
        Kind::Identity,
        "personal numbers of Bahrain (CPR)",
        &["999999999"],
        &["cpr", "bahrain id", "الرقم الشخصي", "bahraini id", "البطاقة السكانية"],
    )
    .rule("month of birth", |c| matches!(c.value(2..4), 1..=12)),
    id(
        "om_civil_number",
        "OM",
        Kind::Identity,
        "civil numbers of Oman",
        &["99999999", "999999999", "9999999"],
        &["oman id", "omani id", "الرقم المدني", "resident card oman", "civil number"],
    ),
    id(
        "jo_national_number",
        "JO",
        Kind::Identity,
        "national numbers of Jordan",
        &["9999999999"],
        &["الرقم الوطني", "jordan id", "jordanian id", "national number"],
    )
    .rule("begins with 9 or 2", |c| matches!(c.at(0), b'9' | b'2')),
    id(
        "iq_national_id",
        "IQ",
        Kind::Identity,
        "national card numbers of Iraq",
        &["999999999999"],
        &["البطاقة الوطنية", "البطاقة الموحدة", "iraqi id", "iraq national"],
    )
    .rule("year of birth", |c| matches!(c.value(0..4), 1900..=2040)),
    id(
        "lb_id",
        "LB",
        Kind::Identity,
        "identity card numbers of Lebanon",
        &["999999999999", "9999999"],
        &["lebanese id", "رقم السجل", "بطاقة هوية لبنانية", "lebanon id"],
    ),
    id(
        "sy_id",
        "SY",
        Kind::Identity,
        "national numbers of Syria",
        &["99999999999"],
        &["الرقم الوطني السوري", "syrian id"],
    ),
    id(
        "ps_id",
        "PS",
        Kind::Identity,
        "Palestinian identity numbers",
        &["999999999"],
        &["palestinian id", "هوية فلسطينية"],
    )
    .check("check digit (Luhn)", |c| matches!(c.at(0), b'4' | b'7' | b'8' | b'9') && luhn(c, 0..9)),
    id(
        "ye_id",
        "YE",
        Kind::Identity,
        "identity numbers of Yemen",
        &["99999999999"],
        &["yemeni id", "بطاقة شخصية يمنية"],
    ),
    // سازمان ثبت احوال: weights 10 to 2, modulus 11.
    id(
        "ir_national_code",
        "IR",
        Kind::Identity,
        "national codes of Iran",
        &["9999999999"],
        &["کد ملی", "شماره ملی", "code melli", "کدملی", "national code", "melli"],
    )
    .check("check digit modulo 11", |c| {
        let rest = c.sum(0, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        !c.is_monotone(0..10) && (if rest < 2 { rest } else { 11 - rest }) == c.digit(9)
    })
    .alone(&["999-999999-9"]),
    id(
        "ir_passport",
        "IR",
        Kind::Passport,
        "Iranian passport numbers",
        &["A99999999"],
        &["گذرنامه", "iranian passport"],
    ),
    id(
        "af_tazkira",
        "AF",
        Kind::Identity,
        "identity numbers of Afghanistan (tazkira)",
        &["9999999999999"],
        &["تذکره", "tazkira", "e-tazkira"],
    )
    .alone(&["9999-9999-99999"]),
    id(
        "gulf_passport",
        "",
        Kind::Passport,
        "passport numbers of Bahrain, Kuwait, Oman, Qatar, Jordan, Iraq and Lebanon",
        &["99999999", "9999999", "A9999999", "A999999", "AA9999999", "AA999999", "AA99999"],
        &[
            "kuwaiti passport",
            "qatari passport",
            "omani passport",
            "bahraini passport",
            "jordanian passport",
            "iraqi passport",
            "lebanese passport",
            "رقم جواز السفر",
        ],
    ),
];
