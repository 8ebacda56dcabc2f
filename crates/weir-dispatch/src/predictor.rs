use crate::engine::{EngineLoad, EngineModel};
use crate::hedge::Quantile;

/// Predicts the time to the first token on one target: the engine's formula, times a ratio that is learnt.
///
/// The ratio goes up a little when an answer came later than predicted and down when it came earlier, so
/// it follows the median: one answer that took a minute moves it no more than any other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Predictor {
    engine: EngineModel,
    ratio: f64,
    /// How far the next observation moves it.
    step: f64,
    /// Whether the last one came later than predicted.
    was_late: Option<bool>,
    error_s: f64,
    /// How many times as long as predicted first tokens take, of those of which much was predicted: nine of ten no
    /// longer.
    late: Quantile,
}

/// How far one observation moves the ratio at least, and at most.
const STEPS: (f64, f64) = (0.03, 0.5);
/// Observations on the same side say that the ratio is far off, and steps grow; on both, that it is near.
const GROWTH: f64 = 1.2;
const COOLING: f64 = 0.5;
/// A server is taken to be no further from the generic one than that.
const RATIO_MAX: f64 = 1000.0;
/// Predictions are taken to be too low by this factor at least when a promise hangs on them.
pub(crate) const MARGIN: f64 = 1.2;
/// How late first tokens come is learnt where something hangs on it: from those that were predicted to take at least
/// this share of the promised time. Of shorter ones a step more or less is a lot.
const NEAR: f64 = 0.4;
/// Predictions are taken to be too low by no more than this factor, so that some that are near enough to be learnt
/// from are still believed.
const LATE_MAX: f64 = 2.0;

impl Predictor {
    pub fn new(engine: EngineModel) -> Self {
        let late = Quantile::starting(0.9, MARGIN);
        Self { engine, ratio: 1.0, step: STEPS.1, was_late: None, error_s: 0.0, late }
    }

    /// The server told how many tokens its cache holds.
    pub fn set_cache_tokens(&mut self, tokens: u32) {
        self.engine.cache_tokens = Some(tokens);
    }

    /// Seconds, before the correction: what [`learn`](Self::learn) wants back.
    pub fn formula_s(&self, load: &EngineLoad) -> f64 {
        self.engine.first_token_s(load).max(1e-4)
    }

    /// Seconds that a middling server takes for a prompt and an answer, if it has nothing else to do.
    pub fn alone_s(&self, prompt_tokens: u32, output_tokens: u32) -> f64 {
        let prompt = EngineLoad { prompt_tokens: f64::from(prompt_tokens), ..EngineLoad::default() };
        self.engine.first_token_s(&prompt) + f64::from(output_tokens) * self.engine.decode_step_s(0.0)
    }

    pub fn corrected_s(&self, formula_s: f64) -> f64 {
        formula_s * self.ratio
    }

    /// Seconds to a first token at the latest, if so many are predicted: nine of ten are there by then.
    ///
    /// How far predictions are off is no constant: where long prompts keep a server busy they are nearly exact, where
    /// many answers run at once they are not.
    pub fn at_latest_s(&self, predicted_s: f64) -> f64 {
        predicted_s * self.late.value().unwrap_or(MARGIN).clamp(MARGIN, LATE_MAX)
    }

    /// Seconds to prefill so many tokens, without waiting.
    pub fn prefill_s(&self, tokens: f64) -> f64 {
        tokens * self.engine.prefill_s * self.ratio
    }

    /// Tokens a second that one of the running sequences gets.
    pub fn tokens_per_s(&self, context_tokens: f64) -> f64 {
        1.0 / (self.engine.decode_step_s(context_tokens) * self.ratio).max(1e-6)
    }

