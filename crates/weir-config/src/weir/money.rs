//! What things cost, and what may be spent.

use super::Reading;
use crate::hardware::Hardware;
use crate::policy::values;
use crate::prices::{PRICE_LINE, PriceTable, STANDARD};
use crate::raw::Entries;
use crate::raw::weir::{RawBudget, RawHardware, RawKey, RawModel, RawPrice, RawTenant};
use crate::report::Report;
use crate::scalar::{MicroUsd, Pue};
use crate::suggest::suggest;
use crate::yaml::{At, Field, take_or};
use crate::{Budget, ByName, Key, Tenant};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use weir_label::ZoneKind;
use weir_policy::{NumberFact, Price, Prices, Rates};

/// The name in a mapping that stands for all that it does not list.
const DEFAULT: &str = "default";
/// A share of the time in millionths, if none is given.
const UTILISATION: u64 = 300_000;
const PUE: f64 = 1.3;
/// A table says at most about so much wrong of one input token; beyond it a decimal point has slipped.
const DEAREST_MICRO_USD: u64 = 10_000_000_000;

/// The list prices that Weir knows, with those of the operator before them.
pub fn price_table(written: Option<&At<String>>, reading: &mut Reading<'_, '_>) -> PriceTable {
    let table = PriceTable::built_in().unwrap_or_default();
    let Some(At { value: path, place }) = written else { return table };
    let (message, help) = match reading.surroundings.read(path) {
        Ok(text) => match table.clone().with(&text) {
            Ok(table) => return table,
            Err(bad) => {
                (format!("`{path}` is no table of prices: {bad}"), format!("write a price as `{PRICE_LINE}`"))
            }
        },
        Err(error) => (
            format!("cannot read `{path}`: {error}"),
            "check that the file exists and Weir may read it".to_owned(),
        ),
    };
    reading.report.error(*place, message, &help);
    table
}

/// What the model of a backend costs: as written, or as the tables have it, or as the hardware has it; and what it
/// costs with all that is paid for anyway, where that is more.
pub fn prices(
    model: &RawModel,
    (zone, takes_tiers): (Option<ZoneKind>, bool),
    hardware: Option<Hardware>,
    reading: &mut Reading<'_, '_>,
) -> Option<(Prices, Option<Price>)> {
    if let Some(written) = &model.price {
        return Some((Prices::always(price(written, reading.report)?), None));
    }
    if zone == Some(ZoneKind::Cloud) {
        return Some((listed(model, takes_tiers, reading)?, None));
    }
    if let Some(field) =
        model.priced_as.as_ref().map(|field| field.place).or(model.tier.as_ref().map(|f| f.place))
    {
        let message = "tables of list prices are for cloud models";
        reading.report.error(field, message, "write its `price`, or the server's `hardware`");
    }
    let Some(hardware) = hardware else { return Some((Prices::default(), None)) };
    Some((Prices::always(hardware.marginal_price()), Some(hardware.full_price())))
}

fn price(raw: &RawPrice, report: &mut Report<'_>) -> Option<Price> {
    let RawPrice { input, cached, written, output } = raw;
    let mut taken = |field: &Field<MicroUsd>| {
        let MicroUsd(price) = field.take(report)?;
        if price > DEAREST_MICRO_USD {
            let message = "this is USD for a million tokens, and no model costs that much";
            report.error(field.place, message, "look where the decimal point is");
            return None;
        }
        Some(price)
    };
    let (input, output) = (taken(input), taken(output));
    let mut or_input = |field: &Option<Field<MicroUsd>>| field.as_ref().map_or(input, &mut taken);
    let (cached_input, written_input) = (or_input(cached), or_input(written));
    let rates =
        Rates { input: input?, cached_input: cached_input?, written_input: written_input?, output: output? };
    Some(Price { rates, long: None })
}

/// The prices of the tables; those of the tiers that requests may ask for too, where the backend is told of them.
fn listed(model: &RawModel, takes_tiers: bool, reading: &mut Reading<'_, '_>) -> Option<Prices> {
    let own = model.name.get().map(|name| name.0.as_str());
    let name = match &model.priced_as {
        Some(field) => field.take(reading.report)?.0,
        None => own?.to_owned(),
    };
    let tier = match &model.tier {
        Some(field) => field.take(reading.report)?.0,
        None => STANDARD.to_owned(),
    };
    let table = &reading.prices;
    let prices = if takes_tiers { table.prices_of_tiers(&name, &tier) } else { table.prices(&name, &tier) };
    let asked_for =
        model.tier.as_ref().map(|field| field.place).or(model.priced_as.as_ref().map(|f| f.place));
    if let (true, Some(place)) = (prices.is_empty(), asked_for) {
        let has_model = !reading.prices.prices(&name, STANDARD).is_empty();
        let listed = reading.prices.all().filter(|(model, ..)| !has_model || *model == name);
        let known: BTreeSet<&str> =
            listed.map(|(model, tier, ..)| if has_model { tier } else { model }).collect();
        let help = suggest(if has_model { &tier } else { &name }, known);
        let message = format!("the tables have no price of `{name}` in tier `{tier}`");
        reading.report.error(place, message, &format!("{help}; or write its `price`"));
        return None;
    }
    Some(prices)
}

