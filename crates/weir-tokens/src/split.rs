//! How a text is cut into pieces before its tokens are looked up: the patterns of the known tokenizers, by hand.
//!
//! Each function below is one alternative of a pattern, or several; they are tried in the pattern's order. What a
//! regular expression finds by going back is found by looking once more at what was passed over, at most.

use crate::class::{
    ALPHABETIC, Classes, LETTER, LOWER, MARK, NEWLINE, NUMBER, SPACE, SYMBOL, Table, UPPER, WHITE,
};

/// A pattern by which a tokenizer cuts texts into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pattern {
    words: Words,
    /// The most digits of a piece.
    digits: Digits,
    /// Whether `'s`, `'ll` and the like are pieces, or ends of pieces.
    contractions: bool,
    /// Whether all white space at the end of the text is one piece, though there are ends of lines in it.
    whole_end: bool,
}

/// How letters become pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Words {
    /// Letters after a space or none; numbers and ends of lines are like everything else.
    Gpt2,
    /// Letters after one character that is neither letter nor number, or none.
    Cl100k,
    /// The same, cut where lower case is followed by upper case, with marks as letters.
    O200k,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Digits {
    Any,
    One,
    Three,
}

impl Pattern {
    /// That of GPT-2, `r50k_base` and `p50k_base`, and of byte-level tokenizers that name no other.
    pub const GPT2: Self =
        Self { words: Words::Gpt2, digits: Digits::Any, contractions: true, whole_end: false };
    /// That of `cl100k_base`.
    pub const CL100K: Self =
        Self { words: Words::Cl100k, digits: Digits::Three, contractions: true, whole_end: true };
    /// That of Llama 3.
    pub const LLAMA3: Self = Self { whole_end: false, ..Self::CL100K };
    /// That of Qwen 2, 2.5 and 3.
    pub const QWEN2: Self = Self { digits: Digits::One, ..Self::LLAMA3 };
    /// That of `o200k_base`, and of Llama 4.
    pub const O200K: Self =
        Self { words: Words::O200k, digits: Digits::Three, contractions: true, whole_end: false };
    /// That of Mistral's `tekken`.
    pub const TEKKEN: Self = Self { digits: Digits::One, contractions: false, ..Self::O200K };

    /// Every pattern, by the name that configurations have for it.
    pub const ALL: [(&str, Self); 6] = [
        ("gpt2", Self::GPT2),
        ("cl100k", Self::CL100K),
        ("llama3", Self::LLAMA3),
        ("qwen2", Self::QWEN2),
        ("o200k", Self::O200K),
        ("tekken", Self::TEKKEN),
    ];

    /// The pattern with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, pattern)| *pattern)
    }

    /// The pieces of a text, in order; together they are the text.
    #[must_use]
    pub fn pieces(self, text: &str) -> Pieces<'_> {
        Pieces { pattern: self, table: Table::get(), text: text.as_bytes(), at: 0 }
    }
}

/// The pieces of a text.
pub struct Pieces<'a> {
    pattern: Pattern,
    table: &'static Table,
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let (class, length) = self.table.at(self.text, self.at)?;
        let end = match self.pattern.words {
            Words::Gpt2 => self.gpt2(class, length),
            Words::Cl100k => self.cl100k(class, length),
            Words::O200k => self.o200k(class, length),
        };
        let piece = self.text.get(self.at..end)?;
        self.at = end;
        Some(piece)
    }
}

