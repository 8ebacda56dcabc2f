//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Replaces a file, readable by its owner only: under another name first, so that a crash leaves the old
/// file or the new one.
///
/// # Errors
/// What the system says; the old file is as it was then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|directory| *directory != Path::new(""));
    let directory = directory.unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let unfinished = path.with_added_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(directory)?.sync_all()
}

/// Makes a directory and those above it, for their owner only, as far as they are not there. It is there after a crash
/// too.
///
/// # Errors
/// What the system says.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let above = path.parent().filter(|above| *above != Path::new("")).unwrap_or(Path::new("."));
    File::open(above)?.sync_all()
}
