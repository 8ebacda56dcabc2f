//! A load generator that checks every answer.
//!
//! Closed loop: a number of connections, each with one request at a time. Open loop: a request at each tick
//! of a rate, whatever became of the ones before; latencies count from the tick, so that a server that
//! falls behind shows it.

mod check;
mod drive;
mod process;
mod prompt;
mod report;

pub use check::Flaw;
pub use drive::run;
pub use report::{Process, Quantiles, Report};

use std::time::Duration;

/// What load to put on which gateway.
#[derive(Debug, Clone)]
pub struct Load {
    /// Base URL, up to and with `/v1`; `http` only.
    pub url: http::Uri,
    /// The model, or alias, to ask for.
    pub model: String,
    /// The API key, if one is needed.
    pub bearer: Option<String>,
    /// Bytes of the user message.
    pub prompt_bytes: usize,
    /// Whether to ask for streams.
    pub stream: bool,
    /// When requests are sent.
    pub pace: Pace,
    /// When to stop.
    pub until: Until,
    /// The process whose CPU time and memory is measured, with its descendants.
    pub pid: Option<u32>,
}

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// On this many connections, each as soon as the one before is answered.
    Closed {
        /// Connections.
        connections: usize,
    },
    /// At this rate.
    Open {
        /// Requests per second, above 0.
        rate: f64,
    },
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// After this many requests.
    Requests(u64),
    /// After this time; what is being answered then is still waited for.
    Elapsed(Duration),
}
