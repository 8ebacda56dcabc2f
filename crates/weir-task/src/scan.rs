//! Text → words, and counts of what else is in it.

mod word;

use crate::block::{BLOCK, Block, count, filled};
use crate::eights::{eight, first};
use crate::fold::{fold, is_unspaced};
use crate::groups::Groups;
use crate::hash::{Hash, mix};
use crate::lexicon::{Known, Lexicon, STEM_MIN};
use crate::shape::is_to_note;
use crate::words::Words;
use word::{BEGINNING, Eights, Word};
pub(crate) use word::{eights, stem};

/// Of a long text the beginning and the end are read: so many bytes each.
const PART_BYTES: usize = 4096;
/// Where the beginning of a text ends, in bytes: instructions mostly stand in it.
pub(crate) const HEAD_BYTES: usize = 400;
/// How long the end of a text is, in bytes.
pub(crate) const TAIL_BYTES: usize = 300;

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
    pub hash: u64,
    /// The hash of the token before and its own.
    pub pair: u64,
    /// What the lexicon says of the word alone.
    pub known: Known,
    /// Its first four letters, without case and accents.
    pub beginning: u64,
    /// Its last four bytes, likewise.
    pub ending: u32,
    /// In bytes of the text.
    pub start: u32,
    pub chars: u32,
    pub class: Class,
    pub starts_sentence: bool,
    pub is_capital: bool,
}

impl Token {
    /// Whether it begins in the beginning of its text.
    #[inline]
    pub fn is_head(&self) -> bool {
        (self.start as usize) < HEAD_BYTES
    }

    /// Whether it begins in the end of its text, of so many bytes.
    #[inline]
    pub fn is_tail(&self, bytes: usize) -> bool {
        self.start as usize + TAIL_BYTES > bytes
    }
}

/// A text, taken apart.
#[derive(Debug)]
pub(crate) struct Scan {
    pub tokens: Vec<Token>,
    /// Bytes of the whole text.
    pub bytes: usize,
    /// How many times as long as what was read the text is.
    pub stretch: f32,
    pub counts: Counts,
    pub words: Words,
    pub groups: Groups,
    /// The first and the last token that is the end of a line.
    pub line_ends: Option<(usize, usize)>,
    /// Whether there is a line that is indented or an option.
    pub has_line_to_note: bool,
}

/// Counts of what was read.
#[derive(Debug)]
pub(crate) struct Counts {
    pub chars: u32,
    pub digits: u32,
    pub capitals: u32,
    /// Characters that are not ASCII.
    pub foreign: u32,
    /// Of each character of ASCII that is no letter, no digit and no space.
    pub marks: [u32; 128],
}

/// Takes a text apart.
pub(crate) fn scan(text: &str, lexicon: &Lexicon<'_>) -> Scan {
    let (head, tail) = parts(text);
    let read = head.len() + tail.len();
    let of_kind = |first, last| count(head.as_bytes(), first, last) + count(tail.as_bytes(), first, last);
    let mut scan = Scan {
        tokens: Vec::with_capacity(read / 4 + 8),
        bytes: text.len(),
        stretch: text.len().max(1) as f32 / read.max(1) as f32,
        counts: Counts {
            chars: read as u32,
            digits: of_kind(b'0', b'9'),
            capitals: of_kind(b'A', b'Z'),
            foreign: 0,
            marks: [0; 128],
        },
        words: Words::default(),
        groups: Groups::default(),
        line_ends: None,
        has_line_to_note: false,
    };
    let mut scanner = Scanner {
        lexicon,
        scan: &mut scan,
        before: Hash::WORD.value(),
        tail_start: text.len().saturating_sub(TAIL_BYTES),
        starts_sentence: true,
    };
    scanner.read(head, 0);
    scanner.read(tail, text.len() - tail.len());
    scan
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
    scan: &'s mut Scan,
    tail_start: usize,
    /// The hash of the last token.
    before: u64,
    starts_sentence: bool,
}

