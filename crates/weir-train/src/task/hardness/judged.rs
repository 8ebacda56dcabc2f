//! How well difficulty is told of prompts that were not learned from.

use super::{Fits, Row, complexity, length, score};
use crate::task::corpus::{Tried, part};
use crate::task::figures::{apgr, auroc};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// In so many ways subjects are split: which of them are left out together matters as much as the model.
const SPLITS: usize = 4;
/// Into so many parts subjects are split.
const SUBJECT_PARTS: usize = 6;
/// Into so many parts prompts are split.
const PROMPT_PARTS: usize = 5;
/// So many held-out sets are mixed of subjects that are left out whole and of prompts of others.
const MIXTURES: usize = 12;
/// Of the subjects of the yardstick, and of those so many are held out whole.
const SUBJECTS: [usize; 2] = [57, 15];

const BENCHMARKS: [&str; 2] = ["mmlu", "gsm8k"];

/// Of each benchmark the APGR of complexity, that of words, and the AUROC of `weak_fail`.
type Judged = [[f64; 3]; BENCHMARKS.len()];

/// A prompt with its complexity and its probability that the weak model fails.
struct Scored<'r> {
    complexity: f64,
    fail: f64,
    row: &'r Row<'r>,
}

/// Figures on prompts that were not learned from: of subjects that were, of others, and of both together.
pub(super) fn cross_validate(rows: &[Row<'_>]) -> String {
    let seen = in_parts(rows, |row| part(&row.tried.text, PROMPT_PARTS), PROMPT_PARTS);
    let not_seen = (0..SPLITS).map(|split| {
        // The first is that of models before.
        let salt = if split == 0 { String::new() } else { format!("{split} ") };
        judge(&in_parts(
            rows,
            |row| part(&format!("{salt}{}", subject_or_text(row.tried)), SUBJECT_PARTS),
            SUBJECT_PARTS,
        ))
    });
    let not_seen: Vec<Judged> = not_seen.collect();
    let mixtures: Vec<Mixture<'_>> = (0..MIXTURES).map(|choice| Mixture::new(rows, choice)).collect();
    let halves: Vec<Judged> = mixtures.iter().map(|mixture| judge(&mixture.of_half())).collect();
    let parts: Vec<Judged> = mixtures.iter().map(|mixture| judge(&mixture.in_parts())).collect();
    let kinds = [
        ("subjects seen", [judge(&seen)].as_slice()),
        ("not seen, one split", not_seen.get(..1).unwrap_or_default()),
        ("not seen", &not_seen),
        ("mixed, half learned", &halves),
        ("mixed, in parts", &parts),
    ]
    .map(|(kind, judged)| table(kind, judged));
    format!(
        "complexity       sets  benchmark  APGR           words          weak_fail AUROC\n{}",
        kinds.concat()
    )
}

/// The mean of figures over sets, and their standard deviation.
fn table(kind: &str, judged: &[Judged]) -> String {
    let mut out = String::new();
    for (benchmark, name) in BENCHMARKS.into_iter().enumerate() {
        let _ = write!(out, "{kind:20} {:2}  {name:9}", judged.len());
        for figure in 0..3 {
            let figures = judged.iter().filter_map(|judged| judged.get(benchmark)?.get(figure).copied());
            let (mean, deviation) = super::moments(figures);
            let _ = write!(out, "  {mean:.3} +-{deviation:.3}");
        }
        out.push('\n');
    }
    out
}

/// What is left out together: a subject, or of a benchmark of one subject each prompt by itself.
fn subject_or_text(tried: &Tried) -> &str {
    if tried.benchmark == "mmlu" { &tried.subject } else { &tried.text }
}

/// Scores each of `parts` parts by what was learned of the others.
fn in_parts<'r>(rows: &'r [Row<'r>], of: impl Fn(&Row<'_>) -> usize, parts: usize) -> Vec<Scored<'r>> {
    let of_part = |held| {
        let (judged, learned): (Vec<&Row<'_>>, Vec<&Row<'_>>) = rows.iter().partition(|row| of(row) == held);
        scored(&learned, judged)
    };
    (0..parts).flat_map(of_part).collect()
}

fn scored<'r>(learned: &[&Row<'_>], judged: Vec<&'r Row<'r>>) -> Vec<Scored<'r>> {
    let Fits { gain, fail } = Fits::of(learned);
    let scored = |row| Scored { complexity: complexity(&gain, row), fail: score(&fail, row), row };
    judged.into_iter().map(scored).collect()
}

