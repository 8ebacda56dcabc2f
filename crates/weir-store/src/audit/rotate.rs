//! Gives a log another signing key, so that a reader with either key can follow.
//!
//! The new key lies ready as `key.next` and the event that names it is under a checkpoint of the old key before
//! anything is signed with the new one. Then, in this order, each whole or not at all: the line in `key.rotations`,
//! the checkpoint with both signatures, `key.pub`, `key`. From the line on an interrupted change is completed when
//! the log is opened, and before it nothing has happened.

use super::files::{Layout, read_optional};
use super::signer::{create_seed, load_signer, parse_seed, read_verifier};
use super::{AuditError, AuditLog, Disk};
use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use weir_audit::Ident;
use weir_audit::checkpoint::{Signer, Verifier};
use weir_audit::event::LogKeyRotated;
use weir_audit::rotation::{Lineage, Rotation};
use weir_audit::tree::Hash;
use zeroize::Zeroizing;

/// How long the keeper may take until the new key signs. It looks once a second.
const HANDOVER_WAIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The key that is to follow, until the keeper has taken it over.
#[derive(Debug, Default)]
pub(super) struct Succession(Mutex<Option<Heir>>);

#[derive(Debug)]
struct Heir {
    signer: Signer,
    /// The checkpoint that covers the event.
    after: u64,
}

impl Succession {
    fn lock(&self) -> MutexGuard<'_, Option<Heir>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the next key in the place of `signer`, if one is due at a checkpoint of this size and root.
    pub(super) fn hand_over(
        &self,
        layout: &Layout,
        disk: &dyn Disk,
        signer: &mut Signer,
        (size, root): (u64, Hash),
    ) -> Result<(), AuditError> {
        let mut heir = self.lock();
        if heir.as_ref().is_none_or(|heir| size < heir.after) {
            return Ok(());
        }
        if let Some(Heir { signer: next, .. }) = &*heir {
            announce(layout, disk, &Rotation::sign(signer, next))?;
            complete(layout, disk, signer, next, (size, root))?;
        }
        if let Some(heir) = heir.take() {
            *signer = heir.signer;
        }
        Ok(())
    }
}

impl AuditLog {
    /// Makes a new signing key, which signs every checkpoint from now on, and has each of the two keys sign the
    /// other. What the old one has signed stays valid. Blocks for about a second.
    ///
    /// # Errors
    /// [`AuditError`] if the log cannot be written, or a change is under way already.
    pub fn rotate_key(&self) -> Result<LogKeyRotated, AuditError> {
        let shared = self.shared();
        let (layout, disk, succession) = (&shared.layout, &*shared.disk, &shared.succession);
        let (previous, next) = {
            let heir = succession.lock();
            if heir.is_some() {
                return Err(AuditError::Rotating);
            }
            let previous = load_signer(layout)?;
            let seed = create_seed(&layout.next_key(), disk)?;
            let next = Signer::new(previous.origin().clone(), &seed);
            (previous, next)
        };
        let rotation = Rotation::sign(&previous, &next);
        let (by_previous, by_new) = rotation.signatures();
        let event = LogKeyRotated {
            previous_vkey: Ident::new(&previous.verifier().to_string()),
            vkey: Ident::new(&next.verifier().to_string()),
            signed_by_previous: Ident::new(by_previous),
            signed_by_new: Ident::new(by_new),
        };
        let ticket = self.append(event.clone())?;
        ticket.wait_durable()?;
        *succession.lock() = Some(Heir { signer: next, after: ticket.seq() + 1 });
        let until = Instant::now() + HANDOVER_WAIT;
        while succession.lock().is_some() {
            if Instant::now() > until {
                return Err(AuditError::Rotating);
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(event)
    }
}

/// The keys that the trusted one leads to in a log; without one, those that the log's own key leads to.
///
/// # Errors
/// [`AuditError`] if the files of keys cannot be read or are not signed as they should be.
pub fn lineage(dir: &Path, trusted: Option<&Verifier>) -> Result<Lineage, AuditError> {
    let layout = Layout::new(dir);
    let trusted = trusted.cloned().map_or_else(|| read_verifier(&layout), Ok)?;
    let path = layout.rotations();
    let lines = read_lines(&path)?;
    Lineage::of(trusted, &lines).map_err(|source| AuditError::Rotation { path, source })
}

fn read_lines(path: &Path) -> Result<String, AuditError> {
    let bytes = read_optional(path)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn announce(layout: &Layout, disk: &dyn Disk, rotation: &Rotation) -> Result<(), AuditError> {
    let path = layout.rotations();
    let (mut lines, line) = (read_lines(&path)?, format!("{rotation}\n"));
    if lines.ends_with(&line) {
        return Ok(());
    }
    lines.push_str(&line);
    disk.replace(&path, lines.as_bytes()).map_err(AuditError::io(path))
}

fn complete(
    layout: &Layout,
    disk: &dyn Disk,
    previous: &Signer,
    next: &Signer,
    (size, root): (u64, Hash),
) -> Result<(), AuditError> {
    for (path, text) in [
        (layout.checkpoint(), previous.sign_with(next, size, root)),
        (layout.public_key(), format!("{}\n", next.verifier())),
    ] {
        disk.replace(&path, text.as_bytes()).map_err(AuditError::io(path))?;
    }
    disk.rename(&layout.next_key(), &layout.secret_key()).map_err(AuditError::io(layout.secret_key()))?;
    disk.sync_dir(layout.dir()).map_err(AuditError::io(layout.dir()))
}

/// Brings a change to its end that a process before began, or takes back what was not announced.
pub(super) fn resume(layout: &Layout, disk: &dyn Disk, signer: Signer) -> Result<Signer, AuditError> {
    let path = layout.next_key();
    let Some(bytes) = read_optional(&path)?.map(Zeroizing::new) else { return Ok(signer) };
    let next = parse_seed(&bytes).map(|seed| Signer::new(signer.origin().clone(), &seed));
    let is_announced = |next: &Signer| {
        let line = format!("{}\n", Rotation::sign(&signer, next));
        read_lines(&layout.rotations()).map(|lines| lines.ends_with(&line))
    };
    match next {
        Some(next) if is_announced(&next)? => {
            let note =
                fs::read_to_string(layout.checkpoint()).map_err(AuditError::io(layout.checkpoint()))?;
            let signed = signer.verifier().verify(&note);
            let signed =
                signed.map_err(|source| AuditError::Checkpoint { path: layout.checkpoint(), source })?;
            complete(layout, disk, &signer, &next, (signed.size, signed.root))?;
            Ok(next)
        }
        Some(_) | None => {
            fs::remove_file(&path).map_err(AuditError::io(path))?;
            Ok(signer)
        }
    }
}

#[cfg(test)]
mod tests;
