//! Every recogniser's data in every position of a body.

use crate::bodies::{HERE, as_arguments, as_escaped_arguments, messages, parts, request, with};
use crate::oracle::{Left, says_kept_inside};
use crate::samples::{self, OWN_WORDS, Sample};
use crate::support::http::{Client, Reply};
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, two_zones};
use serde_json::{Value, json};
use weir_rig::fake::Fake;

/// A position: its name, a body with [`HERE`] in it, and how a text is written there.
type Position = (&'static str, Value, fn(&str) -> String);

fn positions() -> Vec<Position> {
    let mut all = in_messages();
    all.extend(in_tools());
    all.extend(in_parameters());
    all.extend(in_unknown_fields());
    all
}

fn in_messages() -> Vec<Position> {
    let user = json!({ "role": "user", "content": "Go on." });
    let call = |arguments: &str| {
        json!({ "role": "assistant", "content": null, "tool_calls": [
            { "id": "call_1", "type": "function", "function": { "name": "look_up", "arguments": arguments } }
        ] })
    };
    let called = |arguments: &str| messages(json!([user, call(arguments), result("nothing"), user]));
    plain([
        ("system message", messages(json!([{ "role": "system", "content": HERE }, user]))),
        ("developer message", messages(json!([{ "role": "developer", "content": HERE }, user]))),
        ("user message", messages(json!([{ "role": "user", "content": HERE }]))),
        ("user part", parts(json!([{ "type": "text", "text": HERE }]))),
        ("second user part", parts(json!([{ "type": "text", "text": "a" }, { "type": "text", "text": HERE }]))),
        ("assistant message", messages(json!([user, { "role": "assistant", "content": HERE }, user]))),
        ("assistant part", messages(json!([user, { "role": "assistant", "content": [{ "type": "text", "text": HERE }] }, user]))),
        ("prefill", messages(json!([user, { "role": "assistant", "content": HERE }]))),
        ("tool result", messages(json!([user, call("{}"), result(HERE), user]))),
        ("earlier turn", messages(json!([{ "role": "user", "content": HERE }, { "role": "assistant", "content": "Fine." }, user, { "role": "assistant", "content": "Fine." }, user]))),
        ("refusal", messages(json!([user, { "role": "assistant", "content": null, "refusal": HERE }, user]))),
        ("refusal part", messages(json!([user, { "role": "assistant", "content": [{ "type": "refusal", "refusal": HERE }] }, user]))),
        ("reasoning", messages(json!([user, { "role": "assistant", "content": "Fine.", "reasoning_content": HERE }, user]))),
        ("participant's name", messages(json!([{ "role": "user", "name": HERE, "content": "Go on." }]))),
        ("role", messages(json!([{ "role": HERE, "content": "Go on." }, user]))),
        ("call id", messages(json!([user, { "role": "tool", "tool_call_id": HERE, "content": "x" }]))),
        ("called tool's name", messages(json!([user, { "role": "assistant", "tool_calls": [{ "id": "1", "type": "function", "function": { "name": HERE, "arguments": "{}" } }] }, user]))),
        ("function message", messages(json!([{ "role": "function", "name": "f", "content": HERE }, user]))),
        ("system part", messages(json!([{ "role": "system", "content": [{ "type": "text", "text": HERE }] }, user]))),
        ("developer part", messages(json!([{ "role": "developer", "content": [{ "type": "text", "text": HERE }] }, user]))),
        ("tool result part", messages(json!([user, call("{}"), { "role": "tool", "tool_call_id": "call_1", "content": [{ "type": "text", "text": HERE }] }]))),
        ("assistant's name", messages(json!([user, { "role": "assistant", "name": HERE, "content": "Fine." }, user]))),
        ("system's name", messages(json!([{ "role": "system", "name": HERE, "content": "Be brief." }, user]))),
        ("custom tool's input", messages(json!([user, { "role": "assistant", "tool_calls": [{ "id": "1", "type": "custom", "custom": { "name": "c", "input": HERE } }] }, user]))),
        ("custom tool's name", messages(json!([user, { "role": "assistant", "tool_calls": [{ "id": "1", "type": "custom", "custom": { "name": HERE, "input": "" } }] }, user]))),
        ("call's own id", messages(json!([user, { "role": "assistant", "tool_calls": [{ "id": HERE, "type": "function", "function": { "name": "f", "arguments": "{}" } }] }, user]))),
        ("citation", messages(json!([user, { "role": "assistant", "content": "Fine.", "annotations": [{ "type": "url_citation", "url_citation": { "title": HERE, "start_index": 0 } }] }, user]))),
        ("called function's name", messages(json!([user, { "role": "assistant", "content": null, "function_call": { "name": HERE, "arguments": "{}" } }]))),
        ("function call", messages(json!([user, { "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": HERE } }]))),
    ])
    .into_iter()
    .chain([
        ("tool arguments", called(HERE), as_arguments as fn(&str) -> String),
        ("escaped tool arguments", called(HERE), as_escaped_arguments),
    ])
    .collect()
}

