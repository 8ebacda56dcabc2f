//! HPKE, as content and the keys of tenants are encrypted.

use super::{ContentError, io_at};
use crate::secret::{self, SECRET_BYTES};
use hpke::aead::{AeadCtxR, AeadCtxS, AesGcm256};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, HpkeError, Kem as _, OpModeR, OpModeS, Serializable as _};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use weir_audit::content::ContentKey;
use zeroize::Zeroizing;

type Kem = X25519HkdfSha256;
type Public = <Kem as hpke::Kem>::PublicKey;
type Private = <Kem as hpke::Kem>::PrivateKey;
type Encapsulated = <Kem as hpke::Kem>::EncappedKey;

/// Length of the key that each encryption is made with, encapsulated.
pub(super) const ENCAPSULATED_BYTES: usize = 32;
/// What encryption adds to a piece.
pub(super) const TAG_BYTES: usize = 16;

/// A private key: the auditor's, or a tenant's.
pub struct PrivateKey(Zeroizing<[u8; SECRET_BYTES]>);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl PrivateKey {
    /// A new key.
    ///
    /// # Errors
    /// [`ContentError::Random`].
    pub fn generate() -> Result<Self, ContentError> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(ContentError::Random)?;
        Ok(Self(bytes))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The key in a file of its 32 bytes.
    ///
    /// # Errors
    /// [`ContentError`] if there is none.
    pub fn load(path: &Path) -> Result<Self, ContentError> {
        let what = "it is no private key of content: that is a file of 32 bytes";
        let malformed = || ContentError::Malformed { path: path.to_owned(), what };
        match secret::load(path) {
            Ok(Some(bytes)) => Ok(Self(bytes)),
            Ok(None) => Err(io_at(path)(std::io::ErrorKind::NotFound.into())),
            Err(secret::SecretFileError::Io { source, .. }) => Err(io_at(path)(source)),
            Err(_) => Err(malformed()),
        }
    }

    /// Writes the key into a new file that its owner alone can read.
    ///
    /// # Errors
    /// [`ContentError`]; a file that is there stays as it is.
    pub fn save(&self, path: &Path) -> Result<(), ContentError> {
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = match opened {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(ContentError::Exists { path: path.to_owned() });
            }
            opened => opened.map_err(io_at(path))?,
        };
        let written = file.write_all(self.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| {
            let _ = fs::remove_file(path);
            io_at(path)(error)
        })
    }

    /// What content is encrypted for.
    ///
    /// # Errors
    /// [`ContentError::BadKey`] for bytes that are no key.
    pub fn public(&self) -> Result<ContentKey, ContentError> {
        let public = Kem::sk_to_pk(&self.private()?).to_bytes();
        ContentKey::new(public.into()).map_err(|_| ContentError::BadKey)
    }

    fn private(&self) -> Result<Private, ContentError> {
        Private::from_bytes(self.as_bytes()).map_err(|_| ContentError::BadKey)
    }
}

/// What an encryption is bound to: words of known number, and the tenant, each with its length before it.
pub(super) fn binding(purpose: &str, words: &[&str], tenant: Option<&str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut push = |word: &str| {
        bytes.extend_from_slice(&u32::try_from(word.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(word.as_bytes());
    };
    push(purpose);
    words.iter().for_each(|word| push(word));
    // Without a tenant nothing follows: a tenant of no name would be followed by a length.
    tenant.into_iter().for_each(push);
    bytes
}

/// Encrypts pieces in their order.
pub(super) struct Sealer(AeadCtxS<AesGcm256, HkdfSha256, Kem>);

/// Decrypts pieces in their order.
pub(super) struct Opener(AeadCtxR<AesGcm256, HkdfSha256, Kem>);

impl Sealer {
    /// A new encryption for a key, and what its owner needs to open it.
    pub fn new(to: &ContentKey, binding: &[u8]) -> Result<([u8; ENCAPSULATED_BYTES], Self), ContentError> {
        let to = Public::from_bytes(to.as_bytes()).map_err(|_| ContentError::BadKey)?;
        let sealer = hpke::setup_sender::<AesGcm256, HkdfSha256, Kem>(&OpModeS::Base, &to, binding);
        let (encapsulated, context) = sealer.map_err(|_| ContentError::BadKey)?;
        Ok((encapsulated.to_bytes().into(), Self(context)))
    }

    pub fn seal(&mut self, piece: &[u8], beside: &[u8]) -> Result<Vec<u8>, HpkeError> {
        self.0.seal(piece, beside)
    }
}

impl Opener {
    /// `None` if the key opens nothing of this kind.
    pub fn new(key: &PrivateKey, encapsulated: &[u8], binding: &[u8]) -> Option<Self> {
        let encapsulated = Encapsulated::from_bytes(encapsulated).ok()?;
        let private = key.private().ok()?;
        let context = hpke::setup_receiver::<AesGcm256, HkdfSha256, Kem>(
            &OpModeR::Base,
            &private,
            &encapsulated,
            binding,
        );
        context.ok().map(Self)
    }

    /// `None` if it was changed, is not the next one, or was encrypted for another key.
    pub fn open(&mut self, sealed: &[u8], beside: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open(sealed, beside).ok().map(Zeroizing::new)
    }
}
