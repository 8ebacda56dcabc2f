use super::super::testing::*;
use super::*;
use crate::canonical::{
    Conversation, Effort, FinishReason, Format, Part, Reasoning, Role, ToolChoice, ToolKind,
};
use crate::chat::BadReply;
use crate::relay::AwsEventParser;
use proptest::prelude::*;
use serde_json::{Value, json as value};

const CLAUDE: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";

#[test]
fn a_request_says_all_that_converse_has_words_for() {
    golden_request(write, "converse", CLAUDE);
}

#[test]
fn the_model_is_in_the_path_and_cannot_leave_it() {
    assert_eq!(path("amazon.nova-pro-v1:0", false), "/model/amazon.nova-pro-v1%3A0/converse");
    let arn = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/x";
    assert!(path(arn, true).ends_with("inference-profile%2Fx/converse-stream"));
}

fn body<'r>(model: &str, change: impl FnOnce(&mut Conversation<'r>)) -> (Value, Vec<String>) {
    let mut conversation = asking("hi");
    change(&mut conversation);
    written(write, &conversation, model)
}

fn effort(effort: Effort) -> Option<Reasoning<'static>> {
    Some(Reasoning { effort: Some(effort), budget_tokens: None, summary: None })
}

#[test]
fn each_family_is_told_to_think_in_its_own_words() {
    let fields = |model: &str| body(model, |it| it.reasoning = effort(Effort::Medium));
    let (claude, losses) = fields(CLAUDE);
    let thinking = value!({"thinking": {"type": "enabled", "budget_tokens": 4096}});
    assert_eq!((&claude["additionalModelRequestFields"], losses.len()), (&thinking, 0));
    let (openai, _) = fields("openai.gpt-oss-120b-1:0");
    assert_eq!(openai["additionalModelRequestFields"], value!({"reasoning_effort": "medium"}));
    let (nova, _) = fields("amazon.nova-2-lite-v1:0");
    let nova = &nova["additionalModelRequestFields"]["reasoningConfig"];
    assert_eq!(nova, &value!({"type": "enabled", "maxReasoningEffort": "medium"}));
    assert_eq!(fields("meta.llama3-70b-instruct-v1:0").1, ["reasoning_effort"]);
}

#[test]
fn claude_thinks_within_its_answer_and_only_where_it_may() {
    let thinking = |change: fn(&mut Conversation<'_>)| {
        let (body, losses) = body(CLAUDE, |it| {
            it.reasoning = effort(Effort::High);
            change(it);
        });
        (body["additionalModelRequestFields"]["thinking"]["budget_tokens"].as_u64(), losses)
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(thinking(|it| it.max_output_tokens = Some(2000)), (Some(1999), none.clone()));
    assert_eq!(thinking(|it| it.max_output_tokens = Some(1024)), (None, vec!["reasoning_effort".to_owned()]));
    let forced = |it: &mut Conversation<'_>| it.tool_choice = Some(ToolChoice::Required);
    assert_eq!(thinking(forced).0, None);
    let called = |it: &mut Conversation<'_>| {
        it.messages.push(message(Role::Assistant, vec![call("a", "f", "{}", None)]));
        it.messages.push(message(Role::User, vec![result("a", vec![text("x")], false)]));
    };
    assert_eq!(thinking(called).0, None);
    assert_eq!(thinking(|it| it.sampling.temperature = Some("0.2".into())).1, ["temperature"]);
}

#[test]
fn blank_texts_and_messages_of_nothing_else_are_left_out() {
    let (body, _) = body(CLAUDE, |it| {
        it.messages.push(message(Role::Assistant, vec![text(" ")]));
        it.messages.push(message(Role::User, vec![text(""), text("there")]));
    });
    let expected = value!([{"role": "user", "content": [{"text": "hi"}, {"text": "there"}]}]);
    assert_eq!(body["messages"], expected);
}

#[test]
fn a_conversation_begins_with_the_user() {
    let (body, losses) =
        body(CLAUDE, |it| it.messages.insert(0, message(Role::Assistant, vec![text("Hello")])));
    let expected = value!([
        {"role": "user", "content": [{"text": "(The conversation begins here.)"}]},
        {"role": "assistant", "content": [{"text": "Hello"}]},
        {"role": "user", "content": [{"text": "hi"}]},
    ]);
    assert_eq!((&body["messages"], losses), (&expected, vec!["messages".to_owned()]));
}

