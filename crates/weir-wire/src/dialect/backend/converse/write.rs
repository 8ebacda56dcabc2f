use super::super::closed::closed;
use super::super::turns::{Speaker, Turn, Turns};
use super::super::{arguments, ids, json_answer, limits, media};
use super::{Family, reason};
use crate::Destination;
use crate::canonical::{
    CacheHint, Conversation, Format, Losses, Media, Part, Severity, Tool, ToolChoice, ToolKind,
};
use crate::dialect::ids::fitted;
use crate::dialect::{custom, report};
use crate::json::{ArrayWriter, ObjectWriter, write_object, write_string};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The path below the base URL.
#[must_use]
pub fn path(model: &str, stream: bool) -> String {
    let method = if stream { "converse-stream" } else { "converse" };
    format!("/model/{}/{method}", ids::in_path(model))
}

/// Writes the body of a request.
pub fn write(conversation: &Conversation<'_>, to: &Destination<'_>, out: &mut Vec<u8>) -> Losses {
    let mut losses = Losses::default();
    let conversation = match Family::forces_tools(to.model) {
        true => json_answer::by_tool(conversation, &mut losses),
        false => Cow::Borrowed(conversation),
    };
    let conversation = &*conversation;
    let mut writer = Writer { family: Family::of(to.model), documents: 0, losses };
    let turns = Turns::of(conversation);
    writer.unsaid(conversation, &turns);
    let mut body = ObjectWriter::new(out);
    writer.system(&turns, &mut body);
    writer.messages(&turns, body.member("messages"));
    writer.tools(conversation, &mut body);
    let thinks = writer.model_fields(conversation, &turns, &mut body);
    writer.config(conversation, thinks, &mut body);
    if let Some(format) = &conversation.format {
        writer.format(format, &mut body);
    }
    writer.service_tier(conversation, &mut body);
    body.end();
    writer.losses
}

struct Writer {
    family: Family,
    /// Documents so far: their names must differ.
    documents: usize,
    losses: Losses,
}

impl Writer {
    /// What there is no word for. Names every field, so that a new one is decided here.
    fn unsaid(&mut self, conversation: &Conversation<'_>, turns: &Turns<'_, '_>) {
        let Conversation {
            messages: _,
            tools,
            tool_choice: _,
            parallel_tools: _,
            max_output_tokens: _,
            sampling,
            stop: _,
            answers: _,
            log_probs,
            format: _,
            reasoning: _,
            end_user: _,
            service_tier: _,
            cache_key: _,
            metadata: _,
            stream: _,
            others: _,
        } = conversation;
        let losses = &mut self.losses;
        limits::one_answer(conversation, losses);
        if log_probs.is_some() {
            losses.add(Severity::Refused, "logprobs");
        }
        limits::single_calls(conversation, losses);
        limits::number(sampling.frequency_penalty.as_ref(), "frequency_penalty", losses);
        limits::number(sampling.presence_penalty.as_ref(), "presence_penalty", losses);
        limits::report(sampling.seed.as_ref(), "seed", losses);
        if turns.system_moved {
            losses.add(Severity::Reported, "messages.system");
        }
        limits::names(conversation, losses);
        limits::bookkeeping(conversation, losses);
        tools.iter().for_each(|tool| report::tool_but_cache(tool, losses));
        report::others(conversation, &[], losses);
    }

    fn system(&mut self, turns: &Turns<'_, '_>, body: &mut ObjectWriter<'_>) {
        let mut out = Vec::new();
        let mut system = ArrayWriter::new(&mut out);
        for part in &turns.system {
            if let Part::Text { text, cache } = part {
                text_block(text, &mut system);
                self.cache_point(cache.as_ref(), &mut system);
            } else {
                self.losses.add(Severity::Refused, "messages.system");
            }
        }
        system.end();
        if out != b"[]" {
            body.member("system").extend_from_slice(&out);
        }
    }

