//! Secrets of this installation that Weir makes itself: 32 random bytes in a file of their own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
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
    #[error("no random bytes from the system")]
    Random,
}

/// The secret in `path`, which is made, readable by its owner only, if it is not there.
///
/// # Errors
/// [`SecretFileError`]; nothing was changed then.
pub fn load_or_create(path: &Path) -> Result<Zeroizing<[u8; SECRET_BYTES]>, SecretFileError> {
    let at = |source| SecretFileError::Io { path: path.to_owned(), source };
    match fs::read(path).map(Zeroizing::new) {
        Ok(bytes) => {
            let length = bytes.len();
            let secret: Result<[u8; SECRET_BYTES], _> = bytes.as_slice().try_into();
            secret.map(Zeroizing::new).map_err(|_| SecretFileError::Length { path: path.to_owned(), length })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(path).map_err(at)?.ok_or(SecretFileError::Random)
        }
        Err(error) => Err(at(error)),
    }
}

/// Written beside and renamed, so that there is never half a secret.
fn create(path: &Path) -> io::Result<Option<Zeroizing<[u8; SECRET_BYTES]>>> {
    let mut secret = Zeroizing::new([0_u8; SECRET_BYTES]);
    if getrandom::fill(secret.as_mut()).is_err() {
        return Ok(None);
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(secret.as_ref())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(Some(secret))
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
