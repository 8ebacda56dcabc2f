use crate::index::{Header, Hit, Kind, Parts, TooLarge};
use crate::keys::Keys;
use crate::{Salt, Words, filter, table};
use std::ops::{ControlFlow, Range};

/// No value is shorter.
const VALUE_BYTES_MIN: usize = 6;
/// Bytes of a value that the filter looks at; of a shorter one, the least that a value has.
const PREFIX_BYTES: usize = 8;
/// The longest value.
const VALUE_BYTES_MAX: usize = 127;
/// Bytes between two words of one value.
const GAP_MAX: usize = 8;
/// What a letter of a script without spaces tells, in letters of the others.
const UNSPACED_LETTERS: usize = 3;
/// Prefixes are freed of repetitions whenever there are twice as many as after the last time.
const COMPACT_FROM: usize = 1 << 20;

/// Makes an index of values.
#[derive(Debug)]
pub struct RecordBuilder {
    salt: Salt,
    keys: Keys,
    hashes: Vec<u64>,
    prefixes: Vec<u64>,
    compact_at: usize,
    lengths: u128,
}

/// Why a value is not put into an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weakness {
    /// There is no letter or digit in it.
    Empty,
    /// It is short, a single word or a date, and would be found everywhere.
    Common,
    /// It has more than 127 letters and digits: index it as a document.
    Long,
}

impl RecordBuilder {
    /// An empty index.
    #[must_use]
    pub fn new(salt: Salt) -> Self {
        let (hashes, prefixes) = (Vec::new(), Vec::new());
        Self { salt, keys: Keys::new(salt), hashes, prefixes, compact_at: COMPACT_FROM, lengths: 0 }
    }

    /// Puts a value in, with the spellings that people use for it.
    ///
    /// # Errors
    /// [`Weakness`] when it would be found where it is not meant.
    pub fn add(&mut self, value: &str) -> Result<(), Weakness> {
        self.add_spelling(&Words::read(value))?;
        match with_digraphs(value) {
            Some(spelled) => self.add_spelling(&Words::read(&spelled)),
            None => Ok(()),
        }
    }

    fn add_spelling(&mut self, words: &Words) -> Result<(), Weakness> {
        if let Some(weakness) = weakness(words) {
            return Err(weakness);
        }
        let len = words.folded().len();
        let prefix_bytes = if len < PREFIX_BYTES { VALUE_BYTES_MIN } else { PREFIX_BYTES };
        self.hashes.push(self.keys.hash(words.folded()));
        self.lengths |= 1 << len;
        self.prefixes.push(words.prefix(0, prefix_bytes));
        if self.prefixes.len() >= self.compact_at {
            self.prefixes.sort_unstable();
            self.prefixes.dedup();
            self.compact_at = COMPACT_FROM.max(2 * self.prefixes.len());
        }
        Ok(())
    }

    /// How many values were put in, repetitions counted.
    #[must_use]
    pub fn added(&self) -> usize {
        self.hashes.len()
    }

    /// The file.
    ///
    /// # Errors
    /// [`TooLarge`] when there are more values than a file can hold.
    pub fn finish(self) -> Result<Vec<u8>, TooLarge> {
        let Self { salt, keys, mut hashes, prefixes, lengths, compact_at: _ } = self;
        hashes.sort_unstable();
        hashes.dedup();
        let (filter, log2_filter) = filter::build(&keys, prefixes);
        let table = table::build(&hashes, |hash| *hash, |_, _| {});
        Header {
            kind: Kind::Records,
            log2_buckets: table::log2_buckets(hashes.len()),
            log2_filter,
            entries: hashes.len(),
            salt,
            about: lengths.to_le_bytes(),
        }
        .write(&filter, &table)
    }
}

