use crate::Ident;
use serde::{Deserialize, Serialize};

/// How a request ended. Optional fields are left out when unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The request.
    pub request_id: Ident,
    /// The id that the client was shown.
    pub decision_id: Ident,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// The status the client got; absent if it got none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
    /// Tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_in: Option<u64>,
    /// Tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_out: Option<u64>,
    /// Whether the token counts are Weir's estimate and not the backend's count.
    pub tokens_estimated: bool,
    /// What it cost, in micro-USD, by these tokens; absent without a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
    /// Time to the first token, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft_us: Option<u64>,
    /// Time from the request's arrival to its end, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_us: Option<u64>,
    /// Time in queues, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_us: Option<u64>,
    /// Body bytes sent to backends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_out: Option<u64>,
    /// Body bytes received from backends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_in: Option<u64>,
    /// Address of the backend that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_ip: Option<Ident>,
    /// The model that the backend says it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_used: Option<Ident>,
    /// Weir's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<Ident>,
    /// How many attempts left the plan.
    pub attempts: u32,
    /// The attempt whose answer the client got, where it is not the last: of two at once the first may, and a later one may
    /// have come to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_attempt: Option<u32>,
    /// SHA-256 of the file that holds the captured answer, if it was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_digest: Option<Ident>,
}

impl Outcome {
    /// An outcome of which nothing else is known: no attempt, no tokens, no time.
    #[must_use]
    pub fn new(request_id: Ident, decision_id: Ident, outcome: OutcomeKind) -> Self {
        Self {
            request_id,
            decision_id,
            outcome,
            http_status: None,
            finish_reason: None,
            tokens_in: None,
            tokens_out: None,
            tokens_estimated: false,
            cost_micro_usd: None,
            ttft_us: None,
            total_us: None,
            queue_us: None,
            bytes_out: None,
            bytes_in: None,
            peer_ip: None,
            model_used: None,
            error_code: None,
            attempts: 0,
            answered_attempt: None,
            content_digest: None,
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The client got the whole answer.
    Ok,
    /// The client went away.
    ClientCancelled,
    /// The backend broke off.
    UpstreamAborted,
    /// A deadline passed.
    Timeout,
    /// Refused: by the policy, a limit, or lack of capacity.
    Rejected,
    /// Weir or the backend failed.
    Failed,
}

impl OutcomeKind {
    /// Every kind.
    pub const ALL: [OutcomeKind; 6] = [
        OutcomeKind::Ok,
        OutcomeKind::ClientCancelled,
        OutcomeKind::UpstreamAborted,
        OutcomeKind::Timeout,
        OutcomeKind::Rejected,
        OutcomeKind::Failed,
    ];

    /// The word used in events and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            OutcomeKind::Ok => "ok",
            OutcomeKind::ClientCancelled => "client_cancelled",
            OutcomeKind::UpstreamAborted => "upstream_aborted",
            OutcomeKind::Timeout => "timeout",
            OutcomeKind::Rejected => "rejected",
            OutcomeKind::Failed => "failed",
        }
    }
}

/// Why a model stopped. A word of the backend's that is not listed is `other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It was done, or met a stop sequence.
    Stop,
    /// It met the token limit.
    Length,
    /// It calls tools.
    ToolCalls,
    /// It calls a function, in the older notation.
    FunctionCall,
    /// The provider's filter stepped in.
    ContentFilter,
    /// Anything else.
    Other,
}

impl FinishReason {
    /// The word used in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::FunctionCall => "function_call",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Other => "other",
        }
    }

    /// The reason that a backend's word in the OpenAI dialect names.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "stop" => FinishReason::Stop,
            "length" => FinishReason::Length,
            "tool_calls" => FinishReason::ToolCalls,
            "function_call" => FinishReason::FunctionCall,
            "content_filter" => FinishReason::ContentFilter,
            _ => FinishReason::Other,
        }
    }
}
