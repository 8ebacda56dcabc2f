//! Extractors as written.

use crate::scalar::ByteSize;
use crate::yaml::{At, Field};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// A program on this machine that gives the text of attachments. What it covers completely is inspected
/// like any other text; what it fails at stays classified.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Extractor")]
pub struct RawExtractor {
    /// The media types that it covers completely, such as `application/pdf`.
    pub types: At<Vec<At<String>>>,
    /// Program and arguments, such as `[pdftotext, "-", "-"]`; no shell. It gets the bytes on stdin and the
    /// `PATH`, and writes the text, in UTF-8, to stdout.
    pub command: At<Vec<At<String>>>,
    /// How long it may take. Default: `10s`.
    pub timeout: Option<Field<Duration>>,
    /// The largest attachment, and the longest text, that it may handle. Default: `16MiB`.
    pub max_bytes: Option<Field<ByteSize>>,
}
