use super::super::BadRequest;
use super::super::opaque::Opaque;
use super::super::parts::check_parts;
use super::refuse;
use crate::json::{Json, Object, push_index};

/// `POST /v1/messages` and `POST /v1/messages/count_tokens`.
pub(super) fn check(body: &Object, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    refuse(body, &["mcp_servers", "container"])?;
    if let Some(Json::Array(blocks)) = body.get("system") {
        check_parts(blocks, "system", opaque)?;
    }
    let messages = body.get("messages").and_then(Json::as_array).unwrap_or_default();
    for (index, message) in messages.iter().enumerate() {
        let content = message.as_object().and_then(|message| message.get("content"));
        if let Some(Json::Array(blocks)) = content {
            let mut path = "messages".to_owned();
            push_index(&mut path, index);
            check_parts(blocks, &format!("{path}.content"), opaque)?;
        }
    }
    check_tools(body)
}

/// Tools that the client runs itself; those of the provider would act outside Weir's sight.
///
/// Source: the tools of Anthropic's API, whose types end in a date, such as `bash_20250124`.
const RUN_BY_CLIENTS: [&str; 4] = ["bash_", "text_editor_", "computer_", "memory_"];

fn check_tools(body: &Object) -> Result<(), BadRequest> {
    let tools = body.get("tools").and_then(Json::as_array).unwrap_or_default();
    for (index, tool) in tools.iter().enumerate() {
        let kind = tool.as_object().and_then(|tool| tool.get("type")).and_then(Json::as_str);
        let is_clients = kind.is_none_or(|kind| {
            kind == "custom" || RUN_BY_CLIENTS.iter().any(|known| kind.starts_with(known))
        });
        if !is_clients {
            let mut path = "tools".to_owned();
            push_index(&mut path, index);
            return Err(BadRequest::unsupported(
                &format!("{path}.type"),
                "names a tool that the provider would run itself, outside Weir's sight; leave the tool out",
            ));
        }
    }
    Ok(())
}
