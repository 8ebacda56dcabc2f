use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The operations by which the log changes the disk, so that tests can make each of them fail.
///
/// Every method does what the operating system does; an implementation overrides what it disturbs.
pub trait Disk: Send + Sync + 'static {
    /// Creates a file of `len` zero bytes that are on the disk when this returns.
    ///
    /// # Errors
    /// What the operating system says: above all that the disk is full.
    fn create_zeroed(&self, path: &Path, len: u64) -> io::Result<File> {
        let mut file = private().create(true).truncate(true).read(true).open(path)?;
        if let Err(error) = write_zeros(&mut file, len) {
            // The rest of a full disk is for what is smaller. That it cannot be removed is no other news.
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(file)
    }

    /// Writes `bytes` at `offset`.
    ///
    /// # Errors
    /// What the operating system says.
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    /// Returns when the file's data is on the disk.
    ///
    /// # Errors
    /// What the operating system says. After an error the pages may be marked clean although they were
    /// lost, so a second call proves nothing.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Gives a file its final name, in place of one that has it.
    ///
    /// # Errors
    /// What the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Returns when the names in a directory are on the disk.
    ///
    /// # Errors
    /// What the operating system says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    /// Replaces a small file as a whole: a reader, also after a power loss, sees the old or the new one.
    ///
    /// # Errors
    /// What the operating system says.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.replace_all(&[(path.to_owned(), bytes.to_vec())])
    }

    /// The same for several files, which is cheaper than one by one: all are written before the first sync,
    /// which takes the others along.
    ///
    /// # Errors
    /// What the operating system says; some of the files may have been replaced then.
    fn replace_all(&self, files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
        let written =
            files.iter().map(|(path, bytes)| write_beside(path, bytes)).collect::<io::Result<Vec<_>>>()?;
        for ((new, file), (path, _)) in written.iter().zip(files) {
            self.sync(file)?;
            self.rename(new, path)?;
        }
        Ok(())
    }
}

/// So many zeros are written at a time: the thread that does it keeps this memory.
const ZEROS: usize = 32 * 1024;

fn write_zeros(file: &mut File, len: u64) -> io::Result<()> {
    let zeros = [0; ZEROS];
    let mut rest = usize::try_from(len).map_err(io::Error::other)?;
    while rest > 0 {
        let part = zeros.get(..rest).unwrap_or(&zeros);
        file.write_all(part)?;
        rest -= part.len();
    }
    file.sync_all()
}

/// Writes what is to become `path` under the name that it has until then.
fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<(PathBuf, File)> {
    let new = path.with_added_extension("new");
    let mut file = private().create(true).truncate(true).open(&new)?;
    file.write_all(bytes)?;
    Ok((new, file))
}

/// The disk as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {}

/// Opens for writing what only this user may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod tests;
