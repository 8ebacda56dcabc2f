//! `weir.yaml` as written.

use super::Entries;
use super::encoder::RawEncoder;
use super::export::RawExport;
use super::keep::RawKeep;
use super::purpose::RawPurpose;
use super::rollout::RawPolicySource;
use super::witness::RawWitness;
use crate::scalar::{ByteSize, Days, KeepTime, MicroUsd, ModelName, Name, Pue, Version};
use crate::yaml::{At, Field};
use crate::{AuditFailure, BackendApi, Concurrency, DecisionHeaders, UnknownFields};
use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;
use weir_audit::checkpoint::Verifier;
use weir_audit::content::ContentKey;
use weir_label::{Jurisdiction, Level, ZoneKind};
use weir_policy::{Modality, TaskType};
use weir_wire::Thinking;

/// Weir's infrastructure: listeners, backends with their models, aliases, limits. What may go where is
/// in the policy file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "weir.yaml", rename = "Weir")]
pub struct RawWeir {
    /// Version of this format: 1.
    pub weir: Field<Version>,
    /// Address and port on which applications connect. Default: `127.0.0.1:8080`, this machine only.
    pub listen: Option<Field<SocketAddr>>,
    /// Address and port of metrics, health and the admin API. A loopback address. Default:
    /// `127.0.0.1:9090`.
    pub admin: Option<Field<SocketAddr>>,
    /// Directory of keys and audit log, relative to this file. Default: `./weir-state`.
    pub state: Option<At<String>>,
    /// Where the policy comes from, who signs it, and how a new one comes into force.
    #[serde(default)]
    pub policy: RawPolicySource,
    /// What counts as inside the network.
    #[serde(default)]
    pub network: RawNetwork,
    /// What a request, and all of them together, may take.
    #[serde(default)]
    pub limits: RawLimits,
    /// The audit log.
    #[serde(default)]
    pub audit: RawAudit,
    /// Whether clients are told where a request ran and by which rule: `x-weir-*` headers of replies, and receipts.
    /// Default: `on`.
    pub headers: Option<Field<DecisionHeaders>>,
    /// What becomes of a request with a field that Weir does not know. Such a field is inspected like all others, and
    /// passes where client and backend speak the same API, or is refused with the request. Default: `pass`.
    pub unknown_fields: Option<Field<UnknownFields>>,
    /// How long answers of the Responses API are kept, on this machine, for requests that refer to them
    /// by `previous_response_id`, unless they say `store: false`. `0s`: not at all. Default: `24h`.
    pub keep_responses: Option<Field<KeepTime>>,
    /// How long uploaded files are kept, on this machine, for requests that refer to them by `file_id`; a client
    /// may ask for less. `0s`: files are refused. Default: `30d`.
    pub keep_files: Option<Field<KeepTime>>,
    /// A table of list prices of your own, whose lines come before those that Weir knows: one price a line, written
    /// `model | tier | 2026-01-31 | input | cached | written | output | source`, in USD per million tokens. Default: none.
    pub prices: Option<At<String>>,
    /// What may be spent on cloud models altogether. Default: no bound.
    #[serde(default)]
    pub budget: RawBudget,
    /// What single API keys may spend, and how much they may ask for, by name or id; `default` is for each that is not
    /// listed.
    #[serde(default)]
    pub keys: Entries<RawKey>,
    /// What single tenants may spend and what share of busy servers they have; `default` is for each that is not
    /// listed.
    #[serde(default)]
    pub tenants: Entries<RawTenant>,
    /// A model of a local backend that is asked for the task type where Weir's own model is unsure. Default: none.
    pub encoder: Option<RawEncoder>,
    /// Servers and API accounts that answer requests.
    pub backends: At<Vec<RawBackend>>,
    /// The model names that applications ask for, and the targets that may answer each.
    pub aliases: At<Entries<RawAlias>>,
}

/// Of `weir.yaml` only where the state is.
#[derive(Debug, Deserialize)]
pub struct RawState {
    pub state: Option<At<String>>,
}

/// What counts as inside the network.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Network")]
pub struct RawNetwork {
    /// Networks that are inside besides loopback, RFC 1918 and unique local IPv6 addresses, such as
    /// `100.64.0.0/10`. Backends of zone `local` may only have addresses inside.
    pub inside: Vec<Field<IpNet>>,
}

