//! The admin listener: metrics, health and policies. Loopback only; what changes something takes a token.

mod audit;
mod backends;
pub(crate) mod credential;
mod policy;
mod quality;
mod spending;
mod webhook;

use crate::gateway::{ADMIN_KEY, Gateway};
use crate::pipeline::identify::{is_of_foreign_page, presented_key};
use crate::ranks::{HOLDS_SECONDS, SCORES_MIN};
use crate::reload::ReloadState;
use crate::reply::{self, Body};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::sync::Arc;
use weir_audit::Ident;
use weir_audit::event::AdminAction;
use weir_store::admin_keys::{self, Role};

const WEBHOOK: &str = "/policy/webhook";
const FEEDBACK: &str = "/feedback";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What is asked for fits a line…
const BODY_BYTES_MAX: usize = 16 * 1024;
/// …but for a policy that is sent along.
const POLICY_BYTES_MAX: usize = 8 << 20;

/// What takes a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Policy(policy::Order),
    Audit(audit::Order),
}

impl Order {
    fn of(path: &str) -> Option<Self> {
        policy::Order::of(path).map(Self::Policy).or_else(|| audit::Order::of(path).map(Self::Audit))
    }

    /// The least role that may give it.
    fn role(self) -> Role {
        match self {
            Order::Audit(order) if order.only_reads() => Role::Auditor,
            Order::Policy(_) | Order::Audit(_) => Role::Admin,
        }
    }

    fn takes_policy(self) -> bool {
        matches!(self, Order::Policy(order) if order.takes_policy())
    }
}

/// Answers one request.
pub(crate) async fn handle(gateway: &Arc<Gateway>, request: Request<Incoming>) -> Response<Body> {
    if request.uri().path() == WEBHOOK && request.method() == Method::POST {
        return webhook::called(gateway, request).await;
    }
    if request.uri().path() == FEEDBACK && request.method() == Method::POST {
        return quality::take_feedback(gateway, request).await;
    }
    match (Order::of(request.uri().path()), request.method()) {
        (Some(order), &Method::POST) => take_order(gateway, order, request).await,
        (Some(_), _) => problem(StatusCode::METHOD_NOT_ALLOWED, "this is an order, and takes POST"),
        (None, &Method::GET | &Method::HEAD) => look(gateway, &request),
        // `weir policy` has one way to ask.
        (None, &Method::POST) if request.uri().path().starts_with("/policy") => look(gateway, &request),
        (None, _) => problem(StatusCode::METHOD_NOT_ALLOWED, "this page takes GET"),
    }
}

async fn take_order(gateway: &Arc<Gateway>, order: Order, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let presented = presented_key(&head.headers).unwrap_or_default();
    let most = if order.takes_policy() { POLICY_BYTES_MAX } else { BODY_BYTES_MAX };
    let Ok(body) = Limited::new(body, most).collect().await else {
        return problem(StatusCode::BAD_REQUEST, "the body cannot be read, or is too long");
    };
    let body = body.to_bytes();
    let path = head.uri.path();
    let Some(actor) = Actor::of(gateway, presented, path, &body).await else {
        return policy::unauthorised();
    };
    if actor.role == Role::Auditor && order.role() == Role::Admin {
        return forbidden();
    }
    record(gateway, &actor, path);
    match order {
        Order::Policy(order) => policy::obey(gateway.clone(), order, body).await,
        Order::Audit(order) => audit::obey(gateway.clone(), order, body).await,
    }
}

fn forbidden() -> Response<Body> {
    problem(
        StatusCode::FORBIDDEN,
        "this takes an admin; the key presented is an auditor's, which changes nothing",
    )
}

/// Who gives an order.
#[derive(Debug)]
struct Actor {
    id: Ident,
    role: Role,
}

