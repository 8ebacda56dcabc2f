//! Counts with a vocabulary beside the estimate: at least 50 MB/s on ordinary text.
//!
//! The texts are this project's own documents, sources and schemas, and prose that was written for this bench; what is
//! shorter than a megabyte is read over and over, so that frequent pieces are found in the processor's caches, as they are
//! in service. Those that `fresh` makes are read once: nothing has learnt what comes next in them. The last three are of
//! pieces that no language has.

mod fresh;

use divan::{Bencher, black_box, counter::BytesCount};
use fresh::{KINDS, Numbers};
use weir_tokens::Embedded;
use weir_wire::tokens::estimate;

fn main() {
    Embedded::ALL.iter().for_each(|embedded| assert_eq!(embedded.tokenizer().count("warm"), 1));
    divan::main();
}

const TEXTS: [(&str, &str); 5] = [
    ("english", include_str!("../../../../docs/policy.md")),
    ("code", include_str!("../../src/split.rs")),
    ("json", include_str!("../../../../docs/schemas/weir.schema.json")),
    ("german", include_str!("german.txt")),
    ("chinese", include_str!("chinese.txt")),
];

fn text(name: &str) -> &'static str {
    TEXTS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

#[divan::bench(args = TEXTS.map(|(name, _)| name))]
fn o200k(bencher: Bencher<'_, '_>, name: &str) {
    let (text, tokenizer) = (text(name), Embedded::O200k.tokenizer());
    bencher.counter(BytesCount::new(text.len())).bench(|| tokenizer.count(black_box(text)));
}

#[divan::bench(args = TEXTS.map(|(name, _)| name))]
fn cl100k(bencher: Bencher<'_, '_>, name: &str) {
    let (text, tokenizer) = (text(name), Embedded::Cl100k.tokenizer());
    bencher.counter(BytesCount::new(text.len())).bench(|| tokenizer.count(black_box(text)));
}

#[divan::bench(args = TEXTS.map(|(name, _)| name))]
fn estimated(bencher: Bencher<'_, '_>, name: &str) {
    let text = text(name);
    bencher.counter(BytesCount::new(text.len())).bench(|| estimate(black_box(text)));
}

const FRESH_BYTES: usize = 16_000;

#[divan::bench(args = KINDS.map(|kind| kind.name))]
fn o200k_fresh(bencher: Bencher<'_, '_>, name: &str) {
    count_fresh(bencher, name, Embedded::O200k);
}

#[divan::bench(args = KINDS.map(|kind| kind.name))]
fn cl100k_fresh(bencher: Bencher<'_, '_>, name: &str) {
    count_fresh(bencher, name, Embedded::Cl100k);
}

fn count_fresh(bencher: Bencher<'_, '_>, name: &str, embedded: Embedded) {
    let (tokenizer, mut numbers) = (embedded.tokenizer(), Numbers(1));
    let kinds = KINDS.iter().filter(|kind| kind.name == name);
    let text = || kinds.clone().map(|kind| kind.text(FRESH_BYTES, &mut numbers)).collect::<String>();
    bencher
        .with_inputs(text)
        .input_counter(BytesCount::of_str)
        .bench_local_values(|text: String| tokenizer.count(black_box(&text)));
}

/// A row of letters without a space, which is one piece of a megabyte.
#[divan::bench]
fn one_piece(bencher: Bencher<'_, '_>) {
    let (text, tokenizer) = ("etaoinshrdlu".repeat(1 << 16), Embedded::O200k.tokenizer());
    bencher.counter(BytesCount::new(text.len())).bench(|| tokenizer.count(black_box(&text)));
}
