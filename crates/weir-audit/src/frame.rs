//! How events lie in a segment: `length (u32 LE) ‖ CRC32C (u32 LE) ‖ bytes`, after a header, before zeros.
//!
//! The checksum covers the length too. A segment is filled with zeros ahead of use, and no event is
//! empty, so eight zero bytes where a frame would begin are the end.

use std::ops::Range;

/// Bytes of length and checksum before an event.
pub const FRAME_HEADER_BYTES: usize = 8;

/// The longest event. More is a mistake: every list in an event is bounded.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;

/// Bytes before the first frame of a segment.
pub const SEGMENT_HEADER_BYTES: usize = 20;

/// First bytes of a segment; the last is the version of this layout.
const MAGIC: [u8; 8] = *b"WEIRLOG1";

/// An event that is empty or longer than [`MAX_EVENT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of {0} bytes; 1 to {MAX_EVENT_BYTES} can be written")]
pub struct InvalidLength(pub usize);

/// Appends a frame with `event` to `out`.
///
/// # Errors
/// [`InvalidLength`] if the event is empty or too long; `out` is as before then.
pub fn write(out: &mut Vec<u8>, event: &[u8]) -> Result<(), InvalidLength> {
    write_with(out, |out| out.extend_from_slice(event))
}

/// Appends a frame with the event that `event` appends.
///
/// # Errors
/// [`InvalidLength`] if the event is empty or too long; `out` is as before then.
pub fn write_with(out: &mut Vec<u8>, event: impl FnOnce(&mut Vec<u8>)) -> Result<(), InvalidLength> {
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
    event(out);
    let frame = out.get_mut(start..).and_then(|frame| frame.split_first_chunk_mut::<FRAME_HEADER_BYTES>());
    let Some((header, event)) = frame else { return Err(InvalidLength(0)) };
    if !(1..=MAX_EVENT_BYTES).contains(&event.len()) {
        let length = event.len();
        out.truncate(start);
        return Err(InvalidLength(length));
    }
    // MAX_EVENT_BYTES fits.
    let length = (event.len() as u32).to_le_bytes();
    let [l0, l1, l2, l3] = length;
    let [c0, c1, c2, c3] = checksum(length, event).to_le_bytes();
    *header = [l0, l1, l2, l3, c0, c1, c2, c3];
    Ok(())
}

/// A whole frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Where the frame begins.
    pub offset: usize,
    /// The event's bytes.
    pub event: &'a [u8],
}

impl Frame<'_> {
    /// Where the next frame begins.
    #[must_use]
    pub fn end(&self) -> usize {
        self.offset + FRAME_HEADER_BYTES + self.event.len()
    }
}

/// Where and how a frame is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Where the frame begins.
    pub offset: usize,
    /// What is wrong with it.
    pub breakage: Breakage,
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breakage {
    /// The file ends within the frame.
    #[error("the file ends within the frame")]
    Truncated,
    /// No event has this length.
    #[error("no event is {0} bytes long")]
    Length(u32),
    /// Length or event are not those that were written.
    #[error("the checksum does not fit the bytes")]
    Checksum,
}

impl Breakage {
    /// One word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Breakage::Truncated => "truncated",
            Breakage::Length(_) => "length",
            Breakage::Checksum => "checksum",
        }
    }
}

/// Reads the frame at `offset`; `None` at the end, where zeros begin or the bytes end.
///
/// # Errors
/// [`Broken`] if there is something else than a whole frame.
pub fn read(bytes: &[u8], offset: usize) -> Result<Option<Frame<'_>>, Broken> {
    let broken = |breakage| Broken { offset, breakage };
    let rest = bytes.get(offset..).unwrap_or_default();
    let Some((header, rest)) = rest.split_first_chunk::<FRAME_HEADER_BYTES>() else {
        return if is_zero(rest) { Ok(None) } else { Err(broken(Breakage::Truncated)) };
    };
    let [l0, l1, l2, l3, crc @ ..] = *header;
    let length_bytes = [l0, l1, l2, l3];
    let length = u32::from_le_bytes(length_bytes);
    if *header == [0; FRAME_HEADER_BYTES] {
        return Ok(None);
    }
    let len = usize::try_from(length).unwrap_or(usize::MAX);
    if !(1..=MAX_EVENT_BYTES).contains(&len) {
        return Err(broken(Breakage::Length(length)));
    }
    let event = rest.get(..len).ok_or_else(|| broken(Breakage::Truncated))?;
    if checksum(length_bytes, event) != u32::from_le_bytes(crc) {
        return Err(broken(Breakage::Checksum));
    }
    Ok(Some(Frame { offset, event }))
}

/// The offset of the first whole frame at or after `from`: where reading can go on behind damage.
#[must_use]
pub fn find(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len()).find(|&offset| matches!(read(bytes, offset), Ok(Some(_))))
}

