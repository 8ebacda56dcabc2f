//! Cases: requests or facts, and what the policy must make of them.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use weir_label::{Category, Level, ZoneKind};
use weir_policy::{
    Action, Catalogue, Condition, Decision, Fact, FactValue, Facts, OwnedFacts, Policy, RouteWish, Rule,
    TargetId, Test, Truth, Unsettable,
};

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// The file it is in.
    pub file: String,
    /// The line at which it begins.
    pub line: usize,
    /// A request, as JSON. Its facts are found by inspection, as those of any request.
    pub request: Option<String>,
    /// Facts, over those of the request or, without one, over those of an empty request.
    pub facts: Vec<(Fact, FactValue)>,
    /// Where the caller would like it to run.
    pub wish: Option<RouteWish>,
    /// What must come of it.
    pub expect: Expectation,
}

/// What must come of a case. What is `None` may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// The level of its data.
    pub level: Option<Level>,
    /// Categories that its data has, among others.
    pub categories: BTreeSet<Category>,
    /// The rule that decides.
    pub rule: Option<String>,
    /// The zone of the target that is tried first.
    pub zone: Option<ZoneKind>,
    /// The target that is tried first.
    pub target: Option<String>,
    /// Whether it is refused, and if a word is given, with which code.
    pub denied: Option<Denied>,
    /// Whether any target in the cloud may be tried: at once, when local is full, or when it fails.
    pub may_leave: Option<bool>,
}

/// Whether a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// It is not.
    No,
    /// It is, whatever the code.
    Yes,
    /// It is, with this code.
    With(String),
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The case's name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// What was not as expected; nothing if it passed.
    pub wrong: Vec<String>,
}

impl Judgement {
    /// Whether all was as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.wrong.is_empty()
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, file, line, wrong } = self;
        write!(f, "{file}:{line}: case `{name}`: {}", wrong.join("; "))
    }
}

impl Case {
    /// Its facts, over those that inspection found in its request.
    ///
    /// # Errors
    /// [`Unsettable`] when a fact cannot have the value.
    pub fn facts(&self, inspected: Option<OwnedFacts>) -> Result<OwnedFacts, Unsettable> {
        let mut facts = inspected.unwrap_or_default();
        for (fact, value) in &self.facts {
            facts.set(fact, value.clone())?;
        }
        facts.wish = self.wish.or(facts.wish);
        Ok(facts)
    }

    /// Compares what was decided with what must be.
    #[must_use]
    pub fn judge(&self, catalogue: &Catalogue, facts: &Facts<'_>, decision: &Decision) -> Judgement {
        let mut wrong = self.expect.of_data(facts);
        wrong.extend(self.expect.of_decision(catalogue, decision));
        self.judgement(wrong)
    }

    /// A judgement for when it cannot be decided about at all.
    #[must_use]
    pub fn judgement(&self, wrong: Vec<String>) -> Judgement {
        Judgement { name: self.name.clone(), file: self.file.clone(), line: self.line, wrong }
    }
}

impl Expectation {
    fn of_data(&self, facts: &Facts<'_>) -> Vec<String> {
        let label = facts.data.label;
        let mut wrong = Vec::new();
        if let Some(level) = self.level.filter(|level| *level != label.level()) {
            wrong.push(format!("level is `{}`, not `{level}`", label.level()));
        }
        for category in self.categories.iter().filter(|category| !label.categories().contains(*category)) {
            wrong.push(format!("category `{category}` was not found"));
        }
        wrong
    }

    fn of_decision(&self, catalogue: &Catalogue, decision: &Decision) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(rule) = self.rule.as_ref().filter(|rule| *rule != decision.rule.as_str()) {
            wrong.push(format!("rule `{}` decided, not `{rule}`", decision.rule));
        }
        match &decision.action {
            Action::Deny(denial) => {
                wrong.extend(self.of_denial(denial.code.as_str(), &denial.message));
            }
            Action::Route(plan) => {
                let all: Vec<TargetId> = plan.targets().chain(plan.degrade.iter().copied()).collect();
                wrong.extend(self.of_plan(catalogue, plan.first.first().copied(), &all));
            }
        }
        wrong
    }

    fn of_denial(&self, code: &str, message: &str) -> Option<String> {
        match &self.denied {
            Some(Denied::Yes) => None,
            Some(Denied::With(wanted)) if wanted == code => None,
            Some(Denied::With(wanted)) => Some(format!("it is denied with `{code}`, not `{wanted}`")),
            Some(Denied::No) => Some(format!("it is denied (`{code}`): {message}")),
            None if self.zone.is_some() || self.target.is_some() || self.may_leave == Some(true) => {
                Some(format!("it is denied (`{code}`): {message}"))
            }
            None => None,
        }
    }

    fn of_plan(&self, catalogue: &Catalogue, first: Option<TargetId>, all: &[TargetId]) -> Vec<String> {
        let mut wrong = Vec::new();
        let first = first.and_then(|id| catalogue.target(id));
        let name = first.map_or("nothing", |target| &*target.name);
        if matches!(self.denied, Some(Denied::Yes | Denied::With(_))) {
            wrong.push(format!("it is not denied, but goes to `{name}`"));
        }
        if let Some(zone) = self.zone.filter(|zone| first.map(|target| target.zone()) != Some(*zone)) {
            wrong.push(format!("it goes to `{name}`, which is not in zone `{}`", zone.as_str()));
        }
        if let Some(target) = self.target.as_ref().filter(|target| *target != name) {
            wrong.push(format!("it goes to `{name}`, not to `{target}`"));
        }
        let leaving = all.iter().filter_map(|id| catalogue.target(*id));
        let leaving = leaving.into_iter().find(|target| target.zone() == ZoneKind::Cloud);
        match (self.may_leave, leaving) {
            (Some(false), Some(target)) => {
                wrong.push(format!("it may leave, to `{}`", target.name));
            }
            (Some(true), None) => wrong.push("no target in the cloud is tried".to_owned()),
            (Some(true), Some(_)) | (Some(false), None) | (None, _) => {}
        }
        wrong
    }
}

