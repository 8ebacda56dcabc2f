//! Text to findings to label: the inspection engine.
//!
//! An [`Engine`] is built from [`Settings`] and given the decoded strings of a body as [`Segment`]s. It
//! says what they hold: [`Finding`]s with their places, never with their text, and the
//! [`Label`](weir_label::Label) that follows from them. It is a pure function: no files, clocks or
//! randomness, so that live traffic, explanations, tests and replays agree.
//!
//! 1. **Views** (`view`): each text is read as it stands, or as its strings if it is JSON; then where folding
//!    Unicode, undoing encodings, removing markup, spelling out, regrouping or turning around changes something
//!    ([`View`]); and joined with its neighbours, for what lies across a seam. Offsets map back to the text as
//!    given. What shows only in a doubtful view needs a context, a label or a structure of its own.
//! 2. **Candidates** (`scanner`): passes for literals and for byte classes; what is beside and around digits says who
//!    looks at them (`marks`, `site`).
//! 3. **Recognisers** (`recognise`): a row of a table and a function that validates.
//! 4. **The organisation's own** (`terms`, `patterns`, `indexes`), and what it says is no finding (`allow`).
//! 5. **Effects** (`effect`, `collector`): what a match means under the settings, and the join of it all.
//!
//! Invariants, each written where it is upheld:
//!
//! - INVARIANT (offsets map back): a finding in any view points at whole characters of the given text.
//! - INVARIANT (seams add): joining segments adds findings and takes none away.
//! - INVARIANT (linear time): the work grows with the text and no faster, whatever the text.
//!
//! What could not be looked at (an opaque segment, text beyond a limit) is never clean: the label says so.

mod allow;
mod code;
mod collector;
mod columns;
mod context;
mod digest;
mod effect;
mod engine;
mod entity;
mod haystack;
mod identifiers;
mod indexes;
mod inspection;
mod lanes;
mod literals;
mod marks;
mod memory;
mod numbers;
mod own;
mod patterns;
mod recognise;
mod scanner;
mod segment;
mod settings;
mod site;
mod terms;
mod verhoeff;
mod view;
mod words;
#[cfg(test)]
mod work_test;
pub use engine::Engine;
pub use entity::{EntityType, InvalidEntityType};
pub use inspection::{Finding, Inspection, OpaqueReason, View};
pub use own::{IndexUse, Pattern, TermList};
pub use patterns::{Checksum, UnknownChecksum};
pub use recognise::RecogniserInfo;
pub use segment::{Segment, SegmentKind};
pub use settings::{DataRules, EntityRule, Limits, Profile, Settings, SettingsError};
