//! How a text is built, as numbers: lengths, marks, numerals, options.

mod options;

use crate::scan::{Class, Scan, parts};
use options::{Options, is_option};

/// How many numbers there are.
pub const SHAPE: usize = 39;

/// The numbers of a text, before they are brought to a common scale.
///
/// Counts are of the parts that were read, stretched to the whole, as logarithms of one more; the rest are shares and means.
pub(crate) fn shape(text: &str, scan: &Scan) -> [f32; SHAPE] {
    let (head, tail) = parts(text);
    let mut bytes = Bytes::default();
    bytes.count(head);
    if !tail.is_empty() {
        bytes.count(tail);
    }
    let words = Words::of(scan);
    let lines = Lines::of(head, tail);
    let options = &lines.options;
    let many = |count: u32| (count as f32 * scan.stretch).ln_1p();
    let chars = (bytes.chars.max(1)) as f32;
    let letters = (words.count.max(1)) as f32;
    let share = |count: u32| count as f32 / chars;
    let among = |count: u32| count as f32 / letters;
    [
        many(bytes.chars),
        many(words.count),
        many(bytes.lines + 1),
        words.chars as f32 / letters,
        share(bytes.digits),
        share(bytes.capitals),
        share(bytes.foreign),
        many(words.numbers),
        many(bytes.operators),
        many(bytes.brackets),
        many(bytes.questions),
        many(bytes.quotes),
        many(options.count),
        among(words.long),
        among(words.very_long),
        many(bytes.stops),
        many(bytes.commas),
        many(words.negated),
        many(words.roman),
        lines.first_share,
        many(bytes.underlines),
        many(bytes.dollars),
        many(bytes.colons),
        among(words.capitals),
        many(words.single),
        among(bytes.commas),
        letters / (bytes.stops.max(1)) as f32,
        among(words.numbers),
        options.longest.ln_1p(),
        options.mean().ln_1p(),
        options.deviation().ln_1p(),
        many(bytes.code),
        f32::from(u8::from(lines.ends_asking)),
        many(lines.indented),
        options.likeness(),
        options.with_digits(),
        options.words_in_one().ln_1p(),
        words.distinct() as f32 / letters,
        options.letters_in_word(),
    ]
}

/// Counts of kinds of bytes.
#[derive(Debug, Default)]
struct Bytes {
    chars: u32,
    lines: u32,
    digits: u32,
    capitals: u32,
    foreign: u32,
    operators: u32,
    brackets: u32,
    questions: u32,
    quotes: u32,
    stops: u32,
    commas: u32,
    underlines: u32,
    dollars: u32,
    colons: u32,
    code: u32,
}

impl Bytes {
    fn count(&mut self, text: &str) {
        let mut seen = [0_u32; 256];
        for byte in text.bytes() {
            if let Some(count) = seen.get_mut(usize::from(byte)) {
                *count += 1;
            }
        }
        let of = |bytes: &[u8]| bytes.iter().filter_map(|byte| seen.get(usize::from(*byte))).sum::<u32>();
        let range = |from: usize, to: usize| seen.get(from..to).unwrap_or_default().iter().sum::<u32>();
        let rest = range(0x80, 0xC0);
        self.chars += text.len() as u32 - rest;
        self.foreign += range(0xC0, 0x100);
        self.lines += of(b"\n");
        self.digits += range(0x30, 0x3A);
        self.capitals += range(0x41, 0x5B);
        self.operators += of(b"+*/=^<>%");
        self.brackets += of(b"()[]{}");
        self.questions += of(b"?");
        self.quotes += of(b"\"");
        self.stops += of(b".!?");
        self.commas += of(b",");
        self.underlines += of(b"_");
        self.dollars += of(b"$");
        self.colons += of(b":");
        self.code += of(b"{};=\\`#");
    }
}

/// Counts of kinds of words.
#[derive(Debug, Default)]
struct Words {
    count: u32,
    chars: u32,
    numbers: u32,
    long: u32,
    very_long: u32,
    negated: u32,
    roman: u32,
    capitals: u32,
    single: u32,
    seen: Seen,
}

/// Which words occurred, by a few bits of their hashes: a count of them that is a little too low in long texts.
#[derive(Debug)]
struct Seen([u64; SEEN_BITS / 64]);

const SEEN_BITS: usize = 4096;

impl Default for Seen {
    fn default() -> Self {
        Self([0; SEEN_BITS / 64])
    }
}

impl Seen {
    fn add(&mut self, hash: u64) {
        let bit = (hash >> 20) as usize % SEEN_BITS;
        if let Some(bits) = self.0.get_mut(bit / 64) {
            *bits |= 1 << (bit % 64);
        }
    }
}

/// The groups of the lexicon that are counted here, by their place in the list.
const NEGATED: usize = 18;
const ROMAN: usize = 19;

impl Words {
    fn of(scan: &Scan) -> Self {
        let mut words = Words::default();
        for token in &scan.tokens {
            if token.class == Class::Mark {
                continue;
            }
            let is_word = token.class == Class::Word;
            words.count += 1;
            words.chars += token.chars;
            words.numbers += u32::from(token.class == Class::Number);
            words.long += u32::from(is_word && token.chars >= 9);
            words.very_long += u32::from(is_word && token.chars >= 13);
            words.capitals += u32::from(token.is_capital);
            words.single += u32::from(is_word && token.chars == 1);
            words.seen.add(token.hash);
            token.groups.each(|group| {
                words.negated += u32::from(group == NEGATED);
                words.roman += u32::from(group == ROMAN && token.is_capital);
            });
        }
        words
    }
}

impl Words {
    fn distinct(&self) -> u32 {
        self.seen.0.iter().map(|bits| bits.count_ones()).sum()
    }
}

/// What lines say: how long the first is, and whether there are options to choose from.
#[derive(Debug, Default)]
struct Lines {
    first_share: f32,
    options: Options,
    ends_asking: bool,
    indented: u32,
}

impl Lines {
    fn of(head: &str, tail: &str) -> Self {
        let mut lines = Lines::default();
        for line in head.lines().chain(tail.lines()) {
            lines.indented += u32::from(line.starts_with("  ") || line.starts_with('\t'));
            if is_option(line) {
                lines.options.add(line);
            }
        }
        let first = head.find('\n').unwrap_or(head.len());
        lines.first_share = first as f32 / (head.len() + tail.len()).max(1) as f32;
        let end = if tail.is_empty() { head } else { tail };
        lines.ends_asking = end.trim_end().ends_with(['?', '？']);
        lines
    }
}
