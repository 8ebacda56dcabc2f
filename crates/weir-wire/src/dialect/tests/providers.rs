//! Answers of every provider through every pair of dialects: the same whole and streamed, at any cut.

use super::readers::{joined, shape};
use super::{addressed, identity, object};
use crate::canonical::arbitrary::{events, reply};
use crate::canonical::{Block, BlockKind, FinishReason, Reply, ServedTier};
use crate::dialect::client::EventWriter;
use crate::dialect::{BackendDialect, ClientDialect};
use crate::json::{Json, Object};
use crate::relay::{self, Lane, StreamRelay};
use proptest::prelude::*;
use serde_json::{Value, json};

const CLIENTS: [ClientDialect; 6] = [
    ClientDialect::ChatCompletions,
    ClientDialect::Completions,
    ClientDialect::Responses,
    ClientDialect::Messages,
    ClientDialect::OllamaChat,
    ClientDialect::OllamaGenerate,
];
const BACKENDS: [BackendDialect; 6] = [
    BackendDialect::ChatCompletions,
    BackendDialect::Messages,
    BackendDialect::Gemini,
    BackendDialect::Converse,
    BackendDialect::Ollama,
    BackendDialect::Cohere,
];

/// An answer as a provider writes it, its texts cut every `size` characters where it streams.
struct Provider<'r> {
    dialect: BackendDialect,
    reply: &'r Reply<'static>,
    size: usize,
}

