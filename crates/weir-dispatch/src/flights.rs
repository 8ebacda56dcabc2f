use crate::Moment;
use crate::engine::EngineLoad;
use crate::work::{Band, Work};
use std::collections::{BTreeMap, VecDeque};

/// A request on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FlightId(pub u64);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Flight {
    pub work: Work,
    pub band: Band,
    pub since: Moment,
    /// What the formula said of its first token, and whether there is something to learn from it.
    pub formula_s: f64,
    /// Seconds within which its first token was promised.
    pub promised_s: Option<f64>,
    /// Whether the model had to be loaded first.
    pub is_cold: bool,
    pub first_token: Option<Moment>,
    pub produced: u32,
}

/// The requests of ours that run on one target, and how far they are: the freshest signal there is of how
/// busy it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Flights {
    all: BTreeMap<FlightId, Flight>,
    /// Prompts that are not known to have been prefilled, in the order in which they were sent.
    prefilling: VecDeque<(FlightId, u32)>,
    prefilling_tokens: u64,
    /// Since when the first of them is worked on.
    head_since: Moment,
    prompt_tokens: u64,
    produced_tokens: u64,
    expected_tokens: u64,
    batch: u32,
    /// What they are to the next prompt, but for the prompts before it.
    running: EngineLoad,
}

impl Flights {
    pub fn len(&self) -> u32 {
        u32::try_from(self.all.len()).unwrap_or(u32::MAX)
    }

    pub fn of_batch(&self) -> u32 {
        self.batch
    }

    /// Tokens of prompts and expected answers.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.expected_tokens)
    }

    pub fn start(&mut self, id: FlightId, flight: Flight) {
        let work = flight.work;
        if self.prefilling.is_empty() {
            self.head_since = flight.since;
        }
        self.prefilling.push_back((id, work.prompt_tokens));
        self.prefilling_tokens += u64::from(work.prompt_tokens);
        self.prompt_tokens += u64::from(work.prompt_tokens);
        self.expected_tokens += u64::from(work.output_tokens);
        self.batch += u32::from(flight.band == Band::Batch);
        self.all.insert(id, flight);
        self.recount();
    }

    /// Its first token has come. Returns the request, the first time.
    pub fn first_token(&mut self, id: FlightId, now: Moment) -> Option<&Flight> {
        let flight = self.all.get_mut(&id).filter(|flight| flight.first_token.is_none())?;
        flight.first_token = Some(now);
        self.prefilled(id, now);
        self.all.get(&id)
    }

    /// So many tokens of its answer have come by now.
    pub fn produced(&mut self, id: FlightId, tokens: u32) -> u32 {
        let Some(flight) = self.all.get_mut(&id) else { return 0 };
        let more = tokens.saturating_sub(flight.produced);
        flight.produced += more;
        self.produced_tokens += u64::from(more);
        self.recount();
        more
    }

    pub fn end(&mut self, id: FlightId, now: Moment) -> Option<Flight> {
        self.prefilled(id, now);
        let flight = self.all.remove(&id)?;
        let work = flight.work;
        self.prompt_tokens = self.prompt_tokens.saturating_sub(u64::from(work.prompt_tokens));
        self.expected_tokens = self.expected_tokens.saturating_sub(u64::from(work.output_tokens));
        self.produced_tokens = self.produced_tokens.saturating_sub(u64::from(flight.produced));
        self.batch = self.batch.saturating_sub(u32::from(flight.band == Band::Batch));
        self.recount();
        Some(flight)
    }

    /// What the next prompt of so many tokens would find, if prefilling a token takes so long.
    pub fn load(&self, prompt_tokens: u32, prefill_token_s: f64, now: Moment) -> EngineLoad {
        let prompt_tokens = self.pending_tokens(prefill_token_s, now) + f64::from(prompt_tokens);
        EngineLoad { prompt_tokens, ..self.running }
    }

    fn recount(&mut self) {
        let running = self.all.len() as f64;
        let expected = self.expected_tokens as f64;
        self.running = EngineLoad {
            prompt_tokens: 0.0,
            running,
            // On average an answer is half done.
            context_tokens: self.prompt_tokens as f64 + (self.produced_tokens as f64).max(expected / 2.0),
            output_tokens: if running > 0.0 { expected / running } else { 0.0 },
        };
    }

    /// Prompt tokens still to be prefilled, if the server works on them all the time. Of answers that come in
    /// whole there is no first token to tell.
    fn pending_tokens(&self, prefill_token_s: f64, now: Moment) -> f64 {
        if self.prefilling.is_empty() {
            return 0.0;
        }
        let worked_s = now.saturating_sub(self.head_since).as_secs_f64();
        (self.prefilling_tokens as f64 - worked_s / prefill_token_s.max(1e-9)).max(0.0)
    }

    fn prefilled(&mut self, id: FlightId, now: Moment) {
        let Some(place) = self.prefilling.iter().position(|(known, _)| *known == id) else { return };
        if let Some((_, tokens)) = self.prefilling.remove(place) {
            self.prefilling_tokens = self.prefilling_tokens.saturating_sub(u64::from(tokens));
        }
        self.head_since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn flight(prompt_tokens: u32, since: u64) -> Flight {
        Flight {
            work: Work { prompt_tokens, output_tokens: 100, ..Work::default() },
            band: Band::Interactive,
            since: Duration::from_secs(since),
            formula_s: 1.0,
            promised_s: None,
            is_cold: false,
            first_token: None,
            produced: 0,
        }
    }

    #[test]
    fn a_prompt_is_pending_less_and_less_until_its_first_token() {
        let mut flights = Flights::default();
        flights.start(FlightId(1), flight(1000, 0));
        flights.start(FlightId(2), flight(500, 0));
        let pending =
            |flights: &Flights, now| flights.load(0, 1e-3, Duration::from_millis(now)).prompt_tokens;
        assert!((pending(&flights, 0) - 1500.0).abs() < 1e-6);
        assert!((pending(&flights, 400) - 1100.0).abs() < 1e-6);
        assert!(pending(&flights, 9000) < 1e-6, "there was time for both");
        flights.first_token(FlightId(1), Duration::from_secs(9));
        assert!((pending(&flights, 9000) - 500.0).abs() < 1e-6, "but the second comes after the first");
        assert!(
            flights.first_token(FlightId(1), Duration::from_secs(10)).is_none(),
            "there is one first token"
        );
    }

    #[test]
    fn what_has_ended_leaves_nothing_behind() {
        let mut flights = Flights::default();
        flights.start(FlightId(1), flight(1000, 0));
        flights.first_token(FlightId(1), Duration::from_secs(1));
        assert_eq!(flights.produced(FlightId(1), 40), 40);
        assert_eq!(flights.produced(FlightId(1), 30), 0, "an answer does not shrink");
        flights.end(FlightId(1), Duration::from_secs(2));
        let empty = Flights { head_since: flights.head_since, ..Flights::default() };
        assert_eq!(flights, empty);
        assert!(flights.end(FlightId(1), Duration::from_secs(2)).is_none());
    }
}
