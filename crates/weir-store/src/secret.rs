//! Secrets of this installation that Weir makes itself: 32 random bytes in a file of their own.

use crate::whole;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Length of a secret.
pub const SECRET_BYTES: usize = 32;

/// Why a secret cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The operating system refused.
    #[error("`{path}`: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The file is not of Weir's making.
    #[error("`{path}` has {length} bytes instead of 32; restore it from a backup", path = path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// The system gives no random bytes.
    #[error("the operating system gave no random numbers")]
    Random(#[source] getrandom::Error),
}

/// The secret in `path`; `None` when there is no such file.
///
/// # Errors
/// [`SecretFileError`] when there is one that cannot be used.
pub fn load(path: &Path) -> Result<Option<Zeroizing<[u8; SECRET_BYTES]>>, SecretFileError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SecretFileError::Io { path: path.to_owned(), source }),
    };
    let length = bytes.len();
    let secret = bytes.as_slice().try_into();
    let secret = secret.map_err(|_| SecretFileError::Length { path: path.to_owned(), length })?;
    Ok(Some(Zeroizing::new(secret)))
}

/// The secret in `path`, which is made, readable by its owner only, if it is not there.
///
/// # Errors
/// [`SecretFileError`]; nothing was changed then.
pub fn load_or_create(path: &Path) -> Result<Zeroizing<[u8; SECRET_BYTES]>, SecretFileError> {
    if let Some(secret) = load(path)? {
        return Ok(secret);
    }
    let mut secret = Zeroizing::new([0_u8; SECRET_BYTES]);
    getrandom::fill(secret.as_mut()).map_err(SecretFileError::Random)?;
    whole::replace(path, secret.as_ref())
        .map_err(|source| SecretFileError::Io { path: path.to_owned(), source })?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/secret.key");
        let made = load_or_create(&path).unwrap();
        assert_eq!(*load_or_create(&path).unwrap(), *made);
        assert_ne!(*made, [0; 32]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_of_another_length_is_not_a_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret.key");
        fs::write(&path, b"short").unwrap();
        assert!(matches!(load_or_create(&path), Err(SecretFileError::Length { length: 5, .. })));
    }
}
