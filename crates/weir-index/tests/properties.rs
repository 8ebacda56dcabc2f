//! What holds of every text and value.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use proptest::prelude::*;
use std::ops::ControlFlow;
use weir_index::{DocumentBuilder, Index, RecordBuilder, Salt, Words};

fn spans(index: &Index, text: &str) -> Vec<std::ops::Range<usize>> {
    let mut spans = Vec::new();
    let _ = index.scan(&Words::read(text), &mut |hit| {
        spans.push(hit.span);
        ControlFlow::Continue(())
    });
    spans
}

proptest! {
    #[test]
    fn spans_are_whole_characters(text in ".{0,80}") {
        let mut builder = RecordBuilder::new(Salt([0; 16]));
        let _ = builder.add(&text);
        let index = Index::from_bytes(builder.finish().unwrap()).unwrap();
        let around = format!("é {text} é");
        for span in spans(&index, &around) {
            prop_assert!(around.get(span).is_some());
        }
    }

    #[test]
    fn a_value_that_is_taken_is_found_in_capitals_and_in_prose(value in "[a-zA-Z0-9À-ÿА-я@.+ '-]{6,40}") {
        let mut builder = RecordBuilder::new(Salt([0; 16]));
        if builder.add(&value).is_ok() && !value.contains("        ") {
            let index = Index::from_bytes(builder.finish().unwrap()).unwrap();
            prop_assert_eq!(spans(&index, &value.to_uppercase()).len(), 1);
            let text = format!("we met ({value}), then left");
            prop_assert_eq!(spans(&index, &text).len(), 1);
        }
    }

    #[test]
    fn a_document_is_found_in_itself(words in prop::collection::vec("[a-z]{1,9}", 12..60)) {
        let document = words.join(" ");
        let mut builder = DocumentBuilder::new(Salt([0; 16]));
        prop_assert_eq!(builder.add(&document), Some(0));
        let index = Index::from_bytes(builder.finish().unwrap()).unwrap();
        prop_assert!(!spans(&index, &document.to_uppercase()).is_empty());
    }

    #[test]
    fn foreign_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Index::from_bytes(bytes).is_err());
    }
}
