//! Walks over what a scan looks at, 64 bytes at a time: what nobody could want is left out by masks.

mod sights;

use crate::haystack::{Digits, Haystack};
use crate::lanes::{BLOCK, Lanes, SIDE, is, is_digit, is_in, is_letter};
use crate::recognise::before_other_words;
use crate::site::Around;
use sights::Sights;
use std::ops::Range;

/// Walks over the rows of digits and the at signs of a part of a text, and over the colons and line breaks that an
/// address or a phrase may stand around or behind.
pub(crate) struct Marks<'h> {
    haystack: &'h Haystack<'h>,
    /// Where the block begins of which the masks speak, and where the part ends.
    base: usize,
    end: usize,
    /// The place of the mark that was told last.
    at: usize,
    /// The marks of the block that were not told yet.
    left: u64,
    digits: u64,
    /// The letters and digits.
    words: u64,
    /// What is around the digits of a block with digits, unless segments meet in it.
    sights: Option<Sights>,
}

impl<'h> Marks<'h> {
    pub(crate) fn new(haystack: &'h Haystack<'h>, range: Range<usize>) -> Self {
        let (base, end) = (range.start, range.end);
        let mut marks = Self { haystack, base, end, at: base, left: 0, digits: 0, words: 0, sights: None };
        marks.read();
        marks
    }

    fn read(&mut self) {
        let lanes = Lanes::at(self.haystack.bytes(), self.base);
        let (digits, letters) = (lanes.mask(is_digit), lanes.mask(is_letter));
        let lowers = lanes.mask(|lane| is_in(lane, b'a', b'z'));
        self.words = digits | letters;
        let goes_on = self.digits >> (BLOCK - 1);
        let rows = digits & !(digits << 1 | goes_on);
        self.digits = digits;
        self.left = rows | lanes.mask(|lane| is(lane, b'@')) | signs(&lanes, letters, lowers, self.words);
        if digits != 0 {
            let is_joined = !self.haystack.seams_in(self.base..self.base + BLOCK).is_empty();
            self.sights = (!is_joined).then(|| Sights::of(&lanes, digits, letters, lowers));
        }
    }

    /// The next of them and its byte.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(usize, u8)> {
        while self.left == 0 {
            self.base += BLOCK;
            if self.base >= self.end {
                return None;
            }
            self.read();
        }
        self.at = self.base + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        self.haystack.bytes().get(self.at).filter(|_| self.at < self.end).map(|byte| (self.at, *byte))
    }

    /// The row of digits that begins with the one that was told last, and what is around it as far as that is seen.
    #[inline]
    pub(crate) fn row(&self) -> (Digits, Around) {
        let start = self.at - self.base;
        let end = start + (self.digits >> start).trailing_ones() as usize;
        let before = if start == 0 { 0 } else { (self.words << (BLOCK - start)).leading_ones() as usize };
        let after = if end == BLOCK { 0 } else { (self.words >> end).trailing_ones() as usize };
        let sights = self.sights.as_ref().filter(|_| end < BLOCK);
        let around = sights.map_or(Around::UNKNOWN, |sights| sights.around(start - before, start, end));
        let digits = if before < start && end + after < BLOCK {
            let sides = [before.min(SIDE), after.min(SIDE)];
            Digits { start: self.at, end: self.base + end, sides }
        } else {
            // Its word goes on beyond the block.
            self.haystack.digits(self.at)
        };
        (digits, around)
    }
}

