//! What a witness makes of a checkpoint: it signs only what continues what it has signed of that log before.
//!
//! Pure: what was signed before is an argument. Source: C2SP tlog-witness.

use crate::checkpoint::{Checkpoint, CheckpointError, Verifier, origin_of};
use crate::rotation::{Rotation, newest};
use crate::tree::{Hash, InvalidProof, verify_consistency};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;

/// A log asks for a signature: the body of `POST add-checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the checkpoint that the witness has signed last, as the log believes.
    pub old: u64,
    /// Shows that the new checkpoint only adds to that one.
    pub proof: Vec<Hash>,
    /// The new checkpoint as the log has signed it.
    pub note: String,
}

/// Why a witness does not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not in the form of a request, or sizes that cannot be.
    #[error("not a request to add a checkpoint: {0}")]
    Form(&'static str),
    /// It signs nothing of this log.
    #[error("no log of this name is witnessed here")]
    UnknownLog,
    /// The checkpoint is not the log's own.
    #[error("the checkpoint is not signed by a key that is known here: {0}")]
    Key(CheckpointError),
    /// It has signed another size last.
    #[error("the checkpoint that was signed here last has {0} events")]
    OtherSize(u64),
    /// The size that it has signed last has another root.
    #[error("a checkpoint of this size and another root was signed here: the log was forked")]
    Forked,
    /// The checkpoint does not continue what was signed.
    #[error("the checkpoint does not continue the one that was signed here last: {0}")]
    Inconsistent(InvalidProof),
}

/// A tree has at most so many rows.
const PROOF_HASHES_MAX: usize = 63;

