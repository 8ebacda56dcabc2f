use std::io::{Cursor, Write as _};
use weir_extract::Format;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Longest text that a document gives.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// A document of any format has a text that is one, or none. The first byte chooses the format; of Word's
/// the bytes may also be the text part, for hardly a mutation leaves an archive whole.
pub fn document(data: &[u8]) {
    let Some((format, bytes)) = data.split_first() else { return };
    let text = match format % 5 {
        0 => Format::Text.text(bytes),
        1 => Format::Html.text(bytes),
        2 => Format::Pdf.text(bytes),
        3 => Format::Docx.text(bytes),
        _ => Format::Docx.text(&archive(bytes)),
    };
    if let Ok(text) = text {
        assert!(!text.trim().is_empty() && text.len() <= TEXT_BYTES_MAX, "a text that is none");
    }
}

/// A Word file with this as its text part, or nothing if it cannot be written.
fn archive(part: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let begun = archive.start_file("word/document.xml", SimpleFileOptions::default());
    let written = begun.is_ok() && archive.write_all(part).is_ok();
    archive.finish().ok().filter(|_| written).map(Cursor::into_inner).unwrap_or_default()
}
