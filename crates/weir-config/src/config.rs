use crate::{
    BackendApi, Detector, Encoder, Evaluation, Export, Extractor, Problem, RulePlaces, Secret, TimeZone,
    Witness,
};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::checkpoint::Verifier;
use weir_audit::content::ContentKey;
use weir_audit::{Ident, Name};
use weir_label::{Boundary, Level, Revision, ZoneKind};
use weir_policy::{AnyRecipient, Catalogue, Modality, Policy, Price, TargetId, Words};
use weir_rollout::Plan;
use weir_tokens::Counter;
use weir_wire::{Card, Thinking};

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
    /// What to do when a record cannot be written.
    pub audit_on_failure: AuditFailure,
    /// How long records are kept; for ever if absent, or if there is a legal hold.
    pub audit_keep: Option<Retention>,
    /// What data is processed for: the first that is about a caller counts.
    pub audit_purposes: Vec<Purpose>,
    /// For whom content is captured; nobody if absent.
    pub audit_content: Option<Content>,
    /// Who gets the checkpoints of the audit log.
    pub witnesses: Vec<Witness>,
    /// Who gets the events of the audit log.
    pub exports: Vec<Export>,
    /// The logs that this gateway is a witness of.
    pub witness_for: Vec<Verifier>,
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

/// What to do when a record cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFailure {
    /// Refuse every request.
    Refuse,
    /// Serve what stays local; refuse what would leave.
    LocalOnly,
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

/// One server or API account.
#[derive(Debug, Clone)]
pub struct Backend {
    /// Its name, unique.
    pub name: Arc<str>,
    /// Its zone.
    pub zone: ZoneKind,
    /// What it speaks.
    pub api: BackendApi,
    /// Where its API begins.
    pub url: BaseUrl,
    /// What authorises Weir there.
    pub api_key: Option<Secret>,
    /// How that is come by, where it is no key that stays the same.
    pub auth: Option<Auth>,
    /// The certificate authorities to trust instead of the system's, as PEM text.
    pub ca_pem: Option<String>,
    /// Who receives what is sent to it, with its clearance.
    pub recipient: AnyRecipient,
    /// Whether it is asked how busy it is.
    pub metrics: bool,
    /// How long to wait for it.
    pub timeouts: Timeouts,
    /// The region that requests to AWS are signed for, if it is not in the host's name.
    pub region: Option<String>,
    /// The version of its API that every request names, where it wants one.
    pub api_version: Option<String>,
    /// Fields of requests that are left out where its API has nothing for them, instead of the target being
    /// left out.
    pub leave_out: Vec<String>,
    /// The models it serves, in the order of the file; never empty.
    pub models: Vec<Model>,
}

/// How Weir comes by what authorises it at a backend outside.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Tokens of Microsoft Entra ID, by client credentials.
    Entra {
        /// Where they are given out.
        token_url: String,
        /// The application.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// What they are for.
        scope: String,
    },
    /// Tokens of a Google service account.
    Google {
        /// The text of its key file.
        key_file: Secret,
        /// What they are for.
        scope: String,
    },
    /// Keys of an AWS role, which those of the backend, or a web identity, may take.
    AwsRole {
        /// The role.
        arn: String,
        /// The name of the session.
        session: String,
        /// What the role's owner wants to be told.
        external_id: Option<String>,
        /// The file with the token of the web identity, if it is one that takes the role.
        web_identity_token_file: Option<String>,
        /// The security token service, if it is not the region's.
        sts_url: Option<String>,
    },
}

/// One model of a backend.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name at the backend.
    pub name: Arc<str>,
    /// Its target in the catalogue.
    pub target: TargetId,
    /// The most requests in flight.
    pub concurrency: Concurrency,
    /// What it can do, as far as the configuration says.
    pub card: ModelCard,
    /// The most that bursts to it may cost a day, in micro-USD.
    pub burst_per_day: Option<u64>,
    /// What it costs with all that is paid for anyway, where its server's hardware is described.
    pub full_price: Option<Price>,
    /// What its tokens are counted with; estimated if absent.
    pub tokenizer: Option<Counter>,
}

/// How many requests a model may have in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrency {
    /// As many as it bears, as learnt.
    Auto,
    /// So many.
    AtMost(NonZeroU32),
    /// Any number.
    Unlimited,
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

/// What a model can do. What is not said is taken to be possible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelCard {
    /// The kinds of content it takes besides text.
    pub modalities: Option<Words<Modality>>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it keeps to a JSON Schema.
    pub json_schema: Option<bool>,
    /// The most tokens of an answer.
    pub max_output: Option<NonZeroU32>,
    /// How it is told to think.
    pub thinking: Thinking,
}

impl ModelCard {
    /// What a body written for the model must fit.
    #[must_use]
    pub fn wire(&self, api: BackendApi) -> Card {
        let max_output_tokens = self.max_output.map(|most| u64::from(most.get()));
        Card { max_output_tokens, thinking: self.thinking, quirks: api.quirks() }
    }
}

/// How long to wait for a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// From sending the request to the first byte of the answer.
    pub first_token: Duration,
    /// Between two pieces of the answer.
    pub idle: Duration,
    /// For the whole request.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            // A long prompt on a busy server of one's own.
            first_token: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(600),
        }
    }
}

/// Where a backend's API begins: scheme, host, port and path, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// With TLS or without.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port, the scheme's own if none was written.
    pub port: u16,
    /// The path without a slash at the end: `` or `/v1`.
    pub path: String,
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port, path } = self;
        write!(f, "{}://{host}:{port}{path}", scheme.as_str())
    }
}

/// With TLS or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// The scheme as written in an URL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

/// A host, by name or by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// To be resolved; lower case.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}
