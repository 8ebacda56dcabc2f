use super::KeyStoreError;
use crate::secret::{self, SECRET_BYTES};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::path::Path;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Hashes the text of keys under the pepper, a secret of this installation.
///
/// Keys are random, 142 bits, so a slow password hash would cost every request and gain nothing.
#[derive(Clone)]
pub(super) struct KeyHasher(Hmac<Sha256>);

impl KeyHasher {
    fn new(pepper: &[u8; SECRET_BYTES]) -> Self {
        // HMAC fills a shorter key up with zeros to the hash's block (RFC 2104, section 2); done here,
        // the length is right by type and nothing can fail.
        let mut block = Zeroizing::new([0_u8; 64]);
        block.iter_mut().zip(pepper).for_each(|(to, from)| *to = *from);
        Self(<Hmac<Sha256> as KeyInit>::new((&*block).into()))
    }

    pub(super) fn hash(&self, text: &str) -> KeyHash {
        KeyHash(self.0.clone().chain_update(text).finalize().into_bytes().into())
    }

    /// Tells whether a database belongs to this pepper. No key has this text.
    pub(super) fn fingerprint(&self) -> KeyHash {
        self.hash("weir key pepper")
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher(***)")
    }
}

/// A hash, compared in constant time only.
#[derive(Clone, Copy)]
pub(super) struct KeyHash(pub(super) [u8; 32]);

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The hasher of an existing installation.
pub(super) fn load(path: &Path) -> Result<KeyHasher, KeyStoreError> {
    match secret::load(path)? {
        Some(pepper) => Ok(KeyHasher::new(&pepper)),
        None => Err(KeyStoreError::PepperMissing { path: path.to_owned() }),
    }
}

/// The hasher of a new installation. The caller keeps other processes out.
pub(super) fn load_or_create(path: &Path) -> Result<KeyHasher, KeyStoreError> {
    Ok(KeyHasher::new(&*secret::load_or_create(path)?))
}
