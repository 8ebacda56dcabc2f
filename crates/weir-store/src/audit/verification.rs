use super::AuditError;
use super::files::{Layout, promised_size, read_optional};
use std::fs;
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::Duration;
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES, SegmentHeader, read_segment_header};
use weir_audit::verify::{Report, Verification};

/// How often an end that looks torn is read: somebody may be writing there, and be kept from it by others for a while.
const MAX_READS_OF_END: u32 = 12;

/// After the first read; it doubles…
const TIME_BETWEEN_READS: Duration = Duration::from_millis(2);
/// …up to this. All in all that is half a second.
const MAX_TIME_BETWEEN_READS: Duration = Duration::from_millis(64);

/// Verifies the log in a directory with nothing but its files, also while a process writes it.
///
/// Every fault is named with file, byte and event. A log whose process was killed may have a broken last
/// frame behind its checkpoint, which is a fault like others until the log is opened and repaired.
///
/// # Errors
/// [`AuditError::Io`] if files cannot be read. Whatever they hold, there is a report.
pub fn verify(dir: &Path) -> Result<Report, AuditError> {
    let layout = Layout::new(dir);
    let public_key = read_optional(&layout.public_key())?.unwrap_or_default();
    // Before the segments: what it covers is in them.
    let checkpoint = read_optional(&layout.checkpoint())?;
    let promised = promised_size(&layout)?;
    let limits = segment_limits(&layout)?;
    let read_tile = |id| layout.read_tile_bytes(id);
    let mut verification = Verification::begin(&public_key, checkpoint.as_deref(), read_tile);
    verification.rotations(read_optional(&layout.rotations())?.unwrap_or_default());
    thread::scope(|scope| {
        let (to_here, segments) = mpsc::sync_channel(READ_AHEAD);
        let (layout, limits) = (&layout, limits.as_slice());
        // The channel is over when the thread is.
        let read = move || read_ahead(layout, limits, promised, &to_here);
        let reader = thread::Builder::new().name("audit-read".to_owned());
        reader.spawn_scoped(scope, read).map_err(AuditError::Thread)?;
        for segment in segments {
            let Segment { number, limit, bytes } = segment?;
            verification.segment(number, &bytes, limit);
        }
        Ok::<(), AuditError>(())
    })?;
    Ok(verification.finish())
}

/// Segments that are read while the one before them is verified.
const READ_AHEAD: usize = 2;

struct Segment {
    number: u64,
    /// Index at which a later one begins.
    limit: Option<u64>,
    bytes: Vec<u8>,
}

/// Reads all segments in order, until nobody wants them any more.
fn read_ahead(
    layout: &Layout,
    limits: &[(u64, Option<u64>)],
    promised: u64,
    to: &SyncSender<Result<Segment, AuditError>>,
) {
    for (place, &(number, limit)) in limits.iter().enumerate() {
        let path = layout.segment(number);
        let is_last = place + 1 == limits.len();
        let bytes = if is_last { read_last(&path, promised) } else { fs::read(&path) };
        let segment = bytes.map(|bytes| Segment { number, limit, bytes }).map_err(AuditError::io(path));
        if to.send(segment).is_err() {
            return;
        }
    }
}

/// Every segment with the index at which a later one begins.
fn segment_limits(layout: &Layout) -> Result<Vec<(u64, Option<u64>)>, AuditError> {
    let mut limit = None::<u64>;
    let mut limits = Vec::new();
    for number in layout.segment_numbers()?.into_iter().rev() {
        limits.push((number, limit));
        // Headers of other kinds limit nothing; the verification names them.
        if let SegmentHeader::First(first) = layout.read_header(number)? {
            limit = Some(limit.map_or(first, |limit| limit.min(first)));
        }
    }
    limits.reverse();
    Ok(limits)
}

/// Reads the segment that may be being written, again if it was read in the middle of a write.
fn read_last(path: &Path, promised: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = fs::read(path)?;
    let mut pause = TIME_BETWEEN_READS;
    for _ in 1..MAX_READS_OF_END {
        if !is_torn_behind(&bytes, promised) {
            break;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(MAX_TIME_BETWEEN_READS);
        bytes = fs::read(path)?;
    }
    Ok(bytes)
}

/// Whether frames end in something broken, behind the events that a checkpoint promises.
fn is_torn_behind(bytes: &[u8], promised: u64) -> bool {
    let SegmentHeader::First(mut next) = read_segment_header(bytes) else { return false };
    let mut offset = SEGMENT_HEADER_BYTES;
    loop {
        match frame::read(bytes, offset) {
            Ok(Some(frame)) => (offset, next) = (frame.end(), next + 1),
            Ok(None) => return next >= promised && frame::non_zero(bytes, offset).is_some(),
            Err(_) => return next >= promised,
        }
    }
}

#[cfg(test)]
mod tests;
