use super::Flaw;
use super::process::Use;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What came of a load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Answers that were whole.
    pub whole: u64,
    /// Answers that were not, by what was wrong.
    pub flawed: BTreeMap<String, u64>,
    /// From the first request to the end of the last answer.
    pub seconds: f64,
    /// Whole answers per second.
    pub rps: f64,
    /// To the end of an answer, in microseconds.
    pub latency_us: Quantiles,
    /// To the first byte of an answer's body, in microseconds.
    pub first_byte_us: Quantiles,
    /// The measured process.
    pub process: Option<Process>,
}

/// Quantiles of whole answers' times.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Quantiles {
    /// Half were faster.
    pub p50: f64,
    /// Nine of ten were faster.
    pub p90: f64,
    /// Of a hundred, one was slower.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

/// What the measured process and its descendants took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Process {
    /// CPU time for each answer, whole or not, in microseconds; the clock ticks in hundredths of a second.
    pub cpu_us_per_request: f64,
    /// Resident memory at the end.
    pub rss_kb: u64,
    /// The most it ever was, since the process began.
    pub peak_rss_kb: u64,
}

/// One answer's times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) first_byte: Duration,
    pub(super) last_byte: Duration,
}

/// Adds up answers.
#[derive(Debug, Default)]
pub(super) struct Tally {
    times: Vec<Times>,
    flaws: BTreeMap<Flaw, u64>,
}

impl Tally {
    pub(super) fn add(&mut self, answer: Result<Times, Flaw>) {
        match answer {
            Ok(times) => self.times.push(times),
            Err(flaw) => *self.flaws.entry(flaw).or_default() += 1,
        }
    }

    pub(super) fn report(self, took: Duration, usage: Option<(Use, Use)>) -> Report {
        let whole = u64::try_from(self.times.len()).unwrap_or(u64::MAX);
        let answers = whole + self.flaws.values().sum::<u64>();
        Report {
            whole,
            flawed: self.flaws.iter().map(|(flaw, count)| (flaw.to_string(), *count)).collect(),
            seconds: took.as_secs_f64(),
            rps: ratio(whole as f64, took.as_secs_f64()),
            latency_us: Quantiles::of(self.times.iter().map(|times| times.last_byte)),
            first_byte_us: Quantiles::of(self.times.iter().map(|times| times.first_byte)),
            process: usage.map(|(before, after)| Process::between(before, after, answers)),
        }
    }
}

impl Quantiles {
    fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut sorted: Vec<Duration> = times.collect();
        sorted.sort_unstable();
        let at = |percent: usize| micros(nearest_rank(&sorted, percent));
        Self { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
    }
}

/// The smallest time that at least `percent` of all are not above; zero of none.
fn nearest_rank(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or_default()
}

impl Process {
    fn between(before: Use, after: Use, answers: u64) -> Self {
        let cpu = after.cpu.saturating_sub(before.cpu);
        Self {
            cpu_us_per_request: ratio(micros(cpu), answers as f64),
            rss_kb: after.resident_kb,
            peak_rss_kb: after.peak_kb,
        }
    }
}

/// In microseconds, to a tenth.
fn micros(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e7).round() / 10.0
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "whole answers      {} in {:.2} s, {:.0} per second",
            self.whole, self.seconds, self.rps
        )?;
        for (flaw, count) in &self.flawed {
            writeln!(f, "FLAWED             {count} × {flaw}")?;
        }
        writeln!(f, "latency            {}", self.latency_us)?;
        writeln!(f, "first byte         {}", self.first_byte_us)?;
        let Some(process) = self.process else { return Ok(()) };
        writeln!(f, "CPU per request    {:.1} µs", process.cpu_us_per_request)?;
        writeln!(f, "resident memory    {} kB, peak {} kB", process.rss_kb, process.peak_rss_kb)
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p90, p99, max } = self;
        write!(f, "p50 {p50:.0} µs, p90 {p90:.0} µs, p99 {p99:.0} µs, max {max:.0} µs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let quantiles = Quantiles::of((1..=200).rev().map(Duration::from_micros));
        assert_eq!(quantiles, Quantiles { p50: 100.0, p90: 180.0, p99: 198.0, max: 200.0 });
        assert_eq!(Quantiles::of(std::iter::empty()), Quantiles::default());
    }

    #[test]
    fn cpu_time_is_shared_among_all_answers() {
        let at = |ms| Use { cpu: Duration::from_millis(ms), ..Use::default() };
        assert_eq!(Process::between(at(100), at(120), 1000).cpu_us_per_request, 20.0);
        assert_eq!(Process::between(at(100), at(120), 0).cpu_us_per_request, 0.0);
    }
}
