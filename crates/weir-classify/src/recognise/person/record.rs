use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::labelled::{self, Form};
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

/// What organisations number people with: five digits at least, letters besides.
const FORM: Form = Form { characters: 5..=20, digits_min: 5, letters: true };
const VALIDATION: &str =
    "after a label: 5 to 20 letters and digits, five of them digits; no date, no placeholder such as 12345";

const fn record(name: &'static str, entity: &'static str, finds: &'static str, find: Find) -> RecogniserInfo {
    let entity = EntityType::built_in(entity);
    RecogniserInfo { name, entity, category: Category::Personal, finds, validation: VALIDATION, find }
}

pub(super) const MEDICAL: RecogniserInfo = record(
    "medical_record_number",
    "MEDICAL_RECORD_NUMBER",
    "numbers of patients, their records and cases in hospitals and practices",
    Find::Phrase(MEDICAL_LABELS, find),
);

pub(super) const INSURANCE: RecogniserInfo = record(
    "insurance_number",
    "INSURANCE_NUMBER",
    "numbers of insurance policies, claims and members",
    Find::Phrase(INSURANCE_LABELS, find),
);

pub(super) const CUSTOMER: RecogniserInfo = record(
    "customer_number",
    "CUSTOMER_ID",
    "numbers of customers, clients, members and students",
    Find::Phrase(CUSTOMER_LABELS, find),
);

pub(super) const EMPLOYEE: RecogniserInfo =
    record("employee_number", "EMPLOYEE_ID", "numbers of employees", Find::Phrase(EMPLOYEE_LABELS, find));

pub(super) const LICENCE: RecogniserInfo = record(
    "driving_licence_number",
    "DRIVER_LICENSE",
    "numbers of driving licences in a form that no table of a country has",
    Find::Phrase(LICENCE_LABELS, find),
);

/// Source: gematik, "Spezifikation Telematik-ID".
pub(super) const TELEMATIK: RecogniserInfo = record(
    "de_telematik_id",
    "DE_TELEMATIK_ID",
    "German Telematik and Gesundheits-IDs of patients, practitioners and institutions",
    Find::Phrase(TELEMATIK_LABELS, find),
);

fn find(haystack: &Haystack<'_>, label: Range<usize>) -> Option<Match> {
    let value = labelled::value(haystack, &label, &FORM)?;
    Some(Match::new(value, 0.75).with_evidence(&label))
}

#[rustfmt::skip]
const MEDICAL_LABELS: &[&str] = &[
    "mrn", "medical record", "medical record number", "medical record no", "med rec", "patient id", "patient number", "patient no", "patient #", "hospital number",
    "chart number", "encounter number", "prescription", "prescription number", "prescription no", "prescription id", "rx number", "rx no", "rx #", "referral number",
    "referral no", "referral id", "referral", "prior authorization", "prior authorisation", "prior auth", "preauthorization", "authorization number", "rezeptnummer", "überweisungsnummer", "admission number", "accession number", "patientennummer", "patienten nr", "patienten id", "fallnummer", "krankenakte",
    "numéro de patient", "numéro de dossier médical", "dossier médical", "dossier patient", "ipp", "historia clínica", "historia clinica", "número de paciente", "nhc",
    "numero paziente", "cartella clinica", "numero cartella", "número do paciente", "prontuário", "patiëntnummer", "numer pacjenta", "номер пациента", "история болезни",
    "رقم المريض", "رقم الملف الطبي", "מספר מטופל", "病历号", "患者番号", "カルテ番号", "환자번호",
];
#[rustfmt::skip]
const INSURANCE_LABELS: &[&str] = &[
    "policy number", "policy no", "policy #", "insurance number", "insurance id", "insurance no", "insurance policy", "claim number", "claim no", "claim id", "claim #", "clm", "member id", "member number",
    "subscriber id", "subscriber number", "subscriber no", "member #", "group number", "health plan", "versicherungsnummer", "versichertennummer", "versicherungsscheinnummer", "policennummer", "police nr", "schadennummer",
    "versicherten nr", "numéro de police", "numéro d'assuré", "numéro d'assurance", "n° d'assuré", "número de póliza", "numero de poliza", "póliza", "numero di polizza", "polizza",
    "apólice", "polisnummer", "verzekeringsnummer", "numer polisy", "номер полиса", "полис", "رقم البوليصة", "رقم التأمين", "保险单号", "保単番号", "証券番号", "보험증권번호",
];
#[rustfmt::skip]
const CUSTOMER_LABELS: &[&str] = &[
    "customer number", "customer no", "customer id", "customer #", "client number", "client no", "membership number", "membership no", "loyalty number", "frequent flyer",
    "student id", "student number", "student no", "matriculation number", "library card", "kundennummer", "kunden nr", "kd nr", "kundennr", "mitgliedsnummer", "matrikelnummer", "matrikel nr", "vertragsnummer",
    "contract number", "numéro de client", "numéro client", "n° client", "numéro d'adhérent", "numéro étudiant", "número de cliente", "numero de cliente", "número de socio",
    "codice cliente", "numero cliente", "matricola", "número do cliente", "klantnummer", "lidnummer", "studentnummer", "kundnummer", "asiakasnumero", "numer klienta", "zákaznické číslo",
    "номер клиента", "رقم العميل", "מספר לקוח", "客户编号", "顧客番号", "お客様番号", "학번", "고객번호",
];
#[rustfmt::skip]
const EMPLOYEE_LABELS: &[&str] = &[
    "employee id", "employee number", "employee no", "employee #", "staff id", "staff number", "personnel number", "payroll number", "badge number", "service number", "personalnummer", "personal nr", "pers nr",
    "mitarbeiternummer", "mitarbeiter id", "stammnummer", "matricule", "numéro d'employé", "numéro de salarié", "número de empleado", "legajo", "numero dipendente", "matricola dipendente",
    "personeelsnummer", "medarbejdernummer", "anställningsnummer", "numer pracownika", "табельный номер", "رقم الموظف", "מספר עובד", "工号", "社員番号", "사번",
];
#[rustfmt::skip]
const LICENCE_LABELS: &[&str] = &[
    "driver license", "drivers license", "driver's license", "driver licence", "drivers licence", "driver's licence", "driving licence", "driving license", "licence number of the driver",
    "führerscheinnummer", "führerschein nr", "permis de conduire", "numéro de permis", "carnet de conducir", "permiso de conducir", "licencia de conducir", "patente di guida",
    "carta de condução", "rijbewijsnummer", "körkortsnummer", "kørekortnummer", "førerkortnummer", "ajokortin numero", "numer prawa jazdy",
];
const TELEMATIK_LABELS: &[&str] =
    &["telematik id", "telematikid", "gesundheits id", "gesundheitsid", "ehba", "smc b", "e rezept id"];
