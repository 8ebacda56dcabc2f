//! Decision diagrams: functions from the cells of all axes to a number.
//!
//! A diagram is a rooted graph. A node asks for the cell of one axis and has a child for each; a leaf is the
//! value. Axes are asked in one order, a node whose children are all the same does not exist, and equal nodes
//! are one node, so that equal functions are the same [`Ref`]. What is shared is worked on once: the work
//! grows with the number of nodes, not with the number of combinations of cells.
//!
//! Source: R. E. Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", IEEE Transactions on
//! Computers C-35(8), 1986; with leaves and cells of any number as in A. Srinivasan et al., "Algorithms for
//! Discrete Function Manipulation", ICCAD 1990.

mod count;
mod hashing;

pub(crate) use hashing::Hashing;

use hashing::Mix;
use std::collections::HashMap;
use std::hash::Hasher;

/// A function: a node or a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ref(u32);

impl Ref {
    const LEAF: u32 = 1 << 31;

    /// The constant function.
    pub const fn leaf(value: u32) -> Self {
        Self(value | Self::LEAF)
    }

    /// The value, if it is constant.
    pub const fn value(self) -> Option<u32> {
        if self.0 & Self::LEAF == 0 { None } else { Some(self.0 & !Self::LEAF) }
    }
}

/// The function that is false everywhere.
pub(crate) const NO: Ref = Ref::leaf(0);
/// The function that is true everywhere.
pub(crate) const YES: Ref = Ref::leaf(1);

/// More children than these, of all nodes, are not made: an analysis that needs them ends, and says so, before it takes all memory.
#[cfg(not(test))]
const CHILDREN_MAX: usize = 4_000_000;
/// No policy of the tests of this crate needs as many, but for the one that must need more.
#[cfg(test)]
const CHILDREN_MAX: usize = 1_000_000;

#[derive(Debug, Clone, Copy)]
struct Node {
    axis: u16,
    start: u32,
    /// The node before this one whose hash begins alike, if there is one; see [`Diagrams::heads`].
    next: u32,
}

/// No node.
const NONE: u32 = u32::MAX;

/// Where nodes live.
#[derive(Debug, Default)]
pub(crate) struct Diagrams {
    widths: Vec<usize>,
    nodes: Vec<Node>,
    children: Vec<Ref>,
    /// For each beginning of a hash the newest node with it. As long as a power of two.
    heads: Vec<u32>,
    /// Children of the nodes that are being made, so that none of them needs memory of its own.
    scratch: Vec<Ref>,
    is_full: bool,
}

pub(crate) type Memo<K> = HashMap<K, Ref, Hashing>;

impl Diagrams {
    /// For axes of so many cells each, in the order in which they are asked for.
    pub fn new(widths: Vec<usize>) -> Self {
        Self { widths, heads: vec![NONE; 1 << 10], ..Self::default() }
    }

    /// Whether there was no room for a node; what was made since means nothing.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// How many cells an axis has.
    pub fn width(&self, axis: usize) -> usize {
        self.widths.get(axis).copied().unwrap_or(0)
    }

    /// The function that depends on `axis` first: one child for each of its cells.
    pub fn node(&mut self, axis: usize, children: &[Ref]) -> Ref {
        match children {
            [first, rest @ ..] if rest.iter().any(|child| child != first) => {}
            [first, ..] => return *first,
            [] => return NO,
        }
        let hash = hash_of(axis, children);
        self.known(hash, axis, children).unwrap_or_else(|| self.new_node(hash, axis, children))
    }

    fn known(&self, hash: u64, axis: usize, children: &[Ref]) -> Option<Ref> {
        let mut at = self.heads.get(self.slot(hash)).copied().unwrap_or(NONE);
        while let Some(node) = self.nodes.get(at as usize) {
            let start = node.start as usize;
            if usize::from(node.axis) == axis
                && self.children.get(start..start + children.len()) == Some(children)
            {
                return Some(Ref(at));
            }
            at = node.next;
        }
        None
    }

    fn new_node(&mut self, hash: u64, axis: usize, children: &[Ref]) -> Ref {
        if self.children.len() + children.len() > CHILDREN_MAX {
            self.is_full = true;
            return NO;
        }
        if self.nodes.len() >= self.heads.len() {
            self.grow();
        }
        let slot = self.slot(hash);
        let made = self.nodes.len() as u32;
        let next = self.heads.get_mut(slot).map_or(NONE, |head| std::mem::replace(head, made));
        // Both fit: there are fewer children than a u32 counts, and at least two cells to an axis that is asked for.
        self.nodes.push(Node { axis: axis as u16, start: self.children.len() as u32, next });
        self.children.extend_from_slice(children);
        Ref(made)
    }

