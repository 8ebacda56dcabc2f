//! Where the requests of a simulation come from.

use crate::exit::Failed;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use weir_audit::WallTime;
use weir_label::Level;
use weir_simulate::{Arrival, Request, Requests, read_trace};
use weir_store::audit::{Row, for_each_row};

/// The longest trace that is read, uncompressed.
const TRACE_BYTES_MAX: u64 = 1 << 30;
/// What a request without a measured answer is taken to have had.
const OUTPUT_TOKENS_UNKNOWN: u32 = 256;

/// The arrivals in a file, which may be compressed.
pub(super) fn of_file(path: &Path) -> Result<Vec<Arrival>, Failed> {
    let failed =
        |error: &dyn std::error::Error| Failed::check(format!("cannot read {}", path.display()), error);
    let file = File::open(path).map_err(|error| failed(&error))?;
    let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
    let reader: Box<dyn Read> =
        if is_compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut text = String::new();
    reader.take(TRACE_BYTES_MAX).read_to_string(&mut text).map_err(|error| failed(&error))?;
    read_trace(&text).map_err(|error| failed(&error))
}

/// The requests of an audit log: when they came, how long they were, and what level they had.
pub(super) fn of_log(
    log: &Path,
    time: (Option<WallTime>, Option<WallTime>),
    boundary: Level,
    rate: f64,
) -> Result<Requests, Failed> {
    let mut rows: Vec<(u64, Request)> = Vec::new();
    for_each_row(log, time, |row| rows.extend(of_row(&row, boundary)))
        .map_err(|error| Failed::check("cannot read the audit log", &error))?;
    rows.sort_by_key(|(at, _)| *at);
    let first = rows.first().map(|(at, _)| *at);
    let first = first.ok_or_else(|| Failed::Check("there is no such request in the audit log".to_owned()))?;
    let shifted =
        |(at, request): (u64, Request)| Request { at_s: (at - first) as f64 / 1000.0 / rate, ..request };
    Ok(rows.into_iter().map(shifted).collect())
}

/// A request and its time in milliseconds; nothing for its further attempts.
fn of_row(row: &Row, boundary: Level) -> Option<(u64, Request)> {
    if row.decision.attempt != 1 {
        return None;
    }
    let tokens = |count: Option<u64>| count.and_then(|count| u32::try_from(count).ok());
    let measured = row.outcome.as_ref();
    let input = tokens(measured.and_then(|outcome| outcome.tokens_in).or(row.decision.est_tokens_in))?;
    let output = tokens(measured.and_then(|outcome| outcome.tokens_out)).unwrap_or(OUTPUT_TOKENS_UNKNOWN);
    let arrival = Arrival { at_s: 0.0, input_tokens: input, output_tokens: output };
    let is_classified = row.decision.level >= boundary || !row.decision.opaque.is_empty();
    let mut request = Request::new(&arrival, is_classified);
    if let Some(tenant) = &row.decision.tenant {
        request.tenant = Arc::from(tenant.as_str());
    }
    Some((row.ts_wall.unix_ms(), request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn a_trace_is_read_plain_and_compressed() {
        let dir = tempfile::tempdir().unwrap();
        let text = "t_s,input_tokens,output_tokens\n0.5,10,20\n";
        let (plain, compressed) = (dir.path().join("t.csv"), dir.path().join("t.csv.gz"));
        std::fs::write(&plain, text).unwrap();
        let mut encoder = GzEncoder::new(File::create(&compressed).unwrap(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap();
        let expected = [Arrival { at_s: 0.5, input_tokens: 10, output_tokens: 20 }];
        assert_eq!(of_file(&plain).unwrap(), expected);
        assert_eq!(of_file(&compressed).unwrap(), expected);
        let Err(Failed::Check(message)) = of_file(&dir.path().join("no.csv")) else { panic!() };
        assert!(message.contains("no.csv"), "{message}");
    }
}