impl Scanner<'_, '_> {
    fn read(&mut self, part: &str, offset: usize) {
        let (bytes, mut at) = (part.as_bytes(), 0);
        self.scan.has_line_to_note |= is_to_note(bytes);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let end;
            let block = Block::of(match rest.first_chunk() {
                Some(bytes) => bytes,
                None => {
                    end = filled(rest);
                    &end
                }
            });
            let start = offset + at;
            at += if start < HEAD_BYTES || start + BLOCK > self.tail_start {
                self.block::<true>(&block, part, at, start)
            } else {
                self.block::<false>(&block, part, at, start)
            };
        }
        self.starts_sentence = true;
    }

    /// Reads the block at a place of a part, at `start` of the text, that is near the beginning or the end of the text or
    /// not; gives how far it was read, in bytes: to the word that goes on beyond it, if there is one.
    #[inline(never)]
    fn block<const IS_NEAR: bool>(
        &mut self,
        block: &Block<'_>,
        part: &str,
        from: usize,
        start: usize,
    ) -> usize {
        let mut starts = block.starts();
        while starts != 0 {
            let place = starts.trailing_zeros() as usize;
            let length = block.word(place);
            let end = place + length;
            let is_whole = end < BLOCK && !block.is_foreign(end);
            if (1..=8).contains(&length) && is_whole && !block.is_digit(place) {
                let word = Word::short(block.eight(place), length as u32);
                let known = self.known::<IS_NEAR>(&word, start + place);
                self.add_word::<IS_NEAR>(word, known, start + place);
            } else if length == 0 && block.is_mark(place) {
                self.ascii(block.byte(place), start + place);
            } else if length > 0 && is_whole {
                let word = part.as_bytes().get(from + place..from + end);
                self.word(word.unwrap_or_default(), start + place);
            } else if end == BLOCK && place > 0 {
                return place;
            } else {
                let rest = part.get(from + place..).unwrap_or_default();
                let end = place + self.other(rest, start + place);
                if end >= BLOCK {
                    return end;
                }
                starts &= u64::MAX << end;
                continue;
            }
            starts &= starts - 1;
        }
        BLOCK
    }

    /// Reads a word of letters and digits of ASCII.
    #[inline(never)]
    fn word(&mut self, text: &[u8], at: usize) {
        let is_number = text.iter().all(u8::is_ascii_digit);
        self.close(Word { is_number, ..Word::ascii(text) }, at);
    }

    /// Reads a word of any length, the end of a line or what is not ASCII, with which a text begins; gives its length in
    /// bytes.
    #[inline(never)]
    fn other(&mut self, text: &str, at: usize) -> usize {
        match text.as_bytes() {
            [b'\n', rest @ ..] => {
                self.scan.has_line_to_note |= is_to_note(rest);
                self.ascii(b'\n', at);
                1
            }
            [byte, ..] if byte.is_ascii() => self.any_word(text, at),
            _ => self.foreign(text, at),
        }
    }

    /// Reads a word of any length that a text begins with, and that begins with ASCII; gives its length in bytes.
    fn any_word(&mut self, text: &str, at: usize) -> usize {
        let length = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (own, rest) = text.split_at_checked(length).unwrap_or((text, ""));
        if rest.starts_with(is_of_a_word) {
            return self.accented(text, at);
        }
        self.word(own.as_bytes(), at);
        length
    }

    /// The same letter by letter, where not all are ASCII.
    fn accented(&mut self, text: &str, at: usize) -> usize {
        let (mut word, mut length) = (Word::NEW, 0);
        // Folded bytes that are not eight yet.
        let (mut eight, mut filled, mut chars, mut digits, mut beginning) = (0, 0, 0, 0, 8);
        for letter in text.chars().take_while(|letter| is_of_a_word(*letter)) {
            if chars == 0 {
                word.is_capital = letter.is_uppercase();
            }
            length += letter.len_utf8();
            chars += 1;
            digits += u32::from(letter.is_ascii_digit());
            self.scan.counts.add(letter);
            let (plain, second) =
                if letter.is_ascii() { (letter.to_ascii_lowercase(), None) } else { fold(letter) };
            for plain in [Some(plain), second].into_iter().flatten() {
                for byte in plain.encode_utf8(&mut [0; 4]).bytes() {
                    eight |= u64::from(byte) << (8 * filled);
                    filled += 1;
                    if filled == 8 {
                        word.push(eight, 8);
                        (eight, filled) = (0, 0);
                    }
                }
            }
            if chars == BEGINNING {
                beginning = word.bytes + filled;
            }
        }
        if filled > 0 {
            word.push(eight, filled);
        }
        (word.chars, word.beginning, word.is_number) = (chars, beginning, digits == chars);
        self.close(word, at);
        length
    }

    /// Adds a word or number of any kind.
    fn close(&mut self, mut word: Word, at: usize) {
        let mut known = Known::NONE;
        if word.is_number {
            // Numbers differ by length alone: which one it is says nothing of the task.
            word.hash = Hash::WORD.push(u64::from(word.chars.min(5)));
        } else {
            known = self.known::<true>(&word, at);
        }
        self.add_word::<true>(word, known, at);
    }

    #[inline(always)]
    fn add_word<const IS_NEAR: bool>(&mut self, word: Word, known: Known, at: usize) {
        self.add::<IS_NEAR>(Token {
            hash: word.hash.value(),
            pair: mix(self.before, word.hash.value()),
            known,
            beginning: word.start(),
            ending: word.ending,
            start: at as u32,
            chars: word.chars,
            class: if word.is_number { Class::Number } else { Class::Word },
            starts_sentence: self.starts_sentence,
            is_capital: word.is_capital,
        });
        self.starts_sentence = false;
    }

    /// What the lexicon says of a word, which may be near the beginning or the end of the text or is not.
    #[inline(always)]
    fn known<const IS_NEAR: bool>(&self, word: &Word, at: usize) -> Known {
        let known = self.lexicon.find(word.hash);
        if IS_NEAR && (at < HEAD_BYTES || at > self.tail_start) { known.and(self.stems(word)) } else { known }
    }

    /// What the lexicon says of words that begin like this one.
    #[inline(always)]
    fn stems(&self, word: &Word) -> Known {
        let longer = match word.bytes >= STEM_MIN {
            true => self.lexicon.find(Hash::START.push(first(word.eights[0], STEM_MIN))),
            false => Known::NONE,
        };
        if longer == Known::NONE { longer } else { self.stems_of(longer, word.eights, word.bytes) }
    }

    /// The same of a word that begins as some stems do.
    #[inline(never)]
    fn stems_of(&self, longer: Known, eights: Eights, bytes: u32) -> Known {
        let mut known = Known::NONE;
        longer.each(|longer| {
            let length = STEM_MIN + longer as u32;
            if length <= bytes {
                known = known.and(self.lexicon.find(stem(&eights, length)));
            }
        });
        known
    }

    /// A character of ASCII that belongs to no word.
    #[inline(always)]
    fn ascii(&mut self, byte: u8, at: usize) {
        if let Some(count) = self.scan.counts.marks.get_mut(usize::from(byte)) {
            *count += 1;
        }
        if matches!(byte, b'?' | b'!' | b':' | b'\n' | b'"' | b'`') {
            self.sign(Class::Mark, char::from(byte), at);
        }
        self.starts_sentence |= matches!(byte, b'.' | b'!' | b'?' | b':' | b'\n');
    }

    /// Reads a word or a character that begins with a character that is not ASCII; gives its length in bytes.
    fn foreign(&mut self, text: &str, at: usize) -> usize {
        let Some(letter) = text.chars().next() else { return text.len() };
        if is_of_a_word(letter) {
            return self.accented(text, at);
        }
        self.scan.counts.add(letter);
        let is_sign = is_unspaced(letter);
        if is_sign || matches!(letter, '？' | '：' | '“' | '„' | '「' | '。') {
            self.sign(if is_sign { Class::Sign } else { Class::Mark }, letter, at);
        }
        if matches!(letter, '。' | '？' | '！' | '：') {
            self.starts_sentence = true;
        } else if is_sign {
            self.starts_sentence = false;
        }
        letter.len_utf8()
    }

    /// A token of one character.
    #[inline(never)]
    fn sign(&mut self, class: Class, letter: char, at: usize) {
        let own = eight(letter.encode_utf8(&mut [0; 4]).as_bytes());
        let hash = Hash::WORD.push(own);
        // A run of empty lines is one mark.
        if class == Class::Mark && self.before == hash.value() {
            return;
        }
        if letter == '\n' {
            let place = self.scan.tokens.len();
            self.scan.line_ends = Some((self.scan.line_ends.map_or(place, |(first, _)| first), place));
        }
        self.add::<true>(Token {
            hash: hash.value(),
            pair: mix(self.before, hash.value()),
            known: self.lexicon.find(hash),
            beginning: own,
            ending: 0,
            start: at as u32,
            chars: 1,
            class,
            starts_sentence: self.starts_sentence && class == Class::Sign,
            is_capital: false,
        });
    }

    #[inline(always)]
    fn add<const IS_NEAR: bool>(&mut self, token: Token) {
        self.before = token.hash;
        if token.class != Class::Mark {
            self.scan.words.add(&token);
        }
        self.scan.tokens.push(token);
        // Most words say nothing.
        if token.known.is_of_groups() {
            if IS_NEAR {
                self.add_groups();
            } else {
                self.scan.add_groups_between(&token);
            }
        }
    }

    /// Counts the groups of the last token.
    #[inline(never)]
    fn add_groups(&mut self) {
        let Scan { tokens, bytes, groups, words, .. } = &mut *self.scan;
        let Some((token, before)) = tokens.split_last() else { return };
        groups.add(token, before, *bytes, self.lexicon);
        if token.class != Class::Mark {
            words.add_groups(token.known, token.is_capital);
        }
    }
}

