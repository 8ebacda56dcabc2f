//! Text to findings to label: the inspection engine.
mod collector;
mod digest;
mod effect;
mod engine;
mod entity;
mod haystack;
mod inspection;
mod numbers;
mod patterns;
mod recognise;
mod scanner;
mod segment;
mod settings;
mod terms;
mod view;

pub use engine::Engine;
pub use entity::{EntityType, InvalidEntityType};
pub use inspection::{Finding, Inspection, OpaqueReason, View};
pub use recognise::RecogniserInfo;
pub use segment::{Segment, SegmentKind};
pub use settings::{DataRules, EntityRule, Limits, Pattern, Settings, SettingsError, TermList};
