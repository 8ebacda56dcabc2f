//! What the configuration says of the audit log.

use crate::{Export, Witness};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_audit::checkpoint::Verifier;
use weir_audit::content::ContentKey;
use weir_audit::{Ident, Name};
use weir_label::Level;

/// What the audit log holds beside decisions and outcomes, how long it is kept, and who gets it.
#[derive(Debug, Clone)]
pub struct AuditSettings {
    /// What to do when a record cannot be written.
    pub on_failure: AuditFailure,
    /// How long records are kept; for ever if absent, or if there is a legal hold.
    pub keep: Option<Retention>,
    /// What data is processed for: the first that is about a caller counts.
    pub purposes: Vec<Purpose>,
    /// For whom content is captured; nobody if absent.
    pub content: Option<Content>,
    /// Who gets the checkpoints.
    pub witnesses: Vec<Witness>,
    /// Who gets the events.
    pub exports: Vec<Export>,
    /// The logs of others that this gateway is a witness of.
    pub witness_for: Vec<Verifier>,
}

/// What to do when a record cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFailure {
    /// Refuse every request.
    Refuse,
    /// Serve what stays local; refuse what would leave.
    LocalOnly,
}

/// How long audit records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Those of requests whose data is of these levels.
    pub by_level: BTreeMap<Level, Duration>,
    /// Those of the other levels, and of what is about no request.
    pub otherwise: Duration,
}

/// What the data of some callers is processed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    /// The purpose.
    pub purpose: Name,
    /// The legal basis.
    pub legal_basis: Option<Ident>,
    /// Whose data it is.
    pub data_subjects: Vec<Ident>,
    /// Whose requests: those with the API key of this name or id…
    pub key: Option<String>,
    /// …of this tenant…
    pub tenant: Option<String>,
    /// …of this team…
    pub team: Option<String>,
    /// …and of this application, where they are given.
    pub app: Option<String>,
}

/// For whom content is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// The auditor's public key.
    pub key: ContentKey,
    /// How long content is kept; for ever if absent: there is a legal hold.
    pub keep: Option<Duration>,
}
