//! Other gateways' configurations as `weir.yaml`.
//!
//! Each file comes to a `weir.yaml` and a list that says of everything in it whether it means the same in
//! Weir, about the same, or nothing. Nothing is left out of that list. Secrets are not copied: where a key
//! stands in the file, a variable's name stands in `weir.yaml`.

mod account;
mod agentgateway;
mod draft;
mod litellm;
mod provider;
#[cfg(test)]
mod tests;

pub use agentgateway::agentgateway;
pub use litellm::litellm;

use crate::yaml;
use serde_json::Value;

/// What a file comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The text of `weir.yaml`.
    pub weir_yaml: String,
    /// What became of each thing in the file, in its order.
    pub items: Vec<ImportedItem>,
}

/// What became of one thing in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedItem {
    /// Where it stands, such as `model_list[0].litellm_params.rpm`.
    pub path: String,
    /// How well it could be said.
    pub fidelity: Fidelity,
    /// What it is now, or what to do.
    pub note: String,
}

/// How well something can be said in Weir's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fidelity {
    /// It means the same.
    Exact,
    /// It means about the same.
    Approximate,
    /// Nothing stands for it.
    NotSupported,
}

impl Fidelity {
    /// Its words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Fidelity::Exact => "exact",
            Fidelity::Approximate => "approximate",
            Fidelity::NotSupported => "not supported",
        }
    }
}

/// Why a file cannot be imported at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is no YAML.
    #[error("the file is not YAML: {0}")]
    Yaml(String),
    /// It is YAML, but of something else.
    #[error("the file is no configuration of {gateway}: it has no `{wanted}`")]
    OtherFile {
        /// Whose it should be.
        gateway: &'static str,
        /// What it would have.
        wanted: &'static str,
    },
    /// Nothing in it is a model that Weir can reach.
    #[error("no model in the file can be imported{0}")]
    Nothing(String),
}

fn read(text: &str) -> Result<Value, ImportError> {
    yaml::read_value(text).map_err(ImportError::Yaml)
}

/// The members of an object; none of anything else.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A value as the text that a configuration has for it.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
