//! The functions of a backend's dialect, whichever it is.

use super::BackendDialect;
use super::backend::json_answer::{self, JsonAnswers};
use super::backend::{Item, chat, cohere, converse, gemini, messages, ollama};
use crate::Destination;
use crate::canonical::{Conversation, Event, Losses, Reply};
use crate::chat::BadReply;
use crate::error::Envelope;

impl BackendDialect {
    /// Writes a conversation as a body, and says what of it the dialect has no word for.
    pub fn write(self, conversation: &Conversation<'_>, to: &Destination<'_>, out: &mut Vec<u8>) -> Losses {
        match self {
            BackendDialect::ChatCompletions => chat::write(conversation, to, out),
            BackendDialect::Messages => messages::write(conversation, to, out),
            BackendDialect::Gemini => gemini::write(conversation, to, out),
            BackendDialect::Converse => converse::write(conversation, to, out),
            BackendDialect::Ollama => ollama::write(conversation, to, out),
            BackendDialect::Cohere => cohere::write(conversation, to, out),
        }
    }

    /// The path of a conversation below the base URL.
    #[must_use]
    pub fn path(self, model: &str, stream: bool) -> String {
        match self {
            BackendDialect::ChatCompletions => chat::path(model, stream),
            BackendDialect::Messages => messages::path(model, stream),
            BackendDialect::Gemini => gemini::path(model, stream),
            BackendDialect::Converse => converse::path(model, stream),
            BackendDialect::Ollama => ollama::path(model, stream),
            BackendDialect::Cohere => cohere::path(model, stream),
        }
    }

    /// Reads a whole answer.
    ///
    /// # Errors
    /// [`BadReply`] when it is an error, or no answer of this dialect.
    pub fn read_reply(self, body: &[u8]) -> Result<Reply<'_>, BadReply> {
        match self {
            BackendDialect::ChatCompletions => chat::read_reply(body),
            BackendDialect::Messages => messages::read_reply(body).map(json_answer::in_reply),
            BackendDialect::Gemini => gemini::read_reply(body),
            BackendDialect::Converse => converse::read_reply(body).map(json_answer::in_reply),
            BackendDialect::Ollama => ollama::read_reply(body),
            BackendDialect::Cohere => cohere::read_reply(body),
        }
    }

    /// Reads the body of an error reply. `None` when it is none, such as an HTML page.
    #[must_use]
    pub fn read_error(self, status: u16, body: &[u8]) -> Option<Envelope> {
        match self {
            BackendDialect::ChatCompletions => chat::read_error(status, body),
            BackendDialect::Messages => messages::read_error(status, body),
            BackendDialect::Gemini => gemini::read_error(status, body),
            BackendDialect::Converse => converse::read_error(status, body),
            BackendDialect::Ollama => ollama::read_error(status, body),
            BackendDialect::Cohere => cohere::read_error(status, body),
        }
    }

    /// A reader of one streamed answer.
    #[must_use]
    pub(crate) fn events(self) -> Box<dyn ReadEvents> {
        match self {
            BackendDialect::ChatCompletions => Box::new(chat::EventReader::new()),
            BackendDialect::Messages => Box::new(JsonAnswers::new(messages::EventReader::new())),
            BackendDialect::Gemini => Box::new(gemini::EventReader::new()),
            BackendDialect::Converse => Box::new(JsonAnswers::new(converse::EventReader::new())),
            BackendDialect::Ollama => Box::new(ollama::EventReader::new()),
            BackendDialect::Cohere => Box::new(cohere::EventReader::new()),
        }
    }
}

/// Reads the items of a backend's stream.
pub(crate) trait ReadEvents: Send {
    /// Takes one item and passes on the events it comes to.
    fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply>;

    /// Takes note that the stream ended cleanly, for dialects that have no last item.
    fn end(&mut self, _sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
        Ok(())
    }
}

macro_rules! read_events {
    ($($dialect:ident)* ; $($ended:ident)*) => {
        $(impl ReadEvents for $dialect::EventReader {
            fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                Self::item(self, item, sink)
            }
        })*
        $(impl ReadEvents for $ended::EventReader {
            fn item(&mut self, item: &Item<'_>, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                Self::item(self, item, sink)
            }

            fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) -> Result<(), BadReply> {
                Self::end(self, sink)
            }
        })*
    };
}

read_events! { chat messages ; gemini converse ollama cohere }
