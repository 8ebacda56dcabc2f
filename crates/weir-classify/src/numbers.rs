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
    const DIGIT: Gap = Gap(64);
    const OTHER: Gap = Gap(128);

    pub(crate) const fn or(self, other: Gap) -> Gap {
        Gap(self.0 | other.0)
    }

    pub(crate) fn only(self, allowed: Gap) -> bool {
        self.0 & !allowed.0 == 0
    }

    pub(crate) fn has(self, part: Gap) -> bool {
        self.0 & part.0 != 0
    }

    /// What a byte is between two groups: [`DIGIT`](Self::DIGIT) if another begins, [`OTHER`](Self::OTHER) if none does.
    fn of(byte: u8) -> Gap {
        GAPS.get(usize::from(byte)).copied().unwrap_or(Gap::OTHER)
    }

    /// The separators from `at`, when they lead to another digit.
    fn read(haystack: &Haystack<'_>, at: usize) -> Option<(Gap, usize)> {
        let mut gap = Gap::NONE;
        for next in at..=at + GAP_MAX {
            match Gap::of(haystack.byte(next)?) {
                Gap::DIGIT => return Some((gap, next)),
                Gap::OTHER => return None,
                sign => gap = gap.or(sign),
            }
        }
        None
    }
}

static GAPS: [Gap; 256] = gaps();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn gaps() -> [Gap; 256] {
    let mut gaps = [Gap::OTHER; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        gaps[byte as usize] = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => Gap::SPACE,
            b'-' => Gap::DASH,
            b'.' => Gap::DOT,
            b'/' => Gap::SLASH,
            b'(' | b')' => Gap::PAREN,
            b'0'..=b'9' => Gap::DIGIT,
            _ => Gap::OTHER,
        };
        byte += 1;
    }
    gaps
}

/// How many digits a number may have, a bit for each length up to [`DIGITS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths(u32);

impl Lengths {
    pub(crate) const fn new(min: usize, max: usize) -> Self {
        assert!(min <= max && max <= DIGITS_MAX);
        Self((2 << max) - (1 << min))
    }

    pub(crate) fn meets(self, other: Lengths) -> bool {
        self.0 & other.0 != 0
    }
}

/// Groups of digits that separators alone keep apart, from one group on.
pub(crate) struct Numbers {
    /// Where the first group begins.
    start: usize,
    groups: [Group; DIGITS_MAX],
    len: usize,
    /// The values of the digits of all groups.
    digits: [u8; DIGITS_MAX],
    /// How many digits each group has.
    lens: [u8; DIGITS_MAX],
    /// What links the first group to one before it.
    pub(crate) left: Option<Gap>,
    /// What links the last group to one that did not fit.
    right: Option<Gap>,
}

/// A few bytes, as nineteen of them are made for each number.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    /// Where it ends, from the beginning of the first.
    end: u8,
    /// What links it to the group before.
    gap: Gap,
    /// Everything that stands between the groups up to this one.
    gaps: Gap,
    /// How many digits the groups up to this one have.
    digits: u8,
}

const _: () = assert!(DIGITS_MAX * (1 + GAP_MAX) <= u8::MAX as usize);

/// Consecutive groups from the first on, read as one number.
pub(crate) struct Window<'n> {
    digits: &'n [u8],
    lens: &'n [u8],
    pub(crate) span: Range<usize>,
    /// Everything that stands between its groups.
    pub(crate) gaps: Gap,
    /// What links it to groups before and after.
    pub(crate) left: Option<Gap>,
    pub(crate) right: Option<Gap>,
}

impl Numbers {
    /// Whether the groups from the row of digits at `first` on have `min` digits together. Cheap, and most have not.
    pub(crate) fn reach(haystack: &Haystack<'_>, first: Range<usize>, min: usize) -> bool {
        let (mut digits, mut end) = (first.len(), first.end);
        let goes_on = |at: usize| haystack.byte(at).is_some_and(|b| Gap::of(b) != Gap::OTHER);
        if digits < min && !(goes_on(end) && goes_on(end + 1)) {
            return false;
        }
        while digits < min {
            let Some((_, next)) = Gap::read(haystack, end) else { return false };
            end = haystack.digits_end(next, min);
            digits += end - next;
        }
        true
    }

