use std::collections::VecDeque;

/// Incremental parser of AWS's binary event stream (`application/vnd.amazon.eventstream`).
///
/// A message is its length, the length of its headers, a checksum of these two, headers, payload, and a
/// checksum of all that, each number of 32 bits with the high byte first. A wrong checksum or length is a
/// fault for good: what comes after it cannot be told apart any more.
///
/// Holds at most `max_message_bytes` of an unfinished message, beside what one call brings.
///
/// Source: Smithy, "Amazon Event Stream specification".
#[derive(Debug)]
pub struct AwsEventParser {
    held: Vec<u8>,
    ready: VecDeque<AwsItem>,
    max_message_bytes: usize,
    fault: Option<AwsFault>,
}

/// One message.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsItem {
    /// What it is: the event's type, such as `contentBlockDelta`; `exception/` and the exception's type;
    /// or `error/` and the error's code.
    pub event: String,
    /// The payload: JSON. For an error it is made of the error's message.
    pub data: Vec<u8>,
}

/// Messages carry user text: only their size is shown.
impl std::fmt::Debug for AwsItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AwsItem({:?}, {} bytes)", self.event, self.data.len())
    }
}

/// Why a stream cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AwsFault {
    /// A message is larger than the parser may hold.
    #[error("a message of the stream is larger than {max_message_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_message_bytes: usize,
    },
    /// A message's checksum is not that of its bytes.
    #[error("the checksum of a message of the stream is wrong")]
    Checksum,
    /// Lengths that contradict each other, or headers that are none.
    #[error("a message of the stream is malformed")]
    Malformed,
}

/// Two lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// The checksum of the whole.
const CHECKSUM_BYTES: usize = 4;

impl AwsEventParser {
    /// A parser that refuses messages larger than `max_message_bytes`.
    #[must_use]
    pub fn new(max_message_bytes: usize) -> Self {
        Self { held: Vec::new(), ready: VecDeque::new(), max_message_bytes, fault: None }
    }

    /// Takes in what was read.
    ///
    /// # Errors
    /// [`AwsFault`] now and for every later call. Messages before the fault can still be taken.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), AwsFault> {
        self.fault.map_or(Ok(()), Err)?;
        self.held.extend_from_slice(bytes);
        let mut rest = self.held.as_slice();
        let result = loop {
            match message(rest, self.max_message_bytes) {
                Ok(Some((item, after))) => {
                    self.ready.push_back(item);
                    rest = after;
                }
                Ok(None) => break Ok(()),
                Err(fault) => break Err(fault),
            }
        };
        let done = self.held.len() - rest.len();
        self.held.drain(..done);
        self.fault = result.err();
        result
    }

    /// The next message that is complete.
    pub fn next_item(&mut self) -> Option<AwsItem> {
        self.ready.pop_front()
    }

    /// Whether a message was begun and not ended.
    #[must_use]
    pub fn has_rest(&self) -> bool {
        !self.held.is_empty()
    }
}

/// The message that `bytes` begin with, and what comes after it; `None` while it is incomplete.
fn message(bytes: &[u8], max: usize) -> Result<Option<(AwsItem, &[u8])>, AwsFault> {
    let Some((prelude, _)) = bytes.split_at_checked(PRELUDE_BYTES) else { return Ok(None) };
    let (lengths, checksum) = prelude.split_at(PRELUDE_BYTES - CHECKSUM_BYTES);
    check(lengths, checksum)?;
    let (total, headers) = lengths.split_at(4);
    let (total, headers) = (number(total)?, number(headers)?);
    if total > max {
        return Err(AwsFault::TooLarge { max_message_bytes: max });
    }
    if total < PRELUDE_BYTES + CHECKSUM_BYTES || headers > total - PRELUDE_BYTES - CHECKSUM_BYTES {
        return Err(AwsFault::Malformed);
    }
    let Some((whole, after)) = bytes.split_at_checked(total) else { return Ok(None) };
    let (checked, checksum) = whole.split_at(total - CHECKSUM_BYTES);
    check(checked, checksum)?;
    let (_, content) = checked.split_at(PRELUDE_BYTES);
    let (headers, payload) = content.split_at(headers);
    Ok(Some((item(Headers::read(headers)?, payload), after)))
}

