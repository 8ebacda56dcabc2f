//! The words of a stretch of text with what is known of them, and the lines they stand in.

use crate::form::Form;
use crate::gap::Gap;
use crate::hash::Hash;
use crate::lexicon::Known;
use crate::token::{Head, Shape, heads};
use std::cell::Cell;
use std::ops::Range;

/// One word. Half a cache line: a chunk of text has thousands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// First byte in the text.
    pub(crate) start: usize,
    pub(crate) form: Form,
    pub(crate) length: u32,
    /// Index of its line.
    line: u16,
    /// What stands before it.
    pub(crate) gap: Gap,
}

/// What a line looks like.
#[derive(Debug)]
struct Line {
    first: usize,
    words: u32,
    counts: Counts,
    /// Once somebody asked.
    levels: Cell<Option<Levels>>,
}

impl Line {
    fn new(words: Range<usize>, counts: Counts) -> Self {
        Self { first: words.start, words: words.len() as u32, counts, levels: Cell::default() }
    }
}

/// What a line and those around it look like, by few levels.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Levels {
    /// How code-like the lines around are: 0 is prose, 3 is code.
    pub(crate) code: u8,
    /// How the line is written: small letters alone, a sentence, a heading, capitals alone.
    pub(crate) case: u8,
    /// How long the line is.
    pub(crate) length: u8,
    /// Whether nobody uses capitals around.
    pub(crate) is_small: bool,
}

/// Room is made for so many words at first, and for more if there are more.
const BYTES_PER_WORD: usize = 5;
/// Of a long text there is much else to do than to ask for memory once; that of so many words, 32 KiB, is kept for the next text.
const FEW: usize = 1024;

/// Words of a bounded stretch of a text. Beyond both ends there are none.
#[derive(Debug, Default)]
pub(crate) struct Words {
    words: Vec<Word>,
    lines: Vec<Line>,
    /// The words that are to be looked up yet.
    strange: Vec<usize>,
    /// Whether the text begins and ends with these words.
    is_whole: [bool; 2],
}

impl Words {
    /// Reads the words that begin in `from..to`; gives the place where to go on.
    ///
    /// `look` reads a word that begins somewhere, and gives its end with what it is, which may be strange.
    pub(crate) fn read(
        &mut self,
        text: &str,
        from: usize,
        to: usize,
        look: &mut impl FnMut(Head) -> (usize, Form),
    ) -> usize {
        let Self { words, lines, strange, is_whole: _ } = self;
        words.clear();
        lines.clear();
        strange.clear();
        let room = to.min(text.len()).saturating_sub(from) / BYTES_PER_WORD + 1;
        // Not by growing, which would copy the words of the text before.
        if words.capacity() < room {
            *words = Vec::with_capacity(room);
        }
        let (mut first, mut counts) = (0, Counts::default());
        let next = heads(text, from, to, &mut |head| {
            let (end, form) = look(head);
            let Head { start, gap, short: _ } = head;
            if matches!(gap, Gap::Line | Gap::Paragraph | Gap::Item) {
                lines.push(Line::new(first..words.len(), counts));
                (first, counts) = (words.len(), Counts::default());
            }
            counts.add(form.shape_code(), gap);
            if form.is_strange() {
                strange.push(words.len());
            }
            words.push(Word { start, form, length: (end - start) as u32, line: lines.len() as u16, gap });
            end
        });
        lines.push(Line::new(first..words.len(), counts));
        self.is_whole = [from == 0, next >= text.len()];
        next
    }

    /// Looks up the words that were strange: one after the other, as each waits for memory, and many can wait together.
    pub(crate) fn look_up(&mut self, mut look_up: impl FnMut(&Word) -> Form) {
        for index in &self.strange {
            if let Some(word) = self.words.get_mut(*index) {
                word.form = look_up(word);
            }
        }
    }

    /// Whether the text ends within some sentences on both sides of a word.
    pub(crate) fn is_short(&self, index: usize) -> bool {
        let edges = self.edges(index);
        edges >> 2 < 3 && edges & 3 < 3
    }

