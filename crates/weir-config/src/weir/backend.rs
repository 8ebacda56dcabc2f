use super::{Reading, credential, money, quality, tokenizer};
use crate::hardware::Hardware;
use crate::raw::weir::{RawBackend, RawModel, RawTimeouts, RawWeir};
use crate::report::{Place, Report};
use crate::scalar::{MicroUsd, ModelName, Name};
use crate::yaml::{At, Field, take_or};
use crate::{Backend, BackendApi, Concurrency, Config, Model, ModelCard, Timeouts, url};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use weir_label::{Jurisdiction, Level, Recipient, ZoneKind};
use weir_policy::{AnyRecipient, Catalogue, Modality, Price, Prices, Quality, Target};
use weir_tokens::Counter;
use weir_wire::Thinking;

/// Every backend that is right; their targets are added to the catalogue.
pub fn all(
    raw: &At<Vec<RawBackend>>,
    catalogue: &mut Catalogue,
    reading: &mut Reading<'_, '_>,
) -> Vec<Backend> {
    if raw.value.is_empty() {
        reading.report.error(raw.place, "there is no backend", "list at least one server or API account");
    }
    let mut seen = BTreeSet::new();
    let mut backends = Vec::new();
    for backend in &raw.value {
        check_name(&backend.name, &mut seen, reading.report);
        backends.extend(self::backend(backend, catalogue, reading));
    }
    backends
}

/// Warns of backends that no alias leads to, and that are no encoder either.
pub fn warn_of_unused(raw: &RawWeir, catalogue: &Catalogue, reading: &mut Reading<'_, '_>) {
    let of_aliases =
        catalogue.aliases().flat_map(|alias| alias.targets().iter().chain(alias.degrade()).copied());
    let encoder = raw.encoder.as_ref().and_then(|encoder| catalogue.target_named(&encoder.target.value));
    let used: BTreeSet<&str> =
        of_aliases.chain(encoder).filter_map(|id| Some(&*catalogue.target(id)?.backend)).collect();
    for backend in &raw.backends.value {
        let known = backend.name.get().filter(|name| catalogue.targets().any(|(_, t)| *t.backend == name.0));
        if let Some(Name(name)) = known.filter(|name| !used.contains(name.0.as_str())) {
            reading.report.warning(
                backend.name.place,
                format!("no alias uses backend `{name}`"),
                "add one of its targets to an alias, or remove the backend",
            );
        }
    }
}

/// Warns of cloud models that no budget can bound, because what they cost is not known.
pub fn warn_of_unpriced(config: &Config, catalogue: &Catalogue, place: Place, report: &mut Report<'_>) {
    let cloud =
        catalogue.targets().map(|(_, target)| target).filter(|target| target.zone() == ZoneKind::Cloud);
    let unpriced: Vec<String> =
        cloud.filter(|target| target.prices.is_empty()).map(|target| format!("`{}`", target.name)).collect();
    if config.has_budgets() && !unpriced.is_empty() {
        let message =
            format!("what {} costs is not known, and counts against no budget", unpriced.join(", "));
        report.warning(
            place,
            message,
            "write the `price` of each, or the name that the list prices have for it",
        );
    }
}

fn check_name<'n>(field: &'n Field<Name>, seen: &mut BTreeSet<&'n Name>, report: &mut Report<'_>) {
    let Some(name) = field.get() else { return };
    if ["local", "cloud", "any"].contains(&name.0.as_str()) {
        report.error(
            field.place,
            format!("`{}` means a zone in rules and cannot name a backend", name.0),
            "rename it",
        );
    }
    if !seen.insert(name) {
        report.error(field.place, format!("there are two backends `{}`", name.0), "rename one of them");
    }
}

