use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;
use crate::lanes::BLOCK;

/// Fewer characters are a word like others.
const CHARACTERS_MIN: usize = 20;

/// The alphabets of base85, in the order in which they are tried: that of Git and Python, Adobe's ASCII85, ZeroMQ's Z85.
///
/// Sources: RFC 1924; Adobe, "PostScript Language Reference", "ASCII85Encode Filter"; ZeroMQ RFC 32.
static ALPHABETS: [[u8; 256]; 3] = [
    digits(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"),
    digits(b"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu"),
    digits(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"),
];

/// In which of them each byte is a digit, a bit for each.
static KNOWN: [u8; 256] = known();

/// No digit.
const NONE: u8 = u8::MAX;

/// Which digit each byte is.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn digits(alphabet: &[u8; 85]) -> [u8; 256] {
    let mut digits = [NONE; 256];
    let mut digit: u8 = 0;
    while digit < 85 {
        digits[alphabet[digit as usize] as usize] = digit;
        digit += 1;
    }
    digits
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn known() -> [u8; 256] {
    let mut known = [0; 256];
    let mut place = 0;
    while place < 256 * ALPHABETS.len() {
        let (alphabet, byte) = (place / 256, place % 256);
        known[byte] |= ((ALPHABETS[alphabet][byte] != NONE) as u8) << alphabet;
        place += 1;
    }
    known
}

/// Words that are text in base85, without marks around it.
pub(crate) fn read(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let mut at = 0;
    while let Some(start) = survey.seek_stretch(at, kind::GRAPHIC, CHARACTERS_MIN) {
        let seen = survey.run_from(start, kind::GRAPHIC);
        let more = || bytes.iter().skip(start + seen).take_while(|b| b.is_ascii_graphic()).count();
        let len = if seen < BLOCK { seen } else { seen + more() };
        at = start + len;
        let is_quote = |b: &u8| matches!(b, b'"' | b'\'' | b'`');
        let word = bytes.get(start..start + len).unwrap_or_default();
        let before = word.iter().take_while(|b| is_quote(b)).count();
        let after = word.iter().skip(before).rev().take_while(|b| is_quote(b)).count();
        let inner = start + before..start + len - after;
        let word = bytes.get(inner.clone()).unwrap_or_default();
        if let Some(said) = alphabets_of(word).find_map(|alphabet| decoded(word, alphabet)) {
            editor.replace(inner, &said, View::Base64);
        }
    }
    editor.finish()
}

/// The alphabets that have all of the first characters of a word: of most words none has.
fn alphabets_of(word: &[u8]) -> impl Iterator<Item = &'static [u8; 256]> {
    let of = |byte: &u8| KNOWN.get(usize::from(*byte)).copied().unwrap_or_default();
    let head = word.first_chunk::<CHARACTERS_MIN>();
    let known = head.map_or(0, |head| head.iter().fold(u8::MAX, |known, byte| known & of(byte)));
    ALPHABETS.iter().enumerate().filter(move |(place, _)| known >> place & 1 != 0).map(|(_, digits)| digits)
}

/// The text that a word of so many characters at least is in an alphabet.
fn decoded(word: &[u8], digits: &[u8; 256]) -> Option<String> {
    // No character begins with a byte that goes on with one.
    let begins = four_bytes(word.get(..5)?, digits).filter(|bytes| !matches!(bytes, [0x80..0xC0, ..]));
    if begins.is_none() || word.len() % 5 == 1 {
        return None;
    }
    // Most words are refused by their beginning, and nothing is kept of them.
    let groups = || word.chunks(5).map(|group| Some((four_bytes(group, digits)?, group.len() - 1)));
    if !groups().all(|group| group.is_some()) {
        return None;
    }
    let said = groups().flatten().flat_map(|(bytes, len)| bytes.into_iter().take(len)).collect();
    String::from_utf8(said).ok()
}

/// The bytes of text that a group is; the last may have fewer characters.
fn four_bytes(group: &[u8], digits: &[u8; 256]) -> Option<[u8; 4]> {
    let mut value: u32 = 0;
    for at in 0..5 {
        let digit = group.get(at).map_or(Some(84), |byte| digits.get(usize::from(*byte)).copied())?;
        if digit == NONE {
            return None;
        }
        value = value.checked_mul(85)?.checked_add(digit.into())?;
    }
    let bytes = value.to_be_bytes();
    let is_control = |b: &u8| b.is_ascii_control() && !b.is_ascii_whitespace();
    (!bytes.iter().take(group.len() - 1).any(is_control)).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_each_alphabet_are_read() {
        let read = |text: &str| read(&Survey::of(text)).map(|derived| derived.text);
        for text in ["NM&qnZy;B1a%^NQAZl+eWN&3acrIgaZ2", "87cURD]i,\"Ebo8;+DPgIA8c$EGV3KED#"] {
            assert_eq!(
                read(&format!("see {text} now")).as_deref(),
                Some("see Hello World, jo.doe@x.com now")
            );
        }
        assert_eq!(read("'nm=QNzY&b1A+]nqazL*Ewn=3ACRiGA'").as_deref(), Some("'Hello World, jo.doe@x.co'"));
        for text in
            ["https://example.com/a/long/path?with=query", "let_us_call(this_function(with, arguments))", ""]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn no_word_is_refused_by_its_beginning_that_is_text() {
        let unfiltered = |word: &[u8], digits: &[u8; 256]| {
            let group = |group: &[u8]| Some(four_bytes(group, digits)?.into_iter().take(group.len() - 1));
            let said: Option<Vec<_>> = word.chunks(5).map(group).collect();
            String::from_utf8(said?.into_iter().flatten().collect()).ok().filter(|_| word.len() % 5 != 1)
        };
        let encoded = |said: &[u8], digits: &[u8; 256]| -> Vec<u8> {
            let sign = |digit: u32| (0..=u8::MAX).find(|b| u32::from(digits[usize::from(*b)]) == digit);
            let group = |four: &[u8; 4]| {
                let value = u32::from_be_bytes(*four);
                (0..5).rev().filter_map(move |place| sign(value / 85_u32.pow(place) % 85))
            };
            said.as_chunks().0.iter().flat_map(group).collect()
        };
        let pieces = ["jo", "é", "\u{a0}", "€", "😀", "z~", "\t", " ", "4111", "A", "\0", "\u{7f}"];
        let (mut state, mut read) = (3_usize, 0);
        for seed in 0..6000_usize {
            let said = (0..16).fold(String::new(), |text, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text + pieces[(state >> 33) % (pieces.len() - seed % 3)]
            });
            // Also from the middle of a character on, and with the end of another encoding.
            let said = said.as_bytes().get(seed % 2 * (seed % 7)..).unwrap_or_default();
            let mut word = encoded(said, &ALPHABETS[seed % 3]);
            word.truncate(CHARACTERS_MIN + seed % 17);
            let wanted = ALPHABETS.iter().find_map(|digits| unfiltered(&word, digits));
            let wanted = wanted.filter(|_| word.len() >= CHARACTERS_MIN);
            read += usize::from(wanted.is_some());
            assert_eq!(alphabets_of(&word).find_map(|digits| decoded(&word, digits)), wanted, "{word:?}");
        }
        assert!(read > 300, "{read}");
    }
}
