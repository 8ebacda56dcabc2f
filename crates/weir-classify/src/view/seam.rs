use crate::memory::feed;
use crate::{Segment, SegmentKind};
use siphasher::sip128::SipHasher24;
use std::collections::BTreeMap;
use std::hash::Hasher;
use std::ops::Range;

/// Bytes at each end of a long segment that take part in a seam: longer than the identifiers that
/// could lie across it, with their context.
const WINDOW: usize = 256;

/// Neighbouring segments joined without a separator.
#[derive(Default)]
pub(crate) struct Joined {
    pub(crate) text: String,
    parts: Vec<Part>,
    /// Where in the text the parts meet.
    pub(crate) seams: Vec<usize>,
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
/// Text segments are joined in their order, once more those under the same key (the texts of content parts
/// have their `type` between them, those of messages their `role`), and once more what each role says
/// where several take turns.
pub(crate) fn joins(segments: &[Segment<'_>]) -> Vec<Joined> {
    let in_order: Vec<usize> = texts(segments).map(|(index, _)| index).collect();
    let mut joins = join(segments, &in_order);
    let (by_key, by_role) = groups(segments);
    for groups in [by_key, by_role] {
        if groups.len() > 1 {
            joins.extend(groups.values().flat_map(|indices| join(segments, indices)));
        }
    }
    joins
}

fn texts<'s, 'a>(segments: &'s [Segment<'a>]) -> impl Iterator<Item = (usize, &'s Segment<'a>)> {
    segments.iter().enumerate().filter(|(_, segment)| segment.kind == SegmentKind::Text)
}

type Groups<'a> = BTreeMap<&'a str, Vec<usize>>;

/// The texts by their key, and the prose by who says it.
fn groups<'a>(segments: &[Segment<'a>]) -> (Groups<'a>, Groups<'a>) {
    let (mut by_key, mut by_role) = (Groups::new(), Groups::new());
    let (mut key, mut role) = ("", "");
    for (index, segment) in segments.iter().enumerate() {
        match segment.kind {
            SegmentKind::Key => key = group_of(segment.text),
            SegmentKind::Text => {
                by_key.entry(key).or_default().push(index);
                if key == "role" {
                    role = segment.text;
                } else if key == "content" {
                    by_role.entry(role).or_default().push(index);
                }
            }
            SegmentKind::Number | SegmentKind::Opaque => {}
        }
    }
    (by_key, by_role)
}

/// Prose has several keys within one conversation: a string in one message, parts in the next.
fn group_of(key: &str) -> &str {
    match key {
        "text" | "content" | "input" | "output" | "arguments" | "thinking" | "refusal" => "content",
        other => other,
    }
}

fn join(segments: &[Segment<'_>], indices: &[usize]) -> Vec<Joined> {
    let text_of = |index: usize| segments.get(index).map_or("", |segment| segment.text);
    let indices: Vec<usize> = indices.iter().copied().filter(|index| !text_of(*index).is_empty()).collect();
    let [first, between @ .., last] = indices.as_slice() else { return Vec::new() };
    let mut joins = Vec::new();
    let mut current = Joined::default();
    current.push_tail(text_of(*first), *first);
    for &index in between {
        let text = text_of(index);
        if text.len() <= 2 * WINDOW {
            current.push(text, index, 0);
            continue;
        }
        current.push_head(text, index);
        joins.push(std::mem::take(&mut current));
        current.push_tail(text, index);
    }
    current.push_head(text_of(*last), *last);
    joins.push(current);
    joins
}

impl Joined {
    /// Everything that its reading depends on, and the places that its findings name.
    pub(crate) fn feed(&self, hasher: &mut SipHasher24) {
        hasher.write_u8(2);
        hasher.write_usize(self.parts.len());
        for Part { joined, segment, offset } in &self.parts {
            [*joined, *segment, *offset].into_iter().for_each(|number| hasher.write_usize(number));
        }
        feed(hasher, &self.text);
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
