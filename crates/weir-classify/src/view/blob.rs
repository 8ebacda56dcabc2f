use super::bytes::{Binary, FORMAT_BYTES_MIN, READABLE_BYTES_MIN, is_compressed, is_file, judge};
use super::decode::{as_text, is_run};
use super::{Editor, Step};
use crate::View;
use crate::lanes::{SIDE, lowers_after};
use miniz_oxide::inflate::{decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};
use std::ops::Range;

/// A run of base64 goes on in the next line if it has at least so many characters in this one.
const LINE_MIN: usize = 16;
/// Bytes between two lines, at most.
const GAP_MAX: usize = 16;
/// Characters that are decoded first, to refuse words and paths cheaply.
const PROBE: usize = 8;
/// A run that is no text is looked into if it has at least so many characters.
const BINARY_MIN: usize = 64;
/// In the bytes of fewer characters nothing is read that is no text, and no file is seen.
const _: () = assert!(BINARY_MIN / 4 * 3 <= READABLE_BYTES_MIN && READABLE_BYTES_MIN <= FORMAT_BYTES_MIN);
/// How much larger than its encoding a compressed text may be, and what is always allowed.
const EXPANSION_MAX: usize = 4;
const EXPANDED_BYTES_MIN: usize = 64 << 10;

/// Where a run of base64 ends, and whether it hides something.
pub(super) struct After {
    pub(super) end: usize,
    pub(super) is_opaque: bool,
}

/// How often the lines up to one place were taken for one encoding.
#[derive(Default)]
pub(super) struct Tries {
    end: usize,
    count: usize,
    /// Bytes from where that was last done.
    len: usize,
}

/// So often lines are taken together of which only the first was an encoding: then again only where half of them
/// are left, and each by itself between.
///
/// INVARIANT (linear time): lines that are an encoding each are not joined once more for each of them.
const TRIES_MAX: usize = 8;

impl Tries {
    fn are_over(&self, start: usize) -> bool {
        start < self.end && self.count >= TRIES_MAX && 2 * (self.end - start) > self.len
    }

    fn note(&mut self, lines: Range<usize>) {
        self.count = if self.end == lines.end { self.count + 1 } else { 1 };
        (self.end, self.len) = (lines.end, lines.len());
    }
}

/// Undoes the base64 (of either alphabet, padded or not, in one line or several) that begins with `run`, if it
/// is text or compressed text. Of what is neither it undoes what can be read.
pub(super) fn undo(editor: &mut Editor<'_>, text: &str, run: Range<usize>, tries: &mut Tries) -> After {
    let clear = |end| After { end, is_opaque: false };
    let head = text.as_bytes().get(run.start..run.end).and_then(<[u8]>::first_chunk);
    let Some(probe) = head.and_then(probe) else { return clear(run.end) };
    let (is_compressed, is_text) = (is_compressed(&probe), is_text_head(&probe));
    if !is_text && (run.len() < LINE_MIN || !is_compressed && is_short(text, &run)) {
        return clear(run.end);
    }
    let several = if tries.are_over(run.start) { Vec::new() } else { lines(text, run.clone()) };
    let lines = if several.is_empty() { std::slice::from_ref(&run) } else { &several };
    let end = lines.last().map_or(run.end, |line| line.end);
    if end - run.start < BINARY_MIN && !is_compressed && !is_text {
        return clear(end);
    }
    // What follows on a line of its own may be a word of the text around, and no part of the encoding.
    let count = lines.len();
    if count > 1 {
        tries.note(run.start..end);
    }
    let fewer = [Some(count), (count > 1).then(|| count - 1), (count > 2).then_some(1)];
    let mut parts = fewer.into_iter().flatten().filter_map(|count| lines.get(..count));
    if let Some(end) = parts.find_map(|part| undo_lines(editor, text, part)) {
        return clear(end);
    }
    if end - run.start < BINARY_MIN {
        return clear(end);
    }
    let is_opaque = undo_binary(editor, text, lines);
    After { end, is_opaque }
}

