//! Strings of JSON that have escapes.

use crate::View;
use crate::lanes::{BLOCK, Lanes, is};
use crate::view::{Derived, SourceMap, Step};
use std::cell::OnceCell;
use std::ops::Range;

/// So many quotation marks are looked at to tell where a string ends.
const QUOTES_MAX: usize = 16;

/// So many bytes are copied of what stands between two escapes, unless it is longer.
const STRETCH: usize = 64;

/// A string that has escapes.
pub(crate) struct Escaped<'a> {
    /// What it reads as.
    pub(super) text: String,
    /// The text in which it stands, from `start` on and with its first escape at `escape`.
    source: &'a str,
    start: usize,
    escape: usize,
    map: OnceCell<SourceMap>,
}

/// Reads the string that begins at `start` and has its first escape at `escape`: `step` is given each stretch that
/// stands as it is, with the escape behind it and its character. Returns where the string ends.
#[inline]
fn unescape(
    text: &str,
    start: usize,
    escape: usize,
    mut step: impl FnMut(Range<usize>, Option<(Range<usize>, char)>),
) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut done = start;
    for at in signs(bytes, escape) {
        if bytes.get(at) == Some(&b'"') {
            step(done..at, None);
            return Some(at);
        }
        let (c, len) = escaped(text, at)?;
        step(done..at, Some((at..at + len, c)));
        done = at + len;
    }
    None
}

/// The escapes of a part of a JSON text, and what they stand for.
pub(in crate::view) fn escapes(text: &str) -> impl Iterator<Item = (Range<usize>, char)> {
    let slashes = signs(text.as_bytes(), 0).filter(|at| text.as_bytes().get(*at) == Some(&b'\\'));
    slashes.filter_map(|at| escaped(text, at).map(|(c, len)| (at..at + len, c)))
}

/// The backslashes and quotation marks from `from` on that no backslash stands before: without a branch for each of those
/// that one stands before, which would come as they like.
///
/// Source: Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (VLDB Journal, 2019), section 3.1.1.
fn signs(text: &[u8], from: usize) -> impl Iterator<Item = usize> {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let (mut base, mut left, mut is_escaped) = (from, 0, false);
    std::iter::from_fn(move || {
        while left == 0 {
            if base >= text.len() {
                return None;
            }
            let lanes = Lanes::at(text, base);
            base += BLOCK;
            let slashes = lanes.mask(|lane| is(lane, b'\\')) & !u64::from(is_escaped);
            let behind = slashes << 1 | u64::from(is_escaped);
            // An addition carries the first of a row of backslashes to the byte behind the row.
            let (rows, goes_on) = slashes.overflowing_add(slashes & !EVEN & !behind);
            is_escaped = goes_on;
            left = (slashes | lanes.mask(|lane| is(lane, b'"'))) & !((EVEN ^ rows << 1) & behind);
        }
        let at = base - BLOCK + left.trailing_zeros() as usize;
        left &= left - 1;
        Some(at)
    })
}

/// Goes on with a stretch of `source`: most are short, of any length, and as many bytes are copied whatever that is, of
/// which those behind the stretch are taken off again.
fn push_stretch(text: &mut Vec<u8>, source: &[u8], stretch: &Range<usize>) {
    let (rest, len) = (source.get(stretch.start..).unwrap_or_default(), stretch.len());
    match rest.first_chunk::<STRETCH>() {
        Some(more) if len <= STRETCH => {
            let end = text.len() + len;
            text.extend_from_slice(more);
            text.truncate(end);
        }
        _ => text.extend_from_slice(rest.get(..len).unwrap_or_default()),
    }
}

impl<'a> Escaped<'a> {
    /// The string that begins at `start` of `source` and has its first escape at `escape`; and where its end is.
    pub(super) fn read(source: &'a str, start: usize, escape: usize) -> Option<(Self, usize)> {
        // As bytes, and made text at once: stretches are short, and each would be asked where its characters begin.
        let bytes = source.as_bytes();
        let mut text = Vec::with_capacity(room(bytes.get(start..)?, escape - start) + STRETCH);
        let end = unescape(source, start, escape, |stretch, escaped| {
            push_stretch(&mut text, bytes, &stretch);
            match escaped {
                Some((_, c)) if c.is_ascii() => text.push(u8::try_from(c).unwrap_or_default()),
                Some((_, c)) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                None => {}
            }
        })?;
        let text = String::from_utf8(text).ok()?;
        Some((Self { text, source, start, escape, map: OnceCell::new() }, end))
    }

