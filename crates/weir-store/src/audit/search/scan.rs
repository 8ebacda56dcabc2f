//! Going through blocks, from the newest back.
//!
//! Outcomes lie behind their decisions, so that going back they are met first: each is kept until the first decision of
//! its request has been passed, and nothing has to be looked for.

use super::block::{AT, Place, REQUEST, SLOT};
use super::column::Column;
use super::file::IndexError;
use super::hash::FastMap;
use super::records::Spot;
use super::{BlockId, Search, SearchError};
use std::ops::ControlFlow;
use std::rc::Rc;
use weir_audit::WallTime;
use weir_audit::search::{Condition, DECISION, OUTCOME, Query, Test, Value, is_unique};

/// The records of one type in one block, and which of them fit.
pub(super) struct Selection<'s> {
    pub(super) type_name: &'s str,
    pub(super) block: BlockId,
    pub(super) place: Place,
    /// Their places among the events of the block.
    pub(super) slots: Rc<Column>,
    pub(super) selected: Vec<bool>,
    /// For decisions, if outcomes are wanted: that of each.
    pub(super) outcomes: Vec<Option<Joined>>,
}

/// The outcome of a decision's request.
#[derive(Clone)]
pub(super) struct Joined {
    pub(super) of: Rc<Outcomes>,
    pub(super) row: usize,
    /// Whether no later attempt of the request has it too.
    pub(super) is_last_attempt: bool,
}

/// The outcomes of a block.
pub(super) struct Outcomes {
    pub(super) block: BlockId,
    pub(super) slots: Rc<Column>,
    /// The columns that are asked for.
    pub(super) columns: Vec<Option<Rc<Column>>>,
    fits: Vec<bool>,
}

/// What is asked of the index, apart from what only the log can tell.
struct Plan<'q> {
    query: &'q Query,
    types: Vec<&'q str>,
    /// Conditions over members of outcomes, for decisions.
    of_outcomes: Vec<&'q Condition>,
    /// Whether a request without an outcome fits them.
    fits_without_outcome: bool,
    /// Columns of outcomes that are asked for.
    columns: Vec<&'q str>,
}

/// What must be known of outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants<'q> {
    /// Nothing.
    Decisions,
    /// Where they are, and these members.
    Outcomes(&'q [&'q str]),
}

/// Whether a condition can be told by the log alone.
pub(super) fn is_left_to_log(condition: &Condition) -> bool {
    condition.path != "seq" && is_unique(&condition.path)
}

