//! Workloads, and what is measured of each.

use super::stage::{Stage, Way};
use crate::run::{Done, Failure};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One kind of load.
pub struct Workload {
    pub name: &'static str,
    /// Options of `weir-rig load`.
    pub options: &'static [&'static str],
}

pub fn workloads() -> [Workload; 7] {
    let of = |name, options| Workload { name, options };
    [
        of("200 B, 1 connection", &["--prompt", "200", "--conns", "1"]),
        of("200 B, 16 connections", &["--prompt", "200", "--conns", "16"]),
        of("200 B, 64 connections", &["--prompt", "200", "--conns", "64"]),
        of("4 kB, 16 connections", &["--prompt", "4000", "--conns", "16"]),
        of("40 kB, 16 connections", &["--prompt", "40000", "--conns", "16"]),
        of("stream, 16 connections", &["--prompt", "200", "--conns", "16", "--stream"]),
        of("200 B, 500 per second", &["--prompt", "200", "--rate", "500"]),
    ]
}

/// A workload's results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub workload: &'static str,
    pub direct: Report,
    pub proxy: Report,
    pub gateway: Report,
}

/// What the load generator reports; it writes more fields than are used here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub whole: u64,
    pub flawed: serde_json::Map<String, serde_json::Value>,
    pub rps: f64,
    pub latency_us: Quantiles,
    pub process: Option<Process>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    pub p50: f64,
    pub p99: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Process {
    pub cpu_us_per_request: f64,
    pub rss_kb: u64,
    pub peak_rss_kb: u64,
}

pub fn row(stage: &Stage, workload: &Workload, time: Duration) -> Done<Row> {
    let along = |way| report(&stage.load(way, workload.options, time)?, workload.name);
    Ok(Row {
        workload: workload.name,
        direct: along(Way::Direct)?,
        proxy: along(Way::Proxy)?,
        gateway: along(Way::Gateway)?,
    })
}

/// What the load generator reported; a flawed answer, or none at all, is a failure.
pub fn report(json: &str, workload: &str) -> Done<Report> {
    let report: Report = serde_json::from_str(json)
        .map_err(|error| Failure(format!("`weir-rig load` reports something unexpected: {error}")))?;
    match report.flawed.is_empty() && report.whole > 0 {
        true => Ok(report),
        false => Err(Failure(format!(
            "{workload}: {} answers were whole; these were not: {:?}",
            report.whole, report.flawed
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(whole: u64, flawed: &str) -> String {
        format!(
            r#"{{"whole":{whole},"flawed":{flawed},"seconds":1.0,"rps":5.0,"latency_us":{{"p50":1.0,"p90":1.5,"p99":2.0,"max":3.0}},"first_byte_us":{{}},"process":null}}"#
        )
    }

    #[test]
    fn a_report_with_a_flawed_answer_or_none_at_all_is_a_failure() {
        assert_eq!(report(&json(5, "{}"), "w").unwrap().latency_us, Quantiles { p50: 1.0, p99: 2.0 });
        let failure = report(&json(5, r#"{"status 502":3}"#), "w").unwrap_err();
        assert!(failure.0.contains("status 502"), "{}", failure.0);
        assert!(report(&json(0, "{}"), "w").is_err());
        assert!(report("[]", "w").is_err());
    }
}
