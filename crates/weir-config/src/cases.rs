//! Cases of a policy, from text to values that can be judged.

mod value;

pub use value::facts_of;

use crate::raw::cases::{RawCase, RawCases, RawExpectation, RawFacts, WISH};
use crate::report::Report;
use crate::suggest::suggest;
use crate::yaml::{self, At, Wrong};
use crate::{Loaded, Problem, Problems, Severity, Source};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use value::Subject;
use weir_label::Category;
use weir_policy::{DenialCode, Fact, FactValue, NameFact, RouteWish};
use weir_rollout::{Case, Denied, Expectation};

/// Reads a file of cases of the policy that was loaded.
///
/// # Errors
/// Every error of the file.
pub fn load_cases(source: Source<'_>, loaded: &Loaded) -> Result<Vec<Case>, Problems> {
    let mut report = Report::new(source);
    let raw: Option<RawCases> = yaml::parse(&mut report);
    let file = source.path.display().to_string();
    let cases = raw.map(|raw| {
        let mut reading = Reading { loaded, file, report: &mut report };
        reading.cases(&raw)
    });
    let errors: Vec<Problem> =
        report.finish().into_iter().filter(|problem| problem.severity == Severity::Error).collect();
    match cases {
        Some(cases) if errors.is_empty() => Ok(cases),
        Some(_) | None => Err(Problems(errors)),
    }
}

struct Reading<'a, 'r> {
    loaded: &'a Loaded,
    file: String,
    report: &'a mut Report<'r>,
}

/// Facts as they are over others.
#[derive(Clone, Default)]
struct Given {
    facts: BTreeMap<Fact, FactValue>,
    wish: Option<RouteWish>,
}

impl Reading<'_, '_> {
    fn cases(&mut self, raw: &RawCases) -> Vec<Case> {
        let RawCases { facts, cases } = raw;
        let common = self.given(facts, Given::default());
        let mut names = BTreeSet::new();
        for case in cases {
            if !names.insert(case.name.value.as_str()) {
                let message = format!("there are two cases `{}`", case.name.value);
                self.report.error(case.name.place, message, "give each case a name of its own");
            }
        }
        cases.iter().filter_map(|case| self.case(case, &common)).collect()
    }

    fn case(&mut self, raw: &RawCase, common: &Given) -> Option<Case> {
        let RawCase { name, text, request, facts, expect } = raw;
        if let (Some(text), Some(_)) = (text, request) {
            self.report.error(
                text.place,
                "a case has a `text` or a `request`, not both",
                "remove one of them",
            );
            return None;
        }
        let given = self.given(facts, common.clone());
        let alias = self.alias(&given, request.as_ref().map(|body| &body.0), name)?;
        let request = match (text, request) {
            (Some(text), _) => {
                let message = json!({ "role": "user", "content": text.value });
                Some(json!({ "model": alias, "messages": [message] }).to_string())
            }
            (None, Some(body)) => Some(body.0.to_string()),
            (None, None) => None,
        };
        let mut facts = given.facts;
        facts.insert(Fact::Name(NameFact::RequestAlias), FactValue::Name(alias.into()));
        let case = Case {
            name: name.value.clone(),
            file: self.file.clone(),
            line: name.place.line,
            request,
            facts: facts.into_iter().collect(),
            wish: given.wish,
            expect: self.expectation(expect)?,
        };
        if let Err(error) = case.facts(None) {
            self.report.error(name.place, error.to_string(), "write a value that the fact can have");
            return None;
        }
        Some(case)
    }

    /// The alias that is asked for: that of the request or the facts, or the only one there is.
    fn alias(
        &mut self,
        given: &Given,
        request: Option<&serde_json::Value>,
        name: &At<String>,
    ) -> Option<String> {
        let of_request = request.and_then(|body| body.get("model")?.as_str());
        let of_facts = match given.facts.get(&Fact::Name(NameFact::RequestAlias)) {
            Some(FactValue::Name(alias)) => Some(&**alias),
            Some(_) | None => None,
        };
        let known: Vec<&str> = self.loaded.catalogue.aliases().map(|alias| &**alias.name()).collect();
        let only = match known.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        match of_request.or(of_facts).or(only) {
            Some(alias) if known.contains(&alias) => Some(alias.to_owned()),
            Some(alias) => {
                let message = format!("there is no alias `{alias}`");
                self.report.error(name.place, message, &suggest(alias, known.iter().copied()));
                None
            }
            None => {
                let help = "write `request.alias` under `facts`, here or for all cases";
                self.report.error(name.place, "the case does not say which alias is asked for", help);
                None
            }
        }
    }

