//! The two-rule policy as one table: what becomes of each kind of backend for each kind of request.
//!
//! `INSTA_UPDATE=always cargo test -p weir-policy --test matrix` writes the table anew; a policy change
//! shows as changed rows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{boundary, catalogue, cloud, facts, jurisdiction, local, priced, two_rules};
use std::fmt::Write;
use weir_label::{Label, Level};
use weir_policy::{Action, Catalogue, Decision, Facts, Policy, RouteWish, TargetId, Verdict, decide};

const WISHES: [Option<RouteWish>; 3] = [None, Some(RouteWish::LocalOnly), Some(RouteWish::CloudOk)];
const BOUND_TO: [Option<&str>; 3] = [None, Some("EU"), Some("US")];

#[test]
fn the_two_rule_policy_decides_as_reviewed() {
    let boundary = boundary(Level::Confidential);
    let below = |name, place| cloud(&boundary, name, Level::Internal, place);
    let targets = vec![
        priced(local(&boundary, "gpu", Level::Restricted), 1, 1),
        local(&boundary, "meek", Level::Internal),
        priced(below("us", Some("US")), 2, 2),
        priced(below("de", Some("DE")), 3, 3),
        below("anywhere", None),
    ];
    let catalogue = catalogue(targets, vec![local(&boundary, "small", Level::Restricted)]);
    let policy = two_rules(boundary);
    let mut table = header(&catalogue);
    for level in Level::ALL {
        for opaque in [false, true] {
            for bound_to in BOUND_TO {
                for wish in WISHES {
                    table.push_str(&row(&policy, &catalogue, level, opaque, bound_to, wish));
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

fn header(catalogue: &Catalogue) -> String {
    let mut line = format!("{:<13}{:<8}{:<7}{:<12}", "level", "opaque", "bound", "wish");
    for (_, target) in catalogue.targets() {
        let _ = write!(line, "{:<17}", format!("{}:{}", target.zone(), target.backend));
    }
    line + "decision\n"
}

fn row(
    policy: &Policy,
    catalogue: &Catalogue,
    level: Level,
    opaque: bool,
    bound_to: Option<&str>,
    wish: Option<RouteWish>,
) -> String {
    let mut label = Label::at(level);
    if opaque {
        label = label.with_opaque();
    }
    if let Some(place) = bound_to {
        label = label.with_jurisdiction(jurisdiction(place));
    }
    let facts = Facts { wish, ..facts(&label) };
    let decision = decide(policy, catalogue, catalogue.alias("auto").unwrap(), &facts);
    let opaque = if opaque { "yes" } else { "no" };
    let wish = wish.map_or("-", RouteWish::as_str);
    let mut line = format!("{:<13}{opaque:<8}{:<7}{wish:<12}", level.as_str(), bound_to.unwrap_or("-"));
    for (_, verdict) in &decision.considered {
        let word = match verdict {
            Verdict::Candidate => "yes",
            Verdict::Excluded(exclusion) => exclusion.code(),
        };
        let _ = write!(line, "{word:<17}");
    }
    line + &outcome(catalogue, &decision) + "\n"
}

fn outcome(catalogue: &Catalogue, decision: &Decision) -> String {
    let names = |ids: &[TargetId]| {
        ids.iter().map(|id| catalogue.target(*id).unwrap().backend.to_string()).collect::<Vec<_>>().join(" ")
    };
    match &decision.action {
        Action::Deny(denial) => format!("{}: deny {}", decision.rule, denial.code),
        Action::Route(plan) => format!(
            "{}: first [{}] overflow [{}] degrade [{}]",
            decision.rule,
            names(&plan.first),
            names(&plan.overflow),
            names(&plan.degrade)
        ),
    }
}
