//! Whether a text speaks of one person near a word, rather than of things in general.

use crate::haystack::Haystack;
use crate::words::{Lazy, Words};
use std::ops::Range;

/// The stretch around a word in which its person is looked for.
const BEFORE: usize = 96;
const AFTER: usize = 64;

/// Where the reference to one person stands that makes `term` a statement about somebody: `I have`,
/// `my wife`, `our employee`, `Frau Weber`, `patient ID`. The general, `the patient` and `a 45-year-old`
/// of a textbook and the `he` that nobody introduced are none.
pub(super) fn of(haystack: &Haystack<'_>, term: &Range<usize>) -> Option<Range<usize>> {
    let sentence = sentence(haystack, term);
    said_of_oneself(haystack, &sentence, term)
        .or_else(|| known(haystack, &sentence))
        .or_else(|| addressed(haystack, &sentence))
        .or_else(|| named(haystack, &sentence, term))
        .or_else(|| identified(haystack, term))
}

/// The sentence that `term` stands in, as far as it is near.
fn sentence(haystack: &Haystack<'_>, term: &Range<usize>) -> Range<usize> {
    let from = term.start.saturating_sub(BEFORE);
    let head = haystack.slice(from..term.start);
    let is_end = |pair: &[u8]| matches!(pair, [b'.' | b'?' | b'!' | b';', b' ' | b'\n'] | [b'\n', b'\n']);
    let abbreviated = |at: usize| {
        ABBREVIATIONS.iter().any(|title| head.get(..=at).is_some_and(|head| ends_with(head, title)))
    };
    let start = (0..head.len().saturating_sub(1))
        .rev()
        .find(|at| head.get(*at..at + 2).is_some_and(is_end) && !abbreviated(*at));
    let to = haystack.len().min(term.end + AFTER);
    let end = haystack.slice(term.end..to).windows(2).position(is_end);
    start.map_or(from, |at| from + at + 1)..end.map_or(to, |at| term.end + at)
}

