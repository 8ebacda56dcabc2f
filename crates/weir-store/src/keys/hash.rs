use super::KeyStoreError;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const PEPPER_BYTES: usize = 32;

/// Hashes the text of keys under the pepper, a secret of this installation.
///
/// Keys are random, 142 bits, so a slow password hash would cost every request and gain nothing.
#[derive(Clone)]
pub(super) struct KeyHasher(Hmac<Sha256>);

impl KeyHasher {
    fn new(pepper: &[u8; PEPPER_BYTES]) -> Self {
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
    match read(path)? {
        Some(pepper) => Ok(KeyHasher::new(&pepper)),
        None => Err(KeyStoreError::PepperMissing { path: path.to_owned() }),
    }
}

/// The hasher of a new installation. The caller keeps other processes out.
pub(super) fn load_or_create(path: &Path) -> Result<KeyHasher, KeyStoreError> {
    if let Some(pepper) = read(path)? {
        return Ok(KeyHasher::new(&pepper));
    }
    let mut pepper = Zeroizing::new([0_u8; PEPPER_BYTES]);
    getrandom::fill(pepper.as_mut()).map_err(KeyStoreError::Random)?;
    write_durably(path, pepper.as_ref()).map_err(|source| io_error(path, source))?;
    Ok(KeyHasher::new(&pepper))
}

fn read(path: &Path) -> Result<Option<Zeroizing<[u8; PEPPER_BYTES]>>, KeyStoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_error(path, source)),
    };
    let pepper = bytes
        .as_slice()
        .try_into()
        .map_err(|_| KeyStoreError::PepperLength { path: path.to_owned(), bytes: bytes.len() })?;
    Ok(Some(Zeroizing::new(pepper)))
}

/// Under another name first, so that a crash leaves the whole file or none.
fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("pepper.new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn io_error(path: &Path, source: io::Error) -> KeyStoreError {
    KeyStoreError::Io { path: path.to_owned(), source }
}