fn check(bytes: &[u8], checksum: &[u8]) -> Result<(), AwsFault> {
    if crc32fast::hash(bytes).to_be_bytes() == checksum { Ok(()) } else { Err(AwsFault::Checksum) }
}

fn number(bytes: &[u8]) -> Result<usize, AwsFault> {
    let bytes = bytes.try_into().map_err(|_| AwsFault::Malformed)?;
    usize::try_from(u32::from_be_bytes(bytes)).map_err(|_| AwsFault::Malformed)
}

/// The headers that say what a message is.
#[derive(Default)]
struct Headers<'m> {
    message: &'m str,
    event: &'m str,
    exception: &'m str,
    error: &'m str,
    error_message: &'m str,
}

impl<'m> Headers<'m> {
    fn read(mut bytes: &'m [u8]) -> Result<Self, AwsFault> {
        let mut headers = Self::default();
        while let Some((&length, rest)) = bytes.split_first() {
            let (name, rest) = rest.split_at_checked(length.into()).ok_or(AwsFault::Malformed)?;
            let (&kind, rest) = rest.split_first().ok_or(AwsFault::Malformed)?;
            let (value, rest) = value(kind, rest)?;
            headers.take(name, value);
            bytes = rest;
        }
        Ok(headers)
    }

    fn take(&mut self, name: &[u8], value: &'m str) {
        match name {
            b":message-type" => self.message = value,
            b":event-type" => self.event = value,
            b":exception-type" => self.exception = value,
            b":error-code" => self.error = value,
            b":error-message" => self.error_message = value,
            _ => {}
        }
    }
}

