//! Counts beside those of the published tokenizers, and beside the plain algorithm.
//!
//! `vectors/openai.jsonl` was made with tiktoken 0.14 (`encode_ordinary`), `vectors/huggingface.jsonl` with tokenizers
//! 0.23 and `vectors/tokenizer.json`, a vocabulary that was trained with it on this project's documents, once for each
//! pattern. `vectors/pieces.jsonl` has the lengths in bytes of what the patterns themselves match: those of tiktoken
//! by the module `regex` of Python, the others by tokenizers' `Split`.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use weir_tokens::{Embedded, InvalidTiktoken, InvalidVocabulary, Pattern, Tokenizer};

fn vectors(file: &str) -> impl Iterator<Item = (String, Value)> {
    let lines = file.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    lines.map(|line| (line["text"].as_str().expect("a text").to_owned(), line))
}

#[test]
fn openai_s_vocabularies_count_as_tiktoken_does() {
    let mut compared = 0;
    for (text, line) in vectors(include_str!("vectors/openai.jsonl")) {
        for embedded in Embedded::ALL {
            let counted = embedded.tokenizer().count(&text);
            assert_eq!(Value::from(counted), line[embedded.as_str()], "{}: {text:?}", embedded.as_str());
            compared += 1;
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn texts_are_cut_where_the_published_patterns_cut_them() {
    for (text, line) in vectors(include_str!("vectors/pieces.jsonl")) {
        for (name, pattern) in Pattern::ALL {
            let lengths: Vec<usize> = pattern.pieces(&text).map(<[u8]>::len).collect();
            assert_eq!(json!(lengths), line[name], "{name}: {text:?}");
        }
    }
}

/// `vectors/tokenizer.json` as it would be with another pattern.
fn variant(pattern: &str) -> Value {
    let mut file: Value = serde_json::from_str(include_str!("vectors/tokenizer.json")).expect("JSON");
    let regex = match pattern {
        "gpt2" => {
            file["pre_tokenizer"] =
                json!({ "type": "ByteLevel", "add_prefix_space": false, "use_regex": true });
            return file;
        }
        "llama3" => {
            file["model"]["ignore_merges"] = true.into();
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        }
        "qwen2" => {
            file["normalizer"] = json!({ "type": "NFC" });
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        }
        "o200k" => {
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        }
        _ => {
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        }
    };
    file["pre_tokenizer"]["pretokenizers"][0]["pattern"] = json!({ "Regex": regex });
    file
}

fn read(file: &Value) -> Result<Tokenizer, String> {
    Tokenizer::from_huggingface(&file.to_string()).map_err(|error| error.to_string())
}

#[test]
fn vocabularies_of_others_count_as_tokenizers_does() {
    for pattern in ["gpt2", "llama3", "qwen2", "o200k", "tekken"] {
        let tokenizer = read(&variant(pattern)).expect("a vocabulary");
        for (text, line) in vectors(include_str!("vectors/huggingface.jsonl")) {
            assert_eq!(Value::from(tokenizer.count(&text)), line[pattern], "{pattern}: {text:?}");
        }
    }
}

#[test]
fn what_cannot_be_counted_exactly_is_refused_with_its_name() {
    let refused = |change: &dyn Fn(&mut Value), named: &str| {
        let mut file = variant("llama3");
        change(&mut file);
        let error = read(&file).expect_err(named);
        assert!(error.contains(named), "{error}");
    };
    let of_model =
        |field: &'static str, value: Value| move |file: &mut Value| file["model"][field] = value.clone();
    refused(&of_model("type", "Unigram".into()), "Unigram");
    refused(&of_model("dropout", 0.1.into()), "dropout");
    refused(&of_model("end_of_word_suffix", "</w>".into()), "end_of_word_suffix");
    refused(&|file| file["normalizer"] = json!({ "type": "Lowercase" }), "Lowercase");
    refused(&|file| file["pre_tokenizer"] = json!({ "type": "Metaspace" }), "Metaspace");
    refused(&|file| file["pre_tokenizer"] = Value::Null, "none");
    refused(
        &|file| file["pre_tokenizer"]["pretokenizers"][0]["pattern"] = json!({ "Regex": r"\p{Han}+|\w" }),
        r"\p{Han}+|\w",
    );
    refused(&|file| file["pre_tokenizer"]["pretokenizers"][0]["behavior"] = "Removed".into(), "Removed");
    refused(
        &|file| file["pre_tokenizer"]["pretokenizers"][1]["add_prefix_space"] = true.into(),
        "add_prefix_space",
    );
    refused(&|file| file["pre_tokenizer"]["pretokenizers"][1]["use_regex"] = true.into(), "two patterns");
    refused(&|file| file["model"]["merges"] = json!([["▁", "t"]]), "▁ t");
    refused(&|file| file["model"]["vocab"]["zzzz"] = 9_999.into(), "zzzz");
    refused(&|file| file["model"]["merges"] = json!([["ab", "c"], ["a", "b"]]), "order");
    refused(&|file| file["model"]["merges"] = json!([["a", "b"], ["b", "c"], ["a", "b"]]), "same bytes");
    // The pair that makes `abc` in this order is `a` and `bc`.
    refused(&|file| file["model"]["merges"] = json!([["b", "c"], ["a", "b"], ["ab", "c"]]), "abc");
    let error = Tokenizer::from_huggingface("{}").expect_err("no model");
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
}

#[test]
fn a_file_in_the_format_of_tiktoken_counts_alike_and_its_faults_are_named() {
    let bytes: String = (0..=255_u8).map(|byte| format!("{} {byte}\n", base64(&[byte]))).collect();
    let file = format!("{bytes}{} 256\n{} 257\n", base64(b"th"), base64(b"the"));
    let tokenizer = Tokenizer::from_tiktoken(&file, Pattern::CL100K).expect("a vocabulary");
    assert_eq!(tokenizer.count("the the"), 3);
    let error = |file: &str| Tokenizer::from_tiktoken(file, Pattern::CL100K).expect_err("a fault");
    assert_eq!(error("AA== 0\nnonsense\n"), InvalidTiktoken::Line(2));
    assert_eq!(error("AA== 0\nAQ== 2\n"), InvalidTiktoken::Rank { line: 2, rank: 2 });
    assert_eq!(error("AA== 0\n"), InvalidVocabulary::MissingByte(1).into());
    assert_eq!(error(&format!("{bytes}AA== 256\n")), InvalidVocabulary::Twice.into());
    let late = format!("{bytes}{} 256\n{} 257\n", base64(b"the"), base64(b"th"));
    assert_eq!(error(&late), InvalidVocabulary::Order.into());
}

/// No pair makes it, so that it is found where it is a whole piece, and not in a longer one.
#[test]
fn a_token_that_nothing_makes_is_one_by_itself_alone() {
    let bytes: String = (0..=255_u8).map(|byte| format!("{} {byte}\n", base64(&[byte]))).collect();
    let (word, pair) = ("жжжжжж", "ж");
    let file = format!("{bytes}{} 256\n", base64(word.as_bytes()));
    let tokenizer = Tokenizer::from_tiktoken(&file, Pattern::CL100K).expect("a vocabulary");
    assert_eq!(tokenizer.count(word), 1);
    assert_eq!(tokenizer.count(&format!("{word}{pair}")), 14);
    let file = format!("{bytes}{} 256\n{} 257\n", base64(word.as_bytes()), base64(pair.as_bytes()));
    let tokenizer = Tokenizer::from_tiktoken(&file, Pattern::CL100K).expect("a vocabulary");
    assert_eq!((tokenizer.count(word), tokenizer.count(&format!("{word}{pair}"))), (1, 7));
}

fn base64(bytes: &[u8]) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    BASE64_STANDARD.encode(bytes)
}

/// Letters by a linear congruential generator.
fn letters(alphabet: &str, count: usize) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = 1_u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        alphabet[(state >> 33) as usize % alphabet.len()]
    };
    (0..count).map(|_| letter()).collect()
}

