//! Prices, budgets and limits.

use crate::common::{EXAMPLE_POLICY, EXAMPLE_WEIR, load, loaded};
use std::num::NonZeroU32;
use weir_config::Budget;
use weir_policy::{Day, Price, Rates};

#[test]
fn prices_are_exact() {
    let loaded = loaded(EXAMPLE_WEIR, EXAMPLE_POLICY);
    let id = loaded.catalogue.target_named("openai/gpt-6-sol").unwrap();
    let price = loaded.catalogue.target(id).unwrap().prices.on(None).unwrap();
    assert_eq!(price, Price::new(1_250_000, 10_000_000));
}

/// What a model of the example costs on a day, having changed the file.
fn price_in(weir: &str, target: &str, day: u32) -> Option<Price> {
    let own = "gpt-6-luna | batch | 2026-01-01 | 0.5 | 0.05 | 0.7 | contract\n";
    let loaded = load(weir, EXAMPLE_POLICY, &[("/etc/weir/own.txt", own)]).unwrap();
    let id = loaded.catalogue.target_named(target).unwrap();
    loaded.catalogue.target(id).unwrap().prices.on(Some(Day(day)))
}

#[test]
fn a_cloud_model_without_a_price_has_that_of_the_tables() {
    const NOVEMBER_2026: u32 = 20_785;
    let unpriced =
        EXAMPLE_WEIR.replace("        price: { input: 1.25, output: 10.00 } # USD per million tokens\n", "");
    assert!(unpriced.len() < EXAMPLE_WEIR.len());
    let of = |weir: &str| price_in(weir, "openai/gpt-6-sol", NOVEMBER_2026);
    let sol = Rates { cached_input: 200_000, written_input: 2_500_000, ..Rates::new(2_000_000, 10_000_000) };
    assert_eq!(of(&unpriced).unwrap().rates, sol);
    assert_eq!(price_in(&unpriced, "openai/gpt-6-sol", 0), None, "before it was sold it has none");
    let named = unpriced.replace("name: gpt-6-sol", "name: gpt-6-sol\n        priced_as: gpt-6.1-sol");
    assert_eq!(of(&named).unwrap().rates.cached_input, 100_000);
    let own = named
        .replace("gpt-6.1-sol", "gpt-6-luna\n        tier: batch")
        .replace("weir: 1", "weir: 1\nprices: own.txt");
    let rates = Rates { cached_input: 50_000, ..Rates::new(500_000, 700_000) };
    assert_eq!(of(&own), Some(Price { rates, long: None }));
}

#[test]
fn a_server_of_ones_own_costs_what_its_hardware_does() {
    let hardware = "hardware: { purchase: 35040, years: 4, watts: 1000, kwh: 0.2, pue: 1.5, operation: 0.2, \
                    utilisation: 50 %, input_tokens_per_s: 20000, output_tokens_per_s: 1000 }\n    ";
    let weir = EXAMPLE_WEIR
        .replace("models:\n      - name: qwen3-32b", &format!("{hardware}models:\n      - name: qwen3-32b"));
    let loaded = loaded(&weir, EXAMPLE_POLICY);
    let id = loaded.catalogue.target_named("gpu/qwen3-32b").unwrap();
    assert_eq!(loaded.catalogue.target(id).unwrap().prices.on(None), Some(Price::new(4_167, 83_333)));
    assert_eq!(loaded.config.backend("gpu").unwrap().models[0].full_price, Some(Price::new(37_500, 750_000)));
}

#[test]
fn budgets_and_weights_are_by_name_with_a_default() {
    let weir = EXAMPLE_WEIR.replace(
        "weir: 1",
        "weir: 1\nbudget: { month: 1000 }\nkeys: { default: { budget: { day: 5 } }, app: { budget: { day: 0.5 } } }\n\
         tenants: { acme: { weight: 3, budget: { day: 20 } } }",
    );
    let config = loaded(&weir, EXAMPLE_POLICY).config;
    assert_eq!(config.budget, Budget { day: None, month: Some(1_000_000_000) });
    let of = |name: &str| config.keys.of(name).budget.day;
    assert_eq!((of("app"), of("other")), (Some(500_000), Some(5_000_000)));
    assert_eq!((config.tenants.of("acme").weight.get(), config.tenants.of("other").weight.get()), (3, 1));
    assert!(config.has_budgets());
    assert!(!loaded(EXAMPLE_WEIR, EXAMPLE_POLICY).config.has_budgets());
}

#[test]
fn limits_of_keys_are_by_name_with_a_default() {
    let keys = "weir: 1\nkeys: { default: { requests_per_minute: 60 }, app: { tokens_per_minute: 90000, budget: { day: 1 } } }";
    let config = loaded(&EXAMPLE_WEIR.replace("weir: 1", keys), EXAMPLE_POLICY).config;
    let of = |name: &str| {
        let key = config.keys.of(name);
        (key.requests_per_minute.map(NonZeroU32::get), key.tokens_per_minute.map(NonZeroU32::get))
    };
    assert_eq!((of("other"), of("app")), ((Some(60), None), (None, Some(90_000))));
    let nothing = EXAMPLE_WEIR.replace("weir: 1", "weir: 1\nkeys: { default: { requests_per_minute: 0 } }");
    let problems = format!("{:?}", load(&nothing, EXAMPLE_POLICY, &[]).unwrap_err());
    assert!(problems.contains("this may not be 0"), "{problems}");
}
