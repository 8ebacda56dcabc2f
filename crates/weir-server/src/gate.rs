//! What a policy has to pass before it may decide anything.

use crate::snapshot::{Snapshot, SnapshotError};
use weir_analyse::{Finding, Proof, Severity, TooComplex, prove};

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
        self.judge(prove(&self.loaded.policy, &self.loaded.catalogue))
    }

    fn judge(&self, proof: Result<Proof, TooComplex>) -> Result<(), SnapshotError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use weir_analyse::Kind;

    fn snapshot() -> Snapshot {
        let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/two-rules");
        let sources = Sources { config: examples.join("weir.yaml"), policy: None };
        Snapshot::load_without_secrets(&sources).unwrap()
    }

    fn finding(kind: Kind, rule: Option<&str>) -> Finding {
        Finding {
            kind,
            rule: rule.map(|rule| rule.parse().unwrap()),
            others: Vec::new(),
            message: "what is wrong".to_owned(),
            help: String::new(),
            example: None,
        }
    }

    fn proof(findings: Vec<Finding>) -> Proof {
        Proof { regions: 1, facts: 1, decisions: 1, findings }
    }

    #[test]
    fn a_policy_passes_when_it_is_proved_and_not_otherwise() {
        let snapshot = snapshot();
        assert!(snapshot.pass_gate().is_ok());
        let too_complex = snapshot.judge(Err(TooComplex)).unwrap_err();
        assert!(too_complex.to_string().contains("Simplify it"), "{too_complex}");
        let (leak, shadowed) = (finding(Kind::Leak, None), finding(Kind::Shadowed, None));
        assert!(matches!(snapshot.judge(Ok(proof(vec![leak]))), Err(SnapshotError::Unproved(_))));
        assert!(snapshot.judge(Ok(proof(vec![shadowed]))).is_ok(), "untidy is not unsafe");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let leak = finding(Kind::Leak, Some("sensitive data stays local"));
        let Err(SnapshotError::Unproved(said)) = snapshot().judge(Ok(proof(vec![leak]))) else { panic!() };
        let [said] = said.as_slice() else { panic!("{said:?}") };
        assert!(said.contains("policy.yaml:") && said.ends_with(": what is wrong"), "{said}");
    }
}
