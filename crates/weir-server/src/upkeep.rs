//! What has to be done now and then, and is not in any request's way.

use crate::gateway::{Gateway, StartError};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether something is due.
const EVERY: Duration = Duration::from_secs(1);

/// Does it in a thread that ends with the gateway.
pub(crate) fn follow(gateway: &Arc<Gateway>) -> Result<(), StartError> {
    let weak = Arc::downgrade(gateway);
    let follow = move || {
        while let Some(gateway) = weak.upgrade() {
            gateway.upkeep();
            drop(gateway);
            std::thread::sleep(EVERY);
        }
    };
    let thread = std::thread::Builder::new().name("weir-upkeep".to_owned()).spawn(follow);
    thread.map(drop).map_err(StartError::Thread)
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
    }

    /// Writes down what was spent, if that has changed.
    pub(crate) fn save_spending(&self) {
        if let Err(error) = self.spending.save(self.desk.kept_spend()) {
            tracing::error!(%error, "what was spent cannot be written to `spending.json` in the state directory");
        }
    }
}
