//! The frames of a log from a place on.

use super::super::AuditError;
use super::super::files::{Layout, promised_size};
use super::super::index::Entry;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES, SegmentHeader};

/// Where the first frame begins.
const HEADER_BYTES: u64 = SEGMENT_HEADER_BYTES as u64;

/// Reads frames one after the other. Holds a part of a segment in memory.
pub(super) struct Cursor {
    layout: Layout,
    /// From the one with the next event on.
    entries: Vec<Entry>,
    first_kept: u64,
    /// The segment at hand.
    place: usize,
    window: Option<Window>,
    /// Where the next frame begins in it.
    offset: u64,
    next: u64,
    promised: u64,
}

/// A part of a segment.
struct Window {
    file: File,
    /// Where it begins.
    begin: u64,
    bytes: Vec<u8>,
    /// Whether it ends with the file.
    is_last: bool,
}

/// So much of a segment is read at a time: a gateway that keeps its index up keeps this memory.
const WINDOW_BYTES: usize = 128 * 1024;
/// The longest frame.
const FRAME_BYTES_MAX: usize = frame::FRAME_HEADER_BYTES + frame::MAX_EVENT_BYTES;

impl Window {
    fn open(layout: &Layout, number: u64) -> Result<Self, AuditError> {
        let path = layout.segment(number);
        let file = File::open(&path).map_err(AuditError::io(path))?;
        Ok(Self { file, begin: 0, bytes: Vec::new(), is_last: false })
    }

    /// Where a place of the file is in the bytes, with all of the longest frame that could begin there.
    fn cover(&mut self, offset: u64) -> io::Result<usize> {
        let at = usize::try_from(offset - self.begin).unwrap_or(usize::MAX);
        if self.is_last || at.saturating_add(FRAME_BYTES_MAX) <= self.bytes.len() {
            return Ok(at);
        }
        self.begin = offset;
        self.bytes.resize(WINDOW_BYTES, 0);
        let mut filled = 0;
        while let Some(rest) = self.bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let read = self.file.read_at(rest, offset + filled as u64)?;
            self.is_last = read == 0;
            if self.is_last {
                break;
            }
            filled += read;
        }
        self.bytes.truncate(filled);
        Ok(0)
    }
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
        let offset = within.map_or(HEADER_BYTES, |(_, offset)| offset);
        Ok(Self { layout: layout.clone(), entries, first_kept, place, window: None, offset, next, promised })
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
        Some((self.entries.get(self.place)?.number, self.offset))
    }

    /// Goes on by one event, or to the next segment.
    pub(super) fn step(&mut self) -> Result<Step<'_>, AuditError> {
        let Some(entry) = self.entries.get(self.place).copied() else { return Ok(Step::End) };
        if entry.limit.is_some_and(|limit| self.next >= limit) {
            (self.place, self.window, self.offset) = (self.place + 1, None, HEADER_BYTES);
            return Ok(Step::NextSegment);
        }
        let window = match self.window.take() {
            Some(window) => window,
            None => Window::open(&self.layout, entry.number)?,
        };
        let window = self.window.insert(window);
        let path = || self.layout.segment(entry.number);
        let at = window.cover(self.offset).map_err(|error| AuditError::io(path())(error))?;
        let what = match frame::read(&window.bytes, at) {
            Ok(Some(frame)) => {
                let length = (frame.end() - at) as u64;
                (self.offset, self.next) = (self.offset + length, self.next + 1);
                return Ok(Step::Event(frame.event, length));
            }
            Ok(None) => "events are missing".to_owned(),
            Err(broken) => broken.breakage.to_string(),
        };
        if entry.limit.is_some() || self.next < self.promised {
            return Err(AuditError::Damaged { path: path(), index: self.next, what });
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
