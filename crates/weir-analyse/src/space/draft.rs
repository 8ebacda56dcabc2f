use super::Space;
use crate::axis::{Axis, NameClass, Subject, classes};
use crate::environment::by_task;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_label::{Category, Jurisdiction};
use weir_policy::{
    Catalogue, Condition, EntityCount, Fact, FactValue, Flag, Modality, NameFact, NamePattern, Names,
    NumberFact, Policy, Ranges, Test,
};

/// What the axes of a space must tell apart: what policies and their catalogues mention.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    aliases: BTreeSet<Arc<str>>,
    jurisdictions: BTreeSet<Jurisdiction>,
    contexts: BTreeSet<u64>,
    categories: BTreeSet<Category>,
    modalities: BTreeSet<Modality>,
    entities: BTreeSet<NamePattern>,
    entity_cuts: BTreeSet<u64>,
    scopes: BTreeSet<NamePattern>,
    names: BTreeMap<NameFact, BTreeSet<NamePattern>>,
    numbers: BTreeMap<NumberFact, BTreeSet<u64>>,
    /// The other facts that are looked at.
    single: BTreeSet<Fact>,
    /// Whether a rule orders targets by what they are good at.
    by_task: bool,
}

impl Draft {
    /// What a policy and the configuration that it is for mention.
    pub fn add(&mut self, policy: &Policy, catalogue: &Catalogue) {
        self.add_catalogue(catalogue);
        self.jurisdictions.extend(policy.boundary.residency().mentioned().cloned());
        self.by_task |= by_task(policy);
        for rule in policy.rules() {
            self.add_condition(&rule.when);
        }
    }

    /// What a condition mentions.
    pub fn add_condition(&mut self, condition: &Condition) {
        condition.each_test(&mut |test| self.add_test(test));
    }

    fn add_catalogue(&mut self, catalogue: &Catalogue) {
        self.aliases.extend(catalogue.aliases().map(|alias| alias.name().clone()));
        for (_, target) in catalogue.targets() {
            self.jurisdictions.extend(target.recipient.jurisdiction().cloned());
            self.contexts.extend(target.context_tokens.map(|context| u64::from(context) + 1));
        }
    }

    fn add_test(&mut self, test: &Test) {
        match test {
            // Every space has these.
            Test::Level(_) | Test::Flag(Flag::Opaque, _) => {}
            Test::Categories(any) => self.categories.extend(any.iter().cloned()),
            Test::Jurisdictions(any) => self.jurisdictions.extend(any.iter().cloned()),
            Test::Modalities(any) => self.modalities.extend(any.iter()),
            Test::Flag(Flag::Images, _) => self.modalities.extend([Modality::Image]),
            Test::Entities(counts) => counts.iter().for_each(|count| self.add_count(count)),
            Test::Scopes(Names(patterns)) => self.scopes.extend(patterns.iter().cloned()),
            Test::Name(fact, Names(patterns)) => {
                self.names.entry(*fact).or_default().extend(patterns.iter().cloned());
            }
            Test::Number(fact, numbers) => {
                let cuts = self.numbers.entry(fact.clone()).or_default();
                cuts.extend(numbers.cuts());
                // What is left of a budget decides about targets when it is nothing.
                cuts.extend((*fact == NumberFact::BudgetLeft).then_some(1));
            }
            Test::Flag(..)
            | Test::LatencyClass(_)
            | Test::Task(_)
            | Test::ResponseFormat(_)
            | Test::Weekday(_) => {
                self.single.insert(test.fact());
            }
        }
    }

    fn add_count(&mut self, count: &EntityCount) {
        let EntityCount { types, counts } = count;
        self.entities.insert(types.clone());
        self.entity_cuts.extend(Ranges::cuts(counts));
    }

    /// The space. What decides about targets is asked for first.
    pub fn space(self) -> Space {
        let mut axes = vec![Axis::of_names(Fact::Name(NameFact::RequestAlias), self.alias_classes())];
        axes.push(Axis::sensitivity());
        axes.extend(self.jurisdictions.iter().cloned().map(Subject::Jurisdiction).map(Axis::of_yes_and_no));
        axes.extend(self.other_jurisdiction().map(Axis::of_yes_and_no));
        axes.push(Axis::wish());
        axes.extend(self.sizes());
        if self.by_task {
            axes.extend(single(&Fact::Task));
        }
        axes.extend(self.others());
        Space::new(axes)
    }

    fn alias_classes(&self) -> Vec<NameClass> {
        self.aliases.iter().map(NameClass::exact).collect()
    }

