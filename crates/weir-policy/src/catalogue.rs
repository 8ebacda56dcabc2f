use crate::{Target, TargetId};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_label::ZoneKind;

/// The model name that an application asks for, and the targets that may answer.
#[derive(Debug, Clone)]
pub struct Alias {
    name: Arc<str>,
    targets: Vec<TargetId>,
    degrade: Vec<TargetId>,
}

impl Alias {
    /// The name applications use.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its targets, in the operator's order.
    #[must_use]
    pub fn targets(&self) -> &[TargetId] {
        &self.targets
    }

    /// Smaller local models for when the targets are full, in the operator's order.
    #[must_use]
    pub fn degrade(&self) -> &[TargetId] {
        &self.degrade
    }
}

/// A target or alias that cannot be added to a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCatalogue {
    /// Two targets of one name.
    #[error("target `{0}` exists already")]
    DuplicateTarget(Arc<str>),
    /// Two aliases of one name.
    #[error("alias `{0}` exists already")]
    DuplicateAlias(Arc<str>),
    /// More targets than a [`TargetId`] can count.
    #[error("there are too many targets")]
    TooManyTargets,
    /// An alias to nothing.
    #[error("alias `{0}` has no targets")]
    NoTargets(Arc<str>),
    /// A target id of another catalogue.
    #[error("alias `{0}` names a target that is not in this catalogue")]
    UnknownTarget(Arc<str>),
    /// A degrade target outside the network.
    #[error("alias `{alias}` degrades to `{target}`, which is not local")]
    DegradeNotLocal {
        /// The alias.
        alias: Arc<str>,
        /// The cloud target.
        target: Arc<str>,
    },
}

/// Every target and every alias of one configuration.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    targets: Vec<Target>,
    by_name: BTreeMap<Arc<str>, TargetId>,
    aliases: BTreeMap<Arc<str>, Alias>,
}

impl Catalogue {
    /// Adds a target.
    ///
    /// # Errors
    /// [`InvalidCatalogue`] when the name is taken.
    pub fn add_target(&mut self, target: Target) -> Result<TargetId, InvalidCatalogue> {
        let id = TargetId(u32::try_from(self.targets.len()).map_err(|_| InvalidCatalogue::TooManyTargets)?);
        if self.by_name.contains_key(&target.name) {
            return Err(InvalidCatalogue::DuplicateTarget(target.name));
        }
        self.by_name.insert(target.name.clone(), id);
        self.targets.push(target);
        Ok(id)
    }

    /// Adds an alias.
    ///
    /// # Errors
    /// [`InvalidCatalogue`] when the name is taken, there is no target, a target is not of this
    /// catalogue, or a degrade target is not local.
    pub fn add_alias(
        &mut self,
        name: &str,
        targets: Vec<TargetId>,
        degrade: Vec<TargetId>,
    ) -> Result<(), InvalidCatalogue> {
        let name: Arc<str> = name.into();
        if targets.is_empty() {
            return Err(InvalidCatalogue::NoTargets(name));
        }
        for id in targets.iter().chain(&degrade) {
            self.target(*id).ok_or_else(|| InvalidCatalogue::UnknownTarget(name.clone()))?;
        }
        let outside = degrade.iter().filter_map(|id| self.target(*id)).find(|t| t.zone() == ZoneKind::Cloud);
        if let Some(target) = outside {
            return Err(InvalidCatalogue::DegradeNotLocal { alias: name, target: target.name.clone() });
        }
        if self.aliases.contains_key(&name) {
            return Err(InvalidCatalogue::DuplicateAlias(name));
        }
        self.aliases.insert(name.clone(), Alias { name, targets, degrade });
        Ok(())
    }

    /// The target with this id; `None` for an id of another catalogue.
    #[must_use]
    pub fn target(&self, id: TargetId) -> Option<&Target> {
        self.targets.get(id.index())
    }

    /// The id of the target with this name.
    #[must_use]
    pub fn target_named(&self, name: &str) -> Option<TargetId> {
        self.by_name.get(name).copied()
    }

    /// Every target with its id, in the order of the configuration.
    pub fn targets(&self) -> impl Iterator<Item = (TargetId, &Target)> {
        (0..).map(TargetId).zip(&self.targets)
    }

    /// The alias with this name.
    #[must_use]
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.get(name)
    }

    /// Every alias, ordered by name.
    pub fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.aliases.values()
    }
}
