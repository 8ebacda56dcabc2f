//! Labelled prompts, and prompts whose difficulty is known.

use serde::Deserialize;
use std::path::Path;
use weir_task::Kind;

/// A prompt with its task type.
#[derive(Debug, Clone)]
pub struct Prompt {
    pub text: String,
    pub kind: Kind,
    /// Whence it is; `own` if it was made of our templates.
    pub source: String,
    pub language: String,
    /// What must not be on both sides when one part judges what the other learned.
    pub group: String,
    /// Whether people wrote it for themselves.
    pub is_natural: bool,
}

impl Prompt {
    /// Which of `folds` parts judges it.
    pub fn fold(&self, folds: usize) -> usize {
        part(&self.group, folds)
    }

    /// Whether a model that is shipped may learn from it: what of P3 is for research alone may not.
    pub fn is_free(&self) -> bool {
        self.source != "p3"
    }
}

/// A prompt that a strong and a weak model answered.
#[derive(Debug, Clone)]
pub struct Tried {
    pub text: String,
    pub strong: f64,
    pub weak: f64,
    pub benchmark: String,
    pub subject: String,
}

#[derive(Deserialize)]
struct RawPrompt {
    text: String,
    task: String,
    source: String,
    lang: String,
    family: String,
}

#[derive(Deserialize)]
struct RawTried {
    prompt: String,
    strong_correct: bool,
    weak_correct: bool,
    benchmark: String,
    subject: String,
}

/// Reads `tasktype.jsonl`.
pub fn prompts(directory: &Path) -> Result<Vec<Prompt>, String> {
    let labelled = |raw: RawPrompt| {
        let kind = Kind::named(&raw.task).ok_or_else(|| format!("`{}` is no task type", raw.task))?;
        let is_follow_up = raw.family.ends_with("-t2");
        let is_natural = raw.source == "self-instruct" || (raw.source == "mt-bench-x" && !is_follow_up);
        let question = raw.family.trim_end_matches("-t1").trim_end_matches("-t2");
        let group = if raw.source == "mt-bench-x" { question.to_owned() } else { raw.family.clone() };
        Ok(Prompt { text: raw.text, kind, source: raw.source, language: raw.lang, group, is_natural })
    };
    lines(&directory.join("tasktype.jsonl"))?.into_iter().map(labelled).collect()
}

/// Reads `complexity.jsonl`.
pub fn tried(directory: &Path) -> Result<Vec<Tried>, String> {
    let number = |is_right: bool| f64::from(u8::from(is_right));
    let read = |raw: RawTried| Tried {
        text: raw.prompt,
        strong: number(raw.strong_correct),
        weak: number(raw.weak_correct),
        benchmark: raw.benchmark,
        subject: raw.subject,
    };
    Ok(lines(&directory.join("complexity.jsonl"))?.into_iter().map(read).collect())
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let parse =
        |line: &str| serde_json::from_str(line).map_err(|error| format!("{}: {error}", path.display()));
    text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
}

/// One of `parts` for a name, always the same.
pub fn part(name: &str, parts: usize) -> usize {
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    ((hash >> 20) as usize).checked_rem(parts).unwrap_or_default()
}
