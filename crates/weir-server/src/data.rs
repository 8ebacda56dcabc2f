//! The data plane: `/v1/…`.

use crate::batches::{self, WantedBatch};
use crate::failure::Failure;
use crate::feedback::{self, Speaker};
use crate::gateway::{Gateway, VERSION, unix_seconds};
use crate::ids::RequestIds;
use crate::kept::files::{self, FileReply, WantedFile};
use crate::kept::{self, Wanted};
use crate::pipeline::identify::{Caller, identify};
use crate::pipeline::receive::{discard, receive_json};
use crate::pseudonym::Peer;
use crate::receipts;
use crate::reply::{self, Body};
use crate::snapshot::Snapshot;
use crate::waiting;
use crate::witness::serve;
use http::header::CONNECTION;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use weir_wire::dialect::ClientDialect;
use weir_wire::models;
use weir_wire::request::{Api, BadRequest};

/// What an application can ask for. Every route that takes content goes through the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    /// Something that takes content.
    Ask(Api),
    Models,
    Model(String),
    /// Probes of clients that want to know whether anybody is there.
    Root,
    Ollama(Ollama),
    Kept(String, Wanted),
    Receipt(String),
    AddCheckpoint,
    TakeRotations,
    Witnessed(String),
    Files,
    File(String, WantedFile),
    Feedback,
    NewBatch,
    Batches,
    Batch(String, WantedBatch),
}

/// What Ollama's clients ask of the server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ollama {
    Tags,
    Version,
    Running,
    Show,
}

/// The routes that take content, each of which is a journey through the pipeline; those of conversations first.
const CONTENT: [(&[&str], Api); 19] = [
    (&["chat", "completions"], Api::CHAT),
    (&["completions"], Api::Conversation(ClientDialect::Completions)),
    (&["responses"], Api::Conversation(ClientDialect::Responses)),
    (&["messages"], Api::Conversation(ClientDialect::Messages)),
    (&["api", "chat"], Api::Conversation(ClientDialect::OllamaChat)),
    (&["api", "generate"], Api::Conversation(ClientDialect::OllamaGenerate)),
    (&["messages", "count_tokens"], Api::CountTokens),
    (&["responses", "input_tokens"], Api::CountInput),
    (&["embeddings"], Api::Embeddings),
    (&["api", "embed"], Api::OllamaEmbed),
    (&["moderations"], Api::Moderations),
    (&["rerank"], Api::Rerank),
    (&["audio", "speech"], Api::Speech),
    (&["audio", "transcriptions"], Api::Transcription),
    (&["audio", "translations"], Api::Translation),
    (&["files"], Api::Files),
    (&["tokenize"], Api::Tokenize),
    (&["detokenize"], Api::Detokenize),
    (&["images", "generations"], Api::Images),
];

/// The path of every route that takes content, with the name of its API in rules and records.
pub fn content_routes() -> impl Iterator<Item = (String, &'static str)> {
    CONTENT.iter().map(|(parts, api)| {
        let version = if parts.first() == Some(&"api") { "" } else { "/v1" };
        (format!("{version}/{}", parts.join("/")), api.name())
    })
}

