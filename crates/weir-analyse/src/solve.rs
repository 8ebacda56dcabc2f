//! Search for cells, one of each axis, for which clauses hold; what led into a contradiction is learned.
//!
//! A variable is a statement that is true or false; one says that an axis is in a cell, and of those of an axis
//! exactly one is true. A clause is a list of literals of which one must be true. A search chooses cells, draws
//! every conclusion, and of a contradiction learns the clause that forbids what led to it, so that no search
//! walks into it again. Either it finds cells, or there are none: nothing is sampled.
//!
//! Source: J. P. Marques-Silva, I. Lynce and S. Malik, "Conflict-Driven Clause Learning SAT Solvers", Handbook of
//! Satisfiability, chapter 4, IOS Press, 2021; two watched literals as in M. W. Moskewicz et al., "Chaff:
//! Engineering an Efficient SAT Solver", DAC 2001; questions as assumptions as in N. Eén and N. Sörensson,
//! "Temporal Induction by Incremental SAT Solving", BMC 2003.
#![expect(
    clippy::indexing_slicing,
    reason = "variables, clauses and axes are numbered here and never removed"
)]

mod learn;

use std::ops::Not;

/// A variable or its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Literal(u32);

impl Literal {
    /// True whatever the cells.
    pub const ALWAYS: Self = Self(0);
    /// False whatever the cells.
    pub const NEVER: Self = Self(1);

    fn of(variable: usize) -> Self {
        Self((variable as u32) << 1)
    }

    /// The number of the variable: that which is always true has 0, then come the cells of all axes.
    pub fn variable(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn index(self) -> usize {
        self.0 as usize
    }

    pub fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Not for Literal {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0 ^ 1)
    }
}

/// What a search says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// There are cells; [`Solver::cell`] says which.
    Found,
    /// There are none.
    None,
    /// Nobody knows: there was more to do than is allowed.
    GivenUp,
}

/// Why a literal is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// It was chosen or assumed.
    Chosen,
    /// All other literals of this clause are false.
    Clause(usize),
    /// The axis is in another cell, as this literal says.
    OtherCell(Literal),
}

#[derive(Debug)]
struct Clause {
    /// The first two are watched.
    literals: Vec<Literal>,
    is_learned: bool,
}

#[derive(Debug, Clone, Copy)]
struct Watch {
    clause: usize,
    /// Another literal of the clause: while it is true there is no need to look at the others.
    other: Literal,
}

#[derive(Debug, Default)]
struct Variable {
    /// How many choices had been made when it became known.
    level: usize,
    /// The axis that it speaks of, and whether it names one of its cells.
    axis: Option<usize>,
    is_cell: bool,
}

#[derive(Debug)]
struct Axis {
    /// The variable of its first cell; the others follow.
    first: usize,
    width: usize,
    /// The cell that is tried first.
    plainest: usize,
    /// The cell that it is in, as far as that is known.
    cell: Option<usize>,
    /// The cell that it was in last.
    last: usize,
    /// How much it had to do with contradictions of late.
    activity: f64,
}

/// Contradictions after which a search begins anew, with what it has learned; a fifth more each time.
const RESTART: u64 = 64;

#[derive(Debug)]
pub(crate) struct Solver {
    axes: Vec<Axis>,
    variables: Vec<Variable>,
    reasons: Vec<Reason>,
    /// What is known of each literal.
    values: Vec<Option<bool>>,
    clauses: Vec<Clause>,
    /// For each literal the clauses to be looked at when it becomes false.
    watches: Vec<Vec<Watch>>,
    /// What is known, in the order in which it became known.
    trail: Vec<Literal>,
    /// How long the trail was at each choice.
    choices: Vec<usize>,
    /// The conclusions from the trail before here are drawn.
    drawn: usize,
    /// What the last search assumed, one for each of the first choices.
    assumed: Vec<Literal>,
    learned: usize,
    activity_step: f64,
    work: u64,
    /// How much of it is allowed.
    work_max: u64,
    is_contradictory: bool,
    /// For each variable whether the clause that is being learned has to do with it.
    seen: Vec<bool>,
}

impl Solver {
    /// For axes of so many cells, each with the one that is tried first.
    pub fn new(axes: impl IntoIterator<Item = (usize, usize)>, work_max: u64) -> Self {
        let mut solver = Self {
            axes: Vec::new(),
            variables: Vec::new(),
            reasons: Vec::new(),
            values: Vec::new(),
            clauses: Vec::new(),
            watches: Vec::new(),
            trail: Vec::new(),
            choices: Vec::new(),
            drawn: 0,
            assumed: Vec::new(),
            learned: 0,
            activity_step: 1.0,
            work: 0,
            work_max,
            is_contradictory: false,
            seen: Vec::new(),
        };
        let always = solver.variable(None);
        solver.clause(vec![always]);
        for (width, plainest) in axes {
            solver.add_axis(width, plainest);
        }
        solver
    }

