//! The keys of ids in the index file.

use super::file::{IndexError, IndexFile, signed, unsigned};
use super::ids::{IdOf, Run, keys_in, to_merge};
use rusqlite::{OptionalExtension as _, params};
use std::ops::Range;

/// Pages of a run, at most.
const PAGES_MAX: i64 = 1 << 24;

impl IndexFile {
    /// Adds the keys of these events, which follow those that are there.
    pub(super) fn add_ids(&self, events: Range<u64>, mut ids: Vec<IdOf>) -> Result<(), IndexError> {
        ids.sort_unstable();
        let mut runs = self.runs()?;
        runs.push(self.add_run(events, &ids)?);
        while let count @ 1.. = to_merge(&runs) {
            let merged = runs.split_off(runs.len() - count);
            runs.push(self.merge(&merged)?);
        }
        Ok(())
    }

    /// The events that may have an id with this key, in order, of all in this range, which the index has.
    pub(super) fn events_of(&self, key: u64, range: Range<u64>) -> Result<Vec<u64>, IndexError> {
        let runs = self.runs()?;
        let first = runs.first().map_or(range.end, |run| run.first);
        if first > range.start || runs.last().map_or(0, |run| run.next) != range.end {
            return Err(IndexError::Broken);
        }
        let mut events = Vec::new();
        for run in runs {
            let of_page = self.page(&run, run.page_of(key), |ids| {
                ids.filter(|(found, _)| *found == key).map(|(_, event)| event).collect::<Vec<u64>>()
            })?;
            events.extend(of_page);
        }
        Ok(events)
    }

    /// Forgets the keys of the events before this one.
    pub(super) fn forget_ids_before(&self, first_kept: u64) -> Result<(), IndexError> {
        for run in self.runs()?.into_iter().take_while(|run| run.first < first_kept) {
            let kept =
                self.ids_of(&run)?.into_iter().filter(|(_, event)| *event >= first_kept).collect::<Vec<_>>();
            self.remove(&run)?;
            if run.next > first_kept {
                let rest = Run::new(run.id, first_kept..run.next, kept.len());
                self.name(&rest)?;
                self.insert(&rest, 0..rest.pages, &kept)?;
            }
        }
        Ok(())
    }