/// What a request, and all of them together, may take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Limits")]
pub struct RawLimits {
    /// The largest request body. Default: `32MiB`.
    pub body: Option<Field<ByteSize>>,
    /// The largest event of a backend's stream; a stream with a larger one is cut. One event may hold all arguments of a
    /// call, or an image. Default: `8MiB`.
    pub event: Option<Field<ByteSize>>,
    /// The most requests that wait for a place at a local target. 0: none waits. Default: 256.
    pub queue: Option<Field<u32>>,
    /// The most bytes of bodies that wait. Default: `64MiB`.
    pub queue_bytes: Option<Field<ByteSize>>,
    /// The most tokens of prompts that wait for the same targets. Default: no limit.
    pub queue_tokens: Option<Field<u32>>,
    /// When the first token of an answer should be there, for requests that do not say it themselves
    /// (`x-weir-latency-target`) and are not batch work. What cannot hold it is passed over for the next step of
    /// the ladder. Default: none, a step is left only when there is no place.
    pub first_token: Option<Field<Duration>>,
    /// Whether a request that gets no answer in the time in which 19 of 20 do is sent to a replica as well, once, if
    /// that has places to spare; the first answer counts, the other is cancelled. Default: `false`.
    pub hedge: Option<Field<bool>>,
    /// The most connections of applications at a time. Default: 4096.
    pub connections: Option<Field<NonZeroU32>>,
    /// The most bytes of kept responses and files. When there is no room, the oldest responses make some; files do
    /// not. Default: `1GiB`.
    pub kept: Option<Field<ByteSize>>,
    /// The most bytes of kept responses and files of one tenant, or of one key without a tenant. Default: `256MiB`.
    pub kept_of_one: Option<Field<ByteSize>>,
    /// How long requests in flight may take to finish at shutdown. Default: `30s`.
    pub drain: Option<Field<Duration>>,
}

/// What may be spent on cloud models. What would exceed it stays inside the network, or is refused where it cannot.
/// Days and months are those of UTC.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Budget")]
pub struct RawBudget {
    /// USD a day.
    pub day: Option<Field<MicroUsd>>,
    /// USD a month.
    pub month: Option<Field<MicroUsd>>,
}

/// What holds for an API key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Key")]
pub struct RawKey {
    /// What it may spend on cloud models. Default: no bound of its own.
    pub budget: RawBudget,
    /// The most requests a minute; so many may come at once. `weir keys create --requests-per-minute` comes before it.
    /// Default: no limit.
    pub requests_per_minute: Option<Field<NonZeroU32>>,
    /// The most tokens a minute, those of prompts and of answers together; so many may come at once.
    /// `weir keys create --tokens-per-minute` comes before it. Default: no limit.
    pub tokens_per_minute: Option<Field<NonZeroU32>>,
}

/// What holds for a tenant.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Tenant")]
pub struct RawTenant {
    /// What all its keys together may spend on cloud models. Default: no bound of its own.
    pub budget: RawBudget,
    /// How many times the share of a tenant of weight 1 it has of servers that are busy. Default: 1.
    pub weight: Option<Field<NonZeroU32>>,
}

/// The audit log.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Audit")]
pub struct RawAudit {
    /// What to do when a record cannot be written. `refuse`: refuse every request. `local_only`: go on
    /// serving what stays local, refuse what would leave. Default: `refuse`.
    pub on_failure: Option<Field<AuditFailure>>,
    /// How long records are kept: `400d`, or by the level of the data, such as `{ restricted: 2190d, default: 400d }`. Older
    /// ones are deleted in whole segments, each when all of its records are old enough, and the deletion is recorded; all that
    /// is left can still be verified. Default: for ever.
    pub keep: Option<At<RawKeep>>,
    /// A legal hold: nothing is deleted, whatever `keep` says. Default: `false`.
    pub hold: bool,
    /// What data is processed for, and on which legal basis: the first entry that is about a caller is on record with its
    /// requests. Default: nothing is.
    pub purposes: Vec<RawPurpose>,
    /// For whom prompts and answers are captured, where a rule requires `audit.content`. Default: nobody, and such a
    /// rule is an error.
    pub content: Option<RawContent>,
    /// Who gets the signed checkpoints, so that a log that is put back, forked or copied is found.
    pub witness: Vec<RawWitness>,
    /// The logs whose checkpoints this gateway signs as their witness, at `POST /witness/add-checkpoint` where
    /// applications connect: their public keys (`key.pub`).
    pub witness_for: Vec<Field<Verifier>>,
    /// Who gets the events, each from its own place in the log: files, collectors, databases, streams.
    pub export: Vec<RawExport>,
}

