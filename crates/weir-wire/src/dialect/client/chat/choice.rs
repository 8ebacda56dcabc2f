use crate::canonical::{Tool, ToolChoice, ToolKind};
use crate::dialect::fields::{At, Fields, Read};
use crate::json::Json;
use std::borrow::Cow;

/// The choice of a chat completion: `tool_choice`, or `function_call` as before there were tools.
pub(super) fn read_choice<'r>(
    fields: &mut Fields<'r, '_>,
    tools: &mut Vec<Tool<'r>>,
) -> Read<Option<ToolChoice<'r>>> {
    let at = fields.at();
    let choice = fields.get("tool_choice");
    let legacy = fields.get("function_call");
    match (choice, legacy) {
        (Some(value), _) => read_tool_choice(&At::Key(&at, "tool_choice"), value, tools).map(Some),
        (None, Some(Json::Object(object))) => {
            let name = Fields::new(At::Key(&at, "function_call"), object).required_text("name")?;
            Ok(Some(ToolChoice::Tool { name, kind: ToolKind::Function }))
        }
        (None, Some(value)) => read_tool_choice(&At::Key(&at, "function_call"), value, tools).map(Some),
        (None, None) => Ok(None),
    }
}

/// `"auto"`, `"none"`, `"required"`, a tool, or some of `tools`: under the name of their type, or flat. Where some are
/// named the others are not offered at all, which comes to the same and can be said in every dialect.
pub(crate) fn read_tool_choice<'r>(
    at: &At<'_>,
    value: &'r Json<'static>,
    tools: &mut Vec<Tool<'r>>,
) -> Read<ToolChoice<'r>> {
    if let Json::String(word) = value {
        return match &**word {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            _ => Err(at.value("use `auto`, `none`, `required`, or an object that names a tool")),
        };
    }
    if at.fields(value)?.text("type")? == Some("allowed_tools") {
        return read_allowed(at, value, tools);
    }
    let (kind, name) = read_named(at, value)?;
    Ok(ToolChoice::Tool { name, kind })
}

fn read_allowed<'r>(
    at: &At<'_>,
    value: &'r Json<'static>,
    tools: &mut Vec<Tool<'r>>,
) -> Read<ToolChoice<'r>> {
    let mut fields = at.fields(value)?;
    let under = At::Key(at, "allowed_tools");
    let (at, mut fields) = match fields.object("allowed_tools")? {
        Some(object) => (under, Fields::new(under, object)),
        None => (*at, fields),
    };
    let choice = match &*fields.required_text("mode")? {
        "auto" => ToolChoice::Auto,
        "required" => ToolChoice::Required,
        _ => return Err(At::Key(&at, "mode").value("use `auto` or `required`")),
    };
    let list = At::Key(&at, "tools");
    let items = list.items(fields.required("tools")?)?;
    let named = items.iter().enumerate().map(|(index, item)| {
        let at = At::Index(&list, index);
        let (kind, name) = read_named(&at, item)?;
        let is_offered = tools.iter().any(|tool| tool.kind == kind && tool.name == name);
        if is_offered { Ok((kind, name)) } else { Err(at.value("there is no such tool in `tools`")) }
    });
    let named = named.collect::<Read<Vec<_>>>()?;
    if named.is_empty() {
        return Err(list.value("name at least one tool; `none` is to call none"));
    }
    tools.retain(|tool| named.iter().any(|(kind, name)| *kind == tool.kind && *name == tool.name));
    Ok(choice)
}

/// A tool by its type and name.
fn read_named<'r>(at: &At<'_>, value: &'r Json<'static>) -> Read<(ToolKind, Cow<'r, str>)> {
    let mut fields = at.fields(value)?;
    let (kind, under) = match fields.text("type")? {
        Some("function") | None => (ToolKind::Function, "function"),
        Some("custom") => (ToolKind::Custom, "custom"),
        Some(_) => {
            return Err(At::Key(at, "type").unsupported("only a `function` or `custom` tool can be named"));
        }
    };
    let name = match fields.object(under)? {
        Some(named) => Fields::new(At::Key(at, under), named).required_text("name")?,
        None => fields.required_text("name")?,
    };
    Ok((kind, name))
}

#[cfg(test)]
mod tests {
    use crate::Destination;
    use crate::canonical::Severity;
    use crate::dialect::{BackendDialect, ClientDialect};
    use crate::json::{Json, Limits, Object, parse};

