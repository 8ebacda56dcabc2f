use super::super::testing::*;
use super::*;
use crate::canonical::{Conversation, Effort, FinishReason, Format, Part, Reasoning, ToolChoice};
use crate::chat::BadReply;
use crate::dialect::Framing;
use crate::relay::frames;
use crate::sse::SseItem;
use proptest::prelude::*;
use serde_json::{Value, json as value};

#[test]
fn a_request_says_all_that_ollama_has_words_for() {
    golden_request(write, "ollama", "gpt-oss:20b");
}

fn body<'r>(model: &str, change: impl FnOnce(&mut Conversation<'r>)) -> (Value, Vec<String>) {
    let mut conversation = asking("hi");
    change(&mut conversation);
    written(write, &conversation, model)
}

#[test]
fn the_context_holds_prompt_and_answer_and_has_few_sizes() {
    let context = |text_bytes: usize, answer| {
        let long = "x".repeat(text_bytes);
        let mut conversation = asking(&long);
        conversation.max_output_tokens = answer;
        written(write, &conversation, "m").0["options"]["num_ctx"].as_u64().unwrap()
    };
    assert_eq!(context(10, None), 8192);
    assert_eq!(context(30_000, Some(100)), 16_384);
    assert_eq!(context(300_000, Some(5000)), 131_072);
    assert_eq!(context(10, Some(u64::MAX)), 32_768 * 2);
    let given = json("4000");
    let (body, losses) = body("m", |it| it.others = vec![("num_ctx", &given)]);
    assert_eq!((body["options"]["num_ctx"].as_u64(), losses.len()), (Some(4000), 0));
}

#[test]
fn only_what_every_model_takes_is_said_about_thinking() {
    let think = |model: &str, effort| {
        let reasoning = Reasoning { effort: Some(effort), budget_tokens: None, summary: None };
        let (body, losses) = body(model, |it| it.reasoning = Some(reasoning));
        (body["think"].clone(), losses.len())
    };
    assert_eq!(think("qwen3", Effort::None), (value!(false), 0));
    assert_eq!(think("qwen3", Effort::High), (Value::Null, 1));
    assert_eq!(think("gpt-oss:20b", Effort::High), (value!("high"), 0));
}

#[test]
fn what_cannot_be_said_is_refused_or_reported() {
    let (_, losses) = body("m", |it| {
        it.messages.push(message(crate::canonical::Role::User, vec![pdf(), cached("x")]));
        it.tools = vec![tool("f", None)];
        it.tool_choice = Some(ToolChoice::Required);
        it.answers = Some(2);
    });
    assert_eq!(losses, ["!n", "!tool_choice", "!messages.content.file", "cache_control"]);
    let (none, losses) = body("m", |it| {
        (it.tools, it.tool_choice) = (vec![tool("f", None)], Some(ToolChoice::None));
    });
    assert_eq!((&none["tools"], losses.len()), (&Value::Null, 0));
}

#[test]
fn formats_are_the_word_or_the_schema_as_it_was_written() {
    let schema = json(r#"{"type":"object","properties":{"z":{},"a":{}}}"#);
    let (object, _) = body("m", |it| it.format = Some(Format::JsonObject));
    assert_eq!(object["format"], "json");
    let format = Format::JsonSchema { name: None, description: None, schema: &schema, strict: None };
    let (with, _) = body("m", |it| it.format = Some(format));
    assert_eq!(with["format"].to_string(), r#"{"type":"object","properties":{"z":{},"a":{}}}"#);
}

#[test]
fn thoughts_of_another_provider_are_left_out() {
    let thinking = |signature: Option<&'static str>| {
        let (body, _) = body("m", |it| {
            let thought = Part::Thinking { text: "hm".into(), signature: signature.map(Into::into) };
            it.messages.push(message(crate::canonical::Role::Assistant, vec![thought, text("x")]));
        });
        body["messages"][1]["thinking"].clone()
    };
    assert_eq!(thinking(None), "hm");
    assert_eq!(thinking(Some("sig")), Value::Null);
}

/// Source: Ollama's API documentation, "Chat request (streaming)", "with tools", "thinking".
const STREAM: &str = r#"{"model":"qwen3","created_at":"2026-01-01T00:00:00.1Z","message":{"role":"assistant","content":"","thinking":"Let me "},"done":false}
{"model":"qwen3","created_at":"2026-01-01T00:00:00.2Z","message":{"role":"assistant","content":"","thinking":"see."},"done":false}
{"model":"qwen3","created_at":"2026-01-01T00:00:00.3Z","message":{"role":"assistant","content":"I'll "},"done":false}
{"model":"qwen3","created_at":"2026-01-01T00:00:00.4Z","message":{"role":"assistant","content":"ask."},"done":false}
{"model":"qwen3","created_at":"2026-01-01T00:00:00.5Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Zürich","n":1.50}}},{"id":"call_own","function":{"name":"now","arguments":{}}}]},"done":false}
{"model":"qwen3","created_at":"2026-01-01T00:00:00.6Z","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":4883583458,"load_duration":1334875,"prompt_eval_count":26,"prompt_eval_duration":342546000,"eval_count":282,"eval_duration":4535599000}"#;

