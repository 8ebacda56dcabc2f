//! Captured content: prompts and answers, encrypted so that the gateway itself cannot read them.
//!
//! Two layers of HPKE (RFC 9180, base mode: X25519, HKDF-SHA-256, AES-256-GCM). Each tenant has a key pair of its own;
//! content is encrypted for its public key, and its private key for that of an auditor, who is elsewhere. The gateway
//! makes a tenant's private key, encrypts it and forgets it. To destroy the file with the encrypted key is to destroy
//! everything that was captured for the tenant. The format is in `docs/formats/content.md`.
//!
//! INVARIANT (encrypt only): nothing here but [`read`] and [`export`] takes a private key, and the gateway calls neither.

mod capture;
mod days;
mod read;
mod seal;
mod tenants;

pub use capture::{Capture, PIECE_BYTES};
pub use days::Expired;
pub use read::{Found, find, read};
pub use seal::PrivateKey;
pub use tenants::{Held, TenantKey, export};

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use weir_audit::content::ContentKey;
use weir_audit::{Ident, WallTime};

/// The directory below the state directory.
pub const CONTENT: &str = "content";

/// Where captured content is.
#[derive(Debug)]
pub struct Contents {
    directory: PathBuf,
    /// Held by who makes or destroys keys of tenants.
    keys: Mutex<()>,
}

/// Which half of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What was asked, as it was inspected.
    Prompt,
    /// What the client was given.
    Answer,
}

/// Whose content, and of which request.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The tenant; callers without one are a tenant too.
    pub tenant: Option<&'a str>,
    /// The request.
    pub request: &'a Ident,
    /// Which half of it.
    pub part: Part,
}

/// Why content cannot be captured, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The operating system refused.
    #[error("`{path}`: {source}", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the operating system gave no random numbers")]
    Random(#[source] getrandom::Error),
    /// The key that content is to be encrypted for is no key that anybody can have.
    #[error("nothing can be encrypted for this key; make one with `weir audit content-key new`")]
    BadKey,
    /// A file of this directory is not of Weir's making.
    #[error("`{path}` cannot be read: {what}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// There is no key of the tenant.
    #[error("there is no key of {0}: nothing was captured for it, or its key was destroyed")]
    NoTenant(String),
    /// The key does not open it.
    #[error(
        "this key does not open content of {0}; it takes the auditor's key, or the one exported for this tenant"
    )]
    WrongKey(String),
    /// The content is not what its key was used for: it was changed, or is another request's.
    #[error("`{path}` was changed, or is another request's content", path = path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file is there already.
    #[error("`{path}` is there already; a key is never overwritten", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

impl Contents {
    /// The content below a state directory. Touches nothing.
    #[must_use]
    pub fn below(state: &Path) -> Self {
        Self { directory: state.join(CONTENT), keys: Mutex::default() }
    }

    /// Begins to capture, for a key of the tenant, which is made if there is none that this auditor can open. Blocks.
    ///
    /// # Errors
    /// [`ContentError`]; nothing was captured then.
    pub fn begin(
        &self,
        auditor: &ContentKey,
        subject: Subject<'_>,
        now: WallTime,
    ) -> Result<(Capture, Held), ContentError> {
        let held = self.tenant_key(auditor, subject.tenant)?;
        let path = days::directory(&self.directory, now).join(subject.file_name());
        Ok((Capture::begin(path, &held.key, subject)?, held))
    }
}

impl Part {
    /// Both.
    pub const ALL: [Part; 2] = [Part::Prompt, Part::Answer];

    /// The word used in files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Part::Prompt => "prompt",
            Part::Answer => "answer",
        }
    }
}

impl Subject<'_> {
    fn file_name(&self) -> String {
        format!("{}.{}", self.request, self.part.as_str())
    }

    /// What the encryption is bound to: what is said here of the content is so, or it does not open.
    fn binding(&self) -> Vec<u8> {
        seal::binding("weir content 1", &[self.part.as_str(), self.request.as_str()], self.tenant)
    }
}

/// A tenant in messages.
fn named(tenant: Option<&str>) -> String {
    tenant.map_or_else(|| "callers without a tenant".to_owned(), |tenant| format!("tenant `{tenant}`"))
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> ContentError {
    let path = path.to_owned();
    move |source| ContentError::Io { path, source }
}

#[cfg(test)]
mod tests;
