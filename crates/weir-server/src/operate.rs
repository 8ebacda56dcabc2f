//! Putting policies in force: at once, in the shadow, in stages, and back.
//!
//! INVARIANT (one change at a time): whoever changes what is in force holds the lock of
//! [`Gateway::one_change_at_a_time`]: the thread that follows the files, SIGHUP, the admin API.

use crate::book::{Book, HistoryEntry, Remembered, RememberedCandidate, What};
use crate::candidate::Candidate;
use crate::clock::Clock;
use crate::gateway::Gateway;
use crate::reload::{ReloadOutcome, ReloadState, problems};
use crate::snapshot::{Snapshot, SnapshotError};
use crate::source::Sources;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use weir_audit::event::PolicyStaged;
use weir_audit::{Ident, WallTime};
use weir_rollout::{Alarm, Mode, Rollout, Stage, Turn};

/// How far a policy is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// It decides every request.
    All,
    /// This stage.
    Stage(Stage),
}

/// Why a policy was not put where it was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// The files cannot be used.
    #[error("the policy cannot be used: {}", .0.join("; "))]
    Refused(Vec<String>),
    /// There is no policy on its way.
    #[error("no policy is on its way: the one that the configuration names is in force")]
    NothingOnItsWay,
    /// There is none to go back to.
    #[error("there is no policy to go back to; `weir policy history` lists those there were")]
    NoneBefore,
    /// There was none of this revision.
    #[error("no policy `{0}` was in force here; `weir policy history` lists those there were")]
    NeverInForce(String),
    /// Who signs policies decides which is in force.
    #[error(
        "policies must be signed here (`policy.signed_by`), and to go back is not for this side to decide: sign the \
         older policy again with a higher version"
    )]
    Signed,
}

impl From<SnapshotError> for OperationError {
    fn from(error: SnapshotError) -> Self {
        OperationError::Refused(problems(&error))
    }
}

/// What is in force at the start, and what is on its way.
pub(crate) struct Beginning {
    pub live: Snapshot,
    pub candidate: Option<Candidate>,
    pub is_new: bool,
}

/// Where to begin with a policy from the disk: a rollout that was under way goes on, and what was rolled
/// back stays so, although the files still say otherwise.
///
/// # Errors
/// [`SnapshotError`] when the policy is older than one before, or the one before cannot be used again.
pub(crate) fn begin(
    fresh: Snapshot,
    sources: &Sources,
    book: &Book,
    clock: Clock,
) -> Result<Beginning, SnapshotError> {
    let remembered = book.remembered();
    check_version(&fresh, &remembered)?;
    let plan = fresh.loaded.config.policy.rollout.clone();
    let revision = fresh.loaded.policy_revision.as_str().to_owned();
    let is_held = remembered.held.as_ref() == Some(&revision);
    let before = remembered.applied.filter(|applied| *applied != revision);
    let Some(before) = before.filter(|_| is_held || plan.mode != Mode::AtOnce) else {
        return Ok(Beginning { is_new: true, live: fresh, candidate: None });
    };
    let live = again(&before, sources, book, &fresh)?;
    if is_held {
        return Ok(Beginning { live, candidate: None, is_new: false });
    }
    let known = remembered.candidate.filter(|candidate| candidate.revision == revision);
    let rollout = match known {
        Some(RememberedCandidate { stage, alarm, .. }) => {
            let mut rollout = Rollout::at(plan, stage, clock.now());
            alarm.into_iter().for_each(|alarm| rollout.stopped_by(alarm));
            rollout
        }
        None => Rollout::begin(plan, clock.now()),
    };
    let candidate = Candidate::new(Arc::new(fresh.with_doors_of(&live)), rollout);
    Ok(Beginning { live, candidate: Some(candidate), is_new: false })
}

/// A policy that was in force, under the configuration on the disk.
fn again(revision: &str, sources: &Sources, book: &Book, like: &Snapshot) -> Result<Snapshot, SnapshotError> {
    let unusable = |reason: String| SnapshotError::Kept { revision: revision.to_owned(), reason };
    let kept = book.kept(revision).map_err(|error| unusable(error.to_string()))?;
    let snapshot = Snapshot::load_with(sources, &kept, &like.indexes);
    let snapshot = snapshot.map_err(|error| unusable(problems(&error).join("; ")))?;
    match snapshot.loaded.policy_revision.as_str() == revision {
        true => Ok(snapshot),
        false => Err(unusable("an index that it names has changed since".to_owned())),
    }
}

