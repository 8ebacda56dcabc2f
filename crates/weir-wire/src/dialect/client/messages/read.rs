use super::blocks::{read_message, read_texts};
use crate::canonical::{
    Conversation, Effort, Format, Message, Reasoning, Role, Sampling, Tool, ToolChoice, ToolKind,
};
use crate::dialect::fields::{At, Fields, Others, Read, one_or_many};
use crate::dialect::report::HOSTED_TOOL;
use crate::dialect::words::{cache_hint, effort};
use crate::json::{Json, Object};
use std::borrow::Cow;

/// Reads a request.
///
/// # Errors
/// [`BadRequest`](crate::chat::BadRequest) for a shape that is no message request.
pub fn read<'r>(body: &'r Object<'static>) -> Read<Conversation<'r>> {
    let limit = Fields::new(At::Body, body).required("max_tokens").map(|_| ());
    let conversation = read_count(body)?;
    limit.map(|()| conversation)
}

/// Reads a request to count its tokens, which has no limit.
///
/// # Errors
/// As [`read`].
pub fn read_count<'r>(body: &'r Object<'static>) -> Read<Conversation<'r>> {
    let mut fields = Fields::new(At::Body, body);
    fields.skip(&["model"]);
    let mut others = Vec::new();
    let mut messages = read_system(&mut fields, &mut others)?;
    let messages_at = At::Key(&At::Body, "messages");
    let said = messages_at.items(fields.required("messages")?)?;
    for (index, value) in said.iter().enumerate() {
        messages.push(read_message(At::Index(&messages_at, index).fields(value)?, &mut others)?);
    }
    let (format, effort) = read_output(&mut fields, &mut others)?;
    let (tools, hosted) = read_tools(&mut fields)?;
    let (tool_choice, parallel_tools) = read_choice(&mut fields)?;
    let mut conversation = Conversation {
        messages,
        tools,
        tool_choice,
        parallel_tools,
        max_output_tokens: fields.whole("max_tokens")?,
        sampling: Sampling {
            temperature: fields.number("temperature")?,
            top_p: fields.number("top_p")?,
            top_k: fields.number("top_k")?,
            ..Sampling::default()
        },
        stop: read_stop(&mut fields)?,
        format,
        reasoning: read_thinking(&mut fields, effort, &mut others)?,
        service_tier: read_tier(&mut fields)?,
        stream: fields.truth("stream")?.unwrap_or(false),
        ..Conversation::default()
    };
    read_metadata(&mut fields, &mut conversation, &mut others)?;
    conversation.others = fields.others();
    conversation.others.extend(hosted);
    conversation.others.extend(others);
    Ok(conversation)
}

fn read_system<'r>(fields: &mut Fields<'r, '_>, others: &mut Others<'r>) -> Read<Vec<Message<'r>>> {
    let at = fields.at();
    let Some(value) = fields.get("system") else { return Ok(Vec::new()) };
    let parts = read_texts(&At::Key(&at, "system"), value, others)?;
    Ok(vec![Message { role: Role::System, parts, name: None }])
}

type Tools<'r> = (Vec<Tool<'r>>, Others<'r>);

/// Tools with a schema of the client's, and others: those mean something to Anthropic alone.
fn read_tools<'r>(fields: &mut Fields<'r, '_>) -> Read<Tools<'r>> {
    let at = fields.at();
    let at = At::Key(&at, "tools");
    let (mut tools, mut hosted) = (Vec::new(), Vec::new());
    for (index, value) in fields.items("tools")?.iter().enumerate() {
        let at = At::Index(&at, index);
        let mut tool = at.fields(value)?;
        match tool.text("type")? {
            None | Some("custom") => tools.push(read_tool(tool)?),
            Some(_) => hosted.push((HOSTED_TOOL, value)),
        }
    }
    Ok((tools, hosted))
}

fn read_tool<'r>(mut fields: Fields<'r, '_>) -> Read<Tool<'r>> {
    Ok(Tool {
        name: fields.required_text("name")?,
        kind: ToolKind::Function,
        description: fields.cow("description")?,
        parameters: fields.get("input_schema"),
        strict: fields.truth("strict")?,
        cache: cache_hint(fields.get("cache_control")),
        others: fields.others(),
    })
}