    fn add_axis(&mut self, width: usize, plainest: usize) {
        let number = self.axes.len();
        let cells: Vec<Literal> = (0..width).map(|_| self.variable(Some(number))).collect();
        let first = cells.first().map_or(0, |cell| cell.variable());
        cells.iter().for_each(|cell| self.variables[cell.variable()].is_cell = true);
        self.axes.push(Axis { first, width, plainest, cell: None, last: plainest, activity: 0.0 });
        self.clause(cells);
    }

    /// A new variable, which speaks of this axis if of any.
    pub fn variable(&mut self, axis: Option<usize>) -> Literal {
        let literal = Literal::of(self.variables.len());
        self.variables.push(Variable { axis, ..Variable::default() });
        self.reasons.push(Reason::Chosen);
        self.values.extend([None, None]);
        self.watches.extend([Vec::new(), Vec::new()]);
        self.seen.push(false);
        literal
    }

    /// Says that an axis is in a cell.
    pub fn in_cell(&self, axis: usize, cell: usize) -> Literal {
        Literal::of(self.axes[axis].first + cell)
    }

    /// One of these is true.
    pub fn clause(&mut self, mut literals: Vec<Literal>) {
        self.go_back(0);
        self.work += literals.len() as u64;
        literals.retain(|literal| self.values[literal.index()] != Some(false));
        if literals.iter().any(|literal| self.values[literal.index()] == Some(true)) {
            return;
        }
        match *literals.as_slice() {
            [] => self.is_contradictory = true,
            [only] => self.conclude(only, Reason::Chosen),
            _ => _ = self.watch(Clause { literals, is_learned: false }),
        }
    }

    fn watch(&mut self, clause: Clause) -> usize {
        let number = self.clauses.len();
        let (a, b) = (clause.literals[0], clause.literals[1]);
        self.watches[a.index()].push(Watch { clause: number, other: b });
        self.watches[b.index()].push(Watch { clause: number, other: a });
        self.learned += usize::from(clause.is_learned);
        self.clauses.push(clause);
        number
    }

    /// The cell of an axis that was found.
    pub fn cell(&self, axis: usize) -> Option<usize> {
        self.axes[axis].cell
    }

    /// Looks for cells for which all clauses hold and all that is `assumed` is true.
    pub fn find(&mut self, assumed: &[Literal]) -> Answer {
        self.begin(assumed);
        let (mut contradictions, mut restart) = (0, RESTART);
        loop {
            if self.is_contradictory {
                return Answer::None;
            }
            if self.is_given_up() {
                return Answer::GivenUp;
            }
            if let Some(contradiction) = self.draw_conclusions() {
                self.learn(contradiction);
                contradictions += 1;
                if contradictions >= restart {
                    (contradictions, restart) = (0, restart + restart / 5);
                    self.go_back(assumed.len().min(self.choices.len()));
                }
                continue;
            }
            match assumed.get(self.choices.len()) {
                Some(next) if self.is(*next) == Some(false) => return Answer::None,
                Some(next) => self.choose(*next),
                None => match self.open_axis() {
                    Some(axis) => self.choose(self.open_cell(axis)),
                    None => return Answer::Found,
                },
            }
        }
    }

    /// Whether there was more to do than is allowed.
    pub fn is_given_up(&self) -> bool {
        self.work > self.work_max
    }

    /// Keeps of the last search what follows from the assumptions that are the same.
    fn begin(&mut self, assumed: &[Literal]) {
        let same = self.assumed.iter().zip(assumed).take_while(|(a, b)| a == b).count();
        self.go_back(same.min(self.choices.len()));
        self.assumed.clear();
        self.assumed.extend_from_slice(assumed);
        self.axes.iter_mut().for_each(|axis| axis.last = axis.plainest);
        // To compare assumptions takes a fraction of what it takes to look at a clause.
        self.work += 1 + assumed.len() as u64 / 16;
        self.forget();
    }

    /// Whether a literal is false because so many of what the last search assumed are true.
    pub fn is_ruled_out(&self, literal: Literal, assumed: usize) -> bool {
        self.is(literal) == Some(false) && self.variables[literal.variable()].level <= assumed
    }

    /// Whether a literal is true, as far as the last search knows.
    pub fn is(&self, literal: Literal) -> Option<bool> {
        self.values[literal.index()]
    }

    fn choose(&mut self, literal: Literal) {
        self.choices.push(self.trail.len());
        if self.is(literal).is_none() {
            self.conclude(literal, Reason::Chosen);
        }
    }

