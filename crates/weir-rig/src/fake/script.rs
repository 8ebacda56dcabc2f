use super::provider::Provider;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// How a fake backend answers.
///
/// The default is a healthy server: every model name is served, the answer comes at once in
/// [`chunks`](Self::chunks) pieces, everything is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Whom the backend plays.
    pub provider: Provider,
    /// The model list.
    pub models: Vec<String>,
    /// Whether a model that is not in the list is a 404, as real servers have it.
    pub strict_models: bool,
    /// The model name that answers carry; `None` = the one asked for.
    pub claimed_model: Option<String>,
    /// What the answer says.
    pub reply: Reply,
    /// What the answer says instead once the conversation ends with what tools answered.
    pub after_results: Option<String>,
    /// What the model thinks before it answers; for providers that show it.
    pub thinking: Option<String>,
    /// The finish reason; `None` = `tool_calls` after tool calls, else `stop`.
    pub finish_reason: Option<String>,
    /// Time before the head of the answer, in milliseconds.
    pub latency_ms: u64,
    /// Number of pieces a streamed text, or each tool call's arguments, comes in. More pieces than the text
    /// has characters gives empty ones.
    pub chunks: u64,
    /// Time between two events of a stream, in milliseconds.
    pub gap_ms: u64,
    /// Whether the first delta carries the role alone, before any text.
    pub role_first: bool,
    /// When the answer says how many tokens it took.
    pub usage: Usage,
    /// The `service_tier` that the answer says it has had; for the chat API.
    pub service_tier: Option<String>,
    /// Whether a stream ends with `data: [DONE]`.
    pub done: bool,
    /// How events are written.
    pub framing: Framing,
    /// How many requests are answered at a time; `None` = all.
    pub capacity: Option<Capacity>,
    /// What goes wrong with chat completions.
    pub fault: Option<Fault>,
    /// How many requests the fault lasts for; `None` = all.
    pub fault_times: Option<u64>,
    /// Whether the fault also strikes `/v1/models`, `/health` and `/metrics`.
    pub probes_fail: bool,
    /// Whether requests and bytes are remembered. Off for measurements.
    pub record: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            provider: Provider::OpenAi,
            models: vec!["fake-model".to_owned()],
            strict_models: false,
            claimed_model: None,
            reply: Reply::default(),
            after_results: None,
            thinking: None,
            finish_reason: None,
            latency_ms: 0,
            chunks: 4,
            gap_ms: 0,
            role_first: true,
            usage: Usage::AsAsked,
            service_tier: None,
            done: true,
            framing: Framing::Plain,
            capacity: None,
            fault: None,
            fault_times: None,
            probes_fail: false,
            record: true,
        }
    }
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reply {
    /// This text; `{model}` in it stands for the model asked for.
    Text(String),
    /// The text of the last user message.
    Echo,
    /// Calls of these tools, in parallel, and no text.
    Tools(Vec<ToolCall>),
}

impl Default for Reply {
    fn default() -> Self {
        Self::Text("simulated answer of {model}".to_owned())
    }
}

/// A tool call that the model makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The function's name.
    pub name: String,
    /// Its arguments, as text: normally JSON, but models err.
    pub arguments: String,
}

/// When an answer says how many tokens it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// Whole answers always, streams when `stream_options.include_usage` is set.
    AsAsked,
    /// Also streams that did not ask.
    Always,
    /// Not at all.
    Never,
}

/// How events of a stream are written. All of them mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// `data: …`, LF, blank line.
    Plain,
    /// With CRLF.
    Crlf,
    /// With CR alone.
    Cr,
    /// The JSON of one event spread over several `data:` lines.
    MultiLine,
    /// A comment before each event, and `data:` without the space.
    Comments,
}

/// A limit of requests answered at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// The limit.
    pub requests: u32,
    /// What happens to a request above it.
    pub when_full: WhenFull,
}

/// What a full backend does with one more request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WhenFull {
    /// Lets it wait, as vLLM does.
    Queue,
    /// Answers this.
    Refuse(Failure),
}

/// What goes wrong. Event counts are of events that came whole before it; a whole (not streamed) answer
/// counts as two events, its two halves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An error status.
    Status(Failure),
    /// A redirect, with this status, to this place.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The `location` header.
        location: String,
    },
    /// Accepts the request and does not answer, unless it is released.
    HangBeforeHead,
    /// Falls silent after this many events, until it is released; 0 = after the head of the answer.
    HangAfter(u64),
    /// Breaks off.
    Cut {
        /// After this many events.
        after: u64,
        /// In this way.
        how: Cut,
    },
    /// Status 200, and an error object with this message as the first event, or as the whole answer.
    ErrorFirst(String),
    /// An error with this message in place of the event after so many.
    ErrorAfter {
        /// How many right ones come before it.
        after: u64,
        /// The message.
        message: String,
    },
    /// One event with this data in place of the right one; the stream goes on after it.
    BadEvent {
        /// Its place in the stream, from 0.
        at: u64,
        /// Its data.
        data: String,
    },
    /// One event whose line has at least this many bytes, before the right ones.
    GiantLine(usize),
    /// These bytes in place of an HTTP response; then the connection is closed.
    Raw(Vec<u8>),
}