/// Hands over the selections of every block that may hold what is asked for, one for each type, newest block first,
/// until `visit` breaks.
pub(super) fn scan<'q>(
    search: &Search,
    query: &'q Query,
    wants: Wants<'q>,
    mut visit: impl FnMut(&[Selection<'q>]) -> Result<ControlFlow<()>, SearchError>,
) -> Result<(), SearchError> {
    let plan = Plan::new(search, query, wants);
    let joins = plan.types.contains(&DECISION) && (wants != Wants::Decisions || !plan.of_outcomes.is_empty());
    let blocks: Vec<(BlockId, Place)> = search.places().collect();
    let held = || blocks.iter().filter(|(_, place)| may_hold(query, place));
    let (Some((_, first)), Some((_, last))) = (held().next(), held().next_back()) else { return Ok(()) };
    let (begin, end) = (first.first, last.end());
    let mut waiting = Waiting::default();
    for (block, place) in blocks.iter().rev().filter(|(_, place)| place.first >= begin) {
        let is_in_reach = place.first < end;
        if !is_in_reach && !joins {
            continue;
        }
        let requests = if joins { search.column(*block, DECISION, REQUEST)? } else { None };
        let mut selections = Vec::new();
        // Behind that, only further attempts matter: who has an outcome with them is not the last.
        let types = plan.types.iter().filter(|of| is_in_reach || (**of == DECISION && requests.is_some()));
        for type_name in types {
            selections.extend(plan.select(search, *block, *place, type_name)?);
        }
        if joins {
            let outcomes = plan.outcomes(search, *block)?;
            let decisions = selections.iter_mut().find(|selection| selection.type_name == DECISION);
            plan.join(&mut waiting, outcomes.as_ref(), decisions, requests.as_deref(), end);
        }
        if is_in_reach && visit(&selections)?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn may_hold(query: &Query, place: &Place) -> bool {
    query.since.is_none_or(|since| place.span.1 >= since)
        && query.until.is_none_or(|until| place.span.0 < until)
}

impl<'q> Plan<'q> {
    fn new(search: &Search, query: &'q Query, wants: Wants<'q>) -> Self {
        let types = if query.types.is_empty() {
            vec![DECISION]
        } else {
            let mut types: Vec<&str> = query.types.iter().map(String::as_str).collect();
            types.sort_unstable();
            types.dedup();
            types
        };
        let is_of_outcome = |condition: &&Condition| {
            !is_unique(&condition.path) && search.owner(DECISION, &condition.path) == OUTCOME
        };
        let of_outcomes: Vec<&Condition> = query.conditions.iter().filter(is_of_outcome).collect();
        let fits_without_outcome = of_outcomes.iter().all(|condition| condition.test.takes(None));
        let columns = match wants {
            Wants::Decisions => Vec::new(),
            Wants::Outcomes(paths) => paths.to_vec(),
        };
        Self { query, types, of_outcomes, fits_without_outcome, columns }
    }

    /// The records of a type that fit as far as their own members go.
    fn select(
        &self,
        search: &Search,
        block: BlockId,
        place: Place,
        type_name: &'q str,
    ) -> Result<Option<Selection<'q>>, SearchError> {
        let Some(slots) = search.column(block, type_name, SLOT)? else { return Ok(None) };
        let mut selected = vec![true; slots.rows()];
        let (since, until) = place.span;
        if !self.query.is_in_time(since) || !self.query.is_in_time(until) {
            let at = search.column(block, type_name, AT)?.ok_or(IndexError::Broken)?;
            for (row, selected) in selected.iter_mut().enumerate() {
                let time = at.number(row).map(WallTime::from_unix_ms);
                *selected = time.is_some_and(|time| self.query.is_in_time(time));
            }
        }
        for condition in &self.query.conditions {
            if is_left_to_log(condition) || search.owner(type_name, &condition.path) != type_name {
                continue;
            }
            if condition.path == "seq" {
                restrict_by_seq(&condition.test, place.first, &slots, &mut selected);
            } else if selected.contains(&true) {
                restrict(
                    search.column(block, type_name, &condition.path)?.as_deref(),
                    &condition.test,
                    &mut selected,
                );
            }
        }
        Ok(Some(Selection { type_name, block, place, slots, selected, outcomes: Vec::new() }))
    }

    fn outcomes(&self, search: &Search, block: BlockId) -> Result<Option<Ended>, SearchError> {
        let Some(slots) = search.column(block, OUTCOME, SLOT)? else { return Ok(None) };
        let Some(requests) = search.column(block, OUTCOME, REQUEST)? else { return Ok(None) };
        let mut fits = vec![true; slots.rows()];
        for condition in &self.of_outcomes {
            restrict(search.column(block, OUTCOME, &condition.path)?.as_deref(), &condition.test, &mut fits);
        }
        let columns =
            self.columns.iter().map(|path| search.column(block, OUTCOME, path)).collect::<Result<_, _>>()?;
        Ok(Some(Ended { of: Rc::new(Outcomes { block, slots, columns, fits }), requests }))
    }

    /// Goes back through the decisions and outcomes of a block, and gives each decision the outcome of its request.
    /// Outcomes of requests that began at `end` or later are of no use.
    fn join(
        &self,
        waiting: &mut Waiting,
        outcomes: Option<&Ended>,
        decisions: Option<&mut Selection<'q>>,
        requests: Option<&Column>,
        end: u64,
    ) {
        let mut rest = outcomes.map_or(0, |ended| ended.of.slots.rows());
        if let Some(decisions) = decisions {
            decisions.outcomes = vec![None; decisions.selected.len()];
            let rows = decisions.selected.iter_mut().zip(&mut decisions.outcomes).enumerate().rev();
            for (row, (selected, outcome)) in rows {
                let slot = decisions.slots.number(row).unwrap_or(0);
                rest = waiting.keep(outcomes, rest, Some(slot), end);
                let own = decisions.place.first + slot;
                let request = requests.and_then(|requests| requests.number(row)).unwrap_or(own);
                let joined = waiting.pass(request, own);
                let fits = joined.as_ref().map(|joined| joined.of.fits.get(joined.row) == Some(&true));
                *selected = *selected && fits.unwrap_or(self.fits_without_outcome);
                *outcome = joined;
            }
        }
        waiting.keep(outcomes, rest, None, end);
    }
}

/// The outcomes of a block, and which requests they are of.
struct Ended {
    of: Rc<Outcomes>,
    requests: Rc<Column>,
}

/// Outcomes whose decisions have not been met yet, by the first decision of the request.
#[derive(Default)]
struct Waiting(FastMap<u64, Joined>);

impl Waiting {
    /// Keeps the outcomes below row `rest` that lie behind a place in the block, or all; gives what is left.
    fn keep(&mut self, ended: Option<&Ended>, mut rest: usize, above: Option<u64>, end: u64) -> usize {
        let Some(Ended { of, requests }) = ended else { return rest };
        while rest > 0 && above.is_none_or(|above| of.slots.number(rest - 1).is_some_and(|slot| slot > above))
        {
            rest -= 1;
            if let Some(request) = requests.number(rest).filter(|request| *request < end) {
                self.0.insert(request, Joined { of: of.clone(), row: rest, is_last_attempt: true });
            }
        }
        rest
    }

    /// The outcome of a decision, which is kept on if the decision is not the first of its request.
    fn pass(&mut self, request: u64, decision: u64) -> Option<Joined> {
        if request == decision {
            return self.0.remove(&request);
        }
        let kept = self.0.get_mut(&request)?;
        let joined = kept.clone();
        kept.is_last_attempt = false;
        Some(joined)
    }
}

/// Leaves out the rows that do not fit; where there is no column no record has the member.
fn restrict(column: Option<&Column>, test: &Test, selected: &mut [bool]) {
    match column {
        Some(column) => column.restrict(test, selected),
        None if test.takes(None) => {}
        None => selected.fill(false),
    }
}

fn restrict_by_seq(test: &Test, first: u64, slots: &Column, selected: &mut [bool]) {
    for (row, selected) in selected.iter_mut().enumerate() {
        let seq = slots.number(row).map(|slot| Value::Number(first + slot));
        *selected = *selected && test.takes(seq.as_ref());
    }
}

impl Selection<'_> {
    /// The rows that are selected.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        self.selected.iter().enumerate().filter(|(_, selected)| **selected).map(|(row, _)| row)
    }

    pub(super) fn spot(&self, row: usize) -> Spot {
        Spot { block: self.block, slot: self.slots.number(row).unwrap_or(u64::MAX) }
    }

    pub(super) fn outcome_spot(&self, row: usize) -> Option<Spot> {
        let Joined { of, row, .. } = self.outcomes.get(row)?.as_ref()?;
        Some(Spot { block: of.block, slot: of.slots.number(*row)? })
    }
}
