use super::super::turns::joined_text;
use super::super::{arguments, limits, media};
use crate::Destination;
use crate::canonical::{
    Conversation, Effort, Format, Losses, MediaSource, Message, Part, Role, Sampling, Severity, ToolChoice,
};
use crate::dialect::{custom, report};
use crate::json::{ArrayWriter, ObjectWriter, write_string};

/// The path below the base URL.
#[must_use]
pub fn path(_model: &str, _stream: bool) -> String {
    "/v2/chat".to_owned()
}

/// Writes the body of a request.
pub fn write(conversation: &Conversation<'_>, to: &Destination<'_>, out: &mut Vec<u8>) -> Losses {
    let mut writer = Writer { losses: Losses::default() };
    writer.unsaid(conversation);
    let mut body = ObjectWriter::new(out);
    write_string(to.model, body.member("model"));
    let mut messages = ArrayWriter::new(body.member("messages"));
    conversation.messages.iter().for_each(|message| writer.message(message, &mut messages));
    messages.end();
    body.member("stream").extend_from_slice(if conversation.stream { b"true" } else { b"false" });
    writer.tools(conversation, &mut body);
    writer.sampling(&conversation.sampling, &mut body);
    writer.limits(conversation, &mut body);
    writer.format(conversation, &mut body);
    writer.thinking(conversation, &mut body);
    body.end();
    writer.losses
}

/// Stop texts that are taken at most.
const STOP_MAX: usize = 5;

struct Writer {
    losses: Losses,
}

