use super::super::BadRequest;
use super::super::opaque::Opaque;
use super::super::parts::check_parts;
use super::{boolean, refuse};
use crate::json::{Json, Object, push_index};

/// `POST /v1/chat/completions`.
pub(super) fn check(body: &Object, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    check_messages(body, opaque)?;
    check_tools(body)?;
    refuse(body, &["previous_response_id", "conversation", "web_search_options"])?;
    if boolean(body, "store")? {
        opaque.push(Opaque::new("store", "store".to_owned()));
    }
    Ok(())
}

fn check_messages(body: &Object, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    let messages = match body.get("messages") {
        Some(Json::Array(messages)) => messages,
        Some(other) => return Err(BadRequest::shape("messages", "an array of messages", other)),
        None => {
            return Err(BadRequest::field("missing_required_parameter", "messages", "`messages` is missing"));
        }
    };
    if messages.is_empty() {
        return Err(BadRequest::field(
            "invalid_value",
            "messages",
            "`messages` must hold at least one message",
        ));
    }
    for (index, message) in messages.iter().enumerate() {
        check_message(message, index, opaque)?;
    }
    Ok(())
}

fn check_message(message: &Json, index: usize, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    let within = |member: &str| format!("messages[{index}]{member}");
    let Json::Object(message) = message else {
        return Err(BadRequest::shape(&within(""), "an object", message));
    };
    match message.get("role") {
        Some(Json::String(_)) => {}
        Some(other) => return Err(BadRequest::shape(&within(".role"), "a string", other)),
        None => {
            let param = within(".role");
            return Err(BadRequest::field("missing_required_parameter", param, "a message needs a `role`"));
        }
    }
    if message.get("audio").is_some_and(|audio| *audio != Json::Null) {
        opaque.push(Opaque::new("audio", within(".audio")));
    }
    match message.get("content") {
        None | Some(Json::Null | Json::String(_)) => Ok(()),
        Some(Json::Array(parts)) => check_parts(parts, &within(".content"), opaque),
        Some(other) => {
            Err(BadRequest::shape(&within(".content"), "a string, null or an array of content parts", other))
        }
    }
}

/// Tools that a backend would run itself reach out from where it stands; only the client's own pass.
fn check_tools(body: &Object) -> Result<(), BadRequest> {
    let tools = match body.get("tools") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::Array(tools)) => tools,
        Some(other) => return Err(BadRequest::shape("tools", "an array", other)),
    };
    for (index, tool) in tools.iter().enumerate() {
        let mut path = "tools".to_owned();
        push_index(&mut path, index);
        let Json::Object(tool) = tool else {
            return Err(BadRequest::shape(&path, "an object", tool));
        };
        if !matches!(tool.get("type").and_then(Json::as_str), Some("function" | "custom")) {
            return Err(BadRequest::field(
                "unsupported_parameter",
                format!("{path}.type"),
                "only tools of type `function` or `custom` are passed on; a hosted tool would act outside Weir's sight",
            ));
        }
    }
    Ok(())
}
