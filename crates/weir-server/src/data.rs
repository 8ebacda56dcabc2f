//! The data plane: `/v1/…`.

use crate::failure::Failure;
use crate::gateway::{Gateway, unix_seconds};
use crate::ids::RequestIds;
use crate::pipeline;
use crate::pipeline::identify::{Caller, identify};
use crate::pseudonym::Peer;
use crate::reply::{self, Body};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use weir_wire::models;
use weir_wire::request::Api;

/// What an application can ask for. Every route that takes content goes through the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    /// Something that takes content.
    Ask(Api),
    Models,
    Model(String),
    /// Probes of clients that want to know whether anybody is there.
    Root,
}

/// Answers one request. A panic in it is this request's alone.
pub(crate) async fn handle(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
    peer: &Peer,
) -> Response<Body> {
    let response = caught(pin!(answer(gateway, request, peer))).await.unwrap_or_else(|()| {
        tracing::error!("a request panicked; this is a bug in Weir");
        reply::failure(&Failure::Panicked)
    });
    // What went through the pipeline has the id of its record.
    if response.headers().contains_key(reply::REQUEST_ID) {
        return response;
    }
    reply::with_request_id(response, RequestIds::new(Api::CHAT).request.as_str())
}

async fn answer(gateway: &Arc<Gateway>, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
    let route = match route(request.method(), request.uri().path()) {
        Ok(route) => route,
        Err(failure) => return reply::failure(&failure),
    };
    match route {
        // The future of a whole journey is large; boxed it is not copied on its way to the connection.
        Route::Ask(api) => Box::pin(pipeline::serve(gateway, api, request, peer)).await,
        Route::Root => reply::json(StatusCode::OK, r#"{"service":"weir"}"#),
        Route::Models => list(gateway, request, peer, None),
        Route::Model(id) => list(gateway, request, peer, Some(&id)),
    }
}

/// Finds the route of a path. A doubled slash, a slash at the end and a missing `/v1` are what
/// hand-joined URLs look like.
fn route(method: &Method, path: &str) -> Result<Route, Failure> {
    if path == "/v1/chat/completions" && method == Method::POST {
        return Ok(Route::Ask(Api::CHAT));
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let parts = parts.strip_prefix(&["v1"]).unwrap_or(&parts);
    let (route, allowed) = match parts {
        [] => (Route::Root, "GET"),
        ["chat", "completions"] => (Route::Ask(Api::CHAT), "POST"),
        ["models"] => (Route::Models, "GET"),
        ["models", id @ ..] => (Route::Model(decode(&id.join("/"))), "GET"),
        _ => return Err(Failure::NoRoute),
    };
    let is_allowed = method.as_str() == allowed || (allowed == "GET" && method == Method::HEAD);
    if is_allowed { Ok(route) } else { Err(Failure::MethodNotAllowed(allowed)) }
}

/// Model names hold slashes, which some clients escape.
fn decode(id: &str) -> String {
    id.replace("%2F", "/").replace("%2f", "/").replace("%3A", ":").replace("%3a", ":")
}

/// The aliases that the caller may use.
fn list(gateway: &Gateway, request: Request<Incoming>, peer: &Peer, wanted: Option<&str>) -> Response<Body> {
    let (head, _no_body) = request.into_parts();
    let caller = match identify(gateway, &head, peer.address) {
        Ok(caller) => caller,
        Err(failure) => return reply::failure(&failure),
    };
    let snapshot = gateway.snapshot();
    let names = allowed(&snapshot.loaded.catalogue, &caller);
    let created = unix_seconds(gateway.started);
    match wanted {
        None => reply::json(StatusCode::OK, models::write_list(names.into_iter(), created)),
        Some(id) if names.contains(&id) => reply::json(StatusCode::OK, models::write_model(id, created)),
        Some(id) => reply::failure(&Failure::UnknownModel { alias: id.chars().take(200).collect() }),
    }
}

fn allowed<'c>(catalogue: &'c weir_policy::Catalogue, caller: &Caller) -> Vec<&'c str> {
    catalogue.aliases().map(|alias| &**alias.name()).filter(|name| caller.may_use(name)).collect()
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
        for path in
            ["/v1/chat/completions", "/chat/completions", "//chat/completions", "/v1/chat/completions/"]
        {
            assert_eq!(route(&Method::POST, path).unwrap(), Route::Ask(Api::CHAT), "{path}");
        }
        assert_eq!(route(&Method::GET, "/v1/models/org%2Fm").unwrap(), Route::Model("org/m".to_owned()));
        assert_eq!(route(&Method::GET, "/v1/models/org/m").unwrap(), Route::Model("org/m".to_owned()));
        assert_eq!(route(&Method::HEAD, "/").unwrap(), Route::Root);
        assert!(matches!(
            route(&Method::GET, "/v1/chat/completions"),
            Err(Failure::MethodNotAllowed("POST"))
        ));
        for path in ["/v1/embeddings", "/admin", "/v1/chat", "/metrics", "/v1/chat/completions/x"] {
            assert!(matches!(route(&Method::POST, path), Err(Failure::NoRoute)), "{path}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_caught() {
        assert_eq!(caught(pin!(async { 1 })).await, Ok(1));
        assert_eq!(caught(pin!(async { panic!("expected by this test") })).await, Err::<(), ()>(()));
    }
}
