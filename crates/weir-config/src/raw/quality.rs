//! What `policy.yaml` says of how good answers must be.

use super::rollout::Share;
use super::weir::RawBudget;
use crate::scalar::ByteSize;
use crate::word::Word;
use crate::yaml::{At, Field, Scalar, Wrong};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use weir_policy::Check;

/// A share of the quality of the best target, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor(pub u64);

impl Scalar for Floor {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let number = text.strip_prefix(">=").unwrap_or(text).trim();
        let (number, whole) = number.strip_suffix('%').map_or((number, 1e6), |number| (number.trim(), 1e4));
        let share = number.parse::<f64>().ok().map(|number| (number * whole).round());
        match share {
            Some(share) if (0.0..=1e6).contains(&share) => Ok(Self(share as u64)),
            _ => Err(Wrong::new(
                format!("`{text}` is no share of the best quality"),
                "it goes from 0 to 1, such as `\">= 0.9\"` or `90 %`",
            )),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": ["string", "number"], "examples": [">= 0.9", "90 %"] })
    }
}

/// Whether what callers say of their task is taken for the task type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptsDeclared(pub bool);

impl Word for AcceptsDeclared {
    const WORDS: &'static [(&'static str, Self)] = &[("accept", Self(true)), ("ignore", Self(false))];
}

/// A mean log-probability, negated, in thousandths of a nat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogProb(pub u32);

impl Scalar for LogProb {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let number = text.parse::<f64>().ok().filter(|number| (-20.0..=0.0).contains(number));
        let help = "it is a natural logarithm from -20 to 0, such as `-1.5`";
        number
            .map(|number| Self((-number * 1000.0).round() as u32))
            .ok_or_else(|| Wrong::new(format!("`{text}` is no mean log-probability"), help))
    }

    fn schema() -> Schema {
        json_schema!({ "type": ["number", "string"], "minimum": -20, "maximum": 0 })
    }
}

/// Whether answers are checked, and how.
#[derive(Debug)]
pub enum RawCascade {
    /// `true` or `false`.
    Plain(bool),
    /// With settings.
    Of(Box<RawChecks>),
}

/// What of an answer is checked before it is given out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Cascade")]
pub struct RawChecks {
    /// What an answer is rejected for. `empty`: it says nothing. `refusal`: it refuses. `json`: it is no JSON, and
    /// JSON was asked for. `schema`: it does not keep to the schema. `tool_call`: it calls a tool that was not offered,
    /// or with arguments that the tool does not take. `cut_off`: it ends at its limit or in a filter. Default: all.
    pub checks: Option<At<Vec<Field<Check>>>>,
    /// The mean log-probability of its tokens below which an answer is rejected, such as `-1.5`; looked at where the
    /// caller asked for log-probabilities. Default: none.
    pub logprob: Option<Field<LogProb>>,
    /// The most bytes of an answer that are held back; a longer one is given out unchecked. Default: `256KiB`.
    pub buffer: Option<Field<ByteSize>>,
    /// Whether streamed answers are held back whole, too, for callers that do not say so themselves with
    /// `x-weir-cascade: on`. Default: `false`.
    pub streams: bool,
}

impl<'de> Deserialize<'de> for RawCascade {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = RawCascade;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or a mapping")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(RawCascade::Plain(value))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                RawChecks::deserialize(MapAccessDeserializer::new(map))
                    .map(|checks| RawCascade::Of(Box::new(checks)))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for RawCascade {
    fn schema_name() -> Cow<'static, str> {
        "CascadeOrNot".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, generator.subschema_for::<RawChecks>()] })
    }
}

/// Answers of both zones to the same requests, compared by a model inside the network. What is classified takes no part,
/// and what a rule keeps inside does not either.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Evaluation")]
pub struct RawEvaluation {
    /// The share of the requests that may run in both zones which are answered by both, such as `1 %`.
    pub share: Field<Share>,
    /// The local target that compares, such as `gpu/qwen3-32b`.
    pub judge: At<String>,
    /// The most of them in an hour. Default: 60.
    pub per_hour: Option<Field<NonZeroU32>>,
    /// What they may cost in the cloud. It counts against the budget of all callers together too, and against that of no
    /// key or tenant. Default: no bound of its own.
    #[serde(default)]
    pub budget: RawBudget,
}
