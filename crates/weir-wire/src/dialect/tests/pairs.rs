//! Streams and whole answers through every pair of dialects.

use super::{addressed, identity, object};
use crate::canonical::arbitrary::{events, reply};
use crate::canonical::{BlockKind, Collector, Event, Reply, Tokens};
use crate::chat::BadReply;
use crate::dialect::ClientDialect;
use crate::dialect::backend::{Item, chat, messages};
use crate::dialect::client::EventWriter;
use crate::json::{Json, Object};
use crate::sse::{SseItem, SseParser};
use proptest::prelude::*;

const ALL: [ClientDialect; 6] = [
    ClientDialect::ChatCompletions,
    ClientDialect::Completions,
    ClientDialect::Responses,
    ClientDialect::Messages,
    ClientDialect::OllamaChat,
    ClientDialect::OllamaGenerate,
];

/// Dialects that both sides speak: what is written to a client can be read as a backend's.
#[derive(Debug, Clone, Copy)]
enum Both {
    Chat,
    Messages,
}

const BOTH: [Both; 2] = [Both::Chat, Both::Messages];

impl Both {
    fn client(self) -> ClientDialect {
        match self {
            Both::Chat => ClientDialect::ChatCompletions,
            Both::Messages => ClientDialect::Messages,
        }
    }

    fn read_reply(self, body: &[u8]) -> Result<Reply<'_>, BadReply> {
        match self {
            Both::Chat => chat::read_reply(body),
            Both::Messages => messages::read_reply(body),
        }
    }

    /// The events of a stream that arrives in pieces of `size` bytes.
    fn read_stream(self, stream: &[u8], size: usize) -> Vec<Event<'static>> {
        let mut parser = SseParser::new(1 << 24);
        let (mut of_chat, mut of_messages) = (chat::EventReader::new(), messages::EventReader::new());
        let mut events = Vec::new();
        for piece in stream.chunks(size) {
            parser.push(piece).unwrap();
            while let Some(item) = parser.next_item() {
                let SseItem::Event { event, data } = item else { continue };
                let item = Item { event: &event, data: &data };
                let sink = &mut |event: Event<'_>| events.push(owned(event));
                match self {
                    Both::Chat => of_chat.item(&item, sink).unwrap(),
                    Both::Messages => of_messages.item(&item, sink).unwrap(),
                }
            }
        }
        events
    }
}

