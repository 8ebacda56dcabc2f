//! Signed bundles: which files a policy consists of, in which version, and who says so.
//!
//! The format is `docs/formats/policy-bundle.md`.

use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use weir_audit::checkpoint::{CheckpointError, Signer, Verifier};

/// The name of the file that makes a directory a signed bundle.
pub const BUNDLE_FILE: &str = "policy.bundle";

/// First line of the signed text. An audit log's key signs texts that begin with the log's origin, so
/// that no checkpoint passes for a bundle.
const HEAD: &str = "weir policy bundle 1";

/// The most files of one bundle.
const FILES_MAX: usize = 10_000;

/// What a signer says: these files, in this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    version: u64,
    files: BTreeMap<String, [u8; 32]>,
}

/// Why a bundle is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The note is not signed by the expected key, or is no note.
    #[error(
        "`policy.bundle` cannot be trusted, for it is not what the key of `policy.signed_by` signed: {0}"
    )]
    Signature(#[from] CheckpointError),
    /// The signed text is no manifest.
    #[error("`policy.bundle` is signed, but is no list of files: {0}")]
    Form(String),
    /// The policy names a file that nobody has signed.
    #[error("`{0}` is not among the files that `policy.bundle` signs; sign the bundle again with it")]
    Unlisted(String),
    /// A file is not the one that was signed.
    #[error("`{0}` is not the file that was signed; restore it, or sign the bundle again")]
    Changed(String),
    /// A path that could lead out of the bundle.
    #[error("`{0}` cannot be in a bundle; use a relative path of plain names with `/` between, without `..`")]
    Path(String),
    /// More files than a bundle may have.
    #[error("a bundle has at most {FILES_MAX} files")]
    TooMany,
}

impl Manifest {
    /// The manifest of these files: their paths in the bundle, and their bytes.
    ///
    /// # Errors
    /// [`BundleError::Path`] and [`BundleError::TooMany`].
    pub fn of<'f>(
        version: u64,
        files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
    ) -> Result<Self, BundleError> {
        let mut listed = BTreeMap::new();
        for (path, bytes) in files {
            check_path(path)?;
            listed.insert(path.to_owned(), Sha256::digest(bytes).into());
        }
        if listed.len() > FILES_MAX {
            return Err(BundleError::TooMany);
        }
        Ok(Self { version, files: listed })
    }

    /// Reads a note and checks its signature.
    ///
    /// # Errors
    /// [`BundleError`] when it is not signed by this key or is no manifest.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, BundleError> {
        Self::parse(verifier.open_note(note)?)
    }

    /// The note to write beside the files.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        signer.sign_note(&self.text())
    }

    /// The version. A higher one is newer.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Tells two bundles of one version apart: 64 hex digits.
    #[must_use]
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.text()))
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Checks a file against what was signed.
    ///
    /// # Errors
    /// [`BundleError::Unlisted`], [`BundleError::Changed`].
    pub fn check(&self, path: &str, bytes: &[u8]) -> Result<(), BundleError> {
        let signed = self.files.get(path).ok_or_else(|| BundleError::Unlisted(path.to_owned()))?;
        let found: [u8; 32] = Sha256::digest(bytes).into();
        if found == *signed { Ok(()) } else { Err(BundleError::Changed(path.to_owned())) }
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD}\nversion {}\n", self.version);
        for (path, digest) in &self.files {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {path}", hex(digest));
        }
        text
    }

    fn parse(text: &str) -> Result<Self, BundleError> {
        let form = |what: &str| BundleError::Form(what.to_owned());
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(form("the first line is not `weir policy bundle 1`"));
        }
        let version = lines.next().and_then(|line| line.strip_prefix("version ")?.parse().ok());
        let version = version.ok_or_else(|| form("the second line is no version"))?;
        let mut files = BTreeMap::new();
        for line in lines {
            let (digest, path) = line.split_once(' ').ok_or_else(|| form("a line is no `DIGEST PATH`"))?;
            check_path(path)?;
            files.insert(path.to_owned(), unhex(digest).ok_or_else(|| form("a digest is none"))?);
            if files.len() > FILES_MAX {
                return Err(BundleError::TooMany);
            }
        }
        let manifest = Self { version, files };
        // There is one way to write a manifest: no order, spelling or repetition left to choose.
        if manifest.text() == text { Ok(manifest) } else { Err(form("it is not in its one notation")) }
    }
}

