//! `Decision` → a place on a target: capacity, queue, ladder.

use super::decide::Ruling;
use super::identify::Caller;
use super::inspect::Inspected;
use super::record::Ledger;
use crate::desk::Place;
use crate::failure::{BackendFailure, Failure};
use crate::gateway::Gateway;
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use weir_dispatch::{Ask, Band, Candidate, Claim, Promise, Refused, Step, Work};
use weir_policy::{LatencyClass, Target, TargetId};
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
}

impl Tried {
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the attempt now under way is not the last one.
    pub fn has_attempts_left(&self) -> bool {
        self.attempts + 1 < ATTEMPTS_MAX
    }

    /// Whether the last target said that it is full.
    fn ended_full(&self) -> bool {
        matches!(self.last, Some(BackendFailure::Full { .. }))
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
/// [`Failure::Full`] when the ladder ends, what the last attempt failed with when no target is left, and
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
        claim: claim(inspected, caller),
        promise: Promise {
            first_token: first_token(ruling, inspected, caller),
            deadline: caller.deadline.map(|time| gateway.desk.now().saturating_add(time)),
        },
        ..ask(ruling, inspected.body_bytes, tried)
    };
    price(&mut ask.overflow, ruling, &work);
    ledger.asked();
    let admitted = wait(gateway, ask, caller, (inspected.request.content(), &mut *ledger)).await;
    ledger.admitted();
    admitted?.map_err(|refused| match (refused, &tried.last) {
        (_, Some(failure)) => Failure::Backend(failure.clone()),
        (Refused::Full { retry_after } | Refused::TooLate { retry_after }, None) => {
            Failure::Full { retry_after }
        }
        (Refused::NothingLeft | Refused::NoRetry, None) => Failure::NothingLeft,
    })
}

/// Waits at the desk, looking at the key from time to time and once more at the end: what a revoked key
/// has queued is not sent.
async fn wait(
    gateway: &Gateway,
    ask: Ask,
    caller: &Caller,
    (request, ledger): (&ClientRequest, &mut Ledger),
) -> Result<Result<Place, Refused>, Failure> {
    let day = gateway.wall.unix_seconds() / SECONDS_PER_DAY;
    let mut admitted = pin!(gateway.desk.admit(ask, u32::try_from(day).unwrap_or(0)));
    loop {
        let admitted = timeout(KEY_CHECK, &mut admitted).await;
        caller.check(gateway)?;
        if let Ok(admitted) = admitted {
            return Ok(admitted);
        }
        ledger.is_waited_for(request);
    }
}

fn ask(ruling: &Ruling, bytes: usize, tried: &Tried) -> Ask {
    let left = |ids: &[TargetId]| -> Vec<Candidate> {
        let targets = ids.iter().filter_map(|id| ruling.target(*id));
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
        is_retry: tried.attempts > 0,
        ..Ask::default()
    }
}

/// Targets in the plan's order. Neighbours that serve the same model in the same zone are replicas of each
/// other: among them the dispatcher chooses.
fn ranked<'t>(targets: impl Iterator<Item = &'t Target>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut rank = 0;
    let mut last: Option<&Target> = None;
    for target in targets {
        let is_replica = last.is_some_and(|last| last.model == target.model && last.zone() == target.zone());
        rank += u32::from(!is_replica);
        candidates.push(Candidate { target: target.name.clone(), rank, micro_usd: 0 });
        last = Some(target);
    }
    candidates
}

fn work(gateway: &Gateway, ruling: &Ruling, inspected: &Inspected) -> Work {
    let request = inspected.request.content();
    let first = ruling.plan.first.first().and_then(|id| ruling.target(*id));
    let prompt_tokens = first.map_or(inspected.prompt_tokens(), |target| {
        gateway.counts.of(&target.name, inspected.prompt_tokens())
    });
    let limit = request.max_output_tokens().and_then(|limit| u32::try_from(limit).ok());
    Work {
        prompt_tokens: u32::try_from(prompt_tokens).unwrap_or(u32::MAX),
        output_tokens: gateway.desk.expected_output(kind_of_work(request.alias()), limit),
        prefix: None,
    }
}

/// What tells requests with long answers from those with short ones: the alias that is asked for. Two aliases of
/// one number share their mean, which is no harm.
pub(crate) fn kind_of_work(alias: &str) -> u16 {
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = alias.bytes().fold(0x811C_9DC5, fold);
    (hash ^ (hash >> 16)) as u16
}

/// What bursts are expected to cost, which is held against the caps of the day.
fn price(overflow: &mut [Candidate], ruling: &Ruling, work: &Work) {
    const PICO_PER_MICRO: u128 = 1_000_000;
    let catalogue = &ruling.snapshot.loaded.catalogue;
    for candidate in overflow {
        let target = catalogue.target_named(&candidate.target).and_then(|id| catalogue.target(id));
        let price = target.and_then(|target| target.price);
        let cost = price.map(|price| price.of(work.prompt_tokens.into(), work.output_tokens.into()));
        let micro_usd = cost.unwrap_or(0).div_ceil(PICO_PER_MICRO);
        candidate.micro_usd = u64::try_from(micro_usd).unwrap_or(u64::MAX);
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
fn claim(inspected: &Inspected, caller: &Caller) -> Claim {
    let key = caller.key.as_ref();
    let tenant = key.map(|key| key.terms.tenant.as_deref().unwrap_or(&key.id));
    Claim { tenant: tenant.unwrap_or_default().into(), weight: 1, band: band(inspected, caller) }
}
