//! Keys of ids in runs: which events may have an id. `docs/formats/audit.md` has the bytes.
//!
//! A run has the keys of the events that were taken in together, in order, in pages by their first bits: an id is
//! looked up in one page of each run, and adding a run touches none of the others. So that there are never many,
//! sixteen of about a size become one.

use super::column::Broken;
use std::ops::Range;

/// A key of an id, and an event that has it.
pub(super) type IdOf = (u64, u64);

/// Keys of a page, about: a page is a few kilobytes.
const PAGE_KEYS: usize = 256;
/// Bytes of a key, and of the distance of its event from the first of the run.
const KEY_BYTES: usize = 12;
/// Bytes of the checksum that a page begins with.
const CHECKSUM_BYTES: usize = 4;
/// So many runs become one…
const MERGED: usize = 16;
/// …if they are of this size, of `MERGED` times that, and so on…
const LEAST_EVENTS: u64 = 2048;
/// …but for those of this size and above, so that merging takes little memory.
const LAST_TIER: u32 = 2;

/// Which events a run is of, and how many pages it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) id: i64,
    /// Index of the first event, and of the one behind the last.
    pub(super) first: u64,
    pub(super) next: u64,
    /// A power of two.
    pub(super) pages: u32,
}

impl Run {
    /// A run of these events with so many keys.
    pub(super) fn new(id: i64, events: Range<u64>, keys: usize) -> Self {
        let pages = u32::try_from(keys / PAGE_KEYS).unwrap_or(u32::MAX >> 1).max(1).next_power_of_two();
        Self { id, first: events.start, next: events.end, pages }
    }

    /// The page that has a key, if any has.
    pub(super) fn page_of(&self, key: u64) -> u32 {
        key.checked_shr(u64::BITS - self.pages.trailing_zeros()).unwrap_or(0) as u32
    }

    /// The pages of one of so many equal parts, a power of two and no more than there are pages.
    pub(super) fn part(&self, part: u32, parts: u32) -> Range<u32> {
        let pages = self.pages / parts;
        part * pages..(part + 1) * pages
    }

    /// These pages, of all keys of theirs, which are in order.
    pub(super) fn encode<'r>(
        &'r self,
        pages: Range<u32>,
        ids: &'r [IdOf],
    ) -> impl Iterator<Item = (u32, Vec<u8>)> + 'r {
        let mut rest = ids;
        pages.map(move |page| {
            let (own, behind) = rest.split_at(rest.partition_point(|(key, _)| self.page_of(*key) <= page));
            rest = behind;
            let mut out = vec![0; CHECKSUM_BYTES];
            for (key, event) in own {
                out.extend_from_slice(&key.to_le_bytes());
                out.extend_from_slice(&((event - self.first) as u32).to_le_bytes());
            }
            let sum = self.checksum(page, out.get(CHECKSUM_BYTES..).unwrap_or_default()).to_le_bytes();
            if let Some(head) = out.first_chunk_mut::<CHECKSUM_BYTES>() {
                *head = sum;
            }
            (page, out)
        })
    }

    /// The keys of a page and their events.
    pub(super) fn decode(&self, page: u32, bytes: &[u8]) -> Result<impl Iterator<Item = IdOf>, Broken> {
        let (sum, keys) = bytes.split_first_chunk::<CHECKSUM_BYTES>().ok_or(Broken)?;
        let (keys, rest) = keys.as_chunks::<KEY_BYTES>();
        if !rest.is_empty() || self.checksum(page, keys.as_flattened()) != u32::from_le_bytes(*sum) {
            return Err(Broken);
        }
        let first = self.first;
        Ok(keys.iter().map(move |[k0, k1, k2, k3, k4, k5, k6, k7, event @ ..]| {
            let key = u64::from_le_bytes([*k0, *k1, *k2, *k3, *k4, *k5, *k6, *k7]);
            (key, first + u64::from(u32::from_le_bytes(*event)))
        }))
    }

    /// Covers also which run and page it is.
    fn checksum(&self, page: u32, keys: &[u8]) -> u32 {
        let Self { id, first, next, pages } = self;
        let mut sum = crc32c::crc32c(&id.to_le_bytes());
        for number in [
            first.to_le_bytes(),
            next.to_le_bytes(),
            (u64::from(*pages) << 32 | u64::from(page)).to_le_bytes(),
        ] {
            sum = crc32c::crc32c_append(sum, &number);
        }
        crc32c::crc32c_append(sum, keys)
    }

    /// How often `MERGED` runs have become one to make it.
    fn tier(&self) -> u32 {
        (self.next - self.first)
            .checked_div(LEAST_EVENTS)
            .and_then(|size| size.checked_ilog(MERGED as u64))
            .unwrap_or(0)
    }
}

