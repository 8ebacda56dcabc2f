//! What the configuration says of a backend and its models.

use crate::{BackendApi, Secret};
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use weir_label::ZoneKind;
use weir_policy::{AnyRecipient, Modality, Price, TargetId, Words};
use weir_tokens::Counter;
use weir_wire::{Card, Thinking};

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
