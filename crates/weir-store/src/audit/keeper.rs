use super::AuditError;
use super::health::Chore;
use super::log::Shared;
use super::queue::Change;
use super::tail::Batch;
use ring::digest::{Context, SHA256};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use weir_audit::checkpoint::Signer;
use weir_audit::tree::{Frontier, Hash, Tile, TileId};
use weir_audit::{Ident, frame};

/// Keeps the tree over durable events, signs checkpoints, prepares segments.
pub(super) struct Keeper {
    pub(super) signer: Signer,
    pub(super) interval: Duration,
    pub(super) frontier: Frontier,
    /// Full tiles that are not stored yet.
    pub(super) completed: Vec<(TileId, Tile)>,
    /// Requests with a decision and no outcome, by the index of their first decision.
    pub(super) open: HashMap<Ident, u64>,
    /// Size of the last checkpoint.
    pub(super) signed: u64,
}

/// What is kept of durable events: without their bytes, which would take much memory while they wait.
pub(super) struct Durable {
    leaves: Vec<Hash>,
    changes: Vec<(u64, Change)>,
}

impl Durable {
    pub(super) fn of(batches: &[Arc<Batch>]) -> Self {
        let mut durable = Self { leaves: Vec::new(), changes: Vec::new() };
        for batch in batches {
            durable.leaves.reserve(batch.events());
            let mut offset = 0;
            while let Ok(Some(frame)) = frame::read(&batch.frames, offset) {
                offset = frame.end();
                durable.leaves.push(leaf(frame.event));
            }
            durable.changes.extend_from_slice(&batch.changes);
        }
        durable
    }
}

/// [`Hash::leaf`] by ring: hashing is most of what the log does for an event, and ring takes a third less time for it
/// where the processor has no instructions of its own.
fn leaf(event: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(event);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Hash(hash)
}

impl Keeper {
    /// Runs until the syncer ends, then signs a last checkpoint.
    pub(super) fn run(mut self, shared: &Shared, durable: &Receiver<Durable>) {
        let mut due = Instant::now();
        loop {
            let idle_until = Instant::now() + self.interval;
            let until = if self.is_unsigned() { due } else { idle_until };
            let is_last = match durable.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(durable) => {
                    self.absorb(durable);
                    false
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            shared.tell_of_sealed();
            if is_last || Instant::now() >= due {
                due = self.do_chores(shared, due);
            }
            if is_last {
                return;
            }
        }
    }

    /// Signs what is unsigned and prepares the next segment; gives the time when that may be done again.
    /// After a quiet time the first event is signed at once.
    fn do_chores(&mut self, shared: &Shared, mut due: Instant) -> Instant {
        if self.is_unsigned() {
            let signed = self.sign(shared);
            shared.chores.note(Chore::Checkpoint, signed);
            due = Instant::now() + self.interval;
        }
        if !self.is_unsigned() {
            let signed = (self.signed, self.frontier.root());
            let handed = shared.succession.hand_over(&shared.layout, &*shared.disk, &mut self.signer, signed);
            shared.chores.note(Chore::NextKey, handed);
        }
        shared.chores.note(Chore::NextSegment, shared.supply.prepare());
        due
    }

    fn is_unsigned(&self) -> bool {
        self.signed != self.frontier.size()
    }

    fn absorb(&mut self, durable: Durable) {
        for leaf in durable.leaves {
            self.frontier.append(leaf, |id, tile| self.completed.push((id, tile)));
        }
        for (seq, change) in durable.changes {
            match change {
                Change::Opens(request) => _ = self.open.entry(request).or_insert(seq),
                Change::Closes(request) => _ = self.open.remove(&request),
            }
        }
    }

    /// Stores tiles, then the checkpoint over them, then removes what is not needed any more.
    fn sign(&mut self, shared: &Shared) -> Result<(), AuditError> {
        let (layout, disk) = (&shared.layout, &*shared.disk);
        let completed = self.completed.iter().map(|(id, tile)| (*id, tile));
        let tiles: Vec<_> = completed.chain(self.frontier.partial_tiles()).collect();
        layout.write_tiles(disk, &tiles)?;
        let size = self.frontier.size();
        let path = layout.checkpoint();
        let checkpoint = self.signer.sign(size, self.frontier.root());
        disk.replace(&path, checkpoint.as_bytes()).map_err(AuditError::io(&path))?;
        self.signed = size;
        let open_from = self.open.values().min().copied().unwrap_or(size);
        let path = layout.open_from();
        disk.replace(&path, format!("{open_from}\n").as_bytes()).map_err(AuditError::io(&path))?;
        let completed = std::mem::take(&mut self.completed);
        let partial = self.frontier.partial_tiles().map(|(id, _)| id);
        for id in completed.into_iter().map(|(id, _)| id).chain(partial) {
            layout.remove_shorter_tiles(id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_hashed_as_the_tree_is() {
        for length in [0, 1, 54, 55, 56, 63, 64, 1000] {
            let event = vec![b'a'; length];
            assert_eq!(leaf(&event), Hash::leaf(&event), "{length}");
        }
    }
}
