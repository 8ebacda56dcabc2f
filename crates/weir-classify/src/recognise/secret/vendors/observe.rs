//! Keys of monitoring and analytics services. Source: each vendor's documentation of its keys.

use super::super::token::Alphabet::{Alphanumeric, Base64Url, Dotted, Printable};
use super::super::token::{Format, format};

pub(super) const FINDS: &str = "keys and tokens of monitoring and analytics services: Axiom, Coralogix, Datadog, Dynatrace, Elastic, Grafana, Healthchecks, Honeycomb, Logfire, New Relic, PostHog, Sentry, Tinybird";

pub(super) const FORMATS: &[Format] = &[
    format("Axiom", &["xaat-", "xapt-"], Base64Url, 36, 36),
    format("Coralogix", &["cxtp_", "cxth_", "cxup_"], Alphanumeric, 30, 40),
    format("Datadog", &["ddapp_", "ddpat_"], Alphanumeric, 34, 60),
    format("Dynatrace", &["dt0c01.", "dt0s01.", "dt0s02.", "dt0s06.", "dt0s08.", "dt0s16."], Dotted, 60, 110),
    format("Elastic", &["essu_"], Printable, 40, 80),
    format("Grafana", &["glsa_", "glc_"], Printable, 32, 400),
    format("Grafana", &["eyJrIjoi"], Printable, 60, 400),
    format("Healthchecks", &["hcw_", "hcr_"], Alphanumeric, 28, 36),
    format("Honeycomb", &["hcaik_", "hcxik_", "hcalk_", "hcamk_", "hcblk_", "hcbik_"], Alphanumeric, 50, 70),
    format("Logfire", &["pylf_v1_"], Printable, 40, 80),
    format("New Relic", &["NRAK-", "NRII-", "NRJS-", "NRIQ-", "NRSP-", "NRRA-"], Printable, 19, 64),
    format("PostHog", &["phc_", "phx_", "phs_"], Alphanumeric, 40, 50),
    format("Sentry", &["sntrys_", "sntryu_", "sntrya_", "sntryi_"], Printable, 40, 400),
    format("Tinybird", &["p.eyJ"], Printable, 60, 400),
];
