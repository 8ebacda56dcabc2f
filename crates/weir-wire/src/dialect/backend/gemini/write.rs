use super::super::ids;
use super::super::turns::{Speaker, Turn, Turns, called, joined_text};
use super::super::{arguments, limits, media};
use super::{Thinks, schema};
use crate::Destination;
use crate::canonical::{
    Conversation, Effort, Format, Losses, Media, MediaSource, Part, Reasoning, Sampling, Severity, Tool,
    ToolChoice, ToolKind,
};
use crate::dialect::{custom, report};
use crate::json::{ArrayWriter, Json, Limits, ObjectWriter, parse, write_string};
use std::collections::BTreeMap;

/// The path below the base URL.
#[must_use]
pub fn path(model: &str, stream: bool) -> String {
    let method = if stream { "streamGenerateContent" } else { "generateContent" };
    format!("/models/{}:{method}", super::super::ids::in_path(model))
}

/// Writes the body of a request.
pub fn write(conversation: &Conversation<'_>, to: &Destination<'_>, out: &mut Vec<u8>) -> Losses {
    let mut writer = Writer { thinks: Thinks::of(to.model), model: to.model, losses: Losses::default() };
    let turns = Turns::of(conversation);
    writer.unsaid(conversation, &turns);
    let mut body = ObjectWriter::new(out);
    writer.system(&turns, &mut body);
    writer.contents(&turns, &called(conversation), body.member("contents"));
    writer.tools(conversation, &mut body);
    writer.config(conversation, body.member("generationConfig"));
    body.end();
    writer.losses
}

struct Writer<'d> {
    thinks: Thinks,
    model: &'d str,
    losses: Losses,
}

