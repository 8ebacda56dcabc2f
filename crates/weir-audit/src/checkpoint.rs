//! Checkpoints: origin, size and root of the tree, as a C2SP signed note with an Ed25519 signature.
//!
//! Sources: C2SP tlog-checkpoint, C2SP signed-note.

use crate::Name;
use crate::tree::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// Which log a checkpoint is of; also the name of the key that signs it.
///
/// 1 to 64 of `A-Z a-z 0-9` and `. _ : / @ -`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// Longest origin: its verifier key must fit an [`Ident`](crate::Ident) of an event.
const MAX_ORIGIN_BYTES: usize = 64;

/// What a log says of itself: there are `size` events, and this is the root of the tree over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// Number of events.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Signs checkpoints. Holds the secret key; shows nothing of it.
pub struct Signer {
    key: SigningKey,
    verifier: Verifier,
}

/// Verifies checkpoints. Written and read in the C2SP notation `<name>+<key id>+<key>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    origin: Origin,
    key: VerifyingKey,
}

/// Why bytes are no checkpoint of this log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text cannot name a log.
    #[error("`{0}` cannot be the origin of a log; use 1 to 64 of `A-Z a-z 0-9 . _ : / @ -`")]
    Origin(String),
    /// The text is no verifier key, or was changed.
    #[error("not a verifier key `<name>+<8 hex digits>+<base64>` whose key id fits")]
    VerifierKey,
    /// The text is no checkpoint, or not in its one notation.
    #[error("not a signed checkpoint: {0}")]
    Form(&'static str),
    /// A checkpoint of another log.
    #[error("the checkpoint is of `{0}`")]
    OtherOrigin(String),
    /// No signature is by this key.
    #[error("the checkpoint is not signed by this key")]
    Unsigned,
    /// The signature does not fit the text.
    #[error("the signature does not fit the checkpoint")]
    Signature,
}

/// First byte of an Ed25519 key in a verifier key. Source: C2SP signed-note.
const ED25519: u8 = 0x01;

impl Origin {
    /// Checks and takes an origin.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] if it is empty, too long, or has other characters.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:/@-".contains(&b);
        if (1..=MAX_ORIGIN_BYTES).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(CheckpointError::Origin(text.escape_default().to_string()))
        }
    }

    /// `weir/audit/` and the node's name, in which other characters become `-`.
    #[must_use]
    pub fn of_node(node: &Name) -> Self {
        const PREFIX: &str = "weir/audit/";
        let node = node.as_str().chars().take(MAX_ORIGIN_BYTES - PREFIX.len());
        let node = node.map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' });
        Self(PREFIX.chars().chain(node).collect())
    }

    /// The same for the key that a node signs with as a witness of others: `weir/witness/` and its name.
    #[must_use]
    pub fn of_witness(node: &Name) -> Self {
        Self(
            Self::of_node(node)
                .0
                .replacen("/audit/", "/witness/", 1)
                .chars()
                .take(MAX_ORIGIN_BYTES)
                .collect(),
        )
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// What a note says, whoever has signed it.
    ///
    /// # Errors
    /// [`CheckpointError::Form`] if it is no checkpoint.
    pub fn read_unverified(note: &str) -> Result<Self, CheckpointError> {
        split_note(note).and_then(|(text, _)| Self::parse_text(text))
    }

    fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.lines();
        let mut line = || lines.next().unwrap_or_default();
        let origin = Origin::parse(line())?;
        let size = line().parse().map_err(|_| CheckpointError::Form("the second line is no size"))?;
        let root = STANDARD.decode(line()).ok().and_then(|bytes| bytes.try_into().ok());
        let root = root.map(Hash).ok_or(CheckpointError::Form("the third line is no hash"))?;
        let checkpoint = Self { origin, size, root };
        // Leading zeros, signs and further lines: there is one way to write a checkpoint.
        if checkpoint.text() == text {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Form("not exactly origin, size and root"))
        }
    }
}

impl Signer {
    /// The key made of this secret seed, under the name of the log.
    #[must_use]
    pub fn new(origin: Origin, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = Verifier { origin, key: key.verifying_key() };
        Self { key, verifier }
    }

    /// The log whose checkpoints this signs.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.verifier.origin
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// A signed checkpoint: what is stored and published.
    #[must_use]
    pub fn sign(&self, size: u64, root: Hash) -> String {
        self.sign_note(&Checkpoint { origin: self.origin().clone(), size, root }.text())
    }

    /// Any text as a signed note. The text ends with a line end, and its first line tells what it is:
    /// what one key signs for one purpose must not pass for another.
    #[must_use]
    pub fn sign_note(&self, text: &str) -> String {
        format!("{text}\n{}", self.signature_line(text))
    }

    /// A checkpoint that this key and its successor have signed: whoever knows either can read it.
    #[must_use]
    pub fn sign_with(&self, next: &Signer, size: u64, root: Hash) -> String {
        let text = Checkpoint { origin: self.origin().clone(), size, root }.text();
        format!("{text}\n{}{}", self.signature_line(&text), next.signature_line(&text))
    }

