use std::str::FromStr;
use weir_dispatch::EngineModel;

/// A server, as modelled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// What its steps take.
    pub engine: EngineModel,
    /// Tokens that its key-value cache holds.
    pub cache_tokens: u32,
    /// USD an hour: amortised over four years, with power and operation.
    pub usd_per_hour: f64,
}

/// Computed from data sheets, not measured: weights and key-value bytes over three quarters of the memory's
/// bandwidth, twice the parameters over 40 to 50 hundredths of the dense FLOP/s.
const PROFILES: [Profile; 6] = [
    profile("h100-8b", (0.0064, 52e-9, 32e-6), (400_000, 256, 2048), 1.60),
    profile("l40s-8b", (0.0248, 202e-9, 177e-6), (190_000, 256, 2048), 0.58),
    profile("4090-8b4", (0.0072, 163e-9, 195e-6), (105_000, 128, 2048), 0.24),
    profile("2h100-70b8", (0.0149, 70e-9, 89e-6), (207_000, 256, 2048), 3.20),
    profile("h200-70b8", (0.0208, 98e-9, 178e-6), (158_000, 256, 2048), 1.95),
    profile("4090-1b", (0.0040, 41e-9, 20e-6), (400_000, 256, 4096), 0.24),
];

const fn profile(
    name: &'static str,
    (step_s, context_s, prefill_s): (f64, f64, f64),
    (cache_tokens, sequences_max, chunk_tokens): (u32, u32, u32),
    usd_per_hour: f64,
) -> Profile {
    let engine = EngineModel {
        step_s,
        context_s,
        prefill_s,
        chunk_tokens,
        sequences_max,
        cache_tokens: Some(cache_tokens),
    };
    Profile { name, engine, cache_tokens, usd_per_hour }
}

/// A name that no profile has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no profile `{0}`; there are `h100-8b`, `l40s-8b`, `4090-8b4`, `2h100-70b8`, `h200-70b8`, `4090-1b`"
)]
pub struct UnknownProfile(pub String);

impl Profile {
    /// Every profile.
    pub const ALL: [Profile; 6] = PROFILES;
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name == name)
            .ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_found_by_name_and_the_error_names_them_all() {
        assert!((Profile::from_str("l40s-8b").unwrap().usd_per_hour - 0.58).abs() < 1e-9);
        let error = Profile::from_str("a100").unwrap_err().to_string();
        assert!(Profile::ALL.iter().all(|profile| error.contains(profile.name)), "{error}");
    }
}
