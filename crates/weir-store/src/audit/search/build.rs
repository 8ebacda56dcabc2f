//! Keeping the index up with the log.

use super::super::AuditError;
use super::super::files::Layout;
use super::SearchError;
use super::block::{BLOCK_EVENTS, Block, BlockBuilder, LENGTH, OpenRequests};
use super::cursor::{Cursor, Step};
use super::file::{IndexError, IndexFile, State};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use weir_audit::frame;

/// Events that are taken in at one go: what a reader waits for at most, what is done again after a crash, and whose ids
/// are held in memory meanwhile.
const EVENTS_AT_ONCE: u64 = 4 * 1024;

/// How far an index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexed {
    /// Events that are in the index, or were before they were deleted.
    pub events: u64,
    /// Whether there is more to take in at once.
    pub is_behind: bool,
}

/// Takes in some of the events that the index has not, or begins anew if it is another log's.
///
/// Only whole blocks under a checkpoint are taken: these events do not change any more, whatever the writer meets.
pub(super) fn advance(layout: &Layout, file: &mut IndexFile) -> Result<Indexed, SearchError> {
    file.begin_writing()?;
    let advanced = take_in(layout, file);
    match &advanced {
        Ok(_) => file.end()?,
        Err(_) => file.give_up(),
    }
    advanced
}

fn take_in(layout: &Layout, file: &mut IndexFile) -> Result<Indexed, SearchError> {
    let mut state = file.state()?;
    let within = match end_of(layout, file, &state)? {
        Fit::At(within) => within,
        Fit::Not => {
            file.clear()?;
            state = State::default();
            None
        }
    };
    let mut cursor = Cursor::open(layout, state.next, within)?;
    if cursor.first_kept() > state.next && state.next > 0 {
        // All that it has was deleted from the log.
        file.clear()?;
        state = State::default();
    } else {
        file.forget_before(cursor.first_kept())?;
    }
    let mut ids = Vec::new();
    let began = cursor.next();
    let mut is_behind = false;
    while let Some((block, leaf)) = next_settled(&mut cursor, &mut state.open)? {
        file.add(&block)?;
        ids.extend(block.ids);
        (state.next, state.leaf) = (block.place.end(), leaf);
        is_behind = state.next - began >= EVENTS_AT_ONCE;
        if is_behind {
            break;
        }
    }
    if state.next > began {
        file.add_ids(began..state.next, ids)?;
        file.set_state(&state)?;
    }
    Ok(Indexed { events: state.next, is_behind })
}

/// How an index stands to a log.
pub(super) enum Fit {
    /// It is this log's; the frame behind its last event begins here.
    At(Option<(u64, u64)>),
    /// It is another log's, or has events that this log has no more.
    Not,
}

/// Looks whether the last event that the index has is still where it was.
pub(super) fn end_of(layout: &Layout, file: &IndexFile, state: &State) -> Result<Fit, SearchError> {
    let Some((id, place)) = file.last_block()? else {
        return Ok(if state.next == 0 { Fit::At(None) } else { Fit::Not });
    };
    let lengths = file.column(id, "", LENGTH)?.ok_or(IndexError::Broken)?;
    let lengths: Vec<u64> = (0..lengths.rows()).filter_map(|row| lengths.number(row)).collect();
    let end = place.offset + lengths.iter().sum::<u64>();
    let last = lengths.last().copied().unwrap_or(0);
    let is_same = place.end() == state.next
        && read_frame(layout, place.segment, end - last, last)
            .is_ok_and(|event| event.is_some_and(|event| leaf_of(&event) == state.leaf));
    Ok(if is_same { Fit::At(Some((place.segment, end))) } else { Fit::Not })
}

/// The event whose frame has so many bytes at this place; `None` if none is there.
pub(super) fn read_frame(
    layout: &Layout,
    segment: u64,
    offset: u64,
    length: u64,
) -> Result<Option<Vec<u8>>, AuditError> {
    let path = layout.segment(segment);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(AuditError::io(path)(error)),
    };
    Ok(frame_at(&file, offset, length))
}

/// The same of an open segment.
pub(super) fn frame_at(file: &File, offset: u64, length: u64) -> Option<Vec<u8>> {
    let length = usize::try_from(length).ok()?;
    let mut bytes = vec![0; length.min(frame::MAX_EVENT_BYTES + frame::FRAME_HEADER_BYTES)];
    file.read_exact_at(&mut bytes, offset).ok()?;
    let frame = frame::read(&bytes, 0).ok().flatten()?;
    (frame.end() == length).then(|| frame.event.to_vec())
}

/// The next block and the hash of its last event: a whole one under a checkpoint.
fn next_settled(
    cursor: &mut Cursor,
    open: &mut OpenRequests,
) -> Result<Option<(Block, Vec<u8>)>, SearchError> {
    // A segment that is over may be passed over without a block.
    while cursor.is_at_end_of_segment() && cursor.step()? == Step::NextSegment {}
    if cursor.settles(BLOCK_EVENTS as u64) { next_block(cursor, open) } else { Ok(None) }
}

/// The next block and the hash of its last event, with what is there; `None` at the end.
pub(super) fn next_block(
    cursor: &mut Cursor,
    open: &mut OpenRequests,
) -> Result<Option<(Block, Vec<u8>)>, SearchError> {
    while cursor.is_at_end_of_segment() && cursor.step()? == Step::NextSegment {}
    let Some((segment, offset)) = cursor.position() else { return Ok(None) };
    let mut builder = BlockBuilder::new(segment, offset, cursor.next());
    let mut leaf = Vec::new();
    while builder.events() < BLOCK_EVENTS && !cursor.is_at_end_of_segment() {
        let seq = cursor.next();
        let Step::Event(event, length) = cursor.step()? else { break };
        let pushed = builder.push(event, length, open);
        leaf.clear();
        leaf.extend_from_slice(event);
        pushed.map_err(|what| cursor.damaged(seq, what))?;
    }
    let leaf = leaf_of(&leaf);
    Ok(builder.finish().map(|block| (block, leaf)))
}

fn leaf_of(event: &[u8]) -> Vec<u8> {
    Sha256::digest(event).to_vec()
}