/// A relative path of plain names.
fn check_path(path: &str) -> Result<(), BundleError> {
    let is_plain = |name: &str| {
        !name.is_empty()
            && name != "."
            && name != ".."
            && !name.chars().any(|c| c.is_control() || c == '\\' || c == ':')
    };
    if path.len() <= 1024 && path.split('/').all(is_plain) {
        Ok(())
    } else {
        Err(BundleError::Path(path.escape_debug().to_string()))
    }
}

fn hex(bytes: &[u8]) -> String {
    weir_audit::event::hex(bytes)
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_audit::checkpoint::Origin;

    fn signer(name: &str, seed: u8) -> Signer {
        Signer::new(Origin::parse(name).unwrap(), &[seed; 32])
    }

    fn manifest() -> Manifest {
        Manifest::of(7, [("policy.yaml", &b"policy: 1\n"[..]), ("terms/a.txt", b"x")]).unwrap()
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let signer = signer("policy", 1);
        let read = Manifest::open(&manifest().sign(&signer), signer.verifier()).unwrap();
        assert_eq!(read, manifest());
        assert_eq!(read.version(), 7);
        assert_eq!(read.check("policy.yaml", b"policy: 1\n"), Ok(()));
        assert_eq!(
            read.check("policy.yaml", b"policy: 2\n"),
            Err(BundleError::Changed("policy.yaml".to_owned()))
        );
        assert_eq!(read.check("other", b"x"), Err(BundleError::Unlisted("other".to_owned())));
    }

    #[test]
    fn a_changed_byte_another_key_and_another_order_are_refused() {
        let signer = signer("policy", 1);
        let note = manifest().sign(&signer);
        for (from, to) in
            [("version 7", "version 8"), ("terms/a.txt", "terms/b.txt"), ("bundle 1", "bundle 2")]
        {
            let changed = note.replace(from, to);
            assert_ne!(changed, note);
            let refused = Manifest::open(&changed, signer.verifier());
            assert_eq!(refused, Err(BundleError::Signature(CheckpointError::Signature)), "{to}");
        }
        let stranger = self::signer("policy", 2);
        assert!(matches!(
            Manifest::open(&note, stranger.verifier()),
            Err(BundleError::Signature(CheckpointError::Unsigned))
        ));
        let text = manifest().text();
        let (head, files) = text.split_at(text.find("\n").unwrap() + 1 + "version 7\n".len());
        let turned: String = files.lines().rev().map(|line| format!("{line}\n")).collect();
        let turned = signer.sign_note(&format!("{head}{turned}"));
        assert!(matches!(Manifest::open(&turned, signer.verifier()), Err(BundleError::Form(_))));
    }

    #[test]
    fn a_checkpoint_of_the_same_key_is_no_bundle() {
        let signer = signer("weir policy bundle 1".replace(' ', "-").as_str(), 1);
        let checkpoint = signer.sign(7, weir_audit::tree::Hash::leaf(b"x"));
        assert!(matches!(Manifest::open(&checkpoint, signer.verifier()), Err(BundleError::Form(_))));
    }

    #[test]
    fn a_bundle_has_no_more_files_than_it_may() {
        let names: Vec<String> = (0..=FILES_MAX).map(|number| format!("f{number:05}")).collect();
        let files = |count: usize| names.iter().take(count).map(|name| (name.as_str(), &b""[..]));
        assert!(Manifest::of(1, files(FILES_MAX)).is_ok());
        assert_eq!(Manifest::of(1, files(FILES_MAX + 1)), Err(BundleError::TooMany));
        let signer = signer("policy", 1);
        let digest = hex(&Sha256::digest(b""));
        let lines: String = names.iter().map(|name| format!("{digest} {name}\n")).collect();
        let note = signer.sign_note(&format!("{HEAD}\nversion 1\n{lines}"));
        assert_eq!(Manifest::open(&note, signer.verifier()), Err(BundleError::TooMany));
    }

    #[test]
    fn no_path_leads_out_of_a_bundle() {
        for path in ["../x", "a/../b", "/etc/passwd", "", "a//b", ".", "a\\b", "C:/x", "a\nb"] {
            assert!(Manifest::of(1, [(path, &b""[..])]).is_err(), "{path:?}");
        }
        assert!(Manifest::of(1, [("terms/kunden ä.txt", &b""[..])]).is_ok());
    }
}
