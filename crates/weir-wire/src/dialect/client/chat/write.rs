use super::read::calls_functions;
use crate::canonical::{Block, BlockKind, Choice, FinishReason, Reply, Tokens, ToolKind};
use crate::dialect::client::Addressed;
use crate::dialect::custom::CustomTools;
use crate::json::{ArrayWriter, Json, Limits, ObjectWriter, parse, write_object};

/// Writes a whole answer.
#[must_use]
pub fn write_reply(reply: &Reply<'_>, to: &Addressed<'_>) -> Vec<u8> {
    let tools = Tools { custom: CustomTools::of_chat(to.asked), are_functions: calls_functions(to.asked) };
    let mut out = Vec::new();
    write_object(&mut out, |answer| {
        answer.text("id", &to.identity.id);
        answer.text("object", "chat.completion");
        answer.number("created", to.created_s);
        answer.text("model", &to.identity.alias);
        answer.array("choices", |choices| {
            for (index, choice) in reply.choices.iter().enumerate() {
                choices.object(|object| write_choice(choice, index, &tools, object));
            }
        });
        answer.object("usage", |usage| write_usage(&reply.usage, usage));
    });
    out
}

/// What the request says of its tools.
struct Tools {
    custom: CustomTools,
    are_functions: bool,
}

fn write_choice(choice: &Choice<'_>, index: usize, tools: &Tools, out: &mut ObjectWriter<'_>) {
    out.number("index", index as u64);
    out.object("message", |message| write_message(choice, tools, message));
    out.raw("logprobs", choice.log_probs.as_deref().unwrap_or("null"));
    let finish = choice.finish.unwrap_or(FinishReason::Stop);
    out.text(
        "finish_reason",
        if tools.are_functions { older_finish_word(finish) } else { finish_word(finish) },
    );
}

fn write_message(choice: &Choice<'_>, tools: &Tools, out: &mut ObjectWriter<'_>) {
    let joined = |wanted: fn(&BlockKind<'_>) -> bool| {
        let mut texts = choice.blocks.iter().filter(|block| wanted(&block.kind)).map(|block| &*block.text);
        texts.next().map(|first| texts.fold(first.to_owned(), |all, text| all + text))
    };
    let content = joined(|kind| matches!(kind, BlockKind::Text));
    let refusal = joined(|kind| matches!(kind, BlockKind::Refusal));
    let thoughts = joined(|kind| matches!(kind, BlockKind::Thinking));
    let calls: Vec<&Block> = choice.blocks.iter().filter(|block| is_call(block)).collect();
    out.text("role", "assistant");
    match content {
        Some(text) => out.text("content", &text),
        None if refusal.is_none() && calls.is_empty() => out.text("content", ""),
        None => out.null("content"),
    }
    match refusal {
        Some(text) => out.text("refusal", &text),
        None => out.null("refusal"),
    }
    if let Some(text) = thoughts {
        out.text("reasoning_content", &text);
        out.text("reasoning", &text);
    }
    write_details(choice, out);
    write_citations(choice, out);
    match calls.first() {
        None => {}
        Some(call) if tools.are_functions => {
            out.object("function_call", |object| write_function(call, object))
        }
        Some(_) => out.array("tool_calls", |array| {
            calls.iter().for_each(|call| array.object(|object| write_call(call, &tools.custom, object)));
        }),
    }
}

fn write_function(block: &Block<'_>, out: &mut ObjectWriter<'_>) {
    let BlockKind::ToolCall { name, .. } = &block.kind else { return };
    out.text("name", name);
    out.text("arguments", &block.text);
}

fn is_call(block: &Block<'_>) -> bool {
    matches!(block.kind, BlockKind::ToolCall { .. })
}

fn write_call(block: &Block<'_>, custom: &CustomTools, out: &mut ObjectWriter<'_>) {
    let BlockKind::ToolCall { id, name, tool } = &block.kind else { return };
    out.text("id", id);
    match custom.text_of(name, *tool, &block.text) {
        Some(input) => {
            out.text("type", "custom");
            out.object("custom", |call| {
                call.text("name", name);
                call.text("input", &input);
            });
        }
        None => {
            out.text("type", "function");
            out.object("function", |call| write_function(block, call));
        }
    }
    if let Some(signature) = &block.signature {
        write_call_signature(signature, out);
    }
}

/// Google's place for its thought signature.
pub(super) fn write_call_signature(signature: &str, out: &mut ObjectWriter<'_>) {
    out.object("extra_content", |extra| {
        extra.object("google", |google| google.text("thought_signature", signature));
    });
}

/// What of thoughts must come back in the next turn: signatures and encrypted ones, in OpenRouter's form.
/// Thoughts without them have nothing to say there.
fn write_details(choice: &Choice<'_>, out: &mut ObjectWriter<'_>) {
    let is_thought = |block: &&Block<'_>| thought_index_counts(&block.kind);
    let thoughts: Vec<&Block> = choice.blocks.iter().filter(is_thought).collect();
    let is_bound = |block: &&Block<'_>| {
        block.signature.is_some() || matches!(block.kind, BlockKind::HiddenThinking { .. })
    };
    if !thoughts.iter().any(is_bound) {
        return;
    }
    out.array("reasoning_details", |details| {
        for (index, block) in thoughts.iter().enumerate() {
            details.object(|detail| write_detail(block, index, detail));
        }
    });
}

