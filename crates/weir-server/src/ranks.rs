//! How complex this deployment's requests are, so that `task.complexity: top 15 %` can mean its own.
//!
//! A sample of scores is kept, and once an hour becomes the scale that ranks are read from: within the hour a score has
//! one rank. The scale outlives the process, in `complexity.json` of the state directory.

use arc_swap::ArcSwapOption;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_store::whole;

/// How many scores the sample holds: the 85th of a hundred parts is then known to about half a part.
const SAMPLE_MAX: usize = 4096;
/// A new score stays in the sample as if so many had been seen at most, so that the sample follows the times.
const MEMORY: u64 = 4 * SAMPLE_MAX as u64;
/// With fewer scores there are no ranks: a policy that asks for them does not match yet.
pub(crate) const SCORES_MIN: usize = 100;
/// How long a scale holds.
pub(crate) const HOLDS_SECONDS: i64 = 3600;
const WHOLE: u64 = 1_000_000;

/// Scores in order, and when they were put in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scale {
    /// In seconds since the beginning of 1970.
    pub made: i64,
    /// Scores in millionths, the least first.
    pub scores: Vec<u64>,
}

impl Scale {
    /// The share of scores below `score`, in millionths; of equal ones half are taken to be below.
    fn rank(&self, score: u64) -> u64 {
        let below = self.scores.partition_point(|other| *other < score);
        let up_to = self.scores.partition_point(|other| *other <= score);
        let twice = (below + up_to) as u64;
        (twice * WHOLE).checked_div(2 * self.scores.len() as u64).unwrap_or_default()
    }

    /// The score that a share of all are below.
    pub fn quantile(&self, percent: usize) -> Option<u64> {
        let place = (self.scores.len() * percent / 100).min(self.scores.len().checked_sub(1)?);
        self.scores.get(place).copied()
    }
}

/// What outlives the process.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Sample {
    seen: u64,
    scores: Vec<u64>,
    scale: Option<Scale>,
}

/// The ranks of scores.
#[derive(Debug)]
pub(crate) struct Ranks {
    file: PathBuf,
    sample: Mutex<Sample>,
    scale: ArcSwapOption<Scale>,
}

impl Ranks {
    /// Takes up what an earlier process left in a state directory. What cannot be read is begun anew: ranks are unknown
    /// until there are scores enough.
    pub fn open(state: &Path) -> Self {
        let file = state.join("complexity.json");
        let read = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice::<Sample>(&bytes).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Sample::default()),
            Err(error) => Err(error),
        };
        let mut sample = read.unwrap_or_else(|error| {
            tracing::warn!(file = %file.display(), %error, "the scale of complexity cannot be read; it is begun anew");
            Sample::default()
        });
        sample.scores.truncate(SAMPLE_MAX);
        let scale = sample.scale.clone().filter(|scale| scale.scores.is_sorted() && !scale.scores.is_empty());
        Self { file, scale: ArcSwapOption::from_pointee(scale), sample: Mutex::new(sample) }
    }

    /// Takes note of a request's score, in millionths.
    pub fn learn(&self, score: u64) {
        let mut sample = self.lock();
        sample.seen += 1;
        if sample.scores.len() < SAMPLE_MAX {
            sample.scores.push(score);
            return;
        }
        // Reservoir sampling (Vitter 1985), with a memory that ends.
        let place = mixed(sample.seen) % sample.seen.min(MEMORY);
        if let Some(old) = usize::try_from(place).ok().and_then(|place| sample.scores.get_mut(place)) {
            *old = score;
        }
    }

    /// The share of this deployment's requests that are less complex, in millionths, once enough are known.
    pub fn rank(&self, score: u64) -> Option<u64> {
        Some(self.scale.load().as_ref()?.rank(score))
    }

    /// The scale in force.
    pub fn scale(&self) -> Option<Arc<Scale>> {
        self.scale.load_full()
    }

    /// How many scores are in the sample.
    pub fn sampled(&self) -> usize {
        self.lock().scores.len()
    }

    /// Makes a new scale if one is due, and writes it down. What cannot be written holds as long as the process lives.
    pub fn refresh(&self, now: i64) -> io::Result<bool> {
        let due =
            self.scale.load().as_ref().is_none_or(|scale| now.saturating_sub(scale.made) >= HOLDS_SECONDS);
        let written = {
            let mut sample = self.lock();
            if !due || sample.scores.len() < SCORES_MIN {
                return Ok(false);
            }
            let mut scores = sample.scores.clone();
            scores.sort_unstable();
            let scale = Scale { made: now, scores };
            sample.scale = Some(scale.clone());
            self.scale.store(Some(Arc::new(scale)));
            serde_json::to_vec(&*sample)?
        };
        whole::replace(&self.file, &written)?;
        Ok(true)
    }

    fn lock(&self) -> MutexGuard<'_, Sample> {
        self.sample.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that looks random: splitmix64 (Steele, Lea, Flood 2014). Who knows it can choose no place in the sample that
/// matters more than another.
fn mixed(count: u64) -> u64 {
    let mixed = count.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 27)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn there_are_no_ranks_before_there_are_scores_enough() {
        let state = scratch();
        let ranks = Ranks::open(state.path());
        (1..SCORES_MIN as u64).for_each(|score| ranks.learn(score));
        assert!(!ranks.refresh(0).unwrap());
        assert_eq!(ranks.rank(50), None);
        ranks.learn(SCORES_MIN as u64);
        assert!(ranks.refresh(0).unwrap());
        assert_eq!(ranks.rank(1_000_000), Some(WHOLE));
        assert_eq!(ranks.rank(0), Some(0));
        assert_eq!(ranks.rank(86), Some(855_000));
    }

    #[test]
    fn equal_scores_rank_in_the_middle() {
        let state = scratch();
        let ranks = Ranks::open(state.path());
        (0..200).for_each(|_| ranks.learn(400_000));
        ranks.refresh(0).unwrap();
        assert_eq!(ranks.rank(400_000), Some(500_000));
    }

    #[test]
    fn a_scale_holds_an_hour_and_outlives_the_process() {
        let state = scratch();
        let ranks = Ranks::open(state.path());
        (0..1000).for_each(|score| ranks.learn(score));
        ranks.refresh(10).unwrap();
        (0..4000).for_each(|_| ranks.learn(900_000));
        assert!(!ranks.refresh(10 + HOLDS_SECONDS - 1).unwrap());
        assert_eq!(ranks.rank(500), Some(500_500));
        let again = Ranks::open(state.path());
        assert_eq!(again.rank(500), Some(500_500));
        assert!(ranks.refresh(10 + HOLDS_SECONDS).unwrap());
        assert!(ranks.rank(500).unwrap() < 250_000);
    }

    #[test]
    fn the_sample_is_bounded_and_follows_the_times() {
        let state = scratch();
        let ranks = Ranks::open(state.path());
        (0..40_000).for_each(|_| ranks.learn(1));
        (0..60_000).for_each(|_| ranks.learn(2));
        let sample = ranks.lock();
        assert_eq!(sample.scores.len(), SAMPLE_MAX);
        assert!(sample.scores.iter().filter(|score| **score == 2).count() > SAMPLE_MAX * 9 / 10);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_begun_anew() {
        let state = scratch();
        std::fs::write(state.path().join("complexity.json"), "{").unwrap();
        let ranks = Ranks::open(state.path());
        assert_eq!((ranks.rank(1), ranks.sampled()), (None, 0));
    }
}