/// The capture of prompts and answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Content")]
pub struct RawContent {
    /// The auditor's public key, as `weir audit content-key new` printed it: the gateway encrypts for it, and cannot
    /// read what it has captured.
    pub key: Field<ContentKey>,
    /// How long content is kept: it is deleted by whole days, and the deletion is recorded. With `hold` nothing is.
    /// Default: `30d`.
    pub keep: Option<Field<Days>>,
}

/// One server or API account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Backend")]
pub struct RawBackend {
    /// Its name, by which aliases and rules refer to it.
    pub name: Field<Name>,
    /// `local`: inside the network, connects to addresses inside only. `cloud`: outside.
    pub zone: Field<ZoneKind>,
    /// What it speaks: an API, or a product whose API is known. Default: `openai-compatible`, which most
    /// servers are.
    pub api: Option<Field<BackendApi>>,
    /// Where its API begins, such as `http://127.0.0.1:8000/v1`.
    pub url: At<String>,
    /// What authorises Weir there: `${NAME}` takes the environment variable, `file:PATH` the content of
    /// a file. Written literally it works too, but then this file is a secret. For `api: bedrock` the key's
    /// id and the secret, with a colon between them, or `aws-profile:NAME` for those of a profile in AWS's credentials
    /// file.
    pub api_key: Option<At<String>>,
    /// How Weir comes by what authorises it there, where that is no key that stays the same. For a cloud backend.
    pub auth: Option<At<RawAuth>>,
    /// PEM file with the certificate authorities to trust for this backend instead of the usual ones.
    pub ca_file: Option<At<String>>,
    /// The highest level of data it may receive. Default: `restricted` for a local backend, one below
    /// the boundary for a cloud one. For a cloud backend it must be below the boundary.
    pub clearance: Option<Field<Level>>,
    /// Where it processes data, such as `DE`. Data that is bound to a jurisdiction goes to a cloud
    /// backend only if this says that it may.
    pub jurisdiction: Option<Field<Jurisdiction>>,
    /// Whether to ask it once a second how busy it is, at `/metrics` beside its API: vLLM, SGLang, TGI,
    /// TensorRT-LLM and llama.cpp tell; or, with `api: ollama`, which models it has in memory. For a local backend. Default: `false`, Weir goes by its own requests.
    pub metrics: Option<Field<bool>>,
    /// What the server costs, for a local backend: from it follow the prices of its models that have none of their
    /// own. Rules weigh what its power costs, because the rest is paid for anyway; records and metrics have all of it.
    pub hardware: Option<RawHardware>,
    /// How long to wait for it.
    #[serde(default)]
    pub timeouts: RawTimeouts,
    /// The region that requests to AWS are signed for. Default: the one in the URL's host.
    pub region: Option<At<String>>,
    /// The version of its API that every request names in its query as `api-version`, as Azure wants it.
    pub api_version: Option<At<String>>,
    /// Fields of requests, such as `n` or `logprobs`, that its API has nothing for and that are left out
    /// of what it gets. A request with one that is not listed goes elsewhere if the answer would have
    /// another shape without it. What was left out is in the header `x-weir-warnings` of the answer.
    #[serde(default)]
    pub leave_out: Vec<At<String>>,
    /// The models it serves. Backend and model together are a target, written `backend/model`.
    pub models: At<Vec<RawModel>>,
}

/// What a server of your own costs, and how much it does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Hardware")]
pub struct RawHardware {
    /// What it cost in USD, host included.
    pub purchase: Field<MicroUsd>,
    /// Years after which it has paid off.
    pub years: Field<NonZeroU32>,
    /// Watts that it draws under load.
    pub watts: Field<u32>,
    /// USD a kilowatt-hour.
    pub kwh: Field<MicroUsd>,
    /// Power drawn by the site for each watt of the server, from 1 to 3. Default: 1.3.
    pub pue: Option<Field<Pue>>,
    /// USD an hour for operation. Default: 0.
    pub operation: Option<Field<MicroUsd>>,
    /// The share of the time in which it is at work, such as `30 %`. Default: 30 %.
    pub utilisation: Option<At<String>>,
    /// Tokens a second that it reads when it does nothing else, as a benchmark of the server says.
    pub input_tokens_per_s: Field<NonZeroU32>,
    /// Tokens a second that it writes under full load, all requests together.
    pub output_tokens_per_s: Field<NonZeroU32>,
}

