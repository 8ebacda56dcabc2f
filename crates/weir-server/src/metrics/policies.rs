use super::{ResultLabels, add};
use crate::candidate::Candidate;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use weir_rollout::Stage;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RevisionLabels {
    policy: String,
    config: String,
}

/// Which policy is in force, which is on its way, and what became of the others.
#[derive(Debug)]
pub(crate) struct Policies {
    reloads: Family<ResultLabels, Counter>,
    fetches: Family<ResultLabels, Counter>,
    reload_ok: Gauge,
    rollout_share: Gauge,
    rollout_stopped: Gauge,
    shadow: Family<ResultLabels, Counter>,
    revision: Family<RevisionLabels, Gauge>,
}

impl Policies {
    pub fn new(registry: &mut Registry) -> Self {
        let r = registry;
        let policies = Self {
            reloads: add(r, "reloads", "Reloads of configuration and policy", Family::default()),
            fetches: add(
                r,
                "policy_fetches",
                "Runs of the command that brings the policy's commits",
                Family::default(),
            ),
            reload_ok: add(
                r,
                "reload_last_ok",
                "1 when the files on disk are those in force",
                Gauge::default(),
            ),
            rollout_share: add(
                r,
                "policy_rollout_share",
                "Percent of requests that a policy on its way decides; -1 while none is on its way",
                Gauge::default(),
            ),
            rollout_stopped: add(
                r,
                "policy_rollout_stopped",
                "1 while a rollout is stopped because a measure left its bound",
                Gauge::default(),
            ),
            shadow: add(
                r,
                "policy_shadow_decisions",
                "Decisions of a policy in the shadow, beside those of the one in force",
                Family::default(),
            ),
            revision: add(r, "revision_info", "The revision in force", Family::default()),
        };
        policies.reload_settled();
        policies
    }

    pub fn reloaded(&self, ok: bool) {
        self.reloads.get_or_create(&ResultLabels { result: if ok { "applied" } else { "refused" } }).inc();
        self.reload_ok.set(i64::from(ok));
    }

    /// What is on its way into force.
    pub fn rollout(&self, candidate: Option<&Candidate>) {
        let share = candidate.map_or(-1, |candidate| match candidate.stage() {
            Stage::Shadow => 0,
            Stage::Share(percent) => i64::from(u8::from(percent)),
        });
        self.rollout_share.set(share);
        let is_stopped = candidate.is_some_and(|c| c.with(|rollout| rollout.alarm().is_some()));
        self.rollout_stopped.set(i64::from(is_stopped));
    }

    pub fn shadow(&self, result: &'static str) {
        self.shadow.get_or_create(&ResultLabels { result }).inc();
    }

    pub fn fetched(&self, ok: bool) {
        self.fetches.get_or_create(&ResultLabels { result: if ok { "ok" } else { "failed" } }).inc();
    }

    /// The files on the disk are those in force again, without having been applied anew.
    pub fn reload_settled(&self) {
        self.reload_ok.set(1);
    }

    pub fn in_force(&self, policy: &str, config: &str) {
        self.revision.clear();
        let labels = RevisionLabels { policy: policy.to_owned(), config: config.to_owned() };
        self.revision.get_or_create(&labels).set(1);
    }
}