    /// The groups from `start`, where a digit stands. `last_end` is the end of the group before.
    ///
    /// Reads as many groups as can be part of one identifier, so the work is bounded.
    pub(crate) fn read(haystack: &Haystack<'_>, start: usize, last_end: Option<usize>) -> Option<Self> {
        let left = last_end
            .filter(|end| *end + GAP_MAX >= start && *end < start)
            .and_then(|end| Gap::read(haystack, end))
            .map(|(gap, _)| gap);
        let mut numbers = Self {
            start,
            groups: [Group::default(); DIGITS_MAX],
            len: 0,
            digits: [0; DIGITS_MAX],
            lens: [0; DIGITS_MAX],
            left,
            right: None,
        };
        let (mut at, mut gap, mut gaps, mut digits) = (start, Gap::NONE, Gap::NONE, 0);
        loop {
            let end = haystack.digits_end(at, DIGITS_MAX + 1);
            let Some(slots) = numbers.digits.get_mut(digits..digits + (end - at)) else {
                numbers.right = Some(gap);
                break;
            };
            slots.iter_mut().zip(haystack.slice(at..end)).for_each(|(slot, byte)| *slot = byte - b'0');
            digits += end - at;
            gaps = gaps.or(gap);
            *numbers.lens.get_mut(numbers.len)? = u8::try_from(end - at).ok()?;
            let (end_from_start, digits) = (u8::try_from(end - start).ok()?, u8::try_from(digits).ok()?);
            *numbers.groups.get_mut(numbers.len)? = Group { end: end_from_start, gap, gaps, digits };
            numbers.len += 1;
            let Some((next_gap, next)) = Gap::read(haystack, end) else { break };
            (at, gap) = (next, next_gap);
        }
        (numbers.len > 0).then_some(numbers)
    }

    /// How many digits the first groups have together, of one group and more.
    pub(crate) fn lengths(&self) -> Lengths {
        Lengths(self.groups().iter().fold(0, |lengths, group| lengths | 1 << group.digits))
    }

    fn groups(&self) -> &[Group] {
        self.groups.get(..self.len).unwrap_or_default()
    }

    /// Where the first group stands.
    pub(crate) fn first(&self) -> Range<usize> {
        self.start..self.start + self.groups().first().map_or(0, |group| usize::from(group.end))
    }

    /// The windows from the first group on with a number of digits in `digits`, longest first.
    pub(crate) fn windows(
        &self,
        digits: std::ops::RangeInclusive<usize>,
    ) -> impl Iterator<Item = Window<'_>> {
        let wanted = self
            .groups()
            .iter()
            .enumerate()
            .rev()
            .filter(move |(_, last)| digits.contains(&usize::from(last.digits)));
        wanted.filter_map(move |(at, last)| self.window(at, last))
    }

    fn window(&self, at: usize, last: &Group) -> Option<Window<'_>> {
        Some(Window {
            digits: self.digits.get(..usize::from(last.digits))?,
            lens: self.lens.get(..=at)?,
            span: self.start..self.start + usize::from(last.end),
            gaps: last.gaps,
            left: self.left,
            right: self.groups().get(at + 1).map(|group| group.gap).or(self.right),
        })
    }
}

impl Window<'_> {
    /// The values of the digits, 0 to 9.
    pub(crate) fn digits(&self) -> &[u8] {
        self.digits
    }

    /// How many digits each group has.
    pub(crate) fn shape(&self) -> &[u8] {
        self.lens
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
        let decimal = self.lens.len() == 2 && self.gaps == Gap::DOT;
        !decimal
            && loose(self.left)
            && loose(self.right)
            && haystack.opens(self.span.start)
            && haystack.closes(self.span.end)
    }
}