impl Actor {
    /// The token of the installation, or a proof of it, is an admin's; a key has its own role.
    async fn of(gateway: &Gateway, presented: &str, path: &str, body: &[u8]) -> Option<Self> {
        if gateway.admin_token.admits(presented, path, body) {
            return Some(Self { id: Ident::new(ADMIN_KEY), role: Role::Admin });
        }
        let state = gateway.snapshot().loaded.config.state.clone();
        let keys = tokio::task::spawn_blocking(move || admin_keys::load(&state)).await.ok()?;
        let keys =
            keys.map_err(|error| tracing::error!(%error, "the keys of the admin API cannot be read")).ok()?;
        let key = admin_keys::find(&keys, presented)?;
        Some(Self { id: Ident::new(&key.id), role: key.role })
    }
}

/// What was ordered is on record, whatever comes of it.
fn record(gateway: &Gateway, actor: &Actor, path: &str) {
    let action = path.trim_start_matches('/').replace('/', ".");
    let event = AdminAction {
        actor: actor.id.clone(),
        role: Ident::new(actor.role.as_str()),
        action: Ident::new(&action),
    };
    if let Err(error) = gateway.audit.append(event) {
        tracing::error!(%error, "the audit log did not take what was ordered");
    }
}

/// Shows a page to whoever is on this machine, but for web pages of others.
fn look(gateway: &Gateway, request: &Request<Incoming>) -> Response<Body> {
    if is_of_foreign_page(request.headers()) {
        return problem(
            StatusCode::FORBIDDEN,
            "this listener is called by `localhost` or an address, and by no web page of another origin; a proxy before it has to send such a `Host`",
        );
    }
    let path = request.uri().path();
    // Behind a proxy that keeps its prefix every page has it.
    let below = path.strip_prefix("/admin").filter(|rest| rest.starts_with('/'));
    match below.unwrap_or(path) {
        "/" => reply::json(StatusCode::OK, index().to_string()),
        "/healthz" => reply::text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n"),
        "/readyz" => ready(gateway),
        "/metrics" => {
            let text = gateway.metrics.write(&gateway.desk.state(), gateway.audit_is_healthy());
            reply::text(StatusCode::OK, OPEN_METRICS, text)
        }
        "/task" => reply::json(StatusCode::OK, task(gateway).to_string()),
        "/quality" => reply::json(StatusCode::OK, quality::page(gateway).to_string()),
        "/backends" => reply::json(StatusCode::OK, backends::page(gateway).to_string()),
        "/spending" => reply::json(StatusCode::OK, spending::page(gateway).to_string()),
        "/policy" => reply::json(StatusCode::OK, policy::status(gateway).to_string()),
        "/audit/checkpoint" => audit::file(gateway, "checkpoint"),
        "/audit/key" => audit::file(gateway, "key.pub"),
        "/audit/exports" => {
            reply::json(StatusCode::OK, json!({ "exports": gateway.exports.shown() }).to_string())
        }
        "/policy/history" => reply::json(StatusCode::OK, policy::history(gateway).to_string()),
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
            "/task": "how complex this deployment's requests are: the scale that `top 15 %` is read from",
            "/quality": "how good the answers of each target to each type of task are: what was heard, and what is expected",
            "POST /feedback": "say of any answer how good it was, as its caller does on `/v1/feedback`",
            "/backends": "each target: whether it is well, why not and until when, how busy it is, predicted and observed times, and who waits",
            "/spending": "what was spent on cloud models today and this month, by key and tenant, and what may be",
            "/policy": "the policy in force, the one on its way, and what the files say",
            "/policy/history": "what happened to policies",
            "/audit/checkpoint": "the newest signed checkpoint of the audit log",
            "/audit/key": "its public key",
            "/audit/exports": "each export of the audit log: how far it has come, what it has missed, and why it does not get further",
            "POST /policy/apply": "put the policy on its way in force, or at {\"stage\": 10} or {\"stage\": \"shadow\"}",
            "POST /policy/rollback": "take it back, or go back to the policy before or to {\"revision\": …}",
            "POST /policy/test": "run the cases of the policy that the configuration names, or of {\"policy\": TEXT, \"cases\": TEXT}",
            "POST /policy/replay": "what it, or {\"policy\": TEXT}, would have made of recorded requests: {\"since\": …, \"until\": …, \"tenant\": …}",
            "POST /policy/reload": "look at the files now, as after a push into the repository",
            "POST /audit/query": "decisions, newest last: {\"since\": …, \"until\": …, \"zone\": …, \"backend\": …, \"level\": …, \"rule\": …, \"tag\": …, \"caller\": …, \"decision\": …, \"request\": …, \"outcome\": …, \"limit\": …}; an auditor's too",
            "POST /audit/receipt": "the receipt of {\"id\": …}, with {\"outcome\": true} of how it ended; an auditor's too",
            "POST /audit/verify": "check every byte of the log, and that it only adds to {\"against\": CHECKPOINT}; an auditor's too",
            "POST /audit/attest": "check {\"claim\": …, \"since\": …, \"until\": …} against every record and sign the report; an auditor's too",
            "POST /audit/rotate-key": "give the audit log a new signing key, which the old one signs",
            "POST /audit/destroy-content-key": "destroy the keys of the captured content of {\"tenant\": …}, or of {\"without_tenant\": true}, which nobody can read from then on",
            "POST /policy/webhook": "the same for who hosts the repository, and fetch before: takes the HMAC of its body",
        }
    })
}

