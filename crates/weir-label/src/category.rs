use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What kind of data content holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Data about an identifiable person.
    Personal,
    /// GDPR Art. 9: health, biometrics, belief, union membership, orientation.
    SpecialCategory,
    /// Cards, accounts, salaries.
    Financial,
    /// Keys, tokens, passwords.
    Credentials,
    /// Program text of the organisation's own.
    SourceCode,
    /// Contracts, privileged correspondence.
    Legal,
    /// Plans, prices, codenames.
    Business,
    /// A category the operator named: `[a-z][a-z0-9_]*`, at most 64 bytes.
    Named(Arc<str>),
}

impl Category {
    /// The categories that exist without configuration.
    pub const BUILT_IN: [Category; 7] = [
        Category::Personal,
        Category::SpecialCategory,
        Category::Financial,
        Category::Credentials,
        Category::SourceCode,
        Category::Legal,
        Category::Business,
    ];

    /// The name used in configuration, records and metrics.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Category::Personal => "personal",
            Category::SpecialCategory => "special_category",
            Category::Financial => "financial",
            Category::Credentials => "credentials",
            Category::SourceCode => "source_code",
            Category::Legal => "legal",
            Category::Business => "business",
            Category::Named(name) => name,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that cannot be the name of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCategory(pub String);

impl fmt::Display for InvalidCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` cannot name a category; use 1 to 64 of `a-z`, `0-9`, `_`, beginning with a letter",
            self.0
        )
    }
}

impl std::error::Error for InvalidCategory {}

impl FromStr for Category {
    type Err = InvalidCategory;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(built_in) = Category::BUILT_IN.into_iter().find(|c| c.as_str() == text) {
            return Ok(built_in);
        }
        let well_formed = text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if well_formed { Ok(Category::Named(text.into())) } else { Err(InvalidCategory(text.to_owned())) }
    }
}
