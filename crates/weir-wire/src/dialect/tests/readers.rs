//! What clients make of streams: the objects they put together from them.

use super::object;
use crate::canonical::{BlockKind, Reply};
use crate::dialect::ClientDialect;
use crate::dialect::backend::{chat, messages};
use crate::json::{Json, Object};
use crate::sse::{SseItem, SseParser};

/// The data of all events but `[DONE]`.
pub(super) fn data_of(stream: &[u8]) -> Vec<Object<'static>> {
    let mut parser = SseParser::new(1 << 24);
    parser.push(stream).unwrap();
    let items = std::iter::from_fn(|| parser.next_item());
    let data = items.filter_map(|item| match item {
        SseItem::Event { data, .. } if data != crate::sse::DONE => Some(data),
        SseItem::Event { .. } | SseItem::Comment => None,
    });
    data.map(|data| object(&data)).collect()
}

/// What a whole answer says, in a form to compare.
pub(super) fn shape(dialect: ClientDialect, body: &[u8]) -> String {
    match dialect {
        ClientDialect::ChatCompletions => shown(&chat::read_reply(body).unwrap()),
        ClientDialect::Messages => shown(&messages::read_reply(body).unwrap()),
        ClientDialect::Responses => String::from_utf8(body.to_vec()).unwrap(),
        ClientDialect::Completions => {
            let body = object(body);
            let choice = body.get("choices").unwrap().as_array().unwrap()[0].as_object().unwrap();
            let usage = String::from_utf8(body.get("usage").unwrap().to_bytes()).unwrap();
            format!("{} {:?} {usage}", text(choice, "text"), text(choice, "finish_reason"))
        }
        ClientDialect::OllamaChat | ClientDialect::OllamaGenerate => lines(body),
    }
}

/// The same of a stream, as a client puts it together.
pub(super) fn joined(dialect: ClientDialect, stream: &[u8]) -> String {
    match dialect {
        ClientDialect::ChatCompletions => shown(&collect(stream, &mut chat::EventReader::new())),
        ClientDialect::Messages => shown(&collect(stream, &mut messages::EventReader::new())),
        ClientDialect::Responses => {
            let events = data_of(stream);
            let last = events.last().unwrap().get("response").unwrap();
            String::from_utf8(last.to_bytes()).unwrap()
        }
        ClientDialect::Completions => {
            let events = data_of(stream);
            let choices = || events.iter().filter_map(|e| e.get("choices")?.as_array()?.first()?.as_object());
            let words: String = choices().map(|choice| text(choice, "text")).collect();
            let finish = choices().map(|choice| text(choice, "finish_reason")).find(|word| !word.is_empty());
            let usage = events.last().unwrap().get("usage").unwrap();
            format!("{words} {:?} {}", finish.unwrap(), String::from_utf8(usage.to_bytes()).unwrap())
        }
        ClientDialect::OllamaChat | ClientDialect::OllamaGenerate => lines(stream),
    }
}

fn shown(reply: &Reply<'_>) -> String {
    format!("{reply:?}")
}

trait Reader {
    fn item(
        &mut self,
        item: &crate::dialect::backend::Item<'_>,
        sink: &mut dyn FnMut(crate::canonical::Event<'_>),
    );
}

impl Reader for chat::EventReader {
    fn item(
        &mut self,
        item: &crate::dialect::backend::Item<'_>,
        sink: &mut dyn FnMut(crate::canonical::Event<'_>),
    ) {
        chat::EventReader::item(self, item, sink).unwrap();
    }
}

impl Reader for messages::EventReader {
    fn item(
        &mut self,
        item: &crate::dialect::backend::Item<'_>,
        sink: &mut dyn FnMut(crate::canonical::Event<'_>),
    ) {
        messages::EventReader::item(self, item, sink).unwrap();
    }
}

fn collect(stream: &[u8], reader: &mut impl Reader) -> Reply<'static> {
    let mut parser = SseParser::new(1 << 24);
    parser.push(stream).unwrap();
    let mut collector = crate::canonical::Collector::default();
    while let Some(item) = parser.next_item() {
        let SseItem::Event { event, data } = item else { continue };
        let item = crate::dialect::backend::Item { event: &event, data: &data };
        reader.item(&item, &mut |event| collector.take(event));
    }
    let mut reply = collector.finish().unwrap();
    // A call's block may begin before the words are over; clients put them apart.
    for choice in &mut reply.choices {
        choice.blocks.sort_by_key(|block| matches!(block.kind, BlockKind::ToolCall { .. }));
    }
    reply
}

fn text(object: &Object<'_>, name: &str) -> String {
    object.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// All lines of Ollama's put together.
fn lines(body: &[u8]) -> String {
    let (mut words, mut thoughts, mut calls, mut end) =
        (String::new(), String::new(), String::new(), String::new());
    for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line = object(line);
        let said = line.get("message").and_then(Json::as_object).unwrap_or(&line);
        words += &text(said, "content");
        words += &text(said, "response");
        thoughts += &text(said, "thinking");
        for call in said.get("tool_calls").and_then(Json::as_array).unwrap_or_default() {
            let function = call.as_object().unwrap().get("function").unwrap().as_object().unwrap();
            calls += &text(function, "name");
            calls += &String::from_utf8(function.get("arguments").unwrap().to_bytes()).unwrap();
        }
        if line.get("done").and_then(Json::as_bool) == Some(true) {
            let count = |name: &str| line.get(name).and_then(Json::as_u64);
            end = format!(
                "{} {:?} {:?}",
                text(&line, "done_reason"),
                count("prompt_eval_count"),
                count("eval_count")
            );
        }
    }
    format!("{thoughts}|{words}|{calls}|{end}")
}
