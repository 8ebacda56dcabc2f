use super::super::closed::closed;
use super::super::json_answer;
use super::super::turns::Speaker;
use super::blocks::{write_block, write_cache};
use super::turns::{Turn, Turns};
use crate::canonical::{
    Conversation, Effort, Format, Losses, Part, Reasoning, Severity, Tool, ToolChoice, ToolKind,
};
use crate::dialect::words::{budget_of_effort, effort_of_budget};
use crate::dialect::{custom, report};
use crate::json::{ArrayWriter, ObjectWriter, write_object};
use crate::{Destination, Thinking};
use std::borrow::Cow;

/// The limit of an answer where neither the client nor the model's card says one: what every model of
/// Anthropic's has been able to write since Claude 3.
const MAX_OUTPUT_TOKENS: u64 = 4_096;
/// The least that a model can be told to think.
const BUDGET_TOKENS_MIN: u64 = 1_024;
/// What stands in the user's place where a conversation does not begin with the user.
const BEGINNING: &str = "(The conversation begins here.)";

/// Writes a request.
pub fn write(conversation: &Conversation<'_>, to: &Destination<'_>, out: &mut Vec<u8>) -> Losses {
    let mut losses = Losses::default();
    let conversation = &*json_answer::by_tool(conversation, &mut losses);
    write_object(out, |body| {
        let max_tokens =
            conversation.max_output_tokens.or(to.card.max_output_tokens).unwrap_or(MAX_OUTPUT_TOKENS);
        body.text("model", to.model);
        body.number("max_tokens", max_tokens);
        let thinking = write_prompt(conversation, to, max_tokens, body, &mut losses);
        write_sampling(conversation, thinking, body, &mut losses);
        write_stop(conversation, body, &mut losses);
        write_rest(conversation, body, &mut losses);
    });
    losses
}

/// What counts as prompt: messages, tools, thinking and form. Returns whether the model thinks.
fn write_prompt(
    conversation: &Conversation<'_>,
    to: &Destination<'_>,
    max_tokens: u64,
    body: &mut ObjectWriter<'_>,
    losses: &mut Losses,
) -> bool {
    let turns = Turns::of(conversation, losses);
    if !turns.system.is_empty() {
        body.array("system", |array| turns.system.iter().for_each(|part| write_block(part, array, losses)));
    }
    body.array("messages", |array| write_turns(&turns.turns, array, losses));
    write_tools(conversation, body, losses);
    let effort = Effortful { to, max_tokens, conversation, turns: &turns.turns };
    let form = effort.write_thinking(body, losses);
    write_output(conversation, form.effort, body, losses);
    form.thinks
}

fn write_turns(turns: &[Turn<'_>], out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    if turns.first().is_none_or(|turn| turn.speaker == Speaker::Model) {
        losses.add(Severity::Reported, "messages");
        out.object(|message| {
            message.text("role", "user");
            message.text("content", BEGINNING);
        });
    }
    let last = turns.len().saturating_sub(1);
    for (index, turn) in turns.iter().enumerate() {
        out.object(|message| {
            message.text("role", turn.speaker.role());
            message.array("content", |blocks| {
                turn.results.iter().for_each(|part| write_block(part, blocks, losses));
                let is_prefill = turn.speaker == Speaker::Model && index == last;
                write_parts(&turn.parts, is_prefill, blocks, losses);
            });
        });
    }
}

