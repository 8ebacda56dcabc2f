//! One way to write a letter: lower case, Latin letters without their marks.

/// The plain letters of U+00C0 to U+024F, `.` where there is none.
const LATIN: &[u8] = b"\
    aaaaaaaceeeeiiiidnooooo.ouuuuytsaaaaaaaceeeeiiiidnooooo.ouuuuytyaaaaaaccccccccddddeeeeeeeeeegggg\
    gggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnn.nnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs\
    ...............e.ff....i........oo.............uu...................dddlllnnnaaiioouuuuuuuuuu.aa\
    aa....ggkkoooo..jdddgg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............\
    ................
";
/// The plain letters of U+1E00 to U+1EFF.
const LATIN_ADDITIONAL: &[u8] = b"\
    aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrr\
    ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyas..s.aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
    eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......
";

/// The plain lower-case form of a letter: `É` and `e` are one, `Ж` and `ж` are one.
pub(crate) fn plain(letter: char) -> char {
    let code = letter as usize;
    let known = match code {
        0..0xC0 => return letter.to_ascii_lowercase(),
        0xC0..0x250 => LATIN.get(code - 0xC0),
        0x1E00..0x1F00 => LATIN_ADDITIONAL.get(code - 0x1E00),
        _ => None,
    };
    match known {
        Some(&plain) if plain != b'.' => plain.into(),
        _ => letter.to_lowercase().next().unwrap_or(letter),
    }
}

/// A mark that belongs to the letter before it.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{200C}' | '\u{200D}' | '\u{AD}')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn marks_and_case_do_not_matter() {
        for (letter, expected) in
            [('E', 'e'), ('É', 'e'), ('ł', 'l'), ('Ø', 'o'), ('ễ', 'e'), ('Ж', 'ж'), ('×', '×')]
        {
            assert_eq!(plain(letter), expected, "{letter}");
        }
    }
}
