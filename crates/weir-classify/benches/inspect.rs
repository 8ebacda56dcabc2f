//! Cost of one inspection, beside a floor: counting the bytes above 127 of the same text.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use weir_classify::{Engine, EntityRule, EntityType, Segment, SegmentKind, Settings};

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

/// What tools give back: prose of documentation, and code.
const PROSE: &str = include_str!("../../../docs/policy.md");
const CODE: &str = include_str!("../src/patterns/checksum.rs");
const SYSTEM: &str = "You are a careful software engineer in a team that keeps a service running. Answer in Markdown, name \
    the file and the function that you speak of, and keep to what the tools show you. If a tool fails, say so and go on \
    with what you have. Do not change tests to make them pass.";
const TOOLS: [(&str, &str, &str); 3] = [
    ("read_file", "Reads a file of the repository, at most 2,000 lines of it.", "The path from the root."),
    ("search", "Looks for a regular expression in all files.", "As in ripgrep; `\\b` is the edge of a word."),
    ("run_tests", "Runs the tests of one package, for at most 600 seconds.", "The name of the package."),
];

fn main() {
    divan::main();
}

fn repeated(text: &str, bytes: usize) -> String {
    let mut repeated = text.repeat(bytes / text.len() + 1);
    repeated.truncate(repeated.floor_char_boundary(bytes));
    repeated
}

/// A body as the gateway has it inspected, which has taken the name of the model out by then: keys, roles, one prompt.
fn request(prompt: &str) -> [Segment<'_>; 5] {
    [
        Segment::key("messages"),
        Segment::key("role"),
        Segment::text("user"),
        Segment::key("content"),
        Segment::text(prompt),
    ]
}

fn inspect(bencher: Bencher<'_, '_>, prompt: &str) {
    let Ok(engine) = Engine::new(Settings::default()) else { return };
    let segments = request(prompt);
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

/// A prompt of 400 bytes where each is another, so that the processor foresees as little as in a gateway.
#[divan::bench]
fn prompts(bencher: Bencher<'_, '_>) {
    const PROMPTS: usize = 2000;
    let Ok(engine) = Engine::new(Settings::default()) else { return };
    let prompts: Vec<String> = (0..PROMPTS).map(|number| part(PROSE, number, 400)).collect();
    let mut next = prompts.iter().cycle();
    bencher
        .with_inputs(|| next.next().map_or("", String::as_str))
        .bench_local_values(|prompt| engine.inspect(black_box(&request(prompt))));
}

/// Bodies as agents send them, of 2 to 13 kB each: a system prompt, tools, and turns with what the tools gave back.
fn bodies() -> Vec<Vec<(SegmentKind, String)>> {
    const BODIES: usize = 16;
    (0..BODIES).map(|seed| body(seed, 1 + seed % 4)).collect()
}

fn body(seed: usize, turns: usize) -> Vec<(SegmentKind, String)> {
    let mut body = Vec::new();
    let mut keys = |keys: &[&str], text: &str| {
        body.extend(keys.iter().map(|key| (SegmentKind::Key, (*key).to_owned())));
        body.push((SegmentKind::Text, text.to_owned()));
    };
    for (name, description, parameter) in TOOLS {
        keys(&["tools", "type"], "function");
        keys(&["function", "name"], name);
        keys(&["description"], description);
        keys(&["parameters", "type"], "object");
        keys(&["properties", "argument", "type"], "string");
        keys(&["description"], parameter);
    }
    keys(&["messages", "role"], "system");
    keys(&["content"], SYSTEM);
    for turn in 0..turns {
        let (prose, code) = (part(PROSE, seed + 7 * turn, 900), part(CODE, seed + 5 * turn, 2200));
        keys(&["role"], "user");
        keys(&["content"], &format!("Why does step {turn} take so long? The manual says:\n\n{prose}"));
        keys(&["role"], "assistant");
        keys(&["tool_calls", "id"], &format!("call_{seed}{turn}"));
        keys(&["function", "name"], "read_file");
        keys(&["arguments"], &format!("{{\"argument\": \"src/part{seed}/engine.rs\"}}"));
        keys(&["role"], "tool");
        keys(&["content"], &code);
    }
    body
}

/// One of the parts of a text, each of so many bytes.
fn part(text: &str, number: usize, bytes: usize) -> String {
    let start = text.ceil_char_boundary(number * bytes % (text.len() - bytes));
    text.get(start..text.floor_char_boundary(start + bytes)).unwrap_or_default().to_owned()
}

fn inspect_bodies(bencher: Bencher<'_, '_>, settings: Settings) {
    let Ok(engine) = Engine::new(settings) else { return };
    let bodies = bodies();
    let bytes: usize = bodies.iter().flatten().map(|(_, text)| text.len()).sum();
    let bodies: Vec<Vec<Segment<'_>>> = bodies.iter().map(|body| segments(body)).collect();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        bodies.iter().map(|body| engine.inspect(black_box(body)).findings.len()).sum::<usize>()
    });
}

fn segments(body: &[(SegmentKind, String)]) -> Vec<Segment<'_>> {
    body.iter().map(|(kind, text)| Segment { kind: *kind, text }).collect()
}

#[divan::bench]
fn agents(bencher: Bencher<'_, '_>) {
    inspect_bodies(bencher, Settings::default());
}

#[divan::bench]
fn agents_without_names(bencher: Bencher<'_, '_>) {
    let mut settings = Settings::default();
    settings.data.entities.insert(EntityType::PERSON, EntityRule::Off);
    inspect_bodies(bencher, settings);
}

#[divan::bench]
fn agents_floor(bencher: Bencher<'_, '_>) {
    let texts: Vec<String> = bodies().into_iter().flatten().map(|(_, text)| text).collect();
    bencher.counter(BytesCount::new(texts.iter().map(String::len).sum::<usize>())).bench_local(|| {
        black_box(&texts).iter().flat_map(|text| text.as_bytes()).filter(|b| **b > 127).count()
    });
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
    let head = [Segment::key("messages")];
    let segments: Vec<Segment<'_>> =
        head.into_iter().chain(texts.iter().flat_map(|text| message(text))).collect();
    black_box(engine.inspect(&segments));
    bencher.counter(ItemsCount::new(turns)).bench_local(|| engine.inspect(black_box(&segments)));
}
