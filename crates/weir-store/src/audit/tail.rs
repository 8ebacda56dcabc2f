use super::files::Layout;
use super::queue::Change;
use super::{AuditError, Disk};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_audit::event::LogSealed;
use weir_audit::frame::{SEGMENT_HEADER_BYTES, segment_header};

/// Frames of events that follow each other.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) frames: Vec<u8>,
    /// Which events begin and end requests.
    pub(super) changes: Vec<(u64, Change)>,
    /// Index of the first event.
    pub(super) first: u64,
    /// Index of the event after the last.
    pub(super) end: u64,
}

impl Batch {
    /// Number of events.
    pub(super) fn events(&self) -> usize {
        usize::try_from(self.end - self.first).unwrap_or(usize::MAX)
    }

    /// Says which event an empty batch begins with.
    pub(super) fn begin_at(&mut self, first: u64) {
        (self.first, self.end) = (first, first);
    }

    /// Takes over the events of the batch that follows.
    pub(super) fn append(&mut self, next: &mut Batch) {
        self.frames.append(&mut next.frames);
        self.changes.append(&mut next.changes);
        self.end = next.end;
    }

    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.changes.clear();
    }

    /// A copy of the events, with room for more.
    fn gathered(&self) -> Self {
        let mut frames = Vec::with_capacity(self.frames.len().max(GATHERED_BYTES));
        frames.extend_from_slice(&self.frames);
        Self { frames, changes: self.changes.clone(), ..*self }
    }
}

/// Small batches are kept together up to this size until they are durable.
const GATHERED_BYTES: usize = 64 * 1024;

/// A segment file that is written.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) file: File,
    pub(super) len: u64,
    /// Whether the directory was synced after the file got its name.
    pub(super) is_name_durable: AtomicBool,
}

