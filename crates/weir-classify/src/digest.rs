use crate::recognise::TABLE;
use crate::{Checksum, EntityRule, IndexUse, Pattern, Settings, TermList};
use sha2::{Digest, Sha256};
use weir_label::{Jurisdiction, Level};
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
        let Settings { data, terms, patterns, indexes, allow, profile, limits } = settings;
        self.text(profile.as_str());
        self.level(Some(data.default));
        self.number(data.categories.len());
        for (category, level) in &data.categories {
            self.text(category.as_str());
            self.level(Some(*level));
        }
        self.rules(data.entities.iter().map(|(entity, rule)| (entity.as_str(), rule)));
        self.rules(data.recognisers.iter().map(|(name, rule)| (name.as_str(), rule)));
        self.number(terms.len());
        terms.iter().for_each(|list| self.list(list));
        self.number(patterns.len());
        patterns.iter().for_each(|pattern| self.pattern(pattern));
        self.number(indexes.len());
        indexes.iter().for_each(|index| self.index(index));
        self.number(allow.len());
        for (entity, values) in allow {
            self.text(entity.as_str());
            self.texts(values);
        }
        self.number(limits.text_bytes_max);
        self.number(limits.findings_max);
        self.number(limits.decode_depth_max.into());
    }

    fn rules<'r>(&mut self, rules: impl ExactSizeIterator<Item = (&'r str, &'r EntityRule)>) {
        self.number(rules.len());
        for (name, rule) in rules {
            self.text(name);
            match rule {
                EntityRule::Level(level) => self.level(Some(*level)),
                EntityRule::Off => self.text("off"),
            }
        }
    }

    fn texts(&mut self, texts: &[String]) {
        self.number(texts.len());
        texts.iter().for_each(|text| self.text(text));
    }

    fn jurisdiction(&mut self, jurisdiction: Option<&Jurisdiction>) {
        self.text(jurisdiction.map_or("", Jurisdiction::as_str));
    }

    fn list(&mut self, list: &TermList) {
        let TermList { name, terms, category, level, case_sensitive, inflect, allow, jurisdiction } = list;
        self.text(name);
        self.text(category.as_str());
        self.level(*level);
        self.number((*case_sensitive).into());
        self.number((*inflect).into());
        self.texts(terms);
        self.texts(allow);
        self.jurisdiction(jurisdiction.as_ref());
    }

    fn pattern(&mut self, pattern: &Pattern) {
        let Pattern { name, regex, category, level, entity, context, checksum, allow, jurisdiction } =
            pattern;
        self.text(name);
        self.text(regex);
        self.text(category.as_str());
        self.level(*level);
        self.text(entity.as_ref().map_or("", |entity| entity.as_str()));
        self.texts(context);
        self.text(checksum.map_or("", Checksum::as_str));
        self.texts(allow);
        self.jurisdiction(jurisdiction.as_ref());
    }

    fn index(&mut self, used: &IndexUse) {
        let IndexUse { name, index, category, level, jurisdiction } = used;
        self.text(name);
        self.text(&index.digest());
        self.text(category.as_str());
        self.level(*level);
        self.jurisdiction(jurisdiction.as_ref());
    }
}
