//! Extractors from raw to domain values.

use crate::Extractor;
use crate::raw::extractors::RawExtractor;
use crate::report::Report;
use crate::scalar::ByteSize;
use crate::yaml::{At, take_or};
use std::collections::BTreeSet;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);
const BYTES_MAX: ByteSize = ByteSize(16 << 20);

/// Every extractor that is right.
pub fn extractors(raw: &[RawExtractor], report: &mut Report<'_>) -> Vec<Extractor> {
    let mut covered = BTreeSet::new();
    for written in raw.iter().flat_map(|extractor| &extractor.types.value) {
        if !covered.insert(written.value.to_ascii_lowercase()) {
            let message = format!("two extractors cover `{}`", written.value);
            report.error(written.place, message, "leave it to one of them");
        }
    }
    raw.iter().filter_map(|raw| extractor(raw, report)).collect()
}

fn extractor(raw: &RawExtractor, report: &mut Report<'_>) -> Option<Extractor> {
    let RawExtractor { types, command, timeout, max_bytes } = raw;
    let parsed: Vec<Option<String>> = types.value.iter().map(|written| media_type(written, report)).collect();
    if parsed.is_empty() {
        report.error(types.place, "the extractor covers no type", "list one such as `application/pdf`");
    }
    let mut words = command.value.iter().map(|word| word.value.clone());
    let program = words.next().filter(|program| !program.is_empty());
    if program.is_none() {
        report.error(
            command.place,
            "the command is empty",
            "write program and arguments: `[pdftotext, \"-\", \"-\"]`",
        );
    }
    let timeout = take_or(timeout.as_ref(), TIMEOUT, report);
    let bytes_max = take_or(max_bytes.as_ref(), BYTES_MAX, report);
    let types: Vec<String> = parsed.into_iter().collect::<Option<_>>()?;
    Some(Extractor {
        types: Some(types).filter(|types| !types.is_empty())?,
        program: program?,
        arguments: words.collect(),
        timeout: timeout?,
        bytes_max: bytes_max?.0,
    })
}

fn media_type(At { value, place }: &At<String>, report: &mut Report<'_>) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
    let part = |part: &str| !part.is_empty() && part.bytes().all(allowed);
    let well_formed = value.split_once('/').is_some_and(|(kind, name)| part(kind) && part(name));
    if !well_formed {
        report.error(
            *place,
            format!("`{value}` is no media type"),
            "write one such as `application/pdf`, no `*`",
        );
    }
    well_formed.then(|| value.to_ascii_lowercase())
}
