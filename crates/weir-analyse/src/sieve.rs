//! Which rules match a request, quickly.

use crate::bits::Bits;
use crate::questions::Questions;
use crate::solve::Literal;
use crate::space::Space;
use std::collections::BTreeMap;

/// For each cell of each axis the rules that can match there. What a request is left with is looked at one by one,
/// but for rules that are nothing but a list of cells that must all be so.
#[derive(Debug)]
pub(crate) struct Sieve {
    matching: Vec<Literal>,
    passing: Vec<Vec<Bits>>,
    /// The rules to look at when they have passed.
    involved: Bits,
    /// For each rule the axes whose cell decides alone that it does not match, with the cells that will do.
    needs: Vec<BTreeMap<usize, Bits>>,
}

impl Sieve {
    /// For rules that match where these are true.
    pub fn of(matching: &[Literal], space: &Space, questions: &Questions) -> Self {
        let all = Bits::all(matching.len());
        let widths = space.axes().iter().map(|axis| axis.cells.len());
        let mut passing: Vec<Vec<Bits>> = widths.map(|width| vec![all.clone(); width]).collect();
        let mut involved = Bits::none(matching.len());
        let mut needs = vec![BTreeMap::<usize, Bits>::new(); matching.len()];
        for (rule, matches) in matching.iter().enumerate() {
            for part in questions.parts(*matches) {
                let Some(axis) = questions.axis_of(part) else {
                    involved.insert(rule);
                    continue;
                };
                let Some((cells, needs)) = passing.get_mut(axis).zip(needs.get_mut(rule)) else { continue };
                let needed = needs.entry(axis).or_insert_with(|| Bits::all(cells.len()));
                for (cell, passing) in cells.iter_mut().enumerate() {
                    if !questions.is_true_in_cell(part, cell) {
                        passing.remove(rule);
                        needed.remove(cell);
                    }
                }
            }
        }
        Self { matching: matching.to_vec(), passing, involved, needs }
    }

    /// Whether a rule can match where an axis is in a cell, as far as that alone says.
    pub fn lets_pass(&self, rule: usize, axis: usize, cell: usize) -> bool {
        let passing = self.passing.get(axis).and_then(|cells| cells.get(cell));
        rule >= self.matching.len() || passing.is_none_or(|passing| passing.contains(rule))
    }

    /// Whether it is plain that two rules match nothing together: they need different cells of one axis.
    pub fn are_apart(&self, a: usize, b: usize) -> bool {
        let Some((a, b)) = self.needs.get(a).zip(self.needs.get(b)) else { return false };
        a.iter().any(|(axis, needed)| b.get(axis).is_some_and(|other| needed.is_apart(other)))
    }

    /// The rules that match in these cells, one of each axis.
    pub fn matching(&self, cells: &[usize], questions: &Questions) -> Bits {
        questions.spend(self.passing.len() * (1 + self.matching.len() / 64));
        let mut left = Bits::all(self.matching.len());
        for (passing, cell) in self.passing.iter().zip(cells) {
            passing.get(*cell).into_iter().for_each(|passing| left.retain(passing));
        }
        let mut looked_at = left.clone();
        looked_at.retain(&self.involved);
        for rule in looked_at.iter() {
            let matches = self.matching.get(rule).copied().unwrap_or(Literal::NEVER);
            if !questions.is_true_in(matches, cells) {
                left.remove(rule);
            }
        }
        left
    }
}
