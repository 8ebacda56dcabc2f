//! API dialects: strict JSON, server-sent events, chat completions, error envelopes.
//!
//! Pure functions over bytes. This crate knows no HTTP client or server, no policy and no labels; it
//! knows what requests, replies and streams look like on the wire.
//!
//! INVARIANT (one reading): a request body has exactly one reading. [`json::parse`] refuses whatever
//! two parsers could read differently, and what goes to a backend is written from the parsed value.

pub mod canonical;
pub mod chat;
pub mod detector;
pub mod dialect;
pub mod embedding;
pub mod error;
pub mod family;
pub mod fault;
pub mod json;
pub mod load;
pub mod models;
pub mod nats;
pub mod relay;
pub mod request;
pub mod segment;
pub mod sse;
pub mod stored;
pub mod tokens;

use dialect::BackendDialect;
use dialect::backend::products::Quirks;

/// Something that can be written as the body of a request to a backend.
///
/// The doors call it behind the permit check, so that what is sent is written from the value that was
/// classified.
pub trait Encode {
    /// Appends the body for `to`.
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>);

    /// The media type of the body, where it is another than the destination's usual one (JSON).
    fn media_type(&self) -> Option<String> {
        None
    }
}

/// Whom a body is written for.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The model's name at the backend.
    pub model: &'a str,
    /// Whether the backend is outside the network.
    pub outside: bool,
    /// What the body must fit.
    pub card: Card,
    /// The backend's name.
    pub backend: &'a str,
    /// The dialect it speaks.
    pub dialect: BackendDialect,
}

/// What is known of a model that a body written for it must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Card {
    /// The most tokens of an answer. Anthropic wants a limit in every request; this is taken if the client
    /// sets none.
    pub max_output_tokens: Option<u64>,
    /// How the model is told to think.
    pub thinking: Thinking,
    /// How requests to the backend's product differ from those of its dialect.
    pub quirks: Option<&'static Quirks>,
}

impl Card {
    /// Of a model of which nothing is known.
    pub const UNKNOWN: Self = Self { max_output_tokens: None, thinking: Thinking::Effort, quirks: None };
}

/// How a model is told to think, where its dialect has several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Thinking {
    /// By effort; it finds the amount itself (Anthropic's `adaptive`).
    #[default]
    Effort,
    /// By a number of tokens (Anthropic's `enabled` with `budget_tokens`).
    Budget,
    /// It does not.
    Never,
}

impl<'a> Destination<'a> {
    /// Of a model of which nothing else is known.
    #[must_use]
    pub fn new(model: &'a str, outside: bool) -> Self {
        Self { model, outside, card: Card::default(), backend: "", dialect: BackendDialect::ChatCompletions }
    }
}

/// No body: what a `GET` carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nothing;

impl Encode for Nothing {
    fn encode(&self, _to: &Destination<'_>, _out: &mut Vec<u8>) {}
}
