use super::own;
use crate::Extractor;
use crate::outside::Surroundings;
use crate::raw::Entries;
use crate::raw::policy::{RawData, RawPattern, RawTerms};
use crate::report::{Place, Report};
use crate::suggest::suggest;
use crate::word::unknown;
use crate::yaml::{At, Field, Wrong, take_or};
use std::collections::{BTreeMap, BTreeSet};
use weir_classify::{
    DataRules, Engine, EntityRule, EntityType, IndexUse, Pattern, Profile, Settings, SettingsError, TermList,
};
use weir_label::{Boundary, Category, Level};

/// The data section, and what rules may refer to.
pub struct Data {
    /// What the inspection engine is built from.
    pub settings: Settings,
    /// Categories that something can give.
    pub categories: BTreeSet<Category>,
    /// Entity types that something can find.
    pub entities: BTreeSet<EntityType>,
    /// Detectors that are asked besides.
    pub detectors: Vec<super::detectors::Placed>,
    /// Programs that give the text of attachments.
    pub extractors: Vec<Extractor>,
}

/// Reads the data section.
pub fn data<'r>(raw: &RawData, surroundings: &mut Surroundings<'r>, report: &mut Report<'r>) -> Data {
    let RawData {
        default,
        profile,
        entities,
        terms,
        patterns,
        indexes,
        allow,
        recognisers,
        detectors,
        extractors,
        categories,
    } = raw;
    check_names(
        terms.iter().map(|list| &list.name).chain(patterns.iter().map(|pattern| &pattern.name)),
        report,
    );
    let indexes = own::indexes(indexes, surroundings, report);
    let terms: Vec<Placed<TermList>> =
        terms.iter().filter_map(|raw| self::terms(raw, surroundings, report)).collect();
    let patterns: Vec<Placed<Pattern>> = patterns.iter().filter_map(|raw| pattern(raw, report)).collect();
    let given = given_categories(&terms, &patterns, &indexes);
    let found = found_entities(&patterns, super::detectors::reported(detectors));
    let mut rules = DataRules::default();
    rules.default = take_or(default.as_ref(), rules.default, report).unwrap_or(rules.default);
    rules.categories.extend(category_levels(categories, &given, report));
    rules.entities = entity_rules(entities, &found, report);
    rules.recognisers = own::recognisers(recognisers, report);
    let allow = own::allow(allow, &found, report);
    let profile = take_or(profile.as_ref(), Profile::default(), report).unwrap_or_default();
    let settings = Settings { profile, indexes, allow, ..buildable(rules, terms, patterns, report) };
    let detectors = super::detectors::detectors(detectors, report);
    let extractors = super::extractors::extractors(extractors, report);
    Data { settings, categories: given, entities: found, detectors, extractors }
}

/// Warns when every request would be classified.
pub fn warn_of_default(raw: &RawData, boundary: &Boundary, report: &mut Report<'_>) {
    let Some(default) = &raw.default else { return };
    if let Some(level) = default.get().filter(|level| **level >= boundary.level()) {
        report.warning(
            default.place,
            format!("all data is at least `{level}` and so classified: no request will leave the network"),
            "lower `default`, or keep it if nothing is to use the cloud",
        );
    }
}

/// A part of the settings, with the place of its regular expression or words.
struct Placed<T> {
    part: T,
    place: Place,
}

fn check_names<'a>(names: impl Iterator<Item = &'a At<String>>, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for At { value, place } in names {
        if value.trim().is_empty() || value.chars().any(char::is_control) {
            report.error(
                *place,
                "this cannot be a name",
                "use at least one character, and no control characters",
            );
        }
        if !seen.insert(value) {
            report.error(
                *place,
                format!("two term lists or patterns are called `{value}`"),
                "rename one of them",
            );
        }
    }
}