    /// The axis without a cell that had most to do with contradictions.
    fn open_axis(&self) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (number, axis) in self.axes.iter().enumerate().filter(|(_, axis)| axis.cell.is_none()) {
            if best.is_none_or(|(_, activity)| axis.activity > activity) {
                best = Some((number, axis.activity));
            }
        }
        best.map(|(number, _)| number)
    }

    fn open_cell(&self, axis: usize) -> Literal {
        let Axis { first, width, plainest, last, .. } = self.axes[axis];
        let cells = [last, plainest].into_iter().chain(0..width).map(|cell| Literal::of(first + cell));
        // Were none open, the clause that says that the axis has a cell would contradict.
        cells.into_iter().find(|cell| self.is(*cell).is_none()).unwrap_or(Literal::of(first))
    }

    fn conclude(&mut self, literal: Literal, reason: Reason) {
        self.values[literal.index()] = Some(true);
        self.values[(!literal).index()] = Some(false);
        self.variables[literal.variable()].level = self.choices.len();
        if let Some(axis) = self.axis_of(literal) {
            let cell = literal.variable() - self.axes[axis].first;
            (self.axes[axis].cell, self.axes[axis].last) = (Some(cell), cell);
        }
        self.reasons[literal.variable()] = reason;
        self.trail.push(literal);
    }

    /// The axis that is in the cell that this literal names.
    fn axis_of(&self, literal: Literal) -> Option<usize> {
        let Variable { axis, is_cell, .. } = self.variables[literal.variable()];
        axis.filter(|_| is_cell && !literal.is_negated())
    }

    /// Takes back all but so many choices.
    fn go_back(&mut self, choices: usize) {
        let Some(end) = self.choices.get(choices).copied() else { return };
        while self.trail.len() > end
            && let Some(literal) = self.trail.pop()
        {
            self.values[literal.index()] = None;
            self.values[(!literal).index()] = None;
            if let Some(axis) = self.axis_of(literal) {
                self.axes[axis].cell = None;
            }
        }
        self.choices.truncate(choices);
        self.drawn = self.drawn.min(end);
    }

    /// Draws all conclusions from what is known, up to a contradiction: the literals that cannot all be false.
    fn draw_conclusions(&mut self) -> Option<Vec<Literal>> {
        while let Some(literal) = self.trail.get(self.drawn).copied() {
            self.drawn += 1;
            if let Some(contradiction) = self.leave_other_cells(literal).or_else(|| self.visit(!literal)) {
                return Some(contradiction);
            }
        }
        None
    }

    /// An axis that is in a cell is in no other.
    fn leave_other_cells(&mut self, literal: Literal) -> Option<Vec<Literal>> {
        let Axis { first, width, .. } = self.axes[self.axis_of(literal)?];
        // Each of them is a conclusion, and looks at clauses far apart.
        self.work += 3 * width as u64;
        for other in (first..first + width).map(Literal::of).filter(|other| *other != literal) {
            match self.is(other) {
                Some(true) => return Some(vec![!literal, !other]),
                Some(false) => {}
                None => self.conclude(!other, Reason::OtherCell(literal)),
            }
        }
        None
    }

    /// Looks at the clauses that watch a literal which has become false.
    fn visit(&mut self, is_false: Literal) -> Option<Vec<Literal>> {
        let mut watches = std::mem::take(&mut self.watches[is_false.index()]);
        let mut contradiction = None;
        let (mut read, mut kept) = (0, 0);
        self.work += watches.len() as u64;
        while read < watches.len() {
            let watch = watches[read];
            read += 1;
            if self.is(watch.other) != Some(true) {
                match self.look_at(watch.clause, is_false) {
                    Look::Elsewhere => continue,
                    Look::Unit(unit) => self.conclude(unit, Reason::Clause(watch.clause)),
                    Look::Held => {}
                    Look::Contradiction => {
                        contradiction = Some(self.clauses[watch.clause].literals.clone());
                        watches.copy_within(read - 1.., kept);
                        kept += watches.len() - read + 1;
                        break;
                    }
                }
            }
            watches[kept] = watch;
            kept += 1;
        }
        watches.truncate(kept);
        self.watches[is_false.index()] = watches;
        contradiction
    }

    fn look_at(&mut self, number: usize, is_false: Literal) -> Look {
        let values = &self.values;
        let literals = &mut self.clauses[number].literals;
        if literals[0] == is_false {
            literals.swap(0, 1);
        }
        let first = literals[0];
        if values[first.index()] == Some(true) {
            return Look::Held;
        }
        let next = literals.iter().skip(2).position(|literal| values[literal.index()] != Some(false));
        match next {
            Some(next) => {
                literals.swap(1, next + 2);
                self.watches[literals[1].index()].push(Watch { clause: number, other: first });
                Look::Elsewhere
            }
            None if values[first.index()] == Some(false) => Look::Contradiction,
            None => Look::Unit(first),
        }
    }
}

/// What a clause says after one of its watched literals became false.
enum Look {
    /// Another literal is watched.
    Elsewhere,
    /// It is true anyhow.
    Held,
    /// Only this literal can make it true.
    Unit(Literal),
    /// Nothing can make it true.
    Contradiction,
}

#[cfg(test)]
mod tests;
