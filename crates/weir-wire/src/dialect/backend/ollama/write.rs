use super::super::turns::{called, joined_text, results_in_order};
use super::super::{arguments, limits, media};
use crate::Destination;
use crate::canonical::{
    Conversation, Effort, Format, Losses, MediaSource, Message, Part, Reasoning, Role, Sampling, Severity,
    ToolChoice,
};
use crate::dialect::{custom, report};
use crate::json::{ArrayWriter, ObjectWriter, write_string};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The path below the base URL.
#[must_use]
pub fn path(_model: &str, _stream: bool) -> String {
    "/api/chat".to_owned()
}

/// Writes the body of a request.
pub fn write(conversation: &Conversation<'_>, to: &Destination<'_>, out: &mut Vec<u8>) -> Losses {
    let results = results_in_order(conversation).into_iter();
    let mut writer =
        Writer { called: called(conversation), results, images: Vec::new(), losses: Losses::default() };
    writer.unsaid(conversation);
    let mut body = ObjectWriter::new(out);
    write_string(to.model, body.member("model"));
    let mut messages_out = Vec::new();
    let mut messages = ArrayWriter::new(&mut messages_out);
    conversation.messages.iter().for_each(|message| writer.message(message, &mut messages));
    writer.images_of_results(&mut messages);
    messages.end();
    body.member("messages").extend_from_slice(&messages_out);
    writer.tools(conversation, &mut body);
    let is_stream = conversation.stream;
    body.member("stream").extend_from_slice(if is_stream { b"true" } else { b"false" });
    if let Some(format) = &conversation.format {
        limits::name_of_schema(format, &mut writer.losses);
        write_format(format, &mut body);
    }
    if let Some(reasoning) = &conversation.reasoning {
        writer.think(reasoning, to.model, &mut body);
    }
    if let Some(wanted) = conversation.log_probs {
        body.member("logprobs").extend_from_slice(b"true");
        if let Some(top) = wanted.top.filter(|top| *top > 0) {
            body.member("top_logprobs").extend_from_slice(top.to_string().as_bytes());
        }
    }
    writer.options(conversation, messages_out.len(), body.member("options"));
    body.end();
    writer.losses
}

struct Writer<'c, 'r> {
    called: BTreeMap<&'c str, &'c str>,
    /// In the order of their calls: Ollama has no ids to tell results by.
    results: std::vec::IntoIter<&'c Part<'r>>,
    /// Images in results that are to be said yet.
    images: Vec<&'c Part<'r>>,
    losses: Losses,
}

