use super::super::testing::*;
use super::*;
use crate::canonical::{Conversation, FinishReason, Format, Role, ToolChoice, ToolKind};
use crate::chat::BadReply;
use proptest::prelude::*;
use serde_json::{Value, json as value};

#[test]
fn a_request_says_all_that_cohere_has_words_for() {
    golden_request(write, "cohere", "command-a-03-2025");
}

fn body<'r>(change: impl FnOnce(&mut Conversation<'r>)) -> (Value, Vec<String>) {
    let mut conversation = asking("hi");
    change(&mut conversation);
    written(write, &conversation, "m")
}

#[test]
fn a_certain_tool_is_required_by_offering_no_other() {
    let (body, losses) = body(|it| {
        it.tools = vec![tool("f", None), tool("g", None)];
        it.tool_choice = Some(ToolChoice::Tool { name: "g".into(), kind: ToolKind::Function });
    });
    let names: Vec<_> =
        body["tools"].as_array().unwrap().iter().map(|tool| &tool["function"]["name"]).collect();
    assert_eq!((names, &body["tool_choice"], losses.len()), (vec![&value!("g")], &value!("REQUIRED"), 0));
}

#[test]
fn what_cannot_be_said_is_refused_or_reported() {
    let (body_json, losses) = body(|it| {
        it.answers = Some(2);
        it.log_probs = LOG_PROBS;
        it.format = Some(Format::JsonObject);
        it.tools = vec![tool("f", None)];
        it.sampling.top_p = Some("1".into());
        it.sampling.presence_penalty = Some("-0.5".into());
    });
    assert_eq!(losses, ["!n", "!logprobs", "top_p", "presence_penalty", "!response_format"]);
    assert_eq!((&body_json["p"], &body_json["presence_penalty"]), (&value!(0.99), &value!(0)));
    let (alone, losses) = body(|it| it.format = Some(Format::JsonObject));
    assert_eq!((&alone["response_format"], losses.len()), (&value!({"type": "json_object"}), 0));
}

#[test]
fn messages_of_nothing_are_left_out_and_calls_stay_text() {
    let (body, _) = body(|it| {
        it.messages.push(message(Role::Assistant, vec![text("")]));
        it.messages.push(message(Role::Assistant, vec![call("a", "f", "", None)]));
        it.messages.push(message(Role::User, vec![result("a", vec![text("1")], false)]));
    });
    let expected = value!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
    ]);
    assert_eq!(body["messages"], expected);
}

/// Source: Cohere's documentation, "A guide to streaming responses" and "Streaming for tool use".
const STREAM: &str = r#"{"type":"message-start","id":"29f1","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}
{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}}
{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"Let me see."}}}}
{"type":"content-end","index":0}
{"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}}
{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"I'll "}}}}
{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"ask."}}}}
{"type":"content-end","index":1}
{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"weather_1","type":"function","function":{"name":"weather","arguments":""}}}}}
{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"city\":"}}}}}
{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"\"Zürich\"}"}}}}}
{"type":"tool-call-end","index":0}
{"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{"id":"now_2","type":"function","function":{"name":"now","arguments":""}}}}}
{"type":"tool-call-end","index":1}
{"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":17,"output_tokens":12},"tokens":{"input_tokens":215.0,"output_tokens":12}}}}"#;

const WHOLE: &str = r#"{"id":"29f1","message":{"role":"assistant","content":[{"type":"thinking","thinking":"Let me see."},{"type":"text","text":"I'll ask."}],"tool_calls":[{"id":"weather_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Zürich\"}"}},{"id":"now_2","type":"function","function":{"name":"now","arguments":"{}"}}]},"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":17,"output_tokens":12},"tokens":{"input_tokens":215,"output_tokens":12}}}"#;

#[test]
fn stream_and_whole_reply_are_the_same_answer() {
    let whole = read_reply(WHOLE.as_bytes()).unwrap();
    golden("cohere/reply.txt", &shown(&whole));
    let mut items = nameless(STREAM);
    assert_eq!(streamed::<EventReader>(&items).unwrap(), whole);
    items.push(("", "[DONE]".to_owned()));
    assert_eq!(streamed::<EventReader>(&items).unwrap(), whole);
}

#[test]
fn a_stream_that_was_cut_is_no_answer() {
    no_cut_stream_is_an_answer::<EventReader>(&nameless(STREAM));
}

#[test]
fn a_plan_of_tools_is_what_the_model_thought() {
    let stream = r#"{"type":"message-start","id":"1"}
{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"First "}}}
{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"this."}}}
{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#;
    let whole = read_reply(br#"{"message":{"tool_plan":"First this."},"finish_reason":"COMPLETE"}"#).unwrap();
    assert_eq!(streamed::<EventReader>(&nameless(stream)).unwrap(), whole);
    assert_eq!(whole.choices[0].blocks[0].text, "First this.");
}

#[test]
fn finish_reasons_are_those_of_the_table() {
    let with = |word: &str| {
        let body = format!(r#"{{"message":{{"content":[]}},"finish_reason":"{word}"}}"#);
        read_reply(body.as_bytes()).map(|reply| reply.choices[0].finish.unwrap())
    };
    assert_eq!(with("COMPLETE").unwrap(), FinishReason::Stop);
    assert_eq!(with("MAX_TOKENS").unwrap(), FinishReason::Length);
    assert_eq!(with("STOP_SEQUENCE").unwrap(), FinishReason::StopText);
    let BadReply::Error(envelope) = with("TIMEOUT").unwrap_err() else { panic!() };
    assert_eq!(envelope.code.as_deref(), Some("timeout"));
    assert!(matches!(with("ERROR"), Err(BadReply::Error(_))));
}

#[test]
fn an_error_is_an_error_whole_or_within_a_stream() {
    let lines = format!("{}\n{}", STREAM.lines().next().unwrap(), r#"{"id":"1","message":"too bad"}"#);
    let BadReply::Error(envelope) = streamed::<EventReader>(&nameless(&lines)).unwrap_err() else { panic!() };
    assert_eq!(envelope.message, "too bad");
    let long = br#"{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292."}"#;
    assert_eq!(read_error(400, long).unwrap().code.as_deref(), Some("context_length_exceeded"));
}

proptest! {
    #[test]
    fn no_item_makes_the_reader_panic(items in proptest::collection::vec(
        prop_oneof![".{0,40}", Just(r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#.to_owned()),
            Just(r#"{"type":"tool-call-start","delta":{"message":{"tool_calls":{}}}}"#.to_owned())], 0..5))
    {
        let items: Items<'_> = items.into_iter().map(|item| ("", item)).collect();
        let _any = streamed::<EventReader>(&items);
    }
}
