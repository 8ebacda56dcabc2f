//! One valid sample for each recogniser. Keys are made here, so that no scanner takes this file for a leak.

/// A text that must not leave.
pub struct Sample {
    /// The entity type as which it is recognised.
    pub entity: &'static str,
    /// What must not leave.
    pub canary: String,
    /// It, with what stands around it.
    pub text: String,
}

impl Sample {
    fn new(entity: &'static str, canary: impl Into<String>) -> Self {
        let canary = canary.into();
        Self { entity, text: format!("note: {canary} (end)"), canary }
    }

    fn after(entity: &'static str, before: &str, canary: impl Into<String>) -> Self {
        let canary = canary.into();
        Self { entity, text: format!("{before}{canary}\n"), canary }
    }
}

/// What an operator adds to the policy's data section to have its own term and pattern found.
pub const OWN_WORDS: &str = r#"  terms:
    - { name: codenames, words: ["Project Nachtigall"], level: restricted }
  patterns:
    - { name: cases, regex: 'CASE-[0-9]{6}-[A-Z]', category: legal, level: confidential }
"#;

pub fn all() -> Vec<Sample> {
    let mut all = identifiers();
    all.extend(keys());
    all.extend(secrets_in_context());
    all.push(Sample::new("TERM", "project nachtigall"));
    all.push(Sample::new("PATTERN", "CASE-204117-K"));
    all
}

fn identifiers() -> Vec<Sample> {
    vec![
        Sample::new("EMAIL_ADDRESS", "jo.doe+canary@example.com"),
        Sample::new("PHONE_NUMBER", "+49 30 901820"),
        Sample::new("CREDIT_CARD", "4111111111111111"),
        Sample::new("IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
        Sample::new("IP_ADDRESS", "203.0.113.77"),
        Sample::new("IP_ADDRESS", "2001:db8::8a2e:370:7334"),
        Sample::new("US_SSN", "536-90-4399"),
        Sample::new("UK_NHS", "943 476 5919"),
        Sample::new("DE_TAX_ID", "86 095 742 719"),
    ]
}

/// Provider's prefix, alphabet and length of the rest.
const KEYS: [(&str, &str, usize); 27] = [
    ("sk-proj-", ALPHANUMERIC, 120),
    ("sk-ant-api03-", ALPHANUMERIC, 93),
    ("wk_live_", ALPHANUMERIC, 43),
    ("AKIA", BASE32, 16),
    ("ghp_", ALPHANUMERIC, 36),
    ("github_pat_", ALPHANUMERIC, 82),
    ("glpat-", ALPHANUMERIC, 20),
    ("AIza", ALPHANUMERIC, 35),
    ("GOCSPX-", ALPHANUMERIC, 28),
    ("ya29.", ALPHANUMERIC, 120),
    ("xoxb-123456789012-", ALPHANUMERIC, 24),
    ("sk_live_", ALPHANUMERIC, 24),
    ("whsec_", ALPHANUMERIC, 32),
    ("SK", HEX, 32),
    ("key-", HEX, 32),
    ("npm_", ALPHANUMERIC, 36),
    ("pypi-AgEIcHlwaS5vcmc", ALPHANUMERIC, 80),
    ("hf_", ALPHANUMERIC, 34),
    ("shpat_", HEX, 32),
    ("dop_v1_", HEX, 64),
    ("dapi", HEX, 32),
    ("gsk_", ALPHANUMERIC, 52),
    ("xai-", ALPHANUMERIC, 80),
    ("hvs.", ALPHANUMERIC, 90),
    ("glsa_", ALPHANUMERIC, 41),
    ("AGE-SECRET-KEY-1", BASE32, 58),
    ("gho_", ALPHANUMERIC, 36),
];

const ALPHANUMERIC: &str = "aB3dEf5GhJ7kLm9NpQ2rSt4UvW6xYz8C";
const BASE32: &str = "A2CDE3GHI4KLM5OPQ6STU7WXY";
const HEX: &str = "0a1b2c3d4e5f6879";

fn keys() -> Vec<Sample> {
    KEYS.iter().map(|(prefix, alphabet, len)| secret(format!("{prefix}{}", body(alphabet, *len)))).collect()
}

fn secret(canary: String) -> Sample {
    Sample::new("SECRET", canary)
}

fn secrets_in_context() -> Vec<Sample> {
    let part = |len| body(ALPHANUMERIC, len);
    vec![
        Sample::after("SECRET", "aws_secret_access_key = ", part(40)),
        Sample::after("SECRET", "AccountName=a;AccountKey=", format!("{}==", part(86))),
        Sample::after("SECRET", "DISCORD_TOKEN=", format!("MT{}.{}.{}", part(24), part(6), part(38))),
        Sample::after("SECRET", "bot", format!("1234567890:AA{}", part(33))),
        secret(format!("SG.{}.{}", part(22), part(43))),
        secret(format!("eyJ{}.eyJ{}.{}", part(30), part(60), part(43))),
        secret(format!("hooks.slack.com/services/T{0}/B{0}/{1}", part(8), part(24))),
        secret(format!("-----BEGIN PRIVATE {0}-----\n{1}\n{1}\n-----END PRIVATE {0}-----", "KEY", part(64))),
    ]
}

/// The body of a key: characters of an alphabet without an obvious pattern.
fn body(alphabet: &str, len: usize) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    (0..len).map(|at| alphabet[(at * 7 + at / alphabet.len() + 3) % alphabet.len()]).collect()
}
