//! Names of people, by the statistical model of `weir-names`.

use super::{Find, Match, RecogniserInfo, Standing, TABLE};
use crate::haystack::Haystack;
use crate::words::{Lazy, Words};
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

/// Keys with one of these in them may have a name of one word as their value.
#[rustfmt::skip]
static NAME_KEYS: Lazy = Lazy::new(|| Words::new(&[
    "name", "person", "author", "customer", "client", "patient", "contact", "employee", "owner", "user", "sender", "recipient",
    "from", "to", "assignee", "signed", "nombre", "nom", "nome", "vorname", "kunde", "apellido",
]));

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
            let named = haystack.text().get(span.clone()).unwrap_or_default();
            if !name.is_sure() || self.is_no_person(named) || self.is_exclamation(haystack, named) {
                return ControlFlow::Continue(());
            }
            let alone = self.profile == Profile::Strict || haystack.context(&span, PERSONAL).is_some();
            let standing = if alone { Standing::Alone } else { Standing::Accompanied };
            report(Match::new(span, name.score).with_standing(standing))
        })
    }
}

impl Names {
    /// A language or a model, perhaps with common words after it: `Claude Code`, not `Claude Baker`.
    fn is_no_person(&self, name: &str) -> bool {
        let mut words = name.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        let is_known = |word: &str| NOT_PEOPLE.contains(&word.to_lowercase().as_str());
        words.next().is_none_or(is_known) && words.all(|word| is_known(word) || self.model.is_everyday(word))
    }

    /// A common word as a sentence that is all of the text: `Rain.`
    fn is_exclamation(&self, haystack: &Haystack<'_>, name: &str) -> bool {
        let sentence = haystack.text().trim();
        let is_all = sentence.strip_suffix(['.', '!', '?', '…']).is_some_and(|word| word == name);
        is_all && haystack.keys().is_empty() && self.model.is_everyday(name)
    }
}

/// A value of one word, such as a model or a role, under a key that leads to no names.
fn is_identifier(haystack: &Haystack<'_>) -> bool {
    let Some(key) = haystack.keys().last() else { return false };
    // Parts of a name as health records have them.
    let is_part_of_name = matches!(*key, "family" | "given");
    if is_part_of_name || haystack.text().trim().contains(char::is_whitespace) {
        return false;
    }
    !(0..key.len()).any(|at| NAME_KEYS.at(key.as_bytes(), at, |_| true).is_some())
}
