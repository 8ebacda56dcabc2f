//! Verification of a log's bytes against its tree and its signed checkpoint.
//!
//! Pure: the caller reads files and gives their bytes in order. Needs no key but the public one.

mod report;

pub use report::{Fault, Place, Report, Wrong};

use crate::checkpoint::{Checkpoint, CheckpointError, Verifier};
use crate::event::LogKeyRotated;
use crate::frame::{self, Broken, Frame, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::rotation::{Rotation, RotationError, read_rotations};
use crate::tree::{Frontier, Hash, Tile, TileId, root_from_tiles};
use crate::{Envelope, Event, Record};

/// Verifies one log: [`begin`](Self::begin), then [`segment`](Self::segment) for every segment in order,
/// then [`finish`](Self::finish).
///
/// Every event is hashed and compared with the tiles, and the root with the checkpoint's, so that a
/// changed byte is found whatever else was changed along with it, and is laid to the file that disagrees
/// with the signature. Behind damage, stored hashes stand in for events, so that one fault is told once.
/// Holds one path of the tree.
#[derive(Debug)]
pub struct Verification<R> {
    read_tile: R,
    checkpoint: Option<Checkpoint>,
    frontier: Frontier,
    /// Index of the event that must come next.
    next: u64,
    events: u64,
    /// The root over the events that the checkpoint covers, once that many were read.
    covered_root: Option<Hash>,
    /// Where the log begins, if not with event 0: an event must say that what was before was deleted.
    begins: Option<(u64, Place)>,
    /// The first event that is kept, as events of the log say.
    first_kept: u64,
    /// The key of the log, if it is one.
    key: Option<Verifier>,
    /// Signed events that changed the key, and what they say.
    key_changes: Vec<(u64, Rotation)>,
    /// `key.rotations`.
    rotations: Vec<u8>,
    /// Where the leaves of the unfinished tile are.
    places: Vec<Place>,
    /// Hashes that differ from the stored ones: which of them is wrong, the root will tell.
    doubts: Vec<Doubt>,
    faults: Vec<Fault>,
    more_faults: u64,
}

/// A hash that differs from the stored one.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    tile: TileId,
    /// Which hash of the tile.
    slot: usize,
    /// Where the event is; `None` above the leaves.
    event: Option<Place>,
}

/// The most faults that are told one by one.
const MAX_FAULTS: usize = 1000;

impl<R: FnMut(TileId) -> Option<Vec<u8>>> Verification<R> {
    /// Begins with the public key and the checkpoint as they lie on disk. `read_tile` gives the bytes of
    /// a tile.
    pub fn begin(public_key: &[u8], checkpoint: Option<&[u8]>, read_tile: R) -> Self {
        let mut verification = Self {
            read_tile,
            checkpoint: None,
            frontier: Frontier::new(),
            next: 0,
            events: 0,
            covered_root: None,
            begins: None,
            first_kept: 0,
            key: None,
            key_changes: Vec::new(),
            rotations: Vec::new(),
            places: Vec::new(),
            doubts: Vec::new(),
            faults: Vec::new(),
            more_faults: 0,
        };
        verification.read_checkpoint(public_key, checkpoint);
        verification.note_coverage();
        verification
    }

    /// Takes the bytes of `key.rotations`, if there are any, to be held to the events that say the same.
    pub fn rotations(&mut self, bytes: Vec<u8>) {
        self.rotations = bytes;
    }

