//! Some consecutive words of a chain, read as one code, and how they are written.

use super::Code;
use super::word::{Joint, Word};
use crate::haystack::Haystack;
use std::ops::Range;

/// Letters of one group of a code without a check: `ABC 123456`.
const SPACED_LETTERS_MAX: u8 = 3;
/// Shorter codes without a check are looked at in capitals only.
const CAPITAL_BELOW: usize = 8;

/// Consecutive words of a chain, read as one code.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) code: Code,
    pub(crate) span: Range<usize>,
    /// How many words.
    pub(crate) groups: usize,
    /// Whether all its words are linked the same way.
    pub(crate) uniform: bool,
    /// Whether signs tie all its words together.
    signed: bool,
    /// Whether any letter is lower case.
    pub(crate) has_lower_case: bool,
    /// The longest of its words of letters alone.
    letters: u8,
    /// What links its first two words.
    joint: Joint,
    left: Link,
    right: Link,
    lens: [u8; 4],
}

/// The neighbour of a window: what links it, and whether it holds digits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Link {
    pub(super) joint: Joint,
    pub(super) has_digit: bool,
}

impl Window {
    /// A window without words, where the first one begins.
    pub(super) fn at(start: usize, left: Link, right: Link) -> Self {
        Self {
            code: Code::default(),
            span: start..start,
            groups: 0,
            uniform: true,
            signed: true,
            has_lower_case: false,
            letters: 0,
            joint: Joint::None,
            left,
            right,
            lens: [0; 4],
        }
    }

    /// Adds its next word; none when that is too long for a code.
    pub(super) fn push(&mut self, haystack: &Haystack<'_>, word: &Word) -> Option<()> {
        for byte in haystack.slice(word.start..word.end()) {
            self.code.push(*byte)?;
            self.has_lower_case |= byte.is_ascii_lowercase();
        }
        if !word.has_digit {
            self.letters = self.letters.max(word.len);
        }
        if self.groups == 1 {
            self.joint = word.joint;
        }
        if self.groups > 0 {
            self.uniform &= self.joint == word.joint;
            self.signed &= matches!(word.joint, Joint::Sign(_) | Joint::Dash(_));
        }
        if let Some(len) = self.lens.get_mut(self.groups) {
            *len = word.len;
        }
        self.groups += 1;
        self.span.end = word.end();
        Some(())
    }

    /// Whether its words are apart like those of a sentence: `are 30`, `the IPv6`.
    pub(crate) fn is_like_prose(&self) -> bool {
        let spelt_out = self.groups == self.code.len();
        self.joint == Joint::Space && !spelt_out && (self.has_lower_case || self.letters > SPACED_LETTERS_MAX)
    }

    /// Whether it is written as German plates are: `B-AB 1234`.
    pub(crate) fn is_like_plate(&self) -> bool {
        self.groups == 3
            && self.joint == Joint::Sign(b'-')
            && !self.uniform
            && !self.has_lower_case
            && self.letters <= SPACED_LETTERS_MAX
    }

    /// Whether it is long enough to be no ordinary word, or written in capitals: not `sha256`.
    pub(crate) fn is_long_or_capital(&self) -> bool {
        self.code.len() >= CAPITAL_BELOW || !self.has_lower_case
    }

    /// Whether no neighbour holds digits, so that it is no row of a table or part of a longer number. Groups
    /// that signs tie together are apart from a number in the next column or line.
    pub(crate) fn is_apart(&self) -> bool {
        let is_tied = self.groups > 1 && self.signed;
        let apart = |link: Link| {
            let is_loose = matches!(link.joint, Joint::Space | Joint::Dash(_));
            link.joint == Joint::None || !link.has_digit || is_tied && is_loose
        };
        apart(self.left) && apart(self.right)
    }

    /// Whether a sign ties it to a word: `file-A12345678`, `A12345678.txt`.
    pub(crate) fn is_attached(&self) -> bool {
        matches!(self.left.joint, Joint::Sign(_)) || matches!(self.right.joint, Joint::Sign(_))
    }

    /// Whether it is written in one or in a few groups of three characters and more.
    pub(crate) fn is_in_few_groups(&self) -> bool {
        self.groups <= 3
            && self.uniform
            && (self.groups == 1 || self.lens.iter().take(self.groups).all(|len| *len >= 3))
    }

    /// Whether it is a date in figures.
    pub(crate) fn is_date(&self) -> bool {
        let (y, m, d) = match (self.groups, self.lens) {
            (3, [4, 2, 2, _]) => (self.code.value(0..4), self.code.value(4..6), self.code.value(6..8)),
            (3, [2, 2, 4, _]) => (self.code.value(4..8), self.code.value(2..4), self.code.value(0..2)),
            (1, [8, ..]) => (self.code.value(0..4), self.code.value(4..6), self.code.value(6..8)),
            _ => return false,
        };
        let day_and_month = |d, m| (1..=31).contains(&d) && (1..=12).contains(&m);
        self.code.is_number() && (1900..2100).contains(&y) && (day_and_month(d, m) || day_and_month(m, d))
    }
}

impl Link {
    /// Whether a sign makes it a part of something longer that holds digits.
    pub(super) fn is_tied(self) -> bool {
        matches!(self.joint, Joint::Sign(_)) && self.has_digit
    }
}
