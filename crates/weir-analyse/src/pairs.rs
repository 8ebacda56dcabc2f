//! Which values two functions have together.

use crate::diagram::{Diagrams, Hashing, Ref};
use crate::space::Cells;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// Every pair of values that two functions have of the same cells, with cells of which they have them.
///
/// Cheap when what the first function asks for is asked for first: the second is then only looked into below it.
pub(crate) fn pairs(diagrams: &Diagrams, a: Ref, b: Ref) -> BTreeMap<(u32, u32), Cells> {
    let mut search = Search {
        diagrams,
        values: HashMap::default(),
        seen: HashSet::default(),
        path: vec![None; diagrams.axes()],
        found: BTreeMap::new(),
    };
    search.descend(a, b);
    search.found
}

struct Search<'d> {
    diagrams: &'d Diagrams,
    values: HashMap<Ref, Rc<[u32]>, Hashing>,
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
        for b in self.values(of).iter() {
            if !self.found.contains_key(&(a, *b)) {
                let cells = self.way(of, *b);
                self.found.insert((a, *b), cells);
            }
        }
    }

    /// The path so far, and on to a value below.
    fn way(&mut self, of: Ref, wanted: u32) -> Cells {
        let mut cells = self.path.clone();
        let mut at = of;
        while at.value().is_none() {
            let axis = self.diagrams.top(at);
            let mut ways =
                (0..self.diagrams.width(axis)).map(|cell| (cell, self.diagrams.child(at, axis, cell)));
            let way = ways.find(|(_, child)| {
                self.values.get(child).is_some_and(|values| values.binary_search(&wanted).is_ok())
            });
            let Some((cell, child)) = way else { break };
            if let Some(place) = cells.get_mut(axis) {
                *place = Some(cell);
            }
            at = child;
        }
        cells
    }

    /// The values that a function has anywhere, in order. Known of everything below afterwards.
    fn values(&mut self, of: Ref) -> Rc<[u32]> {
        if let Some(known) = self.values.get(&of) {
            return known.clone();
        }
        let values: Rc<[u32]> = match of.value() {
            Some(value) => [value].into(),
            None => {
                let axis = self.diagrams.top(of);
                let mut all = Vec::new();
                let mut last = None;
                for cell in 0..self.diagrams.width(axis) {
                    let child = self.diagrams.child(of, axis, cell);
                    if last != Some(child) {
                        all.extend_from_slice(&self.values(child));
                    }
                    last = Some(child);
                }
                all.sort_unstable();
                all.dedup();
                all.into()
            }
        };
        self.values.insert(of, values.clone());
        values
    }
}
