//! The events of a log for those who take them elsewhere.

use super::AuditError;
use super::files::{Layout, promised_size};
use super::index::{Entry, Index};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use weir_audit::Head;
use weir_audit::frame::{self, MAX_EVENT_BYTES, SEGMENT_HEADER_BYTES};

/// Reads the events of a log in order, from any of them on, also while a process writes it: only those that are under
/// a checkpoint, which no crash takes back.
///
/// Takes no lock, changes nothing, and shares nothing with the writer. Ask [`next`](Self::next) from time to time.
#[derive(Debug)]
pub struct Feed {
    layout: Layout,
    next: u64,
    /// The segments when they were looked at last, by number.
    numbers: Vec<u64>,
    index: Index,
    at: Option<Open>,
}

/// Events that follow each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// The first and the last of the events that should have come before these and were deleted meanwhile.
    pub deleted: Option<(u64, u64)>,
    /// Each with its index.
    pub events: Vec<(u64, Vec<u8>)>,
    /// Whether there are more.
    pub has_more: bool,
}

/// How much is taken at a time.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// The most events.
    pub events: usize,
    /// The most bytes of them; one event is always taken.
    pub bytes: usize,
}

#[derive(Debug)]
struct Open {
    entry: Entry,
    file: File,
    offset: u64,
}

/// So much of a segment is read at a time: several of the longest frames.
const READ_BYTES: usize = 4 * (MAX_EVENT_BYTES + 8);

impl Feed {
    /// Begins with this event of the log in a directory.
    #[must_use]
    pub fn open(dir: &Path, next: u64) -> Self {
        Self { layout: Layout::new(dir), next, numbers: Vec::new(), index: Index::default(), at: None }
    }

    /// Index of the event that comes next.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// The number of events under the newest checkpoint.
    ///
    /// # Errors
    /// [`AuditError`] if it cannot be read.
    pub fn signed(&self) -> Result<u64, AuditError> {
        promised_size(&self.layout)
    }

    /// The next events.
    ///
    /// # Errors
    /// [`AuditError`] if the log cannot be read, or what should be there is not; asking again begins with the same event.
    pub fn next(&mut self, most: Most) -> Result<Portion, AuditError> {
        let signed = self.signed()?;
        let mut portion = Portion::default();
        if self.next >= signed {
            return Ok(portion);
        }
        self.look_at_segments()?;
        let begin = self.next;
        if let Some(first) =
            self.index.entries.first().map(|entry| entry.first).filter(|first| *first > begin)
        {
            (portion.deleted, self.next, self.at) = (Some((begin, first - 1)), first, None);
        }
        let read = self.read(signed, most, &mut portion);
        if read.is_err() {
            (self.next, self.at) = (begin, None);
        }
        read.map(|()| portion)
    }

    /// Reads the headers of the segments if there are others than before.
    fn look_at_segments(&mut self) -> Result<(), AuditError> {
        let numbers = self.layout.segment_numbers()?;
        // The last one may have got its header since.
        if numbers != self.numbers || !self.index.unused.is_empty() {
            self.index = Index::read(&self.layout)?;
            (self.numbers, self.at) = (numbers, None);
        }
        Ok(())
    }

    fn read(&mut self, signed: u64, most: Most, portion: &mut Portion) -> Result<(), AuditError> {
        let mut bytes_left = most.bytes;
        while self.next < signed {
            if portion.events.len() >= most.events || bytes_left == 0 {
                portion.has_more = true;
                return Ok(());
            }
            let open = match self.at.take() {
                Some(open) => open,
                None => self.open_segment()?,
            };
            self.at = Some(self.read_some(open, signed, (most.events, &mut bytes_left), portion)?);
        }
        Ok(())
    }

    fn open_segment(&self) -> Result<Open, AuditError> {
        let entry =
            self.index.position_of(self.next).and_then(|place| self.index.entries.get(place).copied());
        let entry = entry.ok_or_else(|| self.damaged("the segment with it is missing"))?;
        let path = self.layout.segment(entry.number);
        let file = File::open(&path).map_err(AuditError::io(path))?;
        Ok(Open { entry, file, offset: SEGMENT_HEADER_BYTES as u64 })
    }

