//! The audit log's part, from raw to domain values.

use super::{Reading, export, keep, purpose, witness};
use crate::raw::weir::{RawAudit, RawContent};
use crate::report::Report;
use crate::scalar::Days;
use crate::yaml::take_or;
use crate::{AuditFailure, AuditSettings, Content};
use std::num::NonZeroU32;

/// The settings, if they are right but for witnesses and exports, of which those are taken that are.
pub fn settings(raw: &RawAudit, reading: &mut Reading<'_, '_>) -> Option<AuditSettings> {
    let RawAudit { on_failure, keep, hold, purposes, content, witness, witness_for, export } = raw;
    let report = &mut *reading.report;
    let on_failure = take_or(on_failure.as_ref(), AuditFailure::Refuse, report);
    let keep = keep.as_ref().and_then(|raw| keep::keep(raw, report)).filter(|_| !hold);
    let purposes = purpose::all(purposes, report);
    let content = content.as_ref().map(|raw| self::content(raw, *hold, report));
    let witness_for: Vec<_> = witness_for.iter().map(|key| key.take(report)).collect();
    let witnesses = witness::all(witness, reading);
    let exports = export::all(export, reading);
    Some(AuditSettings {
        on_failure: on_failure?,
        keep,
        purposes: purposes?,
        content: match content {
            Some(content) => Some(content?),
            None => None,
        },
        witnesses,
        exports,
        witness_for: witness_for.into_iter().collect::<Option<_>>()?,
    })
}

fn content(raw: &RawContent, hold: bool, report: &mut Report<'_>) -> Option<Content> {
    const DEFAULT: Days = Days(NonZeroU32::MIN.saturating_add(29));
    let RawContent { key, keep } = raw;
    let (key, keep) = (key.take(report), take_or(keep.as_ref(), DEFAULT, report));
    let keep = keep.map(Days::time);
    Some(Content { key: key?, keep: keep.filter(|_| !hold) })
}