    /// Verifies a segment: its number, its bytes, and the index at which a later segment begins, if one
    /// does. What lies behind that index here was written again there.
    pub fn segment(&mut self, number: u64, bytes: &[u8], limit: Option<u64>) {
        let start = Place::Segment { number, offset: 0 };
        let header = frame::read_segment_header(bytes);
        if matches!(header, SegmentHeader::First(first) if limit.is_some_and(|limit| limit <= first)) {
            // All of it was written again in a later one.
            return;
        }
        match header {
            SegmentHeader::First(first) if first > 0 && self.events == 0 && self.next == 0 => {
                self.begins = Some((first, start));
                self.bridge_deleted(first);
                self.bridge(first, start);
            }
            SegmentHeader::First(first) if first > self.next => {
                self.fault(start, Some(self.next), Wrong::Gap(first));
                self.bridge(first, start);
            }
            // Whatever is wrong with the sequence, the events themselves tell.
            SegmentHeader::First(_) => {}
            SegmentHeader::Unused => return self.expect_zeros(number, bytes, 0),
            SegmentHeader::Newer(_) => return self.fault(start, Some(self.next), Wrong::Newer),
            SegmentHeader::Broken => self.fault(start, Some(self.next), Wrong::SegmentHeader),
        }
        self.frames(number, bytes, limit);
    }

    fn frames(&mut self, number: u64, bytes: &[u8], limit: Option<u64>) {
        let mut offset = SEGMENT_HEADER_BYTES;
        while limit.is_none_or(|limit| self.next < limit) {
            let read = frame::read(bytes, offset);
            if let Ok(Some(frame)) = read {
                self.event(&frame, Place::Segment { number, offset });
                offset = frame.end();
                continue;
            }
            let Some(found) = self.skip_damage(number, bytes, offset, read.err()) else { break };
            offset = found;
        }
    }

    /// Tells what is wrong at a place where no whole frame is, and gives the place of the next one.
    fn skip_damage(
        &mut self,
        number: u64,
        bytes: &[u8],
        offset: usize,
        broken: Option<Broken>,
    ) -> Option<usize> {
        frame::non_zero(bytes, offset)?;
        let place = Place::Segment { number, offset };
        let found = frame::find(bytes, offset + 1);
        match (broken, found) {
            (None, None) => self.expect_zeros(number, bytes, offset),
            (Some(broken), None) => {
                self.fault(place, Some(self.next), Wrong::Frame(broken.breakage));
                self.bridge(self.next + 1, place);
            }
            (broken, Some(found)) => {
                let wrong = broken.map_or(Wrong::Behind, |broken| Wrong::Frame(broken.breakage));
                self.fault(place, Some(self.next), wrong);
                self.lose_events(bytes, found, place);
            }
        }
        found
    }

    /// Ends with the verdict.
    pub fn finish(mut self) -> Report {
        if let Some((first, place)) = self.begins.filter(|(first, _)| *first > self.first_kept) {
            self.fault(place, Some(0), Wrong::Gap(first));
        }
        match (self.checkpoint.clone(), self.covered_root) {
            (Some(signed), Some(root)) if root == signed.root => self.settle(Suspect::Tiles),
            (Some(signed), Some(_)) if self.tiles_lead_to(&signed) => {
                self.settle(Suspect::Events);
                if self.faults.is_empty() {
                    self.fault(Place::Checkpoint, None, Wrong::Root);
                }
            }
            (Some(signed), Some(_)) => {
                self.settle(Suspect::Either);
                let deleted = self.begins.filter(|_| self.faults.is_empty());
                let mut places =
                    deleted.map_or_else(Vec::new, |(first, _)| hashes_of_deleted(first, signed.size));
                if places.is_empty() {
                    places.push(Place::Checkpoint);
                }
                places.into_iter().for_each(|place| self.fault(place, None, Wrong::Root));
                self.checkpoint = Some(signed);
            }
            (Some(signed), None) => {
                self.settle(Suspect::Either);
                self.fault(Place::Checkpoint, Some(self.next), Wrong::CutOff(signed.size));
            }
            (None, _) => self.settle(Suspect::Either),
        }
        self.check_rotations();
        let Self { events, begins, checkpoint, key_changes, faults, more_faults, .. } = self;
        let deleted = begins.map_or(0, |(first, _)| first);
        let key_changes =
            key_changes.into_iter().map(|(seq, rotation)| (seq, rotation.next().clone())).collect();
        Report { events, deleted, checkpoint, key_changes, faults, more_faults }
    }

