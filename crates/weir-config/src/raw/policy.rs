//! `policy.yaml` as written.

use super::detectors::RawDetector;
use super::extractors::RawExtractor;
use super::quality::{AcceptsDeclared, Floor, RawCascade, RawEvaluation};
use super::{Entries, OneOrMany};
use crate::TimeZone;
use crate::facts::{description, pool_description, scalar_schema};
use crate::policy::pools::POOL_STATES;
use crate::scalar::{Name, Version};
use crate::yaml::{At, Field};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use weir_classify::{Checksum, Profile};
use weir_label::{Category, Jurisdiction, Level, ZoneKind};
use weir_policy::{Fact, Step};

/// What the compliance and platform teams own together: what data is classified, and where requests
/// may run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "policy.yaml", rename = "Policy")]
pub struct RawPolicy {
    /// Version of this format: 1.
    pub policy: Field<Version>,
    /// The level from which data is classified: it never leaves the network, whatever a rule says.
    /// Default: `confidential`.
    pub boundary: Option<Field<Level>>,
    /// Which data has which level.
    #[serde(default)]
    pub data: RawData,
    /// For each jurisdiction that data may be bound to, those in which backends may process it, such as
    /// `EU: [EU, DE]`. Data of a jurisdiction that is not listed stays in that jurisdiction.
    #[serde(default)]
    pub residency: Entries<Vec<Field<Jurisdiction>>>,
    /// The time zone of `time.weekday` and `time.hour`, such as `Europe/Berlin`. Default: `UTC`.
    pub time_zone: Option<Field<TimeZone>>,
    /// Conditions with a name, to be used in rules as `group: NAME`. One may use those above it.
    #[serde(default)]
    pub groups: Entries<At<RawCondition>>,
    /// Whether the task type that a caller declares in the header `x-weir-task` takes the place of the one that Weir
    /// sees. `ignore` for policies that keep requests inside by their task type. Default: `accept`.
    pub declared_task: Option<Field<AcceptsDeclared>>,
    /// A share of the requests that may run in both zones is answered by both, and a local model compares the answers: so
    /// it is measured where local suffices. Default: none.
    pub evaluate: Option<At<RawEvaluation>>,
    /// Rules in order; the first that matches decides. A request that none matches stays local.
    #[serde(default)]
    pub rules: Vec<At<RawRule>>,
}

/// Which data has which level: a level for each category, and the organisation's own terms and patterns.
#[derive(Debug, Default)]
pub struct RawData {
    pub default: Option<Field<Level>>,
    pub profile: Option<Field<Profile>>,
    pub entities: Entries<At<String>>,
    pub terms: Vec<RawTerms>,
    pub patterns: Vec<RawPattern>,
    pub indexes: Vec<RawIndex>,
    pub allow: Entries<Vec<At<String>>>,
    pub recognisers: Entries<At<String>>,
    pub detectors: Vec<RawDetector>,
    pub extractors: Vec<RawExtractor>,
    pub categories: Vec<(At<String>, Field<Level>)>,
}

impl<'de> Deserialize<'de> for RawData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Data;

        impl<'de> Visitor<'de> for Data {
            type Value = RawData;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of categories to levels")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut data = RawData::default();
                while let Some(key) = map.next_key::<At<String>>()? {
                    match key.value.as_str() {
                        "default" => data.default = Some(map.next_value()?),
                        "profile" => data.profile = Some(map.next_value()?),
                        "entities" => data.entities = map.next_value()?,
                        "detectors" => data.detectors = map.next_value()?,
                        "extractors" => data.extractors = map.next_value()?,
                        "terms" => data.terms = map.next_value()?,
                        "patterns" => data.patterns = map.next_value()?,
                        "indexes" => data.indexes = map.next_value()?,
                        "allow" => data.allow = map.next_value()?,
                        "recognisers" => data.recognisers = map.next_value()?,
                        _ => data.categories.push((key, map.next_value()?)),
                    }
                }
                Ok(data)
            }
        }

        deserializer.deserialize_map(Data)
    }
}

