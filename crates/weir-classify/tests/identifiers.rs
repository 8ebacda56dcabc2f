//! Identifiers of states, health systems and registers: with their context, with a wrong check digit, by chance.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::manual_is_multiple_of,
    reason = "a panic is how a test fails; the formulas stand as the standards have them"
)]

mod common;

use common::inspect;

/// What is found in `text` is of type `entity` and covers `covered`, whatever else may fit.
#[track_caller]
fn finds(entity: &str, covered: &str, text: &str) {
    let inspection = inspect(text);
    let hit = |f: &&weir_classify::Finding| f.entity.as_str() == entity && &text[f.start..f.end] == covered;
    assert!(inspection.findings.iter().any(|f| hit(&f)), "{entity} in `{text}`: {:?}", inspection.findings);
}

#[track_caller]
fn is_clean(text: &str) {
    assert_eq!(inspect(text).findings, [], "in `{text}`");
}

/// `body` with the check digits that make `check` hold, found by trying: a second way to compute them.
fn completed(body: &str, check: impl Fn(&[u32]) -> bool) -> String {
    let fits = |tail: &String| {
        let digits: Vec<u32> = format!("{body}{tail}").chars().filter_map(|c| c.to_digit(10)).collect();
        check(&digits)
    };
    let tail = (0..100).map(|n| if n < 10 { n.to_string() } else { format!("{n:02}") }).find(fits).unwrap();
    format!("{body}{tail}")
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit as usize];
    let sum: u32 =
        digits.iter().rev().enumerate().map(|(at, d)| if at % 2 == 0 { *d } else { doubled(*d) }).sum();
    sum % 10 == 0
}

#[test]
fn identifiers_that_nothing_else_looks_like_need_no_context() {
    for (entity, text) in [
        ("IT_FISCAL_CODE", "RSSMRA85T10A562S"),
        ("ES_NIE", "X1234567L"),
        ("ES_NIF", "12345678Z"),
        ("UK_NINO", "AB 12 34 56 C"),
        ("IN_PAN", "ABCPD1234Z"),
        ("CN_RESIDENT_ID", "11010519491231002X"),
        ("SE_PERSONNUMMER", "811228-9874"),
        ("ZA_ID_NUMBER", "8001015009087"),
        ("FI_PERSONAL_IDENTITY_CODE", "131052-308T"),
        ("CH_AHV", "756.9217.0769.85"),
        ("BR_CPF", "529.982.247-25"),
        ("BR_CNPJ", "11.222.333/0001-81"),
        ("CL_RUT", "12.345.678-5"),
        ("AR_CUIT", "20-12345678-6"),
        ("BE_NATIONAL_NUMBER", "85.07.30-033.28"),
        ("FR_NIR", "2 55 08 14 168 025 38"),
        ("AU_ABN", "51 824 753 556"),
        ("SG_NRIC_FIN", "S1234567D"),
        ("TW_NATIONAL_ID", "A123456789"),
        ("MX_CURP", "HEGG560427MVZRRL04"),
        ("AE_EMIRATES_ID", "784-1980-1234567-8"),
        ("US_MBI", "1EG4-TE5-MK73"),
        ("DE_SOCIAL_SECURITY", "15070649C103"),
        ("KR_BRN", "104-86-56659"),
        ("PK_CNIC", "35202-1234567-1"),
        ("VIN", "1HGCM82633A004352"),
        ("DE_HANDELSREGISTER", "HRB 12345"),
    ] {
        finds(entity, text, &format!("Please look at {text} again."));
        finds(entity, text, text);
    }
}

#[test]
fn a_number_in_the_next_column_or_line_does_not_hide_an_identifier() {
    for (entity, code) in [("US_SSN", "536-90-4399"), ("BR_CNPJ", "11.222.333/0001-81")] {
        for text in [format!("12 {code} 7"), format!("1\t{code}\t2"), format!("0\n\n{code}\n\n1")] {
            finds(entity, code, &text);
        }
    }
    is_clean("101 212 536 904 399 1");
}

