//! What looking at clean text costs: `cargo bench -p weir-index`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that cannot be set up says so")]

use divan::Bencher;
use divan::counter::BytesCount;
use std::ops::ControlFlow;
use weir_index::{DocumentBuilder, Index, RecordBuilder, Salt, Words};

fn main() {
    divan::main();
}

/// A small generator, so that runs agree.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    /// A word of prose; names share one in ten of them.
    fn common_word(&mut self) -> String {
        const SYLLABLES: [&str; 16] = [
            "the", "of", "ing", "tion", "re", "com", "pro", "able", "ment", "is", "to", "for", "per", "con",
            "it", "and",
        ];
        if self.roll(10) == 0 {
            return self.word();
        }
        (0..1 + self.roll(3)).map(|_| SYLLABLES[self.roll(SYLLABLES.len())]).collect()
    }

    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 24] = [
            "an", "ber", "co", "den", "el", "fa", "gon", "har", "in", "jo", "ka", "lor", "mi", "ner", "os",
            "pra", "qui", "ro", "sta", "ter", "un", "ver", "wil", "zo",
        ];
        (0..1 + self.roll(3)).map(|_| SYLLABLES[self.roll(SYLLABLES.len())]).collect()
    }
}

fn prose(bytes: usize) -> String {
    let mut dice = Dice(1);
    let mut text = String::new();
    while text.len() < bytes {
        text.push_str(&dice.common_word());
        text.push_str(if dice.roll(9) == 0 { ". " } else { " " });
    }
    text
}

fn records() -> Index {
    let mut dice = Dice(2);
    let mut builder = RecordBuilder::new(Salt([7; 16]));
    for _ in 0..500_000 {
        let (first, last) = (dice.word(), dice.word());
        let _ = builder.add(&format!("{first} {last}ov"));
        let _ = builder.add(&format!(
            "DE{:02} {:09} {:09}",
            dice.roll(100),
            dice.roll(1 << 29),
            dice.roll(1 << 29)
        ));
    }
    Index::from_bytes(builder.finish().unwrap()).unwrap()
}

fn documents() -> Index {
    let mut builder = DocumentBuilder::new(Salt([7; 16]));
    let mut dice = Dice(3);
    for _ in 0..1_000 {
        let text: Vec<String> = (0..1_000).map(|_| dice.word()).collect();
        builder.add(&text.join(" "));
    }
    Index::from_bytes(builder.finish().unwrap()).unwrap()
}

fn look(bencher: Bencher<'_, '_>, index: &Index) {
    let text = prose(16 << 10);
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| {
        let mut hits = 0;
        let _ = index.scan(&Words::read(&text), &mut |_| {
            hits += 1;
            ControlFlow::Continue(())
        });
        hits
    });
}

#[divan::bench]
fn words(bencher: Bencher<'_, '_>) {
    let text = prose(16 << 10);
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| Words::read(&text).len());
}

#[divan::bench]
fn a_million_values(bencher: Bencher<'_, '_>) {
    look(bencher, &records());
}

#[divan::bench]
fn a_million_words_of_documents(bencher: Bencher<'_, '_>) {
    look(bencher, &documents());
}
