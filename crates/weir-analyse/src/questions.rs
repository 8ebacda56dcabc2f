//! Questions about all requests at once: are there cells for which these functions are true?
//!
//! Each function is small, such as what one test says; what many of them are together, such as where a rule decides,
//! is large and never written out. A question either finds cells or shows that there are none.

use crate::diagram::{Diagrams, Hashing, NO, Ref, YES};
use crate::solve::{Answer, Literal, Solver};
use crate::space::Space;
use std::cell::Cell;
use std::collections::HashMap;
use weir_policy::Condition;

/// How many steps may be taken: to look at a clause is one. So many take one to two seconds.
pub(crate) const STEPS_MAX: u64 = if cfg!(test) { 40_000_000 } else { 100_000_000 };

/// How many steps it takes to ask a test about a cell.
const TABLE: usize = 10;

/// What a variable says.
#[derive(Debug)]
enum Meaning {
    Always,
    /// An axis is in one of these cells.
    Cells(usize, Vec<bool>),
    /// What this list says of the cell that an axis is in.
    ByCell(usize, Vec<Literal>),
    /// All of these are true.
    All(Vec<Literal>),
}

#[derive(Debug)]
pub(crate) struct Questions {
    solver: Solver,
    axes: usize,
    /// What each variable says, by its number.
    meanings: Vec<Meaning>,
    /// What says that a function is true.
    functions: HashMap<Ref, Literal, Hashing>,
    /// What says that an axis is in one of some cells.
    sets: HashMap<(usize, Vec<bool>), Literal>,
    /// What says that all of some literals are true.
    all: HashMap<Vec<Literal>, Literal>,
    /// Steps taken beside the search.
    steps: Cell<u64>,
    steps_max: u64,
}

impl Questions {
    /// About the requests of a space, of all that there can be, with so many steps at most.
    pub fn new(space: &Space, steps_max: u64) -> Self {
        let axes = space.axes().iter().map(|axis| (axis.cells.len(), axis.plainest()));
        let cell = |(place, width): (usize, usize)| {
            let only = move |cell| (0..width).map(|each| each == cell).collect();
            (0..width).map(move |cell| Meaning::Cells(place, only(cell)))
        };
        let cells = space.axes().iter().map(|axis| axis.cells.len()).enumerate().flat_map(cell);
        let mut questions = Self {
            solver: Solver::new(axes, steps_max),
            axes: space.axes().len(),
            meanings: [Meaning::Always].into_iter().chain(cells).collect(),
            functions: HashMap::default(),
            sets: HashMap::new(),
            all: HashMap::new(),
            steps: Cell::new(0),
            steps_max,
        };
        let possible = questions.function(space.possible, &space.diagrams);
        questions.solver.clause(vec![possible]);
        questions
    }

    /// Whether there was more to do than is allowed; what was answered since means nothing.
    pub fn is_given_up(&self) -> bool {
        self.solver.is_given_up() || self.steps.get() > self.steps_max
    }

    /// Counts steps that are taken beside the search, each about as long as a visit of a clause.
    pub fn spend(&self, steps: usize) {
        self.steps.set(self.steps.get() + steps as u64);
    }

    /// What says that a function is true, that is, 1.
    pub fn function(&mut self, of: Ref, diagrams: &Diagrams) -> Literal {
        match of {
            NO => return Literal::NEVER,
            YES => return Literal::ALWAYS,
            _ => {}
        }
        if of.value().is_some() {
            return Literal::NEVER;
        }
        if let Some(known) = self.functions.get(&of) {
            return *known;
        }
        let literal = self.node(of, diagrams);
        self.functions.insert(of, literal);
        literal
    }

    /// A node is true where that of its children is whose cells the axis is in.
    fn node(&mut self, of: Ref, diagrams: &Diagrams) -> Literal {
        let axis = diagrams.top(of);
        let children: Vec<Ref> =
            (0..diagrams.width(axis)).map(|cell| diagrams.child(of, axis, cell)).collect();
        let mut different = children.clone();
        different.sort_unstable();
        different.dedup();
        if different.iter().all(|child| child.value().is_some()) {
            return self.in_cells(axis, children.iter().map(|child| *child == YES).collect());
        }
        let literals: Vec<Literal> = children.iter().map(|child| self.function(*child, diagrams)).collect();
        let node = self.variable(Some(axis), Meaning::ByCell(axis, literals));
        for child in different {
            let chosen = self.in_cells(axis, children.iter().map(|each| *each == child).collect());
            let below = self.function(child, diagrams);
            self.solver.clause(vec![!node, !chosen, below]);
            self.solver.clause(vec![node, !chosen, !below]);
        }
        node
    }

