use crate::json::Json;

/// A request that cannot be served as it stands, and what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRequest {
    /// The stable word for programs.
    pub code: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
    /// The field, as a JSON path without `$.`, or `None` when the text as a whole is at fault.
    pub param: Option<String>,
}

impl BadRequest {
    /// Something wrong with one field.
    pub fn field(code: &'static str, param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), param: Some(param.into()) }
    }

    /// A field that holds another kind of value than it must.
    #[must_use]
    pub fn shape(param: &str, expected: &str, found: &Json) -> Self {
        Self::field("invalid_type", param, format!("`{param}` must be {expected}, not {}", found.kind()))
    }

    /// A field that must be there.
    #[must_use]
    pub fn missing(param: &str) -> Self {
        Self::field("missing_required_parameter", param, format!("`{param}` is missing"))
    }

    /// A field that Weir passes on to no backend.
    #[must_use]
    pub fn unsupported(param: &str, why: &str) -> Self {
        Self::field("unsupported_parameter", param, format!("`{param}` {why}"))
    }
}