impl Writer<'_> {
    /// What there is no word for. Names every field, so that a new one is decided here.
    fn unsaid(&mut self, conversation: &Conversation<'_>, turns: &Turns<'_, '_>) {
        let Conversation {
            messages: _,
            tools,
            tool_choice: _,
            parallel_tools: _,
            max_output_tokens: _,
            sampling: _,
            stop: _,
            answers,
            log_probs: _,
            format: _,
            reasoning: _,
            end_user: _,
            service_tier: _,
            cache_key: _,
            metadata: _,
            stream,
            others: _,
        } = conversation;
        let losses = &mut self.losses;
        // A stream does not say how many answers will come, and each ends by itself.
        if *stream && answers.is_some_and(|answers| answers > 1) {
            losses.add(Severity::Refused, "n");
        }
        limits::single_calls(conversation, losses);
        limits::service_tier(conversation, losses);
        if turns.system_moved {
            losses.add(Severity::Reported, "messages.system");
        }
        limits::names(conversation, losses);
        limits::bookkeeping(conversation, losses);
        tools.iter().for_each(|tool| report::tool(tool, losses));
        report::others(conversation, &[], losses);
    }

    fn system(&mut self, turns: &Turns<'_, '_>, body: &mut ObjectWriter<'_>) {
        let texts: Vec<&Part<'_>> = turns.system.iter().copied().filter(|part| !is_blank(part)).collect();
        if texts.is_empty() {
            return;
        }
        let mut system = ObjectWriter::new(body.member("systemInstruction"));
        let mut parts = ArrayWriter::new(system.member("parts"));
        texts.into_iter().for_each(|part| self.part(part, &mut parts));
        parts.end();
        system.end();
    }

    fn contents(&mut self, turns: &Turns<'_, '_>, called: &BTreeMap<&str, &str>, out: &mut Vec<u8>) {
        let mut contents = ArrayWriter::new(out);
        for turn in &turns.turns {
            match turn.speaker {
                Speaker::Model => self.model_turn(turn, &mut contents),
                Speaker::User => self.user_turn(turn, called, &mut contents),
            }
        }
        contents.end();
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`part` decides about every part that is not named here"
    )]
    fn model_turn(&mut self, turn: &Turn<'_, '_>, contents: &mut ArrayWriter<'_>) {
        let mut parts_out = Vec::new();
        let mut parts = ArrayWriter::new(&mut parts_out);
        let mut is_first_call = true;
        for part in &turn.parts {
            match part {
                Part::ToolCall { id, name, arguments, signature, cache: _, kind } => {
                    let signature = signature.as_deref().or(self.no_signature(is_first_call));
                    is_first_call = false;
                    call(id, name, &arguments::of(*kind, arguments), signature, parts.item());
                }
                Part::Thinking { text, signature: Some(signature) } => {
                    thought(text, signature, parts.item());
                }
                // Without a proof they are words of another model, and Gemini ignores them.
                Part::Thinking { .. } | Part::HiddenThinking { .. } => {}
                other => self.part(other, &mut parts),
            }
        }
        parts.end();
        content("model", &parts_out, contents);
    }

    /// What stands for the proof of a call that another model made. Models that want proofs refuse the first
    /// call of a turn without one, and take this word of Google's for "from elsewhere".
    fn no_signature(&self, is_first_call: bool) -> Option<&'static str> {
        (is_first_call && self.thinks == Thinks::Level).then_some("skip_thought_signature_validator")
    }

    /// The answers of tools are a content of their own, as many as there were calls, and what else the user
    /// says is the next one.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`part` decides about every part that is not named here"
    )]
    fn user_turn(
        &mut self,
        turn: &Turn<'_, '_>,
        called: &BTreeMap<&str, &str>,
        contents: &mut ArrayWriter<'_>,
    ) {
        let (mut results_out, mut rest_out) = (Vec::new(), Vec::new());
        let (mut results, mut rest) = (ArrayWriter::new(&mut results_out), ArrayWriter::new(&mut rest_out));
        for part in &turn.parts {
            match part {
                Part::ToolResult { id, name, parts, is_error, kind: _, cache: _ } => {
                    let name = name.as_deref().or_else(|| called.get(&**id).copied()).unwrap_or(id);
                    result(id, name, parts, *is_error, results.item());
                    parts.iter().filter(|part| !is_text(part)).for_each(|part| self.part(part, &mut rest));
                }
                other => self.part(other, &mut rest),
            }
        }
        results.end();
        rest.end();
        content("user", &results_out, contents);
        content("user", &rest_out, contents);
    }

    fn part(&mut self, part: &Part<'_>, parts: &mut ArrayWriter<'_>) {
        match part {
            Part::Text { .. } | Part::Refusal(_) if is_blank(part) => {}
            Part::Text { text, cache } => {
                self.losses.no_cache(cache.is_some());
                text_part(text, parts.item());
            }
            Part::Refusal(text) => text_part(text, parts.item()),
            Part::Image { media, detail, cache } => {
                self.losses.no_cache(cache.is_some());
                if detail.as_deref().is_some_and(|detail| detail != "auto") {
                    self.losses.add(Severity::Reported, "image_url.detail");
                }
                inline(media, parts.item());
            }
            Part::Audio(media) => inline(media, parts.item()),
            Part::Document { media, name: _, cache } => {
                self.losses.no_cache(cache.is_some());
                match &media.source {
                    MediaSource::Text(text) => text_part(text, parts.item()),
                    MediaSource::Base64(_) => inline(media, parts.item()),
                }
            }
            Part::Other { kind, value: _ } => {
                self.losses.add(Severity::Refused, format!("messages.content.{kind}"))
            }
            // Those of the model's turn and the results are written where their turn is.
            Part::Thinking { .. }
            | Part::HiddenThinking { .. }
            | Part::ToolCall { .. }
            | Part::ToolResult { .. } => {}
        }
    }

    /// Gemini caches by itself.
    fn tools(&mut self, conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>) {
        if conversation.tools.is_empty() {
            return;
        }
        let mut tools = ArrayWriter::new(body.member("tools"));
        let mut tool = ObjectWriter::new(tools.item());
        let mut declarations = ArrayWriter::new(tool.member("functionDeclarations"));
        for tool in &conversation.tools {
            self.declaration(tool, declarations.item());
        }
        declarations.end();
        tool.end();
        tools.end();
        if let Some(choice) = &conversation.tool_choice {
            tool_config(choice, body.member("toolConfig"));
        }
    }

    fn declaration(&mut self, tool: &Tool<'_>, out: &mut Vec<u8>) {
        if !is_function_name(&tool.name) {
            self.losses.add(Severity::Refused, "tools.name");
        }
        if tool.strict == Some(true) {
            self.losses.add(Severity::Reported, "tools.strict");
        }
        self.losses.no_cache(tool.cache.is_some());
        let mut declaration = ObjectWriter::new(out);
        write_string(&tool.name, declaration.member("name"));
        if let Some(description) = custom::description(tool).filter(|_| tool.kind == ToolKind::Custom) {
            declaration.text("description", &description);
        } else {
            declaration.text_if("description", tool.description.as_deref());
        }
        if tool.kind == ToolKind::Custom {
            declaration.raw("parameters", FREE_TEXT);
        } else if let Some(parameters) = tool.parameters {
            let (schema, is_exact) = schema::convert(parameters);
            if !is_exact {
                self.losses.add(Severity::Reported, "tools.parameters");
            }
            if !schema::has_no_members(&schema) {
                schema.write(declaration.member("parameters"));
            }
        }
        declaration.end();
    }

    fn config(&mut self, conversation: &Conversation<'_>, out: &mut Vec<u8>) {
        let mut config = ObjectWriter::new(out);
        self.sampling(&conversation.sampling, &mut config);
        if let Some(limit) = conversation.max_output_tokens {
            config.member("maxOutputTokens").extend_from_slice(limit.to_string().as_bytes());
        }
        self.stop(conversation, &mut config);
        if let Some(answers) = conversation.answers.filter(|answers| *answers > 1 && !conversation.stream) {
            config.member("candidateCount").extend_from_slice(answers.to_string().as_bytes());
        }
        if let Some(wanted) = conversation.log_probs {
            config.member("responseLogprobs").extend_from_slice(b"true");
            if let Some(top) = wanted.top.filter(|top| *top > 0) {
                config.member("logprobs").extend_from_slice(top.min(20).to_string().as_bytes());
            }
        }
        if let Some(format) = &conversation.format {
            self.format(format, &mut config);
        }
        if let Some(reasoning) = &conversation.reasoning {
            self.reasoning(reasoning, &mut config);
        }
        config.end();
    }

    fn sampling(&mut self, sampling: &Sampling<'_>, config: &mut ObjectWriter<'_>) {
        let Sampling { temperature, top_p, top_k, frequency_penalty, presence_penalty, seed } = sampling;
        let numbers = [
            ("temperature", temperature),
            ("topP", top_p),
            ("topK", top_k),
            ("frequencyPenalty", frequency_penalty),
            ("presencePenalty", presence_penalty),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                config.member(name).extend_from_slice(number.as_bytes());
            }
        }
        match seed.as_ref().map(|seed| (seed, seed.parse::<i32>().is_ok())) {
            Some((seed, true)) => config.member("seed").extend_from_slice(seed.as_bytes()),
            // It is of 32 bits here.
            Some((_, false)) => self.losses.add(Severity::Reported, "seed"),
            None => {}
        }
    }

    fn stop(&mut self, conversation: &Conversation<'_>, config: &mut ObjectWriter<'_>) {
        let stop: Vec<_> = conversation.stop.iter().filter(|text| !text.is_empty()).collect();
        if stop.is_empty() {
            return;
        }
        if stop.len() > STOP_MAX {
            self.losses.add(Severity::Refused, "stop");
        }
        let mut texts = ArrayWriter::new(config.member("stopSequences"));
        stop.into_iter().for_each(|text| write_string(text, texts.item()));
        texts.end();
    }

    fn format(&mut self, format: &Format<'_>, config: &mut ObjectWriter<'_>) {
        limits::name_of_schema(format, &mut self.losses);
        match format {
            Format::Text => {}
            Format::JsonObject => write_string("application/json", config.member("responseMimeType")),
            Format::JsonSchema { name: _, description: _, schema, strict } => {
                let (schema, is_exact) = schema::convert(schema);
                if !is_exact {
                    let severity = if *strict == Some(true) { Severity::Refused } else { Severity::Reported };
                    self.losses.add(severity, "response_format");
                }
                write_string("application/json", config.member("responseMimeType"));
                schema.write(config.member("responseSchema"));
            }
        }
    }

    fn reasoning(&mut self, reasoning: &Reasoning<'_>, config: &mut ObjectWriter<'_>) {
        let Reasoning { effort, budget_tokens, summary } = reasoning;
        let is_off = *effort == Some(Effort::None) || *budget_tokens == Some(0);
        let mut thinking = ObjectWriter::new(config.member("thinkingConfig"));
        if !is_off && summary.as_deref() != Some("none") {
            thinking.member("includeThoughts").extend_from_slice(b"true");
        }
        match (self.thinks, budget_tokens, effort) {
            (_, Some(budget), _) if !is_off => {
                thinking.member("thinkingBudget").extend_from_slice(budget.to_string().as_bytes());
            }
            (Thinks::Budget, _, effort) => {
                if let Some(budget) = self.budget(if is_off { Some(Effort::None) } else { *effort }) {
                    thinking.member("thinkingBudget").extend_from_slice(budget.to_string().as_bytes());
                }
            }
            (Thinks::Level, _, effort) => {
                if let Some(level) = self.level(if is_off { Some(Effort::None) } else { *effort }) {
                    write_string(level, thinking.member("thinkingLevel"));
                }
            }
        }
        thinking.end();
    }

    /// Source: the table of Google's OpenAI-compatible API.
    fn budget(&mut self, effort: Option<Effort>) -> Option<u32> {
        Some(match effort? {
            // The larger models cannot be kept from thinking.
            Effort::None if self.model.contains("pro") => {
                self.losses.add(Severity::Reported, "reasoning_effort");
                128
            }
            Effort::None => 0,
            Effort::Minimal | Effort::Low => 1024,
            Effort::Medium => 8192,
            Effort::High | Effort::ExtraHigh | Effort::Max => 24_576,
        })
    }

    fn level(&mut self, effort: Option<Effort>) -> Option<&'static str> {
        let effort = effort?;
        let (level, is_exact) = match effort {
            Effort::None => ("MINIMAL", false),
            Effort::Minimal => ("MINIMAL", true),
            Effort::Low => ("LOW", true),
            Effort::Medium => ("MEDIUM", true),
            Effort::High => ("HIGH", true),
            Effort::ExtraHigh | Effort::Max => ("HIGH", false),
        };
        // The larger models do not know the least one.
        let is_raised = level == "MINIMAL" && self.model.contains("pro");
        if !is_exact || is_raised {
            self.losses.add(Severity::Reported, "reasoning_effort");
        }
        Some(if is_raised { "LOW" } else { level })
    }
}

