//! `tokenizer.json`, as Hugging Face's `tokenizers` writes it, where it is byte-level BPE with a known pattern.

use crate::merge::{self, Window};
use crate::vocabulary::{InvalidVocabulary, Vocabulary};
use crate::{Form, Pattern, Tokenizer};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Why a `tokenizer.json` cannot be counted with.
#[derive(Debug, thiserror::Error)]
pub enum Unsupported {
    /// It is none.
    #[error("it is no `tokenizer.json`: {0}")]
    Json(#[from] serde_json::Error),
    /// The model is another one than BPE, or does what ours does not.
    #[error("its model has `{0}`; only byte-level BPE is supported")]
    Model(String),
    /// Texts are changed before they are cut.
    #[error("its normalizer is `{0}`; only none and `NFC` are supported")]
    Normalizer(String),
    /// Texts are cut in a way that is not known here.
    #[error(
        "its pre_tokenizer is `{0}`; supported are `ByteLevel`, and the patterns of GPT-2, cl100k, o200k, Llama 3, Qwen 2 and Mistral's tekken"
    )]
    PreTokenizer(String),
    /// A token that is not made of bytes.
    #[error("its merges have `{0}`, which is not byte-level")]
    NotBytes(String),
    /// Merges that do not do what the order of their results says.
    #[error("its merges do not make `{0}` in the order in which they are listed")]
    Merges(String),
    /// What it says cannot be used.
    #[error(transparent)]
    Vocabulary(#[from] InvalidVocabulary),
}

/// What is read of the file. What comes around the tokens of a text (templates, special tokens) is left alone.
#[derive(Deserialize)]
struct File<'a> {
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(borrow)]
    model: Model<'a>,
}

/// A token that is none of the model's.
#[derive(Deserialize)]
struct Added {
    content: String,
}

/// Models of other types have other fields, so that those which matter are read when the type is known.
#[derive(Deserialize)]
struct Model<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    dropout: Option<f64>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    ignore_merges: bool,
    #[serde(borrow, default)]
    vocab: Option<&'a RawValue>,
    #[serde(borrow, default)]
    merges: Vec<Merge<'a>>,
}

/// Two tokens that make a third: with a space between them, or as a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge<'a> {
    Line(#[serde(borrow)] Cow<'a, str>),
    Pair(#[serde(borrow)] Cow<'a, str>, #[serde(borrow)] Cow<'a, str>),
}

impl Merge<'_> {
    fn parts(&self) -> (&str, &str) {
        match self {
            Merge::Line(line) => line.split_once(' ').unwrap_or((line, "")),
            Merge::Pair(first, second) => (first, second),
        }
    }
}

impl Tokenizer {
    /// Of the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`Unsupported`].
    pub fn from_huggingface(file: &str) -> Result<Self, Unsupported> {
        let File { added_tokens, normalizer, pre_tokenizer, model } = serde_json::from_str(file)?;
        model.check()?;
        let (form, pattern) = (form(&normalizer)?, pattern(&pre_tokenizer)?);
        let vocabulary = vocabulary(&model.merges)?;
        check_merges(&model.merges, &vocabulary, model.ignore_merges)?;
        if model.ignore_merges {
            model.check_whole(&added_tokens, &vocabulary)?;
        }
        Ok(Self::new(pattern, vocabulary, form))
    }
}

impl Model<'_> {
    fn check(&self) -> Result<(), Unsupported> {
        let kind = self.kind.as_deref().unwrap_or("no type");
        let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let wrong = match kind {
            "BPE" if self.dropout.is_some_and(|share| share > 0.0) => "dropout",
            "BPE" if is_set(&self.continuing_subword_prefix) => "continuing_subword_prefix",
            "BPE" if is_set(&self.end_of_word_suffix) => "end_of_word_suffix",
            "BPE" => return Ok(()),
            other => other,
        };
        Err(Unsupported::Model(wrong.to_owned()))
    }

    /// Where pieces that are tokens are not joined, every token must be one that we find.
    fn check_whole(&self, added: &[Added], vocabulary: &Vocabulary) -> Result<(), Unsupported> {
        let tokens: BTreeMap<Cow<'_, str>, IgnoredAny> = match self.vocab {
            Some(raw) => serde_json::from_str(raw.get())?,
            None => BTreeMap::new(),
        };
        let added: BTreeSet<&str> = added.iter().map(|token| &*token.content).collect();
        let is_missing = |token: &&Cow<'_, str>| {
            let found = of_letters(token).is_some_and(|bytes| vocabulary.contains(&bytes));
            !found && !added.contains(&***token)
        };
        match tokens.keys().find(is_missing) {
            Some(token) => Err(Unsupported::Merges(token.to_string())),
            None => Ok(()),
        }
    }
}

/// What merges say, in their order: the bytes that are joined, and the bytes of the token.
fn steps<'m>(merges: &'m [Merge<'m>]) -> impl Iterator<Item = Result<([Vec<u8>; 2], Vec<u8>), Unsupported>> {
    merges.iter().map(|merge| {
        let (first, second) = merge.parts();
        let part = |text| {
            let bytes = of_letters(text).filter(|bytes| !bytes.is_empty());
            bytes.ok_or_else(|| Unsupported::NotBytes(format!("{first} {second}")))
        };
        let parts = [part(first)?, part(second)?];
        let token = parts.concat();
        Ok((parts, token))
    })
}