#[test]
fn a_history_with_calls_brings_its_tools_along() {
    let used = |it: &mut Conversation<'_>| {
        it.messages.push(message(Role::Assistant, vec![call("functions.f:0", "f", "{}", None)]));
        it.messages.push(message(Role::User, vec![result("functions.f:0", vec![text("x")], true)]));
    };
    let (without, _) = body("meta.llama3-70b-instruct-v1:0", used);
    assert_eq!(without["toolConfig"]["tools"][0]["toolSpec"]["name"], "f");
    let id = &without["messages"][1]["content"][0]["toolUse"]["toolUseId"];
    let result = &without["messages"][2]["content"][0]["toolResult"];
    assert!(id.as_str().unwrap().chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    assert_eq!((&result["toolUseId"], &result["status"]), (id, &Value::Null));
    let (_, losses) = body(CLAUDE, |it| {
        used(it);
        (it.tools, it.tool_choice) = (vec![tool("f", None)], Some(ToolChoice::None));
    });
    assert_eq!(losses, ["!tool_choice"]);
    let (off, losses) = body(CLAUDE, |it| {
        (it.tools, it.tool_choice) = (vec![tool("f", None)], Some(ToolChoice::None));
    });
    assert_eq!((&off["toolConfig"], losses.len()), (&Value::Null, 0));
}

#[test]
fn what_cannot_be_said_is_refused_or_reported() {
    let (body_json, losses) = body("meta.llama3-70b-instruct-v1:0", |it| {
        it.messages.push(message(Role::User, vec![cached("more"), Part::Refusal("no".into())]));
        it.answers = Some(2);
        it.log_probs = LOG_PROBS;
        it.format = Some(Format::JsonObject);
        it.sampling.temperature = Some("1.7".into());
        it.sampling.top_k = Some("5".into());
        it.sampling.frequency_penalty = Some("0.0".into());
        it.service_tier = Some("scale".into());
    });
    assert_eq!(
        losses,
        ["!n", "!logprobs", "cache_control", "top_k", "temperature", "!response_format", "service_tier"]
    );
    assert_eq!(body_json["inferenceConfig"], value!({"temperature": 1}));
}

#[test]
fn a_certain_tool_is_chosen_by_name() {
    let (body, _) = body(CLAUDE, |it| {
        it.tools = vec![tool("f", None)];
        it.tool_choice = Some(ToolChoice::Tool { name: "f".into(), kind: ToolKind::Function });
    });
    assert_eq!(body["toolConfig"]["toolChoice"], value!({"tool": {"name": "f"}}));
}

/// Source: the response syntax and examples of `Converse` and `ConverseStream` in the Bedrock user guide.
const WHOLE: &str = r#"{"metrics":{"latencyMs":1275},"output":{"message":{"content":[{"reasoningContent":{"reasoningText":{"text":"Which station?","signature":"c2ln"}}},{"reasoningContent":{"redactedContent":"aGlkZGVu"}},{"text":"I'll look it up."},{"toolUse":{"input":{"sign":"WZPZ"},"name":"top_song","toolUseId":"tooluse_1"}},{"toolUse":{"input":{},"name":"now","toolUseId":"tooluse_2"}}],"role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":30,"outputTokens":26,"totalTokens":66,"cacheReadInputTokens":8,"cacheWriteInputTokens":2}}"#;

