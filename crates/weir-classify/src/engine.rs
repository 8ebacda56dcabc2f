use crate::allow::Allow;
use crate::collector::{Collector, Origin};
use crate::digest::digest;
use crate::effect::{Effect, Effects};
use crate::haystack::Haystack;
use crate::indexes::Indexes;
use crate::patterns::Patterns;
use crate::recognise::names::{self, Names};
use crate::recognise::{Match, TABLE};
use crate::scanner::Scanner;
use crate::terms::Terms;
use crate::view::{Chain, Derived, fold_case, joins, normalise, unescape};
use crate::{Inspection, Limits, RecogniserInfo, Segment, SegmentKind, Settings, SettingsError, View};
use std::ops::ControlFlow;
use weir_label::Level;

/// The inspection engine: built once from settings, then shared.
#[derive(Debug)]
pub struct Engine {
    default: Level,
    limits: Limits,
    effects: Effects,
    scanner: Scanner,
    terms: Option<Terms>,
    terms_of_exact_case: Option<Terms>,
    patterns: Option<Patterns>,
    indexes: Option<Indexes>,
    allow: Allow,
    names: Option<Names>,
    digest: String,
}

impl Engine {
    /// Builds an engine.
    ///
    /// # Errors
    /// [`SettingsError`] says which term list or pattern cannot be used.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let effects = Effects::new(&settings);
        let scanner = Scanner::new(|row| effects.of_row(row).is_some())
            .map_err(|error| SettingsError::Terms { reason: error.to_string() })?;
        Ok(Self {
            default: settings.data.default,
            limits: settings.limits,
            scanner,
            terms: Terms::new(&settings.terms, false)?,
            terms_of_exact_case: Terms::new(&settings.terms, true)?,
            patterns: Patterns::new(&settings.patterns)?,
            indexes: Indexes::new(&settings.indexes),
            allow: Allow::new(&settings.allow),
            names: effects.of_row(*names::PERSON).map(|_| Names::new(settings.profile)).transpose()?,
            digest: digest(&settings),
            effects,
        })
    }

    /// What `segments`, the decoded strings of one body in their order, hold.
    ///
    /// The label is at least that of each segment by itself. Adding text never lowers it, unless that
    /// turns an identifier into part of something else: more digits, or `version ` directly before an
    /// IP address.
    #[must_use]
    pub fn inspect(&self, segments: &[Segment<'_>]) -> Inspection {
        let mut collector = Collector::new(self.limits, self.default);
        // Too many findings end the inspection; the label is that of unknown content by then.
        let _stopped = self.inspect_into(&mut collector, segments);
        collector.finish()
    }

    /// The version of engine and settings, for the audit log.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The table of built-in recognisers.
    #[must_use]
    pub fn recognisers() -> &'static [RecogniserInfo] {
        &TABLE
    }

    fn inspect_into(&self, collector: &mut Collector, segments: &[Segment<'_>]) -> ControlFlow<()> {
        let mut keys = Keys::default();
        for (index, segment) in segments.iter().enumerate() {
            keys.pass(segment);
            let reading = Reading::of_segment(segment.text, index, keys.of(segment));
            if segment.kind == SegmentKind::Opaque {
                collector.opaque(index, segment.text);
            }
            if collector.spend_text(segment.text.len()) {
                self.read(collector, &reading)?;
            }
        }
        for joined in joins(segments) {
            if collector.spend_view(joined.text.len()) {
                let origin = Origin::Joined(&joined);
                let base = Reading::of_segment(&joined.text, 0, &[]);
                self.read(collector, &Reading { origin, seams: &joined.seams, view: View::Seam, ..base })?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Scans a text and the views that its content calls for.
    fn read(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        self.scan(collector, reading)?;
        let Some(normalised) = normalise(reading.text) else { return self.decode(collector, reading) };
        if !collector.spend_view(normalised.text.len()) {
            return ControlFlow::Continue(());
        }
        let chain = Chain { map: &normalised.map, outer: reading.chain };
        let seams = normalised.map.forward(reading.seams);
        let folded = reading.derived(&normalised, &chain, &seams, View::Normalised);
        self.scan(collector, &folded)?;
        self.decode(collector, &folded)
    }

    fn decode(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        let Some(decoded) = unescape(reading.text) else { return ControlFlow::Continue(()) };
        if reading.depth >= collector.limits().decode_depth_max {
            collector.give_up();
            return ControlFlow::Continue(());
        }
        if !collector.spend_view(decoded.text.len()) {
            return ControlFlow::Continue(());
        }
        let chain = Chain { map: &decoded.map, outer: reading.chain };
        let seams = decoded.map.forward(reading.seams);
        let inner = reading.derived(&decoded, &chain, &seams, View::Decoded);
        self.read(collector, &Reading { depth: reading.depth + 1, ..inner })
    }

    fn scan(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        let haystack = Haystack::new(reading.text, reading.keys, reading.seams);
        self.scanner.scan(&haystack, &mut |row, found| {
            self.accept(collector, reading, self.effects.of_row(row), &found)
        })?;
        self.scan_names(collector, reading, &haystack)?;
        self.scan_patterns(collector, reading, &haystack)?;
        self.scan_indexes(collector, reading)?;
        self.scan_terms(collector, reading, self.terms_of_exact_case.as_ref())?;
        let Some(terms) = &self.terms else { return ControlFlow::Continue(()) };
        let Some(folded) = fold_case(reading.text) else {
            return self.scan_terms(collector, reading, Some(terms));
        };
        if !collector.spend_view(folded.text.len()) {
            return ControlFlow::Continue(());
        }
        let chain = Chain { map: &folded.map, outer: reading.chain };
        self.scan_terms(collector, &reading.derived(&folded, &chain, &[], reading.view), Some(terms))
    }

    fn scan_names(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        haystack: &Haystack<'_>,
    ) -> ControlFlow<()> {
        // At a seam, each part of a name was judged in its own segment.
        let Some(names) = self.names.as_ref().filter(|_| reading.view != View::Seam) else {
            return ControlFlow::Continue(());
        };
        names.scan(haystack, &mut |found| {
            self.accept(collector, reading, self.effects.of_row(*names::PERSON), &found)
        })
    }

    fn scan_terms(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        terms: Option<&Terms>,
    ) -> ControlFlow<()> {
        let Some(terms) = terms else { return ControlFlow::Continue(()) };
        terms.scan(reading.text, |list, span| {
            self.accept(collector, reading, self.effects.of_list(list), &Match::new(span, 1.0))
        })
    }

    fn scan_patterns(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        haystack: &Haystack<'_>,
    ) -> ControlFlow<()> {
        let Some(patterns) = &self.patterns else { return ControlFlow::Continue(()) };
        patterns.scan(haystack, |pattern, found| {
            self.accept(collector, reading, self.effects.of_pattern(pattern), &found)
        })
    }

    fn scan_indexes(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        let Some(indexes) = &self.indexes else { return ControlFlow::Continue(()) };
        indexes.scan(reading.text, |index, found| {
            self.accept(collector, reading, self.effects.of_index(index), &found)
        })
    }

    /// Takes a match, unless it is of something that is not looked for or allowed.
    fn accept(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        effect: Option<(usize, &Effect)>,
        found: &Match,
    ) -> ControlFlow<()> {
        let Some((source, effect)) = effect else { return ControlFlow::Continue(()) };
        let text = reading.text.get(found.span.clone()).unwrap_or_default();
        if self.allow.allows(&effect.entity, text) {
            return ControlFlow::Continue(());
        }
        collector.accept((source, effect), found, reading.view, reading.origin, reading.chain)
    }
}

/// One view of one text, and the way back to where it came from.
#[derive(Clone, Copy)]
struct Reading<'a> {
    text: &'a str,
    origin: Origin<'a>,
    keys: &'a [&'a str],
    seams: &'a [usize],
    chain: Option<&'a Chain<'a>>,
    view: View,
    depth: u8,
}

impl<'a> Reading<'a> {
    fn of_segment(text: &'a str, index: usize, keys: &'a [&'a str]) -> Self {
        Self {
            text,
            origin: Origin::Segment(index),
            keys,
            seams: &[],
            chain: None,
            view: View::Raw,
            depth: 0,
        }
    }

    /// The same place read through one more view; what a seam or an escape showed stays theirs.
    fn derived(&self, from: &'a Derived, chain: &'a Chain<'a>, seams: &'a [usize], view: View) -> Self {
        Self { text: &from.text, chain: Some(chain), seams, view: self.view.max(view), ..*self }
    }
}

/// The keys that lead to a value: those that directly follow each other, the innermost last.
#[derive(Default)]
struct Keys<'a> {
    path: Vec<&'a str>,
    closed: bool,
}

impl<'a> Keys<'a> {
    /// More context than the innermost keys is not context any more.
    const DEPTH: usize = 3;

    fn pass(&mut self, segment: &Segment<'a>) {
        if segment.kind != SegmentKind::Key {
            self.closed = true;
            return;
        }
        if std::mem::take(&mut self.closed) {
            self.path.clear();
        }
        if self.path.len() == Self::DEPTH {
            self.path.remove(0);
        }
        self.path.push(segment.text);
    }

    /// The keys above `segment`, which are none for a key.
    fn of(&self, segment: &Segment<'_>) -> &[&'a str] {
        if segment.kind == SegmentKind::Key { &[] } else { &self.path }
    }
}