fn terms<'r>(
    raw: &RawTerms,
    surroundings: &mut Surroundings<'r>,
    report: &mut Report<'r>,
) -> Option<Placed<TermList>> {
    let RawTerms { name, words, file, category, level, case_sensitive, inflect, allow, jurisdiction } = raw;
    let terms = match (words, file) {
        (Some(words), None) => {
            Some((words.place, words.value.iter().map(|word| word.value.clone()).collect::<Vec<_>>()))
        }
        (None, Some(file)) => lines(file, surroundings, report).map(|lines| (file.place, lines)),
        (Some(_), Some(_)) | (None, None) => {
            let message = format!("term list `{}` needs either `words` or `file`", name.value);
            report.error(name.place, message, "write one of the two");
            None
        }
    };
    if let Some((place, _)) = terms.as_ref().filter(|(_, terms)| terms.is_empty()) {
        report.error(*place, format!("term list `{}` is empty", name.value), "add a word or remove the list");
    }
    let category = self::category(category.as_ref(), report);
    let level = self::level(level.as_ref(), report);
    let case_sensitive = take_or(case_sensitive.as_ref(), false, report);
    let inflect = take_or(inflect.as_ref(), case_sensitive == Some(false), report);
    let jurisdiction = optional(jurisdiction.as_ref(), report);
    let (place, terms) = terms?;
    let part = TermList {
        name: name.value.clone(),
        terms,
        category: category?,
        level: level?,
        case_sensitive: case_sensitive?,
        inflect: inflect?,
        allow: allow.iter().map(|phrase| phrase.value.clone()).collect(),
        jurisdiction: jurisdiction?,
    };
    Some(Placed { part, place })
}

fn lines<'r>(
    file: &At<String>,
    surroundings: &mut Surroundings<'r>,
    report: &mut Report<'r>,
) -> Option<Vec<String>> {
    let counts = |line: &&str| !line.is_empty() && !line.starts_with('#');
    match surroundings.read(&file.value) {
        Ok(text) => Some(text.lines().map(str::trim).filter(counts).map(str::to_owned).collect()),
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", file.value);
            report.error(file.place, message, "check that the file exists and Weir may read it");
            None
        }
    }
}

fn pattern(raw: &RawPattern, report: &mut Report<'_>) -> Option<Placed<Pattern>> {
    let RawPattern { name, regex, category, level, entity, context, checksum, allow, jurisdiction } = raw;
    let category = self::category(category.as_ref(), report);
    let level = self::level(level.as_ref(), report);
    let entity = match entity {
        None => Some(None),
        Some(At { value, place }) => value
            .parse()
            .map(Some)
            .map_err(|error: weir_classify::InvalidEntityType| report.error(*place, error.to_string(), ""))
            .ok(),
    };
    let checksum = optional(checksum.as_ref(), report);
    let jurisdiction = optional(jurisdiction.as_ref(), report);
    let texts = |list: &[At<String>]| list.iter().map(|text| text.value.clone()).collect();
    let place = regex.place;
    let part = Pattern {
        name: name.value.clone(),
        regex: regex.value.clone(),
        category: category?,
        level: level?,
        entity: entity?,
        context: texts(context),
        checksum: checksum?,
        allow: texts(allow),
        jurisdiction: jurisdiction?,
    };
    Some(Placed { part, place })
}

fn category(written: Option<&At<String>>, report: &mut Report<'_>) -> Option<Category> {
    let Some(written) = written else { return Some(Category::Business) };
    parse_category(written, report)
}

pub(super) fn parse_category(written: &At<String>, report: &mut Report<'_>) -> Option<Category> {
    let parsed = written.value.parse::<Category>();
    parsed.map_err(|error| report.error(written.place, error.to_string(), "")).ok()
}

fn level(field: Option<&Field<Level>>, report: &mut Report<'_>) -> Option<Option<Level>> {
    optional(field, report)
}

/// An optional field; `None` if it is wrong.
pub(super) fn optional<T: Clone>(field: Option<&Field<T>>, report: &mut Report<'_>) -> Option<Option<T>> {
    match field {
        Some(field) => field.take(report).map(Some),
        None => Some(None),
    }
}

fn given_categories(
    terms: &[Placed<TermList>],
    patterns: &[Placed<Pattern>],
    indexes: &[IndexUse],
) -> BTreeSet<Category> {
    let from_terms = terms.iter().map(|list| list.part.category.clone());
    let from_patterns = patterns.iter().map(|pattern| pattern.part.category.clone());
    let from_indexes = indexes.iter().map(|index| index.category.clone());
    Category::BUILT_IN.into_iter().chain(from_terms).chain(from_patterns).chain(from_indexes).collect()
}

