use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use weir_wire::tokens::Correction;

/// By how much the tokenizer of each target differs from the estimate, as its own reports say.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<Arc<str>, Correction>>);

impl Counts {
    /// Takes note of what a prompt was estimated to be and what the target counted.
    pub fn learn(&self, target: &Arc<str>, estimated: u64, reported: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(target) {
            Some(correction) => correction.observe(estimated, reported),
            None => known.entry(target.clone()).or_default().observe(estimated, reported),
        }
    }

    /// What the target will count, about.
    pub fn of(&self, target: &str, estimated: u64) -> u64 {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(target).map_or(estimated, |correction| correction.apply(estimated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_counts_in_its_own_way() {
        let counts = Counts::default();
        let (terse, wordy): (Arc<str>, Arc<str>) = ("a/terse".into(), "a/wordy".into());
        for _ in 0..200 {
            counts.learn(&terse, 1_000, 800);
            counts.learn(&wordy, 1_000, 1_500);
        }
        assert!(counts.of(&terse, 1_000).abs_diff(800) < 10);
        assert!(counts.of(&wordy, 1_000).abs_diff(1_500) < 20);
        assert_eq!(counts.of("a/other", 1_000), 1_000);
    }
}