    /// The user begins, and speakers take turns, also where nothing is left of a turn between two of one speaker.
    fn messages(&mut self, turns: &Turns<'_, '_>, out: &mut Vec<u8>) {
        let mut said: Vec<(Speaker, Vec<u8>)> = Vec::new();
        for turn in &turns.turns {
            let mut written = Vec::new();
            let mut blocks = ArrayWriter::new(&mut written);
            self.turn(turn, &mut blocks);
            blocks.end();
            let Some(written) = inner(&written).filter(|blocks| !blocks.is_empty()) else { continue };
            match said.last_mut().filter(|(speaker, _)| *speaker == turn.speaker) {
                Some((_, before)) => {
                    before.push(b',');
                    before.extend_from_slice(written);
                }
                None => said.push((turn.speaker, written.to_vec())),
            }
        }
        if said.first().is_some_and(|(speaker, _)| *speaker == Speaker::Model) {
            self.losses.add(Severity::Reported, "messages");
            said.insert(0, (Speaker::User, BEGINNING.to_vec()));
        }
        let mut messages = ArrayWriter::new(out);
        for (speaker, blocks) in said {
            let mut message = ObjectWriter::new(messages.item());
            write_string(speaker.role(), message.member("role"));
            let content = message.member("content");
            content.push(b'[');
            content.extend_from_slice(&blocks);
            content.push(b']');
            message.end();
        }
        messages.end();
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`content` decides about every part that is not named here"
    )]
    fn turn(&mut self, turn: &Turn<'_, '_>, blocks: &mut ArrayWriter<'_>) {
        for part in &turn.parts {
            match part {
                Part::ToolCall { id, name, arguments, cache, signature: _, kind } => {
                    call(id, name, &arguments::of(*kind, arguments), blocks.item());
                    self.cache_point(cache.as_ref(), blocks);
                }
                Part::ToolResult { id, parts, is_error, cache, name: _, kind: _ } => {
                    self.result(id, parts, *is_error, blocks);
                    self.cache_point(cache.as_ref(), blocks);
                }
                Part::Thinking { text, signature: Some(signature) } => {
                    thought(text, signature, blocks.item());
                }
                Part::HiddenThinking { data, id: _ } => hidden_thought(data, blocks.item()),
                // Without a proof they are words of another model, and refused.
                Part::Thinking { signature: None, .. } => {}
                other => self.content(other, blocks),
            }
        }
    }

    /// What can stand in a message and in a result.
    fn content(&mut self, part: &Part<'_>, blocks: &mut ArrayWriter<'_>) {
        match part {
            Part::Text { text, cache } => {
                text_block(text, blocks);
                self.cache_point(cache.as_ref(), blocks);
            }
            Part::Refusal(text) => text_block(text, blocks),
            Part::Image { media, detail, cache } => {
                if detail.as_deref().is_some_and(|detail| detail != "auto") {
                    self.losses.add(Severity::Reported, "image_url.detail");
                }
                self.binary("image", &IMAGES, media, None, blocks);
                self.cache_point(cache.as_ref(), blocks);
            }
            Part::Audio(media) => self.binary("audio", &SOUNDS, media, None, blocks),
            Part::Document { media, name, cache } => {
                self.documents += 1;
                let name = document_name(name.as_deref(), self.documents);
                self.binary("document", &DOCUMENTS, media, Some(&name), blocks);
                self.cache_point(cache.as_ref(), blocks);
            }
            Part::Other { kind, value: _ } => {
                self.losses.add(Severity::Refused, format!("messages.content.{kind}"))
            }
            // Those of turns are written where their turn is; results hold none of them.
            Part::Thinking { .. }
            | Part::HiddenThinking { .. }
            | Part::ToolCall { .. }
            | Part::ToolResult { .. } => {}
        }
    }

    fn binary(
        &mut self,
        kind: &str,
        formats: &[(&str, &str)],
        media: &Media<'_>,
        name: Option<&str>,
        blocks: &mut ArrayWriter<'_>,
    ) {
        let media_type = media::media_type(media);
        let found = formats.iter().find(|(known, _)| *known == media_type);
        let Some((_, format)) = found else {
            return self.losses.add(Severity::Refused, format!("messages.content.{kind}"));
        };
        let mut block = ObjectWriter::new(blocks.item());
        let mut inner = ObjectWriter::new(block.member(kind));
        write_string(format, inner.member("format"));
        if let Some(name) = name {
            write_string(name, inner.member("name"));
        }
        let mut source = ObjectWriter::new(inner.member("source"));
        write_string(&media::base64(media), source.member("bytes"));
        source.end();
        inner.end();
        block.end();
    }

    fn result(&mut self, id: &str, parts: &[Part<'_>], is_error: bool, blocks: &mut ArrayWriter<'_>) {
        let mut block = ObjectWriter::new(blocks.item());
        let mut result = ObjectWriter::new(block.member("toolResult"));
        write_string(&fitted(id), result.member("toolUseId"));
        let mut content = ArrayWriter::new(result.member("content"));
        parts.iter().for_each(|part| self.content(part, &mut content));
        content.end();
        // Other models' services do not know it.
        if is_error && self.family.caches() {
            write_string("error", result.member("status"));
        }
        result.end();
        block.end();
    }

    /// That the prompt is to be cached up to here, for models that can.
    fn cache_point(&mut self, hint: Option<&CacheHint<'_>>, blocks: &mut ArrayWriter<'_>) {
        let Some(hint) = hint else { return };
        if !self.family.caches() {
            return self.losses.add(Severity::Reported, "cache_control");
        }
        let mut block = ObjectWriter::new(blocks.item());
        let mut point = ObjectWriter::new(block.member("cachePoint"));
        write_string("default", point.member("type"));
        if let Some(lifetime) = hint.lifetime.as_deref().filter(|lifetime| *lifetime == "1h") {
            write_string(lifetime, point.member("ttl"));
        }
        point.end();
        block.end();
    }

    fn tools(&mut self, conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>) {
        let used = used_tools(conversation);
        let is_off = conversation.tool_choice == Some(ToolChoice::None);
        if is_off && !conversation.tools.is_empty() && !used.is_empty() {
            // The history needs them described, and there is no word for "none".
            self.losses.add(Severity::Refused, "tool_choice");
        }
        if used.is_empty() && (is_off || conversation.tools.is_empty()) {
            return;
        }
        let mut config = ObjectWriter::new(body.member("toolConfig"));
        let mut tools = ArrayWriter::new(config.member("tools"));
        for tool in &conversation.tools {
            self.tool(tool, tools.item());
            self.cache_point(tool.cache.as_ref(), &mut tools);
        }
        if conversation.tools.is_empty() {
            // A history with calls is refused without the tools that were called.
            used.iter().for_each(|name| bare_tool(name, tools.item()));
        }
        tools.end();
        if let Some(choice) = &conversation.tool_choice {
            tool_choice(choice, &mut config);
        }
        config.end();
    }

    fn tool(&mut self, tool: &Tool<'_>, out: &mut Vec<u8>) {
        if !is_tool_name(&tool.name) {
            self.losses.add(Severity::Refused, "tools.name");
        }
        let strict = tool.strict.filter(|strict| *strict && self.family == Family::Anthropic);
        if tool.strict == Some(true) && strict.is_none() {
            self.losses.add(Severity::Reported, "tools.strict");
        }
        let described = match tool.kind {
            ToolKind::Custom => custom::description(tool),
            ToolKind::Function => tool.description.as_deref().map(str::to_owned),
        };
        write_object(out, |member| {
            member.object("toolSpec", |spec| {
                spec.text("name", &tool.name);
                spec.text_if("description", described.as_deref().filter(|text| !text.is_empty()));
                spec.object("inputSchema", |schema| custom::write_schema(tool, "json", schema));
                if strict == Some(true) {
                    spec.truth("strict", true);
                }
            });
        });
    }

    /// Fields in the model's own words. Says whether the model will think.
    fn model_fields(
        &mut self,
        conversation: &Conversation<'_>,
        turns: &Turns<'_, '_>,
        body: &mut ObjectWriter<'_>,
    ) -> bool {
        let mut out = Vec::new();
        let mut fields = ObjectWriter::new(&mut out);
        let thinks = reason::write(self.family, conversation, turns, &mut fields, &mut self.losses);
        match (&conversation.sampling.top_k, self.family) {
            (Some(top_k), Family::Anthropic) if !thinks => {
                fields.member("top_k").extend_from_slice(top_k.as_bytes());
            }
            (Some(_), _) => self.losses.add(Severity::Reported, "top_k"),
            (None, _) => {}
        }
        fields.end();
        if out != b"{}" {
            body.member("additionalModelRequestFields").extend_from_slice(&out);
        }
        thinks
    }

    fn config(&mut self, conversation: &Conversation<'_>, thinks: bool, body: &mut ObjectWriter<'_>) {
        let mut out = Vec::new();
        let mut config = ObjectWriter::new(&mut out);
        if let Some(limit) = conversation.max_output_tokens {
            config.member("maxTokens").extend_from_slice(limit.to_string().as_bytes());
        }
        let sampling = &conversation.sampling;
        let numbers =
            [("temperature", "temperature", &sampling.temperature), ("topP", "top_p", &sampling.top_p)];
        for (name, field, number) in numbers {
            let Some(number) = number else { continue };
            let (number, is_exact) = limits::clamped(number, "0", "1");
            // Claude draws in its own way while it thinks, and says so.
            if !is_exact || thinks {
                self.losses.add(Severity::Reported, field);
            }
            if !thinks {
                config.member(name).extend_from_slice(number.as_bytes());
            }
        }
        let stop: Vec<_> = conversation.stop.iter().filter(|text| !text.is_empty()).collect();
        if !stop.is_empty() {
            let mut texts = ArrayWriter::new(config.member("stopSequences"));
            stop.into_iter().for_each(|text| write_string(text, texts.item()));
            texts.end();
        }
        config.end();
        if out != b"{}" {
            body.member("inferenceConfig").extend_from_slice(&out);
        }
    }

    fn format(&mut self, format: &Format<'_>, body: &mut ObjectWriter<'_>) {
        match format {
            Format::Text => {}
            // Where it can, it comes by a tool.
            Format::JsonObject => self.losses.add(Severity::Refused, "response_format"),
            Format::JsonSchema { name, description, schema, strict: _ } => {
                let (schema, is_exact) = closed(schema);
                if !is_exact {
                    self.losses.add(Severity::Reported, "response_format.json_schema.schema");
                }
                let mut config = ObjectWriter::new(body.member("outputConfig"));
                let mut text = ObjectWriter::new(config.member("textFormat"));
                write_string("json_schema", text.member("type"));
                let mut structure = ObjectWriter::new(text.member("structure"));
                let mut json_schema = ObjectWriter::new(structure.member("jsonSchema"));
                let schema = String::from_utf8(schema.to_bytes()).unwrap_or_default();
                write_string(&schema, json_schema.member("schema"));
                if let Some(name) = name {
                    write_string(name, json_schema.member("name"));
                }
                if let Some(description) = description {
                    write_string(description, json_schema.member("description"));
                }
                json_schema.end();
                structure.end();
                text.end();
                config.end();
            }
        }
    }

    fn service_tier(&mut self, conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>) {
        let Some(tier) = conversation.service_tier.as_deref().filter(|tier| *tier != "auto") else { return };
        if !["default", "priority", "flex", "reserved"].contains(&tier) {
            return self.losses.add(Severity::Reported, "service_tier");
        }
        let mut member = ObjectWriter::new(body.member("serviceTier"));
        write_string(tier, member.member("type"));
        member.end();
    }
}

