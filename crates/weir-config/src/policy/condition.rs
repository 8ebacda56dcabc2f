use super::Data;
use crate::facts::Fact;
use crate::names::Names;
use crate::raw::OneOrMany;
use crate::raw::policy::{RawCondition, RawPart};
use crate::report::Report;
use crate::suggest::suggest;
use crate::yaml::{At, Scalar, Wrong};
use std::collections::BTreeSet;
use weir_classify::EntityType;
use weir_label::{Category, Level};
use weir_policy::{
    Comparison, Condition, LatencyClass, NameFact, NamePattern, Names as Patterns, OneOf, Operator, Test,
};

/// What conditions are read with.
pub struct Conditions<'a, 'r> {
    pub names: Option<&'a Names>,
    pub data: &'a Data,
    pub report: &'a mut Report<'r>,
}

impl Conditions<'_, '_> {
    /// The condition, or what is wrong with it in the report.
    pub fn condition(&mut self, raw: &At<RawCondition>) -> Option<Condition> {
        if raw.value.0.is_empty() {
            self.report.error(
                raw.place,
                "this condition tests nothing",
                "add a test such as `data.level: \">= confidential\"`, or leave the condition out",
            );
        }
        let parts: Vec<Option<Condition>> = raw.value.0.iter().map(|part| self.part(part)).collect();
        let mut parts: Vec<Condition> = parts.into_iter().collect::<Option<_>>()?;
        if parts.len() == 1 { parts.pop() } else { Some(Condition::All(parts)) }
    }

    fn part(&mut self, raw: &RawPart) -> Option<Condition> {
        match raw {
            RawPart::All(parts) => self.list(parts, "all").map(Condition::All),
            RawPart::Any(parts) => self.list(parts, "any").map(Condition::Any),
            RawPart::Not(part) => self.condition(part).map(|part| Condition::Not(Box::new(part))),
            RawPart::Test { fact, values } => self.test(fact, values).map(Condition::Test),
        }
    }

    fn list(&mut self, raw: &At<Vec<At<RawCondition>>>, word: &str) -> Option<Vec<Condition>> {
        if raw.value.is_empty() {
            self.report.error(raw.place, format!("`{word}` lists no condition"), "add one or remove it");
            return None;
        }
        let parts: Vec<Option<Condition>> = raw.value.iter().map(|part| self.condition(part)).collect();
        parts.into_iter().collect()
    }

    fn test(&mut self, name: &At<String>, values: &At<OneOrMany>) -> Option<Test> {
        let Some(fact) = Fact::named(&name.value) else {
            let known = Fact::all().map(Fact::name).chain(["all", "any", "not"]);
            self.report.error(
                name.place,
                format!("there is no fact `{}`", name.value),
                &suggest(&name.value, known),
            );
            return None;
        };
        let each = values.each();
        if each.is_empty() {
            self.report.error(
                values.place,
                format!("`{}` is compared with nothing", name.value),
                "list at least one value",
            );
            return None;
        }
        self.typed(fact, &each)
    }

    fn typed(&mut self, fact: Fact, values: &[At<&str>]) -> Option<Test> {
        let (data, names) = (self.data, self.names);
        Some(match fact {
            Fact::Level => Test::Level(OneOf(self.all(values, level)?)),
            Fact::Number(number) => Test::Number(number, OneOf(self.all(values, self::number)?)),
            Fact::Categories => Test::Categories(self.set(values, |text| category(text, data))?),
            Fact::Entities => Test::Entities(Patterns(self.all(values, |text| entity(text, data))?)),
            Fact::Jurisdictions => Test::Jurisdictions(self.set(values, Scalar::parse)?),
            Fact::LatencyClass => Test::LatencyClass(self.set(values, latency_class)?),
            Fact::Flag(flag) => Test::Flag(flag, self.one(fact, values)?),
            Fact::Name(NameFact::RequestAlias) => {
                let aliases = self.all(values, |text| alias(text, names))?;
                Test::Name(NameFact::RequestAlias, Patterns(aliases))
            }
            Fact::Name(name) => Test::Name(name, Patterns(self.all(values, pattern)?)),
        })
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

    fn one(&mut self, fact: Fact, values: &[At<&str>]) -> Option<bool> {
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

fn level(text: &str) -> Result<Comparison<Level>, Wrong> {
    let (operator, level) = operator(text);
    let comparison = Comparison { operator, value: Level::parse(level)? };
    if Level::ALL.iter().any(|level| comparison.holds(level)) {
        Ok(comparison)
    } else {
        Err(Wrong::new(
            format!("no level is `{text}`"),
            "the levels are `public` < `internal` < `confidential` < `restricted`",
        ))
    }
}

fn number(text: &str) -> Result<Comparison<u64>, Wrong> {
    let (operator, number) = operator(text);
    let value = number.parse().map_err(|_| {
        Wrong::new(
            format!("`{text}` does not compare with a whole number"),
            "write a number, or a comparison in quotes such as `\"< 4000\"`",
        )
    })?;
    if operator == Operator::Less && value == 0 {
        return Err(Wrong::new("no number of tokens is `< 0`", "write a larger number"));
    }
    Ok(Comparison { operator, value })
}

fn operator(text: &str) -> (Operator, &str) {
    const OPERATORS: [(&str, Operator); 5] = [
        // The longer ones first, because `<` begins `<=`.
        (">=", Operator::AtLeast),
        ("<=", Operator::AtMost),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("=", Operator::Equal),
    ];
    let written = OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?.trim_start())));
    written.unwrap_or((Operator::Equal, text))
}

fn category(text: &str, data: &Data) -> Result<Category, Wrong> {
    let category = text.parse::<Category>().map_err(|error| Wrong::new(error.to_string(), ""))?;
    if data.categories.contains(&category) {
        Ok(category)
    } else {
        let help = suggest(text, data.categories.iter().map(Category::as_str));
        Err(Wrong::new(format!("nothing gives the category `{text}`"), help))
    }
}

fn entity(text: &str, data: &Data) -> Result<NamePattern, Wrong> {
    let pattern = pattern(text)?;
    if data.entities.iter().any(|known| pattern.matches(known.as_str())) {
        Ok(pattern)
    } else {
        let help = suggest(text, data.entities.iter().map(EntityType::as_str));
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

fn latency_class(text: &str) -> Result<LatencyClass, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("`{text}` is no latency class"),
            suggest(text, LatencyClass::ALL.map(LatencyClass::as_str)),
        )
    })
}
