use super::{BLOCK, Block, Survey};
use crate::lanes::places;

impl Survey<'_> {
    /// Where a literal stands. `signs` gives for a block where it may begin, by the kinds that its bytes are of: few texts have
    /// such side by side, and the bytes of others are not looked at.
    pub(in crate::view) fn places_of<const N: usize>(
        &self,
        literal: &'static [u8; N],
        signs: impl Fn(&Block) -> u64,
    ) -> impl Iterator<Item = usize> {
        let begins = move |at: usize| self.blocks.get(at / BLOCK).map_or(0, &signs);
        let stands = |at: &usize| self.bytes().get(*at..).and_then(<[u8]>::first_chunk) == Some(literal);
        places(0, self.text.len(), begins).filter(stands)
    }
}

/// Before which bytes of a block, so many places before, there are those of a mask, or may be: what is in the next block is
/// not seen.
pub(in crate::view) fn ahead(mask: u64, places: usize) -> u64 {
    mask >> places | !(u64::MAX >> places)
}
