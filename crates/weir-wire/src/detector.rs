//! Detectors inside the network: what they are asked, and what they answer.
//!
//! An answer that is not exactly what was asked for is a [`Lie`]: nothing is guessed, mended or skipped.

mod judge;
mod presidio;
mod text;

pub use judge::{Judge, Verdict};
pub use presidio::{Analyze, Span};
pub use text::Text;

/// Why an answer cannot be believed. It holds nothing of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the detector's answer is no answer: {0}")]
pub struct Lie(pub &'static str);
