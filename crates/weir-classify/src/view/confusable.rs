use super::normalise::ascii_len;
use super::{Derived, Editor};
use crate::View;
use std::ops::Range;
use unicode_normalization::char::decompose_canonical;

/// The text with letters of other scripts that look like Latin ones written as those, in words that have
/// no other letters: `Раypal`, but not `Привет`; and without the marks on Latin letters in words with digits, which are
/// codes: `DÉ89`. `None` when there is no such word.
pub(crate) fn latinise(text: &str) -> Option<Derived> {
    if text.is_ascii() {
        return None;
    }
    let mut editor = Editor::new(text);
    let mut at = 0;
    while let Some(word) = next_word(text, at) {
        at = word.end;
        let letters = text.get(word.clone()).unwrap_or_default();
        if letters.chars().all(|c| is_latin(c) || look_alike(c).is_some()) {
            write(&mut editor, letters, word.start);
        }
    }
    editor.finish()
}

fn write(editor: &mut Editor<'_>, letters: &str, start: usize) {
    let is_code = letters.bytes().any(|b| b.is_ascii_digit());
    for (offset, c) in letters.char_indices() {
        if let Some(latin) = look_alike(c).or_else(|| without_mark(c).filter(|_| is_code)) {
            let at = start + offset;
            editor.replace(at..at + c.len_utf8(), latin.encode_utf8(&mut [0; 4]), View::Normalised);
        }
    }
}

/// The letter of ASCII that a letter is with a mark.
fn without_mark(c: char) -> Option<char> {
    let mut letter = None;
    if !c.is_ascii() {
        decompose_canonical(c, |part| letter = letter.or(Some(part)));
    }
    letter.filter(char::is_ascii_alphabetic)
}

/// The next word with a letter beyond ASCII in it; `from` stands between words.
fn next_word(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let rest = text.get(from..)?;
        let plain = ascii_len(rest.as_bytes());
        let (head, tail) = rest.split_at_checked(plain).filter(|(_, tail)| !tail.is_empty())?;
        let len = tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len());
        let start = head.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
        if len > 0 {
            return Some(from + plain - start..from + plain + len);
        }
        from += plain + tail.chars().next().map_or(1, char::len_utf8);
    }
}

/// Letters and digits of ASCII, and Latin letters with marks.
fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(u32::from(c), 0xC0..=0x24F | 0x1E00..=0x1EFF) && look_alike(c).is_none()
}

fn look_alike(c: char) -> Option<char> {
    let index = LOOK_ALIKES.binary_search_by_key(&c, |(other, _)| *other).ok()?;
    LOOK_ALIKES.get(index).map(|(_, latin)| *latin)
}

