use crate::{Category, Jurisdiction, Level};
use std::collections::BTreeSet;

/// What inspection says of content: level, categories, jurisdictions, opaque or not.
///
/// Labels form a join-semilattice with [`Label::default`] at the bottom: [`join`](Self::join) is
/// associative, commutative and idempotent.
///
/// INVARIANT (labels only rise): no function of this crate returns a label lower than one it was
/// given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Label {
    level: Level,
    categories: BTreeSet<Category>,
    jurisdictions: BTreeSet<Jurisdiction>,
    opaque: bool,
}

impl Label {
    /// The label of content of this level and nothing else known.
    #[must_use]
    pub fn at(level: Level) -> Self {
        Self { level, ..Self::default() }
    }

    /// The label of content that could not be inspected: `restricted`, opaque. Used when a detector
    /// failed, ran out of time, or panicked.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default().with_opaque()
    }

    /// This label with a category added.
    #[must_use]
    pub fn with_category(mut self, category: Category) -> Self {
        self.categories.insert(category);
        self
    }

    /// This label, bound to one more jurisdiction.
    #[must_use]
    pub fn with_jurisdiction(mut self, jurisdiction: Jurisdiction) -> Self {
        self.jurisdictions.insert(jurisdiction);
        self
    }

    /// This label, of content part of which could not be inspected. That part may be anything, so that
    /// the level becomes the highest.
    #[must_use]
    pub fn with_opaque(mut self) -> Self {
        self.opaque = true;
        self.level = Level::Restricted;
        self
    }

    /// The least label that is at least both: what the whole of two parts carries.
    #[must_use]
    pub fn join(mut self, other: &Label) -> Self {
        self.raise(other);
        self
    }

    /// Joins `other` into this label.
    pub fn raise(&mut self, other: &Label) {
        let Label { level, categories, jurisdictions, opaque } = other;
        self.level = self.level.max(*level);
        self.categories.extend(categories.iter().cloned());
        self.jurisdictions.extend(jurisdictions.iter().cloned());
        self.opaque |= opaque;
    }

    /// The level.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The categories, in order.
    #[must_use]
    pub fn categories(&self) -> &BTreeSet<Category> {
        &self.categories
    }

    /// The jurisdictions the content is bound to, in order.
    #[must_use]
    pub fn jurisdictions(&self) -> &BTreeSet<Jurisdiction> {
        &self.jurisdictions
    }

    /// Whether part of the content could not be inspected.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// Whether this label says no more than `other`: the order that [`join`](Self::join) induces.
    #[must_use]
    pub fn is_at_most(&self, other: &Label) -> bool {
        self.level <= other.level
            && self.categories.is_subset(&other.categories)
            && self.jurisdictions.is_subset(&other.jurisdictions)
            && (!self.opaque || other.opaque)
    }
}
