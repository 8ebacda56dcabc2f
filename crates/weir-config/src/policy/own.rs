//! Of the data section: indexes, what is allowed, single recognisers.

use super::data::{entity_rule, optional, parse_category};
use crate::outside::Surroundings;
use crate::raw::Entries;
use crate::raw::policy::RawIndex;
use crate::report::Report;
use crate::suggest::suggest;
use crate::yaml::At;
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use weir_classify::{Engine, EntityRule, EntityType, IndexUse};
use weir_index::Kind;
use weir_label::Category;

/// Reads the indexes that can be used; the others are reported.
pub fn indexes<'r>(
    raw: &[RawIndex],
    surroundings: &mut Surroundings<'r>,
    report: &mut Report<'r>,
) -> Vec<IndexUse> {
    raw.iter().filter_map(|raw| index(raw, surroundings, report)).collect()
}

fn index<'r>(
    raw: &RawIndex,
    surroundings: &mut Surroundings<'r>,
    report: &mut Report<'r>,
) -> Option<IndexUse> {
    let RawIndex { file, name, category, level, jurisdiction } = raw;
    let index = surroundings.index(&file.value).map_err(|reason| {
        let help = "make it with `weir index`, and check that Weir may read it";
        report.error(file.place, format!("cannot use `{}`: {reason}", file.value), help);
    });
    let category = category.as_ref().map(|written| parse_category(written, report));
    let level = optional(level.as_ref(), report);
    let jurisdiction = optional(jurisdiction.as_ref(), report);
    let index = index.ok()?;
    let usual = match index.kind() {
        Kind::Records => Category::Personal,
        Kind::Documents => Category::Business,
    };
    let stem = || Path::new(&file.value).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Some(IndexUse {
        name: name.as_ref().map_or_else(stem, |name| name.value.clone()),
        index,
        category: category.unwrap_or(Some(usual))?,
        level: level?,
        jurisdiction: jurisdiction?,
    })
}

/// The values that are allowed of each entity type.
pub fn allow(
    raw: &Entries<Vec<At<String>>>,
    found: &BTreeSet<EntityType>,
    report: &mut Report<'_>,
) -> BTreeMap<EntityType, Vec<String>> {
    let mut lists = BTreeMap::new();
    for (At { value: name, place }, values) in &raw.0 {
        let Some(entity) = found.get(name.as_str()) else {
            let message = format!("there is no entity type `{name}`");
            report.error(*place, message, &suggest(name, found.iter().map(EntityType::as_str)));
            continue;
        };
        values.iter().for_each(|value| check_allowed(entity, value, report));
        lists.insert(entity.clone(), values.iter().map(|value| value.value.clone()).collect());
    }
    lists
}

fn check_allowed(entity: &EntityType, At { value, place }: &At<String>, report: &mut Report<'_>) {
    let is_glob = value.contains(['*', '?']);
    let is_address = || value.parse::<IpNet>().is_ok() || value.parse::<std::net::IpAddr>().is_ok();
    if value.trim().is_empty() {
        report.error(*place, "this allows nothing", "write a value, or remove the line");
    } else if value.chars().all(|c| matches!(c, '*' | '?')) {
        let help = format!("if that is meant, write `entities: {{ {entity}: off }}`");
        report.error(*place, format!("`{value}` allows every value"), &help);
    } else if *entity == EntityType::IP_ADDRESS && !is_glob && !is_address() {
        report.error(
            *place,
            format!("`{value}` is no address or network"),
            "write an address or a network, such as `192.0.2.7` or `10.0.0.0/8`",
        );
    }
}

/// What is said of single recognisers.
pub fn recognisers(raw: &Entries<At<String>>, report: &mut Report<'_>) -> BTreeMap<String, EntityRule> {
    let known: BTreeSet<&str> = Engine::recognisers().iter().map(|row| row.name).collect();
    let mut rules = BTreeMap::new();
    for (At { value: name, place }, rule) in &raw.0 {
        let rule = entity_rule(rule, report);
        if known.contains(name.as_str()) {
            rules.extend(rule.map(|rule| (name.clone(), rule)));
        } else {
            let help = format!("{}; `weir recognisers` lists them", suggest(name, known.iter().copied()));
            report.error(*place, format!("there is no recogniser `{name}`"), &help);
        }
    }
    rules
}
