//! What a policy has to pass before it may decide anything.

use crate::snapshot::{Snapshot, SnapshotError};

impl Snapshot {
    /// Whether it passes: the cases beside it.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub(crate) fn pass_gate(&self) -> Result<(), SnapshotError> {
        let report = self.run_cases()?;
        let failed: Vec<String> = report.failed().map(ToString::to_string).collect();
        if failed.is_empty() { Ok(()) } else { Err(SnapshotError::Cases(failed)) }
    }
}
