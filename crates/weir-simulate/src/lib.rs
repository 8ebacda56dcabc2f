//! What the dispatcher would have done: the very code that runs in production, on virtual time, over a trace
//! of requests, with modelled servers and a modelled cloud.
//!
//! [`simulate`] runs a [`Scenario`] under one [`Policy`] and says what came of it. The other policies are
//! what gateways do elsewhere, to compare with. Nothing here reads a file or a clock: a run follows from
//! its arguments.

mod cloud;
mod outcome;
mod policy;
mod profile;
mod replica;
mod request;
mod rival;
mod trace;
mod weir;
mod world;

pub use cloud::CloudModel;
pub use outcome::{Outcome, Shares};
pub use policy::{Policy, UnknownPolicy};
pub use profile::{Profile, UnknownProfile};
pub use request::{Request, Requests};
pub use trace::{Arrival, BadTrace, read_trace};
pub use world::{Scenario, simulate};
