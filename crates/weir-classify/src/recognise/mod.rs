//! The recognisers: one small file each, a row for people to read and a function that validates.

mod contact;
mod country;
mod financial;
mod labelled;
mod marking;
mod mention;
pub(crate) mod names;
mod national;
mod person;
mod secret;

use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Lengths, Numbers};
use crate::site::Site;
use std::ops::Range;
use std::sync::LazyLock;
use weir_label::{Category, Level};

pub(crate) use country::jurisdictions;
pub(crate) use financial::{CARD_WORDS, luhn, remainder_97};
pub(crate) use national::{Identifier, Kind};
pub(crate) use secret::phrase::before_other_words;
pub(crate) use secret::token::Format;

/// One row of the table of recognisers.
#[derive(Debug, Clone)]
pub struct RecogniserInfo {
    /// The name that findings carry.
    pub name: &'static str,
    /// The type of what it finds.
    pub entity: EntityType,
    /// What kind of data that is.
    pub category: Category,
    /// What it finds.
    pub finds: &'static str,
    /// What must hold besides the looks.
    pub validation: &'static str,
    pub(crate) find: Find,
}

/// What makes a place a candidate, and who judges it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Find {
    /// An at sign.
    At(fn(&Haystack<'_>, usize) -> Option<Match>),
    /// The beginning of a line.
    Line(fn(&Haystack<'_>, usize) -> Option<Match>),
    /// A colon.
    Colon(fn(&Haystack<'_>, usize) -> Option<Match>),
    /// The first digit of a run, where it stands as one of the sites says; no run stands as two of them say.
    Digit(&'static [Site], fn(&Haystack<'_>, usize) -> Option<Match>),
    /// Groups of digits, the first of which have so many together, and seven or more.
    Number(Lengths, fn(&Haystack<'_>, &Numbers) -> Option<Match>),
    /// Letters and digits in the shape of an identifier.
    Code(&'static Identifier),
    /// One of some literals.
    Literal(&'static [&'static str], fn(&Haystack<'_>, Range<usize>) -> Option<Match>),
    /// One of some words, in the text or in the key of the value; judged is what follows.
    Word(&'static [&'static str], fn(&Haystack<'_>, Range<usize>) -> Option<Match>),
    /// One of some phrases in any case, with spaces, `_`, `-` or nothing between their words; in the
    /// text or in the key of the value. Judged is what is near.
    Phrase(&'static [&'static str], fn(&Haystack<'_>, Range<usize>) -> Option<Match>),
    /// A vendor's prefix, with the format of what follows it.
    Tokens(&'static [Format]),
    /// What the statistical model takes for a name.
    Name,
}

/// A candidate that was validated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    pub(crate) span: Range<usize>,
    /// The span together with the context that was needed.
    pub(crate) evidence: Range<usize>,
    pub(crate) score: f32,
    pub(crate) standing: Standing,
    /// The country whose law binds what was found, where the identifier itself says so.
    pub(crate) country: Option<&'static str>,
    /// The level that what was found says of itself.
    pub(crate) level: Option<Level>,
    /// The number of the document that is quoted.
    pub(crate) document: Option<u32>,
    /// Whether its place says what it is and any form would do, so that no other reading of it shows more.
    pub(crate) is_formless: bool,
}

impl Match {
    pub(crate) fn new(span: Range<usize>, score: f32) -> Self {
        Self {
            evidence: span.clone(),
            span,
            score,
            standing: Standing::Alone,
            country: None,
            level: None,
            document: None,
            is_formless: false,
        }
    }

    pub(crate) fn with_evidence(mut self, context: &Range<usize>) -> Self {
        self.evidence = self.evidence.start.min(context.start)..self.evidence.end.max(context.end);
        self
    }

    pub(crate) fn with_standing(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    pub(crate) fn bound_to(mut self, country: &'static str) -> Self {
        self.country = Some(country);
        self
    }
}

/// Whether a match counts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It does.
    Alone,
    /// Only if something else personal is found in the same text.
    Accompanied,
    /// Only if the operator gave it a level.
    Mentioned,
}

/// All recognisers, in the order of the table.
pub(crate) static TABLE: LazyLock<Vec<RecogniserInfo>> = LazyLock::new(|| {
    [
        contact::ROWS,
        financial::ROWS,
        &national::rows(),
        person::ROWS,
        names::ROWS,
        secret::ROWS,
        marking::ROWS,
        mention::ROWS,
    ]
    .concat()
});
