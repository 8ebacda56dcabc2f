//! Items of an answer.

use crate::canonical::{Block, BlockKind, ToolKind};
use crate::json::{Json, Limits, ObjectWriter, parse};

/// Writes a block as an item that is complete.
pub(super) fn write_item(block: &Block<'_>, id: &str, log_probs: Option<&str>, out: &mut ObjectWriter<'_>) {
    out.text("id", id);
    match &block.kind {
        BlockKind::Text | BlockKind::Refusal => {
            write_message_head("completed", out);
            out.array("content", |content| content.object(|part| write_part(block, log_probs, part)));
        }
        BlockKind::Thinking => {
            out.text("type", "reasoning");
            out.array("summary", |summary| summary.object(|part| write_summary(&block.text, part)));
            out.text_if("encrypted_content", block.signature.as_deref());
        }
        BlockKind::HiddenThinking { .. } => {
            out.text("type", "reasoning");
            out.raw("summary", "[]");
            out.text("encrypted_content", &block.text);
        }
        BlockKind::ToolCall { .. } => write_call(block, &block.text, "completed", out),
    }
}

/// Writes what an item is when it begins.
pub(super) fn write_new_item(block: &Block<'_>, id: &str, out: &mut ObjectWriter<'_>) {
    out.text("id", id);
    match &block.kind {
        BlockKind::Text | BlockKind::Refusal => {
            write_message_head("in_progress", out);
            out.raw("content", "[]");
        }
        BlockKind::Thinking | BlockKind::HiddenThinking { .. } => {
            out.text("type", "reasoning");
            out.raw("summary", "[]");
        }
        BlockKind::ToolCall { .. } => write_call(block, "", "in_progress", out),
    }
}

fn write_message_head(status: &str, out: &mut ObjectWriter<'_>) {
    out.text("type", "message");
    out.text("status", status);
    out.text("role", "assistant");
}

/// Writes the one part of a message.
pub(super) fn write_part(block: &Block<'_>, log_probs: Option<&str>, out: &mut ObjectWriter<'_>) {
    if matches!(block.kind, BlockKind::Refusal) {
        out.text("type", "refusal");
        out.text("refusal", &block.text);
        return;
    }
    out.text("type", "output_text");
    out.text("text", &block.text);
    let length = block.text.chars().count();
    out.array("annotations", |array| {
        for annotation in block.citations.iter().filter_map(|citation| annotation(citation, length)) {
            array.raw(&annotation);
        }
    });
    out.raw("logprobs", log_probs.unwrap_or("[]"));
}

/// A citation as an annotation of the whole text: of an address, or of a document by its name.
pub(super) fn annotation(citation: &str, length: usize) -> Option<String> {
    let value = parse(citation.as_bytes(), Limits::default()).ok()?;
    let object = value.as_object()?;
    let text = |name: &str| object.get(name).and_then(Json::as_str);
    let mut out = Vec::new();
    let mut annotation = ObjectWriter::new(&mut out);
    match (text("url"), text("document_title")) {
        (Some(url), _) => {
            annotation.text("type", "url_citation");
            annotation.text("url", url);
            annotation.text("title", text("title").unwrap_or_default());
            annotation.number("start_index", 0);
            annotation.number("end_index", length as u64);
        }
        (None, title) => {
            annotation.text("type", "file_citation");
            annotation.text("file_id", "");
            annotation.text("filename", title.unwrap_or_default());
            annotation.number("index", length as u64);
        }
    }
    annotation.end();
    String::from_utf8(out).ok()
}

pub(super) fn write_summary(text: &str, out: &mut ObjectWriter<'_>) {
    out.text("type", "summary_text");
    out.text("text", text);
}

fn write_call(block: &Block<'_>, text: &str, status: &str, out: &mut ObjectWriter<'_>) {
    let BlockKind::ToolCall { id, name, tool } = &block.kind else { return };
    let (kind, member) = match tool {
        ToolKind::Function => ("function_call", "arguments"),
        ToolKind::Custom => ("custom_tool_call", "input"),
    };
    out.text("type", kind);
    out.text("status", status);
    out.text("call_id", id);
    out.text("name", name);
    out.text(member, text);
}

/// Ids of the items of one answer, made of the answer's.
#[derive(Debug)]
pub(super) struct ItemIds(String);

impl ItemIds {
    pub(super) fn of(response: &str) -> Self {
        Self(response.split_once('_').map_or(response, |(_, rest)| rest).to_owned())
    }

    /// The id of the item of this number. An encrypted thought may bring its own.
    pub(super) fn id(&self, kind: &BlockKind<'_>, index: usize) -> String {
        let prefix = match kind {
            BlockKind::HiddenThinking { id: Some(id) } => return id.clone().into_owned(),
            BlockKind::Text | BlockKind::Refusal => "msg",
            BlockKind::Thinking | BlockKind::HiddenThinking { id: None } => "rs",
            BlockKind::ToolCall { tool: ToolKind::Function, .. } => "fc",
            BlockKind::ToolCall { tool: ToolKind::Custom, .. } => "ctc",
        };
        format!("{prefix}_{}_{index}", self.0)
    }
}
