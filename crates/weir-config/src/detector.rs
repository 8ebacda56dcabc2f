use crate::{BaseUrl, Secret};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use weir_classify::EntityType;

/// A detector inside the network that is asked about what inspection leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct Detector {
    /// Its name, unique.
    pub name: Arc<str>,
    /// Where its API begins; inside the network.
    pub url: BaseUrl,
    /// What authorises Weir there, if it is a backend of `weir.yaml`.
    pub api_key: Option<Secret>,
    /// The certificate authorities to trust there instead of the system's, as PEM text.
    pub ca_pem: Option<String>,
    /// How it is asked.
    pub kind: DetectorKind,
    /// About what it is asked.
    pub when: DetectorWhen,
    /// How long it may take, waiting for a place included.
    pub timeout: Duration,
    /// The most questions at a time.
    pub concurrency: NonZeroU32,
}

/// How a detector is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum DetectorKind {
    /// Presidio analyzer's `POST /analyze`.
    Presidio {
        /// The languages to ask in.
        languages: Vec<String>,
        /// The lowest score that counts.
        min_score: Score,
        /// Types that do not count.
        ignore: Vec<EntityType>,
    },
    /// A chat completion.
    Llm {
        /// The model's name there.
        model: String,
    },
}

/// About what a detector is asked; never about what is classified already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetectorWhen {
    /// Everything.
    Always,
    /// Where something was found that does not decide, or nothing in a long text.
    Uncertain,
}

/// How sure a detector is, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Score(pub f64);
