//! Markings of documents: `STRICTLY CONFIDENTIAL`, `TLP:RED`, `VS-NfD`, "attorney-client privileged".

mod line;
mod table;

use super::{Find, Match, RecogniserInfo};
use crate::EntityType;
use crate::haystack::Haystack;
use crate::words::Beginnings;
use line::{Line, Place};
use std::ops::Range;
use std::sync::LazyLock;
use table::{ANCHORS, LEGAL_ANCHORS, Strength, marking};
use weir_label::Category;

pub(super) const ROWS: &[RecogniserInfo] = &[
    RecogniserInfo {
        name: "document marking",
        entity: EntityType::DOCUMENT_MARKING,
        category: Category::Business,
        finds: "markings of companies, states and TLP in 20 languages, each with a level of its own",
        validation: "stands like a marking: a line by itself, capitals in a header, brackets, a label such as `Classification:`",
        find: Find::Literal(ANCHORS, |haystack, anchor| judge(haystack, anchor, false)),
    },
    RecogniserInfo {
        name: "legal privilege",
        entity: EntityType::DOCUMENT_MARKING,
        category: Category::Legal,
        finds: "`attorney-client privileged` and its like in six languages",
        validation: "stands like a marking",
        find: Find::Literal(LEGAL_ANCHORS, |haystack, anchor| judge(haystack, anchor, true)),
    },
];

/// Words before a colon, or keys, whose value is a marking.
const LABELS: &[&str] = &[
    "classification",
    "confidentiality",
    "sensitivity",
    "protective marking",
    "handling",
    "distribution",
    "tlp",
    "einstufung",
    "klassifizierung",
    "vertraulichkeit",
    "schutzklasse",
    "confidentialité",
    "clasificación",
    "confidencialidad",
    "classificazione",
    "riservatezza",
    "classificação",
    "classificatie",
    "гриф",
    "密级",
    "機密区分",
    "التصنيف",
];

/// How a text says of itself what it is.
const LEADS: &[&str] = &[
    "this document is",
    "this report is",
    "this memo is",
    "this memorandum is",
    "this presentation is",
    "dieses dokument ist",
    "diese unterlage ist",
    "dieser bericht ist",
    "ce document est",
    "ce rapport est",
    "este documento es",
    "este informe es",
    "questo documento è",
    "este documento é",
    "dit document is",
];

/// How markings and leads begin: most fields begin otherwise.
static BEGINNINGS: LazyLock<Beginnings> =
    LazyLock::new(|| Beginnings::of(table::all().chain(LEADS.iter().copied())));

/// No marking with its lead has more characters, nor bytes.
const LONGEST: usize = longest(table::LONGEST, LEADS);

const fn longest(marking: usize, leads: &[&str]) -> usize {
    let (mut longest, mut rest) = (0, leads);
    while let [lead, more @ ..] = rest {
        longest = if lead.len() > longest { lead.len() } else { longest };
        rest = more;
    }
    marking + " ".len() + longest
}

/// Whether a word may be a marking that anything may follow, or the first of a lead.
fn begins_marking(word: &str) -> bool {
    let word = word.to_lowercase();
    let is_first = |lead: &&str| lead.split(' ').next() == Some(word.as_str());
    LEADS.iter().any(is_first) || marking(&word).is_some_and(|found| found.strength == Strength::Code)
}

fn judge(haystack: &Haystack<'_>, anchor: Range<usize>, is_legal: bool) -> Option<Match> {
    let line = Line::around(haystack, &anchor)?;
    let field = line.field(&anchor)?;
    if !field.may_begin(&BEGINNINGS) {
        return None;
    }
    // Most anchors stand in prose, of which at most the beginning is a marking.
    if field.is_longer_than(LONGEST) && !begins_marking(field.words().next()?) {
        return None;
    }
    let sentence = field.folded();
    let said = LEADS.iter().find_map(|lead| sentence.strip_prefix(lead)?.strip_prefix(' '));
    let words = said.unwrap_or(&sentence);
    let code = || {
        words
            .split_once(' ')
            .and_then(|(first, _)| marking(first))
            .filter(|found| found.strength == Strength::Code)
    };
    let found = marking(words).or_else(code).filter(|found| found.is_legal == is_legal)?;
    let in_key = || haystack.keys().last().is_some_and(|key| LABELS.contains(&key.to_lowercase().as_str()));
    let is_labelled = || field.ends_label(LABELS) || field.place() == Place::Alone && in_key();
    let stands = match found.strength {
        Strength::Code => field.place() != Place::Inside,
        Strength::Phrase => match field.place() {
            Place::Alone | Place::Bracketed => true,
            Place::Edge => field.is_upper(),
            Place::Inside => false,
        },
        // By itself such a word is a value of a list as well.
        Strength::Word => {
            let is_alone = || field.place() == Place::Alone && !line.is_all(haystack);
            field.is_upper() && (field.has_controls() || is_alone())
        }
    };
    let says_so = said.is_some() && found.strength != Strength::Code;
    (stands || is_labelled() || says_so)
        .then(|| Match { level: Some(found.level), ..Match::new(field.span(), 0.9) })
}
