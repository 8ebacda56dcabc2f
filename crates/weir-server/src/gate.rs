//! What a policy has to pass before it may decide anything.

use crate::snapshot::{Snapshot, SnapshotError};
use weir_analyse::{Severity, prove};

impl Snapshot {
    /// Whether it passes: the cases beside it, and the proof that no request can go where it may not.
    ///
    /// A policy whose rules have too much to do with each other to be proved passes: that says nothing of its
    /// safety, which the guard keeps all the same.
    ///
    /// # Errors
    /// [`SnapshotError::Cases`], [`SnapshotError::Unproved`].
    pub(crate) fn pass_gate(&self) -> Result<(), SnapshotError> {
        let report = self.run_cases()?;
        let failed: Vec<String> = report.failed().map(ToString::to_string).collect();
        if !failed.is_empty() {
            return Err(SnapshotError::Cases(failed));
        }
        match prove(&self.loaded.policy, &self.loaded.catalogue) {
            Ok(proof) => {
                let errors = proof.findings.iter().filter(|finding| finding.severity() == Severity::Error);
                let errors: Vec<String> = errors.map(|finding| finding.message.clone()).collect();
                if errors.is_empty() { Ok(()) } else { Err(SnapshotError::Unproved(errors)) }
            }
            Err(error) => {
                tracing::warn!(%error, "the policy is put in force without a proof");
                Ok(())
            }
        }
    }
}
