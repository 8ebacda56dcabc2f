use std::sync::LazyLock;

/// A long list of words, by their first bytes: most places of a text are refused at the first look.
///
/// Words are lower case; ASCII letters of the text may be of either case.
#[derive(Debug)]
pub(crate) struct Words {
    /// Sorted, longer before shorter.
    words: Vec<&'static str>,
    /// Where the words with each first byte begin in `words`, and where the last end.
    starts: Vec<usize>,
    initials: u128,
    beginnings: Triples,
}

/// The first three bytes of words, in 32 classes each: a bit for each third byte after each two.
pub(crate) struct Triples([u32; 1 << 10]);

impl Triples {
    pub(crate) fn of<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut thirds = [0; 1 << 10];
        for word in words {
            let (first, second, third) = match *word.as_bytes() {
                [first, second, third, ..] => (first, Some(second), Some(third)),
                [first, second] => (first, Some(second), None),
                [first] => (first, None, None),
                [] => continue,
            };
            for second in second.map_or(0..=31, |second| second..=second) {
                if let Some(thirds) = thirds.get_mut(pair(first, second)) {
                    *thirds |= third.map_or(u32::MAX, |third| 1 << class(third));
                }
            }
        }
        Self(thirds)
    }

    /// Whether a word may begin at `at`: most places of a text are refused.
    pub(crate) fn may_be_at(&self, text: &[u8], at: usize) -> bool {
        let byte = |at: usize| text.get(at).copied().unwrap_or_default();
        let thirds = self.0.get(pair(byte(at), byte(at + 1))).copied().unwrap_or_default();
        thirds >> class(byte(at + 2)) & 1 == 1
    }
}

impl std::fmt::Debug for Triples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Triples")
    }
}

/// Two bytes, in their classes.
fn pair(first: u8, second: u8) -> usize {
    class(first) << 5 | class(second)
}

/// The first two bytes of words, in 32 classes each: a bit for each second byte after each first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beginnings([u32; 32]);

impl Beginnings {
    pub(crate) fn of<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut seconds = [0; 32];
        for word in words {
            let mut bytes = word.bytes();
            let (first, second) = (class(bytes.next().unwrap_or_default()), bytes.next());
            if let Some(seconds) = seconds.get_mut(first) {
                *seconds |= second.map_or(u32::MAX, |second| 1 << class(second));
            }
        }
        Self(seconds)
    }

    /// Whether a word may begin at `at`: most places of a text are refused.
    pub(crate) fn may_be_at(&self, text: &[u8], at: usize) -> bool {
        let byte = |at: usize| class(text.get(at).copied().unwrap_or_default());
        self.0.get(byte(at)).is_some_and(|seconds| seconds >> byte(at + 1) & 1 == 1)
    }
}

/// The bit by which letters of both cases differ.
const CASE: u8 = 0x20;

/// Of letters the same in either case.
fn class(b: u8) -> usize {
    usize::from(b & 31)
}

/// A list that is built when it is first needed.
pub(crate) type Lazy = LazyLock<Words>;

impl Words {
    pub(crate) fn new(words: &[&'static str]) -> Self {
        let first = |word: &&'static str| word.bytes().next().unwrap_or_default();
        let mut words = words.to_vec();
        words.sort_by(|a, b| first(a).cmp(&first(b)).then(b.len().cmp(&a.len())));
        let starts = (0..=255_u8).map(|byte| words.partition_point(|word| first(word) < byte));
        let starts = starts.chain([words.len()]).collect();
        let initials = words.iter().fold(0, |set, word| set | initial(first(word)));
        let beginnings = Triples::of(words.iter().copied());
        Self { words, starts, initials, beginnings }
    }

    /// The longest of the words that stands at `at`, whatever goes on after it, and that `ends` lets end.
    pub(crate) fn at(&self, text: &[u8], at: usize, ends: impl Fn(&str) -> bool) -> Option<&'static str> {
        if !self.beginnings.may_be_at(text, at) {
            return None;
        }
        let first = usize::from(text.get(at)?.to_ascii_lowercase());
        let range = *self.starts.get(first)?..*self.starts.get(first + 1)?;
        let second = text.get(at + 1).copied().unwrap_or_default() | CASE;
        let stands = |word: &&&str| {
            // Most words differ in the second byte.
            word.as_bytes().get(1).is_none_or(|b| b | CASE == second)
                && text
                    .get(at..at + word.len())
                    .is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
        };
        self.words.get(range)?.iter().filter(stands).find(|word| ends(word)).copied()
    }
}

/// What can be looked for around a candidate: a short list as it is written, or a long one.
pub(crate) trait WordList {
    /// The length of a word at `at` that `ends` lets end.
    fn length_at(&self, text: &[u8], at: usize, ends: impl Fn(&str) -> bool) -> Option<usize>;

    /// The bytes that words begin with.
    fn initials(&self) -> u128;
}

impl WordList for [&str] {
    fn length_at(&self, text: &[u8], at: usize, ends: impl Fn(&str) -> bool) -> Option<usize> {
        let same_initial = |word: &str| text.get(at).map(u8::to_ascii_lowercase) == word.bytes().next();
        let stands = |word: &str| {
            text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
        };
        self.iter().find(|word| same_initial(word) && stands(word) && ends(word)).map(|word| word.len())
    }

    fn initials(&self) -> u128 {
        self.iter().filter_map(|word| word.bytes().next()).fold(0, |set, b| set | initial(b))
    }
}

impl WordList for Words {
    fn length_at(&self, text: &[u8], at: usize, ends: impl Fn(&str) -> bool) -> Option<usize> {
        self.at(text, at, ends).map(str::len)
    }

    fn initials(&self) -> u128 {
        self.initials
    }
}

/// A set with one byte in it, of which case makes no difference.
pub(crate) fn initial(b: u8) -> u128 {
    1 << (b.to_ascii_lowercase() & 127)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_however_short() {
        const WORDS: [&str; 8] = ["#", "of", "'s", "tel", "tl", "telephone", "моб", "тел"];
        let words = Words::new(&WORDS);
        let text = "x#t Of't's TEL.tlx telephone t te моб т тел o #";
        let mut found = 0;
        for at in 0..text.len() {
            let stands = |word: &&str| {
                text.as_bytes()[at..]
                    .get(..word.len())
                    .is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()))
            };
            let longest = WORDS.into_iter().filter(stands).max_by_key(|word| word.len());
            assert_eq!(words.at(text.as_bytes(), at, |_| true), longest, "{at}");
            found += usize::from(longest.is_some());
        }
        assert_eq!(found, 9);
    }
}
