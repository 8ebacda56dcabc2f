//! What the names of models tell.

/// Parts of the names of models that do something else than chat.
const NO_CHAT: [&str; 17] = [
    "embed",
    "rerank",
    "bge-",
    "minilm",
    "whisper",
    "tts",
    "speech",
    "audio",
    "transcribe",
    "realtime",
    "dall-e",
    "image",
    "imagen",
    "veo",
    "sora",
    "moderation",
    "guard",
];

/// Whether a model seems to be one to chat with.
pub(crate) fn chats(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    !NO_CHAT.iter().any(|part| model.contains(part))
}

/// How large a model is by its name, in thousands of millions of parameters: `qwen3:32b` is 32,
/// `mixtral-8x7b` is 56.
pub(super) fn size(model: &str) -> Option<f64> {
    let model = model.to_ascii_lowercase();
    let words = model.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    words.filter_map(|word| word.strip_suffix('b')).find_map(product)
}

fn product(text: &str) -> Option<f64> {
    text.split('x').map(|factor| factor.parse::<f64>().ok()).product()
}

/// The names in a sentence; the first few if there are many.
pub(super) fn listed(models: &[String]) -> String {
    const SHOWN: usize = 6;
    match models.len().checked_sub(SHOWN) {
        None | Some(0) => models.join(", "),
        Some(more) => format!("{} and {more} more", models.get(..SHOWN).unwrap_or_default().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_size() {
        for (model, billions) in [
            ("qwen3:32b", 32.0),
            ("llama3.2:1.5b-instruct-q4_K_M", 1.5),
            ("meta-llama/Llama-3.3-70B-Instruct", 70.0),
            ("mixtral-8x7b", 56.0),
            ("qwen3-235b-a22b", 235.0),
        ] {
            assert_eq!(size(model), Some(billions), "{model}");
        }
        for model in ["mistral", "gpt-oss", "b", "web-b", "gemma3n:e4b"] {
            assert_eq!(size(model), None, "{model}");
        }
    }

    #[test]
    fn embedding_models_do_not_chat() {
        assert!(!chats("nomic-embed-text:latest") && !chats("BAAI/bge-m3") && !chats("gpt-4o-mini-tts"));
        assert!(chats("qwen3:8b") && chats("claude-haiku-4-5"));
    }

    #[test]
    fn long_lists_are_cut() {
        let models: Vec<String> = (1..=8).map(|n| format!("m{n}")).collect();
        assert_eq!(listed(&models[..2]), "m1, m2");
        assert_eq!(listed(&models), "m1, m2, m3, m4, m5, m6 and 2 more");
    }
}
