//! What a log proves: receipts of its events, and that it only adds to an older checkpoint.

use super::files::{Layout, read_optional};
use super::index::Index;
use super::signer::read_verifier;
use super::{AuditError, Found, Wanted, lineage};
use std::fs;
use std::path::Path;
use weir_audit::Ident;
use weir_audit::checkpoint::{Checkpoint, Verifier};
use weir_audit::receipt::Receipt;
use weir_audit::rotation::Lineage;
use weir_audit::tree::{Hash, MissingTile, TileId, consistency_proof, inclusion_proof, root_from_tiles};

/// The tree of a log up to its newest checkpoint. Reads files alone, also while a process writes them.
#[derive(Debug)]
pub struct Evidence {
    layout: Layout,
    lineage: Lineage,
    verifier: Verifier,
    note: String,
    checkpoint: Checkpoint,
}

/// Why a log proves nothing of an event.
#[derive(Debug, thiserror::Error)]
pub enum NoProof {
    /// The log cannot be read, or its checkpoint is not signed by its key.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// No such event.
    #[error("no {event} with the id `{id}` is in the log")]
    Unknown {
        /// What was looked for.
        event: &'static str,
        /// The id.
        id: Ident,
    },
    /// The event is newer than the newest checkpoint.
    #[error("event {0} is not under a signed checkpoint yet; that takes about a second, try again")]
    TooNew(u64),
    /// What is in its place is not what was signed.
    #[error("event {0} is not the one that was signed; run `weir audit verify`")]
    Changed(u64),
    /// A tile is missing.
    #[error("{0}; run `weir audit verify`")]
    Tile(#[from] MissingTile),
}

impl NoProof {
    /// The error for an event that is not in the log.
    #[must_use]
    pub fn unknown(wanted: Wanted, id: &Ident) -> Self {
        Self::Unknown { event: wanted.name(), id: id.clone() }
    }
}

/// How a log stands to an older checkpoint of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Continuity {
    /// It only adds to what was signed then.
    Extends,
    /// It has fewer events than were signed then: an older copy was put in its place, or its end was cut off.
    RolledBack,
    /// The events that were signed then are not those that it has now.
    Forked,
    /// The hashes that would tell are deleted, with the events before this one.
    Deleted(u64),
}

impl Evidence {
    /// Reads the newest checkpoint and checks its signature, with `key`, or the one that it was followed by, or else
    /// the key that lies beside it.
    ///
    /// # Errors
    /// [`AuditError`] if there is none, or it is not signed by the key.
    pub fn open(dir: &Path, key: Option<&Verifier>) -> Result<Self, AuditError> {
        let layout = Layout::new(dir);
        let lineage = lineage(dir, key)?;
        let path = layout.checkpoint();
        let note = fs::read_to_string(&path).map_err(AuditError::io(&path))?;
        let checkpoint =
            lineage.verify_current(&note).map_err(|source| AuditError::Checkpoint { path, source })?;
        let verifier = read_verifier(&layout).ok().filter(|verifier| lineage.is_current(verifier));
        let verifier = verifier.or_else(|| lineage.trusted().cloned());
        let verifier = verifier.ok_or_else(|| AuditError::KeyUnusable(layout.public_key()))?;
        Ok(Self { layout, lineage, verifier, note, checkpoint })
    }

