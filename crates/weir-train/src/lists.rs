//! The word lists, and the lexicon made from them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use weir_names::{Known, plain_words};

/// Entries by class and locale.
#[derive(Debug, Default)]
pub struct Lists {
    entries: BTreeMap<(String, String), Vec<String>>,
}

/// Words that many lists of names hold, and that hardly ever are one.
const NO_NAMES: &str = include_str!("../words/no_names.txt");
const PARTICLES: &str = include_str!("../words/particles.txt");
const LEGAL: &str = include_str!("../words/legal.txt");
const TITLES: &str = include_str!("../words/titles.txt");
/// Roles that contracts and minutes give to people, written with a capital there.
const ROLES: &str = include_str!("../words/roles.txt");
/// People whose names are mostly those of laws, methods and units.
const EPONYMS: &str = include_str!("../words/eponyms.txt");
/// Products, formats and made-up words of technical texts.
const TECHNICAL: &str = include_str!("../words/technical.txt");

/// The names of laws, methods and units, as one writes them.
pub fn eponyms() -> impl Iterator<Item = String> {
    EPONYMS.split_whitespace().map(|word| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
    })
}

impl Lists {
    /// Reads the lists that `training/lexicons.py` wrote.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut lists = Self::default();
        for line in text.lines() {
            let mut fields = line.splitn(3, '\t');
            if let (Some(class), Some(locale), Some(entry)) = (fields.next(), fields.next(), fields.next()) {
                lists
                    .entries
                    .entry((class.to_owned(), locale.to_owned()))
                    .or_default()
                    .push(entry.to_owned());
            }
        }
        Ok(lists)
    }

    /// The entries of a class in the locales of a language.
    pub fn of<'a>(&'a self, class: &'a str, language: &'a str) -> impl Iterator<Item = &'a str> {
        let of = move |((c, l), _): &(&(String, String), _)| {
            c == class && (language.is_empty() || l.get(..2) == Some(language))
        };
        self.entries.iter().filter(of).flat_map(|(_, entries)| entries.iter().map(String::as_str))
    }

    /// Every word with its properties.
    pub fn lexicon(&self) -> BTreeMap<String, Known> {
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        let mut add = |entry: &str, property: Known| {
            for word in plain_words(entry) {
                let old = known.entry(word).or_default();
                *old = old.with(property);
            }
        };
        for (class, property) in [("given", Known::GIVEN), ("surname", Known::SURNAME)] {
            self.of(class, "").for_each(|entry| add(entry, property));
        }
        self.frequent("given", 1200).iter().for_each(|entry| add(entry, Known::GIVEN_FREQUENT));
        self.frequent("surname", 3000).iter().for_each(|entry| add(entry, Known::SURNAME_FREQUENT));
        for (class, property) in [
            ("common", Known::COMMON),
            ("uncommon", Known::UNCOMMON),
            ("place", Known::PLACE),
            ("country", Known::COUNTRY),
            ("demonym", Known::COUNTRY),
            ("legal", Known::LEGAL),
            ("date", Known::DATE),
            ("title", Known::TITLE),
        ] {
            self.of(class, "").for_each(|entry| add(entry, property));
        }
        for language in ["de", "fr", "es", "it", "nl", "pt"] {
            self.of("job", language).for_each(|entry| add(entry, Known::FOREIGN));
        }
        for language in ["de", "fr", "es", "it", "nl", "pt"] {
            self.of("word", language).for_each(|entry| add(entry, Known::FOREIGN));
        }
        for language in ["en", "de", "fr", "es", "it", "nl", "pt"] {
            self.of("stop", language).for_each(|entry| add(entry, Known::FUNCTION));
        }
        for (words, property) in [
            (PARTICLES, Known::PARTICLE),
            (LEGAL, Known::LEGAL),
            (TITLES, Known::TITLE),
            (ROLES, Known::ROLE),
            (TECHNICAL, Known::TECHNICAL),
            (EPONYMS, Known::TECHNICAL),
        ] {
            add(words, property);
        }
        let names =
            Known::GIVEN.with(Known::GIVEN_FREQUENT).with(Known::SURNAME).with(Known::SURNAME_FREQUENT);
        for word in plain_words(NO_NAMES) {
            known.entry(word).and_modify(|known| *known = known.without(names));
        }
        known.retain(|word, _| {
            word.chars().count() > 1 || matches!(word.as_str(), "a" | "i" | "y" | "o" | "e" | "d" | "m")
        });
        known
    }

    /// The first entries of the census, and what several locales list.
    fn frequent<'a>(&'a self, class: &'a str, ranks: usize) -> Vec<&'a str> {
        let census =
            self.entries.iter().filter(|((c, locale), _)| c == class && locale.starts_with("census"));
        let first = census.flat_map(|(_, entries)| entries.iter().take(ranks).map(String::as_str));
        let mut locales: BTreeMap<&str, usize> = BTreeMap::new();
        self.of(class, "").for_each(|entry| *locales.entry(entry).or_default() += 1);
        let shared = locales.into_iter().filter(|(_, count)| *count > 5).map(|(entry, _)| entry);
        first.chain(shared).collect()
    }
}