/// Answers one request. A panic in it is this request's alone.
pub(crate) async fn handle(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
) -> Response<Body> {
    let form = form(request.uri().path());
    let response = caught(pin!(answer(gateway, request, peer, form))).await.unwrap_or_else(|()| {
        tracing::error!("a request panicked; this is a bug in Weir");
        refuse(&Failure::Panicked, form)
    });
    // What went through the pipeline has the id of its record.
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

/// An error before there is a record.
fn refuse(failure: &Failure, form: ClientDialect) -> Response<Body> {
    let id = RequestIds::new(Api::CHAT).request;
    reply::with_request_id(reply::failure(failure, form, id.as_str()), id.as_str())
}

/// The answer to a head that says the length of its body in two ways.
pub(crate) fn refuse_both_lengths(path: &str) -> Response<Body> {
    refuse_head(path, "the head has both `content-length` and `transfer-encoding`; send one of them")
}

/// The answer to a body in chunks whose head came too early for its lengths to be looked at.
pub(crate) fn refuse_unseen_chunks(path: &str) -> Response<Body> {
    refuse_head(
        path,
        "a request with `transfer-encoding` came before the answer to the one before it; wait for that",
    )
}

fn refuse_head(path: &str, message: &str) -> Response<Body> {
    let bad = BadRequest { code: "invalid_request", message: message.to_owned(), param: None };
    let mut response = refuse(&Failure::BadRequest(bad), form(path));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn answer(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
    form: ClientDialect,
) -> Response<Body> {
    let route = match route(request.method(), request.uri().path()) {
        Ok(route) => route,
        Err(failure) => return refuse(&failure, form),
    };
    if let Route::Ask(api) = route {
        return waiting::answer(gateway, api, request, peer).await;
    }
    // Boxed, so that requests for content, which wait in their thousands, have no room for it.
    let answered = Box::pin(answer_otherwise(gateway, route, request, peer)).await;
    answered.unwrap_or_else(|failure| refuse(&failure, form))
}

/// The answer of a route that leads to no model.
async fn answer_otherwise(
    gateway: &Arc<Gateway>,
    route: Route,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
) -> Result<Response<Body>, Failure> {
    match route {
        Route::Ask(_) => Err(Failure::NoRoute),
        Route::Root => Ok(reply::json(StatusCode::OK, r#"{"service":"weir"}"#)),
        Route::Models => list(gateway, &request, peer, None),
        Route::Model(id) => list(gateway, &request, peer, Some(&id)),
        Route::Kept(id, wanted) => {
            let caller = identify(gateway, request.headers(), peer.address);
            kept_answer(gateway, caller, (&id, wanted)).await
        }
        Route::Receipt(id) => {
            let caller = identify(gateway, request.headers(), peer.address);
            receipt(gateway, caller, &id).await
        }
        Route::AddCheckpoint => serve::add_checkpoint(gateway, request).await,
        Route::TakeRotations => serve::take_rotations(gateway, request).await,
        Route::Witnessed(log) => serve::newest(gateway, &log).await,
        Route::Files => {
            let caller = identify(gateway, request.headers(), peer.address);
            list_files(gateway, caller, request.uri().query().unwrap_or_default()).await
        }
        Route::File(id, wanted) => {
            let caller = identify(gateway, request.headers(), peer.address);
            file(gateway, caller, (&id, wanted)).await
        }
        Route::Ollama(what) => ollama(gateway, &request, peer, what),
        Route::Feedback => take_feedback(gateway, request, peer).await,
        Route::NewBatch => take_batch(gateway, request, peer).await,
        Route::Batches => {
            let caller = identify(gateway, request.headers(), peer.address);
            list_batches(gateway, caller, request.uri().query().unwrap_or_default()).await
        }
        Route::Batch(id, wanted) => {
            let caller = identify(gateway, request.headers(), peer.address);
            batch(gateway, caller, (&id, wanted)).await
        }
    }
}

/// Finds the route of a path. A doubled slash, a slash at the end and a missing `/v1` are what hand-joined URLs look
/// like, and `/openai/v1` and `/anthropic/v1` are what other gateways have.
fn route(method: &Method, path: &str) -> Result<Route, Failure> {
    if path == "/v1/chat/completions" && method == Method::POST {
        return Ok(Route::Ask(Api::CHAT));
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let parts = match parts.as_slice() {
        ["openai" | "anthropic", "v1", rest @ ..] | ["v1", rest @ ..] => rest,
        // Cohere's newer clients; of its second version this alone is as the first.
        ["v2", rest @ ..] if *rest == ["rerank"] => rest,
        all => all,
    };
    let (route, allowed) = match parts {
        [] | ["api", "hello"] | ["api"] => (Route::Root, "GET"),
        ["models"] => (Route::Models, "GET"),
        ["models", id @ ..] => (Route::Model(decode(&id.join("/"))), "GET"),
        // What comes here is a WebSocket, whose clients go on without one when there is no such place.
        ["responses"] if *method == Method::GET => return Err(Failure::NoRoute),
        ["responses", id] if *id != "input_tokens" && *method == Method::DELETE => {
            (Route::Kept((*id).to_owned(), Wanted::Removal), "DELETE")
        }
        ["responses", id] if *id != "input_tokens" => {
            (Route::Kept((*id).to_owned(), Wanted::Response), "GET")
        }
        ["responses", id, "input_items"] => (Route::Kept((*id).to_owned(), Wanted::Items), "GET"),
        ["responses", id, "cancel"] => (Route::Kept((*id).to_owned(), Wanted::Cancellation), "POST"),
        ["witness", "add-checkpoint"] => (Route::AddCheckpoint, "POST"),
        ["witness", "rotations"] => (Route::TakeRotations, "POST"),
        ["witness", "checkpoint", log] => (Route::Witnessed((*log).to_owned()), "GET"),
        ["receipts", id] => (Route::Receipt((*id).to_owned()), "GET"),
        ["files"] if method == Method::GET || method == Method::HEAD => (Route::Files, "GET"),
        ["files", id] if *method == Method::DELETE => {
            (Route::File((*id).to_owned(), WantedFile::Removal), "DELETE")
        }
        ["files", id] => (Route::File((*id).to_owned(), WantedFile::About), "GET"),
        ["files", id, "content"] => (Route::File((*id).to_owned(), WantedFile::Content), "GET"),
        ["feedback"] => (Route::Feedback, "POST"),
        ["batches"] if method == Method::GET || method == Method::HEAD => (Route::Batches, "GET"),
        ["batches"] => (Route::NewBatch, "POST"),
        ["batches", id] => (Route::Batch((*id).to_owned(), WantedBatch::About), "GET"),
        ["batches", id, "cancel"] => (Route::Batch((*id).to_owned(), WantedBatch::Cancellation), "POST"),
        ["api", "tags"] => (Route::Ollama(Ollama::Tags), "GET"),
        ["api", "version"] => (Route::Ollama(Ollama::Version), "GET"),
        ["api", "ps"] => (Route::Ollama(Ollama::Running), "GET"),
        ["api", "show"] => (Route::Ollama(Ollama::Show), "POST"),
        _ => {
            let known = CONTENT.iter().find(|(known, _)| *known == parts);
            (Route::Ask(known.ok_or(Failure::NoRoute)?.1), "POST")
        }
    };
    let is_allowed = method.as_str() == allowed || (allowed == "GET" && method == Method::HEAD);
    if is_allowed { Ok(route) } else { Err(Failure::MethodNotAllowed(allowed)) }
}

/// Model names hold slashes, which some clients escape.
fn decode(id: &str) -> String {
    id.replace("%2F", "/").replace("%2f", "/").replace("%3A", ":").replace("%3a", ":")
}

/// The aliases that the caller may use.
fn list(
    gateway: &Gateway,
    request: &Request<Incoming>,
    peer: &Peer,
    wanted: Option<&str>,
) -> Result<Response<Body>, Failure> {
    let snapshot = gateway.snapshot();
    let names = allowed(gateway, request, peer, &snapshot)?;
    let created = unix_seconds(gateway.started);
    // Anthropic's clients say which version of its API they speak.
    let both = request.headers().contains_key("anthropic-version");
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

fn ollama(
    gateway: &Gateway,
    request: &Request<Incoming>,
    peer: &Peer,
    what: Ollama,
) -> Result<Response<Body>, Failure> {
    let snapshot = gateway.snapshot();
    let names = allowed(gateway, request, peer, &snapshot)?;
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
    peer: &Peer,
) -> Result<Response<Body>, Failure> {
    let (head, body) = request.into_parts();
    let caller = match identify(gateway, &head.headers, peer.address) {
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
    peer: &Peer,
) -> Result<Response<Body>, Failure> {
    let (head, body) = request.into_parts();
    let caller = match identify(gateway, &head.headers, peer.address) {
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
    caller: Result<Caller, Failure>,
    (id, wanted): (&str, Wanted),
) -> Result<Response<Body>, Failure> {
    let body = kept::answer(gateway, &caller?, id, wanted).await?;
    Ok(reply::json(StatusCode::OK, body))
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
    caller: Result<Caller, Failure>,
    (id, wanted): (&str, WantedFile),
) -> Result<Response<Body>, Failure> {
    match files::answer(gateway, &caller?, id, wanted).await? {
        FileReply::Json(body) => Ok(reply::json(StatusCode::OK, body)),
        // Never under its own type: a page that somebody uploaded is not to run in a browser.
        FileReply::Content(bytes) => {
            Ok(reply::bytes(HeaderValue::from_static("application/octet-stream"), bytes))
        }
    }
}

fn allowed<'s>(
    gateway: &Gateway,
    request: &Request<Incoming>,
    peer: &Peer,
    snapshot: &'s Snapshot,
) -> Result<Vec<&'s str>, Failure> {
    let caller: Caller = identify(gateway, request.headers(), peer.address)?;
    let names = snapshot.loaded.catalogue.aliases().map(|alias| &**alias.name());
    Ok(names.filter(|name| caller.may_use(name)).collect())
}

async fn caught<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Result<T, ()> {
    std::future::poll_fn(move |cx| {
        // Whatever the panic left half done is dropped with the future.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(_) => Poll::Ready(Err(())),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_as_clients_write_them() {
        for path in [
            "/v1/chat/completions",
            "/chat/completions",
            "//chat/completions",
            "/v1/chat/completions/",
            "/openai/v1/chat/completions",
        ] {
            assert_eq!(route(&Method::POST, path).unwrap(), Route::Ask(Api::CHAT), "{path}");
        }
        assert_eq!(route(&Method::GET, "/v1/models/org%2Fm").unwrap(), Route::Model("org/m".to_owned()));
        assert_eq!(route(&Method::GET, "/v1/models/org/m").unwrap(), Route::Model("org/m".to_owned()));
        assert_eq!(route(&Method::POST, "/v2/rerank").unwrap(), Route::Ask(Api::Rerank));
        let receipt = Route::Receipt("dec_1".to_owned());
        assert_eq!(route(&Method::GET, "/v1/receipts/dec_1").unwrap(), receipt);
        assert!(matches!(route(&Method::POST, "/v1/receipts/dec_1"), Err(Failure::MethodNotAllowed("GET"))));
        assert_eq!(route(&Method::HEAD, "/").unwrap(), Route::Root);
        assert_eq!(route(&Method::POST, "/v1/feedback").unwrap(), Route::Feedback);
        assert!(matches!(
            route(&Method::GET, "/v1/chat/completions"),
            Err(Failure::MethodNotAllowed("POST"))
        ));
        for path in [
            "/v1/fine_tuning",
            "/v2/chat",
            "/admin",
            "/v1/chat",
            "/metrics",
            "/v1/chat/completions/x",
            "/v1/receipts",
        ] {
            assert!(matches!(route(&Method::POST, path), Err(Failure::NoRoute)), "{path}");
        }
    }

    #[test]
    fn every_api_with_a_route_is_found_at_it_and_takes_a_post_alone() {
        for (parts, api) in CONTENT {
            let path = format!("/{}", parts.join("/"));
            assert_eq!(route(&Method::POST, &path).unwrap(), Route::Ask(api), "{path}");
            assert!(matches!(route(&Method::PUT, &path), Err(Failure::MethodNotAllowed("POST"))), "{path}");
        }
    }

    #[test]
    fn errors_come_in_the_words_of_the_path() {
        assert_eq!(form("/v1/messages/count_tokens"), ClientDialect::Messages);
        assert_eq!(form("/anthropic/v1/messages"), ClientDialect::Messages);
        assert_eq!(form("/api/none"), ClientDialect::OllamaChat);
        assert_eq!(form("/v1/none"), ClientDialect::ChatCompletions);
    }

    #[tokio::test]
    async fn a_panic_is_caught() {
        assert_eq!(caught(pin!(async { 1 })).await, Ok(1));
        assert_eq!(caught(pin!(async { panic!("expected by this test") })).await, Err::<(), ()>(()));
    }
}
