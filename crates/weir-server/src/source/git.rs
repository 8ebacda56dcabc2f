//! A directory of a branch of a git repository on this machine, read into memory.
//!
//! The objects are read as they are in the repository: there need be no working tree, and none is looked
//! at. Nothing is fetched here; `docs/decisions/0007` says why.

use gix_hash::ObjectId;
use gix_object::tree::EntryKind;
use gix_object::{FindExt as _, FindHeader as _};
use gix_odb::Handle;
use gix_ref::Target;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a branch may hold below the directory of the policy.
const FILES_MAX: usize = 10_000;
const BYTES_MAX: u64 = 256 << 20;
const DEPTH_MAX: usize = 16;

/// The files of a directory at a commit.
#[derive(Debug)]
pub(super) struct Tree {
    /// What stands before the paths, such as `policies.git@main`.
    pub root: PathBuf,
    /// The commit, in hexadecimal.
    pub commit: String,
    /// Whole paths, and what is there.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

/// Why a repository gives no policy.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It cannot be read as a repository.
    #[error("`{path}` cannot be read as a git repository: {what}", path = path.display())]
    Repository {
        /// The repository.
        path: PathBuf,
        /// What the reader says.
        what: String,
    },
    /// It has no such branch.
    #[error("`{path}` has no branch `{branch}`", path = path.display())]
    NoBranch {
        /// The repository.
        path: PathBuf,
        /// The branch.
        branch: String,
    },
    /// The branch has no such directory.
    #[error("branch `{branch}` has no directory `{directory}`")]
    NoDirectory {
        /// The branch.
        branch: String,
        /// The directory.
        directory: String,
    },
    /// More than a policy can be.
    #[error(
        "the directory of the policy holds more than {FILES_MAX} files or 256 MiB; give the policy one of its own (`policy.git.path`)"
    )]
    TooLarge,
}

/// Reads what is below `directory` at the tip of `branch`.
pub(super) fn read(repository: &Path, branch: &str, directory: &str) -> Result<Tree, GitError> {
    let broken = |what: String| GitError::Repository { path: repository.to_owned(), what };
    let git = git_directory(repository);
    let no_branch = || GitError::NoBranch { path: repository.to_owned(), branch: branch.to_owned() };
    if !git.join("objects").is_dir() {
        return Err(broken("there is no `objects` directory in it".to_owned()));
    }
    let refs = gix_ref::file::Store::at(git.clone(), gix_hash::Kind::Sha1);
    let found = refs.try_find(format!("refs/heads/{branch}").as_str());
    let found = found.map_err(|error| broken(error.to_string()))?.ok_or_else(no_branch)?;
    let Target::Object(commit) = found.target else { return Err(no_branch()) };
    let objects =
        gix_odb::at(git.join("objects"), gix_hash::Kind::Sha1).map_err(|error| broken(error.to_string()))?;
    let mut reader = Reader { objects, files: BTreeMap::new(), bytes: 0, broken: &broken };
    let mut tree = reader.tree_of(commit)?;
    for name in directory.split('/').filter(|name| !name.is_empty()) {
        let below = reader.directory(tree, name)?;
        tree = below.ok_or_else(|| GitError::NoDirectory {
            branch: branch.to_owned(),
            directory: directory.to_owned(),
        })?;
    }
    let mut root = repository.as_os_str().to_owned();
    root.push(format!("@{branch}"));
    let root = PathBuf::from(root).join(directory);
    reader.take(tree, &root, 0)?;
    Ok(Tree { root, commit: commit.to_string(), files: reader.files })
}

/// Files that change when the branch does.
pub(super) fn signs(repository: &Path, branch: &str) -> Vec<PathBuf> {
    let git = git_directory(repository);
    vec![git.join("refs/heads").join(branch), git.join("packed-refs")]
}

fn git_directory(repository: &Path) -> PathBuf {
    let inner = repository.join(".git");
    if inner.is_dir() { inner } else { repository.to_owned() }
}

struct Reader<'a> {
    objects: Handle,
    files: BTreeMap<PathBuf, Vec<u8>>,
    bytes: u64,
    broken: &'a dyn Fn(String) -> GitError,
}

impl Reader<'_> {
    fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, GitError> {
        let mut buffer = Vec::new();
        let commit = self.objects.find_commit(&commit, &mut buffer);
        Ok(commit.map_err(|error| (self.broken)(error.to_string()))?.tree())
    }

    fn directory(&self, tree: ObjectId, name: &str) -> Result<Option<ObjectId>, GitError> {
        let mut buffer = Vec::new();
        let tree = self.objects.find_tree(&tree, &mut buffer);
        let tree = tree.map_err(|error| (self.broken)(error.to_string()))?;
        let found = tree.entries.iter().find(|entry| entry.filename == name && entry.mode.is_tree());
        Ok(found.map(|entry| entry.oid.to_owned()))
    }

    /// Takes every plain file below a tree. Links and submodules are passed over: what they point to is not
    /// part of the commit, and a policy that names one is told that it does not exist.
    fn take(&mut self, tree: ObjectId, path: &Path, depth: usize) -> Result<(), GitError> {
        if depth > DEPTH_MAX {
            return Err(GitError::TooLarge);
        }
        let mut buffer = Vec::new();
        let tree = self.objects.find_tree(&tree, &mut buffer);
        let tree = tree.map_err(|error| (self.broken)(error.to_string()))?;
        let entries: Vec<(EntryKind, PathBuf, ObjectId)> = tree
            .entries
            .iter()
            .map(|e| (e.mode.kind(), path.join(e.filename.to_string()), e.oid.to_owned()))
            .collect();
        for (kind, path, id) in entries {
            match kind {
                EntryKind::Tree => self.take(id, &path, depth + 1)?,
                EntryKind::Blob | EntryKind::BlobExecutable => self.take_file(id, path)?,
                EntryKind::Link | EntryKind::Commit => {}
            }
        }
        Ok(())
    }

    fn take_file(&mut self, id: ObjectId, path: PathBuf) -> Result<(), GitError> {
        // Its size first, so that nothing too large is held.
        let header = self.objects.try_header(&id).map_err(|error| (self.broken)(error.to_string()))?;
        self.bytes = self.bytes.saturating_add(header.map_or(0, |header| header.size));
        if self.files.len() >= FILES_MAX || self.bytes > BYTES_MAX {
            return Err(GitError::TooLarge);
        }
        let mut buffer = Vec::new();
        let blob = self.objects.find_blob(&id, &mut buffer);
        let bytes = blob.map_err(|error| (self.broken)(error.to_string()))?.data.to_vec();
        self.files.insert(path, bytes);
        Ok(())
    }
}
