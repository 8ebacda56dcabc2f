//! The facts of a decision, as its record holds them. `replay` reads them back.

use std::collections::BTreeMap;
use weir_audit::event::Fact;
use weir_audit::{Ident, Name};
use weir_label::ZoneKind;
use weir_policy::{Catalogue, Facts, Load, Measure, Modality, NumberFact, Pool, ResponseFormat, Word, Words};

/// The fact that is no fact of rules: where the caller would like the request to run.
pub(crate) const WISH: &str = "wish";

/// The fact that is no fact of rules: tokens that answers to such requests have had, from which costs were estimated.
pub(crate) const EXPECTED_OUTPUT: &str = "request.expected_output_tokens";
/// The facts that are no facts of rules: how good targets are by what was measured, for orders and floors.
pub(crate) const QUALITY: &str = "quality.";

/// Beside the facts: what came of asking the encoder for the task type.
pub(crate) const ENCODER: &str = "task.encoder";

/// Beside the facts: the fields that the target's API has nothing for.
pub(crate) const LEFT_OUT: &str = "request.left_out";

/// The facts that are recorded nowhere else, under the names that rules use. What is not known, and what is
/// as it mostly is, is left out; day, hour and estimated cost follow from the rest.
pub(crate) fn record_facts(facts: &Facts<'_>, catalogue: &Catalogue) -> BTreeMap<Ident, Fact> {
    let name = |name, value: Option<&str>| Some((Ident::fixed(name), named(value?)));
    let fixed = |name, value: &'static str| Some((Ident::fixed(name), Fact::Word(Ident::fixed(value))));
    let flag = |name, value: bool| value.then(|| (Ident::fixed(name), Fact::Bool(true)));
    let number = |name, value: Option<u64>| Some((Ident::fixed(name), Fact::Number(value?)));
    let Facts { caller, request, data, task, latency, cost, capacity, time: _, wish, unfit: _, quality } =
        facts;
    // In the order of their names, in which a map is made quickest.
    let mut recorded: BTreeMap<Ident, Fact> = [
        name("caller.app", caller.app),
        name("caller.environment", caller.environment),
        name("caller.name", caller.name),
        name("caller.team", caller.team),
        number("cost.budget_left", cost.budget_left_micro_usd),
        flag("data.opaque", data.label.is_opaque()),
        fixed("latency.class", latency.class.as_str()),
        number("latency.deadline", latency.deadline_ms),
        number("latency.target", latency.target_ms),
        name("request.alias", Some(request.alias)),
        number(EXPECTED_OUTPUT, cost.expected_output_tokens),
        name("request.language", request.language),
        number("request.max_output_tokens", request.max_output_tokens),
        name("request.reasoning_effort", request.reasoning_effort),
        (request.response_format != ResponseFormat::Text)
            .then(|| fixed("request.response_format", request.response_format.as_str()))
            .flatten(),
        flag("request.tools", request.tools),
        number("task.complexity", task.complexity_millionths),
        number("task.complexity_rank", task.complexity_rank_millionths),
        number("task.confidence", task.confidence_millionths),
        number("task.margin", task.margin_millionths),
        task.kind.and_then(|kind| fixed("task.type", kind.as_str())),
        task.unsure.map(|unsure| (Ident::fixed("task.unsure"), Fact::Bool(unsure))),
        number("task.weak_fail", task.weak_fail_millionths),
        wish.and_then(|wish| fixed(WISH, wish.as_str())),
    ]
    .into_iter()
    .flatten()
    .collect();
    if request.modalities != Words::from([Modality::Text]) {
        let kinds = request.modalities.iter().map(|kind| Ident::fixed(kind.word())).collect();
        recorded.insert(Ident::fixed("request.modality"), Fact::Words(kinds));
    }
    if let Some(scopes) = caller.scopes {
        let scopes = scopes.iter().map(|scope| Ident::new(scope)).collect();
        recorded.insert(Ident::fixed("caller.scopes"), Fact::Words(scopes));
    }
    let zones = [(ZoneKind::Local, capacity.local), (ZoneKind::Cloud, capacity.cloud)];
    for (zone, load) in zones {
        record_load(&Pool::Zone(zone), load, &mut recorded);
    }
    for (pool, load) in capacity.named {
        record_load(&Pool::Named(pool.clone()), *load, &mut recorded);
    }
    for (id, measured) in *quality {
        if let Some(target) = catalogue.target(*id) {
            recorded.insert(Ident::new(&format!("{QUALITY}{}", target.name)), Fact::Number(*measured));
        }
    }
    recorded
}

/// The operator's name as it is if it has no spaces and the like, which is shorter to write.
fn named(text: &str) -> Fact {
    let word = Ident::new(text);
    if word.as_str() == text { Fact::Word(word) } else { Fact::Name(Name::new(text)) }
}

fn record_load(pool: &Pool, load: Load, recorded: &mut BTreeMap<Ident, Fact>) {
    let Load { utilisation_millionths, queue, ttft_ms } = load;
    let measured = [
        (Measure::Utilisation, utilisation_millionths),
        (Measure::Queue, queue),
        (Measure::TimeToFirstToken, ttft_ms),
    ];
    for (measure, value) in measured {
        if let Some(value) = value {
            let name = NumberFact::Load(pool.clone(), measure).name();
            recorded.insert(Ident::new(&name), Fact::Number(value));
        }
    }
}
