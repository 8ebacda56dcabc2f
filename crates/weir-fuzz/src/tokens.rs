use weir_tokens::{Embedded, Pattern, Tokenizer};

/// A text is the pieces that it is cut into, and no more tokens than bytes.
pub fn tokens(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for (name, pattern) in Pattern::ALL {
        let mut rest = text.as_bytes();
        for piece in pattern.pieces(&text) {
            let behind = rest.strip_prefix(piece);
            assert!(!piece.is_empty() && behind.is_some(), "{name}: a piece is not the next of the text");
            rest = behind.unwrap_or_default();
        }
        assert!(rest.is_empty(), "{name}: the pieces are not all of the text");
    }
    for embedded in Embedded::ALL {
        let count = embedded.tokenizer().count(&text);
        assert!(count <= text.len() as u64, "{}: more tokens than bytes", embedded.as_str());
        assert!((count == 0) == text.is_empty(), "{}: no token for a text", embedded.as_str());
        // One piece, in several windows if it is long.
        let letters: String = text.chars().filter(|c| c.is_lowercase()).cycle().take(300).collect();
        let count = embedded.tokenizer().count(&letters);
        assert!(count <= letters.len() as u64, "{}: more tokens than bytes of a word", embedded.as_str());
    }
}

/// A file of a vocabulary is refused, or counts as a vocabulary does.
pub fn tokenizer(data: &[u8]) {
    let file = String::from_utf8_lossy(data);
    let tokenizers =
        [Tokenizer::from_huggingface(&file).ok(), Tokenizer::from_tiktoken(&file, Pattern::LLAMA3).ok()];
    for tokenizer in tokenizers.into_iter().flatten() {
        assert_eq!(tokenizer.count(""), 0, "nothing is no token");
        let text = "The weir's 12 gates,\r\n  naïve and 中文.";
        assert!((1..=text.len() as u64).contains(&tokenizer.count(text)), "more tokens than bytes");
    }
}
