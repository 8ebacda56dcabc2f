//! Word's XML format: a ZIP archive with the text in `w:t` elements (ECMA-376, part 1, clause 17.3.3.31).

use crate::{ExtractError, TEXT_BYTES_MAX, broken};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// The parts that have text, notes and headers with it.
const PARTS: [&str; 5] =
    ["word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "word/header1.xml", "word/footer1.xml"];

pub(crate) fn text(bytes: &[u8]) -> Result<String, ExtractError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut text = String::new();
    for part in PARTS {
        let Ok(file) = archive.by_name(part) else { continue };
        let mut xml = Vec::new();
        // One byte more than fits tells that there is too much.
        file.take(TEXT_BYTES_MAX as u64 + 1).read_to_end(&mut xml).map_err(broken)?;
        if xml.len() > TEXT_BYTES_MAX {
            return Err(ExtractError::TooLarge);
        }
        read_part(&String::from_utf8_lossy(&xml), &mut text)?;
    }
    Ok(text)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's own enum, of which text is a part")]
fn read_part(xml: &str, text: &mut String) -> Result<(), ExtractError> {
    let mut reader = Reader::from_str(xml);
    let mut is_text = false;
    loop {
        match reader.read_event().map_err(broken)? {
            Event::Start(tag) if tag.local_name().as_ref() == "t" => is_text = true,
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => is_text = false,
                "p" => text.push('\n'),
                _ => {}
            },
            Event::Empty(tag) if matches!(tag.local_name().as_ref(), "tab" | "br" | "cr") => text.push(' '),
            Event::Text(run) if is_text => text.push_str(&run),
            Event::GeneralRef(name) if is_text => text.push(entity(&name)),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// What an entity stands for; between words it makes no difference which sign it is.
fn entity(name: &str) -> char {
    match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "apos" => '\'',
        "quot" => '"',
        _ => ' ',
    }
}
