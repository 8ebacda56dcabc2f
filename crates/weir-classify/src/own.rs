//! What is the organisation's own, as settings.

use crate::{Checksum, EntityType};
use std::fmt;
use std::sync::Arc;
use weir_index::{Index, Kind};
use weir_label::{Category, Jurisdiction, Level};

/// Words and phrases that are sensitive in this organisation: codenames, customers, products.
#[derive(Clone, PartialEq)]
pub struct TermList {
    /// The name that findings carry.
    pub name: String,
    /// The terms. Words of one term may be apart by any run of spaces, line breaks, `-` and `_`.
    pub terms: Vec<String>,
    /// What kind of data a term gives away.
    pub category: Category,
    /// The level, if it is not the category's.
    pub level: Option<Level>,
    /// Whether `Falcon` and `falcon` differ.
    pub case_sensitive: bool,
    /// Whether `Falcons`, `Falken` and `Falkenprojekt` are found too.
    pub inflect: bool,
    /// Phrases within which a term is none.
    pub allow: Vec<String>,
    /// Whose law binds what a term is found in.
    pub jurisdiction: Option<Jurisdiction>,
}

impl TermList {
    /// A list that finds its terms in any case and inflection.
    #[must_use]
    pub fn new(name: &str, terms: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            terms: terms.iter().map(|term| (*term).to_owned()).collect(),
            category: Category::Business,
            level: None,
            case_sensitive: false,
            inflect: true,
            allow: Vec::new(),
            jurisdiction: None,
        }
    }
}

// A codename is a secret itself: logs of settings show how many there are, not which.
impl fmt::Debug for TermList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, terms, category, level, case_sensitive, inflect, allow, jurisdiction } = self;
        f.debug_struct("TermList")
            .field("name", name)
            .field("terms", &terms.len())
            .field("category", category)
            .field("level", level)
            .field("case_sensitive", case_sensitive)
            .field("inflect", inflect)
            .field("allow", &allow.len())
            .field("jurisdiction", jurisdiction)
            .finish()
    }
}

/// A pattern of the operator's.
///
/// The syntax is that of Rust's `regex` crate: no look-around, no back-references, linear time. `\b`
/// is Unicode-aware and slow on text that is not ASCII; where the pattern's ends are ASCII, write
/// `(?-u:\b)`.
#[derive(Clone, PartialEq)]
pub struct Pattern {
    /// The name that findings carry.
    pub name: String,
    /// The regular expression.
    pub regex: String,
    /// What kind of data a match is.
    pub category: Category,
    /// The level, if it is not the category's.
    pub level: Option<Level>,
    /// The entity type of a match; [`EntityType::PATTERN`] if none is given.
    pub entity: Option<EntityType>,
    /// Words of which one must be near, or in the key of the value. None: that is not asked.
    pub context: Vec<String>,
    /// What the check characters of a match must be right by.
    pub checksum: Option<Checksum>,
    /// Regular expressions; what one of them matches as a whole is no finding.
    pub allow: Vec<String>,
    /// Whose law binds what a match is found in.
    pub jurisdiction: Option<Jurisdiction>,
}

impl Pattern {
    /// A pattern whose every match is a finding.
    #[must_use]
    pub fn new(name: &str, regex: &str) -> Self {
        Self {
            name: name.to_owned(),
            regex: regex.to_owned(),
            category: Category::Business,
            level: None,
            entity: None,
            context: Vec::new(),
            checksum: None,
            allow: Vec::new(),
            jurisdiction: None,
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, regex, category, level, entity, context, checksum, allow, jurisdiction } = self;
        f.debug_struct("Pattern")
            .field("name", name)
            .field("regex_bytes", &regex.len())
            .field("category", category)
            .field("level", level)
            .field("entity", entity)
            .field("context", &context.len())
            .field("checksum", checksum)
            .field("allow", &allow.len())
            .field("jurisdiction", jurisdiction)
            .finish()
    }
}

/// An index of the operator's, and what it means that something of it is found.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexUse {
    /// The name that findings carry, behind it `#` and the number of a document.
    pub name: String,
    /// The index.
    pub index: Arc<Index>,
    /// What kind of data is in it.
    pub category: Category,
    /// The level, if it is not the category's.
    pub level: Option<Level>,
    /// Whose law binds the data.
    pub jurisdiction: Option<Jurisdiction>,
}

impl IndexUse {
    /// The type of what is found.
    #[must_use]
    pub fn entity(&self) -> EntityType {
        match self.index.kind() {
            Kind::Records => EntityType::EXACT_MATCH,
            Kind::Documents => EntityType::CONFIDENTIAL_DOCUMENT,
        }
    }
}