    /// A first token took so long, which was promised within `promised_s`, if at all.
    pub fn learn(&mut self, formula_s: f64, observed_s: f64, promised_s: Option<f64>) {
        let predicted = self.corrected_s(formula_s);
        self.error_s += ((observed_s - predicted).abs() - self.error_s) / 32.0;
        if !self.is_measured() {
            // The first says more than what was presumed.
            self.ratio = (observed_s / formula_s).clamp(1.0 / RATIO_MAX, RATIO_MAX);
            self.was_late = Some(observed_s > predicted);
            return;
        }
        if promised_s.is_some_and(|promised_s| predicted >= NEAR * promised_s) {
            self.late.add(observed_s / predicted);
        }
        let is_late = observed_s > predicted;
        if let Some(was_late) = self.was_late.replace(is_late) {
            let change = if was_late == is_late { GROWTH } else { COOLING };
            self.step = (self.step * change).clamp(STEPS.0, STEPS.1);
        }
        let factor = 1.0 + self.step;
        let moved = if is_late { self.ratio * factor } else { self.ratio / factor };
        self.ratio = moved.clamp(1.0 / RATIO_MAX, RATIO_MAX);
    }

    /// Whether anything has been observed yet.
    pub fn is_measured(&self) -> bool {
        self.was_late.is_some()
    }

    /// The ratio learnt so far.
    pub fn ratio(&self) -> f64 {
        self.ratio
    }

    /// By how many seconds predictions have been wrong lately, on average.
    pub fn error_s(&self) -> f64 {
        self.error_s
    }

    /// Until something is observed, takes the server to be like one whose ratio is known.
    pub fn presume(&mut self, ratio: f64) {
        if !self.is_measured() {
            self.ratio = ratio.clamp(1.0 / RATIO_MAX, RATIO_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn load(prompt_tokens: f64) -> EngineLoad {
        EngineLoad { prompt_tokens, running: 4.0, context_tokens: 4000.0, output_tokens: 200.0 }
    }

    #[test]
    fn the_speed_of_an_unknown_server_is_learnt_within_a_few_dozen_answers() {
        let actual = EngineModel { step_s: 0.005, prefill_s: 3e-5, context_s: 5e-8, ..EngineModel::GENERIC };
        let mut predictor = Predictor::new(EngineModel::GENERIC);
        let mut random = Random::new(1);
        for _ in 0..30 {
            let load = load(200.0 + 3000.0 * random.unit());
            predictor.learn(predictor.formula_s(&load), actual.first_token_s(&load), None);
        }
        let (predicted, observed) =
            (predictor.corrected_s(predictor.formula_s(&load(1500.0))), actual.first_token_s(&load(1500.0)));
        assert!((predicted / observed - 1.0).abs() < 0.15, "{predicted} for {observed}");
    }

    #[test]
    fn what_is_left_for_being_late_is_learnt_where_a_promise_hangs_on_it() {
        let mut random = Random::new(1);
        let mut at_latest = |spread: f64, promised_s: Option<f64>| {
            let mut predictor = Predictor::new(EngineModel::GENERIC);
            let formula = predictor.formula_s(&load(1000.0));
            for _ in 0..1000 {
                predictor.learn(formula, formula * (1.0 + spread * (random.unit() - 0.5)), promised_s);
            }
            predictor.at_latest_s(1.0)
        };
        let near = Some(0.2);
        let (steady, erratic) = (at_latest(0.0, near), at_latest(1.0, near));
        assert!((1.3..1.7).contains(&erratic), "nine of ten take 1.4 times as long at most: {erratic}");
        for least in [steady, at_latest(1.0, None), at_latest(1.0, Some(60.0))] {
            assert!((least - MARGIN).abs() < 1e-9, "{least}");
        }
    }

    #[test]
    fn outliers_do_not_move_the_median() {
        let mut predictor = Predictor::new(EngineModel::GENERIC);
        let formula = predictor.formula_s(&load(1000.0));
        for turn in 0..400 {
            let observed = if turn % 10 == 0 { 60.0 } else { formula * 0.5 };
            predictor.learn(formula, observed, None);
        }
        let ratio = predictor.ratio();
        assert!((0.4..0.65).contains(&ratio), "{ratio}");
    }
}
