use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use weir_wire::tokens::Correction;

/// The tokens of a prompt before anybody is asked, and what they were counted with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub tokens: u64,
    /// The name of a vocabulary; `None` if they are estimated.
    pub by: Option<Arc<str>>,
}

/// By how much what each target counts differs from what was counted before it was asked, as its own reports say: what it
/// writes around the messages is in no vocabulary, and an estimate differs more.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<Arc<str>, Corrections>>);

/// For what was counted with each vocabulary, or estimated.
type Corrections = Vec<(Option<Arc<str>>, Correction)>;

impl Counts {
    /// Takes note of what the target counted.
    pub fn learn(&self, target: &Arc<str>, counted: &Counted, reported: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(target) {
            known.insert(target.clone(), Corrections::new());
        }
        let Some(corrections) = known.get_mut(target) else { return };
        match corrections.iter_mut().find(|(by, _)| *by == counted.by) {
            Some((_, correction)) => correction.observe(counted.tokens, reported),
            None => {
                let mut correction = Correction::default();
                correction.observe(counted.tokens, reported);
                corrections.push((counted.by.clone(), correction));
            }
        }
    }

    /// What the target will count, about.
    pub fn of(&self, target: &str, counted: &Counted) -> u64 {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let corrections = known.get(target).map(Vec::as_slice).unwrap_or_default();
        let correction = corrections.iter().find(|(by, _)| *by == counted.by);
        correction.map_or(counted.tokens, |(_, correction)| correction.apply(counted.tokens))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_counts_in_its_own_way() {
        let counts = Counts::default();
        let (terse, wordy): (Arc<str>, Arc<str>) = ("a/terse".into(), "a/wordy".into());
        let estimated = Counted { tokens: 1_000, by: None };
        for _ in 0..200 {
            counts.learn(&terse, &estimated, 800);
            counts.learn(&wordy, &estimated, 1_500);
        }
        assert!(counts.of(&terse, &estimated).abs_diff(800) < 10);
        assert!(counts.of(&wordy, &estimated).abs_diff(1_500) < 20);
        assert_eq!(counts.of("a/other", &estimated), 1_000);
    }

    #[test]
    fn what_was_counted_with_a_vocabulary_is_corrected_by_such_counts_alone() {
        let (counts, target): (_, Arc<str>) = (Counts::default(), "a/one".into());
        let estimated = Counted { tokens: 1_000, by: None };
        let counted = Counted { tokens: 1_000, by: Some("o200k_base".into()) };
        for _ in 0..200 {
            counts.learn(&target, &estimated, 1_500);
        }
        assert_eq!(counts.of(&target, &counted), 1_000);
        for _ in 0..200 {
            counts.learn(&target, &counted, 1_010);
        }
        assert!(counts.of(&target, &counted).abs_diff(1_010) < 3);
        assert!(counts.of(&target, &estimated).abs_diff(1_500) < 20);
    }
}
