//! Where facts are: the other direction of making a request for cells, to test it by.

use super::{Axis, Cell, NameClass, NameKind, Subject};
use std::collections::BTreeSet;
use weir_policy::{FactValue, Facts, NamePattern};

impl Axis {
    /// The cell that holds the value of these facts. Of a scope while scopes are unknown, the first.
    pub fn locate(&self, facts: &Facts<'_>) -> Option<usize> {
        let label = facts.data.label;
        match &self.subject {
            Subject::Sensitivity if label.is_opaque() => self.place_of(&Cell::Opaque),
            Subject::Sensitivity => self.place_of(&Cell::Level(label.level())),
            Subject::Jurisdiction(place) => self.place_of(&Cell::Is(label.jurisdictions().contains(place))),
            Subject::OtherJurisdiction { known, .. } => {
                self.place_of(&Cell::Is(!label.jurisdictions().is_subset(known)))
            }
            Subject::Category(category) => self.place_of(&Cell::Is(label.categories().contains(category))),
            Subject::Modality(kind) => self.place_of(&Cell::Is(facts.request.modalities.contains(*kind))),
            Subject::Entity(class) => {
                let counts = facts.data.entities.iter().filter(|(name, _)| class.holds(name));
                let most = counts.map(|(_, count)| u64::from(*count)).max();
                self.place_of_number(most.unwrap_or(0))
            }
            Subject::ScopesKnown => self.place_of(&Cell::Is(facts.caller.scopes.is_some())),
            Subject::Scope(class) => {
                let has = |scopes: &BTreeSet<String>| scopes.iter().any(|scope| class.holds(scope));
                self.place_of(&Cell::Is(facts.caller.scopes.is_some_and(has)))
            }
            Subject::Value(fact) => self.place_of_value(&fact.value(facts)),
            Subject::TokensNeeded => self.place_of_number(
                facts.request.prompt_tokens.saturating_add(facts.request.max_output_tokens.unwrap_or(0)),
            ),
            Subject::Wish => self.place_of(&Cell::Wish(facts.wish)),
        }
    }

    fn place_of_value(&self, value: &FactValue) -> Option<usize> {
        if let FactValue::Number(number) = value {
            self.place_of_number(*number)
        } else if let FactValue::Name(name) = value {
            self.cells.iter().position(|cell| cell.names().is_some_and(|class| class.holds(name)))
        } else {
            self.place_of(&Cell::Value(value.clone()))
        }
    }

    fn place_of_number(&self, number: u64) -> Option<usize> {
        let holds = |(from, to): (u64, u64)| (from..=to).contains(&number);
        self.cells.iter().position(|cell| cell.numbers().is_some_and(holds))
    }
}

impl NameClass {
    /// Whether a name is in the class.
    pub fn holds(&self, name: &str) -> bool {
        let is_none_of = |patterns: &[NamePattern]| !patterns.iter().any(|pattern| pattern.matches(name));
        match &self.kind {
            NameKind::Exact => *self.example == *name,
            NameKind::Prefix { prefix, narrower } => name.starts_with(&**prefix) && is_none_of(narrower),
            NameKind::Other { named } => is_none_of(named),
        }
    }
}
