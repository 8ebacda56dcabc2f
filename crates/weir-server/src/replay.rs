//! Replay: what another policy would have made of the requests in the audit log.
//!
//! Records hold the facts that were decided about and no text; the policy decides about them again. What was
//! full when a request came is taken from its record. What follows from other targets being busier or idler than
//! they were is not simulated but shown, as the load of each target.

mod condition;
mod json;
mod load;
mod past;
mod summary;

use crate::pipeline::record::{DEGRADE, FIRST, OVERFLOW};
use crate::snapshot::Snapshot;
use load::Loads;
use past::{Begun, End, Past};
use serde::Deserialize;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::WallTime;
use weir_label::ZoneKind;
use weir_policy::{Action, Catalogue, Day, Plan, Step, Target, TargetId, TokenCount};
use weir_store::audit::{AuditError, AuditReader};

pub use condition::{Condition, Measure};
pub use load::{PeakLoad, TargetLoad};
pub use summary::{AppChange, Replayed, Share, Skipped};

use summary::{Moved, Side};

/// Which requests are replayed.
#[derive(Debug, Clone, Default)]
pub struct ReplayFilter {
    /// Decided at this time or later.
    pub since: Option<WallTime>,
    /// Decided before this time.
    pub until: Option<WallTime>,
    /// Of this tenant.
    pub tenant: Option<String>,
}

/// Decides again about every request in a log, under the policy and the configuration of a snapshot.
///
/// The log is read in as many parts at a time as there are processors. Holds one segment of each, and the requests
/// that were under way at a time.
///
/// # Errors
/// [`AuditError`] when the log cannot be read or is damaged.
pub fn replay(log: &Path, snapshot: &Snapshot, filter: &ReplayFilter) -> Result<Replayed, AuditError> {
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    replay_in_parts(log, snapshot, filter, processors.min(PARTS_MAX))
}

/// Each takes a segment's memory.
const PARTS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

fn replay_in_parts(
    log: &Path,
    snapshot: &Snapshot,
    filter: &ReplayFilter,
    parts: NonZeroUsize,
) -> Result<Replayed, AuditError> {
    let readers = AuditReader::open_parts(log, parts)?;
    let replay = |reader| Replay::new(snapshot, filter).read(reader, log);
    let parts: Vec<Result<Replay<'_>, AuditError>> = std::thread::scope(|scope| {
        let running: Vec<_> = readers.into_iter().map(|reader| scope.spawn(move || replay(reader))).collect();
        let joined = running.into_iter().map(|part| part.join());
        joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut whole = Replay::new(snapshot, filter);
    for part in parts {
        whole.go_on_with(part?);
    }
    Ok(whole.finish())
}

/// The replay of a part of the log.
struct Replay<'s> {
    snapshot: &'s Snapshot,
    filter: &'s ReplayFilter,
    /// The requests whose end has not been read yet; nothing for one that is not replayed.
    open: HashMap<Box<str>, Option<Open>>,
    /// Ends of requests that began in an earlier part.
    late: Vec<(Box<str>, Ended)>,
    loads: Loads,
    result: Replayed,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    tokens_in: Option<u64>,
    tokens_out: Option<u64>,
    total_us: Option<u64>,
    queue_us: Option<u64>,
}

impl Ended {
    fn of(end: &End<'_>) -> Self {
        let End { request_id: _, tokens_in, tokens_out, total_us, queue_us } = *end;
        Self { tokens_in, tokens_out, total_us, queue_us }
    }
}

/// A request whose end has not been read yet.
struct Open {
    before: Before,
    after: After,
    app: Arc<str>,
    at: WallTime,
    est_tokens_in: u64,
}

/// What was decided.
struct Before {
    rule: Box<str>,
    placed: Placed,
    target: Option<Arc<str>>,
    zone: Option<ZoneKind>,
    denied: Option<Box<str>>,
    action: Box<str>,
}

/// What is decided now.
struct After {
    rule: Arc<str>,
    action: Action,
    /// Targets that had no place when the request came.
    full: Vec<TargetId>,
    /// The target that the request had then, if it still exists.
    had: Option<TargetId>,
}

/// Where a request comes to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placed {
    At(TargetId),
    /// The target is no longer in the configuration.
    Gone,
    /// Refused by the policy.
    Denied,
    /// No place in time.
    Rejected,
}

impl<'s> Replay<'s> {
    fn new(snapshot: &'s Snapshot, filter: &'s ReplayFilter) -> Self {
        let result = Replayed::new(snapshot.loaded.policy_revision.to_string());
        let loads = Loads::of(&snapshot.loaded.config, &snapshot.loaded.catalogue);
        Self { snapshot, filter, open: HashMap::new(), late: Vec::new(), loads, result }
    }

    fn read(mut self, mut reader: AuditReader, log: &Path) -> Result<Self, AuditError> {
        while let Some((head, bytes)) = reader.next_event()? {
            let damaged = |what: String| AuditError::Damaged { path: log.to_owned(), index: head.seq, what };
            match head.type_name.as_str() {
                "decision" if self.wants_time(head.ts_wall) => {
                    self.decision(&read(bytes).map_err(damaged)?, head.ts_wall);
                }
                "decision" => self.pass_over(&read(bytes).map_err(damaged)?),
                "outcome" => self.outcome(&read(bytes).map_err(damaged)?),
                _ => {}
            }
        }
        Ok(self)
    }

