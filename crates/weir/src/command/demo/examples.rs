//! What the demonstration sends. All data in it is made up: test numbers, reserved domains and numbers.

use serde_json::{Value, json};
use std::sync::Arc;

/// One request.
#[derive(Debug)]
pub(super) struct Example {
    /// What people should know of it. Unique.
    pub about: String,
    /// The model name that it asks for.
    pub alias: &'static str,
    /// The rest of the body.
    pub body: Value,
    /// The classified data in it, and words from around that data; empty if there is none.
    pub canaries: Vec<String>,
}

impl Example {
    pub fn is_stream(&self) -> bool {
        self.body.get("stream") == Some(&Value::Bool(true))
    }
}

/// Requests that are sent at the same time.
#[derive(Debug)]
pub(super) struct Act {
    /// What happens, when it needs saying.
    pub title: Option<&'static str>,
    pub examples: Vec<Arc<Example>>,
}

/// Everything, in order.
pub(super) fn all() -> Vec<Act> {
    let alone = |example| Act { title: None, examples: vec![Arc::new(example)] };
    let together = |title, examples: Vec<Example>| Act {
        title: Some(title),
        examples: examples.into_iter().map(Arc::new).collect(),
    };
    let mut acts: Vec<Act> = one_by_one().into_iter().map(alone).collect();
    acts.push(together(
        "Three classified requests at once, and room for one: wait, or take a smaller model",
        crowd(),
    ));
    acts.push(together(
        "Three that are not classified, and room for two: the third goes over the weir",
        surplus(),
    ));
    acts
}

fn one_by_one() -> Vec<Example> {
    vec![
        open("plain question", &prompt("Why is the water behind a weir level?")),
        open(
            "code question, streamed",
            &streamed(&prompt("Write a Rust function that reverses a linked list.")),
        ),
        open("translation", &prompt("Translate into French: the harbour opens at nine in the morning.")),
        classified(
            "e-mail address",
            &prompt("Draft a kind reply to erika.mustermann@example.com, whose parcel got lost."),
            &["erika.mustermann@example.com", "whose parcel got lost"],
        ),
        classified(
            "payment card, streamed",
            &streamed(&prompt("Why was card 4111 1111 1111 1111 declined at the till?")),
            &["4111 1111 1111 1111", "declined at the till"],
        ),
        classified(
            "bank account (IBAN)",
            &prompt("Set up a monthly transfer to DE89 3704 0044 0532 0130 00 for the rent."),
            &["DE89 3704 0044 0532 0130 00", "monthly transfer"],
        ),
        classified(
            "API key in a log",
            &prompt(&format!("What does this mean?\nERROR 401 for key {API_KEY} on worker 3")),
            &[API_KEY, "on worker 3"],
        ),
        classified(
            "private key",
            &prompt(&format!("Is this key in the right format?\n{}", private_key())),
            &[KEY_BODY, "in the right format"],
        ),
        classified(
            "personal data in a tool result",
            &tool_result(),
            &["max.muster@example.org", "+44 20 7946 0958", "look_up_customer"],
        ),
        classified(
            "evasion: fullwidth, zero-width",
            &prompt(&format!("Say hello to {EVASIVE_ADDRESS} from me, and be brief.")),
            &[EVASIVE_ADDRESS, "from me, and be brief"],
        ),
        open("not classified, wish: local-only", &local_only(&prompt("Name three rivers with many weirs."))),
        classified("image (cannot be inspected)", &image(), &[PIXEL, "What is in this picture"]),
    ]
}

fn crowd() -> Vec<Example> {
    let letter = |number: u32| {
        let address = format!("customer-{number}@example.net");
        let body = prompt(&format!("Confirm appointment {number} to {address} in two lines."));
        classified(
            &format!("e-mail address, {number} of 3"),
            &body,
            &[&address, &format!("appointment {number} to")],
        )
    };
    (1..=3).map(letter).collect()
}

fn surplus() -> Vec<Example> {
    let question = |number: u32| {
        let body = prompt(&format!("Give me riddle number {number} about water."));
        Example { alias: "fast", ..open(&format!("riddle, {number} of 3"), &body) }
    };
    (1..=3).map(question).collect()
}

/// In the form of a key, and the key to nothing.
const API_KEY: &str = "sk-demo-0nly-N0t-A-R3al-K3y-7f3a9c2e41";

/// Base64 of nothing in particular.
const KEY_BODY: &str = "MIIEvQIBADANBgkqhkiG9w0DemoOnlyNotARealKeyZx81Qv3";

/// `jane.doe@example.com` in fullwidth letters, with zero-width spaces in the name.
const EVASIVE_ADDRESS: &str = "ｊａ\u{200b}ｎｅ．ｄ\u{200b}ｏｅ＠ｅｘａｍｐｌｅ．ｃｏｍ";

/// A PNG of one transparent pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// Put together here, so that no scanner takes this file for one that holds a key.
fn private_key() -> String {
    let armour = |word| format!("-----{word} {} KEY-----", "PRIVATE");
    format!("{}\n{KEY_BODY}\n{}", armour("BEGIN"), armour("END"))
}

fn open(about: &str, body: &Value) -> Example {
    Example { about: about.to_owned(), alias: "auto", body: body.clone(), canaries: Vec::new() }
}

fn classified(about: &str, body: &Value, canaries: &[&str]) -> Example {
    Example { canaries: canaries.iter().map(|&text| text.to_owned()).collect(), ..open(about, body) }
}

fn prompt(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }], "max_completion_tokens": 64 })
}

fn streamed(body: &Value) -> Value {
    with(body, "stream", Value::Bool(true))
}

fn local_only(body: &Value) -> Value {
    with(body, "route_hint", Value::from("local-only"))
}

fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    if let Some(members) = body.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    body
}

fn tool_result() -> Value {
    let found =
        json!({ "name": "Max Muster", "email": "max.muster@example.org", "phone": "+44 20 7946 0958" });
    json!({
        "messages": [
            { "role": "user", "content": "Is customer 17 reachable today?" },
            { "role": "assistant", "content": null, "tool_calls": [{
                "id": "call_1", "type": "function",
                "function": { "name": "look_up_customer", "arguments": "{\"customer\":17}" },
            }] },
            { "role": "tool", "tool_call_id": "call_1", "content": found.to_string() },
        ],
        "max_completion_tokens": 64,
    })
}

fn image() -> Value {
    json!({
        "messages": [{ "role": "user", "content": [
            { "type": "text", "text": "What is in this picture?" },
            { "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{PIXEL}") } },
        ] }],
        "max_completion_tokens": 64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_many_examples_and_each_has_a_name_of_its_own() {
        let acts = all();
        let names: Vec<&str> = acts.iter().flat_map(|act| &act.examples).map(|e| e.about.as_str()).collect();
        assert!(names.len() >= 12);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}