/// What tiktoken 0.14 counts for each, within three in a hundred.
#[test]
fn a_piece_of_a_megabyte_is_counted_by_its_beginning() {
    for (alphabet, count, o200k, cl100k) in MEGABYTES {
        let text = letters(alphabet, count);
        for (embedded, whole) in Embedded::ALL.into_iter().zip([o200k, cl100k]) {
            let counted = embedded.tokenizer().count(&text);
            assert!(counted.abs_diff(whole) * 100 <= whole * 3, "{alphabet}: {counted} of {whole}");
        }
    }
}

/// Lines of words that no language has: none is a token, and each line is short enough to be counted exactly.
fn unknown_words(lines: usize) -> String {
    let mut text = letters("bdfgklmnprstvz", lines * 80);
    (0..lines * 8).for_each(|word| text.insert(word * 11, if word % 8 == 0 { '\n' } else { ' ' }));
    text
}

#[test]
fn a_text_of_unknown_words_is_counted_exactly_for_a_while_and_then_in_proportion() {
    for embedded in Embedded::ALL {
        let tokenizer = embedded.tokenizer();
        let counts = |lines| {
            let text = unknown_words(lines);
            (
                tokenizer.count(&text),
                text.split_inclusive('\n').map(|line| tokenizer.count(line)).sum::<u64>(),
            )
        };
        let (short, each) = counts(11);
        assert_eq!(short, each);
        let (long, each) = counts(5000);
        assert_ne!(long, each, "every word was joined");
        assert!(long.abs_diff(each) * 100 <= 2 * each, "{long} of {each}");
    }
}

