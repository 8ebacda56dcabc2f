use super::super::blocks::{Blocks, Flow, Sink};
use super::super::failure::{self, Fault};
use super::super::log_probs::{self, Token};
use super::super::{Item, ids, look};
use crate::canonical::{Collector, Event, FinishReason, Reply, Tokens};
use crate::chat::BadReply;
use crate::error::Envelope;
use crate::json::{Json, Object};
use std::borrow::Cow;

/// Answers to one request that are told apart; Gemini gives up to 8.
const ANSWERS_MAX: usize = 16;

/// Reads a whole reply. It has the form of a stream's item, so it is read as a stream of one.
///
/// # Errors
/// [`BadReply`] when it is an error, or no reply.
pub fn read_reply(body: &[u8]) -> Result<Reply<'static>, BadReply> {
    let (mut reader, mut collector) = (EventReader::new(), Collector::default());
    reader.item(&Item { event: "", data: body }, &mut |event| collector.take(event))?;
    reader.end(&mut |event| collector.take(event))?;
    collector.finish().ok_or(BadReply::Malformed)
}

/// Reads a failure: status and body.
#[must_use]
pub fn read_error(status: u16, body: &[u8]) -> Option<Envelope> {
    failure::read(status, body)
}

/// Reads a stream.
///
/// Gemini's streams have no terminator: the last item of each answer gives its finish reason, and the stream
/// ends. So call [`end`](Self::end) when it has ended cleanly; what was held back comes then.
#[derive(Debug, Default)]
pub struct EventReader {
    has_begun: bool,
    /// What the ids of calls are made of where Gemini gives none.
    seed: String,
    answers: Vec<Answer>,
    is_blocked: bool,
    has_ended: bool,
}

#[derive(Debug)]
struct Answer {
    blocks: Blocks,
    /// Why it ended, and the word for it.
    finish: Option<String>,
}

impl EventReader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one item.
    ///
    /// # Errors
    /// [`BadReply`] when it is an error, or no item of such a stream.
    pub fn item(&mut self, item: &Item<'_>, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        let object = look::object(item.data)?;
        if let Some(error) = object.get("error") {
            return Err(BadReply::Error(stream_error(error)));
        }
        if self.has_ended {
            return Ok(());
        }
        let usage = usage(&object);
        if !self.has_begun {
            self.has_begun = true;
            self.seed = look::text(&object, "responseId").unwrap_or_default().to_owned();
            let model = look::text(&object, "modelVersion").map(Cow::Borrowed);
            sink(Event::Start { model, usage: usage.unwrap_or_default() });
        }
        for candidate in look::objects(&object, "candidates") {
            self.candidate(candidate, sink)?;
        }
        let feedback = look::inner(&object, "promptFeedback");
        self.is_blocked |= feedback.is_some_and(|feedback| look::text(feedback, "blockReason").is_some());
        if let Some(usage) = usage {
            sink(Event::Usage(usage));
        }
        Ok(())
    }

    /// Says that the stream has ended cleanly.
    ///
    /// # Errors
    /// [`BadReply`] when an answer was not complete.
    pub fn end(&mut self, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        if std::mem::replace(&mut self.has_ended, true) {
            return Ok(());
        }
        if self.answers.is_empty() && self.is_blocked {
            sink(Event::Finish { choice: 0, reason: FinishReason::ContentFilter, stop_text: None });
        } else if self.answers.is_empty() {
            return Err(BadReply::Malformed);
        }
        for (choice, answer) in self.answers.iter_mut().enumerate() {
            answer.blocks.close(sink);
            let reason = match &answer.finish {
                Some(word) => finish(word, answer.blocks.calls())?,
                None if self.is_blocked => FinishReason::ContentFilter,
                None => return Err(BadReply::Malformed),
            };
            sink(Event::Finish { choice, reason, stop_text: None });
        }
        sink(Event::End);
        Ok(())
    }

    fn candidate(&mut self, candidate: &Object<'_>, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        let index = look::count(candidate, "index").unwrap_or(0);
        let index = usize::try_from(index).ok().filter(|index| *index < ANSWERS_MAX);
        let index = index.ok_or(BadReply::Malformed)?;
        while self.answers.len() <= index {
            self.answers.push(Answer { blocks: Blocks::new(self.answers.len()), finish: None });
        }
        let Some(answer) = self.answers.get_mut(index) else { return Err(BadReply::Malformed) };
        if let Some(content) = look::inner(candidate, "content") {
            for part in look::objects(content, "parts") {
                answer.part(part, &self.seed, sink);
            }
        }
        if let Some(probabilities) = look::inner(candidate, "logprobsResult") {
            sink(Event::LogProbs { choice: index, json: Cow::Owned(log_probs(probabilities)) });
        }
        if let Some(reason) = look::text(candidate, "finishReason").filter(|word| *word != UNSPECIFIED) {
            answer.finish = Some(reason.to_owned());
        }
        Ok(())
    }
}