pub(super) fn owned(event: Event<'_>) -> Event<'static> {
    let text = |text: Option<std::borrow::Cow<'_, str>>| text.map(|text| text.into_owned().into());
    match event {
        Event::Start { model, usage } => Event::Start { model: text(model), usage },
        Event::BlockStart { choice, block, kind } => {
            Event::BlockStart { choice, block, kind: kind.into_owned() }
        }
        Event::Delta { choice, block, delta } => Event::Delta { choice, block, delta: delta.into_owned() },
        Event::BlockEnd { choice, block } => Event::BlockEnd { choice, block },
        Event::LogProbs { choice, json } => Event::LogProbs { choice, json: json.into_owned().into() },
        Event::Finish { choice, reason, stop_text } => {
            Event::Finish { choice, reason, stop_text: text(stop_text) }
        }
        Event::Usage(usage) => Event::Usage(usage),
        Event::Ping => Event::Ping,
        Event::End => Event::End,
    }
}

fn asked() -> Object<'static> {
    object(br#"{"model":"auto","stream_options":{"include_usage":true}}"#)
}

fn written(dialect: ClientDialect, events: &[Event<'_>]) -> Vec<u8> {
    let (identity, asked) = (identity(), asked());
    let mut writer = EventWriter::new(dialect, &addressed(&identity, &asked));
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.event(event, &mut out));
    out
}

fn whole(dialect: ClientDialect, reply: &Reply<'_>) -> Vec<u8> {
    let (identity, asked) = (identity(), asked());
    dialect.write_reply(reply, &addressed(&identity, &asked))
}

fn collected(events: Vec<Event<'static>>) -> Reply<'static> {
    let mut collector = Collector::default();
    events.into_iter().for_each(|event| collector.take(event));
    collector.finish().unwrap()
}

/// What a dialect that speaks of the alias alone can say.
fn without_model(mut reply: Reply<'_>) -> Reply<'_> {
    reply.model = None;
    reply
}

proptest! {
    #[test]
    fn an_answer_survives_both_dialects_whole_and_streamed_at_any_cut(
        reply in reply(), cut in 1usize..9, size in 1usize..64)
    {
        for dialect in BOTH {
            let body = whole(dialect.client(), &reply);
            let read = without_model(dialect.read_reply(&body).unwrap());
            prop_assert_eq!(&read, &without_model(reply.clone()), "{:?}", dialect);
            let stream = written(dialect.client(), &events(&reply, cut));
            let streamed = without_model(collected(dialect.read_stream(&stream, size)));
            prop_assert_eq!(&streamed, &read, "{:?}", dialect);
        }
    }

    #[test]
    fn proofs_of_thoughts_survive_both_dialects_whole_and_streamed(
        reply in reply(), proof in "[A-Za-z0-9+/]{8,40}", cut in 1usize..9, size in 1usize..64)
    {
        let mut reply = reply;
        for block in reply.choices[0].blocks.iter_mut().filter(|block| block.kind == BlockKind::Thinking) {
            block.signature = Some(proof.clone().into());
        }
        for dialect in BOTH {
            let body = whole(dialect.client(), &reply);
            let read = without_model(dialect.read_reply(&body).unwrap());
            prop_assert_eq!(&read, &without_model(reply.clone()), "{:?}", dialect);
            let stream = written(dialect.client(), &events(&reply, cut));
            let streamed = without_model(collected(dialect.read_stream(&stream, size)));
            prop_assert_eq!(&streamed, &read, "{:?}", dialect);
        }
    }

    #[test]
    fn what_one_backend_streams_every_client_gets_as_it_gets_a_whole_answer(reply in reply(), cut in 1usize..9) {
        for backend in BOTH {
            let stream = written(backend.client(), &events(&reply, cut));
            let events = backend.read_stream(&stream, 7);
            let body = whole(backend.client(), &reply);
            let read = backend.read_reply(&body).unwrap();
            for client in ALL {
                let streamed = super::readers::joined(client, &written(client, &events));
                prop_assert_eq!(streamed, super::readers::shape(client, &whole(client, &read)), "{:?} {:?}", backend, client);
            }
        }
    }

    #[test]
    fn events_of_a_stream_keep_their_order(reply in reply(), cut in 1usize..9) {
        for backend in BOTH {
            let stream = written(backend.client(), &events(&reply, cut));
            check_order(&backend.read_stream(&stream, 3));
        }
    }
}

/// What writers rely on: a block begins before its deltas and ends once, a choice finishes once, the end is last.
fn check_order(events: &[Event<'_>]) {
    let mut open = Vec::new();
    let (mut begun, mut finished) = (0, 0);
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::BlockStart { block, .. } => {
                assert_eq!(*block, begun);
                begun += 1;
                open.push(*block);
            }
            Event::Delta { block, .. } => assert!(open.contains(block)),
            Event::BlockEnd { block, .. } => {
                let at = open.iter().position(|known| known == block).unwrap();
                open.remove(at);
            }
            Event::Finish { .. } => finished += 1,
            Event::End => assert_eq!((index + 1, open.len(), finished), (events.len(), 0, 1)),
            Event::Start { .. } => assert_eq!(index, 0),
            Event::LogProbs { .. } | Event::Usage(_) | Event::Ping => {}
        }
    }
    assert_eq!(events.last(), Some(&Event::End));
}

#[test]
fn a_recorded_stream_cut_at_every_byte_gives_the_same_events() {
    for (dialect, stream) in [
        (Both::Chat, super::golden::file("chat/stream/parallel-calls.sse")),
        (Both::Messages, super::golden::file("messages/stream/thinking-and-call.sse")),
    ] {
        let expected = dialect.read_stream(stream.as_bytes(), stream.len());
        for cut in 1..stream.len() {
            let mut parser = SseParser::new(1 << 20);
            let (mut of_chat, mut of_messages) = (chat::EventReader::new(), messages::EventReader::new());
            let mut events = Vec::new();
            for piece in [&stream.as_bytes()[..cut], &stream.as_bytes()[cut..]] {
                parser.push(piece).unwrap();
                while let Some(item) = parser.next_item() {
                    let SseItem::Event { event, data } = item else { continue };
                    let sink = &mut |event: Event<'_>| events.push(owned(event));
                    let item = Item { event: &event, data: &data };
                    match dialect {
                        Both::Chat => of_chat.item(&item, sink).unwrap(),
                        Both::Messages => of_messages.item(&item, sink).unwrap(),
                    }
                }
            }
            assert_eq!(events, expected, "cut at {cut}");
        }
    }
}

fn chat_events(items: &[&str]) -> Result<Vec<Event<'static>>, BadReply> {
    let mut reader = chat::EventReader::new();
    let mut events = Vec::new();
    for data in items {
        let item = Item { event: "", data: data.as_bytes() };
        reader.item(&item, &mut |event| events.push(owned(event)))?;
    }
    Ok(events)
}

#[test]
fn what_servers_leave_out_of_streams_is_repaired() {
    let events = chat_events(&[
        r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
        r#"{"choices":[{"delta":{"content":null}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"a","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"b"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
        "[DONE]",
        r#"{"choices":[{"index":0,"delta":{"content":"after the end"}}]}"#,
    ])
    .unwrap();
    check_order(&events);
    let reply = collected(events);
    let calls: Vec<(String, &str)> = reply.choices[0]
        .blocks
        .iter()
        .map(|block| {
            let BlockKind::ToolCall { id, name, .. } = &block.kind else { panic!("{block:?}") };
            (format!("{id} {name}"), &*block.text)
        })
        .collect();
    assert_eq!(calls, [("call_0 a".to_owned(), "{}"), ("call_1 b".to_owned(), "{}")]);
    assert_eq!(reply.choices[0].finish, Some(crate::canonical::FinishReason::ToolCalls));
    assert_eq!(reply.usage, Tokens { prompt: Some(3), completion: Some(4), ..Tokens::default() });
}

#[test]
fn calls_that_are_all_numbered_0_are_told_apart_by_their_ids() {
    let call = |id: &str| {
        format!(
            r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{{"index":0,"id":"{id}","function":{{"name":"f","arguments":"{{}}"}}}}]}}}}]}}"#
        )
    };
    let (a, b) = (call("a"), call("b"));
    let reply = collected(chat_events(&[&a, &b, "[DONE]"]).unwrap());
    assert_eq!(reply.choices[0].blocks.len(), 2);
}

