//! Answers to what is no conversation.

use super::{Answer, body_of, nonsense};
use crate::failure::BackendFailure;
use crate::pipeline::record::Ledger;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use weir_config::Timeouts;
use weir_egress::Response;
use weir_wire::family;
use weir_wire::request::ClientRequest;

/// Takes an answer in whole and makes it the client's.
pub(super) async fn answer(
    response: Response,
    request: &ClientRequest,
    timeouts: Timeouts,
    ledger: &mut Ledger,
) -> Result<Answer, BackendFailure> {
    let content_type = response.headers().get(CONTENT_TYPE).cloned();
    let body = body_of(response, timeouts).await?;
    ledger.first_content();
    if let Some(expected) = family::no_json(request) {
        let content_type = of_kind(content_type, expected)?;
        ledger.relayed(body.len());
        return Ok(Answer::Bytes(content_type, body));
    }
    let reply = family::map_reply(request, &body).map_err(nonsense)?;
    ledger.replied(&reply.usage, None, reply.model.as_deref());
    ledger.relayed(reply.body.len());
    Ok(Answer::Whole(reply.body.into()))
}

/// What is no JSON has a type of its own; a page or an error under a good status has another.
fn of_kind(content_type: Option<HeaderValue>, expected: &[&str]) -> Result<HeaderValue, BackendFailure> {
    let text = content_type.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_of = |kind: &&str| media == *kind || (kind.ends_with('/') && media.starts_with(*kind));
    let is_expected = expected.iter().any(is_of);
    content_type.filter(|_| is_expected).ok_or(BackendFailure::Nonsense { message: None })
}
