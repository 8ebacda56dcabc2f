//! Where the policy is: found, read, and if need be checked against a signature.
//!
//! A file, a directory, a directory of a git repository, or what was kept of a policy that was in force.
//! Nothing here connects to anything.

mod git;

use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use weir_audit::checkpoint::Verifier;
use weir_config::{PolicySettings, PolicySource, Source};
use weir_rollout::bundle::{BUNDLE_FILE, BundleError, Manifest};

pub use git::GitError;

/// Where the two files are.
#[derive(Debug, Clone)]
pub struct Sources {
    /// `weir.yaml`.
    pub config: PathBuf,
    /// The policy: a file, or a directory that holds `policy.yaml`. Without it the configuration says where
    /// the policy is.
    pub policy: Option<PathBuf>,
}

impl Sources {
    /// What the configuration says of the policy, and the state directory, as far as it can be read.
    #[must_use]
    pub fn settings(&self) -> (PolicySettings, PathBuf) {
        let text = std::fs::read_to_string(&self.config).unwrap_or_default();
        let (mut settings, state) = weir_config::policy_settings(Source { path: &self.config, text: &text });
        if let Some(policy) = &self.policy {
            settings.source = PolicySource::Path(policy.clone());
        }
        (settings, state)
    }

    /// `policy.yaml`, where it is a file on the disk; beside the configuration if it is not.
    #[must_use]
    pub fn policy_file(&self) -> PathBuf {
        policy_file(&self.settings().0.source, &self.config)
    }

    /// Files and directories whose change may mean another policy.
    pub(crate) fn signs(&self) -> Vec<PathBuf> {
        let (settings, _) = self.settings();
        match &settings.source {
            PolicySource::Git { repository, branch, .. } => git::signs(repository, branch),
            PolicySource::Beside | PolicySource::Path(_) => {
                let path = policy_file(&settings.source, &self.config);
                let mut signs = test_files(&path, is_directory(&settings.source));
                signs.push(path.with_file_name(BUNDLE_FILE));
                signs.push(path);
                signs
            }
        }
    }
}

/// The name of the policy in a directory.
const POLICY_FILE: &str = "policy.yaml";
/// How the name of a file of cases ends.
const CASES_END: &str = ".test.yaml";

/// Why there is no policy to read.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The repository does not hold it.
    #[error(transparent)]
    Git(#[from] GitError),
    /// It must be signed, and is not as it must be.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// It must be signed, and nothing says that it is.
    #[error(
        "the policy must be signed (`policy.signed_by` in the configuration), and there is no `{path}`: {source}; \
         `weir policy sign` makes one",
        path = path.display()
    )]
    Unsigned {
        /// Where the signature belongs.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What is known of a policy beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Origin {
    /// The git commit it was read from.
    pub commit: Option<String>,
    /// The version and digest of the signed bundle.
    pub signed: Option<(u64, String)>,
}

/// A policy as it was found, before it is understood.
#[derive(Debug)]
pub(crate) struct Found {
    /// `policy.yaml`, as problems name it.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The files of cases beside it.
    pub cases: Vec<(PathBuf, String)>,
    pub origin: Origin,
    manifest: Option<Manifest>,
    files: Files,
}

/// Where the files are that the policy names.
#[derive(Debug)]
enum Files {
    Disk,
    /// Whole paths without `.` and `..`, and what is there.
    Memory(BTreeMap<PathBuf, Vec<u8>>),
    /// The same; what is not there is on the disk.
    Kept(BTreeMap<PathBuf, Vec<u8>>),
}

impl Found {
    /// Finds the policy where the settings say.
    ///
    /// # Errors
    /// [`FindError`].
    pub fn find(config: &Path, settings: &PolicySettings) -> Result<Self, FindError> {
        let mut found = match &settings.source {
            PolicySource::Git { repository, branch, path } => {
                let tree = git::read(repository, branch, path)?;
                Self::in_tree(tree)?
            }
            PolicySource::Beside | PolicySource::Path(_) => {
                let path = policy_file(&settings.source, config);
                Self::on_disk(path, is_directory(&settings.source))?
            }
        };
        if let Some(key) = &settings.signed_by {
            found.check_signature(key)?;
        }
        Ok(found)
    }

    /// What was kept of a policy: its text, its cases, and the files that it names.
    pub fn kept(
        path: PathBuf,
        text: String,
        cases: Vec<(PathBuf, String)>,
        files: BTreeMap<PathBuf, Vec<u8>>,
        origin: Origin,
    ) -> Self {
        Self { path, text, cases, origin, manifest: None, files: Files::Kept(files) }
    }

