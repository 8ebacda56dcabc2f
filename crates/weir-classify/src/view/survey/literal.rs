use super::{Block, Survey};

impl Survey<'_> {
    /// Where a literal stands. `signs` gives for a block where it may begin, by the kinds that its bytes are of: few texts have
    /// such side by side, and the bytes of others are not looked at.
    pub(in crate::view) fn places_of<const N: usize>(
        &self,
        literal: &'static [u8; N],
        signs: impl Fn(&Block) -> u64,
    ) -> impl Iterator<Item = usize> {
        let stands = |at: &usize| self.bytes().get(*at..).and_then(<[u8]>::first_chunk) == Some(literal);
        self.places(signs).filter(stands)
    }
}

/// Before which bytes of a block, so many places before, there are those of a mask, or may be: what is in the next block is
/// not seen.
pub(in crate::view) fn ahead(mask: u64, places: usize) -> u64 {
    mask >> places | !(u64::MAX >> places)
}
