//! What holds for every text.

mod common;

use common::engine;
use proptest::prelude::*;
use std::sync::LazyLock;
use weir_classify::{Engine, Segment};

static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

/// An identifier, the word it needs before it, and its type.
fn planted() -> impl Strategy<Value = (&'static str, &'static str, &'static str)> {
    prop::sample::select(vec![
        ("EMAIL_ADDRESS", "", "jo.doe@example.com"),
        ("PHONE_NUMBER", "", "+49 30 901820"),
        ("PHONE_NUMBER", "phone ", "030 901820"),
        ("CREDIT_CARD", "", "4111 1111 1111 1111"),
        ("CREDIT_CARD", "", "378282246310005"),
        ("IBAN_CODE", "", "DE89 3704 0044 0532 0130 00"),
        ("IP_ADDRESS", "", "203.0.113.7"),
        ("IP_ADDRESS", "", "2001:db8::8a2e:370:7334"),
        ("US_SSN", "SSN ", "536904399"),
        ("US_SSN", "", "536-90-4399"),
        ("UK_NHS", "NHS ", "9434765919"),
        ("DE_TAX_ID", "Steuer-ID ", "86095742719"),
        ("SECRET", "", concat!("glpat", "-", "d7QvC5mSx3JpU8fLr6Bh")),
        ("SECRET", "acme_token: ", concat!("k7q2vx9w", "4jz8t1m5", "wq3x")),
        ("SECRET", "ACME_API_KEY=", concat!("9f3ac17b", "e04d5821", "6c0b7de4")),
    ])
}

/// Text made of what recognisers and views look for.
fn noise() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,20}",
        "[ -~]{0,12}",
        "\\PC{0,6}",
        prop::sample::select(vec![
            "@",
            ".",
            "-----BEGIN PRIVATE KEY-----",
            "eyJ",
            "sk-",
            "::",
            "+49",
            "DE89",
            "\\u0034",
            "\\\\n",
            "\\",
            "４",
            "\u{200B}",
            "\u{308}",
            "ﬃ",
            "٣",
            "phone ",
            "ssn ",
            "\n",
            "\u{FDFA}",
            "\u{1100}\u{1161}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Prose that neither joins an identifier nor looks like one.
fn prose() -> impl Strategy<Value = String> {
    // `v 203.0.113.7` is a version: a word that says so directly before a number may speak against it.
    "([a-zäöü,]{1,8} ){0,40}und"
}

/// A text as the contents of messages, cut wherever it may be.
fn messages<'a>(mut text: &'a str, cuts: &[prop::sample::Index]) -> Vec<Segment<'a>> {
    let mut segments = vec![Segment::key("messages")];
    for at in cuts {
        let (piece, rest) = cut(text, *at);
        segments.extend(message(piece));
        text = rest;
    }
    segments.extend(message(text));
    segments
}

fn message(content: &str) -> [Segment<'_>; 4] {
    [Segment::key("role"), Segment::text("user"), Segment::key("content"), Segment::text(content)]
}

