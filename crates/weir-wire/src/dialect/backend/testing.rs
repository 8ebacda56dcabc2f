//! What the tests of the dialects share: one conversation that says nearly everything, and readers driven in
//! every way.

use super::Item;
use crate::Destination;
use crate::canonical::{
    CacheHint, Collector, Conversation, Effort, Event, Format, LogProbs, Losses, Media, MediaSource, Message,
    Part, Reasoning, Reply, Role, Sampling, Severity, Tool, ToolChoice, ToolKind,
};
use crate::chat::BadReply;
use crate::json::{Json, Limits, parse};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

pub(super) fn json(text: &str) -> Json<'static> {
    parse(text.as_bytes(), Limits::default()).unwrap().into_owned()
}

pub(super) fn text(text: &str) -> Part<'_> {
    Part::Text { text: text.into(), cache: None }
}

pub(super) fn cached(text: &str) -> Part<'_> {
    Part::Text { text: text.into(), cache: Some(CacheHint { lifetime: Some("1h".into()) }) }
}

pub(super) fn image() -> Part<'static> {
    let media =
        Media { media_type: Some("image/png".into()), source: MediaSource::Base64("iVBORw0KGgo=".into()) };
    Part::Image { media, detail: Some("high".into()), cache: None }
}

pub(super) fn pdf() -> Part<'static> {
    let media = Media { media_type: None, source: MediaSource::Base64("JVBERi0xLjQ=".into()) };
    Part::Document { media, name: Some("Report: 2026/Q1.pdf".into()), cache: None }
}

pub(super) fn call<'r>(
    id: &'r str,
    name: &'r str,
    arguments: &'r str,
    signature: Option<&'r str>,
) -> Part<'r> {
    Part::ToolCall {
        id: id.into(),
        name: name.into(),
        kind: ToolKind::Function,
        arguments: arguments.into(),
        signature: signature.map(Into::into),
        cache: None,
    }
}

pub(super) fn result<'r>(id: &'r str, parts: Vec<Part<'r>>, is_error: bool) -> Part<'r> {
    Part::ToolResult { id: id.into(), name: None, kind: ToolKind::Function, parts, is_error, cache: None }
}

pub(super) fn message(role: Role, parts: Vec<Part<'_>>) -> Message<'_> {
    Message { role, parts, name: None }
}

/// A conversation with this much in it.
pub(super) fn asking(what: &str) -> Conversation<'_> {
    Conversation { messages: vec![message(Role::User, vec![text(what)])], ..Conversation::default() }
}

pub(super) fn tool<'r>(name: &'r str, parameters: Option<&'r Json<'static>>) -> Tool<'r> {
    Tool {
        name: name.into(),
        kind: ToolKind::Function,
        description: Some("does it".into()),
        parameters,
        strict: None,
        cache: None,
        others: Vec::new(),
    }
}

/// Nearly everything that can be said: instructions, images, documents, parallel calls with their results in
/// another order, thoughts, tools, a schema.
pub(super) struct Everything {
    parameters: Json<'static>,
    schema: Json<'static>,
    other: Json<'static>,
}

impl Everything {
    pub(super) fn new() -> Self {
        Self {
            parameters: json(
                r#"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":["integer","null"],"minimum":1}},"required":["city"],"additionalProperties":false}"#,
            ),
            schema: json(
                r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"number"}},"required":["z","a"],"additionalProperties":false}"#,
            ),
            other: json(r#"{"x":1}"#),
        }
    }

    pub(super) fn conversation(&self) -> Conversation<'_> {
        Conversation {
            messages: vec![
                message(Role::System, vec![cached("Be brief.")]),
                message(Role::Developer, vec![text("Be kind.")]),
                message(Role::User, vec![text("What is this?"), image(), pdf()]),
                message(
                    Role::Assistant,
                    vec![
                        Part::Thinking { text: "hm".into(), signature: Some("c2ln".into()) },
                        text("I look."),
                        call("call_a", "weather", r#"{"city":"Wien"}"#, Some("Zmlyc3Q=")),
                        call("call_b", "weather", "", None),
                    ],
                ),
                message(Role::User, vec![result("call_b", vec![text("no city")], true)]),
                message(
                    Role::User,
                    vec![result("call_a", vec![text(r#"{"c":21}"#), image()], false), text("And?")],
                ),
            ],
            tools: vec![tool("weather", Some(&self.parameters)), tool("now", None)],
            tool_choice: Some(ToolChoice::Auto),
            parallel_tools: Some(false),
            max_output_tokens: Some(2000),
            sampling: Sampling {
                temperature: Some("0.20".into()),
                top_p: Some("0.9".into()),
                top_k: Some("40".into()),
                frequency_penalty: Some("0".into()),
                presence_penalty: Some("0.5".into()),
                seed: Some("7".into()),
            },
            stop: vec!["END".into()],
            answers: None,
            log_probs: None,
            format: Some(Format::JsonSchema {
                name: Some("it".into()),
                description: None,
                schema: &self.schema,
                strict: Some(true),
            }),
            reasoning: Some(Reasoning { effort: Some(Effort::Low), budget_tokens: None, summary: None }),
            end_user: Some("u1".into()),
            service_tier: Some("auto".into()),
            cache_key: None,
            metadata: None,
            stream: true,
            others: vec![("some_extension", &self.other)],
        }
    }
}

type Write = fn(&Conversation<'_>, &Destination<'_>, &mut Vec<u8>) -> Losses;

/// The body as JSON, and what was lost: `field` where reported, `!field` where refused.
pub(super) fn written(
    write: Write,
    conversation: &Conversation<'_>,
    model: &str,
) -> (serde_json::Value, Vec<String>) {
    let mut out = Vec::new();
    let losses = write(conversation, &Destination::new(model, true), &mut out);
    let mark = |severity| if severity == Severity::Refused { "!" } else { "" };
    let losses = losses.iter().map(|loss| format!("{}{}", mark(loss.severity), loss.field)).collect();
    (serde_json::from_slice(&out).unwrap(), losses)
}

/// Compares with a file of `golden/`; with `WEIR_BLESS=1` in the environment, writes it.
pub(super) fn golden(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/dialect/backend/golden").join(name);
    if std::env::var_os("WEIR_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{name}: run the tests with WEIR_BLESS=1 and look at the difference");
}

/// The golden file of a request.
pub(super) fn golden_request(write: Write, dialect: &str, model: &str) {
    let (body, losses) = written(write, &Everything::new().conversation(), model);
    let body = serde_json::to_string_pretty(&body).unwrap();
    golden(&format!("{dialect}/request.txt"), &format!("{body}\n\nlost: {}\n", losses.join(", ")));
}

/// A reader of any dialect.
pub(super) trait Reader: Default {
    fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply>;
    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply>;
}

macro_rules! readers {
    ($($dialect:ident)*) => {$(
        impl Reader for super::$dialect::EventReader {
            fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                self.item(item, sink)
            }
            fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                self.end(sink)
            }
        }
    )*};
}

readers! { gemini converse ollama cohere }

/// Items with names; names are empty where the framing has none.
pub(super) type Items<'a> = Vec<(&'a str, String)>;

