//! Terms of Article 9 of the GDPR: English, German, French, Spanish, Italian, Arabic.
//!
//! Source of the conditions: chapters of ICD-11; of the medicines: WHO INN and the ATC classes.

#[rustfmt::skip]
pub(super) const HEALTH: &[&str] = &[
    // English
    "diabetes", "diabetic", "cancer", "leukemia", "leukaemia", "lymphoma", "melanoma", "tumor", "tumour", "hiv", "hiv positive", "aids", "hepatitis", "tuberculosis", "depression", "depressed", "bipolar disorder", "bipolar", "schizophrenia",
    "schizophrenic", "anxiety disorder", "anxiety", "panic attacks", "ptsd", "ocd", "adhd", "autism", "autistic", "asperger", "eating disorder", "anorexia", "bulimia", "epilepsy", "epileptic", "multiple sclerosis", "parkinson's", "parkinson",
    "alzheimer's", "alzheimer", "dementia", "asthma", "copd", "cystic fibrosis", "crohn's", "ulcerative colitis", "celiac disease", "arthritis", "lupus", "fibromyalgia", "endometriosis", "infertility", "miscarriage", "abortion", "pregnant",
    "pregnancy", "hypertension", "high blood pressure", "heart disease", "heart attack", "heart failure", "stroke", "kidney failure", "kidney disease", "cirrhosis", "anemia", "hemophilia", "migraine", "migraines", "burnout", "alcoholic",
    "alcoholism", "drug addiction", "opioid addiction", "suicidal", "self-harm", "chlamydia", "syphilis", "gonorrhea", "herpes", "chronic fatigue", "long covid", "blood type", "biopsy",
    // German
    "krebs", "brustkrebs", "leukämie", "tumor", "hiv-positiv", "hepatitis", "depressionen", "depressiv", "bipolare störung", "schizophrenie", "angststörung", "panikattacken", "essstörung", "magersucht", "epilepsie", "multiple sklerose",
    "demenz", "asthma", "rheuma", "bluthochdruck", "herzinfarkt", "schlaganfall", "herzschwäche", "niereninsuffizienz", "leberzirrhose", "schwanger", "schwangerschaft", "fehlgeburt", "alkoholiker", "alkoholikerin", "alkoholsucht",
    "drogensucht", "suizidgefährdet", "diabetikerin", "diabetiker", "autismus", "adhs", "zuckerkrank", "bandscheibenvorfall", "endometriose",
    // French
    "diabète", "diabétique", "cancer du sein", "leucémie", "tumeur", "séropositif", "séropositive", "sida", "vih", "hépatite", "tuberculose", "dépression", "dépressif", "dépressive", "trouble bipolaire", "bipolaire", "schizophrénie", "anxiété",
    "épilepsie", "sclérose en plaques", "maladie de parkinson", "maladie d'alzheimer", "démence", "asthme", "enceinte", "grossesse", "fausse couche", "ivg", "crise cardiaque", "infarctus", "avc", "alcoolique", "toxicomanie", "autisme", "tdah", "cirrhose",
    // Spanish
    "diabetes", "diabético", "diabética", "cáncer", "cáncer de mama", "leucemia", "seropositivo", "seropositiva", "vih", "sida", "hepatitis", "tuberculosis", "depresión", "trastorno bipolar", "esquizofrenia", "ansiedad", "epilepsia", "esclerosis múltiple",
    "demencia", "asma", "embarazada", "embarazo", "aborto", "hipertensión", "infarto", "ictus", "alcohólico", "alcohólica", "alcoholismo", "drogadicción", "autismo", "tdah", "cirrosis",
    // Italian
    "diabete", "diabetico", "diabetica", "cancro", "tumore", "tumore al seno", "leucemia", "sieropositivo", "sieropositiva", "epatite", "tubercolosi", "depressione", "disturbo bipolare", "schizofrenia", "ansia", "epilessia", "sclerosi multipla",
    "demenza", "asma", "incinta", "gravidanza", "aborto", "ipertensione", "infarto", "ictus", "alcolista", "tossicodipendenza", "autismo", "cirrosi",
    // Arabic
    "السكري", "السرطان", "سرطان", "اللوكيميا", "الإيدز", "التهاب الكبد", "السل", "الاكتئاب", "اكتئاب", "الفصام", "انفصام الشخصية", "ثنائي القطب", "القلق المرضي", "الصرع", "التصلب المتعدد", "الخرف", "الزهايمر", "الربو", "حامل", "الحمل",
    "الإجهاض", "ضغط الدم", "جلطة", "فشل كلوي", "إدمان", "التوحد",
];

