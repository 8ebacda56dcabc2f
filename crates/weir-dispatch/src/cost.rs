//! What requests cost: how long answers are, and what may be spent.

mod budget;
mod output;
mod spend;

pub use budget::{Budgets, Caps, Earmark, KeptBudgets, Left, Periods, Purse};
pub use output::OutputLengths;
pub use spend::{Reservation, Spend};
