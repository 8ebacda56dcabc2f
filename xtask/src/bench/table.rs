//! Results as a table.

use super::measure::{Report, Row};
use std::fmt::Write as _;

/// The table, with a line that says what its columns are.
pub fn written(rows: &[Row]) -> String {
    let mut text = format!(
        "\n{:<24}{:>9}{:>9}{:>9} |{:>8}{:>8}{:>7} |{:>8}{:>8}{:>8}{:>8} |{:>7}{:>7}\n",
        "",
        "req/s",
        "proxy",
        "direct",
        "CPU µs",
        "proxy",
        "ratio",
        "+p50 µs",
        "proxy",
        "+p99 µs",
        "proxy",
        "RSS MB",
        "peak"
    );
    for row in rows {
        // Writing to a string cannot fail.
        let _ = write_row(&mut text, row);
    }
    text.push_str(
        "\n+p50, +p99: latency added to that of the backend alone; proxy: the bare proxy in the same place",
    );
    text
}

fn write_row(text: &mut String, row: &Row) -> std::fmt::Result {
    let Row { workload, direct, proxy, gateway } = row;
    let added = |report: &Report, at: fn(&Report) -> f64| at(report) - at(direct);
    let (p50, p99) = (|report: &Report| report.latency_us.p50, |report: &Report| report.latency_us.p99);
    write!(text, "{workload:<24}{:>9.0}{:>9.0}{:>9.0} |", gateway.rps, proxy.rps, direct.rps)?;
    write!(text, "{:>8.1}{:>8.1}{:>7.2} |", cpu(gateway), cpu(proxy), cpu(gateway) / cpu(proxy))?;
    write!(text, "{:>8.0}{:>8.0}", added(gateway, p50), added(proxy, p50))?;
    write!(text, "{:>8.0}{:>8.0} |", added(gateway, p99), added(proxy, p99))?;
    let memory = gateway.process.map_or((0, 0), |process| (process.rss_kb, process.peak_rss_kb));
    writeln!(text, "{:>7.1}{:>7.1}", megabytes(memory.0), megabytes(memory.1))
}

/// CPU time per request in microseconds; not a number where the system does not tell.
fn cpu(report: &Report) -> f64 {
    report.process.map_or(f64::NAN, |process| process.cpu_us_per_request)
}

fn megabytes(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::super::measure::{Process, Quantiles};
    use super::*;

    fn report(rps: f64, p50: f64, cpu: f64) -> Report {
        Report {
            whole: 1,
            flawed: serde_json::Map::new(),
            rps,
            latency_us: Quantiles { p50, p99: 2.0 * p50 },
            process: Some(Process { cpu_us_per_request: cpu, rss_kb: 20 * 1024, peak_rss_kb: 21 * 1024 }),
        }
    }

    #[test]
    fn latency_is_what_is_added_to_the_backend_and_cpu_is_compared_with_the_proxy() {
        let row = Row {
            workload: "w",
            direct: report(9000.0, 100.0, 10.0),
            proxy: report(5000.0, 150.0, 40.0),
            gateway: report(4000.0, 180.0, 70.0),
        };
        let table = written(&[row]);
        let line = table.lines().find(|line| line.starts_with("w ")).unwrap();
        let cells: Vec<&str> = line.split_whitespace().collect();
        let expected = "w 4000 5000 9000 | 70.0 40.0 1.75 | 80 50 160 100 | 20.0 21.0";
        assert_eq!(cells.join(" "), expected);
    }

    #[test]
    fn a_row_is_as_wide_as_the_heading() {
        let row = Row {
            workload: "stream, 16 connections",
            direct: report(9000.0, 100.0, 10.0),
            proxy: report(5000.0, 150.0, 40.0),
            gateway: report(4000.0, 180.0, 70.0),
        };
        let table = written(&[row]);
        let widths: Vec<usize> = table.lines().skip(1).take(2).map(|line| line.chars().count()).collect();
        assert_eq!(widths[0], widths[1]);
    }
}
