use super::placeholder::is_placeholder;
use super::random::{Doubt, is_random, variety};
use crate::haystack::Haystack;
use crate::recognise::Match;
use std::ops::Range;

/// How a vendor's keys look: a prefix that nothing else has, and the characters that follow it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    /// Whose key it is, for people; the row says it too.
    #[cfg_attr(not(test), expect(dead_code, reason = "the test reads it that holds the row to its table"))]
    pub(crate) vendor: &'static str,
    pub(crate) prefixes: &'static [&'static str],
    alphabet: Alphabet,
    min: usize,
    max: usize,
}

/// The characters of a key's body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Alphabet {
    /// `0-9a-f`, of either case
    Hex,
    /// `A-Z2-7`
    Base32,
    /// `A-Za-z0-9`
    Alphanumeric,
    /// `A-Za-z0-9_-`
    Base64Url,
    /// `A-Za-z0-9_.-`
    Dotted,
    /// `A-Za-z0-9+/=_.~:-`
    Printable,
    /// The same and `|!$%`
    Signs,
}

/// A format whose body has from `min` to `max` characters.
pub(super) const fn format(
    vendor: &'static str,
    prefixes: &'static [&'static str],
    alphabet: Alphabet,
    min: usize,
    max: usize,
) -> Format {
    Format { vendor, prefixes, alphabet, min, max }
}

impl Format {
    /// Judges what follows a prefix.
    pub(crate) fn find(&self, haystack: &Haystack<'_>, prefix: Range<usize>) -> Option<Match> {
        if !haystack.opens(prefix.start) {
            return None;
        }
        let end = self.body_end(haystack, prefix.end)?;
        let body = haystack.slice(prefix.end..end);
        let is_drawn = is_random(body, Doubt::Little)
            || self.is_narrow(body)
            || body.split(|b| *b == b'-').any(is_mixed);
        (is_drawn && variety(body) >= 6 && !is_placeholder(body)).then(|| Match::new(prefix.start..end, 1.0))
    }

    fn body_end(&self, haystack: &Haystack<'_>, start: usize) -> Option<usize> {
        let end = haystack.run_end(start, self.max + 1, |b| self.alphabet.holds(b));
        // The full stop of a sentence is not part of the key.
        let end = if end > start && haystack.before(end) == Some(b'.') { end - 1 } else { end };
        let fits = (self.min..=self.max).contains(&(end - start)) && haystack.closes(end);
        // The next segment's text may run on in the same alphabet.
        let end = if fits { Some(end) } else { haystack.last_seam(start + self.min..start + self.max + 1) }?;
        (end <= start + self.max && self.all_hold(haystack, start..end)).then_some(end)
    }

    /// A fixed length of few characters says enough, and 16 of them look like words now and then.
    fn is_narrow(&self, body: &[u8]) -> bool {
        self.min == self.max
            && matches!(self.alphabet, Alphabet::Base32)
            && body.iter().any(u8::is_ascii_digit)
    }

    fn all_hold(&self, haystack: &Haystack<'_>, body: Range<usize>) -> bool {
        haystack.slice(body).iter().all(|b| self.alphabet.holds(*b))
    }
}

/// Digits among letters, after a prefix that nothing else has: some parts of keys are mostly digits.
fn is_mixed(part: &[u8]) -> bool {
    let digits = part.iter().filter(|b| b.is_ascii_digit()).count();
    part.len() >= 8 && (3..part.len()).contains(&digits) && variety(part) >= 5
}

impl Alphabet {
    fn holds(self, b: u8) -> bool {
        match self {
            Alphabet::Hex => b.is_ascii_hexdigit(),
            Alphabet::Base32 => b.is_ascii_uppercase() || matches!(b, b'2'..=b'7'),
            Alphabet::Alphanumeric => b.is_ascii_alphanumeric(),
            Alphabet::Base64Url => is_base64_url(b),
            Alphabet::Dotted => is_base64_url(b) || b == b'.',
            Alphabet::Printable => is_printable(b),
            Alphabet::Signs => is_printable(b) || matches!(b, b'|' | b'!' | b'$' | b'%'),
        }
    }
}

fn is_printable(b: u8) -> bool {
    is_base64_url(b) || matches!(b, b'+' | b'/' | b'=' | b'.' | b'~' | b':')
}

pub(super) fn is_base64_url(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}