    fn read_checkpoint(&mut self, public_key: &[u8], checkpoint: Option<&[u8]>) {
        let Some(checkpoint) = checkpoint else {
            return self.fault(Place::Checkpoint, None, Wrong::CheckpointMissing);
        };
        let verifier = match parse_public_key(public_key) {
            Ok(verifier) => verifier,
            Err(error) => return self.fault(Place::PublicKey, None, Wrong::PublicKey(error)),
        };
        self.key = Some(verifier.clone());
        let text = str::from_utf8(checkpoint).map_err(|_| CheckpointError::Form("not text"));
        match text.and_then(|text| verifier.verify(text)) {
            Ok(checkpoint) => self.checkpoint = Some(checkpoint),
            Err(error) => self.fault(Place::Checkpoint, None, Wrong::Checkpoint(error)),
        }
    }

    /// Every line must be signed by both of its keys, and every change that led to the key of now must have its line. One
    /// that was broken off has an event and no line, and lines outlive their events.
    fn check_rotations(&mut self) {
        let text = str::from_utf8(&self.rotations).map_err(|_| RotationError::Form);
        let lines = match text.and_then(read_rotations) {
            Ok(lines) => lines,
            Err(error) => return self.fault(Place::Rotations, None, Wrong::RotationLine(error)),
        };
        let mut key = self.key.clone();
        let mut missing = Vec::new();
        for (seq, rotation) in self.key_changes.iter().rev() {
            if key.as_ref() == Some(rotation.next()) {
                key = Some(rotation.previous().clone());
                missing.extend((!lines.contains(rotation)).then_some(*seq));
            }
        }
        missing.into_iter().for_each(|seq| self.fault(Place::Rotations, Some(seq), Wrong::RotationMissing));
    }

    fn event(&mut self, frame: &Frame<'_>, place: Place) {
        self.events += 1;
        let found = match Envelope::parse(frame.event) {
            Ok(envelope) => {
                self.note_signed(&envelope, frame.event, place);
                envelope.seq
            }
            Err(_) => {
                self.fault(place, Some(self.next), Wrong::NotAnEvent);
                self.next
            }
        };
        if found != self.next {
            self.fault(place, Some(self.next), Wrong::Sequence(found));
        }
        if found < self.next {
            // Inserted, or moved here from a place that stored hashes have filled.
            return;
        }
        self.bridge(found, place);
        self.leaf(Hash::leaf(frame.event), place);
        self.next = found + 1;
    }

    /// What the log says of itself. Whoever cannot sign cannot put such an event into it: the root tells as of any
    /// other.
    fn note_signed(&mut self, envelope: &Envelope, bytes: &[u8], place: Place) {
        let is_signed = self.signed_size().is_some_and(|size| envelope.seq < size);
        if !matches!(envelope.type_name.as_str(), "log.pruned" | "log.key_rotated") || !is_signed {
            return;
        }
        match Record::parse(bytes).map(|record| record.event) {
            Ok(Event::LogPruned(pruned)) => self.first_kept = self.first_kept.max(pruned.first_kept),
            Ok(Event::LogKeyRotated(rotated)) => match rotation_of(&rotated) {
                Ok(rotation) => self.key_changes.push((envelope.seq, rotation)),
                Err(error) => self.fault(place, Some(envelope.seq), Wrong::Rotation(error)),
            },
            _ => {}
        }
    }

    /// Goes on at a whole frame behind a broken one; how many events lay between, its own index tells.
    fn lose_events(&mut self, bytes: &[u8], found: usize, place: Place) {
        let event = frame::read(bytes, found).ok().flatten();
        let seq = event.and_then(|frame| Envelope::parse(frame.event).ok()).map(|envelope| envelope.seq);
        self.bridge(seq.unwrap_or(self.next + 1), place);
    }

