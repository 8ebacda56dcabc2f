use super::frontier::perfect_root;
use super::{Hash, Tile, TileId};
use std::ops::Range;

/// A tile that a proof needs could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tile `{0}` is missing or has the wrong length")]
pub struct MissingTile(pub TileId);

/// A proof that does not prove what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProof {
    /// Index and sizes cannot be of one log.
    #[error("index and tree sizes do not fit each other")]
    Sizes,
    /// Too few or too many hashes.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// The root of the first `size` leaves, from the tiles of a tree of at least that size.
///
/// # Errors
/// [`MissingTile`] if `read` does not give a tile that is needed.
pub fn root_from_tiles(
    size: u64,
    tree_size: u64,
    read: &mut impl FnMut(TileId) -> Option<Tile>,
) -> Result<Hash, MissingTile> {
    if size == 0 { Ok(Hash::empty_root()) } else { range_hash(0..size, tree_size, read) }
}

/// The hashes that lead from leaf `index` to the root of the first `size` leaves.
///
/// Source: RFC 6962, section 2.1.1.
///
/// # Errors
/// [`MissingTile`] if `read` does not give a tile that is needed.
pub fn inclusion_proof(
    index: u64,
    size: u64,
    read: &mut impl FnMut(TileId) -> Option<Tile>,
) -> Result<Vec<Hash>, MissingTile> {
    let mut proof = Vec::new();
    let mut range = 0..size;
    while range.end - range.start > 1 {
        let middle = range.start + largest_power_below(range.end - range.start);
        let (inside, sibling) = if index < middle {
            (range.start..middle, middle..range.end)
        } else {
            (middle..range.end, range.start..middle)
        };
        proof.push(range_hash(sibling, size, read)?);
        range = inside;
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that show that the tree of `new` leaves only adds to the tree of `old` leaves.
///
/// Source: RFC 6962, section 2.1.2.
///
/// # Errors
/// [`MissingTile`] if `read` does not give a tile that is needed.
pub fn consistency_proof(
    old: u64,
    new: u64,
    read: &mut impl FnMut(TileId) -> Option<Tile>,
) -> Result<Vec<Hash>, MissingTile> {
    if old == 0 {
        return Ok(Vec::new());
    }
    let mut proof = Vec::new();
    let mut range = 0..new;
    while old < range.end {
        let middle = range.start + largest_power_below(range.end - range.start);
        if old <= middle {
            proof.push(range_hash(middle..range.end, new, read)?);
            range.end = middle;
        } else {
            proof.push(range_hash(range.start..middle, new, read)?);
            range.start = middle;
        }
    }
    if range.start > 0 {
        proof.push(range_hash(range, new, read)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that a leaf is at `index` of the tree of `size` leaves with this root.
///
/// Source: RFC 9162, section 2.1.3.2.
///
/// # Errors
/// [`InvalidProof`] if it does not.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), InvalidProof> {
    if index >= size {
        return Err(InvalidProof::Sizes);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for &sibling in proof {
        if last == 0 {
            return Err(InvalidProof::Length);
        }
        if node & 1 == 1 || node == last {
            hash = Hash::node(sibling, hash);
            skip_left_edges(&mut node, &mut last);
        } else {
            hash = Hash::node(hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, hash == root) {
        (0, true) => Ok(()),
        (0, false) => Err(InvalidProof::Root),
        _ => Err(InvalidProof::Length),
    }
}

/// Checks that the tree of `new` leaves begins with the tree of `old` leaves.
///
/// Source: RFC 9162, section 2.1.4.2.
///
/// # Errors
/// [`InvalidProof`] if it does not.
pub fn verify_consistency(
    old: u64,
    old_root: Hash,
    new: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), InvalidProof> {
    if old > new {
        return Err(InvalidProof::Sizes);
    }
    if old == 0 || old == new {
        let fits = if old == 0 { old_root == Hash::empty_root() } else { old_root == new_root };
        return match (proof.is_empty(), fits) {
            (true, true) => Ok(()),
            (true, false) => Err(InvalidProof::Root),
            (false, _) => Err(InvalidProof::Length),
        };
    }
    let (mut node, mut last) = (old - 1, new - 1);
    let shift = node.trailing_ones();
    (node, last) = (node >> shift, last >> shift);
    // A tree of a power of two leaves is itself the first hash of the path.
    let mut path = proof.iter().copied();
    let first = if old.is_power_of_two() { old_root } else { path.next().ok_or(InvalidProof::Length)? };
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in path {
        if last == 0 {
            return Err(InvalidProof::Length);
        }
        if node & 1 == 1 || node == last {
            old_hash = Hash::node(sibling, old_hash);
            new_hash = Hash::node(sibling, new_hash);
            skip_left_edges(&mut node, &mut last);
        } else {
            new_hash = Hash::node(new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, old_hash == old_root && new_hash == new_root) {
        (0, true) => Ok(()),
        (0, false) => Err(InvalidProof::Root),
        _ => Err(InvalidProof::Length),
    }
}

/// Goes up as long as the node is a left child, which at the right edge has no sibling.
fn skip_left_edges(node: &mut u64, last: &mut u64) {
    while *node & 1 == 0 && *node != 0 {
        *node >>= 1;
        *last >>= 1;
    }
}

/// The hash of a range of leaves that the recursion of RFC 6962 meets: a left part is always a power of
/// two and aligned, so that its hash can be taken from one tile.
fn range_hash(
    range: Range<u64>,
    tree_size: u64,
    read: &mut impl FnMut(TileId) -> Option<Tile>,
) -> Result<Hash, MissingTile> {
    let mut start = range.start;
    let mut lefts = Vec::new();
    while !(range.end - start).is_power_of_two() {
        let left = largest_power_below(range.end - start);
        lefts.push(perfect_hash(start, left, tree_size, read)?);
        start += left;
    }
    let last = perfect_hash(start, range.end - start, tree_size, read)?;
    Ok(lefts.into_iter().rev().fold(last, |right, left| Hash::node(left, right)))
}

/// The hash of `count` leaves from `start` on, where `count` is a power of two that divides `start`.
fn perfect_hash(
    start: u64,
    count: u64,
    tree_size: u64,
    read: &mut impl FnMut(TileId) -> Option<Tile>,
) -> Result<Hash, MissingTile> {
    let height = count.trailing_zeros();
    let level = height / 8;
    let first = start >> (8 * level);
    let row_size = tree_size >> (8 * level);
    let index = first / 256;
    let width = u16::try_from((row_size - index * 256).min(256)).unwrap_or(256);
    let id = TileId { level: u8::try_from(level).unwrap_or(u8::MAX), index, width };
    let tile = read(id).ok_or(MissingTile(id))?;
    let from = usize::try_from(first % 256).unwrap_or(0);
    let hashes = tile.0.get(from..from + (1 << (height % 8))).ok_or(MissingTile(id))?;
    Ok(perfect_root(hashes))
}

/// The largest power of two below `n`, which is at least 2.
fn largest_power_below(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
