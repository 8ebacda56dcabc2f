//! The facts that a condition can name.

use schemars::{Schema, json_schema};
use weir_label::Level;
use weir_policy::{Flag, LatencyClass, NameFact, NumberFact};

/// A fact that a condition can name, by the kind of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Level,
    Categories,
    Entities,
    Jurisdictions,
    LatencyClass,
    Flag(Flag),
    Name(NameFact),
    Number(NumberFact),
}

impl Fact {
    /// Every fact.
    pub fn all() -> impl Iterator<Item = Fact> + Clone {
        [Fact::Level, Fact::Categories, Fact::Entities, Fact::Jurisdictions, Fact::LatencyClass]
            .into_iter()
            .chain(Flag::ALL.into_iter().map(Fact::Flag))
            .chain(NameFact::ALL.into_iter().map(Fact::Name))
            .chain(NumberFact::ALL.into_iter().map(Fact::Number))
    }

    /// The fact of this name.
    pub fn named(name: &str) -> Option<Fact> {
        Fact::all().find(|fact| fact.name() == name)
    }

    /// The name used in policies.
    pub fn name(self) -> &'static str {
        match self {
            Fact::Level => "data.level",
            Fact::Categories => "data.categories",
            Fact::Entities => "data.entities",
            Fact::Jurisdictions => "data.jurisdictions",
            Fact::LatencyClass => "latency.class",
            Fact::Flag(flag) => flag.as_str(),
            Fact::Name(name) => name.as_str(),
            Fact::Number(number) => number.as_str(),
        }
    }

    /// What an editor shows.
    pub fn description(self) -> &'static str {
        match self {
            Fact::Level => {
                "The level of the request's data, such as `\">= confidential\"`. Of data that could not be inspected it is `restricted`."
            }
            Fact::Categories => "The data holds one of these categories, such as `personal`.",
            Fact::Entities => {
                "One of these entity types was found, such as `CREDIT_CARD`; `US_*` means all that begin so."
            }
            Fact::Jurisdictions => "The data is bound to one of these jurisdictions, such as `EU`.",
            Fact::LatencyClass => "`interactive`: somebody waits for the answer. `batch`: nobody does.",
            Fact::Flag(Flag::Opaque) => "Part of the request could not be inspected.",
            Fact::Flag(Flag::Stream) => "The answer is to be streamed.",
            Fact::Flag(Flag::Tools) => "Tools are offered to the model.",
            Fact::Flag(Flag::Images) => "Images are attached.",
            Fact::Name(NameFact::CallerKey) => "The id of the caller's key; `abc*` means all that begin so.",
            Fact::Name(NameFact::CallerName) => {
                "The name of the caller's key; `hr-*` means all that begin so."
            }
            Fact::Name(NameFact::CallerTenant) => "The caller's tenant; `eu-*` means all that begin so.",
            Fact::Name(NameFact::CallerTeam) => "The caller's team; `hr-*` means all that begin so.",
            Fact::Name(NameFact::CallerApp) => "The calling application; `chat-*` means all that begin so.",
            Fact::Name(NameFact::CallerEnvironment) => {
                "The environment of the caller's key, such as `production`."
            }
            Fact::Name(NameFact::RequestAlias) => {
                "The model name that the application asked for; `code-*` means all that begin so."
            }
            Fact::Name(NameFact::RequestEndpoint) => "The API endpoint, such as `chat.completions`.",
            Fact::Number(NumberFact::PromptTokens) => {
                "Tokens of the prompt, estimated, such as `\"< 4000\"`."
            }
        }
    }

    /// What one value may be.
    pub fn scalar_schema(self) -> Schema {
        match self {
            Fact::Level => {
                let levels = Level::ALL.map(Level::as_str).join("|");
                json_schema!({ "type": "string", "pattern": format!("^((<|<=|=|>=|>) ?)?({levels})$") })
            }
            Fact::LatencyClass => json_schema!({ "enum": LatencyClass::ALL.map(LatencyClass::as_str) }),
            Fact::Flag(_) => json_schema!({ "type": "boolean" }),
            Fact::Number(_) => {
                json_schema!({ "type": ["integer", "string"], "pattern": "^((<|<=|=|>=|>) ?)?[0-9]+$" })
            }
            Fact::Categories | Fact::Entities | Fact::Jurisdictions | Fact::Name(_) => {
                json_schema!({ "type": "string", "minLength": 1 })
            }
        }
    }
}
