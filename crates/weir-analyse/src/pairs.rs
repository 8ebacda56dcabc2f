//! Which values two functions have together.

use crate::diagram::{Diagrams, Hashing, Ref};
use crate::space::Cells;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Every pair of values that two functions have of the same cells, with cells of which they have them.
///
/// Cheap when what the first function asks for is asked for first: the second is then only looked into below it.
pub(crate) fn pairs(diagrams: &Diagrams, a: Ref, b: Ref) -> BTreeMap<(u32, u32), Cells> {
    let mut search = Search {
        diagrams,
        sets: Sets::default(),
        seen: HashSet::default(),
        path: vec![None; diagrams.axes()],
        found: BTreeMap::new(),
    };
    search.descend(a, b);
    search.found
}

/// Every value that a function has, in order.
pub(crate) fn values(diagrams: &Diagrams, of: Ref) -> Vec<u32> {
    let mut sets = Sets::default();
    let set = sets.of(of, diagrams);
    let mut values = sets.members(set);
    values.sort_unstable();
    values
}

struct Search<'d> {
    diagrams: &'d Diagrams,
    sets: Sets,
    seen: HashSet<(Ref, Ref), Hashing>,
    path: Cells,
    found: BTreeMap<(u32, u32), Cells>,
}

impl Search<'_> {
    fn descend(&mut self, a: Ref, b: Ref) {
        if !self.seen.insert((a, b)) {
            return;
        }
        if let Some(value) = a.value() {
            return self.take(value, b);
        }
        let axis = self.diagrams.top(a).min(self.diagrams.top(b));
        for cell in 0..self.diagrams.width(axis) {
            self.step(axis, Some(cell));
            self.descend(self.diagrams.child(a, axis, cell), self.diagrams.child(b, axis, cell));
        }
        self.step(axis, None);
    }

    fn step(&mut self, axis: usize, cell: Option<usize>) {
        if let Some(place) = self.path.get_mut(axis) {
            *place = cell;
        }
    }

    fn take(&mut self, a: u32, of: Ref) {
        let set = self.sets.of(of, self.diagrams);
        for b in self.sets.members(set) {
            if !self.found.contains_key(&(a, b)) {
                let cells = self.way(of, b);
                self.found.insert((a, b), cells);
            }
        }
    }

    /// The path so far, and on to a value below.
    fn way(&mut self, of: Ref, wanted: u32) -> Cells {
        let mut cells = self.path.clone();
        let mut at = of;
        while at.value().is_none() {
            let axis = self.diagrams.top(at);
            let children =
                (0..self.diagrams.width(axis)).map(|cell| (cell, self.diagrams.child(at, axis, cell)));
            let way = children.into_iter().find(|(_, child)| {
                let set = self.sets.of(*child, self.diagrams);
                self.sets.has(set, wanted)
            });
            let Some((cell, child)) = way else { break };
            if let Some(place) = cells.get_mut(axis) {
                *place = Some(cell);
            }
            at = child;
        }
        cells
    }
}

/// The values that functions have anywhere, as sets of numbers that the values are given as they come.
#[derive(Default)]
struct Sets {
    /// The value of each number.
    values: Vec<u32>,
    numbers: HashMap<u32, usize, Hashing>,
    /// The set of each function, of which there is one each.
    of: HashMap<Ref, usize, Hashing>,
    sets: Vec<Vec<u64>>,
    known: HashMap<Vec<u64>, usize, Hashing>,
}

impl Sets {
    fn of(&mut self, of: Ref, diagrams: &Diagrams) -> usize {
        if let Some(known) = self.of.get(&of) {
            return *known;
        }
        let mut bits = Vec::new();
        match of.value() {
            Some(value) => self.add(value, &mut bits),
            None => {
                let axis = diagrams.top(of);
                let mut last = None;
                for cell in 0..diagrams.width(axis) {
                    let child = diagrams.child(of, axis, cell);
                    if last != Some(child) {
                        let set = self.of(child, diagrams);
                        join(&mut bits, self.sets.get(set).map(Vec::as_slice).unwrap_or_default());
                    }
                    last = Some(child);
                }
            }
        }
        let next = self.sets.len();
        let set = *self.known.entry(bits).or_insert_with_key(|bits| {
            self.sets.push(bits.clone());
            next
        });
        self.of.insert(of, set);
        set
    }

    fn add(&mut self, value: u32, bits: &mut Vec<u64>) {
        let number = *self.numbers.entry(value).or_insert_with(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        bits.resize(number / 64 + 1, 0);
        if let Some(word) = bits.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn has(&self, set: usize, value: u32) -> bool {
        let bits = self.sets.get(set).map(Vec::as_slice).unwrap_or_default();
        self.numbers.get(&value).is_some_and(|number| is_in(bits, *number))
    }

    fn members(&self, set: usize) -> Vec<u32> {
        let bits = self.sets.get(set).map(Vec::as_slice).unwrap_or_default();
        self.values
            .iter()
            .enumerate()
            .filter(|(number, _)| is_in(bits, *number))
            .map(|(_, value)| *value)
            .collect()
    }
}

fn is_in(bits: &[u64], number: usize) -> bool {
    bits.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
}

fn join(bits: &mut Vec<u64>, more: &[u64]) {
    if bits.len() < more.len() {
        bits.resize(more.len(), 0);
    }
    bits.iter_mut().zip(more).for_each(|(bits, more)| *bits |= more);
}
