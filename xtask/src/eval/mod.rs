//! `cargo xtask eval`: classification against labelled corpora, beside the limits it is to keep.

mod limits;
mod routing;
mod score;
mod table;
mod traces;

use crate::run::{Done, Failure, cargo, must, root, say, target};
use clap::ValueEnum;
use limits::rows;
use score::{Profile, Scores};
use std::fs;
use std::path::{Path, PathBuf};

/// Measures the release build's classification on labelled corpora.
///
/// Builds `weir`, runs the scorer of the corpora with `weir classify` as the classifier, every set in the
/// strict profile and F and G in the balanced one too, and prints each figure beside its limit, and the
/// throughput on one core. The corpora are no part of this repository.
///
/// Fails when a limit is not kept.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The directory with the corpora and score.py.
    #[arg(long, value_name = "DIR", default_value = "../shared/corpora")]
    corpora: PathBuf,
    /// Only these sets.
    #[arg(long, value_name = "SETS", value_delimiter = ',')]
    sets: Vec<Set>,
    /// Task types and complexity instead: the prompts in `routing` of the corpora.
    #[arg(long, conflicts_with = "sets")]
    routing: bool,
    /// Instead: simulate the dispatcher over the traces in this directory, beside the best of the others.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["sets", "json"])]
    traces: Option<PathBuf>,
    /// Write the figures into this file too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the scorer's own reports go: what leaked by type, position and source.
    #[arg(long, value_name = "DIR", default_value = "target/eval")]
    reports: PathBuf,
}

/// One corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum Set {
    /// Recogniser cases
    A,
    /// Sentences
    B,
    /// Court judgments
    C,
    /// Tweets, web, filings
    D,
    /// Secrets
    E,
    /// Clean texts
    F,
    /// Request bodies
    G,
    /// Evasions
    H,
}

impl Set {
    fn letter(self) -> String {
        format!("{self:?}")
    }
}

pub fn run(args: &Args) -> Done {
    if let Some(directory) = &args.traces {
        must(&mut cargo(&["build", "--release", "--package", "weir"]))?;
        return traces::run(&root().join(directory));
    }
    let corpora = root().join(&args.corpora);
    let reports = root().join(&args.reports);
    if args.routing {
        must(&mut cargo(&["build", "--release", "--package", "weir"]))?;
        fs::create_dir_all(&reports).map_err(Failure::of(reports.display()))?;
        return routing::run(&corpora, &reports);
    }
    let scorer = corpora.join("score.py");
    if !scorer.is_file() {
        return Err(absent(&scorer));
    }
    let files = files(&corpora, &args.sets)?;
    must(&mut cargo(&["build", "--release", "--package", "weir"]))?;
    fs::create_dir_all(&reports).map_err(Failure::of(reports.display()))?;
    let scores = measure(&scorer, &files, &reports)?;
    let rows = rows(&scores);
    say(&table::written(&rows));
    say(&table::throughput(&scores));
    say(&format!("the scorer's reports: {}", reports.display()));
    if let Some(path) = &args.json {
        let text = table::json(&rows, &scores).to_string() + "\n";
        fs::write(path, text).map_err(Failure::of(path.display()))?;
    }
    match rows.iter().filter(|row| !row.is_met()).count() {
        0 => Ok(()),
        missed => Err(Failure(format!("{missed} of {} limits are not kept", rows.len()))),
    }
}

fn absent(scorer: &Path) -> Failure {
    Failure(format!(
        "there is no `{}`: the labelled corpora are no part of this repository; name their directory with \
         `--corpora DIR` (`cargo xtask test` does not need them)",
        scorer.display()
    ))
}

/// The corpora asked for; a set's file begins with its letter.
fn files(corpora: &Path, wanted: &[Set]) -> Done<Vec<(Set, PathBuf)>> {
    let names = fs::read_dir(corpora).map_err(Failure::of(corpora.display()))?;
    let paths: Vec<PathBuf> = names.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let of = |set: Set| {
        let prefix = set.letter() + "_";
        let is_of = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&prefix) && name.ends_with(".jsonl")
        };
        let path = paths.iter().find(is_of).cloned();
        let missing = || Failure(format!("there is no `{prefix}*.jsonl` in `{}`", corpora.display()));
        path.map(|path| (set, path)).ok_or_else(missing)
    };
    let all = Set::value_variants().iter().filter(|set| wanted.is_empty() || wanted.contains(set));
    all.copied().map(of).collect()
}

fn measure(scorer: &Path, files: &[(Set, PathBuf)], reports: &Path) -> Done<Scores> {
    let weir = target().join("release/weir");
    let mut scores = Scores::default();
    for profile in [Profile::Strict, Profile::Balanced] {
        let files: Vec<&(Set, PathBuf)> =
            files.iter().filter(|(set, _)| profile == Profile::Strict || limits::is_balanced(*set)).collect();
        if !files.is_empty() {
            scores.add(profile, score::run(scorer, &weir, profile, &files, reports)?);
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corpora_that_are_absent_are_told_with_a_remedy() {
        let args = Args {
            corpora: PathBuf::from("no/such/directory"),
            sets: Vec::new(),
            routing: false,
            traces: None,
            json: None,
            reports: PathBuf::from("target/eval"),
        };
        let failure = run(&args).unwrap_err();
        assert!(failure.0.contains("no/such/directory/score.py"), "{}", failure.0);
        assert!(failure.0.contains("--corpora DIR"), "{}", failure.0);
    }

    #[test]
    fn a_set_is_found_by_its_letter() {
        let dir = target().join("xtask-test-eval");
        fs::create_dir_all(&dir).unwrap();
        for name in ["A_cases.jsonl", "E_secrets.jsonl", "E_secrets.txt"] {
            fs::write(dir.join(name), "").unwrap();
        }
        let found = files(&dir, &[Set::E, Set::A]).unwrap();
        assert_eq!(found, [(Set::A, dir.join("A_cases.jsonl")), (Set::E, dir.join("E_secrets.jsonl"))]);
        assert!(files(&dir, &[Set::B]).unwrap_err().0.contains("`B_*.jsonl`"));
    }
}
