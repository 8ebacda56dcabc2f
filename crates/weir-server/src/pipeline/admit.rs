//! `Decision` → a place on a target: capacity, queue, ladder.

use super::decide::Ruling;
use super::identify::Caller;
use super::inspect::Inspected;
use super::record::{Attempt, Ledger};
use crate::desk::Place;
use crate::failure::{BackendFailure, Failure};
use crate::gateway::Gateway;
use crate::patience::within;
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use weir_dispatch::{Ask, Band, Candidate, Claim, Prefix, Promise, Refused, Step, Work};
use weir_policy::{LatencyClass, Target, TargetId, micro_usd};
use weir_wire::request::ClientRequest;

/// The most attempts at one request.
const ATTEMPTS_MAX: u32 = 3;
const SECONDS_PER_DAY: i64 = 86_400;
/// How often the key of a waiting request is looked at.
const KEY_CHECK: Duration = Duration::from_secs(1);

/// Targets that have failed this request.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    targets: BTreeSet<Arc<str>>,
    attempts: u32,
    last: Option<BackendFailure>,
    /// The target whose answer did not do, so that only stronger ones are left.
    rejected: Option<Arc<str>>,
    /// Whether the request is only made to compare answers.
    is_evaluation: bool,
}

impl Tried {
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The attempt that is next.
    pub fn next(&self) -> Attempt {
        Attempt { number: self.attempts + 1, reason: self.reason() }
    }

    /// Whether the attempt now under way is not the last one.
    pub fn has_attempts_left(&self) -> bool {
        self.attempts + 1 < ATTEMPTS_MAX
    }

    /// Whether another attempt may be made.
    pub fn may_go_on(&self) -> bool {
        self.attempts < ATTEMPTS_MAX
    }

    /// Whether the last target said that it is full.
    fn ended_full(&self) -> bool {
        matches!(self.last, Some(BackendFailure::Full { .. }))
    }

    /// Nothing, for a request that is only made to compare answers.
    pub fn for_evaluation() -> Self {
        Self { is_evaluation: true, ..Self::default() }
    }

    /// Why an attempt is made, if not by the policy and the ladder alone.
    fn reason(&self) -> Option<&'static str> {
        match (self.is_evaluation, self.escalates(), self.attempts) {
            (true, ..) => Some("evaluation"),
            (_, true, _) => Some("escalation"),
            (.., 0) => None,
            _ => Some("failover"),
        }
    }

    /// Whether a target is asked because the answer of another did not do.
    fn escalates(&self) -> bool {
        self.rejected.is_some()
    }

    /// Takes note of a target whose answer did not do.
    pub fn escalate(&mut self, target: Arc<str>) {
        self.targets.insert(target.clone());
        self.attempts += 1;
        self.last = None;
        self.rejected = Some(target);
    }

    /// Whether a target may still be tried.
    fn leaves(&self, ruling: &Ruling, id: TargetId) -> bool {
        let Some(rejected) = &self.rejected else { return true };
        let rejected = ruling.snapshot.loaded.catalogue.target_named(rejected);
        let escalation = ruling.plan.escalation.as_ref();
        escalation.zip(rejected).is_some_and(|(escalation, rejected)| escalation.is_stronger(id, rejected))
    }

    pub fn add(&mut self, target: Arc<str>, failure: &BackendFailure) {
        self.targets.insert(target);
        self.attempts += 1;
        self.last = Some(failure.clone());
    }
}

