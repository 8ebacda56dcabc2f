//! The text of documents: plain, HTML, PDF, DOCX.
//!
//! For documents that the organisation has, not for what callers send: the parsers of these formats are
//! not Weir's own. A document whose parser fails, or panics, is an error.

mod docx;

use std::panic::catch_unwind;
use std::path::Path;

/// Bytes of text that one document may have, and of what it unpacks to.
pub(crate) const TEXT_BYTES_MAX: usize = 64 << 20;
/// Columns of the text of an HTML page: lines are not broken.
const COLUMNS: usize = 10_000;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text, Markdown, or anything else that is read as it stands.
    Text,
    /// HTML.
    Html,
    /// PDF.
    Pdf,
    /// Word's XML format.
    Docx,
}

/// Why a document has no text.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// Its parser says no.
    #[error("{0}")]
    Broken(String),
    /// It is larger than 64 MiB.
    #[error("its text has more than 64 MiB")]
    TooLarge,
    /// There is none in it: pictures of pages, perhaps.
    #[error("there is no text in it")]
    Empty,
}

impl Format {
    /// The format that a file's name tells.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "txt" | "text" | "md" | "markdown" | "rst" | "adoc" => Format::Text,
            "html" | "htm" | "xhtml" => Format::Html,
            "pdf" => Format::Pdf,
            "docx" => Format::Docx,
            _ => return None,
        })
    }

    /// The text of a document.
    ///
    /// # Errors
    /// [`ExtractError`] when it cannot be read or has none.
    pub fn text(self, bytes: &[u8]) -> Result<String, ExtractError> {
        let read = || match self {
            Format::Text => Ok(String::from_utf8_lossy(bytes).into_owned()),
            Format::Html => html2text::from_read(bytes, COLUMNS).map_err(broken),
            Format::Pdf => pdf(bytes),
            Format::Docx => docx::text(bytes),
        };
        let text =
            catch_unwind(read).map_err(|_| ExtractError::Broken("its parser gave up".to_owned()))??;
        match text.len() {
            0..=TEXT_BYTES_MAX if text.trim().is_empty() => Err(ExtractError::Empty),
            0..=TEXT_BYTES_MAX => Ok(text),
            _ => Err(ExtractError::TooLarge),
        }
    }
}

fn pdf(bytes: &[u8]) -> Result<String, ExtractError> {
    let document = lopdf::Document::load_mem(bytes).map_err(broken)?;
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    document.extract_text(&pages).map_err(broken)
}

pub(crate) fn broken(error: impl std::fmt::Display) -> ExtractError {
    ExtractError::Broken(error.to_string())
}
