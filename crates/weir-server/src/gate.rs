//! What a policy has to pass before it may decide anything.

use crate::snapshot::{Snapshot, SnapshotError};
use weir_analyse::{Finding, Severity, prove};

impl Snapshot {
    /// Whether it passes: the cases beside it, and the proof that no request can go where it may not.
    ///
    /// INVARIANT (no policy without its gate): a policy that is too tangled to be proved does not pass. The guard
    /// would keep its promises all the same, but nobody could say what its rules do.
    ///
    /// # Errors
    /// [`SnapshotError::Cases`], [`SnapshotError::Unproved`].
    pub(crate) fn pass_gate(&self) -> Result<(), SnapshotError> {
        let report = self.run_cases()?;
        let failed: Vec<String> = report.failed().map(ToString::to_string).collect();
        if !failed.is_empty() {
            return Err(SnapshotError::Cases(failed));
        }
        let proof = prove(&self.loaded.policy, &self.loaded.catalogue);
        let proof = proof.map_err(|error| SnapshotError::Unproved(vec![error.to_string()]))?;
        let errors = proof.findings.iter().filter(|finding| finding.severity() == Severity::Error);
        let errors: Vec<String> = errors.map(|finding| self.located(finding)).collect();
        if errors.is_empty() { Ok(()) } else { Err(SnapshotError::Unproved(errors)) }
    }

    fn located(&self, finding: &Finding) -> String {
        let place = finding.rule.as_ref().and_then(|rule| self.loaded.places.in_words(rule.as_str()));
        place.into_iter().chain([finding.message.clone()]).collect::<Vec<_>>().join(": ")
    }
}
