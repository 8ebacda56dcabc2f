use crate::{
    Catalogue, Condition, Fact, FactValue, Flag, LatencyClass, Modality, NameFact, NamePattern, NumberFact,
    Policy, Preference, ResponseFormat, RuleAction, TaskType, Test, Weekday, Word, Words,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_label::{Category, Jurisdiction, Level};

/// The regions into which a policy and a catalogue cut the values of each fact.
///
/// Within one region neither a condition, nor the boundary, nor a clearance, nor a model's context tells two
/// values apart. Only what `cheapest` weighs is finer.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    facts: BTreeSet<Fact>,
    cuts: BTreeMap<NumberFact, BTreeSet<u64>>,
    names: BTreeMap<NameFact, BTreeSet<Arc<str>>>,
    scopes: BTreeSet<String>,
    categories: BTreeSet<Category>,
    jurisdictions: BTreeSet<Jurisdiction>,
    entities: BTreeMap<NamePattern, BTreeSet<u64>>,
}

impl Regions {
    /// The regions that this policy and this catalogue make.
    #[must_use]
    pub fn of(policy: &Policy, catalogue: &Catalogue) -> Self {
        let mut regions = Self::default();
        // The boundary and the clearances look at these whether a rule does or not.
        regions.facts.extend([Fact::Level, Fact::Flag(Flag::Opaque), Fact::Jurisdictions]);
        for (data, allowed) in policy.boundary.residency().rows() {
            regions.jurisdictions.insert(data.clone());
            regions.jurisdictions.extend(allowed.iter().cloned());
        }
        for (_, target) in catalogue.targets() {
            regions.jurisdictions.extend(target.recipient.jurisdiction().cloned());
            regions.context(target.context_tokens);
        }
        for rule in policy.rules() {
            regions.condition(&rule.when);
            let by_task = match &rule.action {
                RuleAction::Route(routing) => routing.prefer == Preference::Best || routing.quality.is_some(),
                RuleAction::Deny(_) => false,
            };
            regions.facts.extend(by_task.then_some(Fact::Task));
        }
        regions
    }

