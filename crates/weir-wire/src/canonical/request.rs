use crate::json::Json;
use std::borrow::Cow;

/// A chat request in no dialect. `'r` is the life of the body it was read from.
#[derive(Clone, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Conversation<'r> {
    /// All messages in their order, those of the system among them.
    pub messages: Vec<Message<'r>>,
    /// The tools offered to the model.
    pub tools: Vec<Tool<'r>>,
    /// Which tool to call, if the client says.
    pub tool_choice: Option<ToolChoice<'r>>,
    /// Whether several tools may be called at once, if the client says.
    pub parallel_tools: Option<bool>,
    /// The most tokens of the answer, those of reasoning included.
    pub max_output_tokens: Option<u64>,
    /// How tokens are drawn.
    pub sampling: Sampling<'r>,
    /// Texts at which the answer ends.
    pub stop: Vec<Cow<'r, str>>,
    /// How many answers, if more than one was asked for.
    pub answers: Option<u64>,
    /// Whether the probabilities of tokens are wanted.
    pub log_probs: Option<LogProbs>,
    /// The form of the answer, if it must have one.
    pub format: Option<Format<'r>>,
    /// How much the model shall think, if the client says.
    pub reasoning: Option<Reasoning<'r>>,
    /// The client's word for its end user. Written for the cloud only as a pseudonym.
    pub end_user: Option<Cow<'r, str>>,
    /// The value of `service_tier`.
    pub service_tier: Option<Cow<'r, str>>,
    /// A key under which similar prompts are cached.
    pub cache_key: Option<Cow<'r, str>>,
    /// Labels of the client's own.
    pub metadata: Option<&'r Json<'static>>,
    /// Whether a stream is wanted.
    pub stream: bool,
    /// Members of the body that no field above stands for, as they were written. A writer of another dialect
    /// reports each of them as lost, or writes those that it knows.
    pub others: Vec<(&'r str, &'r Json<'static>)>,
}

/// One message.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Message<'r> {
    /// Whose it is.
    pub role: Role,
    /// What it holds, in order.
    pub parts: Vec<Part<'r>>,
    /// The name of the participant, if one is given.
    pub name: Option<Cow<'r, str>>,
}

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The application's instructions.
    System,
    /// The same, in the word of newer OpenAI models.
    Developer,
    /// The user's, results of tools included.
    User,
    /// The model's.
    Assistant,
}

/// A piece of a message.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub enum Part<'r> {
    /// Text.
    Text {
        /// The text; may be empty where the client's dialect allows it.
        text: Cow<'r, str>,
        /// Whether the prompt is to be cached up to here.
        cache: Option<CacheHint<'r>>,
    },
    /// An image.
    Image {
        /// The image.
        media: Media<'r>,
        /// `low`, `high`, `auto`.
        detail: Option<Cow<'r, str>>,
        /// Whether the prompt is to be cached up to here.
        cache: Option<CacheHint<'r>>,
    },
    /// Sound.
    Audio(Media<'r>),
    /// A document, such as a PDF file.
    Document {
        /// The document.
        media: Media<'r>,
        /// Its file name or title.
        name: Option<Cow<'r, str>>,
        /// Whether the prompt is to be cached up to here.
        cache: Option<CacheHint<'r>>,
    },
    /// What a model thought in an earlier turn.
    Thinking {
        /// The text; empty where the provider shows none.
        text: Cow<'r, str>,
        /// The provider's own proof that it is unchanged; valid for that provider alone.
        signature: Option<Cow<'r, str>>,
    },
    /// Thoughts that the provider gave out encrypted.
    HiddenThinking {
        /// The provider's opaque text.
        data: Cow<'r, str>,
        /// The id of the item that held it, where the dialect has one.
        id: Option<Cow<'r, str>>,
    },
    /// A call of a tool by the model.
    ToolCall {
        /// Its id.
        id: Cow<'r, str>,
        /// The tool.
        name: Cow<'r, str>,
        /// What kind of tool.
        kind: ToolKind,
        /// Its arguments: the text of a JSON object, or free text for [`ToolKind::Custom`]. May be empty or
        /// broken: models write it.
        arguments: Cow<'r, str>,
        /// The provider's own proof that belongs to the call (Gemini's thought signature).
        signature: Option<Cow<'r, str>>,
        /// Whether the prompt is to be cached up to here.
        cache: Option<CacheHint<'r>>,
    },
    /// What a tool answered.
    ToolResult {
        /// The id of the call.
        id: Cow<'r, str>,
        /// The name of the tool, where the dialect gives it.
        name: Option<Cow<'r, str>>,
        /// What kind of tool.
        kind: ToolKind,
        /// The answer: texts, images and documents.
        parts: Vec<Part<'r>>,
        /// Whether the tool failed.
        is_error: bool,
        /// Whether the prompt is to be cached up to here.
        cache: Option<CacheHint<'r>>,
    },
    /// The model's refusal in an earlier turn.
    Refusal(Cow<'r, str>),
    /// A part that the canonical model has no word for, as it was written; a writer of another dialect
    /// refuses the request ([`Severity::Refused`](super::Severity)).
    Other {
        /// Its type in the client's dialect.
        kind: Cow<'r, str>,
        /// The part.
        value: &'r Json<'static>,
    },
}

/// That a prompt is to be cached up to here (Anthropic's `cache_control`).
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct CacheHint<'r> {
    /// For how long, such as `5m` or `1h`.
    pub lifetime: Option<Cow<'r, str>>,
}

