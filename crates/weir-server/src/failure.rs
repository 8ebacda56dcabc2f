//! Everything that can end a request without an answer, and the one table that says what the client
//! gets for it.

use crate::rates::{Counted, OverRate};
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::event::OutcomeKind;
use weir_dispatch::{Obstacle, Short};
use weir_policy::DenialCode;
use weir_store::keys::AuthError;
use weir_store::objects::Kind;
use weir_wire::error::Envelope;
use weir_wire::request::BadRequest;

/// Why a request got no answer.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    NoRoute,
    MethodNotAllowed(&'static str),
    UnsupportedMediaType(&'static str),
    NoKey,
    NotLoopback,
    ForeignOrigin,
    BadKey(AuthError),
    BadRequest(BadRequest),
    BadHeader {
        name: &'static str,
        expected: &'static str,
    },
    TooLarge {
        limit: usize,
    },
    BodyTimeout,
    BodyBroken,
    UnknownModel {
        alias: String,
    },
    UnknownDecision {
        id: String,
    },
    NotSigned,
    UnknownObject {
        kind: Kind,
        id: String,
    },
    UnknownAnswer {
        id: String,
    },
    NoRoom {
        bytes: u64,
    },
    Denied {
        code: DenialCode,
        message: String,
        param: Option<Arc<str>>,
    },
    /// It is more than its key may ask for in a minute.
    OverRate(OverRate),
    /// There is no place, and why.
    Full {
        retry_after: Duration,
        obstacle: Obstacle,
    },
    /// It would not be answered before its deadline.
    TooLate {
        retry_after: Duration,
    },
    /// Its deadline has passed before there was an answer.
    Late,
    NothingLeft,
    Draining,
    Backend(BackendFailure),
    Panicked,
}

/// How a backend failed a request.
#[derive(Debug, Clone)]
pub(crate) enum BackendFailure {
    /// Not reached, refused, or broken off before an answer.
    Unreachable { code: &'static str, retry: bool },
    /// Nothing came in time.
    Timeout,
    /// It says that it is full.
    Full { retry_after: Duration, envelope: Option<Envelope>, limited: bool, is_overload: bool },
    /// The request is at fault; the backend's own words.
    ClientError { status: u16, envelope: Envelope },
    /// It refuses Weir's key, does not know the model, redirects, or fails.
    Unusable { retry: bool },
    /// The answer is no chat completion, or an error under a good status.
    Nonsense { message: Option<String> },
    /// The boundary gave no permit at the last check.
    NoPermit,
    /// There can be no record of it now, and nothing leaves without one.
    NoRecord,
    /// Its content has to be captured, and cannot be.
    NotCaptured,
}

impl BackendFailure {
    /// Whether another target of the plan may be tried. Nothing has reached the client yet.
    pub fn may_try_another(&self) -> bool {
        match self {
            BackendFailure::Unreachable { retry, .. } | BackendFailure::Unusable { retry } => *retry,
            BackendFailure::Timeout
            | BackendFailure::Full { .. }
            | BackendFailure::Nonsense { .. }
            | BackendFailure::NoPermit
            | BackendFailure::NoRecord => true,
            BackendFailure::ClientError { .. } | BackendFailure::NotCaptured => false,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            BackendFailure::Unreachable { code, .. } => code,
            BackendFailure::Timeout => "timeout",
            BackendFailure::Full { .. } => "backend_full",
            BackendFailure::ClientError { .. } => "client_error",
            BackendFailure::Unusable { .. } => "backend_unusable",
            BackendFailure::Nonsense { .. } => "malformed_answer",
            BackendFailure::NoPermit => "no_permit",
            BackendFailure::NoRecord => "audit_unavailable",
            BackendFailure::NotCaptured => CONTENT_UNAVAILABLE,
        }
    }
}

/// What the client gets.
#[derive(Debug, Clone)]
pub(crate) struct ErrorReply {
    pub status: StatusCode,
    pub envelope: Envelope,
    pub retry_after: Option<Duration>,
    /// `false` tells SDKs that trying again is useless.
    pub should_retry: Option<bool>,
}

/// The code of what is refused, or broken off, because its content cannot be captured.
pub(crate) const CONTENT_UNAVAILABLE: &str = "content_unavailable";
/// What its client is told.
pub(crate) const NOT_CAPTURED: &str = "the policy has the content of this request captured, which cannot be done now; without it nothing is served";

const INVALID_REQUEST: &str = "invalid_request_error";
const SERVER_ERROR: &str = "server_error";
const RATE_LIMIT: &str = "rate_limit_error";
const RATE_LIMIT_EXCEEDED: &str = "rate_limit_exceeded";

/// SDKs obey `retry-after` without a limit of their own: an hour would be an hour asleep.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

impl Failure {
    /// The table.
    pub fn reply(&self) -> ErrorReply {
        match self {
            Failure::NoRoute => plain(
                404,
                "not_found",
                "there is no such endpoint; Weir serves the APIs of OpenAI under `/v1`, Anthropic's `/v1/messages`, and Ollama's `/api/chat`",
            ),
            Failure::MethodNotAllowed(allowed) => {
                plain(405, "method_not_allowed", &format!("this endpoint takes {allowed}"))
            }
            Failure::UnsupportedMediaType(what) => plain(415, "unsupported_media_type", what),
            Failure::NoKey => plain(
                401,
                "invalid_api_key",
                "no API key was sent; send one as `Authorization: Bearer wk_…` (`weir keys create` makes one)",
            ),
            Failure::NotLoopback => plain(
                401,
                "invalid_api_key",
                "no API key is configured, so that only callers on this machine are served; make one with `weir keys create`",
            ),
            Failure::ForeignOrigin => plain(
                403,
                "permission_denied",
                "without API keys Weir is called by `localhost` or an address, and serves no web pages of other origins; make a key with `weir keys create`",
            ),
            Failure::BadKey(error) => plain(401, "invalid_api_key", key_message(*error)),
            Failure::BadRequest(bad) => with_param(400, bad.code, &bad.message, bad.param.clone()),
            Failure::BadHeader { name, expected } => with_param(
                400,
                "invalid_value",
                &format!("header `{name}` must be {expected}"),
                Some((*name).to_owned()),
            ),
            Failure::TooLarge { limit } => plain(
                413,
                "request_too_large",
                &format!("the body is larger than {limit} bytes (`limits.body` in weir.yaml)"),
            ),
            Failure::BodyTimeout => plain(408, "request_timeout", "the body did not arrive in time"),
            Failure::BodyBroken => plain(400, "invalid_body", "the body broke off"),
            Failure::UnknownModel { alias } => with_param(
                404,
                "model_not_found",
                &format!(
                    "the model `{alias}` does not exist or you may not use it; `GET /v1/models` lists those you may"
                ),
                Some("model".to_owned()),
            ),
            Failure::UnknownObject { kind, id } => {
                let (what, param) = match kind {
                    Kind::Response => ("response", "response_id"),
                    Kind::File => ("file", "file_id"),
                    Kind::Batch => ("batch", "batch_id"),
                };
                let message = format!("there is no {what} `{id}` of yours, or its time is over");
                with_param(404, "not_found", &message, Some(param.to_owned()))
            }
            Failure::NoRoom { bytes } => plain(
                413,
                "no_room",
                &format!(
                    "there is no room for {bytes} bytes more (`limits.kept` and `limits.kept_of_one` in weir.yaml); \
                     delete files that are no longer needed, or send the content within the request"
                ),
            ),
            Failure::UnknownAnswer { id } => with_param(
                404,
                "not_found",
                &format!(
                    "there is no answer `{id}` of yours; name it by its `x-weir-decision-id`, its `x-request-id` or its id"
                ),
                Some("id".to_owned()),
            ),
            Failure::UnknownDecision { id } => with_param(
                404,
                "not_found",
                &format!(
                    "there is no request `{id}` of yours on record; take the id from `x-weir-decision-id` or \
                     `x-request-id`, and the key that made the request"
                ),
                Some("decision".to_owned()),
            ),
            Failure::NotSigned => ErrorReply {
                retry_after: Some(Duration::from_secs(1)),
                ..plain(
                    409,
                    "not_signed_yet",
                    "the request is on record, and no signed checkpoint covers it yet; that takes about a second, try again",
                )
            },
            Failure::Denied { code, message, param } => denied(*code, message, param.as_deref()),
            Failure::OverRate(over) => over_rate(over),
            Failure::Full { retry_after, obstacle } => no_place(*retry_after, *obstacle),
            Failure::TooLate { retry_after } => {
                let message = format!(
                    "this request would not be answered before its deadline (`x-weir-deadline`); try again in {}s",
                    seconds(*retry_after)
                );
                late(&message, *retry_after)
            }
            Failure::Late => late(
                "the deadline of this request (`x-weir-deadline`) has passed before it was answered",
                Duration::from_secs(1),
            ),
            Failure::NothingLeft => {
                server(502, "bad_gateway", "no backend that may answer this request could be reached")
            }
            Failure::Draining => ErrorReply {
                retry_after: Some(Duration::from_secs(1)),
                ..server(503, "overloaded", "shutting down; try again")
            },
            Failure::Backend(failure) => backend_reply(failure),
            Failure::Panicked => {
                server(500, "internal_error", "a bug in Weir; the request was not completed")
            }
        }
    }

    /// The status on Anthropic's API, where an overloaded provider has one of its own.
    pub fn status_for_messages(&self, status: StatusCode) -> StatusCode {
        let is_overload = matches!(self, Failure::Backend(BackendFailure::Full { is_overload: true, .. }));
        if is_overload { StatusCode::from_u16(529).unwrap_or(status) } else { status }
    }

    /// A short stable word for records and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::NoRoute => "not_found",
            Failure::MethodNotAllowed(_) => "method_not_allowed",
            Failure::UnsupportedMediaType(_) => "unsupported_media_type",
            Failure::NoKey => "no_key",
            Failure::NotLoopback => "not_loopback",
            Failure::ForeignOrigin => "foreign_origin",
            Failure::BadKey(error) => error.code(),
            Failure::BadRequest(bad) => bad.code,
            Failure::BadHeader { .. } => "invalid_header",
            Failure::TooLarge { .. } => "request_too_large",
            Failure::BodyTimeout => "request_timeout",
            Failure::BodyBroken => "invalid_body",
            Failure::UnknownModel { .. } => "model_not_found",
            Failure::UnknownDecision { .. } => "decision_not_found",
            Failure::NotSigned => "not_signed_yet",
            Failure::UnknownObject { kind: Kind::Response, .. } => "response_not_found",
            Failure::UnknownObject { kind: Kind::File, .. } => "file_not_found",
            Failure::UnknownObject { kind: Kind::Batch, .. } => "batch_not_found",
            Failure::NoRoom { .. } => "no_room",
            Failure::UnknownAnswer { .. } => "answer_not_found",
            Failure::Denied { code, .. } => code.as_str(),
            Failure::OverRate(OverRate { counted: Counted::Requests, .. }) => "over_request_rate",
            Failure::OverRate(OverRate { counted: Counted::Tokens, .. }) => "over_token_rate",
            Failure::Full { obstacle, .. } => code_of(*obstacle),
            Failure::TooLate { .. } | Failure::Late => "deadline",
            Failure::NothingLeft => "nothing_left",
            Failure::Draining => "draining",
            Failure::Backend(failure) => failure.code(),
            Failure::Panicked => "panic",
        }
    }

    /// What the audit log calls it.
    pub fn outcome(&self) -> OutcomeKind {
        match self {
            Failure::Backend(BackendFailure::Timeout) | Failure::BodyTimeout | Failure::Late => {
                OutcomeKind::Timeout
            }
            Failure::Backend(_) | Failure::NothingLeft | Failure::Panicked => OutcomeKind::Failed,
            Failure::BodyBroken => OutcomeKind::ClientCancelled,
            Failure::NoRoute
            | Failure::MethodNotAllowed(_)
            | Failure::UnsupportedMediaType(_)
            | Failure::NoKey
            | Failure::NotLoopback
            | Failure::ForeignOrigin
            | Failure::BadKey(_)
            | Failure::BadRequest(_)
            | Failure::BadHeader { .. }
            | Failure::TooLarge { .. }
            | Failure::UnknownModel { .. }
            | Failure::UnknownDecision { .. }
            | Failure::NotSigned
            | Failure::UnknownObject { .. }
            | Failure::NoRoom { .. }
            | Failure::UnknownAnswer { .. }
            | Failure::Denied { .. }
            | Failure::OverRate(_)
            | Failure::Full { .. }
            | Failure::TooLate { .. }
            | Failure::Draining => OutcomeKind::Rejected,
        }
    }
}