/// Lines of words that are put together of German ones, longer than people write them.
fn compounds(lines: usize) -> String {
    const PARTS: [&str; 16] = [
        "versicherung",
        "daten",
        "schutz",
        "grund",
        "verordnung",
        "kranken",
        "haus",
        "straßen",
        "dampf",
        "schiff",
        "fahrt",
        "gesell",
        "ung",
        "brücken",
        "maß",
        "keits",
    ];
    let places = letters("abcdefghijklmnop", lines * 16);
    let part = |(number, place): (usize, u8)| {
        let end = if number % 16 == 15 {
            "\n"
        } else if number % 4 == 3 {
            " "
        } else {
            ""
        };
        format!("{}{end}", PARTS[usize::from(place - b'a')])
    };
    places.bytes().enumerate().map(part).collect()
}

#[test]
fn a_text_of_endless_compounds_is_counted_exactly_for_a_while_and_then_in_proportion() {
    for embedded in Embedded::ALL {
        let tokenizer = embedded.tokenizer();
        let counts = |lines| {
            let text = compounds(lines);
            (
                tokenizer.count(&text),
                text.split_inclusive('\n').map(|line| tokenizer.count(line)).sum::<u64>(),
            )
        };
        let (short, each) = counts(8);
        assert_eq!(short, each);
        let (long, each) = counts(3000);
        assert_ne!(long, each, "every word was looked through");
        assert!(long.abs_diff(each) * 100 <= 2 * each, "{long} of {each}");
    }
}

/// A row that is joined with all its steps in a heap has taken more than a text of its length may.
#[test]
fn a_text_of_a_kilobyte_is_counted_exactly_whatever_it_takes() {
    let text = format!("{} and words behind it that are counted all the same", "ab".repeat(450));
    let plain: u64 = Pattern::CL100K.pieces(&text).map(plainly).sum();
    assert_eq!(Embedded::Cl100k.tokenizer().count(&text), plain);
}

#[test]
fn what_is_passed_over_counts_as_what_was_counted_before_it_and_not_as_the_rest_of_the_text() {
    for embedded in Embedded::ALL {
        let tokenizer = embedded.tokenizer();
        let words = include_str!("../../../docs/policy.md").repeat(10);
        let unknown = unknown_words(500);
        let each = unknown.split_inclusive('\n').map(|line| tokenizer.count(line)).sum::<u64>();
        let unknown_counted = tokenizer.count(&(words.clone() + &unknown)) - tokenizer.count(&words);
        assert_ne!(unknown_counted, each, "every word was joined");
        assert!(unknown_counted.abs_diff(each) * 100 <= 5 * each, "{unknown_counted} of {each}");
    }
}