/// The part of `bytes` from `offset` on that is not zero: nothing, or from its first to its last such byte.
#[must_use]
pub fn non_zero(bytes: &[u8], offset: usize) -> Option<Range<usize>> {
    let rest = bytes.get(offset..).unwrap_or_default();
    let first = rest.iter().position(|&b| b != 0)?;
    let last = rest.iter().rposition(|&b| b != 0)?;
    Some(offset + first..offset + last + 1)
}

/// The header of the segment whose first event has this index:
/// `"WEIRLOG1" ‖ index (u64 LE) ‖ CRC32C of both (u32 LE)`.
///
/// A later layout keeps these 20 bytes and changes the last of the magic.
#[must_use]
pub fn segment_header(first: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    header(MAGIC, first)
}

fn header(magic: [u8; 8], first: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    let (covered, crc) = header.split_at_mut(16);
    covered.copy_from_slice(&[magic, first.to_le_bytes()].concat());
    crc.copy_from_slice(&crc32c::crc32c(covered).to_le_bytes());
    header
}

/// What the first bytes of a segment say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentHeader {
    /// Index of the segment's first event.
    First(u64),
    /// Zeros: a segment that was never used.
    Unused,
    /// Written by a newer Weir, whose layout has this letter.
    Newer(u8),
    /// Anything else.
    Broken,
}

/// Reads the header of a segment.
#[must_use]
pub fn read_segment_header(bytes: &[u8]) -> SegmentHeader {
    let Some(found) = bytes.first_chunk::<SEGMENT_HEADER_BYTES>() else {
        return if is_zero(bytes) { SegmentHeader::Unused } else { SegmentHeader::Broken };
    };
    let [m0, m1, m2, m3, m4, m5, m6, version, f0, f1, f2, f3, f4, f5, f6, f7, ..] = *found;
    let magic = [m0, m1, m2, m3, m4, m5, m6, version];
    let first = u64::from_le_bytes([f0, f1, f2, f3, f4, f5, f6, f7]);
    let is_ours = magic.split_last().map(|(_, ours)| ours) == MAGIC.split_last().map(|(_, ours)| ours);
    if is_zero(found) {
        SegmentHeader::Unused
    } else if !is_ours || *found != header(magic, first) {
        SegmentHeader::Broken
    } else if magic == MAGIC {
        SegmentHeader::First(first)
    } else {
        SegmentHeader::Newer(version)
    }
}

fn checksum(length: [u8; 4], event: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), event)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&b| b == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(events: &[&[u8]]) -> Vec<u8> {
        let mut bytes = segment_header(5).to_vec();
        for event in events {
            write(&mut bytes, event).unwrap();
        }
        bytes.extend([0; 40]);
        bytes
    }

    fn events(bytes: &[u8]) -> Result<Vec<&[u8]>, Broken> {
        let mut offset = SEGMENT_HEADER_BYTES;
        let mut events = Vec::new();
        while let Some(frame) = read(bytes, offset)? {
            offset = frame.end();
            events.push(frame.event);
        }
        Ok(events)
    }

    #[test]
    fn frames_read_back_up_to_the_zeros() {
        let bytes = segment(&[b"one", b"three"]);
        assert_eq!(read_segment_header(&bytes), SegmentHeader::First(5));
        assert_eq!(events(&bytes).unwrap(), [&b"one"[..], b"three"]);
    }

    #[test]
    fn every_changed_bit_is_found_in_the_frame_or_behind_the_last() {
        let good = segment(&[b"one", b"three"]);
        let second = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + 3;
        let end = second + FRAME_HEADER_BYTES + 5;
        for at in SEGMENT_HEADER_BYTES..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                if at >= end {
                    assert_eq!(non_zero(&bytes, end), Some(at..at + 1));
                    continue;
                }
                let offset = if at < second { SEGMENT_HEADER_BYTES } else { second };
                assert_eq!(events(&bytes).unwrap_err().offset, offset, "byte {at}");
            }
        }
    }

    #[test]
    fn reading_goes_on_behind_a_broken_frame() {
        let mut bytes = segment(&[b"one", b"three", b"five"]);
        let second = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + 3;
        bytes[second] = 0xff;
        let third = find(&bytes, second).unwrap();
        assert_eq!(read(&bytes, third).unwrap().unwrap().event, b"five");
    }

    #[test]
    fn every_changed_bit_of_a_segment_header_is_found() {
        for at in 0..SEGMENT_HEADER_BYTES {
            for bit in 0..8 {
                let mut header = segment_header(5);
                header[at] ^= 1 << bit;
                assert!(!matches!(read_segment_header(&header), SegmentHeader::First(_)));
            }
        }
        assert_eq!(read_segment_header(&header(*b"WEIRLOG2", 5)), SegmentHeader::Newer(b'2'));
        assert_eq!(read_segment_header(&[0; 64]), SegmentHeader::Unused);
    }

    #[test]
    fn an_event_that_is_empty_or_too_long_is_not_written() {
        let mut out = b"before".to_vec();
        for length in [0, MAX_EVENT_BYTES + 1] {
            assert_eq!(write(&mut out, &vec![b'x'; length]), Err(InvalidLength(length)));
        }
        assert_eq!(out, b"before");
    }
}