    /// How near the text's beginning and end are, each from 0, at hand, to 3, far.
    pub(crate) fn edges(&self, index: usize) -> u64 {
        let level = |is_edge: bool, words: usize| match words {
            _ if !is_edge => 3,
            0..8 => 0,
            8..25 => 1,
            25..80 => 2,
            _ => 3,
        };
        let [first, last] = self.is_whole;
        level(first, index) << 2 | level(last, self.words.len().saturating_sub(index + 1))
    }

    /// Whether they take no more memory than is worth keeping.
    pub(crate) fn are_few(&self) -> bool {
        self.words.capacity().max(self.lines.capacity()) <= FEW
    }

    /// Gives the words that may be candidates for names, in order: told for many at once, as whether the next is one is
    /// guessed wrong too often.
    pub(crate) fn each_possible(&self, mut take: impl FnMut(usize, &Word)) {
        let (mut first, mut rest) = (0, self.words.as_slice());
        while !rest.is_empty() {
            let (words, more) = rest.split_at(rest.len().min(u64::BITS as usize));
            let mut possible =
                words.iter().rev().fold(0_u64, |bits, word| bits << 1 | u64::from(word.form.is_possible()));
            while possible != 0 {
                let offset = possible.trailing_zeros() as usize;
                possible &= possible - 1;
                words.get(offset).into_iter().for_each(|word| take(first + offset, word));
            }
            (first, rest) = (first + words.len(), more);
        }
    }

    /// Makes strangers of words, for training.
    pub(crate) fn forget(&mut self, forget: &mut dyn FnMut(&Range<usize>) -> bool) {
        for word in &mut self.words {
            if forget(&word.range()) {
                // No word has the hash of its place and a sign.
                let hash = Hash::of(&format!("\u{1}{}", word.start));
                let hash = if word.shape() == Shape::Number { word.hash() } else { hash };
                word.form = Form::new(hash, word.shape(), Known::default());
            }
        }
    }

    pub(crate) fn at(&self, index: usize) -> Option<&Word> {
        self.words.get(index)
    }

    /// Those of a range that there are.
    pub(crate) fn some(&self, range: Range<usize>) -> &[Word] {
        let end = range.end.min(self.words.len());
        self.words.get(range.start.min(end)..end).unwrap_or_default()
    }

    /// The word `offset` words away.
    pub(crate) fn near(&self, index: usize, offset: isize) -> Option<&Word> {
        self.words.get(index.checked_add_signed(offset)?)
    }

    /// What stands before a word; the text's end counts as the end of a paragraph.
    pub(crate) fn gap(&self, index: usize) -> Gap {
        self.words.get(index).map_or(Gap::Paragraph, |word| word.gap)
    }

    /// The number of the word in its line.
    pub(crate) fn column(&self, index: usize) -> usize {
        let first = self.line_of(index).map_or(0, |line| line.first);
        index.saturating_sub(first)
    }

    fn line_of(&self, index: usize) -> Option<&Line> {
        self.lines.get(self.words.get(index)?.line as usize)
    }

    /// What the line of a word looks like.
    pub(crate) fn levels(&self, index: usize) -> Levels {
        let Some(line) = self.line_of(index) else { return Levels::default() };
        if let Some(levels) = line.levels.get() {
            return levels;
        }
        let levels = self.levels_of(index, line);
        line.levels.set(Some(levels));
        levels
    }

    fn levels_of(&self, index: usize, line: &Line) -> Levels {
        let (words, around) = self.around(index);
        Levels {
            code: level(around.code(), words, &[2, 10, 30]),
            case: line.counts.case(),
            length: match line.words {
                0..=1 => 0,
                2 => 1,
                3..=4 => 2,
                5..=9 => 3,
                10..=29 => 4,
                _ => 5,
            },
            is_small: around.capital() == 0 && around.small() > 0,
        }
    }

