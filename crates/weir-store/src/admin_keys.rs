//! Keys for the admin API: each has a role, and is stored as a hash.
//!
//! A key is `wa_` and its id, `_`, and 256 random bits in hexadecimal. So many bits cannot be guessed from their
//! SHA-256, and no slower hash is needed.

use crate::whole;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq as _;
use weir_audit::WallTime;
use weir_audit::event::hex;
use zeroize::Zeroizing;

/// What a key entitles to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// To read the audit log, prove it and attest it; to change nothing.
    Auditor,
    /// To everything.
    Admin,
}

impl Role {
    /// The word in files and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Auditor => "auditor",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let role = [Role::Auditor, Role::Admin].into_iter().find(|role| role.as_str() == text);
        role.ok_or_else(|| "use `auditor` or `admin`".to_owned())
    }
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminKey {
    /// Its public part: eight hexadecimal digits.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it entitles to.
    pub role: Role,
    /// When it was made.
    pub created: WallTime,
    /// SHA-256 of the whole key in hexadecimal.
    sha256: String,
}

/// Why keys cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AdminKeysError {
    /// The operating system refused.
    #[error("`{path}`: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The file is not of Weir's making.
    #[error("`{path}` is no list of keys: {source}; restore it, or remove it and make the keys again", path = path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// The system gives no random bytes.
    #[error("the operating system gave no random numbers")]
    Random(#[source] getrandom::Error),
}

const FILE: &str = "admin-keys.json";

/// The keys of the installation whose state directory this is. They are read anew each time: asking is rare, and a key
/// that is revoked is so at once.
///
/// # Errors
/// [`AdminKeysError`] when there is a file that cannot be used.
pub fn load(state: &Path) -> Result<Vec<AdminKey>, AdminKeysError> {
    let path = state.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| AdminKeysError::Form { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(AdminKeysError::Io { path, source }),
    }
}

/// Makes a key; its text is nowhere but in what is returned.
///
/// # Errors
/// [`AdminKeysError`]; nothing was changed then.
pub fn create(state: &Path, name: &str, role: Role) -> Result<(AdminKey, Zeroizing<String>), AdminKeysError> {
    let mut keys = load(state)?;
    let (mut id, mut secret) = ([0; 4], Zeroizing::new([0; 32]));
    getrandom::fill(&mut id).map_err(AdminKeysError::Random)?;
    getrandom::fill(secret.as_mut()).map_err(AdminKeysError::Random)?;
    let id = hex(&id);
    let text = Zeroizing::new(format!("wa_{id}_{}", *Zeroizing::new(hex(secret.as_ref()))));
    let key = AdminKey { id, name: name.to_owned(), role, created: now(), sha256: digest(&text) };
    keys.push(key.clone());
    store(state, &keys)?;
    Ok((key, text))
}

/// Takes a key out, by its id; whether there was one.
///
/// # Errors
/// [`AdminKeysError`]; nothing was changed then.
pub fn revoke(state: &Path, id: &str) -> Result<bool, AdminKeysError> {
    let mut keys = load(state)?;
    let before = keys.len();
    let id = id.strip_prefix("wa_").unwrap_or(id);
    let id = id.split('_').next().unwrap_or(id);
    keys.retain(|key| key.id != id);
    if keys.len() == before {
        return Ok(false);
    }
    store(state, &keys).map(|()| true)
}

/// The key that was presented, if it is one of these.
#[must_use]
pub fn find<'k>(keys: &'k [AdminKey], presented: &str) -> Option<&'k AdminKey> {
    if !presented.starts_with("wa_") {
        return None;
    }
    let digest = digest(presented);
    keys.iter().find(|key| key.sha256.as_bytes().ct_eq(digest.as_bytes()).into())
}

fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime::from_unix_ms(u64::try_from(since.as_millis()).unwrap_or(0))
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn store(state: &Path, keys: &[AdminKey]) -> Result<(), AdminKeysError> {
    let path = state.join(FILE);
    let text = serde_json::to_vec_pretty(keys);
    let bytes = text.map_err(|source| AdminKeysError::Form { path: path.clone(), source })?;
    whole::replace(&path, &bytes).map_err(|source| AdminKeysError::Io { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_text_until_it_is_revoked_and_its_text_is_in_no_file() {
        let state = tempfile::tempdir().unwrap();
        let (auditor, text) = create(state.path(), "the auditors", Role::Auditor).unwrap();
        let (admin, other) = create(state.path(), "ops", Role::Admin).unwrap();
        let keys = load(state.path()).unwrap();
        assert_eq!(find(&keys, &text), Some(&auditor));
        assert_eq!(find(&keys, &other).map(|key| key.role), Some(Role::Admin));
        let stored = fs::read_to_string(state.path().join(FILE)).unwrap();
        let secret = text.rsplit('_').next().unwrap();
        assert!(!stored.contains(secret) && stored.contains(&auditor.id));
        for wrong in ["", "wa_", &text[..text.len() - 1], &format!("{}0", *text), &auditor.sha256] {
            assert_eq!(find(&keys, wrong), None, "{wrong}");
        }
        assert!(revoke(state.path(), &auditor.id).unwrap() && !revoke(state.path(), &auditor.id).unwrap());
        assert!(revoke(state.path(), &other).unwrap());
        assert_eq!(load(state.path()).unwrap(), []);
        assert!(!admin.id.is_empty());
    }

    #[test]
    fn a_file_that_is_no_list_of_keys_lets_nobody_in() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join(FILE), b"[{\"id\":\"x\"}]").unwrap();
        assert!(matches!(load(state.path()), Err(AdminKeysError::Form { .. })));
        assert!(create(state.path(), "x", Role::Admin).is_err());
    }
}