    fn variable(&mut self, axis: Option<usize>, meaning: Meaning) -> Literal {
        self.meanings.push(meaning);
        self.solver.variable(axis)
    }

    fn meaning(&self, literal: Literal) -> &Meaning {
        self.meanings.get(literal.variable()).unwrap_or(&Meaning::Always)
    }

    /// Whether a literal is true in these cells, one of each axis.
    pub fn is_true_in(&self, literal: Literal, cells: &[usize]) -> bool {
        let cell = |axis: &usize| cells.get(*axis).copied().unwrap_or_default();
        let is_true = match self.meaning(literal) {
            Meaning::Always => true,
            Meaning::Cells(axis, set) => set.get(cell(axis)) == Some(&true),
            Meaning::ByCell(axis, says) => {
                says.get(cell(axis)).is_some_and(|below| self.is_true_in(*below, cells))
            }
            Meaning::All(parts) => parts.iter().all(|part| self.is_true_in(*part, cells)),
        };
        is_true != literal.is_negated()
    }

    /// The literals that are all true exactly where this one is.
    pub fn parts(&self, literal: Literal) -> Vec<Literal> {
        match self.meaning(literal) {
            Meaning::All(parts) if !literal.is_negated() => {
                parts.iter().flat_map(|part| self.parts(*part)).collect()
            }
            Meaning::Always if !literal.is_negated() => Vec::new(),
            Meaning::All(_) | Meaning::Always | Meaning::Cells(..) | Meaning::ByCell(..) => vec![literal],
        }
    }

    /// The axis whose cell is all that a literal says something of.
    pub fn axis_of(&self, literal: Literal) -> Option<usize> {
        if let Meaning::Cells(axis, _) = self.meaning(literal) { Some(*axis) } else { None }
    }

    /// Whether a literal about one axis is true when that is in this cell.
    pub fn is_true_in_cell(&self, literal: Literal, cell: usize) -> bool {
        match self.meaning(literal) {
            Meaning::Cells(_, set) => (set.get(cell) == Some(&true)) != literal.is_negated(),
            Meaning::Always | Meaning::ByCell(..) | Meaning::All(_) => false,
        }
    }

    /// Says that an axis is in one of these cells.
    pub fn in_cells(&mut self, axis: usize, cells: Vec<bool>) -> Literal {
        let count = cells.iter().filter(|is_in| **is_in).count();
        let first = cells.iter().position(|is_in| *is_in);
        match (count, first) {
            (0, _) | (_, None) => return Literal::NEVER,
            (1, Some(cell)) => return self.solver.in_cell(axis, cell),
            (all, _) if all == cells.len() => return Literal::ALWAYS,
            _ => {}
        }
        // Of a set and the rest the one is the negation of the other.
        if 2 * count > cells.len() || (2 * count == cells.len() && first == Some(0)) {
            return !self.in_cells(axis, cells.iter().map(|is_in| !is_in).collect());
        }
        let key = (axis, cells);
        if let Some(known) = self.sets.get(&key) {
            return *known;
        }
        let set = self.variable(Some(axis), Meaning::Cells(axis, key.1.clone()));
        let members = key.1.iter().enumerate().filter(|(_, is_in)| **is_in);
        let members: Vec<Literal> = members.map(|(cell, _)| self.solver.in_cell(axis, cell)).collect();
        members.iter().for_each(|member| self.solver.clause(vec![!*member, set]));
        self.solver.clause(members.into_iter().chain([!set]).collect());
        self.sets.insert(key, set);
        set
    }

    /// Says that an axis is in a cell.
    pub fn in_cell(&self, axis: usize, cell: usize) -> Literal {
        self.solver.in_cell(axis, cell)
    }

    /// Says that a condition holds, or may hold where something is unknown.
    pub fn may_hold(&mut self, condition: &Condition, space: &mut Space) -> Literal {
        self.condition(condition, Truths::TrueOrUnknown, space)
    }

