//! Finding records: an index beside the log that is kept up with it, and is never trusted.
//!
//! The index holds, for every block of events, the members of events as columns. A query reads the columns that it
//! needs, from the newest block back, and then the records themselves, from the log: what the index says of them is
//! checked on the way, and an index that is wrong is made anew. What is too new to be in it is read from the log into
//! blocks of the same kind.

mod block;
mod build;
mod column;
mod cursor;
mod file;
mod follow;
mod hash;
mod ids;
mod lookup;
mod records;
mod runs;
mod scan;
mod tally;

pub use build::Indexed;
pub use follow::Follower;
pub use tally::{Group, Key};

use super::AuditError;
use super::files::Layout;
use block::{Block, OpenRequests, Place};
use build::Fit;
use column::Column;
use cursor::Cursor;
use file::{IndexError, IndexFile, State};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use weir_audit::search::{Condition, DECISION, Found, OUTCOME, Query, Test};

/// Why nothing can be searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// The index cannot be used: the disk refuses, or it is being written for too long.
    #[error(
        "the search index (`index.db` beside the log) cannot be used: {0}; it can be removed, and is made anew"
    )]
    Index(String),
    /// A value of nearly every record: there are as many groups as records.
    #[error("`{0}` is another one in nearly every record; nothing can be counted by it")]
    Unique(String),
    /// More groups than anybody reads.
    #[error("there are more than {MAX_GROUPS} groups; choose fewer with conditions")]
    Groups,
    /// The index says something else than the log.
    #[error("the search index and the log disagree")]
    Disagree,
}

/// The most groups of a tally.
pub const MAX_GROUPS: usize = 100_000;

impl From<IndexError> for SearchError {
    fn from(error: IndexError) -> Self {
        if error.is_damage() { Self::Disagree } else { Self::Index(error.to_string()) }
    }
}

/// Takes some of the log into its index; for a process that writes a log, in a thread of its own and from time to time.
/// Takes in some thousand events at most.
///
/// # Errors
/// [`SearchError`] if the log or the index cannot be used.
pub fn index(dir: &Path) -> Result<Indexed, SearchError> {
    let layout = Layout::new(dir);
    with_index(&layout, |file| build::advance(&layout, file))
}

/// A log and its index, as they are at one moment. Holds the blocks that are not in the index, and of the others what a
/// query needs of one at a time.
#[derive(Debug)]
pub struct Search {
    layout: Layout,
    file: IndexFile,
    /// In the index, with their numbers there.
    stored: Vec<(i64, Place)>,
    /// Index of the first event that is not in the index.
    indexed: u64,
    /// Behind it.
    tail: Vec<Block>,
    /// Requests without an outcome, with their first decisions.
    open: OpenRequests,
    next: u64,
}

