use super::choice::read_choice;
use super::message::read_messages;
use crate::canonical::{Conversation, Format, LogProbs, Reasoning, Sampling, Tool, ToolKind};
use crate::dialect::fields::{At, Fields, Others, Read, one_or_many};
use crate::dialect::report::HOSTED_TOOL;
use crate::dialect::words::{cache_hint, effort};
use crate::json::{Json, Object};
use std::borrow::Cow;

/// Reads a request.
///
/// # Errors
/// [`BadRequest`](crate::chat::BadRequest) for a shape that is no chat completion.
pub fn read<'r>(body: &'r Object<'static>) -> Read<Conversation<'r>> {
    let mut fields = Fields::new(At::Body, body);
    fields.skip(&["model", "stream_options"]);
    let messages = read_messages(&At::Key(&At::Body, "messages"), fields.required("messages")?)?;
    let (mut tools, hosted) = read_tools(&mut fields)?;
    let tool_choice = read_choice(&mut fields, &mut tools)?;
    let mut conversation = Conversation {
        messages: messages.messages,
        tools,
        tool_choice,
        parallel_tools: fields.truth("parallel_tool_calls")?.or(calls_functions(body).then_some(false)),
        max_output_tokens: read_limit(&mut fields)?,
        sampling: read_sampling(&mut fields)?,
        stop: read_stop(&mut fields)?,
        answers: fields.whole("n")?.filter(|n| *n != 1),
        log_probs: read_log_probs(&mut fields)?,
        format: read_response_format(&mut fields)?,
        reasoning: read_reasoning(&mut fields)?,
        end_user: read_end_user(&mut fields)?,
        service_tier: fields.cow("service_tier")?,
        cache_key: fields.cow("prompt_cache_key")?,
        metadata: fields.get("metadata"),
        stream: fields.truth("stream")?.unwrap_or(false),
        others: Vec::new(),
    };
    conversation.others = fields.others();
    conversation.others.extend(messages.others);
    conversation.others.extend(hosted);
    Ok(conversation)
}

/// Whether the client speaks of `functions`, as before there were tools: it gets one call an answer, under
/// its old name.
pub(super) fn calls_functions(body: &Object<'static>) -> bool {
    let has = |name: &str| body.get(name).and_then(Json::as_array).is_some_and(|items| !items.is_empty());
    has("functions") && !has("tools")
}

/// Tools that the client runs, and others: those are for the provider that has them.
type Tools<'r> = (Vec<Tool<'r>>, Others<'r>);

fn read_tools<'r>(fields: &mut Fields<'r, '_>) -> Read<Tools<'r>> {
    let at = fields.at();
    let tools_at = At::Key(&at, "tools");
    let (mut tools, mut hosted) = (Vec::new(), Vec::new());
    for (index, value) in fields.items("tools")?.iter().enumerate() {
        match read_tool(&At::Index(&tools_at, index), value)? {
            Some(tool) => tools.push(tool),
            None => hosted.push((HOSTED_TOOL, value)),
        }
    }
    let functions_at = At::Key(&at, "functions");
    for (index, function) in fields.items("functions")?.iter().enumerate() {
        tools.push(read_function(&At::Index(&functions_at, index), function)?);
    }
    Ok((tools, hosted))
}

/// A tool whose definition stands under the name of its type; `None` if the client does not run it.
fn read_tool<'r>(at: &At<'_>, value: &'r Json<'static>) -> Read<Option<Tool<'r>>> {
    let mut fields = at.fields(value)?;
    let mut tool = match fields.text("type")?.unwrap_or("function") {
        "function" => read_function(&At::Key(at, "function"), fields.required("function")?)?,
        "custom" => read_custom(&At::Key(at, "custom"), fields.required("custom")?)?,
        _ => return Ok(None),
    };
    if tool.cache.is_none() {
        tool.cache = cache_hint(fields.get("cache_control"));
    }
    tool.others.extend(fields.others());
    Ok(Some(tool))
}

