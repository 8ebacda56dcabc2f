//! `/spending`: what was spent on cloud models today and this month, and what may be.

use crate::gateway::Gateway;
use crate::spending::periods;
use jiff::Timestamp;
use serde_json::{Value, json};
use weir_config::{Budget, Loaded};
use weir_dispatch::cost::Purse;
use weir_store::keys::KeyRing;

pub(super) fn page(gateway: &Gateway) -> Value {
    let sums = gateway.spending.sums(periods(gateway.wall.unix_seconds()));
    let (snapshot, keys) = (gateway.snapshot(), gateway.keys());
    let row = |(purse, spent): (Purse, (u64, u64))| row(&snapshot.loaded, &keys, &purse, spent);
    json!({ "purses": sums.into_iter().map(row).collect::<Vec<_>>() })
}

fn row(loaded: &Loaded, keys: &KeyRing, purse: &Purse, (day, month): (u64, u64)) -> Value {
    let config = &loaded.config;
    let (of, name, budget) = match purse {
        Purse::All => ("all", None, config.budget),
        Purse::Evaluations => {
            ("evaluations", None, loaded.evaluation.map(|evaluation| evaluation.budget).unwrap_or_default())
        }
        Purse::Tenant(tenant) => ("tenant", Some(tenant.to_string()), config.tenants.of(tenant).budget),
        Purse::Key(id) => {
            let name = keys.current(id, Timestamp::now()).ok().map(|key| key.terms.name.clone());
            let named = config.keys.named.get(&**id);
            let settings = named.unwrap_or_else(|| config.keys.of(name.as_deref().unwrap_or_default()));
            ("key", name, settings.budget)
        }
    };
    let id = if let Purse::Key(id) = purse { Some(&**id) } else { None };
    let Budget { day: day_cap, month: month_cap } = budget;
    json!({
        "of": of,
        "name": name,
        "id": id,
        "day": { "spent_usd": usd(day), "cap_usd": day_cap.map(usd) },
        "month": { "spent_usd": usd(month), "cap_usd": month_cap.map(usd) },
    })
}

fn usd(micro_usd: u64) -> f64 {
    micro_usd as f64 / 1e6
}
