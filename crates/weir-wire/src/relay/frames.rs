use super::aws::{AwsEventParser, AwsFault, AwsItem};
use crate::dialect::Framing;
use crate::sse::{SseItem, SseParser};
use std::collections::VecDeque;

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
        Framing::Lines => Box::new(Lines::new(item_bytes_max)),
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

/// One JSON text a line; empty lines are none.
struct Lines {
    line: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
    bytes_max: usize,
    too_large: bool,
}

impl Lines {
    fn new(bytes_max: usize) -> Self {
        Self { line: Vec::new(), ready: VecDeque::new(), bytes_max, too_large: false }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.trim_ascii().is_empty() {
            self.ready.push_back(line);
        }
    }
}

impl Frames for Lines {
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), BadFrame> {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, tail) = bytes.split_at(end);
            self.line.extend_from_slice(head);
            self.too_large |= self.line.len() > self.bytes_max;
            self.end_line();
            bytes = tail.get(1..).unwrap_or_default();
        }
        self.line.extend_from_slice(bytes);
        self.too_large |= self.line.len() > self.bytes_max;
        if self.too_large { Err(BadFrame::TooLarge(self.bytes_max)) } else { Ok(()) }
    }

    fn next_item(&mut self) -> Option<SseItem> {
        let data = self.ready.pop_front()?;
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
    use proptest::prelude::*;

    fn items(framing: Framing, pieces: &[&[u8]]) -> Vec<SseItem> {
        let mut frames = frames(framing, 1 << 20);
        let mut all = Vec::new();
        for piece in pieces {
            frames.push(piece).unwrap();
            all.extend(std::iter::from_fn(|| frames.next_item()));
        }
        all
    }

    fn line(text: &str) -> SseItem {
        SseItem::Event { event: String::new(), data: text.as_bytes().to_vec() }
    }

    #[test]
    fn every_line_with_something_in_it_is_an_item() {
        let seen = items(Framing::Lines, &[b"{\"a\":1}\n\n", b" \r\n{\"b\"", b":2}\r\n{\"cut\""]);
        assert_eq!(seen, [line("{\"a\":1}"), line("{\"b\":2}\r")]);
    }

    #[test]
    fn a_line_over_the_limit_is_refused_however_it_is_cut() {
        for cut in 1..12 {
            let mut lines = frames(Framing::Lines, 10);
            let results: Vec<bool> =
                b"0123456789a\n".chunks(cut).map(|piece| lines.push(piece).is_ok()).collect();
            assert!(!results.last().unwrap(), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_lines(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..80),
            cut in 1usize..7)
        {
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            prop_assert_eq!(items(Framing::Lines, &pieces), items(Framing::Lines, &[&bytes]));
        }
    }
}