    const CHAT: &str = r#""messages":[{"role":"user","content":"hi"}],"tools":[
        {"type":"function","function":{"name":"alpha","parameters":{"type":"object","properties":{}}}},
        {"type":"function","function":{"name":"beta","parameters":{"type":"object","properties":{}}}},
        {"type":"custom","custom":{"name":"gamma"}}]"#;
    const RESPONSES: &str = r#""input":"hi","tools":[
        {"type":"function","name":"alpha","parameters":{"type":"object","properties":{}}},
        {"type":"function","name":"beta","parameters":{"type":"object","properties":{}}},
        {"type":"custom","name":"gamma"}]"#;

    fn body(rest: &str, choice: &str) -> Object<'static> {
        match parse(format!("{{{rest},\"tool_choice\":{choice}}}").as_bytes(), Limits::default()) {
            Ok(Json::Object(object)) => object.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn of_allowed_tools_each_provider_is_offered_those_alone() {
        let chat = r#"{"type":"allowed_tools","allowed_tools":{"mode":"MODE","tools":[
            {"type":"function","function":{"name":"beta"}},{"type":"custom","custom":{"name":"gamma"}}]}}"#;
        let responses = r#"{"type":"allowed_tools","mode":"MODE","tools":[
            {"type":"function","name":"beta"},{"type":"custom","name":"gamma"}]}"#;
        // How each says that one must be called, and that any may be.
        let words = [
            (BackendDialect::ChatCompletions, r#""tool_choice":"required""#, r#""tool_choice":"auto""#),
            (BackendDialect::Messages, r#""type":"any""#, r#""type":"auto""#),
            (BackendDialect::Gemini, r#""mode":"ANY""#, r#""mode":"AUTO""#),
            (BackendDialect::Converse, r#""any":{}"#, r#""auto":{}"#),
            (BackendDialect::Cohere, r#""tool_choice":"REQUIRED""#, ""),
            (BackendDialect::Ollama, "", ""),
        ];
        for (client, rest, choice) in
            [(ClientDialect::ChatCompletions, CHAT, chat), (ClientDialect::Responses, RESPONSES, responses)]
        {
            for (backend, required, auto) in words {
                for (mode, word) in [("required", required), ("auto", auto)] {
                    let body = body(rest, &choice.replace("MODE", mode));
                    let mut out = Vec::new();
                    let conversation = client.read(&body).unwrap();
                    let losses = backend.write(&conversation, &Destination::new("m", true), &mut out);
                    let sent = String::from_utf8(out).unwrap();
                    assert!(
                        sent.contains("beta") && sent.contains("gamma"),
                        "{client:?} {backend:?}: {sent}"
                    );
                    assert!(!sent.contains("alpha"), "{client:?} {backend:?}: {sent}");
                    assert!(sent.contains(word), "{client:?} {backend:?} {mode}: {sent}");
                    let is_refused = losses
                        .iter()
                        .any(|loss| loss.field == "tool_choice" && loss.severity == Severity::Refused);
                    let cannot = backend == BackendDialect::Ollama && mode == "required";
                    assert_eq!(is_refused, cannot, "{client:?} {backend:?} {mode}");
                }
            }
        }
    }

    #[test]
    fn allowed_tools_that_make_no_sense_are_refused_with_their_place() {
        for (choice, code, param) in [
            (r#"{"type":"allowed_tools"}"#, "missing_required_parameter", "tool_choice.mode"),
            (
                r#"{"type":"allowed_tools","allowed_tools":{"mode":"none"}}"#,
                "invalid_value",
                "tool_choice.allowed_tools.mode",
            ),
            (r#"{"type":"allowed_tools","mode":"auto","tools":[]}"#, "invalid_value", "tool_choice.tools"),
            (
                r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"delta"}]}"#,
                "invalid_value",
                "tool_choice.tools[0]",
            ),
            (
                r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"gamma"}]}"#,
                "invalid_value",
                "tool_choice.tools[0]",
            ),
            (
                r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"mcp","server_label":"x"}]}"#,
                "unsupported_parameter",
                "tool_choice.tools[0].type",
            ),
        ] {
            let bad = ClientDialect::ChatCompletions.read(&body(CHAT, choice)).expect_err(choice);
            assert_eq!((bad.code, bad.param.as_deref()), (code, Some(param)), "{choice}");
        }
    }
}
