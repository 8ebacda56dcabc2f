//! Words that say what is asked for, in groups.

use crate::fold::is_unspaced;
use crate::hash::{Hash, mix};
use crate::language;
use crate::scan::{Class, Token, eights, scan, stem};
use std::collections::BTreeMap;

/// How many groups there can be.
pub(crate) const GROUPS: usize = 20;
/// How many languages there can be.
pub(crate) const LANGUAGES: usize = 21;
/// The bytes of the shortest and the longest beginning of words that can be found.
pub(crate) const STEM_MIN: u32 = 3;
pub(crate) const STEM_MAX: u32 = 24;
/// Slots of the table; a power of two, at most half of them taken.
const SLOTS: usize = 8192;
/// The bytes of the table: of each slot the lower bits are what is known and the others a key.
pub(crate) const TABLE_BYTES: usize = SLOTS * 8;
/// The bits of what is known: groups, languages, and whether sequences end so.
const KNOWN_BITS: u32 = (GROUPS + LANGUAGES) as u32 + 1;

/// What the lexicon knows under a hash: of a word or a beginning of words its groups, the languages in which it is
/// frequent and whether it ends sequences; of what beginnings begin with, how much longer they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Known(u64);

impl Known {
    pub const NONE: Known = Known(0);
    /// Sequences of the lexicon end with this word.
    const ENDS: Known = Known(1 << (KNOWN_BITS - 1));

    pub const fn one(member: usize) -> Self {
        Known(1 << member)
    }

    #[inline]
    pub fn and(self, other: Self) -> Self {
        Known(self.0 | other.0)
    }

    /// The groups of a word.
    #[inline]
    pub fn groups(self) -> Self {
        Known(self.0 & ((1 << GROUPS) - 1))
    }

    /// Whether it has a group, alone or at the end of a sequence.
    #[inline]
    pub fn is_of_groups(self) -> bool {
        self.0 & (Self::ENDS.0 | ((1 << GROUPS) - 1)) != 0
    }

    /// Whether a member is among them.
    pub fn has(self, member: usize) -> bool {
        self.0 >> member & 1 != 0
    }

    /// The languages of a word.
    #[inline]
    pub fn languages(self) -> Self {
        Known(self.0 >> GROUPS & ((1 << LANGUAGES) - 1))
    }

    /// Whether it has at most one member.
    #[inline]
    pub fn is_one(self) -> bool {
        self.0 & self.0.wrapping_sub(1) == 0
    }

