//! The committed inputs.

use std::fs;
use std::path::{Path, PathBuf};

/// One input, and the file it is in.
pub struct Input {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// The inputs of a target, in the order of their names; at least one.
pub fn of(target: &str) -> Vec<Input> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", directory.display());
    paths.into_iter().map(|path| Input { bytes: fs::read(&path).unwrap(), path }).collect()
}
