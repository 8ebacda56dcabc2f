//! What a server of the operator's own costs.

use weir_policy::Price;

/// A server that was bought: what it costs an hour, and what it does in it.
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
    /// The share of the time in which it is at work, above 0 and up to 1.
    pub utilisation: f64,
    /// Tokens a second that it reads when it does nothing else.
    pub input_tokens_per_s: f64,
    /// Tokens a second that it writes under full load.
    pub output_tokens_per_s: f64,
}

const HOURS_PER_YEAR: f64 = 8760.0;

impl Hardware {
    /// What tokens cost that pay for the server: amortisation, power and operation, in the hours in which it works.
    #[must_use]
    pub fn full_price(&self) -> Price {
        let amortisation = self.purchase_usd / (self.years * HOURS_PER_YEAR);
        self.price((amortisation + self.operation_usd_per_hour) / self.utilisation + self.power_usd())
    }

    /// What tokens cost beyond what the server costs anyway: power.
    #[must_use]
    pub fn marginal_price(&self) -> Price {
        self.price(self.power_usd())
    }

    /// Of an hour of its work.
    fn price(&self, usd_per_hour: f64) -> Price {
        // USD a second by tokens a second, in micro-USD for a million tokens.
        let micro_usd = |tokens_per_s: f64| (usd_per_hour / 3600.0 * 1e12 / tokens_per_s).round() as u64;
        Price::new(micro_usd(self.input_tokens_per_s), micro_usd(self.output_tokens_per_s))
    }

    /// USD for an hour's power.
    fn power_usd(&self) -> f64 {
        self.watts / 1000.0 * self.power_usage_effectiveness * self.usd_per_kwh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_pay_for_amortisation_and_operation_by_utilisation_and_for_power_as_it_is_drawn() {
        let server = Hardware {
            purchase_usd: 35_040.0,
            years: 4.0,
            watts: 1000.0,
            usd_per_kwh: 0.2,
            power_usage_effectiveness: 1.5,
            operation_usd_per_hour: 0.2,
            utilisation: 0.5,
            input_tokens_per_s: 20_000.0,
            output_tokens_per_s: 1000.0,
        };
        // (1.00 + 0.20) USD an hour at half the time are 2.40, and 0.30 for power.
        let full = server.full_price();
        assert_eq!((full.rates.input, full.rates.output), (37_500, 750_000));
        // 0.30 USD an hour for 3.6 million tokens are 0.0833 USD a million.
        assert_eq!(
            (server.marginal_price().rates.input, server.marginal_price().rates.output),
            (4_167, 83_333)
        );
    }
}
