use crate::{Prices, TaskType};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_label::{Boundary, Cloud, Jurisdiction, Label, Local, Recipient, Refusal, ZoneKind};

/// A target's place in its [`Catalogue`](crate::Catalogue). Means nothing in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(pub(crate) u32);

impl TargetId {
    /// The position, counted from zero in the order of the configuration.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A recipient of either zone.
#[derive(Debug, Clone)]
pub enum AnyRecipient {
    /// A backend inside the network.
    Local(Recipient<Local>),
    /// A backend outside the network.
    Cloud(Recipient<Cloud>),
}

impl AnyRecipient {
    /// The zone.
    #[must_use]
    pub const fn zone(&self) -> ZoneKind {
        match self {
            AnyRecipient::Local(_) => ZoneKind::Local,
            AnyRecipient::Cloud(_) => ZoneKind::Cloud,
        }
    }

    /// The backend's name.
    #[must_use]
    pub fn backend(&self) -> &Arc<str> {
        match self {
            AnyRecipient::Local(recipient) => recipient.backend(),
            AnyRecipient::Cloud(recipient) => recipient.backend(),
        }
    }

    /// Where the backend processes, if it is declared.
    #[must_use]
    pub fn jurisdiction(&self) -> Option<&Jurisdiction> {
        match self {
            AnyRecipient::Local(recipient) => recipient.clearance().jurisdiction(),
            AnyRecipient::Cloud(recipient) => recipient.clearance().jurisdiction(),
        }
    }

    /// Whether content with `label` may go there.
    ///
    /// # Errors
    /// [`Refusal`] says why not.
    pub fn check(&self, boundary: &Boundary, label: &Label) -> Result<(), Refusal> {
        match self {
            AnyRecipient::Local(recipient) => boundary.check(label, recipient),
            AnyRecipient::Cloud(recipient) => boundary.check(label, recipient),
        }
    }
}

/// How good a model's answers are, as its operator says: from 0 to a million.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quality {
    /// For tasks that are not listed, and when the task type is unknown.
    pub otherwise_millionths: Option<u64>,
    /// For these task types.
    pub by_task_millionths: BTreeMap<TaskType, u64>,
}

impl Quality {
    /// What is presumed of a target of which nothing is declared or measured.
    pub const PRESUMED_MILLIONTHS: u64 = 800_000;

    /// For tasks of this type.
    #[must_use]
    pub fn millionths_for(&self, task: Option<TaskType>) -> Option<u64> {
        let declared = task.and_then(|task| self.by_task_millionths.get(&task).copied());
        declared.or(self.otherwise_millionths)
    }
}

/// One model of one backend.
#[derive(Debug, Clone)]
pub struct Target {
    /// `backend/model`, as rules and aliases name it.
    pub name: Arc<str>,
    /// Who receives what is sent to it.
    pub recipient: AnyRecipient,
    /// The backend's name.
    pub backend: Arc<str>,
    /// The model's name at the backend.
    pub model: Arc<str>,
    /// What it costs, as far as that is known; for a server of one's own, what it costs beyond what it costs
    /// anyway.
    pub prices: Prices,
    /// How good it is.
    pub quality: Quality,
    /// Words of the operator's, which rules can select by.
    pub tags: BTreeSet<Arc<str>>,
    /// The most tokens of prompt and answer together, if declared.
    pub context_tokens: Option<u32>,
}

impl Target {
    /// A model of the backend that receives, of which nothing else is known. It is named `backend/model`.
    #[must_use]
    pub fn new(recipient: AnyRecipient, model: Arc<str>) -> Self {
        let backend = recipient.backend().clone();
        Self {
            name: format!("{backend}/{model}").into(),
            recipient,
            backend,
            model,
            prices: Prices::default(),
            quality: Quality::default(),
            tags: BTreeSet::new(),
            context_tokens: None,
        }
    }

    /// The zone.
    #[must_use]
    pub const fn zone(&self) -> ZoneKind {
        self.recipient.zone()
    }
}
