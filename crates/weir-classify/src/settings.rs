use crate::{EntityType, IndexUse, Pattern, TermList};
use std::collections::BTreeMap;
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
    /// The operator's indexes of records and documents.
    pub indexes: Vec<IndexUse>,
    /// Values of each type that are no findings, such as the organisation's own public addresses: written
    /// out, with `*` for any characters and `?` for one, or as a network for an IP address.
    pub allow: BTreeMap<EntityType, Vec<String>>,
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
    /// Exceptions for single built-in recognisers by name, before those for their types.
    pub recognisers: BTreeMap<String, EntityRule>,
}

/// What an operator says of one entity type or recogniser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityRule {
    /// Its findings have this level, whatever their category's is.
    Level(Level),
    /// It is not looked for.
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
        Self { default: Level::Internal, categories, entities: BTreeMap::new(), recognisers: BTreeMap::new() }
    }
}

impl DataRules {
    /// What the operator says of a recogniser or else of its type.
    pub(crate) fn rule(&self, recogniser: &str, entity: &EntityType) -> Option<EntityRule> {
        self.recognisers.get(recogniser).or_else(|| self.entities.get(entity)).copied()
    }

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
