use std::sync::LazyLock;
use weir_audit::checkpoint::{Origin, Signer, Verifier};
use weir_audit::event::{AsEvent as _, Author, LogClosed};
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES, SegmentHeader};
use weir_audit::tree::{Frontier, Hash};
use weir_audit::verify::{Report, Verification};
use weir_audit::{Envelope, Head, Name, Record, WallTime};

/// A segment's frames, written again, are the same bytes.
pub fn audit_frame(data: &[u8]) {
    if let SegmentHeader::First(first) = frame::read_segment_header(data) {
        assert!(data.starts_with(&frame::segment_header(first)), "another header reads the same");
    }
    for begin in [0, SEGMENT_HEADER_BYTES] {
        let mut offset = begin;
        while let Ok(Some(frame)) = frame::read(data, offset) {
            let mut again = Vec::new();
            assert!(frame::write(&mut again, frame.event).is_ok(), "read, but not to be written");
            assert!(data.get(offset..frame.end()) == Some(&again), "another frame reads the same");
            offset = frame.end();
        }
        let behind = frame::find(data, offset);
        assert!(behind.is_none_or(|behind| matches!(frame::read(data, behind), Ok(Some(_)))));
    }
}

/// An event that can be read can be written, and reads the same again; its head is that of its envelope.
pub fn audit_event(data: &[u8]) {
    if let Ok(envelope) = Envelope::parse(data) {
        let Envelope { seq, type_name, ts_wall, .. } = envelope;
        assert!(Head::parse(data).is_ok_and(|head| head == Head { seq, type_name, ts_wall }), "another head");
    }
    let Ok(Record { envelope, event }) = Record::parse(data) else { return };
    let author = Author::new([0x11; 16], envelope.node.clone());
    let mut again = Vec::new();
    author.write(&mut again, envelope.seq, envelope.ts_wall, envelope.ts_mono_ns, event.as_event());
    let same = Record::parse(&again).is_ok_and(|read| {
        read.event == event && read.envelope.seq == envelope.seq && read.envelope.ts_wall == envelope.ts_wall
    });
    assert!(same, "written, the event reads differently");
}

/// A log that passes verification begins with the very events that were signed: when bytes of a segment
/// are changed, and when events (the lines of the input) are, with checksums and tree made anew.
pub fn audit_log(data: &[u8]) {
    passes_only_if_signed(data, &LOG.tile);
    let forged = segment(data.split(|byte| *byte == b'\n'));
    passes_only_if_signed(&forged, &tile(&first_events(&forged, LOG.events.len())));
}

fn passes_only_if_signed(segment: &[u8], tile: &[u8]) {
    let same = || first_events(segment, LOG.events.len()) == LOG.events;
    assert!(!LOG.verify(segment, tile).is_clean() || same(), "other events pass verification");
}

/// The log that checkpoints of the corpus are of.
struct SignedLog {
    public_key: Vec<u8>,
    checkpoint: Vec<u8>,
    tile: Vec<u8>,
    events: Vec<Vec<u8>>,
}

impl SignedLog {
    /// What verification says of a log with this checkpoint and these files.
    fn verify(&self, segment: &[u8], tile: &[u8]) -> Report {
        let read_tile = |_| Some(tile.to_vec());
        let mut verification = Verification::begin(&self.public_key, Some(&self.checkpoint), read_tile);
        verification.segment(0, segment, None);
        verification.finish()
    }
}

static LOG: LazyLock<SignedLog> = LazyLock::new(|| {
    let signer = signer();
    let mut frontier = Frontier::new();
    let events: Vec<Vec<u8>> = (0..3).map(event).collect();
    events.iter().for_each(|event| frontier.append(Hash::leaf(event), |_, _| {}));
    SignedLog {
        public_key: format!("{}\n", signer.verifier()).into_bytes(),
        checkpoint: signer.sign(frontier.size(), frontier.root()).into_bytes(),
        tile: tile(&events),
        events,
    }
});

fn event(seq: u64) -> Vec<u8> {
    let author = Author::new([0x11; 16], Name::new("fuzz"));
    let mut bytes = Vec::new();
    let event = LogClosed { events: seq };
    author.write(&mut bytes, seq, WallTime::from_unix_ms(seq), seq, event.as_event());
    bytes
}

/// A segment with these events, those left out that none can be.
fn segment<'a>(events: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut segment = frame::segment_header(0).to_vec();
    for event in events {
        let _no_event = frame::write(&mut segment, event);
    }
    segment
}

/// The only tile of a log with these events.
fn tile(events: &[Vec<u8>]) -> Vec<u8> {
    events.iter().flat_map(|event| Hash::leaf(event).0).collect()
}

fn first_events(segment: &[u8], count: usize) -> Vec<Vec<u8>> {
    let mut offset = SEGMENT_HEADER_BYTES;
    let next = || {
        let frame = frame::read(segment, offset).ok()??;
        offset = frame.end();
        Some(frame.event.to_vec())
    };
    std::iter::from_fn(next).take(count).collect()
}

/// A note that verifies is one that this key signed; a verifier key has one notation.
pub fn checkpoint(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(verifier) = text.trim_end().parse::<Verifier>() {
        assert!(verifier.to_string() == text.trim_end(), "another notation of the same key");
    }
    let signer = signer();
    if let Ok(checkpoint) = signer.verifier().verify(text) {
        // Ed25519 signs the same text the same way, and witnesses sign behind.
        let own = signer.sign(checkpoint.size, checkpoint.root);
        let (signed, line) = own.split_once("\n\n").unwrap_or_default();
        assert!(text.starts_with(signed) && text.contains(line.trim_end()), "signed by somebody else");
    }
}

fn signer() -> Signer {
    Signer::new(Origin::of_node(&Name::new("fuzz")), &[7; 32])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this, a verification that never passes would satisfy the target.
    #[test]
    fn the_signed_log_passes_verification() {
        let segment = segment(LOG.events.iter().map(Vec::as_slice));
        let report = LOG.verify(&segment, &LOG.tile);
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(first_events(&segment, 3), LOG.events);
    }
}
