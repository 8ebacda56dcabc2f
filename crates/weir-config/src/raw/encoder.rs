//! An optional encoder as written.

use crate::yaml::{At, Field, Scalar, Wrong};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::time::Duration;

/// A model of a local backend that makes vectors of texts, asked for the task type where Weir's own model is unsure.
/// While it is late, full or down, what Weir's own model says holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Encoder")]
pub struct RawEncoder {
    /// The target, `backend/model`, of a backend of zone `local` that serves OpenAI's `/embeddings`.
    pub target: At<String>,
    /// The file that says what its vectors mean, which `weir encoder fit` makes of labelled prompts; relative to this
    /// file.
    pub head: At<String>,
    /// The margin below which it is asked: by how much the likeliest task type is likelier than the next, 0 to 1.
    /// Default: 0.5.
    pub below: Option<Field<Margin>>,
    /// How long it may take. Default: `50ms`.
    pub timeout: Option<Field<Duration>>,
    /// The most questions at a time; while there are as many, it is not asked. Default: 8.
    pub concurrency: Option<Field<NonZeroU32>>,
}

/// A margin, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin(pub f32);

impl Scalar for Margin {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let margin = text.parse().ok().filter(|margin| (0.0..=1.0).contains(margin));
        margin.map(Margin).ok_or_else(|| {
            Wrong::new(format!("`{text}` is no margin"), "write a number from 0 to 1, such as `0.5`")
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}
