//! Reads what was captured, with a private key.

use super::capture::{HEADER_BYTES, LAST, MAGIC, MORE, PIECE_BYTES};
use super::seal::{Opener, PrivateKey, TAG_BYTES};
use super::tenants::{KEY_ID_BYTES, private_key};
use super::{CONTENT, ContentError, Subject, days, io_at, named};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, Write};
use std::path::{Path, PathBuf};
use weir_audit::Ident;
use weir_audit::event::hex;

/// A file of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its SHA-256, in hexadecimal, which is what the audit log holds of it.
    pub digest: Ident,
}

/// The file of a prompt or an answer below a state directory, if it was captured and is still there.
///
/// # Errors
/// [`ContentError::Io`].
pub fn find(state: &Path, subject: Subject<'_>) -> Result<Option<Found>, ContentError> {
    let name = subject.file_name();
    for day in days::all(&state.join(CONTENT))? {
        let path = day.join(&name);
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file.map_err(io_at(&path))?,
        };
        let mut digest = Sha256::new();
        let mut bytes = vec![0; PIECE_BYTES];
        loop {
            match file.read(&mut bytes).map_err(io_at(&path))? {
                0 => return Ok(Some(Found { path, digest: Ident::new(&hex(&digest.finalize())) })),
                length => digest.update(bytes.get(..length).unwrap_or_default()),
            }
        }
    }
    Ok(None)
}

/// Decrypts a file of content, piece by piece, and says whether it has its end: a process that was killed, or a disk
/// that was full, leaves it without.
///
/// # Errors
/// [`ContentError::WrongKey`] for a key that does not open it, [`ContentError::NoTenant`] when the tenant's key was
/// destroyed, [`ContentError::Changed`] when it is not what was captured for this request.
pub fn read(
    state: &Path,
    subject: Subject<'_>,
    path: &Path,
    key: &PrivateKey,
    out: &mut dyn Write,
) -> Result<bool, ContentError> {
    let file = File::open(path).map_err(io_at(path))?;
    let mut file = BufReader::new(file);
    file.rewind().map_err(io_at(path))?;
    let changed = || ContentError::Changed { path: path.to_owned() };
    let mut header = [0; HEADER_BYTES];
    file.read_exact(&mut header).map_err(|_| changed())?;
    let (magic, rest) = header.split_at(MAGIC.len());
    let (id, encapsulated) = rest.split_at(KEY_ID_BYTES);
    if magic != MAGIC {
        return Err(ContentError::Malformed { path: path.to_owned(), what: "it is no captured content" });
    }
    let private = private_key(&state.join(CONTENT), subject.tenant, id, key)?;
    let wrong = || ContentError::WrongKey(named(subject.tenant));
    let mut opener = Opener::new(&private, encapsulated, &subject.binding()).ok_or_else(wrong)?;
    while let Some(sealed) = piece(&mut file, path)? {
        let opened = opener.open(&sealed, MORE);
        if let Some(text) = opened {
            out.write_all(&text).map_err(io_at(path))?;
            continue;
        }
        let text = opener.open(&sealed, LAST).ok_or_else(changed)?;
        out.write_all(&text).map_err(io_at(path))?;
        // Nothing stands behind the end.
        return if piece(&mut file, path)?.is_none() { Ok(true) } else { Err(changed()) };
    }
    Ok(false)
}

/// The next piece, encrypted; `None` at the end, and where one was not written whole.
fn piece(file: &mut impl Read, path: &Path) -> Result<Option<Vec<u8>>, ContentError> {
    let mut length = [0; 4];
    if !fill(file, &mut length).map_err(io_at(path))? {
        return Ok(None);
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > PIECE_BYTES + TAG_BYTES {
        return Err(ContentError::Changed { path: path.to_owned() });
    }
    let mut sealed = vec![0; length];
    Ok(fill(file, &mut sealed).map_err(io_at(path))?.then_some(sealed))
}

/// Whether there was so much.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
