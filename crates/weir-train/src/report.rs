//! How well a model does on documents that it has not seen.

use crate::document::{Corpus, Document, Tier};
use crate::random::Random;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use weir_names::{Kind, Model};

const THRESHOLDS: &[f32] = &[0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98];
/// The mean size of a body with context.
const BODY_BYTES: usize = 5400;
/// Below that nothing is reported at all.
const FLOOR: f32 = 0.02;
/// The threshold at which wrongly judged documents are listed.
const LISTED_AT: f32 = 0.5;

/// The best score of a person's name in each judged document.
#[derive(Default)]
pub struct Report {
    judged: Vec<Judged>,
    misses: String,
    clean_bytes: usize,
    /// False names in clean texts by score.
    clean_scores: Vec<f32>,
}

struct Judged {
    corpus: Corpus,
    tier: Tier,
    source: String,
    score: f32,
    bytes: usize,
}

impl Report {
    /// Judges documents with a model that was trained on others.
    pub fn judge(&mut self, documents: &[Document], model: &[u8]) -> Result<(), String> {
        let model = Model::load(model).map_err(|error| error.to_string())?;
        for document in documents {
            let mut best = (0.0_f32, "");
            let _done = model.find(&document.text, None, &[FLOOR, 1.1, 1.1, 1.1], &mut |name| {
                if name.kind == Kind::Person {
                    let text = document.text.get(name.start..name.end).unwrap_or_default();
                    if name.score > best.0 {
                        best = (name.score, text);
                    }
                    if document.corpus == Corpus::Clean && document.tier == Tier::Clean {
                        self.clean_scores.push(name.score);
                    }
                }
                ControlFlow::Continue(())
            });
            if document.corpus == Corpus::Clean && document.tier == Tier::Clean {
                self.clean_bytes += document.text.len();
            }
            self.note(document, best);
        }
        Ok(())
    }

    fn note(&mut self, document: &Document, (score, name): (f32, &str)) {
        let Document { corpus, tier, id, text, names, group, .. } = document;
        let missed = *tier == Tier::Named && score < LISTED_AT;
        let invented = *tier == Tier::Clean && score >= 0.3;
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
                "{corpus:?}\t{}\t{score:.2}\t{id}\t{name}\t{named:?}\t{around:?}",
                if missed { "missed" } else { "invented" }
            );
        }
        let source = group
            .rsplit_once(' ')
            .map_or("", |(source, _)| source)
            .split('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        self.judged.push(Judged { corpus: *corpus, tier: *tier, source, score, bytes: text.len() });
    }

    /// What was judged wrongly, for looking at.
    pub fn misses(&self) -> &str {
        &self.misses
    }

    /// Shares of documents by threshold.
    pub fn table(&self) -> String {
        let mut out = String::from("\nDocuments judged by models that have not seen them, by threshold\n");
        let _ = writeln!(
            out,
            "{:<34}{:>6}{}",
            "",
            "n",
            THRESHOLDS.iter().map(|t| format!("{t:>8}")).collect::<String>()
        );
        for (title, corpus, tier, found) in [
            ("sentences, leak %", Corpus::Sentences, Tier::Named, false),
            ("judgments, leak %", Corpus::Judgments, Tier::Named, false),
            ("english, leak %", Corpus::English, Tier::Named, false),
            ("english clean, false %", Corpus::English, Tier::Clean, true),
            ("clean, false %", Corpus::Clean, Tier::Clean, true),
            ("names-only, found %", Corpus::Clean, Tier::Unlabelled, true),
        ] {
            let scores: Vec<f32> = self
                .judged
                .iter()
                .filter(|j| j.corpus == corpus && j.tier == tier)
                .map(|j| j.score)
                .collect();
            let _ = writeln!(out, "{title:<34}{:>6}{}", scores.len(), shares(&scores, found));
        }
        let per_mb = |t: &f32| {
            self.clean_scores.iter().filter(|s| *s >= t).count() as f64 / self.clean_bytes.max(1) as f64 * 1e6
        };
        let row: String = THRESHOLDS.iter().map(|t| format!("{:>8.1}", per_mb(t))).collect();
        let _ = writeln!(out, "{:<40}{row}", "clean, false names a MB");
        let bodies = self.bodies();
        let _ = writeln!(
            out,
            "{:<34}{:>6}{}",
            "clean in bodies of 5.4 kB, false %",
            bodies.len(),
            shares(&bodies, true)
        );
        out + &self.by_source()
    }

    /// The best scores in bodies that are put together of clean documents.
    fn bodies(&self) -> Vec<f32> {
        let mut clean: Vec<&Judged> =
            self.judged.iter().filter(|j| j.corpus == Corpus::Clean && j.tier == Tier::Clean).collect();
        Random(1).shuffle(&mut clean);
        let mut bodies = Vec::new();
        let (mut bytes, mut best) = (0, 0.0_f32);
        for judged in clean {
            bytes += judged.bytes;
            best = best.max(judged.score);
            if bytes >= BODY_BYTES {
                bodies.push(best);
                (bytes, best) = (0, 0.0);
            }
        }
        bodies
    }

    fn by_source(&self) -> String {
        let mut sources: BTreeMap<(&str, bool), Vec<f32>> = BTreeMap::new();
        for j in
            self.judged.iter().filter(|j| !j.source.is_empty() && matches!(j.tier, Tier::Named | Tier::Clean))
        {
            sources.entry((&j.source, j.tier == Tier::Clean)).or_default().push(j.score);
        }
        let line = |((source, clean), scores): (&(&str, bool), &Vec<f32>)| {
            format!(
                "{:<34}{:>6}{}\n",
                format!("  {source}{}", if *clean { ", false" } else { ", leak" }),
                scores.len(),
                shares(scores, *clean)
            )
        };
        sources.iter().map(line).collect()
    }
}

fn shares(scores: &[f32], found: bool) -> String {
    let share = |t: &f32| {
        let hits = scores.iter().filter(|s| (*s >= t) == found).count();
        format!("{:>8.2}", 100.0 * hits as f64 / scores.len().max(1) as f64)
    };
    THRESHOLDS.iter().map(share).collect()
}
