//! What is on record beside requests: that a target went out of rotation or came back, and that the clock was set.

use crate::gateway::Gateway;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use weir_audit::Ident;
use weir_audit::event::{AsEvent, BackendHealth, ClockJump};
use weir_dispatch::{Condition, TargetView};

/// A clock that is kept right is moved by less, and seconds that are let pass are no jump.
const JUMP_MIN: Duration = Duration::from_secs(2);

/// What was seen when it was looked last.
#[derive(Debug)]
pub(crate) struct Observed {
    conditions: BTreeMap<Arc<str>, &'static str>,
    clocks: (Instant, SystemTime),
}

impl Observed {
    /// Begins to look now.
    pub fn begin() -> Self {
        Self { conditions: BTreeMap::new(), clocks: (Instant::now(), SystemTime::now()) }
    }

    /// Looks again, and writes down what has changed.
    pub fn look(&mut self, gateway: &Gateway) {
        for health in self.changes(&gateway.desk.state().targets) {
            record(gateway, health);
        }
        if let Some(jump) = self.jump(Instant::now(), SystemTime::now()) {
            tracing::warn!(forward = jump.forward, by_ms = jump.by_ms, "the clock was set");
            record(gateway, jump);
        }
    }

    fn changes(&mut self, targets: &[TargetView]) -> Vec<BackendHealth> {
        let mut changes = Vec::new();
        let mut conditions = BTreeMap::new();
        for view in targets {
            let condition = word(view.condition);
            // Of a target that is new nothing was said, and it is well.
            let previous = self.conditions.get(&view.name).copied().unwrap_or(WELL);
            if condition != previous {
                changes.push(BackendHealth {
                    target: Ident::new(&view.name),
                    condition: Ident::new(condition),
                    previous: Ident::new(previous),
                    failures: u64::from(view.failures),
                });
            }
            conditions.insert(view.name.clone(), condition);
        }
        self.conditions = conditions;
        changes
    }

    fn jump(&mut self, now: Instant, wall: SystemTime) -> Option<ClockJump> {
        let (then, wall_then) = std::mem::replace(&mut self.clocks, (now, wall));
        let expected = wall_then + now.saturating_duration_since(then);
        let (forward, by) = match wall.duration_since(expected) {
            Ok(by) => (true, by),
            Err(back) => (false, back.duration()),
        };
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        (by >= JUMP_MIN).then_some(ClockJump { forward, by_ms })
    }
}

const WELL: &str = "well";

/// One that rests for a moment, or shows whether it has come back, is as it was.
fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Well | Condition::Resting { .. } => WELL,
        Condition::Out { .. } | Condition::OnTrial => "out",
        Condition::Misplaced => "wrong_model",
    }
}

fn record(gateway: &Gateway, event: impl AsEvent) {
    if let Err(error) = gateway.audit.append(event) {
        tracing::error!(%error, "the audit log did not take what was observed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_once_and_one_that_drifts_is_not() {
        let mut observed = Observed::begin();
        let (start, wall) = observed.clocks;
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        let shows = |seconds: u64| wall + Duration::from_secs(seconds);
        assert_eq!(observed.jump(after(1), shows(1)), None);
        assert_eq!(observed.jump(after(2), shows(3)), None, "a second is no jump");
        let forward = ClockJump { forward: true, by_ms: 3_600_000 };
        assert_eq!(observed.jump(after(3), shows(3604)), Some(forward));
        assert_eq!(observed.jump(after(4), shows(3605)), None);
        let back = ClockJump { forward: false, by_ms: 3_600_000 };
        assert_eq!(observed.jump(after(5), shows(6)), Some(back));
    }
}
