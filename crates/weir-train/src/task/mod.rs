//! `weir-train task`: trains the model of `weir-task` and says how well it does on prompts that it has not seen.
//!
//! The same corpora and seed give the same model.

mod corpus;
mod figures;
mod hardness;
mod learn;
mod prompts;
mod ridge;

use crate::random::Random;
use clap::Parser;
use corpus::Prompt;
use figures::Said;
use learn::{Learned, Plan, Sample};
use std::path::PathBuf;
use weir_task::{Features, KINDS, Weights, encode_lexicon, encode_model, features, probabilities};

const LEXICON: &str = include_str!("../../task/lexicon.txt");

/// Trains the model that tells task type and complexity.
#[derive(Debug, Parser)]
pub struct Args {
    /// The directory of `tasktype.jsonl` and `complexity.jsonl`.
    #[arg(long)]
    corpora: PathBuf,
    /// Where to write the model; without it the figures are all there is.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Into how many parts to split the prompts: each is judged by a model of the others. 0 skips that.
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Where to list the prompts that were judged wrongly.
    #[arg(long)]
    misses: Option<PathBuf>,
    /// How often each prompt is learned from.
    #[arg(long, default_value_t = 20)]
    epochs: usize,
    /// The size of the first steps; they shrink to nothing.
    #[arg(long, default_value_t = 0.15)]
    rate: f32,
    /// How many in a hundred features are left out at each visit.
    #[arg(long, default_value_t = 40)]
    dropout: usize,
    /// How fast weights that nothing speaks for shrink.
    #[arg(long, default_value_t = 0.0)]
    decay: f32,
    /// How much of the truth is spread over the other types.
    #[arg(long, default_value_t = 0.05)]
    doubt: f32,
    /// How often each of our own templates is filled.
    #[arg(long, default_value_t = 6)]
    fillings: usize,
    /// How much a prompt of our own templates counts.
    #[arg(long, default_value_t = 0.6)]
    own: f32,
    /// How many models to train and to take the mean of.
    #[arg(long, default_value_t = 3)]
    runs: u64,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Does what the arguments say.
pub fn run(args: &Args) -> Result<(), String> {
    let trainer = Trainer::new(args)?;
    let prompts = trainer.labelled(corpus::prompts(&args.corpora)?)?;
    let own = trainer.labelled(prompts::own(args.fillings, &mut Random(args.seed))?)?;
    crate::say(&format!("{} labelled prompts, {} of our own", prompts.len(), own.len()));
    let mut sharpness = 1.0;
    if args.folds > 0 {
        let said = trainer.cross_validate(&prompts, &own);
        sharpness = best_sharpness(&said);
        crate::say(&figures::table(&said));
        crate::say(&format!("scores are multiplied by {sharpness:.2}"));
        if let Some(path) = &args.misses {
            std::fs::write(path, misses(&said)).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    let tried = corpus::tried(&args.corpora)?;
    let shapes = tried.iter().map(|tried| trainer.features(&tried.text)).collect::<Result<Vec<_>, _>>()?;
    let (hardness, report) = hardness::learn(&tried, &shapes);
    crate::say(&report);
    let Some(path) = &args.out else { return Ok(()) };
    let learned = trainer.learn(prompts.iter().chain(&own));
    let said: Vec<Said<'_>> = prompts.iter().map(|labelled| labelled.said_by(&learned)).collect();
    crate::say(&format!("on what was learned from (P3 was not):\n{}", figures::table(&said)));
    let Learned { rows, numbers, bias, spread } = learned;
    let hardness::Hardness { shape, gain, fail, complexity } = hardness;
    let weights = Weights { scale: 0.0, bias, spread, numbers, sharpness, shape, gain, fail, complexity };
    let model = encode_model(weights, &trainer.table, &rows);
    std::fs::write(path, &model).map_err(|error| format!("{}: {error}", path.display()))?;
    crate::say(&format!("{}: {} bytes", path.display(), model.len()));
    Ok(())
}

struct Trainer<'a> {
    args: &'a Args,
    table: Vec<u8>,
}

impl<'a> Trainer<'a> {
    fn new(args: &'a Args) -> Result<Self, String> {
        let (groups, table) = encode_lexicon(LEXICON)?;
        let is_right = groups.ends_with(&["negated".to_owned(), "roman".to_owned()]);
        is_right
            .then_some(Self { args, table })
            .ok_or_else(|| "the lexicon must end with `negated` and `roman`".to_owned())
    }

    fn features(&self, text: &str) -> Result<Features, String> {
        features(text, &self.table).ok_or_else(|| "the lexicon does not decode".to_owned())
    }

    fn labelled(&self, prompts: Vec<Prompt>) -> Result<Vec<Labelled>, String> {
        let labelled = |prompt: Prompt| Ok(Labelled { features: self.features(&prompt.text)?, prompt });
        prompts.into_iter().map(labelled).collect()
    }

    /// What a model of the other parts says of each prompt.
    fn cross_validate<'p>(&self, prompts: &'p [Labelled], own: &[Labelled]) -> Vec<Said<'p>> {
        let mut said = Vec::new();
        for fold in 0..self.args.folds {
            let (held, rest): (Vec<&Labelled>, Vec<&Labelled>) =
                prompts.iter().partition(|labelled| labelled.prompt.fold(self.args.folds) == fold);
            let learned = self.learn(rest.into_iter().chain(own));
            said.extend(held.into_iter().map(|labelled| labelled.said_by(&learned)));
        }
        said
    }