impl JsonSchema for RawData {
    fn schema_name() -> Cow<'static, str> {
        "Data".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        let mut add = |name: &str, schema: Schema, description: &str| {
            properties.insert(name.to_owned(), described(schema, description).to_value());
        };
        let level = Field::<Level>::json_schema(generator);
        add("default", level.clone(), "The level of data in which nothing was found.");
        add(
            "profile",
            generator.subschema_for::<Field<Profile>>(),
            "When a person's name is personal data. `strict`: always. `balanced`: beside a second personal attribute or in a context of personal data. Default: `strict`.",
        );
        for (category, description) in CATEGORIES {
            add(category.as_str(), level.clone(), description);
        }
        add(
            "entities",
            entities_schema(&level),
            "Levels of single entity types, over that of their category; `off` stops looking for one, such as `IP_ADDRESS: off`.",
        );
        add(
            "terms",
            generator.subschema_for::<Vec<RawTerms>>(),
            "The organisation's own words: codenames, customers, projects.",
        );
        add(
            "patterns",
            generator.subschema_for::<Vec<RawPattern>>(),
            "The organisation's own identifiers, as regular expressions.",
        );
        add(
            "indexes",
            generator.subschema_for::<Vec<RawIndex>>(),
            "The organisation's own records and documents, as `weir index` makes them.",
        );
        add(
            "allow",
            json_schema!({
                "type": "object",
                "additionalProperties": { "type": "array", "items": { "type": "string", "minLength": 1 } },
            }),
            "Values of an entity type that are no findings: written out, with `*` and `?`, or as a network, such as `EMAIL_ADDRESS: [support@example.com]`.",
        );
        add(
            "recognisers",
            entities_schema(&level),
            "Levels of single recognisers, as `weir recognisers` names them, over that of their entity type; `off` stops one.",
        );
        add(
            "detectors",
            generator.subschema_for::<Vec<RawDetector>>(),
            "Detectors inside the network that are asked about what Weir's own inspection leaves open.",
        );
        add(
            "extractors",
            generator.subschema_for::<Vec<RawExtractor>>(),
            "Programs on this machine that give the text of attachments, such as PDF. Without one an attachment is opaque and so classified, unless it is plain text.",
        );
        json_schema!({
            "description": "Which data has which level: `default`, a level for each category (categories of your own included), and the organisation's own terms and patterns.",
            "type": "object",
            "properties": properties,
            "additionalProperties": described(level, "The level of a category of your own, which a term list or pattern gives."),
        })
    }
}

const CATEGORIES: [(Category, &str); 7] = [
    (Category::Personal, "Data about an identifiable person."),
    (Category::SpecialCategory, "GDPR Art. 9: health, biometrics, belief, union membership, orientation."),
    (Category::Financial, "Cards, accounts, salaries."),
    (Category::Credentials, "Keys, tokens, passwords."),
    (Category::SourceCode, "Program text of the organisation's own."),
    (Category::Legal, "Contracts, privileged correspondence."),
    (Category::Business, "Plans, prices, codenames."),
];

fn entities_schema(level: &Schema) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "anyOf": [level, { "const": "off" }] } })
}

fn described(mut schema: Schema, description: &str) -> Schema {
    schema.insert("description".to_owned(), description.into());
    schema
}

/// Words that mark data as of a category.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Terms")]
pub struct RawTerms {
    /// What findings of this list are called.
    pub name: At<String>,
    /// The words. Either these or `file`.
    pub words: Option<At<Vec<At<String>>>>,
    /// A text file with one word or phrase a line; empty lines and lines that begin with `#` do not
    /// count. Relative to this file.
    pub file: Option<At<String>>,
    /// The category that a hit gives. Default: `business`.
    pub category: Option<At<String>>,
    /// The level that a hit gives. Default: that of the category.
    pub level: Option<Field<Level>>,
    /// Whether capitals count. Default: `false`.
    pub case_sensitive: Option<Field<bool>>,
    /// Whether a word is found with endings and in German compounds too. Default: `true`, or `false` where
    /// capitals count.
    pub inflect: Option<Field<bool>>,
    /// Phrases within which a word is none, such as `Orion nebula`.
    #[serde(default)]
    pub allow: Vec<At<String>>,
    /// Whose law binds what a word is found in, such as `DE`.
    pub jurisdiction: Option<Field<Jurisdiction>>,
}

/// Records or documents of the organisation's own, as `weir index` makes a file of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Index")]
pub struct RawIndex {
    /// The file. Relative to this file.
    pub file: At<String>,
    /// What its findings are called. Default: the file's name without its ending.
    pub name: Option<At<String>>,
    /// The category that a hit gives. Default: `personal` for records, `business` for documents.
    pub category: Option<At<String>>,
    /// The level that a hit gives. Default: that of the category.
    pub level: Option<Field<Level>>,
    /// Whose law binds the data, such as `DE`.
    pub jurisdiction: Option<Field<Jurisdiction>>,
}