/// Waits for a place as long as the ladder says and the caller's key is good.
///
/// # Errors
/// [`Failure::Full`] or [`Failure::TooLate`] when the ladder ends, what the last attempt failed with when no target is left, and
/// [`Failure::BadKey`] when the key was revoked or has expired by now.
pub(crate) async fn admit(
    gateway: &Gateway,
    ruling: &Ruling,
    inspected: &Inspected,
    caller: &Caller,
    tried: &Tried,
    ledger: &mut Ledger,
) -> Result<Place, Failure> {
    let work = work(gateway, ruling, inspected);
    let mut ask = Ask {
        work,
        claim: claim(ruling, inspected, caller),
        promise: Promise { first_token: first_token(ruling, inspected, caller), deadline: caller.due },
        ..ask(ruling, inspected.body_bytes, tried)
    };
    price(&mut ask.overflow, ruling);
    if tried.attempts > 0 {
        // What has failed inside and goes outside bursts no less than what found no place there.
        price(&mut ask.first, ruling);
    }
    if has_replicas(&ask.first) {
        ask.work.prefix = prefix(gateway, inspected);
    }
    ledger.asked();
    let admitted = wait(gateway, ask, caller, (inspected.request.content(), &mut *ledger)).await;
    ledger.admitted();
    admitted?.map_err(|refused| match (refused, &tried.last) {
        (_, Some(failure)) => Failure::Backend(failure.clone()),
        (Refused::Full { retry_after, obstacle }, None) => Failure::Full { retry_after, obstacle },
        (Refused::TooLate { retry_after }, None) => Failure::TooLate { retry_after },
        (Refused::NothingLeft | Refused::NoRetry, None) => Failure::NothingLeft,
    })
}

/// Waits at the desk, looking at the key from time to time and once more at the end: what a revoked key
/// has queued is not sent.
async fn wait(
    gateway: &Gateway,
    ask: Ask<'_>,
    caller: &Caller,
    (request, ledger): (&ClientRequest, &mut Ledger),
) -> Result<Result<Place, Refused>, Failure> {
    let day = gateway.wall.unix_seconds() / SECONDS_PER_DAY;
    let mut admitted = pin!(gateway.desk.admit(ask, u32::try_from(day).unwrap_or(0)));
    loop {
        let admitted = within(KEY_CHECK, &mut admitted).await;
        caller.check(gateway)?;
        if let Ok(admitted) = admitted {
            return Ok(admitted);
        }
        ledger.is_waited_for(request);
    }
}

fn ask<'r>(ruling: &'r Ruling, bytes: usize, tried: &Tried) -> Ask<'r> {
    let left = |ids: &[TargetId]| -> Vec<Candidate<'r>> {
        let ids = ids.iter().filter(|id| tried.leaves(ruling, **id));
        let targets = ids.filter_map(|id| ruling.target(*id));
        ranked(targets.filter(|target| !tried.targets.contains(&target.name)))
    };
    let plan = &ruling.plan;
    let (mut first, mut overflow) = (left(&plan.first), left(&plan.overflow));
    if first.is_empty() && (!tried.ended_full() || plan.ladder.contains(&Step::Burst)) {
        // What has failed, unlike what is full, needs no step of the ladder to move on.
        first = std::mem::take(&mut overflow);
    }
    Ask {
        first,
        degrade: left(&plan.degrade),
        overflow,
        ladder: plan.ladder.clone(),
        bytes,
        is_retry: tried.attempts > 0 && !tried.escalates(),
        ..Ask::default()
    }
}

/// Targets in the plan's order. Neighbours that serve the same model in the same zone are replicas of each
/// other: among them the dispatcher chooses.
fn ranked<'t>(targets: impl Iterator<Item = &'t Target>) -> Vec<Candidate<'t>> {
    let mut candidates: Vec<Candidate<'t>> = Vec::new();
    let mut rank = 0;
    let mut last: Option<&Target> = None;
    for target in targets {
        let is_replica = last.is_some_and(|last| last.model == target.model && last.zone() == target.zone());
        rank += u32::from(!is_replica);
        candidates.push(Candidate { target: &target.name, rank, micro_usd: 0 });
        last = Some(target);
    }
    candidates
}

/// Asks for a place on a replica of a target that a request is at already, if there are any: the same model in the
/// same zone, by the same step of the plan.
pub(crate) fn of_replicas<'r>(
    gateway: &Gateway,
    ruling: &'r Ruling,
    at: TargetId,
    (inspected, caller): (&Inspected, &Caller),
    tried: &Tried,
) -> Option<Ask<'r>> {
    let target = ruling.target(at)?;
    let plan = &ruling.plan;
    let beside = if plan.first.contains(&at) { &plan.first } else { &plan.overflow };
    let others = beside.iter().filter(|id| **id != at).filter_map(|id| ruling.target(*id));
    let replicas = others.filter(|other| other.model == target.model && other.zone() == target.zone());
    let mut first = ranked(replicas.filter(|target| !tried.targets.contains(&target.name)));
    price(&mut first, ruling);
    let (work, claim) = (work(gateway, ruling, inspected), claim(ruling, inspected, caller));
    (!first.is_empty()).then(|| Ask { first, work, claim, ..Ask::default() })
}

