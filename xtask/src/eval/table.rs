//! Results as tables.

use super::limits::Row;
use super::score::Scores;
use crate::run::{GREEN, RED, paint};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Every figure beside its limit.
pub fn written(rows: &[Row]) -> String {
    let mut text = format!("\n{:<5}{:<32}{:>9}{:>11}{:>14}\n", "set", "figure", "at most", "measured", "of");
    for row in rows {
        let figure = format!("{} ({})", row.figure, row.profile.name());
        let measured = row.share.percent().map_or("-".to_owned(), |percent| format!("{percent:.2} %"));
        let of = format!("{}/{}", row.share.count, row.share.of);
        let verdict = if row.is_met() { paint(GREEN, "met") } else { paint(RED, "NOT MET") };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<5}{figure:<40}{:>5} %{measured:>10}{of:>12}  {verdict}",
            row.set.letter(),
            row.limit
        );
    }
    text
}

/// Megabytes of text for each second of one core, reading and writing of JSON included.
pub fn throughput(scores: &Scores) -> String {
    let mut text = "throughput on one core, JSON in and out, start-up taken off:\n".to_owned();
    for (set, profile, score) in scores.all() {
        let size = score.bytes as f64 / 1e6;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<5}{:<10}{size:>8.2} MB{:>10.1} MB/s{:>8} invalid answers",
            set.letter(),
            profile.name(),
            score.mb_per_cpu_s,
            score.invalid
        );
    }
    text
}

/// Both for a machine.
pub fn json(rows: &[Row], scores: &Scores) -> Value {
    let row = |row: &Row| {
        json!({
            "set": row.set.letter(), "profile": row.profile.name(), "figure": row.figure, "limit_percent": row.limit,
            "percent": row.share.percent(), "count": row.share.count, "of": row.share.of, "met": row.is_met(),
        })
    };
    let speed = scores.all().map(|(set, profile, score)| {
        json!({
            "set": set.letter(), "profile": profile.name(), "bytes": score.bytes, "cpu_s": score.cpu_s,
            "mb_per_cpu_s": score.mb_per_cpu_s, "invalid": score.invalid,
        })
    });
    json!({ "limits": rows.iter().map(row).collect::<Vec<_>>(), "throughput": speed.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::super::Set;
    use super::super::limits::Share;
    use super::super::score::{Profile, Score};
    use super::*;

    fn row(count: u64) -> Row {
        let share = Share { count, of: 200 };
        Row { set: Set::B, profile: Profile::Strict, figure: "leak, identifiers", limit: 3.0, share }
    }

    #[test]
    fn a_row_says_limit_measure_and_verdict() {
        let table = written(&[row(6), row(7)]);
        let cells =
            |line: usize| table.lines().nth(line).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(cells(2), "B leak, identifiers (strict) 3 % 3.00 % 6/200 met");
        assert_eq!(cells(3), "B leak, identifiers (strict) 3 % 3.50 % 7/200 NOT MET");
    }

    #[test]
    fn the_json_has_the_same() {
        let mut scores = Scores::default();
        let score = Score { bytes: 2_000_000, mb_per_cpu_s: 100.0, ..Score::default() };
        scores.add(Profile::Strict, vec![(Set::B, score)]);
        let json = json(&[row(7)], &scores);
        assert_eq!(json["limits"][0]["met"], false);
        assert_eq!(json["limits"][0]["percent"], 3.5);
        assert_eq!(json["throughput"][0]["mb_per_cpu_s"], 100.0);
        assert!(throughput(&scores).contains("100.0 MB/s"));
    }
}
