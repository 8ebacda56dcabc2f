//! What the dispatcher makes of traces, beside what the best of the others makes of them.

use crate::run::{Done, Failure, GREEN, RED, paint, say, target};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// A trace, how fast it comes, on which servers, and within how many seconds first tokens are wanted.
const SLICES: [(&str, &str, &str, &str); 5] = [
    ("azure2023_conv.csv.gz", "1.0", "l40s-8b", "1"),
    ("azure2023_conv.csv.gz", "1.3", "l40s-8b", "1"),
    ("azure2023_code.csv.gz", "0.5", "l40s-8b", "1"),
    ("mooncake_conversation.csv.gz", "0.8", "h100-8b", "2"),
    ("mooncake_synthetic.csv.gz", "0.8", "h100-8b", "2"),
];
const SEEDS: [&str; 3] = ["1", "2", "3"];
/// The policy to be as good as: it knows the servers' constants, which the dispatcher has to learn.
const RIVAL: &str = "reserve";

/// The mean of a figure over the seeds, of both policies.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pair {
    weir: f64,
    rival: f64,
}

/// A figure, whether more of it is better, and how much worse still counts as equal: what chance moves it by.
const FIGURES: [(&str, bool, f64); 5] = [
    ("first_token_p95_s", false, 0.01),
    ("in_target", true, 0.001),
    ("in_target_classified", true, 0.002),
    ("burst_share", false, 0.0),
    ("usd_per_hour", false, 0.0),
];

/// Simulates every slice and prints each figure beside the rival's.
///
/// # Errors
/// [`Failure`] when the dispatcher is worse in any figure, or a request is lost or leaves that may not.
pub fn run(directory: &Path) -> Done {
    let mut missed = 0;
    let mut text = format!("\n{:<32}{:<24}{:>12}{:>12}\n", "trace", "figure", "weir", RIVAL);
    for (trace, rate, profile, wanted) in SLICES {
        let rows = simulate(&directory.join(trace), rate, profile, wanted)?;
        for (name, more_is_better, slack) in FIGURES {
            let pair = pair(&rows, name)?;
            let is_met = pair.is_met(more_is_better, slack);
            missed += usize::from(!is_met);
            let verdict = if is_met { paint(GREEN, "met") } else { paint(RED, "NOT MET") };
            let slice = format!("{} x{rate}", trace.trim_end_matches(".csv.gz"));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{slice:<32}{name:<24}{:>12.3}{:>12.3}  {verdict}", pair.weir, pair.rival);
        }
    }
    say(&text);
    if missed == 0 { Ok(()) } else { Err(Failure(format!("{missed} figures are worse than {RIVAL}'s"))) }
}

impl Pair {
    fn is_met(self, more_is_better: bool, slack: f64) -> bool {
        if more_is_better { self.weir >= self.rival - slack } else { self.weir <= self.rival + slack }
    }
}

/// The rows of all seeds. The program itself fails when a request is lost or leaves that may not.
fn simulate(trace: &Path, rate: &str, profile: &str, wanted: &str) -> Done<Vec<Value>> {
    let mut rows = Vec::new();
    for seed in SEEDS {
        let mut command = Command::new(target().join("release/weir"));
        command.args(["simulate", "--json", "--small", "4090-1b", "--policy", "weir,reserve"]);
        command.args(["--rate", rate, "--profile", profile, "--target", wanted, "--seed", seed, "--trace"]);
        let output = command.arg(trace).output().map_err(Failure::of("`weir simulate` does not run"))?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(Failure(format!("`weir simulate` on {}: {why}", trace.display())));
        }
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        rows.extend(lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()));
    }
    Ok(rows)
}

fn pair(rows: &[Value], figure: &str) -> Done<Pair> {
    let mean = |policy: &str| {
        let of_policy = rows.iter().filter(|row| row["policy"] == policy);
        let figures: Vec<f64> = of_policy.filter_map(|row| row[figure].as_f64()).collect();
        let sum: f64 = figures.iter().sum();
        if figures.len() == SEEDS.len() {
            Ok(sum / figures.len() as f64)
        } else {
            Err(Failure(format!("`weir simulate` did not tell `{figure}` of {policy}")))
        }
    };
    Ok(Pair { weir: mean("weir")?, rival: mean(RIVAL)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn means_are_compared_and_a_figure_that_is_missing_is_a_failure() {
        let rows: Vec<Value> = [1.0, 2.0, 3.0]
            .into_iter()
            .flat_map(|at| {
                [json!({ "policy": "weir", "p": at }), json!({ "policy": "reserve", "p": at + 1.0 })]
            })
            .collect();
        let pair = pair(&rows, "p").unwrap();
        assert_eq!(pair, Pair { weir: 2.0, rival: 3.0 });
        assert!(pair.is_met(false, 0.0) && !pair.is_met(true, 0.5) && pair.is_met(true, 1.0));
        assert!(super::pair(&rows, "q").unwrap_err().0.contains("`q` of weir"));
    }
}