    /// Takes over what a later part came to.
    fn go_on_with(&mut self, later: Self) {
        let Self { snapshot: _, filter: _, open, late, loads, result } = later;
        self.result.join(result);
        self.loads.join(loads);
        for (id, end) in late {
            if let Some(Some(open)) = self.open.remove(&id) {
                self.close(&open, end);
            }
        }
        self.open.extend(open);
    }

    /// A request of another time: its end is nobody else's.
    fn pass_over(&mut self, begun: &Begun<'_>) {
        if begun.attempt <= 1 {
            self.open.insert(begun.request_id.into(), None);
        }
    }

    fn wants_time(&self, at: WallTime) -> bool {
        self.filter.since.is_none_or(|since| at >= since) && self.filter.until.is_none_or(|until| at < until)
    }

    fn decision(&mut self, past: &Past<'_>, at: WallTime) {
        // Later attempts are of the same decision, after a target failed; none is made of what is refused.
        if past.attempt <= 1 {
            let open = self.decided_again(past, at);
            self.open.insert(past.request_id.into(), open);
        }
    }

    fn decided_again(&mut self, past: &Past<'_>, at: WallTime) -> Option<Open> {
        if self.filter.tenant.as_deref().is_some_and(|t| past.tenant.as_deref() != Some(t)) {
            return None;
        }
        let Some(rule) = past.rule.as_deref() else {
            self.result.skipped.undecided += 1;
            return None;
        };
        let loaded = &self.snapshot.loaded;
        let Some(alias) = past.facts.alias.and_then(|alias| loaded.catalogue.alias(alias)) else {
            self.result.skipped.unknown_alias += 1;
            return None;
        };
        if past.is_cut() {
            self.result.incomplete += 1;
        }
        let seconds = i64::try_from(at.unix_ms() / 1000).unwrap_or(i64::MAX);
        let held = past.hold(&loaded.catalogue, alias, loaded.time_zone.facts_at(seconds));
        let facts = past.facts(&held);
        let decision = weir_policy::decide(&loaded.policy, &loaded.catalogue, alias, &facts);
        let catalogue = &loaded.catalogue;
        let before = before(past, rule, catalogue);
        let after = After {
            rule: decision.rule.shared().clone(),
            action: decision.action,
            full: full(past, catalogue),
            had: past.target.and_then(|name| catalogue.target_named(name)),
        };
        Some(Open {
            before,
            after,
            app: past.app().into(),
            at,
            est_tokens_in: past.est_tokens_in.unwrap_or(0),
        })
    }

    fn outcome(&mut self, end: &End<'_>) {
        match self.open.remove(end.request_id) {
            Some(Some(open)) => self.close(&open, Ended::of(end)),
            Some(None) => {}
            None => self.late.push((end.request_id.into(), Ended::of(end))),
        }
    }

    fn finish(mut self) -> Replayed {
        for open in std::mem::take(&mut self.open).into_values().flatten() {
            self.close(&open, Ended::default());
        }
        self.result.load = self.loads.finish(&self.snapshot.loaded.catalogue);
        self.result
    }

    fn close(&mut self, open: &Open, end: Ended) {
        let catalogue = &self.snapshot.loaded.catalogue;
        let waited = Duration::from_micros(end.queue_us.unwrap_or(0));
        let now = open.after.place(&open.before.action, waited);
        let tokens = (end.tokens_in.unwrap_or(open.est_tokens_in), end.tokens_out.unwrap_or(0));
        let day = Day::of_unix_seconds(i64::try_from(open.at.unix_ms() / 1000).unwrap_or(i64::MAX));
        let before = Side {
            rule: &open.before.rule,
            zone: zone_word(open.before.placed, open.before.zone),
            target: open.before.target.as_deref(),
            denied: open.before.denied.as_deref(),
            cost: cost(catalogue, open.before.placed, tokens, day),
        };
        let target = target_of(catalogue, now);
        let after = Side {
            rule: &open.after.rule,
            zone: zone_word(now, target.map(Target::zone)),
            target: target.map(|target| &*target.name),
            denied: match (&open.after.action, now) {
                (Action::Deny(denial), _) => Some(denial.code.as_str()),
                (Action::Route(_), Placed::Rejected) => Some(OVERLOADED),
                (Action::Route(_), _) => None,
            },
            cost: cost(catalogue, now, tokens, day),
        };
        let moved = self.result.add(&open.app, &before, &after);
        let service = end.total_us.unwrap_or(0).saturating_sub(end.queue_us.unwrap_or(0));
        self.loads.add(open.at, at(open.before.placed), at(now), service, moved == Moved::Elsewhere);
    }
}