/// Media types and the service's words for them.
const IMAGES: [(&str, &str); 5] = [
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];
const SOUNDS: [(&str, &str); 8] = [
    ("audio/wav", "wav"),
    ("audio/x-wav", "wav"),
    ("audio/mp3", "mp3"),
    ("audio/mpeg", "mp3"),
    ("audio/flac", "flac"),
    ("audio/aac", "aac"),
    ("audio/ogg", "ogg"),
    ("audio/opus", "opus"),
];
const DOCUMENTS: [(&str, &str); 10] = [
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
    ("application/json", "txt"),
];

/// What stands in the user's place where a conversation does not begin with the user.
const BEGINNING: &[u8] = br#"{"text":"(The conversation begins here.)"}"#;

/// What is between the brackets of an array.
fn inner(array: &[u8]) -> Option<&[u8]> {
    array.strip_prefix(b"[")?.strip_suffix(b"]")
}

/// The schema of a tool that says none.
const ANYTHING: &str = r#"{"type":"object","properties":{}}"#;

/// Blank texts are refused, and say nothing.
fn text_block(text: &str, blocks: &mut ArrayWriter<'_>) {
    if text.trim().is_empty() {
        return;
    }
    let mut block = ObjectWriter::new(blocks.item());
    write_string(text, block.member("text"));
    block.end();
}

