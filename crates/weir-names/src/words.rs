//! The words of a stretch of text with what is known of them, and the lines they stand in.

use crate::gap::Gap;
use crate::hash::Hash;
use crate::lexicon::{Known, Lexicon};
use crate::token::{Shape, Token, tokens};
use std::ops::Range;

/// One word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    pub(crate) token: Token,
    pub(crate) known: Known,
    /// Index of its line.
    line: usize,
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

/// Words of a bounded stretch of a text. Beyond both ends there are none.
#[derive(Debug, Default)]
pub(crate) struct Words {
    words: Vec<Word>,
    lines: Vec<Line>,
    tokens: Vec<Token>,
    /// Whether the text begins and ends with these words.
    is_whole: [bool; 2],
}

impl Words {
    /// Reads the words that begin in `from..to`; gives the place where to go on.
    pub(crate) fn read(&mut self, text: &str, from: usize, to: usize, lexicon: &Lexicon<'_>) -> usize {
        self.tokens.clear();
        self.words.clear();
        self.lines.clear();
        let next = tokens(text, from, to, &mut self.tokens);
        for (index, token) in self.tokens.iter().enumerate() {
            if self.lines.is_empty() || matches!(token.gap, Gap::Line | Gap::Paragraph | Gap::Item) {
                self.lines.push(Line { first: index, ..Line::default() });
            }
            if let Some(line) = self.lines.last_mut() {
                line.add(token);
            }
            let known = if token.shape.is_word() { lexicon.find(token.word) } else { Known::default() };
            self.words.push(Word { token: *token, known, line: self.lines.len() - 1 });
        }
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
            if forget(&(word.token.start..word.token.end)) {
                word.known = Known::default();
                // No word has the hash of its place and a sign.
                word.token.word = Hash::of(&format!("\u{1}{}", word.token.start));
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len()
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
        self.words.get(index).map_or(Gap::Paragraph, |word| word.token.gap)
    }

    /// The number of the word in its line.
    pub(crate) fn column(&self, index: usize) -> usize {
        let first = self.line_of(index).map_or(0, |line| line.first);
        index.saturating_sub(first)
    }

    fn line_of(&self, index: usize) -> Option<&Line> {
        self.lines.get(self.words.get(index)?.line)
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
        let line = self.words.get(index).map_or(0, |word| word.line);
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
    /// The hash of a word, or of the edge of the text.
    pub(crate) fn hash(word: Option<&Word>) -> u64 {
        match word {
            None => 1,
            // The amount does not matter.
            Some(Word { token: Token { shape: Shape::Number, .. }, .. }) => 2,
            Some(word) => word.token.word.finish(),
        }
    }

    pub(crate) fn shape(word: Option<&Word>) -> u64 {
        word.map_or(15, |word| word.token.shape as u64)
    }
}

/// The hash of the letters of a key such as `customer_name`, whatever their case and whatever joins them.
pub(crate) fn key_hash(key: &str) -> u64 {
    let mut hash = Hash::new();
    key.bytes().filter(u8::is_ascii_alphanumeric).take(32).for_each(|b| hash.byte(b.to_ascii_lowercase()));
    hash.finish()
}
