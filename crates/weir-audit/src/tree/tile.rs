use super::Hash;
use std::fmt;

/// Rows above this one are never reached: they begin at 2^56 leaves.
pub(super) const ROWS: u8 = 7;

/// Names a tile: up to 256 hashes of one row of the tree.
///
/// Row `level` holds the roots of the subtrees of `256^level` leaves. Source: C2SP tlog-tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// The row, from 0, the leaves.
    pub level: u8,
    /// Place in the row, in tiles.
    pub index: u64,
    /// Number of hashes, 1 to 256; fewer than 256 in a partial tile, at the right edge.
    pub width: u16,
}

/// Hashes in a full tile.
pub(super) const FULL: usize = 256;

impl TileId {
    /// Where the tile lies under the log's directory: `tile/0/x001/234`, `tile/1/000.p/17`.
    #[must_use]
    pub fn path(self) -> String {
        self.to_string()
    }

    /// Whether it holds fewer than 256 hashes.
    #[must_use]
    pub fn is_partial(self) -> bool {
        usize::from(self.width) < FULL
    }

    /// The tiles of a tree of `size` leaves that are at its right edge, lowest row first: the partial
    /// ones, from which a [`Frontier`](super::Frontier) is made.
    pub fn right_edge(size: u64) -> impl Iterator<Item = TileId> {
        (0..ROWS).map_while(move |level| {
            let row = size >> (8 * u32::from(level));
            let width = u16::try_from(row % FULL as u64).unwrap_or(0);
            (row > 0).then_some(TileId { level, index: row / FULL as u64, width })
        })
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        // Groups of three digits, all but the last with an `x`.
        let digits = self.index.to_string();
        let padded = format!("{}{digits}", "0".repeat((3 - digits.len() % 3) % 3));
        for (i, digit) in padded.chars().enumerate() {
            let is_last_group = i + 3 >= padded.len();
            match (i % 3 == 0, is_last_group) {
                (true, false) if i > 0 => f.write_str("/x")?,
                (true, false) => f.write_str("x")?,
                (true, true) if i > 0 => f.write_str("/")?,
                _ => {}
            }
            write!(f, "{digit}")?;
        }
        if self.is_partial() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// The hashes of a tile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tile(pub Vec<Hash>);

impl Tile {
    /// Reads a tile; `None` unless the bytes are exactly as many hashes as `id` says.
    #[must_use]
    pub fn parse(id: TileId, bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && hashes.len() == usize::from(id.width);
        fits.then(|| Self(hashes.iter().copied().map(Hash).collect()))
    }

    /// The bytes of the tile: its hashes one after another.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.0).collect()
    }
}
