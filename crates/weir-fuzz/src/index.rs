use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use weir_index::{Index, RecordBuilder, Salt, Words};

/// Bytes with a right checksum behind them are refused, or looked up in without harm: offsets that point
/// nowhere find nothing, and a hit is a stretch of the text.
pub fn index(data: &[u8]) {
    let sealed = [data, Sha256::digest(data).as_slice()].concat();
    for bytes in [data.to_vec(), sealed] {
        let Ok(index) = Index::from_bytes(bytes) else { continue };
        assert!(index.digest().len() == 64, "a digest of another length");
        hits(&index, TEXT);
    }
}

/// The values and words of the corpus, once.
const TEXT: &str = "Zo\u{eb} Okafor, jane.doe@example.com: the quick brown fox jumps over the lazy dog and then \
    goes home to sleep; 4821-5550-17.";

/// An index of the lines of any text can be read, and finds each line that it took.
pub fn records(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut builder = RecordBuilder::new(Salt([7; 16]));
    let taken: Vec<&str> = text.lines().filter(|line| builder.add(line).is_ok()).collect();
    let Ok(bytes) = builder.finish() else { return assert!(taken.is_empty(), "taken, but not written") };
    let Ok(index) = Index::from_bytes(bytes) else {
        return assert!(taken.is_empty(), "written, but not read");
    };
    hits(&index, &text);
    for line in taken.into_iter().filter(|line| !has_wide_gap(line)) {
        assert!(hits(&index, line) > 0, "a value is not found where nothing else is");
        assert!(hits(&index, &format!("we met ({line}), then left")) > 0, "a value is not found in prose");
    }
}

/// Whether words of a value may stand so far apart that they are found only when they stand closer. What
/// stands for bytes that are no text comes in heaps.
fn has_wide_gap(line: &str) -> bool {
    const GAP_MAX: usize = 8;
    line.contains(char::REPLACEMENT_CHARACTER)
        || line.split(char::is_alphanumeric).any(|gap| gap.len() > GAP_MAX)
}

/// How often something of the index stands in a text.
fn hits(index: &Index, text: &str) -> usize {
    let mut count = 0;
    let _ = index.scan(&Words::read(text), &mut |hit| {
        assert!(text.get(hit.span).is_some_and(|text| !text.is_empty()), "a hit covers no text");
        count += 1;
        ControlFlow::Continue(())
    });
    count
}