    /// How many members there are.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Calls `each` with each member.
    #[inline]
    pub fn each(self, mut each: impl FnMut(usize)) {
        let mut left = self.0;
        while left != 0 {
            each(left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

/// What is known of words, word sequences and beginnings of words, by their hashes.
#[derive(Debug)]
pub(crate) struct Lexicon<'m> {
    slots: &'m [[u8; 8]; SLOTS],
}

impl<'m> Lexicon<'m> {
    /// Reads a table that [`encode`] wrote.
    pub fn decode(bytes: &'m [u8]) -> Option<Self> {
        let (slots, rest) = bytes.as_chunks();
        Some(Self { slots: slots.try_into().ok().filter(|_| rest.is_empty())? })
    }

    /// What is known under a hash.
    #[inline]
    pub fn find(&self, hash: Hash) -> Known {
        let (mut slot, key) = place(hash.value());
        loop {
            let entry = u64::from_le_bytes(self.slots.get(slot % SLOTS).copied().unwrap_or_default());
            // Most words are not known, and half of the table is free.
            if entry == 0 {
                return Known::NONE;
            }
            if entry >> KNOWN_BITS == key {
                return Known(entry & ((1 << KNOWN_BITS) - 1));
            }
            slot += 1;
        }
    }

    /// The groups of the sequences that end with a token after others, of at most five signs or three words.
    #[inline]
    pub fn sequences(&self, last: &Token, before: &[Token]) -> Known {
        if last.known.0 & Known::ENDS.0 == 0 { Known::NONE } else { self.ending_with(last, before) }
    }

    fn ending_with(&self, last: &Token, before: &[Token]) -> Known {
        let longest = if last.class == Class::Sign { 4 } else { 2 };
        let mut found = Known::NONE;
        let mut hash = last.hash;
        for token in before.iter().rev().take(longest).take_while(|token| token.class != Class::Mark) {
            hash = mix(hash, token.hash);
            found = found.and(self.find(Hash::of(hash)));
        }
        found.groups()
    }
}

/// The slot where a hash is looked for first, and its key, which is not 0.
#[inline]
fn place(hash: u64) -> (usize, u64) {
    ((hash >> 51) as usize % SLOTS, hash << 13 >> KNOWN_BITS | 1)
}

/// The table of a list of words and of the frequent words of languages, as `docs/models/task.md` describes it; the
/// groups in the order of the list.
///
/// # Errors
/// What is wrong with the list, for people.
pub fn encode(list: &str) -> Result<(Vec<String>, Vec<u8>), String> {
    let mut names = Vec::new();
    let mut entries = Entries { known: BTreeMap::new(), nothing: vec![0; TABLE_BYTES] };
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            names.push(name.to_owned());
            continue;
        }
        let group = names.len().checked_sub(1).ok_or("a word stands before the first section")?;
        line.split_whitespace().try_for_each(|entry| entries.add_entry(entry, Known::one(group)))?;
    }
    for (place, word) in language::words() {
        entries.add_sequence(word, Known::one(GROUPS + place));
    }
    if names.len() > GROUPS || entries.known.len() > SLOTS / 2 {
        return Err(format!("{} groups and {} words are too many", names.len(), entries.known.len()));
    }
    Ok((names, entries.table().concat()))
}

/// What the table is to know.
struct Entries {
    known: BTreeMap<u64, Known>,
    /// The table of a lexicon that knows no word.
    nothing: Vec<u8>,
}

impl Entries {
    fn add(&mut self, hash: Hash, known: Known) {
        let all = self.known.entry(hash.value()).or_default();
        *all = all.and(known);
    }

    /// A word, a sequence of words that `_` joins, or with `*` a beginning of words.
    fn add_entry(&mut self, entry: &str, known: Known) -> Result<(), String> {
        let text = entry.replace('_', " ");
        let (text, is_beginning) = text.strip_suffix('*').map_or((text.as_str(), false), |stem| (stem, true));
        // Where words have no spaces between them, a beginning is a sequence of signs.
        if is_beginning && !text.contains(' ') && !text.contains(is_unspaced) {
            return self.add_stem(text, known);
        }
        self.add_sequence(text, known);
        Ok(())
    }

    fn add_stem(&mut self, text: &str, known: Known) -> Result<(), String> {
        let eights = eights(text);
        let more = u32::try_from(text.len()).ok().filter(|bytes| *bytes <= STEM_MAX);
        let more = more.and_then(|bytes| bytes.checked_sub(STEM_MIN));
        let more = more.ok_or_else(|| format!("`{text}*` is not of {STEM_MIN} to {STEM_MAX} bytes"))?;
        self.add(Hash::START.push(crate::eights::first(eights[0], STEM_MIN)), Known::one(more as usize));
        self.add(stem(&eights, STEM_MIN + more), known);
        Ok(())
    }

    /// A word or several.
    fn add_sequence(&mut self, text: &str, known: Known) {
        let Some(lexicon) = Lexicon::decode(&self.nothing) else { return };
        let tokens = scan(text, &lexicon).tokens;
        let Some((last, before)) = tokens.split_last() else { return };
        if !before.is_empty() {
            self.add(Hash::of(last.hash), Known::ENDS);
        }
        self.add(Hash::of(before.iter().rev().fold(last.hash, |hash, token| mix(hash, token.hash))), known);
    }

