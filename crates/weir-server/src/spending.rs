//! What has been spent on cloud models and what may still be, over restarts.
//!
//! It is kept in `spending.json` of the state directory, written a second after it changed. What was set aside for
//! requests under way counts as spent there, so that a process that is killed leaves nobody more than they had.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_config::{Budget, Config, Evaluation, Key};
use weir_dispatch::cost::{Budgets, Caps, Earmark, Left, Periods, Purse};
use weir_store::keys::{KeyRecord, KeyRing};
use weir_store::whole;

/// The budgets, and where they are kept.
#[derive(Debug)]
pub(crate) struct Spending {
    file: PathBuf,
    budgets: Mutex<Budgets>,
    has_changed: AtomicBool,
    /// What bursts cost, as it was written down.
    bursts: Mutex<Bursts>,
}

/// What outlives the process: sums in micro-USD by purse (`all`, `key:ID`, `tenant:NAME`, `evaluations`) and by target.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    day: Sums,
    month: Sums,
    bursts: Sums,
}

/// The sums of a period, which is a day counted from the beginning of 1970 or a month counted from the year 0.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sums {
    period: u32,
    micro_usd: BTreeMap<String, u64>,
}

/// What bursts to each target cost today, as the dispatcher keeps it.
pub(crate) type Bursts = (u32, BTreeMap<Arc<str>, u64>);

impl Spending {
    /// Takes up what an earlier process left in a state directory, with what bursts cost.
    ///
    /// # Errors
    /// When there is something that cannot be read: what was spent is not forgotten in silence.
    pub fn open(state: &Path) -> io::Result<(Self, Bursts)> {
        let file = state.join("spending.json");
        let kept = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice::<Kept>(&bytes).map_err(io::Error::from)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept::default(),
            Err(error) => return Err(error),
        };
        let purses = |sums: Sums| {
            let named = sums.micro_usd.into_iter().filter_map(|(name, sum)| Some((purse(&name)?, sum)));
            (sums.period, named.collect())
        };
        let budgets = Budgets::resumed([purses(kept.day), purses(kept.month)]);
        let by_target = kept.bursts.micro_usd.into_iter().map(|(target, sum)| (target.into(), sum)).collect();
        let bursts = (kept.bursts.period, by_target);
        let spending = Self {
            file,
            budgets: Mutex::new(budgets),
            has_changed: AtomicBool::new(false),
            bursts: Mutex::new(bursts.clone()),
        };
        Ok((spending, bursts))
    }

    /// What is left for a request that is paid from these purses; `None` if nothing bounds it.
    pub fn left(&self, purses: &[(Purse, Caps)], now: Periods) -> Option<Left> {
        if purses.is_empty() {
            return None;
        }
        self.lock().left(purses, now)
    }

    /// Sets aside what a request is expected to cost.
    ///
    /// # Errors
    /// [`Left`] when that is more than is left.
    pub fn earmark(&self, purses: &[(Purse, Caps)], micro_usd: u64, now: Periods) -> Result<Earmark, Left> {
        let earmark = self.lock().earmark(purses, micro_usd, now)?;
        self.has_changed.store(true, Ordering::Relaxed);
        Ok(earmark)
    }

    /// The request cost so much after all.
    pub fn settle(&self, earmark: Earmark, micro_usd: u64) {
        self.lock().settle(earmark, micro_usd);
        self.has_changed.store(true, Ordering::Relaxed);
    }

    /// What was spent of each purse today and this month, in micro-USD.
    pub fn sums(&self, now: Periods) -> BTreeMap<Purse, (u64, u64)> {
        let mut budgets = self.lock();
        budgets.turn(now);
        let purses = budgets.kept().into_iter().flat_map(|(_, sums)| sums.into_keys());
        purses.map(|purse| (purse.clone(), budgets.taken(&purse))).collect()
    }

    /// Writes it down, if it has changed.
    pub fn save(&self, bursts: Bursts) -> io::Result<()> {
        let mut written_bursts = self.bursts.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.has_changed.swap(false, Ordering::Relaxed) && *written_bursts == bursts {
            return Ok(());
        }
        let [day, month] = self.lock().kept();
        let purses = |(period, sums): (u32, BTreeMap<Purse, u64>)| Sums {
            period,
            micro_usd: sums.iter().map(|(purse, sum)| (written(purse), *sum)).collect(),
        };
        let micro_usd = bursts.1.iter().map(|(target, sum)| (target.to_string(), *sum)).collect();
        let of_bursts = Sums { period: bursts.0, micro_usd };
        let kept = Kept { day: purses(day), month: purses(month), bursts: of_bursts };
        let saved = whole::replace(&self.file, &serde_json::to_vec(&kept)?);
        match saved {
            Ok(()) => *written_bursts = bursts,
            Err(_) => self.has_changed.store(true, Ordering::Relaxed),
        }
        saved
    }

    fn lock(&self) -> MutexGuard<'_, Budgets> {
        // The methods of budgets leave them whole at every step.
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The purses that a request of this key is paid from, as far as they are bounded: mostly none.
pub(crate) fn purses(config: &Config, key: Option<&KeyRecord>) -> Vec<(Purse, Caps)> {
    let of_key = |key: &KeyRecord| (Purse::Key(key.id.clone()), settings(config, key).budget);
    let of_tenant = |tenant: &str| (Purse::Tenant(tenant.into()), config.tenants.of(tenant).budget);
    let own = key.map(of_key).and_then(bounded);
    let shared = key.and_then(|key| key.terms.tenant.as_deref()).map(of_tenant).and_then(bounded);
    own.into_iter().chain(shared).chain(bounded((Purse::All, config.budget))).collect()
}

