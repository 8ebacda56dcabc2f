use super::AuditError;
use super::files::{Layout, promised_size};
use super::index::{Entry, Index};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::Path;
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES};
use weir_audit::{Head, Record};

/// Reads the events of a log in order, also while a process writes it.
///
/// Takes no lock and changes nothing. Sees the events that were there when it was opened, and maybe some
/// that came since. Holds one segment in memory. Checks frames and places, not the tree: that is
/// [`verify`](super::verify)'s.
#[derive(Debug)]
pub struct AuditReader {
    layout: Layout,
    segments: std::vec::IntoIter<Entry>,
    current: Option<(Entry, Vec<u8>)>,
    offset: usize,
    next: u64,
    /// Events that must be there, because a checkpoint says so.
    promised: u64,
}

impl AuditReader {
    /// Begins with the first event of the log in this directory.
    ///
    /// # Errors
    /// [`AuditError`] if the directory cannot be read or holds no log that this version knows.
    pub fn open(dir: &Path) -> Result<Self, AuditError> {
        let layout = Layout::new(dir);
        let promised = promised_size(&layout)?;
        let index = Index::read(&layout)?;
        let next = index.entries.first().map_or(0, |entry| entry.first);
        let segments = index.entries.into_iter();
        Ok(Self { layout, segments, current: None, offset: 0, next, promised })
    }

    /// The same in at most so many parts, each from the end of the one before on and about as long, to be read side
    /// by side.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_parts(dir: &Path, parts: NonZeroUsize) -> Result<Vec<Self>, AuditError> {
        let whole = Self::open(dir)?;
        let segments: Vec<Entry> = whole.segments.as_slice().to_vec();
        let segments: Vec<Entry> = segments.into_iter().filter(|entry| !entry.is_superseded()).collect();
        let each = segments.len().div_ceil(parts.get()).max(1);
        let part = |(number, part): (usize, &[Entry])| {
            let begins = part.first().map_or(whole.next, |entry| entry.first);
            // What a later part begins with promises all that is before it.
            let promised = segments.get((number + 1) * each).map_or(whole.promised, |entry| entry.first);
            Self {
                layout: whole.layout.clone(),
                segments: Vec::from(part).into_iter(),
                current: None,
                offset: 0,
                next: if number == 0 { whole.next } else { begins },
                promised,
            }
        };
        let parts: Vec<Self> = segments.chunks(each).enumerate().map(part).collect();
        Ok(if parts.is_empty() { vec![whole] } else { parts })
    }

    /// Index of the event that comes next.
    pub(super) fn begins_at(&self) -> u64 {
        self.next
    }

    /// Whether these bytes are anywhere in the segment that comes first, which is to be asked before the first event.
    pub(super) fn holds(&mut self, needle: &memchr::memmem::Finder<'_>) -> Result<bool, AuditError> {
        if !self.open_segment()? {
            return Ok(false);
        }
        Ok(self.current.as_ref().is_some_and(|(_, bytes)| needle.find(bytes).is_some()))
    }

    /// Head and bytes of the next event; `None` at the end and after an error.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] if events are missing or broken that a checkpoint or a later segment
    /// promises. What is broken behind them is an event that is being written, and the end.
    pub fn next_event(&mut self) -> Result<Option<(Head, &[u8])>, AuditError> {
        let found = self.find_event();
        if found.is_err() {
            (self.segments, self.current, self.promised) = (Vec::new().into_iter(), None, 0);
        }
        let Some((head, event)) = found? else { return Ok(None) };
        let bytes = self.current.as_ref().and_then(|(_, bytes)| bytes.get(event));
        Ok(bytes.map(|bytes| (head, bytes)))
    }

    fn find_event(&mut self) -> Result<Option<(Head, Range<usize>)>, AuditError> {
        loop {
            match self.read_frame()? {
                Some(event) => return Ok(Some(event)),
                None if self.open_segment()? => {}
                None => return Ok(None),
            }
        }
    }

    /// The next frame of this segment; `None` where it ends.
    fn read_frame(&mut self) -> Result<Option<(Head, Range<usize>)>, AuditError> {
        let Some((entry, bytes)) = &self.current else { return Ok(None) };
        if entry.limit.is_some_and(|limit| self.next >= limit) {
            return Ok(None);
        }
        let what = match frame::read(bytes, self.offset) {
            Ok(Some(frame)) => match Head::parse(frame.event) {
                Ok(head) if head.seq == self.next => {
                    let event = frame.end() - frame.event.len()..frame.end();
                    (self.offset, self.next) = (frame.end(), self.next + 1);
                    return Ok(Some((head, event)));
                }
                Ok(_) => "another event is in its place".to_owned(),
                Err(error) => error.to_string(),
            },
            Ok(None) => "events are missing".to_owned(),
            Err(broken) => broken.breakage.to_string(),
        };
        if entry.limit.is_some() || self.next < self.promised {
            let path = self.layout.segment(entry.number);
            return Err(AuditError::Damaged { path, index: self.next, what });
        }
        Ok(None)
    }

    fn open_segment(&mut self) -> Result<bool, AuditError> {
        let Some(entry) = self.segments.find(|entry| !entry.is_superseded()) else {
            self.current = None;
            return self.check_promise();
        };
        if entry.first != self.next {
            let path = self.layout.segment(entry.number);
            let what = format!("the segment begins with event {}", entry.first);
            return Err(AuditError::Damaged { path, index: self.next, what });
        }
        self.current = Some((entry, entry.read(&self.layout)?));
        self.offset = SEGMENT_HEADER_BYTES;
        Ok(true)
    }

    fn check_promise(&self) -> Result<bool, AuditError> {
        if self.next >= self.promised {
            return Ok(false);
        }
        let (path, index) = (self.layout.segments(), self.next);
        Err(AuditError::Damaged { path, index, what: "the log ends before its checkpoint".to_owned() })
    }
}

impl Iterator for AuditReader {
    type Item = Result<Record, AuditError>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next;
        let record = match self.next_event() {
            Ok(Some((_, bytes))) => Record::parse(bytes),
            Ok(None) => return None,
            Err(error) => return Some(Err(error)),
        };
        let path = self.layout.segments();
        Some(record.map_err(|error| AuditError::Damaged { path, index, what: error.to_string() }))
    }
}
