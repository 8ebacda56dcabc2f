use super::super::BadRequest;
use super::super::opaque::Opaque;
use super::super::parts::{check_parts, refuse_remote};
use super::{boolean, refuse};
use crate::json::{Json, Object, push_index};

/// `POST /v1/responses`. What a `previous_response_id` stands for has been put in its place before.
pub(super) fn check(body: &Object, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    refuse(body, &["previous_response_id", "conversation", "prompt"])?;
    if boolean(body, "background")? {
        return Err(BadRequest::unsupported("background", "is not offered; leave it out, or use a stream"));
    }
    boolean(body, "store")?;
    let items = body.get("input").and_then(Json::as_array).unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        let mut path = "input".to_owned();
        push_index(&mut path, index);
        if let Json::Object(item) = item {
            check_item(item, &path, opaque)?;
        }
    }
    check_tools(body)
}

fn check_item(item: &Object, path: &str, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    match item.get("type").and_then(Json::as_str) {
        None | Some("message" | "reasoning" | "function_call" | "custom_tool_call" | "local_shell_call") => {}
        Some("function_call_output" | "custom_tool_call_output" | "local_shell_call_output") => {}
        Some("item_reference") => {
            return Err(BadRequest::unsupported(
                &format!("{path}.id"),
                "refers to an item that is stored elsewhere; send the item itself",
            ));
        }
        Some(_) => {
            refuse_remote(item, true, path)?;
            opaque.push(Opaque::new("unknown item", path.to_owned()));
        }
    }
    for name in ["content", "output", "summary"] {
        if let Some(Json::Array(parts)) = item.get(name) {
            check_parts(parts, &format!("{path}.{name}"), opaque)?;
        }
    }
    Ok(())
}

/// Takes out tools that search the web at the provider's, unless the client insists on them: some clients offer them
/// with every request, and work without. Whether there was one.
pub(super) fn leave_out_search(body: &mut Object) -> bool {
    if insists(body.get("tool_choice")) {
        return false;
    }
    let Some(Json::Array(tools)) = body.get_mut("tools") else { return false };
    let before = tools.len();
    let kind = |tool: &Json| tool.as_object()?.get("type")?.as_str().map(str::to_owned);
    tools
        .retain(|tool| !kind(tool).is_some_and(|kind| matches!(&*kind, "web_search" | "web_search_preview")));
    let (after, has_none) = (tools.len(), tools.is_empty());
    if has_none {
        body.remove("tools");
    }
    before != after
}

/// Whether a choice may mean a tool that searches: only `auto` and `none`, and a choice among functions, do not.
fn insists(choice: Option<&Json>) -> bool {
    match choice {
        None | Some(Json::Null) => false,
        Some(Json::String(word)) => !matches!(&**word, "auto" | "none"),
        Some(Json::Object(choice)) => {
            let kind = |value: &Json| value.as_object()?.get("type")?.as_str().map(str::to_owned);
            let named = choice.get("tools").and_then(Json::as_array).unwrap_or_default();
            choice.get("type").and_then(Json::as_str) != Some("allowed_tools")
                || named.iter().any(|tool| !matches!(kind(tool).as_deref(), Some("function" | "custom")))
        }
        Some(Json::Bool(_) | Json::Number(_) | Json::Array(_)) => true,
    }
}

/// Tools that the client runs itself.
fn check_tools(body: &Object) -> Result<(), BadRequest> {
    let tools = body.get("tools").and_then(Json::as_array).unwrap_or_default();
    for (index, tool) in tools.iter().enumerate() {
        let kind = tool.as_object().and_then(|tool| tool.get("type")).and_then(Json::as_str);
        if !matches!(kind, Some("function" | "custom" | "local_shell" | "namespace")) {
            let mut path = "tools".to_owned();
            push_index(&mut path, index);
            return Err(BadRequest::unsupported(
                &format!("{path}.type"),
                "must be `function` or `custom`; a hosted tool would act outside Weir's sight",
            ));
        }
    }
    Ok(())
}
