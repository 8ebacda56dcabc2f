use super::ask::{Ask, tokens};
use super::script::{Reply, Script, ToolCall, Usage};
use bytes::Bytes;
use serde::Serialize;

/// The answer to one request: what a whole answer says, and each event of a streamed one.
///
/// Events are made when they are asked for, so that a script may stream more than fits into memory. The
/// steps of all choices interleave: event `i` is step `i / choices` of choice `i % choices`.
#[derive(Debug)]
pub(super) struct Transcript {
    id: String,
    model: String,
    spoken: Spoken,
    finish: String,
    choices: u64,
    pieces: u64,
    role_first: bool,
    usage: Option<Tokens>,
    tier: Option<String>,
    done: bool,
}

#[derive(Debug)]
enum Spoken {
    Text(String),
    Tools(Vec<ToolCall>),
}

/// Token counts of an answer, roughly.
#[derive(Debug, Clone, Copy, Serialize)]
struct Tokens {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

/// Answers are alike from run to run, so that transcripts can be compared.
const CREATED: u64 = 1_767_225_600;
const FINGERPRINT: &str = "fp_fake_backend";

impl Transcript {
    pub(super) fn new(script: &Script, ask: &Ask<'_>, number: u64) -> Self {
        let spoken = Spoken::new(script, ask);
        Self {
            id: format!("chatcmpl-{number:032x}"),
            model: script.claimed_model.as_deref().unwrap_or(&ask.model).to_owned(),
            finish: script.finish_reason.as_deref().unwrap_or(spoken.finish()).to_owned(),
            choices: ask.choices(),
            pieces: script.chunks,
            role_first: script.role_first,
            usage: says_usage(script.usage, ask).then(|| Tokens::new(ask, &spoken)),
            tier: script.service_tier.clone(),
            done: script.done,
            spoken,
        }
    }

    /// The answer in one piece.
    pub(super) fn whole(&self) -> Bytes {
        let choice = |index| Choice {
            index,
            message: Some(self.spoken.message()),
            delta: None,
            logprobs: (),
            finish_reason: Some(&self.finish),
        };
        let choices = (0..self.choices).map(choice).collect();
        to_json(&self.completion("chat.completion", choices, self.usage.map(Some))).into()
    }

    /// How many events a stream has.
    pub(super) fn events(&self) -> u64 {
        self.content_events() + u64::from(self.usage.is_some()) + u64::from(self.done)
    }

    /// The data of event `i`.
    pub(super) fn event(&self, i: u64) -> String {
        if i < self.content_events() {
            return self.chunk(i % self.choices, i / self.choices);
        }
        match self.usage {
            Some(usage) if i == self.content_events() => {
                to_json(&self.completion(CHUNK, Vec::new(), Some(Some(usage))))
            }
            _ => "[DONE]".to_owned(),
        }
    }

    /// The data of an event whose text has this many bytes.
    pub(super) fn giant_event(&self, bytes: usize) -> String {
        let text = "x".repeat(bytes);
        self.chunk_of(0, Delta { role: Some("assistant"), content: Some(&text), ..Delta::default() }, None)
    }

    fn content_events(&self) -> u64 {
        self.steps().saturating_mul(self.choices)
    }

    /// Deltas of one choice, and its finish.
    fn steps(&self) -> u64 {
        self.deltas().saturating_add(1)
    }

    fn deltas(&self) -> u64 {
        match &self.spoken {
            Spoken::Text(_) => self.pieces.saturating_add(u64::from(self.role_first)),
            Spoken::Tools(calls) => 1 + len(calls) * self.steps_per_call(),
        }
    }

    /// A call's name, and the pieces of its arguments.
    fn steps_per_call(&self) -> u64 {
        self.pieces.max(1).saturating_add(1)
    }

    fn chunk(&self, choice: u64, step: u64) -> String {
        if step >= self.deltas() {
            return self.chunk_of(choice, Delta::default(), Some(&self.finish));
        }
        self.chunk_of(choice, self.delta(step), None)
    }

    fn delta(&self, step: u64) -> Delta<'_> {
        match &self.spoken {
            Spoken::Text(text) => self.text_delta(text, step),
            Spoken::Tools(_) if step == 0 => Delta { role: Some("assistant"), ..Delta::default() },
            Spoken::Tools(calls) => self.call_delta(calls, step - 1),
        }
    }

    fn text_delta<'a>(&'a self, text: &'a str, step: u64) -> Delta<'a> {
        let role = (step == 0).then_some("assistant");
        let content = match step.checked_sub(u64::from(self.role_first)) {
            Some(piece) => piece_of(text, piece, self.pieces),
            None => "",
        };
        Delta { role, content: Some(content), ..Delta::default() }
    }