impl Writer {
    /// What there is no word for. Names every field, so that a new one is decided here.
    fn unsaid(&mut self, conversation: &Conversation<'_>) {
        let Conversation {
            messages: _,
            tools,
            tool_choice: _,
            parallel_tools: _,
            max_output_tokens: _,
            sampling: _,
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
        // Cohere gives them for pieces of text, not for tokens.
        if log_probs.is_some() {
            losses.add(Severity::Refused, "logprobs");
        }
        limits::single_calls(conversation, losses);
        limits::service_tier(conversation, losses);
        limits::names(conversation, losses);
        limits::bookkeeping(conversation, losses);
        tools.iter().for_each(|tool| report::tool(tool, losses));
        report::others(conversation, &[], losses);
    }

    /// One message; each result of a tool is one of its own, and comes first.
    fn message(&mut self, message: &Message<'_>, messages: &mut ArrayWriter<'_>) {
        for part in &message.parts {
            if let Part::ToolResult { id, parts, .. } = part {
                self.result(id, parts, messages.item());
            }
        }
        match message.role {
            Role::System | Role::Developer => self.said("system", &message.parts, messages),
            Role::User => self.said("user", &message.parts, messages),
            Role::Assistant => self.model(&message.parts, messages),
        }
    }

    fn result(&mut self, id: &str, parts: &[Part<'_>], out: &mut Vec<u8>) {
        if parts.iter().any(|part| !matches!(part, Part::Text { .. } | Part::Refusal(_))) {
            self.losses.add(Severity::Refused, "messages.tool");
        }
        let mut message = ObjectWriter::new(out);
        write_string("tool", message.member("role"));
        write_string(id, message.member("tool_call_id"));
        write_string(&joined_text(parts), message.member("content"));
        message.end();
    }

    /// A single text is content by itself, more is a list.
    fn said(&mut self, role: &str, parts: &[Part<'_>], messages: &mut ArrayWriter<'_>) {
        let mut out = Vec::new();
        if let [Part::Text { text, cache }] = parts {
            self.losses.no_cache(cache.is_some());
            write_string(text, &mut out);
        } else {
            let mut content = ArrayWriter::new(&mut out);
            parts.iter().for_each(|part| self.content(part, &mut content));
            content.end();
        }
        if out == b"[]" {
            return;
        }
        let mut message = ObjectWriter::new(messages.item());
        write_string(role, message.member("role"));
        message.member("content").extend_from_slice(&out);
        message.end();
    }

    fn content(&mut self, part: &Part<'_>, content: &mut ArrayWriter<'_>) {
        match part {
            Part::Text { text, cache } => {
                self.losses.no_cache(cache.is_some());
                text_item(text, content);
            }
            Part::Refusal(text) => text_item(text, content),
            Part::Image { media, detail, cache } => {
                self.losses.no_cache(cache.is_some());
                let url = format!("data:{};base64,{}", media::media_type(media), media::base64(media));
                let mut item = ObjectWriter::new(content.item());
                write_string("image_url", item.member("type"));
                let mut image = ObjectWriter::new(item.member("image_url"));
                write_string(&url, image.member("url"));
                if let Some(detail) = detail {
                    write_string(detail, image.member("detail"));
                }
                image.end();
                item.end();
            }
            Part::Document { media, name: _, cache } => {
                self.losses.no_cache(cache.is_some());
                match &media.source {
                    MediaSource::Text(text) => text_item(text, content),
                    MediaSource::Base64(_) => self.losses.add(Severity::Refused, "messages.content.file"),
                }
            }
            Part::Audio(_) => self.losses.add(Severity::Refused, "messages.content.input_audio"),
            Part::Other { kind, value: _ } => {
                self.losses.add(Severity::Refused, format!("messages.content.{kind}"))
            }
            // Thoughts of earlier turns are not asked for; calls and results are written where they belong.
            Part::Thinking { .. }
            | Part::HiddenThinking { .. }
            | Part::ToolCall { .. }
            | Part::ToolResult { .. } => {}
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`content` decides about every part that is not named here"
    )]
    fn model(&mut self, parts: &[Part<'_>], messages: &mut ArrayWriter<'_>) {
        let (mut content_out, mut calls_out) = (Vec::new(), Vec::new());
        let mut content = ArrayWriter::new(&mut content_out);
        let mut calls = ArrayWriter::new(&mut calls_out);
        for part in parts {
            match part {
                Part::ToolCall { id, name, arguments, kind, .. } => {
                    call(id, name, &arguments::of(*kind, arguments), calls.item());
                }
                Part::Text { text, .. } if text.is_empty() => {}
                other => self.content(other, &mut content),
            }
        }
        content.end();
        calls.end();
        if content_out == b"[]" && calls_out == b"[]" {
            return;
        }
        let mut message = ObjectWriter::new(messages.item());
        write_string("assistant", message.member("role"));
        if content_out != b"[]" {
            message.member("content").extend_from_slice(&content_out);
        }
        if calls_out != b"[]" {
            message.member("tool_calls").extend_from_slice(&calls_out);
        }
        message.end();
    }

    fn tools(&mut self, conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>) {
        if conversation.tools.is_empty() {
            return;
        }
        // A certain tool is required by offering no other.
        let only = match &conversation.tool_choice {
            Some(ToolChoice::Tool { name, kind: _ }) => Some(name),
            _ => None,
        };
        let offered = conversation.tools.iter().filter(|tool| only.is_none_or(|name| *name == tool.name));
        let mut tools = ArrayWriter::new(body.member("tools"));
        for tool in offered {
            self.losses.no_cache(tool.cache.is_some());
            custom::write_tool(tool, tools.item());
        }
        tools.end();
        if conversation.tools.iter().all(|tool| tool.strict == Some(true)) {
            body.member("strict_tools").extend_from_slice(b"true");
        } else if conversation.tools.iter().any(|tool| tool.strict == Some(true)) {
            self.losses.add(Severity::Reported, "tools.strict");
        }
        match conversation.tool_choice {
            Some(ToolChoice::None) => write_string("NONE", body.member("tool_choice")),
            Some(ToolChoice::Required | ToolChoice::Tool { .. }) => {
                write_string("REQUIRED", body.member("tool_choice"));
            }
            Some(ToolChoice::Auto) | None => {}
        }
    }

    fn sampling(&mut self, sampling: &Sampling<'_>, body: &mut ObjectWriter<'_>) {
        let Sampling { temperature, top_p, top_k, frequency_penalty, presence_penalty, seed } = sampling;
        let numbers = [
            ("temperature", "temperature", temperature, "0", "1"),
            ("p", "top_p", top_p, "0.01", "0.99"),
            ("k", "top_k", top_k, "0", "500"),
            ("frequency_penalty", "frequency_penalty", frequency_penalty, "0", "1"),
            ("presence_penalty", "presence_penalty", presence_penalty, "0", "1"),
            ("seed", "seed", seed, "0", "18446744073709551615"),
        ];
        for (name, field, number, least, most) in numbers {
            let Some(number) = number else { continue };
            let (number, is_exact) = limits::clamped(number, least, most);
            if !is_exact {
                self.losses.add(Severity::Reported, field);
            }
            body.member(name).extend_from_slice(number.as_bytes());
        }
    }

    fn limits(&mut self, conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>) {
        if let Some(limit) = conversation.max_output_tokens {
            body.member("max_tokens").extend_from_slice(limit.to_string().as_bytes());
        }
        if conversation.stop.is_empty() {
            return;
        }
        if conversation.stop.len() > STOP_MAX {
            self.losses.add(Severity::Refused, "stop");
        }
        let mut texts = ArrayWriter::new(body.member("stop_sequences"));
        conversation.stop.iter().for_each(|text| write_string(text, texts.item()));
        texts.end();
    }

    fn format(&mut self, conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>) {
        let Some(format) = &conversation.format else { return };
        limits::name_of_schema(format, &mut self.losses);
        let schema = match format {
            Format::Text => return,
            Format::JsonObject => None,
            Format::JsonSchema { schema, .. } => Some(schema),
        };
        // Cohere does not do both.
        if !conversation.tools.is_empty() {
            return self.losses.add(Severity::Refused, "response_format");
        }
        let mut format = ObjectWriter::new(body.member("response_format"));
        write_string("json_object", format.member("type"));
        if let Some(schema) = schema {
            schema.write(format.member("json_schema"));
        }
        format.end();
    }

    fn thinking(&mut self, conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>) {
        let Some(reasoning) = &conversation.reasoning else { return };
        let is_off = reasoning.effort == Some(Effort::None) || reasoning.budget_tokens == Some(0);
        match reasoning.budget_tokens {
            _ if is_off => thinking("disabled", None, body),
            Some(budget) => thinking("enabled", Some(budget), body),
            // Models that can think do so by themselves; the others refuse to be asked.
            None if reasoning.effort.is_some() => self.losses.add(Severity::Reported, "reasoning_effort"),
            None => {}
        }
    }
}

fn thinking(kind: &str, budget: Option<u64>, body: &mut ObjectWriter<'_>) {
    let mut thinking = ObjectWriter::new(body.member("thinking"));
    write_string(kind, thinking.member("type"));
    if let Some(budget) = budget {
        thinking.member("token_budget").extend_from_slice(budget.to_string().as_bytes());
    }
    thinking.end();
}

fn text_item(text: &str, content: &mut ArrayWriter<'_>) {
    let mut item = ObjectWriter::new(content.item());
    write_string("text", item.member("type"));
    write_string(text, item.member("text"));
    item.end();
}

fn call(id: &str, name: &str, arguments: &str, out: &mut Vec<u8>) {
    let mut call = ObjectWriter::new(out);
    write_string(id, call.member("id"));
    write_string("function", call.member("type"));
    let mut function = ObjectWriter::new(call.member("function"));
    write_string(name, function.member("name"));
    write_string(if arguments.trim().is_empty() { "{}" } else { arguments }, function.member("arguments"));
    function.end();
    call.end();
}
