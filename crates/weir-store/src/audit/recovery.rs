use super::files::{Layout, read_optional};
use super::index::{Entry, Index};
use super::tail::{Segment, remove_prepared};
use super::{AuditError, Disk};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::sync::atomic::AtomicBool;
use weir_audit::checkpoint::{Checkpoint, Verifier};
use weir_audit::event::LogRecovered;
use weir_audit::frame::{self, Frame, SEGMENT_HEADER_BYTES};
use weir_audit::tree::{Frontier, Hash, Tile, TileId};
use weir_audit::{Envelope, Event, Ident, Record};

/// A log that is whole and can be written on.
pub(super) struct Recovered {
    /// The last segment and the offset at which it ends; none if the log is new.
    pub(super) end: Option<(Segment, u64)>,
    /// What is to be the beginning of the next segment: an event, and frames from it on.
    pub(super) rewritten: Option<(u64, Vec<u8>)>,
    /// Number of the next segment.
    pub(super) next_segment: u64,
    /// Index of the next event.
    pub(super) next: u64,
    pub(super) frontier: Frontier,
    /// Full tiles that may be missing on disk.
    pub(super) completed: Vec<(TileId, Tile)>,
    /// Requests with a decision and no outcome.
    pub(super) open: BTreeMap<Ident, OpenRequest>,
    /// What was repaired; none if the process before ended in order or the log is new.
    pub(super) repaired: Option<LogRecovered>,
    /// Size of the last checkpoint.
    pub(super) signed: u64,
}

/// A request with a decision and no outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenRequest {
    /// Index of its first decision.
    pub(super) first: u64,
    /// The id that the client was shown.
    pub(super) decision_id: Ident,
    /// Number of its last attempt.
    pub(super) attempt: u32,
}

/// Reads the end of the log, cuts what is torn, and checks it against the last checkpoint.
///
/// Reads the segments from the first decision without an outcome on, or all of them if the stored tiles
/// do not lead to the signed root.
pub(super) fn recover(
    layout: &Layout,
    disk: &dyn Disk,
    verifier: &Verifier,
) -> Result<Recovered, AuditError> {
    let (mut scan, entries) = begin(layout, verifier, u64::MAX)?;
    if entries.is_empty() {
        return Ok(scan.finish(None, 0));
    }
    let end = scan.read_segments(layout, &entries)?;
    let end = cut_and_sync(layout, disk, &entries, &mut scan, &end)?;
    let next_segment = end.0.number + 1;
    Ok(scan.finish(Some(end), next_segment))
}

/// The same in the process that has the log: events from `durable` on are in a file that may have failed. They are read
/// from it, and it is not touched.
pub(super) fn recover_in_process(
    layout: &Layout,
    disk: &dyn Disk,
    verifier: &Verifier,
    durable: u64,
) -> Result<Recovered, AuditError> {
    let (mut scan, entries) = begin(layout, verifier, durable)?;
    let end = scan.read_segments(layout, &entries)?;
    let (kept, later) = entries.split_at((end.position + 1).min(entries.len()));
    for entry in later {
        set_aside(layout, disk, entry, &mut scan)?;
    }
    if let (Some(entry), Some(reason)) = (kept.last(), end.torn) {
        let torn = frame::non_zero(&entry.read(layout)?, end.offset);
        scan.cut = Some((entry.number, end.offset as u64, reason));
        scan.cut_bytes += torn.map_or(0, |torn| torn.len() as u64);
    }
    let next_segment = entries.last().map_or(0, |entry| entry.number + 1);
    let rewritten = (durable, std::mem::take(&mut scan.rewritten));
    Ok(Recovered { rewritten: Some(rewritten), ..scan.finish(None, next_segment) })
}

/// The checkpoint and its tree, and the segments that are to be read; none if the log is new.
fn begin(layout: &Layout, verifier: &Verifier, durable: u64) -> Result<(Scan, Vec<Entry>), AuditError> {
    remove_prepared(layout)?;
    let index = Index::read(layout)?;
    for &number in &index.unused {
        let path = layout.segment(number);
        fs::remove_file(&path).map_err(AuditError::io(path))?;
    }
    let checkpoint = read_checkpoint(layout, verifier)?;
    let scan = Scan::begin(layout, checkpoint, durable);
    let start = scan.first_to_read(layout)?;
    match index.position_of(start) {
        Some(position) => Ok((scan, index.entries.get(position..).unwrap_or_default().to_vec())),
        None if index.entries.is_empty() && scan.checkpoint.size == 0 => Ok((scan, Vec::new())),
        None => Err(scan.damaged(layout.segments(), 0, "the segment with this event is missing")),
    }
}