/// Undoes what can be read in the bytes that these lines are; whether it cannot be read.
fn undo_binary(editor: &mut Editor<'_>, text: &str, lines: &[Range<usize>]) -> bool {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return false };
    let bytes = decode_lines(text, lines);
    if let Some(inflated) = inflated(&bytes) {
        editor.replace(first.start..last.end, &inflated, View::Compressed);
        return false;
    }
    match judge(&bytes, || is_spread(text, lines)) {
        Binary::Opaque => is_file(&bytes) || !is_public(text, first.start, &bytes),
        Binary::Readable(read) => {
            editor.replace(first.start..last.end, &read, View::Base64);
            false
        }
        Binary::Nothing => false,
    }
}

/// Whether capitals, small letters and digits are mixed as in base64, and in no long run of words, hexadecimal digits or
/// dashes.
fn is_spread(text: &str, lines: &[Range<usize>]) -> bool {
    const SHARE: usize = 32;
    let (mut capitals, mut small, mut digits, mut all) = (0, 0, 0, 0);
    for byte in lines.iter().flat_map(|line| text.get(line.clone()).unwrap_or_default().bytes()) {
        capitals += usize::from(byte.is_ascii_uppercase());
        small += usize::from(byte.is_ascii_lowercase());
        digits += usize::from(byte.is_ascii_digit());
        all += 1;
    }
    [capitals, small, digits].iter().all(|count| count * SHARE >= all)
}

/// Whether a run is all of its encoding and too short to hide anything but text: cheap to say of most words.
fn is_short(text: &str, run: &Range<usize>) -> bool {
    let after = text.as_bytes().get(run.end);
    run.len() < BINARY_MIN && !after.is_some_and(u8::is_ascii_whitespace)
}

/// Undoes base64 in these lines if it is text or compressed text. Returns where it ends.
fn undo_lines(editor: &mut Editor<'_>, text: &str, lines: &[Range<usize>]) -> Option<usize> {
    let (start, end) = (lines.first()?.start, lines.last()?.end);
    if is_refused(text, lines.first()?) {
        return None;
    }
    let characters: usize = lines.iter().map(Range::len).sum();
    // Six bits alone are no byte.
    let bytes = (characters % 4 != 1).then(|| decode_lines(text, lines))?;
    let padding = text.as_bytes().iter().skip(end).take(2).take_while(|b| **b == b'=').count();
    let end = end + padding;
    if let Some(decoded) = as_text(&bytes) {
        let step = if lines.len() == 1 && decoded.len() == bytes.len() { Step::of(3, 4) } else { Step::NONE };
        editor.step(start..end, &decoded, step, View::Base64);
        return Some(end);
    }
    editor.replace(start..end, &decompress(&bytes)?, View::Compressed);
    Some(end)
}

