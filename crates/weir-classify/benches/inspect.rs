//! Cost of one inspection, beside a floor: counting the bytes above 127 of the same text.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use weir_classify::{Engine, Segment, Settings};

const SIZES: [usize; 4] = [200, 400, 4 << 10, 40 << 10];

/// What a developer asks about: words, code, numbers that are no identifiers.
const CLEAN: &str = "Explain why this query is slow and how an index on (tenant_id, created_at) would help. \
    SELECT id, total FROM orders WHERE created_at > '2026-11-24T15:16:17Z' AND total > 1250.75 LIMIT 100; \
    The plan says: Index Scan (cost=0.43..8.45 rows=1 width=64), build 3f785a1c, version 16.4. ";
const FOREIGN: &str = "Größenänderungen müssen geprüft werden, weil die Tabelle über 12 500 Zeilen hat – „möglichst bald“. \
    Dafür genügt ein Index über die Spalten Straße und Änderungsdatum, wie früher schon vorgeschlagen. ";
/// Dumps, logs and tables: a row of digits at every few bytes, none of which is an identifier.
const NUMBERS: &str = "00000010  c5 3a 29 29 c9 3c 44 96  09 13 71 18 64 95 21 40\n\
    2026-11-24T15:16:17Z 200 1532 0.043 10 12 7\n| 2019 | 1,204 | 88.1 | 17 |\n| 2020 | 1,377 | 90.4 | 19 |\n\
    [12, 40, 7, 1999, 31], [3.25, 17.5, 118.0], 0x1f 0x2a, 4096 8192 16384\n";
const PERSONAL: &str =
    " Please answer jo.doe@example.com or call +49 30 901820; refund to DE89 3704 0044 0532 0130 00. ";

fn main() {
    divan::main();
}

fn repeated(text: &str, bytes: usize) -> String {
    let mut repeated = text.repeat(bytes / text.len() + 1);
    repeated.truncate(repeated.floor_char_boundary(bytes));
    repeated
}

/// A body as clients send it: keys, roles, one prompt.
fn inspect(bencher: Bencher<'_, '_>, prompt: &str) {
    let Ok(engine) = Engine::new(Settings::default()) else { return };
    let segments = [
        Segment::key("model"),
        Segment::text("gpt-4o"),
        Segment::key("messages"),
        Segment::key("role"),
        Segment::text("user"),
        Segment::key("content"),
        Segment::text(prompt),
    ];
    bencher.counter(BytesCount::of_str(prompt)).bench_local(|| engine.inspect(black_box(&segments)));
}

#[divan::bench(args = SIZES)]
fn floor(bencher: Bencher<'_, '_>, bytes: usize) {
    let text = repeated(CLEAN, bytes);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench_local(|| black_box(text.as_bytes()).iter().filter(|b| **b > 127).count());
}

#[divan::bench(args = SIZES)]
fn clean(bencher: Bencher<'_, '_>, bytes: usize) {
    inspect(bencher, &repeated(CLEAN, bytes));
}

#[divan::bench(args = SIZES)]
fn with_findings(bencher: Bencher<'_, '_>, bytes: usize) {
    inspect(bencher, &repeated(&format!("{CLEAN}{PERSONAL}"), bytes.max(500)));
}

#[divan::bench(args = SIZES)]
fn numbers(bencher: Bencher<'_, '_>, bytes: usize) {
    inspect(bencher, &repeated(NUMBERS, bytes));
}

#[divan::bench(args = SIZES)]
fn not_ascii(bencher: Bencher<'_, '_>, bytes: usize) {
    inspect(bencher, &repeated(FOREIGN, bytes));
}

/// What a turn costs whose text was seen in the turn before: a conversation of so many messages of 400 bytes, all of
/// them remembered, by message.
#[divan::bench(args = [1, 10, 100])]
fn remembered_turn(bencher: Bencher<'_, '_>, turns: usize) {
    const MEMORY_BYTES: usize = 4 << 20;
    let Ok(engine) = Engine::new(Settings::default()) else { return };
    let engine = engine.remembering([7; 16], MEMORY_BYTES);
    let texts: Vec<String> = (0..turns).map(|turn| repeated(&format!("{turn}. {CLEAN}"), 400)).collect();
    let message =
        |text| [Segment::key("role"), Segment::text("user"), Segment::key("content"), Segment::text(text)];
    let head = [Segment::key("model"), Segment::text("gpt-4o"), Segment::key("messages")];
    let segments: Vec<Segment<'_>> =
        head.into_iter().chain(texts.iter().flat_map(|text| message(text))).collect();
    black_box(engine.inspect(&segments));
    bencher.counter(ItemsCount::new(turns)).bench_local(|| engine.inspect(black_box(&segments)));
}
