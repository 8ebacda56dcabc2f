//! Training texts from templates, filled with names of the word lists.

use crate::document::{Corpus, Document, Tier};
use crate::lists::{self, Lists};
use crate::random::Random;
use std::collections::BTreeMap;
use std::ops::Range;
use weir_names::Kind;

const TEMPLATES: &[(&str, &str)] = &[
    ("en", include_str!("../templates/en.txt")),
    ("de", include_str!("../templates/de.txt")),
    ("fr", include_str!("../templates/fr.txt")),
    ("es", include_str!("../templates/es.txt")),
    ("it", include_str!("../templates/it.txt")),
    ("nl", include_str!("../templates/nl.txt")),
    ("pt", include_str!("../templates/pt.txt")),
    ("", include_str!("../templates/any.txt")),
];

/// Fills templates.
pub struct Filler<'a> {
    names: BTreeMap<&'static str, Names<'a>>,
    all: Names<'a>,
    occupations: Vec<&'a str>,
    eponyms: Vec<String>,
}

struct Names<'a> {
    given: Vec<&'a str>,
    surnames: Vec<&'a str>,
    places: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn of(lists: &'a Lists, language: &'a str) -> Self {
        // Scripts without capitals are beyond the model.
        let latin = |entry: &&str| {
            entry.chars().next().is_some_and(char::is_uppercase)
                && entry.is_char_boundary(1) | !entry.is_ascii()
        };
        let of = |class| lists.of(class, language).filter(latin).collect();
        Self { given: of("given"), surnames: of("surname"), places: of("place") }
    }
}

impl<'a> Filler<'a> {
    /// The same text with other people in it.
    pub fn with_others(&self, document: &Document, random: &mut Random) -> Document {
        let mut text = String::new();
        let mut names = Vec::new();
        let mut at = 0;
        let mut sorted = document.names.clone();
        sorted.sort_by_key(|(range, _)| range.start);
        for (range, kind) in sorted.iter().filter(|(range, _)| document.text.get(range.clone()).is_some()) {
            if range.start < at {
                continue;
            }
            text.push_str(document.text.get(at..range.start).unwrap_or_default());
            let old = document.text.get(range.clone()).unwrap_or_default();
            let new = if *kind == Kind::Person { self.other(old, random) } else { old.to_owned() };
            names.push((text.len()..text.len() + new.len(), *kind));
            text.push_str(&new);
            at = range.end;
        }
        text.push_str(document.text.get(at..).unwrap_or_default());
        Document { text, names, ..document.clone() }
    }

    /// Another name written like `old`.
    fn other(&self, old: &str, random: &mut Random) -> String {
        let mut pick = |list: &[&str]| random.pick(list).map(|entry| (*entry).to_owned()).unwrap_or_default();
        let words: Vec<&str> = old.split(' ').collect();
        // Initials, nicknames and descriptions are what they are.
        let plain = |word: &&str| {
            word.chars().count() > 2 && word.chars().all(|c| c.is_alphabetic() || "'-’".contains(c))
        };
        let last = words.len() - 1;
        let new: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(index, word)| match index {
                _ if !plain(word) => (*word).to_owned(),
                0 if last > 0 => pick(&self.all.given),
                0 if pick(&["given", "surname"]) == "given" => pick(&self.all.given),
                _ => pick(&self.all.surnames),
            })
            .collect();
        let new = new.join(" ");
        if old.chars().all(|c| !c.is_uppercase()) {
            new.to_lowercase()
        } else if old.chars().count() > 3 && old.chars().all(|c| !c.is_lowercase()) {
            new.to_uppercase()
        } else {
            new
        }
    }

    pub fn new(lists: &'a Lists) -> Self {
        let languages =
            TEMPLATES.iter().map(|(language, _)| *language).filter(|language| !language.is_empty());
        let names = languages.map(|language| (language, Names::of(lists, language))).collect();
        let ascii = |entry: &&str| entry.len() < 40;
        let occupations = lists.of("job", "en").filter(ascii).collect();
        Self { names, all: Names::of(lists, ""), occupations, eponyms: lists::eponyms().collect() }
    }

    /// Each template filled `times` times.
    pub fn documents(&self, times: usize, random: &mut Random) -> Vec<Document> {
        let mut documents = Vec::new();
        for (language, text) in TEMPLATES {
            let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("##"));
            for (index, line) in lines.enumerate() {
                for _ in 0..times {
                    documents.push(self.fill(language, line, index, random));
                }
            }
        }
        documents
    }

    fn fill(&self, language: &str, template: &str, index: usize, random: &mut Random) -> Document {
        let mut text = String::new();
        let mut names = Vec::new();
        // A name that returns within a text is written `{person1}` and `{person1}`.
        let mut slots: BTreeMap<&str, String> = BTreeMap::new();
        let template = template.replace("\\n", "\n");
        let mut rest = template.as_str();
        while let Some((before, slot, after)) = next_slot(rest) {
            text.push_str(before);
            let kind = slot.trim_end_matches(char::is_numeric);
            let numbered = kind.len() < slot.len();
            let value = match slots.get(slot) {
                Some(value) if numbered => value.clone(),
                _ => self.value(kind, language, random),
            };
            if let Some(label) = label(kind) {
                names.push((text.len()..text.len() + value.len(), label));
            }
            text.push_str(&value);
            slots.insert(slot, value);
            rest = after;
        }
        text.push_str(rest);
        let tier = if names.iter().any(|(_, kind): &(Range<usize>, _)| *kind == Kind::Person) {
            Tier::Named
        } else {
            Tier::Clean
        };
        Document {
            id: format!("{language}-{index}"),
            text,
            names,
            group: format!("own {language} {index}"),
            corpus: Corpus::Own,
            tier,
        }
    }

    fn value(&self, slot: &str, language: &str, random: &mut Random) -> String {
        let own = self.names.get(language).filter(|names| !names.given.is_empty());
        let names = own.filter(|_| random.percent(55)).unwrap_or(&self.all);
        let pick = |list: &[&str], random: &mut Random| {
            random.pick(list).map(|entry| (*entry).to_owned()).unwrap_or_default()
        };
        match slot {
            "given" => pick(&names.given, random),
            "surname" => pick(&names.surnames, random),
            "person" => person(names, random),
            "place" => pick(&names.places, random),
            "org" => organisation(names, random),
            "job" => pick(&self.occupations, random),
            "initials" => initials(random),
            "eponym" => random.pick(&self.eponyms).cloned().unwrap_or_default(),
            "year" => (1940 + random.below(85)).to_string(),
            "date" => {
                format!("{:02}.{:02}.{}", 1 + random.below(28), 1 + random.below(12), 1950 + random.below(75))
            }
            "n" => random.below(400).to_string(),
            "id" => (100_000 + random.below(8_000_000)).to_string(),
            _ => pick(&WORDS[..], random),
        }
    }
}

