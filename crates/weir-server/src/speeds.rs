use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How soon each target has sent its first token lately, as measured here.
#[derive(Debug, Default)]
pub(crate) struct Speeds(Mutex<BTreeMap<Arc<str>, Duration>>);

impl Speeds {
    /// Takes a measurement over: exponentially weighted, one part in eight for the newest.
    pub fn learn(&self, target: &Arc<str>, time_to_first_token: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(target) {
            Some(mean) => *mean = mean.saturating_mul(7).saturating_add(time_to_first_token) / 8,
            None => drop(known.insert(target.clone(), time_to_first_token)),
        }
    }

    /// The shortest time of these targets that is known.
    pub fn shortest(&self, targets: &[Arc<str>]) -> Option<Duration> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        targets.iter().filter_map(|target| known.get(target).copied()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_as_fast_as_it_was_lately() {
        let speeds = Speeds::default();
        let (fast, slow): (Arc<str>, Arc<str>) = ("a/fast".into(), "a/slow".into());
        assert_eq!(speeds.shortest(std::slice::from_ref(&fast)), None);
        speeds.learn(&fast, Duration::from_millis(80));
        speeds.learn(&slow, Duration::from_millis(900));
        speeds.learn(&fast, Duration::from_millis(160));
        assert_eq!(speeds.shortest(&[slow.clone(), fast]), Some(Duration::from_millis(90)));
        assert_eq!(speeds.shortest(&[slow]), Some(Duration::from_millis(900)));
    }
}
