//! How often groups of the lexicon occur, by where.

use crate::lexicon::{GROUPS, Known, Lexicon};
use crate::scan::{Class, Token};

/// How many counts there are: of each group those in the first words, at the beginning, at the end, and all.
pub(crate) const COUNTS: usize = GROUPS * 4;

/// The beginning of a text that is looked at most closely, in bytes.
const FIRST_BYTES: usize = 150;

/// How often each group of the lexicon occurs in the first words, at the beginning, at the end, and at all.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    counts: [[u32; GROUPS]; 4],
    present: Known,
}

impl Groups {
    /// Counts the groups of a word or mark of a text of so many bytes, with those of the sequences that it ends.
    pub fn add(&mut self, token: &Token, before: &[Token], bytes: usize, lexicon: &Lexicon<'_>) {
        let (is_head, is_tail) = (token.is_head(), token.is_tail(bytes));
        let mut groups = token.known.groups();
        if token.class != Class::Mark && (is_head || is_tail) {
            groups = groups.and(lexicon.sequences(token, before));
        }
        self.present = self.present.and(groups);
        let [in_first, in_head, in_tail, all] = &mut self.counts;
        count(all, groups, true);
        count(in_first, groups, (token.start as usize) < FIRST_BYTES);
        count(in_head, groups, is_head);
        count(in_tail, groups, is_tail);
    }

    /// Counts the groups of a word or mark that is near neither end of the text.
    #[inline(always)]
    pub fn add_between(&mut self, known: Known) {
        self.present = self.present.and(known.groups());
        let [.., all] = &mut self.counts;
        count(all, known.groups(), true);
    }

    /// The counts, place after place.
    pub fn counts(&self) -> &[[u32; GROUPS]] {
        &self.counts
    }

    /// The groups that occur.
    pub fn present(&self) -> Known {
        self.present
    }
}

#[inline]
fn count(counts: &mut [u32; GROUPS], groups: Known, is_there: bool) {
    if is_there {
        groups.each(|group| counts.get_mut(group).into_iter().for_each(|count| *count += 1));
    }
}