fn result(text: &str) -> Value {
    json!({ "role": "tool", "tool_call_id": "call_1", "content": text })
}

fn in_tools() -> Vec<Position> {
    let tool = |function: Value| request(json!({ "tools": [{ "type": "function", "function": function }] }));
    let parameters = |properties: Value| {
        tool(json!({ "name": "f", "parameters": { "type": "object", "properties": properties } }))
    };
    let format = |name: &str, schema: Value| {
        request(
            json!({ "response_format": { "type": "json_schema", "json_schema": { "name": name, "schema": schema } } }),
        )
    };
    plain([
        ("tool name", tool(json!({ "name": HERE }))),
        ("tool description", tool(json!({ "name": "f", "description": HERE }))),
        ("parameter name", parameters(json!({ HERE: { "type": "string" } }))),
        (
            "required parameter",
            tool(json!({ "name": "f", "parameters": { "type": "object", "required": [HERE] } })),
        ),
        ("parameter description", parameters(json!({ "a": { "type": "string", "description": HERE } }))),
        ("enum", parameters(json!({ "a": { "enum": ["b", HERE] } }))),
        ("default", parameters(json!({ "a": { "default": HERE } }))),
        ("example", parameters(json!({ "a": { "examples": [{ "deep": HERE }] } }))),
        (
            "grammar of a tool",
            request(
                json!({ "tools": [{ "type": "custom", "custom": { "name": "c", "format": { "type": "grammar", "grammar": { "syntax": "lark", "definition": HERE } } } }] }),
            ),
        ),
        ("function", request(json!({ "functions": [{ "name": "f", "description": HERE }] }))),
        (
            "tool choice",
            request(json!({ "tool_choice": { "type": "function", "function": { "name": HERE } } })),
        ),
        (
            "choice of a custom tool",
            request(json!({ "tool_choice": { "type": "custom", "custom": { "name": HERE } } })),
        ),
        (
            "allowed tool",
            request(
                json!({ "tool_choice": { "type": "allowed_tools", "allowed_tools": { "mode": "auto", "tools": [{ "type": "function", "function": { "name": HERE } }] } } }),
            ),
        ),
        (
            "custom tool's description",
            request(
                json!({ "tools": [{ "type": "custom", "custom": { "name": "c", "description": HERE } }] }),
            ),
        ),
        ("chosen function", request(json!({ "function_call": { "name": HERE } }))),
        ("parameter's pattern", parameters(json!({ "a": { "type": "string", "pattern": HERE } }))),
        ("constant", parameters(json!({ "a": { "const": HERE } }))),
        ("answer schema's name", format(HERE, json!({ "type": "object" }))),
        ("answer schema's description", format("s", json!({ "type": "object", "description": HERE }))),
        (
            "answer schema's property",
            format("s", json!({ "type": "object", "properties": { HERE: { "type": "string" } } })),
        ),
    ])
}

fn in_parameters() -> Vec<Position> {
    plain([
        ("stop", request(json!({ "stop": HERE }))),
        ("stop list", request(json!({ "stop": ["\n", HERE] }))),
        ("logit bias", request(json!({ "logit_bias": { HERE: -100 } }))),
        ("metadata value", request(json!({ "metadata": { "ticket": HERE } }))),
        ("metadata key", request(json!({ "metadata": { HERE: "yes" } }))),
        ("user", request(json!({ "user": HERE }))),
        ("safety identifier", request(json!({ "safety_identifier": HERE }))),
        ("prompt cache key", request(json!({ "prompt_cache_key": HERE }))),
        ("prediction", request(json!({ "prediction": { "type": "content", "content": HERE } }))),
        (
            "prediction part",
            request(
                json!({ "prediction": { "type": "content", "content": [{ "type": "text", "text": HERE }] } }),
            ),
        ),
        ("service tier", request(json!({ "service_tier": HERE }))),
        ("reasoning effort", request(json!({ "reasoning_effort": HERE }))),
        ("guided regex", request(json!({ "guided_regex": HERE }))),
        ("chat template", request(json!({ "chat_template": HERE }))),
        ("chat template's argument", request(json!({ "chat_template_kwargs": { "a": HERE } }))),
        ("verbosity", request(json!({ "verbosity": HERE }))),
        ("modality", request(json!({ "modalities": ["text", HERE] }))),
        ("voice", request(json!({ "audio": { "voice": HERE, "format": "wav" } }))),
        ("cache retention", request(json!({ "prompt_cache_retention": HERE }))),
        ("answer format", request(json!({ "response_format": { "type": HERE } }))),
        ("stream option", request(json!({ "stream_options": { "include_usage": true, "x": HERE } }))),
    ])
}

