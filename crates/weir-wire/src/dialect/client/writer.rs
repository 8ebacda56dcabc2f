//! The writer of a stream, whichever the dialect.

use super::{Addressed, chat, completions, messages, ollama, responses};
use crate::canonical::Event;
use crate::dialect::ClientDialect;
use crate::error::Envelope;
use crate::sse::KEEP_ALIVE;

/// Writes the events of one answer as the client's dialect has them.
///
/// Takes the events in their order, and after the last either [`Event::End`] or one
/// [`error`](Self::error), after which nothing may follow.
#[derive(Debug)]
pub struct EventWriter(Writer);

#[derive(Debug)]
enum Writer {
    Chat(chat::EventWriter),
    Completions(completions::EventWriter),
    Responses(Box<responses::EventWriter>),
    Messages(messages::EventWriter),
    Ollama(ollama::EventWriter),
}

/// What is sent to a client while nothing comes.
pub type KeepAlive = Option<&'static [u8]>;

impl EventWriter {
    /// A writer for one answer.
    #[must_use]
    pub fn new(dialect: ClientDialect, to: &Addressed<'_>) -> Self {
        Self(match dialect {
            ClientDialect::ChatCompletions => Writer::Chat(chat::EventWriter::new(to)),
            ClientDialect::Completions => Writer::Completions(completions::EventWriter::new(to)),
            ClientDialect::Responses => Writer::Responses(Box::new(responses::EventWriter::new(to))),
            ClientDialect::Messages => Writer::Messages(messages::EventWriter::new(to)),
            ClientDialect::OllamaChat => Writer::Ollama(ollama::EventWriter::chat(to)),
            ClientDialect::OllamaGenerate => Writer::Ollama(ollama::EventWriter::generate(to)),
        })
    }

    /// Appends what an event comes to.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match &mut self.0 {
            Writer::Chat(writer) => writer.event(event, out),
            Writer::Completions(writer) => writer.event(event, out),
            Writer::Responses(writer) => writer.event(event, out),
            Writer::Messages(writer) => writer.event(event, out),
            Writer::Ollama(writer) => writer.event(event, out),
        }
    }

    /// Appends an error that ends the stream.
    pub fn error(&mut self, envelope: &Envelope, status: u16, out: &mut Vec<u8>) {
        match &mut self.0 {
            Writer::Chat(writer) => writer.error(envelope, out),
            Writer::Completions(writer) => writer.error(envelope, out),
            Writer::Responses(writer) => writer.error(envelope, out),
            Writer::Messages(writer) => writer.error(envelope, status, out),
            Writer::Ollama(writer) => writer.error(envelope, out),
        }
    }

    /// What keeps the connection open while nothing comes; `None` where the dialect has nothing.
    #[must_use]
    pub const fn keep_alive(&self) -> KeepAlive {
        match &self.0 {
            Writer::Chat(_) | Writer::Completions(_) | Writer::Responses(_) => Some(KEEP_ALIVE),
            Writer::Messages(_) => Some(messages::PING),
            Writer::Ollama(_) => None,
        }
    }
}
