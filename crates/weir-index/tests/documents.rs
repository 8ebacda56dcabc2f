//! Quotes of documents: twelve words at every place, edits, what is public.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::ops::ControlFlow;
use weir_index::{DocumentBuilder, Index, Kind, Salt, Words};

/// Words without repetition, so that only what was copied agrees.
fn words(from: usize, count: usize) -> Vec<String> {
    const SYLLABLES: [&str; 16] = [
        "ba", "che", "di", "fo", "gu", "ha", "jen", "kor", "lam", "mis", "nov", "per", "qua", "ris", "sto",
        "tul",
    ];
    let word =
        |n: usize| (0..4).map(|at| SYLLABLES[(n.wrapping_mul(2_654_435_761) >> (4 * at)) % 16]).collect();
    (from..from + count).map(word).collect()
}

fn index_of(documents: &[&str], public: &[&str]) -> Index {
    let mut builder = DocumentBuilder::new(Salt([4; 16]));
    public.iter().for_each(|text| builder.exclude(text));
    documents.iter().for_each(|text| assert!(builder.add(text).is_some()));
    Index::from_bytes(builder.finish().unwrap()).unwrap()
}

fn found<'t>(index: &Index, text: &'t str) -> Vec<(u32, &'t str)> {
    let mut found = Vec::new();
    let _ = index.scan(&Words::read(text), &mut |hit| {
        found.push((hit.document.unwrap(), &text[hit.span]));
        ControlFlow::Continue(())
    });
    found
}

#[test]
fn any_twelve_words_in_a_row_are_found_and_eleven_are_not() {
    let document = words(0, 300);
    let index = index_of(&[&words(1_000, 100).join(" "), &document.join(" ")], &[]);
    assert_eq!((index.kind(), index.documents()), (Kind::Documents, 2));
    let mut eleven_found = 0;
    for at in 0..document.len() - 12 {
        let quote = document[at..at + 12].join(" ");
        let text = format!("they wrote: {quote} and so on and on");
        // Of a thirteenth word eight bits are known.
        let [(1, covered)] = found(&index, &text)[..] else { panic!("nothing at {at}") };
        assert!(covered.contains(&quote) && covered.len() < quote.len() + 8, "at {at}: {covered}");
        assert_eq!(found(&index, &quote), [(1, quote.as_str())], "at {at}");
        let eleven = format!("they wrote: {} and so on and on", document[at..at + 11].join(" "));
        eleven_found += found(&index, &eleven).len();
    }
    assert!(eleven_found <= 6, "{eleven_found} quotes of eleven words are found");
}

#[test]
fn case_punctuation_and_line_breaks_make_no_difference() {
    let index = index_of(&[&words(0, 60).join(" ")], &[]);
    let quote = words(20, 20);
    for text in [
        quote.join(", ").to_uppercase(),
        quote.join("\r\n> "),
        quote.join("\u{a0}\u{2014}\u{a0}"),
        quote.join("** _"),
        quote.iter().map(|word| format!("{}\u{ad}{}", &word[..3], &word[3..])).collect::<Vec<_>>().join(" "),
    ] {
        assert_eq!(found(&index, &text), [(0, text.as_str())], "{text}");
    }
}

#[test]
fn a_paragraph_with_edits_is_found() {
    let index = index_of(&[&words(0, 400).join(" ")], &[]);
    for every in [10, 12, 15, 20] {
        let mut paragraph = words(100, 100);
        paragraph.iter_mut().step_by(every).for_each(|word| "other".clone_into(word));
        assert_eq!(found(&index, &paragraph.join(" ")).len(), 1, "every {every}th word changed");
    }
    let mut left_out = words(100, 90);
    (0..90).rev().step_by(11).for_each(|at| drop(left_out.remove(at)));
    assert_eq!(found(&index, &left_out.join(" ")).len(), 1);
    let mut scattered = words(100, 90);
    scattered.iter_mut().step_by(5).for_each(|word| "other".clone_into(word));
    assert_eq!(found(&index, &scattered.join(" ")), []);
}

#[test]
fn what_is_public_is_no_quote() {
    let boilerplate = words(500, 40).join(" ");
    let document = format!("{} {boilerplate} {}", words(0, 40).join(" "), words(100, 40).join(" "));
    let index = index_of(&[&document], &[&boilerplate]);
    assert_eq!(found(&index, &boilerplate), []);
    for at in (0..28).chain(100..128) {
        assert_eq!(found(&index, &words(at, 12).join(" ")).len(), 1, "at {at}");
    }
    let across = format!("{} {}", words(34, 6).join(" "), words(500, 6).join(" "));
    assert_eq!(found(&index, &across).len(), 1);
    let mut builder = DocumentBuilder::new(Salt([4; 16]));
    builder.exclude(&boilerplate);
    assert_eq!(builder.add(&boilerplate), None);
    assert_eq!(builder.add("too few words to tell anything"), None);
    assert_eq!(builder.documents(), 0);
}

#[test]
fn stretches_of_several_documents_are_told_apart() {
    let index = index_of(&[&words(0, 50).join(" "), &words(200, 50).join(" ")], &[]);
    let (first, second) = (words(10, 30).join(" "), words(210, 30).join(" "));
    let text = format!("{first}. {second}");
    assert_eq!(found(&index, &text), [(0, first.as_str()), (1, second.as_str())]);
}

#[test]
fn a_document_without_spaces_between_its_words_is_found() {
    let index = index_of(
        &["本契約に基づき甲は乙に対して秘密情報を開示しないものとする。ただし書面による承諾がある場合を除く"],
        &[],
    );
    let text = "質問：甲は乙に対して秘密情報を開示しない、とは？";
    assert_eq!(found(&index, text), [(0, "甲は乙に対して秘密情報を開示しない")]);
    assert_eq!(found(&index, "秘密情報を開示しない"), []);
}
