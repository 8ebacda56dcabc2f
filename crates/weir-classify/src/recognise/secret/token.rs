use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

/// A prefix that a provider gives its keys, and the characters that follow it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    pub(crate) prefixes: &'static [&'static str],
    alphabet: Alphabet,
    min: usize,
    max: usize,
}

/// The characters of a key's body.
#[derive(Debug, Clone, Copy)]
enum Alphabet {
    /// `0-9a-f`, of either case
    Hex,
    /// `A-Z2-7`
    Base32,
    /// `A-Za-z0-9`
    Alphanumeric,
    /// `A-Za-z0-9_-`
    Base64Url,
    /// `A-Za-z0-9_.-`
    Dotted,
}

const fn key(name: &'static str, finds: &'static str, find: Format) -> RecogniserInfo {
    RecogniserInfo {
        name,
        entity: EntityType::SECRET,
        category: Category::Credentials,
        finds,
        validation: "the provider's prefix, alphabet and length; no placeholder",
        find: Find::Token(find),
    }
}

const fn format(prefixes: &'static [&'static str], alphabet: Alphabet, min: usize, max: usize) -> Format {
    Format { prefixes, alphabet, min, max }
}

use Alphabet::{Alphanumeric, Base32, Base64Url, Dotted, Hex};

pub(super) const OPENAI: RecogniserInfo = key(
    "openai_key",
    "OpenAI keys, and those of services that copied the form",
    format(&["sk-"], Base64Url, 20, 220),
);
pub(super) const ANTHROPIC: RecogniserInfo =
    key("anthropic_key", "Anthropic keys", format(&["sk-ant-"], Base64Url, 24, 220));
pub(super) const WEIR: RecogniserInfo =
    key("weir_key", "Weir's own keys", format(&["wk_live_", "wk_test_"], Base64Url, 16, 128));
pub(super) const AWS_ACCESS_KEY: RecogniserInfo =
    key("aws_access_key_id", "AWS access key ids", format(&["AKIA", "ASIA", "ABIA", "ACCA"], Base32, 16, 16));
