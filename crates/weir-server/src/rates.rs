//! How much the callers of each key may ask for in a minute.
//!
//! Each gateway counts for itself, in memory: a minute after a restart it makes no difference.

use crate::gateway::Gateway;
use crate::reply;
use crate::spending::settings;
use http::HeaderMap;
use http::header::HeaderName;
use jiff::Timestamp;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use weir_dispatch::{Meter, Moment, Short, Standing};
use weir_store::keys::KeyRecord;
use weir_wire::dialect::ClientDialect;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Requests,
    Tokens,
}

impl Counted {
    pub const fn as_str(self) -> &'static str {
        match self {
            Counted::Requests => "requests",
            Counted::Tokens => "tokens",
        }
    }
}

/// What was used by each key that has a limit: as many as there are keys.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<Arc<str>, Used>>);

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    requests: Meter,
    tokens: Meter,
}

impl Rates {
    fn of<T>(&self, key: &Arc<str>, work: impl FnOnce(&mut Used) -> T) -> T {
        work(self.lock().entry(key.clone()).or_default())
    }

    /// Forgets the keys that have used nothing.
    pub fn forget(&self, now: Moment) {
        self.lock().retain(|_, used| !(used.requests.is_full(now) && used.tokens.is_full(now)));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Used>> {
        // A meter is whole at every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a request is more than its key may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverRate {
    pub counted: Counted,
    pub limit: NonZeroU32,
    /// How much of it the request would have used.
    pub asked: u64,
    pub short: Short,
}

/// What a request uses of the limits of its key.
#[derive(Debug)]
pub(crate) struct Share {
    key: Arc<str>,
    requests: Option<NonZeroU32>,
    tokens: Option<NonZeroU32>,
    /// Tokens that were taken, and are not settled yet.
    taken: Option<u64>,
}

impl Share {
    /// Takes one request of what a key may ask for; nothing where there is no limit.
    ///
    /// # Errors
    /// [`OverRate`] when it has asked for as many already. The share then still tells how things stand.
    pub fn open(gateway: &Gateway, key: &KeyRecord) -> (Option<Self>, Result<(), OverRate>) {
        let limits = key.terms.limits;
        let snapshot = gateway.snapshot();
        let of_file = settings(&snapshot.loaded.config, key);
        let requests = limits.requests_per_minute.or(of_file.requests_per_minute);
        let tokens = limits.tokens_per_minute.or(of_file.tokens_per_minute);
        if requests.or(tokens).is_none() {
            return (None, Ok(()));
        }
        let share = Self { key: key.id.clone(), requests, tokens, taken: None };
        let Some(limit) = requests else { return (Some(share), Ok(())) };
        let now = gateway.desk.now();
        let taken = gateway.rates.of(&share.key, |used| used.requests.take(limit, 1, now));
        let over = |short| OverRate { counted: Counted::Requests, limit, asked: 1, short };
        (Some(share), taken.map_err(over))
    }

    /// Sets aside the tokens of a prompt and, as far as the limit goes, those that its answer is expected to have.
    ///
    /// # Errors
    /// [`OverRate`] when there are not so many.
    pub fn take_tokens(&mut self, gateway: &Gateway, (prompt, answer): (u64, u64)) -> Result<(), OverRate> {
        let Some(limit) = self.tokens else { return Ok(()) };
        let most = u64::from(limit.get()).max(prompt);
        let asked = prompt.saturating_add(answer).min(most);
        let now = gateway.desk.now();
        let taken = gateway.rates.of(&self.key, |used| used.tokens.take(limit, asked, now));
        taken.map_err(|short| OverRate { counted: Counted::Tokens, limit, asked, short })?;
        self.taken = Some(asked);
        Ok(())
    }

    /// So many tokens it was after all; if that is unknown, those that were set aside.
    pub fn settle(&mut self, gateway: &Gateway, used: Option<u64>) {
        let (Some(taken), Some(limit)) = (self.taken.take(), self.tokens) else { return };
        let Some(used) = used else { return };
        let now = gateway.desk.now();
        gateway.rates.of(&self.key, |all| all.tokens.settle(limit, (taken, used), now));
    }

    /// Tells the client how things stand, in the words of its API.
    pub fn stamp(&self, gateway: &Gateway, form: ClientDialect, headers: &mut HeaderMap) {
        let now = gateway.desk.now();
        let used = gateway.rates.of(&self.key, |used| *used);
        let of = |limit: Option<NonZeroU32>, meter: Meter| Some(meter.standing(limit?, now));
        let requests = of(self.requests, used.requests).map(|standing| (Counted::Requests, standing));
        let tokens = of(self.tokens, used.tokens).map(|standing| (Counted::Tokens, standing));
        let is_anthropic = form == ClientDialect::Messages;
        for (counted, standing) in requests.into_iter().chain(tokens) {
            let Standing { limit, remaining, reset } = standing;
            let names = names(counted, is_anthropic).map(HeaderName::from_static);
            let reset = match is_anthropic {
                true => moment(gateway.wall.unix_seconds(), reset),
                false => span(reset),
            };
            let values = [limit.to_string(), remaining.to_string(), reset];
            reply::set_all(headers, names.into_iter().zip(values.iter().map(String::as_str)));
        }
    }
}

/// The headers that tell limit, remaining and reset.
const fn names(counted: Counted, is_anthropic: bool) -> [&'static str; 3] {
    match (counted, is_anthropic) {
        (Counted::Requests, false) => {
            ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"]
        }
        (Counted::Tokens, false) => {
            ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"]
        }
        (Counted::Requests, true) => [
            "anthropic-ratelimit-requests-limit",
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-reset",
        ],
        (Counted::Tokens, true) => [
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-tokens-remaining",
            "anthropic-ratelimit-tokens-reset",
        ],
    }
}

/// A time as OpenAI writes it: `120ms`, `7.5s`, `6m0s`. Rounded up.
fn span(time: Duration) -> String {
    let millis = time.as_nanos().div_ceil(1_000_000);
    if (1..1_000).contains(&millis) {
        return format!("{millis}ms");
    }
    let (minutes, rest) = (millis / 60_000, millis % 60_000);
    let seconds = rest as f64 / 1e3;
    if minutes == 0 { format!("{seconds}s") } else { format!("{minutes}m{seconds}s") }
}

/// A time from now as Anthropic writes it: RFC 3339, in whole seconds. Rounded up.
fn moment(unix_seconds: i64, from_now: Duration) -> String {
    let whole = from_now.as_secs().saturating_add(u64::from(from_now.subsec_nanos() > 0));
    let at = unix_seconds.saturating_add(i64::try_from(whole).unwrap_or(i64::MAX));
    Timestamp::from_second(at).unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_providers_write_them() {
        let of = |nanos: u64| span(Duration::from_nanos(nanos));
        assert_eq!(of(0), "0s");
        assert_eq!(of(1), "1ms");
        assert_eq!(of(120_000_000), "120ms");
        assert_eq!(of(999_000_001), "1s");
        assert_eq!(of(7_500_000_000), "7.5s");
        assert_eq!(of(360_000_000_000), "6m0s");
        assert_eq!(of(90_951_000_000), "1m30.951s");
        assert_eq!(moment(1_800_000_000, Duration::from_millis(1_001)), "2027-01-15T08:00:02Z");
        assert_eq!(moment(1_800_000_000, Duration::ZERO), "2027-01-15T08:00:00Z");
        assert!(moment(i64::MAX, Duration::MAX).starts_with("9999-"));
    }
}