fn backend_reply(failure: &BackendFailure) -> ErrorReply {
    match failure {
        BackendFailure::Unreachable { .. } => {
            server(502, "bad_gateway", "the backend could not be reached or broke off")
        }
        BackendFailure::Timeout => server(504, "timeout", "the backend did not answer in time"),
        BackendFailure::Full { retry_after, envelope, limited, is_overload: _ } => {
            full_reply(*retry_after, envelope.as_ref(), *limited)
        }
        BackendFailure::ClientError { status, envelope } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
            ErrorReply { status, envelope: envelope.clone(), retry_after: None, should_retry: None }
        }
        BackendFailure::Unusable { .. } => server(
            502,
            "bad_gateway",
            "the backend cannot serve this request; its status is in the operator's log",
        ),
        BackendFailure::Nonsense { message } => {
            let message = message.as_deref().unwrap_or("the backend's answer is no chat completion");
            server(502, "bad_gateway", message)
        }
        BackendFailure::NoRecord => server(
            503,
            "audit_unavailable",
            "the audit log cannot be written, and nothing is served without a record",
        ),
        BackendFailure::NotCaptured => server(503, CONTENT_UNAVAILABLE, NOT_CAPTURED),
        BackendFailure::NoPermit => {
            server(503, "overloaded", "the policy changed while the request was under way; try again")
        }
    }
}

