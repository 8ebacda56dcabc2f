//! Counting and summing up over columns.

use super::block::AT;
use super::column::Column;
use super::hash::FastMap;
use super::records::{Records, is_certain};
use super::scan::{Joined, Selection, Wants, scan};
use super::{BlockId, MAX_GROUPS, Search, SearchError};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;
use weir_audit::WallTime;
use weir_audit::search::{DECISION, OUTCOME, Query, Value, is_unique};

/// What records are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The value of the member at this path; records without it are a group too.
    Path(String),
    /// The hour, in UTC.
    Hour,
    /// The day, in UTC.
    Day,
    /// The month, in UTC.
    Month,
}

impl Key {
    /// The group of a moment, as the beginning of its notation: `2026-03-01T09`.
    #[must_use]
    pub fn of_time(&self, at: WallTime) -> Option<String> {
        let digits = match self {
            Key::Path(_) => return None,
            Key::Hour => 13,
            Key::Day => 10,
            Key::Month => 7,
        };
        at.to_string().get(..digits).map(str::to_owned)
    }
}

/// A group of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What its records have in common, in the order of the keys; `None` is no value.
    pub values: Vec<Option<Value<'static>>>,
    /// Number of records.
    pub count: u64,
    /// The sums, in the order in which they were asked for.
    pub sums: Vec<u64>,
}

