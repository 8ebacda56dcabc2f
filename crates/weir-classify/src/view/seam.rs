use super::json;
use super::members::{Piece, told_together};
use super::order::{InOrder, other_orders};
use crate::memory::feed;
use crate::{Segment, SegmentKind};
use siphasher::sip128::SipHasher24;
use std::collections::BTreeSet;
use std::hash::Hasher;
use std::ops::{ControlFlow, Range};

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
    /// The escapes of JSON that were undone.
    escapes: Vec<Escape>,
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

/// A character at `joined` for which its segment has an escape; what follows of its part stands so much further on there.
struct Escape {
    joined: usize,
    shift: usize,
}

/// A place in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) segment: usize,
    pub(crate) offset: usize,
}

/// Gives `read` what has to be read once more because a value may lie across several segments, as long as it goes on.
///
/// Text segments are joined in their order, without the words of the protocol between them, and once more in that in which
/// a model reads them, those under the same key, and what each role says, where that puts other texts side by side.
pub(crate) fn each_joined(
    segments: &[Segment<'_>],
    mut read: impl FnMut(&Joined) -> ControlFlow<()>,
) -> ControlFlow<()> {
    // Most requests are one message.
    let is_text = |segment: &&Segment<'_>| segment.kind == SegmentKind::Text;
    if segments.iter().filter(is_text).nth(1).is_none() {
        return together(segments).try_for_each(|joined| read(&joined));
    }
    let in_order = InOrder::of(segments);
    let mut joiner =
        Joiner { segments, texts: Vec::new(), said: Vec::new(), joined: Joined::default(), read };
    joiner.join(&in_order.texts, |_| true)?;
    together(segments).try_for_each(|joined| (joiner.read)(&joined))?;
    let mut known = BTreeSet::<Vec<usize>>::new();
    let mut is_new = |texts: &[usize]| {
        !is_stretch(texts, &in_order.texts) && !known.contains(texts) && known.insert(texts.to_vec())
    };
    let orders = other_orders(segments, &in_order);
    orders.iter().try_for_each(|order| joiner.join(order, &mut is_new))
}

/// What members of one record tell together.
pub(crate) fn together(segments: &[Segment<'_>]) -> impl Iterator<Item = Joined> {
    told_together(segments).into_iter().map(|pieces| Joined::of_pieces(segments, &pieces))
}

/// Whether `texts` lie side by side in `all`, which are in the order of the body.
fn is_stretch(texts: &[usize], all: &[usize]) -> bool {
    let Some(first) = texts.first() else { return true };
    let start = all.partition_point(|index| index < first);
    all.get(start..start + texts.len()) == Some(texts)
}

/// Joins texts one after the other in the same memory.
struct Joiner<'a, Read> {
    segments: &'a [Segment<'a>],
    /// The texts that are joined, and what of each.
    texts: Vec<usize>,
    said: Vec<Said<'a>>,
    joined: Joined,
    read: Read,
}

impl<Read: FnMut(&Joined) -> ControlFlow<()>> Joiner<'_, Read> {
    /// Joins the texts at `indices`, each as far as the next long one, of which `is_wanted` says so by the texts it is of.
    fn join(&mut self, indices: &[usize], mut is_wanted: impl FnMut(&[usize]) -> bool) -> ControlFlow<()> {
        let Self { segments, texts, said, joined, read } = self;
        texts.clear();
        said.clear();
        texts.reserve(indices.len());
        said.reserve(indices.len());
        for index in indices {
            let of_text = segments.get(*index).map(|segment| Said::of(segment.text)).unwrap_or_default();
            if !of_text.text.is_empty() {
                texts.push(*index);
                said.push(of_text);
            }
        }
        let is_short = |said: &&Said<'_>| said.text.len() <= 2 * WINDOW;
        let mut from = 0;
        while let Some([_, rest @ ..]) = said.get(from..)
            && !rest.is_empty()
        {
            let between = rest.iter().take(rest.len() - 1).take_while(is_short).count();
            let to = from + between + 1;
            if let (Some(texts), Some(said)) = (texts.get(from..=to), said.get(from..=to))
                && is_wanted(texts)
            {
                joined.set(texts, said);
                read(joined)?;
            }
            from = to;
        }
        ControlFlow::Continue(())
    }
}

/// What of a text stands side by side with its neighbours, and where it begins.
#[derive(Default, Clone, Copy)]
struct Said<'a> {
    text: &'a str,
    offset: usize,
    /// Whether it is of JSON with strings: then escapes in it are those of JSON.
    has_escapes: bool,
}

