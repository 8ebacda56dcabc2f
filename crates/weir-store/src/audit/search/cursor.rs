//! The frames of a log from a place on.

use super::super::AuditError;
use super::super::files::{Layout, promised_size};
use super::super::index::Entry;
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES, SegmentHeader};

/// Reads frames one after the other. Holds one segment in memory.
pub(super) struct Cursor {
    layout: Layout,
    /// From the one with the next event on.
    entries: Vec<Entry>,
    first_kept: u64,
    /// The segment at hand.
    place: usize,
    bytes: Option<Vec<u8>>,
    offset: usize,
    next: u64,
    promised: u64,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'c> {
    /// An event, and the bytes of its frame.
    Event(&'c [u8], u64),
    /// The segment is over, and another one goes on.
    NextSegment,
    /// Nothing more is there now.
    End,
}

impl Cursor {
    /// Begins with the event `next`, or the first that is kept; `within` is where its frame begins, if the event before
    /// it is in the same segment.
    pub(super) fn open(layout: &Layout, next: u64, within: Option<(u64, u64)>) -> Result<Self, AuditError> {
        // Before the segments: what it covers is in them.
        let promised = promised_size(layout)?;
        let (entries, first_kept) = entries_from(layout, next)?;
        let next = next.max(first_kept);
        let place = entries.iter().rposition(|entry| entry.first <= next).unwrap_or(entries.len());
        let number = entries.get(place).map(|entry| entry.number);
        let within = within.filter(|(segment, _)| Some(*segment) == number);
        let offset =
            within.map_or(SEGMENT_HEADER_BYTES, |(_, offset)| usize::try_from(offset).unwrap_or(usize::MAX));
        Ok(Self { layout: layout.clone(), entries, first_kept, place, bytes: None, offset, next, promised })
    }

    /// Index of the next event.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Index of the first event that is kept.
    pub(super) fn first_kept(&self) -> u64 {
        self.first_kept
    }

    /// Whether all of so many events, or of the rest of the segment if that is less, are there for good.
    pub(super) fn settles(&self, events: u64) -> bool {
        let limit = self.entries.get(self.place).and_then(|entry| entry.limit);
        self.next + events <= self.promised || limit.is_some_and(|limit| limit <= self.promised)
    }

    /// Whether the next event is in the next segment.
    pub(super) fn is_at_end_of_segment(&self) -> bool {
        self.entries.get(self.place).and_then(|entry| entry.limit).is_some_and(|limit| self.next >= limit)
    }

    /// The segment at hand, and where the next frame begins in it.
    pub(super) fn position(&self) -> Option<(u64, u64)> {
        Some((self.entries.get(self.place)?.number, self.offset as u64))
    }

    /// Goes on by one event, or to the next segment.
    pub(super) fn step(&mut self) -> Result<Step<'_>, AuditError> {
        let Some(entry) = self.entries.get(self.place).copied() else { return Ok(Step::End) };
        if entry.limit.is_some_and(|limit| self.next >= limit) {
            (self.place, self.bytes, self.offset) = (self.place + 1, None, SEGMENT_HEADER_BYTES);
            return Ok(Step::NextSegment);
        }
        let bytes = match self.bytes.take() {
            Some(bytes) => bytes,
            None => entry.read(&self.layout)?,
        };
        let bytes = self.bytes.insert(bytes);
        let what = match frame::read(bytes, self.offset) {
            Ok(Some(frame)) => {
                let length = frame.end() - self.offset;
                (self.offset, self.next) = (frame.end(), self.next + 1);
                return Ok(Step::Event(frame.event, length as u64));
            }
            Ok(None) => "events are missing".to_owned(),
            Err(broken) => broken.breakage.to_string(),
        };
        if entry.limit.is_some() || self.next < self.promised {
            return Err(AuditError::Damaged {
                path: self.layout.segment(entry.number),
                index: self.next,
                what,
            });
        }
        Ok(Step::End)
    }

    /// The error for an event that cannot be what it should be.
    pub(super) fn damaged(&self, index: u64, what: impl ToString) -> AuditError {
        let path =
            self.entries.get(self.place).map_or(self.layout.segments(), |e| self.layout.segment(e.number));
        AuditError::Damaged { path, index, what: what.to_string() }
    }
}

/// The segments from that with this event on, or from the first that there is, and the first event that is kept. Looks
/// into no others, of which there may be thousands.
fn entries_from(layout: &Layout, event: u64) -> Result<(Vec<Entry>, u64), AuditError> {
    let numbers = layout.segment_numbers()?;
    let (mut entries, mut limit) = (Vec::new(), None::<u64>);
    for &number in numbers.iter().rev() {
        let Some(first) = first_of(layout, number)? else { continue };
        if limit.is_none_or(|limit| first < limit) {
            entries.push(Entry { number, first, limit });
            limit = Some(first);
        }
        if first <= event {
            break;
        }
    }
    entries.reverse();
    for &number in &numbers {
        if let Some(first) = first_of(layout, number)? {
            return Ok((entries, first));
        }
    }
    Ok((entries, 0))
}

/// The first event of a segment, if it was used and has not been deleted meanwhile.
fn first_of(layout: &Layout, number: u64) -> Result<Option<u64>, AuditError> {
    let header = match layout.read_header(number) {
        Err(AuditError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        header => header?,
    };
    match header {
        SegmentHeader::First(first) => Ok(Some(first)),
        SegmentHeader::Unused => Ok(None),
        SegmentHeader::Newer(_) => Err(AuditError::Newer(layout.segment(number))),
        SegmentHeader::Broken => {
            let what = "the header of the segment is broken".to_owned();
            Err(AuditError::Damaged { path: layout.segment(number), index: 0, what })
        }
    }
}
