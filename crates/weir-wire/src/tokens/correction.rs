/// Of so many estimated tokens the most recent count; older requests fade.
const MEMORY_TOKENS: u64 = 2_000_000;
/// So many tokens' worth of trust the estimate has before anything was reported.
const PRIOR_TOKENS: u64 = 5_000;
/// No tokenizer differs by more; reports beyond are of something else, such as a prompt that was cut.
const FACTOR_MAX: u64 = 4;

/// By how much a backend's tokenizer differs from the estimate, learned from the usage it reports.
///
/// A state machine without clock: feed each answer's numbers to [`observe`](Self::observe).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    estimated: u64,
    reported: u64,
}

impl Default for Correction {
    fn default() -> Self {
        Self { estimated: PRIOR_TOKENS, reported: PRIOR_TOKENS }
    }
}

impl Correction {
    /// Takes note of what a prompt was estimated to be and what the backend counted. Numbers that cannot
    /// belong together are passed over.
    pub fn observe(&mut self, estimated: u64, reported: u64) {
        let (less, more) = (estimated.min(reported), estimated.max(reported));
        if less == 0 || more / less >= FACTOR_MAX || more > MEMORY_TOKENS {
            return;
        }
        self.estimated += estimated;
        self.reported += reported;
        if self.estimated > MEMORY_TOKENS {
            self.estimated /= 2;
            self.reported /= 2;
        }
    }

    /// An estimate, corrected. What has tokens never has none.
    #[must_use]
    pub fn apply(&self, estimated: u64) -> u64 {
        let wide = u128::from(estimated) * u128::from(self.reported);
        let wide = wide.div_ceil(u128::from(self.estimated.max(1)));
        u64::try_from(wide).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_backend_reports_corrects_the_estimates_for_it() {
        let mut correction = Correction::default();
        assert_eq!(correction.apply(1_000), 1_000);
        for _ in 0..500 {
            correction.observe(1_000, 1_250);
        }
        assert!(correction.apply(1_000).abs_diff(1_250) < 10);
        for _ in 0..5_000 {
            correction.observe(1_000, 900);
        }
        assert!(correction.apply(1_000).abs_diff(900) < 10, "an older tokenizer is forgotten");
    }

    #[test]
    fn a_short_text_has_a_token_whatever_the_correction() {
        let mut correction = Correction::default();
        (0..1_000).for_each(|_| correction.observe(1_000, 300));
        assert_eq!((correction.apply(1), correction.apply(0)), (1, 0));
    }

    #[test]
    fn numbers_that_cannot_belong_together_change_nothing() {
        let mut correction = Correction::default();
        for (estimated, reported) in [(0, 10), (10, 0), (1_000, 4_000), (u64::MAX, u64::MAX)] {
            correction.observe(estimated, reported);
        }
        assert_eq!(correction, Correction::default());
        assert_eq!(correction.apply(u64::MAX), u64::MAX);
    }
}