    /// Reads on in a segment; the next one is opened where it ends.
    fn read_some(
        &mut self,
        mut open: Open,
        signed: u64,
        (events, bytes_left): (usize, &mut usize),
        portion: &mut Portion,
    ) -> Result<Open, AuditError> {
        if open.entry.limit.is_some_and(|limit| self.next >= limit) {
            return self.open_segment();
        }
        let mut bytes = vec![0; READ_BYTES];
        let path = || self.layout.segment(open.entry.number);
        let read =
            open.file.read_at(&mut bytes, open.offset).map_err(|error| AuditError::io(path())(error))?;
        bytes.truncate(read);
        let mut at = 0;
        while let Ok(Some(frame)) = frame::read(&bytes, at) {
            let head = Head::parse(frame.event).map_err(|error| self.damaged(&error.to_string()))?;
            // Events before the next one are passed over.
            if head.seq > self.next {
                return Err(self.damaged("another event is in its place"));
            }
            if head.seq == self.next {
                if self.next >= signed || portion.events.len() >= events || *bytes_left == 0 {
                    break;
                }
                *bytes_left = bytes_left.saturating_sub(frame.event.len());
                portion.events.push((head.seq, frame.event.to_vec()));
                self.next += 1;
            }
            at = frame.end();
            if open.entry.limit.is_some_and(|limit| self.next >= limit) {
                break;
            }
        }
        if at == 0 {
            return Err(self.damaged("it is not where the checkpoint promises it"));
        }
        open.offset += at as u64;
        Ok(open)
    }

    fn damaged(&self, what: &str) -> AuditError {
        AuditError::Damaged { path: self.layout.segments(), index: self.next, what: what.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expiry;
    use super::super::retention::wait_for_checkpoint;
    use super::super::tests::{decision, open, outcome, records};
    use super::*;
    use weir_audit::WallTime;

    const SOME: Most = Most { events: 7, bytes: 1 << 20 };

    fn all(feed: &mut Feed, most: Most) -> Vec<(u64, Vec<u8>)> {
        let mut events = Vec::new();
        loop {
            let portion = feed.next(most).unwrap();
            assert!(portion.events.len() <= most.events && portion.deleted.is_none(), "{portion:?}");
            events.extend(portion.events);
            if !portion.has_more {
                return events;
            }
        }
    }

    #[test]
    fn a_feed_gives_each_signed_event_once_from_wherever_it_begins_while_the_log_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        let mut feed = Feed::open(dir.path(), 0);
        let mut fed = all(&mut feed, SOME);
        for id in 0..400 {
            log.append(decision(id)).unwrap();
            log.append(outcome(id)).unwrap().wait_written().unwrap();
            if id % 100 == 0 {
                fed.extend(all(&mut feed, SOME));
            }
        }
        wait_for_checkpoint(log.layout(), log.size()).unwrap();
        fed.extend(all(&mut feed, Most { events: 1000, bytes: 1000 }));
        assert_eq!(fed.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (0..log.size()).collect::<Vec<_>>());
        assert_eq!(feed.next(SOME).unwrap(), Portion::default());
        for begin in [1, 250, log.size() - 1] {
            let from = all(&mut Feed::open(dir.path(), begin), SOME);
            assert_eq!(from[..], fed[usize::try_from(begin).unwrap()..]);
        }
        log.close().unwrap();
        fed.extend(all(&mut feed, SOME));
        let records = records(dir.path());
        assert_eq!(fed.len(), records.len());
        assert!(fed.iter().zip(&records).all(|((seq, bytes), record)| {
            *seq == record.envelope.seq && weir_audit::Record::parse(bytes).unwrap() == *record
        }));
    }

    #[test]
    fn what_was_deleted_before_it_was_fed_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        for id in 0..400 {
            log.append(decision(id)).unwrap();
            log.append(outcome(id)).unwrap().wait_written().unwrap();
        }
        wait_for_checkpoint(log.layout(), log.size()).unwrap();
        let mut feed = Feed::open(dir.path(), 0);
        assert_eq!(feed.next(SOME).unwrap().events.len(), 7);
        // What recovery would need is written behind the checkpoint.
        let prune = || log.prune(&Expiry::all(WallTime::from_unix_ms(4_000_000_000_000)), u64::MAX).unwrap();
        let pruned = std::iter::repeat_with(prune).take(1000).flatten().find(|pruned| pruned.first_kept > 7);
        let pruned = pruned.unwrap();
        let portion = feed.next(SOME).unwrap();
        assert_eq!(portion.deleted, Some((7, pruned.first_kept - 1)));
        assert_eq!(portion.events[0].0, pruned.first_kept);
        assert_eq!(feed.next(SOME).unwrap().deleted, None);
        log.close().unwrap();
    }
}
