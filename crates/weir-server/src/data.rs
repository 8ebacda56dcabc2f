//! The data plane: `/v1/…`.

mod routes;

use crate::batches::{self, WantedBatch};
use crate::caught::{Panicked, caught};
use crate::failure::Failure;
use crate::feedback::{self, Speaker};
use crate::gateway::{Gateway, VERSION, unix_seconds};
use crate::ids::RequestIds;
use crate::kept::files::{self, FileReply, WantedFile};
use crate::kept::{self, Visit, Wanted};
use crate::pipeline::identify::{Caller, identify};
use crate::pipeline::receive::{discard, receive_json};
use crate::pipeline::record::Refused;
use crate::pseudonym::Peer;
use crate::receipts;
use crate::reply::{self, Body};
use crate::snapshot::Snapshot;
use crate::waiting;
use crate::witness::serve;
use http::header::{CONNECTION, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
pub use routes::content_routes;
use routes::{NOWHERE, Ollama, Route, route};
use std::pin::pin;
use std::sync::Arc;
use weir_wire::dialect::ClientDialect;
use weir_wire::models;
use weir_wire::request::{Api, BadRequest};

/// Answers one request. A panic in it is this request's alone; one on a journey is told with the id of its record already.
pub(crate) async fn handle(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
) -> Response<Body> {
    let form = form(request.uri().path());
    let answered = caught(pin!(answer(gateway, request, peer, form))).await;
    let response = answered.unwrap_or_else(|Panicked| refuse(&Failure::Panicked, form));
    // What has a record has its id.
    let response = match response.headers().contains_key(reply::REQUEST_ID) {
        true => response,
        false => reply::with_request_id(response, RequestIds::new(Api::CHAT).request.as_str()),
    };
    if form == ClientDialect::Messages { reply::with_anthropic_request_id(response) } else { response }
}

/// In whose words an error on this path is told, also where there is no such path.
fn form(path: &str) -> ClientDialect {
    let mut parts = path.split('/').filter(|part| !["", "v1", "openai", "anthropic"].contains(part));
    match parts.next() {
        Some("messages") => ClientDialect::Messages,
        Some("api") => ClientDialect::OllamaChat,
        _ => ClientDialect::ChatCompletions,
    }
}

/// An error without a record: of what panicked where there is no account.
fn refuse(failure: &Failure, form: ClientDialect) -> Response<Body> {
    let id = RequestIds::new(Api::CHAT).request;
    reply::with_request_id(reply::failure(failure, form, id.as_str()), id.as_str())
}

/// Why it cannot be told where a request ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unclear {
    /// Its head says the length of its body in two ways.
    BothLengths,
    /// Its body comes in chunks, and its head came too early for its lengths to be looked at.
    UnseenChunks,
}

