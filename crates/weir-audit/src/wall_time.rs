use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z; written as RFC 3339 with exactly three
/// digits after the second: `2026-03-01T09:30:00.125Z`.
///
/// Holds the years 1970 to 9999. Leap seconds do not exist, as in Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(u64);

const MS_PER_DAY: u64 = 86_400_000;

/// 9999-12-31T23:59:59.999Z.
const LATEST_MS: u64 = 253_402_300_799_999;

impl WallTime {
    /// The moment this many milliseconds after the Unix epoch; at most the end of the year 9999.
    #[must_use]
    pub fn from_unix_ms(ms: u64) -> Self {
        Self(ms.min(LATEST_MS))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn unix_ms(self) -> u64 {
        self.0
    }

    /// Year, month and day.
    pub(crate) fn date(self) -> (u64, u64, u64) {
        civil_from_days(self.0 / MS_PER_DAY)
    }

    /// Milliseconds since midnight.
    pub(crate) fn ms_of_day(self) -> u64 {
        self.0 % MS_PER_DAY
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((year, month, day), ms) = (self.date(), self.ms_of_day());
        let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
        let (second, ms) = (ms / 1000 % 60, ms % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

/// Text that is no moment in the one notation that events use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as `2026-03-01T09:30:00.125Z`")]
pub struct InvalidWallTime;

impl FromStr for WallTime {
    type Err = InvalidWallTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |from: usize, to: usize| -> Result<u64, InvalidWallTime> {
            let digits = text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|part| part.parse().ok()).ok_or(InvalidWallTime)
        };
        let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
        let (hour, minute, second, ms) = (part(11, 13)?, part(14, 16)?, part(17, 19)?, part(20, 23)?);
        let days = days_from_civil(year, month, day).ok_or(InvalidWallTime)?;
        let seconds = hour * 3600 + minute * 60 + second;
        let time = Self::from_unix_ms(days * MS_PER_DAY + seconds * 1000 + ms);
        let signs = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
        let is_separated = signs.iter().all(|(at, sign)| text.as_bytes().get(*at) == Some(sign));
        // A day past the end of its month has become another.
        let is_in_range = time.date() == (year, month, day) && hour < 24 && minute < 60 && second < 60;
        if text.len() == 24 && is_separated && is_in_range { Ok(time) } else { Err(InvalidWallTime) }
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Year, month and day of a day counted from 1970-01-01.
///
/// Works in eras of 400 years that begin on the first of March, so that the leap day is the last of its
/// year. Source: H. Hinnant, "chrono-compatible low-level date algorithms".
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// The inverse of [`civil_from_days`]; `None` before 1970 and outside of the months. Days past the end
/// of a month roll over.
fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) {
        return None;
    }
    let march_year = year.checked_sub(u64::from(month <= 2))?;
    let (era, year_of_era) = (march_year / 400, march_year % 400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * march_month + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments_are_written_as_rfc_3339() {
        // Checked with `date -u -d @...`.
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_772_357_400_125, "2026-03-01T09:30:00.125Z"),
            (LATEST_MS, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(WallTime::from_unix_ms(ms).to_string(), text);
        }
    }

    #[test]
    fn other_notations_and_impossible_days_are_refused() {
        for text in [
            "",
            "2026-03-01T09:30:00Z",
            "2026-03-01 09:30:00.125Z",
            "2026-02-29T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "2026-03-01T24:00:00.000Z",
            "2026-03-01T09:60:00.000Z",
            "2026-03-01T09:30:60.000Z",
            "2026-03-01T09:30:00,125Z",
            "2026-03-01T09:30:00.1255Z",
            "2026-00-01T09:30:00.125Z",
            "2026-03-00T09:30:00.125Z",
            "+026-03-01T09:30:00.125Z",
            "1969-12-31T23:59:59.999Z",
        ] {
            assert_eq!(text.parse::<WallTime>(), Err(InvalidWallTime), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_reads_back_and_text_sorts_like_time(a in 0..=LATEST_MS, b in 0..=LATEST_MS) {
            let (a, b) = (WallTime::from_unix_ms(a), WallTime::from_unix_ms(b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }
}
