//! Deletes audit records whose time is over.

use crate::gateway::Gateway;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use weir_audit::WallTime;

/// How often it is looked whether records are too old. They are deleted in whole segments, so that it need not be
/// often.
const LOOK_EVERY: Duration = Duration::from_secs(600);

impl Gateway {
    /// Deletes what is older than `audit.keep` of the configuration in force, now and from time to time, in a thread
    /// that ends with this gateway.
    ///
    /// # Errors
    /// The operating system's, when there is no thread.
    pub fn keep_records_in_time(self: &Arc<Self>) -> std::io::Result<()> {
        let weak = Arc::downgrade(self);
        let work = move || {
            while let Some(gateway) = weak.upgrade() {
                gateway.delete_old_records(SystemTime::now());
                drop(gateway);
                std::thread::sleep(LOOK_EVERY);
            }
        };
        std::thread::Builder::new().name("weir-retention".to_owned()).spawn(work).map(drop)
    }

    fn delete_old_records(&self, now: SystemTime) {
        let Some(keep) = self.snapshot().loaded.config.audit_keep else { return };
        let before =
            now.checked_sub(keep).and_then(|before| before.duration_since(SystemTime::UNIX_EPOCH).ok());
        let Some(before) = before.and_then(|since| u64::try_from(since.as_millis()).ok()) else { return };
        match self.audit.prune(WallTime::from_unix_ms(before)) {
            Ok(None) => {}
            Ok(Some(pruned)) => tracing::info!(
                events = pruned.events,
                first_kept = pruned.first_kept,
                "audit records older than `audit.keep` were deleted"
            ),
            Err(error) => tracing::error!(%error, "old audit records could not be deleted"),
        }
    }
}
