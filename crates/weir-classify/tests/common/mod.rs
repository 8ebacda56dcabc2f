//! What the test files share.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use weir_classify::{Engine, EntityRule, EntityType, Inspection, Segment, Settings};

/// An engine without the statistical model: what it makes of a test's made-up people is its own tests'.
pub fn engine() -> Engine {
    let mut settings = Settings::default();
    settings.data.entities.insert(EntityType::PERSON, EntityRule::Off);
    Engine::new(settings).unwrap()
}

pub fn inspect(text: &str) -> Inspection {
    engine().inspect(&[Segment::text(text)])
}

/// What was found: the type, and the text it covers.
pub fn found(text: &str) -> Vec<(String, String)> {
    let inspection = inspect(text);
    assert!(inspection.complete);
    let span = |f: &weir_classify::Finding| text[f.start..f.end].to_owned();
    inspection.findings.iter().map(|f| (f.entity.to_string(), span(f))).collect()
}

/// Asserts that `text` holds exactly one finding, and what it covers.
#[track_caller]
pub fn finds(entity: &str, covered: &str, text: &str) {
    assert_eq!(found(text), [(entity.to_owned(), covered.to_owned())], "in `{text}`");
}

#[track_caller]
pub fn finds_nothing(text: &str) {
    assert_eq!(found(text), [], "in `{text}`");
}

/// A body of a key: `len` characters of `alphabet` in an order without repetition.
pub fn body(alphabet: &str, len: usize) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    (0..len).map(|at| alphabet[(at * 7 + at / alphabet.len() + 3) % alphabet.len()]).collect()
}

pub const ALPHANUMERIC: &str = "aB3dEf5GhJ7kLm9NpQ2rSt4UvW6xYz8C";
pub const HEX: &str = "0a1b2c3d4e5f6879";

/// `len` characters of `alphabet`, the same for the same seed. Nobody ever gave out such a key.
pub fn drawn(alphabet: &str, len: usize, seed: u64) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        alphabet[usize::try_from(state >> 33).unwrap() % alphabet.len()]
    };
    (0..len).map(|_| next()).collect()
}

/// Bytes in base64 (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        encoded
            .extend((0..=chunk.len()).map(|at| char::from(ALPHABET[(bits >> (18 - 6 * at) & 63) as usize])));
        encoded.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    encoded
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
