//! What is beside a row of digits: by that alone most rows are refused, for all recognisers at once.

/// Where a recogniser looks at digits.
///
/// What a site refuses the recogniser refuses by itself; a site says so at the cost of some bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// All of this must hold.
    pub(crate) all: Beside,
    /// One of this must hold.
    pub(crate) any: Beside,
    /// This must hold of the length of the word of letters and digits around them.
    pub(crate) word: fn(usize) -> bool,
    /// All of this must be around them.
    pub(crate) around: Around,
}

/// Where recognisers look that look at all digits.
pub(crate) const EVERYWHERE: Site = Site { all: ANY, any: ANY, word: |_| true, around: Around::NOTHING };

/// What must hold of the byte before the first digit, of the one after the last, and of how many there are.
/// A byte of zero stands for none, and [`COUNT_MAX`] for as many digits or more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside {
    pub(crate) before: fn(u8) -> bool,
    pub(crate) after: fn(u8) -> bool,
    pub(crate) digits: fn(usize) -> bool,
}

/// More digits or characters than that are not counted.
pub(crate) const COUNT_MAX: usize = 31;

/// Anything.
pub(crate) const ANY: Beside = Beside { before: |_| true, after: |_| true, digits: |_| true };
/// Nothing.
pub(crate) const NONE: Beside = Beside { before: |_| false, after: |_| false, digits: |_| false };

/// What is known of the text around a row of digits, further than beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Around(u8);

impl Around {
    pub(crate) const NOTHING: Around = Around(0);
    /// Two letters before them that begin a word or two, separators between or not.
    pub(crate) const CODED: Around = Around(1);
    /// No digit before them in their word.
    pub(crate) const FIRST: Around = Around(2);
    /// Three more numbers, a dot before each.
    pub(crate) const DOTTED: Around = Around(4);
    /// More groups of hexadecimal digits like that which they are in, or twelve in one.
    pub(crate) const GROUPED: Around = Around(8);
    /// A capital or more digits of a code after them, or the abbreviation of a state before them.
    pub(crate) const PLACED: Around = Around(16);
    /// Seven digits and separators from the first of them on.
    pub(crate) const LONG: Around = Around(32);
    /// Whatever there can be.
    pub(crate) const UNKNOWN: Around = Around(Self::SETS as u8 - 1);
    /// How many sets of these there are.
    const SETS: usize = 64;

    pub(crate) fn or(self, other: Around) -> Around {
        Around(self.0 | other.0)
    }

    /// This if it is so, or nothing.
    pub(crate) fn when(self, is_so: bool) -> Around {
        Around(self.0 * u8::from(is_so))
    }

    pub(crate) fn has(self, all: Around) -> bool {
        self.0 & all.0 == all.0
    }
}

/// The sites of some rows of the table as bits: the row at each index has the bit of that index.
#[derive(Debug)]
pub(crate) struct Sites<T> {
    rows: Vec<T>,
    before: [Suited; 256],
    after: [Suited; 256],
    digits: [Suited; COUNT_MAX + 1],
    /// By the length of the word.
    word: [u16; COUNT_MAX + 1],
    around: [u16; Around::SETS],
}

/// The rows of whose demands a byte or a number suits the ones that must all hold, and of whose it suits one of the others.
#[derive(Debug, Clone, Copy, Default)]
struct Suited {
    all: u16,
    any: u16,
}

impl<T> Default for Sites<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            before: [Suited::default(); 256],
            after: [Suited::default(); 256],
            digits: [Suited::default(); COUNT_MAX + 1],
            word: [0; COUNT_MAX + 1],
            around: [0; Around::SETS],
        }
    }
}

impl<T> Sites<T> {
    /// At most sixteen rows.
    pub(crate) fn push(&mut self, row: T, site: &Site) {
        let bit = 1 << self.rows.len();
        self.rows.push(row);
        for (byte, (before, after)) in (0..=u8::MAX).zip(self.before.iter_mut().zip(&mut self.after)) {
            before.set(bit, (site.all.before)(byte), (site.any.before)(byte));
            after.set(bit, (site.all.after)(byte), (site.any.after)(byte));
        }
        for (count, digits) in self.digits.iter_mut().enumerate() {
            digits.set(bit, (site.all.digits)(count), (site.any.digits)(count));
        }
        for (count, word) in self.word.iter_mut().enumerate() {
            *word |= if (site.word)(count) { bit } else { 0 };
        }
        for (set, around) in (0..=u8::MAX).zip(&mut self.around) {
            *around |= if Around(set).has(site.around) { bit } else { 0 };
        }
    }

    /// The rows that look at digits with these bytes beside and this around them, in a word so long if that is known.
    pub(crate) fn rows(
        &self,
        [before, after]: [u8; 2],
        around: Around,
        digits: usize,
        word: Option<usize>,
    ) -> impl Iterator<Item = &T> {
        let of = |table: &[Suited; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or_default();
        let (before, after) = (of(&self.before, before), of(&self.after, after));
        let digits = of_count(&self.digits, digits);
        let in_word = word.map_or(u16::MAX, |word| of_count(&self.word, word));
        let around = self.around.get(usize::from(around.0)).copied().unwrap_or_default();
        let all = before.all & after.all & digits.all & in_word & around;
        let mut left = all & (before.any | after.any | digits.any);
        std::iter::from_fn(move || {
            let index = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            self.rows.get(index)
        })
    }
}

impl Suited {
    fn set(&mut self, bit: u16, all: bool, any: bool) {
        self.all |= if all { bit } else { 0 };
        self.any |= if any { bit } else { 0 };
    }
}

fn of_count<T: Copy + Default>(table: &[T; COUNT_MAX + 1], count: usize) -> T {
    table.get(count.min(COUNT_MAX)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_asked_where_all_and_any_hold() {
        let mut sites = Sites::default();
        sites.push(7, &Site { all: Beside { after: |b| b == b'.', ..ANY }, ..EVERYWHERE });
        let starred = Beside { before: |b| b == b'*', digits: |n| n == 12, ..NONE };
        sites.push(9, &Site { any: starred, ..EVERYWHERE });
        sites.push(11, &Site { word: |n| n >= 25, ..EVERYWHERE });
        sites.push(13, &Site { around: Around::FIRST.or(Around::LONG), ..EVERYWHERE });
        let in_word = |word| sites.rows([b'a', 0], Around::NOTHING, 1, word).copied().collect::<Vec<_>>();
        assert_eq!((in_word(Some(24)), in_word(Some(25)), in_word(Some(500))), (vec![], vec![11], vec![11]));
        let rows = |before, after, digits| {
            sites.rows([before, after], Around::LONG, digits, Some(digits)).copied().collect::<Vec<_>>()
        };
        let unknown = sites.rows([0, b'.'], Around::UNKNOWN, 3, None);
        assert_eq!(unknown.copied().collect::<Vec<_>>(), [7, 11, 13]);
        assert_eq!(rows(0, b'.', 3), [7]);
        assert_eq!(rows(b'*', b'.', 3), [7, 9]);
        assert_eq!(rows(0, 0, 12), [9]);
        assert_eq!(rows(0, 0, 13), []);
    }
}