impl Segment {
    /// Returns when the segment's bytes and name are on the disk.
    pub(super) fn sync(&self, layout: &Layout, disk: &dyn Disk) -> std::io::Result<()> {
        disk.sync(&self.file)?;
        if !self.is_name_durable.load(Ordering::Relaxed) {
            disk.sync_dir(&layout.segments())?;
            self.is_name_durable.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Batches with the segments that have them.
type Unsynced = Vec<(Arc<Segment>, Arc<Batch>)>;

/// The end of the log: the segment being written, and what of it is not durable yet.
pub(super) struct Tail {
    layout: Layout,
    disk: Arc<dyn Disk>,
    supply: Arc<Supply>,
    segment: Arc<Segment>,
    offset: u64,
    /// Index of the first event that is not durable: where a replacement segment begins.
    durable: u64,
    unsynced: VecDeque<(Arc<Segment>, Arc<Batch>)>,
    unsynced_bytes: usize,
    /// A write to the segment failed.
    is_broken: bool,
    max_unsynced_bytes: usize,
}

/// Where segments come from. One is prepared ahead, so that a full disk shows before it hurts and the
/// writer does not wait for zeros.
pub(super) struct Supply {
    layout: Layout,
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    /// Segments that were given up and of which no event says so yet.
    sealed: Mutex<Vec<LogSealed>>,
    // Held while a segment is prepared: two threads must not prepare the same file.
    stock: Mutex<Stock>,
}

struct Stock {
    /// Number of the next segment.
    next: u64,
    ready: Option<Segment>,
}

impl Supply {
    pub(super) fn new(layout: Layout, disk: Arc<dyn Disk>, segment_bytes: u64, next: u64) -> Self {
        let stock = Mutex::new(Stock { next, ready: None });
        Self { layout, disk, segment_bytes, sealed: Mutex::default(), stock }
    }

    /// Prepares the next segment unless that is done.
    pub(super) fn prepare(&self) -> Result<(), AuditError> {
        let mut stock = self.stock();
        if stock.ready.is_none() {
            stock.ready = Some(self.create(stock.next, self.segment_bytes)?);
        }
        Ok(())
    }

    /// The next segment, with room for `least` bytes, under its preparatory name.
    pub(super) fn take(&self, least: u64) -> Result<Segment, AuditError> {
        let mut stock = self.stock();
        let segment = match stock.ready.take().filter(|segment| segment.len >= least) {
            Some(segment) => segment,
            None => self.create(stock.next, least.max(self.segment_bytes))?,
        };
        stock.next += 1;
        Ok(segment)
    }

    /// The first segment of a new log, and the offset of its first frame.
    pub(super) fn first(&self) -> Result<(Segment, u64), AuditError> {
        let segment = self.take(SEGMENT_HEADER_BYTES as u64)?;
        let path = self.layout.segment(segment.number);
        self.disk.write_at(&segment.file, &segment_header(0), 0).map_err(AuditError::io(path))?;
        self.name(&segment)?;
        Ok((segment, SEGMENT_HEADER_BYTES as u64))
    }

    /// A segment that begins with these frames of events from `first` on, and where it ends. It is synced before it gets its
    /// name.
    pub(super) fn replacement(&self, first: u64, frames: &[u8]) -> Result<(Segment, u64), AuditError> {
        let contents = [&segment_header(first), frames].concat();
        let segment = self.take(contents.len() as u64)?;
        let path = self.layout.segment(segment.number);
        self.disk.write_at(&segment.file, &contents, 0).map_err(AuditError::io(&path))?;
        self.disk.sync(&segment.file).map_err(AuditError::io(&path))?;
        self.name(&segment)?;
        Ok((segment, contents.len() as u64))
    }

    /// Gives a segment that has its header its final name, which a sync of the directory makes durable.
    pub(super) fn name(&self, segment: &Segment) -> Result<(), AuditError> {
        let to = self.layout.segment(segment.number);
        self.disk.rename(&self.layout.prepared(segment.number), &to).map_err(AuditError::io(&to))
    }

    /// Has it told which segments were given up; those that cannot be told now are asked for again.
    pub(super) fn tell_sealed(&self, mut tell: impl FnMut(&LogSealed) -> Result<(), AuditError>) {
        self.sealed().retain(|sealed| tell(sealed).is_err());
    }

    fn sealed(&self) -> MutexGuard<'_, Vec<LogSealed>> {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, number: u64, len: u64) -> Result<Segment, AuditError> {
        let path = self.layout.prepared(number);
        let file = self.disk.create_zeroed(&path, len).map_err(AuditError::io(&path))?;
        Ok(Segment { number, file, len, is_name_durable: AtomicBool::new(false) })
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    /// Goes on at `offset` of a segment whose events, those below `next`, are durable.
    pub(super) fn new(
        layout: Layout,
        disk: Arc<dyn Disk>,
        supply: Arc<Supply>,
        (segment, offset): (Segment, u64),
        next: u64,
        max_unsynced_bytes: usize,
    ) -> Self {
        Self {
            layout,
            disk,
            supply,
            segment: Arc::new(segment),
            offset,
            durable: next,
            unsynced: VecDeque::new(),
            unsynced_bytes: 0,
            is_broken: false,
            max_unsynced_bytes,
        }
    }

    /// Bytes that are kept in memory because they are not durable.
    pub(super) fn unsynced_bytes(&self) -> usize {
        self.unsynced_bytes
    }

    /// What is not durable, oldest first.
    pub(super) fn unsynced(&mut self) -> Result<Unsynced, AuditError> {
        if self.is_broken {
            self.replace_segment()?;
        }
        Ok(self.unsynced.iter().cloned().collect())
    }

    /// Hands a batch to the kernel if that takes no more than copying it; `false` if it does not, or did
    /// not work: [`write`](Self::write) is to be asked then.
    pub(super) fn write_quickly(&mut self, batch: &Batch) -> bool {
        let has_room = self.offset + batch.frames.len() as u64 <= self.segment.len;
        let has_memory = self.unsynced_bytes + batch.frames.len() <= self.max_unsynced_bytes;
        if self.is_broken || !has_room || !has_memory {
            return false;
        }
        self.is_broken = self.write_here(&batch.frames).is_err();
        if !self.is_broken {
            self.keep(batch);
        }
        !self.is_broken
    }

    /// Hands a batch to the kernel: in the next segment if this one is full, in a replacement if the
    /// write fails.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), AuditError> {
        let is_written = !self.is_broken
            && self
                .make_room(batch.frames.len() as u64)
                .and_then(|()| self.write_here(&batch.frames))
                .is_ok();
        self.keep(batch);
        if is_written { Ok(()) } else { self.replace_segment() }
    }

    /// Keeps a batch until it is durable, together with those before it where nobody looks at them now.
    fn keep(&mut self, batch: &Batch) {
        let len = batch.frames.len();
        self.offset += len as u64;
        self.unsynced_bytes += len;
        if let Some((segment, last)) = self.unsynced.back_mut()
            && Arc::ptr_eq(segment, &self.segment)
            && let Some(last) = Arc::get_mut(last)
            && last.frames.len() + len <= GATHERED_BYTES
        {
            last.frames.extend_from_slice(&batch.frames);
            last.changes.extend_from_slice(&batch.changes);
            last.end = batch.end;
            return;
        }
        self.unsynced.push_back((self.segment.clone(), Arc::new(batch.gathered())));
    }

    /// Notes that events below `end` are durable.
    pub(super) fn forget_synced(&mut self, end: u64) {
        self.durable = self.durable.max(end);
        while let Some((_, batch)) = self.unsynced.pop_front_if(|(_, batch)| batch.end <= end) {
            self.unsynced_bytes -= batch.frames.len();
        }
    }

    /// Abandons a segment that could not be synced, unless that happened already.
    pub(super) fn abandon(&mut self, failed: &Arc<Segment>) -> Result<(), AuditError> {
        let is_in_use = self.unsynced.iter().any(|(segment, _)| Arc::ptr_eq(segment, failed));
        if is_in_use { self.replace_segment() } else { Ok(()) }
    }

    /// Writes everything that is not durable to a new segment, from which the log goes on.
    ///
    /// It is synced before it gets its name, so that at every moment one of the two files has all that
    /// the kernel had been given.
    ///
    /// INVARIANT (one sync per file after an error): the old file is not touched any more.
    fn replace_segment(&mut self) -> Result<(), AuditError> {
        let replaced = self.begin_replacement();
        if replaced.is_err() {
            // No file has the last batch, and a sync that comes before the failure is known must not
            // find it: it would be declared durable.
            self.unsynced.clear();
            self.unsynced_bytes = 0;
        }
        self.is_broken = replaced.is_err();
        replaced
    }

    fn begin_replacement(&mut self) -> Result<(), AuditError> {
        let frames: Vec<&[u8]> = self.unsynced.iter().map(|(_, batch)| batch.frames.as_slice()).collect();
        let (segment, offset) = self.supply.replacement(self.durable, &frames.concat())?;
        self.supply.sealed().push(LogSealed { segment: self.segment.number, first: self.durable });
        self.segment = Arc::new(segment);
        self.offset = offset;
        for (segment, _) in &mut self.unsynced {
            *segment = self.segment.clone();
        }
        Ok(())
    }

    /// Goes on to the next segment if `len` bytes do not fit this one.
    fn make_room(&mut self, len: u64) -> Result<(), AuditError> {
        if self.offset + len <= self.segment.len {
            return Ok(());
        }
        let first = self.unsynced.back().map_or(self.durable, |(_, batch)| batch.end);
        let segment = self.supply.take(SEGMENT_HEADER_BYTES as u64 + len)?;
        let path = self.layout.segment(segment.number);
        self.disk.write_at(&segment.file, &segment_header(first), 0).map_err(AuditError::io(path))?;
        self.supply.name(&segment)?;
        self.segment = Arc::new(segment);
        self.offset = SEGMENT_HEADER_BYTES as u64;
        Ok(())
    }

    fn write_here(&self, frames: &[u8]) -> Result<(), AuditError> {
        let written = self.disk.write_at(&self.segment.file, frames, self.offset);
        written.map_err(|error| AuditError::io(self.layout.segment(self.segment.number))(error))
    }
}

/// Removes what was being prepared when the process ended.
pub(super) fn remove_prepared(layout: &Layout) -> Result<(), AuditError> {
    let dir = layout.segments();
    for entry in fs::read_dir(&dir).map_err(AuditError::io(&dir))? {
        let path = entry.map_err(AuditError::io(&dir))?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            fs::remove_file(&path).map_err(AuditError::io(&path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::RealDisk;
    use std::io;

    /// A disk that takes the header of the first segment and nothing more.
    struct Full(AtomicBool);

    impl Disk for Full {
        fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
            if self.0.swap(true, Ordering::SeqCst) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            RealDisk.write_at(file, bytes, offset)
        }
    }

    #[test]
    fn what_no_file_took_is_nothing_to_sync() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create_dirs().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(Full(AtomicBool::new(false)));
        let supply = Arc::new(Supply::new(layout.clone(), disk.clone(), 4096, 0));
        let first = supply.first().unwrap();
        let mut tail = Tail::new(layout, disk, supply, first, 0, 1024);
        let batch = Batch { frames: b"frame".to_vec(), changes: Vec::new(), first: 0, end: 1 };
        assert!(!tail.write_quickly(&batch));
        assert!(tail.write(&batch).is_err());
        assert!(tail.unsynced.is_empty());
    }
}
