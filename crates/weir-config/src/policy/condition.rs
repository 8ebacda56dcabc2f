use super::Data;
use super::contradiction::contradiction;
use super::pools::{POOL_STATES, pool_of, state};
use super::values::{self, cyclic, entity_count, ordered, unordered};
use crate::names::Names;
use crate::raw::OneOrMany;
use crate::raw::policy::{RawCondition, RawPart};
use crate::report::Report;
use crate::suggest::{closest, suggest};
use crate::yaml::{At, Scalar, Wrong};
use std::collections::{BTreeMap, BTreeSet};
use weir_classify::EntityType;
use weir_label::Category;
use weir_policy::{
    Condition, Fact, Measure, NameFact, NamePattern, Names as Patterns, NumberFact, Pool, Ranges, Test, Word,
    Words,
};

/// What conditions are read with.
pub struct Conditions<'a, 'r> {
    pub names: Option<&'a Names>,
    pub data: &'a Data,
    /// The groups read so far; `None` for one that is wrong, which has been reported.
    pub groups: BTreeMap<String, Option<Condition>>,
    pub report: &'a mut Report<'r>,
}

/// The most tests that one condition may have, counting what its groups stand for.
const TESTS_MAX: usize = 5_000;

impl Conditions<'_, '_> {
    /// The condition, or what is wrong with it in the report.
    pub fn condition(&mut self, raw: &At<RawCondition>) -> Option<Condition> {
        let condition = self.parts(raw)?;
        if let Some((fact, why)) = contradiction(&condition) {
            self.report.error(
                raw.place,
                format!("no request can match this condition: {why}"),
                &format!(
                    "all tests of a condition must hold at once; put those of `{}` that may hold one at a time under `any`",
                    fact.name()
                ),
            );
            return None;
        }
        Some(condition)
    }

    fn parts(&mut self, raw: &At<RawCondition>) -> Option<Condition> {
        if raw.value.0.is_empty() {
            self.report.error(
                raw.place,
                "this condition tests nothing",
                "add a test such as `data.level: \">= confidential\"`, or leave the condition out",
            );
        }
        let parts: Vec<Option<Condition>> = raw.value.0.iter().map(|part| self.part(part)).collect();
        let mut parts: Vec<Condition> = parts.into_iter().collect::<Option<_>>()?;
        let condition = if parts.len() == 1 { parts.pop()? } else { Condition::All(parts) };
        if size(&condition) > TESTS_MAX {
            self.report.error(
                raw.place,
                format!("this condition stands for more than {TESTS_MAX} tests"),
                "write fewer groups of groups",
            );
            return None;
        }
        Some(condition)
    }

    fn part(&mut self, raw: &RawPart) -> Option<Condition> {
        match raw {
            RawPart::All(parts) => self.list(parts, "all").map(Condition::All),
            RawPart::Any(parts) => self.list(parts, "any").map(Condition::Any),
            RawPart::Not(part) => self.parts(part).map(|part| Condition::Not(Box::new(part))),
            RawPart::Group(names) => self.groups(names),
            RawPart::Test { fact, values } => self.test(fact, values),
        }
    }

    fn list(&mut self, raw: &At<Vec<At<RawCondition>>>, word: &str) -> Option<Vec<Condition>> {
        if raw.value.is_empty() {
            self.report.error(raw.place, format!("`{word}` lists no condition"), "add one or remove it");
            return None;
        }
        let parts: Vec<Option<Condition>> = raw.value.iter().map(|part| self.parts(part)).collect();
        parts.into_iter().collect()
    }

    fn groups(&mut self, names: &At<OneOrMany>) -> Option<Condition> {
        let each = names.each();
        if each.is_empty() {
            self.report.error(names.place, "`group` names none", "write the name of one of `groups`");
            return None;
        }
        let groups: Vec<Option<Condition>> = each.iter().map(|name| self.group(name)).collect();
        let mut groups: Vec<Condition> = groups.into_iter().collect::<Option<_>>()?;
        if groups.len() == 1 { groups.pop() } else { Some(Condition::Any(groups)) }
    }

    fn group(&mut self, At { value, place }: &At<&str>) -> Option<Condition> {
        if let Some(known) = self.groups.get(*value) {
            return known.clone();
        }
        if self.report.is_incomplete {
            // It may be what could not be read.
            return None;
        }
        let help = if self.groups.is_empty() {
            format!("add `groups:` to the policy, with `{value}` in it, above this place")
        } else {
            suggest(value, self.groups.keys().map(String::as_str))
        };
        self.report.error(*place, format!("there is no group `{value}` above"), &help);
        None
    }