/// Server-sent events or lines as items without names.
pub(super) fn nameless<'a>(stream: &str) -> Items<'a> {
    stream.lines().map(|line| ("", line.to_owned())).collect()
}

/// Reads a stream to its end, and checks what readers promise of their events.
pub(super) fn streamed<R: Reader>(items: &[(&str, String)]) -> Result<Reply<'static>, BadReply> {
    let (mut reader, mut collector, mut promise) = (R::default(), Collector::default(), Promise::default());
    let mut sink = |event: Event<'_>| {
        promise.check(&event);
        collector.take(event);
    };
    for (event, data) in items {
        reader.item(&Item { event, data: data.as_bytes() }, &mut sink)?;
    }
    reader.end(&mut sink)?;
    assert!(promise.is_over, "the stream ended well and had no end");
    Ok(collector.finish().unwrap())
}

/// INVARIANT of [`Event`]: deltas are for open blocks, blocks end, choices finish once, the end is the end.
#[derive(Default)]
struct Promise {
    has_begun: bool,
    open: BTreeSet<(usize, usize)>,
    begun: BTreeMap<usize, usize>,
    finished: BTreeSet<usize>,
    is_over: bool,
}

impl Promise {
    fn check(&mut self, event: &Event<'_>) {
        assert!(!self.is_over, "something came after the end");
        assert_eq!(self.has_begun, !matches!(event, Event::Start { .. }), "one start, and first");
        self.has_begun = true;
        match event {
            Event::BlockStart { choice, block, .. } => {
                let begun = self.begun.entry(*choice).or_default();
                assert_eq!(begun, block, "blocks are numbered in their order");
                *begun += 1;
                self.open.insert((*choice, *block));
            }
            Event::Delta { choice, block, .. } => assert!(self.open.contains(&(*choice, *block))),
            Event::BlockEnd { choice, block } => assert!(self.open.remove(&(*choice, *block))),
            Event::Finish { choice, .. } => {
                assert!(self.open.iter().all(|(open, _)| open != choice), "blocks end before their answer");
                assert!(self.finished.insert(*choice), "an answer finishes once");
            }
            Event::End => self.is_over = true,
            Event::Start { .. } | Event::LogProbs { .. } | Event::Usage(_) | Event::Ping => {}
        }
    }
}

/// No stream that lacks its last items is an answer.
pub(super) fn no_cut_stream_is_an_answer<R: Reader>(items: &[(&str, String)]) {
    for kept in 0..items.len() {
        assert!(streamed::<R>(&items[..kept]).is_err(), "{kept} of {} items", items.len());
    }
}

/// A reply in a form that shows differences well.
pub(super) fn shown(reply: &Reply<'_>) -> String {
    let mut out = format!("model: {:?}\nusage: {:?}\n", reply.model, reply.usage);
    for choice in &reply.choices {
        writeln!(out, "choice: {:?} {:?} {:?}", choice.finish, choice.stop_text, choice.log_probs).unwrap();
        for block in &choice.blocks {
            writeln!(out, "  {:?}: {:?} {:?} {:?}", block.kind, block.text, block.signature, block.citations)
                .unwrap();
        }
    }
    out
}

/// Probabilities, for those who ask.
pub(super) const LOG_PROBS: Option<LogProbs> = Some(LogProbs { top: Some(2) });
