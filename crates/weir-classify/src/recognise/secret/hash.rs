//! Hashes of passwords, which can be tried offline.

use super::random::{Doubt, is_random};
use super::secret;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;

pub(super) const PASSWORD_HASH: RecogniserInfo = secret(
    "password_hash",
    "password hashes: bcrypt, argon2, scrypt, yescrypt, PBKDF2, SCRAM, NT, and those of crypt(3), LDAP, htpasswd, WordPress and Django",
    "the scheme's mark, and salt and hash of its lengths",
    Find::Literal(&MARKS, find),
);

/// Marks of schemes. Source: crypt(5), RFC 2307, and the documentation of Django, WordPress, Cisco and
/// PostgreSQL.
const MARKS: [&str; 37] = [
    "$2a$",
    "$2b$",
    "$2x$",
    "$2y$",
    "$1$",
    "$5$",
    "$6$",
    "$7$",
    "$y$",
    "$gy$",
    "$8$",
    "$9$",
    "$apr1$",
    "$argon2i$",
    "$argon2d$",
    "$argon2id$",
    "$scrypt$",
    "$pbkdf2-sha256$",
    "$pbkdf2-sha512$",
    "$pbkdf2$",
    "pbkdf2_sha256$",
    "pbkdf2_sha1$",
    "bcrypt_sha256$$",
    "bcrypt$$",
    "scrypt:",
    "pbkdf2:sha256:",
    "$P$",
    "$H$",
    "$S$",
    "{SSHA}",
    "{SSHA256}",
    "{SSHA512}",
    "{SHA}",
    "{CRYPT}$",
    "SCRAM-SHA-256$",
    "SCRAM-SHA-1$",
    // The LM hash of nothing, before the NT hash.
    "aad3b435b51404eeaad3b435b51404ee:",
];

const HASH_MAX: usize = 256;
/// The shortest hash with its salt is that of `{SHA}`, 20 bytes in base64.
const HASH_MIN: usize = 27;

fn find(haystack: &Haystack<'_>, mark: Range<usize>) -> Option<Match> {
    let end = haystack.run_end(mark.end, HASH_MAX, is_hash);
    let hash = haystack.slice(mark.end..end);
    let mut parts = hash.split(|b| matches!(b, b'$' | b':')).filter(|part| part.len() >= 22);
    let is_whole = hash.len() >= HASH_MIN && parts.any(|part| is_random(part, Doubt::Little));
    is_whole.then(|| Match::new(mark.start..end, 1.0))
}

fn is_hash(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'$' | b'+' | b'=' | b',' | b'-' | b'_' | b':')
}