/// INVARIANT (versions only rise): a signed policy is taken up when it is newer than all before it, or the
/// very same as the newest.
fn check_version(fresh: &Snapshot, remembered: &Remembered) -> Result<(), SnapshotError> {
    let (Some((version, digest)), Some((newest, known))) = (&fresh.policy.origin.signed, &remembered.newest)
    else {
        return Ok(());
    };
    let is_good = version > newest || (version == newest && digest == known);
    if is_good { Ok(()) } else { Err(SnapshotError::Older { version: *version, newest: *newest }) }
}

impl Gateway {
    /// What is in force or, if something is on its way there, that.
    pub(crate) fn newest(&self) -> Arc<Snapshot> {
        self.candidate().map_or_else(|| self.snapshot(), |candidate| candidate.snapshot.clone())
    }

    /// Looks at the files. `goal` overrides how the configuration wants a new policy to come into force.
    pub(crate) fn look(&self, sources: &Sources, goal: Option<Goal>) -> ReloadOutcome {
        let newest = self.newest();
        if newest.is_of(sources) {
            return self.settle();
        }
        let fresh = Snapshot::prepare_after(sources, &newest.indexes);
        match fresh.and_then(|fresh| self.take_up(fresh, sources, goal)) {
            Ok(ReloadOutcome::Unchanged) => self.settle(),
            Ok(outcome) => {
                *self.reload_state() = ReloadState::InForce;
                self.metrics.policies.reloaded(true);
                outcome
            }
            Err(error) => self.refuse(&error, sources),
        }
    }

    fn take_up(
        &self,
        fresh: Snapshot,
        sources: &Sources,
        goal: Option<Goal>,
    ) -> Result<ReloadOutcome, SnapshotError> {
        let remembered = self.book.remembered();
        check_version(&fresh, &remembered)?;
        let (live, candidate) = (self.snapshot(), self.candidate());
        let revision = fresh.loaded.policy_revision.as_str().to_owned();
        let is_other_config = !fresh.has_config_of(&live);
        if revision == live.loaded.policy_revision.as_str() {
            self.drop_candidate();
            self.book.change(|remembered| remembered.held = None);
            if !is_other_config {
                return Ok(ReloadOutcome::Unchanged);
            }
            tracing::info!(policy = revision, config = fresh.loaded.config_digest, "reloaded");
            self.replace(Arc::new(fresh.with_doors_of(&live)));
            return Ok(ReloadOutcome::Applied);
        }
        if remembered.held.as_ref() == Some(&revision) {
            return self.rebase(is_other_config, sources, &fresh);
        }
        if let Some(candidate) = candidate.filter(|candidate| candidate.revision() == revision) {
            let outcome = self.rebase(is_other_config, sources, &fresh)?;
            let rollout = candidate.with(|rollout| rollout.clone());
            let fresh = Arc::new(fresh.with_doors_of(&self.snapshot()));
            self.set_candidate(Some(Arc::new(Candidate::new(fresh, rollout))));
            return Ok(outcome);
        }
        let plan = fresh.loaded.config.policy.rollout.clone();
        match (goal, plan.mode) {
            (Some(Goal::All), _) | (None, Mode::AtOnce) => {
                self.put_in_force(Arc::new(fresh.with_doors_of(&live)));
                Ok(ReloadOutcome::Applied)
            }
            (goal, _) => {
                self.rebase(is_other_config, sources, &fresh)?;
                let now = self.clock.now();
                let rollout = match goal {
                    Some(Goal::Stage(stage)) => Rollout::at(plan, stage, now),
                    Some(Goal::All) | None => Rollout::begin(plan, now),
                };
                self.begin_rollout(fresh, rollout);
                Ok(ReloadOutcome::Staged)
            }
        }
    }

    /// Puts the policy in force under another configuration.
    fn rebase(
        &self,
        is_other_config: bool,
        sources: &Sources,
        fresh: &Snapshot,
    ) -> Result<ReloadOutcome, SnapshotError> {
        if !is_other_config {
            return Ok(ReloadOutcome::Unchanged);
        }
        let live = self.snapshot();
        let revision = live.loaded.policy_revision.as_str().to_owned();
        let unusable = |reason: String| SnapshotError::Kept {
            revision: revision.clone(),
            reason: format!(
                "{reason}; it stays in force until the new one is, and both must fit the configuration \
                 (`weir policy apply` puts the new one in force at once)"
            ),
        };
        let rebased = Snapshot::load_with(sources, &live.policy, &fresh.indexes);
        let rebased = rebased.map_err(|error| unusable(problems(&error).join("; ")))?;
        self.replace(Arc::new(rebased.with_doors_of(&live)));
        Ok(ReloadOutcome::Applied)
    }