impl AddCheckpoint {
    /// Takes the checkpoint if it is by a known log and continues `last`, the one that was signed last.
    ///
    /// # Errors
    /// [`Refusal`]; nothing may be signed then.
    pub fn judge(&self, logs: &[Verifier], last: Option<&Checkpoint>) -> Result<Checkpoint, Refusal> {
        let origin = origin_of(&self.note).ok_or(Refusal::Form("it holds no checkpoint"))?;
        let mut refused = Refusal::UnknownLog;
        let mut found = None;
        for log in logs.iter().filter(|log| log.origin().as_str() == origin) {
            match log.verify(&self.note) {
                Ok(checkpoint) => found = Some(checkpoint),
                Err(error) => refused = Refusal::Key(error),
            }
        }
        let new = found.ok_or(refused)?;
        let (size, root) = last.map_or((0, Hash::empty_root()), |last| (last.size, last.root));
        if self.old > new.size {
            return Err(Refusal::Form("the size before is above that of the checkpoint"));
        }
        if self.old != size {
            return Err(Refusal::OtherSize(size));
        }
        if size == new.size && root != new.root {
            return Err(Refusal::Forked);
        }
        verify_consistency(size, root, new.size, new.root, &self.proof).map_err(Refusal::Inconsistent)?;
        Ok(new)
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for AddCheckpoint {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (head, note) = text.split_once("\n\n").ok_or(Refusal::Form("there is no empty line"))?;
        let mut lines = head.lines();
        let old = lines.next().and_then(|line| line.strip_prefix("old ")?.parse().ok());
        let old = old.ok_or(Refusal::Form("the first line is not `old` and a size"))?;
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok().map(Hash);
        let proof: Option<Vec<Hash>> = lines.take(PROOF_HASHES_MAX + 1).map(hash).collect();
        let proof = proof.filter(|proof| proof.len() <= PROOF_HASHES_MAX);
        let proof = proof.ok_or(Refusal::Form("a line of the proof is no hash in base64"))?;
        Ok(Self { old, proof, note: note.to_owned() })
    }
}

/// What a log has told a witness of its keys: more of the changes that the witness has not heard of.
///
/// `logs` are the keys that it was configured with, and `known` the changes that it has heard of. Gives those that lead on from
/// the newest key of one of them; which may be none, if all are known.
///
/// # Errors
/// [`Refusal`] if none is about a log that is witnessed, or leads on from a key that is the newest here.
pub fn take_rotations(
    logs: &[Verifier],
    known: &[Rotation],
    told: &[Rotation],
) -> Result<Vec<Rotation>, Refusal> {
    let first = told.first().ok_or(Refusal::Form("it tells of no change"))?;
    let mut keys: Vec<Verifier> =
        logs.iter().filter(|log| log.origin() == first.previous().origin()).cloned().collect();
    if keys.is_empty() {
        return Err(Refusal::UnknownLog);
    }
    keys = keys.iter().map(|key| newest(key, known)).collect();
    let mut taken = Vec::new();
    for rotation in told.iter().filter(|rotation| !known.contains(rotation)) {
        if keys.contains(rotation.previous()) {
            keys = keys.iter().map(|key| newest(key, std::slice::from_ref(rotation))).collect();
            taken.push(rotation.clone());
        }
    }
    // A stranger's change is refused, one that was heard of is not.
    let is_known = told.last().is_some_and(|last| keys.contains(last.next()));
    if is_known { Ok(taken) } else { Err(Refusal::Key(CheckpointError::Unsigned)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Origin, Signer};
    use crate::tree::{Frontier, Tile, TileId, consistency_proof};
    use std::collections::HashMap;

    struct Log {
        signer: Signer,
        tree: Frontier,
        tiles: HashMap<TileId, Tile>,
    }

    impl Log {
        fn new() -> Self {
            let signer = Signer::new(Origin::parse("weir/audit/test").unwrap(), &[7; 32]);
            Self { signer, tree: Frontier::new(), tiles: HashMap::new() }
        }

        fn grow(&mut self, events: &[&str]) {
            for event in events {
                let tiles = &mut self.tiles;
                self.tree.append(Hash::leaf(event.as_bytes()), |id, tile| drop(tiles.insert(id, tile)));
            }
            self.tiles.extend(self.tree.partial_tiles().map(|(id, tile)| (id, tile.clone())));
        }

        fn ask(&self, old: u64) -> AddCheckpoint {
            let (size, tiles) = (self.tree.size(), &self.tiles);
            let proof = consistency_proof(old.min(size), size, &mut |id| tiles.get(&id).cloned()).unwrap();
            AddCheckpoint { old, proof, note: self.signer.sign(size, self.tree.root()) }
        }

        fn keys(&self) -> Vec<Verifier> {
            vec![self.signer.verifier().clone()]
        }
    }

    #[test]
    fn what_grows_is_taken_and_what_was_put_back_or_forked_is_not() {
        let mut log = Log::new();
        log.grow(&["a", "b", "c"]);
        let first = log.ask(0).judge(&log.keys(), None).unwrap();
        assert_eq!(log.ask(3).judge(&log.keys(), Some(&first)), Ok(first.clone()), "the same again");
        log.grow(&["d", "e"]);
        let ask = log.ask(3);
        assert_eq!(ask.to_string().parse(), Ok(ask.clone()));
        let second = ask.judge(&log.keys(), Some(&first)).unwrap();
        assert_eq!(second.size, 5);
        assert_eq!(ask.judge(&log.keys(), Some(&second)), Err(Refusal::OtherSize(5)));
        // Put back to three events, and gone on otherwise from there.
        let mut back = Log::new();
        back.grow(&["a", "b", "c"]);
        assert!(matches!(back.ask(5).judge(&log.keys(), Some(&second)), Err(Refusal::Form(_))));
        back.grow(&["x", "y"]);
        assert_eq!(back.ask(5).judge(&log.keys(), Some(&second)), Err(Refusal::Forked));
        back.grow(&["z"]);
        assert!(matches!(back.ask(5).judge(&log.keys(), Some(&second)), Err(Refusal::Inconsistent(_))));
        assert!(matches!(back.ask(0).judge(&log.keys(), Some(&second)), Err(Refusal::OtherSize(5))));
    }

    #[test]
    fn another_log_and_another_key_are_told_apart() {
        let mut log = Log::new();
        log.grow(&["a"]);
        assert_eq!(log.ask(0).judge(&[], None), Err(Refusal::UnknownLog));
        let other = Signer::new(Origin::parse("weir/audit/test").unwrap(), &[8; 32]).verifier().clone();
        assert!(matches!(log.ask(0).judge(&[other], None), Err(Refusal::Key(_))));
        assert!(matches!(
            "old 1\n\n".parse::<AddCheckpoint>().unwrap().judge(&[], None),
            Err(Refusal::Form(_))
        ));
        for broken in ["", "old x\n\nnote", "old 1\nxx\n\nnote"] {
            assert!(broken.parse::<AddCheckpoint>().is_err(), "{broken:?}");
        }
    }

    #[test]
    fn a_change_of_keys_is_followed_from_the_newest_key_alone() {
        let signer = |seed: u8| Signer::new(Origin::parse("weir/audit/test").unwrap(), &[seed; 32]);
        let change = |from: u8, to: u8| Rotation::sign(&signer(from), &signer(to));
        let logs = [signer(1).verifier().clone()];
        let told = [change(1, 2), change(2, 3)];
        assert_eq!(take_rotations(&logs, &[], &told), Ok(told.to_vec()));
        assert_eq!(take_rotations(&logs, &told, &told), Ok(Vec::new()), "heard of already");
        assert_eq!(take_rotations(&logs, &told[..1], &told), Ok(told[1..].to_vec()));
        // The key until then says nothing any more, whoever has it now.
        let stolen = [change(1, 9)];
        assert!(matches!(take_rotations(&logs, &told, &stolen), Err(Refusal::Key(_))));
        let foreign = [change(7, 8)];
        assert!(matches!(take_rotations(&logs, &[], &foreign), Err(Refusal::Key(_))));
        assert_eq!(take_rotations(&[], &[], &told), Err(Refusal::UnknownLog));
        assert!(matches!(take_rotations(&logs, &[], &[]), Err(Refusal::Form(_))));
        // Whoever was configured with a newer key needs not to hear of the changes before.
        let newer = [signer(2).verifier().clone()];
        assert_eq!(take_rotations(&newer, &[], &told), Ok(told[1..].to_vec()));
    }
}