/// Source: Unicode Technical Standard 39, `confusables.txt`: letters of Greek, Cyrillic, Armenian, Cherokee and
/// the phonetic alphabet, as far as identifiers are written with them.
#[rustfmt::skip]
const LOOK_ALIKES: [(char, char); 150] = [
    ('\u{131}', 'i'), ('\u{138}', 'k'), ('\u{184}', 'b'), ('\u{192}', 'f'), ('\u{250}', 'a'),
    ('\u{251}', 'a'), ('\u{257}', 'd'), ('\u{261}', 'g'), ('\u{262}', 'g'), ('\u{269}', 'i'),
    ('\u{26A}', 'i'), ('\u{26D}', 'l'), ('\u{274}', 'n'), ('\u{280}', 'r'), ('\u{28B}', 'u'),
    ('\u{28F}', 'y'), ('\u{290}', 'z'), ('\u{299}', 'b'), ('\u{29C}', 'h'), ('\u{29F}', 'l'),
    ('\u{391}', 'A'), ('\u{392}', 'B'), ('\u{395}', 'E'), ('\u{396}', 'Z'), ('\u{397}', 'H'),
    ('\u{399}', 'I'), ('\u{39A}', 'K'), ('\u{39C}', 'M'), ('\u{39D}', 'N'), ('\u{39F}', 'O'),
    ('\u{3A1}', 'P'), ('\u{3A4}', 'T'), ('\u{3A5}', 'Y'), ('\u{3A7}', 'X'), ('\u{3B1}', 'a'),
    ('\u{3B3}', 'y'), ('\u{3B9}', 'i'), ('\u{3BA}', 'k'), ('\u{3BD}', 'v'), ('\u{3BF}', 'o'),
    ('\u{3C1}', 'p'), ('\u{3C3}', 'o'), ('\u{3C4}', 't'), ('\u{3C5}', 'u'), ('\u{3C7}', 'x'),
    ('\u{3DC}', 'F'), ('\u{3F2}', 'c'), ('\u{3F3}', 'j'), ('\u{3F9}', 'C'), ('\u{3FA}', 'M'),
    ('\u{405}', 'S'), ('\u{406}', 'I'), ('\u{408}', 'J'), ('\u{410}', 'A'), ('\u{412}', 'B'),
    ('\u{415}', 'E'), ('\u{417}', '3'), ('\u{41A}', 'K'), ('\u{41C}', 'M'), ('\u{41D}', 'H'),
    ('\u{41E}', 'O'), ('\u{420}', 'P'), ('\u{421}', 'C'), ('\u{422}', 'T'), ('\u{423}', 'Y'),
    ('\u{425}', 'X'), ('\u{42C}', 'b'), ('\u{430}', 'a'), ('\u{431}', '6'), ('\u{433}', 'r'),
    ('\u{435}', 'e'), ('\u{43A}', 'k'), ('\u{43C}', 'm'), ('\u{43E}', 'o'), ('\u{43F}', 'n'),
    ('\u{440}', 'p'), ('\u{441}', 'c'), ('\u{442}', 't'), ('\u{443}', 'y'), ('\u{445}', 'x'),
    ('\u{454}', 'e'), ('\u{455}', 's'), ('\u{456}', 'i'), ('\u{458}', 'j'), ('\u{461}', 'w'),
    ('\u{474}', 'V'), ('\u{475}', 'v'), ('\u{492}', 'F'), ('\u{4AE}', 'Y'), ('\u{4AF}', 'y'),
    ('\u{4BB}', 'h'), ('\u{4BD}', 'e'), ('\u{4C0}', 'I'), ('\u{4CF}', 'l'), ('\u{4E0}', '3'),
    ('\u{501}', 'd'), ('\u{50C}', 'G'), ('\u{51A}', 'Q'), ('\u{51B}', 'q'), ('\u{51C}', 'W'),
    ('\u{51D}', 'w'), ('\u{546}', 'N'), ('\u{54D}', 'U'), ('\u{54F}', 'S'), ('\u{555}', 'O'),
    ('\u{561}', 'w'), ('\u{566}', 'q'), ('\u{570}', 'h'), ('\u{578}', 'n'), ('\u{57D}', 'u'),
    ('\u{581}', 'g'), ('\u{585}', 'o'), ('\u{13A0}', 'D'), ('\u{13A1}', 'R'), ('\u{13A2}', 'T'),
    ('\u{13AA}', 'A'), ('\u{13AB}', 'J'), ('\u{13AC}', 'E'), ('\u{13B3}', 'W'), ('\u{13B7}', 'M'),
    ('\u{13BB}', 'H'), ('\u{13C0}', 'G'), ('\u{13C3}', 'Z'), ('\u{13D9}', 'V'), ('\u{13DA}', 'S'),
    ('\u{13DE}', 'L'), ('\u{13DF}', 'C'), ('\u{13E2}', 'P'), ('\u{13E6}', 'K'), ('\u{13F4}', 'B'),
    ('\u{1D00}', 'a'), ('\u{1D04}', 'c'), ('\u{1D05}', 'd'), ('\u{1D07}', 'e'), ('\u{1D0A}', 'j'),
    ('\u{1D0B}', 'k'), ('\u{1D0D}', 'm'), ('\u{1D0F}', 'o'), ('\u{1D18}', 'p'), ('\u{1D1B}', 't'),
    ('\u{1D1C}', 'u'), ('\u{1D20}', 'v'), ('\u{1D21}', 'w'), ('\u{1D22}', 'z'), ('\u{1D26}', 'r'),
    ('\u{212F}', 'e'), ('\u{217C}', 'l'), ('\u{2CA5}', 'c'), ('\u{A730}', 'f'), ('\u{A731}', 's'),
];
