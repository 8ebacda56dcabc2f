use super::{Derived, hidden};
use crate::View;
use std::ops::Range;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// The text with compatibility forms, digits of all scripts, unusual spaces and dashes folded and
/// invisible characters removed, or `None` when that changes nothing.
///
/// Text that is pure ASCII never needs it. Composition happens within one base character and the
/// marks that follow it, so that every piece maps back to a short range.
pub(crate) fn normalise(text: &str) -> Option<Derived> {
    if text.is_ascii() {
        return None;
    }
    first_change(text)?;
    let mut view = Derived::with_capacity(text.len());
    let mut done = 0;
    while let Some(change) = first_change(text.get(done..)?) {
        let start = done + change;
        view.copy(text, done..start);
        done = if let Some((carried, run)) = hidden::carried(text, start) {
            view.replace(&carried, run)
        } else {
            view.fold(text, start, start + cluster_len(text.get(start..)?))
        };
    }
    view.copy(text, done..text.len());
    Some(view)
}

/// The text in a form in which letter case and marks on letters make no difference, or `None` for ASCII,
/// whose case the search itself ignores.
///
/// Upper case first, because `ß` and `ſ` have no other way to meet `SS` and `s`.
pub(crate) fn fold_case(text: &str) -> Option<Derived> {
    if text.is_ascii() {
        return None;
    }
    let mut view = Derived::with_capacity(text.len());
    for (start, c) in text.char_indices() {
        let source = start..start + c.len_utf8();
        if c.is_ascii() {
            view.map.copied(view.text.len(), source);
            view.text.push(c);
        } else {
            let at = view.text.len();
            fold_letter(c, |folded| view.text.push(folded));
            if view.text.len() > at {
                view.map.replaced(at, source, View::Normalised);
            }
        }
    }
    Some(view)
}

fn fold_letter(c: char, mut push: impl FnMut(char)) {
    // Marks of other scripts make other letters, not other spellings.
    let is_european = matches!(u32::from(c), 0..0x530 | 0x1E00..0x2000);
    let mut fold = |c: char| c.to_uppercase().flat_map(char::to_lowercase).for_each(&mut push);
    if !is_european {
        return fold(c);
    }
    decompose_canonical(c, |part| {
        if canonical_combining_class(part) == 0 {
            fold(part);
        }
    });
}

impl Derived {
    /// Writes a base character with its marks, as the reader takes it: a mark that has no letter of its own
    /// with the base, or a heap of marks, is decoration. Returns where to go on.
    fn fold(&mut self, text: &str, start: usize, end: usize) -> usize {
        let cluster = text.get(start..end).unwrap_or_default();
        let at = self.text.len();
        let is_heap = cluster.chars().filter(|c| is_mark(*c)).count() > 1
            && cluster.starts_with(|c: char| c.is_ascii());
        let seen = cluster.chars().filter(|c| !(is_invisible(*c) || is_heap && is_mark(*c)));
        self.text.extend(seen.map(fold_char).nfkc().map(fold_char));
        if self.text.get(at..).is_some_and(|folded| folded.starts_with(|c: char| c.is_ascii())) {
            let kept: String = self.text.drain(at..).filter(|c| !is_mark(*c)).collect();
            self.text.push_str(&kept);
        }
        self.map.replaced(at, start..end, View::Normalised);
        end
    }

    /// Writes `text` for a stretch of the source.
    fn replace(&mut self, text: &str, source: Range<usize>) -> usize {
        let end = source.end;
        self.map.replaced(self.text.len(), source, View::Normalised);
        self.text.push_str(text);
        end
    }
}

/// Offset of the first character that a folding would change, up to the base it composes with.
fn first_change(text: &str) -> Option<usize> {
    let (mut at, mut base) = (0, 0);
    loop {
        // No folding changes ASCII.
        let plain = ascii_len(text.as_bytes().get(at..)?);
        at += plain;
        base = if plain > 0 { at - 1 } else { base };
        let c = text.get(at..)?.chars().next()?;
        if changes(c) {
            // A combining mark changes the character before it.
            let joins_base = quick(c) == IsNormalized::Maybe || is_mark(c);
            return Some(if joins_base { base } else { at });
        }
        if canonical_combining_class(c) == 0 {
            base = at;
        }
        at += c.len_utf8();
    }
}

