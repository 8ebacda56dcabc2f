//! HTTP in: the data plane, the admin listener and the pipeline.
//!
//! A [`Gateway`] holds everything that outlives a request; [`listen`] accepts connections and hands
//! requests to `data` or `admin`; `pipeline` is one request's journey, a function of eight stages.
//!
//! This crate opens no connection. What leaves it goes through `weir-local` or `weir-egress`, and each
//! of these takes a permit.

mod admin;
mod batches;
mod book;
mod breaker;
mod candidate;
mod cases;
mod caught;
mod clock;
mod counters;
mod counts;
mod data;
mod desk;
mod detect;
mod earlier;
mod encoder;
mod export;
mod extract;
mod failure;
mod feedback;
mod fetch;
mod follow_keys;
mod gate;
mod gateway;
mod ids;
mod indexes;
mod indexing;
mod kept;
pub mod listen;
mod metrics;
mod observed;
mod operate;
mod outlet;
mod patience;
mod pipeline;
mod poll;
mod pseudonym;
mod quality;
mod ranks;
mod rates;
mod receipts;
mod reload;
mod replay;
mod reply;
pub mod report;
mod retention;
mod snapshot;
mod source;
mod spending;
mod unrecorded;
mod upkeep;
mod waiting;
mod way;
mod witness;

pub use admin::credential::admin_proof;
pub use book::{HistoryEntry, What};
pub use cases::CaseReport;
pub use data::content_routes;
pub use earlier::Earlier;
pub use encoder::EncoderFailure;
pub use export::export_last_events;
pub use gateway::{ADMIN_KEY, Gateway, StartError};
pub use indexes::read_index;
pub use operate::{Goal, OperationError};
pub use pipeline::explain::{
    Explained, ExplainedCandidate, ExplainedChange, ExplainedFinding, Question, WhyNot, explain,
};
pub use reload::{ReloadOutcome, watch};
pub use replay::{
    AppChange, Condition, Measure, PeakLoad, ReplayFilter, Replayed, Share, Skipped, TargetLoad, replay,
};
pub use snapshot::{Snapshot, SnapshotError};
pub use source::{FindError, GitError, Sources};
pub use witness::send_last_checkpoint;
pub use witness::serve::witness_key;