/// A header's value, if it is text (else empty), and what comes after it.
fn value(kind: u8, bytes: &[u8]) -> Result<(&str, &[u8]), AwsFault> {
    let (length, bytes) = match kind {
        0 | 1 => (0, bytes),
        2 => (1, bytes),
        3 => (2, bytes),
        4 => (4, bytes),
        5 | 8 => (8, bytes),
        9 => (16, bytes),
        6 | 7 => {
            let (length, rest) = bytes.split_first_chunk::<2>().ok_or(AwsFault::Malformed)?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return Err(AwsFault::Malformed),
    };
    let (value, rest) = bytes.split_at_checked(length).ok_or(AwsFault::Malformed)?;
    let text = if kind == 7 { std::str::from_utf8(value).map_err(|_| AwsFault::Malformed)? } else { "" };
    Ok((text, rest))
}

fn item(headers: Headers<'_>, payload: &[u8]) -> AwsItem {
    match headers.message {
        "exception" => AwsItem { event: format!("exception/{}", headers.exception), data: payload.to_vec() },
        "error" => {
            let mut data = b"{\"message\":".to_vec();
            crate::json::write_string(headers.error_message, &mut data);
            data.push(b'}');
            AwsItem { event: format!("error/{}", headers.error), data }
        }
        _ => AwsItem { event: headers.event.to_owned(), data: payload.to_vec() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A message with these text headers, as a server writes it.
    fn written(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
        let text = |(name, value): &(&str, &str)| {
            let mut out = vec![u8::try_from(name.len()).unwrap()];
            out.extend_from_slice(name.as_bytes());
            out.push(7);
            out.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
            out.extend_from_slice(value.as_bytes());
            out
        };
        let headers: Vec<u8> = headers.iter().flat_map(text).collect();
        let total = u32::try_from(16 + headers.len() + payload.len()).unwrap();
        let mut out = total.to_be_bytes().to_vec();
        out.extend_from_slice(&u32::try_from(headers.len()).unwrap().to_be_bytes());
        out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
        out.extend_from_slice(&headers);
        out.extend_from_slice(payload);
        out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
        out
    }

    fn event(name: &str, payload: &[u8]) -> Vec<u8> {
        let headers =
            [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
        written(&headers, payload)
    }

    fn items(pieces: &[&[u8]]) -> (Vec<AwsItem>, Option<AwsFault>) {
        let mut parser = AwsEventParser::new(1 << 20);
        let fault = pieces.iter().find_map(|piece| parser.push(piece).err());
        (std::iter::from_fn(|| parser.next_item()).collect(), fault)
    }

    fn item(event: &str, data: &[u8]) -> AwsItem {
        AwsItem { event: event.to_owned(), data: data.to_vec() }
    }

    /// Source: the test suite of AWS's event stream library, messages `empty_message` and `int32_header`.
    #[test]
    fn published_messages_are_read() {
        let empty = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        assert_eq!(items(&[&empty]), (vec![item("", b"")], None));
        let mut int32 = vec![0, 0, 0, 0x2d, 0, 0, 0, 0x10, 0x41, 0xc4, 0x24, 0xb8];
        int32.extend_from_slice(b"\x0aevent-type\x04\x00\x00\xa0\x0c{'foo':'bar'}");
        int32.extend_from_slice(&[0x36, 0xf4, 0x80, 0xa0]);
        assert_eq!(items(&[&int32]), (vec![item("", b"{'foo':'bar'}")], None));
    }

    #[test]
    fn exceptions_and_errors_are_told_from_events() {
        let exception = [(":exception-type", "throttlingException"), (":message-type", "exception")];
        let error =
            [(":error-code", "InternalError"), (":error-message", "a \"b\""), (":message-type", "error")];
        let stream = [event("messageStart", b"{}"), written(&exception, b"{1}"), written(&error, b"")];
        let expected = vec![
            item("messageStart", b"{}"),
            item("exception/throttlingException", b"{1}"),
            item("error/InternalError", br#"{"message":"a \"b\""}"#),
        ];
        assert_eq!(items(&[&stream.concat()]), (expected, None));
    }

    #[test]
    fn one_changed_bit_anywhere_is_found_and_what_came_before_is_kept() {
        let (first, second) = (event("a", b"{}"), event("b", b"{\"text\":\"hello\"}"));
        for bit in 0..second.len() * 8 {
            let mut broken = second.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            let (good, fault) = items(&[&first, &broken, &first]);
            assert_eq!(good, [item("a", b"{}")], "bit {bit}");
            assert!(fault.is_some(), "bit {bit}");
        }
    }

    #[test]
    fn a_message_over_the_limit_is_refused_before_it_is_held() {
        let mut parser = AwsEventParser::new(64);
        let large = event("a", &[b' '; 64]);
        assert_eq!(parser.push(&large[..12]), Err(AwsFault::TooLarge { max_message_bytes: 64 }));
        assert_eq!(parser.push(b"x"), Err(AwsFault::TooLarge { max_message_bytes: 64 }));
    }

    #[test]
    fn headers_longer_than_the_message_are_malformed() {
        let mut lying = 20u32.to_be_bytes().to_vec();
        lying.extend_from_slice(&9u32.to_be_bytes());
        lying.extend_from_slice(&crc32fast::hash(&lying).to_be_bytes());
        lying.extend_from_slice(&[0; 4]);
        lying.extend_from_slice(&crc32fast::hash(&lying).to_be_bytes());
        assert_eq!(items(&[&lying]).1, Some(AwsFault::Malformed));
    }

    #[test]
    fn a_message_that_was_not_ended_is_noticed() {
        let mut parser = AwsEventParser::new(1000);
        let whole = event("a", b"{}");
        parser.push(&whole[..whole.len() - 1]).unwrap();
        assert!(parser.has_rest());
        parser.push(&whole[whole.len() - 1..]).unwrap();
        assert!(!parser.has_rest());
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same_messages(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6),
            tail in proptest::collection::vec(any::<u8>(), 0..20),
            cut in 1usize..9)
        {
            let mut bytes: Vec<u8> = payloads.iter().flat_map(|payload| event("e", payload)).collect();
            bytes.extend(tail);
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            prop_assert_eq!(items(&pieces), items(&[&bytes]));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _any = items(&[&bytes]);
        }
    }
}