fn thought_index_counts(kind: &BlockKind<'_>) -> bool {
    matches!(kind, BlockKind::Thinking | BlockKind::HiddenThinking { .. })
}

fn write_detail(block: &Block<'_>, index: usize, out: &mut ObjectWriter<'_>) {
    match &block.kind {
        BlockKind::HiddenThinking { id } => write_hidden(&block.text, id.as_deref(), index, out),
        BlockKind::Thinking | BlockKind::Text | BlockKind::Refusal | BlockKind::ToolCall { .. } => {
            out.text("type", "reasoning.text");
            out.text("text", &block.text);
            out.text_if("signature", block.signature.as_deref());
            out.number("index", index as u64);
        }
    }
}

pub(super) fn write_hidden(data: &str, id: Option<&str>, index: usize, out: &mut ObjectWriter<'_>) {
    out.text("type", "reasoning.encrypted");
    out.text("data", data);
    out.text_if("id", id);
    out.number("index", index as u64);
}

/// Where words are from. Those with an address are `annotations`; OpenAI has no word for the others, which
/// stand beside them as they came.
fn write_citations(choice: &Choice<'_>, out: &mut ObjectWriter<'_>) {
    let mut with_address = Vec::new();
    let mut others = Vec::new();
    let mut start = 0;
    for block in choice.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Text)) {
        let end = start + block.text.chars().count();
        for citation in &block.citations {
            match Address::of(citation) {
                Some(address) => with_address.push((address, start, end)),
                None => others.push(citation),
            }
        }
        start = end;
    }
    if !with_address.is_empty() {
        out.array("annotations", |array| {
            for (address, start, end) in &with_address {
                array.object(|annotation| address.write(Some((*start, *end)), annotation));
            }
        });
    }
    if !others.is_empty() {
        out.array("citations", |array| others.iter().for_each(|citation| array.raw(citation)));
    }
}

/// The address that a citation names.
pub(super) struct Address {
    url: String,
    title: String,
}

impl Address {
    pub(super) fn of(citation: &str) -> Option<Self> {
        let value = parse(citation.as_bytes(), Limits::default()).ok()?;
        let object = value.as_object()?;
        let text = |name: &str| object.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Self { url: text("url")?, title: text("title").unwrap_or_default() })
    }

    pub(super) fn write(&self, span: Option<(usize, usize)>, out: &mut ObjectWriter<'_>) {
        out.text("type", "url_citation");
        out.object("url_citation", |inner| {
            inner.text("url", &self.url);
            inner.text("title", &self.title);
            let (start, end) = span.unwrap_or_default();
            inner.number("start_index", start as u64);
            inner.number("end_index", end as u64);
        });
    }
}

/// OpenAI's word for why an answer ended.
pub(crate) const fn finish_word(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopText | FinishReason::Pause => "stop",
        FinishReason::Length | FinishReason::Context => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
    }
}

/// The same, in the words before there were tools.
pub(super) const fn older_finish_word(reason: FinishReason) -> &'static str {
    if matches!(reason, FinishReason::ToolCalls) { "function_call" } else { finish_word(reason) }
}

/// Tokens in OpenAI's words. What is not known is left out, but for the three that clients count on.
pub(crate) fn write_usage(tokens: &Tokens, out: &mut ObjectWriter<'_>) {
    let (prompt, completion) = (tokens.prompt.unwrap_or(0), tokens.completion.unwrap_or(0));
    out.number("prompt_tokens", prompt);
    out.number("completion_tokens", completion);
    out.number("total_tokens", prompt.saturating_add(completion));
    if tokens.cache_read.is_some() || tokens.cache_write.is_some() {
        out.object("prompt_tokens_details", |details| {
            write_known("cached_tokens", tokens.cache_read, details);
            write_known("cache_write_tokens", tokens.cache_write, details);
        });
    }
    if tokens.reasoning.is_some() {
        out.object("completion_tokens_details", |details| {
            write_known("reasoning_tokens", tokens.reasoning, details);
        });
    }
}

fn write_known(name: &str, number: Option<u64>, out: &mut ObjectWriter<'_>) {
    if let Some(number) = number {
        out.number(name, number);
    }
}

/// A tool call's beginning within a stream.
pub(super) fn write_call_start(
    index: usize,
    (id, name): (&str, &str),
    tool: ToolKind,
    array: &mut ArrayWriter<'_>,
) {
    array.object(|call| {
        call.number("index", index as u64);
        call.text("id", id);
        match tool {
            ToolKind::Function => {
                call.text("type", "function");
                call.object("function", |function| {
                    function.text("name", name);
                    function.text("arguments", "");
                });
            }
            ToolKind::Custom => {
                call.text("type", "custom");
                call.object("custom", |custom| {
                    custom.text("name", name);
                    custom.text("input", "");
                });
            }
        }
    });
}
