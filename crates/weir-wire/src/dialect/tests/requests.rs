//! Requests from one dialect to another and back.

use super::object;
use crate::Destination;
use crate::canonical::arbitrary::{conversation, said_by};
use crate::canonical::{Conversation, Format, Losses, Part, Severity, ToolChoice};
use crate::dialect::backend::{chat, messages};
use crate::dialect::{BackendDialect, ClientDialect};
use crate::json::{Json, Limits, Object, parse};
use proptest::prelude::*;

type Write = fn(&Conversation<'_>, &Destination<'_>, &mut Vec<u8>) -> Losses;

const BOTH: [(ClientDialect, Write); 2] =
    [(ClientDialect::ChatCompletions, chat::write), (ClientDialect::Messages, messages::write)];

fn written(write: Write, conversation: &Conversation<'_>) -> (Object<'static>, Losses) {
    let mut out = Vec::new();
    let losses = write(conversation, &Destination::new("m", true), &mut out);
    (object(&out), losses)
}

proptest! {
    #[test]
    fn a_conversation_survives_a_dialect_and_back(conversation in conversation()) {
        for (dialect, write) in BOTH {
            let (body, losses) = written(write, &conversation);
            let read = dialect.read(&body).unwrap();
            // A name stands in every schema of chat completions, given or not.
            prop_assert!(losses.is_empty(), "{:?}: {:?}", dialect, losses);
            prop_assert_eq!(said_by(&read), said_by(&conversation), "{:?}", dialect);
            prop_assert!(read.others.is_empty());
        }
    }

    #[test]
    fn a_conversation_survives_two_dialects_and_back(conversation in conversation()) {
        for ((first, write_first), (second, write_second)) in [(BOTH[0], BOTH[1]), (BOTH[1], BOTH[0])] {
            let (body, _) = written(write_first, &conversation);
            let (other, _) = written(write_second, &first.read(&body).unwrap());
            let read = second.read(&other).unwrap();
            prop_assert_eq!(said_by(&read), said_by(&conversation), "{:?} {:?}", first, second);
        }
    }
}

/// All strings, keys and numbers of a body.
fn leaves(value: &Json<'_>, out: &mut Vec<String>) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(text) | Json::String(text) => out.push(text.to_string()),
        Json::Array(items) => items.iter().for_each(|item| leaves(item, out)),
        Json::Object(object) => object.iter().for_each(|(name, value)| {
            out.push(name.to_owned());
            leaves(value, out);
        }),
    }
}

/// A body, and what was said to be lost on the way to it.
struct Sent {
    leaves: Vec<String>,
    lost: Vec<String>,
}

impl Sent {
    fn holds(&self, text: &str) -> bool {
        self.leaves.iter().any(|leaf| leaf.contains(text))
    }

    /// All that an object says, as an object or as its text.
    fn holds_object(&self, text: &str) -> bool {
        let mut inner = Vec::new();
        leaves(&parse(text.as_bytes(), Limits::default()).unwrap(), &mut inner);
        self.holds(text) || inner.iter().all(|leaf| self.holds(leaf))
    }

    fn told(&self, word: &str) -> bool {
        self.lost.iter().any(|field| field.contains(word))
    }

    fn holds_part(&self, part: &Part<'_>) -> bool {
        match part {
            Part::Text { text, .. } => self.holds(text),
            Part::Image { .. } => self.holds("iVBORw0KGgo=") || self.told("image"),
            Part::ToolCall { name, arguments, .. } => self.holds(name) && self.holds_object(arguments),
            Part::ToolResult { parts, .. } => parts.iter().all(|part| self.holds_part(part)),
            Part::Audio(_)
            | Part::Document { .. }
            | Part::Thinking { .. }
            | Part::HiddenThinking { .. }
            | Part::Refusal(_)
            | Part::Other { .. } => unreachable!("{part:?} is not made here"),
        }
    }
}

