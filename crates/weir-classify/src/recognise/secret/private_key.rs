use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

pub(super) const PEM: RecogniserInfo = RecogniserInfo {
    name: "private_key",
    entity: EntityType::SECRET,
    category: Category::Credentials,
    finds: "private keys in PEM, OpenSSH, SSH2 and PGP armour, inside JSON and service-account files too",
    validation: "the armour's first line and a body of base64; the line alone is no key",
    find: Find::Literal(&["-----BEGIN ", "---- BEGIN "], find_pem),
};

pub(super) const PUTTY: RecogniserInfo = RecogniserInfo {
    name: "putty_private_key",
    entity: EntityType::SECRET,
    category: Category::Credentials,
    finds: "private keys in PuTTY's format",
    validation: "the file's first line and a `Private-Lines` section",
    find: Find::Literal(&["Private-Lines: "], find_putty),
};

/// The longest words of an armour line: `SSH2 ENCRYPTED PRIVATE KEY`.
const TITLE_MAX: usize = 48;
/// Bytes after the first line in which the base64 must begin: room for PGP and PEM header fields.
const HEADERS_MAX: usize = 400;
/// Base64 that cannot be a word or a placeholder.
const BODY_MIN: usize = 24;

fn find_pem(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let title_end = haystack
        .run_end(anchor.end, TITLE_MAX, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    let title = haystack.slice(anchor.end..title_end);
    let is_private = title.windows(11).any(|words| words == b"PRIVATE KEY");
    let body = haystack.run_end(title_end, 5, |b| b == b'-');
    if !is_private || body < title_end + 4 {
        return None;
    }
    let end = body_end(haystack, body)?;
    Some(Match::new(anchor.start..end, 1.0))
}

fn find_putty(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let end = body_end(haystack, anchor.end)?;
    Some(Match::new(anchor.start..end, 1.0))
}

/// The end of the base64 body that begins near `from`, if there is one.
fn body_end(haystack: &Haystack<'_>, from: usize) -> Option<usize> {
    let limit = haystack.len().min(from + HEADERS_MAX);
    let mut at = from;
    while at < limit {
        let end = haystack.run_end(at, haystack.len(), is_base64);
        if end - at >= BODY_MIN && is_random(haystack.slice(at..end)) {
            return Some(rest_of_body(haystack, end));
        }
        // Another armour begins here, and is judged by itself.
        if haystack.starts_with(end, "-----") {
            return None;
        }
        at = end + 1;
    }
    None
}

/// Line after line of base64, and the armour's last line.
fn rest_of_body(haystack: &Haystack<'_>, from: usize) -> usize {
    let is_body = |b: u8| is_base64(b) || b.is_ascii_whitespace() || b == b'\\';
    let end = haystack.run_end(from, haystack.len(), is_body);
    if !haystack.starts_with(end, "-----END ") {
        return end;
    }
    let title =
        haystack.run_end(end + 9, TITLE_MAX, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    haystack.run_end(title, 5, |b| b == b'-')
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

fn is_random(body: &[u8]) -> bool {
    let head = body.get(..BODY_MIN).unwrap_or(body);
    let has = |class: fn(&u8) -> bool| head.iter().any(class);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && super::token::variety(head) >= 8
}
