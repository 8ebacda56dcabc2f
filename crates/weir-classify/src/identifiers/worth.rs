//! Which digits are worth reading the codes around them: of most texts hardly any.

use super::Identifiers;
use super::alone::{front_of, is_any_at, tail_of};
use super::bare::may_hold_bare;
use crate::code::is_sign;
use crate::context::Context;
use crate::haystack::{Digits, Haystack};
use std::ops::Range;

impl Identifiers {
    /// Whether anything near digits could make the code around them an identifier: a context word, the beginning of
    /// a spelling that needs none, or that the text may hold nothing else.
    pub(super) fn is_worth_reading(
        &self,
        context: &mut Context<'_>,
        haystack: &Haystack<'_>,
        digits: &Digits,
    ) -> bool {
        /// Where the codes around a digit begin and end at most, separators and all.
        const BEFORE: usize = 40;
        const AFTER: usize = 96;
        let at = digits.start;
        let alone = || {
            let tails = self.alone_by_head.get(digits.len())?.get(front_of(haystack.before(at)))?;
            tails.get(tail_of(haystack.byte(digits.end)))
        };
        !goes_on(haystack, digits)
            && (may_hold_bare(haystack)
                || self.is_word_alone(haystack, digits)
                || alone().is_some_and(|alone| is_any_at(alone, haystack, digits))
                || context.is_around(&(at.saturating_sub(BEFORE)..haystack.len().min(at + AFTER))))
    }

    /// Whether the word around digits, or a part of it that begins with them or at a seam, is spelt so that it needs
    /// no context.
    fn is_word_alone(&self, haystack: &Haystack<'_>, digits: &Digits) -> bool {
        let at = digits.start;
        let word = digits.word().unwrap_or_else(|| self.reach_of_word(haystack, at));
        if word.len() < self.word_alone_min {
            return false;
        }
        let seams = haystack.seams_in(word.clone()).iter().copied();
        let ends = || seams.clone().filter(|seam| *seam > at).chain([word.end]);
        let starts = seams.clone().filter(|seam| *seam < at).chain([word.start]);
        let starts = starts.chain((word.start < at).then_some(at));
        starts.into_iter().any(|start| ends().any(|end| self.is_spelt_alone(haystack, start..end)))
    }

    /// As much of the word around the digit at `at` as such a spelling is long.
    fn reach_of_word(&self, haystack: &Haystack<'_>, at: usize) -> Range<usize> {
        let longest = self.alone.len();
        let head = haystack.slice(at.saturating_sub(longest)..at);
        let start = at - head.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
        start..haystack.word_end_from(at).min(at + longest)
    }
}

/// Whether a sign ties digits to one before them, so that no code begins with them: `14` in `3.14`. Seams change nothing.
fn goes_on(haystack: &Haystack<'_>, digits: &Digits) -> bool {
    let at = digits.start;
    haystack.before(at).is_some_and(is_sign)
        && at.checked_sub(2).and_then(|at| haystack.byte(at)).is_some_and(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::{Report, may_begin};
    use super::*;
    use crate::recognise::Match;
    use std::cell::OnceCell;
    use std::ops::ControlFlow;

    /// What is found around the digits of a text, only those that are worth reading, or all.
    fn found(identifiers: &Identifiers, haystack: &Haystack<'_>, is_filtered: bool) -> Vec<(usize, Match)> {
        let in_keys = OnceCell::new();
        let (mut context, mut found, mut word_end) = (identifiers.context(haystack, &in_keys), Vec::new(), 0);
        let report: Report<'_> = &mut |row, one| {
            found.push((row, one));
            ControlFlow::Continue(())
        };
        for at in (0..haystack.len()).filter(|at| haystack.byte(*at).is_some_and(|b| b.is_ascii_digit())) {
            let digits = haystack.digits(at);
            if at < word_end {
                continue;
            }
            word_end = haystack.word_end_after(&digits);
            let _all = if is_filtered {
                identifiers.judge(&mut context, haystack, &digits, report)
            } else if may_begin(haystack, &digits) {
                identifiers.judge_chains(&mut context, haystack, at, report)
            } else {
                ControlFlow::Continue(())
            };
        }
        found
    }

    #[test]
    fn what_is_not_worth_reading_holds_nothing() {
        let pieces = [
            "RSSMRA85T10A562S",
            "12345678Z",
            "X1234567L",
            "11.222.333/0001-81",
            "529.982.247-25",
            "passport no. ",
            "DNI ",
            "of the whole word ",
            " ",
            "-",
            "AB",
            "x",
            "7",
            "53",
            "60 12 ",
            "C01X00T47",
            "(",
            "), ",
            "2019",
            "plate: ",
            "B7K",
        ];
        let identifiers = Identifiers::new(|_| true);
        let (mut state, mut in_parts, mut all) = (11_usize, 0, 0);
        for _ in 0..600 {
            let (mut text, mut seams) = (String::new(), Vec::new());
            for _ in 0..25 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(state >> 33) % pieces.len()]);
                if state >> 50 & 1 == 0 && seams.last() != Some(&text.len()) {
                    seams.push(text.len());
                }
            }
            let plain = found(&identifiers, &Haystack::new(&text, &[], &[]), true);
            for seams in [&[], seams.as_slice()] {
                let haystack = Haystack::new(&text, &[], seams);
                let found = [true, false].map(|is_filtered| found(&identifiers, &haystack, is_filtered));
                assert_eq!(found[0], found[1], "{text:?} with {seams:?}");
                in_parts += found[0].iter().filter(|one| !plain.contains(one)).count();
                all += found[0].len();
            }
        }
        assert!(in_parts > 100 && all > 1000, "{in_parts} of {all}");
    }
}
