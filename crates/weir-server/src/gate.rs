//! What a policy has to pass before it may decide anything.

use crate::snapshot::{Snapshot, SnapshotError};

impl Snapshot {
    /// Whether it passes.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub(crate) fn pass_gate(&self) -> Result<(), SnapshotError> {
        Ok(())
    }
}
