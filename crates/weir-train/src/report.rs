//! How well a model does on documents that it has not seen.

use crate::document::{Corpus, Document, Tier};
use crate::random::Random;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use weir_names::{Kind, Model, Name};

const THRESHOLDS: &[f32] = &[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98];
/// The mean size of a body with context.
const BODY_BYTES: usize = 5400;
/// Below that nothing is reported at all.
const FLOOR: f32 = 0.02;
/// False names are listed from this score on.
const LISTED_FROM: f32 = 0.35;

/// The best score of a person's name in each judged document.
#[derive(Default)]
pub struct Report {
    judged: Vec<Judged>,
    misses: String,
}

struct Judged {
    corpus: Corpus,
    tier: Tier,
    source: String,
    verdict: Verdict,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Verdict {
    /// The best score of a person's name.
    score: f32,
    /// Whether one is sure enough, as the engine decides.
    is_named: bool,
}

impl Report {
    /// Judges documents with a model that was trained on others.
    pub fn judge(&mut self, documents: &[Document], model: &[u8]) -> Result<(), String> {
        let model = Model::load(model).map_err(|error| error.to_string())?;
        for document in documents {
            let mut verdict = Verdict::default();
            let mut best = "";
            let _done = model.find(&document.text, None, &[FLOOR, 1.1, 1.1, 1.1], &mut |name| {
                verdict.is_named |= name.is_sure();
                if name.score > verdict.score {
                    verdict.score = name.score;
                    best = document.text.get(name.start..name.end).unwrap_or_default();
                }
                ControlFlow::Continue(())
            });
            self.note(document, verdict, best);
        }
        Ok(())
    }

    fn note(&mut self, document: &Document, verdict: Verdict, name: &str) {
        let Document { corpus, tier, id, text, names, group, .. } = document;
        let missed = *tier == Tier::Named && !verdict.is_named;
        let invented = *tier == Tier::Clean && verdict.score >= LISTED_FROM;
        if missed || invented {
            let named: Vec<&str> = names
                .iter()
                .filter(|(_, k)| *k == Kind::Person)
                .filter_map(|(range, _)| text.get(range.clone()))
                .collect();
            let at = text.find(name).filter(|_| invented).unwrap_or(0);
            let from = text.floor_char_boundary(at.saturating_sub(60));
            let around = text.get(from..text.floor_char_boundary(at + 200)).unwrap_or_default();
            let _ = writeln!(
                self.misses,
                "{corpus:?}\t{}\t{:.2}\t{id}\t{name}\t{named:?}\t{around:?}",
                if missed { "missed" } else { "invented" },
                verdict.score
            );
        }
        let source = group
            .rsplit_once(' ')
            .map_or("", |(source, _)| source)
            .split('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        self.judged.push(Judged { corpus: *corpus, tier: *tier, source, verdict, bytes: text.len() });
    }

    /// What was judged wrongly, for looking at.
    pub fn misses(&self) -> &str {
        &self.misses
    }

    /// Shares of documents: as the engine decides, and by threshold.
    pub fn table(&self) -> String {
        let thresholds: String = THRESHOLDS.iter().map(|t| format!("{t:>7}")).collect();
        let mut out = format!(
            "\nDocuments judged by models that have not seen them, in %: as decided, and by threshold\n{:<36}{:>6}{:>9}{thresholds}\n",
            "", "n", "decided"
        );
        for (title, corpus, tier, found) in [
            ("sentences, leak", Corpus::Sentences, Tier::Named, false),
            ("judgments, leak", Corpus::Judgments, Tier::Named, false),
            ("english, leak", Corpus::English, Tier::Named, false),
            ("english clean, false", Corpus::English, Tier::Clean, true),
            ("clean, false", Corpus::Clean, Tier::Clean, true),
            ("names-only, found", Corpus::Clean, Tier::Unlabelled, true),
        ] {
            out += &line(title, &self.of(|j| j.corpus == corpus && j.tier == tier), found);
        }
        out += &line("clean in bodies of 5.4 kB, false", &self.bodies(), true);
        out + &self.by_source()
    }

    fn of(&self, which: impl Fn(&Judged) -> bool) -> Vec<Verdict> {
        self.judged.iter().filter(|judged| which(judged)).map(|judged| judged.verdict).collect()
    }

    /// The verdicts on bodies that are put together of clean documents: long texts all of them.
    fn bodies(&self) -> Vec<Verdict> {
        let mut clean: Vec<&Judged> =
            self.judged.iter().filter(|j| j.corpus == Corpus::Clean && j.tier == Tier::Clean).collect();
        Random(1).shuffle(&mut clean);
        let mut bodies = Vec::new();
        let (mut bytes, mut best) = (0, 0.0_f32);
        for judged in clean {
            bytes += judged.bytes;
            best = best.max(judged.verdict.score);
            if bytes >= BODY_BYTES {
                bodies.push(Verdict { score: best, is_named: Name::is_sure_in_long(best) });
                (bytes, best) = (0, 0.0);
            }
        }
        bodies
    }

    fn by_source(&self) -> String {
        let mut sources: BTreeMap<(&str, bool), Vec<Verdict>> = BTreeMap::new();
        let is_counted = |j: &&Judged| !j.source.is_empty() && matches!(j.tier, Tier::Named | Tier::Clean);
        for judged in self.judged.iter().filter(is_counted) {
            sources.entry((&judged.source, judged.tier == Tier::Clean)).or_default().push(judged.verdict);
        }
        let title = |source: &str, clean| format!("  {source}, {}", if clean { "false" } else { "leak" });
        sources.iter().map(|((source, clean), of)| line(&title(source, *clean), of, *clean)).collect()
    }
}

/// One line of the table: shares of documents in which somebody is found, or nobody is.
fn line(title: &str, verdicts: &[Verdict], found: bool) -> String {
    let percent = |hits: usize| 100.0 * hits as f64 / verdicts.len().max(1) as f64;
    let decided = percent(verdicts.iter().filter(|verdict| verdict.is_named == found).count());
    let by_threshold = |t: &f32| percent(verdicts.iter().filter(|v| (v.score >= *t) == found).count());
    let shares: String = THRESHOLDS.iter().map(|t| format!("{:>7.2}", by_threshold(t))).collect();
    format!("{title:<36}{:>6}{decided:>9.2}{shares}\n", verdicts.len())
}
