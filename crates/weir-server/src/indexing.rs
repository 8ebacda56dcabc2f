//! Keeps the search index of the audit log up.

use crate::gateway::Gateway;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_store::audit::{Indexed, index};

/// How often it is looked whether there is something to take in. What is not in the index yet is read from the log.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// While there is much to take in, so many times as long as that took is waited: requests come first.
const REST: u32 = 3;

/// How long an index that cannot be written is left alone.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

impl Gateway {
    /// Keeps the search index up with the audit log in a thread that ends with this gateway. It reads what the writer has
    /// finished, and shares nothing with it: whatever becomes of the index, requests and records do not notice.
    ///
    /// # Errors
    /// The operating system's, when there is no thread.
    pub fn keep_index(self: &Arc<Self>) -> std::io::Result<()> {
        let weak = Arc::downgrade(self);
        let work = move || {
            let (mut in_index, mut has_failed) = (0, false);
            while let Some(gateway) = weak.upgrade() {
                let began = Instant::now();
                let indexed = index(gateway.audit.directory());
                let wait = match &indexed {
                    Ok(Indexed { is_behind: true, .. }) => began.elapsed() * REST,
                    Ok(Indexed { is_behind: false, .. }) => LOOK_EVERY,
                    Err(_) => LOOK_AGAIN,
                };
                match indexed {
                    Ok(Indexed { events, .. }) => (in_index, has_failed) = (events, false),
                    Err(error) if !std::mem::replace(&mut has_failed, true) => {
                        tracing::warn!(%error, "the search index of the audit log is not kept up");
                    }
                    Err(_) => {}
                }
                gateway.metrics.index_lag(gateway.audit.size().saturating_sub(in_index));
                drop(gateway);
                std::thread::sleep(wait);
            }
        };
        std::thread::Builder::new().name("weir-index".to_owned()).spawn(work).map(drop)
    }
}
