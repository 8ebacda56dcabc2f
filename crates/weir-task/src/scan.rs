//! Text → words, and counts of what else is in it.

use crate::eights::{SMALL, alphanumeric, capitals, digits, eight, first, is_small, leading};
use crate::fold::{fold, is_unspaced};
use crate::hash::{Hash, mix};
use crate::lexicon::{Known, Lexicon, STEM_MAX, STEM_MIN};
use crate::shape::is_to_note;

/// Of a long text the beginning and the end are read: so many bytes each.
const PART_BYTES: usize = 4096;
/// Where the beginning of a text ends, in bytes: instructions mostly stand in it.
pub(crate) const HEAD_BYTES: usize = 400;
/// How long the end of a text is, in bytes.
pub(crate) const TAIL_BYTES: usize = 300;

/// How many characters the beginning of a word has.
const BEGINNING: u32 = 4;

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

/// A text, taken apart.
#[derive(Debug)]
pub(crate) struct Scan {
    pub tokens: Vec<Token>,
    /// Bytes of the whole text.
    pub bytes: usize,
    /// How many times as long as what was read the text is.
    pub stretch: f32,
    pub counts: Counts,
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
    let mut scan = Scan {
        tokens: Vec::new(),
        bytes: text.len(),
        stretch: text.len().max(1) as f32 / read.max(1) as f32,
        counts: Counts { chars: read as u32, digits: 0, capitals: 0, foreign: 0, marks: [0; 128] },
        line_ends: None,
        has_line_to_note: false,
    };
    let mut scanner = Scanner {
        lexicon,
        scan: &mut scan,
        tokens: Vec::with_capacity(read / 4 + 8),
        before: Hash::WORD.value(),
        tail_start: text.len().saturating_sub(TAIL_BYTES),
        starts_sentence: true,
    };
    scanner.read(head, 0);
    scanner.read(tail, text.len() - tail.len());
    scan.tokens = scanner.tokens;
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
    tokens: Vec<Token>,
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
            let eight = eight(rest);
            let length = leading(alphanumeric(eight));
            // What stands after a word of fewer than eight bytes.
            let next = (eight >> (8 * length % 64)) as u8;
            if length == 0 {
                at += self.other(part, at, next, offset);
            } else if length == 8 || !next.is_ascii() {
                at += self.long_word(part.get(at..).unwrap_or_default(), offset + at);
            } else {
                let mut word = Word::NEW;
                word.push_ascii(first(eight, length), length);
                self.close(word, offset + at);
                at += length as usize;
                if next != b' ' {
                    continue;
                }
            }
            // Between most words stands one of these, and says nothing.
            at += usize::from(bytes.get(at) == Some(&b' '));
        }
        self.starts_sentence = true;
    }

    /// Reads a word that a text begins with, of any length; gives its length in bytes.
    #[inline(never)]
    fn long_word(&mut self, text: &str, at: usize) -> usize {
        let (bytes, mut word) = (text.as_bytes(), Word::NEW);
        loop {
            let eight = eight(bytes.get(word.bytes as usize..).unwrap_or_default());
            let length = leading(alphanumeric(eight));
            if length > 0 {
                word.push_ascii(first(eight, length), length);
            }
            if length == 8 {
                continue;
            }
            if (eight >> (8 * length)) & 0x80 != 0 {
                return self.accented(text, at);
            }
            let length = word.bytes as usize;
            self.close(word, at);
            return length;
        }
    }

    /// Reads a character that is no letter and no digit of ASCII, and the word that may begin with it; gives the length in
    /// bytes.
    #[inline(never)]
    fn other(&mut self, part: &str, at: usize, byte: u8, offset: usize) -> usize {
        match byte {
            b' ' => 1,
            b'\n' => {
                self.scan.has_line_to_note |= part.as_bytes().get(at + 1..).is_some_and(is_to_note);
                self.ascii(byte, offset + at)
            }
            _ if byte.is_ascii() => self.ascii(byte, offset + at),
            _ => self.foreign(part.get(at..).unwrap_or_default(), offset + at),
        }
    }

    /// The same letter by letter, where not all are ASCII.
    fn accented(&mut self, text: &str, at: usize) -> usize {
        let (mut word, mut length) = (Word::NEW, 0);
        // Folded bytes that are not eight yet.
        let (mut eight, mut filled, mut chars, mut beginning) = (0, 0, 0, 8);
        for letter in text.chars().take_while(|letter| is_of_a_word(*letter)) {
            if chars == 0 {
                word.is_capital = letter.is_uppercase();
            }
            length += letter.len_utf8();
            chars += 1;
            word.digits += u32::from(letter.is_ascii_digit());
            word.capitals += u32::from(letter.is_ascii_uppercase());
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
        (word.chars, word.beginning) = (chars, beginning);
        self.close(word, at);
        length
    }

    #[inline(always)]
    fn close(&mut self, word: Word, at: usize) {
        // Most words have neither.
        if word.digits | word.capitals != 0 {
            self.scan.counts.digits += word.digits;
            self.scan.counts.capitals += word.capitals;
        }
        let is_number = word.digits == word.chars;
        let (mut hash, mut known) = (word.hash, Known::NONE);
        if is_number {
            // Numbers differ by length alone: which one it is says nothing of the task.
            hash = Hash::WORD.push(u64::from(word.chars.min(5)));
        } else {
            known = self.lexicon.find(hash);
            if at < HEAD_BYTES || at > self.tail_start {
                known = known.and(self.stems(&word));
            }
        }
        self.add(Token {
            hash: hash.value(),
            pair: mix(self.before, hash.value()),
            known,
            beginning: first(word.eights[0], word.beginning),
            ending: word.ending,
            start: at as u32,
            chars: word.chars,
            class: if is_number { Class::Number } else { Class::Word },
            starts_sentence: self.starts_sentence,
            is_capital: word.is_capital,
        });
        self.starts_sentence = false;
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
    fn ascii(&mut self, byte: u8, at: usize) -> usize {
        if let Some(count) = self.scan.counts.marks.get_mut(usize::from(byte)) {
            *count += 1;
        }
        if matches!(byte, b'?' | b'!' | b':' | b'\n' | b'"' | b'`') {
            self.sign(Class::Mark, char::from(byte), at);
        }
        self.starts_sentence |= matches!(byte, b'.' | b'!' | b'?' | b':' | b'\n');
        1
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
    fn sign(&mut self, class: Class, letter: char, at: usize) {
        let own = eight(letter.encode_utf8(&mut [0; 4]).as_bytes());
        let hash = Hash::WORD.push(own);
        // A run of empty lines is one mark.
        if class == Class::Mark && self.before == hash.value() {
            return;
        }
        if letter == '\n' {
            let place = self.tokens.len();
            self.scan.line_ends = Some((self.scan.line_ends.map_or(place, |(first, _)| first), place));
        }
        self.add(Token {
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
    fn add(&mut self, token: Token) {
        self.before = token.hash;
        self.tokens.push(token);
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
    letter.is_ascii_alphanumeric() || (!letter.is_ascii() && letter.is_alphanumeric() && !is_unspaced(letter))
}

/// The first bytes of a word, as many as the longest stem has.
type Eights = [u64; STEM_MAX as usize / 8];

/// A word that is being read, without case and accents.
#[derive(Debug)]
struct Word {
    hash: Hash,
    eights: Eights,
    bytes: u32,
    /// How many bytes its first letters have, or 8.
    beginning: u32,
    ending: u32,
    chars: u32,
    digits: u32,
    capitals: u32,
    is_capital: bool,
}

impl Word {
    const NEW: Word = Word {
        hash: Hash::WORD,
        eights: [0; STEM_MAX as usize / 8],
        bytes: 0,
        beginning: BEGINNING,
        ending: 0,
        chars: 0,
        digits: 0,
        capitals: 0,
        is_capital: false,
    };

    /// The next bytes: eight, or fewer at the end.
    #[inline(always)]
    fn push(&mut self, eight: u64, bytes: u32) {
        if let Some(place) = self.eights.get_mut(self.bytes as usize / 8) {
            *place = eight;
        }
        self.hash = self.hash.push(eight);
        // The last four bytes of those so far and these.
        let own = (eight << (u64::BITS - 8 * bytes) >> 32) as u32;
        self.ending = own | self.ending.checked_shr(8 * bytes).unwrap_or_default();
        self.bytes += bytes;
        self.chars += bytes;
    }

    /// The next letters and digits of ASCII, as they stand.
    #[inline(always)]
    fn push_ascii(&mut self, own: u64, bytes: u32) {
        if !is_small(own, bytes) {
            let capitals = capitals(own);
            self.is_capital |= self.bytes == 0 && capitals & 0x40 != 0;
            self.digits += digits(own);
            self.capitals += capitals.count_ones();
        }
        self.push(own | first(SMALL, bytes), bytes);
    }
}

/// The hash of the first `length` bytes of a word, at least one and at most [`STEM_MAX`].
pub(crate) fn stem(eights: &Eights, length: u32) -> Hash {
    let starts = eights.iter().zip((0..).step_by(8)).take_while(|(_, start)| *start < length);
    starts.fold(Hash::STEM, |hash, (eight, start)| hash.push(first(*eight, (length - start).min(8))))
}

/// The first bytes of what the lexicon has as a beginning of words.
pub(crate) fn eights(stem: &str) -> Eights {
    let mut eights = Eights::default();
    eights.iter_mut().zip(stem.as_bytes().chunks(8)).for_each(|(to, bytes)| *to = eight(bytes));
    eights
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