/// An answer to be continued must not end in white space.
fn write_parts(parts: &[&Part<'_>], is_prefill: bool, blocks: &mut ArrayWriter<'_>, losses: &mut Losses) {
    let trimmed = parts.last().filter(|_| is_prefill).and_then(|part| trimmed(part));
    let whole = parts.len() - usize::from(trimmed.is_some());
    parts.iter().take(whole).for_each(|part| write_block(part, blocks, losses));
    if let Some(part) = trimmed {
        losses.add(Severity::Reported, "messages.content");
        write_block(&part, blocks, losses);
    }
}

/// A text without the white space at its end, if it has some there.
fn trimmed<'c>(part: &'c Part<'_>) -> Option<Part<'c>> {
    let Part::Text { text, cache } = part else { return None };
    let text_trimmed = text.trim_end();
    let is_other = text_trimmed.len() < text.len();
    is_other.then(|| Part::Text { text: Cow::Borrowed(text_trimmed), cache: cache.clone() })
}

fn write_tools(conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>, losses: &mut Losses) {
    if conversation.tools.is_empty() {
        return;
    }
    body.array("tools", |tools| {
        conversation.tools.iter().for_each(|tool| tools.object(|object| write_tool(tool, object, losses)));
    });
    let not_parallel = conversation.parallel_tools == Some(false);
    let choice = match &conversation.tool_choice {
        None if not_parallel => ToolChoice::Auto,
        None => return,
        Some(choice) => choice.clone(),
    };
    body.object("tool_choice", |object| {
        match &choice {
            ToolChoice::Auto => object.text("type", "auto"),
            ToolChoice::None => object.text("type", "none"),
            ToolChoice::Required => object.text("type", "any"),
            ToolChoice::Tool { name, .. } => {
                object.text("type", "tool");
                object.text("name", name);
            }
        }
        if let Some(parallel) = conversation.parallel_tools.filter(|_| choice != ToolChoice::None) {
            object.truth("disable_parallel_tool_use", !parallel);
        }
    });
}

fn write_tool(tool: &Tool<'_>, object: &mut ObjectWriter<'_>, losses: &mut Losses) {
    object.text("name", &tool.name);
    match tool.kind {
        ToolKind::Function => object.text_if("description", tool.description.as_deref()),
        ToolKind::Custom => object.text_if("description", custom::description(tool).as_deref()),
    }
    custom::write_schema(tool, "input_schema", object);
    if let Some(strict) = tool.strict {
        object.truth("strict", strict);
    }
    write_cache(tool.cache.as_ref(), object);
    report::tool_but_cache(tool, losses);
}

/// What decides whether and how the model thinks.
struct Effortful<'c> {
    to: &'c Destination<'c>,
    max_tokens: u64,
    conversation: &'c Conversation<'c>,
    turns: &'c [Turn<'c>],
}

struct Form {
    thinks: bool,
    effort: Option<&'static str>,
}

impl Effortful<'_> {
    fn write_thinking(&self, body: &mut ObjectWriter<'_>, losses: &mut Losses) -> Form {
        const NO: Form = Form { thinks: false, effort: None };
        let Some(reasoning) = &self.conversation.reasoning else { return NO };
        if reasoning.effort == Some(Effort::None) || reasoning.budget_tokens == Some(0) {
            if self.to.card.thinking != Thinking::Never {
                body.object("thinking", |thinking| thinking.text("type", "disabled"));
            }
            return NO;
        }
        match self.to.card.thinking {
            // A model cannot think when it is told which tool to call.
            _ if self.is_tool_forced() => self.without(losses),
            Thinking::Never => self.without(losses),
            Thinking::Budget => self.write_budget(reasoning, body, losses),
            Thinking::Effort => write_adaptive(reasoning, body, losses),
        }
    }

    fn without(&self, losses: &mut Losses) -> Form {
        losses.add(Severity::Reported, "reasoning_effort");
        Form { thinks: false, effort: None }
    }

    fn is_tool_forced(&self) -> bool {
        let choice = self.conversation.tool_choice.as_ref();
        matches!(choice, Some(ToolChoice::Required | ToolChoice::Tool { .. }))
    }

    /// Thoughts are part of the answer's tokens, and in the middle of calls a turn must have begun with them.
    fn write_budget(
        &self,
        reasoning: &Reasoning<'_>,
        body: &mut ObjectWriter<'_>,
        losses: &mut Losses,
    ) -> Form {
        let wanted = reasoning
            .budget_tokens
            .unwrap_or_else(|| budget_of_effort(reasoning.effort.unwrap_or(Effort::Medium)));
        let budget = wanted.min(self.max_tokens.saturating_sub(1));
        if budget < BUDGET_TOKENS_MIN || self.goes_on_without_thoughts() {
            return self.without(losses);
        }
        if budget < wanted {
            losses.add(Severity::Reported, "reasoning_effort");
        }
        body.object("thinking", |thinking| {
            thinking.text("type", "enabled");
            thinking.number("budget_tokens", budget);
        });
        Form { thinks: true, effort: None }
    }

    fn goes_on_without_thoughts(&self) -> bool {
        let [.., model, user] = self.turns else { return false };
        let begins_with_thought =
            matches!(model.parts.first(), Some(Part::Thinking { .. } | Part::HiddenThinking { .. }));
        !user.results.is_empty() && model.speaker == Speaker::Model && !begins_with_thought
    }
}

/// The model finds the amount itself; the effort says how hard it works altogether.
fn write_adaptive(reasoning: &Reasoning<'_>, body: &mut ObjectWriter<'_>, losses: &mut Losses) -> Form {
    let effort = reasoning.effort.or(reasoning.budget_tokens.map(effort_of_budget));
    if effort == Some(Effort::Minimal) || reasoning.budget_tokens.is_some() {
        losses.add(Severity::Reported, "reasoning_effort");
    }
    let shown =
        reasoning.summary.as_deref().map(|summary| if summary == "none" { "omitted" } else { "summarized" });
    body.object("thinking", |thinking| {
        thinking.text("type", "adaptive");
        thinking.text_if("display", shown);
    });
    Form { thinks: true, effort: effort.map(effort_word) }
}

