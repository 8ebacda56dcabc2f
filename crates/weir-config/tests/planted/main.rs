//! Faults of every kind, planted into each of the ten examples, are found; in the examples themselves nothing is.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod differences;
mod examples;
mod guards;
mod rules;
mod sprawl;
mod texts;