    fn slot(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.heads.len() - 1)
    }

    /// Twice the room for beginnings of hashes.
    fn grow(&mut self) {
        self.heads = vec![NONE; self.heads.len() * 2];
        for number in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(number).copied() else { continue };
            let (start, axis) = (node.start as usize, usize::from(node.axis));
            let children = self.children.get(start..start + self.width(axis)).unwrap_or_default();
            let slot = self.slot(hash_of(axis, children));
            let next = self.heads.get_mut(slot).map_or(NONE, |head| std::mem::replace(head, number as u32));
            if let Some(node) = self.nodes.get_mut(number) {
                node.next = next;
            }
        }
    }

    /// The axis that a function asks for first; for a constant the number of axes.
    pub fn top(&self, of: Ref) -> usize {
        match of.value() {
            Some(_) => self.widths.len(),
            None => self.nodes.get(of.0 as usize).map_or(0, |node| usize::from(node.axis)),
        }
    }

    /// The function that is left when `axis`, which is asked for first if at all, has this cell.
    pub fn child(&self, of: Ref, axis: usize, cell: usize) -> Ref {
        if of.value().is_some() {
            return of;
        }
        match self.nodes.get(of.0 as usize) {
            Some(node) if usize::from(node.axis) == axis => {
                self.children.get(node.start as usize + cell).copied().unwrap_or(NO)
            }
            _ => of,
        }
    }

    /// Combines two functions. `leaf` gives the result where it is clear already, and must for two constants.
    pub fn combine(&mut self, a: Ref, b: Ref, mut leaf: impl FnMut(Ref, Ref) -> Option<Ref>) -> Ref {
        self.combine_within(a, b, &mut leaf, &mut Memo::default())
    }

    fn combine_within(
        &mut self,
        a: Ref,
        b: Ref,
        leaf: &mut dyn FnMut(Ref, Ref) -> Option<Ref>,
        memo: &mut Memo<(Ref, Ref)>,
    ) -> Ref {
        if let Some(clear) = leaf(a, b) {
            return clear;
        }
        if self.is_full {
            return NO;
        }
        if let Some(known) = memo.get(&(a, b)) {
            return *known;
        }
        let axis = self.top(a).min(self.top(b));
        let base = self.scratch.len();
        let mut last = None;
        for cell in 0..self.width(axis) {
            let pair = (self.child(a, axis, cell), self.child(b, axis, cell));
            // Neighbouring cells mostly behave alike.
            let child = match last {
                Some((known, child)) if known == pair => child,
                _ => self.combine_within(pair.0, pair.1, leaf, memo),
            };
            last = Some((pair, child));
            self.scratch.push(child);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let made = self.node(axis, scratch.get(base..).unwrap_or_default());
        scratch.truncate(base);
        self.scratch = scratch;
        memo.insert((a, b), made);
        made
    }

    /// Replaces every value of a function.
    pub fn map(&mut self, of: Ref, mut value: impl FnMut(u32) -> u32) -> Ref {
        self.combine(of, YES, |a, _| a.value().map(|a| Ref::leaf(value(a))))
    }

    /// True where one is.
    pub fn or(&mut self, a: Ref, b: Ref) -> Ref {
        self.combine(a, b, |a, b| match (a, b) {
            (YES, _) | (_, YES) => Some(YES),
            (NO, other) | (other, NO) => Some(other),
            (a, b) => (a == b).then_some(a),
        })
    }

    /// True where a function has one of the values that `wanted` names.
    pub fn where_value(&mut self, of: Ref, wanted: impl Fn(u32) -> bool) -> Ref {
        self.map(of, |value| u32::from(wanted(value)))
    }
}

fn hash_of(axis: usize, children: &[Ref]) -> u64 {
    let mut mix = Mix(axis as u64);
    children.iter().for_each(|child| mix.write_u32(child.0));
    mix.finish()
}

#[cfg(test)]
mod tests {
    use super::count::Count;
    use super::*;

    /// The function that is true for one cell of one axis.
    fn only(diagrams: &mut Diagrams, axis: usize, cell: usize) -> Ref {
        let children: Vec<Ref> =
            (0..diagrams.width(axis)).map(|each| if each == cell { YES } else { NO }).collect();
        diagrams.node(axis, &children)
    }

    #[test]
    fn equal_functions_are_the_same_node_however_they_were_made() {
        let mut d = Diagrams::new(vec![2, 3, 4]);
        let (a, b, c) = (only(&mut d, 0, 1), only(&mut d, 1, 2), only(&mut d, 2, 0));
        let (bc, ab) = (d.or(b, c), d.or(a, b));
        let one = d.or(a, bc);
        assert_eq!(one, d.or(ab, c));
        let not = d.where_value(one, |value| value == 0);
        assert_eq!(d.where_value(not, |value| value == 0), one);
        assert_eq!(d.or(one, not), YES);
    }

    #[test]
    fn combinations_are_counted_over_all_axes() {
        let mut d = Diagrams::new(vec![2, 3, 4]);
        let (b, c) = (only(&mut d, 1, 2), only(&mut d, 2, 0));
        let both = d.or(b, c);
        assert_eq!(d.count(both, |value| value == 1), Count(2 * (4 + 2)));
        assert_eq!(d.count(YES, |value| value == 1), Count(24));
        assert_eq!(d.count(NO, |value| value == 1), Count(0));
    }
}
