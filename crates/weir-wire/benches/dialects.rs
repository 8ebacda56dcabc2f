//! A piece of a stream from one dialect to another: at most 5 µs.

use divan::{Bencher, black_box};
use weir_wire::chat::ReplyIdentity;
use weir_wire::dialect::backend::{Item, chat, messages};
use weir_wire::dialect::client::{Addressed, EventWriter};
use weir_wire::dialect::{BackendDialect, ClientDialect};
use weir_wire::json::{Json, Object};
use weir_wire::relay::{Lane, StreamRelay};

fn main() {
    divan::main();
}

const CLIENTS: [ClientDialect; 4] = [
    ClientDialect::ChatCompletions,
    ClientDialect::Responses,
    ClientDialect::Messages,
    ClientDialect::OllamaChat,
];

const CHUNK: &[u8] = br#"{"id":"chatcmpl-9","object":"chat.completion.chunk","created":1764000000,"model":"qwen3-32b","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}"#;
const START: &[u8] = br#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const DELTA: &[u8] =
    br#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" token"}}"#;

fn writer(client: ClientDialect) -> EventWriter {
    let identity = ReplyIdentity { id: "chatcmpl-1".to_owned(), alias: "auto".to_owned() };
    let asked = Object::default();
    EventWriter::new(client, &Addressed { identity: &identity, created_s: 0, asked: &asked })
}

/// So many pieces of one stream, so that what is kept of it counts as it does in an answer.
const PIECES: u32 = 1_000;

#[divan::bench(args = CLIENTS)]
fn thousand_chunks_of_chat(bencher: Bencher<'_, '_>, client: ClientDialect) {
    bencher.bench(|| {
        let (mut reader, mut writer) = (chat::EventReader::new(), writer(client));
        let mut sent = 0;
        for _ in 0..PIECES {
            let mut out = Vec::new();
            let item = Item { event: "", data: black_box(CHUNK) };
            let _ = reader.item(&item, &mut |event| writer.event(&event, &mut out));
            sent += out.len();
        }
        sent
    });
}

#[divan::bench(args = CLIENTS)]
fn thousand_deltas_of_messages(bencher: Bencher<'_, '_>, client: ClientDialect) {
    bencher.bench(|| {
        let (mut reader, mut writer) = (messages::EventReader::new(), writer(client));
        let mut sent = 0;
        for data in std::iter::once(START).chain((1..PIECES).map(|_| DELTA)) {
            let mut out = Vec::new();
            let item = Item { event: "", data: black_box(data) };
            let _ = reader.item(&item, &mut |event| writer.event(&event, &mut out));
            sent += out.len();
        }
        sent
    });
}

/// What begins a stream, and a piece of it, framing included.
const STREAMS: [(BackendDialect, &str, &str); 3] = [
    (
        BackendDialect::Gemini,
        "",
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\" token\"}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":9,\"totalTokenCount\":9},\"modelVersion\":\"gemini-2.5-pro\",\"responseId\":\"r\"}\r\n\r\n",
    ),
    (
        BackendDialect::Ollama,
        "",
        "{\"model\":\"qwen3:32b\",\"created_at\":\"2026-01-01T00:00:00.123456Z\",\"message\":{\"role\":\"assistant\",\"content\":\" token\"},\"done\":false}\n",
    ),
    (
        BackendDialect::Cohere,
        "event: content-start\ndata: {\"type\":\"content-start\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"type\":\"text\",\"text\":\"\"}}}}\n\n",
        "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\" token\"}}}}\n\n",
    ),
];

/// From the bytes of the backend to those for the client.
#[divan::bench(args = STREAMS.map(|(dialect, _, _)| dialect))]
fn thousand_pieces_relayed_to_responses(bencher: Bencher<'_, '_>, backend: BackendDialect) {
    let Some((_, start, piece)) = STREAMS.into_iter().find(|(dialect, _, _)| *dialect == backend) else {
        return;
    };
    let asked = Json::Object(Object::default());
    bencher.bench(|| {
        let identity = ReplyIdentity { id: "resp_1".to_owned(), alias: "auto".to_owned() };
        let client = ClientDialect::Responses;
        let lane = Lane { client, backend, inside: true, identity, created_s: 0, show_usage: false };
        let mut relay = StreamRelay::new(lane, &asked);
        let mut sent = 0;
        for bytes in std::iter::once(start).chain((0..PIECES).map(|_| piece)) {
            let mut out = Vec::new();
            let _ = relay.take(black_box(bytes.as_bytes()), &mut out);
            sent += out.len();
        }
        sent
    });
}
