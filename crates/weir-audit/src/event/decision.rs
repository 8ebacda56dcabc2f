use super::words;
use crate::{FieldPath, Ident, Name};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use weir_label::{Category, Jurisdiction, Level, ZoneKind};

/// The most entries of one list of a decision that are written; `cut` counts the rest.
///
/// Keeps an event under [`MAX_EVENT_BYTES`](crate::frame::MAX_EVENT_BYTES) whatever the request held.
pub(super) const MAX_LIST: usize = 32;

/// Where one attempt of a request shall go, and why.
///
/// Durable before the first byte leaves the network. Optional fields are left out when unknown; lists
/// when empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The request this decision is about: the same for all its attempts and its outcome.
    pub request_id: Ident,
    /// The id that the client is shown.
    pub decision_id: Ident,
    /// Which attempt of the request, from 1.
    pub attempt: u32,
    /// The W3C trace id, if tracing is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<Ident>,
    /// The tenant of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Name>,
    /// Public id of the API key, never the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Ident>,
    /// Keyed hash of the client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_addr_pseudonym: Option<Ident>,
    /// How the caller was identified.
    pub auth_method: AuthMethod,
    /// The API: `chat.completions`.
    pub api: Ident,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// What the data is processed for, as the configuration says of this caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Name>,
    /// On which legal basis: `contract`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<Ident>,
    /// Whose data it is: `customers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_subjects: Vec<Ident>,
    /// Level of the label.
    #[serde(with = "words::one")]
    pub level: Level,
    /// Categories of the label.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "words::list")]
    pub categories: Vec<Category>,
    /// Jurisdictions of the label.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "words::list")]
    pub jurisdictions: Vec<Jurisdiction>,
    /// Why parts could not be inspected: `image`, `detector_failed`. Not empty means opaque.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opaque: Vec<Ident>,
    /// How often each entity type was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingCount>,
    /// The fields in which something was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<FieldPath>,
    /// Digest of detectors and their configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanner_digest: Option<Ident>,
    /// Time that inspection took, in microseconds.
    pub scan_us: u64,
    /// Whether every enabled layer of inspection finished.
    pub scan_complete: bool,
    /// Estimated tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub est_tokens_in: Option<u64>,
    /// The further facts that the policy looked at, by the name that rules use: what a replay needs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<Ident, Fact>,
    /// Digest of the policy.
    pub policy_revision: Ident,
    /// How that policy stands: `all` when it is in force, `share-10` when it is on its way and decides
    /// 10 % of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Ident>,
    /// Digest of the configuration.
    pub config_digest: Ident,
    /// Version of Weir.
    pub binary_version: Ident,
    /// The rule that matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Name>,
    /// The words that the rule gave it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Ident>,
    /// What the rule required besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Ident>,
    /// What is done.
    pub action: Action,
    /// Why, in Weir's own words: `rule`, `no_permitted_target`.
    pub reason: Ident,
    /// Every target that was considered, and what became of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// The target chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Ident>,
    /// Its backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<Ident>,
    /// The backend's zone.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "words::option")]
    pub zone: Option<ZoneKind>,
    /// Where the backend processes data, as the configuration says: a jurisdiction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Ident>,
    /// The model asked of the backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Ident>,
    /// Whether a permit for the cloud zone was minted.
    pub egress_permitted: bool,
    /// SHA-256 of the file that holds the captured prompt, if it was captured: of what is encrypted, since a hash of
    /// the text itself could be guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_digest: Option<Ident>,
    /// What the caller wished and was refused: `route_hint`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides_denied: Vec<Ident>,
    /// What a policy in the shadow would have decided, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
    /// How many entries each list has lost because it was too long. Filled when the record is written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cut: BTreeMap<Ident, u64>,
}

impl Decision {
    /// The decision with lists of 32 entries at most, and in `cut` what is missing.
    #[must_use]
    pub fn bounded(&self) -> Cow<'_, Self> {
        let Self {
            categories,
            jurisdictions,
            opaque,
            findings,
            sources,
            tags,
            candidates,
            overrides_denied,
            ..
        } = self;
        let longest = [
            categories.len(),
            jurisdictions.len(),
            opaque.len(),
            findings.len(),
            sources.len(),
            tags.len(),
            candidates.len(),
            overrides_denied.len(),
        ];
        if longest.into_iter().all(|length| length <= MAX_LIST) {
            return Cow::Borrowed(self);
        }
        let mut decision = self.clone();
        decision.bound();
        Cow::Owned(decision)
    }

    fn bound(&mut self) {
        let Self {
            categories,
            jurisdictions,
            opaque,
            findings,
            sources,
            tags,
            candidates,
            overrides_denied,
            cut,
            ..
        } = self;
        bound("categories", categories, cut);
        bound("jurisdictions", jurisdictions, cut);
        bound("opaque", opaque, cut);
        bound("findings", findings, cut);
        bound("sources", sources, cut);
        bound("tags", tags, cut);
        bound("candidates", candidates, cut);
        bound("overrides_denied", overrides_denied, cut);
    }
}

fn bound<T>(field: &str, list: &mut Vec<T>, cut: &mut BTreeMap<Ident, u64>) {
    let excess = list.len().saturating_sub(MAX_LIST);
    if excess > 0 {
        list.truncate(MAX_LIST);
        cut.insert(Ident::new(field), excess as u64);
    }
}

/// What a policy in the shadow would have decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// Digest of the policy.
    pub policy_revision: Ident,
    /// Its rule.
    pub rule: Name,
    /// The target it would have tried first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Ident>,
    /// The zone of that target.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "words::option")]
    pub zone: Option<ZoneKind>,
    /// Why it would have refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<Ident>,
}

/// How a caller was identified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Not at all: a caller on the loopback interface while no key exists.
    Loopback,
    /// By an API key.
    Key,
    /// By a signed token.
    Jwt,
    /// By a client certificate.
    Mtls,
    /// Not at all, and refused.
    None,
}

impl AuthMethod {
    /// The word used in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AuthMethod::Loopback => "loopback",
            AuthMethod::Key => "key",
            AuthMethod::Jwt => "jwt",
            AuthMethod::Mtls => "mtls",
            AuthMethod::None => "none",
        }
    }
}

/// How often one entity type was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingCount {
    /// The entity type: `email`, `iban`.
    #[serde(rename = "type")]
    pub entity: Ident,
    /// How often.
    pub count: u64,
}

/// The value of one fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// Yes or no.
    Bool(bool),
    /// A count, a size, a duration in the unit that the fact's name says.
    Number(u64),
    /// One word of a finite or ordered domain, or a name that is written like one.
    Word(Ident),
    /// A name of the operator's.
    Name(Name),
    /// A set of words.
    Words(Vec<Ident>),
}

/// What is done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sent to a target of the plan.
    Route,
    /// Kept until a target has room.
    Queue,
    /// Sent to a smaller local model.
    Degrade,
    /// Sent to the cloud because local is full.
    Burst,
    /// Refused.
    Deny,
}

impl Action {
    /// The word used in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Route => "route",
            Action::Queue => "queue",
            Action::Degrade => "degrade",
            Action::Burst => "burst",
            Action::Deny => "deny",
        }
    }
}

/// A target that was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Backend and model: `gpu-1/llama-70b`.
    pub target: Ident,
    /// The backend's zone.
    #[serde(with = "words::one")]
    pub zone: ZoneKind,
    /// `chosen`, `next`, or why it was excluded: `clearance`, `jurisdiction`, `full`.
    pub verdict: Ident,
}
