use std::fmt;
use std::str::FromStr;

/// How sensitive content is: `public` < `internal` < `confidential` < `restricted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// May be read by anyone.
    #[default]
    Public,
    /// Meant for the organisation, harmless if it left.
    Internal,
    /// Personal or business data; classified under the default boundary.
    Confidential,
    /// Credentials and the like: damage if it left.
    Restricted,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Level; 4] = [Level::Public, Level::Internal, Level::Confidential, Level::Restricted];

    /// The name used in configuration, records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Public => "public",
            Level::Internal => "internal",
            Level::Confidential => "confidential",
            Level::Restricted => "restricted",
        }
    }

    /// The next lower level, or `None` for `public`.
    #[must_use]
    pub const fn below(self) -> Option<Level> {
        match self {
            Level::Public => None,
            Level::Internal => Some(Level::Public),
            Level::Confidential => Some(Level::Internal),
            Level::Restricted => Some(Level::Confidential),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLevel(pub String);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no level; use `public`, `internal`, `confidential` or `restricted`", self.0)
    }
}

impl std::error::Error for UnknownLevel {}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Level::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}
