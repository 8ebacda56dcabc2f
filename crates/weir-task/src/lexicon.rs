//! Words that say what is asked for, in groups.

use crate::fold::is_unspaced;
use crate::hash::{Rolling, mix};
use crate::scan::{Class, Token, scan};

/// How many groups there can be.
pub(crate) const GROUPS: usize = 20;
/// Slots of the table; a power of two, at most half of them taken.
const SLOTS: usize = 8192;
/// The bytes of the table: a key of four bytes and a set of groups of four for each slot.
pub(crate) const TABLE_BYTES: usize = SLOTS * 8;

/// A set of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Groups(u32);

impl Groups {
    pub const NONE: Groups = Groups(0);

    pub fn one(group: usize) -> Self {
        Groups(1_u32.checked_shl(group as u32).unwrap_or_default())
    }

    #[inline]
    pub fn and(self, other: Self) -> Self {
        Groups(self.0 | other.0)
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Calls `each` with the number of each group.
    #[inline]
    pub fn each(self, mut each: impl FnMut(usize)) {
        let mut left = self.0;
        while left != 0 {
            each(left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

/// The groups of words, word sequences and beginnings of words, by their hashes.
#[derive(Debug)]
pub(crate) struct Lexicon<'m> {
    slots: &'m [[u8; 8]],
}

impl<'m> Lexicon<'m> {
    /// A lexicon that knows no word.
    pub const EMPTY: Lexicon<'static> = Lexicon { slots: &[] };

    /// A table that [`table`] made.
    pub fn over(slots: &'m [[u8; 8]]) -> Self {
        Self { slots }
    }

    /// Reads a table that [`encode`] wrote.
    pub fn decode(bytes: &'m [u8]) -> Option<Self> {
        let (slots, rest) = bytes.as_chunks();
        (slots.len() == SLOTS && rest.is_empty()).then_some(Self { slots })
    }

    /// The groups of a hash.
    #[inline]
    pub fn find(&self, hash: u64) -> Groups {
        let (mut slot, key) = place(hash);
        while let Some([a, b, c, d, groups @ ..]) = self.slots.get(slot) {
            let groups = u32::from_le_bytes(*groups);
            if groups == 0 {
                break;
            }
            if u32::from_le_bytes([*a, *b, *c, *d]) == key {
                return Groups(groups);
            }
            slot = (slot + 1) % SLOTS;
        }
        Groups::NONE
    }

    /// The groups of the sequences that end with the last token, of at most five signs or three words.
    #[inline]
    pub fn sequences(&self, tokens: &[Token]) -> Groups {
        let [before @ .., last] = tokens else { return Groups::NONE };
        let longest = if last.class == Class::Sign { 4 } else { 2 };
        let mut found = Groups::NONE;
        let mut hash = last.hash;
        for token in before.iter().rev().take(longest) {
            if token.class == Class::Mark {
                break;
            }
            hash = mix(hash, token.hash);
            found = found.and(self.find(hash));
        }
        found
    }
}

fn place(hash: u64) -> (usize, u32) {
    ((hash >> 40) as usize % SLOTS, hash as u32)
}

/// The table of a list of words, as `docs/models/task.md` describes it; the groups in the order of the list.
///
/// # Errors
/// What is wrong with the list, for people.
pub fn encode(list: &str) -> Result<(Vec<String>, Vec<u8>), String> {
    let mut names = Vec::new();
    let mut found: std::collections::BTreeMap<u64, Groups> = std::collections::BTreeMap::new();
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            names.push(name.to_owned());
            continue;
        }
        let group = names.len().checked_sub(1).ok_or("a word stands before the first section")?;
        for entry in line.split_whitespace() {
            let groups = found.entry(entry_hash(entry)).or_default();
            *groups = groups.and(Groups::one(group));
        }
    }
    if names.len() > GROUPS || found.len() > SLOTS / 2 {
        return Err(format!("{} groups and {} words are too many", names.len(), found.len()));
    }
    Ok((names, table(found.into_iter().map(|(hash, groups)| (hash, groups.0))).concat()))
}

/// A table of sets by hashes; a set is not empty, and there are at most half as many as slots.
pub(crate) fn table(entries: impl Iterator<Item = (u64, u32)>) -> Vec<[u8; 8]> {
    let mut slots = vec![[0_u8; 8]; SLOTS];
    for (hash, set) in entries {
        let (mut slot, key) = place(hash);
        while slots.get(slot).is_some_and(|taken| *taken != [0; 8]) {
            slot = (slot + 1) % SLOTS;
        }
        if let Some(free) = slots.get_mut(slot) {
            let [a, b, c, d] = key.to_le_bytes();
            let [e, f, g, h] = set.to_le_bytes();
            *free = [a, b, c, d, e, f, g, h];
        }
    }
    slots
}

/// The hash under which an entry is found: of a beginning, a word, or a sequence of words or signs.
fn entry_hash(entry: &str) -> u64 {
    let text = entry.replace('_', " ");
    let (text, is_beginning) = text.strip_suffix('*').map_or((text.as_str(), false), |stem| (stem, true));
    let scan = scan(text, &Lexicon::EMPTY);
    let is_spaced = !text.contains(is_unspaced);
    match scan.tokens.as_slice() {
        [_] if is_beginning && is_spaced => {
            text.bytes().fold(Rolling::START, |rolling, byte| rolling.push(byte)).beginning()
        }
        [before @ .., last] => before.iter().rev().fold(last.hash, |hash, token| mix(hash, token.hash)),
        [] => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Groups, Lexicon, encode};
    use crate::scan::scan;

    /// The groups of the last token of a text, by itself and with those before it.
    fn groups(text: &str) -> Vec<usize> {
        let (_, table) = encode("[a]\nsummar* key_points\n[b]\n要約 resume\n[c]\nis_it\n").unwrap();
        let lexicon = Lexicon::decode(&table).unwrap();
        let tokens = scan(text, &lexicon).tokens;
        let mut found = Vec::new();
        let alone = tokens.last().map_or(Groups::NONE, |token| token.groups);
        alone.and(lexicon.sequences(&tokens)).each(|group| found.push(group));
        found
    }

    #[test]
    fn words_beginnings_and_sequences_are_found() {
        assert_eq!(groups("please SUMMARISE"), [0]);
        assert_eq!(groups("the key points"), [0]);
        assert!(groups("points key").is_empty());
        assert_eq!(groups("Résumé"), [1]);
        assert_eq!(groups("文章を要約"), [1]);
        assert_eq!(groups("what? is it"), [2]);
        assert!(groups("is? it").is_empty());
        assert!(groups("summa").is_empty());
    }

    #[test]
    fn a_list_without_a_section_is_refused() {
        assert!(encode("word\n").is_err());
    }
}
