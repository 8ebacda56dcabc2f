//! Numbers that states and health systems give to people.

mod de_tax_id;
mod uk_nhs;
mod us_ssn;

use super::RecogniserInfo;

pub(super) const ROWS: &[RecogniserInfo] = &[us_ssn::ROW, uk_nhs::ROW, de_tax_id::ROW];