/// How Weir comes by what authorises it at a backend; one of these.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Auth")]
pub struct RawAuth {
    /// Tokens of Microsoft Entra ID for an application, as Azure takes them.
    pub entra: Option<RawEntra>,
    /// Tokens of a Google service account, as Vertex AI takes them.
    pub google: Option<RawGoogle>,
    /// The keys of an AWS role, which those of `api_key`, or a web identity, may take.
    pub aws_role: Option<RawAwsRole>,
}

/// An application of Microsoft Entra ID.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Entra")]
pub struct RawEntra {
    /// The directory: its id, or a domain of it.
    pub tenant: At<String>,
    /// The application's id.
    pub client_id: At<String>,
    /// The application's secret, written as `api_key` is.
    pub client_secret: At<String>,
    /// What the token is for. Default: `https://cognitiveservices.azure.com/.default`.
    pub scope: Option<At<String>>,
    /// Where tokens are given out. Default: `https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`.
    pub token_url: Option<At<String>>,
}

/// A Google service account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Google")]
pub struct RawGoogle {
    /// Its key file, in JSON, as Google gives it out.
    pub key_file: At<String>,
    /// What the token is for. Default: `https://www.googleapis.com/auth/cloud-platform`.
    pub scope: Option<At<String>>,
}

/// An AWS role.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AwsRole")]
pub struct RawAwsRole {
    /// Its name, such as `arn:aws:iam::123456789012:role/weir`.
    pub arn: At<String>,
    /// By what name the session is known in AWS's own log. Default: `weir`.
    pub session: Option<At<String>>,
    /// What the role's owner wants to be told, if anything.
    pub external_id: Option<At<String>>,
    /// A file with a token of an identity provider that may take the role, such as the one of a Kubernetes service
    /// account (`AWS_WEB_IDENTITY_TOKEN_FILE`), instead of `api_key`. It is read anew each time.
    pub web_identity_token_file: Option<At<String>>,
    /// The security token service. Default: `https://sts.REGION.amazonaws.com/`.
    pub sts_url: Option<At<String>>,
}

/// How long to wait for a backend.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Timeouts")]
pub struct RawTimeouts {
    /// For the connection, TLS included. Default: `2s`.
    pub connect: Option<Field<Duration>>,
    /// From the request to the first piece of the answer. Default: `60s`.
    pub first_token: Option<Field<Duration>>,
    /// Between two pieces of the answer. Default: `30s`.
    pub idle: Option<Field<Duration>>,
    /// For the whole request. Default: `10m`.
    pub total: Option<Field<Duration>>,
}

