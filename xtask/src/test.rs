//! `cargo xtask test`: every check, in order.

use crate::run::{BOLD, DIM, Done, Failure, GREEN, RED, paint, say};
use crate::steps::Step;
use clap::ValueEnum as _;
use std::time::{Duration, Instant};

/// Runs every check in order and stops at the first that fails; this is what CI runs.
///
/// Sets up what it needs: cargo-deny is built once into target/tools, Python packages go into
/// target/sdk/python, Node's into tests/sdk/node/node_modules. A Node that is missing or old is installed
/// beside the Python packages; a Python, PostgreSQL or NATS that is missing with apt where that is possible, and
/// otherwise the command that installs it is told. Nothing is skipped silently.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Run this step alone; may be given several times.
    #[arg(long, value_name = "STEP", conflicts_with = "skip")]
    only: Vec<Step>,
    /// Leave this step out; may be given several times.
    #[arg(long, value_name = "STEP")]
    skip: Vec<Step>,
    /// List the steps and what they check.
    #[arg(long)]
    list: bool,
}

const EXAMPLES: &str = "Examples:
  cargo xtask test                            everything
  cargo xtask test --only clippy              one step
  cargo xtask test --skip sdk --skip deny     without what needs the network the first time";

pub fn run(args: &Args) -> Done {
    if args.list {
        list();
        return Ok(());
    }
    let steps = chosen(args);
    let begin = Instant::now();
    for (index, step) in steps.iter().enumerate() {
        let left = steps.get(index + 1..).unwrap_or_default();
        timed(*step).map_err(|Failure(why)| Failure(explained(&why, *step, left)))?;
    }
    say(&paint(GREEN, &format!("{} steps passed in {}", steps.len(), in_words(begin.elapsed()))));
    for skipped in args.skip.iter().map(|step| step.name()) {
        say(&format!("not run, as asked: {skipped}"));
    }
    Ok(())
}

fn list() {
    for step in Step::value_variants() {
        say(&format!("{:<8} {}", step.name(), step.what()));
    }
}

fn chosen(args: &Args) -> Vec<Step> {
    let wanted = |step: &Step| args.only.is_empty() || args.only.contains(step);
    let all = Step::value_variants().iter().copied();
    all.filter(|step| wanted(step) && !args.skip.contains(step)).collect()
}

fn timed(step: Step) -> Done {
    say(&format!("{} {}", paint(BOLD, &format!("== {}:", step.name())), step.what()));
    let begin = Instant::now();
    let done = step.run();
    let took = in_words(begin.elapsed());
    let (colour, word) = if done.is_ok() { (GREEN, "ok") } else { (RED, "FAILED") };
    say(&format!("{} {}", paint(colour, &format!("== {}: {word}", step.name())), paint(DIM, &took)));
    done
}

fn explained(why: &str, step: Step, left: &[Step]) -> String {
    let name = step.name();
    let mut text = format!("step `{name}` failed\n{why}\nagain, alone: cargo xtask test --only {name}");
    if !left.is_empty() {
        let names: Vec<String> = left.iter().map(|step| step.name()).collect();
        text.push_str(&format!("\nnot run: {}", names.join(", ")));
    }
    text
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(only: &[Step], skip: &[Step]) -> Args {
        Args { only: only.to_vec(), skip: skip.to_vec(), list: false }
    }

    #[test]
    fn steps_run_in_their_own_order_whatever_the_order_asked_for() {
        assert_eq!(chosen(&args(&[Step::Clippy, Step::Fmt], &[])), [Step::Fmt, Step::Clippy]);
        let without = chosen(&args(&[], &[Step::Sdk]));
        assert_eq!(without.len(), Step::value_variants().len() - 1);
        assert!(!without.contains(&Step::Sdk));
    }

    #[test]
    fn a_failure_names_the_step_the_reason_the_way_to_repeat_it_and_what_was_not_run() {
        assert_eq!(
            explained("why", Step::Deny, &[Step::Sdk, Step::Fuzz]),
            "step `deny` failed\nwhy\nagain, alone: cargo xtask test --only deny\nnot run: sdk, fuzz"
        );
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(in_words(Duration::from_millis(1260)), "1.3 s");
        assert_eq!(in_words(Duration::from_secs(125)), "2 min 5 s");
    }
}