const WHOLE: &str = r#"{"model":"qwen3","created_at":"2026-01-01T00:00:00.1Z","message":{"role":"assistant","content":"I'll ask.","thinking":"Let me see.","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Zürich","n":1.50}}},{"id":"call_own","function":{"name":"now","arguments":{}}}]},"done_reason":"stop","done":true,"prompt_eval_count":26,"eval_count":282}"#;

#[test]
fn stream_and_whole_reply_are_the_same_answer() {
    let whole = read_reply(WHOLE.as_bytes()).unwrap();
    golden("ollama/reply.txt", &shown(&whole));
    assert_eq!(streamed::<EventReader>(&nameless(STREAM)).unwrap(), whole);
}

#[test]
fn a_stream_cut_at_any_byte_is_the_same_answer() {
    let whole = read_reply(WHOLE.as_bytes()).unwrap();
    for cut in 0..=STREAM.len() {
        let mut parser = frames(Framing::Lines, 1 << 20);
        let (head, tail) = STREAM.as_bytes().split_at(cut);
        [head, tail, b"\n"].iter().for_each(|piece| parser.push(piece).unwrap());
        let lines = std::iter::from_fn(|| parser.next_item());
        let text = |item| match item {
            SseItem::Event { data, .. } => ("", String::from_utf8(data).unwrap()),
            SseItem::Comment => panic!("lines have no comments"),
        };
        let items: Items<'_> = lines.map(text).collect();
        assert_eq!(streamed::<EventReader>(&items).unwrap(), whole, "cut at {cut}");
    }
}

#[test]
fn a_stream_that_was_cut_is_no_answer() {
    no_cut_stream_is_an_answer::<EventReader>(&nameless(STREAM));
}

#[test]
fn a_server_that_lets_another_answer_is_an_error_before_any_word_of_it() {
    for remote in [r#""remote_host":"https://elsewhere.example""#, r#""remote_model":"large-cloud""#] {
        let line = format!(
            r#"{{"model":"m","message":{{"role":"assistant","content":"hi"}},"done":false,{remote}}}"#
        );
        let BadReply::Error(envelope) = streamed::<EventReader>(&nameless(&line)).unwrap_err() else {
            panic!()
        };
        assert_eq!(envelope.code.as_deref(), Some("not_local"));
    }
    let local = WHOLE.replacen('{', r#"{"remote_host":"","remote_model":null,"#, 1);
    assert!(read_reply(local.as_bytes()).is_ok());
}

#[test]
fn an_error_is_an_error_whole_or_within_a_stream() {
    let lines = format!("{}\n{}", STREAM.lines().next().unwrap(), r#"{"error":"an error was encountered"}"#);
    let BadReply::Error(envelope) = streamed::<EventReader>(&nameless(&lines)).unwrap_err() else { panic!() };
    assert_eq!((&*envelope.message, &*envelope.kind), ("an error was encountered", "server_error"));
    let envelope = read_error(404, br#"{"error":"model 'x' not found"}"#).unwrap();
    assert_eq!(envelope.code.as_deref(), Some("model_not_found"));
}

#[test]
fn a_limit_that_was_reached_is_said() {
    let body = WHOLE.replace(r#""done_reason":"stop""#, r#""done_reason":"length""#);
    assert_eq!(read_reply(body.as_bytes()).unwrap().choices[0].finish, Some(FinishReason::Length));
}

#[test]
fn probabilities_are_given_in_openais_form() {
    let reply = r#"{"message":{"content":"Hi"},"logprobs":[{"token":"Hi","logprob":-0.25,"bytes":[72,105],"top_logprobs":[{"token":"Ho","logprob":-2}]}],"done":true}"#;
    assert_eq!(
        read_reply(reply.as_bytes()).unwrap().choices[0].log_probs.as_deref(),
        Some(
            r#"{"content":[{"token":"Hi","logprob":-0.25,"bytes":[72,105],"top_logprobs":[{"token":"Ho","logprob":-2,"bytes":[72,111]}]}],"refusal":null}"#
        )
    );
    let (body, losses) = body("m", |it| it.log_probs = LOG_PROBS);
    assert_eq!((&body["logprobs"], &body["top_logprobs"], losses.len()), (&value!(true), &value!(2), 0));
}

proptest! {
    #[test]
    fn no_line_makes_the_reader_panic(lines in proptest::collection::vec(
        prop_oneof![".{0,40}", Just(r#"{"message":{"content":"a","tool_calls":[{}, {"function":{}}]},"done":true}"#.to_owned())], 0..4))
    {
        let items: Items<'_> = lines.into_iter().map(|line| ("", line)).collect();
        let _any = streamed::<EventReader>(&items);
    }
}