/// A row of spaces takes long and is few tokens; behind each is as much as is passed over.
#[test]
fn a_text_that_hides_what_it_has_is_counted_as_an_eighth_at_least() {
    for embedded in Embedded::ALL {
        let tokenizer = embedded.tokenizer();
        let (row, part) = (" ".repeat(4000), letters("ƀƁƂƃƄƅƆƇƈƉ", 400));
        let each = tokenizer.count(&row) + 40 * tokenizer.count(&part);
        let counted = tokenizer.count(&format!("{row}{}", part.repeat(40)).repeat(5));
        assert!(counted < 5 * each && 8 * counted >= 5 * each, "{counted} of {}", 5 * each);
        let spaces = format!("{row}{row}{}", "\u{2003}".repeat(50_000));
        assert!(tokenizer.count(&spaces) >= spaces.len() as u64 / 9);
    }
}

#[test]
fn a_long_text_of_a_language_is_counted_exactly() {
    for (embedded, name) in [(Embedded::O200k, "german"), (Embedded::Cl100k, "chinese")] {
        let text = match name {
            "german" => include_str!("../benches/count/german.txt"),
            _ => include_str!("../benches/count/chinese.txt"),
        };
        let tokenizer = embedded.tokenizer();
        assert_eq!(tokenizer.count(&text.repeat(40)), 40 * tokenizer.count(text), "{name}");
    }
}

const MEGABYTES: [(&str, usize, u64, u64); 5] = [
    ("etaoinshrdlu", 1_000_000, 422_441, 446_779),
    ("ab", 1_000_000, 341_712, 419_512),
    ("a", 1_000_000, 125_000, 125_000),
    ("的一是不了在人有我他这为之大来以个中上们", 300_000, 272_887, 296_987),
    ("оеаинтсрвлкм", 400_000, 225_085, 282_631),
];

/// The tokens of `cl100k_base` by their bytes.
static RANKS: LazyLock<BTreeMap<Vec<u8>, usize>> = LazyLock::new(|| {
    let packed = include_bytes!("../data/cl100k_base.bin");
    let count = u32::from_le_bytes(packed[..4].try_into().expect("four bytes")) as usize;
    let mut rest = &packed[4 + count..];
    let token = |(rank, length): (usize, &u8)| {
        let (token, after) = rest.split_at(usize::from(*length));
        rest = after;
        (token.to_vec(), rank)
    };
    packed[4..4 + count].iter().enumerate().map(token).collect()
});

/// The tokens of a piece, by looking at all neighbours for each that is made.
fn plainly(piece: &[u8]) -> u64 {
    if RANKS.contains_key(piece) {
        return 1;
    }
    let mut parts: Vec<Vec<u8>> = piece.iter().map(|byte| vec![*byte]).collect();
    loop {
        let rank = |at: usize| Some((RANKS.get(&[&*parts[at], &*parts[at + 1]].concat())?, at));
        let Some((_, at)) = (0..parts.len() - 1).filter_map(rank).min() else { break };
        let second = parts.remove(at + 1);
        parts[at].extend(second);
    }
    parts.len() as u64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn pieces_are_joined_as_the_plain_algorithm_joins_them(
        text in prop_oneof![".{0,80}", "[a-z]{60,200}", "[a-zäöü中文的一-]{0,150}", "(\\PC|\\s){0,60}", "[ab]{65,300}",
            "([a-zA-Z0-9é中]{1,3}[ .]?){0,40}", "([a-z]{2,12}){1,12}"],
    ) {
        let pieces: Vec<&[u8]> = Pattern::CL100K.pieces(&text).collect();
        prop_assert_eq!(pieces.concat(), text.as_bytes());
        let plain: u64 = pieces.into_iter().map(plainly).sum();
        prop_assert_eq!(Embedded::Cl100k.tokenizer().count(&text), plain);
    }

    #[test]
    fn every_pattern_cuts_every_text_into_all_of_it(text in any::<String>()) {
        for (name, pattern) in Pattern::ALL {
            let pieces: Vec<&[u8]> = pattern.pieces(&text).collect();
            prop_assert!(pieces.iter().all(|piece| std::str::from_utf8(piece).is_ok_and(|p| !p.is_empty())));
            prop_assert_eq!(pieces.concat(), text.as_bytes(), "{}", name);
        }
    }
}
