//! Cosignatures: a witness says that it has seen a checkpoint, and none of that log that contradicts it.
//!
//! Source: C2SP tlog-cosignature, `cosignature/v1` with Ed25519.

use crate::checkpoint::{CheckpointError, Origin, split_note};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// First byte of a cosigner's key in its notation, and of what its key id is the hash of.
const COSIGNATURE_V1: u8 = 0x04;

/// Signs what a witness has seen. Holds the secret key; shows nothing of it.
pub struct Cosigner {
    key: SigningKey,
    verifier: CosignerKey,
}

/// The public key of a witness. Written and read in the C2SP notation `<name>+<key id>+<key>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignerKey {
    name: Origin,
    key: VerifyingKey,
}

fn message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

impl Cosigner {
    /// The key made of this secret seed, under the name of the witness.
    #[must_use]
    pub fn new(name: Origin, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = CosignerKey { name, key: key.verifying_key() };
        Self { key, verifier }
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> &CosignerKey {
        &self.verifier
    }

    /// The signature line over the text of a note, seen at this time: seconds since 1970.
    ///
    /// # Errors
    /// [`CheckpointError::Form`] if it is no note.
    pub fn cosign(&self, note: &str, seconds: u64) -> Result<String, CheckpointError> {
        let (text, _) = split_note(note)?;
        let signature = self.key.sign(message(text, seconds).as_bytes()).to_bytes();
        let signature = [&self.verifier.key_id()[..], &seconds.to_be_bytes(), &signature].concat();
        Ok(format!("— {} {}\n", self.verifier.name, STANDARD.encode(signature)))
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.verifier)
    }
}

impl CosignerKey {
    /// The name of the witness.
    #[must_use]
    pub fn name(&self) -> &Origin {
        &self.name
    }

    /// When this witness says that it has seen the checkpoint: seconds since 1970.
    ///
    /// # Errors
    /// [`CheckpointError::Unsigned`] if it has not signed it, [`CheckpointError::Signature`] if its signature does not
    /// fit, [`CheckpointError::Form`] if it is no note.
    pub fn verify(&self, note: &str) -> Result<u64, CheckpointError> {
        let (text, lines) = split_note(note)?;
        let own = lines.lines().find_map(|line| self.own(line)).ok_or(CheckpointError::Unsigned)?;
        let (seconds, signature) = own;
        let signature = Signature::from_slice(&signature).map_err(|_| CheckpointError::Signature)?;
        let verified = self.key.verify_strict(message(text, seconds).as_bytes(), &signature);
        verified.map(|()| seconds).map_err(|_| CheckpointError::Signature)
    }

    /// Time and signature of a line of this witness's.
    fn own(&self, line: &str) -> Option<(u64, Vec<u8>)> {
        let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(signature).ok()?;
        let (id, rest) = bytes.split_first_chunk::<4>()?;
        let (seconds, signature) = rest.split_first_chunk::<8>()?;
        let is_own = name == self.name.as_str() && *id == self.key_id();
        is_own.then(|| (u64::from_be_bytes(*seconds), signature.to_vec()))
    }

    /// First four bytes of `SHA-256(name ‖ "\n" ‖ 0x04 ‖ key)`.
    fn key_id(&self) -> [u8; 4] {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(self.name.as_str())
            .chain_update([b'\n', COSIGNATURE_V1])
            .chain_update(self.key.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[COSIGNATURE_V1], &self.key.as_bytes()[..]].concat();
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.key_id()), STANDARD.encode(key))
    }
}

impl FromStr for CosignerKey {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '+');
        let mut part = || parts.next().ok_or(CheckpointError::VerifierKey);
        let (name, _id, key) = (Origin::parse(part()?)?, part()?, part()?);
        let key = STANDARD.decode(key).map_err(|_| CheckpointError::VerifierKey)?;
        let key = key.strip_prefix(&[COSIGNATURE_V1]).and_then(|key| key.try_into().ok());
        let key = key.and_then(|key| VerifyingKey::from_bytes(key).ok());
        let cosigner = Self { name, key: key.ok_or(CheckpointError::VerifierKey)? };
        if cosigner.to_string() == text { Ok(cosigner) } else { Err(CheckpointError::VerifierKey) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Signer;
    use crate::tree::Hash;

    #[test]
    fn a_cosigned_checkpoint_says_when_it_was_seen_and_is_still_the_logs() {
        let log = Signer::new(Origin::parse("weir/audit/test").unwrap(), &[1; 32]);
        let witness = Cosigner::new(Origin::parse("weir/witness/other").unwrap(), &[2; 32]);
        let note = log.sign(0, Hash::empty_root());
        let cosigned = note.clone() + &witness.cosign(&note, 1_700_000_000).unwrap();
        let key: CosignerKey = witness.verifier().to_string().parse().unwrap();
        assert_eq!(key.verify(&cosigned), Ok(1_700_000_000));
        assert!(log.verifier().verify(&cosigned).is_ok());
        assert_eq!(key.verify(&note), Err(CheckpointError::Unsigned));
        // Another time than it was signed with, or another checkpoint.
        let other = log.sign(1, Hash::leaf(b"x"));
        let moved = other.clone() + cosigned.strip_prefix(&note).unwrap();
        assert_eq!(key.verify(&moved), Err(CheckpointError::Signature));
        let line = witness.cosign(&note, 1_700_000_000).unwrap();
        let (name, signature) = line.trim_end().rsplit_once(' ').unwrap();
        let mut bytes = STANDARD.decode(signature).unwrap();
        bytes[11] ^= 1;
        let shifted = format!("{note}{name} {}\n", STANDARD.encode(bytes));
        assert_eq!(key.verify(&shifted), Err(CheckpointError::Signature));
    }

    #[test]
    fn a_key_of_a_log_is_no_key_of_a_witness() {
        let log = Signer::new(Origin::parse("w").unwrap(), &[1; 32]);
        assert!(log.verifier().to_string().parse::<CosignerKey>().is_err());
    }
}
