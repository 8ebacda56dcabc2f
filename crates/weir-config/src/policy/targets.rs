//! The targets that a rule uses or prefers, from how they are written.

use super::rule::Rules;
use crate::raw::OneOrMany;
use crate::raw::policy::{PREFERENCES, RawUse, RawWhere};
use crate::report::Place;
use crate::suggest::suggest;
use crate::yaml::{At, Field};
use std::collections::BTreeSet;
use weir_label::{Jurisdiction, ZoneKind};
use weir_policy::{Preference, Quality, Selection, TargetId};

const ZONES: [(&str, ZoneKind); 2] = [("local", ZoneKind::Local), ("cloud", ZoneKind::Cloud)];

impl Rules<'_, '_> {
    /// What `use` means.
    pub fn selection(&mut self, written: &At<RawUse>) -> Option<Selection> {
        match &written.value {
            RawUse::Listed(listed) => self.listed(&At { value: listed.clone(), place: written.place }),
            RawUse::Where(properties) => self.properties(&At { value: properties, place: written.place }),
        }
    }

    fn listed(&mut self, written: &At<OneOrMany>) -> Option<Selection> {
        let each = written.each();
        match each.as_slice() {
            [] => {
                self.report().error(
                    written.place,
                    "`use` lists nothing",
                    "list a backend, target or tag, or write `use: local`",
                );
                None
            }
            [At { value: "any", .. }] => Some(Selection::Any),
            [At { value: "local", .. }] => Some(Selection::Zone(ZoneKind::Local)),
            [At { value: "cloud", .. }] => Some(Selection::Zone(ZoneKind::Cloud)),
            selectors => {
                let lists: Vec<Option<Vec<TargetId>>> =
                    selectors.iter().map(|selector| self.used(selector)).collect();
                Some(Selection::Targets(in_order(lists.into_iter().collect::<Option<_>>()?)))
            }
        }
    }

    fn used(&mut self, selector: &At<&str>) -> Option<Vec<TargetId>> {
        let At { value, place } = selector;
        if ["any", "local", "cloud"].contains(value) {
            let message = format!("`{value}` cannot stand in a list");
            self.report().error(
                *place,
                message,
                &format!("write `use: {value}` alone, or list backends, targets and tags"),
            );
            return None;
        }
        self.selected(selector)
    }

    fn selected(&mut self, selector: &At<&str>) -> Option<Vec<TargetId>> {
        let At { value, place } = selector;
        let Some(names) = self.conditions.names else { return Some(Vec::new()) };
        let targets = names.selected(value);
        if targets.is_empty() {
            let help = names.suggest_selector(value);
            self.report().error(*place, format!("`{value}` is no backend, target or tag"), &help);
            return None;
        }
        // A target that the catalogue lacks has been reported where it is declared.
        Some(targets.into_iter().filter_map(|name| self.catalogue.target_named(name)).collect())
    }

    fn properties(&mut self, written: &At<&RawWhere>) -> Option<Selection> {
        // No `..`: a new property is a compile error here.
        let RawWhere { zone, of, tags, jurisdiction } = written.value;
        let zone = match zone {
            Some(zone) => Some(zone.take(self.report())?),
            None => None,
        };
        let listed: Vec<Option<Vec<TargetId>>> =
            of.iter().map(|at| self.used(&At { value: at.value.as_str(), place: at.place })).collect();
        let tagged: Vec<Option<Vec<TargetId>>> = tags.iter().map(|tag| self.tagged(tag)).collect();
        let places: Vec<Option<Jurisdiction>> =
            jurisdiction.iter().map(|place| place.take(self.report())).collect();
        let listed: BTreeSet<TargetId> =
            listed.into_iter().collect::<Option<Vec<_>>>()?.concat().into_iter().collect();
        let tagged: Vec<Vec<TargetId>> = tagged.into_iter().collect::<Option<_>>()?;
        let places: Vec<Jurisdiction> = places.into_iter().collect::<Option<_>>()?;
        let all = self.catalogue.targets().filter(|(id, target)| {
            zone.is_none_or(|zone| target.zone() == zone)
                && (of.is_empty() || listed.contains(id))
                && tagged.iter().all(|tagged| tagged.contains(id))
                && (places.is_empty()
                    || target.recipient.jurisdiction().is_some_and(|at| places.contains(at)))
        });
        let targets: BTreeSet<TargetId> = all.map(|(id, _)| id).collect();
        if targets.is_empty() && self.conditions.names.is_some() && self.catalogue.targets().next().is_some()
        {
            self.report().error(
                written.place,
                "no target has all these properties",
                "ask for fewer, or give a backend or model in `weir.yaml` the tags or the jurisdiction",
            );
            return None;
        }
        Some(Selection::Among { zone, targets })
    }