/// The hardware of a backend; nothing if it is not described.
pub fn hardware(
    raw: Option<&RawHardware>,
    zone: Option<ZoneKind>,
    report: &mut Report<'_>,
) -> Option<Option<Hardware>> {
    let Some(raw) = raw else { return Some(None) };
    let RawHardware { purchase, years, watts, kwh, pue, operation, utilisation, .. } = raw;
    if zone == Some(ZoneKind::Cloud) {
        let message = "the hardware of a cloud backend is its provider's";
        report.error(purchase.place, message, "remove `hardware`, and write the `price` of its models");
    }
    let usd = |MicroUsd(micro)| micro as f64 / 1e6;
    let purchase = purchase.take(report).map(usd);
    let years = years.take(report).map(|years| f64::from(years.get()));
    let watts = watts.take(report).map(f64::from);
    let kwh = kwh.take(report).map(usd);
    let pue = take_or(pue.as_ref(), Pue(PUE), report);
    let operation = take_or(operation.as_ref(), MicroUsd(0), report).map(usd);
    let utilisation = match utilisation {
        Some(written) => share(written, report),
        None => Some(UTILISATION),
    };
    let rate = |field: &Field<NonZeroU32>, report: &mut Report<'_>| {
        field.take(report).map(|tokens| f64::from(tokens.get()))
    };
    let (input, output) = (rate(&raw.input_tokens_per_s, report), rate(&raw.output_tokens_per_s, report));
    Some(Some(Hardware {
        purchase_usd: purchase?,
        years: years?,
        watts: watts?,
        usd_per_kwh: kwh?,
        power_usage_effectiveness: pue?.0,
        operation_usd_per_hour: operation?,
        utilisation: utilisation? as f64 / 1e6,
        input_tokens_per_s: input?,
        output_tokens_per_s: output?,
    }))
}

/// A share above 0, in millionths.
fn share(written: &At<String>, report: &mut Report<'_>) -> Option<u64> {
    let share = values::number(&NumberFact::Confidence, &written.value).ok().filter(|share| *share > 0);
    if share.is_none() {
        let message = format!("`{}` is no share of the time", written.value);
        report.error(written.place, message, "it goes from above 0 to 1, such as `0.3` or `30 %`");
    }
    share
}

/// What may be spent altogether.
pub fn budget(raw: &RawBudget, report: &mut Report<'_>) -> Option<Budget> {
    let RawBudget { day, month } = raw;
    let mut of = |field: &Option<Field<MicroUsd>>| match field {
        Some(field) => field.take(report).map(|MicroUsd(sum)| Some(sum)),
        None => Some(None),
    };
    let (day, month) = (of(day), of(month));
    Some(Budget { day: day?, month: month? })
}

/// What holds for single keys.
pub fn keys(raw: &Entries<RawKey>, report: &mut Report<'_>) -> Option<ByName<Key>> {
    by_name(raw, report, |RawKey { budget, requests_per_minute, tokens_per_minute }, report| {
        let budget = self::budget(budget, report);
        let mut limit = |field: &Option<Field<NonZeroU32>>| match field {
            Some(field) => field.take(report).map(Some),
            None => Some(None),
        };
        let (requests, tokens) = (limit(requests_per_minute), limit(tokens_per_minute));
        Some(Key { budget: budget?, requests_per_minute: requests?, tokens_per_minute: tokens? })
    })
}

/// What holds for single tenants.
pub fn tenants(raw: &Entries<RawTenant>, report: &mut Report<'_>) -> Option<ByName<Tenant>> {
    by_name(raw, report, |RawTenant { budget, weight }, report| {
        let budget = self::budget(budget, report);
        let weight = take_or(weight.as_ref(), NonZeroU32::MIN, report);
        Some(Tenant { budget: budget?, weight: weight? })
    })
}

fn by_name<R, T: Default>(
    raw: &Entries<R>,
    report: &mut Report<'_>,
    read: impl Fn(&R, &mut Report<'_>) -> Option<T>,
) -> Option<ByName<T>> {
    let (mut default, mut named, mut is_right) = (T::default(), BTreeMap::new(), true);
    for (name, entry) in &raw.0 {
        match read(entry, report) {
            Some(value) if name.value == DEFAULT => default = value,
            Some(value) => _ = named.insert(name.value.clone(), value),
            None => is_right = false,
        }
    }
    is_right.then_some(ByName { default, named })
}
