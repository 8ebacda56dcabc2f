use std::io::{self, Read};

/// The longest line that is taken in. Longer than any text that is inspected to its end, with escapes.
pub(super) const LINE_BYTES_MAX: usize = 256 << 20;
const BUFFER_BYTES: usize = 256 << 10;

/// Lines of a stream, each borrowed from the buffer that was read into.
///
/// Take lines until there are none, then fill; when filling says that the stream has ended, take the
/// [`rest`](Self::rest). The buffer grows to the longest line and no further.
pub(super) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    /// What of the buffer is filled and not yet taken.
    start: usize,
    end: usize,
    /// Up to here there is no line break.
    searched: usize,
    number: u64,
    line_bytes_max: usize,
    /// Within a line that is too long.
    skips: bool,
}

/// A line without its break.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Its bytes, or none if it was too long.
    pub(super) bytes: Option<&'a [u8]>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(source: R, line_bytes_max: usize) -> Self {
        Self {
            source,
            buffer: vec![0; BUFFER_BYTES.min(line_bytes_max)],
            start: 0,
            end: 0,
            searched: 0,
            number: 0,
            line_bytes_max,
            skips: false,
        }
    }

    /// The next line that is whole in the buffer.
    pub(super) fn take(&mut self) -> Option<Line<'_>> {
        let found = memchr::memchr(b'\n', self.buffer.get(self.searched..self.end)?);
        let Some(length) = found else {
            self.searched = self.end;
            return None;
        };
        let (start, end) = (self.start, self.searched + length);
        (self.start, self.searched) = (end + 1, end + 1);
        Some(self.line(start, end))
    }

    /// The last line, if no break ends it.
    pub(super) fn rest(&mut self) -> Option<Line<'_>> {
        let (start, end) = (self.start, self.end);
        (self.start, self.searched) = (end, end);
        (start < end || self.skips).then(|| self.line(start, end))
    }

    /// Reads more. False at the end of the stream.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        self.make_room();
        loop {
            match self.source.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn line(&mut self, start: usize, end: usize) -> Line<'_> {
        self.number += 1;
        let is_whole = !std::mem::take(&mut self.skips);
        Line { number: self.number, bytes: self.buffer.get(start..end).filter(|_| is_whole) }
    }

    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.searched, self.end, self.start) = (self.searched - self.start, self.end - self.start, 0);
        if self.end == self.line_bytes_max || self.skips {
            (self.skips, self.searched, self.end) = (true, 0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.resize((self.end * 2).min(self.line_bytes_max), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives a few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len());
            Read::read(&mut self.0, &mut buffer[..count])
        }
    }

    fn lines(text: &str, at_once: usize, max: usize) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(Drops(text.as_bytes(), at_once), max);
        let mut all = Vec::new();
        let owned = |line: Line<'_>| {
            (line.number, line.bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
        };
        loop {
            while let Some(line) = lines.take() {
                all.push(owned(line));
            }
            if !lines.fill().unwrap() {
                all.extend(lines.rest().map(owned));
                return all;
            }
        }
    }

    #[test]
    fn lines_are_the_same_however_the_stream_is_cut() {
        let line = |number, text: &str| (number, Some(text.to_owned()));
        for at_once in 1..20 {
            let cut = |text| lines(text, at_once, 8);
            assert_eq!(cut("a\n\nbc\nlast"), [line(1, "a"), line(2, ""), line(3, "bc"), line(4, "last")]);
            assert_eq!(cut("a\n"), [line(1, "a")]);
            assert_eq!(cut(""), []);
            assert_eq!(cut("1234567\n1234567"), [line(1, "1234567"), line(2, "1234567")]);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_told_and_the_others_are_read() {
        for at_once in 1..20 {
            let cut = lines("a\n0123456789012345678901234\nb\n0123456789", at_once, 8);
            assert_eq!(
                cut,
                [(1, Some("a".to_owned())), (2, None), (3, Some("b".to_owned())), (4, None)],
                "{at_once} at once"
            );
        }
    }
}