    fn tagged(&mut self, tag: &Field<crate::scalar::Name>) -> Option<Vec<TargetId>> {
        let name = tag.take(self.report())?;
        let selector = format!("tag:{}", name.0);
        self.selected(&At { value: &selector, place: tag.place })
    }

    /// What `prefer` means.
    pub fn preference(&mut self, written: Option<&At<OneOrMany>>) -> Option<Preference> {
        let Some(written) = written else { return Some(Preference::default()) };
        let each = written.each();
        match (each.as_slice(), &written.value) {
            ([At { value, place }], OneOrMany::One(_)) if PREFERENCES.contains(value) => {
                let (word, place) = (*value, *place);
                self.warn_of_best(word, place);
                Some(named(word))
            }
            ([At { value, place }], OneOrMany::One(_)) => {
                let place = *place;
                let message = format!("`{value}` is no order");
                let help = format!("{} To name targets, write a list.", suggest(value, PREFERENCES));
                self.report().error(place, message, &help);
                None
            }
            ([], _) => {
                self.report().error(
                    written.place,
                    "`prefer` lists nothing",
                    "list a zone, backend, target or tag",
                );
                None
            }
            (selectors, _) => {
                let lists: Vec<Option<Vec<TargetId>>> =
                    selectors.iter().map(|selector| self.preferred(selector)).collect();
                Some(Preference::Listed(in_order(lists.into_iter().collect::<Option<_>>()?).into()))
            }
        }
    }

    /// `best` without a figure to go by is the order of the alias.
    fn warn_of_best(&mut self, word: &str, place: Place) {
        let mut targets = self.catalogue.targets().map(|(_, target)| &target.quality);
        let is_known = targets.any(|quality| *quality != Quality::default());
        if word == "best" && !is_known && self.catalogue.targets().next().is_some() {
            self.report().warning(
                place,
                "no model declares a `quality`, so that `best` is the order of the alias until quality was measured",
                "give models in `weir.yaml` a `quality`, such as `quality: 0.8`",
            );
        }
    }

    fn preferred(&mut self, selector: &At<&str>) -> Option<Vec<TargetId>> {
        match ZONES.iter().find(|(word, _)| word == &selector.value) {
            Some((_, zone)) => {
                let of_zone = self.catalogue.targets().filter(|(_, target)| target.zone() == *zone);
                Some(of_zone.map(|(id, _)| id).collect())
            }
            None => self.selected(selector),
        }
    }
}

fn named(word: &str) -> Preference {
    match word {
        "local" => Preference::Local,
        "cheapest" => Preference::Cheapest,
        "fastest" => Preference::Fastest,
        "best" => Preference::Best,
        _ => Preference::Order,
    }
}

/// Each target once, where it is named first.
fn in_order(lists: Vec<Vec<TargetId>>) -> Vec<TargetId> {
    let mut targets: Vec<TargetId> = Vec::new();
    for id in lists.into_iter().flatten() {
        if !targets.contains(&id) {
            targets.push(id);
        }
    }
    targets
}
