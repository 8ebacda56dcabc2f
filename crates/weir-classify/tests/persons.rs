//! Dates of birth, addresses, numbers of organisations, and what Article 9 of the GDPR protects.

mod common;

use common::{engine, finds, finds_nothing, found};
use weir_classify::Segment;

#[test]
fn dates_of_birth_are_found_in_many_languages() {
    for (text, date) in [
        ("DOB: 03/12/1974", "03/12/1974"),
        ("D.O.B. 3/12/74", "3/12/74"),
        ("Date of birth (DD/MM/YYYY): 12/03/1974", "12/03/1974"),
        ("\"dateOfBirth\": \"1974-03-12\"", "1974-03-12"),
        ("birth_date=1974-03-12", "1974-03-12"),
        ("Jo was born in Springfield on March 12th, 1974.", "March 12th, 1974"),
        ("born 12 March 1974", "12 March 1974"),
        ("geboren am 12. März 1974", "12. März 1974"),
        ("Sie wurde am 12. März 1974 in Köln geboren", "12. März 1974"),
        ("Jo Weber, geb. 12.03.1974", "12.03.1974"),
        ("Jo Weber (*12.03.1974)", "12.03.1974"),
        ("née le 1er janvier 1974", "1er janvier 1974"),
        ("Né le 12/03/1974 à Lyon", "12/03/1974"),
        ("nacida el 12 de marzo de 1974", "12 de marzo de 1974"),
        ("fecha de nacimiento: 12-03-1974", "12-03-1974"),
        ("nato il 12 marzo 1974", "12 marzo 1974"),
        ("data de nascimento: 12/03/1974", "12/03/1974"),
        ("geboortedatum 12-03-1974", "12-03-1974"),
        ("data urodzenia: 12.03.1974", "12.03.1974"),
        ("дата рождения 12 марта 1974", "12 марта 1974"),
        ("doğum tarihi: 12 Mart 1974", "12 Mart 1974"),
        ("تاريخ الميلاد: 12/03/1974", "12/03/1974"),
        ("生年月日：1974年3月12日", "1974年3月12日"),
        ("생년월일: 1974년 3월 12일", "1974년 3월 12일"),
        ("Name,DOB\nJo,1974-03-12", "1974-03-12"),
        ("dob=19740312", "19740312"),
        ("szül. 1974.03.12", "1974.03.12"),
    ] {
        finds("DATE_OF_BIRTH", date, text);
    }
}

