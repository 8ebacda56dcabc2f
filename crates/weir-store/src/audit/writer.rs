use super::AuditError;
use super::log::Shared;
use super::queue::Pending;
use super::tail::Batch;
use weir_audit::event::Author;
use weir_audit::frame;

/// Hands events to the kernel until the queue is closed and empty, or the log breaks.
pub(super) fn run(shared: &Shared, author: &Author) {
    while let Some(events) = shared.queue.take() {
        // The syncer may have given up; then the file must not be touched any more.
        if shared.progress.failed().is_some() {
            return;
        }
        if let Err(error) = write(shared, author, events) {
            shared.progress.fail(error.to_string());
            return;
        }
    }
    shared.progress.close();
}

fn write(shared: &Shared, author: &Author, events: Vec<Pending>) -> Result<(), AuditError> {
    let batch = frame_events(author, events)?;
    let end = batch.end;
    let unsynced_bytes = {
        let mut tail = shared.tail();
        tail.write(batch)?;
        tail.unsynced_bytes()
    };
    let is_full = unsynced_bytes > shared.max_unsynced_bytes;
    shared.progress.publish_written(end, is_full);
    if is_full {
        shared.progress.wait_for_memory();
    }
    Ok(())
}

fn frame_events(author: &Author, events: Vec<Pending>) -> Result<Batch, AuditError> {
    let mut batch = Batch { frames: Vec::new(), changes: Vec::new(), end: 0 };
    let mut bytes = Vec::new();
    for event in events {
        let Pending { seq, ts_wall, ts_mono_ns, body, change } = event;
        bytes.clear();
        author.write(&mut bytes, seq, ts_wall, ts_mono_ns, &body).map_err(AuditError::Encode)?;
        frame::write(&mut batch.frames, &bytes).map_err(|_| AuditError::TooLong(bytes.len()))?;
        batch.changes.extend(change.map(|change| (seq, change)));
        batch.end = seq + 1;
    }
    Ok(batch)
}