/// How many keys so many pages hold that have so many bytes together.
pub(super) fn keys_in(pages: usize, bytes: usize) -> usize {
    bytes.saturating_sub(CHECKSUM_BYTES * pages) / KEY_BYTES
}

/// How many of the last runs are to become one.
pub(super) fn to_merge(runs: &[Run]) -> usize {
    let tier = runs.last().map_or(LAST_TIER, Run::tier);
    let alike = runs.iter().rev().take_while(|run| run.tier() <= tier).count();
    if tier < LAST_TIER && alike >= MERGED { alike } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pages(run: &Run, ids: &[IdOf]) -> Vec<Vec<u8>> {
        run.encode(0..run.pages, ids).map(|(_, bytes)| bytes).collect()
    }

    proptest! {
        #[test]
        fn keys_come_back_from_their_pages(
            mut ids in prop::collection::vec((any::<u64>(), 1000..9000_u64), 0..1500), pages_for in 0..4000_usize,
        ) {
            ids.sort_unstable();
            let run = Run::new(7, 1000..9000, pages_for);
            let pages = pages(&run, &ids);
            prop_assert_eq!(pages.len(), run.pages as usize);
            for (key, event) in &ids {
                let page = run.page_of(*key);
                let mut found = run.decode(page, &pages[page as usize]).unwrap();
                prop_assert!(found.any(|id| id == (*key, *event)));
            }
            let all = (0..run.pages).flat_map(|page| run.decode(page, &pages[page as usize]).unwrap().collect::<Vec<_>>());
            prop_assert_eq!(all.collect::<Vec<_>>(), ids);
        }

        #[test]
        fn parts_of_several_runs_make_the_pages_of_one(
            mut ids in prop::collection::vec((any::<u64>(), 0..9000_u64), 1..1500), pages_for in 0..4000_usize,
        ) {
            ids.sort_unstable();
            let whole = Run::new(7, 0..9000, pages_for);
            for parts in [1, whole.pages.div_ceil(2), whole.pages] {
                let of_part = |part| {
                    let pages = whole.part(part, parts);
                    let own: Vec<IdOf> = ids.iter().copied().filter(|(key, _)| pages.contains(&whole.page_of(*key))).collect();
                    whole.encode(pages, &own).collect::<Vec<_>>()
                };
                let in_parts: Vec<(u32, Vec<u8>)> = (0..parts).flat_map(of_part).collect();
                prop_assert_eq!(in_parts, whole.encode(0..whole.pages, &ids).collect::<Vec<_>>());
            }
            let bytes: usize = pages(&whole, &ids).iter().map(Vec::len).sum();
            prop_assert_eq!(keys_in(whole.pages as usize, bytes), ids.len());
        }

        #[test]
        fn a_changed_byte_another_page_and_another_run_are_found(
            mut ids in prop::collection::vec((any::<u64>(), 0..50_u64), 1..40), at in any::<prop::sample::Index>(), bit in 0..8,
        ) {
            ids.sort_unstable();
            let run = Run::new(1, 0..50, 600);
            let mut pages = pages(&run, &ids);
            let page = at.index(pages.len());
            prop_assert!(run.decode(page as u32 ^ 1, &pages[page]).is_err());
            for other in [Run { id: 2, ..run }, Run { first: 1, ..run }, Run { next: 51, ..run }, Run { pages: 4, ..run }] {
                prop_assert!(other.decode(page as u32, &pages[page]).is_err());
            }
            let at = at.index(pages[page].len());
            pages[page][at] ^= 1_u8 << bit;
            prop_assert!(run.decode(page as u32, &pages[page]).is_err());
        }
    }

    #[test]
    fn there_are_never_many_runs() {
        for size in [2048, 3000, 40_000, 65_536] {
            let (mut runs, mut merged) = (Vec::<Run>::new(), 0);
            for batch in 0..10_000_000 / size {
                runs.push(Run::new(0, batch * size..(batch + 1) * size, 0));
                while let count @ 1.. = to_merge(&runs) {
                    let gone = runs.split_off(runs.len() - count);
                    merged += gone.iter().map(|run| run.next - run.first).sum::<u64>();
                    runs.push(Run::new(0, gone[0].first..gone[count - 1].next, 0));
                }
                assert!(runs.len() < 60, "{size}: {}", runs.len());
            }
            assert!(merged <= 30_000_000, "{size}: {merged}");
            assert!(runs.windows(2).all(|pair| pair[0].next == pair[1].first));
        }
    }
}
