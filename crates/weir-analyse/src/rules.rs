//! Which rule decides where.

use crate::bits::Bits;
use crate::questions::Questions;
use crate::sieve::Sieve;
use crate::solve::Literal;
use crate::space::Space;
use std::collections::HashMap;
use std::rc::Rc;
use weir_policy::{Policy, Rule};

/// A fact has many values when it has more than these.
const CELLS_MAX: usize = 64;

/// The rules of a policy over a space.
#[derive(Debug)]
pub(crate) struct Rules {
    /// What says that each rule matches.
    matching: Vec<Literal>,
    /// What says that the condition of each rule holds: of some rules it is enough that it may hold.
    holding: Vec<Literal>,
    /// For each rule, and for none, a request that it decides about, if there is one.
    decided: Vec<Option<Vec<usize>>>,
    sieve: Sieve,
    /// Requests that a rule decides and another one matches, as far as they are known; `None` if there are none.
    met: HashMap<(usize, usize), Option<Rc<Vec<usize>>>>,
    /// For each rule those that match every request that is known and that it matches.
    together: Vec<Bits>,
}

impl Rules {
    pub fn of(policy: &Policy, space: &mut Space, questions: &mut Questions) -> Self {
        let matching: Vec<Literal> =
            policy.rules().iter().map(|rule| matches(rule, space, questions)).collect();
        let holding: Vec<Literal> =
            policy.rules().iter().map(|rule| questions.holds(&rule.when, space)).collect();
        let sieve = Sieve::of(&matching, space, questions);
        let together = vec![Bits::all(matching.len()); matching.len()];
        let mut rules = Self { matching, holding, decided: Vec::new(), sieve, met: HashMap::new(), together };
        rules.decided = (0..=rules.none()).map(|rule| rules.find_decided(rule, space, questions)).collect();
        for cells in rules.decided.clone().iter().flatten() {
            rules.note(cells, questions);
        }
        rules
    }

    /// The number that says that no rule matches.
    pub fn none(&self) -> usize {
        self.matching.len()
    }

    /// What says that a rule matches.
    pub fn matching(&self, number: usize) -> Literal {
        self.matching.get(number).copied().unwrap_or(Literal::NEVER)
    }

    /// What says that the condition of a rule holds: a request of which that is true shows best what the rule is for.
    pub fn holding(&self, number: usize) -> Literal {
        self.holding.get(number).copied().unwrap_or(Literal::NEVER)
    }

    /// What is true where a rule decides: it matches and none before it does. Of [`Rules::none`], that none matches.
    pub fn deciding(&self, number: usize) -> Vec<Literal> {
        let before = self.matching.iter().take(number).map(|matches| !*matches);
        before.chain(self.matching.get(number).copied()).collect()
    }

    fn find_decided(&self, number: usize, space: &Space, questions: &mut Questions) -> Option<Vec<usize>> {
        let mut telling = self.deciding(number);
        telling.push(self.holding.get(number).copied().unwrap_or(Literal::ALWAYS));
        let found = questions.find_plain(&telling, space);
        found.or_else(|| questions.find_plain(&self.deciding(number), space))
    }

    /// The rule that decides about a request, or the number that says that none matches.
    pub fn deciding_about(&self, cells: &[usize], questions: &Questions) -> usize {
        let first = self.sieve.matching(cells, questions).iter().next();
        first.unwrap_or(self.none())
    }

    /// The cells of an axis that a rule is to be asked about: those with which it can match, and of very many those at
    /// which what it asks for begins and ends.
    pub fn cells_of(&self, rule: usize, axis: usize, width: usize) -> Vec<usize> {
        let passes = |cell: usize| self.sieve.lets_pass(rule, axis, cell);
        let is_edge = |cell: usize| {
            let begins = cell.checked_sub(1).is_none_or(|before| !passes(before));
            begins || cell + 1 == width || !passes(cell + 1)
        };
        (0..width).filter(|cell| passes(*cell) && (width <= CELLS_MAX || is_edge(*cell))).collect()
    }

    /// Whether it is plain that two rules match nothing together.
    pub fn are_apart(&self, a: usize, b: usize, questions: &Questions) -> bool {
        questions.spend(4);
        self.sieve.are_apart(a, b)
    }

    /// Remembers what a request shows of the rules.
    pub fn note(&mut self, cells: &[usize], questions: &Questions) {
        let matching = self.sieve.matching(cells, questions);
        let mut rules = matching.iter();
        let shared = Rc::new(cells.to_vec());
        if let Some(first) = rules.next() {
            for other in rules {
                self.met.entry((first, other)).or_insert_with(|| Some(shared.clone()));
            }
        }
        for rule in matching.iter() {
            self.together.get_mut(rule).into_iter().for_each(|together| together.retain(&matching));
        }
    }

    /// A request that a rule decides about, or that none matches.
    pub fn decided(&self, number: usize) -> Option<&Vec<usize>> {
        self.decided.get(number)?.as_ref()
    }

    /// Whether it never decides.
    pub fn is_dead(&self, number: usize) -> bool {
        self.decided(number).is_none()
    }

    /// A request that the first rule decides about and that the second matches.
    pub fn meet(&mut self, first: usize, second: usize, questions: &mut Questions) -> Option<Rc<Vec<usize>>> {
        if self.are_apart(first, second, questions) {
            return None;
        }
        if let Some(known) = self.met.get(&(first, second)) {
            return known.clone();
        }
        let mut both = self.deciding(first);
        both.push(self.matching(second));
        let found = questions.find(&both);
        if let Some(cells) = &found {
            self.note(cells, questions);
        }
        let found = found.map(Rc::new);
        self.met.insert((first, second), found.clone());
        found
    }

    /// Whether a rule matches nothing but what another one matches.
    pub fn implies(&self, special: usize, general: usize, questions: &mut Questions) -> bool {
        self.together.get(special).is_some_and(|together| together.contains(general))
            && questions.find(&[self.matching(special), !self.matching(general)]).is_none()
    }

    /// Whether one of two rules is a special case of the other.
    pub fn are_nested(&self, first: usize, second: usize, questions: &mut Questions) -> bool {
        self.implies(first, second, questions) || self.implies(second, first, questions)
    }
}

/// Whether two rules do the same with a request.
pub(crate) fn same_effect(a: &Rule, b: &Rule) -> bool {
    a.action == b.action && a.obligations == b.obligations
}

/// Says that a rule matches: see [`Rule::matches`].
fn matches(rule: &Rule, space: &mut Space, questions: &mut Questions) -> Literal {
    if rule.action.keeps_inside() {
        questions.may_hold(&rule.when, space)
    } else {
        questions.holds(&rule.when, space)
    }
}