/// Which rules and which of their tests the cases have seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The rules in order.
    pub rules: Vec<RuleCoverage>,
}

/// What the cases have seen of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCoverage {
    /// Its name.
    pub rule: String,
    /// How many cases it decided.
    pub decided: u64,
    /// The tests of its condition.
    pub tests: Vec<TestCoverage>,
}

/// What the cases that came to a rule have seen of one test of its condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCoverage {
    /// The fact that it looks at.
    pub fact: String,
    /// Whether it held once.
    pub held: bool,
    /// Whether it did not hold once.
    pub failed: bool,
}

impl Coverage {
    /// Nothing seen yet.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let rule = |rule: &Rule| RuleCoverage {
            rule: rule.name.as_str().to_owned(),
            decided: 0,
            tests: tests(&rule.when)
                .map(|test| TestCoverage {
                    fact: test.fact().name().into_owned(),
                    held: false,
                    failed: false,
                })
                .collect(),
        };
        Self { rules: policy.rules().iter().map(rule).collect() }
    }

    /// Adds what a case sees: the rules up to the one that decides.
    pub fn see(&mut self, policy: &Policy, facts: &Facts<'_>) {
        for (rule, seen) in policy.rules().iter().zip(&mut self.rules) {
            for (test, seen) in tests(&rule.when).zip(&mut seen.tests) {
                match test.evaluate(facts) {
                    Truth::True => seen.held = true,
                    Truth::False => seen.failed = true,
                    Truth::Unknown => {}
                }
            }
            if rule.matches(facts) {
                seen.decided += 1;
                return;
            }
        }
    }

    /// Rules that decided a case, of all.
    #[must_use]
    pub fn rules_seen(&self) -> (usize, usize) {
        (self.rules.iter().filter(|rule| rule.decided > 0).count(), self.rules.len())
    }

    /// Branches seen, of all: each test has two.
    #[must_use]
    pub fn branches_seen(&self) -> (usize, usize) {
        let tests = || self.rules.iter().flat_map(|rule| &rule.tests);
        let seen = tests().map(|test| usize::from(test.held) + usize::from(test.failed)).sum();
        (seen, tests().count() * 2)
    }

    /// What no case has seen, a line for each.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        self.rules.iter().flat_map(RuleCoverage::gaps).collect()
    }
}

impl RuleCoverage {
    fn gaps(&self) -> Vec<String> {
        let rule = &self.rule;
        if self.decided == 0 {
            return vec![format!("no case is decided by rule `{rule}`")];
        }
        let gap = |test: &TestCoverage| {
            let what = match (test.held, test.failed) {
                (true, true) => return None,
                (true, false) => "does not hold",
                (false, true) => "holds",
                (false, false) => "is known",
            };
            Some(format!("rule `{rule}`: no case in which its test of `{}` {what}", test.fact))
        };
        self.tests.iter().filter_map(gap).collect()
    }
}

fn tests(condition: &Condition) -> impl Iterator<Item = &Test> {
    let mut tests = Vec::new();
    condition.each_test(&mut |test| tests.push(test));
    tests.into_iter()
}

/// The results in the format that CI systems read.
///
/// Source: the schema of Jenkins' xUnit plugin, `junit-10.xsd`.
#[must_use]
pub fn junit(judgements: &[Judgement]) -> String {
    let failures = judgements.iter().filter(|judgement| !judgement.passed()).count();
    let count = judgements.len();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"weir policy test\" tests=\"{count}\" \
         failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n"
    );
    for Judgement { name, file, line, wrong } in judgements {
        let (name, file) = (escaped(name), escaped(file));
        // Writing to a string cannot fail.
        let _ =
            write!(xml, "    <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\"");
        let _ = match wrong.first() {
            None => writeln!(xml, "/>"),
            Some(first) => writeln!(
                xml,
                ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                escaped(first),
                escaped(&wrong.join("\n"))
            ),
        };
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text as XML holds it. What XML cannot hold at all becomes `?`.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod tests_of_junit {
    use super::*;

    #[test]
    fn names_and_messages_cannot_break_the_report() {
        let judgement = Judgement {
            name: "a \"b\" <c> & \u{1}".to_owned(),
            file: "p.yaml".to_owned(),
            line: 3,
            wrong: vec!["it goes to `a<b`".to_owned(), "and more".to_owned()],
        };
        let xml = junit(&[judgement]);
        assert!(xml.contains("name=\"a &quot;b&quot; &lt;c&gt; &amp; ?\""), "{xml}");
        assert!(xml.contains("tests=\"1\" failures=\"1\""), "{xml}");
        assert!(xml.contains("message=\"it goes to `a&lt;b`\">it goes to `a&lt;b`&#10;and more<"), "{xml}");
    }
}
