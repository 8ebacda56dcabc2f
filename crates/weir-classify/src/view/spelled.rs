use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;
use aho_corasick::{Span, packed::Searcher};
use std::ops::Range;
use std::sync::LazyLock;

/// No part of an address is longer.
const REACH: usize = 80;

/// E-mail addresses whose signs are written out or put in brackets: `jo (at) example [dot] com`.
pub(crate) fn spelled(survey: &Survey<'_>) -> Option<Derived> {
    if !has_sign(survey) {
        return None;
    }
    let text = survey.text;
    let signs = signs(text);
    let mut editor = Editor::new(text);
    let mut is_address = false;
    for (index, sign) in signs.iter().enumerate() {
        is_address = match sign.value {
            "@" => sign.is_bracketed || signs.get(index + 1).is_some_and(|dot| sign.is_meant_with(dot, text)),
            _ => has_at_before(text, editor.done(), is_address, sign.range.start),
        };
        if is_address {
            editor.replace(sign.range.clone(), sign.value, View::Spelled);
        }
    }
    editor.finish()
}

/// A cheap look for a sign that is more than a word of any sentence.
fn has_sign(survey: &Survey<'_>) -> bool {
    /// `a(at)b.cc` is as short as an address can be.
    const LENGTH_MIN: usize = 9;
    if survey.text.len() < LENGTH_MIN {
        return false;
    }
    has_word(survey.bytes()) || has_bracketed_sign(survey)
}

fn has_bracketed_sign(survey: &Survey<'_>) -> bool {
    let mut at = 0;
    while let Some(opening) = survey.seek(at, kind::BRACKET) {
        at = opening + 1;
        let next = survey.bytes().get(at).copied().unwrap_or_default();
        let begins_sign = matches!(next, b'@' | b'.' | b'a' | b'A' | b'd' | b'D' | b'p' | b'P' | UMLAUT);
        if !begins_sign && !next.is_ascii_whitespace() {
            continue;
        }
        let inner = survey.bytes().get(opening + 1..survey.text.len().min(opening + 5)).unwrap_or_default();
        let [first, second, ..] = inner.trim_ascii_start() else { return false };
        let is_sign = match first.to_ascii_lowercase() {
            b'@' | b'.' => true,
            b'a' => matches!(second.to_ascii_lowercase(), b't' | b'r' | b'e'),
            b'd' => second.eq_ignore_ascii_case(&b'o'),
            b'p' => matches!(second.to_ascii_lowercase(), b'o' | b'u'),
            UMLAUT => is_umlaut(*second),
            _ => false,
        };
        if is_sign && sign_at(survey.text, opening).is_some() {
            return true;
        }
    }
    false
}

/// What is in every sign that is a word of no sentence. This kind of search looks for all at once, many bytes at a time.
static SIGNS: LazyLock<Option<Searcher>> = LazyLock::new(|| {
    let signs = ["dot ", "DOT ", "Dot ", "arrob", "arob", "chiocciola", "klammeraffe", "apenstaart"];
    Searcher::new(signs)
});

/// Whether a sign stands in a text behind a space.
fn has_word(bytes: &[u8]) -> bool {
    let Some(search) = SIGNS.as_ref() else { return true };
    let mut span = Span { start: 0, end: bytes.len() };
    while let Some(hit) = search.find_in(bytes, span) {
        if hit.start().checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b' ') {
            return true;
        }
        span.start = hit.start() + 1;
    }
    false
}

/// Whether the word before `at` goes on from a sign that was read, or has an at sign in it.
fn has_at_before(text: &str, done: usize, is_address: bool, at: usize) -> bool {
    let from = text.floor_char_boundary(at.saturating_sub(REACH));
    let before = text.get(from..at).unwrap_or_default();
    let word = at - before.rsplit(char::is_whitespace).next().map_or(0, str::len);
    (is_address && word <= done) || text.get(word..at).is_some_and(|word| word.contains('@'))
}

impl Sign {
    /// A plain ` at ` is an at sign only before a host and a dot that is written out too. `at the point` is none.
    fn is_meant_with(&self, dot: &Sign, text: &str) -> bool {
        let host = text.get(self.range.end..dot.range.start).unwrap_or_default();
        let is_sentence = self.is_common && dot.is_common && !dot.is_bracketed;
        dot.value == "." && host.len() < REACH && !host.contains(char::is_whitespace) && !is_sentence
    }
}

