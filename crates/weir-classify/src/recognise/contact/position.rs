use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo, Standing};
use std::ops::Range;
use weir_label::Category;

const GPS_COORDINATES: EntityType = EntityType::built_in("GPS_COORDINATES");
const VALIDATION: &str =
    "latitude and longitude in degrees with four decimals or more, shortly after such a word";

/// Where somebody is.
pub(super) const OF_SOMEBODY: RecogniserInfo = RecogniserInfo {
    name: "position_of_somebody",
    entity: GPS_COORDINATES,
    category: Category::Personal,
    finds: "coordinates of somebody or of a device: after `GPS`, `my location`, `last known position`",
    validation: VALIDATION,
    find: Find::Phrase(WORDS_OF_SOMEBODY, find),
};

/// Where something is, which says something of a person beside other personal data only.
pub(super) const OF_ANYTHING: RecogniserInfo = RecogniserInfo {
    name: "position",
    entity: GPS_COORDINATES,
    category: Category::Personal,
    finds: "coordinates after words such as `coordinates` and `latitude`; they count beside other personal data",
    validation: VALIDATION,
    find: Find::Phrase(WORDS, |haystack, word| {
        find(haystack, word).map(|found| found.with_standing(Standing::Accompanied))
    }),
};

#[rustfmt::skip]
const WORDS_OF_SOMEBODY: &[&str] = &[
    "gps", "my location", "my position", "home location", "current location", "current position", "last location",
    "last known location", "last known position", "last position", "live location", "user location", "device location",
    "geolocation", "whereabouts", "mein standort", "aktueller standort", "letzter standort", "ma position", "mi ubicación",
    "última ubicación", "posizione attuale",
];

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "coordinates", "coords", "latitude", "lat", "lat lon", "lat lng", "latlng", "location", "position", "koordinaten",
    "standort", "coordonnées", "coordenadas", "ubicación", "coordinate", "coördinaten",
];

/// How far after the word the first number may begin, and the second after the first.
const WITHIN: usize = 40;
const BETWEEN: usize = 16;
/// Four decimals of a degree are eleven metres; fewer name a place, not where somebody is.
const DECIMALS_MIN: usize = 4;

fn find(haystack: &Haystack<'_>, word: Range<usize>) -> Option<Match> {
    let latitude = degrees(haystack, word.end, WITHIN, 90)?;
    let longitude = degrees(haystack, latitude.end, BETWEEN, 180)?;
    Some(Match::new(latitude.start..longitude.end, 0.8).with_evidence(&word))
}

/// The first number at most `within` after `from`, if it may be one of degrees.
fn degrees(haystack: &Haystack<'_>, from: usize, within: usize, max: u16) -> Option<Range<usize>> {
    let digit = haystack.run_end(from, within, |b| !b.is_ascii_digit());
    let point = haystack.digits_end(digit, 4);
    let end = haystack.digits_end(point + 1, 16);
    let whole: u16 = std::str::from_utf8(haystack.slice(digit..point)).ok()?.parse().ok()?;
    let is_precise = haystack.byte(point) == Some(b'.') && end > point + DECIMALS_MIN;
    let start = if haystack.before(digit) == Some(b'-') { digit - 1 } else { digit };
    (whole <= max && is_precise && haystack.closes(end)).then_some(start..end)
}