    fn begin_rollout(&self, fresh: Snapshot, rollout: Rollout) {
        let fresh = fresh.with_doors_of(&self.snapshot());
        let stage = rollout.stage();
        let candidate = Arc::new(Candidate::new(Arc::new(fresh), rollout));
        tracing::info!(policy = candidate.revision(), %stage, "a new policy is on its way");
        self.keep(&candidate.snapshot);
        let live = self.snapshot();
        self.remember(&candidate.snapshot, What::Staged, Some(stage), None, (&live, Some(&candidate)));
        self.set_candidate(Some(candidate.clone()));
        self.record(&candidate.snapshot, What::Staged, Some(stage), None);
    }

    /// Puts a snapshot in force for every request, once it is on the disk that it is.
    pub(crate) fn put_in_force(&self, fresh: Arc<Snapshot>) {
        let policy = fresh.loaded.policy_revision.clone();
        tracing::info!(%policy, config = fresh.loaded.config_digest, "reloaded");
        self.keep(&fresh);
        self.remember(&fresh, What::Applied, None, None, (&fresh, None));
        self.replace(fresh.clone());
        self.set_candidate(None);
        self.record(&fresh, What::Applied, None, None);
    }

    pub(crate) fn keep(&self, snapshot: &Snapshot) {
        if let Err(error) = self.book.keep(snapshot.loaded.policy_revision.as_str(), &snapshot.policy) {
            tracing::error!(%error, "the policy cannot be kept, so that nobody can go back to it");
        }
    }

    /// Writes down what happened to a policy.
    pub(crate) fn note(&self, snapshot: &Snapshot, what: What, stage: Option<Stage>, alarm: Option<Alarm>) {
        let (live, candidate) = (self.snapshot(), self.candidate());
        self.remember(snapshot, what, stage, alarm, (&live, candidate.as_deref()));
        self.record(snapshot, what, stage, alarm);
    }

    /// Has on the disk what happens to a policy, and what is in force and on its way then.
    fn remember(
        &self,
        snapshot: &Snapshot,
        what: What,
        stage: Option<Stage>,
        alarm: Option<Alarm>,
        (live, candidate): (&Snapshot, Option<&Candidate>),
    ) {
        let origin = &snapshot.policy.origin;
        let revision = snapshot.loaded.policy_revision.as_str().to_owned();
        let entry = HistoryEntry {
            at: now().to_string(),
            what,
            revision: revision.clone(),
            stage,
            commit: origin.commit.clone(),
            version: origin.signed.as_ref().map(|(version, _)| *version),
            alarm,
        };
        let candidate = candidate.map(|candidate| RememberedCandidate {
            revision: candidate.revision().to_owned(),
            stage: candidate.stage(),
            alarm: candidate.with(|rollout| rollout.alarm().copied()),
        });
        let applied = live.loaded.policy_revision.as_str().to_owned();
        let signed = origin.signed.clone();
        self.book.change(|remembered| {
            remembered.applied = Some(applied);
            remembered.candidate = candidate;
            match what {
                What::RolledBack => remembered.held = Some(revision),
                What::Applied | What::Staged | What::Stopped => remembered.held = None,
            }
            let newest = remembered.newest.take().into_iter().chain(signed);
            remembered.newest = newest.max_by_key(|(version, _)| *version);
            remembered.history.push(entry);
        });
    }

    fn record(&self, snapshot: &Snapshot, what: What, stage: Option<Stage>, alarm: Option<Alarm>) {
        self.metrics.policies.rollout(self.candidate().as_deref());
        let origin = &snapshot.policy.origin;
        let event = PolicyStaged {
            policy_revision: Ident::new(snapshot.loaded.policy_revision.as_str()),
            in_force: Ident::new(self.snapshot().loaded.policy_revision.as_str()),
            what: Ident::fixed(what.as_str()),
            stage: stage.map(stage_word),
            alarm: alarm.map(|alarm| Ident::fixed(alarm.measure.as_str())),
            commit: origin.commit.as_deref().map(Ident::new),
            version: origin.signed.as_ref().map(|(version, _)| *version),
        };
        if let Err(error) = self.audit.append(event) {
            tracing::error!(%error, "the audit log did not take what happened to the policy");
        }
    }

    /// Takes back what is on its way because the files say what is in force.
    fn drop_candidate(&self) {
        if let Some(candidate) = self.candidate() {
            self.take_back(&candidate);
        }
    }

    fn take_back(&self, candidate: &Candidate) {
        self.remember(&candidate.snapshot, What::RolledBack, None, None, (&self.snapshot(), None));
        self.set_candidate(None);
        self.record(&candidate.snapshot, What::RolledBack, None, None);
    }

