use crate::ids::Digits;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use weir_audit::Ident;
use weir_label::ZoneKind;
use weir_policy::TaskType;

/// So many answers are remembered, as many as there are conversations that may be heard of; of older ones the audit
/// log tells. A map of 16,384 places is tidied up in place while no more than this is in it, and takes twice the room with more.
const RECENT_MAX: usize = 7 * 1024;

/// An answer of which something may be heard. Thousands are held, each in few bytes.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub digits: Digits,
    /// The key of who asked; `None` for callers without one.
    pub key_id: Option<Ident>,
    pub task: Option<TaskType>,
    pub target: Arc<str>,
    pub zone: ZoneKind,
    /// What was said of it, from 0 to a million, or [`UNSAID`].
    score: u32,
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
        Self { digits, key_id, task, target, zone, score: score.map_or(UNSAID, stored) }
    }

    /// Notes what is said of it, and gives what was said before.
    pub fn say(&mut self, score: u64) -> Option<u64> {
        let before = std::mem::replace(&mut self.score, stored(score));
        (before != UNSAID).then_some(u64::from(before))
    }
}

fn stored(score: u64) -> u32 {
    u32::try_from(score).unwrap_or(UNSAID)
}

/// The last answers, by the digits of their ids.
///
/// They lie side by side, so that a request leaves nothing behind in the heap between what others give back.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// In the order in which they came.
    answers: VecDeque<Answered>,
    /// The number of the oldest.
    oldest: u64,
    numbers: HashMap<Digits, u64>,
}

impl Recent {
    pub fn add(&mut self, answered: Answered) {
        if self.answers.len() >= RECENT_MAX
            && let Some(forgotten) = self.answers.pop_front()
        {
            if self.numbers.get(&forgotten.digits) == Some(&self.oldest) {
                self.numbers.remove(&forgotten.digits);
            }
            self.oldest += 1;
        }
        self.numbers.insert(answered.digits, self.oldest + self.answers.len() as u64);
        self.answers.push_back(answered);
    }

    pub fn find(&mut self, digits: Digits) -> Option<&mut Answered> {
        let number = *self.numbers.get(&digits)?;
        self.answers.get_mut(usize::try_from(number - self.oldest).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(number: usize) -> Digits {
        Digits::of(&format!("dec_{number:032x}")).unwrap()
    }

    fn answered(number: usize) -> Answered {
        Answered::new(digits(number), None, None, ("gpu/m".into(), ZoneKind::Local), None)
    }

    #[test]
    fn the_newest_are_remembered_and_no_more() {
        let mut recent = Recent::default();
        (0..=2 * RECENT_MAX).for_each(|number| recent.add(answered(number)));
        assert!(recent.find(digits(RECENT_MAX)).is_none());
        for kept in [RECENT_MAX + 1, 2 * RECENT_MAX] {
            assert_eq!(recent.find(digits(kept)).unwrap().digits, digits(kept));
        }
        assert_eq!((recent.answers.len(), recent.numbers.len()), (RECENT_MAX, RECENT_MAX));
    }

    #[test]
    fn however_many_come_the_map_takes_no_more_room() {
        let mut recent = Recent::default();
        (0..20 * RECENT_MAX).for_each(|number| recent.add(answered(number)));
        assert!(recent.numbers.capacity() <= 2 * RECENT_MAX, "{}", recent.numbers.capacity());
    }

    #[test]
    fn of_two_with_one_id_the_newer_is_found_as_long_as_it_is_there() {
        let mut recent = Recent::default();
        recent.add(answered(0));
        recent.add(Answered { zone: ZoneKind::Cloud, ..answered(0) });
        (1..RECENT_MAX).for_each(|number| recent.add(answered(number)));
        assert_eq!(recent.find(digits(0)).unwrap().zone, ZoneKind::Cloud);
        recent.add(answered(RECENT_MAX));
        assert!(recent.find(digits(0)).is_none());
    }

    #[test]
    fn what_is_said_last_holds() {
        let mut recent = Recent::default();
        recent.add(answered(1));
        let mut say = |score| recent.find(digits(1)).unwrap().say(score);
        assert_eq!(say(5), None);
        assert_eq!(say(7), Some(5));
    }
}