fn backend(raw: &RawBackend, catalogue: &mut Catalogue, reading: &mut Reading<'_, '_>) -> Option<Backend> {
    let RawBackend {
        name,
        zone,
        api,
        url,
        api_key,
        auth,
        ca_file,
        clearance,
        jurisdiction,
        metrics,
        hardware,
        timeouts,
        leave_out,
        region,
        api_version,
        models,
    } = raw;
    let name = name.take(reading.report);
    let zone = zone.take(reading.report);
    let api = take_or(api.as_ref(), BackendApi::COMPATIBLE, reading.report);
    let base = url::parse(url, reading.report);
    if let (Some(base), Some(zone)) = (&base, zone) {
        url::check_zone(base, zone, &reading.inside, url.place, reading.report);
    }
    let api_key = api_key.as_ref().map(|written| credential::of_backend(written, api, reading));
    let is_outside = zone != Some(ZoneKind::Local);
    let auth =
        auth.as_ref().map(|written| credential::auth(written, raw.api_key.as_ref(), is_outside, reading));
    let ca_pem = ca_file.as_ref().map(|written| ca_pem(written, reading));
    let metrics = take_or(metrics.as_ref(), false, reading.report);
    if let (Some(true), Some(ZoneKind::Cloud), Some(field)) = (metrics, zone, &raw.metrics) {
        reading.report.error(
            field.place,
            "a cloud backend is not asked how busy it is",
            "remove `metrics`; Weir goes by the answers",
        );
    }
    let timeouts = self::timeouts(timeouts, reading.report);
    let level = optional(clearance.as_ref(), reading.report);
    let jurisdiction = optional(jurisdiction.as_ref(), reading.report);
    let hardware = money::hardware(hardware.as_ref(), zone, reading.report);
    let takes_tiers = api.is_some_and(|api: BackendApi| api.takes_tiers());
    let in_zone = |model| self::model(model, (zone, hardware.flatten(), takes_tiers), reading);
    let parsed: Vec<_> = models.value.iter().map(in_zone).collect();
    check_models(raw, zone, reading.report);

    let (name, zone, _) = (name?, zone?, hardware?);
    let recipient = recipient(raw, &name.0, zone, level?, jurisdiction?, reading)?;
    let served = parsed.into_iter().flatten();
    let models = served.filter_map(|model| model.offer(&recipient, catalogue)).collect();
    Some(Backend {
        name: name.0.into(),
        zone,
        api: api?,
        url: base?,
        api_key: present(api_key)?,
        auth: present(auth)?,
        ca_pem: present(ca_pem)?,
        recipient,
        metrics: metrics?,
        timeouts: timeouts?,
        region: region.as_ref().map(|region| region.value.clone()),
        api_version: api_version.as_ref().map(|version| version.value.clone()),
        leave_out: leave_out.iter().map(|field| field.value.clone()).collect(),
        models,
    })
}

/// `None` if the field is wrong, `Some(None)` if there is none.
pub(super) fn optional<T: Clone>(field: Option<&Field<T>>, report: &mut Report<'_>) -> Option<Option<T>> {
    present(field.map(|field| field.take(report)))
}

pub(super) fn present<T>(found: Option<Option<T>>) -> Option<Option<T>> {
    match found {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

fn recipient(
    raw: &RawBackend,
    name: &str,
    zone: ZoneKind,
    level: Option<Level>,
    jurisdiction: Option<Jurisdiction>,
    reading: &mut Reading<'_, '_>,
) -> Option<AnyRecipient> {
    let boundary = reading.boundary;
    match (zone, boundary.level().below()) {
        (ZoneKind::Local, _) => {
            let clearance = boundary.local_clearance(level.unwrap_or(Level::Restricted), jurisdiction);
            Some(AnyRecipient::Local(Recipient::new(name, clearance)))
        }
        (ZoneKind::Cloud, None) => {
            reading.report.error(
                raw.zone.place,
                format!(
                    "backend `{name}` is outside the network, but under `boundary: public` nothing may leave"
                ),
                "remove the backend, or raise `boundary` in the policy",
            );
            None
        }
        (ZoneKind::Cloud, Some(below)) => {
            match boundary.cloud_clearance(level.unwrap_or(below), jurisdiction) {
                Ok(clearance) => Some(AnyRecipient::Cloud(Recipient::new(name, clearance))),
                Err(error) => {
                    reading.report.error(
                        raw.clearance.as_ref().map_or(raw.zone.place, |field| field.place),
                        error.to_string(),
                        &format!("lower the clearance to `{below}` or move the backend to zone `local`"),
                    );
                    None
                }
            }
        }
    }
}

pub(super) fn ca_pem(written: &At<String>, reading: &mut Reading<'_, '_>) -> Option<String> {
    let At { value: path, place } = written;
    match reading.surroundings.read(path) {
        Ok(pem) if pem.contains("-----BEGIN CERTIFICATE-----") => Some(pem),
        Ok(_) => {
            let message = format!("`{path}` holds no certificate");
            reading.report.error(
                *place,
                message,
                "name a file in PEM format, with `-----BEGIN CERTIFICATE-----`",
            );
            None
        }
        Err(error) => {
            let message = format!("cannot read `{path}`: {error}");
            reading.report.error(*place, message, "check that the file exists and Weir may read it");
            None
        }
    }
}

fn timeouts(raw: &RawTimeouts, report: &mut Report<'_>) -> Option<Timeouts> {
    let RawTimeouts { connect, first_token, idle, total } = raw;
    let default = Timeouts::default();
    let connect = take_or(connect.as_ref(), default.connect, report);
    let first_token = take_or(first_token.as_ref(), default.first_token, report);
    let idle = take_or(idle.as_ref(), default.idle, report);
    let total = take_or(total.as_ref(), default.total, report);
    Some(Timeouts { connect: connect?, first_token: first_token?, idle: idle?, total: total? })
}

/// A model before it has a backend.
struct Offer {
    name: ModelName,
    concurrency: Concurrency,
    context: Option<std::num::NonZeroU32>,
    tokenizer: Option<Counter>,
    prices: Prices,
    full_price: Option<Price>,
    burst_per_day: Option<MicroUsd>,
    quality: Quality,
    tags: BTreeSet<Arc<str>>,
    card: ModelCard,
}

/// What the file says that a model can do.
struct Abilities<'r> {
    max_output: &'r Option<Field<NonZeroU32>>,
    modalities: &'r Option<Vec<Field<Modality>>>,
    tools: &'r Option<Field<bool>>,
    json_schema: &'r Option<Field<bool>>,
    thinking: &'r Option<Field<Thinking>>,
}

impl Abilities<'_> {
    fn card(&self, report: &mut Report<'_>) -> Option<ModelCard> {
        let modalities = self.modalities.as_ref().map(|kinds| {
            let taken: Vec<Option<Modality>> = kinds.iter().map(|kind| kind.take(report)).collect();
            taken.into_iter().collect::<Option<Vec<_>>>().map(|kinds| kinds.into_iter().collect())
        });
        let (modalities, tools) = (present(modalities), optional(self.tools.as_ref(), report));
        let json_schema = optional(self.json_schema.as_ref(), report);
        let max_output = optional(self.max_output.as_ref(), report);
        let thinking = take_or(self.thinking.as_ref(), Thinking::default(), report);
        Some(ModelCard {
            modalities: modalities?,
            tools: tools?,
            json_schema: json_schema?,
            max_output: max_output?,
            thinking: thinking?,
        })
    }
}

