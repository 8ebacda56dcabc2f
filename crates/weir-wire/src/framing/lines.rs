use std::collections::VecDeque;

/// Incremental parser of one JSON text a line (NDJSON).
///
/// Lines end in LF or CRLF; empty ones are skipped. The last line of a stream may lack its end:
/// [`finish`](Self::finish) gives it out.
#[derive(Debug)]
pub struct LineParser {
    line: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
    max_line_bytes: usize,
    too_long: bool,
}

/// A line was longer than the parser may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the stream is longer than {max_line_bytes} bytes")]
pub struct LineTooLong {
    /// The limit.
    pub max_line_bytes: usize,
}

impl LineParser {
    /// A parser that refuses lines longer than `max_line_bytes`.
    #[must_use]
    pub fn new(max_line_bytes: usize) -> Self {
        Self { line: Vec::new(), ready: VecDeque::new(), max_line_bytes, too_long: false }
    }

    /// Takes in what was read.
    ///
    /// # Errors
    /// [`LineTooLong`] now and for every later call.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), LineTooLong> {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, tail) = bytes.split_at(end);
            self.line.extend_from_slice(head);
            self.end_line();
            bytes = tail.get(1..).unwrap_or_default();
        }
        self.line.extend_from_slice(bytes);
        self.too_long |= self.line.len() > self.max_line_bytes;
        self.checked()
    }

    /// The next line that is complete.
    pub fn next_line(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    /// Says that the stream has ended: what is there of a line is one.
    ///
    /// # Errors
    /// [`LineTooLong`] if there was such a line.
    pub fn finish(&mut self) -> Result<(), LineTooLong> {
        self.end_line();
        self.checked()
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        self.too_long |= line.len() > self.max_line_bytes;
        if !self.too_long && !line.iter().all(u8::is_ascii_whitespace) {
            self.ready.push_back(line);
        }
    }

    fn checked(&self) -> Result<(), LineTooLong> {
        if self.too_long { Err(LineTooLong { max_line_bytes: self.max_line_bytes }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut parser = LineParser::new(1 << 20);
        pieces.iter().for_each(|piece| parser.push(piece).unwrap());
        parser.finish().unwrap();
        std::iter::from_fn(|| parser.next_line()).collect()
    }

    #[test]
    fn lines_end_in_lf_or_crlf_and_the_last_may_not_end_at_all() {
        assert_eq!(lines(&[b"{}\n\r\n[1]\r\n\n \n2"]), [b"{}".to_vec(), b"[1]".to_vec(), b"2".to_vec()]);
    }

    #[test]
    fn a_line_over_the_limit_is_refused_however_it_is_cut() {
        assert!(LineParser::new(4).push(b"12345\n").is_err());
        let mut cut = LineParser::new(4);
        assert!(cut.push(b"123").is_ok());
        assert!(cut.push(b"45").is_err());
        assert!(cut.push(b"\n").is_err());
        assert!(cut.finish().is_err());
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same_lines(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..80),
            cut in 1usize..7)
        {
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            prop_assert_eq!(lines(&pieces), lines(&[&bytes]));
        }
    }
}
