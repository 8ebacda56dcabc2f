use crate::{Check, TargetId, Words};
use std::collections::BTreeMap;

/// Local first, and a stronger target when the answer does not do.
///
/// The answer is held back until it has been looked at, so that nothing of one that is rejected has reached the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cascade {
    /// What makes an answer one that does not do.
    pub checks: Words<Check>,
    /// The mean log-probability of its tokens below which it does not do, negated, in thousandths of a nat. Looked at
    /// where the answer tells log-probabilities.
    pub logprob_millinats: Option<u32>,
    /// The most bytes of an answer that are held back; a longer one is given out unchecked.
    pub buffer_bytes: u32,
    /// Whether streamed answers are held back whole, too, for callers that do not say so themselves.
    pub streams: bool,
}

impl Cascade {
    /// The most bytes of an answer that are held back if the rule does not say.
    pub const DEFAULT_BUFFER_BYTES: u32 = 256 * 1024;
}

impl Default for Cascade {
    fn default() -> Self {
        Self {
            checks: Words::all(),
            logprob_millinats: None,
            buffer_bytes: Self::DEFAULT_BUFFER_BYTES,
            streams: false,
        }
    }
}

/// The cascade of a plan: what is checked, and where an answer that fails is made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// What the rule says.
    pub cascade: Cascade,
    /// How strong the targets of the plan are: 0 is the strongest.
    pub strength: BTreeMap<TargetId, u32>,
}

impl Escalation {
    /// Whether `other` is stronger than `answered`, whose answer did not do. A target that is not in the plan's first
    /// or overflow, one that was degraded to, is weaker than all of those.
    #[must_use]
    pub fn is_stronger(&self, other: TargetId, answered: TargetId) -> bool {
        let Some(other) = self.strength.get(&other) else { return false };
        self.strength.get(&answered).is_none_or(|answered| other < answered)
    }
}
