//! The Merkle tree over the events' canonical bytes: RFC 6962 hashes, C2SP tiles.

mod frontier;
mod proof;
mod tile;

pub use frontier::Frontier;
pub use proof::{
    InvalidProof, MissingTile, consistency_proof, inclusion_proof, root_from_tiles, verify_consistency,
    verify_inclusion,
};
pub use tile::{Tile, TileId};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 hash of the tree. Shown in base64, as checkpoints show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The root of the tree without leaves: the hash of nothing.
    #[must_use]
    pub fn empty_root() -> Self {
        Self(Sha256::digest(b"").into())
    }

    /// `SHA-256(0x00 ‖ leaf)`.
    #[must_use]
    pub fn leaf(leaf: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
    }

    /// `SHA-256(0x01 ‖ left ‖ right)`.
    #[must_use]
    pub fn node(left: Hash, right: Hash) -> Self {
        Self(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

#[cfg(test)]
mod tests;
