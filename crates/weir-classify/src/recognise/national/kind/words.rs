//! The words of each kind of identifier, in any language.

#[rustfmt::skip]
pub(super) const VEHICLE: &[&str] = &[
    "vin", "vin number", "vehicle identification", "chassis number", "chassis no", "fahrgestellnummer",
    "numéro de série du véhicule", "número de chasis", "chassi", "telaio",
];

#[rustfmt::skip]
pub(super) const RESIDENCE: &[&str] = &[
    "residence permit", "resident permit", "residence card", "foreigner id", "alien registration",
    "permanent resident", "aufenthaltstitel", "titre de séjour", "carte de séjour", "permesso di soggiorno",
    "permiso de residencia", "tarjeta de residencia", "karta pobytu", "verblijfsvergunning",
];

#[rustfmt::skip]
pub(super) const VAT: &[&str] = &[
    "vat number", "vat no", "vat id", "vat reg", "vat registration", "vat code", "vatin", "ust idnr", "ust id",
    "ust-idnr", "umsatzsteuer", "mwst nr", "numéro de tva", "tva intracommunautaire", "n° tva", "partita iva",
    "p. iva", "btw nummer", "btw nr", "btw id", "moms nr", "momsnummer", "número de iva", "nif iva",
    "gst number", "gst no", "gst registration",
];

#[rustfmt::skip]
pub(super) const COMPANY: &[&str] = &[
    "company number", "company registration", "company id", "company code", "company identification",
    "company identity", "business number", "business registration", "business id", "business code",
    "registration number of the company", "organisation number", "organization number", "org number",
    "trade register", "commercial register", "handelsregister", "firmenbuch", "registre du commerce",
    "registro mercantil", "entity number", "corporate number", "register number", "enterprise number",
    "unique entity number",
];

#[rustfmt::skip]
pub(super) const SOCIAL: &[&str] = &[
    "social security", "social insurance", "national insurance", "sozialversicherung", "sécurité sociale",
    "securite sociale", "seguridad social", "seguro social", "sicurezza sociale", "segurança social",
    "social security no", "insurance number", "pension number", "pension insurance",
];

#[rustfmt::skip]
pub(super) const HEALTH: &[&str] = &[
    "health insurance", "health card", "health number", "health id", "healthcare number", "patient id",
    "patient number", "patient identifier", "patient no", "hospital number", "medical id", "medicare",
    "krankenversicherung", "krankenkasse", "assurance maladie", "carte vitale", "tarjeta sanitaria",
    "tessera sanitaria", "zorgverzekering", "health service number", "member id", "beneficiary", "insured id",
    "insurance id", "insurance policy",
];

#[rustfmt::skip]
pub(super) const DOCTOR: &[&str] = &[
    "doctor number", "physician number", "physician id", "provider number", "provider id", "practitioner",
    "medical license", "medical licence", "prescriber", "practice number", "arztnummer", "physician license",
];

#[rustfmt::skip]
pub(super) const VOTER: &[&str] = &[
    "voter id", "voter number", "voter card", "voter registration", "voter", "voting", "electoral",
    "election card", "elector", "vote with",
];

#[rustfmt::skip]
pub(super) const PASSPORT: &[&str] = &[
    "passport", "passports", "travel document", "reisepass", "reisepassnummer", "passnummer", "pass nr", "pass-nr", "passeport",
    "pasaporte", "passaporto", "passaporte", "paspoort", "paspoortnummer", "paszport", "pas nr",
    "passin numero", "passinumero", "passet", "passnr", "passnummer", "pasnummer", "útlevél", "utlevel",
    "pașaport", "pasaport", "паспорт", "διαβατήριο", "διαβατηρίου", "putovnica", "putovnice", "pasoš",
    "potni list", "cestovný pas", "cestovní pas", "číslo pasu", "cestovní doklad", "pass number", "vegabréf",
    "paso nr", "pases numurs", "여권", "旅券", "パスポート", "护照", "護照", "หนังสือเดินทาง", "พาสปอร์ต", "hộ chiếu",
    "paspor", "pasaporte no", "جواز السفر", "جواز سفر", "الجواز", "دרכון", "דרכון", "पासपोर्ट", "পাসপোর্ট",
    "பாஸ்போர்ட்", "پاسپورٹ", "گذرنامه", "паспорта", "паспорту", "паспортни", "хил паспорт",
];

#[rustfmt::skip]
pub(super) const LICENCE: &[&str] = &[
    "driver license", "drivers license", "driver's license", "driver’s license", "driver licence",
    "drivers licence", "driver's licence", "driver’s licence", "driving license", "driving licence",
    "driving permit", "driver permit", "license number", "licence number", "license no", "licence no",
    "my license", "my licence", "license #", "dl number", "dl no", "dl#", "cdl", "dln", "lic#", "lic no",
    "führerschein", "fuehrerschein", "fahrerlaubnis", "fahrausweis", "permis de conduire", "n° de permis",
    "numéro de permis", "patente", "patente di guida", "permiso de conducir", "permiso de conducción",
    "licencia de conducir", "licencia de conducción", "licencia de manejo", "carta de condução",
    "carteira de motorista", "carteira nacional de habilitação", "habilitação", "cnh", "rijbewijs",
    "rijbewijsnummer", "prawo jazdy", "prawa jazdy", "körkort", "korkort", "kørekort", "førerkort", "ajokortti",
    "ajokortin", "řidičský průkaz", "vodičský preukaz", "vezetői engedély", "jogosítvány", "permis auto",
    "vozačka dozvola", "vozniško dovoljenje", "шофьорска книжка", "водительское удостоверение",
    "водительского удостоверения", "водійське посвідчення", "возачка дозвола", "δίπλωμα οδήγησης",
    "άδεια οδήγησης", "juhiluba", "vadītāja apliecība", "vairuotojo pažymėjim", "sürücü belgesi", "ehliyet",
    "운전면허", "면허번호", "運転免許", "免許証番号", "驾驶证", "驾照", "駕照", "駕駛執照", "ใบขับขี่", "giấy phép lái xe", "bằng lái",
    "surat izin mengemudi", "lesen memandu", "رخصة القيادة", "رخصة قيادة", "רישיון נהיגה", "ड्राइविंग लाइसेंस",
    "lisensya", "gawe ya",
];

