use std::hash::{BuildHasherDefault, Hasher};

/// A quick hash for keys that nobody outside chooses freely: they are numbers of nodes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mix(pub u64);

pub(crate) type Hashing = BuildHasherDefault<Mix>;

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

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        // The multiplier is 2^64 divided by the golden ratio; the rotation brings its high bits to bear.
        self.0 = (self.0.rotate_left(29) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}