    /// Fills the places of lost events up to `to` with the hashes that the tiles have for them.
    fn bridge(&mut self, to: u64, place: Place) {
        let mut leaves = Vec::new().into_iter();
        while self.next < to {
            let Some(leaf) = leaves.next().or_else(|| {
                leaves = self.stored_leaves(self.next)?.into_iter();
                leaves.next()
            }) else {
                break;
            };
            self.leaf(leaf, place);
            self.next += 1;
        }
        self.next = self.next.max(to);
    }

    /// Goes over the events of deleted tiles, those before the tile that has event `to`, by the row above the leaves.
    fn bridge_deleted(&mut self, to: u64) {
        let Some(row) = self.signed_size().map(|size| size / 256) else { return };
        let mut hashes = Vec::new().into_iter();
        for index in 0..(to / 256).min(row) {
            if hashes.len() == 0 {
                let width = u16::try_from((row - index).min(256)).unwrap_or(256);
                let id = TileId { level: 1, index: index / 256, width };
                let stored = (self.read_tile)(id).and_then(|bytes| Tile::parse(id, &bytes));
                let Some(stored) = stored else {
                    return self.fault(Place::Tile { id, offset: 0 }, Some(self.next), Wrong::TileMissing);
                };
                hashes = stored.0.into_iter();
            }
            let mut completed = Vec::new();
            if let Some(hash) = hashes.next() {
                self.frontier.append_tile(hash, |id, tile| completed.push((id, tile)));
            }
            completed.iter().for_each(|(id, tile)| self.compare(*id, tile));
            self.next = self.frontier.size();
        }
        self.note_coverage();
    }

    fn leaf(&mut self, leaf: Hash, place: Place) {
        let mut completed = Vec::new();
        self.frontier.append(leaf, |id, tile| completed.push((id, tile)));
        self.places.push(place);
        for (id, tile) in completed {
            self.compare(id, &tile);
        }
        if self.frontier.size().is_multiple_of(256) {
            self.places.clear();
        }
        self.note_coverage();
    }

    /// Takes the root, and looks at the partial tiles, when the events reach the checkpoint's size.
    fn note_coverage(&mut self) {
        if self.signed_size() != Some(self.frontier.size()) {
            return;
        }
        self.covered_root = Some(self.frontier.root());
        let partial: Vec<_> = self.frontier.partial_tiles().map(|(id, tile)| (id, tile.clone())).collect();
        for (id, tile) in partial {
            self.compare(id, &tile);
        }
    }

    fn compare(&mut self, id: TileId, computed: &Tile) {
        // Tiles behind the checkpoint need not be there yet.
        let end = (id.index * 256 + u64::from(id.width)) << (8 * u32::from(id.level));
        if self.signed_size().is_none_or(|size| end > size) {
            return;
        }
        let place = Place::Tile { id, offset: 0 };
        let first = (id.index * 256) << (8 * u32::from(id.level));
        let Some(bytes) = (self.read_tile)(id) else {
            return self.fault(place, Some(first), Wrong::TileMissing);
        };
        let Some(stored) = Tile::parse(id, &bytes) else {
            return self.fault(place, Some(first), Wrong::TileLength);
        };
        for (slot, (computed, stored)) in computed.0.iter().zip(&stored.0).enumerate() {
            if computed != stored {
                let event = if id.level == 0 { self.places.get(slot).copied() } else { None };
                self.doubts.push(Doubt { tile: id, slot, event });
            }
        }
    }