    fn on_disk(path: PathBuf, is_directory: bool) -> Result<Self, FindError> {
        let text = read_text(&path)?;
        let cases = test_files(&path, is_directory).into_iter();
        let cases = cases.map(|path| Ok((path.clone(), read_text(&path)?)));
        let cases = cases.collect::<Result<_, FindError>>()?;
        Ok(Self { path, text, cases, origin: Origin::default(), manifest: None, files: Files::Disk })
    }

    fn in_tree(tree: git::Tree) -> Result<Self, FindError> {
        let git::Tree { root, commit, files } = tree;
        let path = root.join(POLICY_FILE);
        let utf8 = |path: &Path, bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).map_err(|_| FindError::Read {
                path: path.to_owned(),
                source: io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"),
            })
        };
        let Some(bytes) = files.get(&path) else {
            return Err(FindError::Read { path, source: io::ErrorKind::NotFound.into() });
        };
        let text = utf8(&path, bytes)?;
        let is_case = |path: &&PathBuf| path.parent() == Some(root.as_path()) && holds_cases(path);
        let cases = files.keys().filter(is_case);
        let cases =
            cases.filter_map(|path| Some(utf8(path, files.get(path)?).map(|text| (path.clone(), text))));
        let cases = cases.collect::<Result<_, FindError>>()?;
        let origin = Origin { commit: Some(commit), signed: None };
        Ok(Self { path, text, cases, origin, manifest: None, files: Files::Memory(files) })
    }

    fn check_signature(&mut self, key: &Verifier) -> Result<(), FindError> {
        let path = self.path.with_file_name(BUNDLE_FILE);
        let note = self.bytes_of(&path).map_err(|source| FindError::Unsigned { path, source })?;
        let manifest = Manifest::open(&String::from_utf8_lossy(&note), key)?;
        self.origin.signed = Some((manifest.version(), manifest.digest()));
        let signed = [(&self.path, &self.text)].into_iter().chain(self.cases.iter().map(|(p, t)| (p, t)));
        for (path, text) in signed {
            manifest.check(&self.in_bundle(path)?, text.as_bytes())?;
        }
        self.manifest = Some(manifest);
        Ok(())
    }

    /// A file that the policy names. With a signature it is the file that was signed, or an error.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.bytes_of(path)?;
        if let Some(manifest) = &self.manifest {
            let name = self.in_bundle(path).map_err(io::Error::other)?;
            manifest.check(&name, &bytes).map_err(io::Error::other)?;
        }
        Ok(bytes)
    }

    /// Whether the files that it names are on the disk and can be told apart by what the file system says.
    pub fn is_plain(&self) -> bool {
        self.manifest.is_none() && matches!(self.files, Files::Disk | Files::Kept(_))
    }

    fn bytes_of(&self, path: &Path) -> io::Result<Vec<u8>> {
        let held = |files: &BTreeMap<PathBuf, Vec<u8>>| files.get(&plain(path)).cloned();
        match &self.files {
            Files::Disk => std::fs::read(path),
            Files::Memory(files) => held(files).ok_or_else(|| io::ErrorKind::NotFound.into()),
            Files::Kept(files) => held(files).map_or_else(|| std::fs::read(path), Ok),
        }
    }

    /// The path of a file in the bundle, with `/` between names.
    fn in_bundle(&self, path: &Path) -> Result<String, BundleError> {
        let root = self.path.parent().map(plain).unwrap_or_default();
        let unlisted = || BundleError::Unlisted(path.display().to_string());
        let inside = plain(path);
        let inside = inside.strip_prefix(root).map_err(|_| unlisted())?;
        let names: Option<Vec<&str>> = inside.iter().map(|name| name.to_str()).collect();
        Ok(names.ok_or_else(unlisted)?.join("/"))
    }

    /// The digest of everything found so far.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        add(&self.text);
        for (path, text) in &self.cases {
            add(&path.display().to_string());
            add(text);
        }
        let Origin { commit, signed } = &self.origin;
        add(commit.as_deref().unwrap_or_default());
        add(signed.as_ref().map_or("", |(_, digest)| digest));
        digest.finalize().into()
    }
}

/// The path without `.` and `..`, by its letters alone.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            Component::ParentDir | Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                plain.push(component);
            }
        }
    }
    plain
}

