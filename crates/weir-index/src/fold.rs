//! Characters to the letters and digits that count.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

/// What a character is to the words of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Part of a word.
    Letter,
    /// A word by itself.
    Unspaced,
    /// As if it were not there.
    Nothing,
    /// Between words.
    Separator,
}

pub(crate) fn class(c: char) -> Class {
    match u32::from(c) {
        0xAD | 0x34F | 0x61C | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F => {
            Class::Nothing
        }
        0xFE00..=0xFE0F | 0xFEFF | 0xE0000..=0xE0FFF => Class::Nothing,
        _ if canonical_combining_class(c) != 0 => Class::Nothing,
        _ if is_unspaced(c) && c.is_alphanumeric() => Class::Unspaced,
        _ if c.is_alphanumeric() => Class::Letter,
        _ => Class::Separator,
    }
}

/// Whether a script puts no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese, Korean.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0xE00..=0xEFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0xA4CF | 0xAC00..=0xD7FF
        | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Hands the letters and digits of a character in their canonical form to `push`.
pub(crate) fn fold(c: char, mut push: impl FnMut(char)) {
    // The parts of a Korean syllable are no letters of their own.
    if is_unspaced(c) {
        return push(c);
    }
    decompose_compatible(c, |part| {
        if canonical_combining_class(part) != 0 {
            return;
        }
        for folded in part.to_uppercase().flat_map(char::to_lowercase) {
            match plain(folded) {
                Some(plain) => plain.chars().for_each(&mut push),
                None if folded.is_alphanumeric() => push(folded),
                None => {}
            }
        }
    });
}

/// Letters that have a plain spelling and no decomposition.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}
