//! Nothing that a backend outside is sent was kept from inspection, whatever the body, its API and the backend's dialect.

use super::{Api, ClientRequest, FormPart};
use crate::dialect::{BackendDialect, ClientDialect};
use crate::json::{Limits, parse};
use crate::segment::{self, SegmentKind};
use crate::{Destination, Encode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const BACKENDS: [BackendDialect; 6] = [
    BackendDialect::ChatCompletions,
    BackendDialect::Messages,
    BackendDialect::Gemini,
    BackendDialect::Converse,
    BackendDialect::Ollama,
    BackendDialect::Cohere,
];

/// Who made the values that only a provider can make.
const MAKER: &str = "maker";

/// A body that each API takes, to which more is added.
fn bodies() -> Vec<(Api, Value)> {
    let user = json!({ "role": "user", "content": [{ "type": "text", "text": "hi" }] });
    let arguments = r#"{"a": "b"}"#;
    let called = json!({ "role": "assistant", "content": "x", "tool_calls": [{ "id": "c", "type": "function", "function": { "name": "f", "arguments": arguments } }] });
    let result = json!({ "role": "tool", "tool_call_id": "c", "content": "y" });
    let used = json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": "c", "name": "f", "input": {} }] });
    let given =
        json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c", "content": [] }] });
    let function = json!({ "name": "f", "parameters": { "type": "object", "properties": { "a": {} } } });
    let flat =
        json!({ "type": "function", "name": "f", "parameters": { "type": "object", "properties": {} } });
    let output = json!({ "type": "function_call_output", "call_id": "c", "output": "y" });
    let call = json!({ "type": "function_call", "call_id": "c", "name": "f", "arguments": arguments });
    let plain = json!({ "role": "user", "content": "hi" });
    let of = |dialect| Api::Conversation(dialect);
    vec![
        (
            Api::CHAT,
            json!({ "messages": [{ "role": "system", "content": "s" }, user, called, result], "tools": [{ "type": "function", "function": function }], "metadata": {} }),
        ),
        (
            of(ClientDialect::Messages),
            json!({ "max_tokens": 9, "system": [{ "type": "text", "text": "s" }], "messages": [user, used, given], "tools": [{ "name": "f", "input_schema": { "type": "object" } }], "metadata": {} }),
        ),
        (
            of(ClientDialect::Responses),
            json!({ "instructions": "s", "input": [plain, call, output], "tools": [flat], "text": {}, "metadata": {} }),
        ),
        (of(ClientDialect::Completions), json!({ "prompt": "p" })),
        (of(ClientDialect::OllamaChat), json!({ "messages": [plain], "options": {}, "stream": false })),
        (of(ClientDialect::OllamaGenerate), json!({ "prompt": "p", "options": {} })),
        (Api::Embeddings, json!({ "input": ["a", "b"] })),
        (Api::OllamaEmbed, json!({ "input": ["a", "b"], "options": {} })),
        (Api::Moderations, json!({ "input": [{ "type": "text", "text": "a" }] })),
        (Api::Rerank, json!({ "query": "q", "documents": [{ "text": "d" }] })),
        (Api::Tokenize, json!({ "messages": [plain] })),
        (Api::Speech, json!({ "input": "a", "voice": "v" })),
        (Api::Images, json!({ "prompt": "p" })),
    ]
}

/// Members that some API knows; others are made up.
const NAMES: [&str; 42] = [
    "name",
    "user",
    "stop",
    "system",
    "instructions",
    "description",
    "suffix",
    "prediction",
    "text",
    "arguments",
    "content",
    "title",
    "context",
    "id",
    "function",
    "input",
    "parameters",
    "prompt",
    "safety_identifier",
    "prompt_cache_key",
    "priority",
    "thought_signature",
    "encrypted_content",
    "signature",
    "data",
    "image_url",
    "file_data",
    "reasoning_content",
    "template",
    "format",
    "logit_bias",
    "documents",
    "query",
    "voice",
    "citations",
    "cache_control",
    "thinking",
    "stop_sequences",
    "user_id",
    "reasoning",
    "enum",
    "default",
];

/// Draws the same in every run.
struct Draw {
    state: u64,
    /// How many words were made up.
    words: usize,
}

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % bound
    }

    /// A word that stands nowhere else.
    fn word(&mut self) -> String {
        self.words += 1;
        format!("Kq{:08}", self.words)
    }

    fn number(&mut self) -> usize {
        self.words += 1;
        7_700_000_000 + self.words
    }

    fn value(&mut self) -> Value {
        let data_url =
            |media_type: &str, text: &str| format!("data:{media_type};base64,{}", STANDARD.encode(text));
        match self.below(10) {
            0 | 1 => json!(self.word()),
            2 => json!(self.number()),
            3 => json!([self.word(), self.number()]),
            4 => json!({ self.word(): self.word() }),
            5 => json!({ "type": "text", "text": self.word() }),
            6 => json!(format!("{{\"{}\": \"{}\"}}", self.word(), self.word())),
            7 => json!({ "type": "thinking", "thinking": self.word(), "signature": self.word() }),
            8 => {
                json!({ "type": "file", "file": { "filename": self.word(), "file_data": data_url("text/plain", &self.word()) } })
            }
            _ => json!({ "type": "image_url", "image_url": { "url": data_url("text/csv", &self.word()) } }),
        }
    }

    /// Adds a value somewhere in a body.
    fn add(&mut self, body: &mut Value) {
        let mut places = Vec::new();
        pointers(body, &mut String::new(), &mut places);
        let at = self.below(places.len());
        let (name, value) = (NAMES.get(self.below(NAMES.len() + 8)), self.value());
        let name = name.map_or_else(|| self.word(), |name| (*name).to_owned());
        let place = body.pointer_mut(&places[at]).unwrap();
        if let Some(object) = place.as_object_mut() {
            object.insert(name, value);
        } else if let Some(items) = place.as_array_mut() {
            items.push(value);
        }
    }
}