fn is_directory(source: &PolicySource) -> bool {
    matches!(source, PolicySource::Path(path) if path.is_dir())
}

/// `policy.yaml`, wherever it is on the disk.
fn policy_file(source: &PolicySource, config: &Path) -> PathBuf {
    match source {
        PolicySource::Path(path) if path.is_dir() => path.join(POLICY_FILE),
        PolicySource::Path(path) => path.clone(),
        PolicySource::Beside | PolicySource::Git { .. } => config.with_file_name(POLICY_FILE),
    }
}

/// The files of cases: of a directory every `*.test.yaml`, of a file `NAME.yaml` the one that is called
/// `NAME.test.yaml`.
fn test_files(policy: &Path, is_directory: bool) -> Vec<PathBuf> {
    if !is_directory {
        let stem = policy.file_stem().unwrap_or_default().to_string_lossy();
        let beside = policy.with_file_name(format!("{stem}{CASES_END}"));
        return beside.is_file().then_some(beside).into_iter().collect();
    }
    let directory = policy.parent().unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let files: BTreeSet<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| holds_cases(path)).collect();
    files.into_iter().collect()
}

fn holds_cases(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(CASES_END))
}

fn read_text(path: &Path) -> Result<String, FindError> {
    std::fs::read_to_string(path).map_err(|source| FindError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_audit::checkpoint::{Origin as KeyName, Signer};

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    fn settings(dir: &Path, signed_by: Option<&Signer>) -> PolicySettings {
        PolicySettings {
            source: PolicySource::Path(dir.to_owned()),
            signed_by: signed_by.map(|signer| signer.verifier().clone()),
            ..PolicySettings::default()
        }
    }

    fn signer() -> Signer {
        Signer::new(KeyName::parse("policy").unwrap(), &[7; 32])
    }

    #[test]
    fn a_directory_has_all_its_cases_and_a_file_has_its_own() {
        let dir = directory(&[
            ("policy.yaml", "p"),
            ("policy.test.yaml", "t"),
            ("hr.test.yaml", "h"),
            ("other.yaml", "o"),
        ]);
        let names = |found: &Found| -> Vec<String> {
            let name =
                |(path, _): &(PathBuf, String)| path.file_name().unwrap().to_string_lossy().into_owned();
            found.cases.iter().map(name).collect()
        };
        let config = dir.path().join("weir.yaml");
        let found = Found::find(&config, &settings(dir.path(), None)).unwrap();
        assert_eq!(
            (found.text.as_str(), names(&found)),
            ("p", vec!["hr.test.yaml".into(), "policy.test.yaml".into()])
        );
        let found = Found::find(&config, &PolicySettings::default()).unwrap();
        assert_eq!((found.text.as_str(), names(&found)), ("p", vec!["policy.test.yaml".into()]));
    }

    #[test]
    fn what_a_signed_policy_names_must_be_signed_too() {
        let dir = directory(&[("policy.yaml", "p"), ("terms/a.txt", "a"), ("terms/b.txt", "b")]);
        let config = dir.path().join("weir.yaml");
        let settings = settings(dir.path(), Some(&signer()));
        assert!(matches!(Found::find(&config, &settings), Err(FindError::Unsigned { .. })));
        let manifest = Manifest::of(3, [("policy.yaml", &b"p"[..]), ("terms/a.txt", b"a")]).unwrap();
        std::fs::write(dir.path().join(BUNDLE_FILE), manifest.sign(&signer())).unwrap();
        let found = Found::find(&config, &settings).unwrap();
        assert_eq!(found.origin.signed, Some((3, manifest.digest())));
        let read = |name: &str| found.read(&dir.path().join(name));
        assert_eq!(read("terms/a.txt").unwrap(), b"a");
        assert_eq!(read("terms/../terms/./a.txt").unwrap(), b"a");
        assert!(read("terms/b.txt").unwrap_err().to_string().contains("not among the files"));
        assert!(found.read(Path::new("/etc/hostname")).is_err());
        std::fs::write(dir.path().join("terms/a.txt"), "A").unwrap();
        assert!(read("terms/a.txt").unwrap_err().to_string().contains("not the file that was signed"));
        std::fs::write(dir.path().join("policy.yaml"), "q").unwrap();
        assert!(matches!(Found::find(&config, &settings), Err(FindError::Bundle(BundleError::Changed(_)))));
    }
}
