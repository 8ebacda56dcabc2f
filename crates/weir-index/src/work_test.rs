//! Linear time: the look-ups grow with the text and no faster.

use crate::{DocumentBuilder, Index, RecordBuilder, Salt, Words, work};
use std::ops::ControlFlow;

/// Look-ups for each word of text, at most: one for each length of a value.
const PER_WORD_MAX: usize = 127;

#[test]
fn adversarial_text_takes_linear_work() {
    let mut records = RecordBuilder::new(Salt([1; 16]));
    let mut documents = DocumentBuilder::new(Salt([1; 16]));
    for length in 12..127 {
        assert!(records.add(&"a ".repeat(length)).is_ok());
    }
    assert!(documents.add(&"a ".repeat(100)).is_some());
    for builder in [records.finish(), documents.finish()] {
        let index = Index::from_bytes(builder.unwrap()).unwrap();
        for unit in ["a ", "a b ", "aaaaaaa ", "a-", "a\n", "aaaaaa         "] {
            let [small, large] = [1 << 10, 1 << 12].map(|words| {
                let text = Words::read(&unit.repeat(words));
                work::taken();
                let _ = index.scan(&text, &mut |_| ControlFlow::Continue(()));
                work::taken()
            });
            assert!(large <= small * 5 + 10, "`{unit}` takes {small} and {large}");
            assert!(large <= PER_WORD_MAX << 12, "`{unit}` takes {large}");
        }
    }
}
