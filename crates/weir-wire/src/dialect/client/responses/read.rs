use super::items::read_input;
use crate::canonical::{
    Conversation, Effort, Format, LogProbs, Message, Part, Reasoning, Role, Sampling, Tool, ToolKind,
};
use crate::dialect::client::chat::{read_format, read_tool_choice};
use crate::dialect::fields::{At, Fields, Others, Read};
use crate::dialect::report::HOSTED_TOOL;
use crate::dialect::words::effort;
use crate::json::{Json, Object};
use std::borrow::Cow;

/// Asks for the probabilities of tokens.
const LOG_PROBS: &str = "message.output_text.logprobs";

/// Reads a request. What it refers to in a store must have been put in its place before.
///
/// # Errors
/// [`BadRequest`](crate::chat::BadRequest) for a shape that is none of the dialect's.
pub fn read<'r>(body: &'r Object<'static>) -> Read<Conversation<'r>> {
    let mut fields = Fields::new(At::Body, body);
    fields.skip(&["model"]);
    let mut messages = Vec::new();
    if let Some(text) = fields.cow("instructions")? {
        let parts = vec![Part::Text { text, cache: None }];
        messages.push(Message { role: Role::System, parts, name: None });
    }
    let mut left = Vec::new();
    let into = (&mut messages, &mut left);
    read_input(&At::Key(&At::Body, "input"), fields.required("input")?, into)?;
    let (mut tools, hosted) = read_tools(&mut fields)?;
    let choice = fields.get("tool_choice");
    let choice = choice
        .map(|value| read_tool_choice(&At::Key(&At::Body, "tool_choice"), value, &mut tools))
        .transpose()?;
    let (format, verbosity) = read_text(&mut fields, &mut left)?;
    let (identifier, user) = (fields.cow("safety_identifier")?, fields.cow("user")?);
    let mut conversation = Conversation {
        messages,
        tools,
        tool_choice: choice,
        parallel_tools: fields.truth("parallel_tool_calls")?,
        max_output_tokens: fields.whole("max_output_tokens")?,
        sampling: Sampling {
            temperature: fields.number("temperature")?,
            top_p: fields.number("top_p")?,
            ..Sampling::default()
        },
        log_probs: read_log_probs(&mut fields)?,
        format,
        reasoning: read_reasoning(&mut fields, &mut left)?,
        end_user: identifier.or(user),
        service_tier: fields.cow("service_tier")?,
        cache_key: fields.cow("prompt_cache_key")?,
        metadata: fields.get("metadata"),
        stream: fields.truth("stream")?.unwrap_or(false),
        ..Conversation::default()
    };
    conversation.others = fields.others();
    conversation.others.extend(left);
    conversation.others.extend(hosted);
    conversation.others.extend(verbosity.map(|value| ("verbosity", value)));
    Ok(conversation)
}

type Tools<'r> = (Vec<Tool<'r>>, Others<'r>);

/// Tools that the client runs, and others: those are for the provider that has them.
fn read_tools<'r>(fields: &mut Fields<'r, '_>) -> Read<Tools<'r>> {
    let at = At::Key(&At::Body, "tools");
    let (mut tools, mut hosted) = (Vec::new(), Vec::new());
    for (index, value) in fields.items("tools")?.iter().enumerate() {
        let at = At::Index(&at, index);
        let mut tool = at.fields(value)?;
        match &*tool.required_text("type")? {
            "function" => tools.push(read_tool(tool, ToolKind::Function, "parameters")?),
            "custom" => tools.push(read_tool(tool, ToolKind::Custom, "format")?),
            _ => hosted.push((HOSTED_TOOL, value)),
        }
    }
    Ok((tools, hosted))
}

fn read_tool<'r>(mut fields: Fields<'r, '_>, kind: ToolKind, parameters: &'static str) -> Read<Tool<'r>> {
    Ok(Tool {
        name: fields.required_text("name")?,
        kind,
        description: fields.cow("description")?,
        parameters: fields.get(parameters),
        strict: fields.truth("strict")?,
        cache: None,
        others: fields.others(),
    })
}

type Text<'r> = (Option<Format<'r>>, Option<&'r Json<'static>>);

/// The form of the answer, and how many words it is to have.
fn read_text<'r>(fields: &mut Fields<'r, '_>, others: &mut Others<'r>) -> Read<Text<'r>> {
    let Some(object) = fields.object("text")? else { return Ok((None, None)) };
    let at = At::Key(&At::Body, "text");
    let mut text = Fields::new(at, object);
    let verbosity = text.get("verbosity");
    let at = At::Key(&at, "format");
    let format = text.get("format").map(|value| read_format(&at, value, at.fields(value)?)).transpose()?;
    text.leave(&[], others);
    Ok((format, verbosity))
}

fn read_log_probs(fields: &mut Fields<'_, '_>) -> Read<Option<LogProbs>> {
    let top = fields.whole("top_logprobs")?.filter(|top| *top > 0);
    let is_included = fields.items("include")?.iter().any(|value| value.as_str() == Some(LOG_PROBS));
    Ok((is_included || top.is_some()).then_some(LogProbs { top }))
}

/// An effort that is not known counts as not said: agents send theirs to whatever is behind a name.
fn read_reasoning<'r>(fields: &mut Fields<'r, '_>, others: &mut Others<'r>) -> Read<Option<Reasoning<'r>>> {
    let Some(object) = fields.object("reasoning")? else { return Ok(None) };
    let mut reasoning = Fields::new(At::Key(&At::Body, "reasoning"), object);
    let effort: Option<Effort> = reasoning.text("effort")?.and_then(effort);
    let (summary, older): (Option<Cow<'r, str>>, _) =
        (reasoning.cow("summary")?, reasoning.cow("generate_summary")?);
    let summary = summary.or(older);
    reasoning.leave(&[], others);
    Ok((effort.is_some() || summary.is_some()).then_some(Reasoning { effort, budget_tokens: None, summary }))
}
