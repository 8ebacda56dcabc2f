//! Trains the models of `weir-names` and `weir-task` and says how well they do on what they have not seen; brings the
//! vocabularies of `weir-tokens` into their embedded form.
//!
//! The same corpora, lists and seed give the same models.

mod document;
mod lists;
mod random;
mod report;
mod samples;
mod synthetic;
mod task;
mod train;
mod vocabulary;

use clap::Parser;
use document::Document;
use lists::Lists;
use random::Random;
use samples::{Maker, Weights};
use std::path::PathBuf;
use std::process::ExitCode;
use synthetic::Filler;
use train::{Learner, Plan};
use weir_names::{Lexicon, encode_lexicon, encode_model};

/// Trains a model.
#[derive(Debug, Parser)]
enum Command {
    /// Trains the model that finds names.
    Names(Args),
    /// Trains the model that tells task type and complexity.
    Task(task::Args),
    /// Brings a vocabulary into the form in which it is embedded.
    Vocabulary(vocabulary::Args),
}

/// Trains the model that finds names.
#[derive(Debug, Parser)]
struct Args {
    /// The directory of the labelled corpora.
    #[arg(long)]
    corpora: PathBuf,
    /// The word lists that `training/lexicons.py` wrote.
    #[arg(long)]
    lists: PathBuf,
    /// The technical texts that `training/technical.py` wrote.
    #[arg(long)]
    technical: Option<PathBuf>,
    /// Where to write the model; without it the figures are all there is.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Into how many parts to split the documents: each is judged by a model of the others. 0 skips that.
    #[arg(long, default_value_t = 4)]
    folds: usize,
    /// Only the first so many of the parts are judged.
    #[arg(long, default_value_t = usize::MAX)]
    judge: usize,
    /// Where to list the documents that were judged wrongly.
    #[arg(long)]
    misses: Option<PathBuf>,
    /// How often each stretch is learned from.
    #[arg(long, default_value_t = 8)]
    epochs: usize,
    /// The size of the first steps; they shrink to nothing.
    #[arg(long, default_value_t = 0.12)]
    rate: f32,
    /// How many in a hundred features are left out at each visit.
    #[arg(long, default_value_t = 15)]
    dropout: usize,
    /// How often each template is filled.
    #[arg(long, default_value_t = 12)]
    fillings: usize,
    /// How much clean stretches count.
    #[arg(long, default_value_t = 3.0)]
    clean: f32,
    /// How much technical stretches count.
    #[arg(long, default_value_t = 1.0)]
    plain: f32,
    /// How many models to train and to take the mean of: what chance decides differs between them.
    #[arg(long, default_value_t = 3)]
    runs: u64,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Names(args) => run(&args),
        Command::Task(args) => task::run(&args),
        Command::Vocabulary(args) => vocabulary::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&format!("error: {problem}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let lists = Lists::read(&args.lists)?;
    let documents = document::read(&args.corpora)?;
    let technical = args.technical.as_deref().map_or(Ok(Vec::new()), document::read_technical)?;
    let trainer =
        Trainer { args, technical, lexicon: encode_lexicon(lists.lexicon().into_iter()), lists: &lists };
    say(&format!(
        "{} documents; lexicon of {} words, {} bytes",
        documents.len(),
        lists.lexicon().len(),
        trainer.lexicon.len()
    ));
    let mut report = report::Report::default();
    for fold in 0..args.folds.min(args.judge) {
        let (held, rest): (Vec<_>, Vec<_>) =
            documents.iter().cloned().partition(|d| d.fold(args.folds) == fold);
        let model = trainer.model(&rest)?;
        report.judge(&held, &model)?;
        say(&format!("part {} of {} is judged", fold + 1, args.folds));
    }
    if args.folds > 0 {
        say(&report.table());
    }
    if let Some(path) = &args.misses {
        std::fs::write(path, report.misses()).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if let Some(path) = &args.out {
        let model = trainer.model(&documents)?;
        std::fs::write(path, &model).map_err(|error| format!("{}: {error}", path.display()))?;
        say(&format!("{}: {} bytes", path.display(), model.len()));
    }
    Ok(())
}

struct Trainer<'a> {
    args: &'a Args,
    lists: &'a Lists,
    lexicon: Vec<u8>,
    technical: Vec<Document>,
}

impl Trainer<'_> {
    /// The bytes of a model that learned from `documents` and from templates.
    fn model(&self, documents: &[Document]) -> Result<Vec<u8>, String> {
        let Args { epochs, rate, dropout, clean, plain, fillings, seed, runs, .. } = *self.args;
        let lexicon = Lexicon::decode(&self.lexicon).ok_or("the lexicon does not decode")?;
        let mut learned = Vec::new();
        for run in 0..runs {
            let mut random = Random(seed + run);
            let filler = Filler::new(self.lists);
            let own = filler.documents(fillings, &mut random);
            let weights = Weights { clean, technical: plain };
            let mut maker = Maker { lexicon: &lexicon, filler, weights, random };
            let stretches = maker.stretches(documents.iter().chain(&self.technical).chain(&own));
            let mut learner = Learner::new(Plan { epochs, rate, dropout });
            learner.learn(&stretches, &mut maker.random);
            learned.push(learner.weights());
        }
        let (rows, steps) = train::mean(&learned);
        Ok(encode_model(&rows, &steps, self.lists.lexicon().into_iter()))
    }
}

#[expect(clippy::print_stdout, reason = "a tool for developers: its output is for the terminal")]
fn say(line: &str) {
    println!("{line}");
}