fn judge(scored: &[Scored<'_>]) -> Judged {
    BENCHMARKS.map(|benchmark| {
        let by = |score: fn(&Scored<'_>) -> f64| -> Vec<(f64, &Tried)> {
            let of = scored.iter().filter(|scored| scored.row.tried.benchmark == benchmark);
            of.map(|scored| (score(scored), scored.row.tried)).collect()
        };
        [
            apgr(&by(|scored| scored.complexity)),
            apgr(&by(|scored| length(scored.row))),
            auroc(&by(|scored| scored.fail)),
        ]
    })
}

/// A held-out set like the yardstick's: some subjects whole, and of the others about half of the prompts.
struct Mixture<'r> {
    choice: usize,
    /// Prompts of subjects that are left out whole.
    not_seen: Vec<&'r Row<'r>>,
    /// Prompts of the other subjects that are held out.
    seen: Vec<&'r Row<'r>>,
    /// The rest.
    learned: Vec<&'r Row<'r>>,
}

impl<'r> Mixture<'r> {
    fn new(rows: &'r [Row<'r>], choice: usize) -> Self {
        let is_mmlu = |row: &&Row<'_>| row.tried.benchmark == "mmlu";
        let subjects: BTreeSet<&str> =
            rows.iter().filter(is_mmlu).map(|row| row.tried.subject.as_str()).collect();
        let mut subjects: Vec<&str> = subjects.into_iter().collect();
        subjects.sort_by_key(|subject| part(&format!("mixture {choice} {subject}"), usize::MAX));
        let [of, whole] = SUBJECTS;
        subjects.truncate((subjects.len() * whole + of / 2) / of);
        let (not_seen, others): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
            rows.iter().partition(|row| subjects.contains(&row.tried.subject.as_str()));
        let (seen, learned) =
            others.into_iter().partition(|row| part(&format!("half {choice} {}", row.tried.text), 2) == 0);
        Self { choice, not_seen, seen, learned }
    }

    /// All that is held out, by what was learned of the rest: less than half of what the model in use has learned from.
    fn of_half(&self) -> Vec<Scored<'r>> {
        scored(&self.learned, self.not_seen.iter().chain(&self.seen).copied().collect())
    }

    /// Each part of what is held out of subjects that are seen, by what was learned of all others of these subjects; the
    /// subjects that are not, by what was learned of all that are.
    fn in_parts(&self) -> Vec<Scored<'r>> {
        let of = |row: &Row<'_>| part(&format!("part {} {}", self.choice, row.tried.text), PROMPT_PARTS);
        let all: Vec<&Row<'_>> = self.seen.iter().chain(&self.learned).copied().collect();
        let mut out = scored(&all, self.not_seen.clone());
        for held in 0..PROMPT_PARTS {
            let learned: Vec<&Row<'_>> = all.iter().copied().filter(|row| of(row) != held).collect();
            out.extend(scored(&learned, self.seen.iter().copied().filter(|row| of(row) == held).collect()));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{Mixture, Row, Tried};
    use std::collections::BTreeSet;

    #[test]
    fn a_mixture_holds_subjects_out_whole_and_half_of_the_others() {
        let tried: Vec<Tried> = (0..42 * 50)
            .map(|place| Tried {
                text: format!("question {place}"),
                strong: 1.0,
                weak: 0.0,
                benchmark: "mmlu".to_owned(),
                subject: format!("subject {}", place % 42),
            })
            .collect();
        let rows: Vec<Row<'_>> = tried.iter().map(|tried| Row { tried, terms: vec![0.0] }).collect();
        let subjects = |rows: &[&Row<'_>]| -> BTreeSet<String> {
            rows.iter().map(|row| row.tried.subject.clone()).collect()
        };
        let texts = |rows: &[&Row<'_>]| -> BTreeSet<String> {
            rows.iter().map(|row| row.tried.text.clone()).collect()
        };
        let mixture = Mixture::new(&rows, 1);
        assert_eq!((subjects(&mixture.not_seen).len(), mixture.not_seen.len()), (11, 550));
        assert!(subjects(&mixture.not_seen).is_disjoint(&subjects(&mixture.learned)));
        assert_eq!(subjects(&mixture.seen), subjects(&mixture.learned));
        assert!(texts(&mixture.seen).is_disjoint(&texts(&mixture.learned)));
        assert_eq!(mixture.seen.len() + mixture.learned.len(), 31 * 50);
        assert!((650..900).contains(&mixture.seen.len()), "{}", mixture.seen.len());
        assert_ne!(subjects(&mixture.not_seen), subjects(&Mixture::new(&rows, 2).not_seen));
    }
}