pub(super) const GITHUB: RecogniserInfo = key(
    "github_token",
    "GitHub tokens",
    format(&["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], Alphanumeric, 36, 80),
);
pub(super) const GITHUB_FINE_GRAINED: RecogniserInfo =
    key("github_pat", "GitHub fine-grained tokens", format(&["github_pat_"], Base64Url, 60, 100));
pub(super) const GITLAB: RecogniserInfo = key(
    "gitlab_token",
    "GitLab tokens",
    format(&["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-", "glagent-"], Dotted, 20, 128),
);
pub(super) const GOOGLE: RecogniserInfo =
    key("google_api_key", "Google API keys", format(&["AIza"], Base64Url, 35, 35));
pub(super) const GOOGLE_OAUTH_SECRET: RecogniserInfo =
    key("google_oauth_secret", "Google OAuth client secrets", format(&["GOCSPX-"], Base64Url, 28, 28));
pub(super) const GOOGLE_ACCESS_TOKEN: RecogniserInfo =
    key("google_access_token", "Google OAuth access tokens", format(&["ya29."], Base64Url, 30, 512));
pub(super) const SLACK: RecogniserInfo = key(
    "slack_token",
    "Slack tokens",
    format(&["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxo-", "xapp-"], Base64Url, 10, 250),
);
pub(super) const STRIPE: RecogniserInfo = key(
    "stripe_key",
    "Stripe keys and webhook secrets",
    format(
        &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_prod_", "rk_prod_", "whsec_"],
        Alphanumeric,
        16,
        160,
    ),
);
pub(super) const TWILIO: RecogniserInfo =
    key("twilio_key", "Twilio keys and account ids", format(&["SK", "AC"], Hex, 32, 32));
pub(super) const SENDGRID: RecogniserInfo =
    key("sendgrid_key", "SendGrid keys", format(&["SG."], Dotted, 66, 66));
pub(super) const MAILGUN: RecogniserInfo =
    key("mailgun_key", "Mailgun keys", format(&["key-", "pubkey-"], Hex, 32, 32));
pub(super) const NPM: RecogniserInfo =
    key("npm_token", "npm tokens", format(&["npm_"], Alphanumeric, 36, 36));
pub(super) const PYPI: RecogniserInfo =
    key("pypi_token", "PyPI tokens", format(&["pypi-AgE"], Base64Url, 50, 1024));
pub(super) const HUGGING_FACE: RecogniserInfo =
    key("hugging_face_token", "Hugging Face tokens", format(&["hf_", "api_org_"], Alphanumeric, 34, 40));
pub(super) const SHOPIFY: RecogniserInfo =
    key("shopify_token", "Shopify tokens", format(&["shpat_", "shpca_", "shppa_", "shpss_"], Hex, 32, 32));
pub(super) const DIGITALOCEAN: RecogniserInfo =
    key("digitalocean_token", "DigitalOcean tokens", format(&["dop_v1_", "doo_v1_", "dor_v1_"], Hex, 64, 64));
pub(super) const DATABRICKS: RecogniserInfo =
    key("databricks_token", "Databricks tokens", format(&["dapi"], Hex, 32, 32));
pub(super) const GROQ: RecogniserInfo = key("groq_key", "Groq keys", format(&["gsk_"], Alphanumeric, 52, 52));
pub(super) const XAI: RecogniserInfo = key("xai_key", "xAI keys", format(&["xai-"], Alphanumeric, 70, 90));
pub(super) const VAULT: RecogniserInfo =
    key("vault_token", "HashiCorp Vault tokens", format(&["hvs.", "hvb."], Base64Url, 24, 300));
pub(super) const GRAFANA: RecogniserInfo =
    key("grafana_token", "Grafana tokens", format(&["glsa_", "glc_"], Base64Url, 32, 400));
pub(super) const AGE: RecogniserInfo =
    key("age_key", "age secret keys", format(&["AGE-SECRET-KEY-1"], Alphanumeric, 58, 58));

impl Format {
    /// Judges what follows a prefix.
    pub(crate) fn find(&self, haystack: &Haystack<'_>, prefix: Range<usize>) -> Option<Match> {
        if !haystack.opens(prefix.start) {
            return None;
        }
        let end = self.body_end(haystack, prefix.end)?;
        let body = haystack.slice(prefix.end..end);
        (is_random(body) && !repeats(body)).then(|| Match::new(prefix.start..end, 1.0))
    }

    fn body_end(&self, haystack: &Haystack<'_>, start: usize) -> Option<usize> {
        let end = haystack.run_end(start, self.max + 1, |b| self.alphabet.holds(b));
        let fits = (self.min..=self.max).contains(&(end - start)) && haystack.closes(end);
        // The next segment's text may run on in the same alphabet.
        let end = if fits { Some(end) } else { haystack.last_seam(start + self.min..start + self.max + 1) }?;
        (end <= start + self.max && self.all_hold(haystack, start..end)).then_some(end)
    }

    fn all_hold(&self, haystack: &Haystack<'_>, body: Range<usize>) -> bool {
        haystack.slice(body).iter().all(|b| self.alphabet.holds(*b))
    }
}

impl Alphabet {
    fn holds(self, b: u8) -> bool {
        match self {
            Alphabet::Hex => b.is_ascii_hexdigit(),
            Alphabet::Base32 => b.is_ascii_uppercase() || matches!(b, b'2'..=b'7'),
            Alphabet::Alphanumeric => b.is_ascii_alphanumeric(),
            Alphabet::Base64Url => is_base64_url(b),
            Alphabet::Dotted => is_base64_url(b) || b == b'.',
        }
    }
}

pub(super) fn is_base64_url(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}

/// Whether a key's body is more than a placeholder (`xxxx…`, `your-api-key-goes-here`): it has letters
/// and digits or both cases, and many different characters.
pub(super) fn is_random(body: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| body.iter().any(class);
    let mixed = has(u8::is_ascii_digit) || (has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase));
    has(u8::is_ascii_alphabetic) && (mixed || !has(u8::is_ascii_lowercase)) && variety(body) >= 6
}

/// Whether a letter stands eight times in a row: `sk-ant-api03-xxxxxxxx`.
fn repeats(body: &[u8]) -> bool {
    body.chunk_by(|a, b| a == b).any(|run| run.len() >= 8 && run.iter().all(u8::is_ascii_alphabetic))
}

/// How many different bytes there are.
pub(super) fn variety(body: &[u8]) -> u32 {
    let set = body.iter().fold(0_u128, |set, b| set | 1 << (b & 127));
    set.count_ones()
}
