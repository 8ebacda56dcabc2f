use super::label::is_labelled;
use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;
use std::ops::Range;

/// Blanks beside a sign, at most.
const BLANKS_MAX: usize = 3;
/// No part of an address is longer.
const PART_MAX: usize = 64;

/// E-mail addresses with blanks beside their signs: `jo.doe @ example.com`, `jo.doe@ example . com`.
///
/// `meet us @ example.com` is a place.
pub(crate) fn addresses(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let mut at = 0;
    while let Some(sign) = survey.seek(at, kind::AT_SIGN) {
        at = sign + 1;
        if let Some(range) = loose_address(survey.text, sign) {
            let address =
                bytes.get(range.clone()).unwrap_or_default().iter().filter(|b| !b.is_ascii_whitespace());
            let address: Vec<u8> = address.copied().collect();
            if let Ok(address) = std::str::from_utf8(&address) {
                at = range.end;
                editor.replace(range, address, View::Spelled);
            }
        }
    }
    editor.finish()
}

fn loose_address(text: &str, sign: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let head = bytes.get(sign.saturating_sub(PART_MAX + BLANKS_MAX)..sign)?;
    let before = head.iter().rev().take(BLANKS_MAX).take_while(|b| b.is_ascii_whitespace()).count();
    let local = head.iter().rev().skip(before).take_while(|b| is_local(b)).count();
    let start = sign - before - local;
    let name = bytes.get(start..sign - before).filter(|name| !name.is_empty())?;
    let is_name = name.iter().any(|b| !b.is_ascii_alphabetic()) || is_labelled(text, start);
    let after = blanks(bytes, sign + 1);
    let mut end = after + label_len(bytes, after);
    let (mut labels, mut is_loose) = (1, before > 0 || after > sign + 1);
    while let Some((next, has_blanks)) = next_label(bytes, end) {
        end = next;
        labels += 1;
        is_loose |= has_blanks;
    }
    (is_name && is_loose && labels > 1 && end > after).then_some(start..end)
}

fn is_local(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || b"._%+-".contains(b)
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    at + bytes.iter().skip(at).take(BLANKS_MAX).take_while(|b| b.is_ascii_whitespace()).count()
}

fn label_len(bytes: &[u8], at: usize) -> usize {
    bytes.iter().skip(at).take(PART_MAX).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count()
}

/// The end of the label that follows a dot at `end`, and whether there are blanks on both sides of the dot: with one after
/// it, a sentence ends.
fn next_label(bytes: &[u8], end: usize) -> Option<(usize, bool)> {
    let dot = blanks(bytes, end);
    bytes.get(dot).filter(|b| **b == b'.')?;
    let next = blanks(bytes, dot + 1);
    let len = label_len(bytes, next);
    let is_sentence = next > dot + 1 && dot == end;
    (len > 0 && !is_sentence).then_some((next + len, dot > end || next > dot + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        addresses(&Survey::of(text)).map(|derived| derived.text)
    }

    #[test]
    fn blanks_in_addresses_are_taken_out() {
        for (text, expected) in [
            ("to jo.doe @ example.com today", "to jo.doe@example.com today"),
            ("jo.doe\t@\texample.com", "jo.doe@example.com"),
            ("jo.doe@ example . com. Then", "jo.doe@example.com. Then"),
            ("mail: jo @\nexample.co.uk", "mail: jo@example.co.uk"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn places_and_sound_addresses_stay() {
        for text in ["meet us @ example.com", "jo.doe@example.com. Then", "it is 5.99 @ home. Then", "a @ b"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
