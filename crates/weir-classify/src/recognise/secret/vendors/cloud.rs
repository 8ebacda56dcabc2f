//! Keys of cloud and hosting providers. Source: each vendor's documentation of its keys.

use super::super::token::Alphabet::{Alphanumeric, Base32, Base64Url, Dotted, Hex, Printable};
use super::super::token::{Format, format};

pub(super) const FINDS: &str = "keys and tokens of cloud and hosting providers: Aiven, Alibaba Cloud, AWS, ClickHouse, Cloudflare, Confluent, Convex, Databricks, Defined Networking, DigitalOcean, Exoscale, Fly.io, Google, Heroku, MongoDB Atlas, Neon, Netlify, PlanetScale, Render, Scaleway, Snowflake, Supabase, Tailscale, Tencent Cloud, UpCloud, Vercel, Yandex Cloud";

pub(super) const FORMATS: &[Format] = &[
    format("Aiven", &["AVNS_"], Base64Url, 14, 32),
    format("Alibaba Cloud", &["LTAI"], Alphanumeric, 12, 24),
    format("AWS", &["AKIA", "ASIA", "ABIA", "ACCA"], Base32, 16, 16),
    format("ClickHouse", &["4b1d"], Alphanumeric, 38, 38),
    format("Cloudflare", &["v1.0-"], Base64Url, 171, 171),
    format("Cloudflare", &["cfat_", "cfut_", "cfk_"], Base64Url, 40, 60),
    format("Confluent", &["cflt"], Printable, 56, 70),
    format("Convex", &["prod:"], Printable, 60, 200),
    format("Databricks", &["dapi"], Hex, 32, 34),
    format("Defined Networking", &["dnkey-"], Printable, 40, 90),
    format("DigitalOcean", &["dop_v1_", "doo_v1_", "dor_v1_"], Hex, 64, 64),
    format("Exoscale", &["EXO"], Hex, 24, 26),
    format("Fly.io", &["fo1_"], Base64Url, 43, 43),
    format("Fly.io", &["fm1a_", "fm1r_", "fm2_"], Printable, 80, 800),
    format("Google", &["AIza"], Base64Url, 35, 35),
    format("Google", &["GOCSPX-"], Base64Url, 28, 28),
    format("Google", &["ya29."], Base64Url, 30, 1024),
    format("Google", &["1//0"], Base64Url, 60, 160),
    format("Google", &["GOOG1E"], Alphanumeric, 55, 55),
    format("Google", &["GOOG"], Alphanumeric, 20, 20),
    format("Heroku", &["HRKU-"], Base64Url, 36, 70),
    format("MongoDB Atlas", &["mdb_sa_sk_", "mdb_sa_id_"], Base64Url, 24, 60),
    format("Neon", &["napi_"], Alphanumeric, 48, 80),
    format("Netlify", &["nfp_", "nfc_", "nfo_", "nfu_", "nfb_"], Alphanumeric, 36, 40),
    format("PlanetScale", &["pscale_tkn_", "pscale_pw_", "pscale_oauth_"], Dotted, 32, 64),
    format("Render", &["rnd_"], Alphanumeric, 28, 40),
    format("Scaleway", &["SCW"], Alphanumeric, 17, 17),
    format("Snowflake", &["ver:1-hint:"], Printable, 60, 300),
    format("Supabase", &["sbp_"], Hex, 40, 40),
    format("Supabase", &["sb_secret_"], Base64Url, 24, 50),
    format(
        "Tailscale",
        &["tskey-auth-", "tskey-api-", "tskey-client-", "tskey-scim-", "tskey-webhook-"],
        Base64Url,
        20,
        80,
    ),
    format("Tencent Cloud", &["AKID"], Alphanumeric, 32, 32),
    format("UpCloud", &["ucat_"], Alphanumeric, 26, 40),
    format("Vercel", &["vcp_", "vci_", "vca_", "vcr_", "vck_"], Alphanumeric, 24, 80),
    format("Yandex Cloud", &["t1."], Printable, 50, 250),
    format("Yandex Cloud", &["AQVN"], Base64Url, 35, 38),
    format("Yandex Cloud", &["YCAJ", "YCP", "YCM", "YCN", "YCO"], Base64Url, 20, 37),
];