/// The vocabulary of the bytes, and of the tokens that merges make in their order. A token may be listed with several
/// pairs that make it, side by side.
fn vocabulary(merges: &[Merge<'_>]) -> Result<Vocabulary, Unsupported> {
    let (mut bytes, mut lengths): (Vec<u8>, _) = ((0..=u8::MAX).collect(), vec![1; 256]);
    let mut last = Vec::new();
    for step in steps(merges) {
        let (_, token) = step?;
        if token != last {
            lengths.push(u16::try_from(token.len()).map_err(|_| InvalidVocabulary::TooLarge)?);
            bytes.extend(&token);
            last = token;
        }
    }
    Ok(Vocabulary::new(Cow::Owned(bytes), &lengths)?)
}

/// Whether the pair that makes each token is among its merges. What no pair makes may only be a token where pieces are
/// looked up as they are.
fn check_merges(
    merges: &[Merge<'_>],
    vocabulary: &Vocabulary,
    whole_pieces: bool,
) -> Result<(), Unsupported> {
    let mut unmade: Option<Vec<u8>> = None;
    let check = |unmade: &Option<Vec<u8>>| match unmade {
        Some(token) if !whole_pieces || merge::all(vocabulary, &mut Window::new(), token).len() == 1 => {
            Err(Unsupported::Merges(String::from_utf8_lossy(token).into_owned()))
        }
        _ => Ok(()),
    };
    let mut last = Vec::new();
    for step in steps(merges) {
        let ([first, second], token) = step?;
        if token != last {
            check(&unmade)?;
            unmade = Some(token.clone());
        }
        let pair = vocabulary.find(&first).zip(vocabulary.find(&second));
        if pair.is_some_and(|(first, second)| vocabulary.pair(first, second).is_some()) {
            unmade = None;
        }
        last = token;
    }
    check(&unmade)
}

fn form(normalizer: &Value) -> Result<Form, Unsupported> {
    let members = normalizer.get("normalizers").and_then(Value::as_array);
    match (kind(normalizer), members.map(Vec::as_slice)) {
        (None, _) | (Some("Sequence"), Some([])) => Ok(Form::AsWritten),
        (Some("NFC"), _) => Ok(Form::Nfc),
        (Some("Sequence"), Some([one])) => form(one),
        (Some(kind), _) => Err(Unsupported::Normalizer(kind.to_owned())),
    }
}

fn pattern(pre_tokenizer: &Value) -> Result<Pattern, Unsupported> {
    let unsupported = |what: &str| Unsupported::PreTokenizer(what.to_owned());
    match kind(pre_tokenizer) {
        Some("ByteLevel") => byte_level(pre_tokenizer, Pattern::GPT2),
        Some("Sequence") => {
            let members = pre_tokenizer.get("pretokenizers").and_then(Value::as_array);
            match members.map(Vec::as_slice) {
                Some([one]) => pattern(one),
                Some([split, bytes]) if kind(split) == Some("Split") && kind(bytes) == Some("ByteLevel") => {
                    if bytes.get("use_regex") != Some(&Value::Bool(false)) {
                        return Err(unsupported("two patterns, one behind the other"));
                    }
                    byte_level(bytes, self::split(split)?)
                }
                Some(members) => {
                    let kinds: Vec<&str> = members.iter().filter_map(kind).collect();
                    Err(unsupported(&kinds.join(", then ")))
                }
                None => Err(unsupported("an empty sequence")),
            }
        }
        other => Err(unsupported(other.unwrap_or("none"))),
    }
}

fn byte_level(step: &Value, pattern: Pattern) -> Result<Pattern, Unsupported> {
    if step.get("add_prefix_space") == Some(&Value::Bool(true)) {
        return Err(Unsupported::PreTokenizer("ByteLevel with add_prefix_space".to_owned()));
    }
    Ok(pattern)
}

fn split(step: &Value) -> Result<Pattern, Unsupported> {
    let word = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_inverted = step.get("invert") == Some(&Value::Bool(true));
    // Every character is in a match, so that it is the same to keep them and to remove what is between.
    if !matches!((word("behavior"), is_inverted), ("Isolated", false) | ("Removed", true)) {
        return Err(Unsupported::PreTokenizer(format!("Split with behavior {}", word("behavior"))));
    }
    let written = step.get("pattern").and_then(|pattern| pattern.get("Regex")).and_then(Value::as_str);
    let known = WRITTEN.iter().find(|(text, _)| written == Some(*text));
    known.map(|(_, pattern)| *pattern).ok_or_else(|| {
        Unsupported::PreTokenizer(written.map_or_else(|| "Split without Regex".to_owned(), str::to_owned))
    })
}

fn kind(step: &Value) -> Option<&str> {
    step.get("type").and_then(Value::as_str)
}

/// Patterns as files have them.
const WRITTEN: [(&str, Pattern); 7] = [
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        Pattern::LLAMA3,
    ),
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        Pattern::LLAMA3,
    ),
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        Pattern::QWEN2,
    ),
    (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        Pattern::CL100K,
    ),
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        Pattern::O200K,
    ),
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        Pattern::TEKKEN,
    ),
    (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", Pattern::GPT2),
];

/// The bytes that are written with these letters: visible characters of Latin-1 stand for themselves, the other bytes, in
/// their order, for the letters from U+0100 on.
///
/// Source: `bytes_to_unicode` in GPT-2's `encoder.py`.
fn of_letters(text: &str) -> Option<Vec<u8>> {
    const ABOVE: u32 = 0x100;
    text.chars()
        .map(|letter| match u32::from(letter) {
            code @ (0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) => u8::try_from(code).ok(),
            code @ ABOVE.. => hidden(code - ABOVE),
            _ => None,
        })
        .collect()
}

/// The bytes that are no visible character of Latin-1.
fn hidden(number: u32) -> Option<u8> {
    let byte = match number {
        ..=0x20 => number,
        0x21..=0x42 => number - 0x21 + 0x7f,
        0x43 => 0xad,
        _ => return None,
    };
    u8::try_from(byte).ok()
}
