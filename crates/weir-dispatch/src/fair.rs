use std::collections::BTreeMap;
use std::sync::Arc;

/// How much each tenant has been served, so that places go to those who had least.
///
/// A tenant's counter goes up by the tokens it is served, divided by its weight; the tenant with the lowest
/// goes next. One that was idle starts at the lowest counter of the busy ones: nobody saves up claims by
/// not asking.
///
/// Source: Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024 (virtual token counter).
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shares {
    /// Those with requests that wait or run.
    busy: BTreeMap<Arc<str>, Tenant>,
    /// What the others had been served when they left, unless they would start higher anyway.
    away: BTreeMap<Arc<str>, f64>,
}

#[derive(Debug, Clone, PartialEq)]
struct Tenant {
    served: f64,
    weight: u32,
    requests: u32,
}

/// An output token costs a server about as much as two of input.
const OUTPUT_WEIGHT: f64 = 2.0;
/// Tenants that are remembered while they are away.
const AWAY_MAX: usize = 1024;

impl Shares {
    /// A request of the tenant is there.
    pub fn enter(&mut self, name: &Arc<str>, weight: u32) {
        let weight = weight.max(1);
        if let Some(tenant) = self.busy.get_mut(name) {
            tenant.requests = tenant.requests.saturating_add(1);
            tenant.weight = weight;
            return;
        }
        let before = self.away.remove(name).unwrap_or(0.0);
        let served = before.max(self.floor().unwrap_or(before));
        self.busy.insert(name.clone(), Tenant { served, weight, requests: 1 });
    }

    /// A request of the tenant has ended.
    pub fn leave(&mut self, name: &Arc<str>) {
        let Some(tenant) = self.busy.get_mut(name) else { return };
        tenant.requests = tenant.requests.saturating_sub(1);
        if tenant.requests > 0 {
            return;
        }
        let served = tenant.served;
        self.busy.remove(name);
        self.away.insert(name.clone(), served);
        if self.away.len() > AWAY_MAX {
            self.forget();
        }
    }

    /// So many tokens of a prompt are served.
    pub fn charge_input(&mut self, name: &str, tokens: u32) {
        self.charge(name, f64::from(tokens));
    }

    /// So many tokens of an answer were served.
    pub fn charge_output(&mut self, name: &str, tokens: u32) {
        self.charge(name, OUTPUT_WEIGHT * f64::from(tokens));
    }

    /// What the tenant has been served, by its weight. Lower goes first.
    pub fn served(&self, name: &str) -> f64 {
        self.busy.get(name).map_or(0.0, |tenant| tenant.served)
    }

    fn charge(&mut self, name: &str, tokens: f64) {
        if let Some(tenant) = self.busy.get_mut(name) {
            tenant.served += tokens / f64::from(tenant.weight);
        }
    }

    fn floor(&self) -> Option<f64> {
        self.busy.values().map(|tenant| tenant.served).reduce(f64::min)
    }

    /// Forgets those who would start at the floor anyway; if that is not half, all who are away.
    fn forget(&mut self) {
        let floor = self.floor().unwrap_or(f64::INFINITY);
        self.away.retain(|_, served| *served > floor);
        if self.away.len() > AWAY_MAX / 2 {
            self.away.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Arc<str> {
        name.into()
    }

    #[test]
    fn who_was_away_has_no_claim_to_what_others_were_served_meanwhile() {
        let mut shares = Shares::default();
        shares.enter(&name("busy"), 1);
        shares.charge_input("busy", 1000);
        shares.enter(&name("new"), 1);
        assert!((shares.served("new") - 1000.0).abs() < f64::EPSILON);
        shares.charge_output("new", 100);
        assert!((shares.served("new") - 1200.0).abs() < f64::EPSILON);
        shares.leave(&name("new"));
        shares.enter(&name("new"), 1);
        assert!((shares.served("new") - 1200.0).abs() < f64::EPSILON, "leaving does not wipe it out");
    }

    #[test]
    fn tenants_that_have_gone_are_forgotten_before_they_are_too_many() {
        let mut shares = Shares::default();
        for number in 0..20_000 {
            let tenant = name(&format!("tenant-{number}"));
            shares.enter(&tenant, 1);
            shares.charge_input(&tenant, 10);
            shares.leave(&tenant);
        }
        assert!(shares.away.len() <= AWAY_MAX && shares.busy.is_empty());
    }
}
