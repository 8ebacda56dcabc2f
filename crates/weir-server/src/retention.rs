//! Deletes audit records and captured content whose time is over.

use crate::gateway::Gateway;
use crate::witness::witnessed_by_all;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use weir_audit::event::{ContentDeleted, ContentKeyDestroyed};
use weir_audit::{Ident, Name, WallTime};
use weir_config::Retention;
use weir_store::audit::{AuditError, Expiry};
use weir_store::content::{ContentError, Expired};

/// How often it is looked whether records are too old. They are deleted in whole segments, so that it need not be
/// often.
const LOOK_EVERY: Duration = Duration::from_secs(600);

impl Gateway {
    /// Deletes what is older than `audit.keep` and `audit.content.keep` of the configuration in force, now and from time to time, in a thread
    /// that ends with this gateway.
    ///
    /// # Errors
    /// The operating system's, when there is no thread.
    pub fn keep_records_in_time(self: &Arc<Self>) -> std::io::Result<()> {
        let weak = Arc::downgrade(self);
        let (began, since) = (SystemTime::now(), Instant::now());
        let work = move || {
            while let Some(gateway) = weak.upgrade() {
                let now = passed(SystemTime::now(), began, since.elapsed());
                gateway.delete_old_records(now);
                gateway.delete_old_content(now);
                drop(gateway);
                std::thread::sleep(LOOK_EVERY);
            }
        };
        std::thread::Builder::new().name("weir-retention".to_owned()).spawn(work).map(drop)
    }

    fn delete_old_records(&self, now: SystemTime) {
        let snapshot = self.snapshot();
        let Some(expiry) = snapshot.loaded.config.audit.keep.as_ref().and_then(|keep| expiry(now, keep))
        else {
            return;
        };
        match self.audit.prune(&expiry, witnessed_by_all(self)) {
            Ok(None) => {}
            Ok(Some(pruned)) => tracing::info!(
                events = pruned.events,
                first_kept = pruned.first_kept,
                "audit records older than `audit.keep` were deleted"
            ),
            Err(error) => tracing::error!(%error, "old audit records could not be deleted"),
        }
    }

    fn delete_old_content(&self, now: SystemTime) {
        let keep = self.snapshot().loaded.config.audit.content.and_then(|content| content.keep);
        let Some(before) = keep.and_then(|keep| before(now, keep)) else { return };
        match self.contents.expired(before) {
            Ok(None) => {}
            Ok(Some(expired)) => match self.delete_content(&expired) {
                Ok(()) => tracing::info!(
                    files = expired.files,
                    "captured content older than `audit.content.keep` was deleted"
                ),
                Err(error) => tracing::error!(%error, "old captured content could not be deleted"),
            },
            Err(error) => tracing::error!(%error, "captured content could not be looked through"),
        }
    }

    /// That it is deleted is on record before it is.
    fn delete_content(&self, expired: &Expired) -> Result<(), NotDeleted> {
        let event = ContentDeleted { files: expired.files, before: expired.before };
        self.audit.append(event)?.wait_durable().map_err(AuditError::from)?;
        Ok(self.contents.delete(expired)?)
    }

    /// Destroys the keys of a tenant's captured content, which nobody can read from then on. On record before it is.
    ///
    /// # Errors
    /// [`NotDeleted`], also when there is no key.
    pub(crate) fn destroy_content_keys(&self, tenant: Option<&Name>) -> Result<Vec<Ident>, NotDeleted> {
        let of = tenant.map(Name::as_str);
        let key_ids = self.contents.keys_of(of)?;
        for some in key_ids.chunks(KEYS_OF_EVENT) {
            let event = ContentKeyDestroyed { key_ids: some.to_vec(), tenant: tenant.cloned() };
            self.audit.append(event)?.wait_durable().map_err(AuditError::from)?;
        }
        self.contents.destroy(of, &key_ids)?;
        Ok(key_ids)
    }
}

/// The most keys that one event names.
const KEYS_OF_EVENT: usize = 32;

/// Why captured content, or a key of it, was not deleted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDeleted {
    #[error("it cannot be recorded, and nothing is deleted without a record: {0}")]
    Record(#[from] AuditError),
    #[error(transparent)]
    Content(#[from] ContentError),
}

/// The time as far as it has passed since the gateway began: a clock that jumps ahead makes nothing older, and what was
/// deleted does not come back when the clock does.
fn passed(now: SystemTime, began: SystemTime, since: Duration) -> SystemTime {
    began.checked_add(since).map_or(now, |at_most| now.min(at_most))
}

/// Which records have been kept for their time.
fn expiry(now: SystemTime, keep: &Retention) -> Option<Expiry> {
    let by_level = keep.by_level.iter().map(|(level, time)| Some((*level, before(now, *time)?)));
    Some(Expiry { by_level: by_level.collect::<Option<_>>()?, otherwise: before(now, keep.otherwise)? })
}

/// The time that so much lies between it and now.
fn before(now: SystemTime, keep: Duration) -> Option<WallTime> {
    let before = now.checked_sub(keep)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(WallTime::from_unix_ms(u64::try_from(before.as_millis()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_ahead_makes_nothing_older() {
        let day = Duration::from_secs(86_400);
        let (began, year) = (SystemTime::UNIX_EPOCH + day * 20_000, day * 365);
        assert_eq!(passed(began + day, began, day), began + day);
        assert_eq!(passed(began + year, began, day), began + day, "ahead");
        assert_eq!(passed(began - year, began, day), began - year, "back");
        let keep = Retention { by_level: Default::default(), otherwise: day * 30 };
        let expiry = expiry(passed(began + year, began, day), &keep).unwrap();
        assert!(Some(expiry.otherwise) < before(began, Duration::ZERO), "what came since is kept");
    }
}
