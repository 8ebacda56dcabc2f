//! The boundary, and what it alone can make: clearances, which say how much a backend may receive, and permits.

use crate::{Classified, Cloud, Jurisdiction, Label, Level, Local, Permit, Zone, ZoneKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The identity of one policy text: a short hex digest, computed where the text is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(Arc<str>);

impl Revision {
    /// Wraps a digest.
    #[must_use]
    pub fn new(digest: &str) -> Self {
        Self(digest.into())
    }

    /// The digest as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest, to be shared.
    #[must_use]
    pub fn shared(&self) -> &Arc<str> {
        &self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which backend jurisdictions may process data of which jurisdiction.
///
/// Data of a jurisdiction that has no row may be processed in that jurisdiction only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Residency(BTreeMap<Jurisdiction, BTreeSet<Jurisdiction>>);

impl Residency {
    /// Builds the table from its rows: data jurisdiction, allowed backend jurisdictions.
    #[must_use]
    pub fn new(rows: BTreeMap<Jurisdiction, BTreeSet<Jurisdiction>>) -> Self {
        Self(rows)
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &BTreeMap<Jurisdiction, BTreeSet<Jurisdiction>> {
        &self.0
    }

    /// Whether data bound to `data` may be processed by a backend in `backend`.
    #[must_use]
    pub fn allows(&self, data: &Jurisdiction, backend: &Jurisdiction) -> bool {
        self.0.get(data).map_or(data == backend, |allowed| allowed.contains(backend))
    }

    /// Every jurisdiction that the table names, of data and of backends; some more than once.
    pub fn mentioned(&self) -> impl Iterator<Item = &Jurisdiction> {
        self.0.iter().flat_map(|(data, allowed)| std::iter::once(data).chain(allowed))
    }
}

/// The label up to which a backend of zone `Z` may receive.
///
/// Only a [`Boundary`] makes one, so a cloud clearance at or above it does not exist.
#[derive(Debug)]
pub struct Clearance<Z: Zone> {
    level: Level,
    opaque: bool,
    jurisdiction: Option<Jurisdiction>,
    residency: Residency,
    zone: PhantomData<Z>,
}

impl<Z: Zone> Clone for Clearance<Z> {
    fn clone(&self) -> Self {
        let Self { level, opaque, jurisdiction, residency, zone } = self;
        Self {
            level: *level,
            opaque: *opaque,
            jurisdiction: jurisdiction.clone(),
            residency: residency.clone(),
            zone: *zone,
        }
    }
}

impl<Z: Zone> Clearance<Z> {
    /// Whether content with `label` may be received. The only comparison of a label with a backend.
    ///
    /// Monotone: what is admitted for a whole is admitted for each of its parts.
    #[must_use]
    pub fn admits(&self, label: &Label) -> bool {
        self.refuses(label).is_none()
    }

    /// The highest level that may be received.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Where the backend processes, if it is declared.
    #[must_use]
    pub fn jurisdiction(&self) -> Option<&Jurisdiction> {
        self.jurisdiction.as_ref()
    }

    fn refuses(&self, label: &Label) -> Option<Refusal> {
        if label.is_opaque() && !self.opaque {
            return Some(Refusal::Opaque);
        }
        if label.level() > self.level {
            return Some(Refusal::AboveClearance { label: label.level(), clearance: self.level });
        }
        self.refuses_under(&self.residency, label)
    }

    /// What `table` says against it.
    fn refuses_under(&self, table: &Residency, label: &Label) -> Option<Refusal> {
        let bound = label.jurisdictions().iter().find(|data| !self.may_process(table, data))?;
        Some(Refusal::Residency { data: bound.clone(), backend: self.jurisdiction.clone() })
    }

    fn may_process(&self, table: &Residency, data: &Jurisdiction) -> bool {
        match (&self.jurisdiction, Z::KIND) {
            (Some(backend), _) => table.allows(data, backend),
            // Inside the network the data has not moved; outside, an unnamed place is no place.
            (None, ZoneKind::Local) => true,
            (None, ZoneKind::Cloud) => false,
        }
    }
}

/// A clearance that was asked for at or above the boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtOrAboveBoundary {
    /// The level asked for.
    pub level: Level,
    /// The boundary.
    pub boundary: Level,
}

impl fmt::Display for AtOrAboveBoundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a cloud backend may not be cleared for `{}`: data from `{}` up is classified and never leaves the network",
            self.level, self.boundary
        )
    }
}

impl std::error::Error for AtOrAboveBoundary {}

/// Why content may not go to a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The content is classified and the backend is outside the network.
    Classified {
        /// The content's level.
        level: Level,
        /// The level from which data is classified.
        boundary: Level,
    },
    /// Part of the content could not be inspected, which counts as classified.
    Opaque,
    /// The content's level is above the backend's clearance.
    AboveClearance {
        /// The content's level.
        label: Level,
        /// The backend's.
        clearance: Level,
    },
    /// The content is bound to a jurisdiction in which the backend does not process.
    Residency {
        /// The jurisdiction the data is bound to.
        data: Jurisdiction,
        /// The backend's, if declared.
        backend: Option<Jurisdiction>,
    },
}

