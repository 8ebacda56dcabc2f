//! Change of the key of a log: the old key signs the new one, and the new one the old.
//!
//! One line says it: `<old key> <new key> <signature by the old> <signature by the new>`, keys in C2SP notation,
//! signatures in base64. Both are over both keys, so that neither key can be put beside another without its
//! owner. `key.rotations` in a log's directory has a line for every change, oldest first.

use crate::checkpoint::{Checkpoint, CheckpointError, Signer, Verifier};
use crate::receipt::{Receipt, ReceiptError};
use std::fmt;
use std::str::FromStr;

/// One change, whose signatures are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    previous: Verifier,
    next: Verifier,
    by_previous: String,
    by_next: String,
}

/// Why a line tells of no change of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// It is not in the form of one.
    #[error("a line of `key.rotations` is not two keys of one log and two signatures")]
    Form,
    /// A signature is not by the key it should be by.
    #[error("a line of `key.rotations` is not signed by both keys")]
    Signature,
}

/// The key that is trusted, and the keys of the same log that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The one that is trusted, those that followed it, those that it followed.
    keys: Vec<Verifier>,
    /// How many of them are the first or followed it.
    current: usize,
}

/// What both keys sign. Its first line tells it from a checkpoint.
fn statement(previous: &Verifier, next: &Verifier) -> String {
    format!("weir/key-rotation/v1\n{previous}\n{next}\n")
}

impl Rotation {
    /// Signs the change from one key of a log to the next with both.
    #[must_use]
    pub fn sign(previous: &Signer, next: &Signer) -> Self {
        let text = statement(previous.verifier(), next.verifier());
        Self {
            by_previous: previous.sign_text(&text),
            by_next: next.sign_text(&text),
            previous: previous.verifier().clone(),
            next: next.verifier().clone(),
        }
    }

    /// The key until then.
    #[must_use]
    pub fn previous(&self) -> &Verifier {
        &self.previous
    }

    /// The key from then on.
    #[must_use]
    pub fn next(&self) -> &Verifier {
        &self.next
    }

    /// The signatures over the change, in base64: by the key until then, and by the one from then on.
    #[must_use]
    pub fn signatures(&self) -> (&str, &str) {
        (&self.by_previous, &self.by_next)
    }
}

impl fmt::Display for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { previous, next, by_previous, by_next } = self;
        write!(f, "{previous} {next} {by_previous} {by_next}")
    }
}

impl FromStr for Rotation {
    type Err = RotationError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = line.split(' ').collect();
        let [previous, next, by_previous, by_next] = *parts.as_slice() else {
            return Err(RotationError::Form);
        };
        let key = |text: &str| text.parse::<Verifier>().map_err(|_| RotationError::Form);
        let (previous, next) = (key(previous)?, key(next)?);
        if previous.origin() != next.origin() {
            return Err(RotationError::Form);
        }
        let text = statement(&previous, &next);
        let is_signed = previous.has_signed(&text, by_previous) && next.has_signed(&text, by_next);
        let [by_previous, by_next] = [by_previous, by_next].map(str::to_owned);
        is_signed.then_some(Self { previous, next, by_previous, by_next }).ok_or(RotationError::Signature)
    }
}

/// The key that a key was followed by last, by changes in their order. That is what a witness takes for the key of a log: once
/// it has heard of a change, the key until then is of no use any more.
#[must_use]
pub fn newest(key: &Verifier, rotations: &[Rotation]) -> Verifier {
    let follow = |key: Verifier, rotation: &Rotation| match rotation.previous == key {
        true => rotation.next.clone(),
        false => key,
    };
    rotations.iter().fold(key.clone(), follow)
}

/// The changes that lines of `key.rotations` tell of.
///
/// # Errors
/// [`RotationError`] if a line is not what it should be.
pub fn read_rotations(text: &str) -> Result<Vec<Rotation>, RotationError> {
    text.lines().map(str::parse).collect()
}

impl Lineage {
    /// The keys that the trusted one leads to by the lines of `key.rotations`: those it was followed by, and those
    /// it followed.
    ///
    /// # Errors
    /// [`RotationError`] if a line is not what it should be.
    pub fn of(trusted: Verifier, rotations: &str) -> Result<Self, RotationError> {
        let rotations = read_rotations(rotations)?;
        let mut keys = vec![trusted];
        // Later changes lead on from earlier ones, and back the other way round.
        for Rotation { previous, next, .. } in &rotations {
            if keys.contains(previous) && !keys.contains(next) {
                keys.push(next.clone());
            }
        }
        let current = keys.len();
        for Rotation { previous, next, .. } in rotations.iter().rev() {
            if keys.contains(next) && !keys.contains(previous) {
                keys.push(previous.clone());
            }
        }
        Ok(Self { keys, current })
    }

    /// The key that is trusted.
    #[must_use]
    pub fn trusted(&self) -> Option<&Verifier> {
        self.keys.first()
    }