    /// Learns from what may be learned from.
    fn learn<'p>(&self, prompts: impl Iterator<Item = &'p Labelled>) -> Learned {
        let free: Vec<&Labelled> = prompts.filter(|labelled| labelled.prompt.is_free()).collect();
        let worth = |labelled: &Labelled| if labelled.prompt.source == "own" { self.args.own } else { 1.0 };
        let mut worths = [0.0_f32; KINDS];
        for labelled in &free {
            if let Some(sum) = worths.get_mut(labelled.prompt.kind.column()) {
                *sum += worth(labelled);
            }
        }
        let mean = worths.iter().sum::<f32>() / KINDS as f32;
        let sample = |labelled: &&'p Labelled| {
            let kind = labelled.prompt.kind;
            // Rare types count more, not quite as much as frequent ones together.
            let rarity = worths.get(kind.column()).map_or(1.0, |worth| (mean / worth).sqrt());
            Sample { features: &labelled.features, kind, weight: worth(labelled) * rarity }
        };
        let samples: Vec<Sample<'_>> = free.iter().map(sample).collect();
        let Args { epochs, rate, dropout, decay, doubt, runs, seed, .. } = *self.args;
        learn::learn(&samples, Plan { epochs, rate, dropout, decay, doubt }, runs, seed)
    }
}

/// A prompt with its features.
struct Labelled {
    prompt: Prompt,
    features: Features,
}

impl Labelled {
    fn said_by(&self, learned: &Learned) -> Said<'_> {
        Said { prompt: &self.prompt, scores: learned.judge(&self.features) }
    }
}

/// By what scores are to be multiplied so that probabilities are what they say, on prompts not learned from.
fn best_sharpness(said: &[Said<'_>]) -> f32 {
    let loss = |sharpness: f32| -> f32 {
        let of = |said: &Said<'_>| {
            let odds = probabilities(&said.scores.map(|score| score * sharpness));
            -odds.get(said.prompt.kind.column()).copied().unwrap_or_default().max(1e-9).ln()
        };
        said.iter().map(of).sum()
    };
    let tried = (4..=60).map(|step| step as f32 * 0.05);
    tried.min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(1.0)
}

/// The prompts that were judged wrongly, one a line.
fn misses(said: &[Said<'_>]) -> String {
    let wrong = said.iter().filter(|said| weir_task::best(&said.scores).0 != said.prompt.kind);
    let line = |said: &Said<'_>| {
        let (kind, _, margin) = weir_task::best(&said.scores);
        let Prompt { text, kind: truth, source, language, .. } = said.prompt;
        let text = text.replace('\n', " | ");
        format!("{source} {language} {truth} -> {kind} {margin:.2}: {text}\n")
    };
    wrong.map(line).collect()
}