/// The purses that a comparison of both zones is paid from: its own and everybody's. What is measured for the operator is
/// on nobody's bill.
pub(crate) fn purses_of(evaluation: &Evaluation, config: &Config) -> Vec<(Purse, Caps)> {
    let all = [(Purse::Evaluations, evaluation.budget), (Purse::All, config.budget)];
    all.into_iter().filter_map(bounded).collect()
}

/// What the configuration says of a key: by its id, by its name, or of all others.
pub(crate) fn settings<'c>(config: &'c Config, key: &KeyRecord) -> &'c Key {
    config.keys.named.get(&*key.id).unwrap_or_else(|| config.keys.of(&key.terms.name))
}

fn bounded((purse, Budget { day, month }): (Purse, Budget)) -> Option<(Purse, Caps)> {
    (day.is_some() || month.is_some()).then_some((purse, Caps { day, month }))
}

/// Says of which keys and tenants the configuration speaks that there are none: what is said of them bounds nobody.
pub(crate) fn warn_of_strangers(config: &Config, keys: &KeyRing) {
    let is_key = |name: &str| keys.records().any(|key| *key.id == *name || key.terms.name == name);
    for name in config.keys.named.keys().filter(|name| !is_key(name)) {
        tracing::warn!(
            key = name,
            "`keys` in weir.yaml names a key that does not exist; `weir keys list` shows those that do"
        );
    }
    let is_tenant = |name: &str| keys.records().any(|key| key.terms.tenant.as_deref() == Some(name));
    for name in config.tenants.named.keys().filter(|name| !is_tenant(name)) {
        tracing::warn!(tenant = name, "`tenants` in weir.yaml names a tenant that no key has");
    }
}

/// The day and the month of a moment, in UTC.
pub(crate) fn periods(unix_seconds: i64) -> Periods {
    let date = Timestamp::from_second(unix_seconds).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let month = u32::try_from(date.year()).unwrap_or(0) * 12 + u32::from(date.month().unsigned_abs());
    Periods { day: weir_policy::Day::of_unix_seconds(unix_seconds).0, month }
}

/// Whose budget it is, for the caller.
pub(crate) fn whose(purse: &Purse) -> String {
    match purse {
        Purse::All => "the budget is that of all callers together".to_owned(),
        Purse::Key(_) => "the budget is that of this API key".to_owned(),
        Purse::Tenant(tenant) => format!("the budget is that of tenant `{tenant}`"),
        Purse::Evaluations => "the budget is that of comparisons".to_owned(),
    }
}

fn written(purse: &Purse) -> String {
    match purse {
        Purse::All => "all".to_owned(),
        Purse::Key(id) => format!("key:{id}"),
        Purse::Tenant(tenant) => format!("tenant:{tenant}"),
        Purse::Evaluations => "evaluations".to_owned(),
    }
}

fn purse(written: &str) -> Option<Purse> {
    match written.split_once(':') {
        Some(("key", id)) => Some(Purse::Key(id.into())),
        Some(("tenant", tenant)) => Some(Purse::Tenant(tenant.into())),
        Some(_) => None,
        None if written == "all" => Some(Purse::All),
        None => (written == "evaluations").then_some(Purse::Evaluations),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Periods = Periods { day: 20_786, month: 24_323 };

    fn purses() -> [(Purse, Caps); 2] {
        let caps = Caps { day: Some(1000), month: Some(5000) };
        [(Purse::Tenant("acme:eu".into()), caps), (Purse::All, Caps::default())]
    }

    #[test]
    fn what_was_spent_is_known_to_the_next_process() {
        let state = tempfile::tempdir().unwrap();
        let bursts: Bursts = (20_786, BTreeMap::from([("cloud/m".into(), 7)]));
        let (spending, _) = Spending::open(state.path()).unwrap();
        let settled = spending.earmark(&purses(), 600, TODAY).unwrap();
        spending.settle(settled, 500);
        let _under_way = spending.earmark(&purses(), 100, TODAY).unwrap();
        spending.save(bursts.clone()).unwrap();
        let (again, resumed) = Spending::open(state.path()).unwrap();
        assert_eq!(resumed, bursts);
        assert_eq!(again.left(&purses(), TODAY).unwrap().micro_usd, 400);
        assert_eq!(again.sums(TODAY)[&purses()[0].0], (600, 600));
        let tomorrow = Periods { day: 20_787, ..TODAY };
        assert_eq!(again.sums(tomorrow)[&Purse::All], (0, 600));
    }

    #[test]
    fn nothing_is_written_while_nothing_changes() {
        let state = tempfile::tempdir().unwrap();
        let (spending, _) = Spending::open(state.path()).unwrap();
        spending.save(Bursts::default()).unwrap();
        assert!(!state.path().join("spending.json").exists());
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_not_an_empty_purse() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join("spending.json"), "{").unwrap();
        assert!(Spending::open(state.path()).is_err());
    }

    #[test]
    fn a_month_begins_with_its_first_day_in_utc() {
        let of = |text: &str| periods(text.parse::<Timestamp>().unwrap().as_second());
        let (last, first) = (of("2026-11-30T23:59:59Z"), of("2026-12-01T00:00:00Z"));
        assert_eq!((last.day + 1, last.month + 1), (first.day, first.month));
        assert_eq!(of("2026-12-31T12:00:00Z").month + 1, of("2027-01-01T00:00:00Z").month);
    }
}
