//! From text to names.

use crate::bound::Most;
use crate::chain::{Chain, LABELS, Scores};
use crate::features::{EDGE, FARS, far, fars, own, placed};
use crate::fold::{is_mark, plain};
use crate::form::Form;
use crate::gap::Gap;
use crate::gate::{joins, stretches};
use crate::hash::Hash;
use crate::lexicon::Known;
use crate::model::Model;
use crate::token::word;
use crate::words::{Words, key_hash};
use std::cell::Cell;
use std::ops::{ControlFlow, Range};

/// From this weight for a person on by itself a word is likely enough to be one's name to need the other labels' weights as well.
/// No answer depends on it.
const LIKELY_FROM: i16 = -50;
/// So much text is read at a time; a line or word is not cut, a name at the seam may be.
const CHUNK_BYTES: usize = 16 << 10;
/// A word beside a person's name belongs to it from this probability on.
const JOINS_FROM: f32 = 0.3;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person, real or not.
    Person,
    /// A place.
    Place,
    /// A company, authority, party, team.
    Organisation,
    /// A product, a work, a group, an event.
    Other,
}

/// The kinds in the order of the labels, the first of which is none.
pub const KINDS: [Kind; LABELS - 1] = [Kind::Person, Kind::Place, Kind::Organisation, Kind::Other];

/// A name in a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Name {
    /// First byte of the name.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// What it names.
    pub kind: Kind,
    /// The probability that it does, of its surest word.
    pub score: f32,
    /// Whether the text ends within some sentences on both sides.
    pub is_short: bool,
}

/// How sure the model must be of a person in a short text, and in a long one. A long text has many more
/// words that may be taken for a name, and one is enough to misjudge it.
const SURE_IN_SHORT: f32 = 0.4;
const SURE_IN_LONG: f32 = 0.65;

impl Name {
    /// What [`Model::find`] must report for [`is_sure`](Self::is_sure) to judge: people alone.
    pub const PEOPLE: Thresholds = [SURE_IN_SHORT, 2.0, 2.0, 2.0];

    /// Whether the model is sure enough for a document to be judged by the name.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        if self.is_short { self.score >= SURE_IN_SHORT } else { Self::is_sure_in_long(self.score) }
    }

    /// Whether a score is enough in a long text.
    #[must_use]
    pub fn is_sure_in_long(score: f32) -> bool {
        score >= SURE_IN_LONG
    }
}

/// How sure the model must be, for each of [`KINDS`].
pub type Thresholds = [f32; LABELS - 1];

impl Model<'_> {
    /// Whether a word is a common one, or of technical texts, and no name that many people bear.
    #[must_use]
    pub fn is_everyday(&self, word: &str) -> bool {
        const EVERYDAY: Known = Known::COMMON.with(Known::UNCOMMON).with(Known::TECHNICAL);
        let mut hash = Hash::new();
        word.chars().filter(|c| !is_mark(*c)).for_each(|c| hash.letter(plain(c)));
        let known = self.lexicon.find(hash.finish());
        known.any(EVERYDAY) && !known.any(Known::GIVEN_FREQUENT.with(Known::SURNAME_FREQUENT))
    }

    /// Reports the names in a text that is the value under `key`, if it is under one.
    ///
    /// # Errors
    /// Breaks when `report` does.
    pub fn find(
        &self,
        text: &str,
        key: Option<&str>,
        thresholds: &Thresholds,
        report: &mut dyn FnMut(Name) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let key = key.map_or(0, key_hash);
        let mut reading = READING.take().unwrap_or_default();
        let least = thresholds
            .map(|threshold| if threshold > 1.0 { f32::INFINITY } else { JOINS_FROM.min(threshold).ln() });
        let mut from = 0;
        while from < text.len() {
            from = reading.read(self, text, from);
            stretches(&reading.words, &mut reading.stretches);
            let stretches = std::mem::take(&mut reading.stretches);
            for stretch in &stretches {
                if !reading.score(self, text, key, stretch, &least) {
                    continue;
                }
                let mut report = |first: usize, name: Name| {
                    if reading.is_place(text, first, &name) {
                        ControlFlow::Continue(())
                    } else {
                        report(name)
                    }
                };
                reading.names(stretch, thresholds, &mut report)?;
            }
            reading.stretches = stretches;
        }
        if reading.words.are_few() {
            READING.set(Some(reading));
        }
        ControlFlow::Continue(())
    }
}

thread_local! {
    /// The memory of the thread's last reading, for the next: most texts of a body are short.
    static READING: Cell<Option<Box<Reading>>> = const { Cell::new(None) };
}

