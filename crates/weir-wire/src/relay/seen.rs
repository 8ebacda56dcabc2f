use crate::canonical::{BlockKind, Delta, Event, FinishReason, Reply, Tokens};
use crate::chat::{self, Usage};
use crate::json::{Json, Limits, Object, parse};
use crate::request::is_sealed;
use memchr::memmem::Finder;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What an answer has said so far, as Weir keeps it.
#[derive(Clone, Default)]
pub struct Seen {
    /// Whether there was any content: text, reasoning, a tool call, or the end of an answer.
    pub has_content: bool,
    /// Whether the backend's answer has come to its proper end.
    pub is_complete: bool,
    /// How many pieces had content.
    pub pieces: u64,
    /// How many items there were, signs of life among them.
    pub items: u64,
    /// Tokens used.
    pub usage: Usage,
    /// Why the answer ended.
    pub finish_reason: Option<String>,
    /// The model the backend says it runs.
    pub model: Option<String>,
    /// What only the backend itself can have made, and will want back: see
    /// [`ClientRequest::with_makers`](crate::request::ClientRequest::with_makers).
    pub sealed: Vec<String>,
    /// Sealed values that come in pieces.
    pub(super) open: BTreeMap<(usize, usize), String>,
}

/// Answers are user text: only numbers are shown.
impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen")
            .field("is_complete", &self.is_complete)
            .field("pieces", &self.pieces)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

/// The most sealed values of one answer that are kept, and the longest; what is beyond comes back as unknown.
const SEALED_MAX: usize = 256;
const SEALED_BYTES_MAX: usize = 1 << 20;

/// An answer of chat completions that holds a sealed value holds one of these.
static MAY_BE_SEALED: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| ["signature", "reasoning.encrypted"].map(Finder::new));

impl Seen {
    pub(super) fn of_chat(reply: &chat::Reply<'_>) -> Self {
        Self {
            has_content: true,
            is_complete: true,
            usage: reply.usage,
            finish_reason: reply.finish_reason.as_deref().map(str::to_owned),
            model: reply.model.as_deref().map(str::to_owned),
            ..Self::default()
        }
    }

    pub(super) fn of_reply(reply: &Reply<'_>) -> Self {
        let mut seen = Self {
            has_content: true,
            is_complete: true,
            usage: usage(&reply.usage),
            finish_reason: reply.choices.first().and_then(|choice| choice.finish).map(finish_word),
            model: reply.model.as_deref().map(str::to_owned),
            ..Self::default()
        };
        for block in reply.choices.iter().flat_map(|choice| &choice.blocks) {
            if let BlockKind::HiddenThinking { .. } = block.kind {
                seen.seal(&block.text);
            }
            if let Some(signature) = &block.signature {
                seen.seal(signature);
            }
        }
        seen
    }

    /// Takes an event in.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start { model, usage: tokens } => {
                self.model = model.as_deref().map(str::to_owned).or_else(|| self.model.take());
                self.add(tokens);
            }
            Event::BlockStart { choice, block, kind: BlockKind::HiddenThinking { .. } } => {
                self.open.insert((*choice, *block), String::new());
                self.content();
            }
            Event::BlockStart { kind: BlockKind::ToolCall { .. }, .. } => self.content(),
            Event::Delta { choice, block, delta: Delta::Text(text) } => {
                if let Some(open) =
                    self.open.get_mut(&(*choice, *block)).filter(|o| o.len() < SEALED_BYTES_MAX)
                {
                    open.push_str(text);
                }
                if !text.is_empty() {
                    self.content();
                }
            }
            Event::Delta { delta: Delta::Signature(signature), .. } => {
                self.seal(signature);
                self.content();
            }
            Event::BlockEnd { choice, block } => {
                if let Some(sealed) = self.open.remove(&(*choice, *block)) {
                    self.seal(&sealed);
                }
            }
            Event::Finish { choice, reason, .. } => {
                if *choice == 0 {
                    self.finish_reason = Some(finish_word(*reason));
                }
                self.content();
            }
            Event::Usage(tokens) => self.add(tokens),
            Event::End => self.is_complete = true,
            Event::BlockStart { .. } | Event::Delta { .. } | Event::LogProbs { .. } | Event::Ping => {}
        }
    }

    /// Notes a piece with content.
    pub(super) fn content(&mut self) {
        self.has_content = true;
        self.pieces += 1;
    }

    fn add(&mut self, tokens: &Tokens) {
        let Usage { prompt_tokens, cached_tokens, written_tokens, completion_tokens, tier } = usage(tokens);
        self.usage.tier = tier.or(self.usage.tier);
        self.usage.prompt_tokens = prompt_tokens.or(self.usage.prompt_tokens);
        self.usage.cached_tokens = cached_tokens.or(self.usage.cached_tokens);
        self.usage.written_tokens = written_tokens.or(self.usage.written_tokens);
        self.usage.completion_tokens = completion_tokens.or(self.usage.completion_tokens);
    }

    pub(super) fn seal(&mut self, text: &str) {
        let fits = self.sealed.len() < SEALED_MAX && text.len() < SEALED_BYTES_MAX;
        if fits && !text.is_empty() {
            self.sealed.push(text.to_owned());
        }
    }

    /// Most answers have none, which is cheaply seen.
    pub(super) fn note_sealed_of_chat(&mut self, data: &[u8]) {
        if !MAY_BE_SEALED.iter().any(|word| word.find(data).is_some()) {
            return;
        }
        if let Ok(value) = parse(data, Limits::default()) {
            self.note_sealed(&value);
        }
    }

    /// Notes every sealed value in an answer.
    pub(super) fn note_sealed(&mut self, value: &Json<'_>) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| self.note_sealed(item)),
            Json::Object(object) => self.note_sealed_of(object),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn note_sealed_of(&mut self, object: &Object<'_>) {
        for (name, member) in object.iter() {
            match member.as_str() {
                Some(text) if is_sealed(object, name) => self.seal(text),
                Some(_) | None => self.note_sealed(member),
            }
        }
    }
}

fn usage(tokens: &Tokens) -> Usage {
    Usage {
        prompt_tokens: tokens.prompt,
        cached_tokens: tokens.cache_read,
        written_tokens: tokens.cache_write,
        completion_tokens: tokens.completion,
        tier: tokens.tier,
    }
}

/// Chat completions' word, which records use.
fn finish_word(reason: FinishReason) -> String {
    crate::dialect::client::chat::finish_word(reason).to_owned()
}
