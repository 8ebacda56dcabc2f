//! What the tokens of a target are counted with.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{EXAMPLE_POLICY, EXAMPLE_WEIR, load};

/// A byte-level vocabulary in which `hi` is a token.
const FILE: &str = r#"{"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "model": {"type": "BPE", "vocab": {}, "merges": [["h", "i"]]}}"#;

/// The configuration with a line in its local model.
fn with(line: &str) -> String {
    EXAMPLE_WEIR.replacen(
        "      - name: qwen3-32b\n",
        &format!("      - name: qwen3-32b\n        {line}\n"),
        1,
    )
}

/// What counts for the first target of a backend, by name, and what it counts for `hi hi`.
fn counter(weir: &str, backend: &str) -> Option<(String, u64)> {
    let tiktoken: String = (0..=255_u8).map(|byte| format!("{} {byte}\n", base64(byte))).collect();
    let files = [("/etc/weir/qwen/tokenizer.json", FILE), ("/etc/weir/bytes.tiktoken", &*tiktoken)];
    let loaded = load(weir, EXAMPLE_POLICY, &files).unwrap();
    let model = loaded.config.backend(backend).unwrap().models.first().unwrap().clone();
    model.tokenizer.map(|counter| (counter.name().to_string(), counter.count("hi hi")))
}

fn base64(byte: u8) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |six: u8| char::from(*LETTERS.get(usize::from(six)).unwrap());
    format!("{}{}==", letter(byte >> 2), letter(byte << 4 & 0x3f))
}

#[test]
fn models_of_openai_have_their_vocabulary_by_name_and_others_what_the_file_says() {
    assert_eq!(counter(EXAMPLE_WEIR, "gpu"), None);
    assert_eq!(counter(EXAMPLE_WEIR, "openai"), None, "a model that is not in the table");
    let named = EXAMPLE_WEIR.replace("gpt-6-sol", "gpt-4o-mini");
    assert_eq!(counter(&named, "openai"), Some(("o200k_base".to_owned(), 2)));
    let deployment = EXAMPLE_WEIR.replace("name: gpt-6-sol\n", "name: gpt-6-sol\n        priced_as: gpt-4\n");
    assert_eq!(counter(&deployment, "openai"), Some(("cl100k_base".to_owned(), 2)));
    let estimated = named.replace("name: gpt-4o-mini\n", "name: gpt-4o-mini\n        tokenizer: estimate\n");
    assert_eq!(counter(&estimated, "openai"), None);
    assert_eq!(counter(&with("tokenizer: cl100k_base"), "gpu"), Some(("cl100k_base".to_owned(), 2)));
    let file = "qwen/tokenizer.json";
    assert_eq!(counter(&with(&format!("tokenizer: {file}")), "gpu"), Some((file.to_owned(), 3)));
    let file = "llama3:bytes.tiktoken";
    assert_eq!(counter(&with(&format!("tokenizer: \"{file}\"")), "gpu"), Some((file.to_owned(), 5)));
}

#[test]
fn what_no_tokens_can_be_counted_with_is_refused_with_the_reason() {
    let metaspace = FILE.replace("ByteLevel", "Metaspace");
    let files = [("/etc/weir/spaces.json", &*metaspace), ("/etc/weir/none.tiktoken", "AA== 0\n")];
    for (written, said) in [
        ("o300k_base", "`o300k_base` is no tokenizer"),
        ("missing.json", "cannot read `missing.json`"),
        ("spaces.json", "its pre_tokenizer is `Metaspace`"),
        ("none.tiktoken", "does not say by which pattern"),
        ("\"utf8:none.tiktoken\"", "there is no pattern `utf8`"),
        ("\"qwen2:none.tiktoken\"", "the byte 0x01 is no token of it"),
    ] {
        let problems = load(&with(&format!("tokenizer: {written}")), EXAMPLE_POLICY, &files).unwrap_err();
        assert_eq!(problems.0.len(), 1, "{problems}");
        assert!(problems.to_string().contains(said), "{problems}");
    }
}

#[test]
fn the_file_of_a_vocabulary_is_part_of_the_configuration() {
    let digest = |file: &str| {
        let weir = with("tokenizer: t.json");
        load(&weir, EXAMPLE_POLICY, &[("/etc/weir/t.json", file)]).unwrap().config_digest
    };
    assert_eq!(digest(FILE), digest(FILE));
    assert_ne!(digest(FILE), digest(&FILE.replace("\"i\"", "\"o\"")));
}
