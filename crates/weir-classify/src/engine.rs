mod keys;
mod reading;

use crate::allow::Allow;
use crate::collector::{Collector, Origin, Source};
use crate::digest::digest;
use crate::effect::{Effect, Effects};
use crate::haystack::Haystack;
use crate::indexes::Indexes;
use crate::memory::{Memory, feed};
use crate::patterns::Patterns;
use crate::recognise::names::{self, Names};
use crate::recognise::{Match, TABLE};
use crate::scanner::{Keyed, Scanner};
use crate::terms::Terms;
use crate::view::{
    Chain, Derived, GUESSES, Joined, Json, JsonItem, Link, Survey, Window, decode, each_joined, each_window,
    flips, fold_case, latinise, normalise, pieces_over, strip, together,
};
use crate::{Inspection, Limits, RecogniserInfo, Segment, SegmentKind, Settings, SettingsError, View};
use keys::{Keys, KnownKey, KnownKeys, PROTOCOL_KEYS, by_len};
use reading::Reading;
use siphasher::sip128::SipHasher24;
use std::hash::Hasher;
use std::ops::{ControlFlow, Range};
use weir_label::Level;

/// A shorter text holds nothing in any view: most keys and roles of a body.
const VIEWED_MIN: usize = 5;

/// A shorter key or number is read as fast as it is remembered, and a body may have thousands.
const REMEMBERED_MIN: usize = 24;

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
    memory: Option<Memory>,
    /// What [`PROTOCOL_KEYS`] show and say.
    known_keys: KnownKeys,
}

