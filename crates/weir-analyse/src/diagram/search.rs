//! Cells for which functions have a value.

use super::{Diagrams, Hashing, NO, Ref, YES};
use std::collections::HashSet;

impl Diagrams {
    /// Cells, one of each axis that matters, for which the function has a value that `wanted` names; `None` in
    /// place of an axis that does not matter. The first such in the order of the cells.
    pub fn find(&self, of: Ref, wanted: impl Fn(u32) -> bool) -> Option<Vec<Option<usize>>> {
        let mut cells = vec![None; self.axes()];
        let mut barren = HashSet::<Ref, Hashing>::default();
        self.find_below(of, &wanted, &mut cells, &mut barren).then_some(cells)
    }

    fn find_below(
        &self,
        of: Ref,
        wanted: &impl Fn(u32) -> bool,
        cells: &mut [Option<usize>],
        barren: &mut HashSet<Ref, Hashing>,
    ) -> bool {
        if let Some(value) = of.value() {
            return wanted(value);
        }
        if barren.contains(&of) {
            return false;
        }
        let axis = self.top(of);
        for cell in 0..self.width(axis) {
            if self.find_below(self.child(of, axis, cell), wanted, cells, barren) {
                if let Some(place) = cells.get_mut(axis) {
                    *place = Some(cell);
                }
                return true;
            }
        }
        barren.insert(of);
        false
    }

    /// For each axis whether a function depends on it.
    pub fn axes_of(&self, of: Ref) -> Vec<bool> {
        let mut depends = vec![false; self.axes()];
        let mut seen = HashSet::<Ref, Hashing>::default();
        let mut open = vec![of];
        while let Some(at) = open.pop() {
            if at.value().is_none() && seen.insert(at) {
                let axis = self.top(at);
                depends.iter_mut().skip(axis).take(1).for_each(|place| *place = true);
                open.extend((0..self.width(axis)).map(|cell| self.child(at, axis, cell)));
            }
        }
        depends
    }

    /// Cells for which a function is true, with this cell of this axis.
    pub fn find_in_cell(&self, of: Ref, axis: usize, cell: usize) -> Option<Vec<Option<usize>>> {
        let mut cells = vec![None; self.axes()];
        let mut barren = HashSet::<Ref, Hashing>::default();
        let found = self.find_in_cell_below(of, (axis, cell), &mut cells, &mut barren);
        cells.iter_mut().skip(axis).take(1).for_each(|place| *place = Some(cell));
        found.then_some(cells)
    }

    fn find_in_cell_below(
        &self,
        of: Ref,
        fixed: (usize, usize),
        cells: &mut [Option<usize>],
        barren: &mut HashSet<Ref, Hashing>,
    ) -> bool {
        if of == NO || barren.contains(&of) {
            return false;
        }
        let axis = self.top(of);
        if axis >= self.axes() {
            return true;
        }
        let choice = if axis == fixed.0 { fixed.1..fixed.1 + 1 } else { 0..self.width(axis) };
        for cell in choice {
            if self.find_in_cell_below(self.child(of, axis, cell), fixed, cells, barren) {
                cells.iter_mut().skip(axis).take(1).for_each(|place| *place = Some(cell));
                return true;
            }
        }
        barren.insert(of);
        false
    }

    /// Cells of which two functions have values that are `wanted`. `hopeless` may say early that there are none.
    pub fn find_both(
        &self,
        a: Ref,
        b: Ref,
        hopeless: impl Fn(Ref, Ref) -> bool,
        wanted: impl Fn(u32, u32) -> bool,
    ) -> Option<Vec<Option<usize>>> {
        let mut search = Both { diagrams: self, hopeless, wanted, barren: HashSet::default() };
        let mut cells = vec![None; self.axes()];
        search.descend(a, b, &mut cells).then_some(cells)
    }

    /// Cells for which both are true.
    pub fn find_overlap(&self, a: Ref, b: Ref) -> Option<Vec<Option<usize>>> {
        self.find_both(a, b, |a, b| a == NO || b == NO, |a, b| a == 1 && b == 1)
    }

    /// Whether the first is true only where the second is.
    pub fn implies(&self, a: Ref, b: Ref) -> bool {
        self.find_both(a, b, |a, b| a == NO || b == YES || a == b, |a, b| a == 1 && b == 0).is_none()
    }
}

struct Both<'d, H, W> {
    diagrams: &'d Diagrams,
    hopeless: H,
    wanted: W,
    barren: HashSet<(Ref, Ref), Hashing>,
}

impl<H: Fn(Ref, Ref) -> bool, W: Fn(u32, u32) -> bool> Both<'_, H, W> {
    fn descend(&mut self, a: Ref, b: Ref, cells: &mut [Option<usize>]) -> bool {
        if (self.hopeless)(a, b) {
            return false;
        }
        if let (Some(a), Some(b)) = (a.value(), b.value()) {
            return (self.wanted)(a, b);
        }
        if !self.barren.insert((a, b)) {
            return false;
        }
        let axis = self.diagrams.top(a).min(self.diagrams.top(b));
        for cell in 0..self.diagrams.width(axis) {
            let (a, b) = (self.diagrams.child(a, axis, cell), self.diagrams.child(b, axis, cell));
            if self.descend(a, b, cells) {
                if let Some(place) = cells.get_mut(axis) {
                    *place = Some(cell);
                }
                return true;
            }
        }
        false
    }
}
