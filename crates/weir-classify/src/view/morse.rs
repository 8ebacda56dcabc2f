use super::survey::{Block, Survey, ahead, kind};
use super::{Derived, Editor};
use crate::View;
use std::collections::BTreeSet;
use std::ops::Range;

/// Fewer letters, and fewer of different kinds, are a row of dashes and dots.
const LETTERS_MIN: usize = 10;
const KINDS_MIN: usize = 5;

/// Text in Morse code: `.--- --- .-.-.- -.. --- .`, words apart by `/`, `|`, a line or more spaces.
///
/// INVARIANT (linear time): what was read as a row is not read again, whether it says something or not.
pub(crate) fn read(survey: &Survey<'_>) -> Option<Derived> {
    let text = survey.text;
    let mut editor = Editor::new(text);
    let mut done = 0;
    for found in dashes(survey) {
        if found < done {
            continue;
        }
        let row = row_around(text, done, found);
        done = row.end;
        let start = row.start;
        if let Some((said, end)) = said(text.get(row).unwrap_or_default()) {
            editor.replace(start..start + end, &said, View::Spelled);
        }
    }
    editor.finish()
}

/// Where a dot follows a dash, as in no word or number and in every text of this code.
fn dashes(survey: &Survey<'_>) -> impl Iterator<Item = usize> {
    let dash = |block: &Block| block.of(kind::BASE64) & !block.of(kind::WORD) & !block.of(kind::MARKUP);
    let dot = |block: &Block| block.of(kind::GRAPHIC) & !block.of(kind::BASE64) & !block.of(kind::BRACKET);
    survey.places_of(b"-.", move |block| dash(block) & ahead(dot(block), 1))
}

/// All signs of the code around a place, from `floor` on.
fn row_around(text: &str, floor: usize, at: usize) -> Range<usize> {
    let is_sign = |b: &u8| matches!(b, b'.' | b'-' | b'/' | b'|' | b' ' | b'\n' | b'\r' | b'\t');
    let bytes = text.as_bytes();
    let before = bytes.get(floor..at).unwrap_or_default().iter().rev().take_while(|b| is_sign(b)).count();
    let after = bytes.get(at..).unwrap_or_default().iter().take_while(|b| is_sign(b)).count();
    let row = at - before..at + after;
    // What stands before the first sign is of the text around.
    let blank =
        bytes.get(row.clone()).unwrap_or_default().iter().take_while(|b| !matches!(b, b'.' | b'-')).count();
    row.start + blank..row.end
}

/// What a row of signs says, and where its last letter ends.
fn said(row: &str) -> Option<(String, usize)> {
    let (mut said, mut letters, mut end, mut next) = (String::new(), 0, 0, 0);
    for sign in row.split(is_between) {
        let start = next;
        next += sign.len() + 1;
        let before = start.checked_sub(1).and_then(|before| row.as_bytes().get(before));
        // More than one space, or a sign of its own, is between words.
        let ends_word = sign.is_empty() || before == Some(&b'\n');
        if ends_word && !said.ends_with(' ') && !said.is_empty() {
            said.push(' ');
        }
        if !sign.is_empty() {
            said.push(LETTERS.iter().find(|(code, _)| *code == sign)?.1);
            letters += 1;
            end = start + sign.len();
        }
    }
    let kinds = said.chars().collect::<BTreeSet<char>>().len();
    (letters >= LETTERS_MIN && kinds >= KINDS_MIN).then(|| (said.trim_end().to_owned(), end))
}

fn is_between(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\r' | '\t' | '/' | '|')
}

/// Source: ITU-R M.1677-1.
const LETTERS: [(&str, char); 51] = [
    (".-", 'A'),
    ("-...", 'B'),
    ("-.-.", 'C'),
    ("-..", 'D'),
    (".", 'E'),
    ("..-.", 'F'),
    ("--.", 'G'),
    ("....", 'H'),
    ("..", 'I'),
    (".---", 'J'),
    ("-.-", 'K'),
    (".-..", 'L'),
    ("--", 'M'),
    ("-.", 'N'),
    ("---", 'O'),
    (".--.", 'P'),
    ("--.-", 'Q'),
    (".-.", 'R'),
    ("...", 'S'),
    ("-", 'T'),
    ("..-", 'U'),
    ("...-", 'V'),
    (".--", 'W'),
    ("-..-", 'X'),
    ("-.--", 'Y'),
    ("--..", 'Z'),
    (".----", '1'),
    ("..---", '2'),
    ("...--", '3'),
    ("....-", '4'),
    (".....", '5'),
    ("-....", '6'),
    ("--...", '7'),
    ("---..", '8'),
    ("----.", '9'),
    ("-----", '0'),
    (".-.-.-", '.'),
    ("--..--", ','),
    ("---...", ':'),
    ("..--..", '?'),
    (".----.", '\''),
    ("-....-", '-'),
    ("-..-.", '/'),
    ("-.--.", '('),
    ("-.--.-", ')'),
    (".-..-.", '"'),
    ("-...-", '='),
    (".-.-.", '+'),
    ("..--.-", '_'),
    ("-.-.--", '!'),
    (".--.-.", '@'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_are_found_wherever_they_stand() {
        for before in 0..140 {
            let text = "a-b. _.".chars().cycle().take(before).collect::<String>() + " -.-. --..";
            let found: Vec<usize> = dashes(&Survey::of(&text)).collect();
            assert_eq!(found, [before + 1, before + 3, before + 7], "{text}");
        }
    }

    #[test]
    fn rows_of_the_code_are_read() {
        let read = |text: &str| read(&Survey::of(text)).map(|derived| derived.text);
        for (text, expected) in [
            (
                ".--- --- .-.-.- -.. --- . .--.-. . -..- .- -- .--. .-.. . .-.-.- -.-. --- --",
                "JO.DOE@EXAMPLE.COM",
            ),
            ("say: -.-. .- .-. -.. / ....- ..... ...-- ----. .---- .---- ok", "say: CARD 453911 ok"),
            ("-.-. .- .-. -..\n....- ..... ...-- ----. .---- .----", "CARD 453911"),
            ("-.-. .- .-. -..   ....- ..... ...-- ----. .---- .----", "CARD 453911"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "a -. b .- c",
            "- one.\n- two.-\n---\n...",
            "x.-.-.-.-.-.-.-.-.-.-.-",
            "--------.--------",
            ". . . . . -. . . . . . .",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
