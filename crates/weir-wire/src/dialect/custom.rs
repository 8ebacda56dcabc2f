//! Tools with free text as their argument (OpenAI's `custom`), for backends that know functions alone.
//!
//! Such a tool becomes a function with one argument, `input`, and its calls are turned back on their way to
//! the client, which knows from its request which tools are of that kind.

use crate::canonical::{BlockKind, Delta, Event, Tool, ToolKind};
use crate::json::{Json, Limits, Object, ObjectWriter, parse, write_object};
use std::borrow::Cow;

/// The schema of the function's arguments.
pub(crate) const SCHEMA: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// Free text as the function's arguments.
pub(crate) fn wrap(input: &str) -> String {
    let mut out = Vec::new();
    write_object(&mut out, |object| object.text("input", input));
    String::from_utf8(out).unwrap_or_default()
}

/// The free text of a function's arguments; whatever else a model wrote is taken as the text itself.
pub(crate) fn unwrap(arguments: &str) -> Cow<'_, str> {
    let value = parse(arguments.as_bytes(), Limits::default()).ok();
    let input = value.as_ref().and_then(|value| value.as_object()?.get("input")?.as_str());
    input.map_or(Cow::Borrowed(arguments), |input| Cow::Owned(input.to_owned()))
}

/// What a function is told to be for: what the tool is, and the grammar that its text must fit.
pub(crate) fn description(tool: &Tool<'_>) -> Option<String> {
    let grammar = tool.parameters.and_then(|format| format.as_object()?.get("grammar").or(Some(format)));
    let definition = grammar.and_then(|grammar| grammar.as_object()?.get("definition")?.as_str());
    match (tool.description.as_deref(), definition) {
        (text, None) => text.map(str::to_owned),
        (text, Some(definition)) => {
            let text = text.unwrap_or_default();
            Some(format!("{text}\n\n`input` must fit this grammar:\n{definition}").trim_start().to_owned())
        }
    }
}

/// Writes the arguments' schema of a tool of either kind.
pub(crate) fn write_schema(tool: &Tool<'_>, name: &str, out: &mut ObjectWriter<'_>) {
    match (tool.kind, tool.parameters) {
        (ToolKind::Custom, _) => out.raw(name, SCHEMA),
        (ToolKind::Function, Some(schema)) => out.json(name, schema),
        (ToolKind::Function, None) => out.raw(name, r#"{"type":"object","properties":{}}"#),
    }
}

/// Writes a tool of either kind as a function in OpenAI's form, which others have taken over.
pub(crate) fn write_tool(tool: &Tool<'_>, out: &mut Vec<u8>) {
    write_object(out, |member| {
        member.text("type", "function");
        member.object("function", |function| {
            function.text("name", &tool.name);
            let described = match tool.kind {
                ToolKind::Custom => description(tool),
                ToolKind::Function => tool.description.as_deref().map(str::to_owned),
            };
            function.text_if("description", described.as_deref());
            write_schema(tool, "parameters", function);
        });
    });
}

/// The names of a request's tools that take free text.
#[derive(Debug, Default, Clone)]
pub(crate) struct CustomTools(Vec<String>);

impl CustomTools {
    /// Of a chat completion request, where the name stands below `custom`.
    pub(crate) fn of_chat(asked: &Object<'static>) -> Self {
        Self::of(asked, |tool| name_in(tool.get("custom")?.as_object()?))
    }

    /// Of a responses request, where the name stands in the tool.
    pub(crate) fn of_responses(asked: &Object<'static>) -> Self {
        Self::of(asked, name_in)
    }

    fn of(asked: &Object<'static>, name: impl Fn(&Object<'static>) -> Option<String>) -> Self {
        let tools = asked.get("tools").and_then(Json::as_array).unwrap_or_default();
        let tools = tools.iter().filter_map(Json::as_object);
        let custom = tools.filter(|tool| tool.get("type").and_then(Json::as_str) == Some("custom"));
        Self(custom.filter_map(name).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    /// The free text of a call, if it is of such a tool.
    pub(crate) fn text_of<'t>(&self, name: &str, tool: ToolKind, text: &'t str) -> Option<Cow<'t, str>> {
        match tool {
            ToolKind::Custom => Some(Cow::Borrowed(text)),
            ToolKind::Function => self.has(name).then(|| unwrap(text)),
        }
    }
}

fn name_in(tool: &Object<'static>) -> Option<String> {
    tool.get("name")?.as_str().map(str::to_owned)
}

/// Turns the calls of such tools back within a stream. Their arguments are held until they are complete.
#[derive(Debug, Default)]
pub(crate) struct Unwrapper {
    tools: CustomTools,
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    choice: usize,
    block: usize,
    arguments: String,
}

impl Unwrapper {
    pub(crate) fn new(tools: CustomTools) -> Self {
        Self { tools, held: Vec::new() }
    }

    /// Passes an event on, as it is or turned back.
    pub(crate) fn event(&mut self, event: &Event<'_>, sink: &mut dyn FnMut(&Event<'_>)) {
        match event {
            Event::BlockStart {
                choice,
                block,
                kind: BlockKind::ToolCall { id, name, tool: ToolKind::Function },
            } if self.tools.has(name) => {
                self.held.push(Held { choice: *choice, block: *block, arguments: String::new() });
                let kind = BlockKind::ToolCall { id: id.clone(), name: name.clone(), tool: ToolKind::Custom };
                sink(&Event::BlockStart { choice: *choice, block: *block, kind });
            }
            Event::Delta { choice, block, delta: Delta::Text(text) } => match self.find(*choice, *block) {
                Some(held) => held.arguments.push_str(text),
                None => sink(event),
            },
            Event::BlockEnd { choice, block } => {
                self.release(*choice, *block, sink);
                sink(event);
            }
            Event::Start { .. }
            | Event::BlockStart { .. }
            | Event::Delta { .. }
            | Event::LogProbs { .. }
            | Event::Finish { .. }
            | Event::Usage(_)
            | Event::Ping
            | Event::End => sink(event),
        }
    }

    fn find(&mut self, choice: usize, block: usize) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| (held.choice, held.block) == (choice, block))
    }

    fn release(&mut self, choice: usize, block: usize, sink: &mut dyn FnMut(&Event<'_>)) {
        let Some(held) = self.held.iter().position(|held| (held.choice, held.block) == (choice, block))
        else {
            return;
        };
        let held = self.held.swap_remove(held);
        let text = unwrap(&held.arguments);
        if !text.is_empty() {
            sink(&Event::Delta { choice, block, delta: Delta::Text(text) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_survives_the_function_around_it() {
        for text in ["", "*** Begin Patch\n\"ä\"\u{1F600}", "{\"input\":1}"] {
            assert_eq!(unwrap(&wrap(text)), text);
        }
        assert_eq!(unwrap("*** not JSON"), "*** not JSON");
    }
}
