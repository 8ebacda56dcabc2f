use super::tile::{FULL, ROWS};
use super::{Hash, Tile, TileId};

/// The right edge of a growing tree: for every row the hashes of its unfinished tile.
///
/// That is all that is needed to append leaves and to compute the root, and at the same time exactly
/// what the partial tiles on disk hold. Grows with the logarithm of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    rows: Vec<Tile>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of a tree of `size` leaves whose partial tiles `read` gives.
    ///
    /// Returns `None` if one is missing. Does not check them: compare [`root`](Self::root) with a
    /// signed one.
    pub fn from_tiles(size: u64, mut read: impl FnMut(TileId) -> Option<Tile>) -> Option<Self> {
        let rows = TileId::right_edge(size)
            .map(|id| if id.width == 0 { Some(Tile::default()) } else { read(id) })
            .collect::<Option<_>>()?;
        Some(Self { size, rows })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash and hands the tiles that this completes, lowest row first.
    pub fn append(&mut self, leaf: Hash, completed: impl FnMut(TileId, Tile)) {
        self.push(0, leaf, completed);
        self.size += 1;
    }

    /// Appends the 256 leaves of a tile by the hash of their subtree, likewise. Only where a tile begins: elsewhere nothing
    /// is done.
    pub fn append_tile(&mut self, subtree: Hash, completed: impl FnMut(TileId, Tile)) {
        if self.size.is_multiple_of(FULL as u64) {
            if self.rows.is_empty() {
                self.rows.push(Tile::default());
            }
            self.push(1, subtree, completed);
            self.size += FULL as u64;
        }
    }

    fn push(&mut self, row: u8, hash: Hash, mut completed: impl FnMut(TileId, Tile)) {
        let mut hash = hash;
        for level in row..ROWS {
            let row = usize::from(level);
            if self.rows.len() == row {
                self.rows.push(Tile::default());
            }
            // INVARIANT (rows exist): the line above made this row if it was missing.
            let Some(tile) = self.rows.get_mut(row) else { break };
            tile.0.push(hash);
            if tile.0.len() < FULL {
                break;
            }
            let tile = std::mem::take(tile);
            hash = perfect_root(&tile.0);
            let index = self.size >> (8 * (u32::from(level) + 1));
            completed(TileId { level, index, width: 256 }, tile);
        }
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        // The perfect subtrees from right to left, that is from small to large, each the left
        // neighbour of all that was folded before.
        let mut root = None;
        for tile in &self.rows {
            let mut end = tile.0.len();
            while end > 0 {
                let start = end & (end - 1);
                let subtree = perfect_root(tile.0.get(start..end).unwrap_or_default());
                root = Some(root.map_or(subtree, |right| Hash::node(subtree, right)));
                end = start;
            }
        }
        root.unwrap_or_else(Hash::empty_root)
    }

    /// The unfinished tiles, lowest row first: what to store so that [`from_tiles`](Self::from_tiles)
    /// finds it.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (TileId, &Tile)> {
        TileId::right_edge(self.size).zip(&self.rows).filter(|(id, _)| id.width > 0)
    }
}

/// The root of a perfect subtree: of a power of two hashes of one row.
pub(super) fn perfect_root(row: &[Hash]) -> Hash {
    let mut row = row.to_vec();
    while row.len() > 1 {
        row = row.as_chunks::<2>().0.iter().map(|&[left, right]| Hash::node(left, right)).collect();
    }
    // Only an empty row has no root, and no caller has one.
    row.first().copied().unwrap_or_else(Hash::empty_root)
}
