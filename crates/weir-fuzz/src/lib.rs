//! What must hold of every parser of foreign bytes, whatever the bytes.
//!
//! Each target takes any bytes and panics when something does not hold that must. None may panic
//! otherwise, or take long. The same functions are run over the committed corpus and mutations of it by
//! this crate's tests, on every machine, and by cargo-fuzz (see `fuzz/`) for as long as one likes.

mod attachment;
mod audit;
mod backend;
mod chat;
mod config;
mod detector;
mod document;
mod index;
mod inspect;
mod json;
mod nats;
mod planted;
mod recognisers;
mod rollout;
mod sse;
mod tokens;
mod witness;

pub use attachment::attachment;
pub use audit::{audit_event, audit_frame, audit_log, checkpoint};
pub use backend::{aws_events, backend_reply};
pub use chat::{chat_reply, chat_request};
pub use config::{config, policy};
pub use detector::detector;
pub use document::document;
pub use index::{index, records};
pub use inspect::inspect;
pub use json::json;
pub use nats::nats;
pub use planted::planted;
pub use recognisers::recognisers;
pub use rollout::{policy_bundle, policy_cases};
pub use sse::sse;
pub use tokens::{tokenizer, tokens};
pub use witness::{add_checkpoint, rotations};

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its directory in `fuzz/corpus`.
    pub name: &'static str,
    /// Asserts what must hold of these bytes.
    pub check: fn(&[u8]),
    /// Mutated inputs that the ordinary test run tries: what takes a few seconds unoptimised.
    pub mutations: u32,
}

/// All targets.
pub const TARGETS: [Target; 27] = [
    Target { name: "json", check: json, mutations: 20_000 },
    Target { name: "sse", check: sse, mutations: 20_000 },
    Target { name: "chat_request", check: chat_request, mutations: 20_000 },
    Target { name: "chat_reply", check: chat_reply, mutations: 20_000 },
    Target { name: "aws_events", check: aws_events, mutations: 20_000 },
    Target { name: "backend_reply", check: backend_reply, mutations: 5_000 },
    Target { name: "config", check: config, mutations: 2_000 },
    Target { name: "policy", check: policy, mutations: 2_000 },
    Target { name: "policy_cases", check: policy_cases, mutations: 1_000 },
    Target { name: "policy_bundle", check: policy_bundle, mutations: 5_000 },
    Target { name: "index", check: index, mutations: 5_000 },
    Target { name: "records", check: records, mutations: 5_000 },
    Target { name: "inspect", check: inspect, mutations: 5_000 },
    Target { name: "planted", check: planted, mutations: 2_000 },
    Target { name: "recognisers", check: recognisers, mutations: 100 },
    Target { name: "detector", check: detector, mutations: 20_000 },
    Target { name: "attachment", check: attachment, mutations: 20_000 },
    Target { name: "document", check: document, mutations: 2_000 },
    Target { name: "audit_frame", check: audit_frame, mutations: 20_000 },
    Target { name: "audit_event", check: audit_event, mutations: 20_000 },
    Target { name: "audit_log", check: audit_log, mutations: 2_000 },
    Target { name: "checkpoint", check: checkpoint, mutations: 5_000 },
    Target { name: "add_checkpoint", check: add_checkpoint, mutations: 1_000 },
    Target { name: "tokens", check: tokens, mutations: 2_000 },
    Target { name: "tokenizer", check: tokenizer, mutations: 1_000 },
    Target { name: "nats", check: nats, mutations: 20_000 },
    Target { name: "rotations", check: rotations, mutations: 1_000 },
];
