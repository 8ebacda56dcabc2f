use super::AuditError;
use super::files::Layout;
use std::fs;
use weir_audit::frame::SegmentHeader;

/// A segment that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u64,
    /// Index of its first event.
    pub(super) first: u64,
    /// Index at which a later segment begins. What lies behind it here was written again there.
    pub(super) limit: Option<u64>,
}

impl Entry {
    /// Whether every event of this segment was written again in a later one.
    pub(super) fn is_superseded(&self) -> bool {
        self.limit.is_some_and(|limit| limit <= self.first)
    }

    pub(super) fn read(&self, layout: &Layout) -> Result<Vec<u8>, AuditError> {
        let path = layout.segment(self.number);
        fs::read(&path).map_err(AuditError::io(path))
    }
}

/// The segments of a log by their headers.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// In order of number.
    pub(super) entries: Vec<Entry>,
    /// Numbers of segments at the end that have a name and no header yet.
    pub(super) unused: Vec<u64>,
}

impl Index {
    pub(super) fn read(layout: &Layout) -> Result<Self, AuditError> {
        let mut index = Self::default();
        for number in layout.segment_numbers()? {
            match layout.read_header(number)? {
                SegmentHeader::First(first) if index.unused.is_empty() => {
                    index.entries.push(Entry { number, first, limit: None });
                }
                SegmentHeader::Unused => index.unused.push(number),
                SegmentHeader::Newer(_) => return Err(AuditError::Newer(layout.segment(number))),
                SegmentHeader::First(_) | SegmentHeader::Broken => {
                    let index = index.entries.last().map_or(0, |entry| entry.first);
                    let what = "the header of the segment is broken".to_owned();
                    return Err(AuditError::Damaged { path: layout.segment(number), index, what });
                }
            }
        }
        let mut limit = None;
        for entry in index.entries.iter_mut().rev() {
            entry.limit = limit;
            limit = Some(limit.map_or(entry.first, |limit: u64| limit.min(entry.first)));
        }
        Ok(index)
    }

    /// The place in `entries` of the segment that has this event or, if it is the last, will have it.
    pub(super) fn position_of(&self, event: u64) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.first <= event && !entry.is_superseded())
    }
}
