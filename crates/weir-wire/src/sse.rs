//! Server-sent events, read and written.
//!
//! Source: WHATWG HTML, section 9.2 "Server-sent events".

use memchr::memchr2;
use std::collections::VecDeque;

/// Incremental event-stream parser.
///
/// Feed it whatever the socket gave with [`push`](Self::push) and take items with
/// [`next_item`](Self::next_item) until there are none; how the bytes were cut into reads does not
/// change the items. Lines may end in LF, CR or CRLF; several `data` lines join with LF; a byte order
/// mark at the beginning is skipped. An event that was not ended by a blank line is never given out:
/// [`has_rest`](Self::has_rest) tells at the end of the stream that one was cut.
///
/// Holds at most `max_event_bytes` of an unfinished event.
#[derive(Debug)]
pub struct SseParser {
    line: Vec<u8>,
    after_cr: bool,
    at_start: bool,
    event: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    ready: VecDeque<SseItem>,
    max_event_bytes: usize,
    too_large: bool,
}

/// One item of an event stream.
#[derive(Clone, PartialEq, Eq)]
pub enum SseItem {
    /// An event with data.
    Event {
        /// The event's type; empty where none was given.
        event: String,
        /// The data, lines joined with LF.
        data: Vec<u8>,
    },
    /// A comment line: a sign of life.
    Comment,
}

/// Events carry user text: only their size is shown.
impl std::fmt::Debug for SseItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SseItem::Event { event, data } => write!(f, "Event({event:?}, {} bytes)", data.len()),
            SseItem::Comment => f.write_str("Comment"),
        }
    }
}

/// An event was larger than the parser may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {max_event_bytes} bytes")]
pub struct EventTooLarge {
    /// The limit.
    pub max_event_bytes: usize,
}

impl SseParser {
    /// A parser that refuses events larger than `max_event_bytes`.
    #[must_use]
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            line: Vec::new(),
            after_cr: false,
            at_start: true,
            event: Vec::new(),
            data: Vec::new(),
            has_data: false,
            ready: VecDeque::new(),
            max_event_bytes,
            too_large: false,
        }
    }

    /// Takes in what was read.
    ///
    /// # Errors
    /// [`EventTooLarge`] now and for every later call.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), EventTooLarge> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (head, tail) = bytes.split_at(end);
            self.end_line(head);
            let was_cr = tail.first() == Some(&b'\r');
            let crlf = was_cr && tail.get(1) == Some(&b'\n');
            self.after_cr = was_cr && tail.len() == 1;
            bytes = tail.get(if crlf { 2 } else { 1 }..).unwrap_or_default();
        }
        self.line.extend_from_slice(bytes);
        self.too_large |= self.line.len() + self.data.len() > self.max_event_bytes;
        if self.too_large { Err(EventTooLarge { max_event_bytes: self.max_event_bytes }) } else { Ok(()) }
    }

    /// The next item that is complete.
    pub fn next_item(&mut self) -> Option<SseItem> {
        self.ready.pop_front()
    }

    /// Whether something was begun that no blank line has ended.
    #[must_use]
    pub fn has_rest(&self) -> bool {
        !self.line.is_empty() || self.has_data
    }

    fn end_line(&mut self, tail: &[u8]) {
        if self.line.is_empty() {
            self.take_line(tail);
            return;
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(tail);
        self.take_line(&line);
        line.clear();
        self.line = line;
    }

    fn take_line(&mut self, line: &[u8]) {
        let line = if std::mem::take(&mut self.at_start) {
            line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
        } else {
            line
        };
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(0) => return self.ready.push_back(SseItem::Comment),
            Some(colon) => (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default()),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => self.add_data(value),
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            // `id` and `retry` steer browsers; nothing here uses them. Other fields are to be ignored.
            _ => {}
        }
    }

    fn add_data(&mut self, value: &[u8]) {
        if self.has_data {
            self.data.push(b'\n');
        }
        self.has_data = true;
        self.data.extend_from_slice(value);
        self.too_large |= self.data.len() > self.max_event_bytes;
    }

    fn dispatch(&mut self) {
        let event = std::mem::take(&mut self.event);
        if std::mem::take(&mut self.has_data) {
            let event = String::from_utf8_lossy(&event).into_owned();
            self.ready.push_back(SseItem::Event { event, data: std::mem::take(&mut self.data) });
        }
    }
}

/// Appends one event with data only, as chat completion streams have them.
pub fn write_data(data: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\n\n");
}

/// Appends one event with its type; `data` appends its data, which must have no line break.
pub(crate) fn write_event(name: &str, out: &mut Vec<u8>, data: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    data(out);
    out.extend_from_slice(b"\n\n");
}

/// A comment that keeps a silent connection open.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// The data that ends a chat completion stream.
pub const DONE: &[u8] = b"[DONE]";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(pieces: &[&[u8]]) -> Vec<SseItem> {
        let mut parser = SseParser::new(1 << 20);
        let mut all = Vec::new();
        for piece in pieces {
            parser.push(piece).unwrap();
            all.extend(std::iter::from_fn(|| parser.next_item()));
        }
        all
    }

    fn data(text: &str) -> SseItem {
        SseItem::Event { event: String::new(), data: text.as_bytes().to_vec() }
    }

    #[test]
    fn fields_comments_and_line_ends_are_read_as_the_standard_says() {
        let stream = b"\xef\xbb\xbf: hello\r\n\r\ndata: a\r\rdata:b\ndata:  c\n\nid: 7\nretry: 1\n\nevent: e\ndata\n\nnonsense\ndata: {\"x\":\"\xc3\xa4\"}\n\n";
        assert_eq!(
            items(&[stream]),
            [
                SseItem::Comment,
                data("a"),
                data("b\n c"),
                SseItem::Event { event: "e".to_owned(), data: Vec::new() },
                data("{\"x\":\"ä\"}"),
            ]
        );
    }

    #[test]
    fn an_event_that_no_blank_line_ended_is_not_given_out_but_noticed() {
        let mut parser = SseParser::new(100);
        parser.push(b"data: a\n\ndata: b\n").unwrap();
        assert_eq!(parser.next_item(), Some(data("a")));
        assert_eq!(parser.next_item(), None);
        assert!(parser.has_rest());
        parser.push(b"\n").unwrap();
        assert!(!parser.has_rest());
    }

    #[test]
    fn an_event_over_the_limit_is_refused_however_it_is_cut() {
        let mut whole = SseParser::new(10);
        assert!(whole.push(b"data: 0123456789abcdef\n\n").is_err());
        let mut lines = SseParser::new(10);
        let results: Vec<bool> = (0..5).map(|_| lines.push(b"data: 0123\n").is_ok()).collect();
        assert_eq!(results, [true, true, false, false, false]);
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same_items(
            stream in proptest::collection::vec(prop_oneof![
                Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), Just(b'd'), any::<u8>()], 0..80),
            lines in proptest::collection::vec(prop_oneof![
                Just("data: x"), Just("data:y"), Just(": c"), Just(""), Just("event: z"), Just("data")], 0..12),
            ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 12),
            cut in 1usize..7)
        {
            let mut bytes: Vec<u8> = lines.iter().zip(&ends).flat_map(|(l, e)| [*l, *e].concat().into_bytes()).collect();
            bytes.extend(stream);
            let whole = items(&[&bytes]);
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            prop_assert_eq!(items(&pieces), whole);
        }
    }
}
