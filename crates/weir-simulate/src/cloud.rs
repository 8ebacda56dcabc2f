use weir_dispatch::Random;

/// A cloud API, as modelled: it answers the sooner the shorter the prompt, and does not fill up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CloudModel {
    /// Seconds to the first token of a short prompt, on average.
    pub first_token_s: f64,
    /// How far they spread: the standard deviation.
    pub spread_s: f64,
    /// Tokens a second of an answer.
    pub tokens_per_s: f64,
    /// USD per million tokens of prompt.
    pub usd_input: f64,
    /// USD per million tokens of answer.
    pub usd_output: f64,
}

impl Default for CloudModel {
    fn default() -> Self {
        Self { first_token_s: 0.6, spread_s: 0.25, tokens_per_s: 90.0, usd_input: 2.0, usd_output: 10.0 }
    }
}

const SOONEST_S: f64 = 0.1;
const PER_PROMPT_TOKEN_S: f64 = 5e-6;

impl CloudModel {
    /// Seconds to the first token of request number `number`: the same for it under every policy.
    pub(crate) fn first_token_s(&self, seed: u64, number: usize, input_tokens: u32) -> f64 {
        let mut random = Random::new(seed ^ (number as u64).wrapping_mul(0xA24B_AED4_963E_E407));
        let normal = normal(&mut random);
        (self.first_token_s + self.spread_s * normal).max(SOONEST_S)
            + f64::from(input_tokens) * PER_PROMPT_TOKEN_S
    }

    /// USD of a request.
    pub(crate) fn usd(&self, input_tokens: u32, output_tokens: u32) -> f64 {
        (f64::from(input_tokens) * self.usd_input + f64::from(output_tokens) * self.usd_output) / 1e6
    }
}

/// Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958.
fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.unit()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_spread_around_the_mean_and_are_the_same_each_time() {
        let cloud = CloudModel::default();
        let times: Vec<f64> = (0..4000).map(|number| cloud.first_token_s(1, number, 0)).collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        assert!((mean - 0.6).abs() < 0.02, "{mean}");
        assert!(times.iter().all(|time| *time >= SOONEST_S));
        assert!((times[17] - cloud.first_token_s(1, 17, 0)).abs() < f64::EPSILON);
    }
}
