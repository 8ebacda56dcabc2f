use super::{BLOCK, Block, Survey};

impl Survey<'_> {
    /// Where a literal of two bytes or more stands. `signs` gives for a block where its first two bytes may be, by the kinds that
    /// each is of: few texts have both side by side, and the bytes of others are not looked at.
    pub(in crate::view) fn places_of<const N: usize>(
        &self,
        literal: &'static [u8; N],
        signs: impl Fn(&Block) -> [u64; 2],
    ) -> impl Iterator<Item = usize> {
        let begins = move |(index, block): (usize, &Block)| {
            let [first, second] = signs(block);
            // The second may be in the next block.
            let begins = first & (second >> 1 | 1 << (BLOCK - 1));
            (begins != 0).then(|| bits(begins).map(move |bit| index * BLOCK + bit))
        };
        let stands = |at: &usize| self.bytes().get(*at..).and_then(<[u8]>::first_chunk) == Some(literal);
        self.blocks.iter().enumerate().filter_map(begins).flatten().filter(stands)
    }
}

/// The places of the bits of a mask, in order.
fn bits(mask: u64) -> impl Iterator<Item = usize> {
    let mut left = mask;
    std::iter::from_fn(move || {
        let bit = (left != 0).then_some(left.trailing_zeros() as usize)?;
        left &= left - 1;
        Some(bit)
    })
}