/// A backend's 429 is its limit for Weir's account and stays one; anything else that means "full" is
/// an overload.
fn full_reply(retry_after: Duration, envelope: Option<&Envelope>, limited: bool) -> ErrorReply {
    if !limited {
        return no_place(retry_after, Obstacle::Full);
    }
    let seconds = seconds(retry_after);
    let message = envelope.map_or("the backend's rate limit is reached", |e| e.message.as_str());
    let envelope = Envelope {
        message: format!("{message} Please try again in {seconds}s."),
        kind: RATE_LIMIT.to_owned(),
        code: Some(envelope.and_then(|e| e.code.clone()).unwrap_or_else(|| RATE_LIMIT_EXCEEDED.to_owned())),
        param: None,
    };
    limited_wait(StatusCode::TOO_MANY_REQUESTS, envelope, retry_after)
}

/// What a key may ask for in a minute is said in its replies' headers too; how things stand for others is not.
fn over_rate(over: &OverRate) -> ErrorReply {
    let OverRate { counted, limit, asked, short } = over;
    let limit = format!("this API key may use {limit} {} a minute", counted.as_str());
    let of = |message: &str| envelope(RATE_LIMIT, RATE_LIMIT_EXCEEDED, message, None);
    match short {
        Short::Wait(wait) => {
            let message = format!("{limit}, and has; try again in {}s", seconds(*wait));
            limited_wait(StatusCode::TOO_MANY_REQUESTS, of(&message), *wait)
        }
        Short::Never => ErrorReply {
            status: StatusCode::TOO_MANY_REQUESTS,
            envelope: of(&format!("{limit}, and this request has about {asked}; send less at once")),
            retry_after: None,
            should_retry: Some(false),
        },
    }
}

