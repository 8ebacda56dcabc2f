//! Numbers and codes that states, health systems and registers give to people, vehicles and businesses.
//!
//! One table for each region; `kind` has the words that name a kind of identifier in any country,
//! `check` the check digits that several of them share.

mod africa;
mod any_country;
mod brazil;
mod britain_ireland;
mod central_europe;
mod check;
mod east_asia;
mod east_europe;
mod germany;
mod identifier;
mod kind;
mod latin_america;
mod mexico;
mod middle_east;
mod north_america;
mod north_europe;
mod oceania;
mod south_asia;
mod south_east_asia;
mod south_east_europe;
mod south_europe;
#[cfg(test)]
mod validators_test;
mod vat;
mod west_europe;

use super::RecogniserInfo;

pub(crate) use identifier::Identifier;
pub(crate) use kind::Kind;

static TABLES: &[&[Identifier]] = &[
    north_america::UNITED_STATES,
    north_america::CANADA,
    britain_ireland::ROWS,
    germany::ROWS,
    west_europe::AUSTRIA_SWITZERLAND,
    west_europe::FRANCE,
    west_europe::BENELUX,
    south_europe::IBERIA,
    south_europe::ITALY,
    south_europe::GREECE_CYPRUS_MALTA,
    north_europe::NORDIC,
    north_europe::BALTIC,
    central_europe::ROWS,
    south_east_europe::ROWS,
    east_europe::ROWS,
    vat::ROWS,
    middle_east::ROWS,
    africa::ROWS,
    south_asia::ROWS,
    east_asia::CHINA,
    east_asia::JAPAN,
    east_asia::KOREA,
    south_east_asia::ROWS,
    oceania::ROWS,
    brazil::ROWS,
    mexico::ROWS,
    latin_america::ROWS,
    any_country::ROWS,
];

/// All rows, in the order of the tables.
pub(super) fn rows() -> Vec<RecogniserInfo> {
    TABLES.iter().flat_map(|table| table.iter()).map(Identifier::info).collect()
}