    /// The way back, for the few strings in which something is found.
    pub(in crate::view) fn map(&self) -> &SourceMap {
        self.map.get_or_init(|| {
            let mut view = Derived::default();
            let _end = unescape(self.source, self.start, self.escape, |stretch, escaped| {
                view.copy(self.source, stretch);
                if let Some((range, c)) = escaped {
                    view.escape(range, c);
                }
            });
            view.map
        })
    }
}

impl Derived {
    /// Goes on with the character that an escape stands for.
    fn escape(&mut self, range: Range<usize>, c: char) {
        // An escape is of twelve bytes at most.
        let step = Step::of(u8::try_from(c.len_utf8()).unwrap_or(1), u8::try_from(range.len()).unwrap_or(1));
        self.map.stepped(self.text.len(), range, step, View::Raw);
        self.text.push(c);
    }
}

/// How many bytes the string that `rest` begins with has, or somewhat fewer or more: escapes begin at `escape`.
fn room(rest: &[u8], escape: usize) -> usize {
    let from = (escape + 2).min(rest.len());
    let quotes = memchr::memchr_iter(b'"', rest.get(from..).unwrap_or_default()).map(|at| from + at);
    let mut end = from;
    for quote in quotes.take(QUOTES_MAX) {
        end = quote;
        if rest.get(quote - 1) != Some(&b'\\') {
            break;
        }
    }
    end
}

/// The character that the escape at `at` stands for, and how long it is. Half of a surrogate pair
/// becomes a replacement character.
fn escaped(text: &str, at: usize) -> Option<(char, usize)> {
    let sign = *text.as_bytes().get(at + 1)?;
    // A look into one table: which sign comes next, nothing foretells.
    let c = match sign {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        _ => '\0',
    };
    match (c, sign) {
        ('\0', b'u') => utf16(text, at),
        ('\0', _) => None,
        (c, _) => Some((c, 2)),
    }
}

fn utf16(text: &str, at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = unit(at)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some((c, 6));
    }
    let pair = unit(at + 6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    Some(pair.map_or((char::REPLACEMENT_CHARACTER, 6), |c| (c, 12)))
}

#[cfg(test)]
mod tests {
    use super::super::{Item, Json};
    use super::*;

    #[test]
    fn strings_read_as_they_were_written_whatever_stands_between_their_escapes() {
        for (piece, rest) in
            (0..2 * STRETCH + 9).flat_map(|len| [("a".repeat(len), "b"), ("é".repeat(len), "→")])
        {
            let slashes = "\\".repeat(piece.len() % 70);
            let written =
                [&piece, "\n", rest, "\"\\", &slashes, "\"", &piece, "\t/", rest, &slashes, &slashes]
                    .concat();
            let signs = [("\\", "\\\\"), ("\n", "\\n"), ("\"", "\\\""), ("\t", "\\t"), ("/", "\\/")];
            let escaped =
                signs.iter().fold(written.clone(), |text, (sign, escape)| text.replace(sign, escape));
            for behind in ["", ",\"x\"", &format!(",\"{piece}\"")] {
                let json = format!("[\"{escaped}\"{behind}]");
                let parsed = Json::parse(&json).unwrap();
                assert_eq!(parsed.items.first().map(Item::text), Some(written.as_str()));
            }
        }
    }

    #[test]
    fn a_sign_counts_unless_a_backslash_that_counts_stands_before_it() {
        let mut state = 3_usize;
        for len in 0..900 {
            let text: Vec<u8> = (0..len % 300)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    *b"\\\\\\\"a".get(state >> 33 & 7).unwrap_or(&b'\\')
                })
                .collect();
            let (mut wanted, mut at) = (Vec::new(), 0);
            while let Some(byte) = text.get(at) {
                if b"\\\"".contains(byte) {
                    wanted.push(at);
                }
                at += if *byte == b'\\' { 2 } else { 1 };
            }
            assert_eq!(signs(&text, 0).collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn what_is_no_escape_makes_no_json() {
        let read =
            [("\\b\\f\\r\\u00e4", Some("\u{8}\u{c}\rä")), ("\\a", None), ("\\\0", None), ("\\é", None)];
        for (string, read) in read {
            let json = format!("[\"{string}\"]");
            let parsed = Json::parse(&json);
            assert_eq!(
                parsed.as_ref().and_then(|json| json.items.first()).map(Item::text),
                read,
                "{string:?}"
            );
        }
    }
}