#[rustfmt::skip]
pub(super) const PLATE: &[&str] = &[
    "license plate", "licence plate", "number plate", "plate number", "plate no", "vehicle registration",
    "registration number", "registration plate", "registration no", "reg number", "reg no", "car registration",
    "vehicle number", "vehicle reg", "vrn", "vrm", "rego", "car reg", "kennzeichen", "kfz", "autokennzeichen",
    "nummernschild", "kontrollschild", "plaque", "immatriculation", "immatriculé", "matrícula", "matricula",
    "placa", "placas", "targa", "targato", "kenteken", "nummerplaat", "tablica rejestracyjna",
    "nr rejestracyjny", "numer rejestracyjny", "registreringsnummer", "regnr", "registreringsskylt",
    "nummerplade", "nummerskilt", "rekisterinumero", "rekisterikilpi", "spz", "poznávací značka", "rendszám",
    "număr de înmatriculare", "registarska", "registrska", "регистрационен номер", "госномер", "гос номер",
    "номер автомобиля", "номерний знак", "πινακίδα", "αριθμός κυκλοφορίας", "plaka", "차량번호", "번호판", "ナンバープレート",
    "车牌", "車牌", "ทะเบียนรถ", "biển số", "nomor polisi", "plat nomor", "nombor plat", "رقم اللوحة",
    "لوحة السيارة", "מספר רכב",
];

#[rustfmt::skip]
pub(super) const IDENTITY: &[&str] = &[
    "national id", "national identity", "national identification", "identity card", "identity number",
    "identity no", "identity document", "identity code", "id card", "id number", "id no", "id nr", "citizen id",
    "citizen card", "citizen number", "personal id", "personal identity", "personal identification",
    "personal number", "personal code", "identification number", "identification code", "civil id",
    "citizenship number", "identification card", "government id", "state id", "nid", "personalausweis",
    "ausweisnummer", "ausweis nr", "ausweis-nr", "identitätskarte", "carte d'identité", "carte d’identité",
    "carte nationale d'identité", "cni", "numéro d'identité", "documento de identidad", "documento nacional",
    "cédula", "cedula", "número de identidad", "carta d'identità", "carta d’identità", "carta di identità",
    "carta d'identita", "documento d'identità", "cartão de cidadão", "cartão do cidadão",
    "bilhete de identidade", "carteira de identidade", "identiteitskaart", "identiteitsbewijs",
    "dowód osobisty", "dowodu osobistego", "nr dowodu", "id-kort", "legitimation", "henkilökortti",
    "občanský průkaz", "občiansky preukaz", "személyi igazolvány", "carte de identitate", "buletin",
    "osobna iskaznica", "osebna izkaznica", "lična karta", "лична карта", "личен номер",
    "удостоверение личности", "посвідчення особи", "αριθμός ταυτότητας", "ταυτότητα", "ταυτότητας", "kimlik",
    "isikukood", "asmens kodas", "personas kods", "주민등록", "신분증", "身份证", "身分證", "身份證", "マイナンバー", "บัตรประชาชน",
    "ประจำตัวประชาชน", "thai id", "căn cước", "chứng minh nhân dân", "kartu tanda penduduk", "kad pengenalan",
    "الرقم القومي", "رقم الهوية", "الهوية الوطنية", "بطاقة الهوية", "الرقم المدني", "תעודת זהות", "मतदाता",
    "पहचान", "জাতীয় পরিচয়", "شناختی کارڈ", "کد ملی", "personnummer",
];

#[rustfmt::skip]
pub(super) const TAX: &[&str] = &[
    "tax id", "tax number", "tax no", "tax identification", "tax identifier", "taxpayer", "tax code",
    "tax payer", "tax file", "tax reference", "tax registration", "tin", "tin number", "tin no", "steuernummer",
    "steuer id", "steuer-id", "steuer nr", "steuernr", "numéro fiscal", "numéro d'identification fiscale",
    "identifiant fiscal", "número fiscal", "número de identificación fiscal", "identificación fiscal",
    "codice fiscale", "número de contribuinte", "contribuinte", "contribuyente", "belastingnummer",
    "fiscaal nummer", "skattenummer", "skatte", "verotunniste", "adóazonosító", "adószám",
    "daňové identifikační", "dič", "cod fiscal", "porezni broj", "porezni", "davčna številka", "данъчен номер",
    "инн", "податковий номер", "ідентифікаційний код", "αφμ", "α.φ.μ.", "vergi no", "vergi numarası",
    "vergi kimlik", "납세자번호", "税号", "稅號", "納税者番号", "เลขประจำตัวผู้เสียภาษี", "mã số thuế", "npwp",
    "nomor pokok wajib pajak", "الرقم الضريبي", "מספר תיק",
];