    fn settle(&mut self, suspect: Suspect) {
        let doubts = std::mem::take(&mut self.doubts);
        let is_doubted = |id: TileId| {
            doubts.iter().any(|doubt| (doubt.tile.level, doubt.tile.index) == (id.level, id.index))
        };
        for &Doubt { tile, slot, event } in &doubts {
            let index = (tile.index * 256 + slot as u64) << (8 * u32::from(tile.level));
            let in_tile = Place::Tile { id: tile, offset: slot * 32 };
            match (suspect, event) {
                (Suspect::Tiles, _) => self.fault(in_tile, Some(index), Wrong::TileHash),
                (Suspect::Events, Some(place)) => self.fault(place, Some(index), Wrong::Event),
                (Suspect::Either, Some(place)) => self.fault(place, Some(index), Wrong::EventOrTile(tile)),
                (Suspect::Events, None) if self.is_deleted(index) => {
                    // Its hashes stand in for deleted events.
                    let below =
                        TileId { level: tile.level - 1, index: tile.index * 256 + slot as u64, width: 256 };
                    if !is_doubted(below) {
                        self.fault(Place::Tile { id: below, offset: 0 }, Some(index), Wrong::TileHash);
                    }
                }
                // A row above repeats what the leaves tell.
                (Suspect::Events | Suspect::Either, None) => {}
            }
        }
    }

    /// Whether the event is one of those before the first that is there.
    fn is_deleted(&self, index: u64) -> bool {
        self.begins.is_some_and(|(first, _)| index < first)
    }

    fn tiles_lead_to(&mut self, signed: &Checkpoint) -> bool {
        let read = &mut self.read_tile;
        let mut read = |id| Tile::parse(id, &read(id)?);
        root_from_tiles(signed.size, signed.size, &mut read).is_ok_and(|root| root == signed.root)
    }

    /// The hashes of a tile from this event on, if it is the next of the tree.
    fn stored_leaves(&mut self, index: u64) -> Option<Vec<Hash>> {
        let size = self.signed_size().filter(|&size| index < size && index == self.frontier.size())?;
        let tile = index / 256;
        let width = u16::try_from((size - tile * 256).min(256)).ok()?;
        let id = TileId { level: 0, index: tile, width };
        let tile = Tile::parse(id, &(self.read_tile)(id)?)?;
        tile.0.get(usize::try_from(index % 256).ok()?..).map(<[Hash]>::to_vec)
    }

    fn signed_size(&self) -> Option<u64> {
        self.checkpoint.as_ref().map(|signed| signed.size)
    }

    fn expect_zeros(&mut self, number: u64, bytes: &[u8], from: usize) {
        if let Some(range) = frame::non_zero(bytes, from) {
            let place = Place::Segment { number, offset: range.start };
            self.fault(place, Some(self.next), Wrong::Behind);
        }
    }

    fn fault(&mut self, place: Place, index: Option<u64>, what: Wrong) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { place, index, what });
        } else {
            self.more_faults += 1;
        }
    }
}

/// The tiles at the right edge of a tree of `size` events whose hashes stand in for events before `first`: what full tiles
/// have is held to the row above.
fn hashes_of_deleted(first: u64, size: u64) -> Vec<Place> {
    let holds = |id: &TileId| id.is_partial() && first >> (8 * u32::from(id.level)) > id.index * 256;
    // Of the leaves those beside the first event that is kept, and of the row above them the others.
    TileId::right_edge(size).take(2).filter(holds).map(|id| Place::Tile { id, offset: 0 }).collect()
}

/// Who is wrong when an event and a tile disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suspect {
    /// The events lead to the signed root, so the tiles are wrong.
    Tiles,
    /// The tiles lead to the signed root, so the events are wrong.
    Events,
    /// Neither does.
    Either,
}

fn rotation_of(event: &LogKeyRotated) -> Result<Rotation, RotationError> {
    let LogKeyRotated { previous_vkey, vkey, signed_by_previous, signed_by_new } = event;
    format!("{previous_vkey} {vkey} {signed_by_previous} {signed_by_new}").parse()
}

fn parse_public_key(bytes: &[u8]) -> Result<Verifier, CheckpointError> {
    let text = str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix('\n'));
    text.ok_or(CheckpointError::VerifierKey)?.parse()
}

#[cfg(test)]
mod tests;
