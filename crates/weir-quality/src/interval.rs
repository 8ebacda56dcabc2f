//! How sure one may be of shares that were counted.

/// The 97.5th percentile of the normal distribution, for intervals that hold 95 times in a hundred.
const Z: f64 = 1.959_963_984_540_054;

/// A share with the interval that holds the true one 95 times in a hundred, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// What was counted.
    pub share: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The share `good` of `total` observations, which may be fractions of such; `None` without any.
///
/// Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
#[must_use]
pub fn wilson(good: f64, total: f64) -> Option<Share> {
    if total <= 0.0 {
        return None;
    }
    let share = (good / total).clamp(0.0, 1.0);
    let z2 = Z * Z;
    let centre = (share + z2 / (2.0 * total)) / (1.0 + z2 / total);
    let half = Z / (1.0 + z2 / total) * (share * (1.0 - share) / total + z2 / (4.0 * total * total)).sqrt();
    Some(Share { share, low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

/// The difference `a` − `b` of two independent shares, with its interval.
///
/// Source: Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine
/// 17 (1998), method 10.
#[must_use]
pub fn difference(a: Share, b: Share) -> Share {
    let square = |x: f64| x * x;
    let share = a.share - b.share;
    let below = (square(a.share - a.low) + square(b.high - b.share)).sqrt();
    let above = (square(a.high - a.share) + square(b.share - b.low)).sqrt();
    Share { share, low: share - below, high: share + above }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 5e-5, "{a} is not {b}");
    }

    #[test]
    fn intervals_are_those_of_the_papers() {
        // Newcombe 1998, table II: 56/70 against 48/80.
        let (a, b) = (wilson(56.0, 70.0).unwrap(), wilson(48.0, 80.0).unwrap());
        let d = difference(a, b);
        close(d.share, 0.2);
        close(d.low, 0.0524);
        close(d.high, 0.3339);
        // Of ten all: the upper end is 1, the lower 1 / (1 + z²/n).
        let all = wilson(10.0, 10.0).unwrap();
        close(all.low, 0.7225);
        close(all.high, 1.0);
    }

    #[test]
    fn without_observations_there_is_no_share() {
        assert_eq!(wilson(0.0, 0.0), None);
    }
}
