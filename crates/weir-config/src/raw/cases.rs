//! Cases of a policy as written.

use super::{Entries, OneOrMany};
use crate::facts::description;
use crate::yaml::{At, Field};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::borrow::Cow;
use weir_label::{Level, ZoneKind};
use weir_policy::Fact;

/// What stands for the wish of the caller, which is none of the rules' facts.
pub const WISH: &str = "wish";

/// Cases that a policy must pass before it is applied: requests or facts, and what must come of them. They are
/// kept beside the policy, in `policy.test.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "policy.test.yaml", rename = "Cases")]
pub struct RawCases {
    /// Facts that all cases have in common, such as `request.alias: auto`.
    #[serde(default)]
    pub facts: RawFacts,
    /// The cases.
    pub cases: Vec<RawCase>,
}

/// A request or facts, and what must come of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Case")]
pub struct RawCase {
    /// What it is called, in a sentence.
    pub name: At<String>,
    /// A message; stands for a request that holds nothing else. Either this or `request` or neither.
    pub text: Option<At<String>>,
    /// The body of a chat completion request.
    pub request: Option<RawBody>,
    /// Facts, over those of the request or the message. Without either, over those of an empty request with
    /// public data.
    #[serde(default)]
    pub facts: RawFacts,
    /// What must come of it.
    pub expect: At<RawExpectation>,
}

/// What must come of a case. What is left out may be anything.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Expectation")]
pub struct RawExpectation {
    /// The level of its data.
    pub level: Option<Field<Level>>,
    /// Categories that its data has, among others.
    pub categories: Vec<At<String>>,
    /// The rule that decides.
    pub rule: Option<At<String>>,
    /// The zone of the target that is tried first.
    pub zone: Option<Field<ZoneKind>>,
    /// The target that is tried first, written `backend/model`.
    pub target: Option<At<String>>,
    /// `true`, `false`, or the code with which it is refused: `policy_denied`, `no_local_target`,
    /// `context_too_long`, `no_target_left`, `no_fit_target`, `over_budget`.
    pub denied: Option<At<String>>,
    /// Whether any target in the cloud may be tried: at once, when local is full, or when it fails.
    pub may_leave: Option<Field<bool>>,
}

/// Facts by name.
#[derive(Debug, Default)]
pub struct RawFacts(pub Vec<(At<String>, At<OneOrMany>)>);

impl<'de> Deserialize<'de> for RawFacts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Entries::deserialize(deserializer).map(|Entries(facts)| Self(facts))
    }
}

impl JsonSchema for RawFacts {
    fn schema_name() -> Cow<'static, str> {
        "Facts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let types = json!(["string", "number", "boolean", "array"]);
        let value = json!({ "type": types });
        let of = |fact: Fact| {
            let schema = json!({ "description": description(&fact), "type": types });
            (fact.name().into_owned(), schema)
        };
        let mut properties: serde_json::Map<String, Value> = Fact::all().map(of).collect();
        properties.insert(
            WISH.to_owned(),
            json!({
                "description": "Where the caller would like it to run.",
                "enum": ["local-only", "cloud-ok"],
            }),
        );
        // The capacity of pools has the pools' names in it.
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": value })
    }
}

/// A request body, written in YAML.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct RawBody(pub Value);

impl JsonSchema for RawBody {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Body".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}
