use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Whose law binds data, or where a backend processes it: `EU`, `DE`, `US`, `AE`.
///
/// 2 to 16 of `A-Z`, `0-9` and `-`, so that regions such as `EU-WEST` can be named too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jurisdiction(Arc<str>);

impl Jurisdiction {
    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A word that cannot name a jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidJurisdiction(pub String);

impl fmt::Display for InvalidJurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` cannot name a jurisdiction; use 2 to 16 of `A-Z`, `0-9`, `-`, such as `EU` or `DE`",
            self.0
        )
    }
}

impl std::error::Error for InvalidJurisdiction {}

impl FromStr for Jurisdiction {
    type Err = InvalidJurisdiction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = (2..=16).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if well_formed { Ok(Self(text.into())) } else { Err(InvalidJurisdiction(text.to_owned())) }
    }
}
