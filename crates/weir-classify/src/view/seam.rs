use super::order::{in_order, other_orders};
use crate::memory::feed;
use crate::{Segment, SegmentKind};
use siphasher::sip128::SipHasher24;
use std::collections::BTreeSet;
use std::hash::Hasher;
use std::ops::{Range, RangeInclusive};

/// Bytes at each end of a long segment that take part in a seam: longer than the identifiers that
/// could lie across it, with their context.
const WINDOW: usize = 256;

/// How far before a seam something may begin that lies across it, and how far after one what the words before it
/// speak of. A token without spaces may begin further before.
const BEFORE: usize = WINDOW;
const AFTER: usize = 160;
const TOKEN_BEFORE: usize = 2 * WINDOW;

/// The same for what is found by a digit or sign: it is no longer than a card number in groups, and the words that
/// say what it is are within 80 bytes before it or 40 after.
const SIGN_BEFORE: usize = 96;
const SIGN_AFTER: usize = 96;

/// Neighbouring segments joined without a separator.
#[derive(Default)]
pub(crate) struct Joined {
    pub(crate) text: String,
    parts: Vec<Part>,
    /// Where in the text the parts meet.
    pub(crate) seams: Vec<usize>,
    /// Whether the parts are values by themselves, as they stand.
    pub(crate) is_doubtful: bool,
}

/// A stretch of a joined text: it begins at `joined` there and at `offset` in its segment.
struct Part {
    joined: usize,
    segment: usize,
    offset: usize,
}

/// A place in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) segment: usize,
    pub(crate) offset: usize,
}

