use super::mention;
use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::person::postcode;
use crate::recognise::{Find, Match, RecogniserInfo};
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "place",
    entity: EntityType::LOCATION,
    category: Category::Personal,
    finds: "cities with their postcode: `10115 Berlin`, `CA 94105`, `SW1A 2AA`",
    validation: "the order and form of a country's postcodes, at the beginning of a line or after a comma; public unless the policy says otherwise",
    find: Find::Digit(find),
};

fn find(haystack: &Haystack<'_>, digit: usize) -> Option<Match> {
    let place = postcode(haystack, digit)?;
    // `2500 Euro` is a number before a capital too.
    let begins = match haystack.before(place.start) {
        None | Some(b'\n') => true,
        Some(b' ') => haystack.before(place.start - 1) == Some(b','),
        Some(_) => false,
    };
    let ends_in_digit = haystack.slice(place.clone()).last().is_some_and(|b| !b.is_ascii_lowercase());
    (begins || ends_in_digit).then(|| mention(Match::new(place, 0.6)))
}
