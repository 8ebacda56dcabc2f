//! Handing events to the kernel: by whoever waits for them, and by a thread where that could take long.
//!
//! INVARIANT (no disk on request threads): [`write_now`] copies into the page cache of a segment that is
//! there already. Going on to another segment, mending after an error, waiting for memory, and all writes
//! for a while after a slow one are the writer thread's.

use super::AuditError;
use super::log::{FailOnPanic, Shared};
use super::tail::Batch;
use std::time::{Duration, Instant};

/// A copy into the page cache takes microseconds. One that takes so long waits for a disk in trouble.
const SLOW: Duration = Duration::from_millis(20);
/// How long after a slow write the writer thread writes alone.
pub(super) const DISTRUST: Duration = Duration::from_secs(1);

/// Sees to it that an event is written soon: at once and here, if nobody else does it and it is quick.
pub(super) fn write_now(shared: &Shared, seq: u64) {
    let Some(batch) = shared.queue.claim(seq) else { return };
    let _guard = FailOnPanic(shared);
    let began = Instant::now();
    let quick = shared.try_tail().and_then(|mut tail| {
        let is_written = shared.progress.failed().is_none() && tail.write_quickly(&batch);
        is_written.then(|| tail.unsynced_bytes())
    });
    match quick {
        Some(unsynced_bytes) => finish(shared, batch, unsynced_bytes, began),
        None => shared.queue.hand_over(batch),
    }
}

/// Hands events to the kernel until the queue is closed and empty, or the log breaks.
pub(super) fn run(shared: &Shared) {
    while let Some(batch) = shared.queue.take() {
        shared.progress.wait_for_memory();
        // The syncer may have given up; then the file must not be touched any more.
        if shared.progress.failed().is_some() {
            return;
        }
        if let Err(error) = write(shared, batch) {
            shared.progress.fail(error.to_string());
            return;
        }
    }
    shared.progress.close();
}

fn write(shared: &Shared, batch: Batch) -> Result<(), AuditError> {
    let began = Instant::now();
    let unsynced_bytes = {
        let mut tail = shared.tail();
        tail.write(&batch)?;
        tail.unsynced_bytes()
    };
    finish(shared, batch, unsynced_bytes, began);
    Ok(())
}

fn finish(shared: &Shared, batch: Batch, unsynced_bytes: usize, began: Instant) {
    shared.progress.publish_written(batch.end, unsynced_bytes > shared.max_unsynced_bytes);
    if began.elapsed() > SLOW {
        shared.queue.hand_over_for(DISTRUST);
    }
    shared.queue.end_turn(batch);
}
