//! Ways to reach a person or a machine.

mod device;
mod email;
mod ip;
mod mac;
mod phone;
mod position;
mod profile;

use super::RecogniserInfo;

pub(super) const ROWS: &[RecogniserInfo] = &[
    email::ROW,
    phone::ROW,
    ip::V4,
    ip::V6,
    mac::ROW,
    device::IMEI,
    device::IMSI,
    device::ICCID,
    profile::ROW,
    position::OF_SOMEBODY,
    position::OF_ANYTHING,
];
