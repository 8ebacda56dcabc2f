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
}

/// Where recognisers look that look at all digits.
pub(crate) const EVERYWHERE: Site = Site { all: ANY, any: ANY, word: |_| true };

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

/// The sites of some rows of the table as bits: the row at each index has the bit of that index.
#[derive(Debug)]
pub(crate) struct Sites<T> {
    rows: Vec<T>,
    all: Bits,
    any: Bits,
    /// By the length of the word.
    word: [u16; COUNT_MAX + 1],
}

/// For each byte before, each byte after and each number of digits the rows that it suits.
#[derive(Debug)]
struct Bits {
    before: [u16; 256],
    after: [u16; 256],
    digits: [u16; COUNT_MAX + 1],
}

impl Default for Bits {
    fn default() -> Self {
        Self { before: [0; 256], after: [0; 256], digits: [0; COUNT_MAX + 1] }
    }
}

impl<T> Default for Sites<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), all: Bits::default(), any: Bits::default(), word: [0; COUNT_MAX + 1] }
    }
}

impl<T> Sites<T> {
    /// At most sixteen rows.
    pub(crate) fn push(&mut self, row: T, site: &Site) {
        let bit = 1 << self.rows.len();
        self.rows.push(row);
        self.all.set(bit, &site.all);
        self.any.set(bit, &site.any);
        for (count, word) in self.word.iter_mut().enumerate() {
            *word |= if (site.word)(count) { bit } else { 0 };
        }
    }

    /// The rows that look at digits with these bytes beside them, in a word so long if that is known.
    pub(crate) fn rows(
        &self,
        [before, after]: [u8; 2],
        digits: usize,
        word: Option<usize>,
    ) -> impl Iterator<Item = &T> {
        let [before_all, after_all, digits_all] = self.all.of(before, after, digits);
        let [before_any, after_any, digits_any] = self.any.of(before, after, digits);
        let in_word = word.map_or(u16::MAX, |word| of_count(&self.word, word));
        let any = before_any | after_any | digits_any;
        let mut left = before_all & after_all & digits_all & in_word & any;
        std::iter::from_fn(move || {
            let index = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            self.rows.get(index)
        })
    }
}

impl Bits {
    fn set(&mut self, bit: u16, beside: &Beside) {
        for (byte, (before, after)) in (0..=u8::MAX).zip(self.before.iter_mut().zip(&mut self.after)) {
            *before |= if (beside.before)(byte) { bit } else { 0 };
            *after |= if (beside.after)(byte) { bit } else { 0 };
        }
        for (count, digits) in self.digits.iter_mut().enumerate() {
            *digits |= if (beside.digits)(count) { bit } else { 0 };
        }
    }

    fn of(&self, before: u8, after: u8, digits: usize) -> [u16; 3] {
        let of = |table: &[u16; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or_default();
        [of(&self.before, before), of(&self.after, after), of_count(&self.digits, digits)]
    }
}

fn of_count(table: &[u16; COUNT_MAX + 1], count: usize) -> u16 {
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
        let in_word = |word| sites.rows([b'a', 0], 1, word).copied().collect::<Vec<_>>();
        assert_eq!((in_word(Some(24)), in_word(Some(25)), in_word(Some(500))), (vec![], vec![11], vec![11]));
        let rows = |before, after, digits| {
            sites.rows([before, after], digits, Some(digits)).copied().collect::<Vec<_>>()
        };
        assert_eq!(sites.rows([0, b'.'], 3, None).copied().collect::<Vec<_>>(), [7, 11]);
        assert_eq!(rows(0, b'.', 3), [7]);
        assert_eq!(rows(b'*', b'.', 3), [7, 9]);
        assert_eq!(rows(0, 0, 12), [9]);
        assert_eq!(rows(0, 0, 13), []);
    }
}
