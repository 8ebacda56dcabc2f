//! The words of a stretch of text with what is known of them, and the lines they stand in.

use crate::gap::Gap;
use crate::hash::Hash;
use crate::lexicon::{Known, Lexicon};
use crate::token::{Shape, Token, tokens};
use std::ops::Range;

/// One word. Half a cache line: a chunk of text has thousands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// First byte in the text.
    pub(crate) start: usize,
    /// The byte after the word.
    pub(crate) end: usize,
    /// Of its plain letters.
    pub(crate) hash: u64,
    /// Index of its line.
    line: u32,
    pub(crate) known: Known,
    pub(crate) shape: Shape,
    /// What stands before it.
    pub(crate) gap: Gap,
}

/// What a line looks like.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    first: usize,
    words: usize,
    /// Words of small letters.
    small: usize,
    /// Words that begin with a capital.
    capital: usize,
    /// Words of capitals alone.
    shouted: usize,
    /// Signs of programming.
    code: usize,
}

/// Room is made for so many words at first, and for more if there are more.
const BYTES_PER_WORD: usize = 5;

/// Words of a bounded stretch of a text. Beyond both ends there are none.
#[derive(Debug, Default)]
pub(crate) struct Words {
    words: Vec<Word>,
    lines: Vec<Line>,
    /// Whether the text begins and ends with these words.
    is_whole: [bool; 2],
}

impl Words {
    /// Reads the words that begin in `from..to`; gives the place where to go on.
    pub(crate) fn read(&mut self, text: &str, from: usize, to: usize, lexicon: &Lexicon<'_>) -> usize {
        let Self { words, lines, is_whole: _ } = self;
        words.clear();
        lines.clear();
        words.reserve(to.min(text.len()).saturating_sub(from) / BYTES_PER_WORD + 1);
        let mut line = Line::default();
        let next = tokens(text, from, to, &mut |token| {
            if matches!(token.gap, Gap::Line | Gap::Paragraph | Gap::Item) {
                lines.push(line);
                line = Line { first: words.len(), ..Line::default() };
            }
            line.add(&token);
            words.push(Word::new(&token, lexicon, lines.len() as u32));
        });
        lines.push(line);
        self.is_whole = [from == 0, next >= text.len()];
        next
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

    /// Makes strangers of words, for training.
    pub(crate) fn forget(&mut self, forget: &mut dyn FnMut(&Range<usize>) -> bool) {
        for word in &mut self.words {
            if forget(&(word.start..word.end)) {
                word.known = Known::default();
                // No word has the hash of its place and a sign.
                word.hash = Hash::of(&format!("\u{1}{}", word.start));
            }
        }
    }

    pub(crate) fn all(&self) -> &[Word] {
        &self.words
    }

    pub(crate) fn at(&self, index: usize) -> Option<&Word> {
        self.words.get(index)
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

    /// How code-like the lines around a word are: 0 is prose, 3 is code.
    pub(crate) fn code_level(&self, index: usize) -> u8 {
        let around = self.around(index);
        match around.code * 100 / around.words.max(1) {
            0..2 => 0,
            2..10 => 1,
            10..30 => 2,
            _ => 3,
        }
    }

    /// Whether nobody uses capitals around a word.
    pub(crate) fn is_small(&self, index: usize) -> bool {
        let around = self.around(index);
        around.capital == 0 && around.small > 0
    }

    /// How the word's line is written: small letters alone, a sentence, a heading, capitals alone.
    pub(crate) fn case_level(&self, index: usize) -> u8 {
        let Some(line) = self.line_of(index) else { return 0 };
        match line.capital * 100 / (line.capital + line.small).max(1) {
            0 => 0,
            _ if line.shouted * 10 > (line.capital + line.small) * 7 => 5,
            1..15 => 1,
            15..40 => 2,
            40..80 => 3,
            _ => 4,
        }
    }

    /// How long the word's line is.
    pub(crate) fn length_level(&self, index: usize) -> u8 {
        match self.line_of(index).map_or(0, |line| line.words) {
            0..=1 => 0,
            2 => 1,
            3..=4 => 2,
            5..=9 => 3,
            10..=29 => 4,
            _ => 5,
        }
    }

    /// A word's line together with the ones above and below.
    fn around(&self, index: usize) -> Line {
        let line = self.words.get(index).map_or(0, |word| word.line as usize);
        let lines =
            self.lines.get(line.saturating_sub(1)..(line + 2).min(self.lines.len())).unwrap_or_default();
        lines.iter().fold(Line::default(), |sum, line| Line {
            first: 0,
            words: sum.words + line.words,
            small: sum.small + line.small,
            capital: sum.capital + line.capital,
            shouted: sum.shouted + line.shouted,
            code: sum.code + line.code,
        })
    }
}

impl Line {
    fn add(&mut self, token: &Token) {
        self.words += 1;
        self.small += usize::from(token.shape == Shape::Lower);
        self.capital += usize::from(token.shape.is_capital());
        self.shouted += usize::from(token.shape == Shape::Caps);
        let code_gap = matches!(
            token.gap,
            Gap::Code | Gap::Underscore | Gap::Call | Gap::Markup | Gap::Dot | Gap::Slash | Gap::TightColon
        );
        let code_shape = matches!(token.shape, Shape::Camel | Shape::Mixed);
        self.code += usize::from(code_gap) + usize::from(code_shape);
    }
}

impl Word {
    fn new(token: &Token, lexicon: &Lexicon<'_>, line: u32) -> Self {
        let Token { start, end, hash, shape, gap } = *token;
        // Looked up in any case: the processor guesses too often wrong whether a word is one.
        let known = lexicon.find(hash);
        let known = if shape.is_word() { known } else { Known::default() };
        Self { start, end, hash, line, known, shape, gap }
    }
}

/// The hash of the letters of a key such as `customer_name`, whatever their case and whatever joins them.
pub(crate) fn key_hash(key: &str) -> u64 {
    let mut hash = Hash::new();
    key.bytes().filter(u8::is_ascii_alphanumeric).take(32).for_each(|b| hash.byte(b.to_ascii_lowercase()));
    hash.finish()
}