#[test]
fn other_dates_and_ages_are_no_dates_of_birth() {
    for text in [
        "Updated 2026-01-02: the date of birth is required",
        "Einstein was born on 14 March 1879",
        "born in 1974",
        "a 45-year-old man born abroad",
        "stillborn 12/03/1974",
        "She was born here. On March 3, 2024 the company closed",
        "due 12.03.1974",
        "3 *12.03.1974",
        "**12.03.1974**",
        "date_of_birth DATE NOT NULL",
        "dob: 99/99/1974",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn postal_addresses_are_found() {
    for (text, address) in [
        (
            "ship to 742 Evergreen Terrace, Springfield, IL 62704 please",
            "742 Evergreen Terrace, Springfield, IL 62704",
        ),
        ("12 Old Mill Road, Leeds LS6 2AB", "12 Old Mill Road, Leeds LS6 2AB"),
        (
            "7 Old Mill Road (by the ring road), Leeds LS6 2AB",
            "7 Old Mill Road (by the ring road), Leeds LS6 2AB",
        ),
        (
            "I live at 836 Alder Reach Suite 2, Milltown, KS 67005.",
            "836 Alder Reach Suite 2, Milltown, KS 67005",
        ),
        ("55 Alder Reach\nPort Mill, ME 04401-1234", "55 Alder Reach\nPort Mill, ME 04401-1234"),
        ("Flat 4, 5 Long Isle, North Milltown, L80 6WD", "5 Long Isle, North Milltown, L80 6WD"),
        ("371 Alder Hill, Milltown, AB T7A 9N3", "371 Alder Hill, Milltown, AB T7A 9N3"),
        ("Lindenstraße 17, 10969 Berlin", "Lindenstraße 17, 10969 Berlin"),
        ("Bahnhofstr. 3a, 8001 Zürich", "Bahnhofstr. 3a, 8001 Zürich"),
        ("14 rue des Lilas, 69003 Lyon", "14 rue des Lilas, 69003 Lyon"),
        ("Calle Mayor 12, 28013 Madrid", "Calle Mayor 12, 28013 Madrid"),
        ("Via Garibaldi 21, 00153 Roma", "Via Garibaldi 21, 00153 Roma"),
        ("Prinsengracht 263, 1016 GV Amsterdam", "Prinsengracht 263, 1016 GV"),
        ("Lindenweg 7\n50667 Köln", "Lindenweg 7\n50667 Köln"),
        ("send it to Am Markt 3, 01067 Dresden", "Am Markt 3, 01067 Dresden"),
        ("Unter den Linden 77, D-10117 Berlin", "Unter den Linden 77, D-10117 Berlin"),
        ("Postfach 1234, 60311 Frankfurt", "Postfach 1234, 60311 Frankfurt"),
        ("lives at 1234 N Main St, upstairs", "1234 N Main St"),
        ("Her home address is 12 elm street", "12 elm street"),
        ("address: Flat 3, 12 Elm Street where she", "Flat 3, 12 Elm Street"),
        ("Adresse : 12 rue de la Paix, 3e étage", "12 rue de la Paix"),
        ("Indirizzo: via Roma 12", "via Roma 12"),
        ("Meet me at Unit 6607 Box 6283\nDPO AP 97829", "Unit 6607 Box 6283\nDPO AP 97829"),
        ("Please return to PSC 2228, Box 8286\nAPO AE 72736", "PSC 2228, Box 8286\nAPO AE 72736"),
        ("P.O. Box 1234, Mill Town, KS 67005", "P.O. Box 1234, Mill Town, KS 67005"),
    ] {
        finds("STREET_ADDRESS", address, text);
    }
}

#[test]
fn streets_and_postcodes_alone_are_no_addresses() {
    for text in [
        "742 Evergreen Terrace",
        "the street number, then 10969 Berlin",
        "on Wall Street in 2008 Lehman failed",
        "via HTTP 1.1, 2024 Python",
        "error 10969 Failed at 3 drive C",
        "place 3 items in 10000 Boxes",
        "1 0bf2 No NUMBER ONE\n2 0f84 Mn MARK\n3 1770 Lo LETTER",
        "CA 94105",
        "vive en Estambul. El 31 de enero",
        "The server forwards the address via port 8080.",
        "Store the address in place of item 4.",
        "The address 3 via the bus is wrong.",
        "The address space has 48 bits; court cases 5",
        "The file resides at offset 12 of drive 3",
        "We address 12 trail runs and 4 road races",
        "Move the address column to place number 3, and address 2 open drive issues.",
        "son domicile dans la partie nord. Le 9 mai",
    ] {
        finds_nothing(text);
    }
}

#[test]
fn numbers_that_organisations_give_are_found_after_a_label() {
    for (text, entity, number) in [
        ("MRN: 00482916", "MEDICAL_RECORD_NUMBER", "00482916"),
        ("Patient ID P-482916", "MEDICAL_RECORD_NUMBER", "P-482916"),
        ("Patientennummer: 482916", "MEDICAL_RECORD_NUMBER", "482916"),
        ("historia clínica nº 482916", "MEDICAL_RECORD_NUMBER", "482916"),
        ("policy number is HX-482916-07", "INSURANCE_NUMBER", "HX-482916-07"),
        ("Versicherungsscheinnummer 4829160", "INSURANCE_NUMBER", "4829160"),
        ("{\"memberId\": \"W482916073\"}", "INSURANCE_NUMBER", "W482916073"),
        ("Kundennummer lautet 482916", "CUSTOMER_ID", "482916"),
        ("numéro client : 48291607", "CUSTOMER_ID", "48291607"),
        ("customer no. 48 29 16", "CUSTOMER_ID", "48 29 16"),
        ("employee ID: E482916", "EMPLOYEE_ID", "E482916"),
        ("Personalnummer 482916", "EMPLOYEE_ID", "482916"),
        ("工号：482916", "EMPLOYEE_ID", "482916"),
    ] {
        finds(entity, number, text);
    }
}

#[test]
fn labels_without_a_number_are_no_numbers() {
    for text in [
        "customer_id: i64",
        "customer_id = 42",
        "customer id: 123456",
        "employee id 000000",
        "policy number: XXXXXXX",
        "the member id must be unique",
        "patient id varchar(20000)",
        "memberId: ${id12345}",
        "policy no. 2026-11-24",
        "customer number 1.2.30000",
    ] {
        finds_nothing(text);
    }
}

/// The term and a sentence in which somebody is meant.
const SPECIAL: &[(&str, &str, &str)] = &[
    ("HEALTH_DATA", "diabetes", "I have type 2 diabetes, what may I eat?"),
    ("HEALTH_DATA", "HIV", "My son was diagnosed with HIV last year"),
    ("HEALTH_DATA", "depression", "Our employee Jo is on leave because of depression"),
    ("HEALTH_DATA", "cancer", "Mrs. Doe has breast cancer"),
    ("HEALTH_DATA", "leukemia", "Jo Doe was diagnosed with leukemia"),
    ("HEALTH_DATA", "epilepsy", "MRN 00482: epilepsy since childhood"),
    ("HEALTH_DATA", "Depressionen", "Frau Weber leidet unter Depressionen"),
    ("HEALTH_DATA", "schwanger", "unsere Mitarbeiterin ist schwanger"),
    ("HEALTH_DATA", "séropositif", "mon mari est séropositif"),
    ("HEALTH_DATA", "cáncer", "a mi madre le diagnosticaron cáncer"),
    ("HEALTH_DATA", "incinta", "sono incinta"),
    ("HEALTH_DATA", "السكري", "والدتي مصابة بمرض السكري"),
    ("HEALTH_DATA", "sertraline", "I am taking sertraline"),
    ("HEALTH_DATA", "wheelchair", "my colleague uses a wheelchair"),
    ("BIOMETRIC_DATA", "BRCA1", "my sister carries BRCA1"),
    ("RELIGION", "Jewish", "my neighbour is Jewish"),
    ("RELIGION", "katholisch", "Herr Weber ist katholisch"),
    ("TRADE_UNION", "union member", "our employee is a union member"),
    ("TRADE_UNION", "Gewerkschaft", "mein Kollege ist in der Gewerkschaft"),
    ("SEXUAL_ORIENTATION", "gay", "my brother is gay"),
    ("SEXUAL_ORIENTATION", "lesbienne", "ma fille est lesbienne"),
    ("ETHNICITY", "Kurdish", "my tenant is Kurdish"),
    ("POLITICAL_OPINION", "Mitglied der SPD", "mein Chef ist Mitglied der SPD"),
];

#[test]
fn special_categories_are_found_in_sentences_about_somebody() {
    for (entity, term, text) in SPECIAL {
        let found = found(text);
        let is_found = |(kind, covered): &(String, String)| kind == entity && covered.contains(term);
        assert!(found.iter().any(is_found), "{found:?} in `{text}`");
        let label = engine().inspect(&[Segment::text(text)]).label;
        assert_eq!(label.level().as_str(), "restricted", "{text}");
    }
}

#[test]
fn talk_in_general_is_clean() {
    for text in [
        "What are the symptoms of diabetes?",
        "A 45-year-old man with hypertension presents with chest pain. He takes lisinopril.",
        "The patient was diagnosed with leukemia and received chemotherapy.",
        "Trade union membership fell in the 1980s.",
        "Write an essay about gay rights in Europe.",
        "Hepatitis B is caused by a virus.",
        "Was sind die Symptome einer Depression?",
        "Le cancer du sein est fréquent.",
        "La diabetes es una enfermedad crónica.",
        "الربو مرض مزمن",
        "My fingerprint does not match: SHA256",
        "I am writing a paper on cancer",
        "the union of two sets; my union type",
        "Roma won. My team lost.",
    ] {
        finds_nothing(text);
    }
}

/// The cases are Presidio's formats under labels: its recognisers for American driving licences and Telematik-IDs.
#[test]
fn licences_and_health_ids_of_any_form_are_found_after_their_label() {
    for (entity, covered, text) in [
        ("DRIVER_LICENSE", "C12T345672", "my driver license is C12T345672"),
        ("DRIVER_LICENSE", "DL-4839-AB-27", "Driving licence no.: DL-4839-AB-27"),
        ("DE_TELEMATIK_ID", "1-DOC482957", "Telematik-ID: 1-DOC482957"),
        ("DE_TELEMATIK_ID", "10-48295.67130", "Gesundheits-ID: 10-48295.67130"),
    ] {
        let found = found(text);
        assert!(found.contains(&(entity.to_owned(), covered.to_owned())), "in `{text}`: {found:?}");
    }
    finds_nothing("a driver license is checked at the counter");
    finds_nothing("eHBA 2.1 is out, SMC-B follows in 2027");
}

#[test]
fn where_somebody_is_counts_and_where_something_is_only_beside_a_person() {
    finds("GPS_COORDINATES", "52.520008, 13.404954", "GPS: 52.520008, 13.404954");
    finds("GPS_COORDINATES", "-33.86785 151.20732", "her last known position was -33.86785 151.20732");
    let level = |text: &str| engine().inspect(&[Segment::text(text)]).label.level();
    let map = "coordinates 52.520008, 13.404954";
    assert_eq!(level(map), level("a map"));
    assert!(level(&format!("{map}, write to jo@example.com")) > level(map));
    for text in
        ["GPS accuracy 4.5 m, 12.25 s", "GPS: 952.520008, 13.404954", "my position on 1.2.3456 and 2.1"]
    {
        finds_nothing(text);
    }
}

#[test]
fn numbers_of_prescriptions_claims_and_referrals_are_found() {
    for (entity, value, text) in [
        ("MEDICAL_RECORD_NUMBER", "RX306342", "Prescription: RX306342"),
        ("MEDICAL_RECORD_NUMBER", "PA-8382439", "prior authorization PA-8382439 is approved"),
        ("MEDICAL_RECORD_NUMBER", "REF-40846962", "referral number is REF-40846962"),
        ("INSURANCE_NUMBER", "795126741", "billed under CLM-795126741"),
    ] {
        finds(entity, value, text);
    }
}
