use crate::ids::Digits;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use weir_audit::Ident;
use weir_label::ZoneKind;
use weir_policy::TaskType;

/// So many answers are remembered; of older ones the audit log tells.
const RECENT_MAX: usize = 4096;

/// An answer of which something may be heard. Thousands are held, each in few bytes.
#[derive(Debug)]
pub(crate) struct Answered {
    pub digits: Digits,
    /// The key of who asked; `None` for callers without one.
    pub key_id: Option<Ident>,
    pub task: Option<TaskType>,
    pub target: Arc<str>,
    pub zone: ZoneKind,
    /// What was said of it, from 0 to a million, or [`UNSAID`].
    score: AtomicU32,
}

const UNSAID: u32 = u32::MAX;

impl Answered {
    pub fn new(
        digits: Digits,
        key_id: Option<Ident>,
        task: Option<TaskType>,
        (target, zone): (Arc<str>, ZoneKind),
        score: Option<u64>,
    ) -> Self {
        Self { digits, key_id, task, target, zone, score: AtomicU32::new(score.map_or(UNSAID, stored)) }
    }

    /// Notes what is said of it, and gives what was said before.
    pub fn say(&self, score: u64) -> Option<u64> {
        let before = self.score.swap(stored(score), Ordering::Relaxed);
        (before != UNSAID).then_some(u64::from(before))
    }
}

fn stored(score: u64) -> u32 {
    u32::try_from(score).unwrap_or(UNSAID)
}

/// The last answers, by the digits of their ids.
#[derive(Debug, Default)]
pub(super) struct Recent {
    answers: HashMap<Digits, Arc<Answered>>,
    order: VecDeque<Digits>,
}

impl Recent {
    pub fn add(&mut self, answered: Arc<Answered>) {
        let digits = answered.digits;
        if self.answers.insert(digits, answered).is_none() {
            self.order.push_back(digits);
        }
        while self.order.len() > RECENT_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.answers.remove(&oldest);
            }
        }
    }

    pub fn find(&self, decision: &str) -> Option<Arc<Answered>> {
        self.answers.get(&Digits::of(decision)?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> String {
        format!("dec_{number:032x}")
    }

    fn answered(number: usize) -> Arc<Answered> {
        let digits = Digits::of(&id(number)).unwrap();
        Arc::new(Answered::new(digits, None, None, ("gpu/m".into(), ZoneKind::Local), None))
    }

    #[test]
    fn the_newest_are_remembered_and_no_more() {
        let mut recent = Recent::default();
        (0..=RECENT_MAX).for_each(|number| recent.add(answered(number)));
        assert!(recent.find(&id(0)).is_none());
        assert!(recent.find(&id(1)).is_some());
        assert_eq!((recent.answers.len(), recent.order.len()), (RECENT_MAX, RECENT_MAX));
    }

    #[test]
    fn what_is_said_last_holds() {
        let answered = answered(1);
        assert_eq!(answered.say(5), None);
        assert_eq!(answered.say(7), Some(5));
    }
}
