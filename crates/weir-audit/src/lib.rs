//! Audit events, canonical bytes, the Merkle tree, proofs and checkpoints.
//!
//! Pure: bytes, times and keys come in as arguments, bytes and verdicts go out. Files and threads are
//! `weir-store`'s. The format is written down in `docs/formats/audit.md`.
//!
//! - INVARIANT (no text): an event holds numbers, enums, [`Ident`], [`Name`], [`FieldPath`] and nothing
//!   else, so that no prompt, answer or secret can get into the log by an error path.
//! - INVARIANT (one proof): the Merkle tree is the only chain; checksums of frames find accidents, the
//!   tree finds intent.

pub mod checkpoint;
pub mod claim;
pub mod content;
pub mod cosign;
pub mod event;
pub mod export;
mod field_path;
pub mod frame;
mod operator;
pub mod receipt;
pub mod reconcile;
pub mod rotation;
pub mod search;
pub mod tree;
pub mod verify;
mod wall_time;
pub mod witness;
mod word;

pub use event::{Envelope, Event, Head, Record};
pub use field_path::FieldPath;
pub use wall_time::{InvalidWallTime, WallTime};
pub use word::{Ident, MAX_WORD_BYTES, Name};
