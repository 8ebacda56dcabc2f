//! The admin API of the audit log: what an auditor reads, and what an admin changes.

use super::problem;
use crate::gateway::Gateway;
use crate::receipts::look_up;
use crate::reply::{self, Body};
use crate::report;
use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use weir_audit::claim::Claim;
use weir_audit::search::{Condition, ConditionError, Field, Found, Query};
use weir_audit::{Ident, Name, WallTime};
use weir_store::audit::{
    Attestation, Continuity, Evidence, NoProof, Search, SearchError, Wanted, sign_as_log, verify,
};

/// The most rows of a query, and those of one that does not say.
const ROWS_MAX: usize = 1000;
const ROWS: usize = 100;
const TEXT: &str = "text/plain; charset=utf-8";

/// What is asked of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Query,
    Receipt,
    Verify,
    Attest,
    RotateKey,
    DestroyContentKey,
}

impl Order {
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/audit/query" => Some(Order::Query),
            "/audit/receipt" => Some(Order::Receipt),
            "/audit/verify" => Some(Order::Verify),
            "/audit/attest" => Some(Order::Attest),
            "/audit/rotate-key" => Some(Order::RotateKey),
            "/audit/destroy-content-key" => Some(Order::DestroyContentKey),
            _ => None,
        }
    }

    /// Whether it changes nothing.
    pub const fn only_reads(self) -> bool {
        match self {
            Order::Query | Order::Receipt | Order::Verify | Order::Attest => true,
            Order::RotateKey | Order::DestroyContentKey => false,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    since: Option<String>,
    until: Option<String>,
    zone: Option<String>,
    backend: Option<String>,
    level: Option<String>,
    rule: Option<String>,
    tag: Option<String>,
    caller: Option<String>,
    decision: Option<String>,
    request: Option<String>,
    outcome: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptOf {
    id: String,
    #[serde(default)]
    outcome: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct VerifyAgainst {
    against: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttestTo {
    claim: String,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DestroyFor {
    tenant: Option<String>,
    without_tenant: bool,
}

/// Why there is no answer: the request is at fault, or what it asks for is not to be had.
enum Refused {
    Request(String),
    State(String),
}

/// Answers, away from the threads that serve requests: the log is read.
pub(super) async fn obey(gateway: Arc<Gateway>, order: Order, body: Bytes) -> Response<Body> {
    let done = tokio::task::spawn_blocking(move || carry_out(&gateway, order, &body)).await;
    match done {
        Ok(Ok(answer)) => answer,
        Ok(Err(Refused::Request(what))) => problem(StatusCode::BAD_REQUEST, &what),
        Ok(Err(Refused::State(what))) => problem(StatusCode::CONFLICT, &what),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "this failed; it is a bug in Weir"),
    }
}

fn carry_out(gateway: &Gateway, order: Order, body: &[u8]) -> Result<Response<Body>, Refused> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    match order {
        Order::Query => rows(gateway, read(body)?).map(|rows| answer(&rows)),
        Order::Receipt => receipt(gateway, read(body)?),
        Order::Verify => verified(gateway, read(body)?).map(|report| answer(&report)),
        Order::Attest => attested(gateway, read(body)?).map(|report| answer(&report)),
        Order::RotateKey => {
            let rotated = gateway.audit.rotate_key().map_err(state)?;
            serde_json::to_value(&rotated).map(|rotated| answer(&rotated)).map_err(state)
        }
        Order::DestroyContentKey => destroyed(gateway, read(body)?).map(|keys| answer(&keys)),
    }
}

fn rows(gateway: &Gateway, asked: Asked) -> Result<Value, Refused> {
    let limit = asked.limit.unwrap_or(ROWS).min(ROWS_MAX);
    let query = Query {
        types: Vec::new(),
        since: asked.since.as_deref().map(wall).transpose()?,
        until: asked.until.as_deref().map(wall).transpose()?,
        conditions: asked.conditions().map_err(|error| Refused::Request(error.to_string()))?,
    };
    let mut rows = Vec::new();
    let mut find = || {
        rows.clear();
        Search::open(gateway.audit.directory())?.find(&query, Some(limit), |found| rows.push(found))
    };
    let found = match find() {
        // The index was wrong, and is made anew.
        Err(SearchError::Disagree) => find(),
        found => found,
    };
    found.map_err(state)?;
    let rows = rows.iter().map(Found::to_json).collect::<Result<Vec<_>, _>>().map_err(state)?;
    Ok(json!({ "rows": rows }))
}

impl Asked {
    fn conditions(&self) -> Result<Vec<Condition>, ConditionError> {
        // `weir keys list` shows prefixes; the log holds ids.
        let caller = self.caller.as_deref().map(|key| key.rsplit('_').next().unwrap_or(key));
        let words = [
            ("zone", self.zone.as_deref()),
            ("backend", self.backend.as_deref()),
            ("rule", self.rule.as_deref()),
            ("tag", self.tag.as_deref()),
            ("caller", caller),
            ("decision", self.decision.as_deref()),
            ("request", self.request.as_deref()),
            ("outcome", self.outcome.as_deref()),
        ];
        let is = |(name, word): (&str, Option<&str>)| {
            let field = Field::named(name).ok_or_else(|| ConditionError::Field(name.to_owned()));
            word.map(|word| Condition::is_one_of(field?, &[word]))
        };
        let level = self.level.iter().map(|level| Condition::parse(&format!("level>={level}"), &|_| false));
        words.into_iter().filter_map(is).chain(level).collect()
    }
}

fn receipt(gateway: &Gateway, ReceiptOf { id, outcome }: ReceiptOf) -> Result<Response<Body>, Refused> {
    let wanted = if outcome { Wanted::Outcome } else { Wanted::Decision };
    let id = Ident::new(&id);
    let found = look_up(gateway, wanted, &id).map_err(state)?;
    let found = found.ok_or_else(|| state(NoProof::unknown(wanted, &id)))?;
    let evidence = Evidence::open(gateway.audit.directory(), None).map_err(state)?;
    let receipt = evidence.receipt(found).map_err(state)?;
    Ok(reply::text(StatusCode::OK, TEXT, receipt.to_string()))
}

fn verified(gateway: &Gateway, VerifyAgainst { against }: VerifyAgainst) -> Result<Value, Refused> {
    let report = verify(gateway.audit.directory()).map_err(state)?;
    let mut faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    if let Some(note) = against {
        let evidence = Evidence::open(gateway.audit.directory(), None).map_err(state)?;
        let older = evidence.lineage().verify(&note).map_err(|error| Refused::Request(error.to_string()))?;
        match evidence.continues(&older).map_err(state)? {
            Continuity::Extends => {}
            Continuity::RolledBack => faults.push("the log was rolled back".to_owned()),
            Continuity::Forked => faults.push("the log was forked".to_owned()),
            Continuity::Deleted(first) => faults.push(format!(
                "what was before event {first} was deleted with its hashes, so that an older checkpoint tells nothing"
            )),
        }
    }
    Ok(json!({
        "ok": faults.is_empty() && report.more_faults == 0,
        "events": report.events,
        "deleted_events": report.deleted,
        "signed_events": report.checkpoint.map_or(0, |checkpoint| checkpoint.size),
        "faults": faults,
        "more_faults": report.more_faults,
    }))
}

fn destroyed(gateway: &Gateway, DestroyFor { tenant, without_tenant }: DestroyFor) -> Result<Value, Refused> {
    if tenant.is_some() == without_tenant {
        let help = "say whose key: {\"tenant\": NAME}, or {\"without_tenant\": true} for callers without one";
        return Err(Refused::Request(help.to_owned()));
    }
    let tenant = tenant.as_deref().map(Name::new);
    let keys = gateway.destroy_content_keys(tenant.as_ref()).map_err(state)?;
    Ok(json!({ "destroyed": keys.iter().map(Ident::as_str).collect::<Vec<_>>() }))
}

fn attested(gateway: &Gateway, AttestTo { claim, since, until }: AttestTo) -> Result<Value, Refused> {
    let claim: Claim =
        claim.parse().map_err(|error: weir_audit::claim::ClaimError| Refused::Request(error.to_string()))?;
    let (since, until) = (since.as_deref().map(wall).transpose()?, until.as_deref().map(wall).transpose()?);
    let directory = gateway.audit.directory();
    let attestation = Attestation::make(directory, &claim, since, until).map_err(state)?;
    let facts = report::facts(&claim, (since, until), &attestation, Timestamp::now());
    let signed = sign_as_log(directory, &report::text(&facts)).map_err(state)?;
    Ok(json!({ "report": facts, "signed": signed }))
}

/// A file of the log that is made to be shown.
pub(super) fn file(gateway: &Gateway, name: &str) -> Response<Body> {
    match std::fs::read(gateway.audit.directory().join(name)) {
        Ok(text) => reply::text(StatusCode::OK, TEXT, text),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn answer(value: &Value) -> Response<Body> {
    reply::json(StatusCode::OK, value.to_string())
}

fn state(error: impl std::fmt::Display) -> Refused {
    Refused::State(error.to_string())
}

fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body)
        .map_err(|error| Refused::Request(format!("the body cannot be read: {error}")))
}

fn wall(text: &str) -> Result<WallTime, Refused> {
    let wrong = |_| Refused::Request(format!("`{}` is no time; write RFC 3339", text.escape_default()));
    let at: Timestamp = text.parse().map_err(wrong)?;
    Ok(WallTime::from_unix_ms(u64::try_from(at.as_millisecond()).unwrap_or(0)))
}
