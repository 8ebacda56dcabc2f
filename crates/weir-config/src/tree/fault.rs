//! What is wrong with a text of YAML, or with a value in it, and where.

use crate::report::Place;
use serde::de::{self, Expected, Unexpected};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, Location};
use std::fmt::{self, Display};

/// What is wrong with a text, and where.
#[derive(Debug)]
pub struct Fault {
    /// `None` if it is about the text as a whole, or not known yet.
    pub place: Option<Place>,
    pub kind: FaultKind,
}

/// What is wrong with a text.
#[derive(Debug)]
pub enum FaultKind {
    /// The mapping has a key that the type has not, which has these.
    UnknownField { field: String, known: &'static [&'static str] },
    /// The mapping has not this key.
    MissingField(&'static str),
    /// The mapping has this key twice, if it is a word.
    Twice(Option<String>),
    /// A value of another kind belongs here.
    OtherKind { found: String, belongs: String },
    /// This belongs here.
    Belongs(&'static str),
    /// Nothing has the name that an alias refers to.
    UnknownAnchor,
    /// The text, or what its aliases stand for, is larger or deeper than any real one.
    TooLarge,
    /// The file goes on with another document.
    SecondDocument,
    /// Something else.
    Other(String),
}

impl Fault {
    /// The same at this place, unless it has one.
    pub(super) fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self { place: None, kind }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let place = error.location().map(|location| Place::of(&location));
        Self { place, kind: FaultKind::of(error) }
    }
}

impl FaultKind {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's own enum, which says of itself that it will grow"
    )]
    fn of(error: Error) -> Self {
        match error {
            Error::DuplicateMappingKey { key, .. } => Self::Twice(key),
            Error::UnknownAnchor { .. } => Self::UnknownAnchor,
            Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => Self::SecondDocument,
            Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. } => Self::TooLarge,
            Error::AliasError { error, .. } => Self::of(*error),
            other => {
                let text = other.without_snippet().to_string();
                // The report has its own way to say where.
                let text = text.split(" at line ").next().unwrap_or_default();
                Self::Other(text.trim_start_matches("error: ").to_owned())
            }
        }
    }
}

impl FaultKind {
    /// What to say of it.
    pub fn message(&self) -> String {
        match self {
            Self::UnknownField { field, .. } => format!("`{field}` is not known here"),
            Self::MissingField(field) => format!("`{field}` is missing"),
            Self::Twice(Some(key)) => format!("`{key}` is written twice"),
            Self::Twice(None) => "a key is written twice".to_owned(),
            Self::OtherKind { found, belongs } => format!("{belongs} belongs here, not {}", in_words(found)),
            Self::Belongs(what) => format!("{what} belongs here"),
            Self::UnknownAnchor => "alias references unknown anchor".to_owned(),
            Self::TooLarge => {
                "the file is larger or deeper than any real one, counting what its aliases stand for"
                    .to_owned()
            }
            Self::SecondDocument => "a second document begins here".to_owned(),
            Self::Other(message) => message.clone(),
        }
    }
}

/// A word for what was found, as people call it.
fn in_words(found: &str) -> &str {
    match found {
        "map" => "a mapping",
        "sequence" => "a list",
        other => other,
    }
}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        FaultKind::Other(message.to_string()).into()
    }

    fn invalid_type(found: Unexpected<'_>, belongs: &dyn Expected) -> Self {
        FaultKind::OtherKind { found: found.to_string(), belongs: belongs.to_string() }.into()
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        FaultKind::UnknownField { field: field.to_owned(), known }.into()
    }

    fn missing_field(field: &'static str) -> Self {
        FaultKind::MissingField(field).into()
    }
}

impl std::error::Error for Fault {}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind.message())?;
        match self.place {
            Some(Place { line, column, .. }) => write!(f, " at line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

impl Place {
    pub(super) fn of(location: &Location) -> Self {
        let span = location.span();
        let start = span.byte_offset().and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0);
        let len = span.byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).max(1);
        Self {
            line: number(location.line()),
            column: number(location.column()),
            start,
            end: start.saturating_add(len),
        }
    }
}