fn found_entities(
    patterns: &[Placed<Pattern>],
    reported: impl Iterator<Item = EntityType>,
) -> BTreeSet<EntityType> {
    let built_in = Engine::recognisers().iter().map(|recogniser| recogniser.entity.clone());
    let own = patterns.iter().filter_map(|pattern| pattern.part.entity.clone());
    let of_ones_own =
        [EntityType::TERM, EntityType::PATTERN, EntityType::EXACT_MATCH, EntityType::CONFIDENTIAL_DOCUMENT];
    built_in.chain(of_ones_own).chain(own).chain(reported).collect()
}

/// A category that nothing gives is a misspelling, which would leave the one that was meant at its
/// default level.
fn category_levels(
    raw: &[(At<String>, Field<Level>)],
    given: &BTreeSet<Category>,
    report: &mut Report<'_>,
) -> BTreeMap<Category, Level> {
    let mut levels = BTreeMap::new();
    for (At { value, place }, level) in raw {
        let level = level.take(report);
        match value.parse::<Category>() {
            Ok(category) if given.contains(&category) => levels.extend(level.map(|level| (category, level))),
            Ok(_) => report.error(
                *place,
                format!("no term list, pattern or index gives the category `{value}`"),
                &suggest(value, given.iter().map(Category::as_str)),
            ),
            Err(error) => report.error(*place, error.to_string(), ""),
        }
    }
    levels
}

fn entity_rules(
    raw: &Entries<At<String>>,
    found: &BTreeSet<EntityType>,
    report: &mut Report<'_>,
) -> BTreeMap<EntityType, EntityRule> {
    let mut rules = BTreeMap::new();
    for (At { value: name, place }, rule) in &raw.0 {
        let rule = entity_rule(rule, report);
        match found.get(name.as_str()) {
            Some(entity) => rules.extend(rule.map(|rule| (entity.clone(), rule))),
            None => report.error(
                *place,
                format!("there is no entity type `{name}`"),
                &suggest(name, found.iter().map(EntityType::as_str)),
            ),
        }
    }
    rules
}

pub(super) fn entity_rule(written: &At<String>, report: &mut Report<'_>) -> Option<EntityRule> {
    let level = Level::ALL.into_iter().find(|level| level.as_str() == written.value);
    match (level, written.value.as_str()) {
        (Some(level), _) => Some(EntityRule::Level(level)),
        (None, "off") => Some(EntityRule::Off),
        (None, other) => {
            let known: Vec<&str> = Level::ALL.map(Level::as_str).into_iter().chain(["off"]).collect();
            let Wrong { message, help } = unknown(other, &known);
            report.error(written.place, message, &help);
            None
        }
    }
}

/// The settings of all parts that an engine can be built from; the others are reported.
fn buildable(
    data: DataRules,
    mut terms: Vec<Placed<TermList>>,
    mut patterns: Vec<Placed<Pattern>>,
    report: &mut Report<'_>,
) -> Settings {
    loop {
        let settings = Settings {
            data: data.clone(),
            terms: terms.iter().map(|list| list.part.clone()).collect(),
            patterns: patterns.iter().map(|pattern| pattern.part.clone()).collect(),
            ..Settings::default()
        };
        let Err(error) = Engine::new(settings.clone()) else { return settings };
        let removed = match &error {
            SettingsError::Pattern { name, .. } | SettingsError::EmptyMatch { name } => {
                remove(&mut patterns, |pattern| pattern.name == *name)
            }
            SettingsError::EmptyTerm { name, .. } => remove(&mut terms, |list| list.name == *name),
            SettingsError::Terms { .. } => terms.pop().map(|list| list.place),
            SettingsError::Model(_) => None,
        };
        report.error(removed.unwrap_or(Place::START), in_one_line(&error), "");
        if removed.is_none() {
            return settings;
        }
    }
}

/// The parser of regular expressions draws where the fault is, over several lines; its last says what.
fn in_one_line(error: &SettingsError) -> String {
    let text = error.to_string();
    match text
        .split_once(": regex parse error:")
        .and_then(|(start, drawn)| Some((start, drawn.rsplit_once("error: ")?.1)))
    {
        Some((start, what)) => format!("{start}: {what}"),
        None => text,
    }
}

fn remove<T>(parts: &mut Vec<Placed<T>>, is_wrong: impl Fn(&T) -> bool) -> Option<Place> {
    let at = parts.iter().position(|placed| is_wrong(&placed.part))?;
    Some(parts.remove(at).place)
}
