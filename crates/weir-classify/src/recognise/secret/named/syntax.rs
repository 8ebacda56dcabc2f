//! Where a name ends and the value that is assigned to it lies, in any language.

use crate::haystack::Haystack;
use std::ops::Range;

const NAME_BEFORE: usize = 48;
const NAME_AFTER: usize = 32;
/// Bytes between a name and its value: signs, an aligned column, a type, a closing tag.
const GAP: usize = 64;
const VALUE: usize = 256;
const SAMPLE: usize = 64;

/// What is assigned to a name.
pub(super) struct Value {
    pub(super) range: Range<usize>,
    pub(super) is_quoted: bool,
    /// The next of a list, as likely as not something else: `("TOKEN", "value")`, `token, value`.
    pub(super) is_listed: bool,
    /// The next word, with nothing that assigns it: `set API_KEY value`.
    pub(super) is_beside: bool,
}

/// Words that stand between a name and its value and are not the value.
const FILLERS: [&str; 25] = [
    "value",
    "Value",
    "string",
    "String",
    "str",
    "text",
    "char",
    "varchar",
    "final",
    "As",
    "is",
    "ist",
    "est",
    "es",
    "lautet",
    "Bearer",
    "bearer",
    "Basic",
    "basic",
    "Token",
    "token",
    "Api-Token",
    "ApiKey",
    "Apikey",
    "default",
];

/// Of those, what assigns.
const ASSIGNING: [&str; 5] = ["is", "ist", "est", "es", "lautet"];

pub(super) fn identifier_end(haystack: &Haystack<'_>, from: usize) -> usize {
    let end = haystack.run_end(from, NAME_AFTER, is_name);
    if haystack.before(end) == Some(b'.') { end - 1 } else { end }
}

pub(super) fn identifier_start(haystack: &Haystack<'_>, from: usize) -> usize {
    run_start(haystack, from, is_name)
}

/// The words before an identifier that belong to it: `secret access key`, `env["api"]["key"]`.
pub(super) fn phrase_start(haystack: &Haystack<'_>, from: usize) -> usize {
    run_start(haystack, from, |b| is_name(b) || matches!(b, b' ' | b'[' | b']' | b'"' | b'\''))
}

fn run_start(haystack: &Haystack<'_>, from: usize, class: fn(u8) -> bool) -> usize {
    let before = haystack.slice(from.saturating_sub(NAME_BEFORE)..from);
    from - before.iter().rev().take_while(|b| class(**b)).count()
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'$')
}

/// The value assigned to the identifier that ends at `end`, if one is.
pub(super) fn value_after(haystack: &Haystack<'_>, start: usize, end: usize) -> Option<Value> {
    let is_flag = haystack.starts_with(start, "--") && haystack.byte(end) == Some(b' ');
    let mut gap = Gap { at: end, is_assigned: is_flag || haystack.is_seam(end), last: b' ' };
    while gap.at < end + GAP {
        match gap.step(haystack)? {
            Step::Skip(bytes) => gap.at += bytes,
            Step::Assign(sign, bytes) => {
                (gap.is_assigned, gap.last) = (true, sign);
                gap.at += bytes;
            }
            // A method, not the value: `password.encode("latin1")`.
            Step::Quote(_) if gap.last == b'(' && haystack.slice(start..end).contains(&b'.') => return None,
            Step::Quote(quote) => {
                return Value::quoted(haystack, gap.at + 1, quote).map(|value| gap.listed(value));
            }
            // A call with a variable, or a pointer: `secret(name1)`, `password: *const u8`.
            Step::Bare if gap.last == b'(' || matches!(haystack.byte(gap.at), Some(b'*' | b'&' | b'@')) => {
                return None;
            }
            Step::Bare => return Value::bare(haystack, gap.at).map(|value| gap.listed(value)),
        }
    }
    None
}

/// The next word after the identifier that ends at `end`, if there is more in it than letters.
pub(super) fn value_beside(haystack: &Haystack<'_>, end: usize) -> Option<Value> {
    let start = haystack.run_end(end, 4, |b| matches!(b, b' ' | b'\t' | b'"' | b'\''));
    let letters = haystack.run_end(start, VALUE, |b| b.is_ascii_alphabetic());
    if start == end || haystack.byte(letters).is_none_or(|b| !b.is_ascii_graphic()) {
        return None;
    }
    let has_digit = |value: &Value| haystack.slice(value.sample()).iter().any(u8::is_ascii_digit);
    let value = Value::bare(haystack, start).filter(|value| value.range.len() >= 8 && has_digit(value))?;
    Some(Value { is_beside: true, ..value })
}

/// How far the signs after a name have been read.
struct Gap {
    at: usize,
    is_assigned: bool,
    /// The last sign that assigns.
    last: u8,
}

enum Step {
    Skip(usize),
    Assign(u8, usize),
    Quote(u8),
    Bare,
}

impl Gap {
    fn listed(&self, value: Value) -> Value {
        Value { is_listed: self.last == b',', ..value }
    }