    /// Whether this is the trusted key or one that followed it.
    #[must_use]
    pub fn is_current(&self, key: &Verifier) -> bool {
        self.keys.iter().take(self.current).any(|known| known == key)
    }

    /// Reads a checkpoint that the trusted key or one that followed it has signed: what a log says of itself now. A
    /// key that was replaced, maybe because it was stolen, says nothing of that.
    ///
    /// # Errors
    /// [`CheckpointError`], that of the trusted key if none has.
    pub fn verify_current(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        by_any(self.keys.get(..self.current).unwrap_or(&self.keys), |key| key.verify(note))
    }

    /// Reads a checkpoint that one of the keys has signed, at whatever time.
    ///
    /// # Errors
    /// [`CheckpointError`], that of the trusted key if none has.
    pub fn verify(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        by_any(&self.keys, |key| key.verify(note))
    }

    /// The text of a note that one of the keys has signed.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn open_note<'n>(&self, note: &'n str) -> Result<&'n str, CheckpointError> {
        by_any(&self.keys, |key| key.open_note(note))
    }

    /// Checks a receipt whose checkpoint one of the keys has signed.
    ///
    /// # Errors
    /// [`ReceiptError`], that of the trusted key if none has.
    pub fn verify_receipt(&self, receipt: &Receipt) -> Result<Checkpoint, ReceiptError> {
        by_any(&self.keys, |key| receipt.verify(key))
    }
}

fn by_any<T, E: From<CheckpointError>>(
    keys: &[Verifier],
    mut check: impl FnMut(&Verifier) -> Result<T, E>,
) -> Result<T, E> {
    let mut refused = None;
    for key in keys {
        match check(key) {
            Ok(checked) => return Ok(checked),
            Err(error) => _ = refused.get_or_insert(error),
        }
    }
    Err(refused.unwrap_or_else(|| CheckpointError::Unsigned.into()))
}

impl From<Verifier> for Lineage {
    fn from(trusted: Verifier) -> Self {
        Self { keys: vec![trusted], current: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Origin;
    use crate::tree::Hash;

    fn signer(seed: u8) -> Signer {
        Signer::new(Origin::parse("weir/audit/test").unwrap(), &[seed; 32])
    }

    fn key(seed: u8) -> Verifier {
        signer(seed).verifier().clone()
    }

    fn rotations(seeds: &[u8]) -> String {
        seeds
            .windows(2)
            .map(|pair| format!("{}\n", Rotation::sign(&signer(pair[0]), &signer(pair[1]))))
            .collect()
    }

    #[test]
    fn every_key_of_a_log_leads_to_every_other() {
        let text = rotations(&[1, 2, 3, 4]);
        for trusted in 1..=4 {
            let lineage = Lineage::of(key(trusted), &text).unwrap();
            assert_eq!(lineage.trusted(), Some(&key(trusted)));
            for signed_by in 1..=4 {
                let note = signer(signed_by).sign(0, Hash::empty_root());
                assert!(lineage.verify(&note).is_ok(), "{trusted} {signed_by}");
                let is_current = lineage.verify_current(&note).is_ok();
                assert_eq!(is_current, signed_by >= trusted, "{trusted} {signed_by}");
            }
            let foreign = signer(5).sign(0, Hash::empty_root());
            assert_eq!(lineage.verify(&foreign), Err(CheckpointError::Unsigned));
        }
        assert!(!Lineage::of(key(9), &text).unwrap().is_current(&key(1)));
        assert!(!Lineage::from(key(1)).is_current(&key(2)));
    }

    #[test]
    fn a_key_is_followed_to_the_newest() {
        let changes = read_rotations(&rotations(&[1, 2, 3])).unwrap();
        for seed in 1..=3 {
            assert_eq!(newest(&key(seed), &changes), key(3), "{seed}");
        }
        assert_eq!(newest(&key(9), &changes), key(9));
        assert!(read_rotations("x").is_err());
    }

    #[test]
    fn nobody_puts_a_key_beside_another_alone() {
        let (own, thief) = (signer(1), signer(9));
        let good = Rotation::sign(&own, &signer(2));
        assert_eq!(good.to_string().parse(), Ok(good.clone()));
        let text = statement(own.verifier(), thief.verifier());
        let forged = thief.sign_text(&text);
        let line = format!("{} {} {forged} {forged}", own.verifier(), thief.verifier());
        assert_eq!(line.parse::<Rotation>(), Err(RotationError::Signature));
        // Nor may the new key disown the old one.
        let line = format!("{} {} {} {forged}", own.verifier(), key(2), good.signatures().0);
        assert_eq!(line.parse::<Rotation>(), Err(RotationError::Signature));
        let line = good.to_string();
        for at in 0..line.len() {
            let mut bytes = line.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(changed.parse::<Rotation>().is_err(), "byte {at}: {changed}");
        }
    }
}
