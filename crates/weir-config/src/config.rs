//! What both files say, as values.

use crate::{
    AuditSettings, Backend, Detector, Encoder, Evaluation, Extractor, Problem, RulePlaces, Secret, TimeZone,
};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;
use weir_audit::checkpoint::Verifier;
use weir_label::{Boundary, Revision};
use weir_policy::{Catalogue, Policy};
use weir_rollout::Plan;

/// What both files say together.
#[derive(Debug)]
pub struct Loaded {
    /// The infrastructure.
    pub config: Config,
    /// Targets and aliases.
    pub catalogue: Catalogue,
    /// Boundary and rules.
    pub policy: Policy,
    /// The zone of the policy's days and hours.
    pub time_zone: TimeZone,
    /// What the inspection engine is built from.
    pub classify: weir_classify::Settings,
    /// Detectors inside the network that are asked about what the engine leaves open.
    pub detectors: Vec<Detector>,
    /// Programs on this machine that give the text of attachments.
    pub extractors: Vec<Extractor>,
    /// Which share of requests is answered by both zones to compare them.
    pub evaluation: Option<Evaluation>,
    /// Whether the task type that a caller declares is taken for the task type.
    pub accepts_declared_task: bool,
    /// The revision of the policy: the first 16 hex digits of the SHA-256 of its text and of the files
    /// it names. The same as the boundary's.
    pub policy_revision: Revision,
    /// The first 16 hex digits of the SHA-256 of the configuration's text and of the files it names.
    /// Secrets that are not written in it are no part of it.
    pub config_digest: String,
    /// Where the rules stand in the policy's file.
    pub places: RulePlaces,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Problem>,
}

/// What a policy says of data.
#[derive(Debug)]
pub struct DataPolicy {
    /// The boundary, with the revision of the policy.
    pub boundary: Boundary,
    /// What the inspection engine is built from.
    pub classify: weir_classify::Settings,
    /// How many detectors the gateway asks besides.
    pub detectors: usize,
    /// How many programs give the gateway the text of attachments.
    pub extractors: usize,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Problem>,
}

/// The infrastructure: `weir.yaml`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where applications connect.
    pub listen: SocketAddr,
    /// Where operators connect; always a loopback address.
    pub admin: SocketAddr,
    /// The directory of keys and audit log; relative to the configuration file.
    pub state: PathBuf,
    /// Where the policy comes from, and how a new one comes into force.
    pub policy: PolicySettings,
    /// What a request, and all of them together, may take.
    pub limits: Limits,
    /// What is recorded beside the decisions, how long, and who gets it.
    pub audit: AuditSettings,
    /// Whether replies carry `x-weir-*` headers.
    pub headers: DecisionHeaders,
    /// What becomes of requests with fields that Weir does not know.
    pub unknown_fields: UnknownFields,
    /// How long answers of the Responses API are kept for their owner.
    pub keep_responses: Duration,
    /// What may be spent on cloud models altogether.
    pub budget: Budget,
    /// What holds for single API keys, by name or id.
    pub keys: ByName<Key>,
    /// What holds for single tenants.
    pub tenants: ByName<Tenant>,
    /// How long files are kept for their owner.
    pub keep_files: Duration,
    /// What is asked for the task type where the embedded model is unsure.
    pub encoder: Option<Encoder>,
    /// The backends, in the order of the file.
    pub backends: Vec<Backend>,
    /// Networks that count as inside, besides loopback and private ranges.
    pub network_inside: Vec<IpNet>,
}

impl Config {
    /// The backend with this name.
    #[must_use]
    pub fn backend(&self, name: &str) -> Option<&Backend> {
        self.backends.iter().find(|backend| &*backend.name == name)
    }

    /// Whether it bounds what anybody may spend.
    #[must_use]
    pub fn has_budgets(&self) -> bool {
        let of_keys = self.keys.named.values().chain([&self.keys.default]).map(|key| &key.budget);
        let tenants = self.tenants.named.values().chain([&self.tenants.default]);
        of_keys.chain(tenants.map(|tenant| &tenant.budget)).chain([&self.budget]).any(Budget::is_set)
    }
}

/// Where the policy comes from, who signs it, and how a new one comes into force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicySettings {
    /// Where it comes from.
    pub source: PolicySource,
    /// The key that must have signed it; `None` when it need not be signed.
    pub signed_by: Option<Verifier>,
    /// What brings commits into the git repository that it comes from.
    pub fetch: Option<Fetch>,
    /// The secret of the webhook that says that there are new commits.
    pub webhook_secret: Option<Secret>,
    /// How a new one comes into force.
    pub rollout: Plan,
}

/// A command of the operator's that brings commits into a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How often it runs.
    pub every: Duration,
    /// How long it may take.
    pub timeout: Duration,
}

/// Where the policy comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PolicySource {
    /// `policy.yaml` beside the configuration.
    #[default]
    Beside,
    /// This file, or `policy.yaml` in this directory.
    Path(PathBuf),
    /// A directory of a git repository on this machine.
    Git {
        /// The repository, bare or not.
        repository: PathBuf,
        /// The branch.
        branch: String,
        /// The directory in it that holds `policy.yaml`; empty for the topmost.
        path: String,
    },
}

/// What a request, and all of them together, may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, in bytes.
    pub body_bytes: NonZeroUsize,
    /// The largest event of a backend's stream, in bytes.
    pub event_bytes: NonZeroUsize,
    /// The most requests that wait for a place.
    pub queue: usize,
    /// The most bytes of bodies that wait for a place.
    pub queue_bytes: usize,
    /// The most tokens of prompts that wait for the same targets.
    pub queue_tokens: u64,
    /// When the first token should be there, if the request does not say.
    pub first_token: Option<Duration>,
    /// Whether a request that gets no answer is sent to a replica as well.
    pub hedge: bool,
    /// The most connections.
    pub connections: NonZeroUsize,
    /// The most bytes that are kept for callers.
    pub kept: u64,
    /// The most bytes that are kept for one of them.
    pub kept_of_one: u64,
    /// How long requests in flight may take to finish at shutdown.
    pub drain: Duration,
}

/// Whether replies carry the `x-weir-*` headers that tell where a request ran and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionHeaders {
    /// They do.
    On,
    /// They do not.
    Off,
}

/// What becomes of a request with a field that Weir does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownFields {
    /// The field is inspected like all others and passes where the dialects agree.
    Pass,
    /// The request is refused, and told which field it is.
    Refuse,
}

/// What may be spent on cloud models, in micro-USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// A day, of UTC.
    pub day: Option<u64>,
    /// A month, of UTC.
    pub month: Option<u64>,
}

impl Budget {
    /// Whether it bounds anything.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.day.is_some() || self.month.is_some()
    }
}

/// What holds for an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Key {
    /// What it may spend.
    pub budget: Budget,
    /// The most requests a minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// The most tokens a minute, of prompts and answers together.
    pub tokens_per_minute: Option<NonZeroU32>,
}

/// What holds for a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenant {
    /// What it may spend.
    pub budget: Budget,
    /// How many times the share of a tenant of weight 1 it has.
    pub weight: NonZeroU32,
}

impl Default for Tenant {
    fn default() -> Self {
        Self { budget: Budget::default(), weight: NonZeroU32::MIN }
    }
}

/// What holds for each of some names, and what for all others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByName<T> {
    /// For those that are not listed.
    pub default: T,
    /// For these.
    pub named: BTreeMap<String, T>,
}

impl<T> ByName<T> {
    /// What holds for a name.
    #[must_use]
    pub fn of(&self, name: &str) -> &T {
        self.named.get(name).unwrap_or(&self.default)
    }
}