    /// Says that a condition holds, and that nothing that is unknown would change it.
    pub fn holds(&mut self, condition: &Condition, space: &mut Space) -> Literal {
        self.condition(condition, Truths::True, space)
    }

    fn condition(&mut self, condition: &Condition, truths: Truths, space: &mut Space) -> Literal {
        // What is answered means nothing any more, and nothing more is written for it.
        if self.is_given_up() {
            return Literal::NEVER;
        }
        match condition {
            Condition::Test(test) => {
                let truth = space.test(test);
                self.spend(TABLE * space.cells_of(test));
                let holds = space.diagrams.where_value(truth, |truth| truth >= truths.least());
                self.function(holds, &space.diagrams)
            }
            Condition::All(parts) => {
                let parts: Vec<Literal> =
                    parts.iter().map(|part| self.condition(part, truths, space)).collect();
                self.all(&parts)
            }
            Condition::Any(parts) => {
                let parts: Vec<Literal> =
                    parts.iter().map(|part| self.condition(part, truths, space)).collect();
                self.any(&parts)
            }
            Condition::Not(part) => !self.condition(part, truths.of_negation(), space),
        }
    }

    /// Says that all of these are true.
    pub fn all(&mut self, parts: &[Literal]) -> Literal {
        if parts.contains(&Literal::NEVER) {
            return Literal::NEVER;
        }
        let mut parts: Vec<Literal> = parts.iter().copied().filter(|part| *part != Literal::ALWAYS).collect();
        parts.sort_unstable();
        parts.dedup();
        match *parts.as_slice() {
            [] => return Literal::ALWAYS,
            [only] => return only,
            _ => {}
        }
        if let Some(known) = self.all.get(&parts) {
            return *known;
        }
        let all = self.variable(None, Meaning::All(parts.clone()));
        self.all.insert(parts.clone(), all);
        parts.iter().for_each(|part| self.solver.clause(vec![!all, *part]));
        self.solver.clause(parts.into_iter().map(|part| !part).chain([all]).collect());
        all
    }

    /// Says that one of these is true.
    pub fn any(&mut self, parts: &[Literal]) -> Literal {
        let none: Vec<Literal> = parts.iter().map(|part| !*part).collect();
        !self.all(&none)
    }

    /// Whether a literal is true of the cells that were found last.
    #[cfg(test)]
    pub fn is_true(&self, literal: Literal) -> bool {
        self.solver.is(literal) == Some(true)
    }

    /// Cells, one of each axis, for which all of these are true.
    pub fn find(&mut self, all: &[Literal]) -> Option<Vec<usize>> {
        match self.solver.find(all) {
            Answer::Found => (0..self.axes).map(|axis| self.solver.cell(axis)).collect(),
            Answer::None | Answer::GivenUp => None,
        }
    }

    /// The same, with as many axes as can be in their plainest cell, those asked for last first.
    pub fn find_plain(&mut self, all: &[Literal], space: &Space) -> Option<Vec<usize>> {
        let mut cells = self.find(all)?;
        let mut assumed = all.to_vec();
        // So many of them hold in what the solver knows.
        let mut held = all.len();
        for (place, axis) in space.axes().iter().enumerate().rev() {
            let plainest = axis.plainest();
            let plain = self.in_cell(place, plainest);
            if cells.get(place) == Some(&plainest) {
                assumed.push(plain);
            } else if !self.solver.is_ruled_out(plain, held) {
                held = assumed.len();
                assumed.push(plain);
                match self.find(&assumed) {
                    Some(plainer) => (cells, held) = (plainer, assumed.len()),
                    None => _ = assumed.pop(),
                }
            }
        }
        (!self.is_given_up()).then_some(cells)
    }
}

/// Of the three that a condition can be.
#[derive(Debug, Clone, Copy)]
enum Truths {
    TrueOrUnknown,
    True,
}

impl Truths {
    /// The least of the values that [`Space::test`] gives.
    const fn least(self) -> u32 {
        match self {
            Truths::TrueOrUnknown => 1,
            Truths::True => 2,
        }
    }

    /// What the negation of a condition is not exactly when the condition is one of these.
    const fn of_negation(self) -> Self {
        match self {
            Truths::TrueOrUnknown => Truths::True,
            Truths::True => Truths::TrueOrUnknown,
        }
    }
}
