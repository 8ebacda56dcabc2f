//! `cargo xtask eval --routing`: task types and complexity against labelled prompts.

use super::score;
use crate::run::{Done, Failure, GREEN, RED, must, paint, program, say, target};
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

/// A figure of the scorer and the least it is to be.
const LIMITS: [(&str, &str, f64); 5] = [
    ("task type, macro-F1", "/task/all/macro_f1", 0.74),
    ("  written by people", "/task/natural/macro_f1", 0.66),
    ("  not English", "/task/not_english/macro_f1", 0.67),
    ("complexity, APGR on MMLU", "/complexity/mmlu/apgr", 0.60),
    ("complexity, APGR on GSM8K", "/complexity/gsm8k/apgr", 0.62),
];
const CONFIDENT: f64 = 0.86;
const WEAK_FAIL: f64 = 0.68;

/// Runs the scorer of the prompts with the binary as it is built, and prints each figure beside its limit.
///
/// Prompts that the model was trained on are judged better than others; its model card has the figures of others.
pub fn run(corpora: &Path, reports: &Path) -> Done {
    let (directory, weir) = (corpora.join("routing"), target().join("release/weir"));
    let scorer = directory.join("score_routing.py");
    if !scorer.is_file() {
        return Err(super::absent(&scorer));
    }
    let figures = reports.join("routing.json");
    let command = format!("'{}' classify --task", weir.display());
    let mut python = program("python3", &[]);
    python.arg(&scorer).args(["--cmd", &score::one_core(&command)]).arg("--json").arg(&figures);
    must(&mut python)?;
    let text = fs::read_to_string(&figures).map_err(Failure::of(figures.display()))?;
    let report: Value = serde_json::from_str(&text).map_err(|error| Failure(error.to_string()))?;
    let mut rows: Vec<(&str, Option<f64>, f64)> = LIMITS
        .iter()
        .map(|(name, at, least)| (*name, report.pointer(at).and_then(Value::as_f64), *least))
        .collect();
    let tasks = answered(&weir, &directory.join("tasktype.jsonl"), "text")?;
    rows.push(("accuracy of the most confident 60 %", confident(&tasks), CONFIDENT));
    let tried = answered(&weir, &directory.join("complexity.jsonl"), "prompt")?;
    rows.push(("weak_fail, AUROC on MMLU", auroc(&tried), WEAK_FAIL));
    let missed = rows.iter().filter(|row| !show(row)).count();
    if missed > 0 {
        return Err(Failure(format!("{missed} of {} limits are not kept", rows.len())));
    }
    Ok(())
}

/// Prints a figure; whether it is what it is to be.
fn show((name, figure, least): &(&str, Option<f64>, f64)) -> bool {
    let is_met = figure.is_some_and(|figure| figure >= *least);
    let verdict = if is_met { paint(GREEN, "met") } else { paint(RED, "NOT MET") };
    let figure = figure.map_or("-".to_owned(), |figure| format!("{figure:.3}"));
    say(&format!("{name:<38}at least {least:.2}{figure:>9}  {verdict}"));
    is_met
}

/// The rows of a file with what the binary says of them.
fn answered(weir: &Path, file: &Path, field: &str) -> Done<Vec<(Value, Value)>> {
    let text = fs::read_to_string(file).map_err(Failure::of(file.display()))?;
    let parse = |line: &str| serde_json::from_str::<Value>(line).map_err(|error| Failure(error.to_string()));
    let rows: Vec<Value> = text.lines().map(parse).collect::<Done<_>>()?;
    let asked: String = rows
        .iter()
        .enumerate()
        .map(|(id, row)| format!("{}\n", serde_json::json!({ "id": id, "text": row[field] })))
        .collect();
    let mut child = std::process::Command::new(weir)
        .args(["classify", "--task"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Failure::of(weir.display()))?;
    let stdin = child.stdin.take();
    let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(asked.as_bytes())));
    let output = child.wait_with_output().map_err(Failure::of(weir.display()))?;
    let _ = writer.join();
    let answers: Vec<Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(parse).collect::<Done<_>>()?;
    if answers.len() != rows.len() {
        return Err(Failure(format!("{} answers for {} prompts", answers.len(), rows.len())));
    }
    Ok(rows.into_iter().zip(answers).collect())
}

fn confident(rows: &[(Value, Value)]) -> Option<f64> {
    let mut said: Vec<(f64, bool)> = rows
        .iter()
        .map(|(row, said)| Some((said["margin"].as_f64()?, said["task"] == row["task"])))
        .collect::<Option<_>>()?;
    said.sort_by(|a, b| b.0.total_cmp(&a.0));
    let taken = said.len() * 6 / 10;
    let right = said.iter().take(taken).filter(|(_, is_right)| *is_right).count();
    (taken > 0).then(|| right as f64 / taken as f64)
}

/// How often a prompt that the weak model failed scores higher than one that it did not.
fn auroc(rows: &[(Value, Value)]) -> Option<f64> {
    let of_mmlu = rows.iter().filter(|(row, _)| row["benchmark"] == "mmlu");
    let scored = of_mmlu.map(|(row, said)| Some((said["weak_fail"].as_f64()?, row["weak_correct"] == false)));
    let mut scored: Vec<(f64, bool)> = scored.collect::<Option<_>>()?;
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins, mut fails) = (0.0, 0.0, 0.0);
    for (_, failed) in scored {
        if failed {
            fails += 1.0;
            wins += below;
        } else {
            below += 1.0;
        }
    }
    (fails > 0.0 && below > 0.0).then(|| wins / (fails * below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_most_confident_are_counted() {
        let row =
            |margin: f64, task: &str| (json!({ "task": "math" }), json!({ "margin": margin, "task": task }));
        let rows = [row(0.9, "math"), row(0.1, "chat"), row(0.8, "math"), row(0.7, "chat"), row(0.2, "math")];
        assert_eq!(confident(&rows), Some(2.0 / 3.0));
        assert_eq!(confident(&[]), None);
    }

    #[test]
    fn failures_that_score_higher_are_counted() {
        let row = |score: f64, right: bool| {
            (json!({ "benchmark": "mmlu", "weak_correct": right }), json!({ "weak_fail": score }))
        };
        assert_eq!(auroc(&[row(0.1, true), row(0.9, false)]), Some(1.0));
        assert_eq!(auroc(&[row(0.9, true), row(0.1, false), row(0.95, false)]), Some(0.5));
        assert_eq!(auroc(&[row(0.9, true)]), None);
    }
}
