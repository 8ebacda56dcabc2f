use crate::keys::Keys;

/// Bits for each key: one key in sixteen of those that were never put in passes.
const BITS_PER_KEY: usize = 16;
/// The smallest and the largest filter: 128 bytes and 32 MiB.
pub(crate) const LOG2_BITS: std::ops::RangeInclusive<u8> = 10..=28;

/// Which keys may be in an index: a look-up that ends here has cost a few nanoseconds.
pub(crate) struct Filter<'a> {
    pub(crate) bits: &'a [u8],
    pub(crate) log2: u8,
}

impl Filter<'_> {
    pub(crate) fn may_hold(&self, keys: &Keys, key: u64) -> bool {
        let (byte, bit) = place(keys, key, self.log2);
        self.bits.get(byte).is_some_and(|byte| byte & bit != 0)
    }
}

/// A filter that holds `distinct` keys, and the logarithm of its bits.
pub(crate) fn build(keys: &Keys, mut distinct: Vec<u64>) -> (Vec<u8>, u8) {
    distinct.sort_unstable();
    distinct.dedup();
    let wanted = distinct.len().saturating_mul(BITS_PER_KEY).next_power_of_two().trailing_zeros();
    let log2 = u8::try_from(wanted).unwrap_or(u8::MAX).clamp(*LOG2_BITS.start(), *LOG2_BITS.end());
    let mut bits = vec![0; 1 << (log2 - 3)];
    for key in distinct {
        let (byte, bit) = place(keys, key, log2);
        if let Some(byte) = bits.get_mut(byte) {
            *byte |= bit;
        }
    }
    (bits, log2)
}

fn place(keys: &Keys, key: u64, log2: u8) -> (usize, u8) {
    let bit = keys.spread(key) >> (64 - u32::from(log2));
    (usize::try_from(bit >> 3).unwrap_or(usize::MAX), 1 << (bit & 7))
}
