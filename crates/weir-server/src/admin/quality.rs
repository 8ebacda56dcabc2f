//! What is known of the quality of answers, and what an admin says of one.

use super::policy::unauthorised;
use super::{Actor, forbidden, problem, record};
use crate::feedback::{self, Speaker};
use crate::gateway::Gateway;
use crate::pipeline::identify::presented_key;
use crate::reply::{self, Body};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::sync::Arc;
use weir_policy::{Quality, TaskType};
use weir_store::admin_keys::Role;

/// What was heard of each target and task type, counted in explicit verdicts, and what is expected of it.
pub(super) fn page(gateway: &Gateway) -> Value {
    let snapshot = gateway.snapshot();
    let catalogue = &snapshot.loaded.catalogue;
    let declared = |name: &str| {
        let target = catalogue.target_named(name).and_then(|id| catalogue.target(id));
        target.map_or_else(Quality::default, |target| target.quality.clone())
    };
    let line = |(target, task, [good, bad, expected]): (String, Option<TaskType>, [f64; 3])| {
        json!({
            "target": target,
            "task": task.map(TaskType::as_str),
            "good": rounded(good),
            "bad": rounded(bad),
            "expected": rounded(expected),
        })
    };
    json!({ "targets": gateway.quality.page(declared).into_iter().map(line).collect::<Vec<_>>() })
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// Takes what an admin says of an answer.
pub(super) async fn take_feedback(gateway: &Arc<Gateway>, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, feedback::BODY_BYTES_MAX).collect().await else {
        return problem(StatusCode::BAD_REQUEST, "the body cannot be read, or is too long");
    };
    let body = body.to_bytes();
    let presented = presented_key(&head.headers).unwrap_or_default();
    let path = head.uri.path();
    match Actor::of(gateway, presented, path, &body).await {
        Some(actor) if actor.role == Role::Admin => record(gateway, &actor, path),
        Some(_) => return forbidden(),
        None => return unauthorised(),
    }
    match feedback::take(gateway, Speaker::Admin, &body).await {
        Ok(told) => reply::json(StatusCode::OK, told),
        Err(failure) => {
            let reply = failure.reply();
            problem(reply.status, &reply.envelope.message)
        }
    }
}