#[test]
fn weak_identifiers_need_a_word_of_theirs() {
    for (entity, label, code) in [
        ("US_PASSPORT", "US passport number", "A12803456"),
        ("DE_PASSPORT", "Reisepassnummer", "C01X00T47"),
        ("KR_PASSPORT", "여권번호", "M123A4567"),
        ("UK_PASSPORT", "UK passport", "AB1234567"),
        ("IT_DRIVER_LICENSE", "patente di guida", "AA0123456B"),
        ("US_DRIVER_LICENSE", "driver's license", "H12234567"),
        ("DE_KFZ", "Kennzeichen", "B AB 1234"),
        ("RU_PASSPORT", "паспорт", "4510 123456"),
        ("VN_CCCD", "CCCD", "001099012345"),
        ("KE_NATIONAL_ID", "Kenyan ID", "23456789"),
        ("PE_DNI", "DNI", "45678912"),
        ("PH_SSS", "SSS number", "3412345678"),
    ] {
        finds(entity, code, &format!("{label}: {code}"));
        finds(entity, code, &format!("Please check whether {code} is the right {label}."));
        is_clean(&format!("Please check whether {code} is the right colour."));
    }
}

#[test]
fn check_digits_decide_next_to_a_word_of_the_identifier() {
    let mod_11 = |weights: &'static [u32]| move |d: &[u32]| weighted(d, weights) % 11 == 0;
    for (entity, label, code) in [
        (
            "PL_PESEL",
            "PESEL",
            completed("4405140135", |d| weighted(d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 == 0),
        ),
        (
            "NL_BSN",
            "burgerservicenummer",
            completed("11122233", |d| (weighted(d, &[9, 8, 7, 6, 5, 4, 3, 2]) + 10 * d[8]) % 11 == 0),
        ),
        ("CA_SIN", "Numéro d'assurance sociale", completed("13069254", luhn)),
        ("IL_ID_NUMBER", "תעודת זהות", completed("12345678", luhn)),
        ("SA_NATIONAL_ID", "رقم الهوية", completed("105848372", luhn)),
        ("DK_CVR", "CVR", completed("1358562", mod_11(&[2, 7, 6, 5, 4, 3, 2, 1]))),
        (
            "BG_EGN",
            "ЕГН",
            completed("752316926", |d| weighted(d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == d[9]),
        ),
        (
            "CZ_RODNE_CISLO",
            "rodné číslo",
            completed("736028516", |d| d.iter().fold(0, |n, d| (n * 10 + d) % 11) == 0),
        ),
        ("IS_KENNITALA", "kennitala", "1201743399".to_owned()),
        (
            "RU_INN",
            "ИНН",
            completed("770708389", |d| weighted(d, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == d[9]),
        ),
        ("TR_NATIONAL_ID", "T.C. kimlik no", "10000000146".to_owned()),
        (
            "TH_TNIN",
            "เลขประจำตัวประชาชน",
            completed("123456789012", |d| {
                (11 - weighted(d, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == d[12]
            }),
        ),
        ("AU_TFN", "tax file number", completed("87654321", mod_11(&[1, 4, 3, 7, 5, 8, 6, 9, 10]))),
        ("NZ_IRD", "IRD number", "49091850".to_owned()),
        ("EC_CEDULA", "cédula", completed("171003406", luhn)),
        (
            "ABA_ROUTING_NUMBER",
            "routing number",
            completed("12100035", |d| weighted(d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0),
        ),
        ("EE_ISIKUKOOD", "isikukood", "37605030299".to_owned()),
        ("RO_CNP", "CNP", "1630615123457".to_owned()),
    ] {
        finds(entity, &code, &format!("{label}: {code}"));
        is_clean(&format!("the order {code}, please"));
    }
}

#[test]
fn a_key_names_its_value() {
    let engine = common::engine();
    for (key, value) in [
        ("pesel", "44051401359"),
        ("passport_no", "AB1234567"),
        ("licensePlate", "ABC 1234"),
        ("taxId", "12345678911"),
    ] {
        let inspection =
            engine.inspect(&[weir_classify::Segment::key(key), weir_classify::Segment::text(value)]);
        assert!(!inspection.findings.is_empty(), "{key}");
    }
    let inspection =
        engine.inspect(&[weir_classify::Segment::key("order"), weir_classify::Segment::text("121000358")]);
    assert_eq!(inspection.findings, []);
}

#[test]
fn what_has_digits_and_no_context_is_clean() {
    let engine = common::engine();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    for _ in 0..400 {
        let (a, b, c) = (next(), next(), next());
        for text in [
            format!("took {} ms, sent {} bytes", a % 10_000_000_000, b % 100_000_000_000),
            format!("at {} and {}", 1_600_000_000 + a % 200_000_000, 1_600_000_000_000 + b % 200_000_000_000),
            format!("order {} of customer group {}", a % 1_000_000_000_000, b % 1_000_000_000),
            format!(
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                a >> 32,
                a & 0xffff,
                b & 0xffff,
                c & 0xffff,
                c >> 16
            ),
            format!("commit {a:016x}{b:016x}{:08x}", c >> 32),
            format!("commit {:07x}, {:010x}", a >> 36, b >> 24),
            format!(
                "v{}.{}.{}-rc.{} costs {}.{:02} or {},{:03},{:03}",
                a % 20,
                b % 40,
                c % 1000,
                a % 9,
                b % 10_000,
                c % 100,
                a % 999 + 1,
                b % 1000,
                c % 1000
            ),
            format!("978-{}-{}-{}-{}", a % 10, 10 + b % 90, 10_000 + c % 90_000, b % 10),
            format!(
                "2024-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z INFO worker-{} id={} line {}",
                a % 12 + 1,
                b % 28 + 1,
                c % 24,
                a % 60,
                b % 60,
                c % 1_000_000,
                a % 64,
                b % 100_000_000,
                c % 100_000
            ),
            format!(
                "{:08x}  {:02x} {:02x} {:02x} {:02x} {:02x} {:02x} {:02x} {:02x}",
                a >> 32,
                a & 255,
                b & 255,
                c & 255,
                a >> 56,
                b >> 56,
                c >> 56,
                a >> 48 & 255,
                b >> 48 & 255
            ),
            format!(
                "sku AX{}-{} and part {}{:04}",
                a % 1000,
                b % 10_000,
                char::from(b'A' + (c % 26) as u8),
                a % 10_000
            ),
        ] {
            let found = engine.inspect(&[weir_classify::Segment::text(&text)]).findings;
            assert!(
                found.iter().all(|f| f.entity.as_str() == "PHONE_NUMBER"
                    || f.entity.as_str() == "SECRET"
                    || f.entity.as_str() == "CREDIT_CARD"),
                "`{text}`: {found:?}"
            );
        }
    }
}

#[test]
fn a_label_says_what_a_number_is_whatever_the_form_of_the_country() {
    for (entity, covered, text) in [
        ("PASSPORT_NUMBER", "QX7719034KZ", "Passport number: QX7719034KZ"),
        ("DRIVER_LICENSE", "3743151499CK", "licence: 3743151499CK"),
        ("LICENSE_PLATE", "WMIU5806GP", "registration: WMIU5806GP"),
        ("VAT_NUMBER", "4233460363", "our VAT number is 4233460363, as on the invoice"),
        ("IDENTITY_NUMBER", "7C-390217-55", "National ID 7C-390217-55"),
    ] {
        finds(entity, covered, text);
    }
    for text in ["license: AGPL-3", "registration: 2024", "our plate collection has 4000 items"] {
        is_clean(text);
    }
}

#[test]
fn a_label_before_a_number_is_no_part_of_another_code() {
    for (entity, covered, text) in [
        ("NL_BSN", "111222333", "BSN 111222333"),
        ("ES_NIF", "2345678-T", "2345678-T"),
        ("ES_NIF", "2345678-T", "it is 2345678-T."),
    ] {
        finds(entity, covered, text);
        assert!(inspect(text).findings.iter().all(|f| f.entity.as_str() != "MX_RFC"), "{text}");
    }
}

#[test]
fn german_plates_are_found_as_they_are_written() {
    for text in
        ["Kennzeichen: B-AB 1234", "Kfz-Kennzeichen HH-XY 77E", "kraftfahrzeugkennzeichen: CA-IB 773H"]
    {
        let plate = text.rsplit_once(' ').and_then(|(head, _)| head.rsplit_once(' ')).unwrap().0.len() + 1;
        finds("DE_KFZ", &text[plate..], text);
    }
}

/// A value drawn from the pattern of each recogniser that Presidio has for a country, after one of its context words.
/// Most have the form alone and no right check digit: the label makes them what they are.
///
/// Source: Presidio analyzer 2.2.366, its patterns and context words.
#[rustfmt::skip]
const PRESIDIO: &[(&str, &str)] = &[
    ("ABA_ROUTING_NUMBER", "association: 2298-1537-7"),
    ("AU_ABN", "australian business number: 44 359 353 213"),
    ("AU_ACN", "australian company number: 904 550 376"),
    ("AU_MEDICARE", "medicare: 2934 52371 2"),
    ("AU_TFN", "tax file number: 131 239 705"),
    ("CA_SIN", "social insurance number: 922 632 500"),
    ("DE_BSNR", "betriebsstätten-nummer: 341331033"),
    ("DE_FUEHRERSCHEIN", "fahrerlaubnisnummer: TY021406348"),
    ("DE_HANDELSREGISTER", "handelsregisternummer: HRA   63791"),
    ("DE_HEALTH_INSURANCE", "krankenversicherungsnummer: V049072826"),
    ("DE_ID_CARD", "elector photo identity card: ZCR2202320"),
    ("DE_ID_CARD", "personalausweisnummer: PPW64PR84"),
    ("DE_LANR", "lebenslange arztnummer: 536436733"),
    ("DE_PASSPORT", "reisepassnummer: M9LHVJ0F8"),
    ("DE_SOCIAL_SECURITY", "rentenversicherungsnummer: 21051292A014"),
    ("DE_TAX_ID", "steuerliche identifikationsnummer: 46293132848"),
    ("DE_TAX_NUMBER", "tax reference: 2532257038"),
    ("DRIVER_LICENSE", "driver's licence: 4422383767UTT"),
    ("ES_NIE", "número de identificación de extranjero: Z6365134-G"),
    ("ES_NIF", "documento nacional de identidad: 11160212-Z"),
    ("ES_PASSPORT", "número de pasaporte: QYZ737678"),
    ("FI_PERSONAL_IDENTITY_CODE", "personal identity code: 190462W725V"),
    ("INSURANCE_NUMBER", "billing: CLM-795126741"),
    ("IN_AADHAAR", "aadhaar: 3775 5124-3223"),
    ("IN_PAN", "permanent account number: YYVRR5779Y"),
    ("IN_PASSPORT", "indian passport: J27 72387"),
    ("IT_FISCAL_CODE", "codice fiscale: NIERJES4BNVE0LNI"),
    ("IT_IDENTITY_CARD", "elettronica: CO 7477409"),
    ("IT_PASSPORT", "elettronico: WS9823908"),
    ("KR_BRN", "Business Registration Number: 407-94-80484"),
    ("KR_DRIVER_LICENSE", "Korean driver's license: 21 98-95160532"),
    ("KR_FRN", "Korean Foreigner Registration Number: 540807-5785949"),
    ("KR_PASSPORT", "Korean passport number: R619Q1785"),
    ("KR_RRN", "Korean Resident Registration Number: 640231-2498374"),
    ("LICENSE_PLATE", "registration: TZ5KQA3911"),
    ("MEDICAL_LICENSE", "certificate: R92274683"),
    ("MEDICAL_RECORD_NUMBER", "preauthorization: PA-9681403876"),
    ("MEDICAL_RECORD_NUMBER", "prescription: RX-1508914589"),
    ("MEDICAL_RECORD_NUMBER", "referral: REF-3687262115"),
    ("NG_NIN", "national identification number: 02654690998"),
    ("NG_TIN", "personal identity number: 37910607-6590"),
    ("NG_TIN", "steuernummer: 274/0535/72327"),
    ("NG_VEHICLE_REGISTRATION", "vehicle registration: FVP 192QL"),
    ("PH_PASSPORT", "passport number: CJ6830391"),
    ("PH_TIN", "taxpayer identification number: 587-294-346-211"),
    ("PH_TIN", "tin: 57-9946874"),
    ("PH_UMID", "unified multi-purpose id: 1653-5674677-0"),
    ("PL_PESEL", "PESEL: 05910478697"),
    ("SE_ORGANISATIONSNUMMER", "organisationsnummer: 382382-6486"),
    ("SG_NRIC_FIN", "nric#: D9457689L"),
    ("SG_UEN", "business registration: 056793271R"),
    ("TH_TNIN", "เลขประจำตัวประชาชน: 4501884002534"),
    ("TR_LICENSE_PLATE", "plaka numarası: 37 TYD 439"),
    ("TR_NATIONAL_ID", "kimlik numarası: 16248784572"),
    ("UK_DRIVING_LICENCE", "driver's licence: ITHYM102096UI4OV"),
    ("UK_NHS", "health services authority: 946-285 0615"),
    ("UK_NINO", "national insurance: GG 05 3504A"),
    ("UK_PASSPORT", "british passport: BE7405773"),
    ("UK_VEHICLE_REGISTRATION", "licence plate: MJJ-771-C"),
    ("US_ITIN", "individual: 925 81 4197"),
    ("US_MBI", "beneficiary: 4NU9-U42-FT91"),
    ("US_NPI", "provider identifier: 2204 755 302"),
    ("US_SSN", "security: 486-95-0665"),
    ("VAT_NUMBER", "vat registration: 4233460363"),
    ("ZA_COMPANY_NUMBER", "company registration: 2005/982544/65"),
    ("ZA_ID_NUMBER", "south african id: 4501099896295"),
    ("ZA_PASSPORT", "south african passport: D99627357"),
    ("ZA_TRAFFIC_REGISTER_NUMBER", "traffic register number: 1175988117777"),
];

#[test]
fn what_presidio_has_a_recogniser_for_is_found_after_its_context_words() {
    for (entity, text) in PRESIDIO {
        let inspection = inspect(text);
        let is_found = inspection.findings.iter().any(|f| f.entity.as_str() == *entity);
        assert!(is_found, "{entity} in `{text}`: {:?}", inspection.entities);
        assert!(inspection.label.level() >= weir_label::Level::Confidential, "`{text}`");
    }
}

#[test]
fn there_are_rows_for_many_countries() {
    let rows = weir_classify::Engine::recognisers();
    assert!(rows.len() > 400, "{}", rows.len());
    for entity in
        ["US_SSN", "DE_TAX_ID", "UK_NINO", "MEDICAL_LICENSE", "PH_UMID", "KR_RRN", "IN_GSTIN", "AU_MEDICARE"]
    {
        assert!(rows.iter().any(|row| row.entity.as_str() == entity), "{entity}");
    }
}

#[test]
fn a_dash_or_a_list_after_a_number_does_not_hide_it() {
    finds("UK_NHS", "9434765919", "NHS 9434765919 - 3 visits");
    finds("UK_NHS", "9434765919", "NHS 9434765919\n\n-\n0");
    finds("UK_NHS", "9434765919", "2 records - NHS 9434765919 - 3 visits");
}

#[test]
fn a_number_that_a_word_names_is_not_hidden_by_what_the_whole_text_may_be() {
    // With the digits after it the whole is a valid vehicle identification number.
    finds("UK_NHS", "9434765919", "NHS 9434765919\n\n1690");
}

#[test]
fn numbers_of_more_registers_are_found_near_their_word() {
    for (entity, label, code) in [
        ("US_USCIS_RECEIPT", "receipt", "EAC2190012345"),
        ("US_UEI", "UEI", "K7MB4LHQ2XN9"),
        ("UK_UPN", "UPN", "H801200001001"),
        ("UK_NHS", "Health and Care Number", "3212234563"),
        ("UK_SHARE_CODE", "share code", "W4A 9BC D2E"),
        ("UK_PAYE_REFERENCE", "PAYE reference", "123/AB45678"),
        ("ES_CUPS", "suministro", "ES0021000000000001RK"),
        ("ES_CADASTRAL_REFERENCE", "referencia catastral", "9872023VH5797S0001WX"),
        ("FR_RIB", "RIB", "20041 01005 0500013M026 06"),
        ("PT_NIB", "NIB", "000201231234567890154"),
        ("ME_PIB", "PIB", "02655284"),
        ("RO_TRADE_REGISTER", "nr", "J40/8118/1998"),
        ("EORI", "EORI", "GB123456789000"),
        ("HEALTH_NUMBER", "Medicaid ID", "ZF21534P"),
        ("PRACTITIONER_NUMBER", "GMC number", "7123458"),
        ("IDENTITY_NUMBER", "carte nationale", "10981012345678901"),
    ] {
        finds(entity, code, &format!("The {label}: {code}."));
    }
    is_clean("AX-443605; DIN rail 35 mm; 19");
    for text in [
        "voters 12345678",
        "FIN=12345678 ACK",
        "chi squared = 1234567890",
        "provider-id vatp-0bb32de759a3e19e7",
    ] {
        is_clean(text);
    }
}