#[rustfmt::skip]
pub(super) const MEDICATION: &[&str] = &[
    "metformin", "insulin", "sertraline", "fluoxetine", "prozac", "zoloft", "citalopram", "escitalopram", "venlafaxine", "lithium carbonate", "quetiapine", "olanzapine", "risperidone", "clozapine", "methylphenidate", "ritalin", "adderall",
    "methadone", "buprenorphine", "suboxone", "oxycodone", "warfarin", "chemotherapy", "radiotherapy", "dialysis", "antidepressants", "antidepressant", "antipsychotics", "antiretroviral", "hormone therapy", "psychotherapy", "rehab", "hospitalized",
    "levothyroxine", "atorvastatin", "lisinopril", "prednisone", "tamoxifen", "truvada", "viagra", "sildenafil", "ozempic", "semaglutide",
    "antidepressiva", "chemotherapie", "strahlentherapie", "dialyse", "psychotherapie", "entzugsklinik", "blutverdünner", "insulinpflichtig", "antidépresseurs", "chimiothérapie", "radiothérapie", "psychothérapie", "insuline",
    "antidepresivos", "quimioterapia", "radioterapia", "diálisis", "psicoterapia", "insulina", "antidepressivi", "chemioterapia", "dialisi", "الأنسولين", "العلاج الكيميائي", "غسيل الكلى", "مضادات الاكتئاب",
];

#[rustfmt::skip]
pub(super) const DISABILITY: &[&str] = &[
    "disabled", "disability", "wheelchair", "paraplegic", "deaf", "blind", "visually impaired", "hearing impaired", "dyslexia", "dyslexic", "down syndrome", "cerebral palsy", "sick leave", "medical leave", "unfit for work", "incapacity for work",
    "schwerbehindert", "behinderung", "schwerbehinderung", "grad der behinderung", "rollstuhl", "gehörlos", "arbeitsunfähig", "arbeitsunfähigkeit", "krankgeschrieben", "pflegegrad", "legasthenie",
    "handicapé", "handicapée", "handicap", "fauteuil roulant", "arrêt maladie", "invalidité", "inapte au travail", "rqth", "discapacidad", "discapacitado", "discapacitada", "silla de ruedas", "baja médica", "baja por enfermedad", "incapacidad laboral",
    "disabile", "disabilità", "invalidità", "sedia a rotelle", "congedo per malattia", "inabile al lavoro", "إعاقة", "الإعاقة", "معاق", "كرسي متحرك", "إجازة مرضية",
];

#[rustfmt::skip]
pub(super) const BIOMETRIC: &[&str] = &[
    "dna test", "dna profile", "genetic test", "genetic testing", "genome sequence", "brca1", "brca2", "huntington's disease", "sickle cell", "gene mutation", "iris scan", "retina scan", "fingerprints", "faceprint", "voiceprint",
    "gentest", "dna-profil", "dna-analyse", "fingerabdrücke", "fingerabdruck", "irisscan", "gendefekt", "erbkrankheit", "test génétique", "profil adn", "empreintes digitales", "maladie génétique", "prueba genética", "perfil de adn", "huellas dactilares", "huella dactilar",
    "test genetico", "profilo del dna", "impronte digitali", "malattia genetica", "بصمات الأصابع", "بصمة الإصبع", "فحص جيني", "الحمض النووي",
];

