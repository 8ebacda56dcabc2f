//! Names of people, by the statistical model of `weir-names`.

use super::{Find, Match, RecogniserInfo, Standing, TABLE};
use crate::haystack::Haystack;
use crate::{EntityType, Profile};
use std::ops::ControlFlow;
use std::sync::LazyLock;
use weir_label::Category;
use weir_names::{BadModel, Model, Name};

pub(crate) const ROWS: &[RecogniserInfo] = &[RecogniserInfo {
    name: "names",
    entity: EntityType::PERSON,
    category: Category::Personal,
    finds: "names of people, in Latin script",
    validation: "a statistical model of words and their surroundings; in profile `balanced` also a second \
                 personal attribute or words of personal data beside it",
    find: Find::Name,
}];

/// The row of people's names.
pub(crate) static PERSON: LazyLock<usize> =
    LazyLock::new(|| TABLE.iter().position(|row| matches!(row.find, Find::Name)).unwrap_or(usize::MAX));

/// Words that make a name beside them personal data, in profile `balanced`.
#[rustfmt::skip]
const PERSONAL: &[&str] = &[
    // English
    "patient", "employee", "customer", "client", "applicant", "candidate", "colleague", "coworker", "salary", "diagnos",
    "born", "birth", "address", "account", "claimant", "tenant", "plaintiff", "defendant", "witness", "beneficiary",
    "insured", "mr", "mrs", "ms", "dear", "my name", "i am", "i'm", "my boss", "my wife", "my husband", "signed", "contact",
    "full name", "first name", "last name", "surname", "customer_name", "first_name", "last_name", "full_name", "passport",
    // German
    "herr", "frau", "kunde", "kundin", "mitarbeiter", "geboren", "bewerber", "kollege", "kollegin", "gehalt", "anschrift",
    "sehr geehrte", "mein name", "ich heiße", "kläger", "konto",
    // French, Spanish, Italian, Dutch, Portuguese
    "madame", "monsieur", "mme", "requérant", "salarié", "adresse", "né le", "née le", "collègue", "je m'appelle",
    "señor", "señora", "sra", "demandante", "paciente", "empleado", "cliente", "nacid", "me llamo", "dirección",
    "signor", "signora", "paziente", "dipendente", "nato il", "nata il", "mi chiamo", "collega",
    "meneer", "mevrouw", "patiënt", "klant", "medewerker", "geboren op", "mijn naam",
    "senhor", "senhora", "funcionári", "meu nome", "nascid",
];

/// Words that the model takes for names in instructions: languages, and models that are called like people.
#[rustfmt::skip]
const NOT_PEOPLE: &[&str] = &[
    "english", "german", "french", "spanish", "italian", "dutch", "portuguese", "polish", "russian", "turkish", "arabic",
    "deutsch", "englisch", "französisch", "spanisch", "italienisch", "niederländisch", "portugiesisch", "polnisch",
    "anglais", "allemand", "français", "espagnol", "italien", "néerlandais", "portugais",
    "inglés", "alemán", "francés", "español", "italiano", "portugués", "inglese", "tedesco", "francese", "spagnolo",
    "engels", "duits", "frans", "spaans", "italiaans", "nederlands", "inglês", "alemão", "francês", "espanhol", "português",
    "claude", "gemini", "llama", "mistral", "mixtral", "qwen", "gemma", "grok", "haiku", "sonnet", "opus", "whisper",
];

/// Keys whose value may be a name of one word.
const NAME_KEYS: &[&str] = &[
    "name",
    "person",
    "author",
    "customer",
    "client",
    "patient",
    "contact",
    "employee",
    "owner",
    "user",
    "sender",
    "recipient",
    "from",
    "to",
    "assignee",
    "signed",
    "nombre",
    "nom",
    "nome",
    "vorname",
    "kunde",
    "apellido",
];

/// The layer that finds names.
#[derive(Debug)]
pub(crate) struct Names {
    model: &'static Model<'static>,
    profile: Profile,
}

impl Names {
    pub(crate) fn new(profile: Profile) -> Result<Self, BadModel> {
        Ok(Self { model: Model::embedded()?, profile })
    }

    /// Reports the names in a text.
    pub(crate) fn scan(
        &self,
        haystack: &Haystack<'_>,
        report: &mut dyn FnMut(Match) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if is_identifier(haystack) {
            return ControlFlow::Continue(());
        }
        let key = haystack.keys().last().copied();
        self.model.find(haystack.text(), key, &Name::PEOPLE, &mut |name| {
            let span = name.start..name.end;
            if !name.is_sure() || is_no_person(haystack.text().get(span.clone()).unwrap_or_default()) {
                return ControlFlow::Continue(());
            }
            let alone = self.profile == Profile::Strict || haystack.context(&span, PERSONAL).is_some();
            let standing = if alone { Standing::Alone } else { Standing::Accompanied };
            report(Match::new(span, name.score).with_standing(standing))
        })
    }
}

/// A value of one word, such as a model or a role, under a key that leads to no names.
fn is_identifier(haystack: &Haystack<'_>) -> bool {
    let Some(key) = haystack.keys().last() else { return false };
    if haystack.text().trim().contains(char::is_whitespace) {
        return false;
    }
    let key = key.to_ascii_lowercase();
    !NAME_KEYS.iter().any(|name| key.contains(name))
}

fn is_no_person(name: &str) -> bool {
    name.split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .all(|word| NOT_PEOPLE.contains(&word.to_lowercase().as_str()))
}
