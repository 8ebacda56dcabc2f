use super::super::testing::*;
use super::*;
use crate::canonical::{
    BlockKind, Conversation, Effort, FinishReason, Format, Reasoning, Role, Tool, ToolChoice, ToolKind,
};
use crate::chat::BadReply;
use proptest::prelude::*;
use serde_json::{Value, json as value};

#[test]
fn a_request_says_all_that_gemini_has_words_for() {
    golden_request(write, "gemini", "gemini-3-flash");
}

#[test]
fn the_model_is_in_the_path_and_cannot_leave_it() {
    assert_eq!(path("gemini-2.5-pro", false), "/models/gemini-2.5-pro:generateContent");
    assert_eq!(path("a/b?c", true), "/models/a%2Fb%3Fc:streamGenerateContent");
}

fn config<'r>(model: &str, change: impl FnOnce(&mut Conversation<'r>)) -> (Value, Vec<String>) {
    let mut conversation = asking("hi");
    change(&mut conversation);
    let (body, losses) = written(write, &conversation, model);
    (body["generationConfig"].clone(), losses)
}

#[test]
fn effort_is_a_budget_for_older_models_and_a_level_for_newer_ones() {
    let thinking = |model: &str, effort, budget_tokens| {
        let reasoning = Reasoning { effort, budget_tokens, summary: None };
        let (config, losses) = config(model, |it| it.reasoning = Some(reasoning));
        (config["thinkingConfig"].clone(), losses)
    };
    let none: Vec<String> = Vec::new();
    let lost = vec!["reasoning_effort".to_owned()];
    let cases = [
        ("gemini-2.5-flash", Some(Effort::None), None, value!({"thinkingBudget": 0}), &none),
        ("gemini-2.5-pro", Some(Effort::None), None, value!({"thinkingBudget": 128}), &lost),
        (
            "gemini-2.5-pro",
            Some(Effort::High),
            None,
            value!({"includeThoughts": true, "thinkingBudget": 24576}),
            &none,
        ),
        (
            "gemini-3-pro",
            Some(Effort::Minimal),
            None,
            value!({"includeThoughts": true, "thinkingLevel": "LOW"}),
            &lost,
        ),
        (
            "gemini-3-flash",
            Some(Effort::Max),
            None,
            value!({"includeThoughts": true, "thinkingLevel": "HIGH"}),
            &lost,
        ),
        ("gemini-3-flash", None, Some(512), value!({"includeThoughts": true, "thinkingBudget": 512}), &none),
    ];
    for (model, effort, budget, expected, losses) in cases {
        assert_eq!(thinking(model, effort, budget), (expected, losses.clone()), "{model} {effort:?}");
    }
}

#[test]
fn several_answers_are_asked_for_unless_they_would_be_streamed() {
    let (whole, losses) = config("gemini-2.5-pro", |it| it.answers = Some(3));
    assert_eq!((whole["candidateCount"].as_u64(), losses.len()), (Some(3), 0));
    let (_, losses) = config("gemini-2.5-pro", |it| (it.answers, it.stream) = (Some(3), true));
    assert_eq!(losses, ["!n"]);
}