    /// The facts on which a decision may depend.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter()
    }

    /// One value of each other region of a fact, with how many steps away it is, the nearest first.
    #[must_use]
    pub fn neighbours(&self, fact: &Fact, now: &FactValue) -> Vec<(usize, FactValue)> {
        let mut values = self.others(fact, now);
        values.retain(|(_, value)| value != now);
        values.sort();
        values
    }

    fn context(&mut self, tokens: Option<u32>) {
        let Some(tokens) = tokens else { return };
        for number in [NumberFact::PromptTokens, NumberFact::MaxOutputTokens] {
            self.facts.insert(Fact::Number(number.clone()));
            self.cuts.entry(number).or_default().insert(u64::from(tokens) + 1);
        }
    }

    fn condition(&mut self, condition: &Condition) {
        condition.each_test(&mut |test| self.test(test));
    }

    fn test(&mut self, test: &Test) {
        self.facts.insert(test.fact());
        match test {
            Test::Categories(any) => self.categories.extend(any.iter().cloned()),
            Test::Jurisdictions(any) => self.jurisdictions.extend(any.iter().cloned()),
            Test::Entities(counts) => {
                for count in counts {
                    self.entities.entry(count.types.clone()).or_default().extend(count.counts.cuts());
                }
            }
            Test::Name(fact, names) => {
                self.names.entry(*fact).or_default().extend(names.0.iter().map(example))
            }
            Test::Scopes(names) => self.scopes.extend(names.0.iter().map(|name| example(name).to_string())),
            Test::Number(fact, numbers) => self.cuts.entry(fact.clone()).or_default().extend(numbers.cuts()),
            Test::Level(_)
            | Test::Flag(..)
            | Test::LatencyClass(_)
            | Test::Task(_)
            | Test::ResponseFormat(_)
            | Test::Modalities(_)
            | Test::Weekday(_) => {}
        }
    }

    fn others(&self, fact: &Fact, now: &FactValue) -> Vec<(usize, FactValue)> {
        match (fact, now) {
            (Fact::Level, FactValue::Level(level)) => apart(Level::ALL.into_iter(), *level, FactValue::Level),
            (Fact::Categories, FactValue::Categories(now)) => {
                toggled(&self.categories, now).map(|set| (1, FactValue::Categories(set))).collect()
            }
            (Fact::Jurisdictions, FactValue::Jurisdictions(now)) => {
                // Whatever binds the data now can be told apart by the table, listed or not.
                let known = self.jurisdictions.union(now).cloned().collect();
                toggled(&known, now).map(|set| (1, FactValue::Jurisdictions(set))).collect()
            }
            (Fact::Scopes, FactValue::Names(now)) => {
                toggled(&self.scopes, now).map(|set| (1, FactValue::Names(set))).collect()
            }
            (Fact::Scopes, _) => {
                self.scopes.iter().map(|scope| (1, FactValue::Names([scope.clone()].into()))).collect()
            }
            (Fact::Entities, FactValue::Entities(found)) => self.other_entities(found),
            (Fact::Modalities, FactValue::Modalities(now)) => other_modalities(*now),
            (Fact::LatencyClass, _) => each(LatencyClass::ALL, FactValue::LatencyClass),
            (Fact::Task, _) => each(TaskType::ALL, FactValue::Task),
            (Fact::ResponseFormat, _) => each(ResponseFormat::ALL, FactValue::ResponseFormat),
            (Fact::Weekday, _) => each(Weekday::ALL, FactValue::Weekday),
            (Fact::Flag(_), _) => [true, false].map(|flag| (1, FactValue::Flag(flag))).into(),
            (Fact::Name(name), _) => self.other_names(*name),
            (Fact::Number(number), now) => self.other_numbers(number, now),
            _ => Vec::new(),
        }
    }

    fn other_names(&self, fact: NameFact) -> Vec<(usize, FactValue)> {
        let known = self.names.get(&fact).into_iter().flatten();
        // What every other caller is; every alias there is, on the other hand, is known.
        let other = (fact != NameFact::RequestAlias).then(|| Arc::from(OTHER));
        known.cloned().chain(other).map(|name| (1, FactValue::Name(name))).collect()
    }

    fn other_numbers(&self, fact: &NumberFact, now: &FactValue) -> Vec<(usize, FactValue)> {
        let cuts: Vec<u64> = self.cuts.get(fact).into_iter().flatten().copied().collect();
        let cuts: Vec<u64> = cuts.into_iter().filter(|cut| *cut <= fact.most()).collect();
        let FactValue::Number(now) = now else {
            return std::iter::once(0).chain(cuts).map(|number| (1, FactValue::Number(number))).collect();
        };
        let (below, above): (Vec<u64>, Vec<u64>) = cuts.into_iter().partition(|cut| cut <= now);
        let up = above.into_iter().enumerate();
        let down = below.into_iter().rev().map(|cut| cut - 1).enumerate();
        up.chain(down).map(|(steps, number)| (steps + 1, FactValue::Number(number))).collect()
    }

    fn other_entities(&self, found: &BTreeMap<String, u32>) -> Vec<(usize, FactValue)> {
        let mut others = Vec::new();
        for (types, cuts) in &self.entities {
            let matching = found.keys().filter(|entity| types.matches(entity)).cloned();
            let named: BTreeSet<String> = matching.chain([example(types).to_string()]).collect();
            for entity in named {
                for count in cuts.iter().flat_map(|cut| [*cut, cut.saturating_sub(1)]) {
                    let mut changed = found.clone();
                    match u32::try_from(count).unwrap_or(u32::MAX) {
                        0 => changed.remove(&entity),
                        count => changed.insert(entity.clone(), count),
                    };
                    others.push((1, FactValue::Entities(changed)));
                }
            }
        }
        others
    }
}

/// What stands for any name that no rule knows.
const OTHER: &str = "(any other)";

/// A name that the pattern means. Of a prefix, the prefix itself.
fn example(pattern: &NamePattern) -> Arc<str> {
    match pattern {
        NamePattern::Exact(name) | NamePattern::Prefix(name) => name.clone(),
    }
}

fn apart<T: Word>(
    all: impl Iterator<Item = T>,
    now: T,
    value: impl Fn(T) -> FactValue,
) -> Vec<(usize, FactValue)> {
    all.map(|word| (word.place().abs_diff(now.place()) as usize, value(word))).collect()
}

fn each<T: Word>(all: &[T], value: impl Fn(T) -> FactValue) -> Vec<(usize, FactValue)> {
    all.iter().map(|word| (1, value(*word))).collect()
}

/// The set with one of `known` put in or taken out.
fn toggled<'s, T: Ord + Clone>(
    known: &'s BTreeSet<T>,
    now: &'s BTreeSet<T>,
) -> impl Iterator<Item = BTreeSet<T>> + use<'s, T> {
    known.iter().map(|each| {
        let mut set = now.clone();
        if !set.remove(each) {
            set.insert(each.clone());
        }
        set
    })
}

fn other_modalities(now: Words<Modality>) -> Vec<(usize, FactValue)> {
    let toggle = |kind: Modality| {
        let without = now.iter().filter(move |each| *each != kind);
        without.chain((!now.contains(kind)).then_some(kind)).collect::<Words<Modality>>()
    };
    Modality::ALL.iter().map(|kind| (1, FactValue::Modalities(toggle(*kind)))).collect()
}
