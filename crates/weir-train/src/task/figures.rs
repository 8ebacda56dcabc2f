//! How well scores do.

use super::corpus::{Prompt, Tried};
use std::fmt::Write as _;
use weir_task::{KINDS, Kind, best};

/// What was said of a prompt.
#[derive(Debug, Clone, Copy)]
pub struct Said<'p> {
    pub prompt: &'p Prompt,
    pub scores: [f32; KINDS],
}

/// The mean over the types of their F1, and the share that is right.
pub fn macro_f1<'s>(said: impl Iterator<Item = &'s Said<'s>>) -> (usize, f64, f64) {
    let mut counts = [[0_u32; 3]; KINDS];
    let (mut all, mut right) = (0, 0_usize);
    for Said { prompt, scores } in said {
        let (kind, ..) = best(scores);
        all += 1;
        right += usize::from(kind == prompt.kind);
        let mut count = |kind: Kind, place: usize| {
            if let Some(count) = counts.get_mut(kind.column()).and_then(|counts| counts.get_mut(place)) {
                *count += 1;
            }
        };
        if kind == prompt.kind {
            count(kind, 0);
        } else {
            count(kind, 1);
            count(prompt.kind, 2);
        }
    }
    let there = counts.iter().filter(|[hit, _, missed]| hit + missed > 0);
    let f1: Vec<f64> =
        there.map(|[hit, wrong, missed]| f64::from(2 * hit) / f64::from(2 * hit + wrong + missed)).collect();
    (all, f1.iter().sum::<f64>() / f1.len().max(1) as f64, right as f64 / all.max(1) as f64)
}

/// A table of how well the task types were told.
pub fn table(said: &[Said<'_>]) -> String {
    let mut out = String::from("task types              n  macro-F1  accuracy\n");
    let mut row = |name: &str, is_in: &dyn Fn(&Prompt) -> bool| {
        let (n, f1, accuracy) = macro_f1(said.iter().filter(|said| is_in(said.prompt)));
        if n > 0 {
            let _ = writeln!(out, "{name:20} {n:4}     {f1:.3}     {accuracy:.3}");
        }
    };
    row("all", &|_| true);
    row("written by people", &|prompt| prompt.is_natural);
    row("not English", &|prompt| prompt.language != "en");
    for source in ["self-instruct", "mt-bench-x", "authored", "p3", "stdlib", "gsm8k", "mmlu"] {
        row(source, &|prompt| prompt.source == source);
    }
    for share in [0.8, 0.6, 0.5] {
        let _ = writeln!(
            out,
            "accuracy of the most confident {:.0} %: {:.3}",
            share * 100.0,
            confident(said, share)
        );
    }
    for kind in Kind::ALL {
        let of =
            |place: fn(&Said<'_>, Kind) -> bool| said.iter().filter(|said| place(said, kind)).count() as f64;
        let hit = of(|said, kind| said.prompt.kind == kind && best(&said.scores).0 == kind);
        let told = of(|said, kind| best(&said.scores).0 == kind);
        let true_ = of(|said, kind| said.prompt.kind == kind);
        let _ = write!(out, "{kind} {:.2}  ", 2.0 * hit / (told + true_).max(1.0));
    }
    out + "\n"
}

/// Of the share of prompts with the largest margin, how many are right.
fn confident(said: &[Said<'_>], share: f64) -> f64 {
    let mut sorted: Vec<(f32, bool)> =
        said.iter().map(|said| (best(&said.scores).2, best(&said.scores).0 == said.prompt.kind)).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let taken = (sorted.len() as f64 * share) as usize;
    sorted.iter().take(taken).filter(|(_, is_right)| *is_right).count() as f64 / taken.max(1) as f64
}

/// The area under the curve of the gain recovered when the share that goes to the strong model grows, by the paper's
/// ten steps. Source: Ong et al., "RouteLLM" (2024).
pub fn apgr(tried: &[(f64, &Tried)]) -> f64 {
    let mut sorted: Vec<_> = tried.iter().collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut sums = vec![0.0];
    for (_, tried) in &sorted {
        sums.push(sums.last().copied().unwrap_or_default() + tried.strong - tried.weak);
    }
    let total = sums.last().copied().unwrap_or_default();
    let at = |tenth: usize| {
        let place = tenth * sorted.len() / 10;
        sums.get(place).copied().unwrap_or_default() / total
    };
    (0..10).map(|tenth| (at(tenth) + at(tenth + 1)) / 20.0).sum()
}

/// The probability that a prompt that the weak model fails has a higher score than one it does not.
pub fn auroc(tried: &[(f64, &Tried)]) -> f64 {
    let mut sorted: Vec<_> = tried.iter().collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins, mut fails) = (0.0, 0.0, 0.0);
    for (_, tried) in sorted {
        if tried.weak == 0.0 {
            fails += 1.0;
            wins += below;
        } else {
            below += 1.0;
        }
    }
    wins / (fails * below)
}
