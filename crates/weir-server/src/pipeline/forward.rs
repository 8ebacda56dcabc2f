//! Place + permit → the head of a backend's response.

use super::decide::Ruling;
use super::inspect::Inspected;
use crate::failure::BackendFailure;
use crate::snapshot::Door;
use std::borrow::Cow;
use weir_egress::{Accept, Call, ConnectError, Response, SendError};
use weir_policy::{AnyRecipient, Target, TargetId};
use weir_wire::dialect::BackendDialect;
use weir_wire::request::Api;

/// Sends the request to one target, through the door of the target's zone, with a permit that is asked
/// for here and consumed by sending.
///
/// # Errors
/// [`BackendFailure`] when there is no permit or no response. Nothing is retried here.
pub(crate) async fn forward(
    ruling: &Ruling,
    target: TargetId,
    inspected: &Inspected,
) -> Result<Response, BackendFailure> {
    let served = ruling.snapshot.served(target).ok_or(BackendFailure::NoPermit)?;
    let target = ruling.target(target).ok_or(BackendFailure::NoPermit)?;
    let backend = ruling.snapshot.backend(&target.backend).ok_or(BackendFailure::NoPermit)?;
    let request = inspected.request.content();
    let stream = request.is_stream();
    let path = path(request.api(), backend.api.dialect, &target.model, stream);
    let call = Call {
        path: &path,
        model: &target.model,
        dialect: backend.api.dialect,
        card: served.1.card.wire(),
        accept: if stream { Accept::EventStream } else { Accept::Json },
        // The head of a whole answer comes when the answer is complete.
        first_byte_timeout: if stream { backend.timeouts.first_token } else { backend.timeouts.total },
    };
    send(ruling, target, inspected, &call).await
}

/// The path below the base URL.
fn path(api: Api, dialect: BackendDialect, model: &str, stream: bool) -> Cow<'static, str> {
    match (api, dialect) {
        // What nearly every request goes to.
        (Api::Conversation(_), BackendDialect::ChatCompletions) => "/chat/completions".into(),
        (Api::Conversation(_) | Api::CountTokens | Api::Tokenize | Api::Files, _) => {
            dialect.path(model, stream).into()
        }
        (Api::Embeddings, _) => "/embeddings".into(),
        (Api::Moderations, _) => "/moderations".into(),
        (Api::Rerank, _) => "/rerank".into(),
        (Api::Speech, _) => "/audio/speech".into(),
        (Api::Transcription, _) => "/audio/transcriptions".into(),
        (Api::Images, _) => "/images/generations".into(),
    }
}

async fn send(
    ruling: &Ruling,
    target: &Target,
    inspected: &Inspected,
    call: &Call<'_>,
) -> Result<Response, BackendFailure> {
    let boundary = &ruling.snapshot.loaded.policy.boundary;
    let sent = match (&target.recipient, ruling.snapshot.door(&target.backend)) {
        (AnyRecipient::Local(recipient), Some(Door::Local(door))) => {
            let permit = boundary.permit(&inspected.request, recipient);
            door.send(permit.map_err(|_| BackendFailure::NoPermit)?, call).await
        }
        (AnyRecipient::Cloud(recipient), Some(Door::Cloud(door))) => {
            let permit = boundary.permit(&inspected.request, recipient);
            door.send(permit.map_err(|_| BackendFailure::NoPermit)?, call).await
        }
        (AnyRecipient::Local(_) | AnyRecipient::Cloud(_), _) => return Err(BackendFailure::NoPermit),
    };
    sent.map_err(|error| failed(&target.name, &error))
}

fn failed(target: &str, error: &SendError) -> BackendFailure {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(target_name = target, %error, cause, code = error.code(), "a backend failed");
    match error {
        SendError::Connect(ConnectError::FirstByteTimeout { .. } | ConnectError::ConnectTimeout { .. }) => {
            BackendFailure::Timeout
        }
        SendError::Connect(error) => BackendFailure::Unreachable { code: error.code(), retry: true },
        SendError::WrongBackend { .. } => BackendFailure::NoPermit,
    }
}
