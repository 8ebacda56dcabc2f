use super::mention;
use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::person::{POSTCODES, postcode, street_before};
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "place",
    entity: EntityType::LOCATION,
    category: Category::Personal,
    finds: "cities with their postcode: `10115 Berlin`, `CA 94105`, `SW1A 2AA`",
    validation: "the order and form of a country's postcodes, at the beginning of a line or after a comma; public unless the policy says otherwise",
    find: Find::Digit(POSTCODES, find),
};

fn find(haystack: &Haystack<'_>, digit: usize) -> Option<Match> {
    let place = with_state(haystack, postcode(haystack, digit)?);
    let ends_in_city = haystack.slice(place.clone()).last().is_some_and(u8::is_ascii_lowercase);
    // `2500 Euro` is a number before a capital too.
    let begins = match haystack.before(place.start) {
        None | Some(b'\n') => true,
        Some(b' ') => haystack.before(place.start - 1) == Some(b','),
        Some(_) => false,
    };
    let is_place = begins || !ends_in_city;
    // With a street it is an address, which says more.
    (is_place && street_before(haystack, &place).is_none()).then(|| mention(Match::new(place, 0.6)))
}

/// `IL 62704` from the postcode.
fn with_state(haystack: &Haystack<'_>, postcode: Range<usize>) -> Range<usize> {
    let head = haystack.slice(postcode.start.saturating_sub(4)..postcode.start);
    let is_state = matches!(head, [b' ', a, b, b' '] if a.is_ascii_uppercase() && b.is_ascii_uppercase());
    postcode.start - if is_state { 3 } else { 0 }..postcode.end
}
