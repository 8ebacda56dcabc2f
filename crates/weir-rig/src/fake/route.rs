use super::answer::Answer;
use super::chat;
use super::embed;
use super::exchange::{Exchange, Plain};
use super::listen::{LastAct, Over};
use super::provider;
use super::script::Script;
use super::state::{Setup, Shared, Visit};
use http::{Method, Request, Response, StatusCode, request};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers one request.
pub(super) async fn answer(
    shared: Arc<Shared>,
    last_act: LastAct,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Over> {
    let (visit, setup) = Visit::begin(shared.clone(), request.method());
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_gone| Over)?.to_bytes();
    if shared.records() {
        shared.record.request(visit.id(), &head, &body);
    }
    shared.notify();
    let exchange = Exchange { setup, visit, last_act };
    if head.uri.path() == "/v1/chat/completions" && head.method == Method::POST {
        return chat::complete(exchange, &body).await;
    }
    if head.uri.path() == "/v1/embeddings" && head.method == Method::POST {
        return embed::embed(exchange, &body).await;
    }
    if exchange.setup.script.provider.serves(&head) {
        return provider::serve(exchange, &head, &body).await;
    }
    probe(exchange, shared.in_flight(), &head).await
}

async fn probe(
    exchange: Exchange,
    in_flight: usize,
    head: &request::Parts,
) -> Result<Response<Answer>, Over> {
    let setup = exchange.setup.clone();
    if setup.script.probes_fail
        && let Some(fault) = setup.take_fault()
    {
        return exchange.fail(fault, "").await;
    }
    let answer = match head.method {
        Method::GET => get(&setup, in_flight, head.uri.path()),
        _ => Plain::error(StatusCode::METHOD_NOT_ALLOWED, "wrong method"),
    };
    Ok(exchange.plain(answer))
}

fn get(setup: &Setup, in_flight: usize, path: &str) -> Plain {
    match path {
        "/v1/models" => Plain::json(StatusCode::OK, model_list(&setup.script)),
        "/health" => Plain::json(StatusCode::OK, Value::Object(Default::default())),
        "/metrics" => metrics(setup, in_flight),
        "/api/ps" => Plain::json(StatusCode::OK, loaded_models(&setup.script)),
        _ => match path.strip_prefix("/v1/models/") {
            Some(id) => model(&setup.script, id),
            None => Plain::error(StatusCode::NOT_FOUND, "no such path"),
        },
    }
}

fn model_list(script: &Script) -> Value {
    let models: Vec<Value> = script.models.iter().map(|id| model_object(id)).collect();
    json!({ "object": "list", "data": models })
}

/// The models that an Ollama server holds in memory: here all that it has.
fn loaded_models(script: &Script) -> Value {
    let models: Vec<Value> = script.models.iter().map(|id| json!({ "name": id, "model": id })).collect();
    json!({ "models": models })
}

fn model(script: &Script, id: &str) -> Plain {
    let id = id.replace("%2F", "/");
    if script.models.contains(&id) {
        return Plain::json(StatusCode::OK, model_object(&id));
    }
    Plain::unknown_model(&id)
}

fn model_object(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 1_767_225_600, "owned_by": "fake-backend" })
}

/// vLLM's two gauges that say how full a server is. The request that asks does not count.
fn metrics(setup: &Setup, in_flight: usize) -> Plain {
    let waiting = setup.waiting();
    let running = in_flight.saturating_sub(waiting + 1);
    let model = setup.script.models.first().map_or("", String::as_str);
    let gauge = |name: &str, value: usize| {
        format!("# TYPE vllm:{name} gauge\nvllm:{name}{{engine=\"0\",model_name=\"{model}\"}} {value}.0\n")
    };
    let body = gauge("num_requests_running", running) + &gauge("num_requests_waiting", waiting);
    Plain {
        status: StatusCode::OK,
        content_type: "text/plain; version=0.0.4; charset=utf-8",
        body: body.into(),
    }
}