/// The text before the next slot, the slot, the text after it. Braces around anything but a slot are text.
fn next_slot(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('{').find_map(|(open, _)| {
        let (slot, after) = text.get(open + 1..)?.split_once('}')?;
        let is_slot = !slot.is_empty() && slot.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        is_slot.then_some((text.get(..open)?, slot, after))
    })
}

const WORDS: [&str; 16] = [
    "invoice", "ticket", "contract", "visit", "order", "report", "claim", "account", "device", "meeting",
    "form", "request", "delivery", "issue", "laptop", "refund",
];

fn label(slot: &str) -> Option<Kind> {
    match slot {
        "given" | "surname" | "person" | "initials" => Some(Kind::Person),
        "place" => Some(Kind::Place),
        "org" => Some(Kind::Organisation),
        _ => None,
    }
}

fn person(names: &Names<'_>, random: &mut Random) -> String {
    let given = random.pick(&names.given).copied().unwrap_or_default();
    let surname = random.pick(&names.surnames).copied().unwrap_or_default();
    let initial = char::from(b'A' + random.below(26) as u8);
    match random.below(20) {
        0..12 => format!("{given} {surname}"),
        12 => format!("{given} {initial}. {surname}"),
        13 => format!("{given} {initial} {surname}"),
        14 => format!("{initial}. {surname}"),
        15 => format!("{given} {} {surname}", random.pick(&names.given).copied().unwrap_or_default()),
        16 => format!("{given} {surname}-{}", random.pick(&names.surnames).copied().unwrap_or_default()),
        _ => given.to_owned(),
    }
}

/// What courts leave of a name.
fn initials(random: &mut Random) -> String {
    let mut letter = || random.pick(&LETTERS[..]).copied().unwrap_or('X');
    let (one, two) = (letter(), letter());
    match random.below(6) {
        0 => format!("{one}."),
        1 => format!("{one}"),
        2 => format!("{one}.{two}."),
        3 => format!("{one}. {two}"),
        _ => format!("{one}. {two}."),
    }
}

const LETTERS: [char; 29] = [
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'R', 'S', 'T', 'U', 'V',
    'W', 'X', 'Y', 'Z', 'Ö', 'Ş', 'Ç', 'Č',
];

fn organisation(names: &Names<'_>, random: &mut Random) -> String {
    let one = random.pick(&names.surnames).copied().unwrap_or_default();
    let two = random.pick(&names.surnames).copied().unwrap_or_default();
    let place = random.pick(&names.places).copied().unwrap_or_default();
    let legal = random.pick(&[
        "Inc.", "Ltd", "GmbH", "LLC", "AG", "S.A.", "SARL", "S.p.A.", "B.V.", "PLC", "Corp.", "Group",
        "& Sons", "Holding",
    ]);
    let legal = legal.copied().unwrap_or_default();
    match random.below(8) {
        0..4 => format!("{one} {legal}"),
        4 => format!("{one} & {two}"),
        5 => format!("{place} University"),
        6 => format!("{place} {legal}"),
        _ => format!("Bank of {place}"),
    }
}