    fn signature_line(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let signature = [&self.verifier.key_id()[..], &signature[..]].concat();
        format!("— {} {}\n", self.origin(), STANDARD.encode(signature))
    }

    /// The signature over a text alone, in base64.
    pub(crate) fn sign_text(&self, text: &str) -> String {
        STANDARD.encode(self.key.sign(text.as_bytes()).to_bytes())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier)
    }
}

impl Verifier {
    /// The log whose checkpoints this verifies.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Reads a signed checkpoint and checks origin and signature. Signatures of others, of witnesses,
    /// may stand beside the log's own and are not looked at.
    ///
    /// # Errors
    /// [`CheckpointError`] that tells form, origin, missing and wrong signature apart.
    pub fn verify(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let (text, signatures) = split_note(note)?;
        let checkpoint = Checkpoint::parse_text(text)?;
        if checkpoint.origin != self.origin {
            return Err(CheckpointError::OtherOrigin(checkpoint.origin.0));
        }
        self.verify_note(text, signatures)?;
        Ok(checkpoint)
    }

    /// The text of a note that this key has signed.
    ///
    /// # Errors
    /// [`CheckpointError`] that tells form, missing and wrong signature apart.
    pub fn open_note<'n>(&self, note: &'n str) -> Result<&'n str, CheckpointError> {
        let (text, signatures) = split_note(note)?;
        self.verify_note(text, signatures)?;
        Ok(text)
    }

    fn verify_note(&self, text: &str, signatures: &str) -> Result<(), CheckpointError> {
        let signature = self.own_signature(signatures)?;
        self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| CheckpointError::Signature)
    }

    /// Whether this is a signature by this key over a text, in base64.
    pub(crate) fn has_signed(&self, text: &str, signature: &str) -> bool {
        let bytes = STANDARD.decode(signature).ok();
        let signature = bytes.and_then(|bytes| Signature::from_slice(&bytes).ok());
        signature.is_some_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }

    fn own_signature(&self, signatures: &str) -> Result<Signature, CheckpointError> {
        let form = CheckpointError::Form("a signature line is not `— <name> <base64>`");
        let lines = signatures.strip_suffix('\n').ok_or(form.clone())?;
        let mut own = None;
        for line in lines.split('\n') {
            let (name, bytes) =
                line.strip_prefix("— ").and_then(|line| line.split_once(' ')).ok_or(form.clone())?;
            let bytes = STANDARD.decode(bytes).map_err(|_| form.clone())?;
            let (id, signature) = bytes.split_first_chunk::<4>().ok_or(form.clone())?;
            if name == self.origin.0 && *id == self.key_id() {
                let signature = Signature::from_slice(signature).map_err(|_| form.clone())?;
                own.get_or_insert(signature);
            }
        }
        own.ok_or(CheckpointError::Unsigned)
    }

    /// First four bytes of `SHA-256(name ‖ "\n" ‖ 0x01 ‖ key)`.
    fn key_id(&self) -> [u8; 4] {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(&self.origin.0)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], &self.key.as_bytes()[..]].concat();
        write!(f, "{}+{:08x}+{}", self.origin, u32::from_be_bytes(self.key_id()), STANDARD.encode(key))
    }
}

impl FromStr for Verifier {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '+');
        let mut part = || parts.next().ok_or(CheckpointError::VerifierKey);
        let (origin, _id, key) = (Origin::parse(part()?)?, part()?, part()?);
        let key = STANDARD.decode(key).map_err(|_| CheckpointError::VerifierKey)?;
        let key = key.strip_prefix(&[ED25519]).and_then(|key| key.try_into().ok());
        let key =
            key.and_then(|key| VerifyingKey::from_bytes(key).ok()).ok_or(CheckpointError::VerifierKey)?;
        let verifier = Self { origin, key };
        // The key id and the notation are right exactly if the key is written the same way.
        if verifier.to_string() == text { Ok(verifier) } else { Err(CheckpointError::VerifierKey) }
    }
}

/// The name of the log that a note says it is a checkpoint of; nothing is checked.
#[must_use]
pub fn origin_of(note: &str) -> Option<&str> {
    split_note(note).ok().and_then(|(text, _)| text.lines().next())
}

/// Says in one line that this is a note, and then the note with `|`, which none holds, for its line ends.
const LINE: &str = "weir-checkpoint ";

/// A note as one line, for what carries lines: syslog.
#[must_use]
pub fn note_to_line(note: &str) -> String {
    format!("{LINE}{}", note.replace('\n', "|"))
}

/// The note in a line, whatever stands before it there.
#[must_use]
pub fn note_of_line(line: &str) -> Option<String> {
    let (_, note) = line.trim_end_matches('\n').split_once(LINE)?;
    Some(note.replace('|', "\n"))
}

/// Parts a note at its last empty line into the text with its last newline, and the signatures.
pub(crate) fn split_note(note: &str) -> Result<(&str, &str), CheckpointError> {
    let at = note.rfind("\n\n").ok_or(CheckpointError::Form("no signatures"))?;
    let (text, signatures) = note.split_at(at + 1);
    Ok((text, signatures.strip_prefix('\n').unwrap_or(signatures)))
}

#[cfg(test)]
mod tests;
