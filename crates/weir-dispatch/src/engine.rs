/// What one step of an inference server with continuous batching takes: `step + context * tokens held +
/// prefill * prompt tokens of the step`, in seconds.
///
/// Nobody has to know these figures: [`EngineModel::GENERIC`] has the right shape, and
/// the predictor corrects it by what is observed. An operator who knows them, or a server that tells
/// its cache size, makes the first minutes better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EngineModel {
    /// Seconds of a step without any token: the time to read the weights.
    pub step_s: f64,
    /// Seconds for each token that the running sequences hold: the time to read its keys and values.
    pub context_s: f64,
    /// Seconds for each prompt token.
    pub prefill_s: f64,
    /// Tokens that one step works on at most.
    pub chunk_tokens: u32,
    /// Sequences that run at once at most.
    pub sequences_max: u32,
    /// Tokens that the key-value cache holds; `None` if unknown, then it is taken never to be full.
    pub cache_tokens: Option<u32>,
}

impl EngineModel {
    /// A middling server. Which one hardly matters: only the proportions are not corrected later.
    pub const GENERIC: Self = Self {
        step_s: 0.02,
        context_s: 1e-7,
        prefill_s: 1e-4,
        chunk_tokens: 2048,
        sequences_max: 256,
        cache_tokens: None,
    };

    /// Seconds of a step that decodes and prefills nothing.
    #[must_use]
    pub fn decode_step_s(&self, context_tokens: f64) -> f64 {
        self.step_s + self.context_s * context_tokens
    }

    /// Seconds to the first token of a prompt that joins now.
    ///
    /// All prompt tokens before it and its own have to be prefilled, in as many steps as they need beside
    /// the sequences that decode; if the cache is short, running sequences have to end first.
    #[must_use]
    pub fn first_token_s(&self, load: &EngineLoad) -> f64 {
        let running = load.running.min(f64::from(self.sequences_max));
        let step = self.decode_step_s(load.context_tokens);
        let room = (f64::from(self.chunk_tokens) - running).max(1.0);
        let steps = 1.0 + load.prompt_tokens / room;
        load.prompt_tokens * self.prefill_s
            + steps * step
            + self.cache_wait_s(load, step)
            + self.sequence_wait_s(load, step)
    }

    /// Seconds until sequences have ended that hold as many tokens as are missing.
    fn cache_wait_s(&self, load: &EngineLoad, step: f64) -> f64 {
        let Some(cache) = self.cache_tokens else { return 0.0 };
        let missing = load.context_tokens + load.prompt_tokens - f64::from(cache);
        if missing <= 0.0 || load.running < 1.0 {
            return 0.0;
        }
        let released_a_second = load.context_tokens / (load.output_tokens * step).max(0.05);
        missing / released_a_second.max(1.0)
    }

    /// Seconds until a sequence has ended, when as many run as may.
    fn sequence_wait_s(&self, load: &EngineLoad, step: f64) -> f64 {
        let places = f64::from(self.sequences_max).max(1.0);
        let excess = load.running - places + 1.0;
        if excess > 0.0 { excess * load.output_tokens * step / places } else { 0.0 }
    }
}

/// What a server is busy with, as far as the next prompt feels it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EngineLoad {
    /// Prompt tokens to be prefilled up to and with the next prompt.
    pub prompt_tokens: f64,
    /// Sequences.
    pub running: f64,
    /// Tokens that they hold.
    pub context_tokens: f64,
    /// Tokens that an answer has on average.
    pub output_tokens: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn an_idle_server_takes_a_step_and_the_prefill() {
        let load = EngineLoad { prompt_tokens: 1024.0, output_tokens: 200.0, ..EngineLoad::default() };
        near(EngineModel::GENERIC.first_token_s(&load), 0.1024 + 1.5 * 0.02);
    }

    #[test]
    fn a_full_cache_makes_a_prompt_wait_for_tokens_to_be_released() {
        let load = EngineLoad {
            prompt_tokens: 1000.0,
            running: 50.0,
            context_tokens: 60_000.0,
            output_tokens: 200.0,
        };
        let roomy = EngineModel { cache_tokens: Some(100_000), ..EngineModel::GENERIC };
        let full = EngineModel { cache_tokens: Some(60_000), ..EngineModel::GENERIC };
        near(roomy.first_token_s(&load), EngineModel::GENERIC.first_token_s(&load));
        // 1,000 tokens are missing; 60,000 are released in 200 steps of 26 ms.
        near(full.first_token_s(&load) - roomy.first_token_s(&load), 1000.0 / (60_000.0 / (200.0 * 0.026)));
    }

    #[test]
    fn more_sequences_than_may_run_wait_for_each_other() {
        let engine = EngineModel { sequences_max: 4, ..EngineModel::GENERIC };
        let load =
            |running| EngineLoad { prompt_tokens: 10.0, running, output_tokens: 100.0, ..Default::default() };
        let (few, many) = (engine.first_token_s(&load(3.0)), engine.first_token_s(&load(5.0)));
        assert!(many - few > 0.9, "{few} {many}");
    }
}