fn in_unknown_fields() -> Vec<Position> {
    let part = |x: Value| parts(json!([{ "type": "text", "text": "a", "x": x }]));
    plain([
        ("unknown field", request(json!({ "x_unknown": HERE }))),
        ("unknown key", request(json!({ HERE: 1 }))),
        ("key in an unknown field", request(json!({ "x_unknown": [{ HERE: null }] }))),
        ("unknown field of a message", messages(json!([{ "role": "user", "content": "a", "x": HERE }]))),
        ("unknown key of a message", messages(json!([{ "role": "user", "content": "a", HERE: true }]))),
        ("unknown field of a part, depth 1", part(json!(HERE))),
        ("unknown field of a part, depth 2", part(json!({ "x": HERE }))),
        ("unknown field of a part, depth 3", part(json!({ "x": [HERE] }))),
        ("unknown field of a part, depth 4", part(json!({ "x": [{ "x": HERE }] }))),
        ("unknown field of a part, depth 5", part(json!({ "x": [{ "x": { HERE: [] } }] }))),
    ])
}

fn plain<const N: usize>(positions: [(&'static str, Value); N]) -> Vec<Position> {
    positions
        .into_iter()
        .map(|(name, body)| (name, body, (|text| text.to_owned()) as fn(&str) -> String))
        .collect()
}

fn policy() -> String {
    TWO_RULES.replace("rules:\n", &format!("{OWN_WORDS}rules:\n"))
}

#[test]
fn every_kind_of_classified_data_stays_local_in_every_position_of_a_body() {
    let mut stage = Stage::with(two_zones, &policy());
    let mut client = stage.gateway.client();
    let (samples, positions) = (samples::all(), positions());
    let mut kept: Vec<(&Sample, &str, Reply)> = Vec::new();
    for sample in &samples {
        for (name, body, write) in &positions {
            let body = with(body, &write(&sample.text));
            let reply = post(&mut client, &body);
            let what = format!("{} `{}` as {name}", sample.entity, sample.canary);
            assert_served_locally(&stage, &reply, &body, &what);
            kept.push((sample, name, reply));
        }
        assert_eq!(stage.there.leaked(&sample.canary), None);
        assert!(!stage.there.contains(sample.canary.as_bytes()));
    }
    stage.assert_cloud_untouched();
    let left = Left::by(&mut stage);
    samples.iter().for_each(|sample| left.assert_without(&sample.canary));
    for (sample, name, reply) in kept {
        let rows = left.records_of(&reply);
        assert!(rows.len() == 1 && says_kept_inside(&rows[0]), "{} as {name}: {rows:?}", sample.entity);
        let findings = rows[0]["decision"]["findings"].as_array().unwrap();
        let found = findings.iter().any(|finding| finding["type"] == sample.entity);
        assert!(found, "{} `{}` as {name}: {findings:?}", sample.entity, sample.canary);
    }
}

/// Shows that each position would have gone to the cloud: what the other test keeps inside is kept for
/// what it holds.
#[test]
fn harmless_text_in_the_same_positions_goes_to_the_cloud() {
    let stage = Stage::with(two_zones, &policy());
    let mut client = stage.gateway.client();
    for (name, body, write) in positions() {
        let reply = post(&mut client, &with(&body, &write("nothing to see here")));
        assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{name}: {}", reply.text());
        stage.there.forget();
    }
    assert_eq!(stage.here.requests(), 0);
}

#[test]
fn a_number_is_read_as_it_is_written() {
    let stage = Stage::new();
    for body in [
        r#"{"model":"auto","messages":[{"role":"user","content":"a"}],"seed":4111111111111111}"#,
        r#"{"model":"auto","messages":[{"role":"user","content":"a"}],"x":{"y":[1,4111111111111111]}}"#,
        r#"{"model":"auto","messages":[{"role":"user","content":"a"}],"metadata":{"card":4111111111111111}}"#,
    ] {
        let reply = stage.gateway.client().post("/v1/chat/completions", &[], body.as_bytes());
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{body}");
    }
    stage.assert_cloud_untouched();
    assert!(stage.here.contains(b"4111111111111111"));
}

fn post(client: &mut Client, body: &Value) -> Reply {
    client.post("/v1/chat/completions", &[], body.to_string().as_bytes())
}

/// Asserts that the local backend got the whole body, nothing lost and only the model's name changed.
#[track_caller]
fn assert_served_locally(stage: &Stage, reply: &Reply, body: &Value, what: &str) {
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{what}: {}", reply.text());
    let mut expected = body.clone();
    expected["model"] = json!("local-model");
    assert_eq!(only_body(&stage.here, what), expected, "{what}");
    stage.here.forget();
}

#[track_caller]
fn only_body(backend: &Fake, what: &str) -> Value {
    let seen = backend.seen();
    assert_eq!(seen.len(), 1, "{what}");
    seen[0].json()
}