proptest! {
    #[test]
    fn nothing_of_a_conversation_is_lost_on_the_way_to_any_provider_unless_it_is_told(
        conversation in conversation())
    {
        for dialect in [
            BackendDialect::ChatCompletions,
            BackendDialect::Messages,
            BackendDialect::Gemini,
            BackendDialect::Converse,
            BackendDialect::Ollama,
            BackendDialect::Cohere,
        ] {
            let mut out = Vec::new();
            let losses = dialect.write(&conversation, &Destination::new("m", true), &mut out);
            let mut sent = Sent {
                leaves: Vec::new(),
                lost: losses.iter().map(|loss| loss.field.clone().into_owned()).collect(),
            };
            leaves(&Json::Object(object(&out)), &mut sent.leaves);
            for part in conversation.messages.iter().flat_map(|message| &message.parts) {
                prop_assert!(sent.holds_part(part), "{:?}: {:?}", dialect, part);
            }
            // Tools that are not to be called need not be known to the model.
            let are_off = conversation.tool_choice == Some(ToolChoice::None);
            for tool in conversation.tools.iter().filter(|_| !are_off) {
                let description = tool.description.as_deref().unwrap_or_default();
                prop_assert!(sent.holds(description) || sent.told("tools"), "{:?}: {:?}", dialect, description);
                let schema = String::from_utf8(tool.parameters.unwrap().to_bytes()).unwrap();
                prop_assert!(sent.holds_object(&schema) || sent.told("tools"), "{:?}: {:?}", dialect, schema);
            }
            if let Some(Format::JsonSchema { schema, .. }) = &conversation.format {
                let schema = String::from_utf8(schema.to_bytes()).unwrap();
                // Gemini has its own words for schemas, which have tests of their own.
                let is_geminis = dialect == BackendDialect::Gemini && sent.holds("responseSchema");
                let is_there = is_geminis || sent.holds_object(&schema);
                prop_assert!(is_there || sent.told("format"), "{:?}: {:?}", dialect, schema);
            }
            for stop in &conversation.stop {
                prop_assert!(sent.holds(stop) || sent.told("stop"), "{:?}: {:?}", dialect, stop);
            }
            let limit = conversation.max_output_tokens.unwrap().to_string();
            prop_assert!(sent.leaves.contains(&limit) || sent.told("max"), "{:?}: {:?}", dialect, limit);
            if let Some(temperature) = conversation.sampling.temperature.as_deref() {
                let is_there = sent.leaves.iter().any(|leaf| leaf == temperature);
                prop_assert!(is_there || sent.told("temperature"), "{:?}: {:?}", dialect, temperature);
            }
            if conversation.tool_choice == Some(ToolChoice::Required) {
                // The words for it, in the order of the dialects.
                let forces = |leaf: &String| ["required", "any", "ANY", "REQUIRED"].contains(&leaf.as_str());
                prop_assert!(sent.leaves.iter().any(forces) || sent.told("tool_choice"), "{:?}", dialect);
            }
        }
    }
}

fn losses(client: ClientDialect, body: &str, write: Write) -> Vec<(String, Severity)> {
    let body = object(body.as_bytes());
    let (_, losses) = written(write, &client.read(&body).unwrap());
    losses.iter().map(|loss| (loss.field.clone().into_owned(), loss.severity)).collect()
}

