use std::collections::BTreeMap;
use std::sync::Arc;
use weir_config::Loaded;
use weir_policy::TargetId;
use weir_tokens::Counter;

/// What the tokens of requests are counted with, where there is a vocabulary for it.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    by_target: BTreeMap<TargetId, Counter>,
    /// Of the first target of an alias that has one.
    by_alias: BTreeMap<Arc<str>, Counter>,
}

impl Counters {
    pub fn of(loaded: &Loaded) -> Self {
        let models = loaded.config.backends.iter().flat_map(|backend| &backend.models);
        let by_target: BTreeMap<TargetId, Counter> =
            models.filter_map(|model| Some((model.target, model.tokenizer.clone()?))).collect();
        let first = |targets: &[TargetId]| targets.iter().find_map(|id| by_target.get(id)).cloned();
        let aliases = loaded.catalogue.aliases();
        let by_alias =
            aliases.filter_map(|alias| Some((alias.name().clone(), first(alias.targets())?))).collect();
        Self { by_target, by_alias }
    }

    /// For requests to an alias; `None` where none of its targets has a vocabulary, or there is no such alias.
    pub fn of_alias(&self, alias: &str) -> Option<&Counter> {
        self.by_alias.get(alias)
    }

    /// For a target.
    pub fn of_target(&self, id: TargetId) -> Option<&Counter> {
        self.by_target.get(&id)
    }

    /// Has the embedded ones make their tables, beside everything else, so that no request waits for it.
    pub fn warm(&self) {
        let counters: Vec<Counter> = self.by_alias.values().cloned().collect();
        if !counters.is_empty() {
            std::thread::spawn(move || counters.iter().for_each(Counter::warm));
        }
    }
}
