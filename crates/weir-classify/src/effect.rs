use crate::recognise::TABLE;
use crate::{EntityType, Settings};
use std::sync::Arc;
use weir_label::{Category, Level};

/// What a match of one recogniser, term list or pattern means under the settings.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) name: Arc<str>,
    pub(crate) entity: EntityType,
    pub(crate) category: Category,
    pub(crate) level: Level,
}

/// The effects of all recognisers, term lists and patterns; `None` for what is not looked for.
#[derive(Debug)]
pub(crate) struct Effects {
    effects: Vec<Option<Effect>>,
    lists: usize,
}

impl Effects {
    pub(crate) fn new(settings: &Settings) -> Self {
        let data = &settings.data;
        let effect = |name: &str, entity: EntityType, category: &Category, own: Option<Level>| {
            let level = data.level(&entity, category, own)?;
            Some(Effect { name: name.into(), entity, category: category.clone(), level })
        };
        let built_in = TABLE.iter().map(|row| effect(row.name, row.entity.clone(), &row.category, None));
        let lists = settings
            .terms
            .iter()
            .map(|list| effect(&list.name, EntityType::TERM, &list.category, list.level));
        let patterns = settings.patterns.iter().map(|pattern| {
            let entity = pattern.entity.clone().unwrap_or(EntityType::PATTERN);
            effect(&pattern.name, entity, &pattern.category, pattern.level)
        });
        Self { effects: built_in.chain(lists).chain(patterns).collect(), lists: settings.terms.len() }
    }

    pub(crate) fn of_row(&self, row: usize) -> Option<(usize, &Effect)> {
        Some((row, self.effects.get(row)?.as_ref()?))
    }

    pub(crate) fn of_list(&self, list: usize) -> Option<(usize, &Effect)> {
        self.of_row(TABLE.len() + list)
    }

    pub(crate) fn of_pattern(&self, pattern: usize) -> Option<(usize, &Effect)> {
        self.of_row(TABLE.len() + self.lists + pattern)
    }
}
