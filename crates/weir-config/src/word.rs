//! Settings that are one of a few words.

use crate::suggest::suggest;
use crate::yaml::{Scalar, Wrong};
use crate::{AuditFailure, Begin, DecisionHeaders, DetectorWhen, UnknownFields};
use schemars::{Schema, json_schema};
use weir_audit::export::Format;
use weir_classify::{Checksum, Profile};
use weir_label::{Level, ZoneKind};
use weir_policy::{Check, Modality};
use weir_rollout::Mode;
use weir_wire::Thinking;

/// What is written as one of these words. Problems suggest the one that comes nearest, and editors list them.
pub trait Word: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
}

impl<T: Word> Scalar for T {
    fn parse(text: &str) -> Result<Self, Wrong> {
        one_of(text, T::WORDS)
    }

    fn schema() -> Schema {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

pub fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, Wrong> {
    match known.iter().find(|(word, _)| *word == text) {
        Some((_, value)) => Ok(*value),
        None => {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            Err(unknown(text, &words))
        }
    }
}

/// A word that stands where others belong.
pub fn unknown(text: &str, known: &[&str]) -> Wrong {
    Wrong::new(format!("`{text}` cannot stand here"), suggest(text, known.iter().copied()))
}

impl Word for ZoneKind {
    const WORDS: &'static [(&'static str, Self)] = &[("local", Self::Local), ("cloud", Self::Cloud)];
}

impl Word for Level {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("public", Self::Public),
        ("internal", Self::Internal),
        ("confidential", Self::Confidential),
        ("restricted", Self::Restricted),
    ];
}

impl Word for Profile {
    const WORDS: &'static [(&'static str, Self)] = &[("strict", Self::Strict), ("balanced", Self::Balanced)];
}

impl Word for AuditFailure {
    const WORDS: &'static [(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("local_only", Self::LocalOnly)];
}

impl Word for Modality {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("text", Self::Text),
        ("image", Self::Image),
        ("audio", Self::Audio),
        ("video", Self::Video),
        ("file", Self::File),
    ];
}

impl Word for Thinking {
    const WORDS: &'static [(&'static str, Self)] =
        &[("effort", Self::Effort), ("budget", Self::Budget), ("never", Self::Never)];
}

impl Word for DecisionHeaders {
    const WORDS: &'static [(&'static str, Self)] = &[("on", Self::On), ("off", Self::Off)];
}

impl Word for UnknownFields {
    const WORDS: &'static [(&'static str, Self)] = &[("pass", Self::Pass), ("refuse", Self::Refuse)];
}

impl Word for DetectorWhen {
    const WORDS: &'static [(&'static str, Self)] =
        &[("always", Self::Always), ("uncertain", Self::Uncertain)];
}

impl Word for Format {
    const WORDS: &'static [(&'static str, Self)] =
        &[("jsonl", Self::Jsonl), ("ocsf", Self::Ocsf), ("cef", Self::Cef)];
}

impl Word for Begin {
    const WORDS: &'static [(&'static str, Self)] = &[("start", Self::Start), ("now", Self::Now)];
}

impl Word for Check {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("empty", Self::Empty),
        ("refusal", Self::Refusal),
        ("json", Self::Json),
        ("schema", Self::Schema),
        ("tool_call", Self::ToolCall),
        ("cut_off", Self::CutOff),
    ];
}

impl Word for Mode {
    const WORDS: &'static [(&'static str, Self)] = &[
        (Self::AtOnce.as_str(), Self::AtOnce),
        (Self::Shadow.as_str(), Self::Shadow),
        (Self::Staged.as_str(), Self::Staged),
    ];
}

impl Scalar for Checksum {
    fn parse(text: &str) -> Result<Self, Wrong> {
        one_of(text, &Checksum::ALL.map(|checksum| (checksum.as_str(), checksum)))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "enum": Checksum::ALL.map(Checksum::as_str) })
    }
}