/// How an answer breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The HTTP body ends properly, too early.
    End,
    /// The connection is closed between two chunks.
    Fin,
    /// The connection is closed inside a chunk.
    Truncate,
    /// The connection is reset.
    Reset,
}

/// An error answer. `{prompt}` in its body stands for the last user message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// Headers to add, such as `retry-after`.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The `content-type`.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl Failure {
    /// An error in OpenAI's envelope.
    #[must_use]
    pub fn openai(status: u16, kind: &str, code: &str, message: &str) -> Self {
        let error = json!({ "message": message, "type": kind, "param": Value::Null, "code": code });
        Self::new(status, "application/json", &json!({ "error": error }).to_string())
    }

    /// The error of a server without capacity, with `retry-after`.
    #[must_use]
    pub fn overloaded(status: u16, retry_after_s: u32) -> Self {
        Self::openai(status, "server_error", "overloaded", "The server is overloaded.")
            .with_header("retry-after", &retry_after_s.to_string())
    }

    /// An error page as load balancers send it.
    #[must_use]
    pub fn html(status: u16) -> Self {
        Self::new(status, "text/html", "<html><body><h1>Error</h1><p>upstream.internal</p></body></html>")
    }

    /// An error whose message quotes the prompt.
    #[must_use]
    pub fn quoting_the_prompt(status: u16) -> Self {
        Self::openai(status, "invalid_request_error", "bad_prompt", "cannot answer: {prompt}")
    }

    /// Any error.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: &str) -> Self {
        Self { status, headers: Vec::new(), content_type: content_type.to_owned(), body: body.to_owned() }
    }

    /// This error with one header more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Script {
    /// A healthy server of these models.
    #[must_use]
    pub fn serving<M: Into<String>>(models: impl IntoIterator<Item = M>) -> Self {
        Self { models: models.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// A server with this fault on every chat completion.
    #[must_use]
    pub fn failing(fault: Fault) -> Self {
        Self::default().fault(fault)
    }

    /// Plays this provider.
    #[must_use]
    pub fn playing(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// Thinks so before it answers.
    #[must_use]
    pub fn thinking(mut self, thoughts: &str) -> Self {
        self.thinking = Some(thoughts.to_owned());
        self
    }

    /// Serves the models of its list only.
    #[must_use]
    pub fn strict_models(mut self) -> Self {
        self.strict_models = true;
        self
    }

    /// Whether it serves other models than this one.
    pub(super) fn lacks(&self, model: &str) -> bool {
        self.strict_models && !self.models.iter().any(|served| served == model)
    }

    /// Answers this text; `{model}` stands for the model asked for.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.reply = Reply::Text(text.to_owned());
        self
    }

    /// Answers the last user message.
    #[must_use]
    pub fn echo(mut self) -> Self {
        self.reply = Reply::Echo;
        self
    }

    /// Answers with one more tool call.
    #[must_use]
    pub fn tool_call(mut self, name: &str, arguments: &str) -> Self {
        let call = ToolCall { name: name.to_owned(), arguments: arguments.to_owned() };
        match &mut self.reply {
            Reply::Tools(calls) => calls.push(call),
            Reply::Text(_) | Reply::Echo => self.reply = Reply::Tools(vec![call]),
        }
        self
    }

    /// Answers this text once tools have answered.
    #[must_use]
    pub fn after_results(mut self, text: &str) -> Self {
        self.after_results = Some(text.to_owned());
        self
    }

    /// Ends with this finish reason.
    #[must_use]
    pub fn finish_reason(mut self, reason: &str) -> Self {
        self.finish_reason = Some(reason.to_owned());
        self
    }

    /// Waits this long before the head of an answer, in whole milliseconds.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency_ms = whole_millis(latency);
        self
    }

    /// Streams in this many pieces.
    #[must_use]
    pub fn chunks(mut self, chunks: u64) -> Self {
        self.chunks = chunks;
        self
    }

    /// Waits this long between two events, in whole milliseconds.
    #[must_use]
    pub fn gap(mut self, gap: Duration) -> Self {
        self.gap_ms = whole_millis(gap);
        self
    }

    /// Says how many tokens it took, or not.
    #[must_use]
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// Says that it has answered at this tier.
    #[must_use]
    pub fn serving_at(mut self, tier: &str) -> Self {
        self.service_tier = Some(tier.to_owned());
        self
    }

    /// Ends streams without `data: [DONE]`.
    #[must_use]
    pub fn without_done(mut self) -> Self {
        self.done = false;
        self
    }

    /// Sends the role together with the first piece of text.
    #[must_use]
    pub fn role_with_text(mut self) -> Self {
        self.role_first = false;
        self
    }

    /// Writes events so.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Answers this many requests at a time.
    #[must_use]
    pub fn capacity(mut self, requests: u32, when_full: WhenFull) -> Self {
        self.capacity = Some(Capacity { requests, when_full });
        self
    }

    /// Has this fault on chat completions.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// The fault lasts for this many requests.
    #[must_use]
    pub fn for_next(mut self, requests: u64) -> Self {
        self.fault_times = Some(requests);
        self
    }

    /// The fault also strikes the model list, health and metrics.
    #[must_use]
    pub fn probes_fail(mut self) -> Self {
        self.probes_fail = true;
        self
    }

    /// Remembers requests, or not.
    #[must_use]
    pub fn record(mut self, record: bool) -> Self {
        self.record = record;
        self
    }
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
