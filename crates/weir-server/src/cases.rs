//! The cases beside a policy, run against it.

use crate::pipeline::circumstances::Circumstances;
use crate::pipeline::decide::facts;
use crate::pipeline::explain::anybody;
use crate::pipeline::inspect::look;
use crate::snapshot::Snapshot;
use serde_json::{Value, json};
use weir_config::{Problems, Source, load_cases};
use weir_policy::{CostFacts, Expected, Fact, FactValue, Facts, NumberFact, OwnedFacts, Tier, TimeFacts};
use weir_rollout::{Case, Coverage, Judgement};
use weir_wire::json::Limits;
use weir_wire::request::ClientRequest;

/// What came of the cases of a policy.
#[derive(Debug)]
pub struct CaseReport {
    /// One for each case, in the order of the files.
    pub judgements: Vec<Judgement>,
    /// What the cases have seen of the policy.
    pub coverage: Coverage,
}

impl CaseReport {
    /// All of it, as `weir policy test --json` and the admin API give it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let case = |judgement: &Judgement| {
            let Judgement { name, file, line, wrong } = judgement;
            json!({ "name": name, "file": file, "line": line, "passed": wrong.is_empty(), "wrong": wrong })
        };
        let (rules, of_rules) = self.coverage.rules_seen();
        let (branches, of_branches) = self.coverage.branches_seen();
        json!({
            "cases": self.judgements.iter().map(case).collect::<Vec<_>>(),
            "passed": self.failed().next().is_none(),
            "rules": { "seen": rules, "all": of_rules },
            "branches": { "seen": branches, "all": of_branches },
            "gaps": self.coverage.gaps(),
        })
    }

    /// Those that did not pass.
    pub fn failed(&self) -> impl Iterator<Item = &Judgement> {
        self.judgements.iter().filter(|judgement| !judgement.passed())
    }
}

impl Snapshot {
    /// Runs the cases beside the policy. Connects to nothing: detectors are not asked, and no capacity is
    /// known but what a case says.
    ///
    /// # Errors
    /// [`Problems`] of the files of cases, when one of them cannot be read.
    pub fn run_cases(&self) -> Result<CaseReport, Problems> {
        let mut report = CaseReport { judgements: Vec::new(), coverage: Coverage::of(&self.loaded.policy) };
        let mut problems = Vec::new();
        for (path, text) in &self.policy.cases {
            match load_cases(Source { path, text }, &self.loaded) {
                Ok(cases) => cases.iter().for_each(|case| self.run_case(case, &mut report)),
                Err(Problems(found)) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(report) } else { Err(Problems(problems)) }
    }

    fn run_case(&self, case: &Case, report: &mut CaseReport) {
        let judgement = match self.facts_of_case(case) {
            Err(why) => case.judgement(vec![why]),
            Ok(owned) => {
                let (loaded, facts) = (&self.loaded, owned.borrow());
                report.coverage.see(&loaded.policy, &facts);
                match loaded.catalogue.alias(facts.request.alias) {
                    None => case.judgement(vec![format!("there is no alias `{}`", facts.request.alias)]),
                    Some(alias) => {
                        let decision = weir_policy::decide(&loaded.policy, &loaded.catalogue, alias, &facts);
                        case.judge(&loaded.catalogue, &facts, &decision)
                    }
                }
            }
        };
        report.judgements.push(judgement);
    }

    fn facts_of_case(&self, case: &Case) -> Result<OwnedFacts, String> {
        let inspected = case.request.as_ref().map(|body| self.facts_of_request(body)).transpose()?;
        let mut owned = case.facts(inspected).map_err(|error| error.to_string())?;
        self.estimate_cost(case, &mut owned);
        Ok(owned)
    }

    fn facts_of_request(&self, body: &str) -> Result<OwnedFacts, String> {
        let request = ClientRequest::read(body.as_bytes(), Limits::default()).map_err(|bad| bad.message)?;
        let caller = anybody();
        let inspected = look(request, body.len(), self, &caller);
        let now = Circumstances::nowhere(&inspected);
        let facts = facts(&inspected, &caller, &now);
        Ok(OwnedFacts::from(&Facts { time: TimeFacts::default(), ..facts }))
    }

    /// What it would cost follows from the rest, unless the case says otherwise.
    fn estimate_cost(&self, case: &Case, owned: &mut OwnedFacts) {
        let says =
            |number: &NumberFact| case.facts.iter().any(|(fact, _)| *fact == Fact::Number(number.clone()));
        let facts = owned.borrow();
        let Some(alias) = self.loaded.catalogue.alias(facts.request.alias) else { return };
        let (tokens, limit) = (facts.request.prompt_tokens, facts.request.max_output_tokens);
        let expected = Expected {
            prompt_tokens: tokens,
            max_output_tokens: limit,
            output_tokens: None,
            day: facts.time.day,
            tier: Tier::Usual,
        };
        let cost = CostFacts::estimate(&self.loaded.catalogue, alias, expected);
        let estimates =
            [(NumberFact::CostLocal, cost.local_micro_usd), (NumberFact::CostCloud, cost.cloud_micro_usd)];
        for (number, estimate) in estimates {
            if let (false, Some(estimate)) = (says(&number), estimate) {
                // A number fact takes every number up to its most, which an estimate may exceed.
                let _ = owned.set(&Fact::Number(number), FactValue::Number(estimate));
            }
        }
    }
}
