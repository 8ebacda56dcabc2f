use crate::trace::Arrival;
use std::sync::Arc;
use weir_dispatch::{Band, Random};

/// A request of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Seconds from the beginning.
    pub at_s: f64,
    /// Tokens of its prompt.
    pub input_tokens: u32,
    /// Tokens of its answer, which nobody knows beforehand.
    pub output_tokens: u32,
    /// Whether it may not leave.
    pub classified: bool,
    /// On whose behalf it comes.
    pub tenant: Arc<str>,
    /// How many times the share of a tenant of weight 1 this one has.
    pub weight: u32,
    /// How urgent it is.
    pub band: Band,
    /// After how many seconds its answer is of no use any more.
    pub deadline_s: Option<f64>,
}

/// Requests in order of arrival.
pub type Requests = Vec<Request>;

impl Request {
    /// A request of a trace, under no particular name.
    #[must_use]
    pub fn new(arrival: &Arrival, classified: bool) -> Self {
        Self {
            at_s: arrival.at_s,
            input_tokens: arrival.input_tokens.max(1),
            output_tokens: arrival.output_tokens.max(1),
            classified,
            tenant: Arc::from("all"),
            weight: 1,
            band: Band::Interactive,
            deadline_s: None,
        }
    }

    /// The requests of a trace, arriving `rate` times as fast, of which this share is classified: by the seed, and
    /// the same under every policy.
    #[must_use]
    pub fn of_trace(trace: &[Arrival], rate: f64, classified: f64, seed: u64) -> Requests {
        let mut random = Random::new(seed);
        let of = |arrival: &Arrival| {
            let scaled = Arrival { at_s: arrival.at_s / rate, ..*arrival };
            Self::new(&scaled, random.unit() < classified)
        };
        trace.iter().map(of).collect()
    }
}
