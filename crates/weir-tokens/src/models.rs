//! Which of the embedded vocabularies the models of OpenAI have.

use crate::Embedded;

/// Beginnings of models' names, the first that fits counts. A name begins with one if it goes on with no letter or
/// digit.
///
/// Source: `tiktoken/model.py` of tiktoken 0.14.
const MODELS: [(&str, Embedded); 22] = [
    ("gpt-5", Embedded::O200k),
    ("gpt-4.5", Embedded::O200k),
    ("gpt-4.1", Embedded::O200k),
    ("gpt-4o", Embedded::O200k),
    ("chatgpt-4o", Embedded::O200k),
    ("gpt-oss", Embedded::O200k),
    ("codex-mini", Embedded::O200k),
    ("o1", Embedded::O200k),
    ("o3", Embedded::O200k),
    ("o4-mini", Embedded::O200k),
    ("ft:gpt-4.1", Embedded::O200k),
    ("ft:gpt-4o", Embedded::O200k),
    ("gpt-4", Embedded::Cl100k),
    ("gpt-3.5", Embedded::Cl100k),
    ("gpt-35", Embedded::Cl100k),
    ("davinci-002", Embedded::Cl100k),
    ("babbage-002", Embedded::Cl100k),
    ("ft:gpt-4", Embedded::Cl100k),
    ("ft:gpt-3.5-turbo", Embedded::Cl100k),
    ("text-embedding-ada-002", Embedded::Cl100k),
    ("text-embedding-3-small", Embedded::Cl100k),
    ("text-embedding-3-large", Embedded::Cl100k),
];

/// The vocabulary of a model by its name, with the maker before it or not; `None` where none is known.
#[must_use]
pub fn of_model(name: &str) -> Option<Embedded> {
    let name = name.strip_prefix("openai/").unwrap_or(name);
    let begins = |begin: &&(&str, Embedded)| {
        let rest = name.strip_prefix(begin.0);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
    };
    MODELS.iter().find(begins).map(|(_, embedded)| *embedded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_have_the_vocabulary_of_their_generation() {
        for (name, vocabulary) in [
            ("gpt-4o", Some(Embedded::O200k)),
            ("gpt-4o-mini-2024-07-18", Some(Embedded::O200k)),
            ("openai/gpt-5.1-codex", Some(Embedded::O200k)),
            ("gpt-oss:20b", Some(Embedded::O200k)),
            ("o3-mini", Some(Embedded::O200k)),
            ("gpt-4.1-nano", Some(Embedded::O200k)),
            ("gpt-4-turbo", Some(Embedded::Cl100k)),
            ("gpt-4-32k", Some(Embedded::Cl100k)),
            ("gpt-35-turbo-16k", Some(Embedded::Cl100k)),
            ("ft:gpt-4o-mini:acme::x", Some(Embedded::O200k)),
            ("text-embedding-3-small", Some(Embedded::Cl100k)),
            ("gpt-40b", None),
            ("o1x", None),
            ("gpt-4all", None),
            ("llama-3.3-70b", None),
            ("claude-opus-4-5", None),
        ] {
            assert_eq!(of_model(name), vocabulary, "{name}");
        }
    }
}
