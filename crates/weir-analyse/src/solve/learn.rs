//! What is learned from a contradiction, and what is forgotten again.

use super::{Clause, Literal, Reason, Solver, Watch};

/// Learned clauses of which the longer half is forgotten.
#[cfg(not(test))]
const LEARNED_MAX: usize = 4_000;
/// Few enough for the tests of this crate to forget.
#[cfg(test)]
const LEARNED_MAX: usize = 12;

/// By how much what comes later counts more than what came before.
const GROWTH: f64 = 1.05;

impl Solver {
    /// Learns the clause that forbids what led to a contradiction, and goes back to where it says something new.
    /// `contradiction`: literals that are all false and must not be.
    pub(super) fn learn(&mut self, contradiction: Vec<Literal>) {
        if self.choices.is_empty() {
            self.is_contradictory = true;
            return;
        }
        let mut learned = self.first_single_reason(contradiction);
        self.leave_out_what_follows(&mut learned);
        learned.iter().for_each(|literal| self.seen[literal.variable()] = false);
        self.activity_step *= GROWTH;
        // The newest but the one that is concluded is watched too: it is the first to be taken back.
        let newest = (1..learned.len()).max_by_key(|place| self.level(learned[*place]));
        let back = newest.map_or(0, |place| self.level(learned[place]));
        self.go_back(back);
        let concluded = learned[0];
        match newest {
            None => self.conclude(concluded, Reason::Chosen),
            Some(place) => {
                learned.swap(1, place);
                let number = self.watch(Clause { literals: learned, is_learned: true });
                self.conclude(concluded, Reason::Clause(number));
            }
        }
    }

    fn level(&self, literal: Literal) -> usize {
        self.variables[literal.variable()].level
    }

    /// Replaces what was concluded since the last choice by its reasons until one literal is left of it, which comes
    /// first. What is left is marked as seen.
    fn first_single_reason(&mut self, contradiction: Vec<Literal>) -> Vec<Literal> {
        let now = self.choices.len();
        let mut learned = vec![Literal::ALWAYS];
        let mut because = contradiction;
        let (mut open, mut at) = (0_usize, self.trail.len());
        loop {
            self.work += because.len() as u64;
            for literal in because {
                let variable = literal.variable();
                let level = self.variables[variable].level;
                if level == 0 || std::mem::replace(&mut self.seen[variable], true) {
                    continue;
                }
                self.bump(variable);
                if level == now { open += 1 } else { learned.push(literal) }
            }
            let literal = loop {
                at -= 1;
                if self.seen[self.trail[at].variable()] {
                    break self.trail[at];
                }
            };
            open -= 1;
            if open == 0 {
                learned[0] = !literal;
                return learned;
            }
            self.seen[literal.variable()] = false;
            because = self.because(literal);
            because.retain(|other| *other != literal);
        }
    }

    /// The literals of which one must be true, and of which only this one is.
    fn because(&self, literal: Literal) -> Vec<Literal> {
        match self.reasons[literal.variable()] {
            Reason::Chosen => Vec::new(),
            Reason::Clause(number) => self.clauses[number].literals.clone(),
            Reason::OtherCell(other) => vec![!other, literal],
        }
    }

    /// Leaves out literals that are false because others of the clause are.
    fn leave_out_what_follows(&mut self, learned: &mut Vec<Literal>) {
        let follows = |literal: &Literal| {
            let because = self.because(!*literal);
            let is_known = |other: &Literal| {
                *other == !*literal || self.seen[other.variable()] || self.level(*other) == 0
            };
            !because.is_empty() && because.iter().all(is_known)
        };
        let needless: Vec<Literal> = learned.iter().skip(1).copied().filter(follows).collect();
        learned.retain(|literal| !needless.contains(literal));
        needless.iter().for_each(|literal| self.seen[literal.variable()] = false);
    }

    fn bump(&mut self, variable: usize) {
        const ACTIVITY_MAX: f64 = 1e100;
        let Some(axis) = self.variables[variable].axis else { return };
        self.axes[axis].activity += self.activity_step;
        if self.axes[axis].activity > ACTIVITY_MAX {
            self.axes.iter_mut().for_each(|axis| axis.activity /= ACTIVITY_MAX);
            self.activity_step /= ACTIVITY_MAX;
        }
    }

    /// Forgets the longer half of what was learned, when that is a lot.
    pub(super) fn forget(&mut self) {
        if self.learned < LEARNED_MAX {
            return;
        }
        self.go_back(0);
        let mut lengths: Vec<usize> = self
            .clauses
            .iter()
            .filter(|clause| clause.is_learned)
            .map(|clause| clause.literals.len())
            .collect();
        lengths.sort_unstable();
        let most = lengths[lengths.len() / 2];
        self.clauses.retain(|clause| !clause.is_learned || clause.literals.len() < most);
        self.learned = self.clauses.iter().filter(|clause| clause.is_learned).count();
        self.watches.iter_mut().for_each(Vec::clear);
        for (number, clause) in self.clauses.iter().enumerate() {
            let (a, b) = (clause.literals[0], clause.literals[1]);
            self.watches[a.index()].push(Watch { clause: number, other: b });
            self.watches[b.index()].push(Watch { clause: number, other: a });
        }
        // What is known for good is concluded from anew: a clause may be watched by literals that are false by now.
        self.drawn = 0;
    }
}