/// A name that may go on.
struct Open {
    /// Its place in [`KINDS`].
    kind: usize,
    /// Its first word.
    first: usize,
    name: Name,
}

/// From this probability on a word is a person's name wherever it stands.
const CERTAIN: f32 = 0.9;
/// What stands before a place and seldom before a person, in the languages of the model.
const WHERE: [&str; 5] = ["in", "near", "en", "em", "nach"];

/// Memory for one chunk of text after the other.
#[derive(Debug, Default)]
struct Reading {
    words: Words,
    stretches: Vec<Range<usize>>,
    emissions: Vec<Scores>,
    links: Vec<usize>,
    chain: Chain,
}

impl Reading {
    /// Reads the words of the chunk from `from` on; gives the place where to go on.
    #[inline(never)]
    fn read(&mut self, model: &Model<'_>, text: &str, from: usize) -> usize {
        let next = self.words.read(text, from, from + CHUNK_BYTES, &mut |head| model.read(text, head));
        self.words.look_up(|word| model.look_up(text, word));
        next
    }

    /// Computes the probabilities of a stretch's words, unless none can be as probable as its number of `least`,
    /// logarithms by kind, says.
    fn score(
        &mut self,
        model: &Model<'_>,
        text: &str,
        key: u64,
        stretch: &Range<usize>,
        least: &Most,
    ) -> bool {
        let Self { words, emissions, links, chain, stretches: _ } = self;
        links.clear();
        links.extend(words.some(stretch.clone()).iter().map(|word| link(word.gap)));
        let each = || stretch.clone().zip(words.some(stretch.clone()));
        let [_, others @ ..] = least;
        let is_people_alone = others.iter().all(|least| least.is_infinite());
        if is_people_alone && each().all(|(_, word)| model.own_person(text, word) < LIKELY_FROM) {
            let scores = each()
                .map(|(index, word)| model.person_score(model.person_sum(text, words, index, word, key)));
            if !model.bounds().allow_first(scores, links, least) {
                return false;
            }
        }
        emissions.clear();
        emissions.extend(each().map(|(index, word)| model.scores(model.sums(text, words, index, word, key))));
        let is_possible = model.bounds().allow(emissions, links, least);
        if is_possible {
            chain.run(emissions, links, model.steps());
        }
        is_possible
    }

    fn names(
        &self,
        stretch: &Range<usize>,
        thresholds: &Thresholds,
        report: &mut dyn FnMut(usize, Name) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut open: Option<Open> = None;
        for (offset, index) in stretch.clone().enumerate() {
            let [_, marginals @ ..] = self.chain.marginal(offset);
            let Some(word) = self.words.at(index) else { continue };
            let best =
                (0..KINDS.len()).max_by(|a, b| value(&marginals, *a).total_cmp(&value(&marginals, *b)));
            let kind = best.unwrap_or_default();
            let probability = value(&marginals, kind);
            if probability < JOINS_FROM.min(value(thresholds, kind)) {
                flush(&mut open, thresholds, report)?;
                continue;
            }
            match &mut open {
                Some(Open { kind: last, name, .. })
                    if *last == kind && offset > 0 && self.continues(index) =>
                {
                    name.end = word.range().end;
                    name.score = name.score.max(probability);
                }
                _ => {
                    flush(&mut open, thresholds, report)?;
                    let Some(named) = KINDS.get(kind) else { continue };
                    let name = Name {
                        start: word.start,
                        end: word.range().end,
                        kind: *named,
                        score: probability,
                        is_short: self.words.is_short(index),
                    };
                    open = Some(Open { kind, first: index, name });
                }
            }
        }
        flush(&mut open, thresholds, report)
    }

    /// Whether a word by itself stands behind a word for where: it is a place, unless the model is all but certain.
    fn is_place(&self, text: &str, first: usize, name: &Name) -> bool {
        let (Some(before), Some(word)) = (self.words.near(first, -1), self.words.at(first)) else {
            return false;
        };
        let is_alone = name.end == word.range().end && word.gap == Gap::Space;
        let before = text.get(before.range()).unwrap_or_default();
        name.kind == Kind::Person
            && name.score < CERTAIN
            && is_alone
            && WHERE.iter().any(|known| known.eq_ignore_ascii_case(before))
    }

    fn continues(&self, index: usize) -> bool {
        let gap = self.words.gap(index);
        joins(gap) && (gap != Gap::Stop || self.words.at(index - 1).is_some_and(|word| word.length < 4))
    }
}