impl Search {
    /// Opens a log, and takes into its index what it has not yet. Where no index can be written beside the log, one is
    /// made for this search alone.
    ///
    /// # Errors
    /// [`SearchError`] if the log or the index cannot be used.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        Self::open_telling(dir, |_| {})
    }

    /// The same; `progress` is told how many events are in the index while more are taken in.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_telling(dir: &Path, mut progress: impl FnMut(u64)) -> Result<Self, SearchError> {
        let layout = Layout::new(dir);
        // Where there is no log, none is begun by an index.
        layout.segment_numbers()?;
        with_index_kept(&layout, |mut file| {
            loop {
                let indexed = build::advance(&layout, &mut file)?;
                if !indexed.is_behind {
                    break;
                }
                progress(indexed.events);
            }
            Self::begin(layout.clone(), file)
        })
    }

    /// What the index of a log has, if there is one that can be used. Takes nothing into it.
    pub(super) fn of_what_is_indexed(layout: &Layout) -> Result<Self, SearchError> {
        let path = index_path(layout);
        if !path.exists() {
            return Err(SearchError::Index("there is none".to_owned()));
        }
        let (search, _) = Self::of_index(layout.clone(), IndexFile::open(&path)?)?;
        if search.indexed == 0 {
            Err(SearchError::Index("nothing is in it yet".to_owned()))
        } else {
            Ok(search)
        }
    }

    fn begin(layout: Layout, file: IndexFile) -> Result<Self, SearchError> {
        let (mut search, within) = Self::of_index(layout, file)?;
        let mut cursor = Cursor::open(&search.layout, search.indexed, within)?;
        let first_kept = cursor.first_kept();
        search.stored.retain(|(_, place)| place.end() > first_kept);
        if search.first_indexed() > first_kept && search.indexed > first_kept {
            return Err(SearchError::Disagree);
        }
        while let Some((block, _)) = build::next_block(&mut cursor, &mut search.open)? {
            search.tail.push(block);
        }
        search.next = cursor.next();
        Ok(search)
    }

    /// What the index has and nothing of what is behind it, and where that begins.
    fn of_index(layout: Layout, mut file: IndexFile) -> Result<(Self, Option<(u64, u64)>), SearchError> {
        file.begin_reading()?;
        let state = file.state()?;
        let Fit::At(within) = build::end_of(&layout, &file, &state)? else {
            return Err(SearchError::Disagree);
        };
        let (State { next, open, leaf: _ }, stored) = (state, file.blocks()?);
        Ok((Self { layout, file, stored, indexed: next, tail: Vec::new(), open, next }, within))
    }

    /// The first event that the index has, or would have.
    fn first_indexed(&self) -> u64 {
        self.stored.first().map_or(self.indexed, |(_, place)| place.first)
    }

    /// The last event of this type whose request or decision has this id: its index in the log, and its bytes.
    pub(super) fn last_of(&self, type_name: &str, id: &str) -> Result<Option<(u64, Vec<u8>)>, SearchError> {
        let mut last = None;
        for path in ["request_id", "decision_id"] {
            let condition = Condition { path: path.to_owned(), test: Test::Is(vec![id.to_owned()]) };
            let query =
                Query { types: vec![type_name.to_owned()], conditions: vec![condition], ..Query::default() };
            self.find(&query, Some(1), |found| last = last.take().max(Some((found.seq, found.event))))?;
        }
        Ok(last)
    }

    /// Index of the event that would come next: the search sees those before it.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Whether any event has a member at this path.
    #[must_use]
    pub fn has_path(&self, path: &str) -> bool {
        self.paths().any(|found| found == path)
    }

    /// The paths of all members that events have, in any order and maybe more than once.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let in_tail = self.tail.iter().flat_map(|block| block.columns.keys().map(|(_, path)| path.as_str()));
        self.file.fields().map(|(_, path)| path).chain(in_tail).filter(|path| !path.starts_with('#'))
    }

    /// The types that events have, in any order and maybe more than once.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let in_tail = self.tail.iter().flat_map(|block| block.columns.keys().map(|(of, _)| of.as_str()));
        self.file.fields().map(|(of, _)| of).chain(in_tail).filter(|of| !of.is_empty())
    }

    /// Hands over the records that fit, oldest first: the newest `limit` of them, or all. Records are read from the log.
    ///
    /// # Errors
    /// [`SearchError`] if the log or the index cannot be read; [`SearchError::Disagree`] if they disagree, in which case
    /// the index is made anew when it is opened the next time.
    pub fn find(
        &self,
        query: &Query,
        limit: Option<usize>,
        mut visit: impl FnMut(Found),
    ) -> Result<(), SearchError> {
        let found = records::find(self, query, limit, &mut visit);
        self.distrust(found)
    }

    /// Counts the records that fit, in groups, and sums numbers up. What a request used in all (tokens, cost) counts once,
    /// at its last attempt.
    ///
    /// # Errors
    /// As [`find`](Self::find); [`SearchError::Unique`] and [`SearchError::Groups`] if there would be too many groups.
    pub fn tally(&self, query: &Query, by: &[Key], sums: &[String]) -> Result<Vec<Group>, SearchError> {
        let tally = tally::tally(self, query, by, sums);
        self.distrust(tally)
    }

    /// The decisions of requests that run, in order.
    fn running(&self) -> Result<Vec<(u64, Vec<u8>)>, SearchError> {
        let ids: Vec<String> = self.open.keys().cloned().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let condition = Condition { path: "request_id".to_owned(), test: Test::Is(ids) };
        let query = Query { conditions: vec![condition], ..Query::default() };
        let mut running = Vec::new();
        self.find(&query, None, |found| {
            // An id may have been used before.
            if found.outcome.is_none() {
                running.push((found.seq, found.event));
            }
        })?;
        Ok(running)
    }

    /// Removes an index that is wrong.
    fn distrust<T>(&self, result: Result<T, SearchError>) -> Result<T, SearchError> {
        if matches!(result, Err(SearchError::Disagree)) {
            // If it cannot be removed, the next search says so.
            let _ = file::remove(&index_path(&self.layout));
        }
        result
    }

    /// All blocks in order.
    fn places(&self) -> impl DoubleEndedIterator<Item = (BlockId, Place)> {
        let stored = self.stored.iter().map(|(id, place)| (BlockId::Stored(*id), *place));
        stored.chain(self.tail.iter().enumerate().map(|(at, block)| (BlockId::Tail(at), block.place)))
    }

    fn place(&self, block: BlockId) -> Option<Place> {
        match block {
            BlockId::Stored(id) => {
                let at = self.stored.binary_search_by_key(&id, |(id, _)| *id).ok()?;
                self.stored.get(at).map(|(_, place)| *place)
            }
            BlockId::Tail(at) => self.tail.get(at).map(|block| block.place),
        }
    }

    fn column(&self, block: BlockId, type_name: &str, path: &str) -> Result<Option<Rc<Column>>, SearchError> {
        Ok(match block {
            BlockId::Stored(id) => self.file.column(id, type_name, path)?.map(Rc::new),
            BlockId::Tail(at) => {
                let block = self.tail.get(at);
                let column = block.and_then(|b| b.columns.get(&(type_name.to_owned(), path.to_owned())));
                column.cloned().map(Rc::new)
            }
        })
    }

    /// The type of event whose member a path is in the record of an event of this type: decisions have those of their
    /// outcomes too.
    fn owner<'t>(&self, type_name: &'t str, path: &str) -> &'t str {
        if type_name != DECISION || path.starts_with('#') {
            return type_name;
        }
        let has = |wanted: &str| {
            let in_tail =
                self.tail.iter().any(|b| b.columns.contains_key(&(wanted.to_owned(), path.to_owned())));
            in_tail || self.file.fields().any(|(of, found)| of == wanted && found == path)
        };
        if !has(DECISION) && has(OUTCOME) { OUTCOME } else { DECISION }
    }
}

/// Which block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum BlockId {
    Stored(i64),
    Tail(usize),
}

fn index_path(layout: &Layout) -> PathBuf {
    layout.dir().join("index.db")
}

fn with_index<T>(
    layout: &Layout,
    mut work: impl FnMut(&mut IndexFile) -> Result<T, SearchError>,
) -> Result<T, SearchError> {
    with_index_kept(layout, |mut file| work(&mut file))
}

/// Works with the index, and once more with a new one if it is wrong.
fn with_index_kept<T>(
    layout: &Layout,
    mut work: impl FnMut(IndexFile) -> Result<T, SearchError>,
) -> Result<T, SearchError> {
    let path = index_path(layout);
    match work(IndexFile::open(&path)?) {
        Err(SearchError::Disagree) => {
            file::remove(&path).map_err(IndexError::Io)?;
            work(IndexFile::open(&path)?)
        }
        done => done,
    }
}

#[cfg(test)]
mod tests;