/// What has to be read once more because a value may lie across several segments.
///
/// Text segments are joined in their order, without the words of the protocol between them, and once more in that in which
/// a model reads them, those under the same key, and what each role says, where that puts other texts side by side.
pub(crate) fn joins(segments: &[Segment<'_>]) -> Vec<Joined> {
    let runs = number_runs(segments);
    let numbers = runs.iter().map(|run| Joined::of_numbers(segments, run));
    // Most requests are one message.
    let is_text = |segment: &&Segment<'_>| segment.kind == SegmentKind::Text;
    if segments.iter().filter(is_text).nth(1).is_none() {
        return numbers.collect();
    }
    let in_order = in_order(segments);
    let mut joins = join(segments, &in_order, |_| true);
    joins.extend(numbers);
    let mut known = BTreeSet::<Vec<usize>>::new();
    let mut is_new = |texts: &[usize]| {
        !is_stretch(texts, &in_order) && !known.contains(texts) && known.insert(texts.to_vec())
    };
    for order in other_orders(segments, &in_order) {
        joins.extend(join(segments, &order, &mut is_new));
    }
    joins
}

/// Whether `texts` lie side by side in `all`, which are in the order of the body.
fn is_stretch(texts: &[usize], all: &[usize]) -> bool {
    let Some(first) = texts.first() else { return true };
    let start = all.partition_point(|index| index < first);
    all.get(start..start + texts.len()) == Some(texts)
}

/// Fewer digits of one number than that were not cut, and more numbers than that are a list.
const DIGITS_MIN: usize = 2;
const NUMBERS_MAX: usize = 8;
/// The same of a number that was cut into its digits.
const SINGLE: RangeInclusive<usize> = 8..=24;

/// What the key above numbers says when they may be one: data is full of lists of numbers.
const NUMBER_KEYS: [&str; 22] = [
    "card",
    "pan",
    "ccn",
    "iban",
    "account",
    "konto",
    "compte",
    "cuenta",
    "phone",
    "tel",
    "mobile",
    "handy",
    "passport",
    "ssn",
    "social",
    "insurance",
    "national",
    "tax",
    "steuer",
    "nhs",
    "licence",
    "license",
];

/// Whole numbers that directly follow each other, as in `"card": [4111, 1111, 1111, 1111]`, or single digits, after the
/// key that says that they are one.
fn number_runs(segments: &[Segment<'_>]) -> Vec<Range<usize>> {
    let is_number = |segment: &Segment<'_>| segment.kind == SegmentKind::Number;
    let is_whole = |segment: &Segment<'_>| segment.text.bytes().all(|b| b.is_ascii_digit());
    let is_cut = |run: &[Segment<'_>]| {
        let of_groups = || run.iter().all(|segment| segment.text.len() >= DIGITS_MIN);
        let of_digits = || run.iter().all(|segment| segment.text.len() == 1);
        let is_cut = ((2..=NUMBERS_MAX).contains(&run.len()) && of_groups())
            || (SINGLE.contains(&run.len()) && of_digits());
        is_cut && run.iter().all(is_whole)
    };
    let mut runs = Vec::new();
    let mut start: usize = 0;
    for run in segments.chunk_by(|a, b| is_number(a) == is_number(b)) {
        if run.first().is_some_and(is_number)
            && is_cut(run)
            && let Some(key) = start.checked_sub(1).filter(|at| segments.get(*at).is_some_and(names_a_number))
        {
            runs.push(key..start + run.len());
        }
        start += run.len();
    }
    runs
}

fn names_a_number(segment: &Segment<'_>) -> bool {
    let key = segment.text.to_ascii_lowercase();
    segment.kind == SegmentKind::Key && NUMBER_KEYS.iter().any(|word| key.contains(word))
}

/// The joined texts at `indices`, none of which is empty, each as far as the next long one, of which `is_wanted` says
/// so by the texts it is of.
fn join(
    segments: &[Segment<'_>],
    indices: &[usize],
    mut is_wanted: impl FnMut(&[usize]) -> bool,
) -> Vec<Joined> {
    let text_of = |index: usize| segments.get(index).map_or("", |segment| segment.text);
    let mut joins = Vec::new();
    let mut from = 0;
    while let Some([first, rest @ ..]) = indices.get(from..).filter(|rest| rest.len() > 1) {
        let is_short = |index: &&usize| text_of(**index).len() <= 2 * WINDOW;
        let between = rest.iter().take(rest.len() - 1).take_while(is_short).count();
        let to = from + between + 1;
        if indices.get(from..=to).is_some_and(&mut is_wanted) {
            let short: usize = rest.iter().take(between).map(|index| text_of(*index).len()).sum();
            let mut joined = Joined::with_room(short + 2 * WINDOW, between + 2);
            joined.push_tail(text_of(*first), *first);
            for index in rest.iter().take(between) {
                joined.push(text_of(*index), *index, 0);
            }
            rest.get(between).into_iter().for_each(|last| joined.push_head(text_of(*last), *last));
            joins.push(joined);
        }
        from = to;
    }
    joins
}

impl Joined {
    /// Everything that its reading depends on, and the places that its findings name. `name_of` gives the name of a
    /// segment, if it has one: a part of its text is told by that.
    pub(crate) fn feed(&self, hasher: &mut SipHasher24, name_of: impl Fn(usize) -> Option<u128>) {
        hasher.write_u8(if self.is_doubtful { 3 } else { 2 });
        hasher.write_usize(self.parts.len());
        for (index, Part { joined, segment, offset }) in self.parts.iter().enumerate() {
            [*joined, *segment, *offset].into_iter().for_each(|number| hasher.write_usize(number));
            match name_of(*segment).filter(|_| !self.is_doubtful) {
                Some(name) => {
                    hasher.write_u8(1);
                    hasher.write_u128(name);
                }
                None => {
                    hasher.write_u8(0);
                    feed(hasher, self.part_text(index));
                }
            }
        }
    }

    /// Where something may begin that lies across a seam, with its context: disjoint ranges in order.
    pub(crate) fn focus(&self) -> Vec<Range<usize>> {
        self.around(|seam| self.before(seam, BEFORE)..seam + AFTER)
    }

    /// The same for what is found by a digit or sign.
    pub(crate) fn sign_focus(&self) -> Vec<Range<usize>> {
        self.around(|seam| self.before(seam, SIGN_BEFORE)..seam + SIGN_AFTER)
    }

    /// So many bytes before a seam, or where the token begins that it cuts.
    fn before(&self, seam: usize, bytes: usize) -> usize {
        let floor = seam.saturating_sub(TOKEN_BEFORE);
        let head = self.text.as_bytes().get(floor..seam).unwrap_or_default();
        let token = head.iter().rposition(u8::is_ascii_whitespace).map_or(floor, |at| floor + at + 1);
        token.min(seam.saturating_sub(bytes))
    }

    fn around(&self, reach: impl Fn(usize) -> Range<usize>) -> Vec<Range<usize>> {
        let mut around: Vec<Range<usize>> = Vec::new();
        for seam in &self.seams {
            let Range { start, end } = reach(*seam);
            let range = start..self.text.len().min(end);
            match around.last_mut() {
                Some(last) if range.start <= last.end => last.end = range.end,
                _ => around.push(range),
            }
        }
        around
    }

    /// Nothing yet, with room for so many bytes of so many parts.
    fn with_room(bytes: usize, parts: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            parts: Vec::with_capacity(parts),
            seams: Vec::with_capacity(parts),
            is_doubtful: false,
        }
    }

    /// A key as the label of the numbers after it, which are one.
    fn of_numbers(segments: &[Segment<'_>], run: &Range<usize>) -> Self {
        let mut joined = Self { is_doubtful: true, ..Self::default() };
        for (index, segment) in segments.iter().enumerate().take(run.end).skip(run.start) {
            joined.push(segment.text, index, 0);
            if index == run.start {
                joined.push(": ", index, segment.text.len());
            }
        }
        joined
    }

    fn push_head(&mut self, text: &str, segment: usize) {
        let end = text.floor_char_boundary(WINDOW);
        self.push(text.get(..end).unwrap_or_default(), segment, 0);
    }

    fn push_tail(&mut self, text: &str, segment: usize) {
        let start = text.ceil_char_boundary(text.len().saturating_sub(WINDOW));
        self.push(text.get(start..).unwrap_or_default(), segment, start);
    }

    fn push(&mut self, text: &str, segment: usize, offset: usize) {
        let joined = self.text.len();
        if !self.parts.is_empty() {
            self.seams.push(joined);
        }
        self.parts.push(Part { joined, segment, offset });
        self.text.push_str(text);
    }

    /// Whether a range holds text of more than one segment.
    pub(crate) fn crosses(&self, range: &Range<usize>) -> bool {
        self.part_at(range.start) != self.part_at(range.end.saturating_sub(1))
    }

    /// Whether every segment that a range touches is a number such as `12.5` by itself: values that
    /// stand side by side, not one that was cut.
    pub(crate) fn is_list_of_decimals(&self, range: &Range<usize>) -> bool {
        let (first, last) = (self.part_at(range.start), self.part_at(range.end.saturating_sub(1)));
        (first..=last).all(|part| is_decimal(self.part_text(part)))
    }

    /// The places of a range's first byte, of the end of its first segment's share, and of its end.
    pub(crate) fn places(&self, range: &Range<usize>) -> (Place, usize, Place) {
        let start = self.place(range.start);
        let share = self.seams.get(self.part_at(range.start)).copied().unwrap_or(range.end);
        let first_end = start.offset + share.min(range.end) - range.start;
        let last = self.place(range.end.saturating_sub(1));
        (start, first_end, Place { offset: last.offset + 1, ..last })
    }

    fn place(&self, at: usize) -> Place {
        self.parts.get(self.part_at(at)).map_or(Place { segment: 0, offset: 0 }, |part| Place {
            segment: part.segment,
            offset: part.offset + (at - part.joined),
        })
    }

    fn part_at(&self, at: usize) -> usize {
        self.seams.partition_point(|seam| *seam <= at)
    }

    fn part_text(&self, part: usize) -> &str {
        let start = self.parts.get(part).map_or(0, |part| part.joined);
        let end = self.seams.get(part).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or_default()
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}