    /// The newest checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The newest checkpoint as it was signed.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The keys that this log has had, as far as the trusted one leads to them.
    #[must_use]
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The changes of its key, as `key.rotations` has them; nothing if there were none.
    ///
    /// # Errors
    /// [`AuditError`] if they cannot be read.
    pub fn rotations(&self) -> Result<String, AuditError> {
        let bytes = read_optional(&self.layout.rotations())?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The key that signs it now.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The receipt of an event that was found.
    ///
    /// # Errors
    /// [`NoProof::TooNew`] if it is newer than this checkpoint, [`NoProof::Tile`] if the tree is not all there,
    /// [`NoProof::Changed`] if it is not the event that was signed.
    pub fn receipt(&self, Found { seq: index, bytes: event, .. }: Found) -> Result<Receipt, NoProof> {
        if index >= self.checkpoint.size {
            return Err(NoProof::TooNew(index));
        }
        let proof = inclusion_proof(index, self.checkpoint.size, &mut |id| self.layout.read_tile(id))?;
        let receipt = Receipt { event, index, proof, checkpoint: self.note.clone() };
        self.lineage.verify_receipt(&receipt).map_err(|_| NoProof::Changed(index))?;
        Ok(receipt)
    }

    /// The hashes that show that this log only adds to its first `old` events, of which it has at least so many.
    ///
    /// # Errors
    /// [`MissingTile`] if the tree is not all there.
    pub fn consistency(&self, old: u64) -> Result<Vec<Hash>, MissingTile> {
        consistency_proof(old, self.checkpoint.size, &mut |id| self.layout.read_tile(id))
    }

    /// How this log stands to a checkpoint that was signed earlier and kept elsewhere.
    ///
    /// # Errors
    /// [`MissingTile`] if the tree is not all there.
    pub fn continues(&self, older: &Checkpoint) -> Result<Continuity, MissingTile> {
        if older.size > self.checkpoint.size {
            return Ok(Continuity::RolledBack);
        }
        match root_from_tiles(older.size, self.checkpoint.size, &mut |id| self.layout.read_tile(id)) {
            Ok(root) if root == older.root => Ok(Continuity::Extends),
            Ok(_) => Ok(Continuity::Forked),
            Err(missing) => self
                .first_kept()
                .filter(|first| is_below(missing.0, *first))
                .map(Continuity::Deleted)
                .ok_or(missing),
        }
    }

    /// The first event that is there.
    fn first_kept(&self) -> Option<u64> {
        Index::read(&self.layout).ok()?.entries.first().map(|entry| entry.first)
    }
}

/// Whether a tile holds leaves of events before this one alone.
fn is_below(tile: TileId, first: u64) -> bool {
    tile.level == 0 && (tile.index + 1) * 256 <= first
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::find;
    use super::super::tests::{decision, open, outcome};
    use super::*;
    use weir_audit::Record;
    use weir_audit::checkpoint::{Origin, Signer};

    fn log(events: u64) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        for id in 0..events {
            log.append(decision(id)).unwrap();
            log.append(outcome(id)).unwrap();
        }
        log.close().unwrap();
        dir
    }

    pub(in super::super) fn receipt_of(evidence: &Evidence, wanted: Wanted, id: &str) -> Receipt {
        let found = find(evidence.layout.dir(), wanted, &Ident::new(id)).unwrap().found.unwrap();
        evidence.receipt(found).unwrap()
    }

    #[test]
    fn every_request_has_receipts_of_where_it_ran_and_how_it_ended() {
        let dir = log(700);
        let evidence = Evidence::open(dir.path(), None).unwrap();
        for (id, wanted) in
            [("req-0", Wanted::Decision), ("dec-311", Wanted::Outcome), ("dec-699", Wanted::Decision)]
        {
            let receipt = receipt_of(&evidence, wanted, id);
            receipt.verify(evidence.verifier()).unwrap();
            assert!(wanted.is_of(&Record::parse(&receipt.event).unwrap().event, &Ident::new(id)), "{id}");
        }
        assert!(find(dir.path(), Wanted::Decision, &Ident::new("req-9999")).unwrap().found.is_none());
        let mut changed = find(dir.path(), Wanted::Decision, &Ident::new("req-7")).unwrap().found.unwrap();
        changed.bytes[100] ^= 1;
        assert!(matches!(evidence.receipt(changed), Err(NoProof::Changed(_))));
    }

    #[test]
    fn a_log_that_was_put_back_or_begun_anew_is_told_from_one_that_grew() {
        let dir = log(300);
        let before = Evidence::open(dir.path(), None).unwrap().checkpoint().clone();
        let copy = tempfile::tempdir().unwrap();
        copy_tree(dir.path(), copy.path());
        let (log, _) = open(dir.path());
        log.append(decision(300)).unwrap();
        log.close().unwrap();
        let grown = Evidence::open(dir.path(), None).unwrap();
        assert_eq!(grown.continues(&before).unwrap(), Continuity::Extends);
        let put_back = Evidence::open(copy.path(), None).unwrap();
        assert_eq!(put_back.continues(grown.checkpoint()).unwrap(), Continuity::RolledBack);
        let (fork, _) = open(copy.path());
        for id in 1000..1010 {
            fork.append(decision(id)).unwrap();
        }
        fork.close().unwrap();
        let forked = Evidence::open(copy.path(), None).unwrap();
        assert_eq!(forked.continues(grown.checkpoint()).unwrap(), Continuity::Forked);
    }

    #[test]
    fn a_checkpoint_by_another_key_is_refused() {
        let dir = log(1);
        let other = Signer::new(Origin::parse("weir/audit/node-1").unwrap(), &[9; 32]);
        assert!(matches!(
            Evidence::open(dir.path(), Some(other.verifier())),
            Err(AuditError::Checkpoint { .. })
        ));
    }

    pub(in super::super) fn copy_tree(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy_tree(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
}