    fn given(&mut self, raw: &RawFacts, mut given: Given) -> Given {
        for (name, value) in &raw.0 {
            if name.value == WISH {
                given.wish = self.wish(value).or(given.wish);
            } else {
                given.facts.extend(self.facts(name, value).unwrap_or_default());
            }
        }
        given
    }

    fn facts(
        &mut self,
        name: &At<String>,
        written: &At<crate::raw::OneOrMany>,
    ) -> Option<Vec<(Fact, FactValue)>> {
        let values: Vec<&str> = written.each().into_iter().map(|value| value.value).collect();
        let mut said = |at, Wrong { message, help }: Wrong| self.report.error(at, message, &help);
        let subject = Subject::named(&name.value, &[WISH]).map_err(|wrong| said(name.place, wrong)).ok()?;
        subject.facts(&values).map_err(|wrong| said(written.place, wrong)).ok()
    }

    fn wish(&mut self, written: &At<crate::raw::OneOrMany>) -> Option<RouteWish> {
        let values = written.each();
        let wish = match values.as_slice() {
            [one] => one.value.parse().ok(),
            _ => None,
        };
        if wish.is_none() {
            self.report.error(written.place, "this is no wish", "write `local-only` or `cloud-ok`");
        }
        wish
    }

    fn expectation(&mut self, raw: &At<RawExpectation>) -> Option<Expectation> {
        let RawExpectation { level, categories, rule, zone, target, denied, may_leave } = &raw.value;
        let mut expect = Expectation::default();
        if let Some(level) = level {
            expect.level = Some(level.take(self.report)?);
        }
        for category in categories {
            expect.categories.insert(self.category(category)?);
        }
        if let Some(rule) = rule {
            expect.rule = Some(self.rule(rule)?);
        }
        if let Some(zone) = zone {
            expect.zone = Some(zone.take(self.report)?);
        }
        if let Some(target) = target {
            expect.target = Some(self.target(target)?);
        }
        if let Some(denied) = denied {
            expect.denied = Some(self.denied(denied)?);
        }
        if let Some(may_leave) = may_leave {
            expect.may_leave = Some(may_leave.take(self.report)?);
        }
        if expect == Expectation::default() {
            let help = "write one of `level`, `categories`, `rule`, `zone`, `target`, `denied`, `may_leave`";
            self.report.error(raw.place, "this case expects nothing, and so tests nothing", help);
        }
        Some(expect)
    }

    fn category(&mut self, written: &At<String>) -> Option<Category> {
        let parsed = written.value.parse::<Category>();
        parsed.map_err(|error| self.report.error(written.place, error.to_string(), "")).ok()
    }

    fn rule(&mut self, written: &At<String>) -> Option<String> {
        const UNMATCHED: &str = "no rule matched";
        let known = || self.loaded.policy.rules().iter().map(|rule| rule.name.as_str()).chain([UNMATCHED]);
        if known().any(|rule| rule == written.value) {
            return Some(written.value.clone());
        }
        let help = suggest(&written.value, known());
        self.report.error(written.place, format!("there is no rule `{}`", written.value), &help);
        None
    }

    fn target(&mut self, written: &At<String>) -> Option<String> {
        let known = || self.loaded.catalogue.targets().map(|(_, target)| &*target.name);
        if known().any(|target| target == written.value) {
            return Some(written.value.clone());
        }
        let names: Vec<&str> = known().collect();
        let help = suggest(&written.value, names.iter().copied());
        self.report.error(written.place, format!("there is no target `{}`", written.value), &help);
        None
    }

    fn denied(&mut self, written: &At<String>) -> Option<Denied> {
        let codes = DenialCode::ALL.map(DenialCode::as_str);
        match written.value.as_str() {
            "true" => Some(Denied::Yes),
            "false" => Some(Denied::No),
            code if codes.contains(&code) => Some(Denied::With(code.to_owned())),
            other => {
                let help = suggest(other, codes.into_iter().chain(["true", "false"]));
                self.report.error(written.place, format!("`{other}` cannot stand here"), &help);
                None
            }
        }
    }
}