#[test]
fn what_messages_cannot_say_is_refused_or_reported_and_never_dropped() {
    let of = |members: &str| {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"x"}}],{members}}}"#);
        losses(ClientDialect::ChatCompletions, &body, messages::write)
    };
    for (members, field) in [
        (r#""n":2"#, "n"),
        (r#""logprobs":true"#, "logprobs"),
        (r#""modalities":["text","audio"]"#, "modalities"),
        (r#""web_search_options":{}"#, "web_search_options"),
        (r#""tools":[{"type":"web_search"}]"#, "tools.type"),
    ] {
        assert_eq!(of(members), [(field.to_owned(), Severity::Refused)], "{members}");
    }
    for (members, field) in [
        (r#""response_format":{"type":"json_object"}"#, "response_format"),
        (r#""seed":7"#, "seed"),
        (r#""frequency_penalty":0.5"#, "frequency_penalty"),
        (r#""presence_penalty":0.5"#, "presence_penalty"),
        (r#""temperature":1.5"#, "temperature"),
        (r#""logit_bias":{"1":2}"#, "logit_bias"),
        (r#""metadata":{"a":"b"}"#, "metadata"),
        (r#""prompt_cache_key":"k""#, "prompt_cache_key"),
        (r#""service_tier":"flex""#, "service_tier"),
        (r#""x_unknown":1"#, "x_unknown"),
        (r#""stop":" ""#, "stop"),
    ] {
        assert_eq!(of(members), [(field.to_owned(), Severity::Reported)], "{members}");
    }
    for members in [
        r#""presence_penalty":0"#,
        r#""n":1"#,
        r#""modalities":["text"]"#,
        r#""user":"u""#,
        r#""store":false"#,
    ] {
        assert_eq!(of(members), [], "{members}");
    }
}

#[test]
fn what_chat_completions_cannot_say_is_refused_or_reported() {
    let of = |members: &str| {
        let body = format!(r#"{{"model":"m","max_tokens":9,{members}}}"#);
        losses(ClientDialect::Messages, &body, chat::write)
    };
    let said = r#""messages":[{"role":"user","content":"x"}]"#;
    assert_eq!(of(&format!(r#"{said},"top_k":5"#)), [("top_k".to_owned(), Severity::Reported)]);
    assert_eq!(
        of(&format!(r#"{said},"mcp_servers":[{{}}]"#)),
        [("mcp_servers".to_owned(), Severity::Refused)]
    );
    assert_eq!(of(&format!(r#"{said},"context_management":{{"edits":[]}}"#)), []);
    assert_eq!(
        of(&format!(r#"{said},"inference_geo":"eu""#)),
        [("inference_geo".to_owned(), Severity::Reported)]
    );
    let search = r#""messages":[{"role":"user","content":[{"type":"search_result","source":"s"}]}]"#;
    assert_eq!(of(search), [("messages.content.search_result".to_owned(), Severity::Refused)]);
    let signed = r#""messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"text","text":"y"}]},{"role":"user","content":"z"}]"#;
    assert_eq!(of(signed), [("reasoning_content".to_owned(), Severity::Reported)]);
}

fn as_messages(body: &str) -> String {
    let body = object(body.as_bytes());
    let conversation = ClientDialect::ChatCompletions.read(&body).unwrap();
    let mut out = Vec::new();
    messages::write(&conversation, &Destination::new("m", true), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn anthropics_rules_of_order_are_kept_whatever_the_client_sends() {
    let sent = as_messages(
        r#"{"model":"m","messages":[{"role":"assistant","content":"Hello"},{"role":"user","content":""},
        {"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"call 1","type":"function","function":{"name":"f","arguments":""}},{"id":"c2","type":"function","function":{"name":"g","arguments":"nonsense"}}]},
        {"role":"tool","tool_call_id":"call 1","content":"1"},{"role":"tool","tool_call_id":"c2","content":""},
        {"role":"system","content":"late"},{"role":"user","content":"c"},{"role":"assistant","content":"so: "}]}"#,
    );
    assert!(sent.contains(r#""system":[{"type":"text","text":"late"}]"#), "{sent}");
    let expected = [
        r#"[{"role":"user","content":"(The conversation begins here.)"},{"role":"assistant","content":[{"type":"text","text":"Hello"}]},"#,
        r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},"#,
        r#"{"type":"tool_use","id":"c2","name":"g","input":{"input":"nonsense"}}"#,
        r#"{"type":"text","text":"c"}]},{"role":"assistant","content":[{"type":"text","text":"so:"}]}]"#,
    ];
    for part in expected {
        assert!(sent.contains(part), "{part} is not in {sent}");
    }
    let id = sent.split(r#""tool_use_id":""#).nth(1).unwrap().split('"').next().unwrap();
    assert!(
        id.starts_with("call1_") && sent.contains(&format!(r#""type":"tool_use","id":"{id}""#)),
        "{sent}"
    );
}

#[test]
fn thinking_is_told_as_the_model_knows_it() {
    let body = r#"{"model":"m","max_completion_tokens":3000,"reasoning_effort":"high","temperature":0.5,"messages":[{"role":"user","content":"x"}]}"#;
    let body = object(body.as_bytes());
    let conversation = ClientDialect::ChatCompletions.read(&body).unwrap();
    let mut to = Destination::new("m", true);
    let mut sent = |thinking| {
        to.card.thinking = thinking;
        let mut out = Vec::new();
        let losses = messages::write(&conversation, &to, &mut out);
        let lost: Vec<String> = losses.iter().map(|loss| loss.field.clone().into_owned()).collect();
        (String::from_utf8(out).unwrap(), lost.join(" "))
    };
    let (body, lost) = sent(crate::Thinking::Effort);
    assert!(body.contains(r#""thinking":{"type":"adaptive"},"output_config":{"effort":"high"}"#), "{body}");
    assert_eq!(lost, "temperature");
    let (body, lost) = sent(crate::Thinking::Budget);
    assert!(body.contains(r#""thinking":{"type":"enabled","budget_tokens":2999}"#), "{body}");
    assert_eq!(lost, "reasoning_effort temperature");
    let (body, lost) = sent(crate::Thinking::Never);
    assert!(!body.contains("thinking") && body.contains(r#""temperature":0.5"#), "{body}");
    assert_eq!(lost, "reasoning_effort");
}

#[test]
fn the_limit_of_an_answer_is_the_clients_or_the_cards() {
    let mut to = Destination::new("m", true);
    let conversation = Conversation::default();
    let mut sent = |limit| {
        to.card.max_output_tokens = limit;
        let mut out = Vec::new();
        messages::write(&conversation, &to, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert!(sent(None).contains(r#""max_tokens":4096"#));
    assert!(sent(Some(64_000)).contains(r#""max_tokens":64000"#));
}

#[test]
fn requests_of_the_wrong_shape_are_refused_with_their_place() {
    let refused = |dialect: ClientDialect, body: &str| {
        let body = object(body.as_bytes());
        let bad = dialect.read(&body).err().unwrap();
        (bad.code, bad.param.unwrap())
    };
    let cases = [
        (
            ClientDialect::ChatCompletions,
            r#"{"messages":[{"role":"alien"}]}"#,
            "invalid_value",
            "messages[0].role",
        ),
        (
            ClientDialect::ChatCompletions,
            r#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
            "missing_required_parameter",
            "messages[0].content[0].text",
        ),
        (ClientDialect::ChatCompletions, r#"{"messages":[],"n":"2"}"#, "invalid_type", "n"),
        (ClientDialect::Messages, r#"{"messages":[]}"#, "missing_required_parameter", "max_tokens"),
        (
            ClientDialect::Messages,
            r#"{"max_tokens":1,"messages":[{"role":"user","content":7}]}"#,
            "invalid_type",
            "messages[0].content",
        ),
        (
            ClientDialect::Responses,
            r#"{"input":[{"type":"item_reference","id":"x"}]}"#,
            "unsupported_parameter",
            "input[0]",
        ),
        (
            ClientDialect::Responses,
            r#"{"input":[{"role":"user"}]}"#,
            "missing_required_parameter",
            "input[0].content",
        ),
        (ClientDialect::Completions, r#"{"prompt":["a","b"]}"#, "unsupported_parameter", "prompt"),
        (
            ClientDialect::OllamaChat,
            r#"{"messages":[{"role":"user","content":"x","images":[1]}]}"#,
            "invalid_type",
            "messages[0].images[0]",
        ),
        (
            ClientDialect::OllamaGenerate,
            r#"{"prompt":"x","options":{"stop":7}}"#,
            "invalid_type",
            "options.stop",
        ),
    ];
    for (dialect, body, code, param) in cases {
        assert_eq!(refused(dialect, body), (code, param.to_owned()), "{body}");
    }
}

#[test]
fn tools_of_free_text_become_functions_and_their_calls_come_back() {
    let asked = object(
        br#"{"model":"auto","input":"x","tools":[{"type":"custom","name":"apply_patch","description":"Patch","format":{"type":"grammar","syntax":"lark","definition":"start: /.+/"}}]}"#,
    );
    let conversation = ClientDialect::Responses.read(&asked).unwrap();
    let mut out = Vec::new();
    chat::write(&conversation, &Destination::new("m", false), &mut out);
    let sent = String::from_utf8(out).unwrap();
    assert!(
        sent.contains(
            r#""name":"apply_patch","description":"Patch\n\n`input` must fit this grammar:\nstart: /.+/""#
        ),
        "{sent}"
    );
    let body = br#"{"choices":[{"index":0,"message":{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"*** Begin\"}"}}]},"finish_reason":"tool_calls"}]}"#;
    let identity = super::identity();
    let to = super::addressed(&identity, &asked);
    let answer = ClientDialect::Responses.write_reply(&chat::read_reply(body).unwrap(), &to);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains(r#""type":"custom_tool_call","status":"completed","call_id":"c","name":"apply_patch","input":"*** Begin""#), "{answer}");
}

#[test]
fn clients_that_speak_of_functions_get_their_call_under_its_old_name() {
    let asked = object(
        br#"{"model":"auto","messages":[{"role":"user","content":"x"}],"functions":[{"name":"f"}],"function_call":"auto"}"#,
    );
    let conversation = ClientDialect::ChatCompletions.read(&asked).unwrap();
    assert_eq!((conversation.tools.len(), conversation.parallel_tools), (1, Some(false)));
    let body =
        br#"{"content":[{"type":"tool_use","id":"c","name":"f","input":{"a":1}}],"stop_reason":"tool_use"}"#;
    let reply = messages::read_reply(body).unwrap();
    let identity = super::identity();
    let to = super::addressed(&identity, &asked);
    let whole = String::from_utf8(ClientDialect::ChatCompletions.write_reply(&reply, &to)).unwrap();
    assert!(whole.contains(r#""function_call":{"name":"f","arguments":"{\"a\":1}"}},"logprobs":null,"finish_reason":"function_call""#), "{whole}");
    let mut writer = crate::dialect::client::EventWriter::new(ClientDialect::ChatCompletions, &to);
    let mut out = Vec::new();
    let owned = crate::canonical::Reply {
        choices: reply.choices.into_iter().map(owned_choice).collect(),
        ..Default::default()
    };
    crate::canonical::arbitrary::events(&owned, 4).iter().for_each(|event| writer.event(event, &mut out));
    let stream = String::from_utf8(out).unwrap();
    for part in [
        r#""delta":{"function_call":{"arguments":":1}"}}"#,
        r#""function_call":{"name":"f","arguments":""}"#,
        r#""finish_reason":"function_call""#,
    ] {
        assert!(stream.contains(part), "{part} is not in {stream}");
    }
}

fn owned_choice(choice: crate::canonical::Choice<'_>) -> crate::canonical::Choice<'static> {
    let block = |block: crate::canonical::Block<'_>| crate::canonical::Block {
        kind: block.kind.into_owned(),
        text: block.text.into_owned().into(),
        signature: None,
        citations: Vec::new(),
    };
    let blocks = choice.blocks.into_iter().map(block).collect();
    crate::canonical::Choice { blocks, finish: choice.finish, ..Default::default() }
}

#[test]
fn a_prompt_is_counted_without_a_limit_of_its_answer() {
    use crate::request::{Api, ClientRequest};
    let body = br#"{"model":"auto","messages":[{"role":"user","content":"x"}]}"#;
    let read = |api| {
        let read = ClientRequest::read_as(api, body, crate::json::Limits::default());
        read.map(|request| request.is_stream()).map_err(|bad| bad.param)
    };
    assert_eq!(read(Api::CountTokens), Ok(false));
    assert_eq!(read(Api::Conversation(ClientDialect::Messages)), Err(Some("max_tokens".to_owned())));
}

/// What each way of asking for JSON of whatever form becomes, and the tool that the answer is then called by.
#[test]
fn json_of_whatever_form_comes_by_a_tool_where_there_is_no_word_for_it() {
    let ask = |members: &str, dialect: BackendDialect| {
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":"x"}}],"response_format":{{"type":"json_object"}}{members}}}"#
        );
        let body = object(body.as_bytes());
        let conversation = ClientDialect::ChatCompletions.read(&body).unwrap();
        let mut out = Vec::new();
        let losses = dialect.write(&conversation, &Destination::new("m", true), &mut out);
        assert!(losses.refused(&[]).next().is_none(), "{losses:?}");
        String::from_utf8(out).unwrap()
    };
    let tool = r#""name":"weir_answer_in_json""#;
    let sent = ask("", BackendDialect::Messages);
    assert!(sent.contains(tool) && sent.contains(r#""tool_choice":{"type":"any"}"#), "{sent}");
    let sent = ask("", BackendDialect::Converse);
    assert!(sent.contains(tool) && sent.contains(r#""toolChoice":{"any":{}}"#), "{sent}");
    let own = r#","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"#;
    let none = ask(&format!(r#"{own}"none""#), BackendDialect::Messages);
    assert!(none.contains(tool) && !none.contains(r#""name":"f""#), "{none}");
    let named =
        ask(&format!(r#"{own}{{"type":"function","function":{{"name":"f"}}}}"#), BackendDialect::Messages);
    assert!(!named.contains(tool) && named.contains(r#""name":"f""#), "{named}");

    let call = |name: &str| format!(r#"{{"type":"tool_use","id":"c","name":"{name}","input":{{"a":1}}}}"#);
    let reply = |calls: &str| {
        format!(
            r#"{{"content":[{calls}],"stop_reason":"tool_use","usage":{{"input_tokens":1,"output_tokens":1}}}}"#
        )
    };
    let as_chat = |body: &str| {
        let asked = object(b"{}");
        let identity = super::identity();
        let read = BackendDialect::Messages.read_reply(body.as_bytes()).unwrap();
        let to = super::addressed(&identity, &asked);
        String::from_utf8(ClientDialect::ChatCompletions.write_reply(&read, &to)).unwrap()
    };
    let answer = as_chat(&reply(&call("weir_answer_in_json")));
    assert!(
        answer.contains(r#""content":"{\"a\":1}""#) && answer.contains(r#""finish_reason":"stop""#),
        "{answer}"
    );
    let both = as_chat(&reply(&format!("{},{}", call("weir_answer_in_json"), call("f"))));
    assert!(both.contains(r#""finish_reason":"tool_calls""#) && both.contains(r#""name":"f""#), "{both}");
}