/// Reads and verifies the checkpoint, which every log has from its beginning.
fn read_checkpoint(layout: &Layout, verifier: &Verifier) -> Result<Checkpoint, AuditError> {
    let path = layout.checkpoint();
    let bytes = fs::read(&path).map_err(AuditError::io(&path))?;
    let text = String::from_utf8_lossy(&bytes);
    verifier.verify(&text).map_err(|source| AuditError::Checkpoint { path, source })
}

/// Where the log ends, and what is wrong there.
struct End {
    /// Place in the list of segments.
    position: usize,
    offset: usize,
    /// Why reading stopped; none at an end in order.
    torn: Option<&'static str>,
}

/// Reads events one after another and keeps what must be known at the end.
struct Scan {
    next: u64,
    /// Frames of the events from this one on are kept.
    durable: u64,
    rewritten: Vec<u8>,
    frontier: Frontier,
    completed: Vec<(TileId, Tile)>,
    checkpoint: Checkpoint,
    tree_rebuilt: bool,
    open: BTreeMap<Ident, OpenRequest>,
    last_is_closing: bool,
    cut: Option<(u64, u64, &'static str)>,
    cut_bytes: u64,
}

impl Scan {
    fn begin(layout: &Layout, checkpoint: Checkpoint, durable: u64) -> Self {
        let stored = Frontier::from_tiles(checkpoint.size, |id| layout.read_tile(id));
        let stored = stored.filter(|frontier| frontier.root() == checkpoint.root);
        Self {
            next: 0,
            durable,
            rewritten: Vec::new(),
            tree_rebuilt: stored.is_none(),
            frontier: stored.unwrap_or_default(),
            completed: Vec::new(),
            checkpoint,
            open: BTreeMap::new(),
            last_is_closing: false,
            cut: None,
            cut_bytes: 0,
        }
    }

    /// The first event that must be read: the first without a leaf in the tree, the first decision
    /// without an outcome, or the last event.
    fn first_to_read(&self, layout: &Layout) -> Result<u64, AuditError> {
        let size = self.frontier.size();
        let open_from = read_optional(&layout.open_from())?;
        let open_from = open_from.and_then(|bytes| String::from_utf8(bytes).ok()?.trim_end().parse().ok());
        // Without the file, everything is read.
        Ok(open_from.unwrap_or(0).min(size.saturating_sub(1)))
    }

    fn read_segments(&mut self, layout: &Layout, entries: &[Entry]) -> Result<End, AuditError> {
        self.next = entries.first().map_or(0, |entry| entry.first);
        let mut end = End { position: 0, offset: SEGMENT_HEADER_BYTES, torn: None };
        for (position, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.is_superseded()) {
            if entry.first != self.next {
                end.torn = Some("gap");
                break;
            }
            end = self.read_segment(position, entry, &entry.read(layout)?)?;
            if end.torn.is_some() {
                break;
            }
        }
        if self.next < self.checkpoint.size {
            let path =
                entries.get(end.position).map_or(layout.segments(), |entry| layout.segment(entry.number));
            let what = end.torn.unwrap_or("the log ends before its checkpoint");
            return Err(self.damaged(path, end.offset, what));
        }
        Ok(end)
    }

    fn read_segment(&mut self, position: usize, entry: &Entry, bytes: &[u8]) -> Result<End, AuditError> {
        let mut end = End { position, offset: SEGMENT_HEADER_BYTES, torn: None };
        while entry.limit.is_none_or(|limit| self.next < limit) {
            let step = match frame::read(bytes, end.offset) {
                Ok(Some(frame)) => {
                    let absorbed = self.absorb(&frame).map(|()| frame.end());
                    if absorbed.is_ok() && self.next > self.durable {
                        self.rewritten
                            .extend_from_slice(bytes.get(frame.offset..frame.end()).unwrap_or_default());
                    }
                    absorbed
                }
                Ok(None) if frame::non_zero(bytes, end.offset).is_some() => Err("bytes behind the end"),
                Ok(None) => break,
                Err(broken) => Err(broken.breakage.word()),
            };
            match step {
                Ok(next_offset) => end.offset = next_offset,
                Err(torn) => return Ok(End { torn: Some(torn), ..end }),
            }
            self.check_root()?;
        }
        Ok(end)
    }

