//! What requests cost: cloud prices by date, the operator's own hardware, and what may be spent a day.

mod local;
mod output;
mod price;
mod spend;

pub use local::{Hardware, InvalidHardware};
pub use output::OutputLengths;
pub use price::{BadPriceTable, Date, ListPrice, PriceTable};
pub use spend::{DailyCap, Reservation, Spend};
