use super::Load;
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Request bodies that differ from each other, and from those of another run, in the first words alone: no
/// cache and no memory can answer two of them, or one of them in another run.
pub(super) struct Bodies {
    before: String,
    after: String,
    run: String,
    prompt_bytes: usize,
}

const MARK: &str = "PROMPT";

impl Bodies {
    pub(super) fn new(load: &Load) -> Self {
        let body = json!({
            "model": load.model,
            "messages": [{ "role": "user", "content": MARK }],
            "stream": load.stream.then_some(true),
        });
        let text = without_nulls(body).to_string();
        // The model's name comes first and might hold the mark.
        let (before, after) = text.rsplit_once(MARK).unwrap_or_default();
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            before: before.to_owned(),
            after: after.to_owned(),
            run: name_of(began.as_millis()),
            prompt_bytes: load.prompt_bytes,
        }
    }

    pub(super) fn body(&self, number: u64) -> Bytes {
        let prompt = prompt(&self.run, number, self.prompt_bytes);
        [&self.before, &prompt, &self.after].map(String::as_str).concat().into()
    }
}

/// Four words that no other run has within a quarter of an hour: long digits could be taken for something.
fn name_of(began_ms: u128) -> String {
    const WORDS: [&str; 32] = [
        "water", "stone", "river", "paper", "light", "green", "field", "house", "wheel", "cloud", "apple",
        "chair", "music", "plant", "table", "glass", "ocean", "bread", "night", "horse", "grass", "smoke",
        "metal", "brush", "clock", "sugar", "piano", "tower", "sheep", "boots", "radio", "lemon",
    ];
    let word = |place: u32| WORDS.get((began_ms >> (5 * place) & 31) as usize).copied().unwrap_or_default();
    [word(3), word(2), word(1), word(0)].join(" ")
}

/// Plain words, with nothing in them that inspection would find.
fn prompt(run: &str, number: u64, bytes: usize) -> String {
    const WORDS: &str = "Please describe how the water behind a low dam stays level while the river rises, \
        and what happens to the part of it that goes over the top. ";
    let mut prompt = format!("{number}, {run}. ");
    while prompt.len() < bytes {
        prompt.push_str(WORDS);
    }
    prompt.truncate(bytes);
    prompt
}

fn without_nulls(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_has_the_asked_length_and_its_own_number() {
        assert_eq!(prompt("a", 7, 200).len(), 200);
        assert_eq!(prompt("a", 7, 4000).len(), 4000);
        assert_ne!(prompt("a", 7, 200), prompt("a", 8, 200));
    }

    #[test]
    fn two_runs_have_no_prompt_in_common() {
        let (one, next) = (name_of(1_700_000_000_000), name_of(1_700_000_000_001));
        assert_ne!(prompt(&one, 7, 200), prompt(&next, 7, 200));
    }
}
