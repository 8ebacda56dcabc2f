use super::*;
use crate::checkpoint::{Origin, Signer};
use crate::event::{AsEvent, Author, LogClosed, LogPruned};
use crate::frame::FRAME_HEADER_BYTES;
use crate::{Name, WallTime};
use std::collections::BTreeMap;

/// A log in memory.
#[derive(Clone)]
struct Log {
    public_key: Vec<u8>,
    checkpoint: Vec<u8>,
    tiles: BTreeMap<TileId, Vec<u8>>,
    segments: Vec<Vec<u8>>,
}

const PER_SEGMENT: u64 = 100;

fn event_bytes(seq: u64) -> Vec<u8> {
    bytes_of(seq, LogClosed { events: seq })
}

fn bytes_of(seq: u64, event: impl AsEvent) -> Vec<u8> {
    let author = Author::new([1; 16], Name::new("n"));
    let mut bytes = Vec::new();
    author.write(&mut bytes, seq, WallTime::from_unix_ms(seq), seq, event.as_event());
    bytes
}

fn log(events: u64) -> Log {
    log_of(events, event_bytes)
}

fn log_of(events: u64, event_of: impl Fn(u64) -> Vec<u8>) -> Log {
    let signer = Signer::new(Origin::parse("weir/audit/n").unwrap(), &[7; 32]);
    let (mut frontier, mut tiles, mut segments) = (Frontier::new(), BTreeMap::new(), Vec::new());
    for (seq, event) in (0..events).map(|seq| (seq, event_of(seq))) {
        if seq.is_multiple_of(PER_SEGMENT) {
            segments.push(frame::segment_header(seq).to_vec());
        }
        frame::write(segments.last_mut().unwrap(), &event).unwrap();
        frontier.append(Hash::leaf(&event), |id, tile| _ = tiles.insert(id, tile.to_bytes()));
    }
    tiles.extend(frontier.partial_tiles().map(|(id, tile)| (id, tile.to_bytes())));
    for segment in &mut segments {
        segment.extend([0; 16]);
    }
    Log {
        public_key: format!("{}\n", signer.verifier()).into_bytes(),
        checkpoint: signer.sign(events, frontier.root()).into_bytes(),
        tiles,
        segments,
    }
}

impl Log {
    fn verify(&self) -> Report {
        let read = |id| self.tiles.get(&id).cloned();
        let mut verification = Verification::begin(&self.public_key, Some(&self.checkpoint), read);
        let firsts: Vec<_> = self.segments.iter().map(|bytes| frame::read_segment_header(bytes)).collect();
        for (number, bytes) in self.segments.iter().enumerate() {
            let limit = match firsts.get(number + 1) {
                Some(SegmentHeader::First(first)) => Some(*first),
                _ => None,
            };
            verification.segment(number as u64, bytes, limit);
        }
        verification.finish()
    }

    fn frames(&self, segment: usize) -> Vec<(usize, usize)> {
        let (mut frames, mut offset) = (Vec::new(), SEGMENT_HEADER_BYTES);
        while let Ok(Some(frame)) = frame::read(&self.segments[segment], offset) {
            frames.push((offset, frame.end()));
            offset = frame.end();
        }
        frames
    }

    /// Puts another event in place of one, with a right checksum.
    fn forge(&mut self, segment: usize, place: usize, event: &[u8]) {
        let (from, to) = self.frames(segment)[place];
        let mut forged = Vec::new();
        frame::write(&mut forged, event).unwrap();
        self.segments[segment].splice(from..to, forged);
    }
}

