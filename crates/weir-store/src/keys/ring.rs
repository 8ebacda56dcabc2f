use super::KeyRecord;
use super::hash::{KeyHash, KeyHasher};
use super::text::id_of_key;
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// All keys at one moment, revoked ones too. Immutable.
#[derive(Clone)]
pub struct KeyRing {
    hasher: KeyHasher,
    keys: HashMap<Arc<str>, Key>,
}

#[derive(Clone)]
struct Key {
    hash: KeyHash,
    record: Arc<KeyRecord>,
}

impl KeyRing {
    pub(super) fn new(hasher: KeyHasher, keys: impl Iterator<Item = (KeyRecord, KeyHash)>) -> Self {
        let keys =
            keys.map(|(record, hash)| (record.id.clone(), Key { hash, record: Arc::new(record) })).collect();
        Self { hasher, keys }
    }

    /// Whether no key was ever made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What is known of each key.
    pub fn records(&self) -> impl Iterator<Item = &KeyRecord> {
        self.keys.values().map(|key| &*key.record)
    }

    /// How many keys were ever made.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whose key this is.
    ///
    /// # Errors
    /// [`AuthError`] when it is nobody's, or was revoked or has expired. That a key was revoked or
    /// has expired is said only to who has all of it.
    pub fn authenticate(&self, presented: &str, now: Timestamp) -> Result<&Arc<KeyRecord>, AuthError> {
        let id = id_of_key(presented).ok_or(AuthError::Malformed)?;
        let key = self.keys.get(id).ok_or(AuthError::Unknown)?;
        if self.hasher.hash(presented) != key.hash {
            return Err(AuthError::Unknown);
        }
        key.usable(now)
    }

    /// The key with this id, if it is still good: for work that began with it and goes on.
    ///
    /// # Errors
    /// [`AuthError`] when it is unknown by now, revoked or expired.
    pub fn current(&self, id: &str, now: Timestamp) -> Result<&Arc<KeyRecord>, AuthError> {
        self.keys.get(id).ok_or(AuthError::Unknown)?.usable(now)
    }
}

impl Key {
    fn usable(&self, now: Timestamp) -> Result<&Arc<KeyRecord>, AuthError> {
        if self.record.revoked.is_some() {
            return Err(AuthError::Revoked);
        }
        if self.record.terms.expires.is_some_and(|expires| now >= expires) {
            return Err(AuthError::Expired);
        }
        Ok(&self.record)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// Why a key does not authenticate. Holds nothing of what was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// It is not the text of a key.
    #[error("this is no API key; a key looks like `wk_live_…`")]
    Malformed,
    /// Nobody has it.
    #[error("the API key is unknown")]
    Unknown,
    /// It was revoked.
    #[error("the API key was revoked")]
    Revoked,
    /// It has expired.
    #[error("the API key has expired")]
    Expired,
}

impl AuthError {
    /// A short stable word for metrics and records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            AuthError::Malformed => "malformed",
            AuthError::Unknown => "unknown",
            AuthError::Revoked => "revoked",
            AuthError::Expired => "expired",
        }
    }
}