/// The parameters of a function that stands for a tool of free text, in Gemini's words.
const FREE_TEXT: &str = r#"{"type":"OBJECT","properties":{"input":{"type":"STRING"}},"required":["input"]}"#;

/// Stop texts that are taken at most.
const STOP_MAX: usize = 5;

fn is_blank(part: &Part<'_>) -> bool {
    matches!(part, Part::Text { text, .. } | Part::Refusal(text) if text.is_empty())
}

fn is_text(part: &Part<'_>) -> bool {
    matches!(part, Part::Text { .. } | Part::Refusal(_))
}

/// Source: `FunctionDeclaration.name`.
fn is_function_name(name: &str) -> bool {
    let is_good = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    name.len() <= 64
        && name.chars().all(is_good)
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn content(role: &str, parts: &[u8], contents: &mut ArrayWriter<'_>) {
    if parts == b"[]" {
        return;
    }
    let mut content = ObjectWriter::new(contents.item());
    write_string(role, content.member("role"));
    content.member("parts").extend_from_slice(parts);
    content.end();
}

fn text_part(text: &str, out: &mut Vec<u8>) {
    let mut part = ObjectWriter::new(out);
    write_string(text, part.member("text"));
    part.end();
}

fn thought(text: &str, signature: &str, out: &mut Vec<u8>) {
    let mut part = ObjectWriter::new(out);
    write_string(text, part.member("text"));
    part.member("thought").extend_from_slice(b"true");
    write_string(signature, part.member("thoughtSignature"));
    part.end();
}

fn inline(media: &Media<'_>, out: &mut Vec<u8>) {
    let mut part = ObjectWriter::new(out);
    let mut data = ObjectWriter::new(part.member("inlineData"));
    write_string(media::media_type(media), data.member("mimeType"));
    write_string(&media::base64(media), data.member("data"));
    data.end();
    part.end();
}

fn call(id: &str, name: &str, args: &str, signature: Option<&str>, out: &mut Vec<u8>) {
    let mut part = ObjectWriter::new(out);
    let mut call = ObjectWriter::new(part.member("functionCall"));
    write_id(id, &mut call);
    write_string(name, call.member("name"));
    arguments::write(args, call.member("args"));
    call.end();
    if let Some(signature) = signature {
        write_string(signature, part.member("thoughtSignature"));
    }
    part.end();
}

fn result(id: &str, name: &str, parts: &[Part<'_>], is_error: bool, out: &mut Vec<u8>) {
    let text = joined_text(parts);
    let mut part = ObjectWriter::new(out);
    let mut response = ObjectWriter::new(part.member("functionResponse"));
    write_id(id, &mut response);
    write_string(name, response.member("name"));
    match parse(text.as_bytes(), Limits::default()) {
        Ok(Json::Object(object)) if !is_error => object.write(response.member("response")),
        Ok(_) | Err(_) => {
            let mut wrapped = ObjectWriter::new(response.member("response"));
            write_string(&text, wrapped.member(if is_error { "error" } else { "output" }));
            wrapped.end();
        }
    }
    response.end();
    part.end();
}

/// Ids that were made here mean nothing to Gemini, which then goes by order.
fn write_id(id: &str, object: &mut ObjectWriter<'_>) {
    if !ids::is_made(id) {
        write_string(id, object.member("id"));
    }
}

fn tool_config(choice: &ToolChoice<'_>, out: &mut Vec<u8>) {
    let (mode, only) = match choice {
        ToolChoice::Auto => ("AUTO", None),
        ToolChoice::None => ("NONE", None),
        ToolChoice::Required => ("ANY", None),
        ToolChoice::Tool { name, kind: _ } => ("ANY", Some(name)),
    };
    let mut config = ObjectWriter::new(out);
    let mut calling = ObjectWriter::new(config.member("functionCallingConfig"));
    write_string(mode, calling.member("mode"));
    if let Some(name) = only {
        let mut names = ArrayWriter::new(calling.member("allowedFunctionNames"));
        write_string(name, names.item());
        names.end();
    }
    calling.end();
    config.end();
}
