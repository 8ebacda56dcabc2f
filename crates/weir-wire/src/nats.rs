//! What a NATS server says to a publisher: lines, and the answers of JetStream to what was published.
//!
//! Source: NATS documentation, "Client Protocol"; ADR-4 (headers), ADR-22 (acknowledgements of JetStream).

use serde_json::Value;

/// The longest line and the longest message of the server.
const LINE_BYTES_MAX: usize = 64 * 1024;
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The most of an error's own words that is told, in characters.
const ERROR_CHARS_MAX: usize = 120;
/// JetStream's number for a message that is longer than the stream takes.
const MESSAGE_TOO_LONG: u64 = 10054;

/// Incremental parser of what the server says.
///
/// Feed it whatever the socket gave and take what is said until there is nothing; how the bytes were cut into reads does
/// not change it. Holds at most a line or a message and what came behind it in one read.
#[derive(Debug)]
pub struct Incoming {
    /// What answers come under.
    inbox: String,
    received: Vec<u8>,
    /// The answer whose message is not all there.
    head: Option<Head>,
}

/// Something that the server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// What it is and can do: a JSON object.
    Info(Value),
    /// Whether the client is there.
    Ping,
    /// That it is there.
    Pong,
    /// That all is well.
    Ok,
    /// What is wrong, in its own words: 120 characters at most, without control characters.
    Error(String),
    /// What became of the message of this number.
    Answer(u64, Fate),
}

/// What became of a message that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A stream has kept it.
    Kept,
    /// No stream takes the subject.
    Unheard,
    /// It is longer than the stream takes.
    TooLong,
    /// The stream does not take it now: JetStream's number for why.
    Failed(u64),
}

/// What was said is not of the protocol, or longer than anything in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl Incoming {
    /// The other end of a connection whose answers come under this subject, which ends with the number of the message.
    #[must_use]
    pub fn new(inbox: &str) -> Self {
        Self { inbox: inbox.to_owned(), received: Vec::new(), head: None }
    }

    /// Takes what the socket gave.
    pub fn push(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// Bytes that were pushed and are part of nothing that was given out.
    #[must_use]
    pub fn held(&self) -> usize {
        self.received.len()
    }

    /// What is said next; `None` if it is not all there.
    ///
    /// # Errors
    /// [`Malformed`]; nothing behind it means anything.
    pub fn next_said(&mut self) -> Result<Option<Said>, Malformed> {
        if self.head.is_none() {
            let Some(line) = self.line()? else { return Ok(None) };
            match Head::read(&line, &self.inbox)? {
                None => return notice(&line).map(Some),
                head @ Some(_) => self.head = head,
            }
        }
        let Some(Head { number, head, length }) = self.head else { return Ok(None) };
        // The end of line behind it.
        if self.received.len() < length + 2 {
            return Ok(None);
        }
        let mut message: Vec<u8> = self.received.drain(..length + 2).collect();
        self.head = None;
        if message.split_off(length) != b"\r\n" {
            return Err(Malformed);
        }
        let fate = fate(message.get(head..).ok_or(Malformed)?)?;
        Ok(Some(Said::Answer(number, fate)))
    }

    /// The next line, without its end.
    fn line(&mut self) -> Result<Option<String>, Malformed> {
        let Some(end) = self.received.windows(2).position(|two| two == b"\r\n") else {
            // Half of its end may be there.
            return if self.received.len() > LINE_BYTES_MAX + 1 { Err(Malformed) } else { Ok(None) };
        };
        if end > LINE_BYTES_MAX {
            return Err(Malformed);
        }
        let line = self.received.drain(..end + 2).take(end).collect();
        String::from_utf8(line).map(Some).map_err(|_| Malformed)
    }
}

/// The line before an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    number: u64,
    /// Bytes of headers at the beginning of the message.
    head: usize,
    /// Bytes of the message.
    length: usize,
}

impl Head {
    /// `MSG SUBJECT SID [REPLY] LENGTH` or `HMSG SUBJECT SID [REPLY] HEAD LENGTH`; `None` if the line is no message.
    fn read(line: &str, inbox: &str) -> Result<Option<Self>, Malformed> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (subject, head, length) = match *words {
            ["MSG", subject, _, length] | ["MSG", subject, _, _, length] => (subject, "0", length),
            ["HMSG", subject, _, head, length] | ["HMSG", subject, _, _, head, length] => {
                (subject, head, length)
            }
            ["MSG" | "HMSG", ..] => return Err(Malformed),
            _ => return Ok(None),
        };
        let number = subject.strip_prefix(inbox).and_then(|rest| rest.strip_prefix('.')).ok_or(Malformed)?;
        let number = number.parse().map_err(|_| Malformed)?;
        let (head, length) = (head.parse().map_err(|_| Malformed)?, length.parse().map_err(|_| Malformed)?);
        if head > length || length > MESSAGE_BYTES_MAX {
            return Err(Malformed);
        }
        Ok(Some(Self { number, head, length }))
    }
}

