use std::collections::HashSet;
use weir_wire::chat::{ReplyIdentity, map_reply, read_chunk};
use weir_wire::error::Envelope;
use weir_wire::json::{Json, Limits, parse};
use weir_wire::request::ClientRequest;
use weir_wire::{Destination, Encode as _, models};

/// A chat completion request that is accepted is written, for every destination, as strict JSON in which
/// nothing stands that inspection was not shown.
pub fn chat_request(data: &[u8]) {
    let request = match ClientRequest::read(data, Limits::default()) {
        Ok(request) => request.with_pseudonyms(|_| PSEUDONYM.to_owned()),
        Err(bad) => return assert!(!bad.code.is_empty() && !bad.message.is_empty()),
    };
    every_segment_has_a_path(&request);
    for outside in [false, true] {
        let mut sent = Vec::new();
        request.encode(&Destination::new(MODEL, outside), &mut sent);
        is_the_same_request(&request, &sent);
        all_of_it_was_inspected(&request, &sent);
    }
}

const MODEL: &str = "model at the backend";
const PSEUDONYM: &str = "pseudonym";

fn every_segment_has_a_path(request: &ClientRequest) {
    let segments = request.segments().len();
    assert!((0..segments).all(|index| request.path_of(index).starts_with('$')));
}

fn is_the_same_request(request: &ClientRequest, sent: &[u8]) {
    let again = ClientRequest::read(sent, limits());
    let same = again.is_ok_and(|again| {
        again.alias() == MODEL
            && again.is_stream() == request.is_stream()
            && again.has_tools() == request.has_tools()
            && again.has_images() == request.has_images()
            && again.max_output_tokens() == request.max_output_tokens()
    });
    assert!(same, "what is sent reads as another request");
}

fn all_of_it_was_inspected(request: &ClientRequest, sent: &[u8]) {
    let Ok(sent) = parse(sent, limits()) else { panic_with("what is sent is not strict JSON") };
    let segments = request.segments();
    let mut inspected: HashSet<&str> = segments.iter().map(|segment| segment.text).collect();
    inspected.extend([MODEL, PSEUDONYM]);
    inspected.extend(ADDED);
    assert!(is_inspected(&sent, &inspected), "something is sent that inspection was not shown");
}

fn is_inspected(value: &Json, inspected: &HashSet<&str>) -> bool {
    let known = |text: &str| inspected.contains(text);
    match value {
        Json::Null | Json::Bool(_) => true,
        Json::Number(text) => inspected.contains(&**text),
        Json::String(text) => known(text),
        Json::Array(items) => items.iter().all(|item| is_inspected(item, inspected)),
        Json::Object(object) => {
            object.iter().all(|(key, member)| known(key) && is_inspected(member, inspected))
        }
    }
}

/// Words that Weir writes of its own: for the name of the model, and to be told what was used.
const ADDED: [&str; 3] = ["model", "stream_options", "include_usage"];

/// What is sent has a few values more than what was read.
fn limits() -> Limits {
    Limits { values: Limits::default().values + 8, ..Limits::default() }
}

/// A backend's reply, chunk, error or list of models: what the client gets of it is strict JSON, and
/// names Weir's id and the alias whatever the backend said.
pub fn chat_reply(data: &[u8]) {
    let identity = ReplyIdentity { id: "chatcmpl-weir".to_owned(), alias: "the alias".to_owned() };
    if let Ok(reply) = map_reply(data, &identity) {
        is_restamped(&reply.body, &identity);
    }
    for show_usage in [false, true] {
        let chunk = read_chunk(data, &identity, show_usage);
        if let Some(shown) = chunk.ok().and_then(|chunk| chunk.data) {
            is_restamped(&shown, &identity);
        }
    }
    if let Some(envelope) = Envelope::read(data) {
        assert!(Envelope::read(&envelope.to_bytes()).is_some(), "a written error is no error");
    }
    if let Some(names) = models::read_list(data) {
        let written = models::write_list(names.iter().map(String::as_str), 0);
        assert!(models::read_list(&written) == Some(names), "a written list reads differently");
    }
}

fn is_restamped(body: &[u8], identity: &ReplyIdentity) {
    let Ok(Json::Object(body)) = parse(body, limits()) else { panic_with("the client gets no object") };
    let text = |name: &str| body.get(name).and_then(Json::as_str);
    assert!(text("id") == Some(&identity.id) && text("model") == Some(&identity.alias));
    assert!(body.get("system_fingerprint").is_none(), "the client sees which build answered");
}

#[expect(clippy::panic, reason = "a target says by a panic that something does not hold")]
fn panic_with(message: &str) -> ! {
    panic!("{message}")
}