const UNSPECIFIED: &str = "FINISH_REASON_UNSPECIFIED";

impl Answer {
    fn part(&mut self, part: &Object<'_>, seed: &str, sink: &mut Sink<'_>) {
        let signature = look::text(part, "thoughtSignature");
        if let Some(call) = look::inner(part, "functionCall") {
            return self.call(call, signature, seed, sink);
        }
        let is_thought = part.get("thought").and_then(Json::as_bool) == Some(true);
        let flow = if is_thought { Flow::Thinking } else { Flow::Text };
        self.blocks.flow(flow, look::text(part, "text").unwrap_or_default(), sink);
        // A proof on words is one that Gemini does without, and no dialect has a place for it.
        if let (true, Some(signature)) = (is_thought, signature) {
            self.blocks.signature(signature, sink);
        }
    }

    fn call(&mut self, call: &Object<'_>, signature: Option<&str>, seed: &str, sink: &mut Sink<'_>) {
        let name = look::text(call, "name").unwrap_or_default();
        let arguments = call.get("args").map_or(Cow::Borrowed("{}"), look::written);
        let id = match look::text(call, "id") {
            Some(id) => Cow::Borrowed(id),
            None if seed.is_empty() => {
                Cow::Owned(ids::made(&[name, &arguments].concat(), self.blocks.calls()))
            }
            None => Cow::Owned(ids::made(seed, self.blocks.calls())),
        };
        self.blocks.call(&id, name, sink);
        self.blocks.arguments(&arguments, sink);
        if let Some(signature) = signature {
            self.blocks.call_signature(signature, sink);
        }
        self.blocks.close(sink);
    }
}

/// What a finish reason means. Those that say that the model's output was broken are failures.
fn finish(word: &str, calls: usize) -> Result<FinishReason, BadReply> {
    Ok(match word {
        "MAX_TOKENS" => FinishReason::Length,
        "CONTINUATION" => FinishReason::Pause,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "ESCALATION"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "IMAGE_OTHER"
        | "NO_IMAGE"
        | "OTHER" => FinishReason::ContentFilter,
        "MALFORMED_FUNCTION_CALL"
        | "MALFORMED_RESPONSE"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE" => {
            let message = format!("the model's answer was not usable: {}", word.to_ascii_lowercase());
            return Err(BadReply::Error(Fault::Server.envelope(&message)));
        }
        // `STOP`, and words that are not known yet.
        _ if calls > 0 => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    })
}

fn usage(object: &Object<'_>) -> Option<Tokens> {
    let usage = look::inner(object, "usageMetadata")?;
    let sum = |names: [&str; 2]| {
        let counts = names.map(|name| look::count(usage, name));
        counts.into_iter().flatten().reduce(u64::saturating_add)
    };
    Some(Tokens {
        prompt: sum(["promptTokenCount", "toolUsePromptTokenCount"]),
        cache_read: look::count(usage, "cachedContentTokenCount"),
        cache_write: None,
        completion: sum(["candidatesTokenCount", "thoughtsTokenCount"]),
        reasoning: look::count(usage, "thoughtsTokenCount"),
        tier: None,
    })
}

/// Source: `google.rpc.Code`, which `status` names.
fn stream_error(error: &Json<'_>) -> Envelope {
    let message = failure::message(error).unwrap_or(Cow::Borrowed("the backend failed"));
    let fields = error.as_object();
    let code = fields.and_then(|fields| look::count(fields, "code"));
    let status = code.and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
    Fault::of_status(status).envelope(&message)
}

/// Gemini's probabilities in OpenAI's form.
fn log_probs(result: &Object<'_>) -> String {
    let mut alternatives = look::objects(result, "topCandidates");
    log_probs::written(look::objects(result, "chosenCandidates").map(|chosen| {
        let others = alternatives.next().into_iter().flat_map(|all| look::objects(all, "candidates"));
        (token(chosen), others.map(token))
    }))
}

fn token<'t>(candidate: &'t Object<'t>) -> Token<'t> {
    Token {
        text: candidate.get("token").and_then(Json::as_str).unwrap_or_default(),
        log_prob: candidate.get("logProbability"),
        bytes: None,
    }
}