/// A regular expression that marks data as of a category.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pattern")]
pub struct RawPattern {
    /// What its findings are called.
    pub name: At<String>,
    /// The regular expression, in the syntax of Rust's `regex`: no look-around, no back-references.
    pub regex: At<String>,
    /// The category that a hit gives. Default: `business`.
    pub category: Option<At<String>>,
    /// The level that a hit gives. Default: that of the category.
    pub level: Option<Field<Level>>,
    /// The entity type that a hit counts as, such as `CASE_NUMBER`. Default: `PATTERN`.
    pub entity: Option<At<String>>,
    /// Words of which one must stand near a match, or in the key of the value.
    #[serde(default)]
    pub context: Vec<At<String>>,
    /// What the check characters of a match must be right by.
    pub checksum: Option<Field<Checksum>>,
    /// Values, or regular expressions for them, that are no hits.
    #[serde(default)]
    pub allow: Vec<At<String>>,
    /// Whose law binds what a match is found in, such as `DE`.
    pub jurisdiction: Option<Field<Jurisdiction>>,
}

/// When it matches, where a request may run. The boundary comes first: a rule chooses among the
/// targets that it leaves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub struct RawRule {
    /// What records and explanations call it.
    pub name: At<String>,
    /// What must hold of a request. Left out: the rule matches always.
    pub when: Option<At<RawCondition>>,
    /// Which of the alias's targets: `local`, `cloud`, `any`, or a list of backends (`gpu`), targets
    /// (`gpu/qwen3-32b`), tags (`tag:large`) and jurisdictions (`jurisdiction:EU`). Or a mapping of which
    /// all must hold: `{zone: cloud, jurisdiction: EU}`.
    #[schemars(with = "Option<UseSchema>")]
    pub r#use: Option<At<RawUse>>,
    /// Refuse the request, with this message to the caller. Instead of `use`.
    pub deny: Option<At<String>>,
    /// Which target first. `order`: as listed in `use`, or else in the alias. `local`: local ones.
    /// `cheapest`: by the price of the expected tokens. `fastest`: by the measured time to the first token.
    /// `best`: by the quality that was measured, or else declared, for the task type. Or a list of zones, backends, targets, tags and
    /// jurisdictions, of which earlier ones come first. Default: `order`.
    #[schemars(with = "Option<PreferSchema>")]
    pub prefer: Option<At<OneOrMany>>,
    /// What to do, in order, when every target that may be used at once is full. `queue 10s`: wait so
    /// long for a place. `degrade`: take a smaller local model of the alias. `burst`: go to a cloud target
    /// behind the local ones. `reject`: refuse. Default: `[queue 10s, reject]`.
    pub when_full: Option<At<Vec<Field<Step>>>>,
    /// The least quality for the task type, as a share of that of the best target that is left: with `">= 0.9"` and
    /// `prefer: cheapest`, the cheapest of those that are good enough. Default: none.
    pub quality: Option<Field<Floor>>,
    /// Answer locally first, and once more by a stronger target that is permitted when the answer plainly does not do.
    /// Default: `false`.
    pub cascade: Option<At<RawCascade>>,
    /// What must be done, or the request is refused. `audit.durable`: the record of the decision is on the
    /// disk before the request goes anywhere, inside the network too. `audit.content`: prompt and answer are captured,
    /// encrypted for the auditor whose key `audit.content` in weir.yaml has.
    #[serde(default)]
    pub require: Vec<At<String>>,
    /// Words of your own that records and metrics of these requests carry.
    #[serde(default)]
    #[schemars(with = "TagSchema")]
    pub tag: Option<At<OneOrMany>>,
}

/// The targets that a rule uses.
#[derive(Debug)]
pub enum RawUse {
    /// `local`, or a list.
    Listed(OneOrMany),
    /// Properties that they must all have.
    Where(RawWhere),
}

/// Properties of targets, of which all must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Where")]
pub struct RawWhere {
    /// `local` or `cloud`.
    pub zone: Option<Field<ZoneKind>>,
    /// One of these backends or targets.
    #[serde(default)]
    pub of: Vec<At<String>>,
    /// All of these tags, without `tag:`.
    #[serde(default)]
    pub tags: Vec<Field<Name>>,
    /// A backend that processes in one of these jurisdictions.
    #[serde(default)]
    pub jurisdiction: Vec<Field<Jurisdiction>>,
}