/// What stands between a request and every place that it may take. Callers need not know which servers those are.
fn no_place(retry_after: Duration, obstacle: Obstacle) -> ErrorReply {
    let wait = seconds(retry_after);
    let message = match obstacle {
        Obstacle::Busy => format!("every place that this request may take is busy; try again in {wait}s"),
        Obstacle::Full => {
            format!("every server that may take this request says that it is full; try again in {wait}s")
        }
        Obstacle::Out { since } => format!(
            "no server that may take this request is up: all requests to them have failed for {}s; the next attempt \
             is made in {wait}s",
            seconds(since)
        ),
        Obstacle::Spent => {
            "every other place is busy, and what may be spent on more of them today is spent".to_owned()
        }
        Obstacle::Misplaced => {
            "every server that may take this request runs another model than it should; the operator has to look"
                .to_owned()
        }
    };
    overloaded(code_of(obstacle), &message, retry_after)
}

/// The word for it in records and replies.
fn code_of(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Busy | Obstacle::Full | Obstacle::Spent => "overloaded",
        Obstacle::Out { .. } | Obstacle::Misplaced => "unavailable",
    }
}

fn overloaded(code: &str, message: &str, retry_after: Duration) -> ErrorReply {
    let envelope = envelope(SERVER_ERROR, code, message, None);
    limited_wait(StatusCode::SERVICE_UNAVAILABLE, envelope, retry_after)
}