const fn effort_word(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::ExtraHigh => "xhigh",
        Effort::Max => "max",
    }
}

fn write_output(
    conversation: &Conversation<'_>,
    effort: Option<&str>,
    body: &mut ObjectWriter<'_>,
    losses: &mut Losses,
) {
    let schema = match &conversation.format {
        // An object of whatever form comes by a tool.
        None | Some(Format::Text | Format::JsonObject) => None,
        Some(Format::JsonSchema { name, description, schema, strict }) => {
            report_if(name.is_some(), "response_format.json_schema.name", losses);
            report_if(description.is_some(), "response_format.json_schema.description", losses);
            // Answers always fit the schema exactly.
            report_if(*strict == Some(false), "response_format.json_schema.strict", losses);
            let (schema, is_exact) = closed(schema);
            report_if(!is_exact, "response_format.json_schema.schema", losses);
            Some(schema)
        }
    };
    if effort.is_none() && schema.is_none() {
        return;
    }
    body.object("output_config", |config| {
        config.text_if("effort", effort);
        if let Some(schema) = schema {
            config.object("format", |format| {
                format.text("type", "json_schema");
                format.json("schema", &schema);
            });
        }
    });
}

fn report_if(is_lost: bool, field: &'static str, losses: &mut Losses) {
    if is_lost {
        losses.add(Severity::Reported, field);
    }
}

/// A model that thinks draws its tokens as it must; otherwise one of the two ways to steer that is taken.
fn write_sampling(
    conversation: &Conversation<'_>,
    thinks: bool,
    body: &mut ObjectWriter<'_>,
    losses: &mut Losses,
) {
    let sampling = &conversation.sampling;
    if thinks {
        report_if(
            sampling.temperature.as_deref().is_some_and(|t| t != "1" && t != "1.0"),
            "temperature",
            losses,
        );
        report_if(sampling.top_p.as_deref().is_some_and(|p| p != "1" && p != "1.0"), "top_p", losses);
        report_if(sampling.top_k.is_some(), "top_k", losses);
    } else {
        if let Some(temperature) = &sampling.temperature {
            body.raw("temperature", clamped(temperature, losses));
        }
        let is_second = sampling.temperature.is_some();
        let is_said = |p: &str| p != "1" && p != "1.0";
        match sampling.top_p.as_deref() {
            Some(top_p) if is_second => report_if(is_said(top_p), "top_p", losses),
            top_p => body.raw_if("top_p", top_p),
        }
        body.raw_if("top_k", sampling.top_k.as_deref());
    }
    report_if(is_some_number(sampling.frequency_penalty.as_deref()), "frequency_penalty", losses);
    report_if(is_some_number(sampling.presence_penalty.as_deref()), "presence_penalty", losses);
    report_if(sampling.seed.is_some(), "seed", losses);
}

/// Whether a number that is 0 without being said is said to be another.
fn is_some_number(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.parse::<f64>().is_ok_and(|number| number != 0.0))
}

/// The range ends at 1 here and at 2 in other dialects.
fn clamped<'t>(temperature: &'t str, losses: &mut Losses) -> &'t str {
    if temperature.parse::<f64>().is_ok_and(|value| value > 1.0) {
        losses.add(Severity::Reported, "temperature");
        return "1";
    }
    temperature
}

/// Stop texts of white space alone are refused.
fn write_stop(conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>, losses: &mut Losses) {
    let (said, blank): (Vec<&Cow<'_, str>>, Vec<&Cow<'_, str>>) =
        conversation.stop.iter().partition(|text| !text.trim().is_empty());
    report_if(!blank.is_empty(), "stop", losses);
    if !said.is_empty() {
        body.array("stop_sequences", |array| said.iter().for_each(|text| array.text(text)));
    }
}

fn write_rest(conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>, losses: &mut Losses) {
    if let Some(user) = &conversation.end_user {
        body.object("metadata", |metadata| metadata.text("user_id", user));
    }
    match conversation.service_tier.as_deref() {
        None => {}
        Some("auto") => body.text("service_tier", "auto"),
        Some("default") => body.text("service_tier", "standard_only"),
        Some(_) => losses.add(Severity::Reported, "service_tier"),
    }
    report_if(conversation.metadata.is_some(), "metadata", losses);
    report_if(conversation.cache_key.is_some(), "prompt_cache_key", losses);
    if conversation.answers.is_some() {
        losses.add(Severity::Refused, "n");
    }
    if conversation.log_probs.is_some() {
        losses.add(Severity::Refused, "logprobs");
    }
    report::others(conversation, &[], losses);
    if conversation.stream {
        body.truth("stream", true);
    }
}