impl Provider<'_> {
    fn whole(&self) -> Vec<u8> {
        let body = match self.dialect {
            BackendDialect::ChatCompletions => return self.as_client(ClientDialect::ChatCompletions).0,
            BackendDialect::Messages => return self.as_client(ClientDialect::Messages).0,
            BackendDialect::Gemini => self.gemini(self.blocks().map(gemini_part).collect(), true),
            BackendDialect::Converse => json!({
                "output": { "message": { "role": "assistant", "content": self.blocks().map(converse_block).collect::<Vec<_>>() } },
                "stopReason": self.finish("end_turn", "tool_use", "max_tokens"),
                "usage": self.converse_usage(),
            }),
            BackendDialect::Ollama => self.ollama(self.ollama_message(), true),
            BackendDialect::Cohere => {
                let mut message = json!({ "role": "assistant", "content": [], "tool_calls": [] });
                for block in self.blocks() {
                    let (place, item) = cohere_item(block);
                    message[place].as_array_mut().unwrap().push(item);
                }
                json!({
                    "id": "1",
                    "message": message,
                    "finish_reason": self.finish("COMPLETE", "TOOL_CALL", "MAX_TOKENS"),
                    "usage": self.cohere_usage(),
                })
            }
        };
        body.to_string().into_bytes()
    }

    fn stream(&self) -> Vec<u8> {
        match self.dialect {
            BackendDialect::ChatCompletions => self.as_client(ClientDialect::ChatCompletions).1,
            BackendDialect::Messages => self.as_client(ClientDialect::Messages).1,
            BackendDialect::Gemini => {
                let pieces = self.blocks().flat_map(|block| self.pieces(block)).map(|b| gemini_part(&b));
                let events = pieces.map(|part| self.gemini(vec![part], false));
                sse(events.chain([self.gemini(Vec::new(), true)]).map(|event| (None, event)))
            }
            BackendDialect::Converse => self.converse_events(),
            BackendDialect::Ollama => {
                let pieces = self.blocks().flat_map(|block| self.pieces(block));
                let lines = pieces.map(|block| self.ollama(ollama_piece(&block), false));
                let end = self.ollama(json!({ "role": "assistant", "content": "" }), true);
                lines.chain([end]).flat_map(|line| format!("{line}\n").into_bytes()).collect()
            }
            BackendDialect::Cohere => self.cohere_events(),
        }
    }

    /// What is written to a client in a dialect that both sides speak.
    fn as_client(&self, client: ClientDialect) -> (Vec<u8>, Vec<u8>) {
        let (identity, asked) = (identity(), asked());
        let mut writer = EventWriter::new(client, &addressed(&identity, &asked));
        let mut stream = Vec::new();
        events(self.reply, self.size).iter().for_each(|event| writer.event(event, &mut stream));
        (client.write_reply(self.reply, &addressed(&identity, &asked)), stream)
    }

    fn blocks(&self) -> impl Iterator<Item = &Block<'static>> {
        self.reply.choices[0].blocks.iter()
    }

    /// Words in pieces; calls come whole.
    fn pieces(&self, block: &Block<'static>) -> Vec<Block<'static>> {
        if matches!(block.kind, BlockKind::ToolCall { .. }) {
            return vec![block.clone()];
        }
        self.cut(&block.text).into_iter().map(|text| Block { text: text.into(), ..block.clone() }).collect()
    }

    fn cut(&self, text: &str) -> Vec<String> {
        let characters: Vec<char> = text.chars().collect();
        characters.chunks(self.size).map(|piece| piece.iter().collect()).collect()
    }

    fn finish(&self, stop: &'static str, calls: &'static str, length: &'static str) -> &'static str {
        match self.reply.choices[0].finish {
            Some(FinishReason::Length) => length,
            Some(FinishReason::ToolCalls) => calls,
            Some(_) | None => stop,
        }
    }

    fn gemini(&self, parts: Vec<Value>, is_last: bool) -> Value {
        let usage = &self.reply.usage;
        let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
        if !is_last {
            return json!({ "candidates": [candidate], "modelVersion": "gemini-1" });
        }
        candidate["finishReason"] = self.finish("STOP", "STOP", "MAX_TOKENS").into();
        let usage = json!({
            "promptTokenCount": usage.prompt,
            "candidatesTokenCount": usage.completion,
            "cachedContentTokenCount": usage.cache_read,
            "totalTokenCount": usage.prompt.unwrap() + usage.completion.unwrap(),
        });
        json!({ "candidates": [candidate], "modelVersion": "gemini-1", "usageMetadata": usage })
    }

    fn converse_usage(&self) -> Value {
        let usage = &self.reply.usage;
        let (cached, prompt) = (usage.cache_read.unwrap_or(0), usage.prompt.unwrap());
        json!({ "inputTokens": prompt - cached, "outputTokens": usage.completion, "cacheReadInputTokens": usage.cache_read })
    }

    fn converse_events(&self) -> Vec<u8> {
        let mut events = vec![("messageStart", json!({ "role": "assistant" }))];
        for (index, block) in self.blocks().enumerate() {
            let delta =
                |delta: Value| ("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta }));
            if let BlockKind::ToolCall { id, name, .. } = &block.kind {
                let start = json!({ "toolUse": { "toolUseId": id, "name": name } });
                events.push(("contentBlockStart", json!({ "contentBlockIndex": index, "start": start })));
            }
            let text = match &block.kind {
                BlockKind::ToolCall { .. } => raw(&block.text).to_string(),
                BlockKind::Thinking
                | BlockKind::Text
                | BlockKind::HiddenThinking { .. }
                | BlockKind::Refusal => block.text.to_string(),
            };
            events.extend(self.cut(&text).into_iter().map(|text| match &block.kind {
                BlockKind::ToolCall { .. } => delta(json!({ "toolUse": { "input": text } })),
                BlockKind::Thinking => delta(json!({ "reasoningContent": { "text": text } })),
                BlockKind::Text | BlockKind::HiddenThinking { .. } | BlockKind::Refusal => {
                    delta(json!({ "text": text }))
                }
            }));
            events.push(("contentBlockStop", json!({ "contentBlockIndex": index })));
        }
        let reason = self.finish("end_turn", "tool_use", "max_tokens");
        events.push(("messageStop", json!({ "stopReason": reason })));
        events.push(("metadata", json!({ "usage": self.converse_usage() })));
        events.into_iter().flat_map(|(kind, event)| aws(kind, event.to_string().as_bytes())).collect()
    }

    fn ollama(&self, message: Value, is_last: bool) -> Value {
        let usage = &self.reply.usage;
        let mut line = json!({ "model": "llama", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": is_last });
        if is_last {
            line["done_reason"] = self.finish("stop", "stop", "length").into();
            line["prompt_eval_count"] = usage.prompt.into();
            line["eval_count"] = usage.completion.into();
        }
        line
    }

    fn ollama_message(&self) -> Value {
        let mut message = json!({ "role": "assistant", "content": "" });
        for block in self.blocks() {
            let Value::Object(piece) = ollama_piece(block) else { unreachable!("a message is an object") };
            for (name, value) in piece {
                match (name.as_str(), &mut message[&name]) {
                    ("role", _) => {}
                    (_, Value::Array(all)) => all.extend(value.as_array().unwrap().clone()),
                    (_, Value::String(all)) => all.push_str(value.as_str().unwrap()),
                    (_, empty) => *empty = value,
                }
            }
        }
        message
    }

    fn cohere_usage(&self) -> Value {
        let usage = &self.reply.usage;
        json!({ "tokens": { "input_tokens": usage.prompt, "output_tokens": usage.completion }, "cached_tokens": usage.cache_read })
    }

    fn cohere_events(&self) -> Vec<u8> {
        let mut events = vec![json!({ "type": "message-start", "id": "1" })];
        let said =
            |kind: &str, message: Value| json!({ "type": kind, "index": 0, "delta": { "message": message } });
        for block in self.blocks() {
            let (place, mut item) = cohere_item(block);
            let pieces = self.cut(&block.text);
            if place == "tool_calls" {
                item["function"]["arguments"] = "".into();
                events.push(said("tool-call-start", json!({ "tool_calls": item })));
                events.extend(pieces.into_iter().map(|text| {
                    said("tool-call-delta", json!({ "tool_calls": { "function": { "arguments": text } } }))
                }));
                events.push(json!({ "type": "tool-call-end", "index": 0 }));
                continue;
            }
            let kind = item["type"].as_str().unwrap().to_owned();
            item[&kind] = "".into();
            events.push(said("content-start", json!({ "content": item })));
            let piece = |text: String| said("content-delta", json!({ "content": { &*kind: text } }));
            events.extend(pieces.into_iter().map(piece));
            events.push(json!({ "type": "content-end", "index": 0 }));
        }
        let reason = self.finish("COMPLETE", "TOOL_CALL", "MAX_TOKENS");
        events.push(json!({ "type": "message-end", "delta": { "finish_reason": reason, "usage": self.cohere_usage() } }));
        sse(events.into_iter().map(|event| (event["type"].as_str().map(str::to_owned), event)))
    }
}

/// An object; some of its numbers are written in another way than they stood there.
fn raw(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn gemini_part(block: &Block<'_>) -> Value {
    match &block.kind {
        BlockKind::ToolCall { id, name, .. } => {
            json!({ "functionCall": { "id": id, "name": name, "args": raw(&block.text) } })
        }
        BlockKind::Thinking => json!({ "text": block.text, "thought": true }),
        BlockKind::Text | BlockKind::HiddenThinking { .. } | BlockKind::Refusal => {
            json!({ "text": block.text })
        }
    }
}

fn converse_block(block: &Block<'_>) -> Value {
    match &block.kind {
        BlockKind::ToolCall { id, name, .. } => {
            json!({ "toolUse": { "toolUseId": id, "name": name, "input": raw(&block.text) } })
        }
        BlockKind::Thinking => json!({ "reasoningContent": { "reasoningText": { "text": block.text } } }),
        BlockKind::Text | BlockKind::HiddenThinking { .. } | BlockKind::Refusal => {
            json!({ "text": block.text })
        }
    }
}

fn ollama_piece(block: &Block<'_>) -> Value {
    match &block.kind {
        BlockKind::ToolCall { id, name, .. } => {
            let call = json!({ "id": id, "function": { "name": name, "arguments": raw(&block.text) } });
            json!({ "role": "assistant", "content": "", "tool_calls": [call] })
        }
        BlockKind::Thinking => json!({ "role": "assistant", "content": "", "thinking": block.text }),
        BlockKind::Text | BlockKind::HiddenThinking { .. } | BlockKind::Refusal => {
            json!({ "role": "assistant", "content": block.text })
        }
    }
}

fn cohere_item(block: &Block<'_>) -> (&'static str, Value) {
    match &block.kind {
        BlockKind::ToolCall { id, name, .. } => {
            let function = json!({ "name": name, "arguments": block.text });
            ("tool_calls", json!({ "id": id, "type": "function", "function": function }))
        }
        BlockKind::Thinking => ("content", json!({ "type": "thinking", "thinking": block.text })),
        BlockKind::Text | BlockKind::HiddenThinking { .. } | BlockKind::Refusal => {
            ("content", json!({ "type": "text", "text": block.text }))
        }
    }
}

fn sse(events: impl Iterator<Item = (Option<String>, Value)>) -> Vec<u8> {
    let line = |(name, data): (Option<String>, Value)| {
        let name = name.map(|name| format!("event: {name}\r\n")).unwrap_or_default();
        format!("{name}data: {data}\r\n\r\n").into_bytes()
    };
    events.flat_map(line).collect()
}

/// Source: Amazon's event stream encoding.
pub(super) fn aws(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in [(":message-type", "event"), (":event-type", kind)] {
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let mut message = Vec::new();
    for length in [headers.len() + payload.len() + 16, headers.len()] {
        message.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    }
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(&headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

fn asked() -> Object<'static> {
    object(br#"{"model":"auto","stream_options":{"include_usage":true}}"#)
}

fn lane(client: ClientDialect, backend: BackendDialect) -> Lane {
    Lane { client, backend, inside: true, identity: identity(), created_s: 1_764_000_000, show_usage: true }
}

/// What a client gets of a stream that comes in these pieces.
fn relayed<'p>(lane: Lane, pieces: impl Iterator<Item = &'p [u8]>) -> Vec<u8> {
    let mut relay = StreamRelay::new(lane, &Json::Object(asked()));
    let mut out = Vec::new();
    for piece in pieces {
        relay.take(piece, &mut out).unwrap();
    }
    relay.end(&mut out).unwrap();
    assert!(relay.seen().is_complete);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_client_gets_the_same_of_every_provider_whole_and_streamed(
        reply in reply(), size in 1usize..9, piece in 1usize..64)
    {
        for dialect in BACKENDS {
            let provider = Provider { dialect, reply: &reply, size };
            let (body, stream) = (provider.whole(), provider.stream());
            for client in CLIENTS {
                let lane = lane(client, dialect);
                let whole = relay::whole(&lane, &Json::Object(asked()), &body).unwrap();
                let streamed = relayed(lane, stream.chunks(piece));
                prop_assert_eq!(
                    joined(client, &streamed), shape(client, &whole.body), "{:?} {:?}", dialect, client);
            }
        }
    }
}

#[test]
fn a_stream_of_any_provider_cut_at_any_byte_is_the_same() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let tree = proptest::strategy::Strategy::new_tree(&reply(), &mut runner).unwrap();
    let reply = proptest::strategy::ValueTree::current(&tree);
    for dialect in BACKENDS {
        let stream = Provider { dialect, reply: &reply, size: 5 }.stream();
        for client in CLIENTS {
            let whole = relayed(lane(client, dialect), [&stream[..]].into_iter());
            for cut in 1..stream.len() {
                let (before, after) = stream.split_at(cut);
                let cut_in_two = relayed(lane(client, dialect), [before, after].into_iter());
                assert!(cut_in_two == whole, "{dialect:?} {client:?} cut at {cut}");
            }
        }
    }
}

/// Whether a stream ends as this client takes for a success.
fn has_end(client: ClientDialect, text: &str) -> bool {
    match client {
        ClientDialect::ChatCompletions | ClientDialect::Completions => text.ends_with("data: [DONE]\n\n"),
        ClientDialect::Responses => ["event: response.completed\n", "event: response.incomplete\n"]
            .iter()
            .any(|end| text.contains(end)),
        ClientDialect::Messages => text.contains("event: message_stop\n"),
        ClientDialect::OllamaChat | ClientDialect::OllamaGenerate => text.contains("\"done\":true"),
    }
}

/// What was cut short is never taken for complete, wherever it was cut.
#[test]
fn a_stream_of_any_provider_that_breaks_off_at_any_byte_has_no_end() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let tree = proptest::strategy::Strategy::new_tree(&reply(), &mut runner).unwrap();
    let reply = proptest::strategy::ValueTree::current(&tree);
    for dialect in BACKENDS {
        let stream = Provider { dialect, reply: &reply, size: 5 }.stream();
        for (client, cut) in
            CLIENTS.into_iter().flat_map(|client| (0..stream.len()).map(move |cut| (client, cut)))
        {
            let mut relay = StreamRelay::new(lane(client, dialect), &Json::Object(asked()));
            let mut out = Vec::new();
            let taken = relay.take(&stream[..cut], &mut out).and_then(|()| relay.end(&mut out));
            let text = String::from_utf8(out).unwrap();
            let is_complete = taken.is_ok() && relay.seen().is_complete;
            assert_eq!(is_complete, has_end(client, &text), "{client:?} {dialect:?} cut at {cut}: {text}");
            // The last words of some streams say nothing more of the answer.
            let finish = text.matches("\"finish_reason\":\"").count();
            let is_finished = client != ClientDialect::ChatCompletions || finish == 1;
            assert!(!is_complete || is_finished, "{dialect:?} cut at {cut}: {text}");
        }
    }
}

#[test]
fn the_tier_at_which_a_provider_has_served_is_heard_whole_and_streamed() {
    let chat = json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "content": "a" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1 }, "service_tier": "priority" });
    let piece = |delta: Value, finish: Value, usage: Value| {
        let choices = json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
        format!("data: {}\n\n", json!({ "choices": choices, "usage": usage, "service_tier": "priority" }))
    };
    let chat_stream = [
        piece(json!({ "content": "a" }), Value::Null, Value::Null),
        piece(json!({}), json!("stop"), json!({ "prompt_tokens": 1, "completion_tokens": 1 })),
        "data: [DONE]\n\n".to_owned(),
    ];
    let usage = json!({ "input_tokens": 1, "output_tokens": 1, "service_tier": "priority" });
    let text = json!({ "type": "text", "text": "a" });
    let message = json!({ "type": "message", "role": "assistant", "content": [text], "stop_reason": "end_turn", "usage": usage });
    let events = [
        json!({ "type": "message_start", "message": { "type": "message", "role": "assistant", "content": [], "usage": usage } }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "a" } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 1 } }),
        json!({ "type": "message_stop" }),
    ];
    let message_stream =
        sse(events.map(|event| (event["type"].as_str().map(str::to_owned), event)).into_iter());
    let counts = json!({ "inputTokens": 1, "outputTokens": 1 });
    let converse = json!({ "output": { "message": { "role": "assistant", "content": [{ "text": "a" }] } }, "stopReason": "end_turn",
        "usage": counts, "serviceTier": { "type": "priority" } });
    let frames = [
        ("messageStart", json!({ "role": "assistant" })),
        ("contentBlockDelta", json!({ "contentBlockIndex": 0, "delta": { "text": "a" } })),
        ("contentBlockStop", json!({ "contentBlockIndex": 0 })),
        ("messageStop", json!({ "stopReason": "end_turn" })),
        ("metadata", json!({ "usage": counts, "serviceTier": { "type": "priority" } })),
    ];
    let converse_stream: Vec<u8> =
        frames.iter().flat_map(|(kind, data)| aws(kind, data.to_string().as_bytes())).collect();
    for (backend, whole, stream) in [
        (BackendDialect::ChatCompletions, chat, chat_stream.concat().into_bytes()),
        (BackendDialect::Messages, message, message_stream),
        (BackendDialect::Converse, converse, converse_stream),
    ] {
        for client in CLIENTS {
            let of_whole =
                relay::whole(&lane(client, backend), &Json::Object(asked()), whole.to_string().as_bytes());
            let mut of_stream = StreamRelay::new(lane(client, backend), &Json::Object(asked()));
            of_stream.take(&stream, &mut Vec::new()).unwrap();
            let heard = [of_whole.unwrap().seen.usage.tier, of_stream.seen().usage.tier];
            assert_eq!(heard, [Some(ServedTier::Priority); 2], "{backend:?} {client:?}");
        }
    }
}
