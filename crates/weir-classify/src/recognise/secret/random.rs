//! Whether characters look drawn at random or written by a person.

/// No more of a value is judged: enough to tell, and bounded.
const SAMPLE: usize = 64;
/// Letters and digits between signs that can be judged by themselves.
const PART_MIN: usize = 10;

// What a pair of neighbouring characters says, in tenths of a nat (the logarithm of how much likelier it
// is in random letters and digits than in words and identifiers).
const COMMON: i32 = -8;
const RARE: i32 = 24;
const LETTER_DIGIT: i32 = 24;
const DIGITS: i32 = -10;
const LOWER_UPPER: i32 = 6;
const SIGN: i32 = -5;

/// Pairs of letters that are 19 in 20 of all in running text and identifiers: for each first letter a
/// set of second ones, lowest bit `a`.
///
/// Counted over English documentation and source code, and over program messages in German, French,
/// Spanish, Italian, Dutch, Portuguese, Polish, Turkish and Swedish.
const PAIRS: [u32; 26] = pairs([
    "abcdfgiklmnprstuvwyz",
    "aeijloruy",
    "acefhiklorstuz",
    "adegilorsu",
    "abcdefgiklmnpqrstuvwxyz",
    "aefgilnoru",
    "aeghilnorsu",
    "aeiortu",
    "abcdefgjklmnoprstvxz",
    "aeo",
    "aeilostu",
    "adefilnostuy",
    "abeilmopsu",
    "acdefgiklnostuvy",
    "bcdefgiklmnoprstuvw",
    "aeiloprstu",
    "u",
    "acdegiklmnorstuvyz",
    "acehiklmopqstuvy",
    "acdefhilmoprstuy",
    "abcdefgilmnprst",
    "aeio",
    "aehiorsy",
    "aceipt",
    "amnopst",
    "aeiy",
]);

/// How much likelier the characters are if drawn at random, in tenths of a nat, and the number of pairs.
fn surprise(text: &[u8]) -> (i32, i32) {
    let sample = text.get(..SAMPLE).unwrap_or(text);
    let pairs = sample.iter().zip(sample.iter().skip(1));
    pairs.fold((0, 0), |(sum, count), (a, b)| (sum + pair(*a, *b), count + 1))
}

/// How sure one must be that a value is random, by how much the name before it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// The name or prefix says that it is a secret.
    Little,
    /// It can well be something else.
    Some,
    /// It is something else more often than not.
    Much,
}

/// Whether `text` looks drawn at random. Where there is little doubt, a part between signs is enough.
pub(super) fn is_random(text: &[u8], doubt: Doubt) -> bool {
    if is_drawn(text, doubt) {
        return true;
    }
    let mut parts = text.split(|b| !b.is_ascii_alphanumeric()).filter(|part| part.len() >= PART_MIN);
    doubt == Doubt::Little && (is_hex(text) || parts.any(|part| is_hex(part) || is_drawn(part, Doubt::Some)))
}

/// Long enough hexadecimal digits, most pairs of which say little.
fn is_hex(text: &[u8]) -> bool {
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    text.len() >= 16
        && text.iter().all(u8::is_ascii_hexdigit)
        && digits >= 3
        && text.len() >= digits + 3
        && variety(text) >= 8
}

fn is_drawn(text: &[u8], doubt: Doubt) -> bool {
    let (sum, count) = surprise(text);
    let (least, each) = match doubt {
        Doubt::Little => (30, 2),
        Doubt::Some => (80, 4),
        Doubt::Much => (120, 5),
    };
    sum >= least && sum >= each * count
}

fn pair(a: u8, b: u8) -> i32 {
    if a == b || a.checked_add(1) == Some(b) {
        // `xxxx`, `abcd`, `1234`: written, whatever the characters.
        return COMMON;
    }
    match (a, b) {
        (b'0'..=b'9', b'0'..=b'9') => DIGITS,
        (b'0'..=b'9', _) if b.is_ascii_alphabetic() => LETTER_DIGIT,
        (_, b'0'..=b'9') if a.is_ascii_alphabetic() => LETTER_DIGIT,
        (b'a'..=b'z', b'A'..=b'Z') => LOWER_UPPER,
        _ if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => letters(a, b),
        _ => SIGN,
    }
}

fn letters(a: u8, b: u8) -> i32 {
    let second = PAIRS.get(usize::from(a.to_ascii_lowercase() - b'a')).copied().unwrap_or(0);
    let is_common = second & (1 << (b.to_ascii_lowercase() - b'a')) != 0;
    if is_common { COMMON } else { RARE }
}

/// How many different bytes there are.
pub(super) fn variety(text: &[u8]) -> u32 {
    text.iter().fold(0_u128, |set, b| set | 1 << (b & 127)).count_ones()
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn pairs(lists: [&str; 26]) -> [u32; 26] {
    let mut sets = [0; 26];
    let mut first = 0;
    while first < 26 {
        let seconds = lists[first].as_bytes();
        let mut at = 0;
        while at < seconds.len() {
            sets[first] |= 1 << (seconds[at] - b'a');
            at += 1;
        }
        first += 1;
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_identifiers_do_not_look_random() {
        for text in [
            "authentication",
            "getUserTokenFromSession",
            "user2FAEnabled",
            "sha256-RSA2048",
            "x86_64-unknown-linux-gnu",
            "eu-central-1",
            "NEXT_PUBLIC_API_KEY",
            "2026-11-24T15:16:17Z",
            "aaaaaaaaaaaaaaaa",
            "abcdefghijklmnop",
            "1234567890123456",
            "Zugangsberechtigung",
            "application/vnd.api+json",
            "AES-256-GCM",
            "utf8mb4_unicode_ci",
        ] {
            assert!(!is_random(text.as_bytes(), Doubt::Little), "{text} {:?}", surprise(text.as_bytes()));
        }
    }

    #[test]
    fn random_characters_do() {
        for text in
            ["k7Qz2vXw9", "qx7vjz0w4k1t", "9f3ac17be04d5821", "zKqWvXbTjRgMhNdPcFsL", "MZ4XR2QH7KJWTB5V"]
        {
            assert!(is_random(text.as_bytes(), Doubt::Little), "{text} {:?}", surprise(text.as_bytes()));
        }
    }
}
