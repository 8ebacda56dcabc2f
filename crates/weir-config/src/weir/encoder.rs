//! The optional encoder, from raw to domain values.

use super::Reading;
use crate::Encoder;
use crate::raw::encoder::{Margin, RawEncoder};
use crate::yaml::{At, take_or};
use std::num::NonZeroU32;
use std::time::Duration;
use weir_label::ZoneKind;
use weir_policy::{Catalogue, TargetId};
use weir_task::{Head, Model};

const BELOW: Margin = Margin(0.5);
const TIMEOUT: Duration = Duration::from_millis(50);
const CONCURRENCY: NonZeroU32 = NonZeroU32::MIN.saturating_add(7);

/// The encoder, if there is one and it is right; `None` if it is wrong.
pub fn encoder(
    raw: Option<&RawEncoder>,
    catalogue: &Catalogue,
    reading: &mut Reading<'_, '_>,
) -> Option<Option<Encoder>> {
    let Some(RawEncoder { target, head: raw_head, below, timeout, concurrency }) = raw else {
        return Some(None);
    };
    let head = self::head(raw_head, target, reading);
    let below = take_or(below.as_ref(), BELOW, reading.report);
    let timeout = take_or(timeout.as_ref(), TIMEOUT, reading.report);
    let concurrency = take_or(concurrency.as_ref(), CONCURRENCY, reading.report);
    let id = self::target(target, catalogue, reading)?;
    let (head, Margin(below)) = (head?, below?);
    let is_current = Model::embedded().is_ok_and(|model| head.is_of(model.digest()));
    if !is_current {
        let message =
            "the head was fitted to the task model of another version of Weir, and the encoder is not asked";
        reading.report.warning(raw_head.place, message, "fit it again with `weir encoder fit`");
    }
    let encoder = Encoder { target: id, head, below, timeout: timeout?, concurrency: concurrency? };
    Some(is_current.then_some(encoder))
}

/// A target outside would get what may not leave.
fn target(
    At { value, place }: &At<String>,
    catalogue: &Catalogue,
    reading: &mut Reading<'_, '_>,
) -> Option<TargetId> {
    if !reading.names.has_target(value) {
        let help = reading.names.suggest_target(value);
        reading.report.error(*place, format!("there is no target `{value}`"), &help);
    }
    let id = catalogue.target_named(value)?;
    if catalogue.target(id)?.zone() == ZoneKind::Cloud {
        let message = format!("`{value}` is outside the network, and an encoder gets what may not leave");
        reading.report.error(*place, message, "name a target of zone `local`");
        return None;
    }
    Some(id)
}

fn head(written: &At<String>, target: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Head> {
    let At { value: path, place } = written;
    let text = match reading.surroundings.read(path) {
        Ok(text) => text,
        Err(error) => {
            let help = format!(
                "make it with `weir encoder fit --target {} --labelled PROMPTS.jsonl --out {path}` and a configuration \
                 without `encoder`",
                target.value
            );
            reading.report.error(*place, format!("cannot read `{path}`: {error}"), &help);
            return None;
        }
    };
    let head = match Head::parse(&text) {
        Ok(head) => head,
        Err(error) => {
            let help = "make it anew with `weir encoder fit`";
            reading.report.error(*place, format!("`{path}` cannot be used: {error}"), help);
            return None;
        }
    };
    let model = target.value.split_once('/').map_or(target.value.as_str(), |(_, model)| model);
    if head.encoder() != model {
        let message =
            format!("`{path}` is of the encoder `{}`, and `{model}` would be asked", head.encoder());
        let help = "name that target, or make a head for this one with `weir encoder fit`";
        reading.report.error(*place, message, help);
        return None;
    }
    Some(head)
}
