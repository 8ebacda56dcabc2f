use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use weir_audit::Ident;
use weir_label::ZoneKind;
use weir_policy::TaskType;

/// So many answers are remembered; of older ones the audit log tells.
const RECENT_MAX: usize = 16_384;

/// An answer of which something may be heard.
#[derive(Debug)]
pub(crate) struct Answered {
    pub request_id: Ident,
    pub decision_id: Ident,
    /// The key of who asked; `None` for callers without one.
    pub key_id: Option<Ident>,
    pub task: Option<TaskType>,
    pub target: Arc<str>,
    pub zone: ZoneKind,
    /// What was said of it, from 0 to a million.
    score: Mutex<Option<u64>>,
}

impl Answered {
    pub fn new(
        (request_id, decision_id): (Ident, Ident),
        key_id: Option<Ident>,
        task: Option<TaskType>,
        (target, zone): (Arc<str>, ZoneKind),
        score: Option<u64>,
    ) -> Self {
        Self { request_id, decision_id, key_id, task, target, zone, score: Mutex::new(score) }
    }

    /// Notes what is said of it, and gives what was said before.
    pub fn say(&self, score: u64) -> Option<u64> {
        self.score.lock().unwrap_or_else(PoisonError::into_inner).replace(score)
    }
}

/// The last answers, by the ids of their decisions.
#[derive(Debug, Default)]
pub(super) struct Recent {
    answers: HashMap<Ident, Arc<Answered>>,
    order: VecDeque<Ident>,
}

impl Recent {
    pub fn add(&mut self, answered: Arc<Answered>) {
        let id = answered.decision_id.clone();
        if self.answers.insert(id.clone(), answered).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > RECENT_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.answers.remove(&oldest);
            }
        }
    }

    pub fn find(&self, decision: &str) -> Option<Arc<Answered>> {
        self.answers.get(&Ident::new(decision)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(number: usize) -> Arc<Answered> {
        let id = Ident::new(&format!("dec_{number}"));
        Arc::new(Answered::new((id.clone(), id), None, None, ("gpu/m".into(), ZoneKind::Local), None))
    }

    #[test]
    fn the_newest_are_remembered_and_no_more() {
        let mut recent = Recent::default();
        (0..=RECENT_MAX).for_each(|number| recent.add(answered(number)));
        assert!(recent.find("dec_0").is_none());
        assert!(recent.find("dec_1").is_some());
        assert_eq!((recent.answers.len(), recent.order.len()), (RECENT_MAX, RECENT_MAX));
    }

    #[test]
    fn what_is_said_last_holds() {
        let answered = answered(1);
        assert_eq!(answered.say(5), None);
        assert_eq!(answered.say(7), Some(5));
    }
}