/// One model of a backend.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Model")]
pub struct RawModel {
    /// Its name at the backend.
    pub name: Field<ModelName>,
    /// The most requests in flight: a number; `auto`, as many as it bears without its answers coming later, which
    /// Weir learns; `unlimited`. Default: `auto` for a local backend, `unlimited` for a cloud one, which says itself
    /// when it is full.
    pub concurrency: Option<Field<Concurrency>>,
    /// The most tokens of prompt and answer together. Requests that are longer go elsewhere.
    pub context: Option<Field<NonZeroU32>>,
    /// What its tokens are counted with before it is asked: `o200k_base` or `cl100k_base`, which Weir has; a
    /// `tokenizer.json` (byte-level BPE), such as `models/qwen3/tokenizer.json`; a `.tiktoken` file with the pattern that
    /// it goes with before it, such as `llama3:models/tokenizer.tiktoken` (`gpt2`, `cl100k`, `llama3`, `qwen2`, `o200k`,
    /// `tekken`); or `estimate`. Default: for OpenAI's models what they have, for others `estimate`, which is corrected by
    /// what the backend reports.
    pub tokenizer: Option<At<String>>,
    /// The most tokens of an answer. Requests that want more go elsewhere.
    pub max_output: Option<Field<NonZeroU32>>,
    /// The kinds of content it takes besides text: `image`, `audio`, `video`, `file`. Left out: all. A
    /// request that holds another goes elsewhere.
    pub modalities: Option<Vec<Field<Modality>>>,
    /// Whether it calls tools. Default: `true`. With `false`, requests that offer tools go elsewhere.
    pub tools: Option<Field<bool>>,
    /// Whether it keeps to a JSON Schema. Default: `true`. With `false`, requests that want one go
    /// elsewhere.
    pub json_schema: Option<Field<bool>>,
    /// How it is told to think, where its API has several ways. `effort`: by a word. `budget`: by a number
    /// of tokens. `never`: it does not think. Default: `effort`.
    pub thinking: Option<Field<Thinking>>,
    /// What it costs; `prefer: cheapest`, budgets and records go by it. Default: for a cloud backend what the tables
    /// of list prices say, for a local one what follows from its `hardware`.
    pub price: Option<RawPrice>,
    /// The name that the tables of list prices have for it. Default: its own.
    pub priced_as: Option<Field<ModelName>>,
    /// The tier of the tables of list prices that it is called in, such as `batch`. Default: `standard`.
    pub tier: Option<Field<Name>>,
    /// The most that requests which burst to it may cost in USD a day (UTC). What would exceed it takes the next
    /// step of the ladder. Needs a price. Default: no cap.
    pub burst_per_day: Option<Field<MicroUsd>>,
    /// How good its answers are, from 0 to 1, by which `prefer: best` goes; or by task type, with
    /// `default` for the others: `{default: 0.6, code_generate: 0.8}`.
    #[schemars(with = "Option<QualitySchema>")]
    pub quality: Option<At<RawQuality>>,
    /// Words of your own; rules select by them: `use: [tag:large]`.
    #[serde(default)]
    pub tags: Vec<Field<Name>>,
}

/// One figure, or one for each task type.
#[derive(Debug)]
pub enum RawQuality {
    One(String),
    ByTask(Entries<At<String>>),
}

impl<'de> Deserialize<'de> for RawQuality {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Figures;

        impl<'de> Visitor<'de> for Figures {
            type Value = RawQuality;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a mapping of task types to numbers")
            }

            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(RawQuality::One(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(RawQuality::One(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(RawQuality::One(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(RawQuality::One(value.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Entries::deserialize(MapAccessDeserializer::new(map)).map(RawQuality::ByTask)
            }
        }

        deserializer.deserialize_any(Figures)
    }
}

/// What an editor should know of `quality`.
enum QualitySchema {}

impl JsonSchema for QualitySchema {
    fn schema_name() -> Cow<'static, str> {
        "Quality".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let figure = json_schema!({ "type": ["number", "string"], "minimum": 0, "maximum": 1 });
        let mut properties = serde_json::Map::new();
        let mut add = |name: &str, description: String| {
            let mut figure = figure.clone();
            figure.insert("description".to_owned(), description.into());
            properties.insert(name.to_owned(), figure.to_value());
        };
        add("default", "For task types that are not listed, and when the type is unknown.".to_owned());
        for task in TaskType::ALL {
            add(task.as_str(), format!("For tasks of type `{task}`."));
        }
        json_schema!({
            "anyOf": [figure, { "type": "object", "properties": properties, "additionalProperties": false }],
        })
    }
}

/// USD per million tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Price")]
pub struct RawPrice {
    /// USD per million tokens of the prompt.
    pub input: Field<MicroUsd>,
    /// USD per million tokens of the prompt that the provider has in its cache. Default: as the others.
    pub cached: Option<Field<MicroUsd>>,
    /// USD per million tokens of the prompt that the provider puts into its cache. Default: as the others.
    pub written: Option<Field<MicroUsd>>,
    /// USD per million tokens of the answer.
    pub output: Field<MicroUsd>,
}

/// The targets that may answer when an application asks for this model name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Alias")]
pub struct RawAlias {
    /// Targets, written `backend/model`, in the order in which they are preferred.
    pub targets: At<Vec<At<String>>>,
    /// Smaller local targets for when the others are full and the rule says `degrade`, in order.
    #[serde(default)]
    pub degrade: Vec<At<String>>,
}