fn ends_with(text: &[u8], word: &str) -> bool {
    text.len()
        .checked_sub(word.len())
        .and_then(|at| text.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
}

/// `I have been diagnosed with`, `ich leide unter`, `ma`: a few small words at most come between.
fn said_of_oneself(
    haystack: &Haystack<'_>,
    sentence: &Range<usize>,
    term: &Range<usize>,
) -> Option<Range<usize>> {
    let found = last(haystack, sentence.start..term.start, &ONESELF)?;
    let between = haystack.slice(found.end..term.start);
    let is_filler = |word: &[u8]| FILLERS.iter().any(|filler| word.eq_ignore_ascii_case(filler.as_bytes()));
    words(between).all(is_filler).then_some(found)
}

/// `my wife`, `unsere Mitarbeiterin`, `زوجتي`.
fn known(haystack: &Haystack<'_>, range: &Range<usize>) -> Option<Range<usize>> {
    if !haystack.has_beginning(range, &*OWNERS) {
        return last(haystack, range.clone(), &OWN);
    }
    let text = haystack.slice(range.clone());
    let owned = |owner: usize| {
        let length = word_at(text, owner, &OWNERS)?;
        let person = owner + length + 1;
        Some(owner..person + word_at(text, person, &RELATIONS)?)
    };
    let found = (0..text.len()).rev().find_map(owned);
    found
        .map(|found| range.start + found.start..range.start + found.end)
        .or_else(|| last(haystack, range.clone(), &OWN))
}

/// A title before a name: `Herr Weber`, `Mrs. Doe`, `Mme Petit`.
fn addressed(haystack: &Haystack<'_>, range: &Range<usize>) -> Option<Range<usize>> {
    let title = last(haystack, range.clone(), &TITLES)?;
    let name = haystack.run_end(title.end, 2, |b| matches!(b, b' ' | b'.'));
    let is_name =
        name > title.end && haystack.byte(name).is_some_and(|b| b.is_ascii_uppercase() || !b.is_ascii());
    is_name.then_some(title)
}

/// `Jo Doe was diagnosed with`: two words with capitals before a verb that only people are the subject of.
fn named(haystack: &Haystack<'_>, sentence: &Range<usize>, term: &Range<usize>) -> Option<Range<usize>> {
    let verb = last(haystack, sentence.start..term.start, &VERBS)?;
    let mut before = words(haystack.slice(sentence.start..verb.start)).rev();
    let is_name = |word: Option<&[u8]>| matches!(word, Some([first, second, ..]) if first.is_ascii_uppercase() && !second.is_ascii_uppercase());
    (is_name(before.next()) && is_name(before.next())).then_some(verb)
}

/// A form about one person: a number or date that nobody else has stands near.
fn identified(haystack: &Haystack<'_>, term: &Range<usize>) -> Option<Range<usize>> {
    let label = haystack.context(term, &*IDENTIFIERS)?;
    let value = haystack.run_end(label.end, 4, |b| matches!(b, b':' | b' ' | b'#' | b'.' | b'='));
    let is_value = label.is_empty()
        || (value > label.end
            && haystack.byte(value).is_some_and(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
    is_value.then_some(label)
}

/// The last of `phrases` in `range`, whole words.
fn last(haystack: &Haystack<'_>, range: Range<usize>, phrases: &'static Words) -> Option<Range<usize>> {
    if !haystack.has_beginning(&range, phrases) {
        return None;
    }
    let text = haystack.slice(range.clone());
    let found = |at| word_at(text, at, phrases).map(|length| range.start + at..range.start + at + length);
    (0..text.len()).rev().find_map(found)
}

/// The length of the word of `words` that stands whole at `at`.
fn word_at(text: &[u8], at: usize, words: &Words) -> Option<usize> {
    let is_letter = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let begins = !at.checked_sub(1).is_some_and(is_letter);
    begins.then(|| words.at(text, at, |word| !is_letter(at + word.len())))?.map(str::len)
}

fn words(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split(|b| b.is_ascii() && !b.is_ascii_alphanumeric() && *b != b'\'').filter(|word| !word.is_empty())
}

#[rustfmt::skip]
static ONESELF: Lazy = Lazy::new(|| Words::new(&[
    "i have", "i've", "i've got", "i had", "i am", "i'm", "i was", "i suffer", "i take", "i'm taking", "i am taking", "i live with", "i was diagnosed", "i have been diagnosed", "i identify as",
    "i belong to", "i follow", "i practice", "i converted to", "i joined", "i vote for", "i voted for", "my", "mine is", "we are", "i need",
    "ich habe", "ich bin", "ich leide", "ich nehme", "ich lebe mit", "bei mir wurde", "ich war", "ich wähle", "mein", "meine", "meinen", "meiner", "meinem", "meines", "bin ich", "habe ich", "wir sind",
    "j'ai", "j’ai", "je suis", "je souffre", "je prends", "je vis avec", "on m'a diagnostiqué", "je vote", "mon", "ma", "mes", "nous sommes",
    "tengo", "soy", "padezco", "sufro", "tomo", "vivo con", "me diagnosticaron", "estoy", "voto", "mi", "mis", "somos", "he sido diagnosticado", "he sido diagnosticada",
    "ho", "sono", "soffro", "prendo", "convivo con", "mi hanno diagnosticato", "voto per", "la mia", "il mio", "le mie", "i miei", "siamo",
    "tenho", "sou", "sofro", "minha", "meu", "ik heb", "ik ben", "mijn", "mam", "jestem", "у меня", "я", "мой", "моя",
    "أنا", "لدي", "عندي", "أعاني من", "مصاب", "مصابة", "تم تشخيصي", "انا",
]));
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "a", "an", "the", "been", "diagnosed", "with", "from", "type", "severe", "chronic", "mild", "acute", "currently", "also", "still", "recently", "both", "now", "living", "suffering", "on", "to", "of", "in", "as",
    "practicing", "devout", "openly", "very", "stage", "late", "early", "long", "term", "for", "own", "old", "is", "status", "and", "because", "since", "just", "proud", "member", "history", "treated", "being", "1", "2", "ii", "i", "iv",
    "an", "unter", "seit", "eine", "einen", "ein", "einer", "die", "der", "das", "mit", "leider", "chronische", "schwere", "wurde", "diagnostiziert", "auch", "von", "mitglied", "bei", "im", "in", "nicht",
    "un", "une", "du", "de", "la", "le", "des", "d", "l", "atteint", "atteinte", "diagnostiqué", "diagnostiquée", "depuis", "une", "aussi", "sous", "à", "au", "membre", "est",
    "una", "el", "los", "diagnosticado", "diagnosticada", "desde", "también", "con", "en", "miembro", "afiliado", "afiliada", "es", "enfermo", "enferma",
    "il", "lo", "gli", "affetto", "affetta", "malato", "malata", "anche", "è", "da", "di", "iscritto", "iscritta", "al", "alla", "um", "uma", "o", "من", "ب", "مرض", "مريض", "مريضة",
];
/// Whose person it is: before one of [`RELATIONS`].
#[rustfmt::skip]
static OWNERS: Lazy = Lazy::new(|| Words::new(&[
    "my", "our", "mein", "meine", "meinem", "meinen", "meiner", "meines", "unser", "unsere", "unserem", "unseren", "unserer", "unseres", "ma", "mon", "notre", "mi", "nuestro", "nuestra",
    "mia", "mio", "nostro", "nostra", "minha", "meu", "nosso", "nossa", "mijn", "onze",
]));
/// Persons whom the writer knows.
#[rustfmt::skip]
static RELATIONS: Lazy = Lazy::new(|| Words::new(&[
    "wife", "husband", "son", "daughter", "mother", "father", "mom", "mum", "dad", "brother", "sister", "partner", "girlfriend", "boyfriend", "child", "kid", "grandmother", "grandfather", "grandma", "grandpa",
    "uncle", "aunt", "cousin", "nephew", "niece", "colleague", "coworker", "co-worker", "boss", "manager", "employee", "neighbour", "neighbor", "patient", "client", "customer", "friend", "roommate", "teacher", "student",
    "candidate", "applicant", "tenant", "intern", "doctor", "therapist", "psychiatrist", "oncologist",
    "frau", "mann", "sohn", "tochter", "mutter", "vater", "bruder", "schwester", "partnerin", "kollege", "kollegen", "kollegin", "chef", "chefin", "patienten", "patientin", "mitarbeiter", "mitarbeiterin", "mitarbeiters",
    "kunde", "kunden", "kundin", "kind", "oma", "opa", "arzt", "ärztin", "freund", "freundin", "nachbar", "nachbarin", "azubi", "bewerber", "bewerberin",
    "femme", "mari", "fils", "fille", "mère", "père", "frère", "sœur", "soeur", "collègue", "patiente", "employé", "employée", "salarié", "salariée", "cliente", "médecin", "compagnon", "compagne", "ami", "amie", "voisin", "voisine",
    "esposa", "mujer", "esposo", "marido", "hijo", "hija", "madre", "padre", "hermano", "hermana", "compañero", "compañera", "paciente", "empleado", "empleada", "trabajador", "trabajadora", "médico", "jefe", "jefa", "pareja", "amigo", "amiga",
    "moglie", "marito", "figlio", "figlia", "fratello", "sorella", "collega", "paziente", "dipendente", "capo", "medico", "amico", "amica", "compagna", "compagno",
    "mãe", "pai", "filho", "filha", "irmão", "irmã", "vrouw", "man", "zoon", "dochter", "moeder", "vader", "broer", "zus", "medewerker", "werknemer", "patiënt",
]));
/// Persons whom one word names together with the writer.
#[rustfmt::skip]
static OWN: Lazy = Lazy::new(|| Words::new(&[
    "this employee", "this applicant", "this candidate", "زوجتي", "زوجي", "ابني", "ابنتي", "والدي", "والدتي", "أمي", "أبي", "أخي", "أختي", "مريضي", "مريضتي", "موظفنا", "موظفتنا", "زميلي", "زميلتي", "مديري", "طبيبي",
]));
/// Titles whose stop ends no sentence.
const ABBREVIATIONS: &[&str] = &["mr.", "mrs.", "ms.", "dr.", "prof.", "sr.", "sra.", "sig.", "st."];
static TITLES: Lazy = Lazy::new(|| {
    Words::new(&[
        "mr",
        "mr.",
        "mrs",
        "mrs.",
        "ms",
        "ms.",
        "miss",
        "herr",
        "herrn",
        "frau",
        "monsieur",
        "madame",
        "mme",
        "mlle",
        "señor",
        "señora",
        "sr",
        "sr.",
        "sra",
        "sra.",
        "signor",
        "signora",
        "sig",
        "sig.",
        "sig.ra",
        "السيد",
        "السيدة",
    ])
});
/// What only people do.
static VERBS: Lazy = Lazy::new(|| {
    Words::new(&[
        "was diagnosed",
        "has been diagnosed",
        "is diagnosed",
        "suffers from",
        "is suffering from",
        "tested positive",
        "is being treated",
        "was treated",
        "identifies as",
        "converted to",
        "came out as",
        "leidet",
        "wurde mit",
        "erkrankte",
        "ist an",
        "bekennt sich",
        "souffre",
        "est atteint",
        "est atteinte",
        "a été diagnostiqué",
        "a été diagnostiquée",
        "padece",
        "sufre",
        "fue diagnosticado",
        "fue diagnosticada",
        "soffre",
        "è affetto",
        "è affetta",
        "è stato diagnosticato",
        "يعاني",
        "تعاني",
    ])
});
static IDENTIFIERS: Lazy = Lazy::new(|| {
    Words::new(&[
        "mrn",
        "patient id",
        "patient no",
        "patient number",
        "patient name",
        "patient:",
        "dob",
        "date of birth",
        "geburtsdatum",
        "geb.",
        "patientennummer",
        "patient/in",
        "versichertennummer",
        "employee id",
        "employee no",
        "personalnummer",
        "date de naissance",
        "né le",
        "née le",
        "fecha de nacimiento",
        "data di nascita",
        "nato il",
        "nata il",
        "nhs number",
        "nhs no",
        "ssn",
        "تاريخ الميلاد",
    ])
});
