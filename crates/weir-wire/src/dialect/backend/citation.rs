//! Where words are from, in Anthropic's form, which is that of the canonical model.

use super::look;
use crate::json::{Object, ObjectWriter, write_object};

/// One for each source of a citation of Cohere's: a document of the request, or what a tool has given.
///
/// Source: Cohere's API reference v2, `Citation`, `DocumentSource`, `ToolSource`.
pub(super) fn of_cohere(citation: &Object<'_>) -> Vec<String> {
    let of = |(index, source): (usize, &Object<'_>)| {
        let id = look::text(source, "id").unwrap_or_default();
        let held = look::inner(source, "document").or_else(|| look::inner(source, "tool_output"));
        let said = |name| held.and_then(|held| look::text(held, name));
        let cited = said("snippet").or_else(|| said("text")).or_else(|| said("content")).unwrap_or_default();
        let title = said("title").unwrap_or(id);
        match said("url") {
            Some(url) => web(url, title, cited),
            None => written(|out| {
                out.text("type", "search_result_location");
                out.text("cited_text", cited);
                out.text("source", id);
                out.text("title", title);
                out.number("search_result_index", index as u64);
                out.number("start_block_index", 0);
                out.number("end_block_index", 0);
            }),
        }
    };
    look::objects(citation, "sources").enumerate().map(of).collect()
}

/// A citation of Bedrock's.
///
/// Source: Amazon Bedrock API reference, `Citation` and `CitationLocation`.
pub(super) fn of_converse(citation: &Object<'_>) -> Option<String> {
    let location = look::inner(citation, "location")?;
    let title = look::text(citation, "title").unwrap_or_default();
    let cited: String =
        look::objects(citation, "sourceContent").filter_map(|piece| look::text(piece, "text")).collect();
    if let Some(page) = look::inner(location, "web") {
        return Some(web(look::text(page, "url")?, title, &cited));
    }
    let (place, kind, ends) =
        KINDS.iter().find_map(|(name, kind, ends)| Some((look::inner(location, name)?, *kind, ends)))?;
    let count = |name| look::count(place, name).unwrap_or(0);
    Some(written(|out| {
        out.text("type", kind);
        out.text("cited_text", &cited);
        if kind == "search_result_location" {
            out.text("source", look::text(citation, "source").unwrap_or_default());
            out.text("title", title);
            out.number("search_result_index", count("searchResultIndex"));
        } else {
            out.number("document_index", count("documentIndex"));
            out.text("document_title", title);
        }
        for (name, end) in ends.iter().zip(["start", "end"]) {
            out.number(name, count(end));
        }
    }))
}

/// Amazon's words for places, Anthropic's, and what Anthropic calls both ends.
const KINDS: [(&str, &str, [&str; 2]); 4] = [
    ("documentChar", "char_location", ["start_char_index", "end_char_index"]),
    ("documentPage", "page_location", ["start_page_number", "end_page_number"]),
    ("documentChunk", "content_block_location", ["start_block_index", "end_block_index"]),
    ("searchResultLocation", "search_result_location", ["start_block_index", "end_block_index"]),
];

/// A citation of an address.
pub(super) fn web(url: &str, title: &str, cited: &str) -> String {
    written(|out| {
        out.text("type", "web_search_result_location");
        out.text("url", url);
        out.text("title", title);
        out.text("cited_text", cited);
        // What only Anthropic knows.
        out.text("encrypted_index", "");
    })
}

fn written(members: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
    let mut out = Vec::new();
    write_object(&mut out, members);
    String::from_utf8(out).unwrap_or_default()
}
