//! Africa.

use super::check::{ddmmyy, is_day, luhn, verhoeff, yymmdd};
use super::identifier::{Identifier, id};
use super::kind::Kind;

pub(super) static ROWS: &[Identifier] = &[
    // Department of Home Affairs: birth date, sequence, citizenship, Luhn.
    id(
        "za_id_number",
        "ZA",
        Kind::Identity,
        "South African identity numbers",
        &["9999999999999"],
        &[
            "south african id",
            "sa id",
            "rsa id",
            "id number",
            "identity number",
            "said",
            "identiteitsnommer",
            "id nommer",
            "permanent resident",
            "refugee id",
            "green book",
            "home affairs",
            "south african",
        ],
    )
    .check("date of birth, citizenship, check digit (Luhn)", |c| {
        yymmdd(c, 0) && matches!(c.at(10), b'0'..=b'2') && luhn(c, 0..13)
    })
    .alone(&["999999 9999 99 9", "999999 9999 999", "9999999999999"]),
    id(
        "za_tax_number",
        "ZA",
        Kind::Tax,
        "South African income tax numbers",
        &["9999999999"],
        &["income tax number", "income tax", "sars", "tax reference number", "tax ref"],
    )
    .check("first digit in use, check digit (Luhn)", |c| {
        matches!(c.at(0), b'0'..=b'3' | b'9') && luhn(c, 0..10)
    }),
    id(
        "za_passport",
        "ZA",
        Kind::Passport,
        "South African passport numbers",
        &["A99999999", "999999999"],
        &["south african passport", "sa passport", "home affairs", "dha"],
    ),
    // Road Traffic Management Corporation, eNaTIS.
    id(
        "za_traffic_register_number",
        "ZA",
        Kind::Identity,
        "South African traffic register numbers",
        &["9999999999999"],
        &["traffic register", "traffic register number", "TRN", "enatis"],
    ),
    id(
        "za_company_number",
        "ZA",
        Kind::Company,
        "South African company registration numbers",
        &["999999999999", "A9999999999", "AA999999999999"],
        &["cipc", "ck number", "company registration", "close corporation", "registration number"],
    )
    .rule("year", |c| {
        let year = (0..3).find(|at| c.at(*at).is_ascii_digit()).unwrap_or_default();
        matches!(c.value(year..year + 4), 1850..=2040)
    })
    .alone(&["9999/999999/99"]),
    id(
        "za_license_plate",
        "ZA",
        Kind::Plate,
        "South African vehicle registration plates",
        &["AA99AAAA", "AAA999AA", "AA999999", "AAA999A"],
        &["south african plate"],
    ),
    // National Identity Management Commission: eleven digits, Verhoeff.
    id(
        "ng_nin",
        "NG",
        Kind::Identity,
        "Nigerian national identification numbers (NIN)",
        &["99999999999"],
        &[
            "nin",
            "nimc",
            "national identification number",
            "nigerian id",
            "nigeria id",
            "nigeria national",
            "nin number",
            "vnin",
        ],
    )
    .check("check digit (Verhoeff)", |c| !c.is_monotone(0..11) && verhoeff(c, 0..11)),
    id(
        "ng_bvn",
        "NG",
        Kind::Bank,
        "Nigerian bank verification numbers (BVN)",
        &["99999999999"],
        &["bvn", "bank verification"],
    )
    .rule("begins with 22", |c| c.starts_with("22")),
    id(
        "ng_vehicle_registration",
        "NG",
        Kind::Plate,
        "Nigerian vehicle registration plates",
        &["AAA999AA"],
        &["plate number", "nigerian plate", "plates", "vehicle", "frsc", "number plate"],
    )
    .check("form of plates since 1992", |c| !c.bytes().is_empty())
    .alone(&["AAA-999AA", "AAA-999-AA", "AAA 999AA"]),
    id(
        "ng_passport",
        "NG",
        Kind::Passport,
        "Nigerian passport numbers",
        &["A99999999", "A9999999", "AA9999999"],
        &["nigerian passport"],
    ),
    id(
        "ng_tin",
        "NG",
        Kind::Tax,
        "Nigerian tax identification numbers",
        &["999999999999", "9999999999"],
        &["firs", "jtb tin", "tin"],
    )
    .alone(&["99999999-9999"]),
    id(
        "ng_driver_licence",
        "NG",
        Kind::Licence,
        "Nigerian driving licence numbers",
        &["AAA99999AA99", "AAA999999AA99"],
        &["frsc licence", "driver's licence"],
    ),
    // Ministry of Interior: century, birth date, governorate, sequence, check digit.
    id(
        "eg_national_id",
        "EG",
        Kind::Identity,
        "Egyptian national identity numbers",
        &["99999999999999"],
        &["الرقم القومي", "رقم قومي", "egyptian id", "egypt national", "national id"],
    )
    .check("century, date of birth, governorate", |c| {
        matches!(c.at(0), b'2' | b'3') && yymmdd(c, 1) && matches!(c.value(7..9), 1..=35 | 88)
    }),
    id(
        "eg_passport",
        "EG",
        Kind::Passport,
        "Egyptian passport numbers",
        &["A99999999"],
        &["egyptian passport"],
    ),
    id(
        "ma_cin",
        "MA",
        Kind::Identity,
        "Moroccan identity card numbers (CIN)",
        &["A999999", "AA999999", "AA99999", "A99999"],
        &["cin", "cnie", "carte nationale", "البطاقة الوطنية", "moroccan id"],
    ),
    id(
        "ma_ice",
        "MA",
        Kind::Company,
        "Moroccan company identifiers (ICE)",
        &["999999999999999"],
        &["ICE", "identifiant commun", "registre de commerce"],
    )
    .check("key modulo 97", |c| c.value(0..15) % 97 == 0),
    id(
        "ma_passport",
        "MA",
        Kind::Passport,
        "Moroccan passport numbers",
        &["AA9999999", "AA999999"],
        &["passeport marocain"],
    ),
    id(
        "dz_nin",
        "DZ",
        Kind::Identity,
        "Algerian national identification numbers (NIN)",
        &["999999999999999999"],
        &["nin", "numéro d'identification national", "رقم التعريف الوطني"],
    )
    .rule("sex", |c| matches!(c.at(0), b'1' | b'2')),
    id(
        "dz_nif",
        "DZ",
        Kind::Tax,
        "Algerian tax numbers (NIF)",
        &["999999999999999"],
        &["nif", "numéro d'identification fiscale"],
    ),
    id(
        "tn_cin",
        "TN",
        Kind::Identity,
        "Tunisian identity card numbers",
        &["99999999"],
        &["cin", "carte d'identité nationale", "بطاقة التعريف", "tunisian id"],
    ),
    id(
        "tn_mf",
        "TN",
        Kind::Tax,
        "Tunisian tax numbers (matricule fiscal)",
        &["9999999AAA999"],
        &["matricule fiscal", "المعرف الجبائي"],
    )
    .check("letters in use", |c| b"ABDNP".contains(&c.at(8)) && b"CMNPE".contains(&c.at(9)))
    .alone(&["9999999A/A/A/999", "9999999AAA999"]),
    id(
        "ly_nid",
        "LY",
        Kind::Identity,
        "Libyan national numbers",
        &["999999999999"],
        &["الرقم الوطني", "libyan id"],
    )
    .rule("sex and year of birth", |c| {
        matches!(c.at(0), b'1' | b'2') && matches!(c.value(1..5), 1900..=2040)
    }),
    id(
        "ke_national_id",
        "KE",
        Kind::Identity,
        "Kenyan identity card numbers",
        &["99999999", "9999999"],
        &["kenyan id", "kenya id", "kitambulisho", "huduma", "id number", "national id"],
    ),
    id(
        "ke_kra_pin",
        "KE",
        Kind::Tax,
        "Kenyan tax numbers (KRA PIN)",
        &["A999999999A"],
        &["kra", "kra pin", "pin number", "itax"],
    )
    .check("begins with A or P", |c| matches!(c.at(0), b'A' | b'P'))
    .alone(&["A999999999A"]),
    id(
        "ke_nhif",
        "KE",
        Kind::Health,
        "Kenyan health and social fund numbers",
        &["99999999", "9999999", "999999999"],
        &["nhif", "nssf", "sha number"],
    ),
    id(
        "ke_passport",
        "KE",
        Kind::Passport,
        "Kenyan passport numbers",
        &["A9999999", "AA999999", "AA9999999", "A999999"],
        &["kenyan passport"],
    ),
    id(
        "ke_plate",
        "KE",
        Kind::Plate,
        "Kenyan vehicle registration plates",
        &["AAA999A", "AAA999"],
        &["kenyan plate"],
    )
    .alone(&["KAA 999A", "KBA 999A", "KCA 999A", "KDA 999A"]),
    // National Identification Authority: GHA, nine digits, check digit.
    id(
        "gh_card",
        "GH",
        Kind::Identity,
        "identity card numbers of Ghana (Ghana Card)",
        &["AAA9999999999"],
        &["ghana card", "ghanacard", "ghana id", "NIA"],
    )
    .check("begins with a country", |c| {
        ["GHA", "NGA", "TGO", "BFA", "CIV"].iter().any(|country| c.starts_with(country))
    })
    .alone(&["AAA-999999999-9"]),
    id(
        "gh_passport",
        "GH",
        Kind::Passport,
        "passport numbers of Ghana",
        &["A9999999", "A99999999"],
        &["ghanaian passport"],
    ),
    id(
        "gh_voter",
        "GH",
        Kind::Voter,
        "voter numbers of Ghana",
        &["9999999999"],
        &["voter id", "voters id", "ghana voter"],
    ),
    id(
        "ug_nin",
        "UG",
        Kind::Identity,
        "Ugandan national identification numbers",
        &["AA************"],
        &["nin", "nira", "ugandan id", "uganda national"],
    )
    .check("begins with CM, CF or PM, PF, year of birth in figures", |c| {
        ["CM", "CF", "PM", "PF"].iter().any(|p| c.starts_with(p))
            && c.digit_mask() >> 2 & 0b11_1111 == 0b11_1111
    })
    .alone(&["AA999999******"]),
    id(
        "tz_nida",
        "TZ",
        Kind::Identity,
        "Tanzanian national identification numbers (NIDA)",
        &["99999999999999999999"],
        &["nida", "namba ya nida", "tanzanian id"],
    )
    .check("date of birth", |c| {
        is_day(c.value(0..4), c.value(4..6), c.value(6..8)) && matches!(c.value(0..2), 19 | 20)
    })
    .alone(&["99999999-99999-99999-99", "99999999999999999999"]),
    id("tz_tin", "TZ", Kind::Tax, "Tanzanian tax numbers", &["999999999"], &["tra tin", "tin"]),
    id(
        "rw_national_id",
        "RW",
        Kind::Identity,
        "Rwandan identity card numbers",
        &["9999999999999999"],
        &["indangamuntu", "rwandan id", "rwanda national"],
    )
    .check("status, year of birth, sex", |c| {
        matches!(c.at(0), b'1'..=b'3')
            && matches!(c.value(1..5), 1900..=2030)
            && matches!(c.at(5), b'7' | b'8')
    })
    .alone(&["9 9999 9 9999999 9 99"]),
    id(
        "et_fayda",
        "ET",
        Kind::Identity,
        "Ethiopian national identity numbers (Fayda)",
        &["9999999999999999", "999999999999"],
        &["fayda", "fan number", "fin number", "ethiopian id", "የፋይዳ"],
    ),
    id(
        "zm_nrc",
        "ZM",
        Kind::Identity,
        "Zambian registration card numbers (NRC)",
        &["999999999"],
        &["nrc", "national registration card", "zambian id"],
    )
    .check("last digit 1 to 3", |c| matches!(c.at(8), b'1'..=b'3'))
    .alone(&["999999/99/9"]),
    id(
        "zw_national_id",
        "ZW",
        Kind::Identity,
        "Zimbabwean identity numbers",
        &["99999999A99", "999999999A99"],
        &["zimbabwean id", "zimbabwe national", "national registration"],
    )
    .check("district numbers", |c| c.value(0..2) > 0)
    .alone(&[
        "99-999999A99",
        "99-9999999A99",
        "99-999999-A-99",
        "99-9999999-A-99",
        "99-999999 A 99",
        "99-9999999 A 99",
    ]),
    id(
        "bw_omang",
        "BW",
        Kind::Identity,
        "identity numbers of Botswana (Omang)",
        &["999999999"],
        &["omang", "botswana id"],
    )
    .check("fifth digit 1 or 2", |c| matches!(c.at(4), b'1' | b'2')),
    id(
        "na_id",
        "NA",
        Kind::Identity,
        "identity numbers of Namibia",
        &["99999999999"],
        &["namibian id", "namibia id"],
    )
    .check("date of birth", |c| yymmdd(c, 0)),
    id(
        "mu_nid",
        "MU",
        Kind::Identity,
        "national identity numbers of Mauritius",
        &["A9999999999999", "A999999999999*"],
        &["mauritian id", "mauritius id", "nic number"],
    )
    .check("date of birth", |c| ddmmyy(c, 1))
    .alone(&["A9999999999999"]),
    id(
        "sn_nin",
        "SN",
        Kind::Identity,
        "identity numbers of Senegal",
        &["9999999999999", "99999999999999", "99999999999999999"],
        &["nin sénégal", "carte cedeao", "carte d'identité cedeao"],
    ),
    id(
        "ci_cni",
        "CI",
        Kind::Identity,
        "identity numbers of Côte d'Ivoire",
        &["A9999999999", "AA999999999", "99999999999"],
        &["oneci", "nni", "cni ivoirienne"],
    ),
    id(
        "cm_cni",
        "CM",
        Kind::Identity,
        "identity card numbers of Cameroon",
        &["999999999", "99999999999999999"],
        &["cni cameroun", "cameroon id"],
    ),
    id(
        "ao_bi",
        "AO",
        Kind::Identity,
        "identity card numbers of Angola",
        &["999999999AA999"],
        &["bilhete de identidade", "bi angola"],
    )
    .check("province letters", |c| !c.is_number())
    .alone(&["999999999AA999"]),
    id(
        "mz_bi",
        "MZ",
        Kind::Identity,
        "identity card numbers of Mozambique",
        &["999999999999A"],
        &["bilhete de identidade", "bi moçambique", "nuit"],
    ),
    id(
        "african_passport",
        "",
        Kind::Passport,
        "passport numbers of other African countries",
        &["A99999999", "AA999999", "AA9999999", "AAA999999", "99AA99999", "A9999999", "A999999"],
        &[
            "ethiopian passport",
            "ugandan passport",
            "tanzanian passport",
            "rwandan passport",
            "algerian passport",
            "tunisian passport",
            "ivorian passport",
            "senegalese passport",
            "angolan passport",
        ],
    ),
];
