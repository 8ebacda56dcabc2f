//! How good a deployment's targets are at each type of task, as their answers have shown.
//!
//! [`Book`] keeps what was heard as a few numbers for each target and task type and says what to expect of it;
//! [`Shapes`] hears from the conversations themselves whether an answer was taken; [`interval`] says how sure one may
//! be. No I/O, no clock, no randomness; no text of a request gets in here.

mod book;
pub mod interval;
pub mod report;
mod sampler;
mod shapes;
mod signal;

pub use book::{Book, Evidence};
pub use sampler::Sampler;
pub use shapes::{Heard, Shape, Shapes};
pub use signal::Signal;