/// Nothing is wrong but that the caller cannot wait so long.
fn late(message: &str, retry_after: Duration) -> ErrorReply {
    let envelope = envelope(SERVER_ERROR, "deadline", message, None);
    limited_wait(StatusCode::GATEWAY_TIMEOUT, envelope, retry_after)
}

fn limited_wait(status: StatusCode, envelope: Envelope, retry_after: Duration) -> ErrorReply {
    let too_long = retry_after > LONGEST_RETRY_AFTER;
    ErrorReply {
        status,
        envelope,
        retry_after: Some(retry_after.min(LONGEST_RETRY_AFTER)),
        should_retry: too_long.then_some(false),
    }
}

/// Whole seconds, at least one.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}

fn denied(code: DenialCode, message: &str, param: Option<&str>) -> ErrorReply {
    let mut reply = match code {
        DenialCode::ContextTooLong => plain(400, "context_length_exceeded", message),
        DenialCode::NoFitTarget => {
            with_param(400, "unsupported_parameter", message, param.map(str::to_owned))
        }
        DenialCode::OverBudget => ErrorReply {
            status: StatusCode::TOO_MANY_REQUESTS,
            envelope: envelope(RATE_LIMIT, "insufficient_quota", message, None),
            ..plain(429, "insufficient_quota", message)
        },
        DenialCode::PolicyDenied | DenialCode::NoLocalTarget | DenialCode::NoTargetLeft => {
            plain(403, "policy_denied", message)
        }
    };
    reply.should_retry = Some(false);
    reply
}

fn key_message(error: AuthError) -> &'static str {
    match error {
        AuthError::Expired => "this API key has expired; ask the operator for a new one",
        AuthError::Revoked => "this API key was revoked; ask the operator for a new one",
        AuthError::Malformed | AuthError::Unknown => {
            "this API key is not known here; keys look like `wk_live_…`"
        }
    }
}

fn plain(status: u16, code: &str, message: &str) -> ErrorReply {
    with_param(status, code, message, None)
}

fn with_param(status: u16, code: &str, message: &str, param: Option<String>) -> ErrorReply {
    ErrorReply {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        envelope: envelope(INVALID_REQUEST, code, message, param),
        retry_after: None,
        should_retry: None,
    }
}

fn server(status: u16, code: &str, message: &str) -> ErrorReply {
    ErrorReply {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        envelope: envelope(SERVER_ERROR, code, message, None),
        retry_after: None,
        should_retry: None,
    }
}

fn envelope(kind: &str, code: &str, message: &str, param: Option<String>) -> Envelope {
    Envelope { message: message.to_owned(), kind: kind.to_owned(), code: Some(code.to_owned()), param }
}

/// The names of a denial for people: rule, what the data is, and the policy revision.
pub(crate) fn denial_message(message: &Arc<str>, rule: &str, revision: &str) -> String {
    format!("{message} (rule `{rule}`, policy {revision})")
}
