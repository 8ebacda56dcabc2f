//! The admin listener: metrics and health. Loopback only, and nothing here changes anything.

use crate::gateway::Gateway;
use crate::reload::ReloadState;
use crate::reply::{self, Body};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers one request.
pub(crate) fn handle(gateway: &Gateway, request: &Request<Incoming>) -> Response<Body> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return problem(StatusCode::METHOD_NOT_ALLOWED, "this listener answers GET only");
    }
    match request.uri().path() {
        "/" => reply::json(StatusCode::OK, index().to_string()),
        "/healthz" => reply::text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n"),
        "/readyz" => ready(gateway),
        "/metrics" => {
            let text = gateway.metrics.write(&gateway.desk.state(), gateway.audit_is_healthy());
            reply::text(StatusCode::OK, OPEN_METRICS, text)
        }
        _ => problem(StatusCode::NOT_FOUND, "no such page; see / for those there are"),
    }
}

fn index() -> Value {
    json!({
        "service": "weir",
        "version": crate::gateway::VERSION,
        "pages": {
            "/healthz": "the process is alive",
            "/readyz": "whether requests are served, the revision in force, and the last reload",
            "/metrics": "OpenMetrics for Prometheus",
        }
    })
}

/// 200 while requests are served: the policy is loaded, the audit log can be written, and no shutdown
/// has begun. A refused reload leaves Weir ready, under the last good files, and is shown.
fn ready(gateway: &Gateway) -> Response<Body> {
    let snapshot = gateway.snapshot();
    let (audit_ok, draining) = (gateway.audit_is_healthy(), gateway.is_draining());
    let is_ready = !draining && (audit_ok || gateway.serves_without_record());
    let body = json!({
        "ready": is_ready,
        "draining": draining,
        "policy_revision": snapshot.loaded.policy_revision.as_str(),
        "config_digest": snapshot.loaded.config_digest,
        "audit": if audit_ok { "ok" } else { "failed" },
        "reload": reload(&gateway.reload_state()),
        "callers": if gateway.serves_loopback_only() { "loopback only: no API key is configured" } else { "by API key" },
    });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json(status, body.to_string())
}

fn reload(state: &ReloadState) -> Value {
    match state {
        ReloadState::InForce => json!({ "result": "ok" }),
        ReloadState::Refused { at, problems } => json!({
            "result": "refused",
            "at": at.to_string(),
            "problems": problems,
            "in_force": "the last good files",
        }),
    }
}

/// RFC 9457.
fn problem(status: StatusCode, detail: &str) -> Response<Body> {
    let body = json!({ "status": status.as_u16(), "title": status.canonical_reason(), "detail": detail });
    reply::text(status, "application/problem+json", body.to_string())
}
