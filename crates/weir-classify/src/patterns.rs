mod checksum;

pub use checksum::{Checksum, UnknownChecksum};

use crate::haystack::Haystack;
use crate::recognise::Match;
use crate::{Pattern, SettingsError};
use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind, PatternSet};
use std::ops::{ControlFlow, Range};

/// Bytes of one pattern's automaton, and of the set's for each pattern.
const SIZE_MAX: usize = 4 << 20;
/// How deep a pattern may nest.
const NEST_MAX: u32 = 64;
/// Matches of one pattern that are listed for one text. Further ones would not change the label, and
/// listing all of them takes quadratic time for some patterns.
const LISTED_MAX: usize = 100;
/// Matches of one pattern in one text that are looked at for context, checksum and exceptions. What is
/// behind them counts without a look.
const EXAMINED_MAX: usize = 1_000;

/// The operator's patterns: one search tells which match at all, then those are looked at singly, so
/// that no pattern hides another's match.
#[derive(Debug)]
pub(crate) struct Patterns {
    set: Regex,
    each: Vec<Each>,
}

/// One pattern, and what must hold of its matches.
#[derive(Debug)]
struct Each {
    regex: Regex,
    context: Vec<String>,
    checksum: Option<Checksum>,
    allow: Option<Regex>,
}

impl Patterns {
    /// Compiles the patterns, if there are any.
    pub(crate) fn new(patterns: &[Pattern]) -> Result<Option<Self>, SettingsError> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let each = patterns.iter().map(Each::new).collect::<Result<Vec<_>, _>>()?;
        let regexes: Vec<&str> = patterns.iter().map(|pattern| pattern.regex.as_str()).collect();
        let config = config(SIZE_MAX.saturating_mul(patterns.len())).match_kind(MatchKind::All);
        let set = build(config, &regexes).map_err(|reason| SettingsError::Pattern {
            name: patterns.iter().map(|pattern| pattern.name.as_str()).collect::<Vec<_>>().join(", "),
            reason,
        })?;
        Ok(Some(Self { set, each }))
    }

    /// Reports the index and place of the matches in a text, until told to stop.
    pub(crate) fn scan(
        &self,
        haystack: &Haystack<'_>,
        mut report: impl FnMut(usize, Match) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut matching = PatternSet::new(self.each.len());
        self.set.which_overlapping_matches(&Input::new(haystack.bytes()), &mut matching);
        for index in matching.iter().map(|pattern| pattern.as_usize()) {
            if let Some(each) = self.each.get(index) {
                each.matches(haystack).try_for_each(|found| report(index, found))?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Each {
    fn new(pattern: &Pattern) -> Result<Self, SettingsError> {
        let error = |reason| SettingsError::Pattern { name: pattern.name.clone(), reason };
        let regex = build(config(SIZE_MAX), &[&pattern.regex]).map_err(error)?;
        if regex.is_match("") {
            return Err(SettingsError::EmptyMatch { name: pattern.name.clone() });
        }
        let whole: Vec<String> = pattern.allow.iter().map(|regex| format!("^(?:{regex})$")).collect();
        let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
        let allow = (!whole.is_empty()).then(|| build(config(SIZE_MAX), &whole)).transpose();
        Ok(Self {
            regex,
            context: pattern.context.iter().map(|word| word.to_lowercase()).collect(),
            checksum: pattern.checksum,
            allow: allow.map_err(|reason| error(format!("in `allow`: {reason}")))?,
        })
    }

    fn matches<'s>(&'s self, haystack: &'s Haystack<'s>) -> impl Iterator<Item = Match> + 's {
        let found = self.regex.find_iter(haystack.bytes()).filter(|found| !found.is_empty());
        let judged = found.enumerate().filter_map(|(nth, found)| {
            if nth < EXAMINED_MAX {
                self.judge(haystack, found.range())
            } else {
                Some(Match::new(found.range(), 1.0))
            }
        });
        judged.take(LISTED_MAX)
    }

    fn judge(&self, haystack: &Haystack<'_>, span: Range<usize>) -> Option<Match> {
        let text = haystack.slice(span.clone());
        let is_right = self.checksum.is_none_or(|checksum| checksum.holds(text));
        let is_allowed = || {
            let whole = Input::new(text).anchored(Anchored::Yes);
            self.allow.as_ref().is_some_and(|allow| allow.is_match(whole))
        };
        if !is_right || is_allowed() {
            return None;
        }
        if self.context.is_empty() {
            return Some(Match::new(span, 1.0));
        }
        let words: Vec<&str> = self.context.iter().map(String::as_str).collect();
        let context = haystack.context_of_own(&span, &words)?;
        Some(Match::new(span, 1.0).with_evidence(&context))
    }
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
