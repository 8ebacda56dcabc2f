//! Inputs made from others by small changes, the same on every run.

/// Makes inputs.
pub struct Mutator<'a> {
    seeds: &'a [Vec<u8>],
    random: XorShift,
}

/// Larger inputs find little more and take longer.
const BYTES_MAX: usize = 4096;

/// Bytes that formats here give a meaning to.
const TELLING: &[u8] =
    b"\0\t\n\r \"#%&'()*+,-./0123456789:;<=>?@[\\]_`{|}~aeuE\x7f\x80\xbf\xc3\xe2\xed\xef\xf0\xff";

/// Texts that take several bytes to be right.
const TELLING_TEXTS: &[&str] = &[
    "\\ud800", "\\u0000", "\\\"", "\u{feff}", "\u{200b}", "\u{202e}", "\u{ff10}", "1e999", "-0", "null",
    "true", "data:", "\n\n", "\r\n", "{\"", "\":", "[[", "https://", "${", "&a", "*a", "<<:", "- ", ": ",
    ">= ", "0x",
];

impl<'a> Mutator<'a> {
    /// One sequence of inputs for each name.
    pub fn new(name: &str, seeds: &'a [Vec<u8>]) -> Self {
        // FNV-1a. Source: draft-eastlake-fnv.
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self { seeds, random: XorShift(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash)) }
    }

    /// The next input: a seed, changed one to six times.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..=self.random.below(6) {
            self.change(&mut input);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn seed(&mut self) -> &'a [u8] {
        &self.seeds[self.random.below(self.seeds.len())]
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let (begin, end) = self.range(input.len());
        let kind = self.random.below(8);
        match kind {
            0 if begin < input.len() => input[begin] ^= 1 << self.random.below(8),
            1 if begin < input.len() => input[begin] = TELLING[self.random.below(TELLING.len())],
            2 => input.insert(begin, TELLING[self.random.below(TELLING.len())]),
            3 => drop(input.drain(begin..end)),
            4 => {
                let again = input[begin..end].to_vec();
                input.splice(end..end, again);
            }
            5 => {
                let other = self.seed();
                let (from, to) = self.range(other.len());
                input.splice(begin..end, other[from..to].iter().copied());
            }
            6 => {
                let text = TELLING_TEXTS[self.random.below(TELLING_TEXTS.len())];
                input.splice(begin..begin, text.bytes());
            }
            _ => input.truncate(end),
        }
    }

    /// A place and, mostly near behind it, another.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let begin = self.random.below(length + 1);
        let longest = if self.random.below(4) == 0 { length } else { 8 };
        (begin, (begin + self.random.below(longest + 1)).min(length))
    }
}

/// Source: Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003.
struct XorShift(u64);

impl XorShift {
    /// A number below `limit`, which is above 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
