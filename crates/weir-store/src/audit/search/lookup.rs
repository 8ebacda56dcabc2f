//! Records that are asked for by an id, without going through the log.

use super::block::{REQUEST, SLOT, id_key};
use super::records::{Hit, Spot};
use super::{BlockId, Search, SearchError};
use std::collections::BTreeSet;
use weir_audit::search::{DECISION, OUTCOME, Query, Test};

/// Where the records may be that a query asks for by an id, oldest first, each with its outcome; `None` if it does not.
pub(super) fn candidates(search: &Search, query: &Query) -> Result<Option<Vec<Hit>>, SearchError> {
    let mut wanted = None;
    for condition in &query.conditions {
        let Test::Is(ids) = &condition.test else { continue };
        match condition.path.as_str() {
            "event_id" => wanted = Some(ids.iter().filter_map(|id| event_of(id)).collect::<BTreeSet<u64>>()),
            "request_id" | "decision_id" | "trace_id" => wanted = Some(search.events_of(ids)?),
            _ => continue,
        }
        break;
    }
    let Some(wanted) = wanted else { return Ok(None) };
    let mut spots = Vec::new();
    for seq in wanted {
        let Some((spot, type_name)) = search.spot_of(seq)? else { continue };
        let outcome = if type_name == DECISION { search.outcome_of(spot)? } else { None };
        if let Some(outcome) = outcome.filter(|_| query.is_about(OUTCOME)) {
            spots.push((outcome, None));
        }
        if query.is_about(type_name) {
            spots.push((spot, outcome));
        }
    }
    spots.sort_by_key(|(spot, _)| search.place(spot.block).map(|place| place.first + spot.slot));
    spots.dedup();
    Ok(Some(spots))
}

/// The index of an event by its id: `docs/formats/audit.md` says where it is in it.
fn event_of(id: &str) -> Option<u64> {
    let digits: String = id.chars().filter(|c| *c != '-').collect();
    let id = u128::from_str_radix(&digits, 16).ok()?;
    let (high, low) = ((id >> 64) as u64 & 0xfff, (id >> 40) as u64 & 0x3f_ffff);
    Some(high << 22 | low)
}

impl Search {
    /// The events that may have one of these ids.
    fn events_of(&self, ids: &[String]) -> Result<BTreeSet<u64>, SearchError> {
        let mut events = BTreeSet::new();
        let first = self.first_indexed();
        for key in ids.iter().map(|id| id_key(id)) {
            events.extend(self.file.events_of(key, first..self.indexed)?);
            let in_tail = self.tail.iter().flat_map(|block| &block.ids).filter(|(found, _)| *found == key);
            events.extend(in_tail.map(|(_, seq)| *seq));
        }
        Ok(events)
    }

    /// Where an event is, and its type; of the types that ids are of.
    fn spot_of(&self, seq: u64) -> Result<Option<(Spot, &str)>, SearchError> {
        let Some((block, place)) = self.block_of(seq) else { return Ok(None) };
        let spot = Spot { block, slot: seq - place.first };
        let in_tail = self.tail.iter().flat_map(|block| block.columns.keys().map(|(of, _)| of.as_str()));
        let types: BTreeSet<&str> = self.file.fields().map(|(of, _)| of).chain(in_tail).collect();
        for type_name in types.into_iter().filter(|name| !name.is_empty()) {
            if let Some(slots) = self.column(block, type_name, SLOT)?
                && (0..slots.rows()).any(|row| slots.number(row) == Some(spot.slot))
            {
                return Ok(Some((spot, type_name)));
            }
        }
        Ok(None)
    }

    fn block_of(&self, seq: u64) -> Option<(BlockId, super::Place)> {
        let at = self.stored.partition_point(|(_, place)| place.end() <= seq);
        let stored = self.stored.get(at).map(|(id, place)| (BlockId::Stored(*id), *place));
        let in_tail = || {
            let at = self.tail.iter().position(|block| block.place.end() > seq)?;
            Some((BlockId::Tail(at), self.tail.get(at)?.place))
        };
        stored.or_else(in_tail).filter(|(_, place)| place.first <= seq)
    }

    /// Where the outcome of a decision is: mostly close behind it. Other events have none.
    pub(super) fn outcome_of(&self, decision: Spot) -> Result<Option<Spot>, SearchError> {
        let slots = self.column(decision.block, DECISION, SLOT)?;
        let row =
            slots.and_then(|slots| (0..slots.rows()).find(|row| slots.number(*row) == Some(decision.slot)));
        let (Some(row), Some(place)) = (row, self.place(decision.block)) else { return Ok(None) };
        let requests = self.column(decision.block, DECISION, REQUEST)?;
        let earlier = requests.and_then(|requests| requests.number(row));
        let request = earlier.unwrap_or(place.first + decision.slot);
        let behind = self.places().skip_while(|(block, _)| *block != decision.block);
        for (block, _) in behind {
            let Some(requests) = self.column(block, OUTCOME, REQUEST)? else { continue };
            let Some(row) = (0..requests.rows()).find(|row| requests.number(*row) == Some(request)) else {
                continue;
            };
            let slot = self.column(block, OUTCOME, SLOT)?.and_then(|slots| slots.number(row));
            return Ok(slot.map(|slot| Spot { block, slot }));
        }
        Ok(None)
    }
}
