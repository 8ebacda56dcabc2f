/// What a server of the operator's own costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hardware {
    /// USD that it cost, host included.
    pub purchase_usd: f64,
    /// Years after which it has paid off.
    pub years: f64,
    /// Watts that it draws under load.
    pub watts: f64,
    /// USD a kilowatt-hour.
    pub usd_per_kwh: f64,
    /// Power drawn by the site for each watt of the server.
    pub power_usage_effectiveness: f64,
    /// USD an hour for operation.
    pub operation_usd_per_hour: f64,
}

/// Figures that no server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` must be a number above zero")]
pub struct InvalidHardware(pub &'static str);

const HOURS_PER_YEAR: f64 = 8760.0;

impl Hardware {
    /// The same, if its figures make sense.
    ///
    /// # Errors
    /// [`InvalidHardware`] names the first that does not.
    pub fn checked(self) -> Result<Self, InvalidHardware> {
        let positive = [("years", self.years), ("power_usage_effectiveness", self.power_usage_effectiveness)];
        let not_negative = [
            ("purchase_usd", self.purchase_usd),
            ("watts", self.watts),
            ("usd_per_kwh", self.usd_per_kwh),
            ("operation_usd_per_hour", self.operation_usd_per_hour),
        ];
        let bad = positive.into_iter().find(|(_, value)| !(value.is_finite() && *value > 0.0));
        let bad = bad.or(not_negative.into_iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)));
        bad.map_or(Ok(self), |(name, _)| Err(InvalidHardware(name)))
    }

    /// USD an hour, whether it is used or not.
    #[must_use]
    pub fn hourly_usd(&self) -> f64 {
        self.purchase_usd / (self.years * HOURS_PER_YEAR) + self.power_usd() + self.operation_usd_per_hour
    }

    /// USD of a second of its time at this share of the load it bears: the less it is used, the dearer.
    #[must_use]
    pub fn usd_per_busy_second(&self, utilisation: f64) -> f64 {
        self.hourly_usd() / 3600.0 / utilisation.clamp(0.01, 1.0)
    }

    /// USD of a second of work beyond what it costs anyway: its power.
    #[must_use]
    pub fn marginal_usd_per_second(&self) -> f64 {
        self.power_usd() / 3600.0
    }

    /// Requests an hour from which one more such server is cheaper than sending them to the cloud at
    /// this price of one request.
    #[must_use]
    pub fn break_even_per_hour(&self, cloud_usd_per_request: f64) -> f64 {
        self.hourly_usd() / cloud_usd_per_request.max(f64::MIN_POSITIVE)
    }

    fn power_usd(&self) -> f64 {
        self.watts / 1000.0 * self.power_usage_effectiveness * self.usd_per_kwh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Hardware = Hardware {
        purchase_usd: 35_040.0,
        years: 4.0,
        watts: 1000.0,
        usd_per_kwh: 0.2,
        power_usage_effectiveness: 1.5,
        operation_usd_per_hour: 0.1,
    };

    #[test]
    fn hours_cost_amortisation_power_and_operation() {
        assert!((SERVER.hourly_usd() - (1.0 + 0.3 + 0.1)).abs() < 1e-9);
        assert!((SERVER.marginal_usd_per_second() * 3600.0 - 0.3).abs() < 1e-9);
        assert!((SERVER.usd_per_busy_second(0.5) * 3600.0 - 2.8).abs() < 1e-9);
        assert!((SERVER.break_even_per_hour(0.0028) - 500.0).abs() < 1e-6);
    }

    #[test]
    fn figures_that_make_no_sense_are_named() {
        assert_eq!(SERVER.checked(), Ok(SERVER));
        let of = |hardware: Hardware| hardware.checked().unwrap_err().0;
        assert_eq!(of(Hardware { years: 0.0, ..SERVER }), "years");
        assert_eq!(of(Hardware { watts: f64::NAN, ..SERVER }), "watts");
        assert_eq!(of(Hardware { purchase_usd: -1.0, ..SERVER }), "purchase_usd");
    }
}
