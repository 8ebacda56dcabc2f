use super::Load;
use bytes::Bytes;
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{SystemTime, UNIX_EPOCH};

/// Request bodies that differ from each other, and from those of another run, from the first words on: no cache and no
/// memory can answer two of them, or one of them in another run.
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

/// Sentences of words, amounts, dates and places as they fall, with nothing in them that inspection would find. The same
/// words in every prompt would cost a gateway less than what people write: the processor foresees what comes again.
fn prompt(run: &str, number: u64, bytes: usize) -> String {
    let mut seed = DefaultHasher::new();
    (run, number).hash(&mut seed);
    let mut draw = Draw(seed.finish());
    let mut prompt = format!("{number}, {run}. ");
    while prompt.len() < bytes {
        draw.sentence(&mut prompt);
    }
    prompt.truncate(bytes);
    prompt
}

/// What needs no escape in JSON, drawn by numbers as they fall. Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % bound
    }

    fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words.get(self.below(words.len() as u64) as usize).copied().unwrap_or_default()
    }

    /// Seven to fourteen words.
    fn sentence(&mut self, prompt: &mut String) {
        prompt.push_str(self.one_of(&[
            "How",
            "When",
            "Then",
            "Please say why",
            "It seems that",
            "At first",
            "In short,",
        ]));
        for _ in 0..7 + self.below(7) {
            prompt.push(' ');
            match self.below(40) {
                0 => prompt.push_str(&format!("{} EUR", 10 + self.below(90_000))),
                1 => prompt.push_str(&format!("{}.{:02}.2026", 1 + self.below(28), 1 + self.below(12))),
                2 => prompt.push_str(&format!("{} times", 2 + self.below(300))),
                3 => prompt.push_str(self.one_of(&["Vienna", "Lyon", "Oslo", "Turin", "Ghent", "Porto"])),
                _ => prompt.push_str(self.one_of(&WORDS)),
            }
        }
        prompt.push_str(self.one_of(&[". ", ". ", "? ", ", "]));
    }
}

/// Words of reports and questions.
#[rustfmt::skip]
const WORDS: [&str; 96] = [
    "a", "the", "of", "to", "in", "and", "for", "with", "between", "after", "before", "during", "because", "therefore", "which", "that", "this", "each", "every", "other",
    "is", "was", "has", "had", "will", "can", "should", "would", "may", "describe", "compare", "explain", "list", "rises", "falls", "changes", "grows", "moves", "depends", "becomes",
    "pressure", "bridge", "delivery", "schedule", "engine", "harbour", "weather", "budget", "report", "contract", "machine", "station", "library", "kitchen", "market", "forest", "window",
    "question", "answer", "reason", "result", "measure", "method", "example", "number", "price", "quality", "service", "version", "network", "system", "process", "project", "department",
    "small", "large", "early", "late", "public", "general", "possible", "available", "average", "important", "internal", "recent", "steady", "several", "few", "most", "not", "only", "also", "more", "less", "again",
];

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
        let [one, next] = [7, 8].map(|number| prompt("a", number, 200));
        let last_words = |prompt: &str| prompt.rsplit(' ').take(5).map(str::to_owned).collect::<Vec<_>>();
        assert_ne!(last_words(&one), last_words(&next));
        assert_eq!(one, prompt("a", 7, 200));
    }

    #[test]
    fn two_runs_have_no_prompt_in_common() {
        let (one, next) = (name_of(1_700_000_000_000), name_of(1_700_000_000_001));
        assert_ne!(prompt(&one, 7, 200), prompt(&next, 7, 200));
    }
}