impl<'c, 'r> Writer<'c, 'r> {
    /// What there is no word for. Names every field, so that a new one is decided here.
    fn unsaid(&mut self, conversation: &Conversation<'_>) {
        let Conversation {
            messages: _,
            tools,
            tool_choice,
            parallel_tools: _,
            max_output_tokens: _,
            sampling: _,
            stop: _,
            answers: _,
            log_probs: _,
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
        if matches!(tool_choice, Some(ToolChoice::Required | ToolChoice::Tool { .. })) {
            losses.add(Severity::Refused, "tool_choice");
        }
        limits::single_calls(conversation, losses);
        limits::service_tier(conversation, losses);
        limits::names(conversation, losses);
        limits::bookkeeping(conversation, losses);
        tools.iter().for_each(|tool| report::tool(tool, losses));
        report::others(conversation, &OPTIONS_BESIDE, losses);
    }

    /// One message; each result of a tool is one of its own, and comes first. Images in results follow when
    /// all results are said.
    fn message(&mut self, message: &'c Message<'r>, messages: &mut ArrayWriter<'_>) {
        let (results, mut rest): (Vec<_>, Vec<_>) =
            message.parts.iter().partition(|part| matches!(part, Part::ToolResult { .. }));
        for given in results {
            let part = self.results.next().unwrap_or(given);
            if let Part::ToolResult { id, name, parts, .. } = part {
                let name = name.as_deref().or_else(|| self.called.get(&**id).copied());
                self.result(name, parts, messages.item());
                self.images.extend(parts.iter().filter(|part| matches!(part, Part::Image { .. })));
            }
        }
        if rest.is_empty() {
            return;
        }
        let role = match message.role {
            Role::System | Role::Developer => "system",
            Role::User => {
                rest.splice(0..0, self.images.drain(..));
                "user"
            }
            Role::Assistant => {
                self.images_of_results(messages);
                "assistant"
            }
        };
        self.said(role, &rest, messages.item());
    }

    fn images_of_results(&mut self, messages: &mut ArrayWriter<'_>) {
        let images = std::mem::take(&mut self.images);
        if !images.is_empty() {
            self.said("user", &images, messages.item());
        }
    }

    fn result(&mut self, name: Option<&str>, parts: &[Part<'_>], out: &mut Vec<u8>) {
        let is_lost =
            |part: &Part<'_>| !matches!(part, Part::Text { .. } | Part::Refusal(_) | Part::Image { .. });
        if parts.iter().any(is_lost) {
            self.losses.add(Severity::Refused, "messages.tool");
        }
        let mut message = ObjectWriter::new(out);
        write_string("tool", message.member("role"));
        write_string(&joined_text(parts), message.member("content"));
        if let Some(name) = name {
            write_string(name, message.member("tool_name"));
        }
        message.end();
    }

    fn said(&mut self, role: &str, parts: &[&Part<'_>], out: &mut Vec<u8>) {
        let (mut texts, mut thoughts) = (Vec::new(), Vec::new());
        let (mut images, mut calls) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Text { text, cache } => {
                    self.losses.no_cache(cache.is_some());
                    texts.push(text.clone());
                }
                Part::Refusal(text) => texts.push(text.clone()),
                // A proof is another provider's; what Ollama made has none.
                Part::Thinking { text, signature: None } => thoughts.push(&**text),
                Part::Thinking { signature: Some(_), .. } | Part::HiddenThinking { .. } => {}
                Part::Image { media, detail: _, cache } => {
                    self.losses.no_cache(cache.is_some());
                    images.push(media::base64(media));
                }
                Part::Document { media, name: _, cache } => {
                    self.losses.no_cache(cache.is_some());
                    match &media.source {
                        MediaSource::Text(text) => texts.push(Cow::Borrowed(&**text)),
                        MediaSource::Base64(_) => self.losses.add(Severity::Refused, "messages.content.file"),
                    }
                }
                Part::Audio(_) => self.losses.add(Severity::Refused, "messages.content.input_audio"),
                Part::ToolCall { name, arguments, kind, .. } => {
                    calls.push((&**name, arguments::of(*kind, arguments)));
                }
                Part::ToolResult { .. } => {}
                Part::Other { kind, value: _ } => {
                    self.losses.add(Severity::Refused, format!("messages.content.{kind}"));
                }
            }
        }
        let mut message = ObjectWriter::new(out);
        write_string(role, message.member("role"));
        write_string(&texts.join("\n"), message.member("content"));
        if !thoughts.is_empty() {
            write_string(&thoughts.join("\n"), message.member("thinking"));
        }
        if !images.is_empty() {
            let mut all = ArrayWriter::new(message.member("images"));
            images.iter().for_each(|image| write_string(image, all.item()));
            all.end();
        }
        if !calls.is_empty() {
            let mut all = ArrayWriter::new(message.member("tool_calls"));
            calls.iter().for_each(|(name, arguments)| call(name, arguments, all.item()));
            all.end();
        }
        message.end();
    }

    /// Ollama keeps the last prompts by itself.
    fn tools(&mut self, conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>) {
        if conversation.tools.is_empty() || conversation.tool_choice == Some(ToolChoice::None) {
            return;
        }
        let mut tools = ArrayWriter::new(body.member("tools"));
        for tool in &conversation.tools {
            if tool.strict == Some(true) {
                self.losses.add(Severity::Reported, "tools.strict");
            }
            self.losses.no_cache(tool.cache.is_some());
            custom::write_tool(tool, tools.item());
        }
        tools.end();
    }

    /// Models that can think do so unless told not to; asked of one that cannot, it is an error. So only
    /// "not at all" is said, and the effort to the models that know levels.
    fn think(&mut self, reasoning: &Reasoning<'_>, model: &str, body: &mut ObjectWriter<'_>) {
        let is_off = reasoning.effort == Some(Effort::None) || reasoning.budget_tokens == Some(0);
        let level = match reasoning.effort {
            Some(Effort::Minimal | Effort::Low) => Some("low"),
            Some(Effort::Medium) => Some("medium"),
            Some(Effort::High | Effort::ExtraHigh | Effort::Max) => Some("high"),
            Some(Effort::None) | None => None,
        };
        match level {
            _ if is_off => body.member("think").extend_from_slice(b"false"),
            Some(level) if model.contains("gpt-oss") => write_string(level, body.member("think")),
            _ if reasoning.effort.is_some() || reasoning.budget_tokens.is_some() => {
                self.losses.add(Severity::Reported, "reasoning_effort");
            }
            _ => {}
        }
    }

    fn options(&mut self, conversation: &Conversation<'_>, prompt_bytes: usize, out: &mut Vec<u8>) {
        let Sampling { temperature, top_p, top_k, frequency_penalty, presence_penalty, seed } =
            &conversation.sampling;
        let mut options = ObjectWriter::new(out);
        let given = |name| {
            conversation.others.iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_bytes())
        };
        let context = context_tokens(prompt_bytes, conversation.max_output_tokens).to_string().into_bytes();
        options.member("num_ctx").extend_from_slice(&given("num_ctx").unwrap_or(context));
        if let Some(limit) = conversation.max_output_tokens {
            options.member("num_predict").extend_from_slice(limit.to_string().as_bytes());
        }
        let numbers = [
            ("temperature", temperature),
            ("top_p", top_p),
            ("top_k", top_k),
            ("frequency_penalty", frequency_penalty),
            ("presence_penalty", presence_penalty),
            ("seed", seed),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                options.member(name).extend_from_slice(number.as_bytes());
            }
        }
        for name in OPTIONS_BESIDE.iter().filter(|name| **name != "num_ctx") {
            if let Some(value) = given(name) {
                options.member(name).extend_from_slice(&value);
            }
        }
        if !conversation.stop.is_empty() {
            let mut texts = ArrayWriter::new(options.member("stop"));
            conversation.stop.iter().for_each(|text| write_string(text, texts.item()));
            texts.end();
        }
        options.end();
    }
}