fn model(
    raw: &RawModel,
    (zone, hardware, takes_tiers): (Option<ZoneKind>, Option<Hardware>, bool),
    reading: &mut Reading<'_, '_>,
) -> Option<Offer> {
    let prices = money::prices(raw, (zone, takes_tiers), hardware, reading);
    let named = raw.priced_as.as_ref().unwrap_or(&raw.name).get().map(|name| name.0.as_str());
    let tokenizer = tokenizer::tokenizer(raw.tokenizer.as_ref(), named, reading);
    let report = &mut *reading.report;
    // No `..`: a new field is a compile error here.
    let RawModel {
        name,
        concurrency,
        context,
        tokenizer: _,
        max_output,
        modalities,
        tools,
        json_schema,
        thinking,
        price: _,
        priced_as: _,
        tier: _,
        burst_per_day,
        quality,
        tags,
    } = raw;
    let card = Abilities { max_output, modalities, tools, json_schema, thinking }.card(report);
    if let (Some(cap), Some((prices, _))) = (burst_per_day, &prices)
        && prices.is_empty()
    {
        report.error(
            cap.place,
            "`burst_per_day` needs to know what the model costs",
            "add its `price`, such as `price: { input: 2, output: 10 }`",
        );
    }
    let name = name.take(report);
    let usual = if zone == Some(ZoneKind::Cloud) { Concurrency::Unlimited } else { Concurrency::Auto };
    let concurrency = take_or(concurrency.as_ref(), usual, report);
    let context = optional(context.as_ref(), report);
    let burst_per_day = optional(burst_per_day.as_ref(), report);
    let quality = quality::quality(quality.as_ref(), report);
    let words = tags.iter().filter_map(|tag| tag.take(report)).map(|tag| tag.0.into()).collect();
    let (prices, full_price) = prices?;
    Some(Offer {
        name: name?,
        concurrency: concurrency?,
        context: context?,
        tokenizer: tokenizer?,
        prices,
        full_price,
        burst_per_day: burst_per_day?,
        quality: quality?,
        tags: words,
        card: card?,
    })
}

impl Offer {
    fn offer(self, recipient: &AnyRecipient, catalogue: &mut Catalogue) -> Option<Model> {
        let name: Arc<str> = self.name.0.into();
        let target = Target {
            prices: self.prices,
            quality: self.quality,
            tags: self.tags,
            context_tokens: self.context.map(std::num::NonZeroU32::get),
            ..Target::new(recipient.clone(), name.clone())
        };
        // A name that is taken has been reported where it is written.
        let target = catalogue.add_target(target).ok()?;
        let burst_per_day = self.burst_per_day.map(|cap| cap.0);
        let Self { concurrency, card, full_price, tokenizer, .. } = self;
        Some(Model { name, target, concurrency, card, burst_per_day, full_price, tokenizer })
    }
}

fn check_models(raw: &RawBackend, zone: Option<ZoneKind>, report: &mut Report<'_>) {
    if raw.models.value.is_empty() {
        report.error(raw.models.place, "the backend has no model", "list at least one under `models`");
    }
    let mut seen = BTreeSet::new();
    for field in raw.models.value.iter().map(|model| &model.name) {
        let Some(name) = field.get() else { continue };
        if !seen.insert(name) {
            report.error(
                field.place,
                format!("the backend has two models `{}`", name.0),
                "remove one of them",
            );
        }
        if zone == Some(ZoneKind::Local) && runs_elsewhere(&name.0) {
            report.error(
                field.place,
                format!(
                    "`{}` does not run on the local server: Ollama passes such models on to its cloud",
                    name.0
                ),
                "use a model that runs locally, or a backend of zone `cloud`",
            );
        }
    }
}

/// Ollama's names for models that it does not run itself.
fn runs_elsewhere(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    model.ends_with(":cloud") || model.ends_with("-cloud")
}
