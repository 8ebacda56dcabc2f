use crate::admin::credential::AdminToken;
use crate::batches::Batches;
use crate::book::{Book, What};
use crate::candidate::Candidate;
use crate::clock::{Clock, Wall};
use crate::counts::Counts;
use crate::desk::Desk;
use crate::export::Exports;
use crate::fetch::Bell;
use crate::follow_keys::Keys;
use crate::metrics::Metrics;
use crate::operate::{Beginning, begin};
use crate::pipeline::evaluate::EVALUATIONS_MAX;
use crate::pseudonym::Pseudonyms;
use crate::quality::{self, Quality};
use crate::ranks::Ranks;
use crate::rates::Rates;
use crate::reload::ReloadState;
use crate::snapshot::{Snapshot, SnapshotError};
use crate::source::Sources;
use crate::spending::{Spending, warn_of_strangers};
use crate::unrecorded::Unrecorded;
use crate::upkeep;
use crate::witness::Witnesses;
use arc_swap::{ArcSwap, ArcSwapOption};
use std::hash::RandomState;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{Semaphore, watch};
use weir_audit::event::PolicyLoaded;
use weir_audit::{Ident, Name};
use weir_config::{AuditFailure, Concurrency, Evaluation, Limits};
use weir_dispatch::{Limit, QueueLimits, TargetSettings};
use weir_label::ZoneKind;
use weir_quality::Sampler;
use weir_store::audit::{AuditError, AuditFailed, AuditLog, Health, Options, Recovery};
use weir_store::content::Contents;
use weir_store::keys::{KeyRing, KeyStoreError};
use weir_store::makers::Makers;
use weir_store::objects::{Objects, ObjectsError};
use weir_store::secret::{self, SecretFileError};