fn read_choice<'r>(fields: &mut Fields<'r, '_>) -> Read<(Option<ToolChoice<'r>>, Option<bool>)> {
    let at = fields.at();
    let at = At::Key(&at, "tool_choice");
    let Some(value) = fields.get("tool_choice") else { return Ok((None, None)) };
    let mut choice = at.fields(value)?;
    let parallel = choice.truth("disable_parallel_tool_use")?.map(|disabled| !disabled);
    let tool = match &*choice.required_text("type")? {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Tool { name: choice.required_text("name")?, kind: ToolKind::Function },
        _ => return Err(At::Key(&at, "type").value("use `auto`, `any`, `tool` or `none`")),
    };
    Ok((Some(tool), parallel))
}

fn read_stop<'r>(fields: &mut Fields<'r, '_>) -> Read<Vec<Cow<'r, str>>> {
    let at = fields.at();
    fields
        .get("stop_sequences")
        .map_or(Ok(Vec::new()), |value| one_or_many(&At::Key(&at, "stop_sequences"), value))
}

/// The form of the answer and how hard the model works, which stand in one object.
fn read_output<'r>(
    fields: &mut Fields<'r, '_>,
    others: &mut Others<'r>,
) -> Read<(Option<Format<'r>>, Option<Effort>)> {
    let at = fields.at();
    let at = At::Key(&at, "output_config");
    let older = fields.get("output_format");
    let Some(object) = fields.object("output_config")? else {
        let format =
            older.map(|value| read_format(&At::Key(&At::Body, "output_format"), value)).transpose()?;
        return Ok((format, None));
    };
    let mut config = Fields::new(at, object);
    let format = config.get("format").or(older);
    let format = format.map(|value| read_format(&At::Key(&at, "format"), value)).transpose()?;
    let effort = match config.text("effort")? {
        None => None,
        Some(word) => {
            let effort = effort(word);
            let words = "use `low`, `medium`, `high`, `xhigh` or `max`";
            Some(effort.ok_or_else(|| At::Key(&at, "effort").value(words))?)
        }
    };
    config.leave(&[], others);
    Ok((format, effort))
}

fn read_format<'r>(at: &At<'_>, value: &'r Json<'static>) -> Read<Format<'r>> {
    let mut format = at.fields(value)?;
    match &*format.required_text("type")? {
        "json_schema" => Ok(Format::JsonSchema {
            name: format.cow("name")?,
            description: None,
            schema: format.required("schema")?,
            strict: None,
        }),
        _ => Err(At::Key(at, "type").unsupported("use `json_schema`")),
    }
}

/// Effort without thinking says how many words an answer has; no other dialect can say that, and clients
/// send it to whatever is behind the model's name.
fn read_thinking<'r>(
    fields: &mut Fields<'r, '_>,
    effort: Option<Effort>,
    others: &mut Others<'r>,
) -> Read<Option<Reasoning<'r>>> {
    let at = fields.at();
    let at = At::Key(&at, "thinking");
    let Some(value) = fields.get("thinking") else { return Ok(None) };
    let mut thinking = at.fields(value)?;
    let summary = thinking.text("display")?.map(|word| match word {
        "omitted" => Cow::Borrowed("none"),
        _ => Cow::Borrowed("auto"),
    });
    let reasoning = match &*thinking.required_text("type")? {
        "disabled" => Reasoning { effort: Some(Effort::None), budget_tokens: None, summary },
        "enabled" => Reasoning { effort: None, budget_tokens: thinking.whole("budget_tokens")?, summary },
        _ => Reasoning { effort, budget_tokens: None, summary },
    };
    thinking.leave(&["budget_tokens"], others);
    Ok(Some(reasoning))
}

/// In the words of OpenAI, which the canonical model has.
fn read_tier<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Cow<'r, str>>> {
    Ok(fields
        .cow("service_tier")?
        .map(|tier| if tier == "standard_only" { Cow::Borrowed("default") } else { tier }))
}

fn read_metadata<'r>(
    fields: &mut Fields<'r, '_>,
    conversation: &mut Conversation<'r>,
    others: &mut Others<'r>,
) -> Read<()> {
    let at = fields.at();
    let Some(object) = fields.object("metadata")? else { return Ok(()) };
    let mut metadata = Fields::new(At::Key(&at, "metadata"), object);
    conversation.end_user = metadata.cow("user_id")?;
    metadata.leave(&[], others);
    Ok(())
}
