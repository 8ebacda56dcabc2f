//! A hash for small numbers of the index's own making, of which there are millions in a second.

use std::hash::{BuildHasherDefault, Hasher};

/// A map with keys that nobody chooses who would want them to collide.
pub(super) type FastMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Mix>>;

/// Multiplies by the golden ratio (Knuth, "The Art of Computer Programming", vol. 3, section 6.4) and folds the upper
/// half down.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
