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
pub mod error;
pub mod framing;
pub mod json;
pub mod models;
pub mod segment;
pub mod sse;

/// Something that can be written as the body of a request to a backend.
///
/// The doors call it behind the permit check, so that what is sent is written from the value that was
/// classified.
pub trait Encode {
    /// Appends the body for `to`.
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>);
}

/// Whom a body is written for.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The model's name at the backend.
    pub model: &'a str,
    /// Whether the backend is outside the network.
    pub outside: bool,
}

/// No body: what a `GET` carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nothing;

impl Encode for Nothing {
    fn encode(&self, _to: &Destination<'_>, _out: &mut Vec<u8>) {}
}