    fn test(&mut self, name: &At<String>, values: &At<OneOrMany>) -> Option<Condition> {
        let pool = pool_of(&name.value);
        let fact = Fact::named(&name.value);
        if fact.is_none() && pool.is_none() {
            self.unknown_fact(name);
            return None;
        }
        let each = values.each();
        if each.is_empty() {
            self.report.error(
                values.place,
                format!("`{}` is compared with nothing", name.value),
                "list at least one value",
            );
            return None;
        }
        match fact {
            Some(Fact::Number(NumberFact::Load(pool, measure))) => {
                self.check_pool(name, &pool)?;
                self.numbers(&NumberFact::Load(pool, measure), &each)
            }
            Some(Fact::Number(NumberFact::Complexity)) => self.complexity(&each),
            Some(Fact::Number(number)) => self.numbers(&number, &each),
            Some(fact) => self.typed(&fact, &each).map(Condition::Test),
            None => self.pool_state(name, &pool?, &each),
        }
    }

    fn unknown_fact(&mut self, name: &At<String>) {
        let facts: Vec<String> = Fact::all().map(|fact| fact.name().into_owned()).collect();
        let pools = ["capacity.local", "capacity.cloud"];
        let known = facts.iter().map(String::as_str).chain(pools).chain(["all", "any", "not", "group"]);
        let help = suggest(&name.value, known);
        self.report.error(name.place, format!("there is no fact `{}`", name.value), &help);
    }

    fn typed(&mut self, fact: &Fact, values: &[At<&str>]) -> Option<Test> {
        let (data, names) = (Given { data: self.data, is_incomplete: self.report.is_incomplete }, self.names);
        Some(match fact {
            Fact::Level => Test::Level(self.words(values, |text| ordered(text, "level"))?),
            Fact::Categories => Test::Categories(self.set(values, |text| category(text, data))?),
            Fact::Entities => {
                Test::Entities(self.all(values, |text| entity_count(text, |types| entity(types, data)))?)
            }
            Fact::Jurisdictions => Test::Jurisdictions(self.set(values, Scalar::parse)?),
            Fact::LatencyClass => {
                Test::LatencyClass(self.words(values, |text| unordered(text, "latency class"))?)
            }
            Fact::Task => Test::Task(self.words(values, |text| unordered(text, "task type"))?),
            Fact::ResponseFormat => {
                Test::ResponseFormat(self.words(values, |text| unordered(text, "response format"))?)
            }
            Fact::Modalities => {
                Test::Modalities(self.words(values, |text| unordered(text, "kind of content"))?)
            }
            Fact::Weekday => Test::Weekday(self.words(values, |text| cyclic(text, "weekday"))?),
            Fact::Scopes => Test::Scopes(Patterns(self.all(values, pattern)?)),
            Fact::Flag(flag) => Test::Flag(*flag, self.one(fact, values)?),
            Fact::Name(NameFact::RequestAlias) => {
                let aliases = self.all(values, |text| alias(text, names))?;
                Test::Name(NameFact::RequestAlias, Patterns(aliases))
            }
            Fact::Name(name) => Test::Name(*name, Patterns(self.all(values, pattern)?)),
            Fact::Number(number) => Test::Number(number.clone(), self.ranges(number, values)?),
        })
    }

    fn numbers(&mut self, fact: &NumberFact, values: &[At<&str>]) -> Option<Condition> {
        Some(Condition::Test(Test::Number(fact.clone(), self.ranges(fact, values)?)))
    }

    fn ranges(&mut self, fact: &NumberFact, values: &[At<&str>]) -> Option<Ranges> {
        Some(self.all(values, |text| values::numbers(fact, text))?.into_iter().collect())
    }

    /// Absolute values and ranks among this deployment's requests, of which one must hold.
    fn complexity(&mut self, values: &[At<&str>]) -> Option<Condition> {
        let is_rank = |at: &&At<&str>| values::rank(at.value).is_some();
        let absolute: Vec<At<&str>> = values.iter().filter(|at| !is_rank(at)).cloned().collect();
        let ranks: Vec<At<&str>> = values.iter().filter(is_rank).cloned().collect();
        let mut tests = Vec::new();
        if !absolute.is_empty() {
            tests.push(self.numbers(&NumberFact::Complexity, &absolute)?);
        }
        if !ranks.is_empty() {
            let read = |text: &str| values::rank(text).unwrap_or(Ok(Ranges::none()));
            let ranks = self.all(&ranks, read)?.into_iter().collect();
            tests.push(Condition::Test(Test::Number(NumberFact::ComplexityRank, ranks)));
        }
        if tests.len() == 1 { tests.pop() } else { Some(Condition::Any(tests)) }
    }

    /// `capacity.POOL: idle`, in terms of places and of those who wait for one.
    fn pool_state(&mut self, name: &At<String>, pool: &Pool, values: &[At<&str>]) -> Option<Condition> {
        self.check_pool(name, pool)?;
        let states = self.all(values, |text| match POOL_STATES.contains(&text) {
            true => Ok(state(pool, text)),
            false => {
                let measures = Measure::ALL.map(Measure::as_str);
                let help = match measures.iter().find(|_| text.starts_with(['<', '>', '='])) {
                    Some(_) => format!("compare `{0}.utilisation`, `{0}.queue` or `{0}.ttft`", name.value),
                    None => suggest(text, POOL_STATES),
                };
                Err(Wrong::new(format!("`{text}` is no state of a pool"), help))
            }
        })?;
        Some(if states.len() == 1 { states.into_iter().next()? } else { Condition::Any(states) })
    }