/// How many bytes of ASCII there are at the beginning.
pub(super) fn ascii_len(bytes: &[u8]) -> usize {
    const TOGETHER: usize = 32;
    let is_ascii = |bytes: &&[u8; TOGETHER]| bytes.iter().fold(0, |all, b| all | b).is_ascii();
    let whole = TOGETHER * bytes.as_chunks::<TOGETHER>().0.iter().take_while(is_ascii).count();
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|b| b.is_ascii()).count()
}

fn cluster_len(text: &str) -> usize {
    text.char_indices().skip(1).find(|(_, c)| starts_cluster(*c)).map_or(text.len(), |(at, _)| at)
}

fn starts_cluster(c: char) -> bool {
    c.is_ascii() || (canonical_combining_class(c) == 0 && quick(c) != IsNormalized::Maybe && !is_mark(c))
}

fn changes(c: char) -> bool {
    match u32::from(c) {
        0..0x80 => false,
        // Latin letters with marks, the bulk of European text.
        0xC0..=0x131 | 0x134..=0x13E | 0x141..=0x148 | 0x14A..=0x17E => false,
        _ => is_invisible(c) || is_mark(c) || fold_char(c) != c || quick(c) != IsNormalized::Yes,
    }
}

/// Marks of no script of its own, which go onto any letter.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

fn quick(c: char) -> IsNormalized {
    is_nfkc_quick(std::iter::once(c))
}

/// Characters that leave no mark on the page: soft hyphen, zero-width and bidirectional controls,
/// variation selectors, tags, fillers, and the keycap that turns a digit into a picture.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x20E3 | 0x3164
        | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

fn fold_char(c: char) -> char {
    match u32::from(c) {
        0..0x80 => c,
        0x85 | 0x2028 | 0x2029 => '\n',
        0xA0 | 0x1680 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => ' ',
        0x58A
        | 0x5BE
        | 0x1806
        | 0x2010..=0x2015
        | 0x2043
        | 0x207B
        | 0x208B
        | 0x2212
        | 0x2E3A
        | 0x2E3B
        | 0x301C
        | 0x3030
        | 0xFE31
        | 0xFE32
        | 0xFE58
        | 0xFE63
        | 0xFF0D
        | 0x10EAD => '-',
        // Full stops and at signs that look like their ASCII counterparts.
        0x2024 | 0x3002 | 0xFE52 | 0xFF0E | 0xFF61 => '.',
        code => decimal_digit(code).or_else(|| enclosed(code)).unwrap_or(c),
    }
}

/// The digit or letter in a circle, a square, brackets or with a full stop, where folding would keep what is
/// around it.
fn enclosed(code: u32) -> Option<char> {
    let (first, _, base) = ENCLOSED.iter().find(|(first, last, _)| (*first..=*last).contains(&code))?;
    char::from_u32(u32::from(*base) + code - first)
}

/// First and last of a row of enclosed characters, and what the first encloses. Source: Unicode 16.0, blocks
/// "Enclosed Alphanumerics", "Dingbats" and "Enclosed Alphanumeric Supplement".
const ENCLOSED: [(u32, u32, char); 14] = [
    (0x2474, 0x247C, '1'),
    (0x2488, 0x2490, '1'),
    (0x249C, 0x24B5, 'a'),
    (0x24F5, 0x24FD, '1'),
    (0x24FF, 0x24FF, '0'),
    (0x2776, 0x277E, '1'),
    (0x2780, 0x2788, '1'),
    (0x278A, 0x2792, '1'),
    (0x1F100, 0x1F100, '0'),
    (0x1F101, 0x1F10A, '0'),
    (0x1F110, 0x1F129, 'A'),
    (0x1F150, 0x1F169, 'A'),
    (0x1F170, 0x1F189, 'A'),
    (0x1F1E6, 0x1F1FF, 'A'),
];

/// The ASCII digit of the same value, for the decimal digits (general category Nd) of any script.
fn decimal_digit(code: u32) -> Option<char> {
    let after = DIGIT_ZEROS.partition_point(|zero| *zero <= code);
    let zero = DIGIT_ZEROS.get(after.checked_sub(1)?)?;
    char::from_digit(code - zero, 10)
}

/// The zeros of all scripts with decimal digits; nine follow each. Source: Unicode 16.0, `Nd`.
const DIGIT_ZEROS: [u32; 75] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730,
    0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50,
    0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1,
    0x1E950, 0x1FBF0,
];
