//! What the files name beyond themselves: environment variables, other files and indexes.

use crate::Source;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_index::Index;

/// Gives the value of an environment variable, if it is set.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Whether the secrets that a configuration names are looked for.
#[derive(Clone, Copy)]
pub enum Secrets<'a> {
    /// They are: in environment variables, which this gives, and in files.
    From(Variables<'a>),
    /// They are not, and another value stands for each: for checks that send nothing anywhere and must run where there
    /// are no secrets.
    None,
}

/// The ways out, as given to [`load`](crate::load).
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    pub secrets: Secrets<'a>,
    pub read: &'a dyn Fn(&Path) -> std::io::Result<String>,
    pub index: &'a dyn Fn(&Path) -> Result<Arc<Index>, String>,
}

/// The ways out, as seen from one file, with the digest of what was read.
pub struct Surroundings<'a> {
    outside: Outside<'a>,
    directory: &'a Path,
    digest: Sha256,
}

impl<'a> Surroundings<'a> {
    pub fn of(source: Source<'a>, outside: Outside<'a>) -> Self {
        let directory = source.path.parent().unwrap_or(Path::new(""));
        let mut surroundings = Self { outside, directory, digest: Sha256::new() };
        surroundings.absorb(source.text);
        surroundings
    }

    /// Environment variables, unless no secrets are looked for.
    pub fn env(&self) -> Option<Variables<'a>> {
        match self.outside.secrets {
            Secrets::From(env) => Some(env),
            Secrets::None => None,
        }
    }

    /// The path, relative to the directory of the file.
    pub fn path(&self, written: &str) -> PathBuf {
        self.directory.join(written)
    }

    /// A file that decides nothing: a secret.
    pub fn read_secret(&self, written: &str) -> std::io::Result<String> {
        (self.outside.read)(&self.path(written))
    }

    /// A file that belongs to the configuration, and so to its digest.
    pub fn read(&mut self, written: &str) -> std::io::Result<String> {
        let text = (self.outside.read)(&self.path(written))?;
        self.absorb(&text);
        Ok(text)
    }

    /// An index that belongs to the configuration: its digest stands for it.
    pub fn index(&mut self, written: &str) -> Result<Arc<Index>, String> {
        let index = (self.outside.index)(&self.path(written))?;
        self.absorb(&index.digest());
        Ok(index)
    }

    /// The first 16 hex digits of the SHA-256 of all texts, each preceded by its length.
    pub fn digest(&self) -> String {
        const BYTES: usize = 8;
        self.digest.clone().finalize().iter().take(BYTES).fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    fn absorb(&mut self, text: &str) {
        self.digest.update((text.len() as u64).to_be_bytes());
        self.digest.update(text.as_bytes());
    }
}
