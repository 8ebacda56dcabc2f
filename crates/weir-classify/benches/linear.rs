//! Time per byte of texts made to be slow, as they grow: for each family its time at 4 KiB, and how many times
//! as much a byte takes at 16 KiB to 1 MiB. `cargo bench -p weir-classify --bench linear [-- FAMILY…]`.
//!
//! Linear means that the last columns stay near 1. The run fails where one is above [`RATIO_MAX`].
#![expect(clippy::print_stdout, reason = "a bench writes a table")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use weir_classify::{Engine, Segment, Settings};

const SIZES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/// What caches and buffers that outgrow them may cost. Quadratic time would be 256 at the largest size.
const RATIO_MAX: f64 = 3.0;
/// How long each figure is measured, at least twice.
const PATIENCE: Duration = Duration::from_millis(100);

/// A name, and the texts of about so many bytes.
type Family = (&'static str, fn(usize) -> Vec<String>);

const FAMILIES: [Family; 37] = [
    ("prose, to compare", |n| one("the quick brown fox jumps over the lazy dog, and then goes home. ", n)),
    ("repeated digits", |n| one("1", n)),
    ("spaced digits", |n| one("1 ", n)),
    ("near-miss cards", |n| one("4111 1111 1111 1112 ", n)),
    ("near-miss cards, undivided", |n| one("4111111111111112", n)),
    ("near-miss accounts", |n| one("DE88 3704 0044 0532 0130 00 ", n)),
    ("groups of digits", |n| one("123-456.789/012 ", n)),
    ("separators", |n| one(" - . / ", n)),
    ("separated letters", |n| one("a-b.c_d ", n)),
    ("zero-width runs", |n| one("\u{200b}\u{200d}\u{2060}", n)),
    ("zero-width in digits", |n| one("4\u{200b}1\u{200d}", n)),
    ("combining marks", |n| one("a\u{301}\u{302}\u{316}", n)),
    ("confusables", |n| one("раssроrt аnd nаmе ", n)),
    ("wide digits", |n| one("４１１１ １１１１ ", n)),
    ("JSON escapes", |n| one(r"\u0034\u0031", n)),
    ("escaped escapes", |n| one(r"\\\\u0034", n)),
    ("backslashes", |n| one("\\", n)),
    ("percent", |n| one("%34%31%", n)),
    ("entities", |n| one("&#52;&#x31;&amp;", n)),
    ("quoted-printable", |n| one("=34=31=\r\n", n)),
    ("base64", |n| one("NDExMSAxMTExIDExMTEgMTExMQ", n)),
    ("base64 lines", |n| one("NDExMSAxMTExIDExMTEgMTExMQ\n", n)),
    ("nested base64", |n| nested(n)),
    ("hexadecimal", |n| one("34313131", n)),
    ("unbalanced quotes", |n| one("\"'`", n)),
    ("unbalanced brackets", |n| one("[{(<", n)),
    ("markup", |n| one("<b><i>4</b>", n)),
    ("words that begin as numbers", |n| one("twofold ", n)),
    ("short array items", |n| vec!["4111".to_owned(); n / 4]),
    ("short items in JSON", |n| one("\"4111\",", n).iter().map(|items| format!("[{items}1]")).collect()),
    ("at signs and colons", |n| one("a@a.::a:", n)),
    ("blanks in addresses", |n| one("a1 @ b . c . ", n)),
    ("dumps that say nothing", |n| vec![dump(n)]),
    ("marks of ASCII85", |n| one("<~87cUR~", n)),
    ("beginnings of uuencode", |n| one("begin 644 a\n#0V%T\n", n)),
    ("pieces of cards", |n| one("card 4111 x 1111, ", n)),
    ("whole numbers with points", |n| one("4111111111111112.0 ", n)),
];

fn main() -> ExitCode {
    let Ok(engine) = Engine::new(Settings::default()) else { return ExitCode::FAILURE };
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str()));
    println!("{:28} {:>10}  {:>7} {:>7} {:>7} {:>7}", "", "ns/B, 4K", "16K", "64K", "256K", "1M");
    let mut steepest: f64 = 0.0;
    for (name, texts) in FAMILIES.iter().filter(|(name, _)| is_wanted(name)) {
        let [first, later @ ..] = SIZES.map(|size| nanoseconds_per_byte(&engine, &texts(size)));
        let ratios = later.map(|later| later / first);
        let written: String = ratios.iter().map(|ratio| format!(" {ratio:>7.2}")).collect();
        println!("{name:28} {first:>10.1} {written}");
        steepest = ratios.into_iter().fold(steepest, f64::max);
    }
    println!("steepest: {steepest:.2} (at most {RATIO_MAX})");
    if steepest <= RATIO_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(unit: &str, bytes: usize) -> Vec<String> {
    vec![unit.repeat(bytes / unit.len())]
}

/// Lines as `hexdump -C` writes them, of bytes that are no text.
fn dump(bytes: usize) -> String {
    let line = |place| format!("{place:08x}  93 91 71 60 b5 5e 72 fb  2a be 92 1a 3f eb f7 24\n");
    (0..bytes / line(0).len()).map(|number| line(16 * number)).collect()
}

/// As deep as views go and deeper, the innermost a text that grows.
fn nested(bytes: usize) -> Vec<String> {
    const DEPTH: u32 = 5;
    let innermost = "4111 1111 1111 1112 ".repeat(bytes * 3_usize.pow(DEPTH) / 4_usize.pow(DEPTH) / 20);
    vec![(0..DEPTH).fold(innermost, |text, _| base64(text.as_bytes()))]
}

/// Source: RFC 4648, section 4, without padding.
fn base64(bytes: &[u8]) -> String {
    let alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*b"+/").collect();
    let mut written = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        let sextet = |at: usize| alphabet.get((bits >> (18 - 6 * at) & 63) as usize).copied();
        written.extend((0..=chunk.len()).filter_map(sextet).map(char::from));
    }
    written
}

/// Of the fastest run: what else the machine does makes runs slower only.
fn nanoseconds_per_byte(engine: &Engine, texts: &[String]) -> f64 {
    let segments: Vec<Segment<'_>> = texts.iter().map(|text| Segment::text(text)).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let begin = Instant::now();
    let mut fastest = Duration::MAX;
    for run in 0.. {
        if run >= 2 && begin.elapsed() > PATIENCE {
            break;
        }
        let before = Instant::now();
        black_box(engine.inspect(black_box(&segments)));
        fastest = fastest.min(before.elapsed());
    }
    fastest.as_nanos() as f64 / bytes.max(1) as f64
}
