//! Manifests of Kubernetes secrets.

use super::placeholder::is_placeholder;
use super::secret;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

pub(super) const SECRET: RecogniserInfo = secret(
    "kubernetes_secret",
    "the values of a Kubernetes secret in YAML or JSON",
    "`kind: Secret`, and near it a `data` section with a value in base64",
    Find::Literal(&["kind: ", "kind:\t", "\"kind\":", "'kind':"], find),
);

/// How far from its kind the data of a secret stands.
const WITHIN: usize = 800;
/// Bytes of a section in which its first value must begin.
const SECTION: usize = 160;
const VALUE_MAX: usize = 4096;

fn find(haystack: &Haystack<'_>, kind: Range<usize>) -> Option<Match> {
    let word = haystack.run_end(kind.end, 4, |b| matches!(b, b' ' | b'"' | b'\'' | b'\\'));
    let end = haystack.run_end(word, 8, |b| b.is_ascii_alphanumeric());
    if !haystack.slice(word..end).eq_ignore_ascii_case(b"secret") {
        return None;
    }
    let window = kind.start.saturating_sub(WITHIN)..haystack.len().min(end + WITHIN);
    let text = haystack.slice(window.clone());
    let sections = [
        b"data: ".as_slice(),
        b"data:\n",
        b"data:\r",
        b"data\"",
        b"data':",
        b"Data:\n",
        b"data:\\",
        b"data:\t",
    ];
    let starts = text
        .windows(6)
        .enumerate()
        .filter(|(_, bytes)| sections.iter().any(|section| bytes.starts_with(section)));
    let value = starts.take(4).find_map(|(at, _)| value_in(haystack, window.start + at + 6))?;
    Some(Match::new(value, 0.9).with_evidence(&(word..end)))
}

/// The first value in a section that is base64 of more than a word.
fn value_in(haystack: &Haystack<'_>, section: usize) -> Option<Range<usize>> {
    let mut at = section;
    while at < section + SECTION {
        let end = haystack.run_end(at, VALUE_MAX, is_base64);
        let value = haystack.slice(at..end.min(at + 64));
        let is_value = matches!(haystack.before(at), Some(b' ' | b'"' | b'\'' | b'n' | b'\n'));
        let is_key = haystack.byte(end).is_some_and(|b| matches!(b, b':' | b'-' | b'.' | b'_'));
        if is_value && !is_key && is_encoded(value) {
            return Some(at..end);
        }
        at = end + 1;
    }
    None
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

/// Whole groups of four, and both cases or padding: no word of a manifest.
fn is_encoded(value: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    let mixed = has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && (has(u8::is_ascii_digit) || has(|b| *b == b'='));
    value.len() >= 8 && value.len().is_multiple_of(4) && mixed && !is_placeholder(value)
}
