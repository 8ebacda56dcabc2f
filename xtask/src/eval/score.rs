//! Running the scorer, and what it writes.

use super::Set;
use crate::run::{Done, Failure, must, program};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A profile of `weir classify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    Strict,
    Balanced,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Profile::Strict => "strict",
            Profile::Balanced => "balanced",
        }
    }
}

/// Counts of one corpus; the scorer writes more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Score {
    pub bytes: u64,
    pub classified: u64,
    pub leaks: u64,
    pub hard: u64,
    pub hard_leaks: u64,
    pub soft: u64,
    pub soft_leaks: u64,
    pub items_unseen: u64,
    pub clean: u64,
    pub false_local: u64,
    pub invalid: u64,
    pub cpu_s: f64,
    pub mb_per_cpu_s: f64,
}

/// The scores of all runs.
#[derive(Debug, Default)]
pub struct Scores(BTreeMap<(Set, Profile), Score>);

impl Scores {
    pub fn add(&mut self, profile: Profile, scores: Vec<(Set, Score)>) {
        self.0.extend(scores.into_iter().map(|(set, score)| ((set, profile), score)));
    }

    pub fn of(&self, set: Set, profile: Profile) -> Option<&Score> {
        self.0.get(&(set, profile))
    }

    pub fn all(&self) -> impl Iterator<Item = (Set, Profile, &Score)> {
        self.0.iter().map(|((set, profile), score)| (*set, *profile, score))
    }
}

/// Scores some corpora in one profile. The scorer's report and figures go to `reports`.
pub fn run(
    scorer: &Path,
    weir: &Path,
    profile: Profile,
    files: &[&(Set, PathBuf)],
    reports: &Path,
) -> Done<Vec<(Set, Score)>> {
    let (figures, report) = (path(reports, profile, "json"), path(reports, profile, "txt"));
    let empty = reports.join("empty");
    fs::create_dir_all(&empty).map_err(Failure::of(empty.display()))?;
    // In a directory of its own: a policy.yaml of this one would count.
    let classify =
        format!("cd '{}' && '{}' classify --profile {}", empty.display(), weir.display(), profile.name());
    let output = fs::File::create(&report).map_err(Failure::of(report.display()))?;
    let mut command = program("python3", &[]);
    command.arg(scorer).args(["--cmd", &one_core(&classify)]).arg("--json").arg(&figures);
    command.args(files.iter().map(|(_, path)| path)).stdout(output);
    must(&mut command)?;
    let text = fs::read_to_string(&figures).map_err(Failure::of(figures.display()))?;
    parsed(&text, files)
}

fn path(reports: &Path, profile: Profile, extension: &str) -> PathBuf {
    reports.join(profile.name()).with_extension(extension)
}

/// Throughput is that of one core, whatever the scorer's own processes do beside it.
pub fn one_core(command: &str) -> String {
    format!("if command -v taskset >/dev/null; then taskset -c 0 sh -c \"{command}\"; else {command}; fi")
}

fn parsed(text: &str, files: &[&(Set, PathBuf)]) -> Done<Vec<(Set, Score)>> {
    let unexpected =
        |error: serde_json::Error| Failure(format!("the scorer writes something unexpected: {error}"));
    let mut scores: BTreeMap<String, Score> = serde_json::from_str(text).map_err(unexpected)?;
    let taken = files.iter().map(|(set, path)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let missing = || Failure(format!("the scorer has no figures for `{name}`"));
        scores.remove(&*name).map(|score| (*set, score)).ok_or_else(missing)
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = r#"{"A_cases.jsonl": {"docs": 9, "bytes": 1000, "classified": 5, "leaks": 1, "hard": 5,
        "hard_leaks": 1, "soft": 0, "soft_leaks": 0, "items_unseen": 2, "clean": 3, "false_local": 1, "invalid": 0,
        "cpu_s": 0.5, "mb_per_cpu_s": 2.0, "types": {}}}"#;

    #[test]
    fn figures_are_found_by_the_name_of_the_file() {
        let file = (Set::A, PathBuf::from("/somewhere/A_cases.jsonl"));
        let scores = parsed(WRITTEN, &[&file]).unwrap();
        assert_eq!((scores[0].0, scores[0].1.leaks, scores[0].1.items_unseen), (Set::A, 1, 2));
        let other = (Set::B, PathBuf::from("B_sentences.jsonl"));
        assert!(parsed(WRITTEN, &[&other]).unwrap_err().0.contains("B_sentences.jsonl"));
        assert!(parsed("{", &[&file]).is_err());
    }
}