    /// Moves a rollout on when it is time, and stops it when it must.
    pub(crate) fn take_rollout_further(&self) {
        let _one = self.one_change_at_a_time();
        let Some(candidate) = self.candidate() else { return };
        let now = self.clock.now();
        match candidate.with(|rollout| rollout.tick(now)) {
            None => {}
            Some(Turn::Advanced(stage)) => {
                tracing::info!(policy = candidate.revision(), %stage, "the new policy decides more requests");
                self.note(&candidate.snapshot, What::Staged, Some(stage), None);
            }
            Some(Turn::Complete) => self.put_in_force(candidate.snapshot.clone()),
            Some(Turn::Stopped(alarm)) => {
                tracing::error!(
                    policy = candidate.revision(), %alarm,
                    "the rollout of the new policy stopped; the one before decides every request"
                );
                self.note(&candidate.snapshot, What::Stopped, Some(Stage::Shadow), Some(alarm));
            }
        }
    }

    /// Puts the policy that the configuration names at a stage, or in force.
    ///
    /// # Errors
    /// [`OperationError`].
    pub(crate) fn apply_policy(&self, sources: &Sources, goal: Goal) -> Result<(), OperationError> {
        let _one = self.one_change_at_a_time();
        self.book.change(|remembered| remembered.held = None);
        if self.look(sources, Some(goal)) == ReloadOutcome::Refused {
            let ReloadState::Refused { problems, .. } = &*self.reload_state() else { return Ok(()) };
            return Err(OperationError::Refused(problems.clone()));
        }
        match (self.candidate(), goal) {
            (None, Goal::All) => Ok(()),
            (None, Goal::Stage(_)) => Err(OperationError::NothingOnItsWay),
            (Some(candidate), Goal::All) => {
                self.put_in_force(candidate.snapshot.clone());
                Ok(())
            }
            (Some(candidate), Goal::Stage(stage)) => {
                let is_there =
                    candidate.with(|rollout| rollout.stage() == stage && rollout.alarm().is_none());
                if !is_there {
                    candidate.with(|rollout| rollout.set(stage, self.clock.now()));
                    self.note(&candidate.snapshot, What::Staged, Some(stage), None);
                }
                Ok(())
            }
        }
    }

    /// Takes back what is on its way or, if nothing is, puts the policy before in force, or the one named.
    /// Gives the revision that is in force then.
    ///
    /// # Errors
    /// [`OperationError`].
    pub(crate) fn roll_back_policy(
        &self,
        sources: &Sources,
        to: Option<&str>,
    ) -> Result<String, OperationError> {
        let _one = self.one_change_at_a_time();
        let live = self.snapshot();
        let in_force = live.loaded.policy_revision.as_str().to_owned();
        if let (Some(candidate), None) = (self.candidate(), to) {
            tracing::warn!(policy = candidate.revision(), "the new policy was taken back");
            self.take_back(&candidate);
            return Ok(in_force);
        }
        if live.loaded.config.policy.signed_by.is_some() {
            return Err(OperationError::Signed);
        }
        let history = self.book.remembered().history;
        if let Some(to) = to.filter(|to| history.iter().all(|entry| entry.revision != *to)) {
            return Err(OperationError::NeverInForce(to.to_owned()));
        }
        let to = to.map(str::to_owned).or_else(|| before(&history, &in_force));
        let to = to.ok_or(OperationError::NoneBefore)?;
        let older = Arc::new(again(&to, sources, &self.book, &live)?.with_doors_of(&live));
        self.keep(&older);
        let happens = [(&older, What::Applied), (&live, What::RolledBack)];
        for (snapshot, what) in happens {
            self.remember(snapshot, what, None, None, (&older, None));
        }
        self.replace(older.clone());
        self.set_candidate(None);
        tracing::warn!(policy = to, from = in_force, "an older policy is in force again");
        for (snapshot, what) in happens {
            self.record(snapshot, what, None, None);
        }
        Ok(to)
    }
}

/// The policy that was in force last and was not taken back.
fn before(history: &[HistoryEntry], in_force: &str) -> Option<String> {
    let mut seen = BTreeSet::from([in_force]);
    let newest = history.iter().rev().filter(|entry| seen.insert(entry.revision.as_str()));
    newest.into_iter().find(|entry| entry.what == What::Applied).map(|entry| entry.revision.clone())
}

/// With milliseconds, as records have it.
fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime::from_unix_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn stage_word(stage: Stage) -> Ident {
    match stage {
        Stage::Shadow => Ident::fixed("shadow"),
        Stage::Share(percent) => Ident::new(&format!("share-{}", u8::from(percent))),
    }
}
