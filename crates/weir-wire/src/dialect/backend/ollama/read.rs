use super::super::blocks::{Blocks, Flow, Sink};
use super::super::failure::{self, Fault};
use super::super::log_probs::{self, Token};
use super::super::{Item, ids, look};
use crate::canonical::{Collector, Event, FinishReason, Reply, Tokens};
use crate::chat::BadReply;
use crate::error::Envelope;
use crate::json::{Json, Object};
use std::borrow::Cow;

/// Reads a whole reply. It has the form of a stream's last line, so it is read as a stream of one.
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

/// Reads a stream. Call [`end`](Self::end) when it has ended cleanly.
#[derive(Debug)]
pub struct EventReader {
    blocks: Blocks,
    has_begun: bool,
    /// What the ids of calls are made of where Ollama gives none.
    seed: String,
    has_ended: bool,
}

impl Default for EventReader {
    fn default() -> Self {
        Self { blocks: Blocks::new(0), has_begun: false, seed: String::new(), has_ended: false }
    }
}

impl EventReader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one line.
    ///
    /// # Errors
    /// [`BadReply`] when it is an error, no line of such a stream, or the server's word that the answer comes
    /// from somewhere else.
    pub fn item(&mut self, item: &Item<'_>, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        let object = look::object(item.data)?;
        if let Some(error) = object.get("error") {
            let message = failure::message(error).unwrap_or(Cow::Borrowed("the backend failed"));
            return Err(BadReply::Error(Fault::Server.envelope(&message)));
        }
        if let Some(remote) = remote(&object) {
            return Err(BadReply::Error(remote));
        }
        let message = look::inner(&object, "message").ok_or(BadReply::Malformed)?;
        if self.has_ended {
            return Ok(());
        }
        if !self.has_begun {
            self.begin(&object, sink);
        }
        self.message(message, sink);
        if let Some(probabilities) = object.get("logprobs").and_then(Json::as_array) {
            sink(Event::LogProbs { choice: 0, json: Cow::Owned(log_probs(probabilities)) });
        }
        if object.get("done").and_then(Json::as_bool) == Some(true) {
            self.done(&object, sink);
        }
        Ok(())
    }

    /// Says that the stream has ended cleanly.
    ///
    /// # Errors
    /// [`BadReply`] when the answer was not complete.
    pub fn end(&mut self, _sink: &mut Sink<'_>) -> Result<(), BadReply> {
        if self.has_ended { Ok(()) } else { Err(BadReply::Malformed) }
    }

    fn begin(&mut self, object: &Object<'_>, sink: &mut Sink<'_>) {
        self.has_begun = true;
        self.seed = look::text(object, "created_at").unwrap_or_default().to_owned();
        let model = look::text(object, "model").map(Cow::Borrowed);
        sink(Event::Start { model, usage: Tokens::default() });
    }

    fn message(&mut self, message: &Object<'_>, sink: &mut Sink<'_>) {
        for (flow, name) in [(Flow::Thinking, "thinking"), (Flow::Text, "content")] {
            self.blocks.flow(flow, look::text(message, name).unwrap_or_default(), sink);
        }
        for call in look::objects(message, "tool_calls") {
            let Some(function) = look::inner(call, "function") else { continue };
            let made = ids::made(&self.seed, self.blocks.calls());
            let id = look::text(call, "id").unwrap_or(&made);
            self.blocks.call(id, look::text(function, "name").unwrap_or_default(), sink);
            if let Some(arguments) = function.get("arguments") {
                self.blocks.arguments(&look::written(arguments), sink);
            }
            self.blocks.close(sink);
        }
    }

    fn done(&mut self, object: &Object<'_>, sink: &mut Sink<'_>) {
        self.has_ended = true;
        self.blocks.close(sink);
        let reason = match look::text(object, "done_reason") {
            Some("length") => FinishReason::Length,
            _ if self.blocks.calls() > 0 => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        };
        sink(Event::Finish { choice: 0, reason, stop_text: None });
        sink(Event::Usage(Tokens {
            prompt: look::count(object, "prompt_eval_count"),
            completion: look::count(object, "eval_count"),
            ..Tokens::default()
        }));
        sink(Event::End);
    }
}

/// A server that lets another one answer says so. Then this backend is not inside the network.
pub(crate) fn remote(object: &Object<'_>) -> Option<Envelope> {
    let is_remote =
        |name| object.get(name).is_some_and(|value| *value != Json::Null && value.as_str() != Some(""));
    ["remote_host", "remote_model"].into_iter().any(is_remote).then(|| Envelope {
        message: "the backend passed the request on to a server elsewhere; its model is not local, so \
                  configure another one"
            .to_owned(),
        kind: "server_error".to_owned(),
        code: Some("not_local".to_owned()),
        param: None,
    })
}

/// Ollama's probabilities in OpenAI's form.
fn log_probs(tokens: &[Json<'_>]) -> String {
    let tokens = tokens.iter().filter_map(Json::as_object);
    log_probs::written(tokens.map(|one| (token(one), look::objects(one, "top_logprobs").map(token))))
}

fn token<'t>(token: &'t Object<'t>) -> Token<'t> {
    Token {
        text: token.get("token").and_then(Json::as_str).unwrap_or_default(),
        log_prob: token.get("logprob"),
        bytes: token.get("bytes"),
    }
}
