use super::AuditError;
use super::keeper::Durable;
use super::log::Shared;
use super::progress::SyncCall;
use super::tail::Segment;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// Makes events durable, and hands durable ones to the keeper, until the writer has ended.
pub(super) fn run(shared: &Shared, interval: Duration, keeper: &SyncSender<Durable>) {
    loop {
        let call = shared.progress.next_sync(interval);
        if shared.progress.failed().is_some() {
            return;
        }
        if let Err(error) = sync(shared, keeper) {
            shared.progress.fail(error.to_string());
            return;
        }
        if call == SyncCall::Last && shared.tail().unsynced_bytes() == 0 {
            return;
        }
    }
}

/// Syncs what is written. Leaves all undone when a segment had to be replaced: the caller comes again.
fn sync(shared: &Shared, keeper: &SyncSender<Durable>) -> Result<(), AuditError> {
    let (segments, batches): (Vec<_>, Vec<_>) = shared.tail().unsynced()?.into_iter().unzip();
    let Some(end) = batches.last().map(|batch| batch.end) else { return Ok(()) };
    if let Err((failed, _)) = sync_segments(shared, segments) {
        return shared.tail().abandon(&failed);
    }
    shared.tail().forget_synced(end);
    shared.progress.publish_durable(end);
    let durable = Durable::of(&batches);
    drop(batches);
    // The keeper ends after this thread; if it is gone, the log can be written but not signed.
    keeper.send(durable).map_err(|_| AuditError::Closed)
}

fn sync_segments(shared: &Shared, mut segments: Vec<Arc<Segment>>) -> Result<(), (Arc<Segment>, io::Error)> {
    segments.dedup_by(|a, b| Arc::ptr_eq(a, b));
    for segment in segments {
        segment.sync(&shared.layout, &*shared.disk).map_err(|error| (segment, error))?;
    }
    Ok(())
}
