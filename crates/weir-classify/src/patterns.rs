use crate::{Pattern, SettingsError};
use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind, PatternSet};
use std::ops::{ControlFlow, Range};

/// Bytes of one pattern's automaton, and of the set's for each pattern.
const SIZE_MAX: usize = 4 << 20;
/// How deep a pattern may nest.
const NEST_MAX: u32 = 64;
/// Matches of one pattern that are listed for one text. Further ones would not change the label, and
/// listing all of them takes quadratic time for some patterns.
const LISTED_MAX: usize = 100;

/// The operator's patterns: one search tells which match at all, then those are looked at singly, so
/// that no pattern hides another's match.
#[derive(Debug)]
pub(crate) struct Patterns {
    set: Regex,
    each: Vec<Regex>,
}

impl Patterns {
    /// Compiles the patterns, if there are any.
    pub(crate) fn new(patterns: &[Pattern]) -> Result<Option<Self>, SettingsError> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let each = patterns.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        let regexes: Vec<&str> = patterns.iter().map(|pattern| pattern.regex.as_str()).collect();
        let config = config(SIZE_MAX.saturating_mul(patterns.len())).match_kind(MatchKind::All);
        let set = build(config, &regexes).map_err(|reason| SettingsError::Pattern {
            name: patterns.iter().map(|pattern| pattern.name.as_str()).collect::<Vec<_>>().join(", "),
            reason,
        })?;
        Ok(Some(Self { set, each }))
    }

    /// Reports the index and span of the matches in `text`, until told to stop.
    pub(crate) fn scan(
        &self,
        text: &str,
        mut report: impl FnMut(usize, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut matching = PatternSet::new(self.each.len());
        self.set.which_overlapping_matches(&Input::new(text), &mut matching);
        for index in matching.iter().map(|pattern| pattern.as_usize()) {
            let Some(regex) = self.each.get(index) else { continue };
            for found in regex.find_iter(text).filter(|found| !found.is_empty()).take(LISTED_MAX) {
                report(index, found.range())?;
            }
        }
        ControlFlow::Continue(())
    }
}

fn compile(pattern: &Pattern) -> Result<Regex, SettingsError> {
    let regex = build(config(SIZE_MAX), &[&pattern.regex])
        .map_err(|reason| SettingsError::Pattern { name: pattern.name.clone(), reason })?;
    if regex.is_match("") {
        return Err(SettingsError::EmptyMatch { name: pattern.name.clone() });
    }
    Ok(regex)
}

fn config(size_max: usize) -> Config {
    Regex::config().nfa_size_limit(Some(size_max)).hybrid_cache_capacity(size_max.min(16 << 20))
}

fn build(config: Config, regexes: &[&str]) -> Result<Regex, String> {
    let syntax = syntax::Config::new().nest_limit(NEST_MAX);
    Regex::builder().configure(config).syntax(syntax).build_many(regexes).map_err(|error| reason(&error))
}

fn reason(error: &BuildError) -> String {
    if let Some(limit) = error.size_limit() {
        return format!("it needs more than {limit} bytes; repeat less, or split it");
    }
    error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string)
}