#[rustfmt::skip]
pub(super) const BELIEF: &[&str] = &[
    "muslim", "sunni", "shia", "jewish", "catholic", "protestant", "baptist", "mormon", "jehovah's witness", "hindu", "buddhist", "sikh", "atheist", "evangelical", "scientologist", "orthodox christian", "christian faith",
    "muslima", "moslem", "jüdisch", "jude", "jüdin", "katholisch", "evangelisch", "römisch-katholisch", "zeuge jehovas", "zeugin jehovas", "buddhist", "atheistin", "konfessionslos", "kirchensteuer", "kirchenaustritt", "religionszugehörigkeit",
    "musulman", "musulmane", "juif", "juive", "catholique", "protestante", "témoin de jéhovah", "bouddhiste", "athée", "musulmán", "musulmana", "judío", "judía", "católico", "católica", "testigo de jehová", "budista", "ateo", "atea",
    "musulmano", "ebreo", "ebrea", "cattolico", "cattolica", "testimone di geova", "buddista", "مسلم", "مسلمة", "مسيحي", "مسيحية", "يهودي", "يهودية", "ملحد", "ملحدة", "شيعي", "سني",
];

#[rustfmt::skip]
pub(super) const UNION: &[&str] = &[
    "trade union", "labor union", "labour union", "union member", "union membership", "shop steward", "works council", "union representative", "gewerkschaft", "gewerkschaftsmitglied", "ig metall", "ver.di", "betriebsrat",
    "syndicat", "syndiqué", "syndiquée", "délégué syndical", "déléguée syndicale", "cgt", "cfdt", "sindicato", "sindicalista", "delegado sindical", "afiliación sindical", "ccoo", "sindacato", "iscritto al sindacato", "cgil", "cisl",
    "نقابة", "النقابة", "نقابي",
];

#[rustfmt::skip]
pub(super) const ORIENTATION: &[&str] = &[
    "gay", "lesbian", "bisexual", "homosexual", "transgender", "trans woman", "trans man", "queer", "non-binary", "asexual", "pansexual", "intersex", "sexual orientation",
    "schwul", "lesbisch", "bisexuell", "homosexuell", "transsexuell", "nichtbinär", "lesbienne", "bisexuel", "bisexuelle", "homosexuel", "homosexuelle", "transgenre", "lesbiana", "bisexual", "transexual",
    "lesbica", "bisessuale", "omosessuale", "transessuale", "مثلي", "مثلية", "مثلي الجنس", "متحول جنسيا", "متحولة جنسيا",
];

#[rustfmt::skip]
pub(super) const ETHNICITY: &[&str] = &[
    "roma", "sinti", "romani", "african american", "kurdish", "uyghur", "ethnic origin", "ethnicity", "mixed race", "indigenous", "native american",
    "kurdisch", "kurde", "kurdin", "ethnische herkunft", "migrationshintergrund", "origine ethnique", "kurde", "origen étnico", "gitano", "gitana", "origine etnica", "curdo", "curda", "كردي", "كردية", "أمازيغي", "الأصل العرقي",
];

#[rustfmt::skip]
pub(super) const POLITICS: &[&str] = &[
    "member of the communist party", "member of the labour party", "member of the conservative party", "member of the republican party", "member of the democratic party", "party member", "registered democrat", "registered republican",
    "communist", "socialist", "anarchist", "political opinion", "political beliefs", "mitglied der spd", "mitglied der cdu", "mitglied der afd", "mitglied der grünen", "mitglied der linken", "mitglied der fdp", "parteimitglied", "kommunist", "kommunistin",
    "parteibuch", "membre du parti", "encarté", "communiste", "miembro del partido", "afiliado al partido", "afiliada al partido", "comunista", "militante del", "iscritto al partito", "iscritta al partito", "tesserato", "شيوعي", "شيوعية", "عضو في حزب",
];
