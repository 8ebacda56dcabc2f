//! The keys of tenants.

use super::seal::{ENCAPSULATED_BYTES, Opener, PrivateKey, Sealer, binding};
use super::{ContentError, Contents, io_at, named};
use crate::whole;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use weir_audit::Ident;
use weir_audit::content::ContentKey;
use weir_audit::event::hex;

/// Length of the id of a key.
pub(super) const KEY_ID_BYTES: usize = 8;
const KEYS: &str = "keys";

/// The public key of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantKey {
    pub(super) public: ContentKey,
    pub(super) id: [u8; KEY_ID_BYTES],
}

/// A key of a tenant, and whether it was made just now.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// The key.
    pub key: TenantKey,
    /// It was not there before.
    pub is_new: bool,
}

impl TenantKey {
    fn of(public: ContentKey) -> Self {
        let digest: [u8; 32] = Sha256::digest(public.as_bytes()).into();
        let mut id = [0; KEY_ID_BYTES];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self { public, id }
    }

    /// The id that records and files of content name it by.
    #[must_use]
    pub fn id(&self) -> Ident {
        Ident::new(&hex(&self.id))
    }
}

/// The file of a tenant's key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    tenant: Option<String>,
    public: String,
    /// The auditor's key, which the private key is encrypted for.
    auditor: String,
    /// The private key, encrypted, in base64.
    private: String,
}

impl Contents {
    /// The newest key of a tenant that this auditor can open, which is made if there is none.
    pub(super) fn tenant_key(
        &self,
        auditor: &ContentKey,
        tenant: Option<&str>,
    ) -> Result<Held, ContentError> {
        let _one_at_a_time = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = directory_of(&self.directory, tenant);
        let auditor_text = auditor.to_string();
        for path in files(&directory)? {
            let file = KeyFile::load(&path)?;
            if file.auditor == auditor_text {
                return Ok(Held { key: TenantKey::of(file.public(&path)?), is_new: false });
            }
        }
        let private = PrivateKey::generate()?;
        let key = TenantKey::of(private.public()?);
        let file = KeyFile::seal(&private, &key, auditor, tenant)?;
        let path = directory.join(key.id().as_str());
        whole::create_private_directory(&directory).map_err(io_at(&directory))?;
        whole::replace(&path, &file).map_err(io_at(&path))?;
        Ok(Held { key, is_new: true })
    }

    /// The ids of the keys of a tenant.
    ///
    /// # Errors
    /// [`ContentError::NoTenant`] if there are none.
    pub fn keys_of(&self, tenant: Option<&str>) -> Result<Vec<Ident>, ContentError> {
        let files = files(&directory_of(&self.directory, tenant))?;
        let ids: Vec<Ident> =
            files.iter().filter_map(|path| path.file_name()?.to_str()).map(Ident::new).collect();
        if ids.is_empty() { Err(ContentError::NoTenant(named(tenant))) } else { Ok(ids) }
    }

    /// Destroys these keys of a tenant: nobody can read any more what was captured for them. Say so in the log before.
    ///
    /// # Errors
    /// [`ContentError::Io`]; what is left of the keys is still there.
    pub fn destroy(&self, tenant: Option<&str>, keys: &[Ident]) -> Result<(), ContentError> {
        let _one_at_a_time = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = directory_of(&self.directory, tenant);
        for key in keys {
            let path = directory.join(key.as_str());
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_at(&path)(error)),
                _ => {}
            }
        }
        fs::File::open(&directory).and_then(|opened| opened.sync_all()).map_err(io_at(&directory))
    }
}

/// The private key of a tenant that content of this key id was captured for: the given one, if it is that, or what
/// the auditor's key opens.
pub(super) fn private_key(
    directory: &Path,
    tenant: Option<&str>,
    id: &[u8],
    given: &PrivateKey,
) -> Result<PrivateKey, ContentError> {
    let public = given.public()?;
    if TenantKey::of(public).id == id {
        return PrivateKey::from_bytes(given.as_bytes()).ok_or(ContentError::BadKey);
    }
    let path = directory_of(directory, tenant).join(hex(id));
    let file = match KeyFile::load(&path) {
        Err(ContentError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Err(ContentError::NoTenant(named(tenant)));
        }
        file => file?,
    };
    file.open(&path, tenant, given)
}

