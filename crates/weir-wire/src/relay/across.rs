//! Streams between two dialects.

use super::{Lane, Seen};
use crate::chat::BadReply;
use crate::dialect::backend::Item;
use crate::dialect::client::EventWriter;
use crate::dialect::spoken::ReadEvents;
use crate::error::Envelope;
use crate::json::Object;

pub(super) struct Across {
    reader: Box<dyn ReadEvents>,
    writer: EventWriter,
}

impl Across {
    pub(super) fn new(lane: &Lane, asked: &Object<'static>) -> Self {
        let writer = EventWriter::new(lane.client, &lane.addressed(asked));
        Self { reader: lane.backend.events(), writer }
    }

    pub(super) fn item(
        &mut self,
        item: &Item<'_>,
        seen: &mut Seen,
        out: &mut Vec<u8>,
    ) -> Result<(), BadReply> {
        let Self { reader, writer } = self;
        reader.item(item, &mut |event| {
            seen.event(&event);
            writer.event(&event, out);
        })
    }

    pub(super) fn end(&mut self, seen: &mut Seen, out: &mut Vec<u8>) -> Result<(), BadReply> {
        let Self { reader, writer } = self;
        reader.end(&mut |event| {
            seen.event(&event);
            writer.event(&event, out);
        })
    }

    pub(super) fn error(&mut self, envelope: &Envelope, status: u16, out: &mut Vec<u8>) {
        self.writer.error(envelope, status, out);
    }

    pub(super) fn keep_alive(&self) -> &'static [u8] {
        self.writer.keep_alive().unwrap_or_default()
    }
}
