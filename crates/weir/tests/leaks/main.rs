//! Nothing that is classified reaches the cloud, wherever in a request it stands, and nothing of any
//! request's text is left behind in what Weir writes.
//!
//! The leak oracle: a text that occurs nowhere else is put into the place under test, the cloud backend
//! records every byte of every connection, and the text must be in none of them, nor in the log, in
//! `/metrics`, or in any file that Weir keeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod apis;
mod bodies;
mod evasions;
mod headers;
mod opaque;
mod oracle;
mod positions;
mod samples;
mod traces;

#[path = "../support/mod.rs"]
mod support;
