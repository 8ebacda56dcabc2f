//! Receipts: one event with the proof that a signed log holds it.
//!
//! Source of the format: C2SP tlog-proof, version 1. The event's bytes are the `extra` data.

use crate::checkpoint::{Checkpoint, CheckpointError, Verifier};
use crate::tree::{Hash, InvalidProof, verify_inclusion};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;

/// One event of a log, and what proves that it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The event, as it was written.
    pub event: Vec<u8>,
    /// Its index in the log.
    pub index: u64,
    /// The hashes that lead from it to the root, lowest first.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, a note, possibly with signatures of witnesses.
    pub checkpoint: String,
}

/// Why a text is no receipt, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not in the form of a receipt.
    #[error("not a receipt: {0}")]
    Form(&'static str),
    /// Its checkpoint is not one that the key has signed.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// The event is not in the signed log at this place.
    #[error("the event is not the one that was signed: {0}")]
    Proof(#[from] InvalidProof),
}

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree has at most so many rows.
const PROOF_HASHES_MAX: usize = 64;

impl Receipt {
    /// Checks that the log whose key this is has the event at its index. Needs nothing else.
    ///
    /// # Errors
    /// [`ReceiptError`] that tells a wrong signature from a wrong proof.
    pub fn verify(&self, key: &Verifier) -> Result<Checkpoint, ReceiptError> {
        let checkpoint = key.verify(&self.checkpoint)?;
        verify_inclusion(Hash::leaf(&self.event), self.index, checkpoint.size, &self.proof, checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        writeln!(f, "extra {}", STANDARD.encode(&self.event))?;
        writeln!(f, "index {}", self.index)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(ReceiptError::Form("there is no checkpoint"))?;
        let mut lines = head.lines();
        if lines.next() != Some(HEADER) {
            return Err(ReceiptError::Form("the first line is not `c2sp.org/tlog-proof@v1`"));
        }
        let event = lines.next().and_then(|line| STANDARD.decode(line.strip_prefix("extra ")?).ok());
        let index = lines.next().and_then(|line| line.strip_prefix("index ")?.parse().ok());
        let proof: Option<Vec<Hash>> = lines.take(PROOF_HASHES_MAX + 1).map(hash).collect();
        let receipt = Self {
            event: event
                .ok_or(ReceiptError::Form("the second line is not `extra` and the event in base64"))?,
            index: index.ok_or(ReceiptError::Form("the third line is not `index` and a number"))?,
            proof: proof
                .filter(|proof| proof.len() <= PROOF_HASHES_MAX)
                .ok_or(ReceiptError::Form("a line of the proof is no hash in base64"))?,
            checkpoint: checkpoint.to_owned(),
        };
        // Leading zeros, signs, other line ends: there is one way to write a receipt.
        if receipt.to_string() == text {
            Ok(receipt)
        } else {
            Err(ReceiptError::Form("it is not written exactly so"))
        }
    }
}

fn hash(line: &str) -> Option<Hash> {
    STANDARD.decode(line).ok()?.try_into().ok().map(Hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Origin, Signer};
    use crate::tree::{Frontier, Tile, TileId, inclusion_proof};
    use std::collections::HashMap;

    fn log(events: &[Vec<u8>]) -> (Signer, String, HashMap<TileId, Tile>) {
        let mut frontier = Frontier::new();
        let mut tiles = HashMap::new();
        for event in events {
            frontier.append(Hash::leaf(event), |id, tile| drop(tiles.insert(id, tile)));
        }
        tiles.extend(frontier.partial_tiles().map(|(id, tile)| (id, tile.clone())));
        let signer = Signer::new(Origin::parse("weir/audit/test").unwrap(), &[7; 32]);
        let note = signer.sign(events.len() as u64, frontier.root());
        (signer, note, tiles)
    }

    fn receipts(count: usize) -> (Signer, Vec<Receipt>) {
        let events: Vec<Vec<u8>> = (0..count).map(|n| format!("{{\"seq\":{n}}}").into_bytes()).collect();
        let (signer, checkpoint, tiles) = log(&events);
        let receipt = |(index, event): (usize, &Vec<u8>)| Receipt {
            event: event.clone(),
            index: index as u64,
            proof: inclusion_proof(index as u64, count as u64, &mut |id| tiles.get(&id).cloned()).unwrap(),
            checkpoint: checkpoint.clone(),
        };
        let receipts = events.iter().enumerate().map(receipt).collect();
        (signer, receipts)
    }

    #[test]
    fn a_receipt_survives_its_text_and_proves_its_event() {
        for count in [1, 2, 3, 7] {
            let (signer, receipts) = receipts(count);
            for receipt in receipts {
                let read: Receipt = receipt.to_string().parse().unwrap();
                assert_eq!(read, receipt);
                assert_eq!(read.verify(signer.verifier()).unwrap().size, count as u64);
            }
        }
    }

    #[test]
    fn nothing_of_a_receipt_can_be_changed() {
        let (signer, receipts) = receipts(5);
        let text = receipts[3].to_string();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            let verdict = changed.parse::<Receipt>().map(|receipt| receipt.verify(signer.verifier()));
            assert!(!matches!(verdict, Ok(Ok(_))), "byte {at}: {changed}");
        }
    }

    #[test]
    fn another_key_proves_nothing() {
        let (_, receipts) = receipts(2);
        let other = Signer::new(Origin::parse("weir/audit/test").unwrap(), &[8; 32]);
        assert!(matches!(receipts[0].verify(other.verifier()), Err(ReceiptError::Checkpoint(_))));
    }
}