pub(super) fn tally(
    search: &Search,
    query: &Query,
    by: &[Key],
    sums: &[String],
) -> Result<Vec<Group>, SearchError> {
    let paths = || by.iter().filter_map(|key| if let Key::Path(path) = key { Some(path) } else { None });
    if let Some(unique) = paths().find(|path| is_unique(path)) {
        return Err(SearchError::Unique(unique.clone()));
    }
    let mut of_outcomes: Vec<&str> = paths().chain(sums).map(String::as_str).collect();
    of_outcomes.retain(|path| search.owner(DECISION, path) == OUTCOME);
    let is_certain = is_certain(query);
    let wants =
        if of_outcomes.is_empty() && is_certain { Wants::Decisions } else { Wants::Outcomes(&of_outcomes) };
    let mut records = Records::new(search);
    let mut groups = Groups::new(search, by, sums, &of_outcomes);
    scan(search, query, wants, |selections| {
        for selection in selections {
            let sources = groups.sources_of(selection)?;
            for row in selection.rows() {
                let hit = || (selection.spot(row), selection.outcome_spot(row));
                if is_certain || records.found(query, hit(), false)?.is_some() {
                    groups.add(&sources, selection, row)?;
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(groups.finish())
}

/// Where the values of a key or a sum are, for the records of a selection.
enum Source {
    Own(Option<Rc<Column>>, Origin),
    /// Among the columns of outcomes that were asked for.
    OfOutcome(usize),
    Time(Rc<Column>),
}

/// Which column of a path it is: its block, and the number of the type whose member it is.
type Origin = (BlockId, usize);

/// The number of the type of outcomes.
const OF_OUTCOMES: usize = 0;

/// The sources of all keys and sums.
struct Sources {
    by: Vec<Source>,
    sums: Vec<Source>,
}

/// Numbers of values, by the codes of a column; 0 is no value.
type Translation = Rc<Vec<u32>>;

/// So many translations are kept for a key: outcomes are in few blocks at a time.
const TRANSLATIONS_MAX: usize = 64;

struct Groups<'s> {
    search: &'s Search,
    by: &'s [Key],
    sums: &'s [String],
    of_outcomes: &'s [&'s str],
    /// Values of keys; number `n` is place `n - 1`.
    values: Vec<Value<'static>>,
    numbers: HashMap<Value<'static>, u32>,
    translations: Vec<FastMap<Origin, Translation>>,
    /// The translation that was used last, for each key: mostly the next one too.
    current: Vec<Option<(Origin, Translation)>>,
    /// Types of events, by their numbers.
    types: Vec<String>,
    /// The hour that was looked up last, for each key.
    hours: Vec<Option<(u64, u32)>>,
    places: FastMap<Vec<u32>, usize>,
    groups: Vec<(Vec<u32>, u64, Vec<u64>)>,
    key: Vec<u32>,
    /// The group of the record before, which is often the same.
    last: usize,
}

impl<'s> Groups<'s> {
    fn new(search: &'s Search, by: &'s [Key], sums: &'s [String], of_outcomes: &'s [&'s str]) -> Self {
        Self {
            search,
            by,
            sums,
            of_outcomes,
            values: Vec::new(),
            numbers: HashMap::new(),
            translations: vec![FastMap::default(); by.len()],
            current: vec![None; by.len()],
            types: vec![OUTCOME.to_owned()],
            hours: vec![None; by.len()],
            places: FastMap::default(),
            groups: Vec::new(),
            key: Vec::with_capacity(by.len()),
            last: usize::MAX,
        }
    }

    fn sources_of(&mut self, selection: &Selection<'_>) -> Result<Sources, SearchError> {
        if !self.types.iter().any(|known| known == selection.type_name) {
            self.types.push(selection.type_name.to_owned());
        }
        let by = self.by.iter().map(|key| match key {
            Key::Path(path) => self.source(selection, path),
            Key::Hour | Key::Day | Key::Month => {
                let at = self.search.column(selection.block, selection.type_name, AT)?;
                Ok(Source::Time(at.ok_or(SearchError::Disagree)?))
            }
        });
        let by = by.collect::<Result<_, _>>()?;
        let sums = self.sums.iter().map(|path| self.source(selection, path)).collect::<Result<_, _>>()?;
        Ok(Sources { by, sums })
    }

    fn source(&self, selection: &Selection<'_>, path: &str) -> Result<Source, SearchError> {
        if self.search.owner(selection.type_name, path) == selection.type_name {
            let column = self.search.column(selection.block, selection.type_name, path)?;
            let type_number = self.types.iter().position(|known| known == selection.type_name);
            return Ok(Source::Own(column, (selection.block, type_number.unwrap_or(usize::MAX))));
        }
        Ok(Source::OfOutcome(self.of_outcomes.iter().position(|of| *of == path).unwrap_or(usize::MAX)))
    }

    fn add(&mut self, sources: &Sources, selection: &Selection<'_>, row: usize) -> Result<(), SearchError> {
        let outcome = selection.outcomes.get(row).and_then(Option::as_ref);
        self.key.clear();
        for (at, source) in sources.by.iter().enumerate() {
            let number = self.number(at, source, outcome, row);
            self.key.push(number);
        }
        let place = self.place()?;
        let Some((_, count, sums)) = self.groups.get_mut(place) else { return Ok(()) };
        *count += 1;
        for (sum, source) in sums.iter_mut().zip(&sources.sums) {
            let value = match source {
                Source::Own(column, _) => column.as_ref().and_then(|column| column.number(row)),
                // What a request used in all is not what each of its attempts used.
                Source::OfOutcome(at) => outcome
                    .filter(|joined| joined.is_last_attempt)
                    .and_then(|joined| joined.of.columns.get(*at)?.as_ref()?.number(joined.row)),
                Source::Time(_) => None,
            };
            *sum = sum.saturating_add(value.unwrap_or(0));
        }
        Ok(())
    }

    /// The group of the key at hand.
    fn place(&mut self) -> Result<usize, SearchError> {
        if self.groups.get(self.last).is_some_and(|(key, ..)| *key == self.key) {
            return Ok(self.last);
        }
        if let Some(place) = self.places.get(&self.key) {
            self.last = *place;
            return Ok(*place);
        }
        if self.groups.len() == MAX_GROUPS {
            return Err(SearchError::Groups);
        }
        self.last = self.groups.len();
        self.places.insert(self.key.clone(), self.last);
        self.groups.push((self.key.clone(), 0, vec![0; self.sums.len()]));
        Ok(self.last)
    }

    /// The number of a record's value for the key at this place.
    fn number(&mut self, at: usize, source: &Source, outcome: Option<&Joined>, row: usize) -> u32 {
        match source {
            Source::Own(None, _) => 0,
            Source::Own(Some(column), origin) => self.number_in(at, column, *origin, row),
            Source::OfOutcome(place) => {
                let Some(joined) = outcome else { return 0 };
                let Some(Some(column)) = joined.of.columns.get(*place) else { return 0 };
                self.number_in(at, column, (joined.of.block, OF_OUTCOMES), joined.row)
            }
            Source::Time(column) => column.number(row).map_or(0, |at_ms| self.number_of_time(at, at_ms)),
        }
    }

    fn number_in(&mut self, at: usize, column: &Column, origin: Origin, row: usize) -> u32 {
        let code = column.code(row);
        let Some(entries) = column.entries() else {
            return column.number(row).map_or(0, |number| self.number_of(Value::Number(number)));
        };
        let code = usize::try_from(code).unwrap_or(usize::MAX);
        if let Some(Some((known, translation))) = self.current.get(at)
            && *known == origin
        {
            return translation.get(code).copied().unwrap_or(0);
        }
        let translation = self.translation(at, column, origin, entries);
        let number = translation.get(code).copied().unwrap_or(0);
        if let Some(current) = self.current.get_mut(at) {
            *current = Some((origin, translation));
        }
        number
    }

    fn translation(&mut self, at: usize, column: &Column, origin: Origin, entries: usize) -> Translation {
        if let Some(known) = self.translations.get(at).and_then(|of_key| of_key.get(&origin)) {
            return known.clone();
        }
        let codes = (0..=entries as u64).map(|code| column.value_of(code));
        let translation: Translation =
            Rc::new(codes.map(|value| value.map_or(0, |value| self.number_of(value))).collect());
        if let Some(of_key) = self.translations.get_mut(at) {
            if of_key.len() == TRANSLATIONS_MAX {
                of_key.clear();
            }
            of_key.insert(origin, translation.clone());
        }
        translation
    }

    fn number_of(&mut self, value: Value<'static>) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        self.values.push(value.clone());
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.numbers.insert(value, number);
        number
    }

    fn number_of_time(&mut self, at: usize, at_ms: u64) -> u32 {
        let hour = at_ms / MS_PER_HOUR;
        if let Some(Some((known, number))) = self.hours.get(at)
            && *known == hour
        {
            return *number;
        }
        let text = self.by.get(at).and_then(|key| key.of_time(WallTime::from_unix_ms(at_ms)));
        let number = text.map_or(0, |text| self.number_of(Value::Word(text.into())));
        if let Some(known) = self.hours.get_mut(at) {
            *known = Some((hour, number));
        }
        number
    }

    fn finish(self) -> Vec<Group> {
        let value = |number: u32| self.values.get((number as usize).checked_sub(1)?).cloned();
        let group = |(key, count, sums): &(Vec<u32>, u64, Vec<u64>)| Group {
            values: key.iter().map(|number| value(*number)).collect(),
            count: *count,
            sums: sums.clone(),
        };
        self.groups.iter().map(group).collect()
    }
}

const MS_PER_HOUR: u64 = 3_600_000;
