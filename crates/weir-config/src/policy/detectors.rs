//! Optional detectors from raw to domain values.

use crate::raw::detectors::{RawDetector, RawLlm, RawPresidio};
use crate::report::{Place, Report};
use crate::suggest::suggest;
use crate::yaml::{At, take_or};
use crate::{Backend, BaseUrl, Config, Detector, DetectorKind, DetectorWhen, Score, url};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use weir_classify::EntityType;
use weir_label::ZoneKind;

/// A detector that is right but for its address, which `weir.yaml` has a say in.
pub struct Placed {
    name: Arc<str>,
    kind: DetectorKind,
    when: DetectorWhen,
    timeout: Duration,
    concurrency: NonZeroU32,
    address: Address,
    place: Place,
}

/// Where a detector is, as written.
enum Address {
    Url(BaseUrl),
    Backend(String),
}

/// Types that Presidio's own recognisers report and Weir's do not.
///
/// Source: Presidio's documentation, "PII entities supported by Presidio".
const REPORTED: [&str; 6] = ["DATE_TIME", "NRP", "URL", "AGE", "ID", "TITLE"];

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

/// The types that analyzers report besides those that Weir finds itself.
pub fn reported(raw: &[RawDetector]) -> impl Iterator<Item = EntityType> {
    let analyzers = raw.iter().filter_map(|detector| detector.presidio.as_ref());
    let own = analyzers.clone().flat_map(|analyzer| analyzer.entities.iter().flatten());
    let known = analyzers.take(1).flat_map(|_| REPORTED);
    known.chain(own.map(|written| written.value.as_str())).filter_map(|name| name.parse().ok())
}

/// The detectors with their addresses, which are inside the network; names are checked again when they have
/// been resolved. Without a configuration those of its backends are left out.
pub fn resolve(placed: Vec<Placed>, config: Option<&Config>, report: &mut Report<'_>) -> Vec<Detector> {
    placed.into_iter().filter_map(|placed| placed.resolve(config, report)).collect()
}

impl Placed {
    fn resolve(self, config: Option<&Config>, report: &mut Report<'_>) -> Option<Detector> {
        let Self { name, kind, when, timeout, concurrency, address, place } = self;
        let (url, api_key, ca_pem) = match address {
            Address::Url(url) => {
                check_address(&url, config, place, report);
                (url, None, None)
            }
            Address::Backend(backend) => {
                let backend = local_backend(&backend, config?, place, report)?;
                (backend.url.clone(), backend.api_key.clone(), backend.ca_pem.clone())
            }
        };
        Some(Detector { name, url, api_key, ca_pem, kind, when, timeout, concurrency })
    }
}

fn check_address(url: &BaseUrl, config: Option<&Config>, place: Place, report: &mut Report<'_>) {
    let inside = config.map_or(&[][..], |config| &config.network_inside);
    if !url::may_be_inside(url, inside) {
        report.error(
            place,
            format!("`{}` is outside the network, and a detector gets what may not leave", url.host),
            "run it inside; list its network under `network.inside` if that is your own",
        );
    }
}

fn local_backend<'c>(
    name: &str,
    config: &'c Config,
    place: Place,
    report: &mut Report<'_>,
) -> Option<&'c Backend> {
    let names = || config.backends.iter().map(|backend| &*backend.name);
    let Some(backend) = config.backend(name) else {
        report.error(place, format!("there is no backend `{name}`"), &suggest(name, names()));
        return None;
    };
    if backend.zone == ZoneKind::Cloud {
        report.error(
            place,
            format!("backend `{name}` is outside the network, and a detector gets what may not leave"),
            "name a backend of zone `local`",
        );
        return None;
    }
    Some(backend)
}

fn detector(raw: &RawDetector, report: &mut Report<'_>) -> Option<Placed> {
    let RawDetector { name, url, backend, presidio, llm, when, timeout, concurrency } = raw;
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
    let address = match (url, backend) {
        (Some(url), None) => url::parse(url, report).map(|parsed| (Address::Url(parsed), url.place)),
        (None, Some(backend)) => backend.take(report).map(|name| (Address::Backend(name.0), backend.place)),
        (Some(_), Some(_)) | (None, None) => {
            report.error(name.place, "a detector has either a `url` or a `backend`", "write one of the two");
            None
        }
    };
    let when = take_or(when.as_ref(), DetectorWhen::Always, report);
    let timeout = take_or(timeout.as_ref(), default_timeout, report);
    let concurrency = take_or(concurrency.as_ref(), CONCURRENCY, report);
    let name = name.take(report)?.0.into();
    let (address, place) = address?;
    Some(Placed {
        name,
        kind: kind?,
        when: when?,
        timeout: timeout?,
        concurrency: concurrency?,
        address,
        place,
    })
}

fn presidio(raw: &RawPresidio, report: &mut Report<'_>) -> Option<DetectorKind> {
    let RawPresidio { languages, min_score, entities, ignore } = raw;
    entities.iter().flatten().for_each(|written| drop(entity(written, report)));
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
