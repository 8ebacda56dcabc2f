//! Any text is read or refused, and none gets round the boundary.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{EXAMPLE_POLICY, EXAMPLE_WEIR, load};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use weir_label::{Label, Level, ZoneKind};

const PIECES: [&str; 24] = [
    "local",
    "cloud",
    "any",
    "public",
    "internal",
    "confidential",
    "restricted",
    "clearance: ",
    "boundary: ",
    "rules:",
    "when: ",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "\n",
    "\n  - ",
    "&a ",
    "*a",
    "\"",
    "8.8.8.8",
    "0",
    "\u{1b}é",
];

/// Cuts out a few characters and puts something else there.
#[derive(Debug, Clone)]
struct Edit {
    at: Index,
    cut: usize,
    put: &'static str,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit =
        (any::<Index>(), 0..16_usize, select(&PIECES[..])).prop_map(|(at, cut, put)| Edit { at, cut, put });
    vec(edit, 0..5)
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for Edit { at, cut, put } in edits {
        let from = at.index(characters.len() + 1);
        let to = (from + cut).min(characters.len());
        characters.splice(from..to, put.chars());
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_edited_file_is_refused_with_places_or_keeps_classified_data_inside(weir in edits(), policy in edits()) {
        let (weir, policy) = (apply(EXAMPLE_WEIR, &weir), apply(EXAMPLE_POLICY, &policy));
        match load(&weir, &policy, &[]) {
            Ok(loaded) => {
                let classified = Level::ALL.into_iter().filter(|level| *level >= loaded.policy.boundary.level());
                for (label, (_, target)) in classified.flat_map(|level| loaded.catalogue.targets().map(move |t| (Label::at(level), t))) {
                    let goes = target.recipient.check(&loaded.policy.boundary, &label).is_ok();
                    prop_assert!(target.zone() == ZoneKind::Local || !goes);
                }
            }
            Err(problems) => {
                prop_assert!(!problems.0.is_empty());
                for problem in problems.0 {
                    let text = if problem.file.ends_with("weir.yaml") { &weir } else { &policy };
                    prop_assert!(text.get(problem.span()).is_some(), "{problem:?}");
                    prop_assert!(!problem.to_string().contains(char::is_control));
                }
            }
        }
    }
}