struct Sign {
    /// With the spaces around it.
    range: Range<usize>,
    value: &'static str,
    is_bracketed: bool,
    /// Whether its word is one of any sentence.
    is_common: bool,
}

/// The signs that are written out, found by the byte that every form of them has before its word.
fn signs(text: &str) -> Vec<Sign> {
    let bytes = text.as_bytes();
    let mut signs: Vec<Sign> = Vec::new();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| is_opening(*b))) {
        let start = at + found;
        at = start + 1;
        if !may_be_word(bytes, at) {
            continue;
        }
        if let Some(sign) = sign_at(text, start) {
            at = sign.range.end;
            signs.push(sign);
        }
    }
    signs
}

fn is_opening(b: u8) -> bool {
    matches!(b, b'(' | b'[' | b'{' | b'<' | b' ')
}

/// A cheap look whether one of the signs or their words may follow what opens it.
fn may_be_word(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let [first, second, ..] = rest else { return false };
    match (first | 0x20, second | 0x20) {
        // Another space may follow.
        (b' ', _) | (b'.', _) => true,
        (b'a', b't' | b'r' | b'e') | (b'd', b'o') | (b'c', b'h') | (b'k', b'l') => true,
        (b'a' | b'p', b'p') | (b'p', b'o' | b'u' | b'e') => true,
        _ => *first == b'@' || (*first == UMLAUT && is_umlaut(*second)),
    }
}

/// The first byte of `ä` and `Ä`.
const UMLAUT: u8 = 0xC3;

/// The second.
fn is_umlaut(byte: u8) -> bool {
    matches!(byte, 0xA4 | 0x84)
}

/// `jo(ät)example.com`, as Germans like to write it.
fn is_german_at(bytes: &[u8]) -> bool {
    matches!(bytes, [_, second, b't' | b'T', ..] if is_umlaut(*second))
}

fn sign_at(text: &str, opening: usize) -> Option<Sign> {
    let bytes = text.as_bytes();
    let is_bracketed = bytes.get(opening) != Some(&b' ');
    let inner = opening + 1 + spaces(bytes, opening + 1);
    let len = bytes.get(inner..)?.iter().take(WORD_MAX + 1).take_while(|b| b.is_ascii_alphabetic()).count();
    let (word_len, value, is_common) = match bytes.get(inner) {
        Some(b'@') if is_bracketed => (1, "@", false),
        Some(b'.') if is_bracketed => (1, ".", false),
        Some(&UMLAUT) if is_bracketed && is_german_at(bytes.get(inner..)?) => (3, "@", false),
        _ => {
            let (_, value, is_common) = word(bytes.get(inner..inner + len)?)?;
            (len, *value, *is_common)
        }
    };
    let closing = inner + word_len + spaces(bytes, inner + word_len);
    let is_closed = match bytes.get(opening) {
        Some(b'(') => bytes.get(closing) == Some(&b')'),
        Some(b'[') => bytes.get(closing) == Some(&b']'),
        Some(b'{') => bytes.get(closing) == Some(&b'}'),
        Some(b'<') => bytes.get(closing) == Some(&b'>'),
        _ => closing > inner + word_len,
    };
    let end = if is_bracketed { closing + 1 + spaces(bytes, closing + 1) } else { closing };
    let start = opening - bytes.get(..opening)?.iter().rev().take(2).take_while(|b| **b == b' ').count();
    let is_joined = start > 0 && bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
    (is_closed && is_joined).then_some(Sign { range: start..end, value, is_bracketed, is_common })
}

fn spaces(bytes: &[u8], at: usize) -> usize {
    bytes.iter().skip(at).take(2).take_while(|b| **b == b' ').count()
}

const WORD_MAX: usize = 11;

fn word(word: &[u8]) -> Option<&'static (&'static str, &'static str, bool)> {
    WORDS.iter().find(|(known, ..)| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// English, German, French, Spanish, Italian, Portuguese, Dutch; and whether it is a common word.
const WORDS: [(&str, &str, bool); 14] = [
    ("at", "@", true),
    ("dot", ".", false),
    ("aet", "@", false),
    ("arobase", "@", false),
    ("arroba", "@", false),
    ("chiocciola", "@", false),
    ("klammeraffe", "@", false),
    ("apenstaart", "@", false),
    ("punkt", ".", true),
    ("point", ".", true),
    ("punto", ".", true),
    ("ponto", ".", true),
    ("punt", ".", true),
    ("period", ".", true),
];
