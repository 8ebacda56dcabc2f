//! Place + permit → the head of a backend's response.

use super::decide::Ruling;
use super::inspect::Inspected;
use crate::failure::BackendFailure;
use crate::snapshot::Door;
use std::borrow::Cow;
use std::time::SystemTime;
use weir_config::BackendApi;
use weir_egress::{Accept, Anthropic, Call, ConnectError, Response, SendError, TokenRequest, TokenSource};
use weir_label::{Boundary, Classified, Cloud, Recipient};
use weir_policy::{AnyRecipient, Target, TargetId};
use weir_wire::dialect::backend::products::ChatPath;
use weir_wire::dialect::{BackendDialect, Framing};
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
    anthropic: &Anthropic,
) -> Result<Response, BackendFailure> {
    let served = ruling.snapshot.served(target).ok_or(BackendFailure::NoPermit)?;
    let target = ruling.target(target).ok_or(BackendFailure::NoPermit)?;
    let backend = ruling.snapshot.backend(&target.backend).ok_or(BackendFailure::NoPermit)?;
    let request = inspected.request.content();
    let stream = request.is_stream();
    let path = path(request.api(), backend.api, &target.model, stream);
    let call = Call {
        path: &path,
        model: &target.model,
        dialect: backend.api.dialect,
        card: served.1.card.wire(backend.api),
        accept: if stream { accept(backend.api.dialect.framing()) } else { Accept::Json },
        // The head of a whole answer comes when the answer is complete.
        first_byte_timeout: if stream { backend.timeouts.first_token } else { backend.timeouts.total },
    };
    // The halves of a feature, in the headers and in the body, go together or not at all.
    let both_speak_it =
        backend.api.dialect == BackendDialect::Messages && request.goes_as_read_to(backend.api.dialect);
    let nothing = Anthropic::default();
    let anthropic = if both_speak_it { anthropic } else { &nothing };
    send(ruling, target, inspected, (&call, anthropic)).await
}

fn accept(framing: Framing) -> Accept {
    match framing {
        Framing::EventStream => Accept::EventStream,
        Framing::Lines => Accept::Lines,
        Framing::AwsEventStream => Accept::AwsEventStream,
    }
}

/// The path below the base URL, or beside it.
fn path(api: Api, backend: BackendApi, model: &str, stream: bool) -> Cow<'static, str> {
    match (api, backend.dialect) {
        // What nearly every request goes to.
        (Api::Conversation(_), BackendDialect::ChatCompletions) => match backend.product {
            Some(product) if product.path != ChatPath::Usual => product.path(model).into(),
            Some(_) | None => "/chat/completions".into(),
        },
        (Api::Conversation(_) | Api::CountTokens | Api::CountInput | Api::Files, _) => {
            backend.dialect.path(model, stream).into()
        }
        (Api::Tokenize, _) => "/tokenize".into(),
        (Api::Detokenize, _) => "/detokenize".into(),
        (Api::Embeddings | Api::OllamaEmbed, BackendDialect::Ollama) => "/api/embed".into(),
        (Api::Embeddings | Api::OllamaEmbed, _) => "/embeddings".into(),
        (Api::Moderations, _) => "/moderations".into(),
        (Api::Rerank, _) => "/rerank".into(),
        (Api::Speech, _) => "/audio/speech".into(),
        (Api::Transcription, _) => "/audio/transcriptions".into(),
        (Api::Translation, _) => "/audio/translations".into(),
        (Api::Images, _) => "/images/generations".into(),
    }
}

async fn send(
    ruling: &Ruling,
    target: &Target,
    inspected: &Inspected,
    (call, anthropic): (&Call<'_>, &Anthropic),
) -> Result<Response, BackendFailure> {
    let boundary = &ruling.snapshot.loaded.policy.boundary;
    let sent = match (&target.recipient, ruling.snapshot.door(&target.backend)) {
        (AnyRecipient::Local(recipient), Some(Door::Local(door))) => {
            let permit = boundary.permit(&inspected.request, recipient);
            door.send_as(permit.map_err(|_| BackendFailure::NoPermit)?, call, anthropic).await
        }
        (AnyRecipient::Cloud(recipient), Some(Door::Cloud(door, tokens))) => {
            if let Some(tokens) = tokens {
                Box::pin(refresh(tokens, boundary, recipient)).await?;
            }
            let permit = boundary.permit(&inspected.request, recipient);
            door.send_as(permit.map_err(|_| BackendFailure::NoPermit)?, call, anthropic).await
        }
        (AnyRecipient::Local(_) | AnyRecipient::Cloud(_), _) => return Err(BackendFailure::NoPermit),
    };
    sent.map_err(|error| failed(&target.name, &error))
}

/// Sees to it that there is a token for a backend that takes one.
async fn refresh(
    tokens: &TokenSource,
    boundary: &Boundary,
    recipient: &Recipient<Cloud>,
) -> Result<(), BackendFailure> {
    let permit = |request: &Classified<TokenRequest>| boundary.permit(request, recipient).ok();
    tokens.refresh(SystemTime::now(), permit).await.map_err(|error| {
        tracing::warn!(backend = %recipient.backend(), %error, "there is no token for a backend");
        BackendFailure::Unreachable { code: "no_token", retry: true }
    })
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
