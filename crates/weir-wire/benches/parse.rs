//! Reading and writing request bodies, beside copying the same bytes.

use divan::{Bencher, black_box, counter::BytesCount};
use weir_wire::chat::{ReplyIdentity, read_chunk};
use weir_wire::json::Limits;
use weir_wire::request::ClientRequest;
use weir_wire::{Destination, Encode};

fn main() {
    divan::main();
}

const SIZES: [usize; 3] = [200, 4_000, 40_000];

fn body(size: usize) -> Vec<u8> {
    let text = "the quick brown fox jumps over the lazy dog. ".repeat(size / 45 + 1);
    let text = text.get(..size).unwrap_or(&text);
    format!(r#"{{"model":"auto","messages":[{{"role":"system","content":"be brief"}},{{"role":"user","content":"{text}"}}]}}"#).into_bytes()
}

#[divan::bench(args = SIZES)]
fn copy(bencher: Bencher<'_, '_>, size: usize) {
    let body = body(size);
    bencher.counter(BytesCount::new(body.len())).bench(|| black_box(&body).clone());
}

#[divan::bench(args = SIZES)]
fn read(bencher: Bencher<'_, '_>, size: usize) {
    let body = body(size);
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| ClientRequest::read(black_box(&body), Limits::default()).is_ok());
}

#[divan::bench(args = SIZES)]
fn write(bencher: Bencher<'_, '_>, size: usize) {
    let body = body(size);
    let Ok(request) = ClientRequest::read(&body, Limits::default()) else { return };
    bencher.counter(BytesCount::new(body.len())).bench(|| {
        let mut out = Vec::with_capacity(size + 200);
        request.encode(&Destination::new("m", true), &mut out);
        out
    });
}

#[divan::bench]
fn chunk(bencher: Bencher<'_, '_>) {
    let data = br#"{"id":"chatcmpl-9","object":"chat.completion.chunk","created":1764000000,"model":"qwen3-32b","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}"#;
    let identity = ReplyIdentity { id: "chatcmpl-1".to_owned(), alias: "auto".to_owned() };
    bencher.bench(|| read_chunk(black_box(data), &identity, false).is_ok());
}