impl<'de> Deserialize<'de> for RawUse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Targets;

        impl<'de> Visitor<'de> for Targets {
            type Value = RawUse;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value, a list of values or a mapping")
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(RawUse::Listed(OneOrMany::One(value.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                let listed = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
                Ok(RawUse::Listed(OneOrMany::Many(listed)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                RawWhere::deserialize(MapAccessDeserializer::new(map)).map(RawUse::Where)
            }
        }

        deserializer.deserialize_any(Targets)
    }
}

/// What an editor should know of `prefer`.
enum PreferSchema {}

impl JsonSchema for PreferSchema {
    fn schema_name() -> Cow<'static, str> {
        "Prefer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "enum": PREFERENCES },
                { "type": "array", "minItems": 1, "items": { "type": "string", "examples": ["local", "gpu", "tag:large"] } },
            ],
        })
    }
}

/// The orders that have a name.
pub const PREFERENCES: [&str; 5] = ["order", "local", "cheapest", "fastest", "best"];

/// What an editor should know of `tag`.
enum TagSchema {}

impl JsonSchema for TagSchema {
    fn schema_name() -> Cow<'static, str> {
        "Tag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        OneOrMany::schema_of(json_schema!({ "type": "string", "pattern": "^[a-z0-9._-]{1,64}$" }))
    }
}

/// What an editor should know of `use`.
enum UseSchema {}

impl JsonSchema for UseSchema {
    fn schema_name() -> Cow<'static, str> {
        "Use".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let selector = json_schema!({ "type": "string", "examples": ["local", "cloud", "any", "tag:large", "jurisdiction:EU"] });
        json_schema!({
            "anyOf": [
                selector.clone(),
                { "type": "array", "items": selector, "minItems": 1 },
                generator.subschema_for::<RawWhere>(),
            ],
        })
    }
}

/// Tests that must all hold.
#[derive(Debug)]
pub struct RawCondition(pub Vec<RawPart>);

/// One entry of a condition.
#[derive(Debug)]
pub enum RawPart {
    All(At<Vec<At<RawCondition>>>),
    Any(At<Vec<At<RawCondition>>>),
    Not(At<RawCondition>),
    Group(At<OneOrMany>),
    Test { fact: At<String>, values: At<OneOrMany> },
}

impl<'de> Deserialize<'de> for RawCondition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;

        impl<'de> Visitor<'de> for Parts {
            type Value = RawCondition;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of facts to values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(key) = map.next_key::<At<String>>()? {
                    parts.push(match key.value.as_str() {
                        "all" => RawPart::All(map.next_value()?),
                        "any" => RawPart::Any(map.next_value()?),
                        "not" => RawPart::Not(map.next_value()?),
                        "group" => RawPart::Group(map.next_value()?),
                        _ => RawPart::Test { fact: key, values: map.next_value()? },
                    });
                }
                Ok(RawCondition(parts))
            }
        }

        deserializer.deserialize_map(Parts)
    }
}

impl JsonSchema for RawCondition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        for fact in Fact::all() {
            let schema = described(OneOrMany::schema_of(scalar_schema(&fact)), &description(&fact));
            properties.insert(fact.name().into_owned(), schema.to_value());
        }
        for pool in ["local", "cloud"] {
            let schema = described(OneOrMany::schema_of(pool_states()), &pool_description(pool));
            properties.insert(format!("capacity.{pool}"), schema.to_value());
        }
        let list = generator.subschema_for::<Vec<RawCondition>>();
        let one = generator.subschema_for::<RawCondition>();
        let mut add = |name: &str, schema: Schema, description: &str| {
            properties.insert(name.to_owned(), described(schema, description).to_value());
        };
        add("all", list.clone(), "All of these must hold.");
        add("any", list, "At least one of these must hold.");
        add("not", one, "This must not hold.");
        let names = OneOrMany::schema_of(json_schema!({ "type": "string", "minLength": 1 }));
        add("group", names, "The condition of this name in `groups`, or one of several, must hold.");
        let of_pool = described(
            OneOrMany::schema_of(json_schema!({ "type": ["string", "number"] })),
            "How full a pool is: `capacity.POOL` is `idle`, `busy` or `full`, and `capacity.POOL.utilisation`, `.queue` and `.ttft` are numbers. A pool is a backend (`gpu`), a target (`gpu/qwen3-32b`), a tag (`tag:large`) or a jurisdiction.",
        );
        json_schema!({
            "description": "Facts and the values they must have; all must hold. A list means any of its values.",
            "type": "object",
            "properties": properties,
            "patternProperties": { "^capacity\\..+$": of_pool },
            "additionalProperties": false,
        })
    }
}

fn pool_states() -> Schema {
    json_schema!({ "type": "string", "enum": POOL_STATES })
}
