//! Azure OpenAI: chat completions under the name of a deployment.
//!
//! Source: Azure OpenAI REST API reference, "Chat completions".

use super::super::answer::Answer;
use super::super::chat;
use super::super::exchange::{Exchange, Plain};
use super::super::listen::Over;
use super::{Asked, Checked, KEY, ensure, refuse};
use http::{Response, StatusCode, request::Parts};
use serde_json::json;

pub(super) async fn serve(exchange: Exchange, head: &Parts, bytes: &[u8]) -> Result<Response<Answer>, Over> {
    let asked = Asked { head, bytes, body: serde_json::from_slice(bytes).unwrap_or_default() };
    match check(&asked) {
        Ok(()) => chat::complete(exchange, bytes).await,
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let error =
                json!({ "error": { "code": refusal.status.to_string(), "message": refusal.message } });
            Ok(exchange.plain(Plain::json(status, error)))
        }
    }
}

fn check(asked: &Asked<'_>) -> Checked {
    if asked.header("api-key") != KEY && asked.header("authorization") != format!("Bearer {KEY}") {
        return refuse(401, "Access denied due to invalid subscription key or wrong API endpoint.");
    }
    let deployment = asked.path().strip_prefix("/openai/deployments/");
    let is_chat = deployment
        .and_then(|rest| rest.strip_suffix("/chat/completions"))
        .is_some_and(|name| !name.is_empty());
    if !is_chat {
        return refuse(404, "Resource not found");
    }
    let version = asked.query().strip_prefix("api-version=").unwrap_or_default();
    let is_version = version.len() >= 10 && version.starts_with("20");
    if !is_version {
        return refuse(404, "Resource not found");
    }
    ensure(
        asked.body["messages"].as_array().is_some_and(|all| !all.is_empty()),
        "messages: must not be empty",
    )
}