    /// A pool that the configuration does not have is an error.
    fn check_pool(&mut self, name: &At<String>, pool: &Pool) -> Option<()> {
        let (Pool::Named(selector), Some(names)) = (pool, self.names) else { return Some(()) };
        if names.selected(selector).is_empty() {
            let measured = selector.rsplit_once('.').and_then(|(pool, measure)| {
                let measures = Measure::ALL.map(Measure::as_str);
                Some(match closest(measure, measures) {
                    Some(meant) => format!("did you mean `capacity.{pool}.{meant}`?"),
                    None if names.selected(pool).is_empty() && !["local", "cloud"].contains(&pool) => {
                        return None;
                    }
                    None => format!(
                        "of a pool there are {}",
                        measures.map(|m| format!("`capacity.{pool}.{m}`")).join(", ")
                    ),
                })
            });
            let help = measured.unwrap_or_else(|| names.suggest_selector(selector));
            self.report.error(name.place, format!("`{selector}` is no backend, target or tag"), &help);
            return None;
        }
        Some(())
    }

    fn words<T: Word>(
        &mut self,
        values: &[At<&str>],
        parse: impl Fn(&str) -> Result<Words<T>, Wrong>,
    ) -> Option<Words<T>> {
        Some(self.all(values, parse)?.into_iter().flat_map(Words::iter).collect())
    }

    fn all<T>(&mut self, values: &[At<&str>], parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<Vec<T>> {
        let parsed: Vec<Option<T>> = values
            .iter()
            .map(|At { value, place }| {
                parse(value).map_err(|Wrong { message, help }| self.report.error(*place, message, &help)).ok()
            })
            .collect();
        parsed.into_iter().collect()
    }

    fn set<T: Ord>(
        &mut self,
        values: &[At<&str>],
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<BTreeSet<T>> {
        Some(self.all(values, parse)?.into_iter().collect())
    }

    fn one(&mut self, fact: &Fact, values: &[At<&str>]) -> Option<bool> {
        let flags = self.all(values, Scalar::parse)?;
        if let ([_, second, ..], [value, ..]) = (values, flags.as_slice()) {
            self.report.error(
                second.place,
                format!("`{}` has one value", fact.name()),
                "write `true` or `false`, or leave the test out",
            );
            return Some(*value);
        }
        flags.first().copied()
    }
}

fn size(condition: &Condition) -> usize {
    let mut tests = 0;
    condition.each_test(&mut |_| tests += 1);
    tests
}

/// What inspection can find, as far as it is known.
#[derive(Clone, Copy)]
struct Given<'a> {
    data: &'a Data,
    is_incomplete: bool,
}

fn category(text: &str, given: Given<'_>) -> Result<Category, Wrong> {
    let category = text.parse::<Category>().map_err(|error| Wrong::new(error.to_string(), ""))?;
    if given.is_incomplete || given.data.categories.contains(&category) {
        Ok(category)
    } else {
        let help = suggest(text, given.data.categories.iter().map(Category::as_str));
        Err(Wrong::new(format!("nothing gives the category `{text}`"), help))
    }
}

fn entity(text: &str, given: Given<'_>) -> Result<NamePattern, Wrong> {
    let pattern = pattern(text)?;
    if given.is_incomplete || given.data.entities.iter().any(|known| pattern.matches(known.as_str())) {
        Ok(pattern)
    } else {
        let help = suggest(text, given.data.entities.iter().map(EntityType::as_str));
        Err(Wrong::new(format!("there is no entity type `{text}`"), help))
    }
}

fn alias(text: &str, names: Option<&Names>) -> Result<NamePattern, Wrong> {
    let pattern = pattern(text)?;
    match names {
        Some(names) if !names.has_alias(|alias| pattern.matches(alias)) => {
            Err(Wrong::new(format!("there is no alias `{text}`"), names.suggest_alias(text)))
        }
        Some(_) | None => Ok(pattern),
    }
}

fn pattern(text: &str) -> Result<NamePattern, Wrong> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Wrong::new(
            "this cannot be a name",
            "use at least one character, and no control characters",
        ));
    }
    let (name, is_prefix) = text.strip_suffix('*').map_or((text, false), |prefix| (prefix, true));
    if name.contains('*') {
        return Err(Wrong::new(
            format!("`{text}` has a `*` that is not at the end"),
            "write names out, or the beginning and `*`",
        ));
    }
    Ok(if is_prefix { NamePattern::Prefix(name.into()) } else { NamePattern::Exact(name.into()) })
}