    /// The words and counts of a word's line together with the ones above and below.
    fn around(&self, index: usize) -> (u32, Counts) {
        let line = self.words.get(index).map_or(0, |word| word.line as usize);
        let lines = self.lines.get(line.saturating_sub(1)..).unwrap_or_default();
        let lines = lines.iter().take(if line == 0 { 2 } else { 3 });
        lines.fold((0, Counts::default()), |(words, counts), line| {
            (words + line.words, Counts(counts.0 + line.counts.0))
        })
    }
}

/// How many of the limits, in hundredths of all, are reached.
fn level(part: u32, all: u32, limits: &[u32]) -> u8 {
    limits.iter().map(|limit| u8::from(part * 100 >= limit * all.max(1))).sum()
}

/// Four counts of a line's words in sixteen bits each, as a chunk has fewer than two to the power of fifteen:
/// of words of small letters, of those that begin with a capital, of those of capitals alone, and of signs of programming.
#[derive(Debug, Clone, Copy, Default)]
struct Counts(u64);

impl Counts {
    const SMALL: u64 = 1;
    const CAPITAL: u64 = 1 << 16;
    const SHOUTED: u64 = 1 << 32;
    const CODE: u64 = 1 << 48;

    /// Of a word of a shape, by the shape's number.
    const SHAPES: [u64; 16] = Self::shapes();
    /// Of a gap before a word, by the gap's number.
    const GAPS: [u64; 32] = Self::gaps();

    fn add(&mut self, shape: u8, gap: Gap) {
        let shape = Self::SHAPES.get(usize::from(shape & 15)).copied().unwrap_or_default();
        self.0 += shape + Self::GAPS.get(gap as usize & 31).copied().unwrap_or_default();
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where a wrong index is a compile error"
    )]
    const fn shapes() -> [u64; 16] {
        let mut counts = [0; 16];
        let mut index = 0;
        while index < Shape::ALL.len() {
            counts[index] = match Shape::ALL[index] {
                Shape::Lower => Self::SMALL,
                Shape::Title | Shape::Initial | Shape::Inner => Self::CAPITAL,
                Shape::Caps => Self::CAPITAL + Self::SHOUTED,
                Shape::Camel | Shape::Mixed => Self::CODE,
                Shape::Number | Shape::Uncased => 0,
            };
            index += 1;
        }
        counts
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where a wrong index is a compile error"
    )]
    const fn gaps() -> [u64; 32] {
        const OF_CODE: [Gap; 7] =
            [Gap::Code, Gap::Underscore, Gap::Call, Gap::Markup, Gap::Dot, Gap::Slash, Gap::TightColon];
        let mut counts = [0; 32];
        let mut index = 0;
        while index < OF_CODE.len() {
            counts[OF_CODE[index] as usize] = Self::CODE;
            index += 1;
        }
        counts
    }

    fn case(self) -> u8 {
        let all = self.capital() + self.small();
        match level(self.capital(), all, &[1, 15, 40, 80]) {
            0 => 0,
            _ if self.shouted() * 10 > all * 7 => 5,
            level => level,
        }
    }

    fn small(self) -> u32 {
        ((self.0 / Self::SMALL) & 0xFFFF) as u32
    }

    fn capital(self) -> u32 {
        ((self.0 / Self::CAPITAL) & 0xFFFF) as u32
    }

    fn shouted(self) -> u32 {
        ((self.0 / Self::SHOUTED) & 0xFFFF) as u32
    }

    fn code(self) -> u32 {
        ((self.0 / Self::CODE) & 0xFFFF) as u32
    }
}

impl Word {
    /// The word's bytes in the text.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.length as usize
    }

    /// Of its plain letters; of a number always the same.
    pub(crate) fn hash(&self) -> u64 {
        self.form.hash()
    }

    pub(crate) fn known(&self) -> Known {
        self.form.known()
    }

    pub(crate) fn shape(&self) -> Shape {
        self.form.shape()
    }
}

/// The hash of the letters of a key such as `customer_name`, whatever their case and whatever joins them.
pub(crate) fn key_hash(key: &str) -> u64 {
    let mut hash = Hash::new();
    key.bytes().filter(u8::is_ascii_alphanumeric).take(32).for_each(|b| hash.byte(b.to_ascii_lowercase()));
    hash.finish()
}
