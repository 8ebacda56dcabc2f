use super::files::{Layout, read_optional};
use super::{AuditError, Disk};
use weir_audit::checkpoint::{CheckpointError, Origin, Signer, Verifier};
use weir_audit::event::hex;
use zeroize::Zeroizing;

/// The key of the log, made when the log is.
///
/// A log without its key is refused and not given a new one: the new key's checkpoints could not be
/// told from those of somebody who replaced the log.
pub(super) fn open_signer(layout: &Layout, disk: &dyn Disk, origin: &Origin) -> Result<Signer, AuditError> {
    let path = layout.secret_key();
    let Some(bytes) = read_optional(&path)? else {
        return if is_new(layout)? { create(layout, disk, origin) } else { Err(AuditError::KeyMissing(path)) };
    };
    let seed = parse_seed(&Zeroizing::new(bytes)).ok_or(AuditError::KeyUnusable(path))?;
    let signer = Signer::new(origin.clone(), &seed);
    check_public(layout, &signer)?;
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

/// Whether there is nothing yet that a key has signed.
fn is_new(layout: &Layout) -> Result<bool, AuditError> {
    let files = [layout.public_key(), layout.checkpoint()];
    Ok(files.iter().all(|path| !path.exists()) && layout.segment_numbers()?.is_empty())
}

fn create(layout: &Layout, disk: &dyn Disk, origin: &Origin) -> Result<Signer, AuditError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| AuditError::Random(error.to_string()))?;
    let signer = Signer::new(origin.clone(), &seed);
    let text = Zeroizing::new(format!("{}\n", *Zeroizing::new(hex(&*seed))));
    // The public key first: a log that has only that is refused above, one that has only the secret one
    // could not be told from a log whose public key was removed.
    for (path, bytes) in [
        (layout.public_key(), format!("{}\n", signer.verifier()).as_bytes()),
        (layout.secret_key(), text.as_bytes()),
    ] {
        disk.replace(&path, bytes).map_err(AuditError::io(path))?;
    }
    disk.sync_dir(layout.dir()).map_err(AuditError::io(layout.dir()))?;
    Ok(signer)
}

fn parse_seed(bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
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