    /// Data may be bound to a place that nobody has thought of.
    fn other_jurisdiction(&self) -> Option<Subject> {
        let known = self.jurisdictions.clone();
        // There are more such words than jurisdictions that are mentioned.
        let words = (0..=known.len())
            .map(|number| if number == 0 { "ZZ".to_owned() } else { format!("ZZ-{number}") });
        let mut examples = words.filter_map(|word| word.parse().ok());
        let example = examples.find(|example| !known.contains(example))?;
        Some(Subject::OtherJurisdiction { example, known })
    }

    fn sizes(&self) -> Vec<Axis> {
        let of = |fact: NumberFact| Some(number(&fact, self.numbers.get(&fact)?));
        let prompt = of(NumberFact::PromptTokens);
        let limit = of(NumberFact::MaxOutputTokens);
        let needed = (!self.contexts.is_empty())
            .then(|| Axis::of_numbers(Subject::TokensNeeded, &self.contexts, u64::MAX));
        [prompt, limit, needed].into_iter().flatten().collect()
    }

    fn others(&self) -> Vec<Axis> {
        let mut axes: Vec<Axis> = Vec::new();
        let below = self.single.iter().filter(|fact| !(self.by_task && **fact == Fact::Task));
        axes.extend(below.filter_map(single));
        let names = self.names.iter().filter(|(fact, _)| **fact != NameFact::RequestAlias);
        axes.extend(names.map(|(fact, patterns)| name(*fact, patterns)));
        let sizes = [NumberFact::PromptTokens, NumberFact::MaxOutputTokens];
        let numbers = self.numbers.iter().filter(|(fact, _)| !sizes.contains(fact));
        axes.extend(numbers.map(|(fact, cuts)| number(fact, cuts)));
        let categories = self.categories.iter().cloned().map(Subject::Category);
        axes.extend(categories.map(Axis::of_yes_and_no));
        let modalities = self.modalities.iter().copied().map(Subject::Modality);
        axes.extend(modalities.map(Axis::of_yes_and_no));
        axes.extend(self.entity_axes());
        if !self.scopes.is_empty() {
            let scopes = classes(&self.scopes).into_iter().map(Subject::Scope);
            axes.extend([Subject::ScopesKnown].into_iter().chain(scopes).map(Axis::of_yes_and_no));
        }
        axes
    }

    fn entity_axes(&self) -> impl Iterator<Item = Axis> {
        let most = u64::from(u32::MAX);
        let classes = if self.entities.is_empty() { Vec::new() } else { classes(&self.entities) };
        let subjects = classes.into_iter().map(Subject::Entity);
        subjects.map(move |subject| Axis::of_numbers(subject, &self.entity_cuts, most))
    }
}

/// The axis of a number fact; only the prompt's size is always known.
fn number(fact: &NumberFact, cuts: &BTreeSet<u64>) -> Axis {
    let axis = Axis::of_numbers(Subject::Value(Fact::Number(fact.clone())), cuts, fact.most());
    if *fact == NumberFact::PromptTokens { axis } else { axis.or_unknown() }
}

/// The axis of a name fact; only the endpoint is always known.
fn name(fact: NameFact, patterns: &BTreeSet<NamePattern>) -> Axis {
    let axis = Axis::of_names(Fact::Name(fact), classes(patterns));
    if fact == NameFact::RequestEndpoint { axis } else { axis.or_unknown() }
}

/// The axis of a fact with a handful of values.
fn single(fact: &Fact) -> Option<Axis> {
    let axis = match fact {
        Fact::LatencyClass => Axis::of_words(fact.clone(), FactValue::LatencyClass),
        Fact::ResponseFormat => Axis::of_words(fact.clone(), FactValue::ResponseFormat),
        Fact::Task => Axis::of_words(fact.clone(), FactValue::Task).or_unknown(),
        Fact::Weekday => Axis::of_words(fact.clone(), FactValue::Weekday).or_unknown(),
        Fact::Flag(Flag::Unsure) => Axis::of_flag(fact.clone()).or_unknown(),
        Fact::Flag(Flag::Stream | Flag::Tools) => Axis::of_flag(fact.clone()),
        Fact::Flag(Flag::Opaque | Flag::Images)
        | Fact::Level
        | Fact::Categories
        | Fact::Jurisdictions
        | Fact::Entities
        | Fact::Modalities
        | Fact::Scopes
        | Fact::Name(_)
        | Fact::Number(_) => return None,
    };
    Some(axis)
}
