//! Configuration and policy files to domain values, with diagnostics.
//!
//! [`load`] takes the text of `weir.yaml` and `policy.yaml` and gives values that need no further
//! checking: names are resolved, addresses parsed, clearances made by the boundary. It is pure; the
//! environment and the files that the configuration names are read through functions it is given.
//!
//! Every problem of both files is reported at once, each with its place, what is wrong and what to do.

mod api;
mod audit;
mod backend;
mod cases;
mod config;
mod detector;
mod encoder;
mod export;
mod extractor;
mod facts;
mod hardware;
pub mod import;
mod load;
mod names;
mod outside;
mod policy;
mod prices;
mod problem;
mod raw;
mod repair;
mod report;
mod scalar;
mod schema;
mod secret;
pub mod suggest;
mod time_zone;
mod tree;
mod url;
mod weir;
mod witness;
mod word;
mod yaml;

pub use api::BackendApi;
pub use audit::{AuditFailure, AuditSettings, Content, Purpose, Retention};
pub use backend::{Auth, Backend, BaseUrl, Concurrency, Host, Model, ModelCard, Scheme, Timeouts};
pub use cases::{facts_of, load_cases};
pub use config::{
    Budget, ByName, Config, DataPolicy, DecisionHeaders, Fetch, Key, Limits, Loaded, PolicySettings,
    PolicySource, Tenant, UnknownFields,
};
pub use detector::{Detector, DetectorKind, DetectorWhen, Score};
pub use encoder::Encoder;
pub use export::{Begin, Export, Server, Sink};
pub use extractor::Extractor;
pub use hardware::Hardware;
pub use load::{
    AdminPlace, ReadFile, admin_place, load, load_apart, load_data_policy, policy_settings, state_directory,
};
pub use outside::{Secrets, Variables};
pub use policy::Evaluation;
pub use prices::{BadPriceTable, ListPrice, PriceTable};
pub use problem::{Problem, Problems, RulePlaces, Severity};
pub use scalar::time;
pub use schema::schemas;
pub use secret::Secret;
pub use time_zone::TimeZone;
pub use witness::{Receiver, Remote, Witness};

use std::path::Path;

/// One file as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its path, as problems name it. Files it names are relative to its directory.
    pub path: &'a Path,
    /// Its text.
    pub text: &'a str,
}