/// The version in records and headers.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Everything that outlives a request.
#[derive(Debug)]
pub struct Gateway {
    live: ArcSwap<Snapshot>,
    candidate: ArcSwapOption<Candidate>,
    pub(crate) book: Book,
    pub(crate) sources: Sources,
    pub(crate) clock: Clock,
    pub(crate) bell: Arc<Bell>,
    pub(crate) admin_token: AdminToken,
    changing: Mutex<()>,
    keys: ArcSwap<KeyRing>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) audit: AuditLog,
    pub(crate) metrics: Metrics,
    pub(crate) pseudonyms: Pseudonyms,
    pub(crate) makers: Makers,
    pub(crate) objects: Objects,
    pub(crate) contents: Contents,
    pub(crate) started: SystemTime,
    pub(crate) wall: Wall,
    /// Makes numbers of what prompts begin with, which nobody outside can foresee.
    pub(crate) prefixes: RandomState,
    pub(crate) counts: Counts,
    pub(crate) ranks: Ranks,
    pub(crate) spending: Spending,
    pub(crate) rates: Rates,
    pub(crate) quality: Quality,
    pub(crate) evaluations: Arc<Semaphore>,
    pub(crate) batches: Batches,
    sampler: Mutex<Sampler>,
    reload: Mutex<ReloadState>,
    draining: watch::Sender<bool>,
    in_hand: AtomicUsize,
    /// Held by who looks for a receipt.
    pub(crate) receipt_turn: tokio::sync::Mutex<()>,
    pub(crate) witnesses: Witnesses,
    pub(crate) exports: Exports,
    pub(crate) unrecorded: Unrecorded,
    /// Held by who signs as a witness.
    pub(crate) witness_turn: Mutex<()>,
    pub(crate) node: Name,
    cut: watch::Sender<bool>,
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The audit log cannot be opened; without it nothing is served.
    #[error("the audit log cannot be opened: {0}")]
    Audit(#[from] AuditError),
    /// The keys cannot be read.
    #[error("the API keys cannot be read: {0}")]
    Keys(#[from] KeyStoreError),
    /// There were keys, and are none any more.
    #[error(
        "`keys.db` in the state directory has no key, but keys were made here, and without any whoever is on this \
         machine would be served; restore it from a backup together with `keys.pepper`, or remove `keys.recorded` to begin without keys"
    )]
    KeysGone,
    /// A secret of this installation cannot be read or made.
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    /// What is remembered of policies cannot be read.
    #[error(
        "the state of the policy (`policy/book.json` in the state directory) cannot be read: {0}; restore it, or \
         remove it to begin with the policy that the configuration names"
    )]
    Book(std::io::Error),
    /// Kept answers cannot be read.
    #[error("kept answers (`objects.db` in the state directory) cannot be used: {0}")]
    Objects(#[from] ObjectsError),
    /// What was spent cannot be read.
    #[error(
        "what was spent (`spending.json` in the state directory) cannot be read: {0}; restore it, or remove it to \
         begin with nothing spent"
    )]
    Spending(std::io::Error),
    /// What is remembered of sealed values cannot be read.
    #[error(
        "what is known of the makers of sealed values (`makers` in the state directory) cannot be used: {0}"
    )]
    Makers(std::io::Error),
    /// The policy that was in force, or the one to begin with, cannot be used.
    #[error(
        "{0}; to begin with the policy that the configuration names, remove `policy/book.json` in the state directory"
    )]
    Policy(#[from] SnapshotError),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

impl Gateway {
    /// Opens the state directory and makes everything ready. Connects to nothing and listens nowhere.
    ///
    /// # Errors
    /// [`StartError`]; nothing has been served then.
    pub fn start(
        snapshot: Snapshot,
        sources: Sources,
        node: &str,
    ) -> Result<(Arc<Self>, Recovery), StartError> {
        let state = snapshot.loaded.config.state.clone();
        let keys = Keys::open(&state)?;
        let ring = keys.ring()?;
        let key = secret::load_or_create(&state.join("pseudonyms.key"))?;
        let makers = secret::load_or_create(&state.join("makers.key"))?;
        let makers = Makers::open(&state.join("makers"), makers).map_err(StartError::Makers)?;
        let objects = Objects::open(&state.join("objects.db"))?;
        let (spending, bursts) = Spending::open(&state).map_err(StartError::Spending)?;
        let admin_token = AdminToken::new(secret::load_or_create(&state.join(ADMIN_KEY))?);
        let (book, clock) = (Book::open(&state).map_err(StartError::Book)?, Clock::start());
        let Beginning { live: snapshot, candidate, is_new } = begin(snapshot, &sources, &book, clock)?;
        let options = Options::new(Name::new(node), Ident::new(VERSION));
        let (audit, recovery) = AuditLog::open(&state.join("audit"), options)?;
        let quality = Quality::open(&state, recovery.events);
        let gateway = Arc::new(Self {
            desk: Arc::new(Desk::new(
                clock,
                queue_limits(&snapshot.loaded.config.limits),
                u64::from(std::process::id()),
            )),
            live: ArcSwap::from_pointee(snapshot),
            candidate: ArcSwapOption::from_pointee(candidate),
            book,
            sources,
            clock,
            bell: Arc::default(),
            admin_token,
            changing: Mutex::default(),
            keys: ArcSwap::from_pointee(ring),
            audit,
            metrics: Metrics::new(),
            pseudonyms: Pseudonyms::new(key),
            makers,
            objects,
            contents: Contents::below(&state),
            started: SystemTime::now(),
            wall: Wall::of_machine(),
            prefixes: RandomState::new(),
            counts: Counts::default(),
            ranks: Ranks::open(&state),
            spending,
            rates: Rates::default(),
            quality,
            evaluations: Arc::new(Semaphore::new(EVALUATIONS_MAX)),
            batches: Batches::default(),
            sampler: Mutex::default(),
            reload: Mutex::default(),
            draining: watch::Sender::new(false),
            in_hand: AtomicUsize::new(0),
            receipt_turn: tokio::sync::Mutex::default(),
            witnesses: Witnesses::default(),
            exports: Exports::default(),
            unrecorded: Unrecorded::default(),
            witness_turn: Mutex::default(),
            node: Name::new(node),
            cut: watch::Sender::new(false),
        });
        gateway.desk.resume_spend(bursts);
        gateway.enforce(None);
        gateway.remember_beginning(is_new);
        keys.follow(&gateway)?;
        upkeep::follow(&gateway)?;
        quality::follow(&gateway)?;
        Ok((gateway, recovery))
    }

    /// What is in force now. Ask once for each decision.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.live.load_full()
    }

    /// The API keys as they are now.
    pub(crate) fn keys(&self) -> Arc<KeyRing> {
        self.keys.load_full()
    }

    /// Puts other API keys in force.
    pub(crate) fn set_keys(&self, ring: KeyRing) {
        self.keys.store(Arc::new(ring));
    }

    /// Whether no API key is configured, so that only callers on this machine are served.
    #[must_use]
    pub fn serves_loopback_only(&self) -> bool {
        self.keys.load().is_empty()
    }

    /// Puts another snapshot in force, whole and at once. It has the doors of the one before already.
    pub(crate) fn replace(&self, snapshot: Arc<Snapshot>) {
        let previous = self.snapshot();
        self.live.store(snapshot);
        self.enforce(Some(&previous));
    }

    /// The policy on its way into force, if one is.
    pub(crate) fn candidate(&self) -> Option<Arc<Candidate>> {
        self.candidate.load_full()
    }

    pub(crate) fn set_candidate(&self, candidate: Option<Arc<Candidate>>) {
        self.candidate.store(candidate);
    }

    /// Whoever changes what is in force holds this.
    pub(crate) fn one_change_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what the process began with, if it is not what the one before ended with.
    fn remember_beginning(&self, is_new: bool) {
        let live = self.snapshot();
        let revision = live.loaded.policy_revision.as_str();
        if is_new && self.book.remembered().applied.as_deref() != Some(revision) {
            self.keep(&live);
            self.note(&live, What::Applied, None, None);
        }
        self.metrics.policies.rollout(self.candidate().as_deref());
    }

    pub(crate) fn reload_state(&self) -> MutexGuard<'_, ReloadState> {
        self.reload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request is of the share whose answers may be compared.
    pub(crate) fn may_sample(&self, evaluation: &Evaluation, request: &Ident) -> bool {
        digest(request).is_some_and(|digest| Sampler::chooses(digest, evaluation.percent))
    }

    /// Whether answers to a request are to be compared.
    pub(crate) fn samples(&self, evaluation: &Evaluation, request: &Ident) -> bool {
        let Some(digest) = digest(request) else { return false };
        let mut sampler = self.sampler.lock().unwrap_or_else(PoisonError::into_inner);
        sampler.takes(self.wall.unix_seconds(), digest, evaluation.percent, evaluation.per_hour.get())
    }

    /// Counts one more request whose account is open.
    pub(crate) fn take_in_hand(&self) {
        self.in_hand.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one less.
    pub(crate) fn put_down(&self) {
        self.in_hand.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether more than one request is being served.
    pub(crate) fn serves_several(&self) -> bool {
        self.in_hand.load(Ordering::Relaxed) > 1
    }

    /// From now on new requests are refused, and readiness says so.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Ready when nothing new is taken any more.
    pub(crate) async fn until_draining(&self) {
        // As with `cut`, the sender lives as long as this gateway.
        let _ = self.draining.subscribe().wait_for(|draining| *draining).await;
    }

    /// From now on what still runs is ended: streams with an error event, all else with an error.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    pub(crate) fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// Ready when what still runs is to be ended.
    pub(crate) async fn until_cut(&self) {
        // The sender lives as long as this gateway, so that the wait ends in no other way.
        let _ = self.cut.subscribe().wait_for(|cut| *cut).await;
    }

    /// Writes down what was spent, writes the last checkpoint and closes the audit log.
    ///
    /// # Errors
    /// [`AuditFailed`] when not everything could be made durable.
    pub fn close(&self) -> Result<(), AuditFailed> {
        self.save_spending();
        self.write_quality();
        self.tell_of_lost();
        self.audit.close()
    }

    /// Whether a request may be served without its record, when there can be none.
    pub(crate) fn serves_without_record(&self) -> bool {
        self.live.load().loaded.config.audit.on_failure == AuditFailure::LocalOnly
    }

    pub(crate) fn audit_is_healthy(&self) -> bool {
        !matches!(self.audit.health(), Health::Failed { .. })
    }

    /// How the audit log is, in a word, and why it is not well.
    pub(crate) fn audit_standing(&self) -> (&'static str, Option<String>) {
        match self.audit.health() {
            Health::Healthy => ("ok", None),
            Health::Degraded(why) => ("degraded", Some(why)),
            Health::Failed(why) => ("failed", Some(why)),
        }
    }

    /// Makes the rest of the gateway follow the snapshot in force, and writes down which it is.
    fn enforce(&self, previous: Option<&Snapshot>) {
        let snapshot = self.snapshot();
        snapshot.counters.warm();
        let loaded = &snapshot.loaded;
        let places = loaded.config.backends.iter().flat_map(|backend| &backend.models);
        let places = places.filter_map(|model| {
            let target = loaded.catalogue.target(model.target)?;
            let limit = match model.concurrency {
                Concurrency::Auto => Limit::Learned { max: LEARNED_MAX },
                Concurrency::AtMost(limit) => Limit::Declared(limit),
                Concurrency::Unlimited => Limit::None,
            };
            let mut settings = match target.zone() {
                ZoneKind::Local => TargetSettings::server(target.name.clone(), limit),
                ZoneKind::Cloud => TargetSettings::service(target.name.clone(), limit),
            };
            settings.backend = target.backend.clone();
            settings.daily_cap = model.burst_per_day;
            Some(settings)
        });
        self.desk.configure(queue_limits(&loaded.config.limits), places);
        warn_of_strangers(&loaded.config, &self.keys());
        self.metrics.policies.in_force(loaded.policy_revision.as_str(), &loaded.config_digest);
        let event = PolicyLoaded {
            policy_revision: Ident::new(loaded.policy_revision.as_str()),
            previous_revision: previous.map(|p| Ident::new(p.loaded.policy_revision.as_str())),
            config_digest: Ident::new(&loaded.config_digest),
            boundary: loaded.policy.boundary.level(),
            rules: loaded.policy.rules().len() as u64,
            binary_version: Ident::new(VERSION),
        };
        if let Err(error) = self.audit.append(event) {
            tracing::error!(%error, "the audit log did not take the policy revision");
        }
    }
}

/// The file in the state directory whose bytes, in hexadecimal, are the token of the admin API.
pub const ADMIN_KEY: &str = "admin.key";

/// A server whose limit is learnt is given no more than so many requests at once: inference servers run 256 sequences
/// at most unless they are told otherwise.
const LEARNED_MAX: NonZeroU32 = NonZeroU32::MIN.saturating_add(255);

fn queue_limits(limits: &Limits) -> QueueLimits {
    QueueLimits { requests: limits.queue, bytes: limits.queue_bytes, tokens: limits.queue_tokens }
}

/// Seconds since 1970.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A number that is spread evenly over the requests: their ids are random digits.
fn digest(request: &Ident) -> Option<u64> {
    request.as_str().get(4..20).and_then(|digits| u64::from_str_radix(digits, 16).ok())
}
