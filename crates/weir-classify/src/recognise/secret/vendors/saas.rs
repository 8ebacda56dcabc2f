//! Keys of productivity, identity, content, data and social services. Source: each vendor's documentation of its keys.

use super::super::token::Alphabet::{Alphanumeric, Base64Url, Dotted, Hex, Printable, Signs};
use super::super::token::{Format, format};

pub(super) const FINDS: &str = "keys and tokens of productivity, identity, content, data and social services: Adafruit, Adobe, Airtable, Alchemy, Apollo, Authress, Cal.com, Clearbit, ClickUp, Contentful, Databento, dbt, Discord, Dropbox, Facebook, Figma, HubSpot, Instagram, Intra 42, Linear, Liveblocks, Mapbox, n8n, Notion, Ory, Persona, PubNub, Salesforce, Sanity, Stytch, Trello, Twitch, Typeform, WorkOS, X, Zuplo";

pub(super) const FORMATS: &[Format] = &[
    format("Adafruit", &["aio_"], Alphanumeric, 28, 28),
    format("Adobe", &["p8e-", "p8-"], Alphanumeric, 32, 32),
    format("Airtable", &["pat"], Dotted, 79, 79),
    format("Alchemy", &["alcht_", "alch_"], Alphanumeric, 24, 48),
    format("Apollo", &["user:gh."], Printable, 30, 70),
    format("Authress", &["sc_", "ext_", "scauth_", "authress_"], Printable, 60, 120),
    format("Cal.com", &["cal_live_", "cal_"], Hex, 32, 32),
    format("Clearbit", &["sk_"], Hex, 32, 32),
    format("ClickUp", &["pk_"], Base64Url, 32, 48),
    format("Contentful", &["CFPAT-"], Base64Url, 43, 43),
    format("Databento", &["db-"], Alphanumeric, 29, 29),
    format("dbt", &["dbtu_", "dbtc_"], Base64Url, 30, 60),
    format("Discord", &["mfa."], Base64Url, 84, 84),
    format("Dropbox", &["sl.", "sl.u."], Base64Url, 130, 1400),
    format("Facebook", &["EAACEdEose0cBA", "EAA"], Alphanumeric, 90, 260),
    format("Figma", &["figd_", "figo_", "figu_"], Base64Url, 40, 60),
    format("HubSpot", &["pat-na1-", "pat-na2-", "pat-eu1-", "pat-ap1-"], Base64Url, 36, 36),
    format("Instagram", &["IGQV", "IGAA"], Base64Url, 90, 260),
    format("Intra 42", &["s-s4t2ud-", "s-s4t2af-"], Hex, 64, 64),
    format("Linear", &["lin_api_", "lin_oauth_", "lin_wh_"], Alphanumeric, 32, 64),
    format("Liveblocks", &["sk_prod_", "sk_dev_"], Base64Url, 40, 80),
    format("Mapbox", &["sk.eyJ", "tk.eyJ", "pk.eyJ"], Dotted, 60, 160),
    format("n8n", &["n8n_api_"], Base64Url, 40, 80),
    format("Notion", &["ntn_", "secret_"], Alphanumeric, 43, 50),
    format("Ory", &["ory_pat_", "ory_at_", "ory_rt_", "ory_st_", "ory_ac_"], Printable, 32, 100),
    format("Persona", &["persona_production_", "persona_sandbox_"], Base64Url, 30, 60),
    format("PubNub", &["sec-c-"], Printable, 40, 80),
    format("PubNub", &["pub-c-", "sub-c-"], Base64Url, 36, 36),
    format("Salesforce", &["00D"], Signs, 90, 140),
    format("Sanity", &["sk"], Alphanumeric, 170, 190),
    format("Stytch", &["secret-live-", "secret-test-"], Printable, 36, 48),
    format("Trello", &["ATTA"], Hex, 60, 76),
    format("Twitch", &["oauth:"], Alphanumeric, 30, 30),
    format("Typeform", &["tfp_"], Printable, 55, 70),
    format("WorkOS", &["sk_live_", "sk_test_"], Alphanumeric, 40, 80),
    format("X", &["AAAAAAAAAAAAAAAAAAAAA"], Signs, 50, 120),
    format("Zuplo", &["zpka_"], Base64Url, 30, 80),
];
