use std::time::Duration;

/// A program on this machine that gives the text of attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extractor {
    /// The media types that it covers completely; lower case.
    pub types: Vec<String>,
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
    /// The largest attachment, and the longest text.
    pub bytes_max: usize,
}