/// Reads a part of an event. The bytes are looked at as text once, not word by word.
fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, String> {
    let text = str::from_utf8(bytes).map_err(|error| error.to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The code with which a request is refused that found no place.
const OVERLOADED: &str = "overloaded";

fn before(past: &Past<'_>, rule: &str, catalogue: &Catalogue) -> Before {
    let named = |name: &str| catalogue.target_named(name).map_or(Placed::Gone, Placed::At);
    // A request that was planned and did not come to run, as one whose caller went away, counts as planned.
    let (placed, target, zone) = match (past.target, past.is_denied(), past.reason) {
        (Some(target), _, _) => (named(target), Some(target), past.zone()),
        (None, true, _) => (Placed::Denied, None, None),
        (None, false, OVERLOADED) => (Placed::Rejected, None, None),
        (None, false, _) => match past.first_planned() {
            Some((target, zone)) => (named(target), Some(target), Some(zone)),
            None => (Placed::Rejected, None, None),
        },
    };
    Before {
        rule: rule.into(),
        placed,
        target: target.map(|target| {
            match catalogue.target_named(target).and_then(|id| catalogue.target(id)) {
                Some(known) => known.name.clone(),
                None => target.into(),
            }
        }),
        zone,
        denied: (target.is_none()).then(|| past.reason.into()),
        action: past.action.into(),
    }
}

/// The targets that had no place when the request came: those of its plan that were tried before the one that it
/// got, or all if it got none.
fn full(past: &Past<'_>, catalogue: &Catalogue) -> Vec<TargetId> {
    let planned = past.planned();
    let before = |part: &'static str| {
        let of_part = past.planned().filter(move |(_, role)| *role == part).map(|(name, _)| name);
        of_part.take_while(|name| Some(*name) != past.target)
    };
    let tried: Vec<&str> = match (past.target, past.action) {
        (None, _) if past.reason == OVERLOADED => planned.map(|(name, _)| name).collect(),
        (None, _) => Vec::new(),
        (Some(_), "queue") => planned.filter(|(_, part)| *part == FIRST).map(|(name, _)| name).collect(),
        // Nobody has tried the cloud on the way to a smaller local model.
        (Some(_), "degrade") => before(FIRST).chain(before(DEGRADE)).collect(),
        (Some(_), "burst") => before(FIRST).chain(before(OVERFLOW)).collect(),
        (Some(_), _) => before(FIRST).collect(),
    };
    tried.into_iter().filter_map(|name| catalogue.target_named(name)).collect()
}

impl After {
    /// Where the request comes to run, having waited as long as it did then.
    fn place(&self, action: &str, waited: Duration) -> Placed {
        match &self.action {
            Action::Deny(_) => Placed::Denied,
            Action::Route(plan) => self.place_in(plan, action, waited),
        }
    }

    fn place_in(&self, plan: &Plan, action: &str, waited: Duration) -> Placed {
        let free = |ids: &[TargetId]| ids.iter().find(|id| !self.full.contains(id)).copied();
        if let Some(target) = free(&plan.first) {
            return Placed::At(target);
        }
        for step in &plan.ladder {
            let target = match step {
                Step::Degrade => free(&plan.degrade),
                Step::Burst => free(&plan.overflow),
                Step::Queue(time) => self.after_waiting(plan, *time, action, waited),
                Step::Reject => return Placed::Rejected,
            };
            if let Some(target) = target {
                return Placed::At(target);
            }
        }
        Placed::Rejected
    }

    /// Who waited then long enough waits as long now; who took another step before the end of this one
    /// would have got a place, for all that is known.
    fn after_waiting(&self, plan: &Plan, time: Duration, action: &str, waited: Duration) -> Option<TargetId> {
        let gave_up = action != "queue" && waited >= time;
        if gave_up || (action == "queue" && waited > time) {
            return None;
        }
        let same = self.had.filter(|had| plan.first.contains(had));
        same.or_else(|| plan.first.first().copied())
    }
}

fn at(placed: Placed) -> Option<TargetId> {
    match placed {
        Placed::At(target) => Some(target),
        Placed::Gone | Placed::Denied | Placed::Rejected => None,
    }
}

fn target_of(catalogue: &Catalogue, placed: Placed) -> Option<&Target> {
    at(placed).and_then(|id| catalogue.target(id))
}

fn zone_word(placed: Placed, zone: Option<ZoneKind>) -> &'static str {
    match (placed, zone) {
        (Placed::Denied, _) => "denied",
        (Placed::Rejected, _) | (_, None) => "rejected",
        (Placed::At(_) | Placed::Gone, Some(zone)) => zone.as_str(),
    }
}

/// Picodollars; `None` when it is not known. What is not run costs nothing, and so does a local target
/// without a price.
fn cost(catalogue: &Catalogue, placed: Placed, (input, output): (u64, u64), day: Day) -> Option<u128> {
    match placed {
        Placed::Denied | Placed::Rejected => Some(0),
        Placed::Gone => None,
        Placed::At(id) => {
            let target = catalogue.target(id)?;
            match (target.prices.on(Some(day)), target.zone()) {
                (Some(price), _) => Some(price.of(TokenCount { input, output, ..TokenCount::default() })),
                (None, ZoneKind::Local) => Some(0),
                (None, ZoneKind::Cloud) => None,
            }
        }
    }
}

#[cfg(test)]
mod tests;
