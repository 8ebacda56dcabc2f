//! Optional detectors as written.

use crate::scalar::{ModelName, Name};
use crate::yaml::{At, Field, Scalar, Wrong};
use crate::{DetectorWhen, Score};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::time::Duration;

/// A detector inside the network that is asked about what Weir's own inspection did not find classified.
/// It can raise a label and never lower one. While it fails, what it is asked about counts as classified.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Detector")]
pub struct RawDetector {
    /// What metrics and records call it.
    pub name: Field<Name>,
    /// Where its API begins, such as `http://127.0.0.1:5002`. It connects to addresses inside the network
    /// only, like a backend of zone `local`. Either this or `backend`.
    pub url: Option<At<String>>,
    /// The backend of `weir.yaml`, of zone `local`, that it is: its address, key and certificates are used.
    /// Either this or `url`.
    pub backend: Option<Field<Name>>,
    /// It is a Presidio analyzer. Either this or `llm`.
    pub presidio: Option<RawPresidio>,
    /// It is a model behind an OpenAI-compatible API, asked to judge. Either this or `presidio`.
    pub llm: Option<RawLlm>,
    /// `always`: asked about everything that is not classified yet. `uncertain`: only where something was
    /// found that does not decide, or nothing in a long text. Default: `always`.
    pub when: Option<Field<DetectorWhen>>,
    /// How long it may take, waiting for a place included. Default: `2s` (`presidio`), `10s` (`llm`).
    pub timeout: Option<Field<Duration>>,
    /// The most questions at a time. Default: 8.
    pub concurrency: Option<Field<NonZeroU32>>,
}

/// A Presidio analyzer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Presidio")]
#[derive(Default)]
pub struct RawPresidio {
    /// The languages to ask in, one question each. Default: `[en]`.
    pub languages: Option<Vec<At<String>>>,
    /// The lowest score that counts, 0 to 1. Default: 0.5.
    pub min_score: Option<Field<Score>>,
    /// Types that recognisers of one's own report there, so that the policy can name them. Those that
    /// Presidio has by itself are known.
    pub entities: Option<Vec<At<String>>>,
    /// Entity types that do not count. Default: `[DATE_TIME, LOCATION, ORGANIZATION, URL]`.
    pub ignore: Option<Vec<At<String>>>,
}

/// A model that judges.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Judge")]
pub struct RawLlm {
    /// Its name there.
    pub model: Field<ModelName>,
}

impl Scalar for Score {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let score = text.parse().ok().filter(|score| (0.0..=1.0).contains(score));
        score
            .map(Score)
            .ok_or_else(|| Wrong::new(format!("`{text}` is no score"), "write a number from 0 to 1"))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}
