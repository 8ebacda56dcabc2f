//! What a reply's headers say of the decision.

use super::Ledger;
use crate::reply;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

impl Ledger {
    /// Says in the reply's headers what is known now.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        let decision = &self.decision;
        let request_id = (reply::REQUEST_ID, decision.request_id.as_str());
        if let Some(warnings) = &self.warnings {
            reply::set(headers, WARNINGS, warnings);
        }
        if let Some(share) = &self.share {
            share.stamp(&self.gateway, self.form, headers);
        }
        if !self.shows_decision {
            return reply::set_all(headers, [request_id]);
        }
        headers.insert(LEVEL, HeaderValue::from_static(decision.level.as_str()));
        if let Some(zone) = decision.zone {
            headers.insert(ZONE, HeaderValue::from_static(zone.as_str()));
        }
        let known = [
            Some(request_id),
            Some((DECISION_ID, decision.decision_id.as_str())),
            decision.zone.map(|_| (REASON, decision.reason.as_str())),
            decision.backend.as_ref().map(|backend| (BACKEND, backend.as_str())),
            decision.rule.as_ref().map(|rule| (RULE, rule.as_str())),
            Some((POLICY, decision.policy_revision.as_str())),
        ];
        reply::set_all(headers, known.into_iter().flatten());
    }
}

const WARNINGS: HeaderName = HeaderName::from_static("x-weir-warnings");
const DECISION_ID: HeaderName = HeaderName::from_static("x-weir-decision-id");
const ZONE: HeaderName = HeaderName::from_static("x-weir-zone");
const BACKEND: HeaderName = HeaderName::from_static("x-weir-backend");
const LEVEL: HeaderName = HeaderName::from_static("x-weir-level");
const RULE: HeaderName = HeaderName::from_static("x-weir-rule");
const POLICY: HeaderName = HeaderName::from_static("x-weir-policy");
const REASON: HeaderName = HeaderName::from_static("x-weir-reason");
