//! What has to be done now and then, and is not in any request's way.

use crate::gateway::{Gateway, StartError};
use crate::observed::Observed;
use std::sync::Arc;
use std::time::Duration;
use weir_store::audit::AuditError;

/// How often it is looked whether something is due.
const EVERY: Duration = Duration::from_secs(1);

/// Does it in a thread that ends with the gateway.
pub(crate) fn follow(gateway: &Arc<Gateway>) -> Result<(), StartError> {
    let weak = Arc::downgrade(gateway);
    let follow = move || {
        let (mut audit, mut observed) = (MendAudit::default(), Observed::begin());
        while let Some(gateway) = weak.upgrade() {
            gateway.upkeep();
            audit.look(&gateway);
            observed.look(&gateway);
            drop(gateway);
            std::thread::sleep(EVERY);
        }
    };
    let thread = std::thread::Builder::new().name("weir-upkeep".to_owned()).spawn(follow);
    thread.map(drop).map_err(StartError::Thread)
}

/// Opens an audit log again that broke: when a full disk has room, requests are to be served again without anybody's doing.
#[derive(Debug, Default)]
struct MendAudit {
    /// Looks until the next try.
    pause: u32,
    /// What kept it from being written the last time.
    said: Option<String>,
}

/// After a try that failed, so many looks are let pass.
const TRY_EVERY: u32 = 5;

impl MendAudit {
    fn look(&mut self, gateway: &Gateway) {
        if gateway.audit_is_healthy() {
            *self = Self::default();
            gateway.tell_of_lost();
            return;
        }
        gateway.note_audit_failure();
        if self.pause > 0 {
            self.pause -= 1;
            return;
        }
        self.pause = TRY_EVERY;
        match gateway.audit.reopen() {
            Ok(Some(recovery)) => {
                tracing::warn!(events = recovery.events, "the audit log is written again, in a new file");
                gateway.tell_of_lost();
            }
            Ok(None) | Err(AuditError::Closed) => {}
            Err(error) => {
                let why = error.to_string();
                if self.said.as_ref() != Some(&why) {
                    tracing::error!(why, "the audit log cannot be written; it is tried again");
                    self.said = Some(why);
                }
            }
        }
    }
}

impl Gateway {
    fn upkeep(&self) {
        match self.ranks.refresh(self.wall.unix_seconds()) {
            Ok(true) => {
                tracing::info!(scores = self.ranks.sampled(), "the scale of complexity was made anew")
            }
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the scale of complexity cannot be written"),
        }
        self.save_spending();
        self.rates.forget(self.desk.now());
    }

    /// Writes down what was spent, if that has changed.
    pub(crate) fn save_spending(&self) {
        if let Err(error) = self.spending.save(self.desk.kept_spend()) {
            tracing::error!(%error, "what was spent cannot be written to `spending.json` in the state directory");
        }
    }
}
