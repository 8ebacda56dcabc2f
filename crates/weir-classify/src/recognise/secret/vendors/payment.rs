//! Keys of payment, commerce and shipping services. Source: each vendor's documentation of its keys.

use super::super::token::Alphabet::{Alphanumeric, Base64Url, Hex, Printable, Signs};
use super::super::token::{Format, format};

pub(super) const FINDS: &str = "keys and tokens of payment, commerce and shipping services: Adyen, Asaas, Cashfree, Checkout.com, Creem, Duffel, EasyPost, Flutterwave, Frame.io, Freemius, GoCardless, Klarna, Lob, Mercado Pago, Mercury, Midtrans, Mollie, Omise, Paddle, PayPal, Plaid, Polar, Razorpay, ShipEngine, Shippo, Shopify, Square, Stripe, Xendit";

pub(super) const FORMATS: &[Format] = &[
    format(
        "Adyen",
        &[
            "AQEkhm", "AQElhm", "AQEmhm", "AQEnhm", "AQEohm", "AQEphm", "AQEqhm", "AQEuhm", "AQEvhm",
            "AQExhm", "AQEyhm", "AQEzhm",
        ],
        Printable,
        60,
        200,
    ),
    format("Asaas", &["$aact_prod_", "$aact_hmlg_", "$aact_"], Signs, 60, 220),
    format("Cashfree", &["cfsk_ma_prod_", "cfsk_ma_test_"], Base64Url, 32, 60),
    format("Checkout.com", &["sk_sbox_"], Printable, 26, 40),
    format("Creem", &["creem_"], Alphanumeric, 20, 40),
    format("Duffel", &["duffel_live_", "duffel_test_"], Printable, 43, 43),
    format("EasyPost", &["EZAK", "EZTK"], Alphanumeric, 54, 54),
    format("Flutterwave", &["FLWSECK-", "FLWSECK_TEST-", "FLWPUBK_TEST-", "FLWPUBK-"], Base64Url, 12, 44),
    format("Frame.io", &["fio-u-"], Printable, 40, 80),
    format("Freemius", &["sk_"], Printable, 29, 29),
    format("GoCardless", &["live_", "sandbox_"], Printable, 40, 40),
    format("Klarna", &["klarna_live_api_", "klarna_test_api_"], Printable, 40, 120),
    format("Lob", &["live_", "test_", "live_pub_", "test_pub_"], Hex, 31, 35),
    format("Mercado Pago", &["APP_USR-", "TEST-"], Base64Url, 50, 90),
    format(
        "Mercury",
        &["secret-token:mercury_production_", "secret-token:mercury_sandbox_"],
        Base64Url,
        30,
        80,
    ),
    format("Midtrans", &["Mid-server-", "SB-Mid-server-"], Base64Url, 20, 40),
    format("Mollie", &["live_", "test_", "access_"], Alphanumeric, 30, 48),
    format("Omise", &["skey_", "skey_test_", "skey_live_"], Alphanumeric, 19, 19),
    format("Paddle", &["pdl_live_apikey_", "pdl_sdbx_apikey_", "pdl_ntfset_"], Base64Url, 40, 80),
    format("PayPal", &["access_token$production$", "access_token$sandbox$"], Signs, 40, 60),
    format("Plaid", &["access-production-", "access-sandbox-", "access-development-"], Base64Url, 36, 36),
    format("Polar", &["polar_oat_", "polar_pat_", "polar_whs_"], Alphanumeric, 40, 60),
    format("Razorpay", &["rzp_live_", "rzp_test_"], Alphanumeric, 14, 24),
    format("ShipEngine", &["TEST_"], Base64Url, 43, 43),
    format("Shippo", &["shippo_live_", "shippo_test_"], Hex, 40, 40),
    format("Shopify", &["shpat_", "shpca_", "shppa_", "shpss_", "shpua_", "shprt_"], Hex, 32, 32),
    format(
        "Square",
        &["sq0atp-", "sq0csp-", "sq0idp-", "sandbox-sq0csb-", "sandbox-sq0atb-"],
        Base64Url,
        22,
        60,
    ),
    format("Square", &["EAAA", "EAAAl"], Base64Url, 58, 60),
    format(
        "Stripe",
        &[
            "sk_live_",
            "rk_live_",
            "sk_test_",
            "rk_test_",
            "sk_prod_",
            "rk_prod_",
            "sk_org_live_",
            "whsec_",
            "ek_live_",
            "uk_live_",
        ],
        Printable,
        16,
        160,
    ),
    format("Xendit", &["xnd_production_", "xnd_development_"], Alphanumeric, 40, 80),
];
