//! Google Gemini and Vertex AI: `generateContent` and `streamGenerateContent`.
//!
//! Both take the same body; they differ in the base URL. Gemini: `https://HOST/v1beta`; Vertex AI:
//! `https://HOST/v1/projects/PROJECT/locations/LOCATION/publishers/google`. A stream is asked for with the
//! query `alt=sse`, which is the endpoint's (see [`STREAM_QUERY`]).
//!
//! Sources: Gemini API reference v1beta (`GenerateContentRequest`, `Schema`, `GenerateContentResponse`),
//! Google's own Python client.

mod read;
mod schema;
mod write;

pub use read::{EventReader, read_error, read_reply};
pub use write::{path, write};

/// The query that a stream is asked for with.
pub const STREAM_QUERY: (&str, &str) = ("alt", "sse");

/// How a family of models is told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thinks {
    /// By a number of tokens: Gemini 2.5.
    Budget,
    /// By a level, and with proofs in the history: Gemini 3 and later.
    Level,
}

impl Thinks {
    fn of(model: &str) -> Self {
        let version = model.rsplit_once("gemini-").and_then(|(_, rest)| rest.chars().next());
        if matches!(version, Some('1' | '2')) { Self::Budget } else { Self::Level }
    }
}

#[cfg(test)]
mod tests;