impl Engine {
    /// Builds an engine.
    ///
    /// # Errors
    /// [`SettingsError`] says which term list or pattern cannot be used.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let effects = Effects::new(&settings);
        let scanner = Scanner::new(|row| effects.of_row(row).is_some());
        let engine = Self {
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
            memory: None,
            known_keys: KnownKeys::new(),
        };
        let known = |key| KnownKey { says: engine.scanner.of_key(key), is_plain: engine.shows_nothing(key) };
        let known_keys = PROTOCOL_KEYS.into_iter().map(|key| (by_len(key), known(key))).collect();
        Ok(Self { known_keys, ..engine })
    }

    /// The same engine, remembering what texts showed in about `bytes_max` bytes. `key` is random.
    ///
    /// A text is remembered by a keyed hash; a text that comes again, at the same place of a body and
    /// under the same keys, is not read again. The answers are the same.
    #[must_use]
    pub fn remembering(self, key: [u8; 16], bytes_max: usize) -> Self {
        Self { memory: Some(Memory::new(key, bytes_max)), ..self }
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

    /// Whether reading a key neither adds anything nor takes a view.
    fn shows_nothing(&self, key: &str) -> bool {
        let mut collector = Collector::new(self.limits, self.default);
        let read = self.inspect_into(&mut collector, &[Segment::key(key)]);
        read.is_continue() && collector.is_untouched()
    }

    fn inspect_into(&self, collector: &mut Collector, segments: &[Segment<'_>]) -> ControlFlow<()> {
        let own = |segment| Source { segment, chain: None };
        let sources: Vec<Source<'_>> = (0..segments.len()).map(own).collect();
        for (index, segment) in segments.iter().enumerate() {
            if segment.kind == SegmentKind::Opaque {
                collector.opaque(index, segment.text);
            }
        }
        self.read_all(collector, segments, &sources, 0)
    }

    /// Reads the texts of a body, or of a JSON text in it, singly and joined.
    fn read_all(
        &self,
        collector: &mut Collector,
        segments: &[Segment<'_>],
        sources: &[Source<'_>],
        depth: u8,
    ) -> ControlFlow<()> {
        let (none, mut keys) = (Keyed::default(), Keys::new(&self.known_keys, segments.len()));
        let mut names = Vec::new();
        for (segment, source) in segments.iter().zip(sources) {
            keys.pass(segment);
            let is_key = segment.kind == SegmentKind::Key;
            let is_within = depth > 0 || collector.spend_text(segment.text.len());
            // Keys come again and again, as those of messages and rows do.
            let is_known = is_key && keys.last().is_some_and(|key| key.is_plain);
            let mut name = None;
            if is_within && !is_known {
                name = self.name(depth == 0 && is_worth_remembering(segment), |hasher| {
                    let path: &[&str] = if is_key { &[] } else { &keys.path };
                    feed_segment(hasher, source.segment, path, segment);
                });
                let before = collector.additions();
                self.once(collector, name, |collector| {
                    let (path, keyed): (&[&str], _) = if is_key {
                        (&[], &none)
                    } else {
                        keys.hear(|key| self.scanner.of_key(key));
                        (&keys.path, keys.said().unwrap_or(&none))
                    };
                    let reading = Reading::new(segment.text, source, path, keyed, depth);
                    self.read_text(collector, &reading, segment.kind)
                })?;
                let is_plain = is_key && collector.additions() == before;
                if let Some(key) = keys.last().filter(|_| is_plain) {
                    key.is_plain = true;
                }
            }
            if self.memory.is_some() {
                names.push(name);
            }
        }
        each_joined(segments, |joined| {
            if !collector.spend_view(joined.text.len()) {
                return ControlFlow::Continue(());
            }
            let name_of = |segment: usize| names.get(segment).copied().flatten();
            let is_remembered = depth == 0 && joined.text.len() >= REMEMBERED_MIN;
            let name = self.name(is_remembered, |hasher| joined.feed(hasher, name_of));
            self.once(collector, name, |collector| self.read_joined(collector, joined, sources, depth))
        })
    }

    fn read_joined(
        &self,
        collector: &mut Collector,
        joined: &Joined,
        sources: &[Source<'_>],
        depth: u8,
    ) -> ControlFlow<()> {
        let (source, none) = (Source { segment: 0, chain: None }, Keyed::default());
        let base = Reading::new(&joined.text, &source, &[], &none, depth);
        let origin = Origin::Joined(joined, sources);
        let (focus, signs) = (joined.focus(), joined.sign_focus());
        let (focus, signs) = (Some(focus.as_slice()), Some(signs.as_slice()));
        let (seams, is_doubtful) = (joined.seams.as_slice(), joined.is_doubtful);
        self.read(collector, &Reading { origin, seams, focus, signs, view: View::Seam, is_doubtful, ..base })
    }

    /// Reads what the members of records in a text tell together.
    fn read_records(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        let Origin::Segment(segment) = reading.origin else { return ControlFlow::Continue(()) };
        for record in Json::within(reading.text) {
            let (segments, sources) = parts_of(&record, segment, reading.chain);
            for joined in together(&segments) {
                if collector.spend_view(joined.text.len()) {
                    self.read_joined(collector, &joined, &sources, reading.depth)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// The name by which a text is remembered, if it is: of what `feed` feeds.
    fn name(&self, is_remembered: bool, feed: impl FnOnce(&mut SipHasher24)) -> Option<u128> {
        self.memory.as_ref().filter(|_| is_remembered).map(|memory| memory.name(feed))
    }

    /// Reads a text, unless it is remembered by its name.
    fn once(
        &self,
        collector: &mut Collector,
        name: Option<u128>,
        read: impl FnOnce(&mut Collector) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some((memory, name)) = self.memory.as_ref().zip(name) else { return read(collector) };
        if let Some(seen) = memory.recall(name) {
            return collector.recall(&seen);
        }
        let mark = collector.mark();
        let done = read(collector);
        if let Some(seen) = collector.since(mark).filter(|_| done.is_continue()) {
            memory.keep(name, seen);
        }
        done
    }

    /// Reads a text as its strings if it is JSON, and as it stands if not.
    fn read_text(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        kind: SegmentKind,
    ) -> ControlFlow<()> {
        let is_nested_too_deep = reading.depth >= collector.limits().decode_depth_max;
        if kind != SegmentKind::Text || is_nested_too_deep {
            return self.read(collector, reading);
        }
        let Some(json) = Json::parse(reading.text) else {
            self.read_records(collector, reading)?;
            return self.read(collector, reading);
        };
        if json.items.iter().any(|item| self.scanner.reads_json_of(item.text())) {
            self.scan(collector, reading)?;
        }
        if json.has_bytes() {
            self.fold(collector, reading)?;
        }
        let Origin::Segment(segment) = reading.origin else { return self.read(collector, reading) };
        let (segments, sources) = parts_of(&json, segment, reading.chain);
        self.read_all(collector, &segments, &sources, reading.depth + 1)
    }

    /// Scans a text and the views that its content calls for.
    fn read(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        self.scan(collector, reading)?;
        if reading.text.len() < VIEWED_MIN || is_word(reading.text) {
            return ControlFlow::Continue(());
        }
        self.fold(collector, reading)
    }

    fn fold(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        if reading.text.is_ascii() {
            return self.decode(collector, reading);
        }
        self.through(collector, reading, normalise(reading.text), false, |collector, reading| {
            let latin = latinise(reading.text);
            self.through(collector, reading, latin, false, |collector, reading| {
                self.decode(collector, reading)
            })
        })
    }

    fn decode(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        let survey = self.survey(reading.text);
        let decoded = decode(&survey);
        if decoded.is_opaque {
            collector.opaque(reading.segment(), "encoded");
        }
        if decoded.derived.is_none() {
            return self.strip(collector, reading, &survey);
        }
        if reading.layers >= collector.limits().decode_depth_max {
            collector.give_up();
            return self.strip(collector, reading, &survey);
        }
        self.through(collector, reading, decoded.derived, false, |collector, reading| {
            self.fold(collector, &Reading { layers: reading.layers + 1, ..*reading })
        })
    }

    fn survey<'t>(&self, text: &'t str) -> Survey<'t> {
        let has_terms = self.terms.is_some() || self.terms_of_exact_case.is_some();
        Survey::of(text).for_any_shape(has_terms || self.patterns.is_some() || self.indexes.is_some())
    }

    fn strip(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        survey: &Survey<'_>,
    ) -> ControlFlow<()> {
        match strip(survey) {
            None => self.guess(collector, reading, survey),
            stripped => self.through(collector, reading, stripped, false, |collector, reading| {
                self.guess(collector, reading, &self.survey(reading.text))
            }),
        }
    }

    fn guess(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        survey: &Survey<'_>,
    ) -> ControlFlow<()> {
        let end = |_: &mut Collector, _: &Reading<'_>| ControlFlow::Continue(());
        if matches!(reading.origin, Origin::Joined(..)) {
            // A value that is cut is not taken for something else besides, but its groups may be told in several turns.
            return self.through(collector, reading, pieces_over(survey, reading.seams), false, end);
        }
        for guess in &GUESSES {
            self.through(collector, reading, guess.make(survey), guess.is_doubtful, end)?;
        }
        flips(survey, |value| self.scanner.has_literal(value))
            .try_for_each(|derived| self.through(collector, reading, Some(derived), true, end))
    }

    /// Scans what a view changes, if it changes anything, and goes on from the text with its changes.
    fn through(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        derived: Option<Derived>,
        is_doubtful: bool,
        next: impl FnOnce(&mut Collector, &Reading<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(derived) = derived else { return next(collector, reading) };
        let chain = Chain { link: Link::Map(&derived.map), outer: reading.chain };
        let seams = derived.map.forward(reading.seams);
        let view =
            Reading { text: &derived.text, chain: Some(&chain), seams: &seams, is_doubtful, ..*reading };
        let mut furthest = reading.view;
        let is_joined = matches!(view.origin, Origin::Joined(..));
        each_window(&derived, |window| {
            if is_joined && !view.has_seam(&window.range) {
                return ControlFlow::Continue(());
            }
            if !collector.spend_view(window.range.len()) {
                return ControlFlow::Break(());
            }
            furthest = furthest.max(window.view);
            self.scan_window(collector, &view, window)
        })?;
        next(collector, &Reading { view: furthest, ..view })
    }

    fn scan_window(&self, collector: &mut Collector, view: &Reading<'_>, window: &Window) -> ControlFlow<()> {
        let Range { start, end } = window.range;
        let inside = |seam: &&usize| (start..end).contains(*seam);
        let seams: Vec<usize> = view.seams.iter().filter(inside).map(|seam| seam - start).collect();
        let chain = Chain { link: Link::Part(start), outer: view.chain };
        let reading = Reading {
            text: view.text.get(start..end).unwrap_or_default(),
            seams: &seams,
            chain: Some(&chain),
            core: Some(&window.core),
            focus: Some(&window.focus),
            signs: Some(&window.signs),
            reach: window.reach,
            view: view.view.max(window.view),
            ..*view
        };
        self.scan(collector, &reading)
    }

    fn scan(&self, collector: &mut Collector, reading: &Reading<'_>) -> ControlFlow<()> {
        let haystack = Haystack::new(reading.text, reading.keys, reading.seams)
            .with_focus(reading.focus, reading.reach)
            .with_signs(reading.signs);
        self.scanner.scan(&haystack, reading.keyed, &mut |row, found| {
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
        let chain = Chain { link: Link::Map(&folded.map), outer: reading.chain };
        let view = Reading {
            text: &folded.text,
            chain: Some(&chain),
            seams: &[],
            core: None,
            focus: None,
            signs: None,
            ..*reading
        };
        self.scan_terms(collector, &view, Some(terms))
    }

    fn scan_names(
        &self,
        collector: &mut Collector,
        reading: &Reading<'_>,
        haystack: &Haystack<'_>,
    ) -> ControlFlow<()> {
        // At a seam, each part of a name was judged in its own segment; a doubtful view makes
        // no names.
        let Some(names) = self.names.as_ref().filter(|_| reading.view != View::Seam && !reading.is_doubtful)
        else {
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

    /// Takes a match, unless it is of something that is not looked for or allowed, or the view does not show it.
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
        if !reading.shows(&effect.entity, found) {
            return ControlFlow::Continue(());
        }
        collector.accept((source, effect), found, reading.view, reading.origin, reading.chain)
    }
}

/// The keys, strings and numbers of a JSON text, and where they stand.
fn parts_of<'j>(
    json: &'j Json<'_>,
    segment: usize,
    outer: Option<&'j Chain<'j>>,
) -> (Vec<Segment<'j>>, Vec<Source<'j>>) {
    let part = |item: &'j JsonItem<'_>| {
        let source = Source { segment, chain: Some(Chain { link: item.link(), outer }) };
        (Segment { text: item.text(), kind: item.kind }, source)
    };
    json.items.iter().map(part).unzip()
}

/// Whether it takes longer to read a text of a body than to recall what it showed.
fn is_worth_remembering(segment: &Segment<'_>) -> bool {
    let Segment { text, kind } = segment;
    text.len() >= REMEMBERED_MIN || *kind == SegmentKind::Text && text.len() >= VIEWED_MIN && !is_word(text)
}

/// Everything that the reading of a segment under these keys depends on, and the place that its findings name.
fn feed_segment(hasher: &mut SipHasher24, place: usize, keys: &[&str], segment: &Segment<'_>) {
    hasher.write_u8(1);
    hasher.write_usize(place);
    hasher.write_u8(segment.kind as u8);
    hasher.write_usize(keys.len());
    keys.iter().for_each(|key| feed(hasher, key));
    feed(hasher, segment.text);
}

/// Whether a text is one word, or two with `_` between, that no view reads otherwise: it is shorter than an encoding, a
/// number in words or anything spelt out is.
fn is_word(text: &str) -> bool {
    const SHORTER_THAN: usize = 10;
    let signs = text.bytes().filter(|b| !b.is_ascii_alphabetic());
    text.len() < SHORTER_THAN && signs.clone().all(|b| b == b'_') && signs.count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TermList;

    /// All texts of up to `len` of these characters.
    fn texts(characters: &str, len: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..len {
            let longer: Vec<String> = all
                .iter()
                .skip(from)
                .flat_map(|text| characters.chars().map(move |c| format!("{text}{c}")))
                .collect();
            from = all.len();
            all.extend(longer);
        }
        all
    }

    #[test]
    fn no_view_reads_a_word_otherwise() {
        let words = texts("aZo_", 6).into_iter().chain(texts("elf_nine", 4)).chain(texts("_IBAN", 4));
        let words: Vec<String> =
            words.chain(["AbCdEfGhI", "dGVzdA", "one_two", "ten_ten"].map(str::to_owned)).collect();
        assert!(words.iter().filter(|word| is_word(word)).count() > 1000);
        for word in words.iter().filter(|word| is_word(word)) {
            let survey = Survey::of(word);
            let decoded = decode(&survey);
            let is_read_otherwise = normalise(word).is_some()
                || latinise(word).is_some()
                || decoded.derived.is_some()
                || decoded.is_opaque
                || strip(&survey).is_some()
                || GUESSES.iter().any(|guess| guess.make(&survey).is_some())
                || flips(&survey, |_| true).next().is_some();
            assert!(!is_read_otherwise, "{word}");
        }
    }

    #[test]
    fn keys_of_the_protocols_are_read_if_they_show_something() {
        let plain = |settings| {
            let known = Engine::new(settings).unwrap().known_keys.into_iter();
            known.filter(|(_, known)| known.is_plain).map(|((_, key), _)| key).collect::<Vec<_>>()
        };
        assert!(plain(Settings::default()).len() > PROTOCOL_KEYS.len() / 2);
        let terms = vec![TermList::new("projects", &["metadata"])];
        assert!(!plain(Settings { terms: terms.clone(), ..Settings::default() }).contains(&"metadata"));
        let engine = Engine::new(Settings { terms, ..Settings::default() }).unwrap();
        let body = [Segment::key("metadata"), Segment::text("x"), Segment::key("model")];
        assert_eq!(engine.inspect(&body).findings.len(), 1);
    }

    #[test]
    fn what_a_view_may_read_otherwise_is_no_word() {
        for text in ["a1", "a__b", "a_b_c", "a b", "a@b", "a=b", "é", "tencharsxx", "<b>"] {
            assert!(!is_word(text), "{text}");
        }
    }
}
