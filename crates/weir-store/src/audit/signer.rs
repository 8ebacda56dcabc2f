use super::files::{Layout, read_optional};
use super::{AuditError, Disk, rotate};
use std::path::Path;
use weir_audit::checkpoint::{CheckpointError, Origin, Signer, Verifier};
use weir_audit::event::hex;
use weir_audit::tree::Hash;
use zeroize::Zeroizing;

/// The key of the log, made when the log is.
///
/// A log without its key is refused and not given a new one: the new key's checkpoints could not be
/// told from those of somebody who replaced the log.
pub(super) fn open_signer(layout: &Layout, disk: &dyn Disk, origin: &Origin) -> Result<Signer, AuditError> {
    let path = layout.secret_key();
    let seed = match read_optional(&path)? {
        Some(bytes) => parse_seed(&Zeroizing::new(bytes)).ok_or(AuditError::KeyUnusable(path))?,
        None if has_begun(layout)? => return Err(AuditError::KeyMissing(path)),
        None => create_seed(&path, disk)?,
    };
    let signer = Signer::new(origin.clone(), &seed);
    let signer = rotate::resume(layout, disk, signer)?;
    if has_begun(layout)? {
        check_public(layout, &signer)?
    } else {
        begin(layout, disk, &signer)?
    }
    Ok(signer)
}

/// The public key that lies beside the log.
pub(super) fn read_verifier(layout: &Layout) -> Result<Verifier, AuditError> {
    let path = layout.public_key();
    let bytes = std::fs::read(&path).map_err(AuditError::io(&path))?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    let verifier = text.strip_suffix('\n').ok_or(CheckpointError::VerifierKey).and_then(str::parse);
    verifier.map_err(|source| AuditError::Checkpoint { path, source })
}

/// Signs a text with the key of a log: what its first line says it is, and a line end at its end.
///
/// # Errors
/// [`AuditError`] if the key cannot be read or is not that of the log.
pub fn sign_as_log(dir: &Path, text: &str) -> Result<String, AuditError> {
    Ok(load_signer(&Layout::new(dir))?.sign_note(text))
}

/// The key of a log that has begun.
pub(super) fn load_signer(layout: &Layout) -> Result<Signer, AuditError> {
    let path = layout.secret_key();
    let verifier = read_verifier(layout)?;
    let bytes =
        read_optional(&path)?.map(Zeroizing::new).ok_or_else(|| AuditError::KeyMissing(path.clone()))?;
    let seed = parse_seed(&bytes).ok_or_else(|| AuditError::KeyUnusable(path.clone()))?;
    let signer = Signer::new(verifier.origin().clone(), &seed);
    if *signer.verifier() == verifier { Ok(signer) } else { Err(AuditError::KeyUnusable(path)) }
}

fn check_public(layout: &Layout, signer: &Signer) -> Result<(), AuditError> {
    let verifier = read_verifier(layout)?;
    if verifier.origin() != signer.origin() {
        return Err(AuditError::Origin {
            found: verifier.origin().to_string(),
            expected: signer.origin().to_string(),
        });
    }
    if verifier == *signer.verifier() { Ok(()) } else { Err(AuditError::KeyUnusable(layout.public_key())) }
}

/// Whether there is anything that a key has signed.
fn has_begun(layout: &Layout) -> Result<bool, AuditError> {
    Ok(layout.checkpoint().exists() || !layout.segment_numbers()?.is_empty())
}

pub(super) fn create_seed(path: &Path, disk: &dyn Disk) -> Result<Zeroizing<[u8; 32]>, AuditError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| AuditError::Random(error.to_string()))?;
    let text = Zeroizing::new(hex(&*seed) + "\n");
    disk.replace(path, text.as_bytes()).map_err(AuditError::io(path))?;
    Ok(seed)
}

/// Publishes the key and signs the empty log, so that a log never is without a checkpoint.
fn begin(layout: &Layout, disk: &dyn Disk, signer: &Signer) -> Result<(), AuditError> {
    for (path, text) in [
        (layout.public_key(), format!("{}\n", signer.verifier())),
        (layout.checkpoint(), signer.sign(0, Hash::empty_root())),
    ] {
        disk.replace(&path, text.as_bytes()).map_err(AuditError::io(path))?;
    }
    disk.sync_dir(layout.dir()).map_err(AuditError::io(layout.dir()))
}

pub(super) fn parse_seed(bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let (pairs, rest) = bytes.strip_suffix(b"\n")?.as_chunks::<2>();
    let mut seed = Zeroizing::new([0; 32]);
    if !rest.is_empty() || pairs.len() != seed.len() {
        return None;
    }
    for (byte, [high, low]) in seed.iter_mut().zip(pairs) {
        *byte = (hex_digit(*high)? << 4) | hex_digit(*low)?;
    }
    Some(seed)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