/// Refuses a request whose end is unclear. The connection on which it came is not used again.
pub(crate) async fn refuse_unclear(
    gateway: &Arc<Gateway>,
    unclear: Unclear,
    path: &str,
    peer: &Peer,
) -> Response<Body> {
    let message = match unclear {
        Unclear::BothLengths => {
            "the head has both `content-length` and `transfer-encoding`; send one of them"
        }
        Unclear::UnseenChunks => {
            "a request with `transfer-encoding` came before the answer to the one before it; wait for that"
        }
    };
    let bad = BadRequest { code: "invalid_request", message: message.to_owned(), param: None };
    let refused = Refused { what: NOWHERE, caller: None, peer };
    let mut response = refused.answer(gateway, &Failure::BadRequest(bad), form(path)).await;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Puts on record that somebody sent what is no head of a request. hyper has answered it by itself.
pub(crate) async fn note_unreadable(gateway: &Arc<Gateway>, peer: &Peer) {
    let bad = BadRequest { code: "unreadable_head", message: String::new(), param: None };
    let refused = Refused { what: NOWHERE, caller: None, peer };
    refused.note(gateway, &Failure::BadRequest(bad)).await;
}

async fn answer(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
    form: ClientDialect,
) -> Response<Body> {
    let route = addressed(&request).and_then(|()| route(request.method(), request.uri().path()));
    if let Ok(Route::Ask(api)) = route {
        return waiting::answer(gateway, api, request, peer).await;
    }
    // Boxed, so that requests for content, which wait in their thousands, have no room for it.
    Box::pin(answer_otherwise(gateway, route, request, (peer, form))).await
}

/// Refuses a request of HTTP/1.1 that does not say whom it is for, or says it twice: a proxy before Weir may have read it
/// otherwise (RFC 9112, section 3.2).
fn addressed<B>(request: &Request<B>) -> Result<(), Failure> {
    let hosts = request.headers().get_all(HOST).iter().count();
    let message = match hosts {
        1 => return Ok(()),
        _ if request.version() != Version::HTTP_11 => return Ok(()),
        0 => "a request of HTTP/1.1 has a `host` header; send one",
        _ => "the head has more than one `host` header; send one",
    };
    Err(Failure::BadRequest(BadRequest { code: "invalid_request", message: message.to_owned(), param: None }))
}

/// The answer of a route that leads to no model, or of none. What is refused is on record as it is where content goes.
async fn answer_otherwise(
    gateway: &Arc<Gateway>,
    route: Result<Route, Failure>,
    request: Request<Incoming>,
    (peer, form): (&Arc<Peer>, ClientDialect),
) -> Response<Body> {
    let caller = identify(gateway, request.headers(), peer.address);
    let known = caller.as_ref().ok().cloned();
    let what = route.as_ref().map_or(NOWHERE, Route::name);
    let answered = match route {
        Ok(route) => tell(gateway, route, request, (caller, peer)).await,
        Err(failure) => Err(failure),
    };
    match answered {
        Ok(response) => response,
        Err(failure) => Refused { what, caller: known, peer }.answer(gateway, &failure, form).await,
    }
}

async fn tell(
    gateway: &Arc<Gateway>,
    route: Route,
    request: Request<Incoming>,
    (caller, peer): (Result<Caller, Failure>, &Arc<Peer>),
) -> Result<Response<Body>, Failure> {
    match route {
        Route::Ask(_) => Err(Failure::NoRoute),
        Route::Root => Ok(reply::json(StatusCode::OK, r#"{"service":"weir"}"#)),
        Route::Models => list(gateway, request.headers(), &caller?, None),
        Route::Model(id) => list(gateway, request.headers(), &caller?, Some(&id)),
        Route::Kept(id, wanted) => kept_answer(gateway, Visit::new(caller?, peer), (&id, wanted)).await,
        Route::Receipt(id) => receipt(gateway, caller, &id).await,
        Route::AddCheckpoint => serve::add_checkpoint(gateway, request).await,
        Route::TakeRotations => serve::take_rotations(gateway, request).await,
        Route::Witnessed(log) => serve::newest(gateway, &log).await,
        Route::Files => list_files(gateway, caller, request.uri().query().unwrap_or_default()).await,
        Route::File(id, wanted) => file(gateway, Visit::new(caller?, peer), (&id, wanted)).await,
        Route::Ollama(what) => ollama(gateway, &caller?, what),
        Route::Feedback => take_feedback(gateway, request, caller).await,
        Route::NewBatch => take_batch(gateway, request, (caller, peer)).await,
        Route::Batches => list_batches(gateway, caller, request.uri().query().unwrap_or_default()).await,
        Route::Batch(id, wanted) => batch(gateway, caller, (&id, wanted)).await,
    }
}

/// The aliases that the caller may use.
fn list(
    gateway: &Gateway,
    headers: &HeaderMap,
    caller: &Caller,
    wanted: Option<&str>,
) -> Result<Response<Body>, Failure> {
    let snapshot = gateway.snapshot();
    let names = allowed(caller, &snapshot);
    let created = unix_seconds(gateway.started);
    // Anthropic's clients say which version of its API they speak.
    let both = headers.contains_key("anthropic-version");
    let body = match wanted {
        None if both => models::write_list_for_both(&names, created),
        None => models::write_list(names.into_iter(), created),
        Some(id) if !names.contains(&id) => {
            return Err(Failure::UnknownModel { alias: id.chars().take(200).collect() });
        }
        Some(id) if both => models::write_model_for_both(id, created),
        Some(id) => models::write_model(id, created),
    };
    Ok(reply::json(StatusCode::OK, body))
}

fn ollama(gateway: &Gateway, caller: &Caller, what: Ollama) -> Result<Response<Body>, Failure> {
    let snapshot = gateway.snapshot();
    let names = allowed(caller, &snapshot);
    let body = match what {
        Ollama::Tags => models::write_ollama_list(&names, unix_seconds(gateway.started)),
        Ollama::Version => models::write_ollama_version(VERSION),
        // Which models are in some server's memory is not the application's to know.
        Ollama::Running => models::write_ollama_list(&[], 0),
        Ollama::Show => models::write_ollama_model(),
    };
    Ok(reply::json(StatusCode::OK, body))
}

async fn take_feedback(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    caller: Result<Caller, Failure>,
) -> Result<Response<Body>, Failure> {
    let (head, body) = request.into_parts();
    let caller = match caller {
        Ok(caller) => caller,
        Err(failure) => return Err(Box::pin(discard(body, failure)).await),
    };
    let body = receive_json(&head, body, feedback::BODY_BYTES_MAX).await?;
    let told = feedback::take(gateway, Speaker::Caller(&caller), &body).await?;
    Ok(reply::json(StatusCode::OK, told))
}

async fn take_batch(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    (caller, peer): (Result<Caller, Failure>, &Peer),
) -> Result<Response<Body>, Failure> {
    let (head, body) = request.into_parts();
    let caller = match caller {
        Ok(caller) => caller,
        Err(failure) => return Err(Box::pin(discard(body, failure)).await),
    };
    let body = receive_json(&head, body, batches::BODY_BYTES_MAX).await?;
    let told = batches::create(gateway, &caller, peer, &body).await?;
    Ok(reply::json(StatusCode::OK, told))
}

async fn list_batches(
    gateway: &Arc<Gateway>,
    caller: Result<Caller, Failure>,
    query: &str,
) -> Result<Response<Body>, Failure> {
    let body = batches::list(gateway, &caller?, query).await?;
    Ok(reply::json(StatusCode::OK, body))
}

async fn batch(
    gateway: &Arc<Gateway>,
    caller: Result<Caller, Failure>,
    (id, wanted): (&str, WantedBatch),
) -> Result<Response<Body>, Failure> {
    let body = batches::answer(gateway, &caller?, id, wanted).await?;
    Ok(reply::json(StatusCode::OK, body))
}

async fn kept_answer(
    gateway: &Arc<Gateway>,
    visit: Visit<'_>,
    (id, wanted): (&str, Wanted),
) -> Result<Response<Body>, Failure> {
    let body = kept::answer(gateway, &visit, id, wanted).await?;
    Ok(visit.told(reply::json(StatusCode::OK, body)))
}

async fn receipt(
    gateway: &Arc<Gateway>,
    caller: Result<Caller, Failure>,
    id: &str,
) -> Result<Response<Body>, Failure> {
    let receipt = receipts::receipt(gateway, &caller?, id).await?;
    Ok(reply::text(StatusCode::OK, "text/plain; charset=utf-8", receipt))
}

async fn list_files(
    gateway: &Arc<Gateway>,
    caller: Result<Caller, Failure>,
    query: &str,
) -> Result<Response<Body>, Failure> {
    let body = files::list(gateway, &caller?, query).await?;
    Ok(reply::json(StatusCode::OK, body))
}

async fn file(
    gateway: &Arc<Gateway>,
    visit: Visit<'_>,
    (id, wanted): (&str, WantedFile),
) -> Result<Response<Body>, Failure> {
    let response = match files::answer(gateway, &visit, id, wanted).await? {
        FileReply::Json(body) => reply::json(StatusCode::OK, body),
        // Never under its own type: a page that somebody uploaded is not to run in a browser.
        FileReply::Content(bytes) => {
            reply::bytes(HeaderValue::from_static("application/octet-stream"), bytes)
        }
    };
    Ok(visit.told(response))
}

fn allowed<'s>(caller: &Caller, snapshot: &'s Snapshot) -> Vec<&'s str> {
    let names = snapshot.loaded.catalogue.aliases().map(|alias| &**alias.name());
    names.filter(|name| caller.may_use(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_in_the_words_of_the_path() {
        assert_eq!(form("/v1/messages/count_tokens"), ClientDialect::Messages);
        assert_eq!(form("/anthropic/v1/messages"), ClientDialect::Messages);
        assert_eq!(form("/api/none"), ClientDialect::OllamaChat);
        assert_eq!(form("/v1/none"), ClientDialect::ChatCompletions);
    }
}
