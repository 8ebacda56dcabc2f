use crate::Moment;
use std::time::Duration;

/// Whether room has to be kept on a target for work that may go nowhere else.
///
/// It has to while such work comes and the target's predicted times are past half of what is promised. It
/// no longer has to when they have been well below that for a while, so that a target does not go to and fro.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Pressure {
    is_pressed: bool,
    calm_since: Option<Moment>,
    confined_seen: Option<Moment>,
}

const PRESSED: f64 = 0.5;
const CALM: f64 = 0.4;
const CALM_FOR: Duration = Duration::from_secs(5);
/// Work that may go nowhere else is expected to come again for that long after it was seen.
const EXPECTED_FOR: Duration = Duration::from_secs(30);

impl Pressure {
    /// Work that may go nowhere else asked for the target.
    pub fn confined(&mut self, now: Moment) {
        self.confined_seen = Some(now);
    }

    /// The target would serve the next request in this share of the time that is promised, or has this
    /// share of its places taken.
    pub fn measure(&mut self, share: f64, now: Moment) {
        if share > PRESSED {
            self.is_pressed = true;
            self.calm_since = None;
        } else if share < CALM {
            let since = *self.calm_since.get_or_insert(now);
            self.is_pressed &= now.saturating_sub(since) < CALM_FOR;
        } else {
            self.calm_since = None;
        }
    }

    /// Whether room is to be kept.
    pub fn keeps_room(&self, now: Moment) -> bool {
        let is_expected = self.confined_seen.is_some_and(|seen| now.saturating_sub(seen) < EXPECTED_FOR);
        self.is_pressed && is_expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Duration::from_secs(seconds)
    }

    #[test]
    fn room_is_kept_under_pressure_and_until_it_has_been_calm_for_a_while() {
        let mut pressure = Pressure::default();
        pressure.confined(at(0));
        pressure.measure(0.6, at(0));
        assert!(pressure.keeps_room(at(0)));
        pressure.measure(0.3, at(1));
        pressure.measure(0.45, at(3));
        pressure.measure(0.3, at(4));
        pressure.measure(0.3, at(8));
        assert!(pressure.keeps_room(at(8)), "calm for four seconds only");
        pressure.measure(0.3, at(9));
        assert!(!pressure.keeps_room(at(9)));
    }

    #[test]
    fn no_room_is_kept_for_work_that_does_not_come() {
        let mut pressure = Pressure::default();
        pressure.measure(0.9, at(0));
        assert!(!pressure.keeps_room(at(0)));
        pressure.confined(at(0));
        assert!(pressure.keeps_room(at(29)));
        assert!(!pressure.keeps_room(at(30)));
    }
}
