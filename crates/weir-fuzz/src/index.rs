use sha2::{Digest, Sha256};
use std::ops::ControlFlow;
use weir_index::{Index, Words};

/// Bytes with a right checksum behind them are refused, or looked up in without harm: offsets that point
/// nowhere find nothing, and a hit is a stretch of the text.
pub fn index(data: &[u8]) {
    let sealed = [data, Sha256::digest(data).as_slice()].concat();
    for bytes in [data.to_vec(), sealed] {
        let Ok(index) = Index::from_bytes(bytes) else { continue };
        assert!(index.digest().len() == 64, "a digest of another length");
        let words = Words::read(TEXT);
        let _ = index.scan(&words, &mut |hit| {
            assert!(TEXT.get(hit.span).is_some_and(|text| !text.is_empty()), "a hit covers no text");
            ControlFlow::Continue(())
        });
    }
}

/// The values and words of the corpus, once.
const TEXT: &str = "Zo\u{eb} Okafor, jane.doe@example.com: the quick brown fox jumps over the lazy dog and then \
    goes home to sleep; 4821-5550-17.";