/// Whether what a line begins with is neither text nor compressed: cheap to say before all of it is decoded.
fn is_refused(text: &str, line: &Range<usize>) -> bool {
    const LOOKED_AT: usize = 32;
    let head = text.as_bytes().get(line.start..line.end.min(line.start + LOOKED_AT)).unwrap_or_default();
    let is_control = |b: &u8| b.is_ascii_control() && !matches!(b, b'\n' | b'\r' | b'\t');
    let mut bytes = [0; LOOKED_AT / 4 * 3];
    let mut len = 0;
    for (three, characters) in bytes.as_chunks_mut().0.iter_mut().zip(head.as_chunks().0) {
        *three = triple(characters).unwrap_or_default();
        len += three.len();
    }
    let bytes = bytes.get(..len).unwrap_or_default();
    // Text of two bytes for each character.
    let is_other = is_compressed(bytes)
        || matches!(bytes, [] | [_, 0, _, ..] | [0, _, 0, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let is_utf8 = || std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true);
    !is_other && (bytes.iter().any(is_control) || !is_utf8())
}

fn decode_lines(text: &str, lines: &[Range<usize>]) -> Vec<u8> {
    let characters = lines.iter().map(Range::len).sum();
    decode(characters, lines.iter().flat_map(|line| text.get(line.clone()).unwrap_or_default().bytes()))
}

/// The lines of base64 from `run` on, if there are several.
fn lines(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (len, mut line) = (run.len(), run.clone());
    let mut lines = Vec::new();
    // All lines have the same length, but for the last.
    while line.len() == len && len >= LINE_MIN {
        let rest = bytes.get(line.end..).unwrap_or_default();
        // Lines that are quoted, remarks, or strings that a program puts together.
        let is_gap = |b: &&u8| {
            b.is_ascii_whitespace() || matches!(b, b'>' | b'#' | b'*' | b'|' | b'"' | b'\'' | b'\\' | b',')
        };
        let gap = rest.iter().take(GAP_MAX).take_while(is_gap).count();
        let has_break = rest.get(..gap).is_some_and(|gap| gap.contains(&b'\n'));
        let next = rest.iter().skip(gap).take_while(|b| is_run(**b)).count();
        if !has_break || !(1..=len).contains(&next) {
            break;
        }
        if lines.is_empty() {
            lines.push(run.clone());
        }
        line = line.end + gap..line.end + gap + next;
        lines.push(line.clone());
    }
    lines
}

fn is_text_head(probe: &[u8]) -> bool {
    let is_read = |b: &u8| !b.is_ascii_control() || b.is_ascii_whitespace();
    if !probe.iter().all(is_read) {
        return matches!(probe, [_, 0, _, 0, ..] | [0, _, 0, _, 0, _] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    }
    let is_utf8 = || std::str::from_utf8(probe).map_or_else(|error| error.error_len().is_none(), |_| true);
    probe.iter().filter(|b| b.is_ascii()).count() * 2 >= probe.len() || is_utf8()
}

/// Characters of base32 in a row that may be an encoding.
const BASE32_MIN: usize = SIDE;

/// Undoes the base32 (RFC 4648, section 6) in `run`, if it is text. Returns where it ends.
pub(super) fn undo_base32(editor: &mut Editor<'_>, text: &str, run: Range<usize>) -> Option<usize> {
    // Most runs have a small letter soon.
    if lowers_after(text.as_bytes(), run.start) != 0 || run.len() < BASE32_MIN {
        return None;
    }
    let characters = text.as_bytes().get(run.clone())?;
    let value = |c: &u8| match c {
        b'A'..=b'Z' => Some(u32::from(c - b'A')),
        b'2'..=b'7' => Some(u32::from(c - b'2') + 26),
        _ => None,
    };
    if !characters.iter().all(|c| value(c).is_some()) {
        return None;
    }
    let (mut bytes, mut buffer, mut bits) = (Vec::with_capacity(characters.len()), 0_u32, 0);
    for character in characters {
        buffer = buffer << 5 | value(character)?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xff).ok()?);
            buffer &= (1 << bits) - 1;
        }
    }
    let decoded = as_text(&bytes)?;
    let padding = text.as_bytes().iter().skip(run.end).take(6).take_while(|b| **b == b'=').count();
    let end = run.end + padding;
    editor.replace(run.start..end, &decoded, View::Base64);
    Some(end)
}

/// What the first characters of a run stand for.
fn probe(head: &[u8; PROBE]) -> Option<[u8; PROBE / 4 * 3]> {
    let mut probe = [0; PROBE / 4 * 3];
    for (bytes, characters) in probe.as_chunks_mut::<3>().0.iter_mut().zip(head.as_chunks::<4>().0) {
        *bytes = triple(characters)?;
    }
    Some(probe)
}

fn triple(characters: &[u8; 4]) -> Option<[u8; 3]> {
    let value = characters.iter().try_fold(0_u32, |value, c| Some(value << 6 | u32::from(sextet(*c)?)))?;
    let [_, triple @ ..] = value.to_be_bytes();
    Some(triple)
}

/// What so many characters stand for; bits that are no whole byte are left out.
pub(super) fn decode(count: usize, characters: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count);
    let (mut buffer, mut bits) = (0_u32, 0);
    for sextet in characters.filter_map(sextet) {
        buffer = buffer << 6 | u32::from(sextet);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            let [.., byte] = (buffer >> bits).to_be_bytes();
            bytes.push(byte);
            buffer &= (1 << bits) - 1;
        }
    }
    bytes
}

fn sextet(character: u8) -> Option<u8> {
    SEXTETS.get(usize::from(character)).copied().filter(|sextet| *sextet != NONE)
}

/// No six bits.
const NONE: u8 = u8::MAX;