/// Whether the dispatcher chooses among some of them.
fn has_replicas(candidates: &[Candidate<'_>]) -> bool {
    candidates.windows(2).any(|pair| matches!(pair, [a, b] if a.rank == b.rank))
}

/// What the prompt begins with, as a number that means something to this process only, and how much of the prompt a
/// server need not read again that has read such a beginning.
fn prefix(gateway: &Gateway, inspected: &Inspected) -> Option<Prefix> {
    let mut hasher = gateway.prefixes.build_hasher();
    let opening = inspected.request.content().opening(&mut |text| hasher.write(text.as_bytes()))?;
    if opening.shared_bytes == 0 {
        return None;
    }
    let share = opening.shared_bytes as f64 / opening.all_bytes as f64;
    Some(Prefix { hash: hasher.finish(), tokens: (inspected.prompt_tokens() as f64 * share) as u32 })
}

fn work(gateway: &Gateway, ruling: &Ruling, inspected: &Inspected) -> Work {
    let request = inspected.request.content();
    let first = ruling.plan.first.first().and_then(|id| ruling.target(*id));
    let prompt_tokens = inspected.prompt_tokens_at(first, gateway);
    let limit = request.max_output_tokens().and_then(|limit| u32::try_from(limit).ok());
    Work {
        prompt_tokens: u32::try_from(prompt_tokens).unwrap_or(u32::MAX),
        output_tokens: gateway.desk.expected_output(kind_of_work(inspected), limit),
        prefix: None,
    }
}

/// What tells requests with long answers from those with short ones: the alias that is asked for, and the type of
/// the task. Two kinds of one number share their mean, which is no harm.
pub(crate) fn kind_of_work(inspected: &Inspected) -> u16 {
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let task = inspected.task.as_ref().map_or("", |task| task.kind.as_str());
    let alias = inspected.request.content().alias();
    let hash = alias.bytes().chain([0]).chain(task.bytes()).fold(0x811C_9DC5, fold);
    (hash ^ (hash >> 16)) as u16
}

/// What bursts are expected to cost, which is held against the caps of the day.
fn price(candidates: &mut [Candidate<'_>], ruling: &Ruling) {
    let catalogue = &ruling.snapshot.loaded.catalogue;
    for candidate in candidates {
        let bursting =
            catalogue.target_named(candidate.target).filter(|id| ruling.plan.overflow.contains(id));
        let cost = bursting.and_then(|id| ruling.expected.picodollars(catalogue.target(id)?));
        candidate.micro_usd = cost.map_or(0, micro_usd);
    }
}

/// When its first token should be there: as it says, or else, if somebody waits for it, as the configuration
/// has it.
fn first_token(ruling: &Ruling, inspected: &Inspected, caller: &Caller) -> Option<Duration> {
    let usual = ruling.snapshot.loaded.config.limits.first_token;
    caller.latency_target.or(usual.filter(|_| band(inspected, caller) == Band::Interactive))
}

fn band(inspected: &Inspected, caller: &Caller) -> Band {
    match super::decide::latency_class(caller, inspected.request.content().service_tier()) {
        LatencyClass::Interactive => Band::Interactive,
        LatencyClass::Batch => Band::Batch,
    }
}

/// On whose behalf the request comes: the tenant of its key, or the key itself.
fn claim(ruling: &Ruling, inspected: &Inspected, caller: &Caller) -> Claim {
    let key = caller.key.as_ref();
    let tenant: Arc<str> =
        key.map_or_else(Arc::default, |key| key.terms.tenant.as_deref().unwrap_or(&key.id).into());
    let weight = ruling.snapshot.loaded.config.tenants.of(&tenant).weight.get();
    Claim { tenant, weight, band: band(inspected, caller) }
}
