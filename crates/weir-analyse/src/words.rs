//! Cells in words.

use crate::axis::{Axis, Cell, NameKind, Subject};
use crate::cover::Cube;
use crate::space::Space;
use weir_label::Level;
use weir_policy::{Fact, FactValue, RouteWish};

/// A condition as people say it: `data.level >= confidential, caller.team is hr`. `always` if it asks nothing.
pub(crate) fn in_words(cube: &Cube, space: &Space) -> String {
    let parts: Vec<String> = space
        .axes()
        .iter()
        .zip(cube)
        .filter_map(|(axis, cells)| {
            let cells = cells.as_ref()?;
            (!cells.iter().all(|will_do| *will_do)).then(|| of_axis(axis, cells))
        })
        .collect();
    if parts.is_empty() { "always".to_owned() } else { parts.join(", ") }
}

fn of_axis(axis: &Axis, chosen: &[bool]) -> String {
    let cells: Vec<&Cell> = picked(axis, chosen, true);
    match &axis.subject {
        Subject::Sensitivity => sensitivity(&cells),
        Subject::Jurisdiction(place) => has("data.jurisdictions", place, &cells),
        Subject::OtherJurisdiction { .. } => has("data.jurisdictions", &"any other", &cells),
        Subject::Category(category) => has("data.categories", category, &cells),
        Subject::Modality(kind) => has("request.modality", kind, &cells),
        Subject::Scope(class) => has("caller.scopes", &class.shown(), &cells),
        Subject::ScopesKnown => {
            let known = if cells.contains(&&Cell::Is(true)) { "known" } else { "unknown" };
            format!("caller.scopes is {known}")
        }
        Subject::Entity(class) => {
            let most = u64::from(u32::MAX);
            format!(
                "data.entities: {} {}",
                class.shown(),
                numbers(&cells, most, &|number| number.to_string())
            )
        }
        Subject::TokensNeeded => {
            format!("prompt and limit {} tokens", numbers(&cells, u64::MAX, &|number| number.to_string()))
        }
        Subject::Value(Fact::Number(fact)) => {
            format!("{} {}", fact.name(), numbers(&cells, fact.most(), &|number| fact.show(number)))
        }
        Subject::Value(fact) => one_of(fact, axis, chosen),
        Subject::Wish => format!("the caller's wish is {}", alternatives(&cells, |cell| wish(cell))),
    }
}

fn picked<'a>(axis: &'a Axis, chosen: &[bool], which: bool) -> Vec<&'a Cell> {
    axis.cells.iter().zip(chosen).filter(|(_, chosen)| **chosen == which).map(|(cell, _)| cell).collect()
}

fn has(fact: &str, member: &dyn std::fmt::Display, cells: &[&Cell]) -> String {
    let word = if cells.contains(&&Cell::Is(true)) { "with" } else { "without" };
    format!("{fact} {word} {member}")
}

/// Opaque data counts as `restricted`, so that it is only told from it where it must be.
fn sensitivity(cells: &[&Cell]) -> String {
    let is_opaque = cells.contains(&&Cell::Opaque);
    let levels: Vec<Level> =
        Level::ALL.into_iter().filter(|level| cells.contains(&&Cell::Level(*level))).collect();
    let has_top = levels.contains(&Level::Restricted);
    match (levels.as_slice(), is_opaque) {
        ([], _) => "data.opaque is true".to_owned(),
        (levels, true) if !has_top => format!("{} or data.opaque is true", range_of(levels)),
        (levels, false) if has_top => format!("{}, data.opaque is false", range_of(levels)),
        (levels, _) => range_of(levels),
    }
}

fn range_of(levels: &[Level]) -> String {
    let touch = |pair: &[Level]| match pair {
        [a, b] => *b as u8 == *a as u8 + 1,
        _ => true,
    };
    let in_a_row = levels.windows(2).all(touch);
    match levels {
        [one] => format!("data.level is {one}"),
        [.., last] if in_a_row && levels.first() == Some(&Level::Public) => format!("data.level <= {last}"),
        [first, ..] if in_a_row && levels.last() == Some(&Level::Restricted) => {
            format!("data.level >= {first}")
        }
        [first, .., last] if in_a_row => format!("data.level {first} to {last}"),
        several => {
            format!(
                "data.level is {}",
                several.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
            )
        }
    }
}

/// Intervals that touch are told as one.
fn numbers(cells: &[&Cell], most: u64, show: &dyn Fn(u64) -> String) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for cell in cells {
        if let Cell::Numbers(from, to) = cell {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(*from) => *last = *to,
                _ => ranges.push((*from, *to)),
            }
        }
    }
    let is_unknown = cells.contains(&&Cell::UNKNOWN);
    let range = |(from, to): &(u64, u64)| match (*from, *to) {
        (from, to) if from == to => format!("= {}", show(from)),
        (0, to) => format!("<= {}", show(to)),
        (from, to) if to == most => at_least(from, show),
        (from, to) => format!("from {} to {}", show(from), show(to)),
    };
    let parts: Vec<String> =
        ranges.iter().map(range).chain(is_unknown.then(|| "unknown".to_owned())).collect();
    parts.join(" or ")
}

/// `> 0.7` reads better than `>= 0.700001`.
fn at_least(from: u64, show: &dyn Fn(u64) -> String) -> String {
    let below = show(from.saturating_sub(1));
    if below.len() < show(from).len() { format!("> {below}") } else { format!(">= {}", show(from)) }
}

/// The values that will do, or, if they are fewer, those that will not.
fn one_of(fact: &Fact, axis: &Axis, chosen: &[bool]) -> String {
    let (yes, no) = (picked(axis, chosen, true), picked(axis, chosen, false));
    let shown = |cell: &Cell| match cell {
        Cell::Names(class) => class.shown(),
        Cell::Value(value) => fact.show(value),
        _ => String::new(),
    };
    let other =
        |cell: &&Cell| matches!(cell, Cell::Names(class) if matches!(class.kind, NameKind::Other { .. }));
    // Nothing can be said of any other name but which it is not.
    let is_told_by_exclusion =
        if no.iter().any(other) { false } else { no.len() < yes.len() || yes.iter().any(other) };
    if is_told_by_exclusion {
        format!("{} is not {}", fact.name(), alternatives(&no, |cell| shown(cell)))
    } else {
        format!("{} is {}", fact.name(), alternatives(&yes, |cell| shown(cell)))
    }
}

fn alternatives(cells: &[&Cell], shown: impl Fn(&Cell) -> String) -> String {
    const SHOWN_MAX: usize = 6;
    let names: Vec<String> = cells.iter().take(SHOWN_MAX).map(|cell| shown(cell)).collect();
    let more = cells.len().saturating_sub(SHOWN_MAX);
    match names.as_slice() {
        [first @ .., last] if more == 0 && !first.is_empty() => format!("{} or {last}", first.join(", ")),
        names if more == 0 => names.join(", "),
        names => format!("{} or {more} others", names.join(", ")),
    }
}

fn wish(cell: &Cell) -> String {
    match cell {
        Cell::Wish(Some(wish)) => RouteWish::as_str(*wish).to_owned(),
        Cell::Value(FactValue::Unknown) | Cell::Wish(None) => "none".to_owned(),
        _ => String::new(),
    }
}
