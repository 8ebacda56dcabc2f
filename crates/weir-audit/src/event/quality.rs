use super::words;
use crate::Ident;
use serde::{Deserialize, Serialize};
use weir_label::ZoneKind;

/// It was heard whether an answer was good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRated {
    /// The request that was answered.
    pub request_id: Ident,
    /// Its decision.
    pub decision_id: Ident,
    /// By what it was heard: `feedback`, `regenerated`, `edited`, `continued`.
    pub signal: Ident,
    /// How good it was, from 0 to a million.
    pub score: u64,
    /// What the same caller said of it before, which this takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
    /// Why, in a word of the caller's own code list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Ident>,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Ident>,
    /// Who answered: `gpu-1/llama-70b`.
    pub target: Ident,
    /// The zone of the target.
    #[serde(with = "words::one")]
    pub zone: ZoneKind,
    /// Who says it: `caller`, `admin`, or `weir` where it follows from how a conversation went on.
    pub by: Ident,
    /// Public id of the key of who says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Ident>,
}

/// A cascade looked at an answer before it was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerChecked {
    /// The request.
    pub request_id: Ident,
    /// Its decision.
    pub decision_id: Ident,
    /// The attempt that was answered.
    pub attempt: u32,
    /// `passed`, or what is wrong with it: `empty`, `refusal`, `json`, `schema`, `tool_call`, `cut_off`, `logprob`.
    pub check: Ident,
    /// Whether a stronger target is asked.
    pub escalates: bool,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Ident>,
    /// Who answered.
    pub target: Ident,
    /// The zone of the target.
    #[serde(with = "words::one")]
    pub zone: ZoneKind,
    /// Tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_in: Option<u64>,
    /// Tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_out: Option<u64>,
    /// What the attempt cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
}

/// Answers of both zones to one request were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswersCompared {
    /// The request of the client.
    pub request_id: Ident,
    /// Its decision.
    pub decision_id: Ident,
    /// The request that the other zone was asked with, whose decision and outcome are in the log.
    pub other_request_id: Ident,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Ident>,
    /// Who answered inside.
    pub local: Ident,
    /// Who answered outside.
    pub cloud: Ident,
    /// The local target that compared.
    pub judge: Ident,
    /// Whose answer was better: `local`, `cloud`, `equal`; `unclear` where there is no judgement.
    pub verdict: Ident,
}