    fn absorb(&mut self, frame: &Frame<'_>) -> Result<(), &'static str> {
        let envelope = Envelope::parse(frame.event).map_err(|_| "not an event")?;
        if envelope.seq != self.next {
            return Err("sequence");
        }
        self.last_is_closing = envelope.type_name.as_str() == "log.closed";
        if self.next >= self.frontier.size() {
            let completed = &mut self.completed;
            self.frontier.append(Hash::leaf(frame.event), |id, tile| completed.push((id, tile)));
        }
        if matches!(envelope.type_name.as_str(), "decision" | "outcome") {
            self.note_request(frame.event);
        }
        self.next += 1;
        Ok(())
    }

    fn note_request(&mut self, event: &[u8]) {
        match Record::parse(event).map(|record| record.event) {
            Ok(Event::Decision(decision)) => {
                let first = self.next;
                let open =
                    OpenRequest { first, decision_id: decision.decision_id, attempt: decision.attempt };
                let first = self.open.get(&decision.request_id).map_or(first, |earlier| earlier.first);
                self.open.insert(decision.request_id, OpenRequest { first, ..open });
            }
            Ok(Event::Outcome(outcome)) => _ = self.open.remove(&outcome.request_id),
            _ => {}
        }
    }

    /// Compares the tree with the checkpoint when it has just reached its size.
    fn check_root(&self) -> Result<(), AuditError> {
        let is_there = self.tree_rebuilt && self.frontier.size() == self.checkpoint.size;
        if !is_there || self.frontier.root() == self.checkpoint.root {
            return Ok(());
        }
        let what = "the events do not lead to the signed root".to_owned();
        Err(AuditError::Damaged { path: "segments".into(), index: 0, what })
    }

    fn damaged(&self, path: impl Into<std::path::PathBuf>, offset: usize, what: &str) -> AuditError {
        AuditError::Damaged {
            path: path.into(),
            index: self.next,
            what: format!("{what} (at byte {offset})"),
        }
    }

    fn finish(self, end: Option<(Segment, u64)>, next_segment: u64) -> Recovered {
        let is_clean = self.next == 0 || (self.last_is_closing && self.cut.is_none());
        let signed = self.checkpoint.size;
        let repaired = LogRecovered {
            events_kept: self.next,
            checkpoint_size: signed,
            cut_segment: self.cut.map(|(segment, ..)| segment),
            cut_offset: self.cut.map(|(_, offset, _)| offset),
            cut_bytes: self.cut_bytes,
            cut_reason: self.cut.map(|(.., reason)| Ident::new(reason)),
            tree_rebuilt: self.tree_rebuilt,
            open_requests: self.open.len() as u64,
        };
        Recovered {
            end,
            rewritten: None,
            next_segment,
            next: self.next,
            frontier: self.frontier,
            completed: self.completed,
            open: self.open,
            repaired: (!is_clean).then_some(repaired),
            signed,
        }
    }
}

/// Overwrites what is torn with zeros, sets later segments aside, and makes durable what is kept.
fn cut_and_sync(
    layout: &Layout,
    disk: &dyn Disk,
    entries: &[Entry],
    scan: &mut Scan,
    end: &End,
) -> Result<(Segment, u64), AuditError> {
    let (kept, later) = entries.split_at((end.position + 1).min(entries.len()));
    for entry in later {
        set_aside(layout, disk, entry, scan)?;
    }
    let mut last = None;
    for entry in kept.iter().filter(|entry| !entry.is_superseded()) {
        let path = layout.segment(entry.number);
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(AuditError::io(&path))?;
        if Some(entry) == kept.last() {
            cut_torn(layout, disk, &file, entry, end, scan)?;
        }
        disk.sync(&file).map_err(AuditError::io(&path))?;
        let len = file.metadata().map_err(AuditError::io(&path))?.len();
        last = Some(Segment { number: entry.number, file, len, is_name_durable: AtomicBool::new(true) });
    }
    disk.sync_dir(&layout.segments()).map_err(AuditError::io(layout.segments()))?;
    let segment = last.ok_or_else(|| scan.damaged(layout.segments(), 0, "no segment"))?;
    Ok((segment, end.offset as u64))
}

fn cut_torn(
    layout: &Layout,
    disk: &dyn Disk,
    file: &File,
    entry: &Entry,
    end: &End,
    scan: &mut Scan,
) -> Result<(), AuditError> {
    let Some(reason) = end.torn else { return Ok(()) };
    scan.cut = Some((entry.number, end.offset as u64, reason));
    if let Some(torn) = frame::non_zero(&entry.read(layout)?, end.offset) {
        scan.cut_bytes += torn.len() as u64;
        let path = layout.segment(entry.number);
        disk.write_at(file, &vec![0; torn.end - end.offset], end.offset as u64)
            .map_err(AuditError::io(path))?;
    }
    Ok(())
}

/// Takes a segment out of the log and keeps its bytes for whoever wants to look at them.
fn set_aside(layout: &Layout, disk: &dyn Disk, entry: &Entry, scan: &mut Scan) -> Result<(), AuditError> {
    let path = layout.segment(entry.number);
    let torn = frame::non_zero(&entry.read(layout)?, 0);
    scan.cut_bytes += torn.map_or(0, |torn| torn.len() as u64);
    disk.rename(&path, &path.with_added_extension("cut")).map_err(AuditError::io(path))
}

#[cfg(test)]
mod tests;
