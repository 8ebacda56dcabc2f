use crate::dialect::Framing;
use crate::framing::{AwsEventParser, AwsFault, AwsItem, LineParser};
use crate::sse::{SseItem, SseParser};

/// Cuts a stream of bytes into items, whatever pieces it comes in.
pub trait Frames: Send {
    /// Takes in what was read.
    ///
    /// # Errors
    /// [`BadFrame`], now and for every later call.
    fn push(&mut self, bytes: &[u8]) -> Result<(), BadFrame>;

    /// The next item that is complete.
    fn next_item(&mut self) -> Option<SseItem>;
}

/// Bytes that make no item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// An item is larger than may be held.
    #[error("an item of the stream is larger than {0} bytes")]
    TooLarge(usize),
    /// A checksum or a length is wrong.
    #[error("the stream's framing is broken")]
    Broken,
}

/// A cutter for this framing, which holds no item of more than `item_bytes_max`.
#[must_use]
pub fn frames(framing: Framing, item_bytes_max: usize) -> Box<dyn Frames> {
    match framing {
        Framing::EventStream => Box::new(SseParser::new(item_bytes_max)),
        Framing::Lines => Box::new(LineParser::new(item_bytes_max)),
        Framing::AwsEventStream => Box::new(AwsEventParser::new(item_bytes_max)),
    }
}

impl Frames for SseParser {
    fn push(&mut self, bytes: &[u8]) -> Result<(), BadFrame> {
        SseParser::push(self, bytes).map_err(|error| BadFrame::TooLarge(error.max_event_bytes))
    }

    fn next_item(&mut self) -> Option<SseItem> {
        SseParser::next_item(self)
    }
}

impl Frames for LineParser {
    fn push(&mut self, bytes: &[u8]) -> Result<(), BadFrame> {
        LineParser::push(self, bytes).map_err(|error| BadFrame::TooLarge(error.max_line_bytes))
    }

    fn next_item(&mut self) -> Option<SseItem> {
        let data = self.next_line()?;
        Some(SseItem::Event { event: String::new(), data })
    }
}

impl Frames for AwsEventParser {
    fn push(&mut self, bytes: &[u8]) -> Result<(), BadFrame> {
        AwsEventParser::push(self, bytes).map_err(|fault| match fault {
            AwsFault::TooLarge { max_message_bytes } => BadFrame::TooLarge(max_message_bytes),
            AwsFault::Checksum | AwsFault::Malformed => BadFrame::Broken,
        })
    }

    fn next_item(&mut self) -> Option<SseItem> {
        let AwsItem { event, data } = AwsEventParser::next_item(self)?;
        Some(SseItem::Event { event, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_framing_has_its_cutter() {
        let cut = |framing, bytes: &[u8]| {
            let mut frames = frames(framing, 1 << 20);
            frames.push(bytes).unwrap();
            frames.next_item()
        };
        let item = |text: &str| Some(SseItem::Event { event: String::new(), data: text.as_bytes().to_vec() });
        assert_eq!(cut(Framing::EventStream, b"data: {}\n\n"), item("{}"));
        assert_eq!(cut(Framing::Lines, b"{}\n"), item("{}"));
        assert!(frames(Framing::AwsEventStream, 1 << 20).push(&[1; 12]).is_err());
    }
}
