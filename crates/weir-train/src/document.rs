//! Labelled texts, and the corpora they come from.

use crate::random::Random;
use serde::Deserialize;
use std::fs;
use std::ops::Range;
use std::path::Path;
use weir_names::Kind;

/// A text whose names are known.
#[derive(Debug, Clone)]
pub struct Document {
    pub id: String,
    pub text: String,
    pub names: Vec<(Range<usize>, Kind)>,
    /// Documents of one group are on one side of a split.
    pub group: String,
    pub corpus: Corpus,
    pub tier: Tier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Corpus {
    /// Sentences of templates.
    Sentences,
    /// Court judgments.
    Judgments,
    /// Tweets, web, filings.
    English,
    /// Technical and general texts without names.
    Clean,
    /// Technical texts that others filtered for names, to learn from and not to be judged by.
    Technical,
    /// Made by the trainer from its own templates.
    Own,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Holds names of people.
    Named,
    /// Holds none.
    Clean,
    /// Neither is judged.
    Unjudged,
    /// Holds names that are not labelled: for looking, not for learning.
    Unlabelled,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    text: String,
    spans: Vec<Span>,
    tier: String,
    source: String,
    #[serde(default)]
    template: serde_json::Value,
}

#[derive(Deserialize)]
struct Span {
    r#type: String,
    start: usize,
    end: usize,
}

const FILES: &[(Corpus, &str)] = &[
    (Corpus::Sentences, "B_synthetic_sentences.jsonl"),
    (Corpus::Judgments, "C_tab_es_fr.jsonl"),
    (Corpus::English, "D_english_ner.jsonl"),
    (Corpus::Clean, "F_clean.jsonl"),
];

/// Reads the corpora that have names labelled, or have none.
pub fn read(directory: &Path) -> Result<Vec<Document>, String> {
    let mut documents = Vec::new();
    for (corpus, file) in FILES {
        let path = directory.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for line in text.lines() {
            let line: Line = serde_json::from_str(line).map_err(|error| format!("{file}: {error}"))?;
            documents.push(document(*corpus, line));
        }
    }
    Ok(documents)
}

#[derive(Deserialize)]
struct Plain {
    id: String,
    text: String,
    source: String,
}

/// Reads what `training/technical.py` wrote.
pub fn read_technical(path: &Path) -> Result<Vec<Document>, String> {
    let file = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let document = |line: &str| {
        let Plain { id, text, source } = serde_json::from_str(line).map_err(|error| error.to_string())?;
        Ok(Document {
            id,
            text,
            names: Vec::new(),
            group: source,
            corpus: Corpus::Technical,
            tier: Tier::Clean,
        })
    };
    file.lines().map(document).collect()
}

fn document(corpus: Corpus, line: Line) -> Document {
    let Line { id, text, spans, tier, source, template } = line;
    let tier = match (corpus, tier.as_str()) {
        (_, "soft") => Tier::Named,
        (Corpus::Clean, "names-only" | "ambiguous") => Tier::Unlabelled,
        (_, "clean") => Tier::Clean,
        _ => Tier::Unjudged,
    };
    let mut names = Vec::new();
    for Span { r#type, start, end } in spans {
        if let Some(kind) = kind(corpus, &r#type) {
            names.push((without_title(&text, start..end, kind), kind));
        }
    }
    let group = match corpus {
        Corpus::Sentences => template.to_string(),
        Corpus::Judgments => id.split('-').nth(2).unwrap_or_default().to_owned(),
        Corpus::English | Corpus::Clean | Corpus::Technical | Corpus::Own => {
            format!("{source} {}", number(&id) / 25)
        }
    };
    Document { id, text, names, group, corpus, tier }
}

fn number(id: &str) -> usize {
    id.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

fn kind(corpus: Corpus, name: &str) -> Option<Kind> {
    match name {
        "PERSON" => Some(Kind::Person),
        "LOCATION" | "STREET_ADDRESS" => Some(Kind::Place),
        "ORGANIZATION" => Some(Kind::Organisation),
        "GROUP" | "CREATIVE_WORK" | "PRODUCT" | "MISC" if corpus != Corpus::Judgments => Some(Kind::Other),
        _ => None,
    }
}

/// Some annotators count a form of address as part of the name, others do not: here it is not.
fn without_title(text: &str, span: Range<usize>, kind: Kind) -> Range<usize> {
    const TITLES: &[&str] = &[
        "M. ", "Mme ", "Mlle ", "MM. ", "Mr ", "Mrs ", "Ms ", "Sr. ", "Sra. ", "Srta. ", "Dr ", "Dr. ",
        "Me ", "Mr. ", "Mrs. ", "Ms. ", "Señor ", "Señora ",
    ];
    let name = text.get(span.clone()).unwrap_or_default();
    let title = TITLES.iter().find(|title| kind == Kind::Person && name.starts_with(**title));
    span.start + title.map_or(0, |title| title.len())..span.end
}

impl Document {
    /// The same in small letters.
    pub fn small(&self) -> Document {
        self.with_text(|c| c.to_lowercase().next().filter(|low| low.len_utf8() == c.len_utf8()).unwrap_or(c))
    }

    /// The same in capitals.
    pub fn shouted(&self) -> Document {
        self.with_text(|c| c.to_uppercase().next().filter(|up| up.len_utf8() == c.len_utf8()).unwrap_or(c))
    }

    fn with_text(&self, change: impl Fn(char) -> char) -> Document {
        Document { text: self.text.chars().map(change).collect(), ..self.clone() }
    }

    /// The same between `before` and `after`, which hold no names.
    pub fn between(&self, before: &str, after: &str) -> Document {
        let text = format!("{before}{}{after}", self.text);
        let shift = |(range, kind): &(Range<usize>, Kind)| {
            (range.start + before.len()..range.end + before.len(), *kind)
        };
        Document { text, names: self.names.iter().map(shift).collect(), ..self.clone() }
    }

    /// The same as something that a request may hold it in, among lines of `clean`.
    pub fn in_a_request(&self, clean: &str, random: &mut Random) -> Document {
        let lines: Vec<&str> = clean.lines().collect();
        let at = random.below(lines.len().max(1));
        let part = |range: Range<usize>| {
            lines.get(range.start..range.end.min(lines.len())).unwrap_or_default().join("\n")
        };
        let (before, after) = (part(at.saturating_sub(4)..at), part(at..at + 4));
        let n = random.below(9000);
        let (open, close) = match random.below(8) {
            0 => ("\n".to_owned(), "\n".to_owned()),
            1 => ("\n\n".to_owned(), "\n\n".to_owned()),
            2 => ("\n// ".to_owned(), "\n".to_owned()),
            3 => ("\n# ".to_owned(), "\n".to_owned()),
            4 => (format!("\n{n};open;"), ";7\n".to_owned()),
            5 => ("\", \"note\": \"".to_owned(), "\"}\n".to_owned()),
            6 => ("\nnote = \"".to_owned(), "\"\n".to_owned()),
            _ => (" ".to_owned(), " ".to_owned()),
        };
        self.between(&format!("{before}{open}"), &format!("{close}{after}"))
    }
}
