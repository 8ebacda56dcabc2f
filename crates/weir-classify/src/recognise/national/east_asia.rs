//! China, Hong Kong, Macau, Taiwan, Japan, Korea and Mongolia.

use super::check::{check_of_eleven, is_day, mod_11_2, yymmdd, yyyymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static CHINA: &[Identifier] = &[
    // GB 11643-1999: region, birth date, sequence, check character ISO/IEC 7064 MOD 11-2.
    id(
        "cn_resident_id",
        "CN",
        Kind::Identity,
        "Chinese resident identity numbers",
        &["999999999999999999", "99999999999999999A"],
        &[
            "身份证",
            "身份证号",
            "身份證",
            "居民身份证",
            "身份证号码",
            "shenfenzheng",
            "resident identity",
            "chinese id",
            "证件号",
        ],
    )
    .check("province, date of birth, check character ISO 7064 MOD 11-2", |c| {
        matches!(c.value(0..2), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
            && yyyymmdd(c, 6)
            && mod_11_2(c, 0..17) == c.last()
    })
    .alone(&["999999999999999999", "99999999999999999X", "999999 99999999 9999", "999999 99999999 999X"]),
    // GB 32100-2015: check character modulo 31.
    id(
        "cn_uscc",
        "CN",
        Kind::Company,
        "Chinese unified social credit codes",
        &["**999999**********"],
        &["统一社会信用代码", "社会信用代码", "uscc", "unified social credit", "营业执照", "纳税人识别号"],
    )
    .check("check character modulo 31", is_social_credit_code)
    .alone(&["**999999**********"]),
    id(
        "cn_passport",
        "CN",
        Kind::Passport,
        "Chinese passport and travel permit numbers",
        &["A99999999", "AA9999999", "A9999999"],
        &["护照", "护照号", "护照号码", "chinese passport", "港澳通行证", "台胞证", "通行证"],
    ),
    id(
        "cn_plate",
        "CN",
        Kind::Plate,
        "Chinese vehicle registration plates",
        &["A99999", "A9999A", "AA9999", "A*****"],
        &["车牌", "车牌号", "车牌号码", "机动车"],
    )
    .rule("letters and digits", |c| c.digit_mask().count_ones() >= 3),
    id(
        "cn_driver_licence",
        "CN",
        Kind::Licence,
        "Chinese driving licence file numbers",
        &["999999999999"],
        &["驾驶证", "驾照", "档案编号", "驾驶证号"],
    ),
    id(
        "cn_bank_account",
        "CN",
        Kind::Bank,
        "Chinese bank account numbers",
        &[
            "9999999999999999999",
            "99999999999999999",
            "999999999999999999",
            "9999999999999999",
            "999999999999",
            "999999999999999",
        ],
        &["银行账号", "账号", "开户行", "银行卡"],
    ),
    id(
        "cn_social_security",
        "CN",
        Kind::Social,
        "Chinese social security card numbers",
        &["999999999999999999", "A99999999", "999999999", "A9999999*"],
        &["社保卡", "社会保障号", "社保号", "医保卡"],
    ),
    // Immigration Department: letters from 10 on (space 36), weights 9 to 1, modulus 11.
    id(
        "hk_id",
        "HK",
        Kind::Identity,
        "Hong Kong identity card numbers (HKID)",
        &["A999999*", "AA999999*"],
        &["hkid", "hong kong identity", "hong kong id", "香港身份證", "身份證號碼", "身份證", "hkic"],
    )
    .check("check character modulo 11", is_hong_kong_id),
    id(
        "hk_passport",
        "HK",
        Kind::Passport,
        "Hong Kong and Macau passport numbers",
        &["A99999999", "AA9999999", "A9999999"],
        &["香港護照", "hksar passport", "護照"],
    ),
    id(
        "hk_br",
        "HK",
        Kind::Company,
        "Hong Kong business registration numbers",
        &["99999999", "9999999"],
        &["商業登記", "business registration", "br number", "cr number"],
    ),
    id(
        "mo_id",
        "MO",
        Kind::Identity,
        "Macau identity card numbers",
        &["99999999"],
        &["macau id", "澳門身份證", "bir macau", "澳門居民身份證"],
    )
    .rule("begins with 1, 5 or 7", |c| matches!(c.at(0), b'1' | b'5' | b'7')),
    // Ministry of the Interior: letter as two digits, weights 1, 9, 8 to 1, 1, modulus 10.
    id(
        "tw_national_id",
        "TW",
        Kind::Identity,
        "Taiwanese identity and resident numbers",
        &["A999999999", "AA99999999"],
        &["身分證", "身份證", "身分證字號", "統一編號", "居留證", "taiwan id", "taiwanese id"],
    )
    .check("sex, check digit", is_taiwan_id)
    .alone(&["A999999999"]),
    id(
        "tw_ubn",
        "TW",
        Kind::Company,
        "Taiwanese unified business numbers",
        &["99999999"],
        &["統一編號", "統編", "ubn", "gui number", "unified business"],
    )
    .check("check digit", |c| {
        let product = |(at, weight): (usize, u32)| {
            let p = c.digit(at) * weight;
            p / 10 + p % 10
        };
        let sum: u32 = [1, 2, 1, 2, 1, 2, 4, 1].into_iter().enumerate().map(product).sum();
        c.value(0..8) > 0 && (sum.is_multiple_of(5) || c.at(6) == b'7' && (sum + 1).is_multiple_of(5))
    }),
    id(
        "tw_passport",
        "TW",
        Kind::Passport,
        "Taiwanese passport numbers",
        &["999999999", "A99999999"],
        &["護照", "taiwan passport", "taiwanese passport"],
    ),
    id(
        "tw_nhi",
        "TW",
        Kind::Health,
        "Taiwanese health insurance card numbers",
        &["999999999999"],
        &["健保卡", "健保", "nhi card"],
    ),
];

pub(super) static JAPAN: &[Identifier] = &[
    // Ordinance of the Ministry of Internal Affairs and Communications No. 85 of 2014: weights 6 to 2, 7 to 2, modulus 11.
    id(
        "jp_my_number",
        "JP",
        Kind::Identity,
        "Japanese individual numbers (My Number)",
        &["999999999999"],
        &["マイナンバー", "個人番号", "individual number", "kojin bango"],
    )
    .check("check digit modulo 11", |c| {
        let rest = c.sum(0, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        !c.is_monotone(0..12) && (if rest < 2 { 0 } else { 11 - rest }) == c.digit(11)
    }),
    // National Tax Agency: the first digit checks the others, weights 1 and 2, modulus 9.
    id(
        "jp_corporate_number",
        "JP",
        Kind::Company,
        "Japanese corporate numbers",
        &["9999999999999", "A9999999999999"],
        &["法人番号", "corporate number", "登録番号", "インボイス"],
    )
    .check("check digit modulo 9", |c| {
        let from = c.len() - 13;
        let sum = c.sum(from + 1, &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]) % 9;
        (from == 0 || c.at(0) == b'T') && 9 - sum == c.digit(from) && c.value(from + 1..from + 13) > 0
    })
    .alone(&["T9999999999999"]),
    id(
        "jp_passport",
        "JP",
        Kind::Passport,
        "Japanese passport numbers",
        &["AA9999999"],
        &["旅券", "旅券番号", "パスポート", "パスポート番号", "japanese passport"],
    ),
    id(
        "jp_driver_licence",
        "JP",
        Kind::Licence,
        "Japanese driving licence numbers",
        &["999999999999"],
        &["運転免許", "運転免許証", "免許証番号", "免許証"],
    ),
    id(
        "jp_residence_card",
        "JP",
        Kind::Residence,
        "Japanese residence card numbers",
        &["AA99999999AA"],
        &["在留カード", "在留カード番号", "residence card", "zairyu"],
    )
    .alone(&["AA99999999AA"]),
    id(
        "jp_health_insurance",
        "JP",
        Kind::Health,
        "Japanese health insurance numbers",
        &["99999999", "999999", "9999999999"],
        &["健康保険", "保険者番号", "被保険者", "保険証", "被保険者番号"],
    ),
    id(
        "jp_pension",
        "JP",
        Kind::Social,
        "Japanese basic pension numbers",
        &["9999999999"],
        &["基礎年金番号", "年金番号", "年金手帳"],
    ),
    id(
        "jp_bank_account",
        "JP",
        Kind::Bank,
        "Japanese bank account numbers",
        &["9999999"],
        &["口座番号", "普通預金", "振込先", "銀行口座"],
    ),
];

pub(super) static KOREA: &[Identifier] = &[
    // Ministry of the Interior and Safety: birth date, sex and century; numbers since October 2020 have no check digit.
    id(
        "kr_rrn",
        "KR",
        Kind::Identity,
        "Korean resident registration numbers",
        &["9999999999999"],
        &["주민등록번호", "주민번호", "주민등록", "rrn", "resident registration", "korean rrn"],
    )
    .check("date of birth, sex", |c| {
        is_day(c.value(0..2), c.value(2..4), c.value(4..6)) && matches!(c.at(6), b'1'..=b'4' | b'9' | b'0')
    })
    .alone(&["999999-9999999"]),
    id(
        "kr_frn",
        "KR",
        Kind::Residence,
        "Korean foreigner registration numbers",
        &["9999999999999"],
        &["외국인등록번호", "외국인등록", "외국인번호", "frn", "foreigner registration", "korean frn"],
    )
    .check("date of birth, sex of foreigners", |c| yymmdd(c, 0) && matches!(c.at(6), b'5'..=b'8'))
    .alone(&["999999-9999999"]),
    // National Tax Service: weights 1, 3, 7, 1, 3, 7, 1, 3, 5, modulus 10.
    id(
        "kr_brn",
        "KR",
        Kind::Company,
        "Korean business registration numbers",
        &["9999999999"],
        &[
            "사업자등록번호",
            "사업자번호",
            "사업자등록",
            "사업자",
            "brn",
            "business registration number",
            "법인등록번호",
        ],
    )
    .check("check digit", |c| {
        (10 - (c.sum(0, &[1, 3, 7, 1, 3, 7, 1, 3, 5]) + c.digit(8) * 5 / 10) % 10) % 10 == c.digit(9)
            && c.value(0..3) >= 101
    })
    .alone(&["999-99-99999"]),
    id(
        "kr_crn",
        "KR",
        Kind::Company,
        "Korean corporate registration numbers",
        &["9999999999999"],
        &["법인등록번호", "법인번호", "corporate registration"],
    )
    .check("check digit", |c| {
        (10 - c.sum(0, &[1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) % 10) % 10 == c.digit(12)
    }),
    id(
        "kr_passport",
        "KR",
        Kind::Passport,
        "Korean passport numbers",
        &["A999A9999", "A99999999", "AA9999999"],
        &["여권", "여권번호", "korean passport", "대한민국 여권"],
    )
    .rule("kind of passport", |c| b"MSRODGTP".contains(&c.at(0))),
    // Korean National Police Agency: region 11 to 28.
    id(
        "kr_driver_license",
        "KR",
        Kind::Licence,
        "Korean driving licence numbers",
        &["999999999999", "AA9999999999"],
        &["운전면허", "운전면허번호", "면허번호", "운전면허증", "driver license", "korean driver"],
    )
    .check("region in use", |c| c.is_number() && matches!(c.value(0..2), 11..=26 | 28))
    .alone(&["99-99-999999-99", "99 99 999999 99"]),
    id(
        "kr_plate",
        "KR",
        Kind::Plate,
        "Korean vehicle registration plates without their letter",
        &["999999", "9999999"],
        &["차량번호", "자동차번호", "번호판"],
    ),
    id(
        "kr_health_insurance",
        "KR",
        Kind::Health,
        "Korean health insurance numbers",
        &["99999999999", "9999999999"],
        &["건강보험", "건강보험증", "보험증번호"],
    ),
    id(
        "kr_bank_account",
        "KR",
        Kind::Bank,
        "Korean bank account numbers",
        &["99999999999", "999999999999", "9999999999999", "99999999999999", "9999999999"],
        &["계좌번호", "계좌", "은행 계좌", "입금계좌"],
    ),
    id(
        "mn_register_number",
        "MN",
        Kind::Identity,
        "register numbers of Mongolia in Latin letters",
        &["AA99999999"],
        &["регистрийн дугаар", "mongolian id", "mongolia register"],
    ),
];

/// Characters of GB 32100: no I, O, S, V, Z.
const SOCIAL_CREDIT: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const SOCIAL_CREDIT_WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

fn is_social_credit_code(code: &Code) -> bool {
    let value = |b: &u8| SOCIAL_CREDIT.iter().position(|c| c == b);
    let sum = code
        .bytes()
        .iter()
        .zip(SOCIAL_CREDIT_WEIGHTS)
        .try_fold(0, |sum, (b, weight)| Some(sum + value(b)? * weight));
    matches!(code.at(0), b'1' | b'5' | b'9' | b'Y' | b'A' | b'N')
        && code.value(2..8) > 0
        && sum.is_some_and(|sum| SOCIAL_CREDIT.get((31 - sum % 31) % 31).copied() == Some(code.last()))
}

fn is_hong_kong_id(code: &Code) -> bool {
    let letters = code.len() - 7;
    let first = if letters == 2 { code.digit(0) } else { 36 };
    let sum = first * 9 + code.digit(letters - 1) * 8 + code.sum(letters, &[7, 6, 5, 4, 3, 2]);
    let check = match check_of_eleven((11 - sum % 11) % 11) {
        b'X' => b'A',
        digit => digit,
    };
    code.last() == check
}

fn is_taiwan_id(code: &Code) -> bool {
    // I, O, W and Z came late and stand out of order.
    let letter = |at: usize| {
        "ABCDEFGHJKLMNPQRSTUVXYWZIO"
            .bytes()
            .position(|b| b == code.at(at))
            .and_then(|at| u32::try_from(at + 10).ok())
    };
    let second = match code.at(1) {
        digit @ (b'1' | b'2' | b'8' | b'9') => u32::from(digit - b'0'),
        _ => letter(1).unwrap_or_default() % 10,
    };
    let valid = matches!(code.at(1), b'1' | b'2' | b'8' | b'9' | b'A'..=b'D');
    let sum = letter(0)
        .map(|letter| letter / 10 + letter % 10 * 9 + second * 8 + code.sum(2, &[7, 6, 5, 4, 3, 2, 1, 1]));
    valid && sum.is_some_and(|sum| sum % 10 == 0)
}