impl Refusal {
    /// A short stable word for metrics and records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::Classified { .. } => "classified",
            Refusal::Opaque => "opaque",
            Refusal::AboveClearance { .. } => "above_clearance",
            Refusal::Residency { .. } => "residency",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Classified { level, boundary } => {
                write!(f, "data is {level}, and from {boundary} up it never leaves the network")
            }
            Refusal::Opaque => {
                f.write_str("part of the request could not be inspected, which counts as classified")
            }
            Refusal::AboveClearance { label, clearance } => {
                write!(f, "data is {label}, the backend is cleared up to {clearance}")
            }
            Refusal::Residency { data, backend: Some(backend) } => {
                write!(f, "data bound to {data} may not be processed in {backend}")
            }
            Refusal::Residency { data, backend: None } => {
                write!(f, "data is bound to {data} and the backend declares no jurisdiction")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// Somebody who may receive content: one backend of one zone, with its clearance.
#[derive(Debug)]
pub struct Recipient<Z: Zone> {
    backend: Arc<str>,
    clearance: Clearance<Z>,
}

impl<Z: Zone> Clone for Recipient<Z> {
    fn clone(&self) -> Self {
        Self { backend: self.backend.clone(), clearance: self.clearance.clone() }
    }
}

impl<Z: Zone> Recipient<Z> {
    /// The backend of this name with this clearance.
    #[must_use]
    pub fn new(backend: &str, clearance: Clearance<Z>) -> Self {
        Self { backend: backend.into(), clearance }
    }

    /// The backend's name.
    #[must_use]
    pub fn backend(&self) -> &Arc<str> {
        &self.backend
    }

    /// Its clearance.
    #[must_use]
    pub fn clearance(&self) -> &Clearance<Z> {
        &self.clearance
    }
}

/// The level from which data is classified, with the residency table, of one policy revision.
///
/// A boundary makes the clearances, and it alone makes permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    level: Level,
    residency: Residency,
    revision: Revision,
}

impl Boundary {
    /// A boundary at `level`: data from there up never leaves the network.
    #[must_use]
    pub fn new(level: Level, residency: Residency, revision: Revision) -> Self {
        Self { level, residency, revision }
    }

    /// The level from which data is classified.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Which backend jurisdictions may process data of which jurisdiction.
    #[must_use]
    pub fn residency(&self) -> &Residency {
        &self.residency
    }

    /// The policy revision this boundary belongs to.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// Whether content with this label is classified. What could not be inspected is.
    #[must_use]
    pub fn is_classified(&self, label: &Label) -> bool {
        label.level() >= self.level || label.is_opaque()
    }

    /// A clearance for a backend inside the network.
    #[must_use]
    pub fn local_clearance(&self, level: Level, jurisdiction: Option<Jurisdiction>) -> Clearance<Local> {
        // What cannot be inspected may be anything, so only a backend cleared for everything takes it.
        let opaque = level == Level::Restricted;
        let residency = self.residency.clone();
        Clearance { level, opaque, jurisdiction, residency, zone: PhantomData }
    }

    /// A clearance for a backend outside the network.
    ///
    /// # Errors
    /// [`AtOrAboveBoundary`] when `level` is not below the boundary.
    pub fn cloud_clearance(
        &self,
        level: Level,
        jurisdiction: Option<Jurisdiction>,
    ) -> Result<Clearance<Cloud>, AtOrAboveBoundary> {
        if level >= self.level {
            return Err(AtOrAboveBoundary { level, boundary: self.level });
        }
        let residency = self.residency.clone();
        Ok(Clearance { level, opaque: false, jurisdiction, residency, zone: PhantomData })
    }

    /// Whether content with `label` may go to `recipient`; the check that
    /// [`permit`](Self::permit) makes, without content.
    ///
    /// # Errors
    /// [`Refusal`] says why not.
    pub fn check<Z: Zone>(&self, label: &Label, recipient: &Recipient<Z>) -> Result<(), Refusal> {
        // INVARIANT (cloud below boundary): asked of this boundary itself, not only of the clearance,
        // which may have been made under an older revision.
        if Z::KIND == ZoneKind::Cloud && self.is_classified(label) {
            return Err(if label.is_opaque() {
                Refusal::Opaque
            } else {
                Refusal::Classified { level: label.level(), boundary: self.level }
            });
        }
        // INVARIANT (bound data stays): this boundary's own table is asked too, for the same reason.
        let refusal = recipient
            .clearance
            .refuses(label)
            .or_else(|| recipient.clearance.refuses_under(&self.residency, label));
        refusal.map_or(Ok(()), Err)
    }

    /// The proof that this content may go to this backend.
    ///
    /// # Errors
    /// [`Refusal`] says why there is none.
    pub fn permit<C, Z: Zone>(
        &self,
        content: &Classified<C>,
        recipient: &Recipient<Z>,
    ) -> Result<Permit<C, Z>, Refusal> {
        self.check(content.label(), recipient)?;
        Ok(Permit::mint(content, recipient.backend.clone(), self.revision.clone()))
    }
}