fn value(scores: &Thresholds, index: usize) -> f32 {
    scores.get(index).copied().unwrap_or_default()
}

fn flush(
    open: &mut Option<Open>,
    thresholds: &Thresholds,
    report: &mut dyn FnMut(usize, Name) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match open.take() {
        Some(Open { kind, first, name }) if name.score >= value(thresholds, kind) => report(first, name),
        _ => ControlFlow::Continue(()),
    }
}

/// The kind of step over a gap.
pub(crate) fn link(gap: Gap) -> usize {
    match gap {
        Gap::Space | Gap::Column => 0,
        Gap::Hyphen | Gap::Apostrophe | Gap::Dot | Gap::Stop => 1,
        Gap::Start | Gap::Line | Gap::Paragraph | Gap::Item => 3,
        Gap::Mark
        | Gap::Comma
        | Gap::TightComma
        | Gap::Semicolon
        | Gap::Colon
        | Gap::TightColon
        | Gap::Dash
        | Gap::Underscore
        | Gap::Slash
        | Gap::At
        | Gap::Hash
        | Gap::Ampersand
        | Gap::Quote
        | Gap::Value
        | Gap::Open
        | Gap::Call
        | Gap::Close
        | Gap::Markup
        | Gap::Bar
        | Gap::Code
        | Gap::Other => 2,
    }
}

/// One word of a stretch, as the trainer sees it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The word's bytes in the text.
    pub range: Range<usize>,
    /// The kind of step that leads to it.
    pub link: usize,
    /// Hashes of its features.
    pub features: Vec<u64>,
}

/// Gives the trainer all stretches that would be looked at.
///
/// Of words for which `forget` answers yes the lexicon and the model do not know the identity.
pub fn samples(
    lexicon: &crate::Lexicon<'_>,
    text: &str,
    key: Option<&str>,
    forget: &mut dyn FnMut(&Range<usize>) -> bool,
    take: &mut dyn FnMut(Vec<Sample>),
) {
    let key = key.map_or(0, key_hash);
    let mut words = Words::default();
    let mut ranges = Vec::new();
    let mut from = 0;
    while from < text.len() {
        from = words.read(text, from, from + CHUNK_BYTES, &mut |head| {
            let (end, hash, shape) = word(text, head.start);
            (end, Form::of(hash, shape, lexicon))
        });
        words.forget(forget);
        stretches(&words, &mut ranges);
        for stretch in &ranges {
            take(stretch.clone().filter_map(|index| sample(text, &words, index, key)).collect());
        }
    }
}

fn sample(text: &str, words: &Words, index: usize, key: u64) -> Option<Sample> {
    let word = words.at(index)?;
    let mut features = own(word, text.get(word.range())?).all().to_vec();
    features.extend(placed(words, index, key));
    features.extend(fars(words, index).map(|word| far(word.hash())));
    let edges = FARS - fars(words, index).count();
    features.extend(std::iter::repeat_n(far(EDGE), edges));
    Some(Sample { range: word.range(), link: link(word.gap), features })
}

#[cfg(test)]
mod tests {
    use super::{Model, Reading, sample};
    use crate::words::Words;

    /// Feature by feature, as the trainer has them.
    fn person_sum(model: &Model<'_>, text: &str, words: &Words, index: usize) -> i32 {
        let features = sample(text, words, index, 0).unwrap().features;
        features.iter().map(|feature| i32::from(model.person(*feature))).sum()
    }

    #[test]
    fn what_is_remembered_of_words_adds_up_as_their_features_do() {
        const TEXTS: [&str; 4] = [
            "Dear Mr. Kowalczyk, your claim 4711 of 2026-03-01 was rejected by J. R. Beaumarchand.",
            "fn main() { let engine = Engine::new(Settings::default()); }\n\nInstall Docker",
            "Сегодня Иван Müller-Lüdenscheidt und Donaudampfschifffahrtskapitänspatent 42nd 12345678901",
            "id;name;age\n17;Thorsten Ackermann;41\n18;Birgit Sommer;39",
        ];
        let (model, mut reading, mut count) = (Model::embedded().unwrap(), Reading::default(), 0);
        // The second time all that can be is remembered.
        for text in [TEXTS, TEXTS].concat() {
            reading.read(model, text, 0);
            for (index, word) in reading.words.some(0..usize::MAX).iter().enumerate() {
                let sum = model.person_sum(text, &reading.words, index, word, 0);
                assert_eq!(sum, person_sum(model, text, &reading.words, index), "{index} in `{text}`");
                count += 1;
            }
        }
        assert!(count > 60);
    }
}
