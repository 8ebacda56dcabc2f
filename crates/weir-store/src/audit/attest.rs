//! Checks a claim against every decision record, and what that was checked on.

use super::{AuditError, AuditReader, Evidence, verify};
use std::path::Path;
use weir_audit::checkpoint::Checkpoint;
use weir_audit::claim::{Claim, Verdict};
use weir_audit::{Event, Ident, Record, WallTime};

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The checkpoint whose events were read.
    pub checkpoint: Checkpoint,
    /// The checkpoint as it was signed.
    pub note: String,
    /// Events at the beginning of the log that were deleted when their time was over: of them nothing is said.
    pub deleted: u64,
    /// Decision records in the time asked for.
    pub records: u64,
    /// Those that the claim speaks of.
    pub in_scope: u64,
    /// Those that contradict it.
    pub exceptions: u64,
    /// The first of them.
    pub examples: Vec<Example>,
    /// Times of the first and the last record that was looked at.
    pub span: Option<(WallTime, WallTime)>,
}

/// A record that contradicts a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its index in the log.
    pub seq: u64,
    /// Its time.
    pub ts_wall: WallTime,
    /// The id of the decision.
    pub decision_id: Ident,
}

/// Why nothing can be said of a claim.
#[derive(Debug, thiserror::Error)]
pub enum CannotAttest {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// The log is not what was signed, so that what it says means nothing.
    #[error("the log has {0} faults, so that nothing can be said of what it holds; run `weir audit verify`")]
    Faults(u64),
}

/// The most exceptions that are listed.
const EXAMPLES_MAX: usize = 100;

impl Attestation {
    /// Verifies the log, and checks the claim against every decision under its signed checkpoint that was made
    /// at `since` or later and before `until`.
    ///
    /// # Errors
    /// [`CannotAttest`] if the log cannot be read or is not the one that was signed.
    pub fn make(
        dir: &Path,
        claim: &Claim,
        since: Option<WallTime>,
        until: Option<WallTime>,
    ) -> Result<Self, CannotAttest> {
        let evidence = Evidence::open(dir, None)?;
        let report = verify(dir)?;
        if !report.is_clean() {
            return Err(CannotAttest::Faults(report.faults.len() as u64 + report.more_faults));
        }
        let mut attestation = Self {
            checkpoint: evidence.checkpoint().clone(),
            note: evidence.note().to_owned(),
            deleted: report.deleted,
            records: 0,
            in_scope: 0,
            exceptions: 0,
            examples: Vec::new(),
            span: None,
        };
        let is_in_time =
            |at: WallTime| since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until);
        let mut reader = AuditReader::open(dir)?;
        while let Some((head, bytes)) = reader.next_event()? {
            if head.seq >= attestation.checkpoint.size {
                break;
            }
            if head.type_name.as_str() != "decision" || !is_in_time(head.ts_wall) {
                continue;
            }
            let index = head.seq;
            let record = Record::parse(bytes).map_err(|error| AuditError::Damaged {
                path: dir.to_owned(),
                index,
                what: error.to_string(),
            })?;
            attestation.take(claim, &record);
        }
        Ok(attestation)
    }

    /// Whether no record contradicts the claim.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.exceptions == 0
    }

    fn take(&mut self, claim: &Claim, record: &Record) {
        let Event::Decision(decision) = &record.event else { return };
        let at = record.envelope.ts_wall;
        self.records += 1;
        self.span = Some(self.span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        match claim.check(decision) {
            Verdict::OutOfScope => return,
            Verdict::Holds => {}
            Verdict::Exception => self.except(record, &decision.decision_id),
        }
        self.in_scope += 1;
    }

    fn except(&mut self, record: &Record, decision_id: &Ident) {
        self.exceptions += 1;
        if self.examples.len() < EXAMPLES_MAX {
            let (seq, ts_wall) = (record.envelope.seq, record.envelope.ts_wall);
            self.examples.push(Example { seq, ts_wall, decision_id: decision_id.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decision, open};
    use super::*;
    use std::fs;
    use weir_audit::event::Decision;
    use weir_label::{Level, ZoneKind};

    fn log() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        for id in 0..20 {
            let level = if id % 2 == 0 { Level::Confidential } else { Level::Internal };
            let zone = if id % 2 == 0 { ZoneKind::Local } else { ZoneKind::Cloud };
            log.append(Decision { level, zone: Some(zone), ..decision(id) }).unwrap();
        }
        log.close().unwrap();
        dir
    }

    fn attest(dir: &Path, claim: &str) -> Result<Attestation, CannotAttest> {
        Attestation::make(dir, &claim.parse().unwrap(), None, None)
    }

    #[test]
    fn every_record_is_looked_at_and_exceptions_are_named() {
        let dir = log();
        let holds = attest(dir.path(), "no record with level >= confidential has zone cloud").unwrap();
        assert!(holds.holds());
        assert_eq!((holds.records, holds.in_scope), (20, 10));
        let fails = attest(dir.path(), "every record has zone local").unwrap();
        assert_eq!((fails.in_scope, fails.exceptions), (20, 10));
        assert_eq!(fails.examples[0].decision_id.as_str(), "dec-1");
    }

    #[test]
    fn records_of_other_times_are_left_out() {
        let dir = log();
        let claim = "every record has zone local".parse().unwrap();
        let future = WallTime::from_unix_ms(4_000_000_000_000);
        let none = Attestation::make(dir.path(), &claim, Some(future), None).unwrap();
        assert_eq!((none.records, none.span), (0, None));
        let all = Attestation::make(dir.path(), &claim, None, Some(future)).unwrap();
        assert_eq!(all.records, 20);
    }

    #[test]
    fn nothing_is_said_of_a_log_that_was_changed() {
        let dir = log();
        let segment = dir.path().join("segments/00000000.log");
        let mut bytes = fs::read(&segment).unwrap();
        let at = bytes.windows(5).position(|window| window == b"cloud").unwrap();
        bytes[at..at + 5].copy_from_slice(b"local");
        fs::write(&segment, bytes).unwrap();
        let refused = attest(dir.path(), "every record has zone local").unwrap_err();
        assert!(matches!(refused, CannotAttest::Faults(_)), "{refused}");
    }
}