/// What the server says by itself.
fn notice(line: &str) -> Result<Said, Malformed> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "INFO" => serde_json::from_str(rest).map(Said::Info).map_err(|_| Malformed),
        "PING" => Ok(Said::Ping),
        "PONG" => Ok(Said::Pong),
        "+OK" => Ok(Said::Ok),
        "-ERR" => {
            Ok(Said::Error(rest.chars().filter(|char| !char.is_control()).take(ERROR_CHARS_MAX).collect()))
        }
        _ => Err(Malformed),
    }
}

/// An answer without content is the server's own: nobody takes the subject.
fn fate(answer: &[u8]) -> Result<Fate, Malformed> {
    if answer.is_empty() {
        return Ok(Fate::Unheard);
    }
    let answer: Value = serde_json::from_slice(answer).map_err(|_| Malformed)?;
    let code = answer.pointer("/error/err_code").and_then(Value::as_u64);
    match (code, answer.get("error"), answer.get("stream").and_then(Value::as_str)) {
        (Some(MESSAGE_TOO_LONG), ..) => Ok(Fate::TooLong),
        (Some(code), ..) => Ok(Fate::Failed(code)),
        (None, None, Some(_)) => Ok(Fate::Kept),
        (None, _, _) => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], cut: usize) -> Result<Vec<Said>, Malformed> {
        let (mut incoming, mut said) = (Incoming::new("_INBOX.a"), Vec::new());
        for piece in bytes.chunks(cut) {
            incoming.push(piece);
            while let Some(next) = incoming.next_said()? {
                said.push(next);
            }
        }
        Ok(said)
    }

    #[test]
    fn however_it_is_cut_the_same_is_said() {
        let bytes = b"INFO {\"headers\":true}\r\nPING\r\nPONG\r\n+OK\r\n-ERR 'Slow\x07 Consumer'\r\n\
            MSG _INBOX.a.7 1 26\r\n{\"stream\":\"AUDIT\",\"seq\":1}\r\n\
            HMSG _INBOX.a.8 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n";
        let expected = vec![
            Said::Info(serde_json::json!({ "headers": true })),
            Said::Ping,
            Said::Pong,
            Said::Ok,
            Said::Error("'Slow Consumer'".to_owned()),
            Said::Answer(7, Fate::Kept),
            Said::Answer(8, Fate::Unheard),
        ];
        for cut in 1..=bytes.len() {
            assert_eq!(read(bytes, cut).as_ref(), Ok(&expected), "{cut}");
        }
    }

    #[test]
    fn only_a_stream_that_says_so_has_kept_a_message() {
        let answer =
            |text: &str| read(format!("MSG _INBOX.a.1 1 {}\r\n{text}\r\n", text.len()).as_bytes(), 9);
        for (text, expected) in [
            (r#"{"stream":"AUDIT","seq":1,"duplicate":true}"#, Some(Fate::Kept)),
            ("", Some(Fate::Unheard)),
            (r#"{"error":{"code":400,"err_code":10054},"stream":"AUDIT"}"#, Some(Fate::TooLong)),
            (r#"{"error":{"code":503,"err_code":10077}}"#, Some(Fate::Failed(10077))),
            (r#"{"error":{"code":503},"stream":"AUDIT"}"#, None),
            ("{}", None),
            ("yes", None),
        ] {
            let expected = expected.map(|fate| vec![Said::Answer(1, fate)]).ok_or(Malformed);
            assert_eq!(answer(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_of_the_protocol_ends_it() {
        for bytes in [
            "HELLO\r\n",
            "MSG _INBOX.b.7 1 3\r\nabc\r\n",
            "MSG _INBOX.a.x 1 3\r\nabc\r\n",
            "MSG _INBOX.a.7 3\r\nabc\r\n",
            "MSG _INBOX.a.7 1 99999\r\n",
            "MSG _INBOX.a.7 1 2\r\n{}}\r\n",
            "HMSG _INBOX.a.7 1 9 3\r\nabc\r\n",
            "INFO no\r\n",
        ] {
            assert_eq!(read(bytes.as_bytes(), 4), Err(Malformed), "{bytes}");
        }
        assert_eq!(read(&[b'x'; LINE_BYTES_MAX + 2], 4096), Err(Malformed));
    }
}
