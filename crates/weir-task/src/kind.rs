//! Task types.

use std::fmt;

/// How many task types there are.
pub const KINDS: usize = 13;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Conversation and open questions: nothing is supplied.
    Chat,
    /// Writing program text.
    CodeGenerate,
    /// Explaining, reviewing and mending program text.
    CodeExplain,
    /// Calculation, proof and riddles.
    Math,
    /// Taking values out of a text.
    Extract,
    /// Sorting into classes, judging.
    Classify,
    /// Shortening a text.
    Summarise,
    /// From one language into another.
    Translate,
    /// Saying the same in another way.
    Rewrite,
    /// New text: stories, poems, mails, advertisements.
    Creative,
    /// Collecting ideas, making lists and plans.
    Brainstorm,
    /// Answering from a text that comes with the request.
    Rag,
    /// Working with tools, in steps.
    Agent,
}

impl Kind {
    /// Every task type, in the order of the model's columns.
    pub const ALL: [Kind; KINDS] = [
        Kind::Chat,
        Kind::CodeGenerate,
        Kind::CodeExplain,
        Kind::Math,
        Kind::Extract,
        Kind::Classify,
        Kind::Summarise,
        Kind::Translate,
        Kind::Rewrite,
        Kind::Creative,
        Kind::Brainstorm,
        Kind::Rag,
        Kind::Agent,
    ];

    /// The name used in policies and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Chat => "chat",
            Kind::CodeGenerate => "code_generate",
            Kind::CodeExplain => "code_explain",
            Kind::Math => "math",
            Kind::Extract => "extract",
            Kind::Classify => "classify",
            Kind::Summarise => "summarise",
            Kind::Translate => "translate",
            Kind::Rewrite => "rewrite",
            Kind::Creative => "creative",
            Kind::Brainstorm => "brainstorm",
            Kind::Rag => "rag",
            Kind::Agent => "agent",
        }
    }

    /// The task type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its column in the model.
    #[must_use]
    pub const fn column(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
