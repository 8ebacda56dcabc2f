//! Records, read from the log at the places that the index gives.

use super::super::AuditError;
use super::block::{LENGTH, Place};
use super::build::frame_at;
use super::file::IndexError;
use super::lookup;
use super::scan::{Selection, Wants, is_left_to_log, scan};
use super::{BlockId, Search, SearchError};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use weir_audit::search::{Condition, DECISION, Found, OUTCOME, Query, Value};

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) block: BlockId,
    pub(super) slot: u64,
}

/// Where a record is, and its outcome.
pub(super) type Hit = (Spot, Option<Spot>);

/// Reads records from the log, those of one block after the other.
pub(super) struct Records<'s> {
    search: &'s Search,
    /// Frames of the block at hand: where they begin, and their bytes.
    frames: Option<(BlockId, Vec<(u64, u64)>)>,
    segment: Option<(u64, File)>,
}

impl<'s> Records<'s> {
    pub(super) fn new(search: &'s Search) -> Self {
        Self { search, frames: None, segment: None }
    }

    /// The bytes of an event; `None` if its segment was deleted meanwhile.
    pub(super) fn read(&mut self, spot: Spot) -> Result<Option<Vec<u8>>, SearchError> {
        let place = self.search.place(spot.block).ok_or(SearchError::Disagree)?;
        let frames = match self.frames.take().filter(|(block, _)| *block == spot.block) {
            Some(frames) => frames,
            None => (spot.block, self.frames_of(spot.block, place)?),
        };
        let (_, frames) = self.frames.insert(frames);
        let frame = usize::try_from(spot.slot).ok().and_then(|slot| frames.get(slot)).copied();
        let (offset, length) = frame.ok_or(SearchError::Disagree)?;
        let Some(file) = self.segment(place.segment)? else { return Ok(None) };
        frame_at(file, offset, length).map(Some).ok_or(SearchError::Disagree)
    }

    fn frames_of(&self, block: BlockId, place: Place) -> Result<Vec<(u64, u64)>, SearchError> {
        let lengths = self.search.column(block, "", LENGTH)?.ok_or(IndexError::Broken)?;
        let mut offset = place.offset;
        let frame = |row| {
            let (begin, length) = (offset, lengths.number(row).unwrap_or(0));
            offset += length;
            (begin, length)
        };
        Ok((0..lengths.rows()).map(frame).collect())
    }

    fn segment(&mut self, number: u64) -> Result<Option<&File>, SearchError> {
        if self.segment.as_ref().is_none_or(|(open, _)| *open != number) {
            let path = self.search.layout.segment(number);
            match File::open(&path) {
                Ok(file) => self.segment = Some((number, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(AuditError::io(path)(error).into()),
            }
        }
        Ok(self.segment.as_ref().map(|(_, file)| file))
    }

    /// A record with its outcome, if it is still there and is what is asked for. `is_certain` says that the index has
    /// told that already: then the log must agree.
    pub(super) fn found(
        &mut self,
        query: &Query,
        hit: Hit,
        is_certain: bool,
    ) -> Result<Option<Found>, SearchError> {
        let Some(event) = self.read(hit.0)? else { return Ok(None) };
        let outcome = match hit.1 {
            Some(spot) => self.read(spot)?,
            None => None,
        };
        let place = self.search.place(hit.0.block).ok_or(SearchError::Disagree)?;
        let found = Found { seq: place.first + hit.0.slot, event, outcome };
        let members = found.members().map_err(|_| SearchError::Disagree)?;
        if members.get("seq") != Some(&Value::Number(found.seq)) {
            return Err(SearchError::Disagree);
        }
        match query.takes(&members) {
            true => Ok(Some(found)),
            false if is_certain => Err(SearchError::Disagree),
            false => Ok(None),
        }
    }
}

/// Hands over the records that fit, oldest first.
pub(super) fn find(
    search: &Search,
    query: &Query,
    limit: Option<usize>,
    visit: &mut dyn FnMut(Found),
) -> Result<(), SearchError> {
    let limit = limit.unwrap_or(usize::MAX);
    let mut records = Records::new(search);
    let mut hits = Vec::new();
    match lookup::candidates(search, query)? {
        Some(candidates) => {
            for hit in candidates.into_iter().rev() {
                // Read twice, which costs nothing for so few.
                if hits.len() < limit && records.found(query, hit, false)?.is_some() {
                    hits.push(hit);
                }
            }
        }
        None => hits = all_hits(search, query, limit, &mut records)?,
    }
    for hit in hits.into_iter().rev() {
        if let Some(found) = records.found(query, hit, is_certain(query))? {
            visit(found);
        }
    }
    Ok(())
}

/// Whether the index tells all conditions.
pub(super) fn is_certain(query: &Query) -> bool {
    !query.conditions.iter().any(is_left_to_log)
}

/// So many outcomes are looked up one by one.
const LOOKED_UP_MAX: usize = 256;

/// Where the records that fit are, newest first. Most questions have few answers, whose outcomes are looked up for less
/// than it takes to go through all.
fn all_hits(
    search: &Search,
    query: &Query,
    limit: usize,
    records: &mut Records<'_>,
) -> Result<Vec<Hit>, SearchError> {
    let is_of_outcome = |condition: &Condition| search.owner(DECISION, &condition.path) == OUTCOME;
    if is_certain(query) && !query.conditions.iter().any(is_of_outcome) {
        let few = gather(search, query, Wants::Decisions, limit.min(LOOKED_UP_MAX + 1), records)?;
        if few.len() <= LOOKED_UP_MAX {
            return few.into_iter().map(|(spot, _)| Ok((spot, search.outcome_of(spot)?))).collect();
        }
    }
    gather(search, query, Wants::Outcomes(&[]), limit, records)
}

/// The places of so many records, newest first.
fn gather(
    search: &Search,
    query: &Query,
    wants: Wants<'_>,
    limit: usize,
    records: &mut Records<'_>,
) -> Result<Vec<Hit>, SearchError> {
    let mut hits = Vec::new();
    scan(search, query, wants, |selections| {
        for hit in hits_of(selections) {
            if hits.len() >= limit {
                return Ok(ControlFlow::Break(()));
            }
            if is_certain(query) || records.found(query, hit, false)?.is_some() {
                hits.push(hit);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(hits)
}

/// The places of what is selected in a block, newest first.
fn hits_of(selections: &[Selection<'_>]) -> Vec<Hit> {
    let of_one = |selection: &Selection<'_>| -> Vec<Hit> {
        selection.rows().map(|row| (selection.spot(row), selection.outcome_spot(row))).collect()
    };
    let mut hits: Vec<Hit> = selections.iter().flat_map(of_one).collect();
    hits.sort_unstable_by_key(|(spot, _)| std::cmp::Reverse(spot.slot));
    hits
}
