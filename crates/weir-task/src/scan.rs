//! Text → words, and counts of what else is in it.

use crate::fold::{fold, is_unspaced};
use crate::hash::Rolling;
use crate::lexicon::{Groups, Lexicon};

/// Of a long text the beginning and the end are read: so many bytes each.
const PART_BYTES: usize = 4096;
/// Where the beginning of a text ends, in bytes: instructions mostly stand in it.
pub(crate) const HEAD_BYTES: usize = 400;
/// How long the end of a text is, in bytes.
pub(crate) const TAIL_BYTES: usize = 300;

/// How many characters the beginning of a word has.
const BEGINNING: u32 = 4;
/// From how many characters on the lexicon is asked whether a word begins so.
const NEAR_MIN: u32 = 3;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Word,
    Number,
    /// A character of a script without spaces.
    Sign,
    /// Punctuation that says how a text is built, or the end of a line.
    Mark,
}

/// A word, a number, a sign or a mark, with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub class: Class,
    pub hash: u64,
    /// The hash of its first four characters, or its own.
    pub beginning: u64,
    /// Its last four bytes, lower case.
    pub ending: u32,
    pub start: usize,
    pub end: usize,
    /// The groups of the lexicon that the word alone belongs to.
    pub groups: Groups,
    pub starts_sentence: bool,
    pub chars: u32,
    pub is_capital: bool,
}

/// A text, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub tokens: Vec<Token>,
    /// Bytes of the whole text.
    pub bytes: usize,
    /// How many times as long as what was read the text is.
    pub stretch: f32,
}

/// Takes a text apart.
pub(crate) fn scan(text: &str, lexicon: &Lexicon<'_>) -> Scan {
    let (head, tail) = parts(text);
    let mut tokens = Vec::with_capacity((head.len() + tail.len()) / 4 + 8);
    let mut scanner = Scanner { lexicon, tokens: &mut tokens, bytes: text.len(), starts_sentence: true };
    scanner.read(head, 0);
    scanner.read(tail, text.len() - tail.len());
    let read = (head.len() + tail.len()).max(1);
    Scan { tokens, bytes: text.len(), stretch: text.len().max(1) as f32 / read as f32 }
}

/// The beginning and, if the text is longer than both, the end.
pub(crate) fn parts(text: &str) -> (&str, &str) {
    if text.len() <= 2 * PART_BYTES {
        return (text, "");
    }
    let head = text.floor_char_boundary(PART_BYTES);
    let tail = text.ceil_char_boundary(text.len() - PART_BYTES);
    (text.get(..head).unwrap_or_default(), text.get(tail..).unwrap_or_default())
}

struct Scanner<'s, 'l> {
    lexicon: &'s Lexicon<'l>,
    tokens: &'s mut Vec<Token>,
    bytes: usize,
    starts_sentence: bool,
}

/// A word that is being read.
struct Open {
    rolling: Rolling,
    beginning: u64,
    groups: Groups,
    start: usize,
    chars: u32,
    ending: u32,
    digits: u32,
    is_capital: bool,
    /// Whether its place is one where beginnings are looked up.
    is_near: bool,
}

