//! What a value is, whatever its name.

use super::super::placeholder::{is_placeholder, is_stock_password};
use super::super::prose::is_strong;
use super::super::random::{Doubt, is_random, variety};
use super::name::Strength;
use super::syntax::Value;

/// Values that everybody may know, by how they begin.
const PUBLIC: [&str; 20] = [
    "AAAAB3Nza",
    "AAAAE2Vj",
    "AAAAC3Nza",
    "MII",
    "sha1-",
    "sha256-",
    "sha384-",
    "sha512-",
    "sha256:",
    "sha512:",
    "data:",
    "http://",
    "https://",
    "arn:",
    "urn:",
    "ssh-",
    "did:",
    "LS0tLS1CRUdJTiBD",
    "LS0tLS1CRUdJTiBQVU",
    "file:",
];

/// Whether a value can be a credential at all, told cheaply: anything but letters in it, or letters
/// that are no words.
pub(super) fn may_be_secret(value: &[u8]) -> bool {
    value.len() >= 6
        && (value.iter().any(|b| !b.is_ascii_alphabetic() && !matches!(b, b'_' | b'-' | b'.'))
            || is_random(value, Doubt::Little))
}

/// Whether a value is a credential, given what its name says.
pub(super) fn is_secret(value: &[u8], strength: Strength, place: &Value) -> bool {
    let is_quoted = place.is_quoted;
    let is_code = !is_quoted && value.iter().any(|b| matches!(b, b'(' | b'[' | b'{'));
    if is_code || is_placeholder(value) || PUBLIC.iter().any(|begin| value.starts_with(begin.as_bytes())) {
        return false;
    }
    match strength {
        _ if place.is_beside => is_drawn(value, strength),
        // In a list there are names of functions and methods of authentication.
        Strength::Password if place.is_listed => value.len() >= 10 && is_random(value, Doubt::Some),
        Strength::Strong if place.is_listed && !value.iter().any(u8::is_ascii_digit) => {
            is_random(value, Doubt::Much)
        }
        Strength::Password => is_chosen(value, is_quoted),
        Strength::Strong => {
            is_token(value, is_quoted)
                || is_uuid(value)
                || is_number(value)
                || is_basic(value)
                || is_quoted && value.len() >= 8 && is_strong(value) && !is_stock_password(value)
        }
        Strength::Client => value.len() >= 12 && is_random(value, Doubt::Some) || is_uuid(value),
        Strength::Medium => value.len() >= 12 && is_random(value, Doubt::Some) && !is_uuid(value),
        Strength::Weak => {
            value.len() >= 20 && is_random(value, Doubt::Much) && !is_uuid(value) && !is_hash(value)
                || is_basic(value)
        }
    }
}

/// Letters and digits in no order, where nothing but the name before it says what they are.
fn is_drawn(value: &[u8], strength: Strength) -> bool {
    if strength == Strength::Password && is_strong(value) && !is_stock_password(value) {
        return true;
    }
    matches!(strength, Strength::Password | Strength::Strong)
        && value.len() >= 16
        && value.iter().filter(|b| b.is_ascii_digit()).count() >= 2
        && !value.iter().any(|b| matches!(b, b'.' | b':' | b'/' | b'('))
        && is_random(value, Doubt::Much)
}

/// What a machine would draw. What no quotes tell from a variable must be longer or surer.
fn is_token(value: &[u8], is_quoted: bool) -> bool {
    let sure = if is_quoted || value.len() >= 12 { Doubt::Little } else { Doubt::Some };
    value.len() >= 8 && is_random(value, sure)
}

/// Whether a value by itself may be a password.
pub(in crate::recognise::secret) fn is_password(value: &[u8]) -> bool {
    is_chosen(value, true) && !is_placeholder(value)
}

/// What a person would choose: letters together with digits or signs; more of them where quotes do not
/// tell a value from a variable.
fn is_chosen(value: &[u8], is_quoted: bool) -> bool {
    if value.len() >= 8 && (is_random(value, Doubt::Little) || is_uuid(value)) {
        return true;
    }
    let count = |class: fn(&u8) -> bool| value.iter().filter(|b| class(b)).count();
    let digits = count(u8::is_ascii_digit);
    let signs = count(|b| matches!(b, b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'~' | b'?'));
    let mixed = count(u8::is_ascii_alphabetic) > 0 && digits + signs > 0;
    let is_word = value.iter().all(u8::is_ascii_alphanumeric);
    let is_plain = is_quoted || signs > 0 || is_word && digits >= 2 && value.len() >= 8;
    mixed && is_plain && value.len() >= 6 && !is_stock_password(value)
}

pub(in crate::recognise::secret) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
        && variety(value) >= 8
}

/// Digits alone, more than any count or time has; a sign may part them.
fn is_number(value: &[u8]) -> bool {
    let signs = value.iter().filter(|b| matches!(b, b'/' | b'-' | b':' | b'|')).count();
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    digits >= 15 && digits + signs == value.len() && signs <= 2 && variety(value) >= 5
}

/// A digest in hexadecimal, of one case, as commits and files have.
pub(in crate::recognise::secret) fn is_hash(value: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    let one_case = !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
    matches!(value.len(), 32 | 40 | 64) && value.iter().all(u8::is_ascii_hexdigit) && one_case
}

/// `user:password` in base64, as in HTTP's Basic scheme and Docker's configuration.
fn is_basic(value: &[u8]) -> bool {
    let decoded = decode(value);
    decoded.len() >= 6 && decoded.iter().all(|b| b.is_ascii_graphic()) && decoded.contains(&b':')
}

fn decode(base64: &[u8]) -> Vec<u8> {
    let digits: Vec<u32> = base64.iter().map_while(|b| digit(*b)).collect();
    if base64.iter().skip(digits.len()).any(|b| *b != b'=') {
        return Vec::new();
    }
    let group =
        |group: &[u32]| group.iter().chain([0, 0, 0].iter()).take(4).fold(0, |bits, digit| bits << 6 | digit);
    digits
        .chunks(4)
        .flat_map(|chunk| group(chunk).to_be_bytes().into_iter().skip(1).take(chunk.len().saturating_sub(1)))
        .collect()
}

fn digit(b: u8) -> Option<u32> {
    Some(match b {
        b'A'..=b'Z' => u32::from(b - b'A'),
        b'a'..=b'z' => u32::from(b - b'a') + 26,
        b'0'..=b'9' => u32::from(b - b'0') + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}
