//! What gateways do elsewhere, to compare with. They decide at once and for good, and the better ones know
//! more than a gateway can: the constants of the servers, and how far each prompt is.

use crate::policy::Policy;
use crate::replica::Replica;
use crate::world::{Place, Router, Scenario, Verdict};
use weir_dispatch::{EngineLoad, Reported};

/// A rule that looks at the servers when a request comes.
pub(crate) struct Rival<'a> {
    policy: Policy,
    scenario: &'a Scenario,
    reported: Vec<Reported>,
    mean_input: f64,
    mean_output: f64,
}

/// The share of the newest request in the means.
const NEWEST: f64 = 0.01;

impl<'a> Rival<'a> {
    pub fn new(policy: Policy, scenario: &'a Scenario) -> Self {
        let reported = vec![Reported::default(); scenario.replicas];
        Self { policy, scenario, reported, mean_input: 1000.0, mean_output: 200.0 }
    }

    fn place(&self, number: usize, replicas: &[Replica]) -> Place {
        let Some(request) = self.scenario.requests.get(number) else { return Place::Cloud };
        let main = replicas.get(..self.scenario.replicas).unwrap_or_default();
        let may_leave = !request.classified;
        let least = least_loaded(main);
        match self.policy {
            Policy::Cloud if may_leave => Place::Cloud,
            Policy::Queue(most) if may_leave && self.all(|r| r.waiting.unwrap_or(0) > most) => Place::Cloud,
            Policy::Cache(most) if may_leave && self.all(|r| r.cache_used.unwrap_or(0.0) > most) => {
                Place::Cloud
            }
            Policy::InFlight(most) if may_leave && main.iter().all(|r| r.requests() > most as usize) => {
                Place::Cloud
            }
            Policy::Predicted => self.predicted(main, None, request.input_tokens, may_leave, 1.0),
            Policy::Reserve => {
                let small = replicas.get(self.scenario.replicas);
                self.predicted(main, small, request.input_tokens, may_leave, 0.5)
            }
            Policy::Weir
            | Policy::Local
            | Policy::Cloud
            | Policy::Queue(_)
            | Policy::Cache(_)
            | Policy::InFlight(_) => Place::Replica(least),
        }
    }

    fn all(&self, is: impl Fn(&Reported) -> bool) -> bool {
        self.reported.iter().all(is)
    }

    fn predicted(
        &self,
        main: &[Replica],
        small: Option<&Replica>,
        input: u32,
        may_leave: bool,
        share: f64,
    ) -> Place {
        let target = self.scenario.target_s;
        let times = main.iter().map(|replica| self.predict_s(replica, input));
        let (best, seconds) =
            times.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::INFINITY));
        if may_leave {
            return if seconds > share * target { Place::Cloud } else { Place::Replica(best) };
        }
        let faster = small.is_some_and(|small| self.predict_s(small, input) < seconds);
        if seconds > target && faster { Place::Replica(main.len()) } else { Place::Replica(best) }
    }

    fn predict_s(&self, replica: &Replica, input: u32) -> f64 {
        let running = replica.requests() as f64;
        let held = running * (self.mean_input + self.mean_output / 2.0);
        replica.profile.engine.first_token_s(&EngineLoad {
            prompt_tokens: replica.pending_tokens as f64 + f64::from(input),
            running,
            context_tokens: held.min(f64::from(replica.profile.cache_tokens)),
            output_tokens: self.mean_output,
        })
    }
}

fn least_loaded(replicas: &[Replica]) -> usize {
    let load = |replica: &Replica| {
        replica.pending_tokens as f64 * replica.profile.engine.prefill_s + replica.requests() as f64 * 1e-3
    };
    let loads = replicas.iter().map(load).enumerate();
    loads.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(index, _)| index)
}

impl Router for Rival<'_> {
    fn arrive(&mut self, number: usize, _: f64, replicas: &[Replica]) -> Vec<Verdict> {
        vec![Verdict::Send(number, self.place(number, replicas))]
    }

    fn ended(&mut self, number: usize, _: f64) -> Vec<Verdict> {
        if let Some(request) = self.scenario.requests.get(number) {
            self.mean_input += NEWEST * (f64::from(request.input_tokens) - self.mean_input);
            self.mean_output += NEWEST * (f64::from(request.output_tokens) - self.mean_output);
        }
        Vec::new()
    }

    fn scraped(&mut self, replica: usize, reported: Reported, _: f64) -> Vec<Verdict> {
        if let Some(known) = self.reported.get_mut(replica) {
            *known = reported;
        }
        Vec::new()
    }
}
