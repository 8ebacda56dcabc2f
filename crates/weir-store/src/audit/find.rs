//! One event by an id, by way of the search index, or without it.

use super::files::Layout;
use super::search::Search;
use super::{AuditError, AuditReader, SearchError};
use std::num::NonZeroUsize;
use std::path::Path;
use weir_audit::{Event, Ident, Record};

/// Which event of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The decision of its last attempt: where it was processed.
    Decision,
    /// How it ended.
    Outcome,
}

/// An event that was looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its index in the log.
    pub seq: u64,
    /// Its bytes, as they were written.
    pub bytes: Vec<u8>,
    /// What they say.
    pub event: Event,
}

/// What came of looking for an event.
#[derive(Debug)]
pub struct Lookup {
    /// The event, if there is one.
    pub found: Option<Found>,
    /// Why the index was of no use, so that the log had to be read; it is right in either case.
    pub without_index: Option<String>,
}

impl Wanted {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Wanted::Decision => "decision",
            Wanted::Outcome => "outcome",
        }
    }

    pub(super) fn is_of(self, event: &Event, id: &Ident) -> bool {
        match (self, event) {
            (Wanted::Decision, Event::Decision(decision)) => {
                decision.decision_id == *id || decision.request_id == *id
            }
            (Wanted::Outcome, Event::Outcome(outcome)) => {
                outcome.decision_id == *id || outcome.request_id == *id
            }
            _ => false,
        }
    }
}

/// The last event of this kind whose request or decision has this id.
///
/// What is too new for the index is read from the log, newest first: a receipt is mostly asked for soon. What the index
/// has is looked up there, and read from the log. Without an index that can be used, all of the log is read.
///
/// # Errors
/// [`AuditError`] if the log cannot be read or is damaged.
pub fn find(dir: &Path, wanted: Wanted, id: &Ident) -> Result<Lookup, AuditError> {
    // Before the segments: what it has is in them.
    let search = Search::of_what_is_indexed(&Layout::new(dir));
    let mut parts = AuditReader::open_parts(dir, NonZeroUsize::MAX)?;
    // Nobody needs an index of one segment.
    let is_long = parts.len() > 1;
    let looked_up = match search {
        Ok(search) => {
            let indexed = search.next();
            let behind = parts.partition_point(|part| part.begins_at() <= indexed).saturating_sub(1);
            if let Some(found) = find_in_newest(parts.split_off(behind), wanted, id)? {
                return Ok(Lookup { found: Some(found), without_index: None });
            }
            look_up(&search, wanted, id)
        }
        Err(why) => Err(why),
    };
    match looked_up {
        Ok(found) => Ok(Lookup { found, without_index: None }),
        Err(why) => {
            let found = find_in_newest(parts, wanted, id)?;
            Ok(Lookup { found, without_index: is_long.then(|| why.to_string()) })
        }
    }
}

fn look_up(search: &Search, wanted: Wanted, id: &Ident) -> Result<Option<Found>, SearchError> {
    let Some((seq, bytes)) = search.last_of(wanted.name(), id.as_str())? else { return Ok(None) };
    match Record::parse(&bytes) {
        Ok(Record { event, .. }) if wanted.is_of(&event, id) => Ok(Some(Found { seq, bytes, event })),
        _ => Err(SearchError::Disagree),
    }
}

fn find_in_newest(parts: Vec<AuditReader>, wanted: Wanted, id: &Ident) -> Result<Option<Found>, AuditError> {
    for part in parts.into_iter().rev() {
        let found = find_in(part, wanted, id)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn find_in(mut part: AuditReader, wanted: Wanted, id: &Ident) -> Result<Option<Found>, AuditError> {
    let needle = memchr::memmem::Finder::new(id.as_str());
    // An id is in its event as it is, and most segments have it nowhere.
    if id.as_str().is_empty() || !part.holds(&needle)? {
        return Ok(None);
    }
    let mut found = None;
    while let Some((head, bytes)) = part.next_event()? {
        if head.type_name.as_str() != wanted.name() || needle.find(bytes).is_none() {
            continue;
        }
        let (seq, bytes) = (head.seq, bytes.to_vec());
        // What does not parse is damage, which the proof would show; here it is no match.
        if let Ok(Record { event, .. }) = Record::parse(&bytes)
            && wanted.is_of(&event, id)
        {
            found = Some(Found { seq, bytes, event });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
