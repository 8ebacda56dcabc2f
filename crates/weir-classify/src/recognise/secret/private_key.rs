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

pub(super) const DER: RecogniserInfo = RecogniserInfo {
    name: "private_key_body",
    entity: EntityType::SECRET,
    category: Category::Credentials,
    finds: "the base64 of private keys without their armour, and of armoured keys encoded once more",
    validation: "the first bytes that every such key has, and 40 more",
    find: Find::Literal(&BODIES, find_body),
};

pub(super) const JWK: RecogniserInfo = RecogniserInfo {
    name: "jwk_private_key",
    entity: EntityType::SECRET,
    category: Category::Credentials,
    finds: "JSON Web Keys with their private members",
    validation: "`kty`, and near it `d`, `k`, `p` or `q` with base64url of a key's length",
    find: Find::Literal(&["\"kty\"", "'kty'"], find_jwk),
};

/// How private keys begin in base64: PKCS #1 and #8 (RSA, P-256, Ed25519), SEC 1, OpenSSH, and the words
/// `-----BEGIN RSA PRIVATE`, `-----BEGIN PRIVATE`, `-----BEGIN EC PRIVATE`, `-----BEGIN OPENSSH PRIVATE`.
const BODIES: [&str; 14] = [
    "IBADANBgkqhkiG9w0BAQEFAASC",
    "IBAAKCAQEA",
    "IBAAKCAgEA",
    "IBAAKBgQ",
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
    "MC4CAQAwBQYDK2VwBCIEI",
    "MHcCAQEEI",
    "MIGkAgEBBDA",
    "b3BlbnNzaC1rZXktdjEA",
    "LS0tLS1CRUdJTiBSU0EgUFJJVkFURS",
    "LS0tLS1CRUdJTiBQUklWQVRF",
    "LS0tLS1CRUdJTiBFQyBQUklWQVRF",
    "LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVE",
    "LS0tLS1CRUdJTiBFTkNSWVBURUQgUFJJVkFUR",
];
/// How far before and after `kty` a private member stands: the modulus of a long RSA key may come between.
const JWK_BEFORE: usize = 200;
const JWK_AFTER: usize = 900;

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

fn find_body(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(anchor.end, 4096, is_base64);
    // `MIIEpA` comes before the first bytes that all have.
    let start = anchor.start
        - haystack
            .slice(anchor.start.saturating_sub(8)..anchor.start)
            .iter()
            .rev()
            .take_while(|b| is_base64(**b))
            .count();
    (end - anchor.end >= 40 && is_random(haystack.slice(anchor.end..end)))
        .then(|| Match::new(start..end, 1.0))
}

fn find_jwk(haystack: &Haystack<'_>, anchor: Range<usize>) -> Option<Match> {
    let start = anchor.start.saturating_sub(JWK_BEFORE);
    let window = haystack.slice(start..haystack.len().min(anchor.end + JWK_AFTER));
    let is_member = |bytes: &&[u8]| matches!(bytes, [b'"' | b'\'', b'd' | b'k' | b'p' | b'q', b'"' | b'\'']);
    let members = window.windows(3).enumerate().filter(|(_, bytes)| is_member(bytes));
    members
        .take(4)
        .find_map(|(at, _)| member_value(haystack, start + at + 3))
        .map(|value| Match::new(value, 1.0).with_evidence(&anchor))
}

fn member_value(haystack: &Haystack<'_>, from: usize) -> Option<Range<usize>> {
    let start =
        haystack.run_end(from, 8, |b| b.is_ascii_whitespace() || matches!(b, b':' | b'"' | b'\'' | b'\\'));
    let end = haystack.run_end(start, 1024, super::token::is_base64_url);
    (start > from && end - start >= 22 && is_random(haystack.slice(start..end))).then_some(start..end)
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
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && super::random::variety(head) >= 8
}
