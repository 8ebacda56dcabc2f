use std::borrow::Cow;

/// A whole answer in no dialect. `'b` is the life of the body it was read from.
#[derive(Clone, Default, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Reply<'b> {
    /// The model the backend says it ran.
    pub model: Option<Cow<'b, str>>,
    /// The answers, by index; usually one.
    pub choices: Vec<Choice<'b>>,
    /// Tokens used.
    pub usage: Tokens,
}

/// One answer.
#[derive(Clone, Default, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Choice<'b> {
    /// What it is made of, in order.
    pub blocks: Vec<Block<'b>>,
    /// Why it ended.
    pub finish: Option<FinishReason>,
    /// The stop text that ended it, where the backend says.
    pub stop_text: Option<Cow<'b, str>>,
    /// The probabilities of its tokens: the text of OpenAI's `logprobs` object.
    pub log_probs: Option<Cow<'b, str>>,
}

/// A piece of an answer.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub struct Block<'b> {
    /// What it is.
    pub kind: BlockKind<'b>,
    /// Its text: the words, the thoughts, or a call's arguments as written by the model.
    pub text: Cow<'b, str>,
    /// The provider's own proof that it is unchanged; valid for that provider alone.
    pub signature: Option<Cow<'b, str>>,
    /// Where the words are from: the texts of citation objects in Anthropic's form.
    pub citations: Vec<Cow<'b, str>>,
}

/// What a piece of an answer is.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub enum BlockKind<'b> {
    /// Words.
    Text,
    /// Thoughts, or a summary of them.
    Thinking,
    /// Thoughts given out encrypted: the text is the provider's opaque data.
    HiddenThinking {
        /// The id of the item that held it, where the dialect has one.
        id: Option<Cow<'b, str>>,
    },
    /// Words with which the model refuses.
    Refusal,
    /// A call of a tool: the text is its arguments.
    ToolCall {
        /// Its id; a dialect without ids gets one from its reader.
        id: Cow<'b, str>,
        /// The tool.
        name: Cow<'b, str>,
        /// What kind of tool.
        tool: super::ToolKind,
    },
}

/// One step of a streamed answer.
///
/// Blocks of a choice are numbered from 0 in the order they begin. A block begins, gets deltas, and ends;
/// those of parallel calls may be open at the same time. Readers repair what backends leave out, so that
/// writers may rely on: every delta is for a block that began, every block that began ends, every choice
/// finishes once, and [`Event::End`] comes last and only after a proper end of the backend's stream.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub enum Event<'b> {
    /// The stream has begun.
    Start {
        /// The model the backend says it runs.
        model: Option<Cow<'b, str>>,
        /// Tokens of the prompt, where the backend says so at once.
        usage: Tokens,
    },
    /// A block begins. Its text, signature and citations are empty; deltas bring them.
    BlockStart {
        /// Which answer.
        choice: usize,
        /// Which block of it.
        block: usize,
        /// What it is.
        kind: BlockKind<'b>,
    },
    /// More of a block.
    Delta {
        /// Which answer.
        choice: usize,
        /// Which block of it.
        block: usize,
        /// What there is more of.
        delta: Delta<'b>,
    },
    /// A block is complete.
    BlockEnd {
        /// Which answer.
        choice: usize,
        /// Which block of it.
        block: usize,
    },
    /// Probabilities of tokens that came with the last delta: the text of OpenAI's `logprobs` object.
    LogProbs {
        /// Which answer.
        choice: usize,
        /// The object.
        json: Cow<'b, str>,
    },
    /// An answer is complete.
    Finish {
        /// Which answer.
        choice: usize,
        /// Why.
        reason: FinishReason,
        /// The stop text that ended it, where the backend says.
        stop_text: Option<Cow<'b, str>>,
    },
    /// Tokens used so far; the last one counts. Absent numbers do not take back earlier ones.
    Usage(Tokens),
    /// A sign of life.
    Ping,
    /// The stream is complete.
    End,
}

/// What there is more of.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub enum Delta<'b> {
    /// Text, of the block's kind.
    Text(Cow<'b, str>),
    /// The provider's proof; replaces what was there.
    Signature(Cow<'b, str>),
    /// A citation object in Anthropic's form, as text.
    Citation(Cow<'b, str>),
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// It was complete.
    Stop,
    /// A stop text came.
    StopText,
    /// The limit of tokens.
    Length,
    /// The context window was full.
    Context,
    /// Tools are to be called.
    ToolCalls,
    /// The provider's filter.
    ContentFilter,
    /// The model refused.
    Refusal,
    /// The provider paused a long turn.
    Pause,
}

/// Tokens as the backend counted them. What it did not say is absent, not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// All of the prompt, cached ones included.
    pub prompt: Option<u64>,
    /// Those of the prompt that came from a cache.
    pub cache_read: Option<u64>,
    /// Those of the prompt that were written to a cache.
    pub cache_write: Option<u64>,
    /// All of the answer, reasoning included.
    pub completion: Option<u64>,
    /// Those of the answer that were reasoning.
    pub reasoning: Option<u64>,
    /// How soon they were worked on, by which they are charged for.
    pub tier: Option<ServedTier>,
}

/// How soon a provider says that it has answered, which may be another tier than was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServedTier {
    /// As always.
    Usual,
    /// When there was room.
    Flex,
    /// Before others.
    Priority,
    /// Within a day.
    Batch,
}

impl ServedTier {
    /// The tier that an answer's word means; `None` for words without a price of their own, such as `scale`.
    ///
    /// Source: OpenAI's and Anthropic's `service_tier`, Bedrock's `serviceTier.type`.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "default" | "standard" => Some(Self::Usual),
            "flex" => Some(Self::Flex),
            "priority" => Some(Self::Priority),
            "batch" => Some(Self::Batch),
            _ => None,
        }
    }
}

impl Tokens {
    /// These numbers where they are known, else those of `earlier`.
    #[must_use]
    pub fn or(self, earlier: Self) -> Self {
        Self {
            prompt: self.prompt.or(earlier.prompt),
            cache_read: self.cache_read.or(earlier.cache_read),
            cache_write: self.cache_write.or(earlier.cache_write),
            completion: self.completion.or(earlier.completion),
            reasoning: self.reasoning.or(earlier.reasoning),
            tier: self.tier.or(earlier.tier),
        }
    }
}

/// A text that outlives what it was read from.
pub(super) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl BlockKind<'_> {
    /// The same, which outlives what it was read from.
    #[must_use]
    pub fn into_owned(self) -> BlockKind<'static> {
        match self {
            BlockKind::Text => BlockKind::Text,
            BlockKind::Thinking => BlockKind::Thinking,
            BlockKind::HiddenThinking { id } => BlockKind::HiddenThinking { id: id.map(owned) },
            BlockKind::Refusal => BlockKind::Refusal,
            BlockKind::ToolCall { id, name, tool } => {
                BlockKind::ToolCall { id: owned(id), name: owned(name), tool }
            }
        }
    }
}

impl Delta<'_> {
    /// The same, which outlives what it was read from.
    #[must_use]
    pub fn into_owned(self) -> Delta<'static> {
        match self {
            Delta::Text(text) => Delta::Text(owned(text)),
            Delta::Signature(text) => Delta::Signature(owned(text)),
            Delta::Citation(text) => Delta::Citation(owned(text)),
        }
    }
}
