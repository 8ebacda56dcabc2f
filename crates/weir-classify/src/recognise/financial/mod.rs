//! Cards and accounts.

mod card;
mod iban;

use super::RecogniserInfo;

pub(super) const ROWS: &[RecogniserInfo] = &[card::ROW, iban::ROW];
