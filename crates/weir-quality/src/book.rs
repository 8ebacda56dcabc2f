use crate::Signal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_policy::{Quality, TaskType, Word as _};

/// What is presumed or declared counts as much as so many explicit verdicts.
const SHRINKAGE: f64 = 50.0;
/// After so many days what was heard counts half: models, prompts and users change.
const HALF_LIFE_DAYS: f64 = 30.0;
const SECONDS_PER_DAY: i64 = 86_400;
/// So many targets are remembered; the least heard of goes.
const TARGETS_MAX: usize = 1024;
/// What stands for a task type that is not known.
const UNKNOWN: &str = "unknown";
const WHOLE: f64 = 1_000_000.0;

/// What was heard of the answers of one target to one type of task, in explicit verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// For it.
    pub good: f64,
    /// Against it.
    pub bad: f64,
}

impl Evidence {
    /// How much there is.
    #[must_use]
    pub fn total(self) -> f64 {
        self.good + self.bad
    }

    fn add(&mut self, score: f64, weight: f64) {
        self.good = (self.good + score * weight).max(0.0);
        self.bad = (self.bad + (1.0 - score) * weight).max(0.0);
    }

    fn fade(&mut self, by: f64) {
        self.good *= by;
        self.bad *= by;
    }

    /// The share that is good, drawn towards `prior`.
    fn shrunk(self, prior: f64) -> f64 {
        (self.good + SHRINKAGE * prior) / (self.total() + SHRINKAGE)
    }
}

/// What was heard of every target, by type of task.
///
/// [`learn`](Self::learn) in the order of time; what is heard fades with the days between. Two books that were told the
/// same are the same, so that one that was lost is made again from the audit log.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Book {
    /// The day up to which it has faded, since 1970.
    day: i64,
    targets: BTreeMap<String, BTreeMap<String, Evidence>>,
}

impl Book {
    /// Takes in that an answer of `target` was good to the degree of `score`, from 0 to 1, at a time in seconds since
    /// 1970.
    pub fn learn(&mut self, now: i64, target: &str, task: Option<TaskType>, signal: Signal, score: f64) {
        self.fade_until(now);
        self.make_room_for(target);
        self.cell(target, task).add(score.clamp(0.0, 1.0), signal.weight());
    }

    /// Takes back what was learnt, because it was said anew. What has faded since is taken back whole.
    pub fn unlearn(&mut self, now: i64, target: &str, task: Option<TaskType>, signal: Signal, score: f64) {
        self.fade_until(now);
        self.cell(target, task).add(score.clamp(0.0, 1.0), -signal.weight());
    }

    /// How good the answers of a target to a task are to be expected, in millionths: what was heard of it for this type
    /// of task, drawn towards what is declared of it for the type, or else towards the mean of what is expected of it for
    /// each type by itself. Each type counts alike in that, so that what is answered badly says little of the rest. `None`
    /// where nothing was heard of the target.
    ///
    /// Source: the mean of a Beta posterior whose prior is worth 50 observations.
    #[must_use]
    pub fn expected_millionths(
        &self,
        target: &str,
        task: Option<TaskType>,
        declared: &Quality,
    ) -> Option<u64> {
        let heard = self.targets.get(target)?;
        let of = |task| heard.get(word(task)).copied().unwrap_or_default();
        let presumed =
            |task| declared.millionths_for(task).unwrap_or(Quality::PRESUMED_MILLIONTHS) as f64 / WHOLE;
        let is_declared = task.is_some_and(|task| declared.by_task_millionths.contains_key(&task));
        let prior = if is_declared {
            presumed(task)
        } else {
            let tasks = || TaskType::ALL.iter().copied().map(Some).chain([None]);
            tasks().map(|task| of(task).shrunk(presumed(task))).sum::<f64>() / tasks().count() as f64
        };
        Some((of(task).shrunk(prior) * WHOLE).round() as u64)
    }

    /// Adds what another book heard, which may have been made from an earlier part of the log.
    pub fn join(&mut self, other: &Self) {
        self.fade_until(other.day.saturating_mul(SECONDS_PER_DAY));
        for (target, task, heard) in other.heard() {
            self.make_room_for(target);
            let cell = self.cell(target, task);
            cell.good += heard.good;
            cell.bad += heard.bad;
        }
    }

    /// Whether nothing was heard.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// What was heard, by target and task type; `None` stands for tasks whose type was not known.
    pub fn heard(&self) -> impl Iterator<Item = (&str, Option<TaskType>, Evidence)> {
        self.targets.iter().flat_map(|(target, tasks)| {
            tasks.iter().map(|(task, heard)| (target.as_str(), TaskType::of_word(task), *heard))
        })
    }

    fn cell(&mut self, target: &str, task: Option<TaskType>) -> &mut Evidence {
        let tasks = self.targets.entry(target.to_owned()).or_default();
        tasks.entry(word(task).to_owned()).or_default()
    }

    fn fade_until(&mut self, now: i64) {
        let day = now.div_euclid(SECONDS_PER_DAY);
        let passed = day.saturating_sub(self.day);
        if passed <= 0 {
            return;
        }
        let by = (-(passed as f64) / HALF_LIFE_DAYS).exp2();
        self.targets.values_mut().flat_map(BTreeMap::values_mut).for_each(|heard| heard.fade(by));
        self.day = day;
    }