fn stream() -> Items<'static> {
    [
        ("messageStart", r#"{"role":"assistant"}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Which "}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"station?"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"aGlkZGVu"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":1}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"text":"I'll look "},"p":"abcdefgh"}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"text":"it up."},"p":"abc"}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":2}"#),
        ("contentBlockStart", r#"{"contentBlockIndex":3,"start":{"toolUse":{"name":"top_song","toolUseId":"tooluse_1"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":3,"delta":{"toolUse":{"input":"{\"sign\":"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":3,"delta":{"toolUse":{"input":"\"WZPZ\"}"}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":3}"#),
        ("contentBlockStart", r#"{"contentBlockIndex":4,"start":{"toolUse":{"name":"now","toolUseId":"tooluse_2"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":4,"delta":{"toolUse":{"input":""}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":4}"#),
        ("messageStop", r#"{"stopReason":"tool_use"}"#),
        ("metadata", r#"{"metrics":{"latencyMs":1275},"usage":{"inputTokens":30,"outputTokens":26,"totalTokens":66,"cacheReadInputTokens":8,"cacheWriteInputTokens":2}}"#),
    ]
    .map(|(event, data)| (event, data.to_owned()))
    .into()
}

#[test]
fn stream_and_whole_reply_are_the_same_answer() {
    let whole = read_reply(WHOLE.as_bytes()).unwrap();
    golden("converse/reply.txt", &shown(&whole));
    assert_eq!(streamed::<EventReader>(&stream()).unwrap(), whole);
}

#[test]
fn a_stream_that_was_cut_is_no_answer_but_usage_may_be_missing() {
    let mut items = stream();
    let metadata = items.pop().unwrap();
    assert!(streamed::<EventReader>(&items).is_ok());
    items.pop();
    no_cut_stream_is_an_answer::<EventReader>(&items);
    items.push(metadata);
    assert!(streamed::<EventReader>(&items).is_err());
}

#[test]
fn stop_reasons_are_those_of_the_table() {
    let with = |word: &str| {
        let body =
            format!(r#"{{"output":{{"message":{{"content":[{{"text":"x"}}]}}}},"stopReason":"{word}"}}"#);
        read_reply(body.as_bytes()).map(|reply| reply.choices[0].finish.unwrap())
    };
    for (word, reason) in [
        ("end_turn", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("stop_sequence", FinishReason::StopText),
        ("guardrail_intervened", FinishReason::ContentFilter),
        ("content_filtered", FinishReason::ContentFilter),
        ("model_context_window_exceeded", FinishReason::Context),
        ("a_new_one", FinishReason::Stop),
    ] {
        assert_eq!(with(word).unwrap(), reason, "{word}");
    }
    assert!(matches!(with("malformed_tool_use"), Err(BadReply::Error(_))));
}

#[test]
fn an_exception_within_a_stream_is_an_error_of_its_class() {
    let code = |kind: &str| {
        let mut items = stream();
        items.truncate(3);
        items.push((kind, r#"{"message":"Too many requests"}"#.to_owned()));
        let BadReply::Error(envelope) = streamed::<EventReader>(&items).unwrap_err() else { panic!() };
        assert_eq!(envelope.message, "Too many requests");
        (envelope.kind, envelope.code)
    };
    let words = |kind: &str, code: Option<&str>| (kind.to_owned(), code.map(str::to_owned));
    assert_eq!(code("exception/throttlingException"), words("rate_limit_error", Some("rate_limit_exceeded")));
    assert_eq!(code("exception/validationException"), words("invalid_request_error", None));
    assert_eq!(code("exception/serviceUnavailableException"), words("server_error", Some("overloaded")));
    assert_eq!(code("error/InternalError"), words("server_error", Some("internal_error")));
}

#[test]
fn failures_are_read_with_their_status() {
    let envelope = read_error(400, br#"{"message":"Input is too long for requested model."}"#).unwrap();
    assert_eq!(envelope.code.as_deref(), Some("context_length_exceeded"));
    let envelope = read_error(429, br#"{"message":"Too many tokens, please wait"}"#).unwrap();
    assert_eq!(envelope.kind, "rate_limit_error");
}

/// The stream in AWS's messages.
fn framed() -> Vec<u8> {
    let header = |name: &str, value: &str| {
        let mut out = vec![u8::try_from(name.len()).unwrap()];
        out.extend_from_slice(name.as_bytes());
        out.push(7);
        out.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        out.extend_from_slice(value.as_bytes());
        out
    };
    let message = |(event, data): &(&str, String)| {
        let headers = [header(":event-type", event), header(":message-type", "event")].concat();
        let mut out = u32::try_from(16 + headers.len() + data.len()).unwrap().to_be_bytes().to_vec();
        out.extend_from_slice(&u32::try_from(headers.len()).unwrap().to_be_bytes());
        out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
        out.extend_from_slice(&headers);
        out.extend_from_slice(data.as_bytes());
        out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
        out
    };
    stream().iter().flat_map(message).collect()
}

#[test]
fn a_stream_cut_at_any_byte_is_the_same_answer() {
    let (bytes, whole) = (framed(), read_reply(WHOLE.as_bytes()).unwrap());
    for cut in 0..=bytes.len() {
        let mut parser = AwsEventParser::new(1 << 20);
        let (head, tail) = bytes.split_at(cut);
        parser.push(head).unwrap();
        parser.push(tail).unwrap();
        let items = std::iter::from_fn(|| parser.next_item());
        let items: Vec<_> = items.map(|item| (item.event, String::from_utf8(item.data).unwrap())).collect();
        let items: Items<'_> = items.iter().map(|(event, data)| (event.as_str(), data.clone())).collect();
        assert_eq!(streamed::<EventReader>(&items).unwrap(), whole, "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn no_item_makes_the_reader_panic(
        items in proptest::collection::vec((
            prop_oneof![Just("contentBlockStart"), Just("contentBlockDelta"), Just("messageStop"), Just("metadata"), Just("x/y")],
            prop_oneof![".{0,40}", Just(r#"{"delta":{"text":"a","toolUse":{"input":"b"}}}"#.to_owned()), Just(r#"{"start":{"toolUse":{}}}"#.to_owned())]), 0..6))
    {
        let _any = streamed::<EventReader>(&items);
    }
}