#[test]
fn what_changes_the_answer_is_refused_and_the_rest_reported() {
    let grammar = json(r#""x""#);
    let (_, losses) = config("gemini-2.5-pro", |it| {
        it.others = vec![("guided_regex", &grammar), ("top_a", &grammar)];
        it.stop = ["a", "b", "c", "d", "e", "f"].map(Into::into).to_vec();
        it.sampling.seed = Some("9223372036854775807".into());
    });
    assert_eq!(losses, ["!guided_regex", "top_a", "seed", "!stop"]);
}

#[test]
fn calls_and_results_are_turns_of_their_own_as_many_as_each_other() {
    let (body, _) = written(write, &Everything::new().conversation(), "gemini-3-flash");
    let contents = body["contents"].as_array().unwrap();
    let roles: Vec<_> = contents.iter().map(|content| content["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "model", "user", "user"]);
    let results: Vec<_> = contents[2]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["functionResponse"].clone())
        .collect();
    assert_eq!(
        results,
        [
            value!({"id": "call_a", "name": "weather", "response": {"c": 21}}),
            value!({"id": "call_b", "name": "weather", "response": {"error": "no city"}}),
        ]
    );
}

#[test]
fn a_call_that_gemini_did_not_make_has_the_word_for_that_where_proofs_are_wanted() {
    let mut conversation = asking("hi");
    let calls = vec![call("a", "f", "{}", None), call("b", "f", "{}", None)];
    conversation.messages.push(message(Role::Assistant, calls));
    let signatures = |model| {
        let (body, _) = written(write, &conversation, model);
        let parts = body["contents"][1]["parts"].as_array().unwrap().clone();
        parts.into_iter().map(|part| part["thoughtSignature"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(signatures("gemini-3-pro"), [Some("skip_thought_signature_validator".to_owned()), None]);
    assert_eq!(signatures("gemini-2.5-pro"), [None, None]);
}

#[test]
fn an_id_that_was_made_here_does_not_go_out() {
    let read = read_reply(br#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}],"responseId":"r"}"#);
    let reply = read.unwrap();
    let BlockKind::ToolCall { id, .. } = &reply.choices[0].blocks[0].kind else { panic!() };
    let mut conversation = asking("hi");
    conversation.messages.push(message(Role::Assistant, vec![call(id, "f", "{}", None)]));
    conversation.messages.push(message(Role::User, vec![result(id, vec![text("x")], false)]));
    let (body, _) = written(write, &conversation, "gemini-2.5-pro");
    assert_eq!(body["contents"][1]["parts"][0]["functionCall"], value!({"name": "f", "args": {}}));
    let response = &body["contents"][2]["parts"][0]["functionResponse"];
    assert_eq!(response, &value!({"name": "f", "response": {"output": "x"}}));
}

#[test]
fn a_tool_of_free_text_is_a_function_with_one_argument() {
    let mut conversation = asking("hi");
    conversation.tools = vec![Tool { kind: ToolKind::Custom, ..tool("grep", None) }];
    let (body, losses) = written(write, &conversation, "gemini-2.5-pro");
    let parameters = &body["tools"][0]["functionDeclarations"][0]["parameters"];
    let expected =
        value!({"type": "OBJECT", "properties": {"input": {"type": "STRING"}}, "required": ["input"]});
    assert_eq!((parameters, losses.len()), (&expected, 0));
}

#[test]
fn a_tool_choice_is_a_mode_and_a_list_of_names() {
    let mode = |choice| {
        let mut conversation = asking("hi");
        (conversation.tools, conversation.tool_choice) = (vec![tool("f", None)], Some(choice));
        written(write, &conversation, "gemini-3-pro").0["toolConfig"]["functionCallingConfig"].clone()
    };
    assert_eq!(mode(ToolChoice::Required), value!({"mode": "ANY"}));
    assert_eq!(mode(ToolChoice::None), value!({"mode": "NONE"}));
    let named = ToolChoice::Tool { name: "f".into(), kind: ToolKind::Function };
    assert_eq!(mode(named), value!({"mode": "ANY", "allowedFunctionNames": ["f"]}));
}

#[test]
fn a_schema_that_cannot_be_said_exactly_is_refused_where_it_must_hold() {
    let schema = json(r#"{"type":"object","properties":{"a":{"type":"string","not":{"const":"x"}}}}"#);
    let refused = |strict| {
        let format = Format::JsonSchema { name: None, description: None, schema: &schema, strict };
        config("gemini-2.5-pro", |it| it.format = Some(format)).1
    };
    assert_eq!(refused(Some(true)), ["!response_format"]);
    assert_eq!(refused(None), ["response_format"]);
}

/// Source: Gemini API reference, examples of text generation, thinking and function calling.
const STREAM: &str = r#"{"candidates":[{"content":{"parts":[{"text":"Let me ","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":20,"totalTokenCount":20},"modelVersion":"gemini-2.5-pro","responseId":"Rx-1"}
{"candidates":[{"content":{"parts":[{"text":"see.","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":20,"thoughtsTokenCount":5,"totalTokenCount":25},"modelVersion":"gemini-2.5-pro","responseId":"Rx-1"}
{"candidates":[{"content":{"parts":[{"text":"I'll "}],"role":"model"},"index":0}],"modelVersion":"gemini-2.5-pro","responseId":"Rx-1"}
{"candidates":[{"content":{"parts":[{"text":"ask."},{"functionCall":{"name":"weather","args":{"city":"Zürich","n":1.50}},"thoughtSignature":"c2ln"},{"functionCall":{"id":"own","name":"now","args":{}}}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":20,"cachedContentTokenCount":8,"candidatesTokenCount":7,"thoughtsTokenCount":5,"totalTokenCount":32},"modelVersion":"gemini-2.5-pro","responseId":"Rx-1"}"#;

const WHOLE: &str = r#"{"candidates":[{"content":{"parts":[{"text":"Let me see.","thought":true},{"text":"I'll ask."},{"functionCall":{"name":"weather","args":{"city":"Zürich","n":1.50}},"thoughtSignature":"c2ln"},{"functionCall":{"id":"own","name":"now","args":{}}}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":20,"cachedContentTokenCount":8,"candidatesTokenCount":7,"thoughtsTokenCount":5,"totalTokenCount":32},"modelVersion":"gemini-2.5-pro","responseId":"Rx-1"}"#;

#[test]
fn stream_and_whole_reply_are_the_same_answer() {
    let whole = read_reply(WHOLE.as_bytes()).unwrap();
    golden("gemini/reply.txt", &shown(&whole));
    assert_eq!(streamed::<EventReader>(&nameless(STREAM)).unwrap(), whole);
}

#[test]
fn a_stream_that_was_cut_is_no_answer() {
    no_cut_stream_is_an_answer::<EventReader>(&nameless(STREAM));
}

fn finish_of(body: &str) -> Result<FinishReason, BadReply> {
    read_reply(body.as_bytes()).map(|reply| reply.choices[0].finish.unwrap())
}

#[test]
fn finish_reasons_are_those_of_the_table() {
    let with = |word: &str| finish_of(&format!(r#"{{"candidates":[{{"finishReason":"{word}"}}]}}"#));
    assert_eq!(with("STOP").unwrap(), FinishReason::Stop);
    assert_eq!(with("MAX_TOKENS").unwrap(), FinishReason::Length);
    for word in ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"] {
        assert_eq!(with(word).unwrap(), FinishReason::ContentFilter, "{word}");
    }
    assert_eq!(with("A_NEW_ONE").unwrap(), FinishReason::Stop);
    assert!(matches!(with("MALFORMED_FUNCTION_CALL"), Err(BadReply::Error(_))));
    assert!(matches!(with("FINISH_REASON_UNSPECIFIED"), Err(BadReply::Malformed)));
}

#[test]
fn a_blocked_prompt_is_an_answer_that_was_filtered() {
    let blocked = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}"#;
    assert_eq!(finish_of(blocked).unwrap(), FinishReason::ContentFilter);
    assert_eq!(finish_of(r#"{"usageMetadata":{}}"#).unwrap_err(), BadReply::Malformed);
}

#[test]
fn an_error_is_an_error_whole_or_within_a_stream() {
    let error =
        r#"{"error":{"code":429,"message":"Resource has been exhausted","status":"RESOURCE_EXHAUSTED"}}"#;
    let BadReply::Error(envelope) = read_reply(error.as_bytes()).unwrap_err() else { panic!() };
    assert_eq!(envelope.code.as_deref(), Some("rate_limit_exceeded"));
    let long = r#"[{"error":{"code":400,"message":"The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]"#;
    let envelope = read_error(400, long.as_bytes()).unwrap();
    assert_eq!(envelope.code.as_deref(), Some("context_length_exceeded"));
    assert!(envelope.message.starts_with("This model's maximum context length is 1048576 tokens."));
}

#[test]
fn probabilities_are_given_in_openais_form() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP","logprobsResult":{"topCandidates":[{"candidates":[{"token":"Hi","logProbability":-0.25},{"token":"é","logProbability":-2}]}],"chosenCandidates":[{"token":"Hi","logProbability":-0.25}]}}]}"#;
    let reply = read_reply(body.as_bytes()).unwrap();
    assert_eq!(
        reply.choices[0].log_probs.as_deref(),
        Some(
            r#"{"content":[{"token":"Hi","logprob":-0.25,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-0.25,"bytes":[72,105]},{"token":"é","logprob":-2,"bytes":[195,169]}]}],"refusal":null}"#
        )
    );
    let (config, losses) = config("gemini-2.5-pro", |it| it.log_probs = LOG_PROBS);
    assert_eq!((config, losses.len()), (value!({"responseLogprobs": true, "logprobs": 2}), 0));
}

/// A part of an answer.
fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        ".{0,6}".prop_map(|text| value!({ "text": text })),
        ".{0,6}".prop_map(|text| value!({ "text": text, "thought": true })),
        ("[a-z]{1,4}", ".{0,6}", proptest::option::of("[A-Za-z0-9]{4}")).prop_map(
            |(name, text, signature)| {
                let mut part = value!({ "functionCall": { "name": name, "args": { "x": text } } });
                if let Some(signature) = signature {
                    part["thoughtSignature"] = signature.into();
                }
                part
            }
        ),
    ]
}

proptest! {
    #[test]
    fn any_cut_of_an_answer_into_items_gives_the_same_answer(
        parts in proptest::collection::vec(part(), 0..8), cut in 1usize..4)
    {
        let item = |parts: &[Value], last: bool| {
            let mut candidate = value!({ "content": { "role": "model", "parts": parts } });
            if last {
                candidate["finishReason"] = "STOP".into();
            }
            value!({ "candidates": [candidate], "responseId": "r", "modelVersion": "m" }).to_string()
        };
        let whole = read_reply(item(&parts, true).as_bytes()).unwrap();
        let mut items: Items<'_> = parts.chunks(cut).map(|parts| ("", item(parts, false))).collect();
        items.push(("", item(&[], true)));
        prop_assert_eq!(streamed::<EventReader>(&items).unwrap(), whole);
    }

    #[test]
    fn no_item_makes_the_reader_panic(items in proptest::collection::vec(".{0,60}", 0..4)) {
        let items: Items<'_> = items.into_iter().map(|item| ("", item)).collect();
        let _any = streamed::<EventReader>(&items);
    }
}