    fn call_delta<'a>(&'a self, calls: &'a [ToolCall], step: u64) -> Delta<'a> {
        let (index, part) = (step / self.steps_per_call(), step % self.steps_per_call());
        let call = usize::try_from(index).ok().and_then(|index| calls.get(index));
        let call = call.map(|call| match part.checked_sub(1) {
            None => Call::start(index, call),
            Some(piece) => Call::more(index, piece_of(&call.arguments, piece, self.pieces.max(1))),
        });
        Delta { tool_calls: call.map(|call| [call]), ..Delta::default() }
    }

    fn chunk_of(&self, index: u64, delta: Delta<'_>, finish_reason: Option<&str>) -> String {
        let choice = Choice { index, message: None, delta: Some(delta), logprobs: (), finish_reason };
        // Servers that were asked for usage say `null` until they know it.
        to_json(&self.completion(CHUNK, vec![choice], self.usage.map(|_| None)))
    }

    fn completion<'a>(
        &'a self,
        object: &'static str,
        choices: Vec<Choice<'a>>,
        usage: Option<Option<Tokens>>,
    ) -> Completion<'a> {
        Completion {
            id: &self.id,
            object,
            created: CREATED,
            model: &self.model,
            system_fingerprint: FINGERPRINT,
            choices,
            usage,
            service_tier: self.tier.as_deref(),
        }
    }
}

impl Spoken {
    fn new(script: &Script, ask: &Ask<'_>) -> Self {
        if let Some(text) = script.after_results.as_ref().filter(|_| ask.ends_with_result()) {
            return Self::Text(text.clone());
        }
        match &script.reply {
            Reply::Text(text) => Self::Text(text.replace("{model}", &ask.model)),
            Reply::Echo => Self::Text(ask.prompt()),
            Reply::Tools(calls) => Self::Tools(calls.clone()),
        }
    }

    fn finish(&self) -> &'static str {
        match self {
            Self::Text(_) => "stop",
            Self::Tools(_) => "tool_calls",
        }
    }

    fn tokens(&self) -> u64 {
        match self {
            Self::Text(text) => tokens(text),
            Self::Tools(calls) => calls.iter().map(|call| tokens(&call.name) + tokens(&call.arguments)).sum(),
        }
    }

    fn message(&self) -> Message<'_> {
        let (content, tool_calls) = match self {
            Self::Text(text) => (Some(text.as_str()), None),
            Self::Tools(calls) => {
                (None, Some((0..).zip(calls).map(|(i, call)| Call::whole(i, call)).collect()))
            }
        };
        Message { role: "assistant", content, refusal: (), tool_calls }
    }
}

impl Tokens {
    fn new(ask: &Ask<'_>, spoken: &Spoken) -> Self {
        let (prompt_tokens, completion_tokens) = (ask.prompt_tokens(), spoken.tokens() * ask.choices());
        Self { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
    }
}

fn says_usage(usage: Usage, ask: &Ask<'_>) -> bool {
    match usage {
        Usage::AsAsked => !ask.streams() || ask.wants_usage(),
        Usage::Always => true,
        Usage::Never => false,
    }
}

/// Piece `i` of a text cut into `pieces` about equal ones, between characters.
fn piece_of(text: &str, i: u64, pieces: u64) -> &str {
    let cut = |i: u64| {
        let place = u128::from(i) * (text.len() as u128) / u128::from(pieces);
        text.floor_char_boundary(usize::try_from(place).unwrap_or(usize::MAX))
    };
    text.get(cut(i)..cut(i + 1)).unwrap_or_default()
}

fn len<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

/// These types have no map keys but strings and cannot fail to serialise.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

const CHUNK: &str = "chat.completion.chunk";

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    system_fingerprint: &'static str,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<Tokens>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<Delta<'a>>,
    logprobs: (),
    finish_reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Call<'a>; 1]>,
}

#[derive(Serialize)]
struct Call<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl<'a> Call<'a> {
    fn whole(index: u64, call: &'a ToolCall) -> Self {
        let function = Function { name: Some(&call.name), arguments: &call.arguments };
        Self { index: None, id: Some(format!("call_{index:024}")), kind: Some("function"), function }
    }

    fn start(index: u64, call: &'a ToolCall) -> Self {
        let function = Function { name: Some(&call.name), arguments: "" };
        Self { index: Some(index), function, ..Self::whole(index, call) }
    }

    fn more(index: u64, arguments: &'a str) -> Self {
        Self { index: Some(index), id: None, kind: None, function: Function { name: None, arguments } }
    }
}
