use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A temporary directory for this user's eyes, removed when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

/// Names to try; each is taken only by what an earlier process of this number has left behind.
const NAMES_MAX: u32 = 100;

impl Scratch {
    pub fn new() -> io::Result<Self> {
        let mut taken = io::Error::from(ErrorKind::AlreadyExists);
        for number in 0..NAMES_MAX {
            let path = std::env::temp_dir().join(format!("weir-demo-{}-{number}", std::process::id()));
            // Fails if anything is there, so that nobody can have put a link in the way.
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_apart_and_gone_when_dropped() {
        let (one, other) = (Scratch::new().unwrap(), Scratch::new().unwrap());
        assert_ne!(one.path(), other.path());
        let path = one.path().to_owned();
        std::fs::write(path.join("file"), "x").unwrap();
        drop(one);
        assert!(!path.exists() && other.path().is_dir());
    }
}