/// Members that local servers share and Ollama has as options.
const OPTIONS_BESIDE: [&str; 3] = ["num_ctx", "min_p", "repeat_penalty"];

/// A context that holds prompt and answer. Ollama's own default is small, and it cuts a longer prompt without
/// a word. Another size loads the model anew, so there are few: powers of two from 8192.
pub(crate) fn context_tokens(prompt_bytes: usize, answer: Option<u64>) -> u64 {
    // Three bytes a token is on the safe side for nearly all texts and tokenizers.
    let prompt = u64::try_from(prompt_bytes).unwrap_or(u64::MAX) / 3;
    let answer = answer.unwrap_or(4096).min(32_768);
    prompt.saturating_add(answer).clamp(8192, 1 << 20).next_power_of_two()
}

fn call(name: &str, args: &str, out: &mut Vec<u8>) {
    let mut call = ObjectWriter::new(out);
    let mut function = ObjectWriter::new(call.member("function"));
    write_string(name, function.member("name"));
    arguments::write(args, function.member("arguments"));
    function.end();
    call.end();
}

fn write_format(format: &Format<'_>, body: &mut ObjectWriter<'_>) {
    match format {
        Format::Text => {}
        Format::JsonObject => write_string("json", body.member("format")),
        Format::JsonSchema { schema, name: _, description: _, strict: _ } => {
            schema.write(body.member("format"));
        }
    }
}