fn read_function<'r>(at: &At<'_>, value: &'r Json<'static>) -> Read<Tool<'r>> {
    let mut fields = at.fields(value)?;
    Ok(Tool {
        name: fields.required_text("name")?,
        kind: ToolKind::Function,
        description: fields.cow("description")?,
        parameters: fields.get("parameters"),
        strict: fields.truth("strict")?,
        cache: cache_hint(fields.get("cache_control")),
        others: fields.others(),
    })
}

fn read_custom<'r>(at: &At<'_>, value: &'r Json<'static>) -> Read<Tool<'r>> {
    let mut fields = at.fields(value)?;
    Ok(Tool {
        name: fields.required_text("name")?,
        kind: ToolKind::Custom,
        description: fields.cow("description")?,
        parameters: fields.get("format"),
        strict: None,
        cache: None,
        others: fields.others(),
    })
}

fn read_limit(fields: &mut Fields<'_, '_>) -> Read<Option<u64>> {
    let (new, old) = (fields.whole("max_completion_tokens")?, fields.whole("max_tokens")?);
    Ok(new.or(old))
}

/// The numbers that OpenAI's older API and Ollama's have too, by the same names.
pub(crate) fn read_sampling<'r>(fields: &mut Fields<'r, '_>) -> Read<Sampling<'r>> {
    Ok(Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.number("top_k")?,
        frequency_penalty: fields.number("frequency_penalty")?,
        presence_penalty: fields.number("presence_penalty")?,
        seed: fields.number("seed")?,
    })
}

fn read_stop<'r>(fields: &mut Fields<'r, '_>) -> Read<Vec<Cow<'r, str>>> {
    let at = fields.at();
    fields.get("stop").map_or(Ok(Vec::new()), |value| one_or_many(&At::Key(&at, "stop"), value))
}

fn read_log_probs(fields: &mut Fields<'_, '_>) -> Read<Option<LogProbs>> {
    let (wanted, top) = (fields.truth("logprobs")?, fields.whole("top_logprobs")?);
    Ok(wanted.filter(|wanted| *wanted).map(|_| LogProbs { top }))
}

fn read_response_format<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Format<'r>>> {
    let at = fields.at();
    let Some(value) = fields.get("response_format") else { return Ok(None) };
    let at = At::Key(&at, "response_format");
    let mut format = at.fields(value)?;
    match format.object("json_schema")? {
        Some(schema) => read_format(&at, value, Fields::new(At::Key(&at, "json_schema"), schema)).map(Some),
        None => read_format(&at, value, at.fields(value)?).map(Some),
    }
}

/// The form of an answer. `schema` is where its schema stands: in the format itself, or below it.
pub(crate) fn read_format<'r>(
    at: &At<'_>,
    value: &'r Json<'static>,
    mut schema: Fields<'r, '_>,
) -> Read<Format<'r>> {
    match at.fields(value)?.text("type")? {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") => Ok(Format::JsonSchema {
            name: schema.cow("name")?,
            description: schema.cow("description")?,
            schema: schema.required("schema")?,
            strict: schema.truth("strict")?,
        }),
        Some(_) => Err(At::Key(at, "type").unsupported("use `text`, `json_object` or `json_schema`")),
        None => Err(At::Key(at, "type").missing()),
    }
}

fn read_reasoning<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Reasoning<'r>>> {
    let at = fields.at();
    let Some(word) = fields.text("reasoning_effort")? else { return Ok(None) };
    match effort(word) {
        Some(effort) => Ok(Some(Reasoning { effort: Some(effort), ..Reasoning::default() })),
        None => Err(At::Key(&at, "reasoning_effort")
            .value("use `none`, `minimal`, `low`, `medium`, `high` or `xhigh`")),
    }
}

/// `safety_identifier` is the newer name of `user`.
fn read_end_user<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Cow<'r, str>>> {
    let (user, identifier) = (fields.cow("user")?, fields.cow("safety_identifier")?);
    Ok(identifier.or(user))
}