#[test]
fn an_error_within_a_stream_is_an_error() {
    let error = r#"{"error":{"message":"boom","type":"server_error"}}"#;
    assert!(matches!(chat_events(&[error]), Err(BadReply::Error(envelope)) if envelope.message == "boom"));
    assert!(matches!(chat_events(&["<html>"]), Err(BadReply::Malformed)));
    let mut reader = messages::EventReader::new();
    let data = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let read = reader.item(&Item { event: "error", data }, &mut |_| {});
    assert!(matches!(read, Err(BadReply::Error(envelope)) if envelope.message == "Overloaded"));
}

#[test]
fn arguments_of_megabytes_come_through_in_one_piece_or_many() {
    let huge = format!("{{\"x\":\"{}\"}}", "ä\\\"".repeat(700_000));
    let mut reply = Reply::default();
    let kind =
        BlockKind::ToolCall { id: "c".into(), name: "f".into(), tool: crate::canonical::ToolKind::Function };
    let block =
        crate::canonical::Block { kind, text: huge.clone().into(), signature: None, citations: Vec::new() };
    reply.choices.push(crate::canonical::Choice {
        blocks: vec![block],
        finish: Some(crate::canonical::FinishReason::ToolCalls),
        ..Default::default()
    });
    for backend in BOTH {
        let events = backend.read_stream(&written(backend.client(), &events(&reply, 100_000)), 65_536);
        for client in BOTH {
            let read = collected(client.read_stream(&written(client.client(), &events), 4_096));
            assert_eq!(read.choices[0].blocks[0].text, huge);
        }
    }
}

#[test]
fn a_stream_that_breaks_has_its_error_and_no_end() {
    let envelope = crate::error::Envelope {
        message: "gone".to_owned(),
        kind: "server_error".to_owned(),
        code: Some("bad_gateway".to_owned()),
        param: None,
    };
    for (dialect, must, must_not) in [
        (ClientDialect::ChatCompletions, r#"data: {"error":{"message":"gone""#, "[DONE]"),
        (ClientDialect::Completions, r#"data: {"error":{"message":"gone""#, "[DONE]"),
        (
            ClientDialect::Responses,
            r#""error":{"code":"server_error","message":"gone"}"#,
            "response.completed",
        ),
        (
            ClientDialect::Messages,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"",
            "message_stop",
        ),
        (ClientDialect::OllamaChat, r#"{"error":"gone"}"#, r#""done":true"#),
    ] {
        let (identity, asked) = (identity(), asked());
        let mut writer = EventWriter::new(dialect, &addressed(&identity, &asked));
        let mut out = Vec::new();
        let start = Event::Start { model: None, usage: Tokens::default() };
        for event in [start, Event::BlockStart { choice: 0, block: 0, kind: BlockKind::Text }] {
            writer.event(&event, &mut out);
        }
        writer.error(&envelope, 502, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(must) && !text.contains(must_not), "{dialect:?}: {text}");
    }
}

/// Every event's `sequence_number`, which must count from 0.
#[test]
fn events_of_a_response_are_numbered_without_a_gap() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let reply = proptest::strategy::Strategy::new_tree(&reply(), &mut runner).unwrap();
    let reply = proptest::strategy::ValueTree::current(&reply);
    let stream = written(ClientDialect::Responses, &events(&reply, 3));
    let numbers: Vec<u64> = super::readers::data_of(&stream)
        .iter()
        .map(|event| event.get("sequence_number").and_then(Json::as_u64).unwrap())
        .collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
}