    fn step(&self, haystack: &Haystack<'_>) -> Option<Step> {
        let byte = haystack.byte(self.at)?;
        let next = haystack.byte(self.at + 1);
        match byte {
            b' ' | b'\t' | b'\\' => Some(Step::Skip(1)),
            b'\n' | b'\r' => (self.is_assigned || self.leads_to_value(haystack)).then_some(Step::Skip(1)),
            b'"' | b'\'' | b'`' if self.is_assigned => {
                Some(self.quoted_filler(haystack, byte).unwrap_or(Step::Quote(byte)))
            }
            b'"' | b'\'' | b'`' | b']' | b')' | b'}' | b'*' | b'&' if !self.is_assigned => {
                Some(Step::Skip(1))
            }
            // A path: `Secrets::Aes128Gcm`.
            b':' if next == Some(b':')
                && haystack.byte(self.at + 2).is_some_and(|b| b.is_ascii_alphabetic()) =>
            {
                None
            }
            b'=' | b':' | b',' | b'(' | b'>' | b'|' => Some(Step::Assign(byte, 1)),
            b'?' | b'.' | b'+' | b'~' | b'!' if next == Some(b'=') || next == Some(byte) => {
                Some(Step::Skip(1))
            }
            b'-' if next == Some(b'>') => Some(Step::Skip(1)),
            b'<' => self.tag(haystack),
            b'@' | b'[' if matches!(next, Some(b'"' | b'\'')) => Some(Step::Skip(1)),
            b'[' | b'{' => None,
            b'a'..=b'z' | b'A'..=b'Z' => self.word(haystack),
            _ => (self.is_assigned && byte.is_ascii_graphic()).then_some(Step::Bare),
        }
    }

    /// A closing tag or the next opening one: `<key>TOKEN</key><string>`. Not `token=<your token>`.
    fn tag(&self, haystack: &Haystack<'_>) -> Option<Step> {
        if matches!(self.last, b'=' | b':') {
            return None;
        }
        let end = haystack
            .run_end(self.at + 1, NAME_AFTER, |b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'-'));
        let name = haystack.slice(self.at + 1..end);
        let is_known =
            name.first() == Some(&b'/') || matches!(name, b"string" | b"value" | b"Value" | b"param-value");
        (is_known && haystack.byte(end) == Some(b'>')).then_some(Step::Skip(end - self.at))
    }

    fn word(&self, haystack: &Haystack<'_>) -> Option<Step> {
        if matches!(haystack.byte(self.at + 1), Some(b'"' | b'\'')) {
            return Some(Step::Skip(1));
        }
        self.filler(haystack, self.at).or_else(|| self.is_assigned.then_some(Step::Bare))
    }

    /// `- name: TOKEN` and, on the next line, `value:`.
    fn leads_to_value(&self, haystack: &Haystack<'_>) -> bool {
        let word = haystack.run_end(self.at, NAME_AFTER, |b| b.is_ascii_whitespace());
        haystack.starts_with(word, "value")
    }

    /// `"name": "TOKEN", "value": …`
    fn quoted_filler(&self, haystack: &Haystack<'_>, quote: u8) -> Option<Step> {
        let end = self.at + "\"value\"".len();
        let is_value = haystack.slice(self.at + 1..end - 1).eq_ignore_ascii_case(b"value");
        (is_value && haystack.byte(end - 1) == Some(quote)).then_some(Step::Skip(end - self.at))
    }

    fn filler(&self, haystack: &Haystack<'_>, at: usize) -> Option<Step> {
        let end = haystack.run_end(at, 10, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let word = haystack.slice(at..end);
        let is_filler = FILLERS.iter().any(|filler| filler.as_bytes() == word);
        let follows = matches!(haystack.byte(end), Some(b' ' | b'"' | b'\'' | b'=' | b':' | b'(' | b'>'));
        if !is_filler || !follows {
            return None;
        }
        let assigns = ASSIGNING.iter().any(|filler| filler.as_bytes() == word);
        Some(if assigns { Step::Assign(b'=', end - self.at) } else { Step::Skip(end - self.at) })
    }
}

impl Value {
    pub(super) fn whole(haystack: &Haystack<'_>) -> Option<Value> {
        let text = haystack.bytes();
        let start = text.iter().take(VALUE).take_while(|b| b.is_ascii_whitespace()).count();
        let value = Value::bare(haystack, start)?;
        (value.range.end + 8 >= text.len()).then_some(Value { is_quoted: true, ..value })
    }

    fn quoted(haystack: &Haystack<'_>, from: usize, quote: u8) -> Option<Value> {
        // A quote within the quotes is escaped: `"\"value\""`.
        let start = haystack.run_end(from, GAP, |b| b.is_ascii_whitespace() || matches!(b, b'\\' | b'"'));
        let start = scheme_end(haystack, start).unwrap_or(start);
        let end = haystack.run_end(start, VALUE, |b| b != quote && !b.is_ascii_whitespace() && b != b'\\');
        (start < end).then_some(Value {
            range: start..end,
            is_quoted: true,
            is_listed: false,
            is_beside: false,
        })
    }

    fn bare(haystack: &Haystack<'_>, start: usize) -> Option<Value> {
        let end = haystack.run_end(start, VALUE, is_bare);
        let end = if matches!(haystack.before(end), Some(b'.' | b':')) { end - 1 } else { end };
        (start < end).then_some(Value {
            range: start..end,
            is_quoted: false,
            is_listed: false,
            is_beside: false,
        })
    }

    /// As much as is judged.
    pub(super) fn sample(&self) -> Range<usize> {
        self.range.start..self.range.end.min(self.range.start + SAMPLE)
    }
}

/// The end of the authentication scheme before a credential: `Bearer `.
fn scheme_end(haystack: &Haystack<'_>, start: usize) -> Option<usize> {
    let end = haystack.run_end(start, 10, |b| b.is_ascii_alphabetic() || b == b'-');
    let is_scheme = FILLERS.iter().any(|filler| filler.as_bytes() == haystack.slice(start..end));
    (is_scheme && haystack.byte(end) == Some(b' ')).then_some(end + 1)
}

fn is_bare(b: u8) -> bool {
    b.is_ascii_graphic()
        && !matches!(
            b,
            b'"' | b'\'' | b'`' | b',' | b';' | b'&' | b'<' | b'>' | b')' | b']' | b'}' | b'|' | b'\\'
        )
        || b >= 0x80
}