impl<'a> Said<'a> {
    /// All of it; of JSON, such as the arguments of a call, what is between the signs before its first string and those
    /// behind its last one, if that is a string too.
    fn of(text: &'a str) -> Self {
        if !(text.starts_with(['{', '[']) && text.ends_with(['}', ']'])) {
            return Self { text, offset: 0, has_escapes: false };
        }
        let values = text.trim_end_matches(|c: char| matches!(c, '}' | ']') || c.is_ascii_whitespace());
        let end = values.strip_suffix('"').map_or(text.len(), str::len);
        // Without any string it may be no JSON, but nothing is said by `{}`.
        let says_something = || text.bytes().any(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
        let first = first_string(text.as_bytes());
        let offset = first.or_else(|| says_something().then_some(0)).unwrap_or(end).min(end);
        Self { text: text.get(offset..end).unwrap_or_default(), offset, has_escapes: first.is_some() }
    }

    fn head(self) -> Self {
        let end = self.text.floor_char_boundary(WINDOW);
        Self { text: self.text.get(..end).unwrap_or_default(), ..self }
    }

    fn tail(self) -> Self {
        let start = self.text.ceil_char_boundary(self.text.len().saturating_sub(WINDOW));
        let text = self.text.get(start..).unwrap_or_default();
        Self { text, offset: self.offset + start, ..self }
    }
}

/// Where the first string of a JSON text begins that is no key, if it is among its first bytes.
fn first_string(text: &[u8]) -> Option<usize> {
    let mut is_value = false;
    for (at, byte) in text.iter().enumerate().take(WINDOW) {
        match byte {
            b':' | b'[' => is_value = true,
            b'"' if is_value => return Some(at + 1),
            _ if byte.is_ascii_whitespace() => {}
            _ => is_value = false,
        }
    }
    None
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
        let mut around: Vec<Range<usize>> = Vec::with_capacity(self.seams.len());
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

    /// Of the first and the last text what is near the seam, and all of those between.
    fn set(&mut self, texts: &[usize], said: &[Said<'_>]) {
        self.text.clear();
        self.parts.clear();
        self.escapes.clear();
        self.seams.clear();
        self.text.reserve(said.iter().map(|said| said.text.len().min(2 * WINDOW)).sum());
        self.parts.reserve(texts.len());
        self.seams.reserve(texts.len());
        let last = texts.len() - 1;
        for (at, (segment, said)) in texts.iter().zip(said).enumerate() {
            match at {
                0 => self.push_said(said.tail(), *segment),
                _ if at == last => self.push_said(said.head(), *segment),
                _ => self.push_said(*said, *segment),
            }
        }
    }

    /// What several members tell together.
    fn of_pieces(segments: &[Segment<'_>], pieces: &[Piece]) -> Self {
        let mut joined = Self { is_doubtful: true, ..Self::default() };
        let mut last = (0, 0);
        for piece in pieces {
            match *piece {
                Piece::Of(index) => {
                    let text = segments.get(index).map_or("", |segment| segment.text);
                    joined.push(text, index, 0);
                    last = (index, text.len());
                }
                Piece::Sign(sign) => joined.push(sign, last.0, last.1),
            }
        }
        joined
    }

    /// A text of JSON reads as its strings do: what follows a line break is no part of its escape.
    fn push_said(&mut self, said: Said<'_>, segment: usize) {
        if !said.has_escapes {
            return self.push(said.text, segment, said.offset);
        }
        self.push("", segment, said.offset);
        let (mut done, mut shift) = (0, 0);
        for (escape, c) in json::escapes(said.text) {
            self.text.push_str(said.text.get(done..escape.start).unwrap_or_default());
            shift += escape.len() - c.len_utf8();
            self.escapes.push(Escape { joined: self.text.len(), shift });
            self.text.push(c);
            done = escape.end;
        }
        self.text.push_str(said.text.get(done..).unwrap_or_default());
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
        let (first, last) = (self.part_at(range.start), self.part_at(range.end.saturating_sub(1)));
        let share = self.seams.get(first).copied().unwrap_or(range.end);
        let first_end = self.place(first, share.min(range.end)).offset;
        (self.place(first, range.start), first_end, self.place(last, range.end))
    }

    /// The place at `at`, where a part goes on or ends.
    fn place(&self, part: usize, at: usize) -> Place {
        self.parts.get(part).map_or(Place { segment: 0, offset: 0 }, |part| {
            let before = self.escapes.partition_point(|escape| escape.joined < at);
            let escape = before.checked_sub(1).and_then(|last| self.escapes.get(last));
            let shift = escape.filter(|escape| escape.joined >= part.joined).map_or(0, |escape| escape.shift);
            Place { segment: part.segment, offset: part.offset + (at - part.joined) + shift }
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
