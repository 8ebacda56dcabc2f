//! The values that a function has where rules decide.

use crate::bits::Bits;
use crate::diagram::{Hashing, Ref};
use crate::questions::Questions;
use crate::solve::Literal;
use crate::space::Space;
use std::collections::HashMap;
use std::rc::Rc;

/// The values of a function that says in which circumstances requests are.
pub(crate) struct Circumstances {
    which: Ref,
    count: usize,
    /// For each part of the function the values that it has.
    values: HashMap<Ref, Rc<Bits>, Hashing>,
}

impl Circumstances {
    /// Of a function whose values are numbers below `count`.
    pub fn new(which: Ref, count: usize) -> Self {
        Self { which, count, values: HashMap::default() }
    }

    /// One request, of those of which all of these are true, in all circumstances in which there are any. `fits` says
    /// the same of cells that can be, and `some` is one of the requests.
    pub fn each(
        &mut self,
        all: &[Literal],
        some: &[usize],
        fits: &dyn Fn(&[usize], &Questions) -> bool,
        space: &Space,
        questions: &mut Questions,
    ) -> Vec<(u32, Vec<usize>)> {
        let seen = Bits::none(self.count);
        let mut walk = Walk { of: self, space, questions, fits, all: all.to_vec(), seen, found: Vec::new() };
        walk.descend(walk.of.which, some.to_vec());
        walk.found
    }

    fn values(&mut self, of: Ref, space: &Space) -> Rc<Bits> {
        if let Some(known) = self.values.get(&of) {
            return known.clone();
        }
        let mut values = Bits::none(self.count);
        match of.value() {
            Some(value) => values.insert(value as usize),
            None => {
                let axis = space.diagrams.top(of);
                for cell in 0..space.diagrams.width(axis) {
                    values.extend(&self.values(space.diagrams.child(of, axis, cell), space));
                }
            }
        }
        let values = Rc::new(values);
        self.values.insert(of, values.clone());
        values
    }
}

struct Walk<'w> {
    of: &'w mut Circumstances,
    space: &'w Space,
    questions: &'w mut Questions,
    fits: &'w dyn Fn(&[usize], &Questions) -> bool,
    /// What is true of the requests, and the way to here.
    all: Vec<Literal>,
    seen: Bits,
    found: Vec<(u32, Vec<usize>)>,
}

impl Walk<'_> {
    /// Goes on to all values below `at`; `cells` are on the way to it.
    fn descend(&mut self, at: Ref, cells: Vec<usize>) {
        if let Some(value) = at.value() {
            if !self.seen.contains(value as usize) {
                self.seen.insert(value as usize);
                self.found.push((value, cells));
            }
            return;
        }
        let axis = self.space.diagrams.top(at);
        let width = self.space.diagrams.width(axis);
        let children: Vec<Ref> = (0..width).map(|cell| self.space.diagrams.child(at, axis, cell)).collect();
        for (first, child) in children.iter().copied().enumerate() {
            let is_known = children.iter().take(first).any(|before| *before == child);
            if is_known || self.of.values(child, self.space).is_within(&self.seen) {
                continue;
            }
            let within = self.questions.in_cells(axis, children.iter().map(|each| *each == child).collect());
            self.all.push(within);
            if let Some(cells) = self.step(&cells, (axis, first), within) {
                self.descend(child, cells);
            }
            self.all.pop();
        }
    }

    /// Cells on the way that goes on with one of those that `within` means, such as this one.
    fn step(&mut self, cells: &[usize], (axis, cell): (usize, usize), within: Literal) -> Option<Vec<usize>> {
        if self.questions.is_true_in(within, cells) {
            return Some(cells.to_vec());
        }
        let mut moved = cells.to_vec();
        moved.iter_mut().skip(axis).take(1).for_each(|place| *place = cell);
        if self.space.is_possible(&moved) && (self.fits)(&moved, self.questions) {
            return Some(moved);
        }
        self.questions.find(&self.all)
    }
}
