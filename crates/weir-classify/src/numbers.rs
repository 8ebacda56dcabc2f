use crate::haystack::Haystack;
use std::ops::Range;

/// No identifier made of digits is longer.
pub(crate) const DIGITS_MAX: usize = 19;
/// Separator characters between two groups of one number: ` - `, `) `, a line break of two bytes.
const GAP_MAX: usize = 3;

/// What stands between groups of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Gap(u8);

impl Gap {
    pub(crate) const NONE: Gap = Gap(0);
    pub(crate) const SPACE: Gap = Gap(1);
    pub(crate) const DASH: Gap = Gap(2);
    pub(crate) const DOT: Gap = Gap(4);
    pub(crate) const SLASH: Gap = Gap(8);
    pub(crate) const PAREN: Gap = Gap(16);

    pub(crate) const fn or(self, other: Gap) -> Gap {
        Gap(self.0 | other.0)
    }

    pub(crate) fn only(self, allowed: Gap) -> bool {
        self.0 & !allowed.0 == 0
    }

    pub(crate) fn has(self, part: Gap) -> bool {
        self.0 & part.0 != 0
    }

    fn of(byte: u8) -> Option<Gap> {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => Some(Gap::SPACE),
            b'-' => Some(Gap::DASH),
            b'.' => Some(Gap::DOT),
            b'/' => Some(Gap::SLASH),
            b'(' | b')' => Some(Gap::PAREN),
            _ => None,
        }
    }

    /// The separators from `at`, when they lead to another digit.
    fn read(haystack: &Haystack<'_>, at: usize) -> Option<(Gap, usize)> {
        let mut gap = Gap::NONE;
        for next in at..=at + GAP_MAX {
            let byte = haystack.byte(next)?;
            if byte.is_ascii_digit() {
                return Some((gap, next));
            }
            gap = gap.or(Gap::of(byte)?);
        }
        None
    }
}

/// Groups of digits that separators alone keep apart, from one group on.
pub(crate) struct Numbers {
    groups: [Group; DIGITS_MAX],
    len: usize,
    /// What links the first group to one before it.
    pub(crate) left: Option<Gap>,
    /// What links the last group to one that did not fit.
    right: Option<Gap>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Group {
    pub(crate) start: usize,
    pub(crate) end: usize,
    gap: Gap,
}

/// Consecutive groups, read as one number.
pub(crate) struct Window {
    digits: [u8; DIGITS_MAX],
    len: usize,
    lens: [u8; DIGITS_MAX],
    groups: usize,
    pub(crate) span: Range<usize>,
    /// Everything that stands between its groups.
    pub(crate) gaps: Gap,
    /// What links it to groups before and after.
    pub(crate) left: Option<Gap>,
    pub(crate) right: Option<Gap>,
}

impl Numbers {
    /// Whether the groups from `at` have `min` digits together. Cheap, and most have not.
    pub(crate) fn reach(haystack: &Haystack<'_>, mut at: usize, min: usize) -> bool {
        let mut digits = 0;
        loop {
            let end = haystack.run_end(at, min, |b| b.is_ascii_digit());
            digits += end - at;
            if digits >= min {
                return true;
            }
            let Some((_, next)) = Gap::read(haystack, end) else { return false };
            at = next;
        }
    }

    /// The groups from `start`, where a digit stands. `last_end` is the end of the group before.
    ///
    /// Reads as many groups as can be part of one identifier, so the work is bounded.
    pub(crate) fn read(haystack: &Haystack<'_>, start: usize, last_end: Option<usize>) -> Option<Self> {
        let left = last_end
            .filter(|end| *end + GAP_MAX >= start && *end < start)
            .and_then(|end| Gap::read(haystack, end))
            .map(|(gap, _)| gap);
        let mut numbers = Self { groups: [Group::default(); DIGITS_MAX], len: 0, left, right: None };
        let (mut at, mut gap, mut digits) = (start, Gap::NONE, 0);
        loop {
            let end = haystack.run_end(at, DIGITS_MAX + 1, |b| b.is_ascii_digit());
            digits += end - at;
            if digits > DIGITS_MAX {
                numbers.right = Some(gap);
                break;
            }
            *numbers.groups.get_mut(numbers.len)? = Group { start: at, end, gap };
            numbers.len += 1;
            let Some((next_gap, next)) = Gap::read(haystack, end) else { break };
            (at, gap) = (next, next_gap);
        }
        (numbers.len > 0).then_some(numbers)
    }

    pub(crate) fn groups(&self) -> &[Group] {
        self.groups.get(..self.len).unwrap_or_default()
    }

    /// The windows from the first group on with a number of digits in `digits`, longest first.
    pub(crate) fn windows<'n>(
        &'n self,
        haystack: &'n Haystack<'_>,
        digits: std::ops::RangeInclusive<usize>,
    ) -> impl Iterator<Item = Window> + 'n {
        (1..=self.len).rev().filter_map(move |count| {
            let groups = self.groups.get(..count)?;
            let total = groups.iter().map(|group| group.end - group.start).sum();
            digits.contains(&total).then(|| self.window(haystack, count)).flatten()
        })
    }

    fn window(&self, haystack: &Haystack<'_>, count: usize) -> Option<Window> {
        let groups = self.groups.get(..count)?;
        let right = self.groups().get(count).map(|group| group.gap).or(self.right);
        let span = groups.first()?.start..groups.last()?.end;
        let mut window = Window {
            digits: [0; DIGITS_MAX],
            len: 0,
            lens: [0; DIGITS_MAX],
            groups: count,
            span,
            gaps: groups.iter().skip(1).fold(Gap::NONE, |gaps, group| gaps.or(group.gap)),
            left: self.left,
            right,
        };
        for (len, group) in window.lens.iter_mut().zip(groups) {
            *len = u8::try_from(group.end - group.start).ok()?;
            for byte in haystack.slice(group.start..group.end) {
                *window.digits.get_mut(window.len)? = byte - b'0';
                window.len += 1;
            }
        }
        Some(window)
    }
}

impl Window {
    /// The values of the digits, 0 to 9.
    pub(crate) fn digits(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    /// How many digits each group has.
    pub(crate) fn shape(&self) -> &[u8] {
        self.lens.get(..self.groups).unwrap_or_default()
    }

    /// The value of the digits from `start` to before `end`.
    pub(crate) fn value(&self, range: Range<usize>) -> u32 {
        let digits = self.digits().get(range).unwrap_or_default();
        digits.iter().fold(0, |value, digit| value * 10 + u32::from(*digit))
    }

    /// Whether there is no group before or after.
    pub(crate) fn is_whole(&self) -> bool {
        self.left.is_none() && self.right.is_none()
    }

    /// Whether it is neither a decimal fraction nor a part of a longer number or word.
    pub(crate) fn is_free(&self, haystack: &Haystack<'_>) -> bool {
        let loose = |link: Option<Gap>| link.is_none_or(|gap| gap.has(Gap::SPACE) || gap.only(Gap::PAREN));
        let decimal = self.groups == 2 && self.gaps == Gap::DOT;
        !decimal
            && loose(self.left)
            && loose(self.right)
            && haystack.opens(self.span.start)
            && haystack.closes(self.span.end)
    }
}
