//! What data is processed for, as written.

use crate::scalar::Name;
use crate::yaml::{At, Field};
use schemars::JsonSchema;
use serde::Deserialize;

/// What the data of some callers is processed for: `key`, `tenant`, `team` and `app` say whose, each of them that is given;
/// without any it is about all callers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Purpose")]
pub struct RawPurpose {
    /// The purpose, in a few words.
    pub purpose: At<String>,
    /// The legal basis, in the words of Art. 6 GDPR: `consent`, `contract`, `legal_obligation`, `vital_interests`,
    /// `public_task`, `legitimate_interests`; or a word of your own.
    pub legal_basis: Option<Field<Name>>,
    /// Whose data it is: `[customers, employees]`.
    #[serde(default)]
    pub data_subjects: Vec<Field<Name>>,
    /// Name or id of an API key.
    pub key: Option<At<String>>,
    /// A tenant.
    pub tenant: Option<At<String>>,
    /// A team.
    pub team: Option<At<String>>,
    /// An application.
    pub app: Option<At<String>>,
}