fn told(report: &Report) -> Vec<String> {
    report.faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_log_as_written_is_clean() {
    for events in [1, 2, 100, 101, 256, 300, 512] {
        let report = log(events).verify();
        assert!(report.is_clean(), "{events}: {:?}", told(&report));
        assert_eq!((report.events, report.checkpoint.unwrap().size), (events, events));
    }
}

#[test]
fn every_changed_bit_of_a_segment_is_found_and_located() {
    let good = log(6);
    let frames = good.frames(0);
    let end = frames[5].1;
    for bit in 0..good.segments[0].len() * 8 {
        let (at, mask) = (bit / 8, 1 << (bit % 8));
        let mut bad = good.clone();
        bad.segments[0][at] ^= mask;
        let report = bad.verify();
        let fault = report.faults.first().unwrap_or_else(|| panic!("byte {at} not found"));
        let (index, begin) = match frames.iter().position(|&(from, to)| (from..to).contains(&at)) {
            Some(frame) => (frame as u64, frames[frame].0),
            None if at < SEGMENT_HEADER_BYTES => (0, 0),
            // In the zeros a changed byte is the end of some frame that begins there.
            None => (6, end),
        };
        let Place::Segment { number: 0, offset } = fault.place else { panic!("byte {at}: {fault}") };
        let is_right = if begin == end { (end..=at).contains(&offset) } else { offset == begin };
        assert!(is_right && fault.index == Some(index), "byte {at}: {fault}");
        assert_eq!(report.faults.len(), 1, "byte {at}: {:?}", told(&report));
    }
}

#[test]
fn every_changed_byte_of_tiles_checkpoint_and_key_is_found_there() {
    every_changed_byte_is_found_there(&log(6), 1);
    // Three tiles of two rows; a byte of every hash.
    every_changed_byte_is_found_there(&log(300), 33);
}

fn every_changed_byte_is_found_there(good: &Log, step: usize) {
    for (id, bytes) in &good.tiles {
        for at in (0..bytes.len()).step_by(step) {
            let mut bad = good.clone();
            bad.tiles.get_mut(id).unwrap()[at] ^= 1;
            let report = bad.verify();
            assert_eq!(report.faults[0].place, Place::Tile { id: *id, offset: at / 32 * 32 });
            assert_eq!(report.faults[0].what, Wrong::TileHash);
            assert_eq!(report.faults.len(), 1);
        }
    }
    for at in (0..good.checkpoint.len()).step_by(step) {
        let mut bad = good.clone();
        bad.checkpoint[at] ^= 1;
        assert_eq!(bad.verify().faults[0].place, Place::Checkpoint, "byte {at}");
    }
    for at in (0..good.public_key.len()).step_by(step) {
        let mut bad = good.clone();
        bad.public_key[at] ^= 1;
        assert_eq!(bad.verify().faults[0].place, Place::PublicKey, "byte {at}");
    }
}

#[test]
fn a_forged_event_with_a_right_checksum_is_found_by_its_tile() {
    for (events, place) in [(300, 7), (300, 299), (6, 0)] {
        let mut bad = log(events);
        let (segment, in_segment) = (place / 100, place % 100);
        let forged =
            String::from_utf8(event_bytes(place as u64)).unwrap().replace("\"node\":\"n\"", "\"node\":\"m\"");
        bad.forge(segment, in_segment, forged.as_bytes());
        let offset = bad.frames(segment)[in_segment].0;
        let expected = Fault {
            place: Place::Segment { number: segment as u64, offset },
            index: Some(place as u64),
            what: Wrong::Event,
        };
        assert_eq!(bad.verify().faults, [expected]);
    }
}

#[test]
fn a_log_forged_with_its_tiles_does_not_lead_to_the_signed_root() {
    let forged = String::from_utf8(event_bytes(3)).unwrap().replace("\"node\":\"n\"", "\"node\":\"m\"");
    let mut bad = log(6);
    bad.forge(0, 3, forged.as_bytes());
    let tile = bad.tiles.values_mut().next().unwrap();
    tile[96..128].copy_from_slice(&Hash::leaf(forged.as_bytes()).0);
    assert_eq!(told(&bad.verify()), ["checkpoint: the events do not lead to the signed root"]);
}

#[test]
fn a_removed_event_is_named() {
    let mut bad = log(6);
    let (from, to) = bad.frames(0)[2];
    bad.segments[0].drain(from..to);
    let fault =
        Fault { place: Place::Segment { number: 0, offset: from }, index: Some(2), what: Wrong::Sequence(3) };
    assert_eq!(bad.verify().faults, [fault]);
}

#[test]
fn swapped_events_are_named() {
    let mut bad = log(6);
    let (second, third) = (bad.frames(0)[2], bad.frames(0)[3]);
    let moved: Vec<u8> = bad.segments[0].drain(second.0..second.1).collect();
    let at = third.1 - moved.len();
    bad.segments[0].splice(at..at, moved);
    let faults = bad.verify().faults;
    assert_eq!((faults[0].index, &faults[0].what), (Some(2), &Wrong::Sequence(3)));
}

#[test]
fn an_inserted_event_is_named() {
    let mut bad = log(6);
    let (from, to) = bad.frames(0)[2];
    let copy = bad.segments[0][from..to].to_vec();
    bad.segments[0].splice(to..to, copy);
    let fault =
        Fault { place: Place::Segment { number: 0, offset: to }, index: Some(3), what: Wrong::Sequence(2) };
    assert_eq!(bad.verify().faults, [fault]);
}

#[test]
fn a_cut_tail_is_told_against_the_checkpoint() {
    let mut bad = log(6);
    let (from, _) = bad.frames(0)[4];
    bad.segments[0][from..].fill(0);
    assert_eq!(told(&bad.verify()), ["checkpoint, event 4: the log ends here; 6 events were signed"]);
}

#[test]
fn a_missing_segment_and_an_older_checkpoint_are_told() {
    let mut bad = log(300);
    bad.segments.remove(1);
    let faults = bad.verify().faults;
    assert_eq!((faults[0].index, &faults[0].what), (Some(100), &Wrong::Gap(200)));
    assert_eq!(faults.len(), 1);

    let mut rolled_back = log(300);
    rolled_back.checkpoint = log(299).checkpoint;
    // Fewer events are signed than there are: right, and the report says how far the signature reaches.
    let report = rolled_back.verify();
    assert_eq!(report.checkpoint.map(|signed| signed.size), Some(299));
}

#[test]
fn events_behind_the_checkpoint_are_checked_by_checksum_and_place() {
    let (mut longer, shorter) = (log(8), log(6));
    (longer.checkpoint, longer.tiles) = (shorter.checkpoint, shorter.tiles);
    assert!(longer.verify().is_clean());
    let (from, _) = longer.frames(0)[7];
    longer.segments[0][from + FRAME_HEADER_BYTES] ^= 1;
    assert_eq!(longer.verify().faults[0].index, Some(7));
}

#[test]
fn what_a_replaced_segment_holds_behind_its_replacement_is_not_looked_at() {
    let mut log = log(150);
    let frame = log.segments[1][SEGMENT_HEADER_BYTES..SEGMENT_HEADER_BYTES + 50].to_vec();
    let end = log.frames(0)[99].1;
    log.segments[0].splice(end.., frame);
    assert!(log.verify().is_clean());
}

fn pruned(first_kept: u64) -> LogPruned {
    LogPruned {
        first_kept,
        events: first_kept,
        before: WallTime::from_unix_ms(first_kept),
        decisions: BTreeMap::new(),
        hashes_from: first_kept / 256 * 256,
    }
}

/// A log of 700 events of which 650 says that those before `first_kept` were deleted.
fn pruned_log(first_kept: u64) -> Log {
    let pruned = pruned(first_kept);
    log_of(700, |seq| if seq == 650 { bytes_of(seq, pruned.clone()) } else { event_bytes(seq) })
}

#[test]
fn a_log_whose_beginning_was_deleted_as_it_says_is_clean() {
    let mut log = pruned_log(300);
    log.segments.drain(..3);
    let report = log.verify();
    assert_eq!((told(&report), report.events), (Vec::<String>::new(), 400));
    // The hashes of whole tiles of deleted events may be gone too; not those of a tile with others.
    assert!(log.tiles.remove(&leaves(0)).is_some() && log.verify().is_clean());
    assert!(log.tiles.remove(&leaves(1)).is_some());
    assert_eq!(told(&log.verify())[0], "tile/0/001, byte 0, event 256: the tile is missing");
}

fn leaves(index: u64) -> TileId {
    TileId { level: 0, index, width: 256 }
}

/// A row above the leaves is all that is left of what was deleted, over more than one of its tiles.
#[test]
fn the_rows_above_deleted_events_lead_to_the_signed_root() {
    const DELETED: u64 = 70_000;
    let mut log =
        log_of(71_000, |seq| if seq == 70_500 { bytes_of(seq, pruned(DELETED)) } else { event_bytes(seq) });
    log.segments.drain(..usize::try_from(DELETED / PER_SEGMENT).unwrap());
    log.tiles.retain(|id, _| id.level > 0 || id.index >= DELETED / 256);
    assert_eq!(told(&log.verify()), Vec::<String>::new());
    for (id, told_of) in [
        (
            TileId { level: 1, index: 0, width: 256 },
            "tile/1/000, byte 0, event 0: the hash is not that of the signed events",
        ),
        (
            TileId { level: 1, index: 1, width: 21 },
            "tile/1/001.p/21, byte 0: the events do not lead to the signed root",
        ),
        (leaves(273), "tile/0/273, byte 0, event 69888: the hash is not that of the signed events"),
    ] {
        let mut bad = log.clone();
        bad.tiles.get_mut(&id).unwrap()[0] ^= 1;
        let told = told(&bad.verify());
        assert!(told.len() == 1 && told[0].starts_with(told_of), "{told:?}");
    }
}

#[test]
fn events_that_nothing_says_were_deleted_are_missing() {
    for (mut log, deleted) in [(log(700), 3), (pruned_log(300), 4), (pruned_log(0), 1)] {
        log.segments.drain(..deleted);
        let told = told(&log.verify());
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("the events before it are missing"), "{told:?}");
    }
}

#[test]
fn what_says_that_events_were_deleted_must_be_signed() {
    let mut log = log(700);
    log.segments.drain(..3);
    let forged = bytes_of(700, pruned(300));
    let end = log.frames(3).last().unwrap().1;
    let last = log.segments.last_mut().unwrap();
    last.truncate(end);
    frame::write(last, &forged).unwrap();
    assert!(told(&log.verify())[0].contains("the events before it are missing"));
}

#[test]
fn the_hashes_of_deleted_events_are_held_to_the_signature() {
    let mut log = pruned_log(300);
    log.segments.drain(..3);
    let tile = log.tiles.get_mut(&leaves(1)).unwrap();
    tile[40] ^= 1;
    assert_eq!(
        told(&log.verify()),
        ["tile/0/001, byte 0, event 256: the hash is not that of the signed events"]
    );
}