/// The line breaks and colons behind which a word of small letters begins, and the colons that another
/// follows, at once or after a group of an address.
fn signs(lanes: &Lanes, letters: u64, lowers: u64, words: u64) -> u64 {
    let (colons, breaks) = (lanes.mask(|lane| is(lane, b':')), lanes.mask(|lane| is(lane, b'\n')));
    if colons | breaks == 0 {
        return 0;
    }
    // From where on three small letters begin after at most seven other bytes.
    let mut before_word = lowers & ahead(lowers, 1) & ahead(lowers, 2);
    let mut leads = !letters;
    for by in [1, 2, 4] {
        before_word |= ahead(before_word, by) & leads;
        leads &= ahead(leads, by);
    }
    let mut before_colon = colons;
    for _ in 0..4 {
        before_colon |= ahead(before_colon, 1) & words;
    }
    let before_phrase = ahead(before_word, 1) & !before_other_words(lowers);
    (colons | breaks) & before_phrase | colons & ahead(before_colon, 1)
}

/// What stands `by` bytes further on than each; beyond the block anything may.
fn ahead(mask: u64, by: u32) -> u64 {
    !(!mask >> by)
}

/// What stands `by` bytes before each; before the block anything may.
fn behind(mask: u64, by: u32) -> u64 {
    !(!mask << by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::Numbers;
    use crate::recognise::{Find, TABLE};
    use crate::site::Sites;

    fn marks(text: &str, range: Range<usize>) -> Vec<usize> {
        let haystack = Haystack::new(text, &[], &[]);
        let mut marks = Marks::new(&haystack, range);
        std::iter::from_fn(|| marks.next()).map(|(at, _)| at).collect()
    }

    #[test]
    fn marks_are_found_in_every_block() {
        let text = format!("1{}@a:{}9/;\nabc def", ".".repeat(62), "abcd ".repeat(26));
        let wanted: Vec<usize> =
            (0..text.len()).filter(|at| b"1@:9\n".contains(&text.as_bytes()[*at])).collect();
        assert_eq!(marks(&text, 0..text.len()), wanted);
        assert_eq!((marks(&text, 1..66), marks(&text, 0..63)), (vec![63, 65], vec![0]));
        assert_eq!(wanted.len(), 5);
        assert_eq!(marks(": x\nAbc\n12.) abc", 0..16), [7, 8]);
        // Words that no phrase has follow on these.
        assert_eq!(marks("\nabc of abc\nabandoned", 0..11), []);
    }

    #[test]
    fn a_row_of_digits_is_the_same_however_it_lies() {
        for before in 0..140 {
            for (left, digits, right) in
                [("", 1, ""), ("ab", 3, "c"), ("", 70, "x"), ("z", 2, "abcdefghijklmnopqrst")]
            {
                let text = format!("{}{left}{}{right}-5", ".".repeat(before), "7".repeat(digits));
                let haystack = Haystack::new(&text, &[], &[]);
                let mut marks = Marks::new(&haystack, 0..text.len());
                let (at, _) = marks.next().unwrap();
                assert_eq!(at, before + left.len());
                assert_eq!(marks.row().0, haystack.digits(at), "{text}");
                assert_eq!(marks.next(), Some((text.len() - 1, b'5')), "{text}");
            }
        }
    }

    /// Texts of pieces, some of which are whole addresses and numbers.
    fn texts() -> impl Iterator<Item = (String, Vec<usize>)> {
        const PIECES: [&str; 52] = [
            "legal winner thank year wave sausage worth useful legal winner thank yellow",
            "\n1.) - abstract        fox kitchen tired able river zone lamp obey tiger egg about",
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "G B 8 2 WEST 1234 5698 7654 32",
            "GB - 82 WEST 1234 5698 7654 32",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "192.168.23.45",
            "8.8.8.8",
            "2001:db8:85a3::8a2e:370:7334",
            "fe80::1",
            "64:ff9b::8.8.8.8",
            "00:1b:44:11:3a:b7",
            "00-1B-44-11-3A-B7",
            "001b.4411.3ab7",
            "mac 001b44113ab7",
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "0xde709f2102306220921060314715629080e2fb77",
            "solana 7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV",
            "*12.03.1974",
            ", Springfield, IL 62704",
            "\n10115 Berlin",
            "12 High Street, Leeds LS6 2AB",
            "75002-001 Paris",
            "+49 30 901820",
            "(030) 90-18-20",
            "4111 1111 1111 1111",
            "phone 030/901820",
            "jane@example.org",
            "IMEI 490154203237518",
            "imsi 262011234567890",
            "iccid 8949020000012345678",
            "routing 021000021",
            "1.5",
            "2026-11-24",
            "12:30:45",
            ":",
            "\n",
            ": \"",
            "\n1. ",
            "@",
            " ",
            "x",
            "A",
            "é",
            "-",
            "0",
            "7",
            "123",
            "abc",
            "DE",
            "of ",
        ];
        let mut state = 3_usize;
        let mut draw = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        (0..1500).map(move |_| {
            let (mut text, mut seams) = (String::new(), Vec::new());
            for _ in 0..1 + draw(9) {
                text.push_str(PIECES[draw(PIECES.len())]);
                if draw(3) == 0 && seams.last() != Some(&text.len()) {
                    seams.push(text.len());
                }
            }
            (text, seams)
        })
    }

    /// Counts by row of the table what was found.
    #[derive(Default)]
    struct Found(std::collections::BTreeMap<&'static str, usize>);

    impl Found {
        fn check(&mut self, row: usize, is_found: bool, is_asked: bool, text: &str) {
            let name = TABLE[row].name;
            assert!(is_asked || !is_found, "{name} in {text:?}");
            *self.0.entry(name).or_default() += usize::from(is_found);
        }

        fn check_signs(&mut self, haystack: &Haystack<'_>) {
            let told = marks(haystack.text(), 0..haystack.len());
            for (at, byte) in haystack.text().bytes().enumerate() {
                for (row, info) in TABLE.iter().enumerate() {
                    let found = match (info.find, byte) {
                        (Find::Line(judge), b'\n') => judge(haystack, at + 1),
                        (Find::Colon(judge), b':') | (Find::At(judge), b'@') => judge(haystack, at),
                        _ => continue,
                    };
                    self.check(row, found.is_some(), told.contains(&at), haystack.text());
                }
            }
        }

        fn check_digits(&mut self, haystack: &Haystack<'_>) {
            let (mut marks, mut last) = (Marks::new(haystack, 0..haystack.len()), None);
            while let Some((at, byte)) = marks.next() {
                if !byte.is_ascii_digit() {
                    continue;
                }
                let (digits, around) = marks.row();
                let (beside, word) =
                    ([haystack.before(at), haystack.byte(digits.end)], haystack.word_len(&digits));
                let beside = beside.map(Option::unwrap_or_default);
                for (row, info) in TABLE.iter().enumerate() {
                    if let Find::Digit(sites, judge) = info.find {
                        let mut all = Sites::default();
                        sites.iter().for_each(|site| all.push((), site));
                        let asked = all.rows(beside, around, digits.len(), word).count();
                        assert!(asked < 2, "{} twice in {:?}", info.name, haystack.text());
                        self.check(row, judge(haystack, at).is_some(), asked == 1, haystack.text());
                    }
                    if let Find::Number(lengths, judge) = info.find
                        && let Some(numbers) = Numbers::read(haystack, at, last)
                    {
                        let is_asked = around.has(Around::LONG) && numbers.lengths().meets(lengths);
                        self.check(row, judge(haystack, &numbers).is_some(), is_asked, haystack.text());
                    }
                }
                last = Some(digits.end);
            }
        }
    }

    #[test]
    fn what_is_passed_over_holds_nothing() {
        let mut found = Found::default();
        for (text, seams) in texts() {
            for seams in [&[], seams.as_slice()] {
                let haystack = Haystack::new(&text, &[], seams);
                found.check_signs(&haystack);
                found.check_digits(&haystack);
            }
        }
        let none: Vec<_> = found.0.iter().filter(|(_, count)| **count == 0).collect();
        assert!(none.is_empty(), "{none:?}");
    }
}
