#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::json::Limits;
use crate::request::ClientRequest;

const CHAT: BackendDialect = BackendDialect::ChatCompletions;

fn request(more: &str) -> ClientRequest {
    let body = format!(r#"{{"model":"auto","messages":[{{"role":"user","content":"q"}}]{more}}}"#);
    ClientRequest::read(body.as_bytes(), Limits::default()).unwrap()
}

fn answer(message: &str, finish: &str) -> String {
    format!(
        r#"{{"id":"x","object":"chat.completion","choices":[{{"index":0,"message":{message},"finish_reason":"{finish}"}}]}}"#
    )
}

fn said(text: &str) -> String {
    let text = text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
    answer(&format!(r#"{{"role":"assistant","content":"{text}"}}"#), "stop")
}

fn faults(more: &str, answer: &str) -> Vec<AnswerFault> {
    let request = request(more);
    let asked = request.conversation().unwrap().unwrap();
    Held::whole(CHAT, answer.as_bytes()).unwrap().faults(&asked)
}

#[test]
fn a_good_answer_has_no_fault() {
    assert_eq!(faults("", &said("It is four.")), []);
}

#[test]
fn an_answer_without_words_is_empty() {
    assert_eq!(faults("", &said("  \n")), [AnswerFault::Empty]);
    assert_eq!(faults("", r#"{"choices":[]}"#), [AnswerFault::Empty]);
}

#[test]
fn refusals_are_found_in_words_and_in_their_field() {
    for text in [
        "I'm sorry, but I can’t assist with that.",
        "I can't help with that request.",
        "Es tut mir leid, aber dabei kann ich nicht helfen.",
        "Je suis désolée, mais je ne peux pas vous aider.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Unfortunately, I am unable to provide this.",
    ] {
        assert_eq!(faults("", &said(text)), [AnswerFault::Refusal], "{text}");
    }
    let field = answer(r#"{"role":"assistant","content":null,"refusal":"no"}"#, "stop");
    assert_eq!(faults("", &field), [AnswerFault::Refusal]);
}

#[test]
fn what_speaks_of_refusing_or_helps_all_the_same_is_none() {
    let long = format!("I'm unable to see the file, but here is how: {}", "do this, then that. ".repeat(40));
    for text in ["Sorry for the delay: it is four.", "The phrase \"I can't help with that\" is rude.", &long]
    {
        assert_eq!(faults("", &said(text)), [], "{text}");
    }
}

#[test]
fn json_that_was_asked_for_is_json() {
    let object = r#","response_format":{"type":"json_object"}"#;
    assert_eq!(faults(object, &said(r#"{"a":1}"#)), []);
    assert_eq!(faults(object, &said("a: 1")), [AnswerFault::NoJson]);
    assert_eq!(faults(object, &said("[1]")), [AnswerFault::NoJson]);
    assert_eq!(faults("", &said("a: 1")), []);
}

const SCHEMA: &str = r##","response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{
    "type":"object","properties":{
        "name":{"type":"string"},"age":{"type":["integer","null"]},"role":{"enum":["a","b"]},
        "tags":{"type":"array","items":{"$ref":"#/$defs/tag"},"maxItems":2},
        "of":{"anyOf":[{"type":"string"},{"type":"object","required":["id"]}]}},
    "required":["name","age"],"additionalProperties":false,
    "$defs":{"tag":{"type":"string"}}}}}"##;

#[test]
fn an_answer_keeps_to_the_schema_or_does_not() {
    for good in [
        r#"{"name":"x","age":3}"#,
        r#"{"name":"x","age":null,"role":"b","tags":["t"],"of":{"id":1}}"#,
        r#"{"name":"x","age":3.0,"of":"y"}"#,
    ] {
        assert_eq!(faults(SCHEMA, &said(good)), [], "{good}");
    }
    for bad in [
        r#"{"name":"x"}"#,
        r#"{"name":1,"age":3}"#,
        r#"{"name":"x","age":3.5}"#,
        r#"{"name":"x","age":3,"role":"c"}"#,
        r#"{"name":"x","age":3,"tags":[1]}"#,
        r#"{"name":"x","age":3,"tags":["a","b","c"]}"#,
        r#"{"name":"x","age":3,"of":{}}"#,
        r#"{"name":"x","age":3,"more":1}"#,
        "[]",
    ] {
        assert_eq!(faults(SCHEMA, &said(bad)), [AnswerFault::AgainstSchema], "{bad}");
    }
    assert_eq!(faults(SCHEMA, &said("no json")), [AnswerFault::NoJson]);
}

#[test]
fn a_schema_that_goes_in_a_circle_ends() {
    let circle = r##","response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{
        "anyOf":[{"$ref":"#"},{"$ref":"#"}]}}}"##;
    assert_eq!(faults(circle, &said("1")), []);
}

const TOOLS: &str = r#","tools":[{"type":"function","function":{"name":"weather","parameters":{
    "type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]"#;

fn call(name: &str, arguments: &str) -> String {
    let arguments = arguments.replace('"', r#"\""#);
    let call =
        format!(r#"{{"id":"c","type":"function","function":{{"name":"{name}","arguments":"{arguments}"}}}}"#);
    answer(&format!(r#"{{"role":"assistant","content":null,"tool_calls":[{call}]}}"#), "tool_calls")
}

#[test]
fn calls_are_of_tools_that_were_offered_with_what_they_take() {
    assert_eq!(faults(TOOLS, &call("weather", r#"{"city":"Bonn"}"#)), []);
    for (name, arguments) in
        [("wetter", r#"{"city":"Bonn"}"#), ("weather", r#"{"city":"#), ("weather", "{}"), ("weather", "[]")]
    {
        assert_eq!(faults(TOOLS, &call(name, arguments)), [AnswerFault::BadToolCall], "{name} {arguments}");
    }
}

#[test]
fn what_ends_at_its_limit_was_cut_off() {
    let cut = answer(r#"{"role":"assistant","content":"and then"}"#, "length");
    assert_eq!(faults("", &cut), [AnswerFault::CutOff]);
}

#[test]
fn a_stream_is_looked_at_as_the_answer_that_it_is() {
    let chunk = |delta: &str, finish: &str| {
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n")
    };
    let stream = [
        chunk(r#"{"role":"assistant","content":"I can't "}"#, "null"),
        chunk(r#"{"content":"assist with that."}"#, "null"),
        chunk("{}", "\"stop\""),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let request = request("");
    let asked = request.conversation().unwrap().unwrap();
    let held = Held::streamed(CHAT, stream.as_bytes()).unwrap();
    assert_eq!(held.faults(&asked), [AnswerFault::Refusal]);
    assert_eq!(held.text(), "I can't assist with that.");
    assert!(Held::streamed(CHAT, &stream.as_bytes()[..90]).is_none(), "it is not complete");
}

#[test]
fn the_mean_log_probability_is_told_where_the_answer_tells_it() {
    let body = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"a b"},"finish_reason":"stop",
        "logprobs":{"content":[{"token":"a","logprob":-0.5},{"token":" b","logprob":-1.5}]}}]}"#;
    assert_eq!(Held::whole(CHAT, body.as_bytes()).unwrap().mean_log_probability(), Some(-1.0));
    assert_eq!(Held::whole(CHAT, said("a").as_bytes()).unwrap().mean_log_probability(), None);
}
