use super::messages::write_messages;
use crate::Destination;
use crate::canonical::{
    Conversation, Effort, Format, Losses, Reasoning, Severity, Tool, ToolChoice, ToolKind,
};
use crate::dialect::words::{effort_of_budget, openai_effort};
use crate::dialect::{custom, report};
use crate::json::{ObjectWriter, write_object};

/// The most stop texts that OpenAI takes.
const STOP_TEXTS_MAX: usize = 4;

/// Members of other dialects that mean here what they mean there.
const COMMON: [&str; 2] = ["logit_bias", "verbosity"];

/// Further ones that servers inside the network know (vLLM, SGLang, llama.cpp) and OpenAI refuses.
const COMMON_INSIDE: [&str; 6] =
    ["min_p", "typical_p", "repetition_penalty", "ignore_eos", "min_tokens", "chat_template_kwargs"];

/// Writes a request.
pub fn write(conversation: &Conversation<'_>, to: &Destination<'_>, out: &mut Vec<u8>) -> Losses {
    let mut losses = Losses::default();
    write_object(out, |body| {
        body.text("model", to.model);
        body.array("messages", |array| write_messages(conversation, to, array, &mut losses));
        write_tools(conversation, body, &mut losses);
        write_limits(conversation, to, body, &mut losses);
        write_form(conversation, body, &mut losses);
        write_thinking(conversation.reasoning.as_ref(), body, &mut losses);
        write_rest(conversation, to, body, &mut losses);
    });
    losses
}

fn write_tools(conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>, losses: &mut Losses) {
    if conversation.tools.is_empty() {
        return;
    }
    body.array("tools", |tools| {
        for tool in &conversation.tools {
            tools.object(|object| {
                object.text("type", "function");
                object.object("function", |function| write_tool(tool, function, losses));
            });
        }
    });
    match &conversation.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => body.text("tool_choice", "auto"),
        Some(ToolChoice::None) => body.text("tool_choice", "none"),
        Some(ToolChoice::Required) => body.text("tool_choice", "required"),
        Some(ToolChoice::Tool { name, .. }) => body.object("tool_choice", |choice| {
            choice.text("type", "function");
            choice.object("function", |function| function.text("name", name));
        }),
    }
    if let Some(parallel) = conversation.parallel_tools {
        body.truth("parallel_tool_calls", parallel);
    }
}

/// A tool that takes free text becomes a function, which all servers know.
fn write_tool(tool: &Tool<'_>, function: &mut ObjectWriter<'_>, losses: &mut Losses) {
    function.text("name", &tool.name);
    match tool.kind {
        ToolKind::Function => function.text_if("description", tool.description.as_deref()),
        ToolKind::Custom => function.text_if("description", custom::description(tool).as_deref()),
    }
    custom::write_schema(tool, "parameters", function);
    if let Some(strict) = tool.strict {
        function.truth("strict", strict);
    }
    report::tool(tool, losses);
}

fn write_limits(
    conversation: &Conversation<'_>,
    to: &Destination<'_>,
    body: &mut ObjectWriter<'_>,
    losses: &mut Losses,
) {
    if let Some(limit) = conversation.max_output_tokens {
        // OpenAI's reasoning models refuse the old name; servers inside may not know the new one.
        body.number(if to.outside { "max_completion_tokens" } else { "max_tokens" }, limit);
    }
    let sampling = &conversation.sampling;
    body.raw_if("temperature", sampling.temperature.as_deref());
    body.raw_if("top_p", sampling.top_p.as_deref());
    match &sampling.top_k {
        Some(_) if to.outside => losses.add(Severity::Reported, "top_k"),
        top_k => body.raw_if("top_k", top_k.as_deref()),
    }
    body.raw_if("frequency_penalty", sampling.frequency_penalty.as_deref());
    body.raw_if("presence_penalty", sampling.presence_penalty.as_deref());
    body.raw_if("seed", sampling.seed.as_deref());
    if !conversation.stop.is_empty() {
        body.array("stop", |array| conversation.stop.iter().for_each(|text| array.text(text)));
    }
    if to.outside && conversation.stop.len() > STOP_TEXTS_MAX {
        losses.add(Severity::Refused, "stop");
    }
}

fn write_form(conversation: &Conversation<'_>, body: &mut ObjectWriter<'_>, _losses: &mut Losses) {
    if let Some(answers) = conversation.answers {
        body.number("n", answers);
    }
    if let Some(log_probs) = conversation.log_probs {
        body.truth("logprobs", true);
        if let Some(top) = log_probs.top {
            body.number("top_logprobs", top);
        }
    }
    match &conversation.format {
        None => {}
        Some(Format::Text) => body.object("response_format", |format| format.text("type", "text")),
        Some(Format::JsonObject) => {
            body.object("response_format", |format| format.text("type", "json_object"));
        }
        Some(Format::JsonSchema { name, description, schema, strict }) => {
            body.object("response_format", |format| {
                format.text("type", "json_schema");
                format.object("json_schema", |inner| {
                    // A name is required here; other dialects have none.
                    inner.text("name", name.as_deref().unwrap_or("answer"));
                    inner.text_if("description", description.as_deref());
                    inner.json("schema", schema);
                    if let Some(strict) = strict {
                        inner.truth("strict", *strict);
                    }
                });
            });
        }
    }
}

fn write_thinking(reasoning: Option<&Reasoning<'_>>, body: &mut ObjectWriter<'_>, losses: &mut Losses) {
    let Some(reasoning) = reasoning else { return };
    let effort = reasoning.effort.or(reasoning.budget_tokens.map(effort_of_budget));
    if let Some(effort) = effort {
        body.text("reasoning_effort", openai_effort(effort));
    }
    if effort == Some(Effort::Max) || (reasoning.budget_tokens.is_some_and(|tokens| tokens > 0)) {
        losses.add(Severity::Reported, "reasoning_effort");
    }
    if reasoning.summary.is_some() {
        losses.add(Severity::Reported, "reasoning.summary");
    }
}

fn write_rest(
    conversation: &Conversation<'_>,
    to: &Destination<'_>,
    body: &mut ObjectWriter<'_>,
    losses: &mut Losses,
) {
    body.text_if("user", conversation.end_user.as_deref());
    body.text_if("service_tier", conversation.service_tier.as_deref());
    body.text_if("prompt_cache_key", conversation.cache_key.as_deref());
    if conversation.metadata.is_some() {
        // OpenAI takes labels only with answers that it stores.
        losses.add(Severity::Reported, "metadata");
    }
    let mut written = COMMON.to_vec();
    if !to.outside {
        written.extend(COMMON_INSIDE);
    }
    for (name, value) in conversation.others.iter().filter(|(name, _)| written.contains(name)) {
        body.json(name, value);
    }
    report::others(conversation, &written, losses);
    if conversation.stream {
        body.truth("stream", true);
        body.object("stream_options", |options| options.truth("include_usage", true));
    }
}
