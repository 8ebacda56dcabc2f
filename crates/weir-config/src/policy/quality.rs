//! How good answers must be, from raw to domain values.

use crate::Budget;
use crate::raw::quality::{LogProb, RawCascade, RawChecks, RawEvaluation};
use crate::report::Report;
use crate::scalar::ByteSize;
use crate::suggest::suggest;
use crate::weir::money;
use crate::yaml::{At, take_or};
use std::num::NonZeroU32;
use weir_label::ZoneKind;
use weir_policy::{Cascade, Catalogue, TargetId, Words};

const PER_HOUR: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// No answer above this is held back for being checked.
const BUFFER_BYTES_MAX: u32 = 8 * 1024 * 1024;

/// A share of the requests that may run in both zones is answered by both, and the answers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluation {
    /// The share, in percent.
    pub percent: u8,
    /// The local target that compares.
    pub judge: TargetId,
    /// The most in an hour.
    pub per_hour: NonZeroU32,
    /// What they may cost.
    pub budget: Budget,
}

/// What `cascade` of a rule means; `None` when it is wrong.
pub fn cascade(written: Option<&At<RawCascade>>, report: &mut Report<'_>) -> Option<Option<Cascade>> {
    match written.map(|written| &written.value) {
        None | Some(RawCascade::Plain(false)) => Some(None),
        Some(RawCascade::Plain(true)) => Some(Some(Cascade::default())),
        Some(RawCascade::Of(checks)) => self::checks(checks, report).map(Some),
    }
}

fn checks(raw: &RawChecks, report: &mut Report<'_>) -> Option<Cascade> {
    let RawChecks { checks, logprob, buffer, streams } = raw;
    let checks = match checks {
        None => Some(Words::all()),
        Some(written) => {
            if written.value.is_empty() && logprob.is_none() {
                report.error(written.place, "`checks` has no check", "leave it out for all of them");
            }
            written.value.iter().map(|check| check.take(report)).collect()
        }
    };
    let logprob_millinats = match logprob {
        Some(logprob) => Some(logprob.take(report).map(|LogProb(millinats)| millinats)?),
        None => None,
    };
    let default = ByteSize(Cascade::DEFAULT_BUFFER_BYTES as usize);
    let ByteSize(buffer_bytes) = take_or(buffer.as_ref(), default, report)?;
    let buffer_bytes = u32::try_from(buffer_bytes).ok().filter(|bytes| *bytes <= BUFFER_BYTES_MAX);
    if let (None, Some(buffer)) = (buffer_bytes, buffer) {
        report.error(buffer.place, "no more than 8MiB of an answer are held back", "write `8MiB` or less");
    }
    Some(Cascade { checks: checks?, logprob_millinats, buffer_bytes: buffer_bytes?, streams: *streams })
}

/// What `evaluate` means. Without the configuration (`is_whole`), the judge is taken on trust and left out.
pub fn evaluation(
    raw: Option<&At<RawEvaluation>>,
    catalogue: &Catalogue,
    is_whole: bool,
    report: &mut Report<'_>,
) -> Option<Evaluation> {
    let RawEvaluation { share, judge, per_hour, budget } = &raw?.value;
    let share = share.take(report);
    let per_hour = take_or(per_hour.as_ref(), PER_HOUR, report);
    let budget = money::budget(budget, report);
    let found = catalogue.target_named(&judge.value);
    let zone = found.and_then(|id| catalogue.target(id)).map(|target| target.zone());
    match zone {
        None if !is_whole => return None,
        None => {
            let names: Vec<&str> = catalogue.targets().map(|(_, target)| &*target.name).collect();
            let help = suggest(&judge.value, names);
            report.error(judge.place, format!("`{}` is no target", judge.value), &help);
        }
        Some(ZoneKind::Cloud) => {
            let message =
                format!("`{}` is in the cloud, and what it would compare stays inside", judge.value);
            report.error(judge.place, message, "name a local target");
        }
        Some(ZoneKind::Local) => {}
    }
    let judge = found.filter(|_| zone == Some(ZoneKind::Local));
    Some(Evaluation { percent: share?.0, judge: judge?, per_hour: per_hour?, budget: budget? })
}
