//! Ways to reach a person or a machine.

mod email;
mod ip;
mod phone;

use super::RecogniserInfo;

pub(super) const ROWS: &[RecogniserInfo] = &[email::ROW, phone::ROW, ip::V4, ip::V6];
