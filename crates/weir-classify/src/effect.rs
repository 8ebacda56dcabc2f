use crate::recognise::{Standing, TABLE};
use crate::{EntityRule, EntityType, Settings};
use std::sync::Arc;
use weir_label::{Category, Jurisdiction, Level};

/// What a match of one recogniser, term list, pattern or index means under the settings.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) name: Arc<str>,
    pub(crate) entity: EntityType,
    pub(crate) category: Category,
    level: Level,
    /// Whether the operator says so, whatever a match says of itself.
    is_fixed: bool,
    pub(crate) jurisdiction: Option<Jurisdiction>,
}

impl Effect {
    /// Whether a match adds to the label by itself.
    pub(crate) fn counts(&self, standing: Standing) -> bool {
        match standing {
            Standing::Alone => true,
            Standing::Accompanied => false,
            Standing::Mentioned => self.is_fixed,
        }
    }

    /// The level of a match that says `own` of itself, as a marking does.
    pub(crate) fn level(&self, own: Option<Level>) -> Level {
        own.filter(|_| !self.is_fixed).unwrap_or(self.level)
    }
}

/// The effects of all that is looked for, in the order recognisers, term lists, patterns, indexes; `None`
/// for what is not.
#[derive(Debug)]
pub(crate) struct Effects {
    effects: Vec<Option<Effect>>,
    lists: usize,
    patterns: usize,
}

impl Effects {
    pub(crate) fn new(settings: &Settings) -> Self {
        let data = &settings.data;
        let effect = |source: Source<'_>| {
            let Source { name, entity, category, level, jurisdiction } = source;
            let rule = data.rule(name, &entity);
            let level = match rule {
                Some(EntityRule::Off) => return None,
                Some(EntityRule::Level(level)) => level,
                None => level.unwrap_or_else(|| data.category_level(category)),
            };
            let (category, is_fixed) = (category.clone(), rule.is_some());
            Some(Effect {
                name: name.into(),
                entity,
                category,
                level,
                is_fixed,
                jurisdiction: jurisdiction.cloned(),
            })
        };
        Self {
            effects: sources(settings).map(effect).collect(),
            lists: settings.terms.len(),
            patterns: settings.patterns.len(),
        }
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

    pub(crate) fn of_index(&self, index: usize) -> Option<(usize, &Effect)> {
        self.of_row(TABLE.len() + self.lists + self.patterns + index)
    }
}

/// What is looked for, as the table or the operator has it.
struct Source<'s> {
    name: &'s str,
    entity: EntityType,
    category: &'s Category,
    level: Option<Level>,
    jurisdiction: Option<&'s Jurisdiction>,
}

fn sources(settings: &Settings) -> impl Iterator<Item = Source<'_>> {
    let built_in = TABLE.iter().map(|row| Source {
        name: row.name,
        entity: row.entity.clone(),
        category: &row.category,
        level: None,
        jurisdiction: None,
    });
    let lists = settings.terms.iter().map(|list| Source {
        name: &list.name,
        entity: EntityType::TERM,
        category: &list.category,
        level: list.level,
        jurisdiction: list.jurisdiction.as_ref(),
    });
    let patterns = settings.patterns.iter().map(|pattern| Source {
        name: &pattern.name,
        entity: pattern.entity.clone().unwrap_or(EntityType::PATTERN),
        category: &pattern.category,
        level: pattern.level,
        jurisdiction: pattern.jurisdiction.as_ref(),
    });
    let indexes = settings.indexes.iter().map(|index| Source {
        name: &index.name,
        entity: index.entity(),
        category: &index.category,
        level: index.level,
        jurisdiction: index.jurisdiction.as_ref(),
    });
    built_in.chain(lists).chain(patterns).chain(indexes)
}
