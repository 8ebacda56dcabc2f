//! The facts of a decision, as its record holds them. `replay` reads them back.

use std::collections::BTreeMap;
use weir_audit::event::{Decision, Fact};
use weir_audit::{Ident, Name};
use weir_config::Purpose;
use weir_label::ZoneKind;
use weir_policy::{
    CallerFacts, Catalogue, Facts, Load, Measure, Modality, NumberFact, Pool, ResponseFormat, Word, Words,
};

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

/// Room for what is known of most requests.
const USUAL_FACTS: usize = 12;

/// What the data of a caller is processed for, by the first entry that is about it.
pub(super) fn note_purpose(record: &mut Decision, purposes: &[Purpose], caller: CallerFacts<'_>) {
    let is_about = |wanted: &Option<String>, found: &[Option<&str>]| {
        wanted.as_deref().is_none_or(|wanted| found.contains(&Some(wanted)))
    };
    let found = purposes.iter().find(|purpose| {
        is_about(&purpose.key, &[caller.key, caller.name])
            && is_about(&purpose.tenant, &[caller.tenant])
            && is_about(&purpose.team, &[caller.team])
            && is_about(&purpose.app, &[caller.app])
    });
    record.purpose = found.map(|found| found.purpose.clone());
    record.legal_basis = found.and_then(|found| found.legal_basis.clone());
    record.data_subjects = found.map(|found| found.data_subjects.clone()).unwrap_or_default();
}

/// The facts that are recorded nowhere else, under the names that rules use. What is not known, and what is
/// as it mostly is, is left out; day, hour and estimated cost follow from the rest.
pub(crate) fn record_facts(facts: &Facts<'_>, catalogue: &Catalogue) -> BTreeMap<Ident, Fact> {
    let Facts { caller, request, data, task, latency, cost, capacity, time: _, wish, unfit: _, quality } =
        facts;
    let mut recorded = Vec::with_capacity(USUAL_FACTS);
    let mut record = |name: &'static str, value: Option<Fact>| {
        recorded.extend(value.map(|value| (Ident::fixed(name), value)));
    };
    let name = |value: Option<&str>| value.map(named);
    let fixed = |value: &'static str| Some(Fact::Word(Ident::fixed(value)));
    let flag = |value: bool| value.then_some(Fact::Bool(true));
    let number = |value: Option<u64>| value.map(Fact::Number);
    // In the order of their names, in which a map is made quickest.
    record("caller.app", name(caller.app));
    record("caller.environment", name(caller.environment));
    record("caller.name", name(caller.name));
    record("caller.team", name(caller.team));
    record("cost.budget_left", number(cost.budget_left_micro_usd));
    record("data.opaque", flag(data.label.is_opaque()));
    record("latency.class", fixed(latency.class.as_str()));
    record("latency.deadline", number(latency.deadline_ms));
    record("latency.target", number(latency.target_ms));
    record("request.alias", name(Some(request.alias)));
    record(EXPECTED_OUTPUT, number(cost.expected_output_tokens));
    record("request.language", name(request.language));
    record("request.max_output_tokens", number(request.max_output_tokens));
    record("request.reasoning_effort", name(request.reasoning_effort));
    if request.response_format != ResponseFormat::Text {
        record("request.response_format", fixed(request.response_format.as_str()));
    }
    record("request.tools", flag(request.tools));
    record("task.complexity", number(task.complexity_millionths));
    record("task.complexity_rank", number(task.complexity_rank_millionths));
    record("task.confidence", number(task.confidence_millionths));
    record("task.margin", number(task.margin_millionths));
    record("task.type", task.kind.and_then(|kind| fixed(kind.as_str())));
    record("task.unsure", task.unsure.map(Fact::Bool));
    record("task.weak_fail", number(task.weak_fail_millionths));
    record(WISH, wish.and_then(|wish| fixed(wish.as_str())));
    let mut recorded: BTreeMap<Ident, Fact> = recorded.into_iter().collect();
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
