//! A file of content while it is written.

use super::seal::{ENCAPSULATED_BYTES, Sealer};
use super::tenants::{KEY_ID_BYTES, TenantKey};
use super::{ContentError, Subject, io_at};
use crate::whole;
use hpke::HpkeError;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use weir_audit::Ident;
use weir_audit::event::hex;

/// What every file of content begins with.
pub(super) const MAGIC: &[u8; 8] = b"weirctn1";
pub(super) const HEADER_BYTES: usize = MAGIC.len() + KEY_ID_BYTES + ENCAPSULATED_BYTES;
/// The longest piece. What is captured is held in memory up to this.
pub const PIECE_BYTES: usize = 64 * 1024;
/// Said beside each piece, and encrypted with it: whether it is the last.
pub(super) const MORE: &[u8] = &[0];
pub(super) const LAST: &[u8] = &[1];

/// A prompt or an answer that is being captured. All of it blocks.
///
/// Give it what there is with [`add`](Self::add), and [`finish`](Self::finish) it; dropped before, the file lacks its
/// end and says so to whoever reads it.
pub struct Capture {
    file: File,
    path: PathBuf,
    sealer: Sealer,
    digest: Sha256,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Capture {
    pub(super) fn begin(path: PathBuf, key: &TenantKey, subject: Subject<'_>) -> Result<Self, ContentError> {
        let (encapsulated, sealer) = Sealer::new(&key.public, &subject.binding())?;
        let directory = directory_of(&path);
        whole::create_private_directory(directory).map_err(io_at(directory))?;
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = opened.map_err(io_at(&path))?;
        let mut capture = Self { file, path, sealer, digest: Sha256::new() };
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&key.id);
        header.extend_from_slice(&encapsulated);
        match capture.write(&header) {
            Ok(()) => Ok(capture),
            Err(error) => Err(capture.give_up(error)),
        }
    }

    /// Adds what follows, in pieces of [`PIECE_BYTES`] at most.
    ///
    /// # Errors
    /// [`ContentError::Io`]; there is no use in going on then.
    pub fn add(&mut self, text: &[u8]) -> Result<(), ContentError> {
        text.chunks(PIECE_BYTES).try_for_each(|piece| self.piece(piece, MORE)).map_err(io_at(&self.path))
    }

    /// Writes the end, and returns when all of it is on the disk: the SHA-256 of the file, in hexadecimal.
    ///
    /// # Errors
    /// [`ContentError::Io`]; the file is removed then.
    pub fn finish(mut self) -> Result<Ident, ContentError> {
        let done = self.piece(&[], LAST).and_then(|()| self.file.sync_all());
        match done.and_then(|()| File::open(directory_of(&self.path))?.sync_all()) {
            Ok(()) => Ok(Ident::new(&hex(&self.digest.finalize()))),
            Err(error) => Err(self.give_up(error)),
        }
    }

    /// Removes what there is of it: nothing refers to it.
    pub fn remove(self) {
        let _ = fs::remove_file(&self.path);
    }

    fn give_up(self, error: io::Error) -> ContentError {
        let path = self.path.clone();
        self.remove();
        ContentError::Io { path, source: error }
    }

    fn piece(&mut self, text: &[u8], place: &[u8]) -> io::Result<()> {
        let sealed = self
            .sealer
            .seal(text, place)
            .map_err(|_: HpkeError| io::Error::from(io::ErrorKind::FileTooLarge))?;
        // A piece and what is added to it fit many times.
        let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
        let mut frame = Vec::with_capacity(4 + sealed.len());
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&sealed);
        self.write(&frame)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        Ok(())
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}