/// The private key of a tenant, to be handed to who may read the content of this tenant alone: the newest one that the
/// auditor's key opens.
///
/// # Errors
/// [`ContentError`] if there is none.
pub fn export(state: &Path, tenant: Option<&str>, auditor: &PrivateKey) -> Result<PrivateKey, ContentError> {
    let directory = directory_of(&state.join(super::CONTENT), tenant);
    let files = files(&directory)?;
    if files.is_empty() {
        return Err(ContentError::NoTenant(named(tenant)));
    }
    let mut last = Err(ContentError::NoTenant(named(tenant)));
    for path in files {
        last = KeyFile::load(&path)?.open(&path, tenant, auditor);
        if last.is_ok() {
            break;
        }
    }
    last
}

impl KeyFile {
    fn seal(
        private: &PrivateKey,
        key: &TenantKey,
        auditor: &ContentKey,
        tenant: Option<&str>,
    ) -> Result<Vec<u8>, ContentError> {
        let (mut sealed, mut sealer) =
            Sealer::new(auditor, &bound_to(tenant)).map(|(key, sealer)| (key.to_vec(), sealer))?;
        let of_key = sealer.seal(private.as_bytes(), &[]).map_err(|_| ContentError::BadKey)?;
        sealed.extend(of_key);
        let file = Self {
            tenant: tenant.map(str::to_owned),
            public: key.public.to_string(),
            auditor: auditor.to_string(),
            private: STANDARD.encode(sealed),
        };
        // Strings alone, which are always written.
        serde_json::to_vec_pretty(&file).map_err(|_| ContentError::BadKey)
    }

    fn load(path: &Path) -> Result<Self, ContentError> {
        let bytes = fs::read(path).map_err(io_at(path))?;
        serde_json::from_slice(&bytes).map_err(|_| malformed(path))
    }

    fn public(&self, path: &Path) -> Result<ContentKey, ContentError> {
        self.public.parse().map_err(|_| malformed(path))
    }

    fn open(
        &self,
        path: &Path,
        tenant: Option<&str>,
        auditor: &PrivateKey,
    ) -> Result<PrivateKey, ContentError> {
        let sealed = STANDARD.decode(&self.private).map_err(|_| malformed(path))?;
        let (encapsulated, sealed) =
            sealed.split_at_checked(ENCAPSULATED_BYTES).ok_or_else(|| malformed(path))?;
        let opened = Opener::new(auditor, encapsulated, &bound_to(tenant));
        let private = opened.and_then(|mut opener| opener.open(sealed, &[]));
        private
            .and_then(|bytes| PrivateKey::from_bytes(&bytes))
            .ok_or_else(|| ContentError::WrongKey(named(tenant)))
    }
}

fn bound_to(tenant: Option<&str>) -> Vec<u8> {
    binding("weir content key 1", &[], tenant)
}

fn malformed(path: &Path) -> ContentError {
    ContentError::Malformed { path: path.to_owned(), what: "it is no key of a tenant" }
}

/// Any name is the name of a tenant; a directory is named by its hash.
fn directory_of(contents: &Path, tenant: Option<&str>) -> PathBuf {
    let digest = Sha256::digest(binding("weir content tenant 1", &[], tenant));
    let name: String = hex(&digest).chars().take(32).collect();
    contents.join(KEYS).join(name)
}

/// The files of a directory but for unfinished ones, newest first.
fn files(directory: &Path) -> Result<Vec<PathBuf>, ContentError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io_at(directory))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(io_at(directory))?.path();
        if path.extension().is_none() {
            let made = fs::metadata(&path).and_then(|about| about.modified()).map_err(io_at(&path))?;
            files.push((std::cmp::Reverse(made), path));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