/// The spelling of a name for keyboards without its letters: `Mueller` for `Müller`.
fn with_digraphs(value: &str) -> Option<String> {
    const DIGRAPHS: [(char, &str); 10] = [
        ('ä', "ae"),
        ('ö', "oe"),
        ('ü', "ue"),
        ('å', "aa"),
        ('ø', "oe"),
        ('Ä', "Ae"),
        ('Ö', "Oe"),
        ('Ü', "Ue"),
        ('Å', "Aa"),
        ('Ø', "Oe"),
    ];
    let digraph = |c: char| DIGRAPHS.iter().find(|(letter, _)| *letter == c).map(|(_, digraph)| *digraph);
    value.contains(|c| digraph(c).is_some()).then(|| {
        value.chars().fold(String::new(), |mut text, c| {
            match digraph(c) {
                Some(digraph) => text.push_str(digraph),
                None => text.push(c),
            }
            text
        })
    })
}

fn weakness(words: &Words) -> Option<Weakness> {
    let folded = words.folded();
    if folded.is_empty() {
        return Some(Weakness::Empty);
    }
    if folded.len() > VALUE_BYTES_MAX {
        return Some(Weakness::Long);
    }
    let digits = folded.iter().filter(|b| b.is_ascii_digit()).count();
    let letters: usize = words.each().map(letters).sum();
    let is_common = match (letters, digits) {
        (0, digits) => digits < 7 || is_one_digit(folded) || is_date(words),
        (letters, 0) => letters < 8 || words.len() < 2,
        (letters, digits) => digits < 4 || letters + digits < VALUE_BYTES_MIN,
    };
    is_common.then_some(Weakness::Common)
}

fn letters(word: &[u8]) -> usize {
    let text = std::str::from_utf8(word).unwrap_or_default();
    let weight = |c: char| match c {
        '0'..='9' => 0,
        c if crate::fold::class(c) == crate::fold::Class::Unspaced => UNSPACED_LETTERS,
        _ => 1,
    };
    text.chars().map(weight).sum()
}

fn is_one_digit(folded: &[u8]) -> bool {
    folded.windows(2).all(|pair| pair.first() == pair.last())
}

/// Whether eight digits are a day of the years 1900 to 2099, the year first or last.
fn is_date(words: &Words) -> bool {
    let Ok(digits) = std::str::from_utf8(words.folded()) else { return false };
    let (Some(first), Some(last)) = (digits.get(..4), digits.get(4..8)) else { return false };
    let is_year = |text: &str| matches!(text.get(..2), Some("19" | "20"));
    let is_day = |text: &str| {
        let (a, b) = text.split_at_checked(2).unwrap_or_default();
        let number = |text: &str| text.parse::<u8>().unwrap_or(0);
        let (a, b) = (number(a), number(b));
        a.min(b) >= 1 && a.min(b) <= 12 && a.max(b) <= 31
    };
    digits.len() == 8 && (is_year(first) && is_day(last) || is_year(last) && is_day(first))
}

/// Reports the longest value from each word of a text that is in the index.
pub(crate) fn scan(
    parts: &Parts<'_>,
    words: &Words,
    report: &mut dyn FnMut(Hit) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let has_short = u128::from_le_bytes(parts.about) & ((1 << PREFIX_BYTES) - 1) != 0;
    let may_hold = |from, bytes| parts.filter.may_hold(parts.keys, words.prefix(from, bytes));
    let mut from = 0;
    while from < words.len() {
        let may_begin = may_hold(from, PREFIX_BYTES) || has_short && may_hold(from, VALUE_BYTES_MIN);
        match may_begin.then(|| longest(parts, words, from)).flatten() {
            Some(range) => {
                from = range.end;
                report(Hit { span: words.span(&range), document: None })?;
            }
            None => from += 1,
        }
    }
    ControlFlow::Continue(())
}

/// INVARIANT (linear time): a value has at most 127 bytes, and so at most as many words.
fn longest(parts: &Parts<'_>, words: &Words, from: usize) -> Option<Range<usize>> {
    let lengths = u128::from_le_bytes(parts.about);
    let mut longest = None;
    for end in from + 1..=words.len() {
        let range = from..end;
        let len = words.run_len(&range);
        if len > VALUE_BYTES_MAX {
            break;
        }
        let is_value = lengths >> len & 1 == 1
            && parts.table.entries_of(parts.keys.hash(words.run(&range))).next().is_some();
        if is_value {
            longest = Some(range);
        }
        if words.gap_after(end - 1).is_none_or(|gap| gap > GAP_MAX) {
            break;
        }
    }
    longest
}