/// The scale of complexity in force, and the model that gives the scores.
fn task(gateway: &Gateway) -> Value {
    let model = weir_task::Model::embedded().map(|model| format!("{:016x}", model.digest())).ok();
    let scale = gateway.ranks.scale().map(|scale| {
        let millionths = |score: u64| score as f64 / 1e6;
        let at = |percent: usize| (percent.to_string(), json!(scale.quantile(percent).map(millionths)));
        let quantiles: serde_json::Map<String, Value> =
            [5, 10, 25, 50, 75, 80, 85, 90, 95, 99].map(at).into_iter().collect();
        let made = jiff::Timestamp::from_second(scale.made).map(|made| made.to_string()).ok();
        json!({ "made": made, "scores": scale.scores.len(), "below_percent": quantiles })
    });
    json!({
        "model": model,
        "complexity": { "sampled": gateway.ranks.sampled(), "needed": SCORES_MIN, "made_every_seconds": HOLDS_SECONDS, "scale": scale },
    })
}

/// 200 while requests are served: the policy is loaded, the audit log can be written, and no shutdown
/// has begun. A refused reload leaves Weir ready, under the last good files, and is shown.
fn ready(gateway: &Gateway) -> Response<Body> {
    let snapshot = gateway.snapshot();
    let ((audit, audit_why), draining) = (gateway.audit_standing(), gateway.is_draining());
    let is_ready = !draining && (audit != "failed" || gateway.serves_without_record());
    let body = json!({
        "ready": is_ready,
        "draining": draining,
        "policy_revision": snapshot.loaded.policy_revision.as_str(),
        "config_digest": snapshot.loaded.config_digest,
        "audit": audit,
        "audit_why": audit_why,
        "witnesses": gateway.witnesses.shown(),
        "exports": gateway.exports.shown(),
        "reload": reload(&gateway.reload_state()),
        "rollout": rollout(gateway),
        "callers": if gateway.serves_loopback_only() { "loopback only: no API key is configured" } else { "by API key" },
    });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json(status, body.to_string())
}

/// In a word what is on its way; more of it is at `/policy`.
fn rollout(gateway: &Gateway) -> Value {
    let candidate = gateway.candidate();
    candidate.map_or(Value::Null, |candidate| {
        let stopped = candidate.with(|rollout| rollout.alarm().map(ToString::to_string));
        json!({ "policy_revision": candidate.revision(), "stage": candidate.stage().to_string(), "stopped": stopped })
    })
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
