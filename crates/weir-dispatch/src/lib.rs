//! Admission: capacity, queue and ladder as state machines.
//!
//! No clock, no I/O: the present moment is an argument, as the time since any fixed origin, and what
//! to do comes back as a value. The server drives this with the machine's monotonic clock, tests with
//! numbers.

mod dispatcher;
mod queue;
mod slots;

pub use dispatcher::{Admission, Ask, Dispatcher, Load, Refused, Slot, State, Step, Ticket};
pub use queue::QueueLimits;
pub use slots::{Report, SlotState};

/// The time since any fixed origin, on a clock that does not go back.
pub type Moment = std::time::Duration;