    fn make_room_for(&mut self, target: &str) {
        if self.targets.len() < TARGETS_MAX || self.targets.contains_key(target) {
            return;
        }
        let total =
            |tasks: &BTreeMap<String, Evidence>| tasks.values().map(|heard| heard.total()).sum::<f64>();
        let least = self.targets.iter().min_by(|(_, a), (_, b)| total(a).total_cmp(&total(b)));
        if let Some(least) = least.map(|(name, _)| name.clone()) {
            self.targets.remove(&least);
        }
    }
}

fn word(task: Option<TaskType>) -> &'static str {
    task.map_or(UNKNOWN, TaskType::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: Option<TaskType> = Some(TaskType::Translate);
    const DAY: i64 = SECONDS_PER_DAY;

    fn declared(millionths: u64) -> Quality {
        Quality { otherwise_millionths: Some(millionths), ..Quality::default() }
    }

    fn told(times: u32, score: f64) -> Book {
        let mut book = Book::default();
        (0..times).for_each(|_| book.learn(0, "gpu/m", TASK, Signal::Feedback, score));
        book
    }

    #[test]
    fn of_a_target_nothing_was_heard_of_nothing_is_known() {
        assert_eq!(told(3, 1.0).expected_millionths("other/m", TASK, &declared(900_000)), None);
    }

    #[test]
    fn what_is_heard_is_drawn_towards_what_is_declared_for_the_task() {
        let quality =
            Quality { by_task_millionths: [(TaskType::Translate, 600_000)].into(), ..declared(900_000) };
        // 50 verdicts against 50 that were presumed.
        assert_eq!(told(50, 1.0).expected_millionths("gpu/m", TASK, &quality), Some(800_000));
        assert_eq!(told(50, 0.0).expected_millionths("gpu/m", TASK, &quality), Some(300_000));
        let much = told(100_000, 0.0).expected_millionths("gpu/m", TASK, &quality).unwrap();
        assert!(much < 1_000, "{much}");
    }

    #[test]
    fn a_task_nothing_was_heard_of_is_expected_to_be_like_the_others_each_of_which_counts_once() {
        let other = Some(TaskType::Summarise);
        let of = |task| told(50, 0.0).expected_millionths("gpu/m", task, &Quality::default());
        // One of fourteen is at 0.4, the others are presumed to be at 0.8.
        assert_eq!(of(other), Some(771_429));
        assert_eq!(of(TASK), Some(385_714));
        let much = told(100_000, 0.0).expected_millionths("gpu/m", other, &Quality::default()).unwrap();
        assert!(much > 740_000, "one bad task says little of the rest: {much}");
    }

    #[test]
    fn what_is_said_anew_takes_the_place_of_what_was_said() {
        let mut book = told(10, 1.0);
        book.unlearn(0, "gpu/m", TASK, Signal::Feedback, 1.0);
        book.learn(0, "gpu/m", TASK, Signal::Feedback, 0.0);
        let (_, _, heard) = book.heard().next().unwrap();
        assert_eq!((heard.good, heard.bad), (9.0, 1.0));
    }

    #[test]
    fn half_of_it_is_forgotten_in_a_month() {
        let mut book = told(8, 1.0);
        book.learn(30 * DAY, "gpu/m", None, Signal::Feedback, 0.0);
        let heard: Vec<_> = book.heard().map(|(_, task, heard)| (task, heard.good, heard.bad)).collect();
        assert_eq!(heard, [(TASK, 4.0, 0.0), (None, 0.0, 1.0)]);
        // A clock that goes back changes nothing.
        book.learn(0, "gpu/m", TASK, Signal::Feedback, 1.0);
        assert_eq!(book.heard().next().unwrap().2.good, 5.0);
    }

    #[test]
    fn two_books_make_the_one_that_was_told_both() {
        let mut both = told(4, 1.0);
        let mut later = Book::default();
        later.learn(30 * DAY, "gpu/m", TASK, Signal::Feedback, 0.0);
        later.learn(30 * DAY, "api/m", None, Signal::Edited, 0.0);
        both.join(&later);
        let mut expected = told(4, 1.0);
        expected.learn(30 * DAY, "gpu/m", TASK, Signal::Feedback, 0.0);
        expected.learn(30 * DAY, "api/m", None, Signal::Edited, 0.0);
        assert_eq!(both, expected);
    }

    #[test]
    fn it_comes_back_from_its_file_as_it_was() {
        let mut book = told(7, 0.3);
        book.learn(12 * DAY, "api/m", None, Signal::Regenerated, 0.0);
        let again: Book = serde_json::from_str(&serde_json::to_string(&book).unwrap()).unwrap();
        let shares = |book: &Book| book.expected_millionths("gpu/m", TASK, &Quality::default());
        assert_eq!((again.day, shares(&again)), (book.day, shares(&book)));
        assert_eq!(again.heard().count(), 2);
    }

    #[test]
    fn the_number_of_targets_is_bounded() {
        let mut book = told(3, 1.0);
        (0..TARGETS_MAX).for_each(|n| book.learn(0, &format!("t{n}"), TASK, Signal::Continued, 1.0));
        assert_eq!(book.targets.len(), TARGETS_MAX);
        assert!(book.targets.contains_key("gpu/m"), "the most heard of stays");
    }
}
