use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// What a finding is: `EMAIL_ADDRESS`, `IBAN_CODE`, `SECRET`, or a type of the operator's.
///
/// The built-in names are those of Microsoft Presidio, so that its users find theirs again.
#[derive(Clone)]
pub struct EntityType(Name);

#[derive(Clone)]
enum Name {
    BuiltIn(&'static str),
    Operators(Arc<str>),
}

impl EntityType {
    /// An e-mail address.
    pub const EMAIL_ADDRESS: EntityType = EntityType::built_in("EMAIL_ADDRESS");
    /// A telephone number.
    pub const PHONE_NUMBER: EntityType = EntityType::built_in("PHONE_NUMBER");
    /// The number of a payment card.
    pub const CREDIT_CARD: EntityType = EntityType::built_in("CREDIT_CARD");
    /// An international bank account number.
    pub const IBAN_CODE: EntityType = EntityType::built_in("IBAN_CODE");
    /// An IPv4 or IPv6 address.
    pub const IP_ADDRESS: EntityType = EntityType::built_in("IP_ADDRESS");
    /// A social security number of the United States.
    pub const US_SSN: EntityType = EntityType::built_in("US_SSN");
    /// A number of the National Health Service of the United Kingdom.
    pub const UK_NHS: EntityType = EntityType::built_in("UK_NHS");
    /// A German tax identification number (Steuer-IdNr.).
    pub const DE_TAX_ID: EntityType = EntityType::built_in("DE_TAX_ID");
    /// The name of a person.
    pub const PERSON: EntityType = EntityType::built_in("PERSON");
    /// A place, such as a city with its postcode.
    pub const LOCATION: EntityType = EntityType::built_in("LOCATION");
    /// The name of a company or another organisation.
    pub const ORGANIZATION: EntityType = EntityType::built_in("ORGANIZATION");
    /// A key, token or other credential.
    pub const SECRET: EntityType = EntityType::built_in("SECRET");
    /// A term of one of the operator's lists.
    pub const TERM: EntityType = EntityType::built_in("TERM");
    /// A value of one of the operator's indexes of records.
    pub const EXACT_MATCH: EntityType = EntityType::built_in("EXACT_MATCH");
    /// A stretch of a document of one of the operator's indexes.
    pub const CONFIDENTIAL_DOCUMENT: EntityType = EntityType::built_in("CONFIDENTIAL_DOCUMENT");
    /// A marking such as `strictly confidential` or `TLP:RED`.
    pub const DOCUMENT_MARKING: EntityType = EntityType::built_in("DOCUMENT_MARKING");
    /// A match of one of the operator's patterns that names no type of its own.
    pub const PATTERN: EntityType = EntityType::built_in("PATTERN");

    pub(crate) const fn built_in(name: &'static str) -> Self {
        Self(Name::BuiltIn(name))
    }

    /// The name used in configuration, records and metrics.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Name::BuiltIn(name) => name,
            Name::Operators(name) => name,
        }
    }
}

/// A word that cannot name an entity type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot name an entity type; use 1 to 64 of `A-Z`, `0-9`, `_`, beginning with a letter")]
pub struct InvalidEntityType(pub String);

impl FromStr for EntityType {
    type Err = InvalidEntityType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if well_formed {
            Ok(Self(Name::Operators(text.into())))
        } else {
            Err(InvalidEntityType(text.to_owned()))
        }
    }
}

// Identity is the name alone: a built-in type that a configuration spells out is the same type.

impl PartialEq for EntityType {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for EntityType {}

impl PartialOrd for EntityType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EntityType {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for EntityType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for EntityType {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