/// Bytes of some media type.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Media<'r> {
    /// Such as `image/png`; `None` where the dialect does not say.
    pub media_type: Option<Cow<'r, str>>,
    /// The bytes.
    pub source: MediaSource<'r>,
}

/// Where the bytes are. References to somewhere else never get here: reading the request refuses them.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub enum MediaSource<'r> {
    /// In the body, base64.
    Base64(Cow<'r, str>),
    /// In the body, plain text.
    Text(Cow<'r, str>),
}

/// A tool offered to the model.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct Tool<'r> {
    /// Its name.
    pub name: Cow<'r, str>,
    /// What kind of tool.
    pub kind: ToolKind,
    /// What it does.
    pub description: Option<Cow<'r, str>>,
    /// The JSON Schema of its arguments, or the format of a custom tool, as it was written.
    pub parameters: Option<&'r Json<'static>>,
    /// Whether the arguments must fit the schema.
    pub strict: Option<bool>,
    /// Whether the prompt is to be cached up to here.
    pub cache: Option<CacheHint<'r>>,
    /// Members that no field above stands for.
    pub others: Vec<(&'r str, &'r Json<'static>)>,
}

/// What kind of tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ToolKind {
    /// Its arguments are a JSON object.
    #[default]
    Function,
    /// Its argument is free text (OpenAI's `custom`).
    Custom,
}

/// Which tool to call.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub enum ToolChoice<'r> {
    /// As the model likes.
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Tool {
        /// Its name.
        name: Cow<'r, str>,
        /// What kind of tool.
        kind: ToolKind,
    },
}

/// How tokens are drawn; numbers as they were written.
#[derive(Clone, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Sampling<'r> {
    /// Between 0 and 2 (Anthropic: 1).
    pub temperature: Option<Cow<'r, str>>,
    /// Of the probability mass.
    pub top_p: Option<Cow<'r, str>>,
    /// Of the most likely tokens.
    pub top_k: Option<Cow<'r, str>>,
    /// Against repetition, by count.
    pub frequency_penalty: Option<Cow<'r, str>>,
    /// Against repetition at all.
    pub presence_penalty: Option<Cow<'r, str>>,
    /// For answers that repeat.
    pub seed: Option<Cow<'r, str>>,
}

/// Which probabilities are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogProbs {
    /// How many alternatives to each token.
    pub top: Option<u64>,
}

/// The form of the answer.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub enum Format<'r> {
    /// Text.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON of this schema.
    JsonSchema {
        /// The schema's name.
        name: Option<Cow<'r, str>>,
        /// What it is for.
        description: Option<Cow<'r, str>>,
        /// The schema, as it was written.
        schema: &'r Json<'static>,
        /// Whether the answer must fit exactly.
        strict: Option<bool>,
    },
}

/// How much the model shall think.
#[derive(Clone, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Reasoning<'r> {
    /// How hard.
    pub effort: Option<Effort>,
    /// The most tokens of thinking, where the client's dialect counts them; `Some(0)` is none.
    pub budget_tokens: Option<u64>,
    /// How much of it is shown: `auto`, `concise`, `detailed`, `none`.
    pub summary: Option<Cow<'r, str>>,
}

/// How hard a model thinks. Sources: OpenAI `reasoning_effort`, Anthropic `output_config.effort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as possible.
    Minimal,
    /// A little.
    Low,
    /// As usual.
    Medium,
    /// Hard.
    High,
    /// Very hard.
    ExtraHigh,
    /// As hard as the model can.
    Max,
}