fn cut(text: &str, at: prop::sample::Index) -> (&str, &str) {
    let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    text.split_at(*at.get(&cuts))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// No text makes the engine panic, and findings point at characters of the text.
    #[test]
    fn findings_lie_on_character_boundaries(texts in prop::collection::vec(noise(), 1..6)) {
        let segments: Vec<Segment<'_>> = texts.iter().map(|text| Segment::text(text)).collect();
        for finding in ENGINE.inspect(&segments).findings {
            let text = &texts[finding.segment];
            prop_assert!(finding.start < finding.end);
            prop_assert!(text.get(finding.start..finding.end).is_some());
        }
    }

    /// The whole is at least as sensitive as each of its segments.
    #[test]
    fn a_body_has_at_least_the_label_of_each_segment(texts in prop::collection::vec(noise(), 1..6)) {
        let segments: Vec<Segment<'_>> = texts.iter().map(|text| Segment::text(text)).collect();
        let whole = ENGINE.inspect(&segments).label;
        for segment in segments {
            let part = ENGINE.inspect(&[segment]).label;
            prop_assert!(part.is_at_most(&whole), "{part:?} {whole:?}");
        }
    }

    /// A segment of prose anywhere but within an identifier never lowers the label.
    #[test]
    fn adding_a_segment_never_lowers_the_label(
        (_, before, text) in planted(), more in prose(), at in 0_usize..3,
    ) {
        let fewer = [Segment::text(before), Segment::text(text)];
        let mut segments = fewer.to_vec();
        // Between the word and the number it would not be the same text any more.
        segments.insert(if before.is_empty() { at } else { at / 2 * 2 }, Segment::text(&more));
        let (less, more) = (ENGINE.inspect(&fewer).label, ENGINE.inspect(&segments).label);
        prop_assert!(less.is_at_most(&more), "{less:?} {more:?}");
    }

    /// More prose around a text never lowers its label.
    #[test]
    fn adding_prose_never_lowers_the_label((_, before, text) in planted(), head in prose(), tail in prose()) {
        let alone = format!("{before}{text}");
        let whole = format!("{head} {before}{text} {tail}");
        let (less, more) = (ENGINE.inspect(&[Segment::text(&alone)]).label, ENGINE.inspect(&[Segment::text(&whole)]).label);
        prop_assert!(less.is_at_most(&more), "{less:?} {more:?}");
    }

    /// Where a text is cut into segments makes no difference to what is found in it. (A word of the prose may
    /// make a number something else.)
    #[test]
    fn a_cut_loses_nothing((entity, before, text) in planted(), head in prose(), tail in prose(), at: prop::sample::Index) {
        let whole = format!("{head} {before}{text} {tail}");
        let (first, second) = cut(&whole, at);
        prop_assume!(ENGINE.inspect(&[Segment::text(&whole)]).entities.contains_key(entity));
        let inspection = ENGINE.inspect(&[Segment::text(first), Segment::text(second)]);
        prop_assert!(inspection.entities.contains_key(entity), "{first}|{second}");
    }

    /// Nor does a second cut.
    #[test]
    fn two_cuts_lose_nothing((entity, before, text) in planted(), one: prop::sample::Index, two: prop::sample::Index) {
        let whole = format!("{before}{text}");
        let (first, rest) = cut(&whole, one);
        let (second, third) = cut(rest, two);
        let inspection = ENGINE.inspect(&[Segment::text(first), Segment::text(second), Segment::text(third)]);
        prop_assert!(inspection.entities.contains_key(entity), "{first}|{second}|{third}");
    }

    /// An invisible character anywhere in an identifier hides nothing, and the finding covers it.
    #[test]
    fn an_invisible_character_hides_nothing(
        (entity, before, text) in planted(),
        invisible in prop::sample::select(vec!['\u{200B}', '\u{200D}', '\u{2066}', '\u{FE0F}', '\u{AD}', '\u{E0020}']),
        at: prop::sample::Index,
    ) {
        let (first, second) = cut(text, at);
        let disguised = format!("ü {before}{first}{invisible}{second}");
        let inspection = ENGINE.inspect(&[Segment::text(&disguised)]);
        let finding = inspection.findings.iter().find(|finding| finding.entity.as_str() == entity);
        prop_assert!(finding.is_some(), "{disguised}");
        let covered = finding.map(|f| disguised[f.start..f.end].replace(invisible, ""));
        prop_assert_eq!(covered.as_deref(), Some(text));
    }

    /// A text cut into messages anywhere, and often, has at least the level that it has as a whole. It may have a
    /// higher one: a message that holds nothing but half of a card number may be another number by itself.
    #[test]
    fn no_cut_into_messages_lowers_the_level(
        (_, before, text) in planted(), head in prose(), tail in prose(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let whole = format!("{head} {before}{text} {tail}");
        let (level, segments) = (ENGINE.inspect(&[Segment::text(&whole)]).label.level(), messages(&whole, &cuts));
        prop_assert!(ENGINE.inspect(&segments).label.level() >= level, "{:?}", segments);
    }

    /// Whatever else a text holds, a value in a paragraph of its own keeps the level.
    #[test]
    fn paragraphs_around_a_value_never_lower_the_level(
        (_, before, text) in planted(), head in noise(), tail in noise(),
    ) {
        let alone = ENGINE.inspect(&[Segment::text(&format!("{before}{text}"))]).label.level();
        let whole = format!("{head}\n\n{before}{text}\n\n{tail}");
        prop_assert!(ENGINE.inspect(&[Segment::text(&whole)]).label.level() >= alone, "{}", whole);
    }
}