    /// All runs in order.
    fn runs(&self) -> Result<Vec<Run>, IndexError> {
        let mut statement =
            self.database.prepare_cached("SELECT id, first, next, pages FROM runs ORDER BY id")?;
        let run = |row: &rusqlite::Row<'_>| {
            Ok(Run {
                id: row.get(0)?,
                first: unsigned(row.get(1)?),
                next: unsigned(row.get(2)?),
                pages: row.get(3)?,
            })
        };
        let runs: Vec<Run> = statement.query_map([], run)?.collect::<Result<_, _>>()?;
        let follow = |pair: &[Run]| matches!(pair, [before, behind] if before.next == behind.first);
        let is_right = runs.iter().all(|run| run.pages.is_power_of_two() && run.first <= run.next);
        if is_right && runs.windows(2).all(follow) { Ok(runs) } else { Err(IndexError::Broken) }
    }

    /// Makes one run of several, one part of the keys after the other: all together would take much memory.
    fn merge(&self, runs: &[Run]) -> Result<Run, IndexError> {
        let events = runs.first().map_or(0, |run| run.first)..runs.last().map_or(0, |run| run.next);
        let keys = runs.iter().map(|run| self.keys_of(run)).sum::<Result<usize, IndexError>>()?;
        let merged = self.begin_run(events, keys)?;
        let parts = runs.iter().map(|run| run.pages).min().unwrap_or(1).min(merged.pages);
        for part in 0..parts {
            let mut ids = Vec::new();
            for run in runs {
                for page in run.part(part, parts) {
                    self.page(run, page, |of_page| ids.extend(of_page))?;
                }
            }
            ids.sort_unstable();
            self.insert(&merged, merged.part(part, parts), &ids)?;
        }
        runs.iter().try_for_each(|run| self.remove(run))?;
        Ok(merged)
    }

    fn keys_of(&self, run: &Run) -> Result<usize, IndexError> {
        let mut bytes = self
            .database
            .prepare_cached("SELECT coalesce(sum(length(data)), 0) FROM pages WHERE id >= ?1 AND id < ?2")?;
        let bytes: i64 = bytes.query_row([page_id(run, 0), page_id(run, run.pages)], |row| row.get(0))?;
        Ok(keys_in(run.pages as usize, usize::try_from(bytes).unwrap_or_default()))
    }

    fn ids_of(&self, run: &Run) -> Result<Vec<IdOf>, IndexError> {
        let mut ids = Vec::new();
        for page in 0..run.pages {
            self.page(run, page, |of_page| ids.extend(of_page))?;
        }
        Ok(ids)
    }

    fn page<T>(
        &self,
        run: &Run,
        page: u32,
        take: impl FnOnce(&mut dyn Iterator<Item = IdOf>) -> T,
    ) -> Result<T, IndexError> {
        let mut statement = self.database.prepare_cached("SELECT data FROM pages WHERE id = ?1")?;
        let taken = statement.query_row([page_id(run, page)], |row| {
            let bytes = row.get_ref(0)?.as_blob()?;
            Ok(run.decode(page, bytes).map(|mut ids| take(&mut ids)))
        });
        taken.optional()?.ok_or(IndexError::Broken)?.map_err(IndexError::from)
    }

    fn add_run(&self, events: Range<u64>, ids: &[IdOf]) -> Result<Run, IndexError> {
        let run = self.begin_run(events, ids.len())?;
        self.insert(&run, 0..run.pages, ids)?;
        Ok(run)
    }

    /// A run of these events with so many keys, behind all others and without its pages.
    fn begin_run(&self, events: Range<u64>, keys: usize) -> Result<Run, IndexError> {
        let last: Option<i64> = self.database.query_row("SELECT max(id) FROM runs", [], |row| row.get(0))?;
        let run = Run::new(last.unwrap_or(0) + 1, events, keys);
        self.name(&run)?;
        Ok(run)
    }

    fn name(&self, run: &Run) -> Result<(), IndexError> {
        let values = params![run.id, signed(run.first), signed(run.next), run.pages];
        self.database.prepare_cached("INSERT INTO runs VALUES (?1, ?2, ?3, ?4)")?.execute(values)?;
        Ok(())
    }

    /// Adds these pages of a run, of all keys of theirs.
    fn insert(&self, run: &Run, pages: Range<u32>, ids: &[IdOf]) -> Result<(), IndexError> {
        let mut insert = self.database.prepare_cached("INSERT INTO pages VALUES (?1, ?2)")?;
        for (page, bytes) in run.encode(pages, ids) {
            insert.execute(params![page_id(run, page), bytes])?;
        }
        Ok(())
    }

    fn remove(&self, run: &Run) -> Result<(), IndexError> {
        self.database.execute("DELETE FROM runs WHERE id = ?1", [run.id])?;
        let pages = [page_id(run, 0), page_id(run, run.pages)];
        self.database.execute("DELETE FROM pages WHERE id >= ?1 AND id < ?2", pages)?;
        Ok(())
    }
}

/// Pages of a run lie together, in order.
fn page_id(run: &Run, page: u32) -> i64 {
    run.id * PAGES_MAX + i64::from(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_in_many_runs_is_found_in_the_one_that_they_become() {
        let index = IndexFile::temporary().unwrap();
        let key = |event: u64| event.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // Runs of two pages, and of eight.
        let sizes = [600, 1500].into_iter().cycle().take(16);
        let end = sizes.fold(0, |first, size| {
            let events = first..first + size;
            index.add_ids(events.clone(), events.map(|event| (key(event), event)).collect()).unwrap();
            first + size
        });
        let runs = index.runs().unwrap();
        let [run] = runs.as_slice() else { panic!("{runs:?}") };
        assert_eq!((run.first, run.next), (0, end));
        let pages: u32 =
            index.database.query_row("SELECT count(*) FROM pages", [], |row| row.get(0)).unwrap();
        assert_eq!((pages, run.pages), (128, 128));
        for event in 0..end {
            assert_eq!(index.events_of(key(event), 0..end).unwrap(), [event]);
        }
    }
}
