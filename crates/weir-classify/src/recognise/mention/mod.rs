//! Places and organisations: said of everything and everybody, and of nobody by themselves.
//!
//! They are listed, so that a policy can give them a level; until one does they are public and no data of
//! any category.

mod organisation;
mod place;

use super::{Match, RecogniserInfo, Standing};
use weir_label::Level;

pub(super) const ROWS: &[RecogniserInfo] = &[organisation::ROW, place::ROW];

fn mention(found: Match) -> Match {
    Match { level: Some(Level::Public), ..found.with_standing(Standing::Mentioned) }
}
