//! Levels, labels, clearances and the boundary: what may go where, and the proof of it.
//!
//! This crate has no dependencies and does no I/O. It knows nothing of HTTP, JSON, policy files or
//! backends; it only knows what a [`Label`] says of some content, up to which label a [`Recipient`]
//! may receive, and how a [`Boundary`] turns both into a [`Permit`].
//!
//! Four invariants live here, each written where it is upheld and cited by name elsewhere:
//!
//! - INVARIANT (labels only rise): [`Label::join`] is the only way to combine labels, and nothing
//!   lowers one.
//! - INVARIANT (cloud below boundary): a [`Permit`] for the [`Cloud`] zone exists only for content
//!   whose label is below the boundary.
//! - INVARIANT (bound data stays): a [`Permit`] for content that is bound to a jurisdiction exists only
//!   for a backend whose own jurisdiction the residency table in force allows for it; one outside the
//!   network that declares none gets no such permit.
//! - INVARIANT (permit owns content): a permit holds the very value that was classified, names one
//!   backend and one policy revision, cannot be copied, and is consumed by sending.

mod boundary;
mod category;
mod jurisdiction;
mod label;
mod level;
mod permit;
mod zone;

pub use boundary::{AtOrAboveBoundary, Boundary, Clearance, Recipient, Refusal, Residency, Revision};
pub use category::{Category, InvalidCategory};
pub use jurisdiction::{InvalidJurisdiction, Jurisdiction};
pub use label::Label;
pub use level::{Level, UnknownLevel};
pub use permit::{Classified, Inspect, Permit};
pub use zone::{Cloud, Local, Zone, ZoneKind};