static SEXTETS: [u8; 256] = sextets();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn sextets() -> [u8; 256] {
    let mut sextets = [NONE; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        sextets[byte as usize] = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => NONE,
        };
        byte += 1;
    }
    sextets
}

/// The text in data that is deflated and nothing else (RFC 1951).
fn inflated(bytes: &[u8]) -> Option<String> {
    // The last block, or one of several: of Huffman codes.
    const BLOCKS: [u8; 3] = [3, 4, 5];
    bytes.first().filter(|first| BLOCKS.contains(&(*first & 7)))?;
    let limit = EXPANDED_BYTES_MIN.max(bytes.len() * EXPANSION_MAX);
    as_text(&decompress_to_vec_with_limit(bytes, limit).ok()?).filter(|text| text.len() >= bytes.len() / 2)
}

/// The text in gzip (RFC 1952) or zlib (RFC 1950) data, if the bytes are that and it is not too large.
pub(super) fn decompress(bytes: &[u8]) -> Option<String> {
    if !is_compressed(bytes) {
        return None;
    }
    let limit = EXPANDED_BYTES_MIN.max(bytes.len() * EXPANSION_MAX);
    let inflated = match bytes {
        [0x1f, 0x8b, 8, flags, ..] => {
            decompress_to_vec_with_limit(after_gzip_header(bytes, *flags)?, limit).ok()?
        }
        _ => decompress_to_vec_zlib_with_limit(bytes, limit).ok()?,
    };
    as_text(&inflated)
}

fn after_gzip_header(bytes: &[u8], flags: u8) -> Option<&[u8]> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECK: u8 = 2;
    let mut rest = bytes.get(10..)?;
    if flags & EXTRA != 0 {
        let (len, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    for string in [NAME, COMMENT] {
        if flags & string != 0 {
            let end = rest.iter().position(|b| *b == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    rest.get(if flags & CHECK != 0 { 2 } else { 0 }..)
}

/// Formats that are published as they are: certificates, public keys and signatures.
fn is_public(text: &str, start: usize, bytes: &[u8]) -> bool {
    const HEADERS: [&str; 5] = ["CERTIFICATE", "PUBLIC KEY", "PGP SIGNATURE", "ssh-", "X509"];
    let from = text.floor_char_boundary(start.saturating_sub(96));
    let before = text.get(from..start).unwrap_or_default();
    HEADERS.iter().any(|header| before.contains(header)) || bytes.starts_with(b"\0\0\0\x07ssh-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_by_its_beginning_says_nothing() {
        let pieces: [&[u8]; 14] = [
            b"jo.doe",
            "é".as_bytes(),
            "€".as_bytes(),
            "😀".as_bytes(),
            b"\n",
            b"\x01",
            b"\xff\xfe",
            b"\xfe\xff",
            b"j\0o\0",
            b"\0j\0o",
            b"\x1f\x8b\x08",
            b"\x78\x9c",
            b"\x80",
            b"4111 ",
        ];
        let said = |bytes: &[u8]| as_text(bytes).is_some() || decompress(bytes).is_some();
        let (mut state, mut kept, mut refused) = (5_usize, 0, 0);
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..20_000 {
            let (first, other) = (next(pieces.len()), next(pieces.len()));
            let bytes = [pieces[first], &pieces[other].repeat(next(12)), pieces[next(pieces.len())]].concat();
            let value = |sextet: u8| (0..128).find(|c| is_run(*c) && super::sextet(*c) == Some(sextet));
            let sextets = bytes.chunks_exact(3).flat_map(|three| {
                let bits = three.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte));
                [18, 12, 6, 0].map(|place| u8::try_from(bits >> place & 63).unwrap_or_default())
            });
            let text: String = sextets.filter_map(value).map(char::from).collect();
            let line = 0..text.len();
            let is_text = said(&decode_lines(&text, std::slice::from_ref(&line)));
            assert!(!is_text || !is_refused(&text, &line), "{bytes:?}");
            kept += usize::from(is_text);
            refused += usize::from(is_refused(&text, &line));
        }
        assert!(kept > 1000 && refused > 1000, "{kept} {refused}");
    }
}