impl Scan {
    /// Counts the groups of a token that is near neither end of the text.
    #[inline(always)]
    fn add_groups_between(&mut self, token: &Token) {
        self.groups.add_between(token.known);
        if token.class != Class::Mark {
            self.words.add_groups(token.known, token.is_capital);
        }
    }
}

impl Counts {
    /// Takes note of a character.
    fn add(&mut self, letter: char) {
        self.chars -= letter.len_utf8() as u32 - 1;
        self.foreign += u32::from(!letter.is_ascii());
    }
}

/// Whether a character can be part of a word.
fn is_of_a_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || (!letter.is_ascii() && !is_unspaced(letter) && letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{Class, Scan, is_of_a_word, scan};
    use crate::lexicon::{Lexicon, encode};
    use std::sync::LazyLock;

    static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| encode("").unwrap().1);

    fn scanned(text: &str) -> Scan {
        scan(text, &Lexicon::decode(&TABLE).unwrap())
    }

    #[test]
    fn a_word_is_the_same_wherever_it_stands() {
        for length in 1..=26 {
            let word = "abcdefghijklmnopqrstuvwxyz".get(..length).unwrap();
            let alone = scanned(word).tokens[0];
            assert_eq!((alone.chars as usize, alone.class), (length, Class::Word));
            for text in
                [format!("{word} more words"), format!("{word}, x"), format!("{word}“"), word.to_uppercase()]
            {
                let token = scanned(&text).tokens[0];
                assert_eq!(
                    (token.hash, token.beginning, token.ending, token.chars),
                    (alone.hash, alone.beginning, alone.ending, alone.chars),
                    "{text}"
                );
            }
            // With an accent it is read letter by letter.
            let accented = word.replacen('a', "á", 1);
            let token = scanned(&accented).tokens[0];
            assert_eq!(
                (token.hash, token.beginning, token.ending),
                (alone.hash, alone.beginning, alone.ending),
                "{accented}"
            );
            assert_ne!(scanned(&format!("{word}z")).tokens[0].hash, alone.hash);
        }
    }

    #[test]
    fn endings_and_beginnings_are_of_four_letters() {
        let of = |text: &str| {
            let token = scanned(text).tokens[0];
            (token.beginning.to_le_bytes(), token.ending.to_le_bytes())
        };
        assert_eq!(of("Translating"), (*b"tran\0\0\0\0", *b"ting"));
        assert_eq!(of("ab"), (*b"ab\0\0\0\0\0\0", *b"\0\0ab"));
        assert_eq!(of("überprüfen"), (*b"uber\0\0\0\0", *b"ufen"));
        assert_eq!(of("abcdefghi"), (*b"abcd\0\0\0\0", *b"fghi"));
        assert_eq!(of("переведи").0, *"пере".as_bytes());
    }

    /// Texts in which anything stands beside anything, the same every time.
    fn texts() -> impl Iterator<Item = String> {
        let pieces = [
            "a", "Z", "0", "abcdefgh", "ABCDEFG1", " ", "\n", ".", "-", "é", "ß", "İ", "ŉ", "文", "。", "？",
            "—", "“", "😀", "ａ", "٣", "\u{301}", "ก", "한", "ж", "½",
        ];
        (0..4000_usize).map(move |text| {
            let mut chance = text.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (0..text % 24)
                .map(|_| {
                    chance = (chance ^ (chance >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    pieces[(chance >> 32) % pieces.len()]
                })
                .collect()
        })
    }

    #[test]
    fn what_is_read_is_counted() {
        for text in texts() {
            let counts = scanned(&text).counts;
            let count = |is: fn(&char) -> bool| text.chars().filter(is).count() as u32;
            assert_eq!(counts.chars, count(|_| true), "{text}");
            assert_eq!(counts.digits, count(char::is_ascii_digit), "{text}");
            assert_eq!(counts.capitals, count(char::is_ascii_uppercase), "{text}");
            assert_eq!(counts.foreign, count(|letter| !letter.is_ascii()), "{text}");
            assert_eq!(counts.marks[usize::from(b'\n')], count(|letter| *letter == '\n'), "{text}");
            assert_eq!(counts.marks[usize::from(b'-')], count(|letter| *letter == '-'), "{text}");
        }
    }

    #[test]
    fn tokens_stand_where_they_are_said_to() {
        for text in texts() {
            let scan = scanned(&text);
            let mut end = 0;
            for token in &scan.tokens {
                let rest = text.get(token.start as usize..).unwrap();
                assert!(token.start as usize >= end, "{text}");
                let own: String = rest.chars().take(token.chars as usize).collect();
                end = token.start as usize + own.len();
                match token.class {
                    Class::Word => assert!(own.chars().all(is_of_a_word), "{text}: {own}"),
                    Class::Number => assert!(own.bytes().all(|byte| byte.is_ascii_digit()), "{text}: {own}"),
                    Class::Sign | Class::Mark => assert_eq!(token.chars, 1, "{text}: {own}"),
                }
            }
        }
    }

    #[test]
    fn a_word_is_a_capital_one_by_its_first_letter() {
        let is_capital = |text: &str| scanned(text).tokens[0].is_capital;
        assert!(["Abc", "ABC", "Éa", "Ab3", "Extraordinary"].into_iter().all(is_capital));
        assert!(!["iPhone", "éA", "3Abc", "extraordinarY", "abcdefghIj"].into_iter().any(is_capital));
    }

    #[test]
    fn numbers_differ_by_length_alone() {
        let hash = |text: &str| scanned(text).tokens[0].hash;
        assert_eq!(hash("1234567890123"), hash("99999"));
        assert_eq!((hash("12"), scanned("12").tokens[0].class), (hash("77"), Class::Number));
        assert_ne!(hash("12"), hash("123"));
        assert_eq!(scanned("12a").tokens[0].class, Class::Word);
    }
}
