use std::fmt;

/// Inside or outside the network, as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneKind {
    /// Inside the network.
    Local,
    /// Outside the network.
    Cloud,
}

impl ZoneKind {
    /// The name used in configuration, records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ZoneKind::Local => "local",
            ZoneKind::Cloud => "cloud",
        }
    }
}

impl fmt::Display for ZoneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Inside or outside the network, as a type: a permit for one zone is no permit for the other.
///
/// Sealed: there are two zones.
pub trait Zone: sealed::Sealed + Send + Sync + 'static {
    /// This zone as a value.
    const KIND: ZoneKind;
}

/// Inside the network.
#[derive(Debug)]
pub enum Local {}

/// Outside the network.
#[derive(Debug)]
pub enum Cloud {}

impl Zone for Local {
    const KIND: ZoneKind = ZoneKind::Local;
}

impl Zone for Cloud {
    const KIND: ZoneKind = ZoneKind::Cloud;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Local {}
    impl Sealed for super::Cloud {}
}
