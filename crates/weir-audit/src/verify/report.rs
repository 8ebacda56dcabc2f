use crate::checkpoint::{Checkpoint, CheckpointError, Verifier};
use crate::frame::Breakage;
use crate::rotation::RotationError;
use crate::tree::TileId;
use std::fmt;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Events that were read.
    pub events: u64,
    /// Events before them: they are deleted, as a signed event says, if nothing is wrong.
    pub deleted: u64,
    /// The checkpoint, if its signature is right: it covers the first `size` events.
    pub checkpoint: Option<Checkpoint>,
    /// Signed events by which the key of the log was changed, and the key from then on.
    pub key_changes: Vec<(u64, Verifier)>,
    /// Everything that is wrong, in the order in which it was found; the first 1,000.
    pub faults: Vec<Fault>,
    /// Faults that are not listed.
    pub more_faults: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.more_faults == 0
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, and the byte in it.
    pub place: Place,
    /// The first event that it touches.
    pub index: Option<u64>,
    /// What is wrong.
    pub what: Wrong,
}

/// A file of a log, and a byte in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A segment.
    Segment {
        /// Number of the segment.
        number: u64,
        /// Offset in the file: where the frame begins.
        offset: usize,
    },
    /// A tile.
    Tile {
        /// Which.
        id: TileId,
        /// Offset in the file: where the hash begins.
        offset: usize,
    },
    /// The checkpoint.
    Checkpoint,
    /// The public key.
    PublicKey,
    /// The changes of the key.
    Rotations,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The header of a segment was changed.
    #[error("the header of the segment is broken")]
    SegmentHeader,
    /// A newer Weir wrote this segment.
    #[error("written by a newer weir; verify with that version")]
    Newer,
    /// Events are missing before this segment.
    #[error("the segment begins with event {0}; the events before it are missing")]
    Gap(u64),
    /// A frame was changed.
    #[error("the frame is broken: {0}")]
    Frame(Breakage),
    /// Something is written where the segment should be empty.
    #[error("there are bytes behind the last event")]
    Behind,
    /// The bytes are no event.
    #[error("the bytes are no event")]
    NotAnEvent,
    /// Another event is in this place: one was removed, inserted or moved.
    #[error("event {0} is in this place")]
    Sequence(u64),
    /// The bytes of an event are not those that were signed.
    #[error("the event is not the one that was signed")]
    Event,
    /// Event and tile disagree, and no signature tells which is right.
    #[error("the event and its hash in `{0}` disagree")]
    EventOrTile(TileId),
    /// The event says that the key was changed, and both keys have not signed that.
    #[error("the key was not changed as the event says: {0}")]
    Rotation(RotationError),
    /// A line of the changes of the key was changed.
    #[error("{0}")]
    RotationLine(RotationError),
    /// The line of a change of the key is missing, which a signed event tells of.
    #[error("the line of the change that this event tells of is missing")]
    RotationMissing,
    /// A tile is missing.
    #[error("the tile is missing")]
    TileMissing,
    /// A tile does not hold as many hashes as it should.
    #[error("the tile has the wrong length")]
    TileLength,
    /// A hash of a tile is not that of the events, which are those that were signed.
    #[error("the hash is not that of the signed events")]
    TileHash,
    /// The log ends before the size that was signed.
    #[error("the log ends here; {0} events were signed")]
    CutOff(u64),
    /// There are events and no checkpoint.
    #[error("there is no checkpoint")]
    CheckpointMissing,
    /// The checkpoint was changed, is another log's, or is signed by another key.
    #[error("{0}")]
    Checkpoint(CheckpointError),
    /// The events do not lead to the signed root, and no tile shows which.
    #[error("the events do not lead to the signed root")]
    Root,
    /// The public key was changed.
    #[error("the public key was changed: {0}")]
    PublicKey(CheckpointError),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Segment { number, offset } => write!(f, "segments/{number:08}.log, byte {offset}"),
            Place::Tile { id, offset } => write!(f, "{id}, byte {offset}"),
            Place::Checkpoint => f.write_str("checkpoint"),
            Place::PublicKey => f.write_str("key.pub"),
            Place::Rotations => f.write_str("key.rotations"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if let Some(index) = self.index {
            write!(f, ", event {index}")?;
        }
        write!(f, ": {}", self.what)
    }
}
