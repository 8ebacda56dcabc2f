//! Optional detectors from raw to domain values.

use crate::raw::detectors::{RawDetector, RawLlm, RawPresidio};
use crate::report::{Place, Report};
use crate::yaml::{At, take_or};
use crate::{BaseUrl, Detector, DetectorKind, DetectorWhen, Score, url};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;
use weir_classify::EntityType;

/// A detector, and where its address is written.
pub struct Placed {
    pub detector: Detector,
    pub url: Place,
}

/// Times, places and organisations are everywhere, and say nothing of a person by themselves.
const IGNORED: [&str; 4] = ["DATE_TIME", "LOCATION", "ORGANIZATION", "URL"];
const MIN_SCORE: Score = Score(0.5);
const PRESIDIO_TIMEOUT: Duration = Duration::from_secs(2);
const LLM_TIMEOUT: Duration = Duration::from_secs(10);
const CONCURRENCY: NonZeroU32 = NonZeroU32::MIN.saturating_add(7);

/// Every detector that is right.
pub fn detectors(raw: &[RawDetector], report: &mut Report<'_>) -> Vec<Placed> {
    let mut seen = BTreeSet::new();
    for detector in raw {
        if let Some(name) = detector.name.get().filter(|name| !seen.insert(*name)) {
            let message = format!("there are two detectors `{}`", name.0);
            report.error(detector.name.place, message, "rename one of them");
        }
    }
    raw.iter().filter_map(|raw| detector(raw, report)).collect()
}

/// Reports detectors outside the network; names are checked again when they have been resolved.
pub fn check_addresses(detectors: &[Placed], inside: &[IpNet], report: &mut Report<'_>) {
    for Placed { detector, url } in detectors.iter().filter(|d| !url::may_be_inside(&d.detector.url, inside))
    {
        report.error(
            *url,
            format!("`{}` is outside the network, and a detector gets what may not leave", detector.url.host),
            "run it inside; list its network under `network.inside` if that is your own",
        );
    }
}

fn detector(raw: &RawDetector, report: &mut Report<'_>) -> Option<Placed> {
    let RawDetector { name, url, presidio, llm, when, timeout, concurrency } = raw;
    let kind = match (presidio, llm) {
        (Some(presidio), None) => self::presidio(presidio, report),
        (None, Some(RawLlm { model })) => {
            model.take(report).map(|model| DetectorKind::Llm { model: model.0 })
        }
        (Some(_), Some(_)) | (None, None) => {
            report.error(name.place, "a detector is either `presidio` or `llm`", "write one of the two");
            None
        }
    };
    let default_timeout = if llm.is_some() { LLM_TIMEOUT } else { PRESIDIO_TIMEOUT };
    let base: Option<BaseUrl> = url::parse(url, report);
    let when = take_or(when.as_ref(), DetectorWhen::Always, report);
    let timeout = take_or(timeout.as_ref(), default_timeout, report);
    let concurrency = take_or(concurrency.as_ref(), CONCURRENCY, report);
    let detector = Detector {
        name: name.take(report)?.0.into(),
        url: base?,
        kind: kind?,
        when: when?,
        timeout: timeout?,
        concurrency: concurrency?,
    };
    Some(Placed { detector, url: url.place })
}

fn presidio(raw: &RawPresidio, report: &mut Report<'_>) -> Option<DetectorKind> {
    let RawPresidio { languages, min_score, ignore } = raw;
    let languages = match languages {
        None => vec!["en".to_owned()],
        Some(written) => written.iter().filter_map(|written| language(written, report)).collect(),
    };
    let ignore = match ignore {
        None => IGNORED.iter().filter_map(|name| name.parse().ok()).collect(),
        Some(written) => written.iter().filter_map(|written| entity(written, report)).collect(),
    };
    let min_score = take_or(min_score.as_ref(), MIN_SCORE, report)?;
    (!languages.is_empty()).then_some(DetectorKind::Presidio { languages, min_score, ignore })
}

fn language(At { value, place }: &At<String>, report: &mut Report<'_>) -> Option<String> {
    let well_formed = (2..=3).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_lowercase());
    if !well_formed {
        report.error(*place, format!("`{value}` is no language code"), "write one such as `en` or `de`");
    }
    well_formed.then(|| value.clone())
}

fn entity(At { value, place }: &At<String>, report: &mut Report<'_>) -> Option<EntityType> {
    let parsed = value.parse::<EntityType>();
    parsed.map_err(|error| report.error(*place, error.to_string(), "")).ok()
}