fn call(id: &str, name: &str, args: &str, out: &mut Vec<u8>) {
    let mut block = ObjectWriter::new(out);
    let mut call = ObjectWriter::new(block.member("toolUse"));
    write_string(&fitted(id), call.member("toolUseId"));
    write_string(name, call.member("name"));
    arguments::write(args, call.member("input"));
    call.end();
    block.end();
}

fn thought(text: &str, signature: &str, out: &mut Vec<u8>) {
    let mut block = ObjectWriter::new(out);
    let mut content = ObjectWriter::new(block.member("reasoningContent"));
    let mut reasoning = ObjectWriter::new(content.member("reasoningText"));
    write_string(text, reasoning.member("text"));
    write_string(signature, reasoning.member("signature"));
    reasoning.end();
    content.end();
    block.end();
}

fn hidden_thought(data: &str, out: &mut Vec<u8>) {
    let mut block = ObjectWriter::new(out);
    let mut content = ObjectWriter::new(block.member("reasoningContent"));
    write_string(data, content.member("redactedContent"));
    content.end();
    block.end();
}

/// Names are of letters, digits, single spaces, `-`, `(`, `)`, `[` and `]`, and differ within a request.
fn document_name(given: Option<&str>, number: usize) -> String {
    let is_good = |c: char| c.is_ascii_alphanumeric() || "-()[]".contains(c);
    let kept: String =
        given.unwrap_or("document").chars().map(|c| if is_good(c) { c } else { ' ' }).collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    let short: String = words.join(" ").chars().take(180).collect();
    let short = if short.is_empty() { "document" } else { short.trim_end() };
    if number == 1 { short.to_owned() } else { format!("{short} {number}") }
}

/// The names of the tools that the history called or heard from.
fn used_tools<'c>(conversation: &'c Conversation<'_>) -> BTreeSet<&'c str> {
    super::super::turns::called(conversation).into_values().collect()
}

/// Source: `ToolName`.
fn is_tool_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// A tool of which only the name is known.
fn bare_tool(name: &str, out: &mut Vec<u8>) {
    write_object(out, |member| {
        member.object("toolSpec", |spec| {
            spec.text("name", name);
            spec.object("inputSchema", |schema| schema.raw("json", ANYTHING));
        });
    });
}

fn tool_choice(choice: &ToolChoice<'_>, config: &mut ObjectWriter<'_>) {
    let (word, name) = match choice {
        ToolChoice::Auto | ToolChoice::None => ("auto", None),
        ToolChoice::Required => ("any", None),
        ToolChoice::Tool { name, kind: _ } => ("tool", Some(name)),
    };
    let mut member = ObjectWriter::new(config.member("toolChoice"));
    let mut inner = ObjectWriter::new(member.member(word));
    if let Some(name) = name {
        write_string(name, inner.member("name"));
    }
    inner.end();
    member.end();
}