    fn table(self) -> Vec<[u8; 8]> {
        let mut slots = vec![[0; 8]; SLOTS];
        for (hash, known) in self.known {
            let (mut slot, key) = place(hash);
            while slots.get(slot).is_some_and(|taken| *taken != [0; 8]) {
                slot = (slot + 1) % SLOTS;
            }
            if let Some(free) = slots.get_mut(slot) {
                *free = (key << KNOWN_BITS | known.0).to_le_bytes();
            }
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, Lexicon, encode};
    use crate::scan::scan;

    /// The groups of the last token of a text, by itself and with those before it.
    fn groups(text: &str) -> Vec<usize> {
        let list = "[a]\nsummar* key_points zusammenfass*\n[b]\n要約 resume классифиц*\n[c]\nis_it\n";
        let (_, table) = encode(list).unwrap();
        let lexicon = Lexicon::decode(&table).unwrap();
        let tokens = scan(text, &lexicon).tokens;
        let mut found = Vec::new();
        let (last, before) = tokens.split_last().unwrap();
        last.known.groups().and(lexicon.sequences(last, before)).each(|group| found.push(group));
        found
    }

    #[test]
    fn words_beginnings_and_sequences_are_found() {
        assert_eq!(groups("please SUMMARISE"), [0]);
        assert_eq!(groups("summar"), [0]);
        assert_eq!(groups("the key points"), [0]);
        assert!(groups("points key").is_empty());
        assert!(groups("points").is_empty());
        assert_eq!(groups("Résumé"), [1]);
        assert_eq!(groups("文章を要約"), [1]);
        assert_eq!(groups("what? is it"), [2]);
        assert!(groups("is? it").is_empty());
        assert!(groups("summa").is_empty());
    }

    #[test]
    fn beginnings_longer_than_eight_bytes_are_found() {
        assert_eq!(groups("Zusammenfassung"), [0]);
        assert_eq!(groups("zusammenfass"), [0]);
        assert_eq!(groups("Züsammenfassen"), [0]);
        assert!(groups("zusammenfas").is_empty());
        assert!(groups("zusammenfallen").is_empty());
        assert_eq!(groups("Классифицируй"), [1]);
        assert!(groups("классик").is_empty());
    }

    #[test]
    fn beginnings_are_looked_up_near_both_ends_and_words_everywhere() {
        let long = "filling words ".repeat(100);
        let (start, end) = (long.get(..399).unwrap(), long.get(..250).unwrap());
        assert_eq!(groups(&format!("{long}summarise")), [0]);
        assert_eq!(groups(&format!("{start} summarise")), [0]);
        let all = |text: &str| {
            let (_, table) = encode("[a]\nsummar*\n[b]\nresume\n").unwrap();
            let tokens = scan(text, &Lexicon::decode(&table).unwrap()).tokens;
            tokens.iter().fold(Known::NONE, |known, token| known.and(token.known.groups()))
        };
        assert_eq!(all(&format!("{start}summarise {end}")), Known::NONE, "it is a word of its own there");
        assert_eq!(all(&format!("{long} summarise {long}")), Known::NONE);
        assert_eq!(all(&format!("{long} resume {long}")), Known::one(1));
        assert_eq!(all(&format!("{long} summarise {end}")), Known::one(0));
        assert_eq!(all(&format!("summarise {long}")), Known::one(0));
    }

    #[test]
    fn beginnings_that_cannot_be_found_are_refused() {
        assert!(encode("[a]\nab*\n").is_err());
        assert!(encode(&format!("[a]\n{}*\n", "a".repeat(25))).is_err());
        assert!(encode(&format!("[a]\n{}*\n", "a".repeat(24))).is_ok());
    }

    #[test]
    fn a_list_without_a_section_is_refused() {
        assert!(encode("word\n").is_err());
    }
}
