use crate::recognise::TABLE;
use crate::{EntityRule, Pattern, Settings, TermList};
use sha2::{Digest, Sha256};
use weir_label::Level;
use weir_names::Model;

/// Changes whenever the same text may be labelled differently under the same settings.
const ENGINE_VERSION: &str = "weir-classify 1";
/// Hexadecimal digits of the digest that are kept: 64 bits tell apart what one operator ever runs.
const DIGITS: usize = 16;

/// A short name for the engine and its settings, for records.
pub(crate) fn digest(settings: &Settings) -> String {
    let mut feed = Feed(Sha256::new());
    feed.text(ENGINE_VERSION);
    TABLE.iter().for_each(|row| feed.text(row.name));
    feed.number(Model::embedded().map_or(0, |model| model.digest() as usize));
    feed.settings(settings);
    let hash = feed.0.finalize();
    hash.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .take(DIGITS)
        .filter_map(|n| char::from_digit(n.into(), 16))
        .collect()
}

/// Feeds values so that no two different settings feed the same bytes: lengths come before contents.
struct Feed(Sha256);

impl Feed {
    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text);
    }

    fn level(&mut self, level: Option<Level>) {
        self.text(level.map_or("", Level::as_str));
    }

    fn settings(&mut self, settings: &Settings) {
        let Settings { data, terms, patterns, profile, limits } = settings;
        self.text(profile.as_str());
        self.level(Some(data.default));
        self.number(data.categories.len());
        for (category, level) in &data.categories {
            self.text(category.as_str());
            self.level(Some(*level));
        }
        self.number(data.entities.len());
        for (entity, rule) in &data.entities {
            self.text(entity.as_str());
            match rule {
                EntityRule::Level(level) => self.level(Some(*level)),
                EntityRule::Off => self.text("off"),
            }
        }
        self.number(terms.len());
        terms.iter().for_each(|list| self.list(list));
        self.number(patterns.len());
        patterns.iter().for_each(|pattern| self.pattern(pattern));
        self.number(limits.text_bytes_max);
        self.number(limits.findings_max);
        self.number(limits.decode_depth_max.into());
    }

    fn list(&mut self, list: &TermList) {
        let TermList { name, terms, category, level, case_sensitive } = list;
        self.text(name);
        self.text(category.as_str());
        self.level(*level);
        self.number((*case_sensitive).into());
        self.number(terms.len());
        terms.iter().for_each(|term| self.text(term));
    }

    fn pattern(&mut self, pattern: &Pattern) {
        let Pattern { name, regex, category, level, entity } = pattern;
        self.text(name);
        self.text(regex);
        self.text(category.as_str());
        self.level(*level);
        self.text(entity.as_ref().map_or("", |entity| entity.as_str()));
    }
}
