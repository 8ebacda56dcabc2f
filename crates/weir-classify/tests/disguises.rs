//! Encodings and spellings that a model reads as easily as plain text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{base64, engine};
use weir_classify::Segment;

#[track_caller]
fn assert_found(entity: &str, texts: &[&str]) {
    for text in texts {
        let found = engine().inspect(&[Segment::text(text)]).entities;
        assert!(found.contains_key(entity), "no {entity} in `{text}`: {found:?}");
    }
}

#[test]
fn morse_code_hides_nothing() {
    assert_found(
        "EMAIL_ADDRESS",
        &[".--- --- .-.-.- -.. --- . .--.-. . -..- .- -- .--. .-.. . .-.-.- -.-. --- --"],
    );
    let card = "my card: ....- ..... ...-- ----. .---- ....- ---.. ---.. ----- ...-- ....- ...-- -.... ....- -.... --...";
    assert_found("CREDIT_CARD", &[card]);
}

#[test]
fn base85_without_marks_hides_nothing() {
    let texts = [
        "see NM&qnZy;B1a%^NQAZl+eWN&3acrIgaZ2",
        "see 87cURD]i,\"Ebo8;+DPgIA8c$EGV3KED#",
        "nm=QNzY&b1A+]nqazL*Ewn=3ACRiGA",
    ];
    assert_found("EMAIL_ADDRESS", &texts);
}

#[test]
fn base64_in_pieces_hides_nothing() {
    let cut = |text: &str, len: usize, between: &str| {
        let encoded = base64(text.as_bytes());
        let pieces: Vec<&str> =
            encoded.as_bytes().chunks(len).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
        pieces.join(between)
    };
    let text = "Please write to jo.doe@example.com about it";
    for (len, between) in
        [(4, " "), (8, " "), (10, " "), (12, "\n"), (24, "\n> "), (24, "\n# "), (24, "\"\n  \"")]
    {
        assert_found("EMAIL_ADDRESS", &[&format!("See:\n> {}", cut(text, len, between))]);
    }
    let utf16: Vec<u8> = "jo.doe@example.com".bytes().flat_map(|byte| [0, byte]).collect();
    let marked: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("jo.doe@example.com".bytes().flat_map(|byte| [byte, 0])).collect();
    assert_found("EMAIL_ADDRESS", &[&base64(&utf16), &base64(&marked)]);
}

#[test]
fn deflated_data_hides_nothing() {
    // Of `Please write to jo.doe@example.com today about the contract`, by zlib without a header.
    assert_found(
        "EMAIL_ADDRESS",
        &["C8hJTSxOVSgvyixJVSjJV8jK10vJT3VIrUjMLchJ1UvOzwWKpiRWKiQm5ZeWKJRkpCok5+eVFCUmlwAA"],
    );
}

#[test]
fn what_od_writes_hides_nothing() {
    assert_found(
        "EMAIL_ADDRESS",
        &[
            "0000000 6f6a 642e 656f 6540 6178 706d 656c 632e\n0000020 6d6f\n0000022",
            "6a6f 2e64 6f65 4065 7861 6d70 6c65 2e63 6f6d",
        ],
    );
}

#[test]
fn rich_text_and_utf_7_hide_nothing() {
    assert_found(
        "EMAIL_ADDRESS",
        &[
            r"{\rtf1\ansi write to jo.\b doe\b0 @example.com\par}",
            r"{\rtf1 \'6a\'6f.doe\u64?example.com}",
            "jo.doe+AEA-example.com",
            "+AGoAbwAuAGQAbwBlAEAAZQB4AGEAbQBwAGwAZQAuAGMAbwBt-",
        ],
    );
}

#[test]
fn rot47_hides_no_address() {
    assert_found("EMAIL_ADDRESS", &["decode: ;@]5@6o6I2>A=6]4@>", "(C:E6 E@ ;@]5@6o6I2>A=6]4@>"]);
    assert_found("CREDIT_CARD", &["|J 42C5 :D cdbh`cgg_bcbecef"]);
}

#[test]
fn quoted_and_continued_lines_hide_nothing() {
    assert_found(
        "EMAIL_ADDRESS",
        &["> write to jo.doe@exam\n> ple.com", "> to jo.doe\n> @example.com", "jo.doe@exam\\\nple.com"],
    );
    assert_found("IBAN_CODE", &["> to DE893704\n> 00440532013000"]);
}

#[test]
fn signs_as_words_between_marks_or_in_capitals_hide_no_address() {
    assert_found(
        "EMAIL_ADDRESS",
        &[
            "joATexampleDOTcom",
            "jo.doe_at_example_dot_com",
            "jo -at- example -dot- com",
            "jo|at|example|dot|com",
            "jo 'at' example 'dot' com",
        ],
    );
}

#[test]
fn number_words_of_more_languages_hide_nothing() {
    for words in [
        "fire fem tre ni en fire otte otte nul tre fire tre seks fire seks syv",
        "fire fem tre ni en fire åtte åtte null tre fire tre seks fire seks sju",
        "neljä viisi kolme yhdeksän yksi neljä kahdeksan kahdeksan nolla kolme neljä kolme kuusi neljä kuusi seitsemän",
        "четыре пять три девять один четыре восемь восемь ноль три четыре три шесть четыре шесть семь",
    ] {
        assert_found("CREDIT_CARD", &[&format!("my credit card: {words}")]);
    }
}

#[test]
fn bytes_apart_by_any_sign_hide_nothing() {
    assert_found(
        "EMAIL_ADDRESS",
        &[
            "see 6A-6F-2E-64-6F-65-40-65-78-61-6D-70-6C-65-2E-63-6F-6D",
            "see 6A_6F_2E_64_6F_65_40_65_78_61_6D_70_6C_65_2E_63_6F_6D",
            "see 6a.6f.2e.64.6f.65.40.65.78.61.6d.70.6c.65.2e.63.6f.6d",
        ],
    );
}

#[test]
fn characters_as_scripts_write_them_hide_nothing() {
    let each = |character: fn(u8) -> String, between: &str| {
        "jo.doe@example.com".bytes().map(character).collect::<Vec<_>>().join(between)
    };
    assert_found(
        "EMAIL_ADDRESS",
        &[
            &each(|b| format!("%u{b:04x}"), ""),
            &each(|b| format!("[char]{b}"), "+"),
            &each(|b| format!("CHR({b})"), "||"),
        ],
    );
}
