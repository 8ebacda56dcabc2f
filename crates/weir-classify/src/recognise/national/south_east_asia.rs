//! Singapore, Malaysia, Thailand, Indonesia, the Philippines, Vietnam and their neighbours.

use super::check::{is_day, letter_of, luhn, yymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // Immigration & Checkpoints Authority: weights 2, 7, 6, 5, 4, 3, 2, letters by series, modulus 11.
    id(
        "sg_nric_fin",
        "SG",
        Kind::Identity,
        "Singaporean identity and foreigner numbers (NRIC, FIN)",
        &["A9999999A"],
        &[
            "nric",
            "FIN",
            "nric no",
            "fin number",
            "fin no",
            "fin",
            "singapore id",
            "identity card",
            "singpass",
        ],
    )
    .check("series, check letter modulo 11", is_nric)
    .bare(|c| b"STFGM".contains(&c.at(0)))
    .alone(&["A9999999A"]),
    // Accounting and Corporate Regulatory Authority.
    id(
        "sg_uen",
        "SG",
        Kind::Company,
        "Singaporean unique entity numbers (UEN)",
        &["99999999A", "999999999A", "A99AA9999A"],
        &["uen", "unique entity", "unique entity number", "acra", "business registration", "gst reg"],
    )
    .check("check letter", is_uen)
    .bare(|c| c.len() == 9 || matches!(c.value(0..2), 19 | 20) || b"RST".contains(&c.at(0)))
    .alone(&["199999999A", "209999999A", "T99AA9999A", "S99AA9999A", "R99AA9999A"]),
    id(
        "sg_passport",
        "SG",
        Kind::Passport,
        "Singaporean passport numbers",
        &["A9999999A", "A9999999"],
        &["singapore passport", "singaporean passport"],
    ),
    id(
        "sg_plate",
        "SG",
        Kind::Plate,
        "Singaporean vehicle registration plates",
        &["AAA9999A", "AAA999A", "AA9999A", "AAA99A"],
        &["vehicle number", "car plate"],
    ),
    // Jabatan Pendaftaran Negara: birth date, place of birth, sequence.
    id(
        "my_mykad",
        "MY",
        Kind::Identity,
        "Malaysian identity card numbers (MyKad)",
        &["999999999999"],
        &["mykad", "nric", "kad pengenalan", "no. kp", "no kp", "ic number", "ic no", "malaysian id", "IC"],
    )
    .check("date of birth, place of birth", |c| {
        yymmdd(c, 0) && !matches!(c.value(6..8), 0 | 17..=20 | 69 | 70 | 73 | 80 | 81 | 94..=97)
    })
    .alone(&["999999-99-9999"]),
    id(
        "my_passport",
        "MY",
        Kind::Passport,
        "Malaysian passport numbers",
        &["A99999999", "A9999999", "AA9999999"],
        &["pasport", "malaysian passport"],
    ),
    id(
        "my_tin",
        "MY",
        Kind::Tax,
        "Malaysian tax numbers",
        &["AA99999999999", "AA9999999999", "AA999999999", "A9999999999", "99999999999"],
        &["lhdn", "no. cukai", "income tax number", "cukai pendapatan"],
    ),
    id(
        "my_plate",
        "MY",
        Kind::Plate,
        "Malaysian vehicle registration plates",
        &["AAA9999", "AA9999", "AAA999", "AA9999A", "A9999"],
        &["nombor plat", "no. plat", "plate number"],
    ),
    id(
        "my_epf",
        "MY",
        Kind::Social,
        "Malaysian provident and social fund numbers",
        &["99999999", "9999999"],
        &["kwsp", "epf", "perkeso", "socso"],
    ),
    // Department of Provincial Administration: first digit 1 to 8, province, weights 13 to 2, modulus 11.
    id(
        "th_tnin",
        "TH",
        Kind::Identity,
        "Thai national identification numbers",
        &["9999999999999"],
        &[
            "บัตรประชาชน",
            "เลขบัตรประชาชน",
            "เลขประจำตัวประชาชน",
            "ประจำตัวประชาชน",
            "thai id",
            "thai national id",
            "tnin",
            "thai citizen",
            "thailand id",
            "เลขประจำตัว",
        ],
    )
    .check("first digit 1 to 8, check digit modulo 11", |c| {
        matches!(c.at(0), b'1'..=b'8')
            && !c.is_monotone(1..12)
            && (11 - c.sum(0, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == c.digit(12)
    })
    .alone(&["9-9999-99999-99-9", "9 9999 99999 99 9"]),
    id(
        "th_tax_id",
        "TH",
        Kind::Tax,
        "Thai tax numbers of companies",
        &["9999999999999"],
        &["เลขประจำตัวผู้เสียภาษี", "thai tax", "เลขผู้เสียภาษี"],
    )
    .check("begins with 0, check digit modulo 11", |c| {
        c.at(0) == b'0'
            && c.value(1..12) > 0
            && (11 - c.sum(0, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == c.digit(12)
    }),
    id(
        "th_passport",
        "TH",
        Kind::Passport,
        "Thai passport numbers",
        &["AA9999999", "A9999999", "A999999"],
        &["หนังสือเดินทาง", "พาสปอร์ต", "thai passport"],
    ),
    // Direktorat Jenderal Kependudukan: region, birth date (women: day + 40), sequence.
    id(
        "id_nik",
        "ID",
        Kind::Identity,
        "Indonesian identity numbers (NIK)",
        &["9999999999999999"],
        &[
            "nik",
            "ktp",
            "nomor induk kependudukan",
            "kartu tanda penduduk",
            "e-ktp",
            "kartu keluarga",
            "indonesian id",
        ],
    )
    .check("region, date of birth", |c| {
        let day = c.value(6..8) % 40;
        matches!(c.value(0..2), 11..=94)
            && c.value(2..4) > 0
            && is_day(c.value(10..12), c.value(8..10), day)
            && c.value(6..8) <= 71
            && c.value(12..16) > 0
    })
    .bare(|_| false),
    id(
        "id_npwp",
        "ID",
        Kind::Tax,
        "Indonesian tax numbers (NPWP)",
        &["999999999999999", "9999999999999999"],
        &["npwp", "nomor pokok wajib pajak", "wajib pajak"],
    )
    .check("check digit (Luhn) of the first nine", |c| c.len() == 16 || luhn(c, 0..9))
    .bare(|_| false)
    .alone(&["99.999.999.9-999.999"]),
    id(
        "id_passport",
        "ID",
        Kind::Passport,
        "Indonesian passport numbers",
        &["A9999999", "AA999999", "A999999"],
        &["paspor", "nomor paspor", "indonesian passport"],
    ),
    id(
        "id_bpjs",
        "ID",
        Kind::Health,
        "Indonesian health insurance numbers (BPJS)",
        &["9999999999999", "99999999999"],
        &["bpjs", "jkn", "kartu indonesia sehat"],
    ),
    id(
        "id_sim",
        "ID",
        Kind::Licence,
        "Indonesian driving licence numbers (SIM)",
        &["999999999999", "99999999999999"],
        &["nomor sim", "no. sim", "surat izin mengemudi"],
    ),
    id(
        "id_plate",
        "ID",
        Kind::Plate,
        "Indonesian vehicle registration plates",
        &["A9999AAA", "A9999AA", "AA9999AA", "AA9999A", "AA9999AAA", "A999AAA"],
        &["nomor polisi", "nopol", "plat nomor"],
    ),
    // Bureau of Internal Revenue, Social Security System, PhilHealth, GSIS, Philippine Statistics Authority.
    id(
        "ph_tin",
        "PH",
        Kind::Tax,
        "Philippine tax numbers (TIN)",
        &["999999999", "999999999999", "99999999999999"],
        &["tin", "BIR", "philippine tin", "tax identification number", "taxpayer"],
    )
    .alone(&["999-999-999-999", "999-999-999-00000", "999-999-999-99999"]),
    id(
        "ph_sss",
        "PH",
        Kind::Social,
        "Philippine social security numbers (SSS)",
        &["9999999999"],
        &["sss", "sss number", "sss no", "social security system"],
    )
    .bare(|c| c.at(0) == b'0' || c.at(0) == b'3')
    .alone(&["99-9999999-9"]),
    id(
        "ph_philhealth",
        "PH",
        Kind::Health,
        "Philippine health insurance numbers (PhilHealth)",
        &["999999999999"],
        &["philhealth", "philhealth number", "pin philhealth", "phic"],
    )
    .alone(&["99-999999999-9"]),
    id(
        "ph_umid",
        "PH",
        Kind::Identity,
        "Philippine common reference numbers (UMID)",
        &["999999999999"],
        &["umid", "crn", "common reference number", "unified multi-purpose"],
    )
    .alone(&["9999-9999999-9"]),
    id(
        "ph_gsis",
        "PH",
        Kind::Social,
        "Philippine government service insurance numbers",
        &["99999999999"],
        &["gsis", "bp number", "gsis bp"],
    ),
    id(
        "ph_philsys",
        "PH",
        Kind::Identity,
        "Philippine identity numbers (PhilSys)",
        &["9999999999999999", "999999999999"],
        &["philsys", "psn", "pcn", "national id", "phil id", "philid"],
    )
    .alone(&["9999-9999-9999"]),
    id(
        "ph_pagibig",
        "PH",
        Kind::Social,
        "Philippine home fund numbers (Pag-IBIG)",
        &["999999999999"],
        &["pag-ibig", "pagibig", "hdmf", "mid number"],
    )
    .alone(&["9999-9999-9999"]),
    id(
        "ph_passport",
        "PH",
        Kind::Passport,
        "Philippine passport numbers",
        &["A9999999A", "AA9999999", "AA999999"],
        &["philippine passport", "filipino passport", "pasaporte", "passport", "dfa"],
    ),
    id(
        "ph_driver_license",
        "PH",
        Kind::Licence,
        "Philippine driving licence numbers",
        &["A9999999999", "A99999999999"],
        &["lto", "driver's license", "license no", "lisensya"],
    )
    .alone(&["A99-99-999999"]),
    id(
        "ph_prc",
        "PH",
        Kind::Doctor,
        "Philippine professional licence numbers (PRC)",
        &["9999999", "999999"],
        &["prc", "prc license", "professional regulation"],
    ),
    id(
        "ph_voter",
        "PH",
        Kind::Voter,
        "Philippine voter identification numbers",
        &["99999999A999AAA99999999", "9999999999A999AAA9999"],
        &["vin", "comelec", "voter"],
    ),
    id(
        "ph_plate",
        "PH",
        Kind::Plate,
        "Philippine vehicle registration plates",
        &["AAA9999", "AAA999", "999AAA"],
        &["plaka", "plate number"],
    ),
    // Bộ Công an, căn cước công dân: province, sex and century, year of birth.
    id(
        "vn_cccd",
        "VN",
        Kind::Identity,
        "Vietnamese citizen identity numbers",
        &["999999999999", "999999999"],
        &[
            "cccd",
            "cmnd",
            "căn cước",
            "căn cước công dân",
            "chứng minh nhân dân",
            "số định danh",
            "can cuoc",
            "vietnamese id",
        ],
    )
    .rule("province, century", |c| {
        c.len() == 9 || matches!(c.value(0..3), 1..=96) && matches!(c.at(3), b'0'..=b'3')
    }),
    id(
        "vn_tax_code",
        "VN",
        Kind::Tax,
        "Vietnamese tax codes",
        &["9999999999", "9999999999999"],
        &["mã số thuế", "MST", "ma so thue"],
    )
    .check("check digit modulo 11", |c| 10 - c.sum(0, &[31, 29, 23, 19, 17, 13, 7, 5, 3]) % 11 == c.digit(9))
    .alone(&["9999999999-999"]),
    id(
        "vn_passport",
        "VN",
        Kind::Passport,
        "Vietnamese passport numbers",
        &["A9999999", "A99999999"],
        &["hộ chiếu", "số hộ chiếu", "vietnamese passport"],
    ),
    id(
        "vn_social_insurance",
        "VN",
        Kind::Social,
        "Vietnamese social and health insurance numbers",
        &["9999999999", "AA9999999999999"],
        &["bảo hiểm xã hội", "bhxh", "bhyt", "bảo hiểm y tế", "mã số bhxh"],
    ),
    id(
        "kh_id",
        "KH",
        Kind::Identity,
        "Cambodian identity card numbers",
        &["999999999"],
        &["អត្តសញ្ញាណប័ណ្ណ", "cambodian id", "khmer id"],
    ),
    id(
        "mm_nrc",
        "MM",
        Kind::Identity,
        "Myanmar registration card numbers",
        &["99AAAAAAA999999", "99AAAAAAAAA999999"],
        &["myanmar nrc", "မှတ်ပုံတင်"],
    ),
    id(
        "la_id",
        "LA",
        Kind::Identity,
        "identity card numbers of Laos",
        &["99999999999", "9999999999"],
        &["lao id", "ບັດປະຈຳຕົວ"],
    ),
    id(
        "bn_ic",
        "BN",
        Kind::Identity,
        "identity card numbers of Brunei",
        &["99999999"],
        &["brunei ic", "kad pengenalan brunei"],
    ),
];

fn is_nric(code: &Code) -> bool {
    let offset = match code.at(0) {
        b'S' | b'F' => 0,
        b'T' | b'G' => 4,
        b'M' => 3,
        _ => return false,
    };
    let rest = (code.sum(1, &[2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
    let letters = match code.at(0) {
        b'S' | b'T' => "JZIHGFEDCBA",
        b'F' | b'G' => "XWUTRQPNMLK",
        _ => "XWUTRQPNJLK",
    };
    let rest = if code.at(0) == b'M' { 10 - rest } else { rest };
    let letters = if code.at(0) == b'M' { "KLJNPQRTUWX" } else { letters };
    letter_of(letters, rest.into()) == code.last()
}

fn is_uen(code: &Code) -> bool {
    let letter = |alphabet: &str, weights: &[u32]| {
        letter_of(alphabet, u64::from(code.sum(0, weights) % 11)) == code.last()
    };
    match code.len() {
        9 => letter("XMKECAWLJDB", &[10, 4, 9, 3, 8, 2, 7, 1]),
        _ if code.at(0).is_ascii_digit() => {
            matches!(code.value(0..4), 1880..=2040) && letter("ZKCMDNERGWH", &[10, 8, 6, 4, 9, 7, 5, 3, 1])
        }
        _ => b"RST".contains(&code.at(0)) && is_entity(code),
    }
}

/// Entities other than businesses and companies: characters by their place in the alphabet, weights, modulus 11.
fn is_entity(code: &Code) -> bool {
    const ALPHABET: &str = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    let value = |at: usize| ALPHABET.bytes().position(|b| b == code.at(at));
    let weights = [4, 3, 5, 3, 10, 2, 2, 5, 7];
    let sum =
        weights.into_iter().enumerate().try_fold(0, |sum, (at, weight)| Some(sum + value(at)? * weight));
    let check = sum.map(|sum| (sum + 11 - 5) % 11);
    check.and_then(|check| ALPHABET.as_bytes().get(check)).copied() == Some(code.last())
}
