//! A request that shows something, as facts that cases of a policy take.

use serde_json::{Map, Value, json};
use weir_analyse::telling_facts;
use weir_policy::{Fact, FactValue, OwnedFacts};

/// Its facts in a line of YAML.
pub(super) fn in_a_line(request: &OwnedFacts) -> String {
    let facts: Vec<String> = written(request)
        .into_iter()
        .map(|(name, value)| match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| plain(item).to_owned()).collect();
                format!("{name}: [{}]", items.join(", "))
            }
            value => format!("{name}: {}", plain(&value)),
        })
        .collect();
    format!("{{ {} }}", facts.join(", "))
}

/// Its facts as JSON: what stands under `facts` in a case.
pub(super) fn as_json(request: &OwnedFacts) -> Value {
    Value::Object(written(request).into_iter().collect::<Map<String, Value>>())
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn written(request: &OwnedFacts) -> Vec<(String, Value)> {
    let facts =
        telling_facts(request).into_iter().map(|(fact, value)| (fact.name().into_owned(), of(&fact, &value)));
    let wish = request.wish.map(|wish| ("wish".to_owned(), json!(wish.as_str())));
    facts.chain(wish).collect()
}

fn of(fact: &Fact, value: &FactValue) -> Value {
    match value {
        FactValue::Categories(all) => json!(all.iter().map(ToString::to_string).collect::<Vec<_>>()),
        FactValue::Jurisdictions(all) => json!(all.iter().map(ToString::to_string).collect::<Vec<_>>()),
        FactValue::Modalities(all) => json!(all.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()),
        FactValue::Names(all) => json!(all),
        FactValue::Entities(found) => {
            json!(found.iter().map(|(entity, count)| format!("{entity} {count}")).collect::<Vec<_>>())
        }
        FactValue::Unknown
        | FactValue::Flag(_)
        | FactValue::Number(_)
        | FactValue::Name(_)
        | FactValue::Level(_)
        | FactValue::LatencyClass(_)
        | FactValue::Task(_)
        | FactValue::ResponseFormat(_)
        | FactValue::Weekday(_) => json!(fact.show(value)),
    }
}
