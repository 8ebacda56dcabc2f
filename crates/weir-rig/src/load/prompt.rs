use super::Load;
use bytes::Bytes;
use serde_json::{Value, json};

/// Request bodies that differ in a number alone, so that no cache can answer two of them.
pub(super) struct Bodies {
    before: String,
    after: String,
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
        Self { before: before.to_owned(), after: after.to_owned(), prompt_bytes: load.prompt_bytes }
    }

    pub(super) fn body(&self, number: u64) -> Bytes {
        [&self.before, &prompt(number, self.prompt_bytes), &self.after].map(String::as_str).concat().into()
    }
}

/// Plain words, with nothing in them that inspection would find.
fn prompt(number: u64, bytes: usize) -> String {
    const WORDS: &str = "Please describe how the water behind a low dam stays level while the river rises, \
        and what happens to the part of it that goes over the top. ";
    let mut prompt = format!("{number}. ");
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
        assert_eq!(prompt(7, 200).len(), 200);
        assert_eq!(prompt(7, 4000).len(), 4000);
        assert_ne!(prompt(7, 200), prompt(8, 200));
    }
}
