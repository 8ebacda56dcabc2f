use crate::fold::{Class, class, fold};
use std::fmt;
use std::ops::Range;

/// Zeros behind the last word, so that eight bytes can be read from each.
const PADDING: usize = 8;

/// The words of a text in their canonical form, and where they stand.
///
/// Case, width, marks on letters, and what is between words make no difference. Words of one text serve
/// the look-ups in every index.
#[derive(Default)]
pub struct Words {
    folded: Vec<u8>,
    words: Vec<Word>,
}

#[derive(Clone, Copy)]
struct Word {
    /// Where it begins in `folded`; it ends where the next begins.
    at: usize,
    start: usize,
    end: usize,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({})", self.words.len())
    }
}

impl Words {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut reader = Reader {
            words: Self { folded: Vec::with_capacity(text.len() + PADDING), words: Vec::new() },
            is_open: false,
        };
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let run = rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
            if run > 0 {
                reader.ascii(rest.get(..run).unwrap_or_default(), at);
                at += run;
            }
            match bytes.get(at) {
                Some(byte) if byte.is_ascii() => {
                    reader.is_open = false;
                    at += 1;
                }
                Some(_) => at += reader.other(text, at),
                None => {}
            }
        }
        reader.words.folded.extend([0; PADDING]);
        reader.words
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All of them, without anything between.
    pub(crate) fn folded(&self) -> &[u8] {
        self.folded.get(..self.folded.len().saturating_sub(PADDING)).unwrap_or_default()
    }

    /// Each by itself.
    pub(crate) fn each(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.run(&(index..index + 1)))
    }

    /// The words of a range, without anything between.
    pub(crate) fn run(&self, range: &Range<usize>) -> &[u8] {
        self.folded.get(self.at(range.start)..self.at(range.end)).unwrap_or_default()
    }

    /// Bytes of the words of a range.
    pub(crate) fn run_len(&self, range: &Range<usize>) -> usize {
        self.at(range.end).saturating_sub(self.at(range.start))
    }

    /// The first `bytes`, at most eight, from the word at `index` as a number, whatever words they are of.
    pub(crate) fn prefix(&self, index: usize, bytes: usize) -> u64 {
        let eight = self.folded.get(self.at(index)..).and_then(|rest| rest.first_chunk());
        eight.map_or(0, |eight| u64::from_le_bytes(*eight)) & (u64::MAX >> (64 - 8 * bytes))
    }

    /// Bytes of the text between a word and the next.
    pub(crate) fn gap_after(&self, index: usize) -> Option<usize> {
        let (word, next) = (self.words.get(index)?, self.words.get(index + 1)?);
        Some(next.start.saturating_sub(word.end))
    }

    /// The stretch of the text that a non-empty range of words covers.
    pub(crate) fn span(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.words.get(range.start).map_or(0, |word| word.start);
        let end =
            range.end.checked_sub(1).and_then(|last| self.words.get(last)).map_or(start, |word| word.end);
        start..end
    }

    fn at(&self, index: usize) -> usize {
        self.words.get(index).map_or(self.folded.len().saturating_sub(PADDING), |word| word.at)
    }
}

struct Reader {
    words: Words,
    is_open: bool,
}

impl Reader {
    /// Takes letters and digits of ASCII, of which one bit is the case.
    fn ascii(&mut self, run: &[u8], start: usize) {
        const LOWER: u8 = 0x20;
        self.open(start);
        self.words.folded.extend(run.iter().map(|byte| byte | LOWER));
        self.close(start + run.len());
    }

    /// Takes the character at `start` and gives its length.
    fn other(&mut self, text: &str, start: usize) -> usize {
        let Some(c) = text.get(start..).and_then(|rest| rest.chars().next()) else { return 1 };
        let len = c.len_utf8();
        let class = class(c);
        if matches!(class, Class::Separator | Class::Unspaced) {
            self.is_open = false;
        }
        if matches!(class, Class::Letter | Class::Unspaced) {
            self.open(start);
            let folded = &mut self.words.folded;
            fold(c, |part| folded.extend(part.encode_utf8(&mut [0; 4]).as_bytes()));
            self.close(start + len);
        }
        if class == Class::Unspaced {
            self.is_open = false;
        }
        len
    }

    fn open(&mut self, start: usize) {
        if !std::mem::replace(&mut self.is_open, true) {
            let at = self.words.folded.len();
            self.words.words.push(Word { at, start, end: start });
        }
    }

    fn close(&mut self, end: usize) {
        if let Some(word) = self.words.words.last_mut() {
            word.end = end;
        }
    }
}
