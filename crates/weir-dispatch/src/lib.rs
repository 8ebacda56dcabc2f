//! Admission: capacity, queue, ladder, balancing, health and cost as state machines.
//!
//! No clock, no I/O, no randomness but a seed: the present moment is an argument, as the time since any
//! fixed origin, and what to do comes back as a value. The server drives this with the machine's monotonic
//! clock, `weir simulate` with a virtual one, tests with numbers.
//!
//! [`Dispatcher`] is the whole; the other modules are its parts: how busy a target is (`flights`), what the
//! server says (`reported`), when its first token may be expected (`engine`, `predictor`), how many
//! requests it bears (`limit`), whether it is well (`health`), whether room has to be kept there (`pressure`),
//! which of equal targets a request takes (`balance`), who waits and who is next (`queue`, `fair`), how often
//! attempts may be repeated (`retry`, `hedge`), and what it costs (`cost`). Before all that stands how much somebody may
//! ask for in a minute (`meter`).

mod ask;
mod balance;
pub mod cost;
mod dispatcher;
mod engine;
mod fair;
mod flights;
mod health;
mod hedge;
mod limit;
mod meter;
mod predictor;
mod pressure;
mod queue;
mod random;
mod reported;
mod request;
mod retry;
mod target;
mod targets;
mod work;

pub use ask::{Admission, Ask, Candidate, Obstacle, Refused, Slot, Step};
pub use dispatcher::{Dispatcher, Load, State, TargetView};
pub use engine::{EngineLoad, EngineModel};
pub use health::Condition;
pub use limit::Limit;
pub use meter::{Meter, Short, Standing};
pub use queue::{QueueLimits, Ticket};
pub use random::Random;
pub use reported::Reported;
pub use target::{Nature, Report, TargetSettings};
pub use work::{Band, Claim, Prefix, Promise, Work};

/// The time since any fixed origin, on a clock that does not go back.
pub type Moment = std::time::Duration;