impl Scanner<'_, '_> {
    fn read(&mut self, part: &str, offset: usize) {
        let mut rest = part;
        while let Some(first) = rest.bytes().next() {
            let at = offset + part.len() - rest.len();
            // Between most words stands one of these, and says nothing.
            if first == b' ' {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let letter = if first.is_ascii() { Some(char::from(first)) } else { rest.chars().next() };
            let Some(letter) = letter else { break };
            let length = if is_of_a_word(letter) {
                self.word(rest, at)
            } else {
                self.other(letter, at);
                letter.len_utf8()
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        self.starts_sentence = true;
    }

    /// Reads the word that a text begins with; gives its length in bytes.
    fn word(&mut self, text: &str, start: usize) -> usize {
        let is_near = start < HEAD_BYTES || start + TAIL_BYTES > self.bytes;
        let mut word = Open::at(start, is_near);
        let mut length = 0;
        let bytes = text.as_bytes();
        loop {
            let rest = bytes.get(length..).unwrap_or_default();
            let ascii = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            word.push_ascii(rest.get(..ascii).unwrap_or_default(), self.lexicon);
            length += ascii;
            if rest.get(ascii).is_none_or(u8::is_ascii) {
                break;
            }
            let letter = text.get(length..).and_then(|rest| rest.chars().next());
            let Some(letter) = letter.filter(|letter| is_of_a_word(*letter)) else { break };
            word.push(letter, self.lexicon);
            length += letter.len_utf8();
        }
        self.close(word, start + length);
        length
    }

    fn close(&mut self, word: Open, end: usize) {
        let is_number = word.digits == word.chars;
        // Numbers differ by length alone: which one it is says nothing of the task.
        let hash = if is_number { u64::from(word.chars.min(5)) } else { word.rolling.word() };
        let groups = if is_number { Groups::NONE } else { word.groups.and(self.lexicon.find(hash)) };
        self.add(Token {
            class: if is_number { Class::Number } else { Class::Word },
            hash,
            beginning: if word.chars < BEGINNING { hash } else { word.beginning },
            ending: word.ending,
            start: word.start,
            end,
            groups,
            starts_sentence: self.starts_sentence,
            chars: word.chars,
            is_capital: word.is_capital,
        });
        self.starts_sentence = false;
    }

    /// A character that belongs to no word.
    fn other(&mut self, letter: char, at: usize) {
        let ends_sentence = matches!(letter, '.' | '!' | '?' | ':' | '\n' | '。' | '？' | '！' | '：');
        let is_sign = !letter.is_ascii() && is_unspaced(letter);
        let is_mark =
            matches!(letter, '?' | '!' | ':' | '\n' | '"' | '`' | '？' | '：' | '“' | '„' | '「' | '。');
        if is_sign || is_mark {
            let mut rolling = Rolling::START;
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                rolling = rolling.push(byte);
            }
            let hash = rolling.word();
            let starts_sentence = self.starts_sentence && is_sign;
            let class = if is_sign { Class::Sign } else { Class::Mark };
            let end = at + letter.len_utf8();
            let groups = self.lexicon.find(hash);
            let (beginning, ending) = (hash, u32::from(letter));
            self.add(Token {
                class,
                hash,
                beginning,
                ending,
                start: at,
                end,
                groups,
                starts_sentence,
                chars: 1,
                is_capital: false,
            });
        }
        if ends_sentence {
            self.starts_sentence = true;
        } else if is_sign {
            self.starts_sentence = false;
        }
    }

    fn add(&mut self, token: Token) {
        // A run of empty lines is one mark.
        let repeats =
            token.class == Class::Mark && self.tokens.last().is_some_and(|last| last.hash == token.hash);
        if !repeats {
            self.tokens.push(token);
        }
    }
}

/// Whether a character can be part of a word.
fn is_of_a_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || (!letter.is_ascii() && letter.is_alphanumeric() && !is_unspaced(letter))
}

impl Open {
    fn at(start: usize, is_near: bool) -> Self {
        Open {
            rolling: Rolling::START,
            beginning: 0,
            groups: Groups::NONE,
            start,
            chars: 0,
            ending: 0,
            digits: 0,
            is_capital: false,
            is_near,
        }
    }

    /// Letters and digits of ASCII.
    #[inline]
    fn push_ascii(&mut self, run: &[u8], lexicon: &Lexicon<'_>) {
        if self.chars == 0 {
            self.is_capital = run.first().is_some_and(u8::is_ascii_uppercase);
        }
        // Small letters and digits have this bit, capitals do not.
        let small = |byte: &u8| byte | 0x20;
        let (mut rolling, mut chars) = (self.rolling, self.chars);
        for byte in run {
            rolling = rolling.push(small(byte));
            self.digits += u32::from(byte.is_ascii_digit());
            chars += 1;
            if chars == BEGINNING {
                self.beginning = rolling.beginning();
            }
            if self.is_near && chars >= NEAR_MIN {
                self.groups = self.groups.and(lexicon.find(rolling.beginning()));
            }
        }
        (self.rolling, self.chars) = (rolling, chars);
        let last = run.get(run.len().saturating_sub(4)..).unwrap_or_default();
        self.ending = last.iter().fold(self.ending, |ending, byte| ending << 8 | u32::from(small(byte)));
    }

    fn push(&mut self, letter: char, lexicon: &Lexicon<'_>) {
        if self.chars == 0 {
            self.is_capital = letter.is_uppercase();
        }
        let (first, second) = fold(letter);
        for letter in [Some(first), second].into_iter().flatten() {
            letter.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| self.add(byte));
        }
        self.count(lexicon);
    }

    #[inline]
    fn add(&mut self, byte: u8) {
        self.ending = self.ending << 8 | u32::from(byte);
        self.rolling = self.rolling.push(byte);
    }

    #[inline]
    fn count(&mut self, lexicon: &Lexicon<'_>) {
        self.chars += 1;
        if self.chars == BEGINNING {
            self.beginning = self.rolling.beginning();
        }
        if self.is_near && self.chars >= NEAR_MIN {
            self.groups = self.groups.and(lexicon.find(self.rolling.beginning()));
        }
    }
}