/// The functions give where the piece that begins at `self.at` ends. `class` and `length` are of its first character.
impl Pieces<'_> {
    fn gpt2(&self, class: Classes, length: usize) -> usize {
        if let Some(end) = self.apostrophe(self.at) {
            return end;
        }
        let (first, start) = self.after_space(class, length);
        match first {
            _ if first & ALPHABETIC != 0 => self.run(start, ALPHABETIC),
            NUMBER => self.run(start, NUMBER),
            _ if first & SYMBOL != 0 => self.run(start, SYMBOL),
            _ => self.white_space(),
        }
    }

    #[inline]
    fn cl100k(&self, class: Classes, length: usize) -> usize {
        if let Some(end) = self.apostrophe(self.at) {
            return end;
        }
        let next = self.at + length;
        match class {
            _ if class & ALPHABETIC != 0 => self.run(next, ALPHABETIC),
            NUMBER => self.number(),
            NEWLINE => self.white_space(),
            _ if self.is(next, ALPHABETIC) => self.run(next, ALPHABETIC),
            _ => self.symbols(class, length).unwrap_or_else(|| self.white_space()),
        }
    }

    #[inline]
    fn o200k(&self, class: Classes, length: usize) -> usize {
        match class {
            NUMBER => return self.number(),
            NEWLINE => return self.white_space(),
            _ => {}
        }
        if let Some(end) = self.word(class, length) {
            return self.apostrophe(end).unwrap_or(end);
        }
        self.symbols(class, length).unwrap_or_else(|| self.white_space())
    }

    /// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`, or the same with `+` and `*`
    /// exchanged. The first alternative is tried with the character before the word and without, then the second.
    #[inline]
    fn word(&self, class: Classes, length: usize) -> Option<usize> {
        const HIGH: Classes = UPPER | LETTER | MARK;
        const LOW: Classes = LOWER | LETTER | MARK;
        let is_letter = class & ALPHABETIC != 0;
        let start = if is_letter { self.at } else { self.at + length };
        let mut end = start;
        // Where the last character ended that may be of either part.
        let mut either = None;
        while let Some((class, length)) = self.table.at(self.text, end)
            && class & (HIGH | LOW) != 0
        {
            end += length;
            match class {
                UPPER => {}
                LOWER => return Some(self.run(end, LOW)),
                _ => either = Some(end),
            }
        }
        // A mark is a word by itself before it is what stands before one of upper case.
        let alone = (class == MARK).then_some(self.at + length);
        either.or(alone).or((end > start).then_some(end))
    }

    /// `\p{N}{1,3}`, or as many as there may be.
    fn number(&self) -> usize {
        let most = match self.pattern.digits {
            Digits::Any => return self.run(self.at, NUMBER),
            Digits::One => 1,
            Digits::Three => 3,
        };
        let mut end = self.at;
        for _ in 0..most {
            match self.table.at(self.text, end) {
                Some((NUMBER, length)) => end += length,
                _ => break,
            }
        }
        end
    }

    /// ` ?[^\s\p{L}\p{N}]+[\r\n]*`, with slashes among the ends of lines for `o200k`.
    fn symbols(&self, class: Classes, length: usize) -> Option<usize> {
        let (first, start) = self.after_space(class, length);
        if first & SYMBOL == 0 {
            return None;
        }
        let end = self.run(start, SYMBOL);
        let takes = |byte: &u8| match byte {
            b'\r' | b'\n' => true,
            b'/' => self.pattern.words == Words::O200k,
            _ => false,
        };
        let after = self.text.get(end..).unwrap_or_default();
        Some(end + after.iter().take_while(|byte| takes(byte)).count())
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`, for GPT-2 without the first, and where white space ends the text with `\s+$` before it.
    fn white_space(&self) -> usize {
        let (mut end, mut last, mut line) = (self.at, self.at, None);
        while let Some((class, length)) = self.table.at(self.text, end)
            && class & WHITE != 0
        {
            last = end;
            end += length;
            if class == NEWLINE {
                line = Some(end);
            }
        }
        let is_end = end == self.text.len();
        match line {
            Some(line) if self.pattern.words != Words::Gpt2 && !(is_end && self.pattern.whole_end) => line,
            _ if is_end || last == self.at => end,
            _ => last,
        }
    }

    /// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d`, but for GPT-2 in either case.
    #[inline]
    fn apostrophe(&self, at: usize) -> Option<usize> {
        if self.text.get(at) != Some(&b'\'') || !self.pattern.contractions {
            return None;
        }
        let folded = |ahead: usize| {
            let byte = *self.text.get(at + ahead)?;
            Some(if self.pattern.words == Words::Gpt2 { byte } else { byte.to_ascii_lowercase() })
        };
        match (folded(1)?, folded(2)) {
            (b's' | b't' | b'm' | b'd', _) => Some(at + 2),
            (b'r' | b'v', Some(b'e')) | (b'l', Some(b'l')) => Some(at + 3),
            // The long s is an s in another case.
            (0xc5, Some(0xbf)) if self.pattern.words != Words::Gpt2 => Some(at + 3),
            _ => None,
        }
    }

    /// The class of the first character that is no space, and where it begins, if at most one space comes first.
    fn after_space(&self, class: Classes, length: usize) -> (Classes, usize) {
        let next = self.at + length;
        match (self.text.get(self.at), self.table.at(self.text, next)) {
            (Some(b' '), Some((class, _))) => (class, next),
            (Some(b' '), None) => (SPACE, self.at),
            _ => (class, self.at),
        }
    }

    #[inline]
    fn is(&self, at: usize, classes: Classes) -> bool {
        self.table.at(self.text, at).is_some_and(|(class, _)| class & classes != 0)
    }

    #[inline]
    fn run(&self, at: usize, classes: Classes) -> usize {
        self.table.run(self.text, at, classes)
    }
}