/// The places of all objects and arrays.
fn pointers(value: &Value, path: &mut String, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = if let Some(object) = value.as_object() {
        object.iter().map(|(name, member)| (name.clone(), member)).collect()
    } else if let Some(items) = value.as_array() {
        items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
    } else {
        return;
    };
    found.push(path.clone());
    for (name, member) in members {
        let len = path.len();
        path.push('/');
        path.push_str(&name);
        pointers(member, path, found);
        path.truncate(len);
    }
}

/// The words and numbers in a text that were made up, those within base64 too.
fn made_up(text: &str, found: &mut BTreeSet<String>) {
    if let Some(decoded) = text.split_once(";base64,").and_then(|(_, data)| STANDARD.decode(data).ok()) {
        made_up(&String::from_utf8_lossy(&decoded), found);
    }
    for (mark, len) in [("Kq", 10), ("77000", 10)] {
        found
            .extend(text.match_indices(mark).filter_map(|(at, _)| text.get(at..at + len)).map(str::to_owned));
    }
}

/// What is sent of a request to a backend of a dialect, as far as it was made up.
fn sent(request: &ClientRequest, dialect: BackendDialect, backend: &str) -> BTreeSet<String> {
    let (mut bytes, mut found) = (Vec::new(), BTreeSet::new());
    let to = Destination { dialect, backend, ..Destination::new("m", true) };
    // What cannot be read as a conversation goes to no other dialect.
    if request.losses(&to).is_err() {
        return found;
    }
    request.encode(&to, &mut bytes);
    if request.media_type().is_some() {
        made_up(&String::from_utf8_lossy(&bytes), &mut found);
        return found;
    }
    let body = parse(&bytes, Limits::default()).unwrap();
    let mut segments = Vec::new();
    segment::collect(&body, &mut segments);
    segments.iter().for_each(|segment| made_up(segment.text, &mut found));
    found
}

/// What inspection is shown of a request, or `None` if that alone keeps the request inside.
fn shown(request: &ClientRequest) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for segment in request.segments() {
        if segment.kind == SegmentKind::Opaque {
            return None;
        }
        made_up(segment.text, &mut found);
    }
    Some(found)
}

/// Of sealed values every second one is known.
fn is_known(text: &str) -> bool {
    text.ends_with(['0', '2', '4', '6', '8'])
}

#[test]
fn whatever_is_sent_outside_was_shown_to_inspection() {
    let mut draw = Draw { state: 1, words: 0 };
    let (mut checked, mut told) = (0, 0);
    for (api, body) in bodies().iter().cycle().take(6_000) {
        let mut body = body.clone();
        body["model"] = json!("a");
        for _ in 0..=draw.below(4) {
            draw.add(&mut body);
        }
        let Ok(request) = ClientRequest::read_as(*api, body.to_string().as_bytes(), Limits::default()) else {
            continue;
        };
        let request = request
            .with_pseudonyms(|_| "p".to_owned())
            .with_makers(|text| is_known(text).then(|| MAKER.into()));
        let Some(shown) = shown(&request) else { continue };
        let known: BTreeSet<String> =
            request.sealed_of(|maker| maker.is_some()).into_iter().map(str::to_owned).collect();
        for dialect in BACKENDS.into_iter().filter(|dialect| request.can_be_written_for(*dialect)) {
            for backend in [MAKER, "other"] {
                let sent = sent(&request, dialect, backend);
                let unseen: Vec<&String> = sent
                    .difference(&shown)
                    .filter(|word| backend != MAKER || !known.contains(*word))
                    .collect();
                assert!(unseen.is_empty(), "{} to {dialect:?}: {unseen:?}\n{body}", api.name());
                told += sent.len();
            }
            checked += 1;
        }
    }
    assert!(checked > 6_000 && told > 10_000, "{checked} bodies with {told} words say little");
}

#[test]
fn whatever_of_a_form_is_sent_outside_was_shown_to_inspection() {
    let text = |name: &str, value: &str| FormPart {
        name: name.to_owned(),
        file_name: None,
        media_type: None,
        bytes: value.to_owned().into(),
    };
    let file = FormPart {
        file_name: Some("Kq00000001.wav".to_owned()),
        media_type: Some("audio/Kq00000002; Kq00000003".to_owned()),
        ..text("file", "sound")
    };
    let parts =
        vec![text("model", "a"), text("prompt", "Kq00000004"), text("Kq00000005[]", "Kq00000006"), file];
    let request = ClientRequest::read_form(Api::Transcription, parts, "b".to_owned()).unwrap();
    let request = request
        .attachments()
        .map(|(at, _)| at)
        .collect::<Vec<_>>()
        .into_iter()
        .fold(request, |request, at| request.with_text_of(at, "what is heard".to_owned()));
    let shown = shown(&request).unwrap();
    let sent = sent(&request, BackendDialect::ChatCompletions, "other");
    assert!(sent.len() >= 4 && sent.is_subset(&shown), "{sent:?} of {shown:?}");
}
