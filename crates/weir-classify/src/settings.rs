use crate::EntityType;
use std::collections::BTreeMap;
use std::fmt;
use weir_label::{Category, Level};

/// What an [`Engine`](crate::Engine) looks for, and what it makes of what it finds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// How findings map to levels.
    pub data: DataRules,
    /// The operator's terms and codenames.
    pub terms: Vec<TermList>,
    /// The operator's patterns.
    pub patterns: Vec<Pattern>,
    /// When a person's name counts as personal data.
    pub profile: Profile,
    /// Bounds on the work for one body.
    pub limits: Limits,
}

/// When a person's name counts as personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Always.
    #[default]
    Strict,
    /// Beside a second personal attribute or in a context of personal data.
    Balanced,
}

impl Profile {
    /// The word in configuration and explanations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Profile::Strict => "strict",
            Profile::Balanced => "balanced",
        }
    }
}

/// How findings map to levels: an entity's own rule first, then its category's level.
#[derive(Debug, Clone, PartialEq)]
pub struct DataRules {
    /// The level of content in which nothing was found.
    pub default: Level,
    /// The level of each category. One that is missing here is `confidential`.
    pub categories: BTreeMap<Category, Level>,
    /// Exceptions for single entity types.
    pub entities: BTreeMap<EntityType, EntityRule>,
}

/// What an operator says of one entity type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityRule {
    /// Findings of this type have this level, whatever their category's is.
    Level(Level),
    /// This type is not looked for.
    Off,
}

impl Default for DataRules {
    fn default() -> Self {
        let categories = BTreeMap::from([
            (Category::Personal, Level::Confidential),
            (Category::SpecialCategory, Level::Restricted),
            (Category::Financial, Level::Confidential),
            (Category::Credentials, Level::Restricted),
            (Category::SourceCode, Level::Internal),
            (Category::Legal, Level::Confidential),
            (Category::Business, Level::Confidential),
        ]);
        Self { default: Level::Internal, categories, entities: BTreeMap::new() }
    }
}

impl DataRules {
    /// The level of a finding, or `None` when its type is not looked for.
    #[must_use]
    pub fn level(&self, entity: &EntityType, category: &Category, own: Option<Level>) -> Option<Level> {
        match self.entities.get(entity) {
            Some(EntityRule::Off) => None,
            Some(EntityRule::Level(level)) => Some(*level),
            None => Some(own.unwrap_or_else(|| self.category_level(category))),
        }
    }

    /// The level of a category.
    #[must_use]
    pub fn category_level(&self, category: &Category) -> Level {
        self.categories.get(category).copied().unwrap_or(Level::Confidential)
    }
}

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
}

// A codename is a secret itself: logs of settings show how many there are, not which.
impl fmt::Debug for TermList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, terms, category, level, case_sensitive } = self;
        f.debug_struct("TermList")
            .field("name", name)
            .field("terms", &terms.len())
            .field("category", category)
            .field("level", level)
            .field("case_sensitive", case_sensitive)
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
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, regex, category, level, entity } = self;
        f.debug_struct("Pattern")
            .field("name", name)
            .field("regex_bytes", &regex.len())
            .field("category", category)
            .field("level", level)
            .field("entity", entity)
            .finish()
    }
}

/// Bounds on the work for one body. What exceeds them makes the body unknown, never clean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text in one body, and again of the views derived from it.
    pub text_bytes_max: usize,
    /// Findings in one body, before the same span in several views is merged.
    pub findings_max: usize,
    /// How many layers of escapes inside escapes are undone.
    pub decode_depth_max: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self { text_bytes_max: 64 << 20, findings_max: 10_000, decode_depth_max: 3 }
    }
}

/// Settings that no engine can be built from.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A pattern is not a regular expression, or one of unbounded size.
    #[error("pattern `{name}` cannot be used: {reason}")]
    Pattern {
        /// The pattern's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A pattern matches the empty text, and so would match everywhere.
    #[error("pattern `{name}` matches the empty text; make it need at least one character")]
    EmptyMatch {
        /// The pattern's name.
        name: String,
    },
    /// A term has no letter or digit in it, and so would match nowhere or everywhere.
    #[error("term {index} of list `{name}` holds no letter or digit; remove it")]
    EmptyTerm {
        /// The list's name.
        name: String,
        /// Which term, counting from 1.
        index: usize,
    },
    /// The model that finds names is not of the format that this version reads.
    #[error("the built-in model cannot be used: {0}")]
    Model(#[from] weir_names::BadModel),
    /// There are more terms than the search automaton can hold.
    #[error("the term lists are too large to search for: {reason}")]
    Terms {
        /// What the automaton's builder says.
        reason: String,
    },
}
